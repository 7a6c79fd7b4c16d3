// SPDX-License-Identifier: Apache-2.0
//
// Scoring in memory: a model trained on a seeded fleet gives every account of a larger one its probability
// and three reasons, once a repeat, through the public call, which allocates its results. Ranking the fleet,
// which is a sort, is timed apart. Bytes are those of the signals, read once a pass.
#include "churn/churn_room.h"
#include "holdfast/score.h"
#include "holdfast_bench.h"

#define TRAINING_ROWS 20000

// Gives every curve knots more, spread over the signal's range, with small slopes that differ.
static hf_status add_knots(hf_model *model, int32_t knots, hf_error *error)
{
    for (int32_t t = 0; t < model->term_count && knots > 0; t++) {
        hf_term *term = &model->terms[t];
        if (term->kind != HF_TERM_CURVE) continue;
        hf_curve *curve = &term->curve;
        double *at = hf_grow(model->context, curve->hinge_at, (size_t)knots, sizeof *at);
        if (at) curve->hinge_at = at;
        double *slope = hf_grow(model->context, curve->hinge_slope, (size_t)knots, sizeof *slope);
        if (slope) curve->hinge_slope = slope;
        if (!at || !slope) return hf_fail_memory(error);
        for (int32_t k = 0; k < knots; k++) {
            at[k] = term->mean + term->deviation * (3.0 * (k + 1) / (knots + 1) - 1.5) - curve->origin;
            slope[k] = (k % 2 ? 0.02 : -0.03) / term->deviation;
        }
        curve->hinges = knots;
    }
    return HF_OK;
}

// A model as training makes it, from a fleet of the same kind.
static hf_status make_model(hf_model **out, const hf_context *context, const bench_options *options,
                            hf_error *error)
{
    hf_status status;
    hf_frame *frame = NULL;
    hf_model *model = NULL;
    uint8_t *label = hf_new(context, TRAINING_ROWS, 1);
    if (!label) return hf_fail_memory(error);
    HF_TRY(done, bench_fleet_frame(&frame, context, TRAINING_ROWS, options->signals, options->seed, error));
    bench_fleet_label(label, frame, options->seed);
    hf_train_options train_options = HF_TRAIN_OPTIONS_INIT;
    train_options.plain = true; // knots are added by --knots
    train_options.c = 1.0;
    HF_TRY(done, hf_model_train(&model, context, frame, label, NULL, NULL, 0, &train_options, error));
    HF_TRY(done, add_knots(model, options->knots, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_delete(context, label);
    return status;
}

static hf_status repeat_all(bench_record *record, const hf_context *context, const bench_options *options,
                            const hf_plan *plan, bench_memory *memory, hf_error *error)
{
    hf_status status = HF_OK;
    hf_scores scores = {0};
    const double accounts = (double)options->accounts;
    for (int32_t r = -1; r < options->repeats; r++) {
        const double bandwidth = bench_memory_read(memory);
        const double start = bench_now();
        HF_TRY(done, hf_score_fleet(&scores, context, plan, true, error));
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
    HF_TRY(done, make_model(&model, context, options, error));
    HF_TRY(done,
           bench_fleet_frame(&frame, context, options->accounts, options->signals, options->seed + 2, error));
    HF_TRY(done, hf_plan_create(&plan, context, model, frame, NULL, error));
    HF_TRY(done, repeat_all(record, context, options, plan, &memory, error));
    bench_fact(record, "terms", hf_model_terms(model));
    bench_fact(record, "knots", options->knots);
done:
    hf_plan_destroy(plan);
    hf_frame_destroy(frame);
    hf_model_destroy(model);
    if (memory.data) bench_memory_free(&memory);
    return status;
}
