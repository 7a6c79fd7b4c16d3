// SPDX-License-Identifier: Apache-2.0
//
// Training, the whole of it, from a frame and labels to a model: with one coefficient a signal (the path over
// C in five folds and the last fit by liblinear), with curves (the scale and the penalty chosen on inner
// splits), or with surfaces and rules too. Rows per second is the frame's rows over that time. Beside curves,
// on request, one liblinear solve of the last fit's problem. The largest resident set is the process's, with
// the frame, before that matrix is made.
#include "churn/churn_room.h"
#include "holdfast_bench.h"

#include <string.h>
#include <sys/resource.h>

#define LIBLINEAR_EPS 0.01 // its own default

static double peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss; // Linux counts kilobytes
}

static hf_train_options options_of(const bench_options *options)
{
    hf_train_options train = HF_TRAIN_OPTIONS_INIT;
    train.seed = options->seed;
    train.plain = strcmp(options->terms, "plain") == 0;
    if (strcmp(options->terms, "curves") == 0) train.pairs = train.rules = 0;
    train.subsample = options->subsample;
    if (options->folds > 0) train.folds = train.splits = options->folds;
    return train;
}

static double chosen_tau(const hf_model *model)
{
    return json_number_value(json_object_get(json_object_get(model->record, "fit"), "tau"));
}

static hf_status repeat_all(bench_record *record, hf_model **model, bench_memory *memory,
                            const hf_context *context, const hf_frame *frame, const uint8_t *label,
                            const bench_options *options, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_train_options train = options_of(options);
    const double accounts = (double)options->accounts;
    for (int32_t r = -1; r < options->repeats; r++) {
        hf_model_destroy(*model);
        *model = NULL;
        const double bandwidth = memory ? bench_memory_read(memory) : 0.0;
        const double start = bench_now(), cpu_start = bench_cpu();
        HF_TRY(done, hf_model_train(model, context, frame, label, NULL, NULL, 0, &train, error));
        const double seconds = bench_now() - start, cpu = bench_cpu() - cpu_start;
        if (r < 0) continue; // the warm-up
        bench_add(record, "accounts_per_second", "rows", BENCH_PER_SECOND, accounts / seconds);
        bench_add(record, "bytes_per_second", "signals", BENCH_BYTES_PER_SECOND,
                  accounts * options->signals * (double)sizeof(float) / seconds);
        if (memory)
            bench_add(record, "read_bandwidth_bytes_per_second", "memory read", BENCH_BYTES_PER_SECOND,
                      bandwidth);
        bench_add(record, "seconds", "one training", BENCH_SECONDS, seconds);
        bench_add(record, "cpu_seconds", "one training, all threads' own time", BENCH_SECONDS, cpu);
    }
done:
    return status;
}

static hf_status compare(bench_record *record, const hf_context *context, const hf_frame *frame,
                         const uint8_t *label, const hf_model *model, const bench_options *options,
                         hf_error *error)
{
    hf_status status = HF_OK;
    hf_explicit_curves *curves = NULL;
    int32_t features;
    int64_t nonzero;
    HF_TRY(done, hf_explicit_curves_create(&curves, context, frame, label, chosen_tau(model), error));
    for (int32_t r = 0; r < options->repeats; r++) {
        const double start = bench_now(), cpu_start = bench_cpu();
        HF_TRY(done, hf_explicit_curves_solve(curves, hf_model_c(model), LIBLINEAR_EPS, error));
        bench_add(record, "liblinear_seconds", "one liblinear solve", BENCH_SECONDS, bench_now() - start);
        bench_add(record, "liblinear_cpu_seconds", "its own time", BENCH_SECONDS, bench_cpu() - cpu_start);
    }
    hf_explicit_curves_size(curves, &features, &nonzero);
    bench_fact(record, "features", features);
    bench_fact(record, "nonzero_a_row", (double)nonzero / (double)options->accounts);
done:
    hf_explicit_curves_destroy(curves);
    return status;
}

hf_status bench_train(bench_record *record, const hf_context *context, const bench_options *options,
                      hf_error *error)
{
    hf_status status;
    hf_frame *frame = NULL;
    uint8_t *label = NULL;
    hf_model *model = NULL;
    bench_memory memory = {0};
    // Beside curves the probe would be most of the process's memory, and says little of their arithmetic.
    const bool probe = strcmp(options->terms, "plain") == 0;
    if (probe) HF_TRY(done, bench_memory_create(&memory, context, error));
    HF_TRY(done,
           bench_fleet_frame(&frame, context, options->accounts, options->signals, options->seed, error));
    label = hf_new(context, (size_t)options->accounts, 1);
    if (!label) {
        status = hf_fail_memory(error);
        goto done;
    }
    bench_fleet_label(label, frame, options->seed);
    HF_TRY(done, repeat_all(record, &model, probe ? &memory : NULL, context, frame, label, options, error));
    bench_fact(record, "terms", hf_model_terms(model));
    bench_fact(record, "events", (double)hf_model_events(model));
    bench_fact(record, "c", hf_model_c(model));
    bench_fact(record, "peak_bytes", peak_bytes());
    if (options->liblinear) HF_TRY(done, compare(record, context, frame, label, model, options, error));
done:
    hf_model_destroy(model);
    hf_delete(context, label);
    hf_frame_destroy(frame);
    if (memory.data) bench_memory_free(&memory);
    return status;
}
