// SPDX-License-Identifier: Apache-2.0
//
// HDF5's manners at our boundary: errors taken off its stack instead of printed, ids closed, files in memory
// read where they lie. What a file holds is checked before it is used: link types, attribute types and sizes,
// ranks, so that a hostile file gets an error.
#include "store/hdf5_session.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void hf_h5_begin(hf_h5_quiet *quiet)
{
    *quiet = (hf_h5_quiet){NULL, NULL};
    H5Eget_auto2(H5E_DEFAULT, &quiet->function, &quiet->data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void hf_h5_end(const hf_h5_quiet *quiet)
{
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, quiet->function, quiet->data);
}

void hf_h5_close(hid_t *id)
{
    if (*id >= 0) (void)H5Idec_ref(*id);
    *id = HF_NO_ID;
}

// The deepest entry of HDF5's stack says most.
static herr_t keep_deepest(unsigned n, const H5E_error2_t *entry, void *user)
{
    char *text = user;
    if (n == 0 && entry->desc) snprintf(text, 200, "%s", entry->desc);
    return 0;
}

hf_status hf_h5_fail(hf_error *error, hf_status status, const char *file, const char *format, ...)
{
    char message[1024], deepest[200] = "no further word";
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_deepest, deepest);
    H5Eclear2(H5E_DEFAULT);
    return hf_fail_at(error, status, file, 0, 0, "%s (HDF5: %s)", message, deepest);
}

// Scores have the form of snapshots and stand in a folder of their own; the remedy is another.
static bool is_of_scores(const char *file)
{
    static const char folder[] = "/scores/";
    const char *name = file ? strrchr(file, '/') : NULL;
    const size_t length = sizeof folder - 2;
    return name && (size_t)(name - file) >= length && strncmp(name - length, folder, length + 1) == 0;
}

hf_status hf_damaged(hf_error *error, const char *file, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    H5Eclear2(H5E_DEFAULT);
    if (is_of_scores(file))
        return hf_fail_at(error, HF_ERROR_DAMAGED, file, 0, 0,
                          "the scores are damaged: %s; put a copy in their place, or remove them and score "
                          "their date again",
                          message);
    return hf_fail_at(
        error, HF_ERROR_DAMAGED, file, 0, 0,
        "the snapshot is damaged: %s; put a copy in its place, or remove it and ingest its date again",
        message);
}

// ---- writing ---------------------------------------------------------------------------------------------

hf_status hf_h5_put_number(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                           const void *value, hf_error *error)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute =
        space < 0 ? HF_NO_ID : H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool good = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    hf_status status =
        good ? HF_OK : hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot set the attribute '%s'", name);
    hf_h5_close(&attribute);
    hf_h5_close(&space);
    return status;
}

hid_t hf_h5_text_type(size_t width)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, width) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
                      H5Tset_cset(type, H5T_CSET_UTF8) < 0))
        hf_h5_close(&type);
    return type;
}

// Fixed length: HDF5 1.10 crashes on damaged texts of variable length, which lie in a heap without a
// checksum.
hf_status hf_h5_put_text(hid_t object, const char *name, const char *text, hf_error *error)
{
    size_t length = strlen(text);
    hid_t type = hf_h5_text_type(length > 0 ? length : 1);
    hf_status status = type >= 0 ? hf_h5_put_number(object, name, type, type, text, error)
                                 : hf_h5_fail(error, HF_ERROR_INTERNAL, NULL, "cannot make a text type");
    hf_h5_close(&type);
    return status;
}

// ---- reading ---------------------------------------------------------------------------------------------

hf_status hf_h5_open(hid_t *out, hid_t parent, const char *name, H5I_type_t type, const char *path,
                     hf_error *error)
{
    H5L_info_t link;
    // A soft or external link could lead anywhere, to another file even.
    if (H5Lexists(parent, name, H5P_DEFAULT) <= 0 || H5Lget_info(parent, name, &link, H5P_DEFAULT) < 0)
        return hf_damaged(error, path, "it has no '%s'", name);
    if (link.type != H5L_TYPE_HARD) return hf_damaged(error, path, "'%s' is a link to elsewhere", name);
    hid_t id = H5Oopen(parent, name, H5P_DEFAULT);
    if (id < 0)
        return hf_h5_fail(error, HF_ERROR_DAMAGED, path, "the snapshot is damaged: cannot open '%s'", name);
    if (H5Iget_type(id) != type) {
        hf_h5_close(&id);
        return hf_damaged(error, path, "'%s' is another kind of object", name);
    }
    *out = id;
    return HF_OK;
}

