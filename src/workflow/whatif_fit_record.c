// SPDX-License-Identifier: Apache-2.0
//
// A fit kept as an experiment: promoting it writes the fitted weights, as it writes any weighting that was
// tried.
#include "workflow/whatif_fit.h"
#include "workflow/whatif_weighing.h"

#include <math.h>

static hf_status put_inputs(json_t *record, const hf_context *context, const hf_fit_told *told,
                            hf_error *error)
{
    json_t *inputs = json_object(), *outcomes = NULL;
    int bad = json_object_set_new(record, "inputs", inputs);
    bad |= json_object_set_new(inputs, "definition",
                               json_pack("{s:o, s:s}", "path", hf_json_path(told->job->definition), "hash",
                                         told->present->fingerprint));
    bad |= json_object_set_new(inputs, "snapshots",
                               hf_whatif_snapshots_json(told->nights->nights, told->nights->count));
    const hf_status status = hf_whatif_file_json(&outcomes, context, told->job->outcomes, error);
    if (status != HF_OK) return status;
    bad |= json_object_set_new(inputs, "outcomes", outcomes);
    return bad ? hf_fail_memory(error) : HF_OK;
}

static hf_status put_options(json_t *record, const hf_fit_told *told, hf_error *error)
{
    const hf_whatif_fit_job *job = told->job;
    json_t *caps = json_array();
    char known[11];
    int bad = caps == NULL;
    for (int32_t i = 0; i < job->cap_count; i++)
        bad |= json_array_append_new(caps, json_string(job->caps[i]));
    hf_date_format(told->nights->known_until, known);
    bad |= json_object_set_new(
        record, "options",
        json_pack("{s:s, s:i, s:i, s:s, s:o, s:o, s:I, s:i, s:f, s:I}", "outcome",
                  job->outcome ? job->outcome : "churn", "lead", (int)job->lead, "horizon", (int)job->horizon,
                  "known_until", known, "cap", caps, "shrink",
                  isnan(job->shrink) ? json_string("auto") : json_real(job->shrink), "capacity",
                  (json_int_t)job->capacity, "replicates", (int)job->replicates, "alpha", job->alpha, "seed",
                  (json_int_t)job->seed));
    return bad ? hf_fail_memory(error) : HF_OK;
}

// The present weights, and those proposed.
static hf_status put_weightings(json_t *record, const hf_context *context, const hf_fit_told *told,
                                hf_error *error)
{
    hf_weighting_set set = {.weights.context = context};
    json_t *list = json_array();
    hf_status status = HF_OK;
    int bad = json_object_set_new(record, "weightings", list);
    bad |= json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:b, s:{}}", "place", 0, "name", "present",
                                                 "kind", "present", "weights_alone", 1, "weights"));
    if (told->candidate) {
        HF_TRY(done, hf_weighting_set_create(&set, context, told->present, 1, error));
        hf_weighting_take(&set, 0, told->candidate);
        bad |= json_array_append_new(list,
                                     json_pack("{s:i, s:s, s:s, s:b, s:s, s:o}", "place", 1, "name", "fitted",
                                               "kind", "fitted", "weights_alone", 1, "why", told->why,
                                               "weights", hf_whatif_changes_json(&set, 0, &bad)));
    }
    if (bad) status = hf_fail_memory(error);
done:
    hf_weighting_set_free(&set);
    return status;
}

hf_status hf_whatif_fit_record(json_t **out, const hf_context *context, const hf_fit_told *told,
                               hf_error *error)
{
    json_t *record = json_pack("{s:s, s:i, s:s, s:s}", "holdfast", "fit experiment", "form", 1, "version",
                               hf_version(), "name", told->job->name);
    hf_status status;
    if (!record) return hf_fail_memory(error);
    HF_TRY(done, put_inputs(record, context, told, error));
    HF_TRY(done, put_options(record, told, error));
    HF_TRY(done, put_weightings(record, context, told, error));
    // A page with a name that is no UTF-8 is left out; the result is not.
    int bad = json_object_set_new(record, "page", hf_json_path(told->page->data));
    bad |=
        json_object_set_new(record, "result", json_loadb(told->result->data, told->result->length, 0, NULL));
    if (bad) {
        status = hf_fail_memory(error);
        goto done;
    }
    *out = record;
    record = NULL;
done:
    json_decref(record);
    return status;
}
