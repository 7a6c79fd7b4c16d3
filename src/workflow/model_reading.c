// SPDX-License-Identifier: Apache-2.0
//
// Fills the options of a read from a model; see model_reading.h.
#include "workflow/model_reading.h"

hf_status hf_model_reading_create(hf_model_reading *out, const hf_context *context, const hf_model *model,
                                  const hf_csv_options *csv, hf_error *error)
{
    hf_model_reading made = {.csv = *csv};
    size_t most = (size_t)csv->kind_count;
    for (int32_t t = 0; t < model->term_count; t++)
        most += 1 + (size_t)model->terms[t].axis_count;
    made.kinds = hf_new(context, most, sizeof *made.kinds);
    if (!made.kinds) return hf_fail_memory(error);
    int32_t count = 0;
    for (int32_t t = 0; t < model->term_count; t++) {
        const hf_term *term = &model->terms[t];
        if (term->signal_kind == HF_KIND_CATEGORY)
            made.kinds[count++] = (hf_declared_kind){term->signal, HF_KIND_CATEGORY};
        for (int32_t a = 0; a < term->axis_count; a++)
            if (term->axes[a].kind == HF_KIND_CATEGORY)
                made.kinds[count++] = (hf_declared_kind){term->axes[a].signal, HF_KIND_CATEGORY};
    }
    for (int32_t i = 0; i < csv->kind_count; i++)
        made.kinds[count++] = csv->kinds[i];
    made.csv.kinds = made.kinds;
    made.csv.kind_count = count;
    made.csv.kinds_if_there = true;
    if (!csv->id && hf_model_id(model)[0] != '\0') made.csv.id = hf_model_id(model);
    *out = made;
    return HF_OK;
}

void hf_model_reading_free(const hf_context *context, hf_model_reading *reading)
{
    hf_delete(context, reading->kinds);
    *reading = (hf_model_reading){0};
}