// Opens an attribute that holds one value of a class.
static hf_status open_attribute(hid_t *attribute, hid_t *type, hid_t object, const char *name,
                                H5T_class_t class, const char *path, hf_error *error)
{
    hf_status status = HF_OK;
    hid_t id = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : HF_NO_ID;
    hid_t kind = id >= 0 ? H5Aget_type(id) : HF_NO_ID;
    hid_t space = id >= 0 ? H5Aget_space(id) : HF_NO_ID;
    if (id < 0 || kind < 0 || space < 0)
        status = hf_damaged(error, path, "the attribute '%s' is missing", name);
    else if (H5Tget_class(kind) != class || H5Sget_simple_extent_npoints(space) != 1)
        status = hf_damaged(error, path, "the attribute '%s' has a wrong type", name);
    hf_h5_close(&space);
    if (status != HF_OK) {
        hf_h5_close(&kind);
        hf_h5_close(&id);
        return status;
    }
    *attribute = id;
    *type = kind;
    return HF_OK;
}

// Reads the bytes of a text attribute of fixed length into a fresh copy.
static hf_status copy_text(char **out, const hf_context *context, hid_t attribute, hid_t type, size_t limit,
                           const char *name, const char *path, hf_error *error)
{
    size_t size = H5Tget_size(type);
    if (H5Tis_variable_str(type) != 0 || size == 0)
        return hf_damaged(error, path, "the attribute '%s' has a wrong type", name);
    if (size > limit && size > 1)
        return hf_damaged(error, path, "the attribute '%s' is longer than %zu bytes", name, limit);
    char *text = hf_new(context, size + 1, 1);
    if (!text) return hf_fail_memory(error);
    if (H5Aread(attribute, type, text) < 0) {
        hf_delete(context, text);
        return hf_damaged(error, path, "the attribute '%s' cannot be read", name);
    }
    *out = text;
    return HF_OK;
}

hf_status hf_h5_get_text(char **out, const hf_context *context, hid_t object, const char *name, size_t limit,
                         const char *path, hf_error *error)
{
    hid_t attribute = HF_NO_ID, type = HF_NO_ID;
    char *text = NULL;
    size_t bad;
    hf_status status = open_attribute(&attribute, &type, object, name, H5T_STRING, path, error);
    if (status == HF_OK) status = copy_text(&text, context, attribute, type, limit, name, path, error);
    if (status == HF_OK && !hf_is_utf8(text, strlen(text), &bad)) {
        hf_delete(context, text);
        status = hf_damaged(error, path, "the attribute '%s' is not UTF-8", name);
    }
    if (status == HF_OK) *out = text;
    hf_h5_close(&type);
    hf_h5_close(&attribute);
    return status;
}

hf_status hf_h5_get_i64(int64_t *out, hid_t object, const char *name, int64_t low, int64_t high,
                        const char *path, hf_error *error)
{
    hid_t attribute = HF_NO_ID, type = HF_NO_ID;
    int64_t value = 0;
    hf_status status = open_attribute(&attribute, &type, object, name, H5T_INTEGER, path, error);
    if (status == HF_OK && H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0)
        status = hf_damaged(error, path, "the attribute '%s' cannot be read", name);
    if (status == HF_OK && (value < low || value > high))
        status = hf_damaged(error, path, "the attribute '%s' is %lld, expected %lld to %lld", name,
                            (long long)value, (long long)low, (long long)high);
    if (status == HF_OK) *out = value;
    hf_h5_close(&type);
    hf_h5_close(&attribute);
    return status;
}

