// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a base that is too small by the rule of src/churn/base_size.c: training stops with the
// numbers and with what works at that size; a model that was forced says so in its record, on its card, and
// wherever it scores.
#include "workflow/small_base.h"

static hf_status refuse(const hf_base_size *size, const char *event, hf_error *error)
{
    const long long rarer = (long long)size->rarer, needed = (long long)size->needed;
    const long long signals = rarer / HF_EVENTS_A_PARAMETER;
    char fewer[160];
    if (signals > 0)
        snprintf(fewer, sizeof fewer,
                 "leave signals out with --ignore until the parameters are no more than %lld", signals);
    else
        snprintf(fewer, sizeof fewer, "gather more first");
    return hf_fail(
        error, HF_ERROR_TOO_LITTLE,
        "%lld rows %s %s for %d parameters: a model needs %d each, %lld in all, or it learns chance. What "
        "works at this size: %s; more history, more dates or a longer horizon; a health score by a "
        "definition, which needs no outcomes ('holdfast init' writes one). --allow-small trains all the "
        "same, "
        "best with strong shrinkage (--plain --c 0.01), and stamps the model",
        rarer, size->events_rarer ? "with" : "without", event, (int)size->parameters, HF_EVENTS_A_PARAMETER,
        needed, fewer);
}

hf_status hf_small_base_check(json_t **stamp, const hf_context *context, const hf_frame *frame,
                              const uint8_t *label, const int64_t *rows, int64_t count,
                              const hf_train_options *options, const char *event, hf_small_policy policy,
                              hf_error *error)
{
    hf_base_size size;
    hf_status status = hf_base_size_of(&size, context, frame, label, rows, count, options, error);
    if (stamp) *stamp = NULL;
    if (status != HF_OK || size.rarer == 0 || size.rarer >= size.needed) return status;
    if (policy == HF_SMALL_REFUSED) return refuse(&size, event, error);
    hf_warn(
        context,
        "only %lld rows %s %s for %d parameters, where %lld are asked for: what is learnt is largely chance",
        (long long)size.rarer, size.events_rarer ? "with" : "without", event, (int)size.parameters,
        (long long)size.needed);
    if (!stamp) return HF_OK;
    *stamp = json_pack("{s:I, s:i, s:I}", "events", (json_int_t)size.rarer, "parameters",
                       (int)size.parameters, "needed", (json_int_t)size.needed);
    return *stamp ? HF_OK : hf_fail_memory(error);
}

void hf_small_base_warn(const hf_context *context, const hf_model *model)
{
    const json_t *small = model ? json_object_get(json_object_get(model->record, "training"), "small") : NULL;
    if (!json_is_object(small)) return;
    hf_warn(context,
            "%s was forced on too small a base, %lld of the rarer class for %lld parameters: its "
            "probabilities are largely chance",
            model->path[0] != '\0' ? model->path : "the model",
            (long long)json_integer_value(json_object_get(small, "events")),
            (long long)json_integer_value(json_object_get(small, "parameters")));
}
