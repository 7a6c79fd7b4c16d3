// SPDX-License-Identifier: Apache-2.0
//
// The record of a scenario: what it was made of, with hashes, what was asked, and what was told, for people
// (page) and for programs (result).
#include "workflow/scenario_record.h"

#include "workflow/whatif_weighing.h"

#include <string.h>

static hf_status add_inputs(json_t *record, const hf_context *context, const hf_scenario_ground *ground,
                            hf_error *error)
{
    const hf_whatif_scenario_job *job = ground->job;
    json_t *inputs = json_object(), *file = NULL;
    hf_status status = HF_OK;
    int bad = json_object_set_new(record, "inputs", inputs);
    if (job->definition)
        bad |= json_object_set_new(inputs, "definition",
                                   json_pack("{s:o, s:s}", "path", hf_json_path(job->definition), "hash",
                                             ground->definition->fingerprint));
    if (job->model) {
        HF_TRY(done, hf_whatif_file_json(&file, context, job->model, error));
        bad |= json_object_set_new(inputs, "model", file);
    }
    bad |= json_object_set_new(inputs, "snapshots", hf_whatif_snapshots_json(&ground->info, 1));
    if (bad) status = hf_fail_memory(error);
done:
    return status;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static hf_status add_options(json_t *record, const hf_whatif_scenario_job *job, hf_error *error)
{
    json_t *edits = json_array();
    int bad = edits == NULL;
    for (int32_t i = 0; i < job->edit_count; i++)
        bad |= json_array_append_new(edits, json_string(job->edits[i]));
    bad |= json_object_set_new(record, "options",
                               json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:b}", "set", edits, "where",
                                         text_or_null(job->where), "by", text_or_null(job->by), "arr",
                                         text_or_null(job->arr), "capacity", (json_int_t)job->capacity, "top",
                                         (json_int_t)job->top, "allow_missing", (int)job->allow_missing));
    return bad ? hf_fail_memory(error) : HF_OK;
}

static hf_status add_told(json_t *record, const hf_context *context, const hf_scenario_page *page,
                          hf_error *error)
{
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, hf_report_scenario(&text, context, page, error));
    // A page with a name that is no UTF-8 is left out; the result is not.
    int bad = json_object_set_new(record, "page", hf_json_path(text.data));
    hf_text_clear(&text);
    HF_TRY(done, hf_report_scenario_json(&text, page, error));
    bad |= json_object_set_new(record, "result", json_loadb(text.data, text.length, 0, NULL));
    if (bad) status = hf_fail_memory(error);
done:
    hf_text_free(&text);
    return status;
}

hf_status hf_scenario_record(json_t **out, const hf_context *context, const hf_scenario_ground *ground,
                             const hf_scenario_page *page, hf_error *error)
{
    const hf_whatif_scenario_job *job = ground->job;
    json_t *record = json_pack("{s:s, s:i, s:s, s:s}", "holdfast", "scenario experiment", "form", 1,
                               "version", hf_version(), "name", job->name);
    hf_status status;
    if (!record) return hf_fail_memory(error);
    HF_TRY(done, add_inputs(record, context, ground, error));
    HF_TRY(done, add_options(record, job, error));
    HF_TRY(done, add_told(record, context, page, error));
    *out = record;
    record = NULL;
done:
    json_decref(record);
    return status;
}
