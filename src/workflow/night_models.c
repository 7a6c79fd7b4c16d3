// SPDX-License-Identifier: Apache-2.0
//
// Churn within a night. Every model passes over the whole fleet and each account keeps what the model of its
// segment said, so that one ranking holds for all.
#include "workflow/night_models.h"

#include <string.h>

// The models of segments, where they name any. Without a model for the others there is no churn at all, since
// ranks over a part of the fleet would read as ranks over the whole.
static bool has_model_for_all(const hf_health_night *night, const hf_model *model)
{
    const hf_definition *definition = night->definition;
    int32_t with = 0;
    if (model) return true;
    for (int32_t s = 0; s < definition->segment_count; s++)
        with += definition->segments[s].model[0] != '\0';
    if (with > 0 && with < definition->segment_count)
        hf_warn(night->context,
                "%s: %d of %d segments name a model and the others have none, so churn is left out; "
                "pass --model for the rest",
                definition->path, (int)with, (int)definition->segment_count);
    return with == definition->segment_count;
}

static hf_status load_segment_model(hf_night_model *out, const hf_health_night *night, int32_t segment,
                                    hf_error *error)
{
    char *path = NULL;
    hf_status status = hf_beside_definition(&path, night->context, night->definition,
                                            night->definition->segments[segment].model, error);
    if (status == HF_OK) status = hf_model_load(&out->owned, night->context, path, error);
    if (status == HF_OK) out->model = out->owned;
    hf_delete(night->context, path);
    return status;
}

// The place of an earlier segment that names the same file, or -1.
static int32_t same_model(const hf_definition *definition, int32_t segment)
{
    for (int32_t s = 0; s < segment; s++)
        if (strcmp(definition->segments[s].model, definition->segments[segment].model) == 0) return s;
    return -1;
}

static hf_status gather_models(hf_health_night *night, const hf_model *model, hf_error *error)
{
    const hf_definition *definition = night->definition;
    const size_t segments = (size_t)definition->segment_count;
    night->models = hf_new(night->context, segments + 1, sizeof *night->models);
    night->model_of = hf_new(night->context, segments, sizeof *night->model_of);
    if (!night->models || !night->model_of) return hf_fail_memory(error);
    if (model) night->models[night->model_count++].model = model;
    for (int32_t s = 0; s < definition->segment_count; s++) {
        if (definition->segments[s].model[0] == '\0') continue; // 0: the model given
        int32_t same = same_model(definition, s);
        if (same >= 0) {
            night->model_of[s] = night->model_of[same];
            continue;
        }
        night->model_of[s] = night->model_count;
        hf_status status = load_segment_model(&night->models[night->model_count++], night, s, error);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

// Copies to the night what one model said of its own accounts.
static void keep_own(hf_health_night *night, const hf_scores *scores, int32_t model)
{
    const size_t width = HF_REASONS * sizeof *scores->reason;
    for (int64_t i = 0; i < scores->rows; i++) {
        if (night->model_of[night->health.segment[i]] != model) continue;
        night->churn.probability[i] = scores->probability[i];
        if (scores->reason)
            memcpy(night->churn.reason + i * HF_REASONS, scores->reason + i * HF_REASONS, width);
    }
}

static hf_status score_models(hf_health_night *night, const hf_health_night_options *options, hf_error *error)
{
    const hf_context *context = night->context;
    hf_plan_options plan_options = {.allow_missing = options->allow_missing};
    hf_status status;
    for (int32_t m = 0; m < night->model_count; m++) {
        hf_night_model *at = &night->models[m];
        hf_scores scores = {0};
        // What is told of ranges is told of the whole fleet: a segment's model was not trained on all of it.
        status = hf_plan_create(&at->plan, at->owned ? night->quiet : context, at->model, night->frame,
                                &plan_options, error);
        if (status == HF_OK) status = hf_score_fleet(&scores, context, at->plan, options->reasons, error);
        if (status != HF_OK) return status;
        if (m == 0) {
            night->churn = scores; // the others' accounts are written over
            continue;
        }
        keep_own(night, &scores, m);
        hf_scores_free(context, &scores);
    }
    return hf_scores_rank(&night->churn, context, night->models[0].plan, error);
}

hf_status hf_night_score_churn(hf_health_night *night, const hf_model *model,
                               const hf_health_night_options *options, hf_error *error)
{
    if (!has_model_for_all(night, model)) return HF_OK;
    hf_status status = gather_models(night, model, error);
    return status == HF_OK ? score_models(night, options, error) : status;
}

void hf_night_free_churn(hf_health_night *night)
{
    hf_scores_free(night->context, &night->churn);
    for (int32_t m = 0; m < night->model_count; m++) {
        hf_plan_destroy(night->models[m].plan);
        hf_model_destroy(night->models[m].owned);
    }
    hf_delete(night->context, night->models);
    hf_delete(night->context, night->model_of);
}

const hf_night_model *hf_health_night_model(const hf_health_night *night, int64_t row)
{
    if (night->model_count == 0) return NULL;
    return &night->models[night->model_of[night->health.segment[row]]];
}
