// SPDX-License-Identifier: Apache-2.0
//
// What records of experiments say of their inputs, files with their hashes, and what one of weightings begins
// with: the inputs and every option.
#include "workflow/whatif_weighing.h"

#include <string.h>
#include <sys/stat.h>

static hf_status hash_file(char hash[33], const hf_context *context, const char *path, hf_error *error)
{
    hf_bytes bytes;
    hf_fingerprint *f = NULL;
    hf_status status = hf_bytes_open(&bytes, context, path, error);
    if (status != HF_OK) return status;
    status = hf_fingerprint_create(&f, context, error);
    if (status == HF_OK) {
        hf_fingerprint_add(f, bytes.data, bytes.size);
        hf_fingerprint_finish(f, hash);
    }
    hf_bytes_close(context, &bytes);
    return status;
}

hf_status hf_whatif_file_json(json_t **out, const hf_context *context, const char *path, hf_error *error)
{
    struct stat info;
    char hash[33];
    const bool stream = strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
    const hf_status status = stream ? HF_OK : hash_file(hash, context, path, error);
    if (status != HF_OK) return status;
    *out =
        json_pack("{s:o, s:o}", "path", hf_json_path(path), "hash", stream ? json_null() : json_string(hash));
    return *out ? HF_OK : hf_fail_memory(error);
}

json_t *hf_whatif_snapshots_json(const hf_snapshot_info *nights, int32_t count)
{
    json_t *snapshots = json_array();
    char date[11];
    int bad = snapshots == NULL;
    for (int32_t k = 0; k < count; k++) {
        hf_date_format(nights[k].as_of, date);
        bad |= json_array_append_new(snapshots,
                                     json_pack("{s:s, s:i, s:s}", "as_of", date, "revision",
                                               (int)nights[k].revision, "hash", nights[k].fingerprint));
    }
    if (!bad) return snapshots;
    json_decref(snapshots);
    return NULL;
}

json_t *hf_whatif_changes_json(const hf_weighting_set *set, int32_t at, int *bad)
{
    const hf_context *context = set->weights.context;
    const hf_definition *d = set->weights.definition;
    json_t *weights = json_object();
    hf_weight_edit *changes = hf_new(
        context, (size_t)d->segment_count * (size_t)(d->group_count + d->measure_count), sizeof *changes);
    hf_text path;
    hf_text_init(&path, context);
    *bad |= !changes;
    const int32_t count = changes ? hf_weighting_changes(changes, set, at) : 0;
    for (int32_t i = 0; i < count; i++) {
        const hf_weight_edit *c = &changes[i];
        const hf_segment *s = &d->segments[c->segment];
        hf_text_clear(&path);
        hf_weighting_path(&path, d, c);
        *bad |= hf_text_status(&path, NULL) != HF_OK;
        if (*bad) break;
        *bad |= json_object_set_new(
            weights, path.data,
            json_pack("{s:f, s:f}", "from",
                      c->measure < 0 ? s->group_weight[c->group] : s->measure_weight[c->measure], "to",
                      c->value));
    }
    hf_text_free(&path);
    hf_delete(context, changes);
    return weights;
}

static hf_status put_inputs(hf_whatif_weighing *w, hf_error *error)
{
    const hf_whatif_weights_job *job = w->job;
    json_t *inputs = json_object(), *candidates = json_array(), *file = NULL;
    hf_status status = HF_OK;
    int bad = json_object_set_new(w->result, "inputs", inputs);
    bad |= json_object_set_new(inputs, "definition",
                               json_pack("{s:o, s:s}", "path", hf_json_path(job->definition), "hash",
                                         w->present.definition->fingerprint));
    bad |=
        json_object_set_new(inputs, "snapshots", hf_whatif_snapshots_json(w->nights.nights, w->nights.count));
    if (job->outcomes) {
        HF_TRY(done, hf_whatif_file_json(&file, w->context, job->outcomes, error));
        bad |= json_object_set_new(inputs, "outcomes", file);
    }
    bad |= json_object_set_new(inputs, "candidates", candidates);
    for (int32_t c = 0; c < job->candidate_count; c++) {
        HF_TRY(done, hf_whatif_file_json(&file, w->context, job->candidates[c], error));
        bad |= json_array_append_new(candidates, file);
    }
    if (job->grid) {
        HF_TRY(done, hf_whatif_file_json(&file, w->context, job->grid, error));
        bad |= json_object_set_new(inputs, "grid", file);
    }
    if (bad) status = hf_fail_memory(error);
done:
    return status;
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
    bad |= json_object_set_new(w->result, "options", options_of(w, &bad));
    return bad || !w->result ? hf_fail_memory(error) : put_inputs(w, error);
}
