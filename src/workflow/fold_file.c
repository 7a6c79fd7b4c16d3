// SPDX-License-Identifier: Apache-2.0
//
// Folds for evaluation: read from a file, so that figures can be compared with anyone's, or drawn from a
// seed by account.
#include "workflow/fold_file.h"

#include <stdlib.h>
#include <string.h>

static bool parse_i64(int64_t *out, const char *text, size_t length)
{
    int64_t value = 0;
    if (length == 0 || length > 18) return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// The fold numbers a fold column's dictionary speaks of, ascending.
static hf_status list_numbers(hf_folds *folds, const hf_context *context, const hf_frame *file,
                              const hf_column *column, const int64_t *line_row, const char *path,
                              hf_error *error)
{
    const hf_dictionary *levels = &column->dictionary;
    folds->number = hf_new(context, (size_t)levels->count, sizeof *folds->number);
    if (!folds->number) return hf_fail_memory(error);
    for (int32_t k = 0; k < levels->count; k++) {
        const char *text = hf_dictionary_text(levels, k);
        if (strcmp(text, "train") == 0 || strcmp(text, "skip") == 0) continue;
        if (!parse_i64(&folds->number[folds->count], text, strlen(text))) {
            const int32_t *codes = column->values;
            int64_t row = 0;
            while (row < file->rows && codes[row] != k)
                row++;
            return hf_fail_at(error, HF_ERROR_DATA, path, row < file->rows ? line_row[row] + 2 : 0, 0,
                              "column 'fold': expected a number from 0, train or skip, found '%s'", text);
        }
        folds->count++;
    }
    if (folds->count == 0)
        return hf_fail_at(
            error, HF_ERROR_DATA, path, 0, 0,
            "no row has a fold number, so nothing would be tested; number the test rows from 0");
    qsort(folds->number, (size_t)folds->count, sizeof *folds->number, by_value);
    return HF_OK;
}

static int32_t fold_of(const hf_folds *folds, const char *text)
{
    int64_t number = 0;
    if (strcmp(text, "train") == 0) return HF_FOLD_TRAIN;
    if (strcmp(text, "skip") == 0) return HF_FOLD_SKIP;
    parse_i64(&number, text, strlen(text));
    const int64_t *found = bsearch(&number, folds->number, (size_t)folds->count, sizeof number, by_value);
    return (int32_t)(found - folds->number);
}

// Spreads the file's rows over the table's rows.
static hf_status assign(hf_folds *folds, const hf_labelled *table, const hf_frame *file,
                        const int64_t *line_row, const char *path, hf_error *error)
{
    const hf_context *context = table->context;
    const hf_column *column = &file->columns[hf_frame_find(file, "fold")];
    const int32_t *codes = column->values;
    int64_t records = table->report.rows_read;
    hf_status status = HF_OK;
    int32_t *of_record = hf_new(context, (size_t)records, sizeof *of_record);
    folds->fold = hf_new(context, (size_t)table->frame->rows, sizeof *folds->fold);
    if (!of_record || !folds->fold) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < records; i++)
        of_record[i] = HF_FOLD_SKIP;
    for (int64_t i = 0; i < file->rows; i++) {
        size_t length;
        int64_t record;
        const char *text = hf_frame_id(file, i, &length);
        if (!parse_i64(&record, text, length) || record >= records) {
            status = hf_fail_at(error, HF_ERROR_DATA, path, line_row[i] + 2, 1,
                                "column 'row': expected a data row from 0 to %lld, found '%.*s'",
                                (long long)records - 1, (int)length, text);
            goto done;
        }
        if (codes[i] >= 0)
            of_record[record] = fold_of(folds, hf_dictionary_text(&column->dictionary, codes[i]));
    }
    for (int64_t i = 0; i < table->frame->rows; i++)
        folds->fold[i] = of_record[table->report.source_row[i]];
done:
    hf_delete(context, of_record);
    return status;
}

hf_status hf_folds_read(hf_folds *out, const hf_labelled *table, const char *path, hf_error *error)
{
    const hf_declared_kind kinds[] = {{"fold", HF_KIND_CATEGORY}};
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    hf_csv_report report = {0};
    hf_frame *file = NULL;
    hf_folds folds = {0};
    hf_status status;
    csv.id = "row";
    csv.kinds = kinds;
    csv.kind_count = 1;
    HF_TRY(done, hf_csv_read(&file, &report, table->context, path, &csv, error));
    HF_TRY(done, list_numbers(&folds, table->context, file, &file->columns[hf_frame_find(file, "fold")],
                              report.source_row, path, error));
    HF_TRY(done, assign(&folds, table, file, report.source_row, path, error));
    *out = folds;
    folds = (hf_folds){0};
done:
    hf_folds_free(table->context, &folds);
    hf_csv_report_free(table->context, &report);
    hf_frame_destroy(file);
    return status;
}

hf_status hf_folds_draw(hf_folds *out, const hf_labelled *table, int32_t count, uint64_t seed,
                        hf_error *error)
{
    hf_folds folds = {.count = count};
    int64_t rows = table->frame->rows;
    folds.fold = hf_new(table->context, (size_t)rows, sizeof *folds.fold);
    folds.number = hf_new(table->context, (size_t)count, sizeof *folds.number);
    if (!folds.fold || !folds.number) {
        hf_folds_free(table->context, &folds);
        return hf_fail_memory(error);
    }
    for (int32_t k = 0; k < count; k++)
        folds.number[k] = k;
    for (int64_t i = 0; i < rows; i++) {
        // One stream an account: its rows draw the same fold wherever they stand.
        hf_random random = hf_random_seed(seed, (uint64_t)(table->cluster ? table->cluster[i] : i));
        folds.fold[i] = (int32_t)hf_random_below(&random, (uint64_t)count);
    }
    *out = folds;
    return HF_OK;
}

void hf_folds_free(const hf_context *context, hf_folds *folds)
{
    hf_delete(context, folds->fold);
    hf_delete(context, folds->number);
    *folds = (hf_folds){0};
}
