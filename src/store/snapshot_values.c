// SPDX-License-Identifier: Apache-2.0
//
// Values out of a snapshot: borrowed from the mapped file where the chunks lie in one piece, which they do in
// every file the library wrote; through H5Dread otherwise. An address that HDF5 tells is trusted only when
// the checksum of the values it leads to is right.
#include "store/snapshot_reader.h"

#include <string.h>

// No compression packs more than this into a byte of file; what claims more is not read.
#define EXPANSION 2048
#define EXPANSION_FREE ((size_t)16 << 20)

bool hf_reader_plausible(const hf_snapshot_reader *reader, hsize_t count, size_t size)
{
    size_t bytes = 0, limit = 0;
    return hf_size_multiply(&bytes, (size_t)count, size) &&
           (!hf_size_multiply(&limit, reader->source->bytes.size, EXPANSION) ||
            !hf_size_add(&limit, limit, EXPANSION_FREE) || bytes <= limit);
}

static hf_status check_type(hid_t set, hid_t type, const char *what, const char *path, hf_error *error)
{
    hid_t found = H5Dget_type(set);
    bool same = found >= 0 && H5Tequal(found, type) > 0;
    hf_h5_close(&found);
    return same ? HF_OK : hf_damaged(error, path, "'%s' has values of a wrong type", what);
}

hf_status hf_reader_array(void **out, hsize_t *count, const hf_snapshot_reader *reader, hid_t set, hid_t type,
                          size_t size, const char *what, hf_error *error)
{
    const char *path = reader->source->path;
    hsize_t extent[2];
    hf_status status = hf_h5_extent(extent, set, 1, what, path, error);
    if (status == HF_OK) status = check_type(set, type, what, path, error);
    if (status != HF_OK) return status;
    if (!hf_reader_plausible(reader, extent[0], size))
        return hf_damaged(error, path, "'%s' claims more values than the file can hold", what);
    void *values = hf_new_raw(reader->context, (size_t)extent[0], size);
    if (!values) return hf_fail_memory(error);
    if (extent[0] > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        hf_delete(reader->context, values);
        return hf_h5_fail(error, HF_ERROR_DAMAGED, path, "the snapshot is damaged: cannot read '%s'", what);
    }
    *out = values;
    *count = extent[0];
    return HF_OK;
}

// The address of the first chunk where all follow each other unfiltered in chunks of chunk_rows; else false.
static bool one_piece(haddr_t *address, const hf_snapshot_reader *reader, hid_t set, size_t size)
{
    hsize_t chunk = 0, bytes = 0;
    unsigned mask = 0;
    hid_t plist = H5Dget_create_plist(set);
    bool plain = plist >= 0 && H5Pget_layout(plist) == H5D_CHUNKED && H5Pget_chunk(plist, 1, &chunk) == 1 &&
                 H5Pget_nfilters(plist) == 0 && chunk == (hsize_t)reader->chunk_rows;
    hf_h5_close(&plist);
    for (int64_t k = 0; plain && k < reader->chunks; k++) {
        hsize_t row = (hsize_t)k * chunk;
        haddr_t here = HADDR_UNDEF;
        plain = H5Dget_chunk_info_by_coord(set, &row, &mask, &here, &bytes) >= 0 && here != HADDR_UNDEF &&
                bytes == chunk * size && (k == 0 || here == *address + row * size);
        if (k == 0) *address = here;
    }
    return plain;
}

// Where the values lie in the source, or NULL. HDF5 counts chunk addresses from the HDF5 part's beginning or
// from the file's, by version: the first chunk's checksum tells.
static const char *find_values(const hf_snapshot_reader *reader, hid_t set, size_t size, int64_t which)
{
    static const uint64_t bases[] = {HF_BLOCK_SIZE, 0};
    const hf_bytes *bytes = &reader->source->bytes;
    haddr_t address = 0;
    size_t all = 0;
    if (!reader->source->original || !hf_size_multiply(&all, (size_t)reader->rows, size) ||
        !one_piece(&address, reader, set, size))
        return NULL;
    const int64_t first = reader->rows < reader->chunk_rows ? reader->rows : reader->chunk_rows;
    for (size_t i = 0; i < 2; i++) {
        uint64_t at = address + bases[i];
        if (at < address || at > bytes->size || all > bytes->size - at) continue;
        if (hf_hash(bytes->data + at, (size_t)first * size, 0) == reader->hashes[which * reader->chunks])
            return bytes->data + at;
    }
    return NULL;
}

hf_status hf_reader_values(hf_values *out, hf_snapshot_reader *reader, hid_t set, hid_t type, size_t size,
                           int64_t which, const char *what, hf_error *error)
{
    hsize_t extent[2] = {0, 0}, count = 0;
    void *values = NULL;
    hf_status status = HF_OK;
    HF_TRY(done, hf_h5_extent(extent, set, 1, what, reader->source->path, error));
    HF_TRY(done, check_type(set, type, what, reader->source->path, error));
    if (extent[0] != (hsize_t)reader->rows) {
        status = hf_damaged(error, reader->source->path, "'%s' has %llu rows, expected %lld", what,
                            (unsigned long long)extent[0], (long long)reader->rows);
        goto done;
    }
    const char *there = find_values(reader, set, size, which);
    if (there && (uintptr_t)there % 64 == 0) {
        *out = (hf_values){(void *)(uintptr_t)there, true};
        reader->borrows = true;
        return HF_OK;
    }
    if (there) {
        values = hf_new_raw(reader->context, (size_t)extent[0], size);
        if (!values) return hf_fail_memory(error);
        memcpy(values, there, (size_t)extent[0] * size);
    } else {
        HF_TRY(done, hf_reader_array(&values, &count, reader, set, type, size, what, error));
        reader->check_chunks = true;
    }
    *out = (hf_values){values, false};
done:
    return status;
}

