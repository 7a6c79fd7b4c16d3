// SPDX-License-Identifier: Apache-2.0
//
// A weighting of an experiment as a definition: the text it was made from with the weights in their places,
// each with a comment that names the experiment and the old value. Hashes tie the two: another text than the
// recorded one is refused, and what was written is read again before anybody sees it.
#include "workflow/labelled.h"
#include "workflow/whatif_weighing.h"

#include <math.h>
#include <string.h>

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

// AUC on the dates that a weighting is reported on: those that did not choose, where there are any.
static const json_t *auc_of(const json_t *weighting)
{
    const json_t *judged = json_object_get(weighting, "judged"), *later = json_object_get(judged, "later");
    return json_object_get(later ? later : json_object_get(judged, "pooled"), "auc");
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

// The place of the best: of what was chosen from the first, since that was chosen by other dates than those
// it is reported on; else the one of the named with the highest AUC. 0: of several nobody knows which.
static size_t best_place(const json_t *list)
{
    size_t best = 1;
    if (json_array_size(list) == 2) return 1;
    if (isnan(number(auc_of(json_array_get(list, 0)), "value"))) return 0;
    for (size_t i = 1; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (strcmp(word(one, "kind"), "set") != 0 && strcmp(word(one, "kind"), "candidate") != 0) return i;
        if (number(auc_of(one), "value") > number(auc_of(json_array_get(list, best)), "value")) best = i;
    }
    return best;
}

// The best of what was tried need not be better than what is there.
static void tell_doubt(const hf_context *context, const json_t *weighting, const char *name)
{
    const json_t *auc = auc_of(weighting);
    const double gain = number(auc, "difference"), low = number(auc, "low"), high = number(auc, "high");
    const bool known = !isnan(low) && !isnan(high);
    if (known ? high < 0 : gain < 0)
        hf_warn(context, "weighting '%s' of experiment '%s' ranks worse than the present weights: AUC %+.4f",
                word(weighting, "name"), name, gain);
    else if (known && low <= 0)
        hf_warn(context,
                "that weighting '%s' of experiment '%s' ranks better than the present weights is within "
                "chance: AUC %+.4f, %+.4f to %+.4f",
                word(weighting, "name"), name, gain, low, high);
}

// The record's weighting by its place; 0: the best.
static hf_status find_weighting(json_t **out, const json_t *record, const hf_whatif_promote_job *job,
                                hf_error *error)
{
    const json_t *list = json_object_get(record, "weightings");
    const size_t count = json_array_size(list);
    if (!list)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "experiment '%s' is no comparison of weights and has none to promote; promote one that "
            "'holdfast whatif weights' made",
            job->name);
    if (count < 2)
        return hf_fail(error, HF_ERROR_USAGE,
                       "experiment '%s' proposes no change, so there is nothing to promote", job->name);
    if (job->weighting < 0 || (size_t)job->weighting >= count)
        return hf_fail(error, HF_ERROR_USAGE,
                       "experiment '%s' has weightings 1 to %d; pass --weighting with one", job->name,
                       (int)count - 1);
    const size_t place = job->weighting > 0 ? (size_t)job->weighting : best_place(list);
    if (place == 0)
        return hf_fail(error, HF_ERROR_USAGE,
                       "experiment '%s' knows of no outcomes, so none of its %d weightings is the best; pass "
                       "--weighting with one",
                       job->name, (int)count - 1);
    *out = json_array_get(list, place);
    if (!json_is_true(json_object_get(*out, "weights_alone")))
        return hf_fail(
            error, HF_ERROR_USAGE,
            "weighting '%s' is a definition of its own that differs in more than weights; copy its "
            "file",
            word(*out, "name"));
    return HF_OK;
}

static hf_status check_hashes(const json_t *record, const char *hash, const hf_definition *d,
                              const hf_whatif_promote_job *job, hf_error *error)
{
    const json_t *made_from = json_object_get(json_object_get(record, "inputs"), "definition");
    const char *then = json_string_value(json_object_get(made_from, "hash"));
    if (job->hash && (strlen(job->hash) < 8 || strncmp(hash, job->hash, strlen(job->hash)) != 0))
        return hf_fail(
            error, HF_ERROR_DATA,
            "experiment '%s' has the hash %s, not '%.40s' (8 digits or more); look at it with 'holdfast "
            "whatif show %s'",
            job->name, hash, job->hash, job->name);
    if (!then || strcmp(then, d->fingerprint) != 0)
        return hf_fail_at(
            error, HF_ERROR_DATA, d->path, 0, 0,
            "this is not the definition that experiment '%s' was made from (hash %s, not %s); run the "
            "experiment on it again, or name the old file with --definition",
            job->name, d->fingerprint, then ? then : "unknown");
    return HF_OK;
}

typedef struct {
    hf_weighting_set set; // one weighting: the one wanted
    hf_weight_edit *changes;
    char (*comments)[400];
    int32_t count;
} promotion;

static void free_promotion(const hf_context *context, promotion *p)
{
    hf_weighting_set_free(&p->set);
    hf_delete(context, p->changes);
    hf_delete(context, p->comments);
}

