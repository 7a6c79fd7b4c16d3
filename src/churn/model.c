// SPDX-License-Identifier: Apache-2.0
//
// The model object: reading it, noting in its record how it came to be, and destroying it.
#include "churn/churn_room.h"

#include <string.h>

void hf_model_destroy(hf_model *model)
{
    if (!model) return;
    for (int32_t t = 0; model->terms && t < model->term_count; t++)
        hf_term_free(model->context, &model->terms[t]);
    hf_delete(model->context, model->terms);
    hf_curve_free(model->context, &model->calibration);
    hf_delete(model->context, model->id);
    json_decref(model->record);
    json_decref(model->terms_read);
    hf_delete(model->context, model);
}

int32_t hf_model_terms(const hf_model *model)
{
    return model->term_count;
}

const char *hf_model_signal(const hf_model *model, int32_t term)
{
    return model->terms[term].signal;
}

double hf_model_base(const hf_model *model)
{
    double base = model->intercept;
    for (int32_t t = 0; t < model->term_count; t++)
        base += model->terms[t].reference;
    return base;
}

double hf_model_c(const hf_model *model)
{
    return model->c;
}

int64_t hf_model_rows(const hf_model *model)
{
    return model->rows;
}

int64_t hf_model_events(const hf_model *model)
{
    return model->events;
}

const char *hf_model_id(const hf_model *model)
{
    return model->id;
}

void hf_model_count_terms(const hf_model *model, int32_t *curves, int32_t *surfaces, int32_t *rules)
{
    *surfaces = *rules = 0;
    for (int32_t k = 0; k < model->term_count; k++) {
        *surfaces += model->terms[k].kind == HF_TERM_SURFACE;
        *rules += model->terms[k].kind == HF_TERM_RULE;
    }
    *curves = model->term_count - *surfaces - *rules;
}

hf_status hf_model_set_id(hf_model *model, const char *id, hf_error *error)
{
    char *copy = hf_copy_text(model->context, id, strlen(id));
    if (!copy) return hf_fail_memory(error);
    hf_delete(model->context, model->id);
    model->id = copy;
    return HF_OK;
}

hf_status hf_model_note(hf_model *model, const char *section, const char *key, json_t *value, hf_error *error)
{
    json_t *object = json_object_get(model->record, section);
    if (!json_is_object(object)) {
        object = json_object();
        if (json_object_set_new(model->record, section, object) != 0) {
            json_decref(value);
            return hf_fail_memory(error);
        }
    }
    return json_object_set_new(object, key, value) == 0 ? HF_OK : hf_fail_memory(error);
}
