// SPDX-License-Identifier: Apache-2.0
//
// Outcomes of one name, reduced to what labels need: the first date of each account. Whatever comes after the
// first changes no label, because a row whose account has had the outcome by t, or in the lead, is dropped.
#include "history/outcomes.h"

#include <string.h>

void hf_outcomes_destroy(hf_outcomes *outcomes)
{
    if (!outcomes) return;
    hf_frame_destroy(outcomes->accounts);
    hf_delete(outcomes->context, outcomes->first);
    hf_delete(outcomes->context, outcomes->again);
    hf_delete(outcomes->context, outcomes);
}

hf_date hf_outcomes_last(const hf_outcomes *outcomes)
{
    return outcomes->last;
}

hf_status hf_cluster_by_id(int64_t *out, const hf_frame *frame, hf_error *error)
{
    // Matched against itself, a row finds the first row of its id.
    hf_status status = hf_frame_match(out, frame, frame, error);
    if (status != HF_OK) return status;
    int64_t clusters = 0;
    for (int64_t i = 0; i < frame->rows; i++)
        out[i] = out[i] == i ? clusters++ : out[out[i]];
    return HF_OK;
}

static hf_status find_column(const hf_column **out, const hf_frame *frame, const char *name,
                             hf_storage storage, const char *expected, hf_error *error)
{
    int32_t place = hf_frame_find(frame, name);
    if (place < 0)
        return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                          "there is no column '%s'; an outcomes file has the account's id, date and outcome",
                          name);
    const hf_column *column = &frame->columns[place];
    if (column->storage != storage)
        return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                          "column '%s': expected %s, found a %s column; correct the file or declare the kind",
                          name, expected, hf_kind_name(column->kind));
    *out = column;
    return HF_OK;
}

static hf_status check_cells(const hf_frame *frame, const hf_column *date, const hf_column *name,
                             hf_error *error)
{
    const int32_t *days = date->values, *codes = name->values;
    for (int64_t i = 0; i < frame->rows; i++) {
        if (days[i] != HF_DATE_MISSING && codes[i] >= 0) continue;
        size_t length;
        const char *id = hf_frame_id(frame, i, &length);
        return hf_fail_at(
            error, HF_ERROR_DATA, frame->source, 0, 0,
            "outcome row %lld, account '%.*s': the %s is missing; fill it in or take the row out",
            (long long)i + 1, (int)length, id, codes[i] < 0 ? "outcome" : "date");
    }
    return HF_OK;
}

static hf_status fail_unknown(const hf_frame *frame, const hf_column *name, const char *outcome,
                              hf_error *error)
{
    hf_text known;
    hf_text_init(&known, frame->context);
    const char **texts = hf_new(frame->context, (size_t)name->dictionary.count, sizeof *texts);
    hf_status status;
    if (!texts) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t k = 0; k < name->dictionary.count; k++) {
        texts[k] = hf_dictionary_text(&name->dictionary, k);
        if (k < 20) hf_text_printf(&known, "%s'%s'", k > 0 ? ", " : "", texts[k]);
    }
    if (name->dictionary.count > 20) hf_text_printf(&known, " and %d more", name->dictionary.count - 20);
    HF_TRY(done, hf_text_status(&known, error));
    const char *nearest = hf_nearest(outcome, texts, (size_t)name->dictionary.count);
    status = hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0, "no row has the outcome '%s'; %s%s%s: %s",
                        outcome, nearest ? "did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'? There are" : "there are",
                        name->dictionary.count > 0 ? known.data : "none at all");
done:
    hf_delete(frame->context, texts);
    hf_text_free(&known);
    return status;
}

// The ids of the rows that have the code, and each account's earliest date at its first row.
static hf_status collect(hf_outcomes *made, const hf_frame *frame, const int32_t *days, const int32_t *codes,
                         int32_t code, int64_t count, hf_error *error)
{
    const hf_context *context = made->context;
    size_t width = (size_t)frame->id_width;
    int64_t *first_row = NULL;
    hf_status status;
    HF_TRY(done, hf_frame_create(&made->accounts, context, count, frame->id_width, error));
    made->first = hf_new(context, (size_t)count, sizeof *made->first);
    first_row = hf_new(context, (size_t)count, sizeof *first_row);
    made->again = hf_new(context, (size_t)count, sizeof *made->again);
    if (!made->first || !made->again || !first_row) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0, n = 0; i < frame->rows; i++) {
        if (codes[i] != code) continue;
        memcpy(made->accounts->ids + (size_t)n * width, frame->ids + (size_t)i * width, width);
        made->first[n++] = days[i];
    }
    HF_TRY(done, hf_frame_match(first_row, made->accounts, made->accounts, error));
    for (int64_t n = 0; n < count; n++) {
        made->again[n] = first_row[n] != n;
        if (made->first[n] < made->first[first_row[n]]) made->first[first_row[n]] = made->first[n];
    }
done:
    hf_delete(context, first_row);
    return status;
}

hf_status hf_outcomes_create(hf_outcomes **out, const hf_context *context, const hf_frame *frame,
                             const char *outcome, hf_error *error)
{
    const hf_column *date = NULL, *name = NULL;
    hf_status status;
    hf_outcomes *made = hf_new(context, 1, sizeof *made);
    if (!made) return hf_fail_memory(error);
    made->context = context;
    made->last = HF_DATE_MISSING;
    HF_TRY(done, find_column(&date, frame, "date", HF_STORAGE_DAY, "dates as YYYY-MM-DD", error));
    HF_TRY(done, find_column(&name, frame, "outcome", HF_STORAGE_CODE, "names such as churn", error));
    HF_TRY(done, check_cells(frame, date, name, error));
    const int32_t *days = date->values, *codes = name->values;
    int32_t code = hf_dictionary_find(&name->dictionary, outcome);
    int64_t count = 0;
    for (int64_t i = 0; i < frame->rows; i++) {
        if (days[i] > made->last) made->last = days[i];
        count += code >= 0 && codes[i] == code;
    }
    if (count == 0) {
        status = fail_unknown(frame, name, outcome, error);
        goto done;
    }
    HF_TRY(done, collect(made, frame, days, codes, code, count, error));
    *out = made;
    made = NULL;
done:
    hf_outcomes_destroy(made);
    return status;
}