// Applies the record's edits, in its order: the definition's own weights first, then those of segments.
static hf_status take_edits(promotion *p, const hf_context *context, const hf_definition *d,
                            json_t *weighting, const char *hash, const char *name, hf_error *error)
{
    const size_t most = (size_t)d->segment_count * (size_t)(d->group_count + d->measure_count);
    const char *path, *why = word(weighting, "why");
    json_t *edit;
    hf_text of;
    hf_status status;
    hf_text_init(&of, context);
    HF_TRY(done, hf_weighting_set_create(&p->set, context, d, 1, error));
    p->changes = hf_new(context, most, sizeof *p->changes);
    p->comments = hf_new(context, most, sizeof *p->comments);
    if (!p->changes || !p->comments) {
        status = hf_fail_memory(error);
        goto done;
    }
    json_object_foreach(json_object_get(weighting, "weights"), path, edit)
    {
        const json_t *to = json_object_get(edit, "to");
        HF_TRY(done,
               hf_weighting_edit(&p->set, 0, path, json_is_number(to) ? json_number_value(to) : NAN, error));
    }
    HF_TRY(done, hf_weighting_check(&p->set, 0, error));
    p->count = hf_weighting_changes(p->changes, &p->set, 0);
    for (int32_t i = 0; i < p->count; i++) {
        hf_weight_edit *c = &p->changes[i];
        char was[32];
        hf_format_f64(was, c->measure < 0 ? d->segments[c->segment].group_weight[c->group]
                                          : d->segments[c->segment].measure_weight[c->measure]);
        hf_text_clear(&of);
        hf_weighting_path(&of, d, c);
        HF_TRY(done, hf_text_status(&of, error));
        snprintf(p->comments[i], sizeof p->comments[i], "%.*s was %s: %.120s%sexperiment %s %.8s",
                 hf_condition_shown(of.data, of.length, 100), of.data, was, why, *why ? ", " : "", name,
                 hash);
        for (char *s = p->comments[i]; *s != '\0'; s++)
            if (*s == '\n' || *s == '\r') *s = ' ';
        c->comment = p->comments[i];
    }
done:
    hf_text_free(&of);
    return status;
}

// What was written says the weights that were wanted, and nothing else that counts is another.
static hf_status check_text(const promotion *p, const hf_context *context, const hf_definition *d,
                            const hf_text *text, hf_error *error)
{
    hf_definition *again = NULL;
    bool alike = false;
    hf_status status;
    HF_TRY(done, hf_definition_parse(&again, context, text->data, text->length, d->path, error));
    HF_TRY(done, hf_definition_alike(&alike, d, again, error));
    const hf_weightings *w = &p->set.weights;
    for (int32_t s = 0; alike && s < d->segment_count; s++)
        alike = memcmp(hf_weighting_groups(w, 0) + (ptrdiff_t)s * d->group_count,
                       again->segments[s].group_weight, (size_t)d->group_count * sizeof(double)) == 0 &&
                memcmp(hf_weighting_measures(w, 0) + (ptrdiff_t)s * d->measure_count,
                       again->segments[s].measure_weight, (size_t)d->measure_count * sizeof(double)) == 0;
    if (!alike)
        status = hf_fail_at(
            error, HF_ERROR_DATA, d->path, 0, 0,
            "the weights cannot be put into this file so that it says them and nothing else; write "
            "each weight out in the file and run the experiment again");
done:
    hf_definition_destroy(again);
    return status;
}

hf_status hf_workflow_whatif_promote(const hf_context *context, const hf_whatif_promote_job *job,
                                     hf_error *error)
{
    json_t *record = NULL, *weighting = NULL;
    hf_definition *d = NULL;
    promotion p = {.set.weights.context = context};
    hf_text text;
    char hash[33];
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, hf_whatif_experiment_read(&record, hash, context, job->store, job->name, error));
    const json_t *made_from = json_object_get(json_object_get(record, "inputs"), "definition");
    const char *path = json_string_value(json_object_get(made_from, "path"));
    HF_TRY(done, find_weighting(&weighting, record, job, error));
    if (job->definition) path = job->definition;
    if (!path) {
        status = hf_fail(error, HF_ERROR_USAGE,
                         "experiment '%s' does not say where its definition is; pass --definition FILE",
                         job->name);
        goto done;
    }
    HF_TRY(done, hf_definition_load(&d, context, path, error));
    HF_TRY(done, check_hashes(record, hash, d, job, error));
    HF_TRY(done, take_edits(&p, context, d, weighting, hash, job->name, error));
    HF_TRY(done, hf_definition_reweigh(&text, d, p.changes, p.count, error));
    HF_TRY(done, check_text(&p, context, d, &text, error));
    tell_doubt(context, weighting, job->name);
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, job->overwrite, error));
    hf_log(context, HF_LOG_NOTICE, "weighting '%s' of experiment '%s' in %s: %d weight%s changed",
           word(weighting, "name"), job->name, job->output, (int)p.count, p.count == 1 ? "" : "s");
done:
    free_promotion(context, &p);
    hf_definition_destroy(d);
    json_decref(record);
    hf_text_free(&text);
    return status;
}
