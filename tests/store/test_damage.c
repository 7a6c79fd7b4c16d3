// SPDX-License-Identifier: Apache-2.0
//
// Files that are not what they should be: every byte flipped, every length cut, other files in place of a
// snapshot, and files made through HDF5 whose shape, attributes and codes lie.
#include "store_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static hf_status read_status(hf_context *context, const char *path, hf_error *error)
{
    hf_frame *frame = (hf_frame *)1;
    *error = (hf_error){0};
    hf_status status = hf_snapshot_read(&frame, NULL, context, path, error);
    if (status == HF_OK)
        hf_frame_destroy(frame);
    else
        cr_assert_eq(frame, (hf_frame *)1, "the out parameter is untouched");
    return status;
}

typedef struct {
    char folder[256], path[512];
    hf_context *context;
    char *data;
    size_t size;
} subject;

static void set_up(subject *s)
{
    s->context = fixture_context(1);
    fixture_folder(s->folder);
    hf_frame *frame = fixture_small(s->context, 1.0f);
    fixture_write(s->path, s->context, frame, s->folder);
    hf_frame_destroy(frame);
    s->data = fixture_read_file(s->path, &s->size);
}

static void tear_down(subject *s)
{
    free(s->data);
    hf_context_destroy(s->context);
    fixture_remove(s->folder);
}

Test(damage, any_flipped_bit_is_found)
{
    subject s;
    hf_error error;
    set_up(&s);
    int fd = open(s.path, O_RDWR);
    for (size_t at = 0; at < s.size; at++) {
        // Another bit for every byte, so that all eight are tried.
        char altered = (char)(s.data[at] ^ (1 << (at * 5 % 8)));
        cr_assert_eq(pwrite(fd, &altered, 1, (off_t)at), 1);
        hf_status status = read_status(s.context, s.path, &error);
        cr_assert_eq(status, HF_ERROR_DAMAGED, "byte %zu: %s", at, hf_status_text(status));
        cr_assert_str_eq(error.file, s.path);
        cr_assert_eq(pwrite(fd, s.data + at, 1, (off_t)at), 1);
    }
    close(fd);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_OK);
    tear_down(&s);
}

Test(damage, any_length_is_found)
{
    subject s;
    hf_error error;
    set_up(&s);
    for (size_t size = s.size - 1; size > 0; size -= size > 5000 ? 13 : size > 31 ? 31 : 1) {
        cr_assert_eq(truncate(s.path, (off_t)size), 0);
        cr_assert_eq(read_status(s.context, s.path, &error), HF_ERROR_DAMAGED, "%zu bytes", size);
    }
    cr_assert_eq(truncate(s.path, 0), 0);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_ERROR_DAMAGED);
    cr_assert_not_null(strstr(error.message, "empty"));
    // Longer is not whole either, nor is a file that lost its head.
    s.data = realloc(s.data, s.size + 1);
    s.data[s.size] = 0;
    fixture_write_file(s.path, s.data, s.size + 1);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_ERROR_DAMAGED);
    fixture_write_file(s.path, s.data + 4096, s.size - 4096);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_ERROR_DAMAGED);
    cr_assert_not_null(strstr(error.message, "first page"), "%s", error.message);
    fixture_write_file(s.path, s.data + 1, s.size - 1);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_ERROR_DAMAGED);
    tear_down(&s);
}

Test(damage, other_files)
{
    subject s;
    hf_error error;
    char other[600];
    set_up(&s);
    snprintf(other, sizeof other, "%s/other", s.folder);
    cr_assert_eq(read_status(s.context, other, &error), HF_ERROR_IO);
    cr_assert_eq(read_status(s.context, s.folder, &error), HF_ERROR_IO);
    fixture_write_file(other, "account_id,tickets\na,1\n", 23);
    cr_assert_eq(read_status(s.context, other, &error), HF_ERROR_DAMAGED);
    char *zeros = calloc(1, 100000);
    fixture_write_file(other, zeros, 100000);
    cr_assert_eq(read_status(s.context, other, &error), HF_ERROR_DAMAGED);
    memcpy(zeros, "\211HDF\r\n\032\n", 8);
    fixture_write_file(other, zeros, 100000);
    cr_assert_eq(read_status(s.context, other, &error), HF_ERROR_DAMAGED);
    free(zeros);
    // Somebody else's HDF5 file.
    hid_t file = H5Fcreate(other, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    cr_assert_eq(read_status(s.context, other, &error), HF_ERROR_DAMAGED);
    cr_assert_not_null(strstr(error.message, "no snapshot"), "%s", error.message);
    tear_down(&s);
}

Test(damage, a_newer_version_is_named)
{
    subject s;
    hf_error error;
    set_up(&s);
    // A whole first page of format 2, whatever else it says.
    s.data[18] = '2';
    char check[32];
    snprintf(check, sizeof check, "check %016llx\n", (unsigned long long)hf_hash(s.data, 4072, 0));
    memcpy(s.data + 4072, check, 23);
    fixture_write_file(s.path, s.data, s.size);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_ERROR_VERSION);
    cr_assert_not_null(strstr(error.message, "newer version"));
    tear_down(&s);
}

