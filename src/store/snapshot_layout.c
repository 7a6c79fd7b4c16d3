// SPDX-License-Identifier: Apache-2.0
//
// Lays a snapshot out as an HDF5 file in memory, without the columns' bytes: HDF5 allocates every chunk early
// and writes none, we note where each goes. The caller then writes image and columns straight from memory,
// with no copy through HDF5; and since HDF5 never touches the disk, a full one cannot leave it half closed.
#include "store/snapshot_layout.h"

#include "store/hdf5_session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// ---- HDF5's memory ---------------------------------------------------------------------------------------

// Address space is reserved generously and touched little, so that HDF5's buffer never moves and never fails
// to grow while a file is being closed, which HDF5 does not survive well.
static hf_status reserve_image(hf_layout *layout, const hf_frame *frame, hf_error *error)
{
    size_t row = (size_t)frame->id_width, bytes = 0, texts = 0;
    for (int32_t i = 0; i < frame->column_count; i++) {
        const hf_dictionary *d = &frame->columns[i].dictionary;
        row += hf_storage_size(frame->columns[i].storage);
        texts += (1 << 16) + HF_LEVELS_PADDED + (d->offsets ? 8 * (size_t)d->offsets[d->count] : 0);
    }
    if (!hf_size_multiply(&bytes, (size_t)frame->rows + 16, row) || !hf_size_multiply(&bytes, bytes, 2) ||
        !hf_size_add(&bytes, bytes, texts) || !hf_size_add(&bytes, bytes, (size_t)64 << 20))
        return hf_fail_memory(error);
    void *image =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (image == MAP_FAILED) return hf_fail_memory(error);
    layout->image = image;
    layout->reserved = bytes;
    return HF_OK;
}

static void *image_grow(void *p, size_t size, H5FD_file_image_op_t op, void *user)
{
    hf_layout *layout = user;
    (void)p, (void)op;
    if (size > layout->reserved) return NULL;
    layout->used = size;
    return layout->image;
}

static void *image_new(size_t size, H5FD_file_image_op_t op, void *user)
{
    return image_grow(NULL, size, op, user);
}

static void *image_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *user)
{
    (void)op, (void)user;
    return memcpy(to, from, size);
}

static herr_t image_keep(void *p, H5FD_file_image_op_t op, void *user)
{
    (void)p, (void)op, (void)user;
    return 0;
}

static void *user_same(void *user)
{
    return user;
}

static herr_t user_keep(void *user)
{
    (void)user;
    return 0;
}

// ---- the file --------------------------------------------------------------------------------------------

typedef struct {
    hf_layout *layout;
    const hf_frame *frame;
    hid_t file, accounts, signals, levels, integrity;
    int64_t chunk_rows, chunks;
    uint64_t *hashes; // owned: (1 + columns) x chunks
    haddr_t hashes_at;
} builder;

static hf_status create_file(builder *b, hf_error *error)
{
    H5FD_file_image_callbacks_t calls = {image_new, image_copy, image_grow, image_keep,
                                         user_same, user_keep,  b->layout};
    // Metadata in one block at the front keeps the image short.
    size_t metadata = 8192 + 1536 * (size_t)b->frame->column_count;
    char name[64];
    snprintf(name, sizeof name, "holdfast-%p", (void *)b->layout->image);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    bool ready = access >= 0 && create >= 0 && H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
                 H5Pset_file_image_callbacks(access, &calls) >= 0 &&
                 H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
                 H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0 &&
                 H5Pset_alignment(access, HF_BLOCK_SIZE, HF_BLOCK_SIZE) >= 0 &&
                 H5Pset_meta_block_size(access, metadata) >= 0 &&
                 H5Pset_userblock(create, HF_BLOCK_SIZE) >= 0 && H5Pset_obj_track_times(create, 0) >= 0;
    if (ready) b->file = H5Fcreate(name, H5F_ACC_TRUNC, create, access);
    hf_h5_close(&create);
    hf_h5_close(&access);
    return b->file >= 0 ? HF_OK : hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot lay out a snapshot");
}

