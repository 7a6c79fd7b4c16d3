// SPDX-License-Identifier: Apache-2.0
//
// What a record of weightings begins with: the inputs with their hashes, and every option.
#include "workflow/whatif_weighing.h"

#include <string.h>

// A file by its path and the hash of its bytes; what came through a pipe cannot be read again.
static json_t *hashed(const hf_context *context, const char *path, int *bad)
{
    hf_bytes bytes;
    hf_fingerprint *f = NULL;
    char hash[33];
    if (strcmp(path, "-") == 0) return json_pack("{s:s, s:n}", "path", path, "hash");
    if (hf_bytes_open(&bytes, context, path, NULL) != HF_OK) {
        *bad = 1;
        return NULL;
    }
    const hf_status status = hf_fingerprint_create(&f, context, NULL);
    if (status == HF_OK) {
        hf_fingerprint_add(f, bytes.data, bytes.size);
        hf_fingerprint_finish(f, hash);
    }
    hf_bytes_close(context, &bytes);
    return status == HF_OK ? json_pack("{s:s, s:s}", "path", path, "hash", hash) : NULL;
}

static json_t *inputs_of(const hf_whatif_weighing *w, int *bad)
{
    const hf_whatif_weights_job *job = w->job;
    json_t *inputs = json_object(), *snapshots = json_array(), *candidates = json_array();
    char date[11];
    for (int32_t k = 0; k < w->nights.count; k++) {
        const hf_snapshot_info *night = &w->nights.nights[k];
        hf_date_format(night->as_of, date);
        *bad |= json_array_append_new(snapshots, json_pack("{s:s, s:i, s:s}", "as_of", date, "revision",
                                                           (int)night->revision, "hash", night->fingerprint));
    }
    for (int32_t c = 0; c < job->candidate_count; c++)
        *bad |= json_array_append_new(candidates, hashed(w->context, job->candidates[c], bad));
    *bad |= json_object_set_new(
        inputs, "definition",
        json_pack("{s:s, s:s}", "path", job->definition, "hash", w->present.definition->fingerprint));
    *bad |= json_object_set_new(inputs, "snapshots", snapshots);
    if (job->outcomes)
        *bad |= json_object_set_new(inputs, "outcomes", hashed(w->context, job->outcomes, bad));
    *bad |= json_object_set_new(inputs, "candidates", candidates);
    if (job->grid) *bad |= json_object_set_new(inputs, "grid", hashed(w->context, job->grid, bad));
    return inputs;
}

static json_t *options_of(const hf_whatif_weighing *w, int *bad)
{
    const hf_whatif_weights_job *job = w->job;
    char date[11];
    json_t *sets = json_array();
    for (int32_t i = 0; i < job->set_count; i++)
        *bad |= json_array_append_new(sets, json_string(job->sets[i]));
    json_t *o = json_pack("{s:b, s:o, s:b, s:f, s:i, s:f, s:I, s:I, s:i, s:i, s:f}", "history", job->history,
                          "set", sets, "one_at_a_time", job->one_at_a_time, "factor", job->factor, "sweep",
                          (int)job->sweep, "concentration", job->concentration, "seed", (json_int_t)job->seed,
                          "capacity", (json_int_t)job->capacity, "top", (int)job->top, "replicates",
                          (int)job->replicates, "alpha", job->alpha);
    if (!job->outcomes) return o;
    hf_date_format(w->nights.known_until, date);
    *bad |= json_object_set_new(o, "outcome", json_string(job->outcome ? job->outcome : "churn"));
    *bad |= json_object_set_new(o, "lead", json_integer(job->lead));
    *bad |= json_object_set_new(o, "horizon", json_integer(job->horizon));
    *bad |= json_object_set_new(o, "known_until", json_string(date));
    return o;
}

hf_status hf_whatif_begin(hf_whatif_weighing *w, hf_error *error)
{
    int bad = 0;
    w->result =
        json_pack("{s:s, s:i, s:s}", "holdfast", HF_WEIGHTS_EXPERIMENT, "form", 1, "version", hf_version());
    if (w->job->name) bad |= json_object_set_new(w->result, "name", json_string(w->job->name));
    bad |= json_object_set_new(w->result, "inputs", inputs_of(w, &bad));
    bad |= json_object_set_new(w->result, "options", options_of(w, &bad));
    return bad || !w->result ? hf_fail_memory(error) : HF_OK;
}
