// SPDX-License-Identifier: Apache-2.0
//
// Snapshots: exact round trips of every kind of value and shape, the same bytes for any number of threads,
// borrowed columns, and files that other tools rewrote.
#include "store_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void round_trip(int64_t rows, int32_t id_width)
{
    char folder[256], path[512];
    hf_context *context = fixture_context(2);
    hf_frame *frame = fixture_frame(context, rows, id_width), *again = NULL;
    hf_snapshot_info info;
    hf_error error = {0};
    fixture_folder(folder);
    fixture_write(path, context, frame, folder);
    cr_assert_eq(hf_snapshot_read(&again, &info, context, path, &error), HF_OK, "%s", error.message);
    fixture_assert_same(frame, again);
    cr_assert_eq(info.rows, rows);
    cr_assert_eq(info.columns, frame->column_count);
    cr_assert_eq(info.as_of, A_DATE);
    cr_assert_eq(info.revision, 1);
    cr_assert_str_eq(info.recorded_at, "2026-11-01T02:03:04Z");
    cr_assert_str_eq(info.path, path);
    char fingerprint[33];
    cr_assert_eq(hf_frame_fingerprint(fingerprint, again, NULL), HF_OK);
    cr_assert_str_eq(info.fingerprint, fingerprint);
    hf_frame_destroy(again);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_remove(folder);
}

Test(snapshot, one_row)
{
    round_trip(1, 1);
}
Test(snapshot, few_rows)
{
    round_trip(17, 255);
}
Test(snapshot, thousands)
{
    round_trip(5000, 9);
}
Test(snapshot, chunk_less_one)
{
    round_trip(65535, 8);
}
Test(snapshot, chunk)
{
    round_trip(65536, 7);
}
Test(snapshot, chunk_and_one)
{
    round_trip(65537, 12);
}
Test(snapshot, several_chunks)
{
    round_trip(200001, 6);
}

Test(snapshot, every_id_width)
{
    for (int32_t width = 1; width <= 255; width += 17)
        round_trip(40, width);
}

Test(snapshot, columns_are_borrowed_from_the_file)
{
    char folder[256], path[512];
    hf_context *context = fixture_context(1);
    hf_frame *frame = fixture_frame(context, 70000, 9), *again = NULL;
    fixture_folder(folder);
    fixture_write(path, context, frame, folder);
    cr_assert_eq(hf_snapshot_read(&again, NULL, context, path, NULL), HF_OK);
    cr_assert(again->ids_borrowed);
    for (int32_t i = 0; i < again->column_count; i++) {
        cr_assert(again->columns[i].borrowed, "%s", again->columns[i].name);
        cr_assert_eq((uintptr_t)again->columns[i].values % 64, 0);
    }
    // The file may go while the frame is in use.
    unlink(path);
    fixture_assert_same(frame, again);
    hf_frame_destroy(again);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_remove(folder);
}

Test(snapshot, same_bytes_for_any_number_of_threads)
{
    static const int threads[] = {1, 2, 7};
    char *first = NULL;
    size_t first_size = 0;
    for (int t = 0; t < 3; t++) {
        char folder[256], path[512];
        size_t size;
        hf_context *context = fixture_context(threads[t]);
        hf_frame *frame = fixture_frame(context, 150001, 11);
        fixture_folder(folder);
        fixture_write(path, context, frame, folder);
        char *data = fixture_read_file(path, &size);
        if (t == 0) {
            first = data;
            first_size = size;
        } else {
            cr_assert_eq(size, first_size);
            cr_assert_eq(memcmp(first, data, size), 0, "with %d threads", threads[t]);
            free(data);
        }
        hf_frame_destroy(frame);
        hf_context_destroy(context);
        fixture_remove(folder);
    }
    free(first);
}