// ---- files made through HDF5 -----------------------------------------------------------------------------

static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static void remove_attribute(hid_t object, const char *name)
{
    if (H5Aexists(object, name) > 0) H5Adelete(object, name);
}

static void set_text(hid_t object, const char *name, const char *text, size_t size)
{
    hid_t type = text_type(size), space = H5Screate(H5S_SCALAR);
    char *padded = calloc(1, size);
    memcpy(padded, text, strlen(text) < size ? strlen(text) : size);
    remove_attribute(object, name);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, padded);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    free(padded);
}

static void set_number(hid_t object, const char *name, int64_t value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    remove_attribute(object, name);
    hid_t attribute = H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_INT64, &value);
    H5Aclose(attribute);
    H5Sclose(space);
}

static void set_dataset(hid_t file, const char *name, hid_t type, hsize_t count, const void *data)
{
    hid_t space = H5Screate_simple(1, &count, NULL);
    if (H5Lexists(file, name, H5P_DEFAULT) > 0) H5Ldelete(file, name, H5P_DEFAULT);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (data) H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    H5Dclose(set);
    H5Sclose(space);
}

static void write_codes(hid_t file, int32_t first)
{
    int32_t codes[3] = {first, 0, -1};
    hid_t set = H5Dopen2(file, "signals/plan", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, codes);
    H5Dclose(set);
}

static void on_signal(hid_t file, const char *name, void (*alter)(hid_t set))
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    alter(set);
    H5Dclose(set);
}

static void alter_kind(hid_t set)
{
    set_text(set, "kind", "mood", 4);
}
static void alter_direction(hid_t set)
{
    set_text(set, "direction", "sideways", 8);
}
static void alter_unit(hid_t set)
{
    set_text(set, "unit", "\xff\xfe", 2);
}
static void alter_name(hid_t set)
{
    set_text(set, "name", "", 1);
}
static void alter_same_name(hid_t set)
{
    set_text(set, "name", "plan", 4);
}
static void alter_long_name(hid_t set)
{
    set_text(set, "name", "n", 5000);
}
static void alter_missing(hid_t set)
{
    set_number(set, "missing", 2);
}
static void alter_much_missing(hid_t set)
{
    set_number(set, "missing", INT64_MAX);
}
static void alter_position(hid_t set)
{
    set_number(set, "position", 1);
}
static void alter_far_position(hid_t set)
{
    set_number(set, "position", 1 << 30);
}
static void alter_negative_position(hid_t set)
{
    set_number(set, "position", -1);
}
static void alter_number_for_text(hid_t set)
{
    set_number(set, "unit", 7);
}
static void alter_no_unit(hid_t set)
{
    H5Adelete(set, "unit");
}

