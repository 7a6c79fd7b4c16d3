// SPDX-License-Identifier: Apache-2.0
//
// Scoring in memory: a model trained on a seeded fleet gives every account of a larger one its probability
// and three reasons, once a repeat. Ranking the fleet, which is a sort, is timed apart. Bytes are those of
// the signals, read once a pass.
#include "holdfast/churn.h"
#include "holdfast/score.h"
#include "holdfast_bench.h"

#define TRAINING_ROWS 20000

// A model as training makes it, from a fleet of the same kind.
static hf_status make_model(hf_model **out, const hf_context *context, const bench_options *options,
                            hf_error *error)
{
    hf_status status;
    hf_frame *frame = NULL;
    uint8_t *label = hf_new(context, TRAINING_ROWS, 1);
    if (!label) return hf_fail_memory(error);
    HF_TRY(done, bench_fleet_frame(&frame, context, TRAINING_ROWS, options->signals, options->seed, error));
    bench_fleet_label(label, frame, options->seed);
    hf_train_options train_options = HF_TRAIN_OPTIONS_INIT;
    train_options.c = 1.0;
    HF_TRY(done, hf_model_train(out, context, frame, label, NULL, NULL, 0, &train_options, error));
done:
    hf_frame_destroy(frame);
    hf_delete(context, label);
    return status;
}