Test(snapshot, no_columns_but_ids)
{
    char folder[256], path[512];
    hf_context *context = fixture_context(1);
    hf_frame *frame = NULL, *again = NULL;
    fixture_folder(folder);
    cr_assert_eq(hf_frame_create(&frame, context, 3, 2, NULL), HF_OK);
    memcpy(frame->ids, "a\0bbc", 6);
    frame->as_of = A_DATE;
    fixture_write(path, context, frame, folder);
    cr_assert_eq(hf_snapshot_read(&again, NULL, context, path, NULL), HF_OK);
    fixture_assert_same(frame, again);
    hf_frame_destroy(again);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_remove(folder);
}

// A dictionary whose texts are of one width, and one where a single text would make padding explode.
Test(snapshot, large_dictionaries)
{
    enum { LEVELS = 30000 };
    char folder[256], path[512];
    hf_context *context = fixture_context(2);
    hf_frame *frame = NULL, *again = NULL;
    hf_column *column = NULL;
    char **texts = calloc(LEVELS, sizeof *texts);
    size_t *lengths = calloc(LEVELS, sizeof *lengths);
    int32_t *rank = calloc(LEVELS, sizeof *rank);
    fixture_folder(folder);
    cr_assert_eq(hf_frame_create(&frame, context, LEVELS, 4, NULL), HF_OK);
    frame->as_of = A_DATE;
    for (int wide = 0; wide < 2; wide++) {
        cr_assert_eq(
            hf_frame_add(frame, &column, wide ? "comment" : "city", HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL),
            HF_OK);
        for (int i = 0; i < LEVELS; i++) {
            texts[i] = calloc(1, wide && i == 77 ? 20001 : 24);
            snprintf(texts[i], 24, "level %07d", (i * 7919) % LEVELS);
            if (wide && i == 77) memset(texts[i], 'w', 20000);
            lengths[i] = strlen(texts[i]);
        }
        cr_assert_eq(hf_dictionary_build(&column->dictionary, context, (const char *const *)texts, lengths,
                                         LEVELS, rank, NULL),
                     HF_OK);
        memcpy(column->values, rank, LEVELS * sizeof *rank);
        for (int i = 0; i < LEVELS; i++)
            free(texts[i]);
    }
    fixture_write(path, context, frame, folder);
    cr_assert_eq(hf_snapshot_read(&again, NULL, context, path, NULL), HF_OK);
    fixture_assert_same(frame, again);
    size_t size;
    free(fixture_read_file(path, &size));
    cr_assert_lt(size, 4u << 20, "padding would take 600 MB");
    hf_frame_destroy(again);
    hf_frame_destroy(frame);
    free(texts);
    free(lengths);
    free(rank);
    hf_context_destroy(context);
    fixture_remove(folder);
}

// The first page and the checksum, taken by hand as datasets/README.md describes them.
Test(snapshot, the_file_is_as_described)
{
    char folder[256], path[512], root[33], checksum[33], check[32];
    size_t size;
    unsigned long long length = 0, superblock = 0;
    hf_context *context = fixture_context(2);
    hf_frame *frame = fixture_frame(context, 140000, 9);
    hf_fingerprint *f = NULL;
    fixture_folder(folder);
    fixture_write(path, context, frame, folder);
    char *data = fixture_read_file(path, &size);
    cr_assert_eq(sscanf(strstr(data, "\nlength "), "\nlength %llu\nsuperblock %llx\nchecksum %32s", &length,
                        &superblock, checksum),
                 3);
    cr_assert_eq(length, size);
    cr_assert_eq(superblock, hf_hash(data + 4096, 48, 0));
    cr_assert_eq(hf_fingerprint_create(&f, context, NULL), HF_OK);
    for (size_t at = 4096; at < size; at += 1048576) {
        uint64_t leaf = hf_hash(data + at, size - at < 1048576 ? size - at : 1048576, 0);
        hf_fingerprint_add(f, &leaf, 8);
    }
    hf_fingerprint_add(f, &length, 8);
    hf_fingerprint_finish(f, root);
    cr_assert_str_eq(root, checksum);
    snprintf(check, sizeof check, "check %016llx\n", (unsigned long long)hf_hash(data, 4072, 0));
    cr_assert_eq(memcmp(data + 4072, check, 24), 0);
    for (int32_t i = 0; i < frame->column_count; i++) {
        const hf_column *c = &frame->columns[i];
        const char *there = memmem(data, size, c->values, (size_t)frame->rows * hf_storage_size(c->storage));
        cr_assert_not_null(there, "%s lies in one piece", c->name);
        cr_assert_eq((there - data) % 4096, 0, "%s", c->name);
    }
    free(data);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_remove(folder);
}

