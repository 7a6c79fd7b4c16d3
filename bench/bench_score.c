// SPDX-License-Identifier: Apache-2.0
//
// Scoring in memory: a model as bench_model.c makes it gives every account of a fleet its probability and
// three reasons, once a repeat, through the public call, which allocates its results. Ranking the fleet,
// which is a sort, is timed apart. Bytes are those of the signals, read once a pass.
#include "churn/churn_room.h"
#include "holdfast/score.h"
#include "holdfast_bench.h"

static hf_status repeat_all(bench_record *record, const hf_context *context, const bench_options *options,
                            const hf_plan *plan, bench_memory *memory, hf_error *error)
{
    hf_status status = HF_OK;
    hf_scores scores = {0};
    const double accounts = (double)options->accounts;
    for (int32_t r = -1; r < options->repeats; r++) {
        const double bandwidth = bench_memory_read(memory);
        const double start = bench_now(), cpu_start = bench_cpu();
        HF_TRY(done, hf_score_fleet(&scores, context, plan, true, error));
        const double cpu = bench_cpu() - cpu_start;
        const double scored = bench_now();
        HF_TRY(done, hf_scores_rank(&scores, context, plan, error));
        const double ranked = bench_now();
        hf_scores_free(context, &scores);
        const double plain_start = bench_now();
        HF_TRY(done, hf_score_fleet(&scores, context, plan, false, error));
        const double plain = bench_now() - plain_start;
        hf_scores_free(context, &scores);
        if (r < 0) continue; // the warm-up
        const double bytes = accounts * options->signals * (double)sizeof(float) / (scored - start);
        bench_add(record, "accounts_per_second", "accounts, with three reasons", BENCH_PER_SECOND,
                  accounts / (scored - start));
        bench_add(record, "accounts_per_cpu_second", "the same a second of one thread's own time",
                  BENCH_PER_SECOND, accounts / cpu);
        bench_add(record, "bytes_per_second", "signals read", BENCH_BYTES_PER_SECOND, bytes);
        bench_add(record, "read_bandwidth_bytes_per_second", "memory read", BENCH_BYTES_PER_SECOND,
                  bandwidth);
        bench_add(record, "share_of_bandwidth", "share of the memory's rate", BENCH_RATIO, bytes / bandwidth);
        bench_add(record, "plain_accounts_per_second", "accounts, probability alone", BENCH_PER_SECOND,
                  accounts / plain);
        bench_add(record, "rank_seconds", "ranking (not counted)", BENCH_SECONDS, ranked - scored);
    }
done:
    hf_scores_free(context, &scores);
    return status;
}

hf_status bench_score(bench_record *record, const hf_context *context, const bench_options *options,
                      hf_error *error)
{
    hf_status status;
    hf_model *model = NULL;
    hf_frame *frame = NULL;
    hf_plan *plan = NULL;
    bench_memory memory = {0};
    HF_TRY(done, bench_memory_create(&memory, context, error));
    HF_TRY(done, bench_model(&model, context, options, error));
    HF_TRY(done,
           bench_fleet_frame(&frame, context, options->accounts, options->signals, options->seed + 2, error));
    HF_TRY(done, hf_plan_create(&plan, context, model, frame, NULL, error));
    HF_TRY(done, repeat_all(record, context, options, plan, &memory, error));
    bench_fact(record, "terms", hf_model_terms(model));
    bench_fact(record, "knots", options->knots);
    bench_fact(record, "surfaces", options->surfaces);
    bench_fact(record, "rules", options->rules);
    int64_t bends = 0;
    for (int32_t t = 0; t < hf_model_terms(model); t++)
        bends += model->terms[t].curve.hinges + model->terms[t].curve.steps;
    bench_fact(record, "hinges_and_steps", (double)bends);
done:
    hf_plan_destroy(plan);
    hf_frame_destroy(frame);
    hf_model_destroy(model);
    if (memory.data) bench_memory_free(&memory);
    return status;
}