static void alter_variable_text(hid_t set)
{
    const char *text = "tickets";
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    H5Adelete(set, "unit");
    hid_t attribute = H5Acreate2(set, "unit", type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, &text);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

static void alter_array(hid_t set)
{
    hsize_t many = 1000;
    int64_t values[1000] = {0};
    hid_t space = H5Screate_simple(1, &many, NULL);
    H5Adelete(set, "missing");
    hid_t attribute = H5Acreate2(set, "missing", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_INT64, values);
    H5Aclose(attribute);
    H5Sclose(space);
}

#define ON_TICKETS(which)                                  \
    static void lie_##which(hid_t file)                    \
    {                                                      \
        on_signal(file, "signals/tickets", alter_##which); \
    }
ON_TICKETS(kind)
ON_TICKETS(direction)
ON_TICKETS(unit)
ON_TICKETS(name)
ON_TICKETS(same_name)
ON_TICKETS(long_name)
ON_TICKETS(missing)
ON_TICKETS(much_missing)
ON_TICKETS(position)
ON_TICKETS(far_position)
ON_TICKETS(negative_position)
ON_TICKETS(number_for_text)
ON_TICKETS(no_unit)
ON_TICKETS(variable_text)
ON_TICKETS(array)

static void lie_code_too_large(hid_t file)
{
    write_codes(file, 2);
}
static void lie_code_negative(hid_t file)
{
    write_codes(file, -2);
}
static void lie_code_extreme(hid_t file)
{
    write_codes(file, INT32_MAX);
}
static void lie_other_code(hid_t file)
{
    write_codes(file, 0);
}
// The checksum fits the bad code: only the code itself can be found wrong.
static void lie_code_with_checksum(hid_t file)
{
    const int32_t codes[3] = {1000000, 0, -1};
    uint64_t hashes[3];
    hid_t set = H5Dopen2(file, "integrity/chunks", H5P_DEFAULT);
    H5Dread(set, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, hashes);
    hashes[2] = hf_hash(codes, sizeof codes, 0);
    H5Dwrite(set, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, hashes);
    H5Dclose(set);
    write_codes(file, codes[0]);
}

static void lie_no_signal(hid_t file)
{
    H5Ldelete(file, "signals/plan", H5P_DEFAULT);
}
static void lie_no_signals(hid_t file)
{
    H5Ldelete(file, "signals", H5P_DEFAULT);
}
static void lie_no_ids(hid_t file)
{
    H5Ldelete(file, "accounts/id", H5P_DEFAULT);
}
static void lie_no_levels(hid_t file)
{
    H5Ldelete(file, "levels/plan", H5P_DEFAULT);
}
static void lie_no_level_group(hid_t file)
{
    H5Ldelete(file, "levels", H5P_DEFAULT);
}
static void lie_no_checksums(hid_t file)
{
    H5Ldelete(file, "integrity/chunks", H5P_DEFAULT);
}
static void lie_no_integrity(hid_t file)
{
    H5Ldelete(file, "integrity", H5P_DEFAULT);
}
static void lie_rows(hid_t file)
{
    set_number(file, "rows", 4);
}
static void lie_many_rows(hid_t file)
{
    set_number(file, "rows", (int64_t)1 << 39);
}
static void lie_negative_rows(hid_t file)
{
    set_number(file, "rows", -3);
}
static void lie_no_rows(hid_t file)
{
    set_number(file, "rows", 0);
}
static void lie_columns(hid_t file)
{
    set_number(file, "columns", 3);
}
static void lie_many_columns(hid_t file)
{
    set_number(file, "columns", INT64_MAX);
}
static void lie_as_of(hid_t file)
{
    set_text(file, "as_of", "2026-02-30", 10);
}
static void lie_other_as_of(hid_t file)
{
    set_text(file, "as_of", "2026-02-20", 10);
}
static void lie_recorded(hid_t file)
{
    set_text(file, "recorded_at", "yesterday", 9);
}
static void lie_other_recorded(hid_t file)
{
    set_text(file, "recorded_at", "2026-11-01T02:03:05Z", 20);
}
static void lie_fingerprint(hid_t file)
{
    set_text(file, "fingerprint", "00000000000000000000000000000000", 32);
}
static void lie_source(hid_t file)
{
    set_text(file, "source", "elsewhere.csv", 13);
}
static void lie_format(hid_t file)
{
    set_text(file, "format", "weather", 7);
}
static void lie_extra_signal(hid_t file)
{
    set_dataset(file, "signals/more", H5T_IEEE_F32LE, 3, NULL);
}

static void lie_signal_is_group(hid_t file)
{
    H5Ldelete(file, "signals/plan", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "signals/plan", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

static void lie_external_link(hid_t file)
{
    H5Ldelete(file, "accounts", H5P_DEFAULT);
    H5Lcreate_external("/etc/hostname", "/", file, "accounts", H5P_DEFAULT, H5P_DEFAULT);
}

static void lie_soft_link(hid_t file)
{
    H5Lmove(file, "signals/plan", file, "elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/elsewhere", file, "signals/plan", H5P_DEFAULT, H5P_DEFAULT);
}

static void levels(hid_t file, const char *texts, hsize_t count, size_t width)
{
    hid_t type = text_type(width);
    set_dataset(file, "levels/plan", type, count, texts);
    H5Tclose(type);
}

static void lie_unsorted_levels(hid_t file)
{
    levels(file, "plusbasi", 2, 4);
}
static void lie_equal_levels(hid_t file)
{
    levels(file, "plusplus", 2, 4);
}
static void lie_few_levels(hid_t file)
{
    levels(file, "basic", 1, 5);
}
static void lie_other_level(hid_t file)
{
    levels(file, "basicprime", 2, 5);
}
static void lie_level_not_utf8(hid_t file)
{
    levels(file, "a\xc3z\xff", 2, 2);
}

static void lie_level_type(hid_t file)
{
    const int32_t numbers[2] = {1, 2};
    set_dataset(file, "levels/plan", H5T_STD_I32LE, 2, numbers);
}

static void lie_many_levels(hid_t file)
{
    // Never written, so it costs the file nothing and would cost the reader 800 GB.
    hid_t type = text_type(200);
    set_dataset(file, "levels/plan", type, (hsize_t)4 << 30, NULL);
    H5Tclose(type);
}

static void packed_levels(hid_t file, const uint32_t *offsets, hsize_t count, const char *bytes, hsize_t size)
{
    H5Ldelete(file, "levels/plan", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "levels/plan", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    set_dataset(file, "levels/plan/offsets", H5T_STD_U32LE, count, offsets);
    set_dataset(file, "levels/plan/bytes", H5T_STD_U8LE, size, bytes);
}

static void lie_offsets_far(hid_t file)
{
    packed_levels(file, (uint32_t[]){0, 6, 4000000000u}, 3, "basic\0plus", 11);
}
static void lie_offsets_back(hid_t file)
{
    packed_levels(file, (uint32_t[]){0, 6, 3}, 3, "basic\0plus", 11);
}
static void lie_offsets_none(hid_t file)
{
    packed_levels(file, NULL, 0, "basic\0plus", 11);
}
static void lie_no_end(hid_t file)
{
    packed_levels(file, (uint32_t[]){0, 6, 10}, 3, "basic\0plus", 10);
}

static void ids(hid_t file, size_t width, hsize_t rows)
{
    hid_t type = text_type(width);
    char *zeros = calloc(rows, width);
    set_dataset(file, "accounts/id", type, rows, zeros);
    free(zeros);
    H5Tclose(type);
}

static void lie_wide_ids(hid_t file)
{
    ids(file, 256, 3);
}
static void lie_few_ids(hid_t file)
{
    ids(file, 4, 2);
}
static void lie_other_ids(hid_t file)
{
    ids(file, 4, 3);
}

static void lie_id_type(hid_t file)
{
    const int32_t numbers[3] = {1, 2, 3};
    set_dataset(file, "accounts/id", H5T_STD_I32LE, 3, numbers);
}

static void lie_value_type(hid_t file)
{
    hid_t set = H5Dopen2(file, "signals/tickets", H5P_DEFAULT);
    H5Dclose(set);
    H5Lmove(file, "signals/tickets", file, "old", H5P_DEFAULT, H5P_DEFAULT);
    const int64_t values[3] = {1, 2, 3};
    set_dataset(file, "signals/tickets", H5T_STD_I64LE, 3, values);
    hid_t from = H5Dopen2(file, "old", H5P_DEFAULT);
    set = H5Dopen2(file, "signals/tickets", H5P_DEFAULT);
    set_text(set, "name", "tickets", 7);
    set_text(set, "kind", "count", 5);
    set_text(set, "unit", "", 1);
    set_text(set, "direction", "unknown", 7);
    set_number(set, "missing", 0);
    set_number(set, "position", 0);
    H5Dclose(set);
    H5Dclose(from);
}

static void lie_chunk_rows(hid_t file)
{
    hid_t group = H5Gopen2(file, "integrity", H5P_DEFAULT);
    set_number(group, "rows_per_chunk", 0);
    H5Gclose(group);
}

static void lie_description(hid_t file)
{
    hid_t group = H5Gopen2(file, "integrity", H5P_DEFAULT);
    set_number(group, "description", 12345);
    H5Gclose(group);
}

static void tell_nothing_new(hid_t file)
{
    set_text(file, "comment", "other attributes do no harm", 30);
}
static void say_newer(hid_t file)
{
    set_number(file, "format_version", 2);
}

typedef struct {
    const char *name;
    void (*alter)(hid_t file);
    hf_status expected;
} lie;

#define LIE(which)                            \
    {                                         \
#which, lie_##which, HF_ERROR_DAMAGED \
    }
static const lie lies[] = {
    {"nothing", tell_nothing_new, HF_OK},
    {"newer", say_newer, HF_ERROR_VERSION},
    LIE(kind),
    LIE(direction),
    LIE(unit),
    LIE(name),
    LIE(same_name),
    LIE(long_name),
    LIE(missing),
    LIE(much_missing),
    LIE(position),
    LIE(far_position),
    LIE(negative_position),
    LIE(number_for_text),
    LIE(no_unit),
    LIE(variable_text),
    LIE(array),
    LIE(code_with_checksum),
    LIE(code_too_large),
    LIE(code_negative),
    LIE(code_extreme),
    LIE(other_code),
    LIE(no_signal),
    LIE(no_signals),
    LIE(no_ids),
    LIE(no_levels),
    LIE(no_level_group),
    LIE(no_checksums),
    LIE(no_integrity),
    LIE(rows),
    LIE(many_rows),
    LIE(negative_rows),
    LIE(no_rows),
    LIE(columns),
    LIE(many_columns),
    LIE(as_of),
    LIE(other_as_of),
    LIE(recorded),
    LIE(other_recorded),
    LIE(fingerprint),
    LIE(source),
    LIE(format),
    LIE(extra_signal),
    LIE(signal_is_group),
    LIE(external_link),
    LIE(soft_link),
    LIE(unsorted_levels),
    LIE(equal_levels),
    LIE(few_levels),
    LIE(other_level),
    LIE(level_not_utf8),
    LIE(level_type),
    LIE(many_levels),
    LIE(offsets_far),
    LIE(offsets_back),
    LIE(offsets_none),
    LIE(no_end),
    LIE(wide_ids),
    LIE(few_ids),
    LIE(other_ids),
    LIE(id_type),
    LIE(value_type),
    LIE(chunk_rows),
    LIE(description),
};

static hf_frame *two_signals(hf_context *context)
{
    static const char *const texts[] = {"basic", "plus"};
    static const size_t lengths[] = {5, 4};
    static const int32_t codes[] = {1, 0, -1};
    hf_column *c = NULL;
    hf_frame *frame = fixture_small(context, 5.0f);
    cr_assert_eq(hf_frame_add(frame, &c, "plan", HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL), HF_OK);
    memcpy(c->values, codes, sizeof codes);
    c->missing = 1;
    cr_assert_eq(hf_dictionary_build(&c->dictionary, context, texts, lengths, 2, NULL, NULL), HF_OK);
    return frame;
}

Test(damage, files_that_lie)
{
    char folder[256], path[512], other[600];
    size_t size;
    hf_error error;
    hf_context *context = fixture_context(2);
    hf_frame *frame = two_signals(context);
    fixture_folder(folder);
    fixture_write(path, context, frame, folder);
    char *data = fixture_read_file(path, &size);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        snprintf(other, sizeof other, "%s/lie.h5", folder);
        fixture_write_file(other, data, size);
        // Opened for writing, HDF5 puts a new superblock there once the file grows: a rewritten file.
        hid_t file = H5Fopen(other, H5F_ACC_RDWR, H5P_DEFAULT);
        cr_assert_geq(file, 0);
        lies[i].alter(file);
        hsize_t much = 5000;
        char padding[5000] = {0};
        hid_t space = H5Screate_simple(1, &much, NULL);
        hid_t set = H5Dcreate2(file, "padding", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(set, H5T_STD_U8LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, padding);
        H5Dclose(set);
        H5Sclose(space);
        cr_assert_geq(H5Fclose(file), 0);
        hf_status status = read_status(context, other, &error);
        cr_assert_eq(status, lies[i].expected, "%s: %s: %s", lies[i].name, hf_status_text(status),
                     error.message);
        if (strncmp(lies[i].name, "code_", 5) == 0)
            cr_assert_not_null(strstr(error.message, "no level"), "%s: %s", lies[i].name, error.message);
        if (status != HF_OK) cr_assert(error.message[0] != '\0' && strcmp(error.file, other) == 0);
        cr_assert_eq(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL), 0, "%s leaves ids open", lies[i].name);
    }
    free(data);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_remove(folder);
}

static herr_t count_errors(hid_t stack, void *user)
{
    (void)stack;
    ++*(int *)user;
    return 0;
}

Test(damage, the_callers_error_printing_is_put_back)
{
    subject s;
    hf_error error;
    int printed = 0;
    set_up(&s);
    H5Eset_auto2(H5E_DEFAULT, count_errors, &printed);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_OK);
    s.data[4096 + 20] ^= 1;
    fixture_write_file(s.path, s.data, s.size);
    cr_assert_eq(read_status(s.context, s.path, &error), HF_ERROR_DAMAGED);
    cr_assert_eq(printed, 0, "the library is silent");
    cr_assert_lt(H5Fopen("/nowhere/at.all", H5F_ACC_RDONLY, H5P_DEFAULT), 0);
    cr_assert_eq(printed, 1, "and the caller is not");
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    tear_down(&s);
}
