// SPDX-License-Identifier: Apache-2.0
//
// Reading a labelled table: which column says what happened, which of its values counts, and which rows
// stay without a label. The target leaves the frame, so that it can never be a signal.
#include "workflow/labelled.h"

#include <math.h>
#include <string.h>

typedef struct {
    int32_t column;
    const char *value; // NULL: the column is a flag
} hf_target;

// A column's name may hold '=' itself: the longest prefix that is a column wins.
static hf_status find_target(hf_target *out, const hf_frame *frame, const char *target, const char *path,
                             hf_error *error)
{
    char name[HF_NAME_LIMIT + 1];
    size_t length = strlen(target);
    for (size_t end = length; end > 0; end--) {
        if (end < length && target[end] != '=') continue;
        if (end > HF_NAME_LIMIT) continue;
        memcpy(name, target, end);
        name[end] = '\0';
        int32_t column = hf_frame_find(frame, name);
        if (column >= 0) {
            *out = (hf_target){column, end < length ? target + end + 1 : NULL};
            return HF_OK;
        }
    }
    size_t end = strcspn(target, "=");
    snprintf(name, sizeof name, "%.*s", (int)(end < sizeof name ? end : sizeof name - 1), target);
    return hf_frame_no_column(frame, name, "--target", path, "name a column of the header", error);
}

static bool parse_flag(double *out, const char *text)
{
    static const char *const words[] = {"0", "no", "false", "1", "yes", "true"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i >= 3 ? 1 : 0;
            return true;
        }
    return false;
}

static hf_status no_value(const hf_column *column, const char *value, const char *path, hf_error *error)
{
    char seen[256] = "";
    for (int32_t k = 0; k < column->dictionary.count && k < 6; k++) {
        size_t at = strlen(seen);
        snprintf(seen + at, sizeof seen - at, "%s'%s'", k > 0 ? ", " : "",
                 hf_dictionary_text(&column->dictionary, k));
    }
    return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                      "no row of column '%s' has the value '%s'; it has %s%s", column->name, value, seen,
                      column->dictionary.count > 6 ? ", ..." : "");
}

// Values beside the one that counts: with two of them or more, some may be no "no" ("unknown", "pending").
static void warn_third_values(const hf_context *context, const hf_column *column, int64_t rows,
                              const char *value, const char *path)
{
    const int32_t *codes = column->values;
    const hf_dictionary *levels = &column->dictionary;
    char others[400] = "";
    int32_t shown = 0;
    if (levels->count < 3) return;
    for (int32_t k = 0; k < levels->count && shown < 6; k++) {
        const char *text = hf_dictionary_text(levels, k);
        int64_t held = 0;
        if (strcmp(text, value) == 0) continue;
        for (int64_t i = 0; i < rows; i++)
            held += codes[i] == k;
        const size_t at = strlen(others);
        snprintf(others + at, sizeof others - at, "%s'%.40s' in %lld", shown++ > 0 ? ", " : "", text,
                 (long long)held);
    }
    hf_warn(
        context,
        "%s: the target '%s' has %d other values than '%s' (rows: %s%s); all count as not happened: leave "
        "rows out whose outcome is not known, or name the value with --na",
        path, column->name, (int)levels->count - 1, value, others, levels->count > 7 ? ", ..." : "");
}

// "'Yes', 'No'" of a flag means 1 and 0; numbers are numbers.
static hf_status no_such_number(const hf_column *column, const char *value, const char *path, hf_error *error)
{
    if (column->kind == HF_KIND_FLAG)
        return hf_fail_at(
            error, HF_ERROR_DATA, path, 0, 0,
            "the target '%s' is a flag; '%s' is no value of it: it takes yes, true or 1, or no, "
            "false or 0",
            column->name, value);
    return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                      "the target '%s' holds numbers (a %s); '%s' is none: name a number, as --target '%s=1'",
                      column->name, hf_kind_name(column->kind), value, column->name);
}

