// SPDX-License-Identifier: Apache-2.0
//
// Reads a snapshot into a frame. HDF5 reads the bytes that were checked, in place, so nothing can change
// between the check and the use. A file that another tool rewrote has no checksum of its bytes any more:
// there every chunk, the description and the fingerprint of the whole are checked instead.
#include "store/snapshot_reader.h"

#include <string.h>

#define COLUMN_LIMIT 65536
#define ROW_LIMIT ((int64_t)1 << 40)

// ---- the description -------------------------------------------------------------------------------------

static hf_status read_version(const hf_snapshot_reader *r, hf_error *error)
{
    char *format = NULL;
    int64_t version = 0;
    const char *path = r->source->path;
    hf_status status = HF_OK;
    if (H5Aexists(r->file, "format") <= 0)
        return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                          "this is an HDF5 file but no snapshot; name a file that holdfast wrote");
    HF_TRY(done, hf_h5_get_text(&format, r->context, r->file, "format", 64, path, error));
    if (strcmp(format, HF_FORMAT_NAME) != 0) {
        status = hf_damaged(error, path, "its format is '%s'", format);
        goto done;
    }
    HF_TRY(done, hf_h5_get_i64(&version, r->file, "format_version", 1, INT32_MAX, path, error));
    if (version > HF_FORMAT_MAJOR)
        status =
            hf_fail_at(error, HF_ERROR_VERSION, path, 0, 0,
                       "the snapshot has format %lld, from a newer version of holdfast; this is %s and reads "
                       "format %d",
                       (long long)version, hf_version(), HF_FORMAT_MAJOR);
done:
    hf_delete(r->context, format);
    return status;
}

static hf_status read_root(hf_snapshot_reader *r, hf_error *error)
{
    const char *path = r->source->path;
    char *date = NULL;
    hf_status status = HF_OK;
    HF_TRY(done, hf_h5_open_image(&r->file, r->source->bytes.data, r->source->bytes.size, path, error));
    HF_TRY(done, read_version(r, error));
    HF_TRY(done, hf_h5_get_text(&date, r->context, r->file, "as_of", 64, path, error));
    HF_TRY(done, hf_h5_get_text(&r->recorded_at, r->context, r->file, "recorded_at", 64, path, error));
    HF_TRY(done, hf_h5_get_text(&r->fingerprint, r->context, r->file, "fingerprint", 64, path, error));
    HF_TRY(done, hf_h5_get_text(&r->library, r->context, r->file, "library", 64, path, error));
    HF_TRY(done, hf_h5_get_text(&r->source_text, r->context, r->file, "source", HF_TEXT_LIMIT, path, error));
    HF_TRY(done, hf_h5_get_text(&r->id_name, r->context, r->file, "id_name", HF_TEXT_LIMIT, path, error));
    HF_TRY(done, hf_h5_get_i64(&r->rows, r->file, "rows", 1, ROW_LIMIT, path, error));
    HF_TRY(done, hf_h5_get_i64(&r->columns, r->file, "columns", 0, COLUMN_LIMIT, path, error));
    if (!hf_date_parse(&r->as_of, date, strlen(date)))
        status = hf_damaged(error, path, "its as-of date is '%s'", date);
    else if (!hf_is_recorded_at(r->recorded_at))
        status = hf_damaged(error, path, "its recording time is '%s'", r->recorded_at);
    else if (strlen(r->fingerprint) != HF_DIGEST_TEXT - 1)
        status = hf_damaged(error, path, "its fingerprint is '%s'", r->fingerprint);
done:
    hf_delete(r->context, date);
    return status;
}

