// SPDX-License-Identifier: Apache-2.0
//
// Fills the options of a read from a definition and a model; see definition_reading.h. Where both speak of a
// signal, the definition's kind comes first.
#include "workflow/definition_reading.h"

#include <string.h>

static int32_t count_tokens(const hf_definition *definition)
{
    int32_t count = 0;
    for (int32_t s = 0; s < definition->signal_count; s++)
        count += definition->signals[s].na_count;
    return count;
}

static bool is_declared(const hf_declared_kind *kinds, int32_t count, const char *column)
{
    for (int32_t k = 0; k < count; k++)
        if (strcmp(kinds[k].column, column) == 0) return true;
    return false;
}

static hf_status add_definition(hf_definition_reading *made, const hf_context *context,
                                const hf_definition *definition, const hf_csv_options *csv, hf_error *error)
{
    const hf_csv_options before = made->csv; // with the model's kinds, and the caller's after them
    const int32_t tokens = csv->na_count + count_tokens(definition);
    int32_t count = 0;
    made->kinds =
        hf_new(context, (size_t)before.kind_count + (size_t)definition->signal_count, sizeof *made->kinds);
    made->na = hf_new(context, (size_t)tokens, sizeof *made->na);
    if (!made->kinds || !made->na) return hf_fail_memory(error);
    for (int32_t k = 0; k < csv->kind_count; k++)
        made->kinds[count++] = csv->kinds[k];
    for (int32_t s = 0; s < definition->signal_count; s++) {
        const hf_signal_definition *signal = &definition->signals[s];
        if (signal->has_kind && !is_declared(made->kinds, count, signal->name))
            made->kinds[count++] = (hf_declared_kind){signal->name, signal->kind};
    }
    for (int32_t k = 0; k < before.kind_count; k++)
        if (!is_declared(made->kinds, count, before.kinds[k].column)) made->kinds[count++] = before.kinds[k];
    made->csv.kinds = made->kinds;
    made->csv.kind_count = count;
    int32_t listed = 0;
    for (int32_t k = 0; k < csv->na_count; k++)
        made->na[listed++] = csv->na[k];
    for (int32_t s = 0; s < definition->signal_count; s++)
        for (int32_t k = 0; k < definition->signals[s].na_count; k++)
            made->na[listed++] = definition->signals[s].na[k];
    made->csv.na = made->na;
    made->csv.na_count = listed;
    return HF_OK;
}

hf_status hf_definition_reading_create(hf_definition_reading *out, const hf_context *context,
                                       const hf_definition *definition, const hf_model *model,
                                       const hf_csv_options *csv, hf_error *error)
{
    hf_definition_reading made = {.csv = *csv};
    hf_status status = HF_OK;
    if (model) {
        HF_TRY(done, hf_model_reading_create(&made.model, context, model, csv, error));
        made.csv = made.model.csv;
    }
    made.csv.kinds_if_there = true;
    if (!made.csv.id) made.csv.id = "account_id";
    if (definition) HF_TRY(done, add_definition(&made, context, definition, csv, error));
    *out = made;
    made = (hf_definition_reading){0};
done:
    hf_definition_reading_free(context, &made);
    return status;
}

void hf_definition_reading_free(const hf_context *context, hf_definition_reading *reading)
{
    hf_delete(context, reading->kinds);
    hf_delete(context, (void *)reading->na);
    if (reading->model.kinds) hf_model_reading_free(context, &reading->model);
    *reading = (hf_definition_reading){0};
}