static hf_status label_rows(uint8_t *label, const hf_frame *frame, const hf_target *target, const char *path,
                            hf_error *error)
{
    const hf_column *column = &frame->columns[target->column];
    const char *value = target->value;
    if (column->missing == frame->rows)
        return hf_fail_at(error, HF_ERROR_TOO_LITTLE, path, 0, 0,
                          "the target '%s' has no value in any of %lld rows, so nothing says what happened; "
                          "fill it in, or name another column",
                          column->name, (long long)frame->rows);
    if (column->kind == HF_KIND_DATE)
        return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                          "the target '%s' is a date; name a column of outcomes", column->name);
    if (!value && column->kind != HF_KIND_FLAG)
        return hf_fail_at(
            error, HF_ERROR_DATA, path, 0, 0,
            "the target '%s' is a %s, not yes or no; say which value counts, as --target '%s=VALUE'",
            column->name, hf_kind_name(column->kind), column->name);
    if (column->storage == HF_STORAGE_CODE) {
        const int32_t *codes = column->values, wanted = hf_dictionary_find(&column->dictionary, value);
        if (wanted < 0) return no_value(column, value, path, error);
        warn_third_values(frame->context, column, frame->rows, value, path);
        for (int64_t i = 0; i < frame->rows; i++)
            label[i] = codes[i] < 0 ? HF_UNLABELLED : codes[i] == wanted;
        return HF_OK;
    }
    double wanted = 1;
    if (value && !hf_parse_double(&wanted, value, strlen(value)) &&
        !(column->kind == HF_KIND_FLAG && parse_flag(&wanted, value)))
        return no_such_number(column, value, path, error);
    for (int64_t i = 0; i < frame->rows; i++) {
        double x = hf_column_number(column, i);
        label[i] = isnan(x) ? HF_UNLABELLED : x == wanted;
    }
    return HF_OK;
}

hf_status hf_labelled_read(hf_labelled *out, const hf_context *context, const char *path,
                           const hf_csv_options *csv, const char *target, hf_error *error)
{
    hf_labelled made = {.context = context};
    hf_target found = {0};
    hf_status status;
    HF_TRY(done, hf_csv_read(&made.frame, &made.report, context, path, csv, error));
    size_t rows = (size_t)made.frame->rows;
    HF_TRY(done, find_target(&found, made.frame, target, path, error));
    made.label = hf_new(context, rows, sizeof *made.label);
    made.rows = hf_new(context, rows, sizeof *made.rows);
    if (!made.label || !made.rows) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, label_rows(made.label, made.frame, &found, path, error));
    hf_frame_remove(made.frame, found.column);
    for (int64_t i = 0; i < made.frame->rows; i++) {
        if (made.label[i] == HF_UNLABELLED) continue;
        made.rows[made.count++] = i;
        made.events += made.label[i];
    }
    if (csv->id) {
        made.cluster = hf_new(context, rows, sizeof *made.cluster);
        if (!made.cluster) {
            status = hf_fail_memory(error);
            goto done;
        }
        HF_TRY(done, hf_cluster_by_id(made.cluster, made.frame, error));
    }
    *out = made;
    made = (hf_labelled){.context = context};
done:
    hf_labelled_free(&made);
    return status;
}

void hf_labelled_free(hf_labelled *labelled)
{
    if (!labelled->context) return;
    hf_frame_destroy(labelled->frame);
    hf_csv_report_free(labelled->context, &labelled->report);
    hf_delete(labelled->context, labelled->label);
    hf_delete(labelled->context, labelled->cluster);
    hf_delete(labelled->context, labelled->rows);
    *labelled = (hf_labelled){0};
}

hf_status hf_workflow_write_text(const hf_context *context, const hf_text *text, const char *path,
                                 bool overwrite, hf_error *error)
{
    hf_output *output;
    if (!path) return HF_OK;
    hf_status status = hf_text_status(text, error);
    if (status != HF_OK) return status;
    status = hf_output_open(&output, context, path, overwrite, error);
    if (status != HF_OK) return status;
    status = hf_output_write(output, text->data ? text->data : "", text->length, error);
    if (status == HF_OK) return hf_output_commit(output, error);
    hf_output_discard(output);
    return status;
}