static hf_status read_hashes(hf_snapshot_reader *r, hf_error *error)
{
    const char *path = r->source->path;
    hid_t group = HF_NO_ID, set = HF_NO_ID, type = HF_NO_ID;
    hsize_t extent[2];
    hf_status status = HF_OK;
    HF_TRY(done, hf_h5_open(&group, r->file, "integrity", H5I_GROUP, path, error));
    HF_TRY(done, hf_h5_get_i64(&r->chunk_rows, group, "rows_per_chunk", 1, ROW_LIMIT, path, error));
    HF_TRY(done, hf_h5_get_u64(&r->description, group, "description", path, error));
    HF_TRY(done, hf_h5_open(&set, group, "chunks", H5I_DATASET, path, error));
    HF_TRY(done, hf_h5_extent(extent, set, 2, "chunks", path, error));
    r->chunks = hf_chunk_count(r->rows, r->chunk_rows);
    type = H5Dget_type(set);
    if (extent[0] != (hsize_t)(1 + r->columns) || extent[1] != (hsize_t)r->chunks ||
        (size_t)r->chunks > r->source->bytes.size ||
        !hf_reader_plausible(r, extent[0] * extent[1], sizeof *r->hashes) || type < 0 ||
        H5Tequal(type, H5T_STD_U64LE) <= 0) {
        status = hf_damaged(error, path, "its checksums have a wrong shape");
        goto done;
    }
    r->hashes = hf_new_raw(r->context, (size_t)extent[0] * (size_t)extent[1], sizeof *r->hashes);
    if (!r->hashes)
        status = hf_fail_memory(error);
    else if (H5Dread(set, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, r->hashes) < 0)
        status = hf_damaged(error, path, "its checksums cannot be read");
done:
    hf_h5_close(&type);
    hf_h5_close(&set);
    hf_h5_close(&group);
    return status;
}

// ---- ids and signals -------------------------------------------------------------------------------------

static hf_status read_ids(hf_frame *frame, hf_snapshot_reader *r, hf_error *error)
{
    const char *path = r->source->path;
    hid_t group = HF_NO_ID, set = HF_NO_ID, type = HF_NO_ID;
    hf_values ids;
    hf_status status = HF_OK;
    HF_TRY(done, hf_h5_open(&group, r->file, "accounts", H5I_GROUP, path, error));
    HF_TRY(done, hf_h5_open(&set, group, "id", H5I_DATASET, path, error));
    type = H5Dget_type(set);
    const size_t width = type >= 0 ? H5Tget_size(type) : 0;
    if (width < 1 || width > HF_ID_LIMIT || H5Tget_class(type) != H5T_STRING ||
        H5Tis_variable_str(type) != 0) {
        status = hf_damaged(error, path, "the account ids have a wrong type");
        goto done;
    }
    HF_TRY(done, hf_reader_values(&ids, r, set, type, width, 0, "accounts/id", error));
    hf_delete(r->context, frame->ids);
    frame->ids = ids.values;
    frame->ids_borrowed = ids.borrowed;
    frame->id_width = (int32_t)width;
done:
    hf_h5_close(&type);
    hf_h5_close(&set);
    hf_h5_close(&group);
    return status;
}

// What a signal's attributes say.
typedef struct {
    char *name, *unit; // owned
    hf_kind kind;
    hf_direction direction;
    int64_t missing;
} signal_words;

static hf_status read_words(signal_words *words, const hf_snapshot_reader *r, hid_t set, hf_error *error)
{
    const char *path = r->source->path;
    char *kind = NULL, *direction = NULL;
    hf_status status = HF_OK;
    HF_TRY(done, hf_h5_get_text(&words->name, r->context, set, "name", HF_NAME_LIMIT, path, error));
    HF_TRY(done, hf_h5_get_text(&words->unit, r->context, set, "unit", HF_TEXT_LIMIT, path, error));
    HF_TRY(done, hf_h5_get_text(&kind, r->context, set, "kind", 64, path, error));
    HF_TRY(done, hf_h5_get_text(&direction, r->context, set, "direction", 64, path, error));
    HF_TRY(done, hf_h5_get_i64(&words->missing, set, "missing", 0, r->rows, path, error));
    if (!hf_kind_from_name(&words->kind, kind))
        status = hf_damaged(error, path, "'%s' is of the unknown kind '%s'", words->name, kind);
    else if (!hf_direction_from_name(&words->direction, direction))
        status = hf_damaged(error, path, "'%s' has the unknown direction '%s'", words->name, direction);
done:
    hf_delete(r->context, direction);
    hf_delete(r->context, kind);
    return status;
}

