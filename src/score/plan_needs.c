// SPDX-License-Identifier: Apache-2.0
//
// The signals of a model, each once, in the order of their first terms: those of curves and tables first,
// then those that only surfaces and rules have.
#include "score/plan.h"

#include <stdlib.h>
#include <string.h>

static int by_signal(const void *a, const void *b)
{
    const hf_need *x = a, *y = b;
    const int order = strcmp(x->signal, y->signal);
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
    const hf_need *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

hf_status hf_plan_needs(hf_need **out, int64_t *count, const hf_context *context, const hf_model *model,
                        const hf_frame *frame, hf_error *error)
{
    int64_t most = model->term_count, n = 0, kept = 0;
    for (int32_t t = 0; t < model->term_count; t++)
        most += model->terms[t].axis_count;
    hf_need *needs = hf_new(context, (size_t)most, sizeof *needs);
    if (!needs) return hf_fail_memory(error);
    for (int32_t t = 0; t < model->term_count; t++) {
        const hf_term *term = &model->terms[t];
        if (term->axis_count > 0) continue;
        needs[n] = (hf_need){.signal = term->signal, .kind = term->signal_kind, .term = term, .place = n};
        n++;
    }
    for (int32_t t = 0; t < model->term_count; t++)
        for (int32_t a = 0; a < model->terms[t].axis_count; a++) {
            const hf_axis *axis = &model->terms[t].axes[a];
            needs[n] = (hf_need){.signal = axis->signal, .kind = axis->kind, .axis = axis, .place = n};
            n++;
        }
    qsort(needs, (size_t)n, sizeof *needs, by_signal);
    for (int64_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(needs[kept - 1].signal, needs[i].signal) != 0) needs[kept++] = needs[i];
    qsort(needs, (size_t)kept, sizeof *needs, by_place);
    for (int64_t i = 0; i < kept; i++) {
        const int32_t c = hf_frame_find(frame, needs[i].signal);
        needs[i].column = c < 0 ? NULL : &frame->columns[c];
    }
    *out = needs;
    *count = kept;
    return HF_OK;
}