// ---- files that other tools rewrote ----------------------------------------------------------------------

static bool have_h5repack(void)
{
    if (system("h5repack --version >/dev/null 2>&1") == 0) return true;
    fprintf(stderr, "SKIPPED: h5repack is not installed (Debian package hdf5-tools)\n");
    return false;
}

static void repacked(const char *flags, int64_t rows)
{
    char folder[256], path[512], other[600], command[1400];
    hf_context *context = fixture_context(2);
    hf_frame *frame = fixture_frame(context, rows, 9), *again = NULL;
    hf_snapshot_info info;
    hf_error error = {0};
    fixture_folder(folder);
    fixture_write(path, context, frame, folder);
    snprintf(other, sizeof other, "%s/2026-10-31.r3.h5", folder);
    snprintf(command, sizeof command, "h5repack %s '%s' '%s'", flags, path, other);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(hf_snapshot_read(&again, &info, context, other, &error), HF_OK, "%s: %s", flags,
                 error.message);
    fixture_assert_same(frame, again);
    cr_assert_eq(info.revision, 3);
    cr_assert_eq(info.rows, rows);
    hf_frame_destroy(again);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_remove(folder);
}

Test(snapshot, repacked_with_compression)
{
    if (!have_h5repack()) return;
    repacked("-f GZIP=1", 20000);
    repacked("-f SHUF -f GZIP=6", 131073);
}

Test(snapshot, repacked_without_compression)
{
    if (!have_h5repack()) return;
    repacked("", 20000);
    repacked("", 3);
}

Test(snapshot, repacked_to_the_newest_format)
{
    if (!have_h5repack()) return;
    repacked("-L", 20000);
    repacked("-L -l CHUNK=1000", 9000);
}

Test(snapshot, repacked_contiguous)
{
    if (!have_h5repack()) return;
    repacked("-l CONTI", 70001);
}

// A rewritten file has no checksum of its bytes, but of its values.
Test(snapshot, altered_values_in_a_repacked_file_are_found)
{
    char folder[256], path[512], other[600], command[1400];
    size_t size;
    if (!have_h5repack()) return;
    hf_context *context = fixture_context(2);
    hf_frame *frame = fixture_frame(context, 70001, 9), *again = NULL;
    fixture_folder(folder);
    fixture_write(path, context, frame, folder);
    snprintf(other, sizeof other, "%s/other.h5", folder);
    snprintf(command, sizeof command, "h5repack -l CONTI '%s' '%s'", path, other);
    cr_assert_eq(system(command), 0);
    char *data = fixture_read_file(other, &size);
    for (int32_t i = -1; i < frame->column_count; i++) {
        const char *values = i < 0 ? frame->ids : frame->columns[i].values;
        const char *name = i < 0 ? "accounts/id" : frame->columns[i].name;
        size_t bytes = (size_t)frame->rows * (i < 0 ? 9 : hf_storage_size(frame->columns[i].storage));
        char *there = memmem(data, size, values, bytes);
        cr_assert_not_null(there, "%s", name);
        there[bytes - 1] ^= 1;
        fixture_write_file(other, data, size);
        there[bytes - 1] ^= 1;
        hf_error error = {0};
        cr_assert_eq(hf_snapshot_read(&again, NULL, context, other, &error), HF_ERROR_DAMAGED, "%s", name);
        cr_assert_not_null(strstr(error.message, name), "%s", error.message);
        cr_assert_str_eq(error.file, other);
        cr_assert_null(again);
    }
    free(data);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_remove(folder);
}