hf_status hf_h5_get_u64(uint64_t *out, hid_t object, const char *name, const char *path, hf_error *error)
{
    hid_t attribute = HF_NO_ID, type = HF_NO_ID;
    uint64_t value = 0;
    hf_status status = open_attribute(&attribute, &type, object, name, H5T_INTEGER, path, error);
    if (status == HF_OK && H5Aread(attribute, H5T_NATIVE_UINT64, &value) < 0)
        status = hf_damaged(error, path, "the attribute '%s' cannot be read", name);
    if (status == HF_OK) *out = value;
    hf_h5_close(&type);
    hf_h5_close(&attribute);
    return status;
}

hf_status hf_h5_extent(hsize_t out[2], hid_t dataset, int rank, const char *what, const char *path,
                       hf_error *error)
{
    hf_status status = HF_OK;
    hsize_t extent[2] = {0, 0};
    hid_t space = H5Dget_space(dataset), plist = H5Dget_create_plist(dataset);
    if (space < 0 || plist < 0 || H5Sget_simple_extent_ndims(space) != rank ||
        H5Sget_simple_extent_dims(space, extent, NULL) != rank)
        status = hf_damaged(error, path, "'%s' has a wrong shape", what);
    else if (H5Pget_layout(plist) == H5D_VIRTUAL || H5Pget_external_count(plist) != 0)
        status = hf_damaged(error, path, "'%s' keeps its values in another file", what);
    hf_h5_close(&plist);
    hf_h5_close(&space);
    if (status != HF_OK) return status;
    out[0] = extent[0];
    out[1] = extent[1];
    return HF_OK;
}

// ---- a file in memory ------------------------------------------------------------------------------------

// HDF5's file-image callbacks, arranged so that it uses our bytes and never copies or frees them.
static void *image_same(size_t size, H5FD_file_image_op_t op, void *user)
{
    (void)size, (void)op;
    return user;
}

static void *image_no_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *user)
{
    (void)from, (void)size, (void)op, (void)user;
    return to;
}

static void *image_no_growth(void *p, size_t size, H5FD_file_image_op_t op, void *user)
{
    (void)p, (void)size, (void)op, (void)user;
    return NULL;
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

// HDF5 1.10 cannot let go of a file whose root it failed to open, and prints so when the program ends. That
// is kept from the user's terminal: this runs before HDF5's own handler, which was registered earlier.
static void end_quietly(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void note_failed_open(void)
{
    static bool noted;
    if (!noted) noted = atexit(end_quietly) == 0;
}

hf_status hf_h5_open_image(hid_t *out, const void *data, size_t size, const char *path, hf_error *error)
{
    void *bytes = (void *)(uintptr_t)data;
    H5FD_file_image_callbacks_t calls = {image_same, image_no_copy, image_no_growth, image_keep, user_same,
                                         user_keep,  bytes};
    char name[64]; // HDF5 takes two files in memory of one name for the same file
    snprintf(name, sizeof name, "holdfast-%p", bytes);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    bool ready = access >= 0 && H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
                 H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
                 H5Pset_file_image_callbacks(access, &calls) >= 0 &&
                 H5Pset_file_image(access, bytes, size) >= 0;
    hid_t file = ready ? H5Fopen(name, H5F_ACC_RDONLY, access) : HF_NO_ID;
    hf_h5_close(&access);
    if (file < 0) {
        note_failed_open();
        return hf_h5_fail(
            error, HF_ERROR_DAMAGED, path,
            "the snapshot is damaged or no HDF5 file; put a copy in its place, or remove it and "
            "ingest its date again");
    }
    *out = file;
    return HF_OK;
}

void hf_link_name(char out[HF_LINK_LIMIT], const char *name)
{
    static const char hex[] = "0123456789ABCDEF";
    bool dots = name[strspn(name, ".")] == '\0';
    size_t n = 0;
    for (const char *p = name; *p != '\0' && n + 4 < HF_LINK_LIMIT; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte == '%' || byte == '/' || byte < 32 || byte == 127 || (dots && byte == '.')) {
            out[n++] = '%';
            out[n++] = hex[byte >> 4];
            out[n++] = hex[byte & 15];
        } else {
            out[n++] = (char)byte;
        }
    }
    out[n] = '\0';
}