static hf_storage storage_of(hf_kind kind, hid_t set)
{
    if (kind == HF_KIND_CATEGORY) return HF_STORAGE_CODE;
    if (kind == HF_KIND_DATE) return HF_STORAGE_DAY;
    hid_t type = H5Dget_type(set);
    bool wide = type >= 0 && H5Tget_size(type) == sizeof(double);
    hf_h5_close(&type);
    return wide ? HF_STORAGE_F64 : HF_STORAGE_F32;
}

static hf_status read_signal(hf_frame *frame, hf_snapshot_reader *r, const char *link, hf_error *error)
{
    hid_t set = HF_NO_ID;
    signal_words words = {0};
    hf_values values;
    hf_column *column = NULL;
    hf_status status = HF_OK;
    HF_TRY(done, hf_h5_open(&set, r->signals, link, H5I_DATASET, r->source->path, error));
    HF_TRY(done, read_words(&words, r, set, error));
    const hf_storage storage = storage_of(words.kind, set);
    const hid_t type = storage == HF_STORAGE_F32   ? H5T_IEEE_F32LE
                       : storage == HF_STORAGE_F64 ? H5T_IEEE_F64LE
                                                   : H5T_STD_I32LE;
    if (hf_frame_find(frame, words.name) >= 0) {
        status = hf_damaged(error, r->source->path, "two signals are named '%s'", words.name);
        goto done;
    }
    HF_TRY(done, hf_frame_add(frame, &column, words.name, words.kind, storage, error));
    HF_TRY(done, hf_reader_values(&values, r, set, type, hf_storage_size(storage), frame->column_count,
                                  words.name, error));
    hf_delete(r->context, column->values);
    column->values = values.values;
    column->borrowed = values.borrowed;
    column->missing = words.missing;
    column->direction = words.direction;
    HF_TRY(done, hf_column_set_unit(frame, column, words.unit, error));
    if (storage == HF_STORAGE_CODE) HF_TRY(done, hf_reader_levels(&column->dictionary, r, link, error));
done:
    hf_delete(r->context, words.name);
    hf_delete(r->context, words.unit);
    hf_h5_close(&set);
    return status;
}

// The link names of the signals in the order of their positions; each owned.
static hf_status list_signals(char **links, const hf_snapshot_reader *r, hf_error *error)
{
    const char *path = r->source->path;
    H5G_info_t info;
    hf_status status = HF_OK;
    if (H5Gget_info(r->signals, &info) < 0 || info.nlinks != (hsize_t)r->columns)
        return hf_damaged(error, path, "it does not hold the %lld signals it should", (long long)r->columns);
    for (hsize_t i = 0; status == HF_OK && i < info.nlinks; i++) {
        hid_t set = HF_NO_ID;
        int64_t position = 0;
        char link[HF_LINK_LIMIT];
        ssize_t length = H5Lget_name_by_idx(r->signals, ".", H5_INDEX_NAME, H5_ITER_INC, i, link, sizeof link,
                                            H5P_DEFAULT);
        if (length <= 0 || (size_t)length >= sizeof link)
            return hf_damaged(error, path, "a signal's name cannot be read");
        status = hf_h5_open(&set, r->signals, link, H5I_DATASET, path, error);
        if (status == HF_OK)
            status = hf_h5_get_i64(&position, set, "position", 0, r->columns - 1, path, error);
        hf_h5_close(&set);
        if (status == HF_OK && links[position])
            status = hf_damaged(error, path, "two signals are at position %lld", (long long)position);
        if (status == HF_OK && !(links[position] = hf_copy_text(r->context, link, (size_t)length)))
            status = hf_fail_memory(error);
    }
    return status;
}

