// SPDX-License-Identifier: Apache-2.0
//
// For tests: reads what synth writes slowly and plainly, without the library: whole files, cells cut at
// commas, the truth through a JSON reader.
#ifndef HOLDFAST_TEST_FLEET_READER_H
#define HOLDFAST_TEST_FLEET_READER_H

#include "holdfast/synth.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 30, PATH_BYTES = 300 };

// A table of text cells.
typedef struct {
    char *text; // the file, cut up
    int rows, columns;
    char **cells; // rows x columns
    char **names; // columns
} table;

static inline char *read_whole(const char *folder, const char *name, size_t *size)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *text = malloc((size_t)length + 1);
    cr_assert_eq(fread(text, 1, (size_t)length, file), (size_t)length);
    text[length] = '\0';
    fclose(file);
    if (size) *size = (size_t)length;
    return text;
}

static inline int cut_line(char *line, char **cells, int most)
{
    int count = 0;
    for (char *at = line; at; count++) {
        cr_assert_lt(count, most);
        char *comma = strchr(at, ',');
        cells[count] = at;
        if (comma) *comma++ = '\0';
        at = comma;
    }
    return count;
}

static inline table read_table(const char *folder, const char *name)
{
    size_t size = 0;
    table t = {.text = read_whole(folder, name, &size)};
    cr_assert_eq(t.text[size - 1], '\n');
    cr_assert_null(strchr(t.text, '"'));
    cr_assert_null(strchr(t.text, '\r'));
    int lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += t.text[i] == '\n';
    t.rows = lines - 1;
    t.names = calloc(COLUMNS, sizeof *t.names);
    t.cells = calloc((size_t)(t.rows > 0 ? t.rows : 1) * COLUMNS, sizeof *t.cells);
    char *line = t.text;
    for (int row = -1; row < t.rows; row++) {
        char *end = strchr(line, '\n');
        *end = '\0';
        if (row < 0)
            t.columns = cut_line(line, t.names, COLUMNS);
        else
            cr_assert_eq(cut_line(line, t.cells + row * t.columns, COLUMNS), t.columns, "%s row %d", name,
                         row);
        line = end + 1;
    }
    return t;
}

static inline void free_table(table *t)
{
    free(t->text);
    free(t->names);
    free(t->cells);
}

static inline int find_name(const table *t, const char *name)
{
    for (int c = 0; c < t->columns; c++) {
        if (strcmp(t->names[c], name) == 0) return c;
    }
    cr_assert_fail("no column %s", name);
    return -1;
}

static inline const char *cell(const table *t, int row, const char *name)
{
    return t->cells[row * t->columns + find_name(t, name)];
}

// The number a cell stands for: 63% is 0.63, yes 1, no 0.
static inline double number_of(const char *text)
{
    if (strcmp(text, "yes") == 0) return 1.0;
    if (strcmp(text, "no") == 0) return 0.0;
    char *end = NULL;
    double value = strtod(text, &end);
    cr_assert(end != text, "no number: '%s'", text);
    if (*end == '%') {
        value /= 100.0;
        end++;
    }
    cr_assert_eq(*end, '\0', "no number: '%s'", text);
    return value;
}

static inline hf_date date_of(const char *text)
{
    hf_date date = 0;
    cr_assert(hf_date_parse(&date, text, strlen(text)), "no date: '%s'", text);
    return date;
}

static inline json_t *read_truth(const char *folder)
{
    char *text = read_whole(folder, "truth.json", NULL);
    json_error_t error;
    json_t *truth = json_loads(text, 0, &error);
    cr_assert(truth, "%s", error.text);
    free(text);
    return truth;
}

// "accounts-<as-of of the m-th month>.csv", by the truth.
static inline void month_name(char out[40], const json_t *truth, int m)
{
    const json_t *month = json_array_get(json_object_get(truth, "by_month"), (size_t)m);
    snprintf(out, 40, "accounts-%s.csv", json_string_value(json_object_get(month, "as_of")));
}

static inline void make_scratch(char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "/tmp/holdfast-synth-XXXXXX");
    cr_assert(mkdtemp(out));
}

// Removes a folder of plain files.
static inline void remove_folder(const char *folder)
{
    DIR *listing = opendir(folder);
    if (!listing) return;
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[2 * PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    closedir(listing);
    rmdir(folder);
}

static inline int count_files(const char *folder)
{
    int count = 0;
    DIR *listing = opendir(folder);
    if (!listing) return -1;
    for (struct dirent *entry; (entry = readdir(listing));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return count;
}

static inline hf_status write_fleet_of(const char *folder, hf_synth_truth truth, int64_t accounts,
                                       int32_t months, uint64_t seed, int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    hf_synth_options synth = HF_SYNTH_OPTIONS_INIT;
    synth.accounts = accounts;
    synth.months = months;
    synth.seed = seed;
    synth.truth = truth;
    hf_error error = {0};
    hf_status status = hf_synth_write(context, folder, &synth, &error);
    cr_assert(status != HF_ERROR_INTERNAL, "%s", error.message);
    hf_context_destroy(context);
    return status;
}

static inline hf_status write_fleet(const char *folder, int64_t accounts, int32_t months, uint64_t seed,
                                    int threads)
{
    return write_fleet_of(folder, HF_SYNTH_ADDITIVE, accounts, months, seed, threads);
}

#endif
