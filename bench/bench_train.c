// SPDX-License-Identifier: Apache-2.0
//
// Training: the whole of it, from a frame and labels to a model, so standardising, the path over C in five
// folds, and the last fit. Rows per second is the frame's rows over that time.
#include "holdfast/churn.h"
#include "holdfast_bench.h"

hf_status bench_train(bench_record *record, const hf_context *context, const bench_options *options,
                      hf_error *error)
{
    hf_status status;
    hf_frame *frame = NULL;
    uint8_t *label = NULL;
    hf_model *model = NULL;
    bench_memory memory = {0};
    HF_TRY(done, bench_memory_create(&memory, context, error));
    HF_TRY(done,
           bench_fleet_frame(&frame, context, options->accounts, options->signals, options->seed, error));
    label = hf_new(context, (size_t)options->accounts, 1);
    if (!label) {
        status = hf_fail_memory(error);
        goto done;
    }
    bench_fleet_label(label, frame, options->seed);
    hf_train_options train_options = HF_TRAIN_OPTIONS_INIT;
    train_options.plain = true; // one coefficient a signal, by liblinear
    train_options.seed = options->seed;
    for (int32_t r = -1; r < options->repeats; r++) {
        hf_model_destroy(model);
        model = NULL;
        const double bandwidth = bench_memory_read(&memory);
        const double start = bench_now();
        HF_TRY(done, hf_model_train(&model, context, frame, label, NULL, NULL, 0, &train_options, error));
        const double seconds = bench_now() - start;
        if (r < 0) continue; // the warm-up
        const double accounts = (double)options->accounts;
        bench_add(record, "accounts_per_second", "rows", BENCH_PER_SECOND, accounts / seconds);
        bench_add(record, "bytes_per_second", "signals", BENCH_BYTES_PER_SECOND,
                  accounts * options->signals * (double)sizeof(float) / seconds);
        bench_add(record, "read_bandwidth_bytes_per_second", "memory read", BENCH_BYTES_PER_SECOND,
                  bandwidth);
        bench_add(record, "seconds", "one training", BENCH_SECONDS, seconds);
    }
    bench_fact(record, "terms", hf_model_terms(model));
    bench_fact(record, "events", (double)hf_model_events(model));
    bench_fact(record, "c", hf_model_c(model));
done:
    hf_model_destroy(model);
    hf_delete(context, label);
    hf_frame_destroy(frame);
    if (memory.data) bench_memory_free(&memory);
    return status;
}
