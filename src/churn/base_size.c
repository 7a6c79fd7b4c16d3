// SPDX-License-Identifier: Apache-2.0
//
// Whether a base is large enough for its signals: rows of the rarer class for every parameter of the plain
// form. A fit without penalty asks for ten or more (Riley et al. 2020). A ridge stands fewer, as it shrinks
// what the rows do not bear out, but its tuning fails on small bases (Riley et al. 2021): measured, at two
// rows a parameter up to a quarter of the trained models predict worse than the base rate alone, at three
// hardly any. models/README.md has the figures.
#include "churn/inflation.h"

hf_status hf_base_size_of(hf_base_size *out, const hf_context *context, const hf_frame *frame,
                          const uint8_t *label, const int64_t *rows, int64_t count,
                          const hf_train_options *options, hf_error *error)
{
    hf_context *quiet = NULL;
    hf_design *design = NULL;
    int64_t *every = NULL, events = 0;
    hf_status status;
    if (!rows) {
        count = frame->rows;
        every = hf_new_raw(context, (size_t)count, sizeof *every);
        if (!every) return hf_fail_memory(error);
        for (int64_t i = 0; i < count; i++)
            every[i] = i;
        rows = every;
    }
    for (int64_t i = 0; i < count; i++)
        events += label[rows[i]] == 1;
    HF_TRY(done, hf_context_quiet(&quiet, context, error));
    HF_TRY(done, hf_design_create(&design, quiet, frame, rows, count, options, error));
    *out = (hf_base_size){.rarer = events < count - events ? events : count - events,
                          .events_rarer = events <= count - events,
                          .parameters = hf_design_parameters(design)};
    out->needed = (int64_t)HF_EVENTS_A_PARAMETER * out->parameters;
done:
    hf_design_destroy(design);
    hf_context_destroy(quiet);
    hf_delete(context, every);
    return status;
}