// ---- levels ----------------------------------------------------------------------------------------------

// Padded texts, packed into a dictionary.
static hf_status unpad(hf_dictionary *out, const hf_context *context, const char *padded, size_t count,
                       size_t width, hf_error *error)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += strnlen(padded + i * width, width) + 1;
    hf_dictionary d = {(int32_t)count, hf_new_raw(context, bytes, 1),
                       hf_new_raw(context, count + 1, sizeof *d.offsets)};
    if (!d.bytes || !d.offsets || bytes > UINT32_MAX) {
        hf_dictionary_free(context, &d);
        return hf_fail_memory(error);
    }
    uint32_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strnlen(padded + i * width, width);
        d.offsets[i] = at;
        memcpy(d.bytes + at, padded + i * width, length);
        d.bytes[at + length] = '\0';
        at += (uint32_t)length + 1;
    }
    d.offsets[count] = at;
    *out = d;
    return HF_OK;
}

static hf_status read_padded(hf_dictionary *out, const hf_snapshot_reader *reader, hid_t set,
                             const char *link, hf_error *error)
{
    hf_status status = HF_OK;
    hid_t type = H5Dget_type(set);
    void *padded = NULL;
    hsize_t count = 0;
    size_t width = type >= 0 ? H5Tget_size(type) : 0;
    if (type < 0 || H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 || width == 0) {
        status = hf_damaged(error, reader->source->path, "the levels of '%s' have a wrong type", link);
        goto done;
    }
    HF_TRY(done, hf_reader_array(&padded, &count, reader, set, type, width, link, error));
    if (count > INT32_MAX)
        status = hf_damaged(error, reader->source->path, "'%s' has too many levels", link);
    else
        status = unpad(out, reader->context, padded, (size_t)count, width, error);
done:
    hf_delete(reader->context, padded);
    hf_h5_close(&type);
    return status;
}

static bool offsets_sound(const uint32_t *offsets, size_t count, const char *bytes, size_t size)
{
    if (offsets[0] != 0 || offsets[count] != size) return false;
    for (size_t i = 0; i < count; i++)
        if (offsets[i + 1] <= offsets[i] || offsets[i + 1] > size || bytes[offsets[i + 1] - 1] != '\0')
            return false;
    return true;
}

static hf_status read_packed(hf_dictionary *out, const hf_snapshot_reader *reader, hid_t group,
                             const char *link, hf_error *error)
{
    hf_status status = HF_OK;
    hid_t offset_set = HF_NO_ID, byte_set = HF_NO_ID;
    void *offsets = NULL, *bytes = NULL;
    hsize_t count = 0, size = 0;
    const char *path = reader->source->path;
    HF_TRY(done, hf_h5_open(&offset_set, group, "offsets", H5I_DATASET, path, error));
    HF_TRY(done, hf_h5_open(&byte_set, group, "bytes", H5I_DATASET, path, error));
    HF_TRY(done, hf_reader_array(&offsets, &count, reader, offset_set, H5T_STD_U32LE, 4, link, error));
    HF_TRY(done, hf_reader_array(&bytes, &size, reader, byte_set, H5T_STD_U8LE, 1, link, error));
    if (count < 1 || count - 1 > INT32_MAX ||
        !offsets_sound(offsets, (size_t)count - 1, bytes, (size_t)size)) {
        status = hf_damaged(error, path, "the levels of '%s' do not fit together", link);
        goto done;
    }
    *out = (hf_dictionary){(int32_t)(count - 1), bytes, offsets};
    bytes = offsets = NULL;
done:
    hf_delete(reader->context, bytes);
    hf_delete(reader->context, offsets);
    hf_h5_close(&byte_set);
    hf_h5_close(&offset_set);
    return status;
}

hf_status hf_reader_levels(hf_dictionary *out, const hf_snapshot_reader *reader, const char *link,
                           hf_error *error)
{
    hid_t id = HF_NO_ID;
    H5O_info_t info;
    const char *path = reader->source->path;
    H5L_info_t linked;
    // A signal without any level has no entry; should it have codes, the frame is found unsound.
    if (H5Lexists(reader->levels, link, H5P_DEFAULT) == 0) {
        out->offsets = hf_new(reader->context, 1, sizeof *out->offsets);
        return out->offsets ? HF_OK : hf_fail_memory(error);
    }
    bool group =
        H5Lexists(reader->levels, link, H5P_DEFAULT) > 0 &&
        H5Lget_info(reader->levels, link, &linked, H5P_DEFAULT) >= 0 && linked.type == H5L_TYPE_HARD &&
        H5Oget_info_by_name(reader->levels, link, &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_GROUP;
    hf_status status = hf_h5_open(&id, reader->levels, link, group ? H5I_GROUP : H5I_DATASET, path, error);
    if (status != HF_OK) return status;
    status = group ? read_packed(out, reader, id, link, error) : read_padded(out, reader, id, link, error);
    hf_h5_close(&id);
    return status;
}