static hf_status create_group(hid_t *out, hid_t parent, const char *name, hf_error *error)
{
    hid_t plist = H5Pcreate(H5P_GROUP_CREATE);
    if (plist >= 0 && H5Pset_obj_track_times(plist, 0) >= 0)
        *out = H5Gcreate2(parent, name, H5P_DEFAULT, plist, H5P_DEFAULT);
    hf_h5_close(&plist);
    return *out >= 0 ? HF_OK : hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot make the group '%s'", name);
}

// A dataset whose room is allocated now and whose bytes are not written. chunk NULL: in one piece.
static hf_status create_dataset(hid_t *out, hid_t parent, const char *name, hid_t type, int rank,
                                const hsize_t *extent, const hsize_t *chunk, hf_error *error)
{
    hid_t space = H5Screate_simple(rank, extent, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    bool ready = space >= 0 && plist >= 0 && H5Pset_obj_track_times(plist, 0) >= 0 &&
                 H5Pset_alloc_time(plist, H5D_ALLOC_TIME_EARLY) >= 0 &&
                 H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER) >= 0 &&
                 H5Pset_attr_phase_change(plist, 64, 48) >= 0 &&
                 (!chunk || H5Pset_chunk(plist, rank, chunk) >= 0);
    if (ready) *out = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    hf_h5_close(&plist);
    hf_h5_close(&space);
    return *out >= 0 ? HF_OK
                     : hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot make the dataset '%s'", name);
}

static hf_status create_hashes(builder *b, hf_error *error)
{
    hf_status status = HF_OK;
    hid_t set = HF_NO_ID;
    hsize_t origin[2] = {0, 0}, size, extent[2] = {1 + (hsize_t)b->frame->column_count, (hsize_t)b->chunks};
    unsigned mask;
    b->hashes = hf_new_raw(b->layout->context, (size_t)(extent[0] * extent[1]), sizeof *b->hashes);
    if (!b->hashes) return hf_fail_memory(error);
    hf_chunk_hashes(b->hashes, b->frame, b->chunk_rows);
    HF_TRY(done, create_dataset(&set, b->integrity, "chunks", H5T_STD_U64LE, 2, extent, extent, error));
    if (H5Dwrite(set, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, b->hashes) < 0 ||
        H5Dget_chunk_info_by_coord(set, origin, &mask, &b->hashes_at, &size) < 0)
        status = hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot write the checksums");
done:
    hf_h5_close(&set);
    return status;
}

// ---- where the columns go --------------------------------------------------------------------------------

static hf_status add_extent(hf_layout *layout, uint64_t offset, const char *data, size_t size,
                            hf_error *error)
{
    hf_extent *last = layout->extent_count > 0 ? &layout->extents[layout->extent_count - 1] : NULL;
    if (last && last->offset + last->size == offset && last->data + last->size == data) {
        last->size += size;
        return HF_OK;
    }
    if (layout->extent_count == layout->extent_capacity) {
        size_t capacity = layout->extent_capacity < 32 ? 64 : 2 * layout->extent_capacity;
        hf_extent *grown = hf_grow(layout->context, layout->extents, capacity, sizeof *grown);
        if (!grown) return hf_fail_memory(error);
        layout->extents = grown;
        layout->extent_capacity = capacity;
    }
    layout->extents[layout->extent_count++] = (hf_extent){offset, data, size};
    return HF_OK;
}

// Creates the dataset of a column and notes its chunks' addresses (as HDF5 counts them) with their bytes.
static hf_status create_column(hid_t *out, builder *b, hid_t parent, const char *name, hid_t type,
                               const void *values, size_t size, hf_error *error)
{
    hsize_t extent = (hsize_t)b->frame->rows, chunk = (hsize_t)b->chunk_rows;
    hf_status status = create_dataset(out, parent, name, type, 1, &extent, &chunk, error);
    for (hsize_t row = 0; status == HF_OK && row < extent; row += chunk) {
        hsize_t bytes = 0, rows = extent - row < chunk ? extent - row : chunk;
        haddr_t address = HADDR_UNDEF;
        unsigned mask;
        if (H5Dget_chunk_info_by_coord(*out, &row, &mask, &address, &bytes) < 0 || address == HADDR_UNDEF ||
            bytes != chunk * size)
            status = hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot place the values of '%s'", name);
        else
            status =
                add_extent(b->layout, address, (const char *)values + row * size, (size_t)rows * size, error);
    }
    return status;
}