static hf_status read_signals(hf_frame *frame, hf_snapshot_reader *r, hf_error *error)
{
    const char *path = r->source->path;
    char **links = hf_new(r->context, (size_t)r->columns, sizeof *links);
    hf_status status = links ? HF_OK : hf_fail_memory(error);
    if (status != HF_OK) goto done;
    HF_TRY(done, hf_h5_open(&r->signals, r->file, "signals", H5I_GROUP, path, error));
    HF_TRY(done, hf_h5_open(&r->levels, r->file, "levels", H5I_GROUP, path, error));
    HF_TRY(done, list_signals(links, r, error));
    for (int64_t i = 0; i < r->columns; i++)
        HF_TRY(done, read_signal(frame, r, links[i], error));
done:
    for (int64_t i = 0; links && i < r->columns; i++)
        hf_delete(r->context, links[i]);
    hf_delete(r->context, links);
    return status;
}

// ---- checks ----------------------------------------------------------------------------------------------

static hf_status check_chunks(const hf_frame *frame, const hf_snapshot_reader *r, hf_error *error)
{
    const size_t count = (size_t)r->chunks * (1 + (size_t)r->columns);
    uint64_t *hashes = hf_new_raw(r->context, count, sizeof *hashes);
    hf_status status = HF_OK;
    if (!hashes) return hf_fail_memory(error);
    hf_chunk_hashes(hashes, frame, r->chunk_rows);
    for (size_t i = 0; status == HF_OK && i < count; i++) {
        if (hashes[i] == r->hashes[i]) continue;
        const size_t which = i / (size_t)r->chunks;
        const int64_t row = (int64_t)(i % (size_t)r->chunks) * r->chunk_rows;
        const int64_t left = r->rows - row;
        status = hf_damaged(error, r->source->path, "'%s' has altered values in rows %lld to %lld",
                            which > 0 ? frame->columns[which - 1].name : "accounts/id", (long long)row,
                            (long long)(row + (left < r->chunk_rows ? left : r->chunk_rows) - 1));
    }
    hf_delete(r->context, hashes);
    return status;
}

static hf_status check_whole(const hf_frame *frame, const hf_snapshot_reader *r, hf_error *error)
{
    uint64_t description = 0;
    char fingerprint[HF_DIGEST_TEXT];
    hf_status status =
        hf_description_hash(&description, frame, r->recorded_at, r->fingerprint, r->library, error);
    if (status == HF_OK && description != r->description)
        status = hf_damaged(error, r->source->path, "its description is altered");
    if (status == HF_OK) status = hf_frame_fingerprint(fingerprint, frame, error);
    if (status == HF_OK && strcmp(fingerprint, r->fingerprint) != 0)
        status = hf_damaged(error, r->source->path, "its content does not fit its fingerprint");
    return status;
}

static hf_status check_frame(const hf_frame *frame, const hf_snapshot_reader *r, bool thorough,
                             hf_error *error)
{
    char problem[512];
    const bool rewritten = !r->source->original;
    hf_status status = HF_OK;
    if (!hf_frame_is_sound(problem, sizeof problem, frame))
        return hf_damaged(error, r->source->path, "%s", problem);
    if (thorough || rewritten || r->check_chunks) status = check_chunks(frame, r, error);
    if (status == HF_OK && (thorough || rewritten)) status = check_whole(frame, r, error);
    return status;
}

// ---- the whole -------------------------------------------------------------------------------------------

static void release_source(const hf_context *context, void *backing)
{
    hf_bytes *bytes = backing;
    hf_bytes_close(context, bytes);
    hf_delete(context, bytes);
}

static void fill_info(hf_snapshot_info *info, const hf_snapshot_reader *r)
{
    const char *slash = strrchr(r->source->path, '/');
    hf_date date;
    *info = (hf_snapshot_info){.as_of = r->as_of,
                               .revision = 1,
                               .rows = r->rows,
                               .columns = (int32_t)r->columns,
                               .bytes = (int64_t)r->source->bytes.size};
    (void)hf_snapshot_name_parse(&date, &info->revision, slash ? slash + 1 : r->source->path);
    snprintf(info->recorded_at, sizeof info->recorded_at, "%s", r->recorded_at);
    snprintf(info->fingerprint, sizeof info->fingerprint, "%s", r->fingerprint);
    snprintf(info->path, sizeof info->path, "%s", r->source->path);
}

