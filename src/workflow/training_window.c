// SPDX-License-Identifier: Apache-2.0
//
// Reads from a model's record which snapshots it was trained on and when the last of their outcomes could
// fall. What is judged before that day shares accounts, and perhaps the very outcomes, with training.
#include "workflow/training_window.h"

#include <string.h>

static bool read_date(hf_date *out, const json_t *text)
{
    const char *s = json_string_value(text);
    return s && hf_date_parse(out, s, strlen(s));
}

// The days that a row of the ledger is of: one, or where rows are anchored a month.
static bool read_days(hf_date *first, hf_date *last, const json_t *row)
{
    static const char *const ends[] = {"31", "30", "29", "28"};
    const char *month = json_string_value(json_object_get(row, "month"));
    char day[16];
    if (!month) {
        const bool read = read_date(first, json_object_get(row, "as_of"));
        *last = *first;
        return read;
    }
    snprintf(day, sizeof day, "%.7s-01", month);
    bool read = hf_date_parse(first, day, strlen(day)), ended = false;
    for (size_t i = 0; read && !ended && i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(day, sizeof day, "%.7s-%s", month, ends[i]);
        ended = hf_date_parse(last, day, strlen(day));
    }
    return read && ended;
}

hf_training_window hf_training_window_of(const hf_model *model)
{
    hf_training_window window = {HF_DATE_MISSING, HF_DATE_MISSING, HF_DATE_MISSING};
    const json_t *training = json_object_get(model->record, "training");
    const json_t *rows = json_object_get(json_object_get(training, "ledger"), "rows");
    const json_t *row;
    size_t i;
    json_array_foreach(rows, i, row) // of what is no array, none
    {
        hf_date first = HF_DATE_MISSING, last;
        if (json_integer_value(json_object_get(row, "kept")) < 1) continue;
        if (!read_days(&first, &last, row)) continue;
        if (window.last == HF_DATE_MISSING || last > window.last) window.last = last;
        if (window.first == HF_DATE_MISSING || first < window.first) window.first = first;
    }
    if (window.last == HF_DATE_MISSING) return window;
    const json_int_t lead = json_integer_value(json_object_get(training, "lead"));
    const json_int_t horizon = json_integer_value(json_object_get(training, "horizon"));
    hf_date known;
    // No row kept has a window that ends later, so that a month may be cut short.
    if (read_date(&known, json_object_get(training, "known_until")) &&
        known - lead - horizon >= window.first && known - lead - horizon < window.last)
        window.last = (hf_date)(known - lead - horizon);
    const json_int_t until = (json_int_t)window.last + lead + horizon;
    window.until = until > INT32_MAX || until < window.last ? window.last : (hf_date)until;
    return window;
}

void hf_training_target(hf_evaluate_job *job, const hf_context *context, const hf_model *model)
{
    const json_t *training = json_object_get(model->record, "training");
    const char *outcome = json_string_value(json_object_get(training, "outcome"));
    const json_int_t lead = json_integer_value(json_object_get(training, "lead"));
    const json_int_t horizon = json_integer_value(json_object_get(training, "horizon"));
    if (!outcome || horizon < 1 || horizon > INT32_MAX || lead < 0 || lead > INT32_MAX) return;
    if (!job->outcome) job->outcome = outcome;
    if (job->horizon == 0) {
        job->horizon = (int32_t)horizon;
        if (job->lead == 0) job->lead = (int32_t)lead;
    }
    if (job->horizon != horizon || job->lead != lead || strcmp(job->outcome, outcome) != 0)
        hf_warn(
            context,
            "%s was trained for %s within %lld days (lead %lld) and is held to %s within %d days (lead %d): "
            "its probabilities are of something else",
            model->path, outcome, (long long)horizon, (long long)lead, job->outcome, (int)job->horizon,
            (int)job->lead);
}
