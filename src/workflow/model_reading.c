// SPDX-License-Identifier: Apache-2.0
//
// Fills the options of a read from a model, and reads by them; see model_reading.h.
#include "workflow/model_reading.h"

#include <string.h>

hf_status hf_model_reading_create(hf_model_reading *out, const hf_context *context, const hf_model *model,
                                  const hf_csv_options *csv, hf_error *error)
{
    hf_model_reading made = {.csv = *csv};
    size_t most = (size_t)csv->kind_count;
    for (int32_t t = 0; t < model->term_count; t++)
        most += 1 + (size_t)model->terms[t].axis_count;
    made.kinds = hf_new(context, most, sizeof *made.kinds);
    if (!made.kinds) return hf_fail_memory(error);
    int32_t count = 0;
    for (int32_t t = 0; t < model->term_count; t++) {
        const hf_term *term = &model->terms[t];
        if (term->signal_kind == HF_KIND_CATEGORY)
            made.kinds[count++] = (hf_declared_kind){term->signal, HF_KIND_CATEGORY};
        for (int32_t a = 0; a < term->axis_count; a++)
            if (term->axes[a].kind == HF_KIND_CATEGORY)
                made.kinds[count++] = (hf_declared_kind){term->axes[a].signal, HF_KIND_CATEGORY};
    }
    for (int32_t i = 0; i < csv->kind_count; i++)
        made.kinds[count++] = csv->kinds[i];
    made.csv.kinds = made.kinds;
    made.csv.kind_count = count;
    made.csv.kinds_if_there = true;
    if (!csv->id && hf_model_id(model)[0] != '\0') made.csv.id = hf_model_id(model);
    *out = made;
    return HF_OK;
}

void hf_model_reading_free(const hf_context *context, hf_model_reading *reading)
{
    hf_delete(context, reading->kinds);
    *reading = (hf_model_reading){0};
}

// What a cell may say is the family's: a count of training may be a mean of 2.5 today.
static hf_kind read_as(hf_kind kind)
{
    return kind == HF_KIND_COUNT ? HF_KIND_NUMBER : kind;
}

// Adds the kinds of numbers of the model whose columns came out as text or dates; the number added.
static hf_status declare_numbers(hf_model_reading *reading, int32_t *added, const hf_context *context,
                                 const hf_model *model, const hf_frame *frame, hf_error *error)
{
    const int32_t before = reading->csv.kind_count;
    *added = 0;
    hf_declared_kind *kinds = hf_new(context, (size_t)(before + model->term_count), sizeof *kinds);
    if (!kinds) return hf_fail_memory(error);
    for (int32_t t = 0; t < model->term_count; t++) {
        const hf_term *term = &model->terms[t];
        const int32_t c = hf_frame_find(frame, term->signal);
        if (c < 0 || term->signal_kind == HF_KIND_CATEGORY) continue;
        const hf_column *column = &frame->columns[c];
        if (column->missing == frame->rows) continue;
        if (column->kind == HF_KIND_CATEGORY || column->kind == HF_KIND_DATE)
            kinds[(*added)++] = (hf_declared_kind){term->signal, read_as(term->signal_kind)};
    }
    // The caller's kinds stand last, and win.
    memcpy(kinds + *added, reading->csv.kinds, (size_t)before * sizeof *kinds);
    hf_delete(context, reading->kinds);
    reading->csv.kinds = reading->kinds = kinds;
    reading->csv.kind_count = before + *added;
    return HF_OK;
}

// One word in place of all of a column's numbers is no word for missing, unless the caller says so.
static hf_status check_values(const hf_model_reading *reading, int32_t added, const hf_frame *frame,
                              const char *path, hf_error *error)
{
    enum { FEWEST = 20 }; // rows: of fewer, all may well lack a value
    for (int32_t k = 0; k < added && frame->rows >= FEWEST; k++) {
        const char *name = reading->csv.kinds[k].column;
        const int32_t c = hf_frame_find(frame, name);
        if (c >= 0 && frame->columns[c].missing == frame->rows)
            return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                              "column '%s': none of %lld rows has a number, as training had; repair the "
                              "column, or say with --na which word stands for missing",
                              name, (long long)frame->rows);
    }
    return HF_OK;
}

hf_status hf_model_read_table(hf_frame **out, hf_csv_report *report, const hf_context *context,
                              const hf_model *model, const char *path, const hf_csv_options *csv,
                              hf_error *error)
{
    hf_model_reading reading = {0};
    hf_csv_report found = {0};
    hf_frame *frame = NULL;
    int32_t added = 0;
    hf_status status;
    HF_TRY(done, hf_model_reading_create(&reading, context, model, csv, error));
    HF_TRY(done, hf_csv_read(&frame, &found, context, path, &reading.csv, error));
    HF_TRY(done, declare_numbers(&reading, &added, context, model, frame, error));
    if (added > 0 && strcmp(path, "-") != 0) {
        hf_frame_destroy(frame);
        hf_csv_report_free(context, &found);
        frame = NULL;
        found = (hf_csv_report){0};
        reading.csv.overwrite = true; // the rejects of the first reading
        HF_TRY(done, hf_csv_read(&frame, &found, context, path, &reading.csv, error));
        HF_TRY(done, check_values(&reading, added, frame, path, error));
    }
    *out = frame;
    *report = found;
    frame = NULL;
    found = (hf_csv_report){0};
done:
    hf_frame_destroy(frame);
    hf_csv_report_free(context, &found);
    hf_model_reading_free(context, &reading);
    return status;
}