static int by_offset(const void *a, const void *b)
{
    const hf_extent *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

// Chunk addresses are counted from the HDF5 part's beginning in some versions of HDF5 and from the file's in
// others; the checksums, whose bytes are in the image, tell which. Then checks that the places are sane.
static hf_status settle_extents(builder *b, hf_error *error)
{
    hf_layout *layout = b->layout;
    size_t bytes = (size_t)b->chunks * (1 + (size_t)b->frame->column_count) * sizeof *b->hashes;
    uint64_t base = HF_BLOCK_SIZE, end = HF_BLOCK_SIZE;
    if (b->hashes_at + base + bytes > layout->used ||
        memcmp(layout->image + b->hashes_at + base, b->hashes, bytes) != 0)
        base = 0;
    if (b->hashes_at + base + bytes > layout->used ||
        memcmp(layout->image + b->hashes_at + base, b->hashes, bytes) != 0)
        return hf_fail(error, HF_ERROR_INTERNAL, "HDF5 %s places chunks in an unknown way", H5_VERS_INFO);
    qsort(layout->extents, layout->extent_count, sizeof *layout->extents, by_offset);
    for (size_t i = 0; i < layout->extent_count; i++) {
        hf_extent *e = &layout->extents[i];
        e->offset += base;
        if (e->offset < end || e->offset + e->size > layout->length)
            return hf_fail(error, HF_ERROR_INTERNAL, "HDF5 %s places chunks in an unknown way", H5_VERS_INFO);
        end = e->offset + e->size;
    }
    return HF_OK;
}

// ---- what goes in ----------------------------------------------------------------------------------------

static hid_t storage_type(hf_storage storage)
{
    switch (storage) {
    case HF_STORAGE_F32:
        return H5T_IEEE_F32LE;
    case HF_STORAGE_F64:
        return H5T_IEEE_F64LE;
    default:
        return H5T_STD_I32LE;
    }
}

static hf_status write_array(hid_t parent, const char *name, hid_t type, hsize_t count, const void *data,
                             hf_error *error)
{
    hid_t set = HF_NO_ID;
    hf_status status = create_dataset(&set, parent, name, type, 1, &count, NULL, error);
    if (status == HF_OK && count > 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        status = hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot write '%s'", name);
    hf_h5_close(&set);
    return status;
}

static hf_status write_padded(builder *b, const char *link, const hf_dictionary *d, size_t width,
                              hf_error *error)
{
    hf_status status = HF_OK;
    hid_t type = hf_h5_text_type(width);
    char *padded = hf_new(b->layout->context, (size_t)d->count, width);
    if (!padded) status = hf_fail_memory(error);
    for (int32_t i = 0; status == HF_OK && i < d->count; i++)
        memcpy(padded + (size_t)i * width, d->bytes + d->offsets[i], d->offsets[i + 1] - d->offsets[i] - 1);
    if (status == HF_OK) status = write_array(b->levels, link, type, (hsize_t)d->count, padded, error);
    hf_delete(b->layout->context, padded);
    hf_h5_close(&type);
    return status;
}

// Levels as texts padded to one width, which every tool reads; where one long text would blow that up, as a
// group of bytes and offsets.
static hf_status write_levels(builder *b, const char *link, const hf_dictionary *d, hf_error *error)
{
    const uint32_t *offsets = d->offsets;
    size_t width = 1, padded = 0;
    for (int32_t i = 0; i < d->count; i++)
        if (offsets[i + 1] - offsets[i] - 1 > width) width = offsets[i + 1] - offsets[i] - 1;
    if (hf_size_multiply(&padded, (size_t)d->count, width) &&
        (padded <= HF_LEVELS_PADDED || padded <= 4 * (size_t)offsets[d->count]))
        return write_padded(b, link, d, width, error);
    hid_t group = HF_NO_ID;
    hf_status status = create_group(&group, b->levels, link, error);
    if (status == HF_OK)
        status = write_array(group, "offsets", H5T_STD_U32LE, (hsize_t)d->count + 1, offsets, error);
    if (status == HF_OK)
        status = write_array(group, "bytes", H5T_STD_U8LE, offsets[d->count], d->bytes, error);
    hf_h5_close(&group);
    return status;
}

static hf_status put_missing_value(hid_t set, hf_storage storage, hf_error *error)
{
    const float f32 = __builtin_nanf("");
    const double f64 = __builtin_nan("");
    const int32_t whole = storage == HF_STORAGE_CODE ? -1 : HF_DATE_MISSING;
    const void *value = storage == HF_STORAGE_F32   ? (const void *)&f32
                        : storage == HF_STORAGE_F64 ? (const void *)&f64
                                                    : &whole;
    hid_t type = storage_type(storage);
    return hf_h5_put_number(set, "missing_value", type, type, value, error);
}

static hf_status write_signal(builder *b, int32_t position, hf_error *error)
{
    const hf_column *c = &b->frame->columns[position];
    hid_t set = HF_NO_ID;
    char link[HF_LINK_LIMIT], levels[HF_LINK_LIMIT + 16];
    hf_status status = HF_OK;
    hf_link_name(link, c->name);
    snprintf(levels, sizeof levels, "/levels/%s", link);
    HF_TRY(done, create_column(&set, b, b->signals, link, storage_type(c->storage), c->values,
                               hf_storage_size(c->storage), error));
    HF_TRY(done, hf_h5_put_text(set, "name", c->name, error));
    HF_TRY(done, hf_h5_put_text(set, "kind", hf_kind_name(c->kind), error));
    HF_TRY(done, hf_h5_put_text(set, "unit", c->unit, error));
    HF_TRY(done, hf_h5_put_text(set, "direction", hf_direction_name(c->direction), error));
    HF_TRY(done, hf_h5_put_number(set, "missing", H5T_STD_I64LE, H5T_NATIVE_INT64, &c->missing, error));
    HF_TRY(done, hf_h5_put_number(set, "position", H5T_STD_I32LE, H5T_NATIVE_INT32, &position, error));
    HF_TRY(done, put_missing_value(set, c->storage, error));
    if (c->dictionary.count > 0) HF_TRY(done, hf_h5_put_text(set, "levels", levels, error));
    if (c->storage == HF_STORAGE_DAY)
        HF_TRY(done, hf_h5_put_text(set, "encoding", "days since 1970-01-01", error));
done:
    hf_h5_close(&set);
    return status;
}

static hf_status write_root(builder *b, const char *recorded_at, const char *fingerprint, hf_error *error)
{
    const hf_frame *frame = b->frame;
    const int32_t version = HF_FORMAT_MAJOR;
    char date[11];
    uint64_t description = 0;
    hf_status status = HF_OK;
    hf_date_format(frame->as_of, date);
    HF_TRY(done, hf_description_hash(&description, frame, recorded_at, fingerprint, hf_version(), error));
    HF_TRY(done, hf_h5_put_text(b->file, "format", HF_FORMAT_NAME, error));
    HF_TRY(done,
           hf_h5_put_number(b->file, "format_version", H5T_STD_I32LE, H5T_NATIVE_INT32, &version, error));
    HF_TRY(done, hf_h5_put_text(b->file, "as_of", date, error));
    HF_TRY(done, hf_h5_put_text(b->file, "recorded_at", recorded_at, error));
    HF_TRY(done, hf_h5_put_number(b->file, "rows", H5T_STD_I64LE, H5T_NATIVE_INT64, &frame->rows, error));
    HF_TRY(done, hf_h5_put_number(b->file, "columns", H5T_STD_I32LE, H5T_NATIVE_INT32, &frame->column_count,
                                  error));
    HF_TRY(done, hf_h5_put_text(b->file, "source", frame->source, error));
    HF_TRY(done, hf_h5_put_text(b->file, "id_name", frame->id_name, error));
    HF_TRY(done, hf_h5_put_text(b->file, "fingerprint", fingerprint, error));
    HF_TRY(done, hf_h5_put_text(b->file, "library", hf_version(), error));
    HF_TRY(done, hf_h5_put_number(b->integrity, "rows_per_chunk", H5T_STD_I64LE, H5T_NATIVE_INT64,
                                  &b->chunk_rows, error));
    HF_TRY(done, hf_h5_put_number(b->integrity, "description", H5T_STD_U64LE, H5T_NATIVE_UINT64, &description,
                                  error));
done:
    return status;
}

// Small things first, then the ids and the signals, so that HDF5's own bytes stay at the front of the image.
static hf_status write_content(builder *b, const char *recorded_at, const char *fingerprint, hf_error *error)
{
    const hf_frame *frame = b->frame;
    hid_t ids = HF_NO_ID, type = hf_h5_text_type((size_t)frame->id_width);
    hf_status status = HF_OK;
    char link[HF_LINK_LIMIT];
    HF_TRY(done, create_group(&b->accounts, b->file, "accounts", error));
    HF_TRY(done, create_group(&b->signals, b->file, "signals", error));
    HF_TRY(done, create_group(&b->levels, b->file, "levels", error));
    HF_TRY(done, create_group(&b->integrity, b->file, "integrity", error));
    HF_TRY(done, create_hashes(b, error));
    HF_TRY(done, write_root(b, recorded_at, fingerprint, error));
    for (int32_t i = 0; i < frame->column_count; i++) {
        // No levels, no dataset: h5repack cannot filter empty ones.
        if (frame->columns[i].dictionary.count == 0) continue;
        hf_link_name(link, frame->columns[i].name);
        HF_TRY(done, write_levels(b, link, &frame->columns[i].dictionary, error));
    }
    HF_TRY(done, create_column(&ids, b, b->accounts, "id", type, frame->ids, (size_t)frame->id_width, error));
    for (int32_t i = 0; i < frame->column_count; i++)
        HF_TRY(done, write_signal(b, i, error));
done:
    hf_h5_close(&ids);
    hf_h5_close(&type);
    hf_h5_close(&b->integrity);
    hf_h5_close(&b->levels);
    hf_h5_close(&b->signals);
    hf_h5_close(&b->accounts);
    return status;
}

// The end of the file as the superblock (version 3, which the format bounds ask for) says it.
static hf_status read_length(hf_layout *layout, hf_error *error)
{
    const char *superblock = layout->image + HF_BLOCK_SIZE;
    uint64_t base = 0, end = 0;
    if (layout->used >= HF_BLOCK_SIZE + HF_SUPERBLOCK_SIZE && superblock[8] == 3) {
        memcpy(&base, superblock + 12, sizeof base);
        memcpy(&end, superblock + 28, sizeof end);
    }
    if (base != HF_BLOCK_SIZE || end < HF_BLOCK_SIZE + HF_SUPERBLOCK_SIZE)
        return hf_fail(error, HF_ERROR_INTERNAL, "HDF5 %s writes a superblock of an unknown kind",
                       H5_VERS_INFO);
    layout->length = end;
    if (layout->used > end) layout->used = (size_t)end;
    return HF_OK;
}

hf_status hf_layout_create(hf_layout *layout, const hf_context *context, const hf_frame *frame,
                           const char *recorded_at, const char *fingerprint, hf_error *error)
{
    hf_h5_quiet quiet;
    builder b = {layout, frame, HF_NO_ID, HF_NO_ID, HF_NO_ID, HF_NO_ID, HF_NO_ID, 0, 0, NULL, HADDR_UNDEF};
    hf_status status = HF_OK;
    *layout = (hf_layout){.context = context};
    b.chunk_rows = hf_chunk_rows(frame->rows);
    b.chunks = hf_chunk_count(frame->rows, b.chunk_rows);
    hf_h5_begin(&quiet);
    HF_TRY(done, reserve_image(layout, frame, error));
    HF_TRY(done, create_file(&b, error));
    HF_TRY(done, write_content(&b, recorded_at, fingerprint, error));
    if (H5Fclose(b.file) < 0) status = hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot finish a snapshot");
    b.file = HF_NO_ID;
    if (status == HF_OK) status = read_length(layout, error);
    if (status == HF_OK) status = settle_extents(&b, error);
done:
    hf_h5_close(&b.file);
    hf_delete(context, b.hashes);
    hf_h5_end(&quiet);
    return status;
}

void hf_layout_free(hf_layout *layout)
{
    if (layout->image) munmap(layout->image, layout->reserved);
    if (layout->context) hf_delete(layout->context, layout->extents);
    *layout = (hf_layout){0};
}