static void close_reader(hf_snapshot_reader *r)
{
    hf_h5_close(&r->levels);
    hf_h5_close(&r->signals);
    hf_h5_close(&r->file);
    hf_delete(r->context, r->recorded_at);
    hf_delete(r->context, r->source_text);
    hf_delete(r->context, r->id_name);
    hf_delete(r->context, r->fingerprint);
    hf_delete(r->context, r->library);
    hf_delete(r->context, r->hashes);
}

static hf_status read_frame(hf_frame **out, hf_snapshot_reader *r, bool thorough, hf_error *error)
{
    hf_frame *frame = NULL;
    hf_status status = HF_OK;
    HF_TRY(done, read_hashes(r, error));
    HF_TRY(done,
           hf_frame_create(&frame, r->context, 0, 1, error)); // no rows yet: the arrays come from the file
    HF_TRY(done, read_ids(frame, r, error));
    HF_TRY(done, read_signals(frame, r, error));
    HF_TRY(done, hf_frame_set_source(frame, r->id_name, r->source_text, error));
    frame->rows = r->rows;
    frame->as_of = r->as_of;
    HF_TRY(done, check_frame(frame, r, thorough, error));
    *out = frame;
    frame = NULL;
done:
    hf_frame_destroy(frame);
    return status;
}

hf_status hf_snapshot_load(hf_frame **out, hf_snapshot_info *info, const hf_context *context,
                           const char *path, bool thorough, hf_error *error)
{
    hf_h5_quiet quiet;
    hf_snapshot_source source = {0};
    hf_snapshot_reader r = {
        .context = context, .source = &source, .file = HF_NO_ID, .signals = HF_NO_ID, .levels = HF_NO_ID};
    hf_frame *frame = NULL;
    hf_bytes *backing = NULL;
    hf_status status = hf_source_open(&source, context, path, true, error);
    if (status != HF_OK) return status;
    hf_h5_begin(&quiet);
    HF_TRY(done, read_root(&r, error));
    if (!(backing = hf_new(context, 1, sizeof *backing))) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, read_frame(&frame, &r, thorough, error));
    if (info) fill_info(info, &r);
    if (r.borrows) {
        *backing = source.bytes;
        frame->backing = backing;
        frame->release = release_source;
        backing = NULL;
    }
    *out = frame;
done:
    close_reader(&r);
    hf_h5_end(&quiet);
    if (status != HF_OK || !r.borrows) hf_bytes_close(context, &source.bytes);
    hf_delete(context, backing);
    return status;
}

hf_status hf_snapshot_peek(hf_snapshot_info *info, const hf_context *context, const char *path,
                           hf_error *error)
{
    hf_h5_quiet quiet;
    hf_snapshot_source source = {0};
    hf_snapshot_reader r = {
        .context = context, .source = &source, .file = HF_NO_ID, .signals = HF_NO_ID, .levels = HF_NO_ID};
    hf_status status = hf_source_open(&source, context, path, false, error);
    if (status != HF_OK) return status;
    hf_h5_begin(&quiet);
    const hf_snapshot_block *block = &source.block;
    if (source.original) {
        r.as_of = block->as_of;
        r.rows = block->rows;
        r.columns = block->columns;
        r.recorded_at = hf_copy_text(context, block->recorded_at, strlen(block->recorded_at));
        r.fingerprint = hf_copy_text(context, block->fingerprint, strlen(block->fingerprint));
        if (!r.recorded_at || !r.fingerprint) status = hf_fail_memory(error);
    } else {
        status = read_root(&r, error);
    }
    if (status == HF_OK) fill_info(info, &r);
    close_reader(&r);
    hf_h5_end(&quiet);
    hf_bytes_close(context, &source.bytes);
    return status;
}
