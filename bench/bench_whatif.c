// SPDX-License-Identifier: Apache-2.0
//
// Weighing in memory: thousands of weightings of a scorecard of one measure a signal, with bands, moves and
// histograms by outcome, beside the bare products of the same size whose results are thrown away. Once with
// every signal there, so that all accounts are of one pattern, and once with one value in twenty missing at
// random, which makes tens of thousands of patterns.
#include "holdfast_bench.h"
#include "linalg/linalg_room.h"
#include "whatif/whatif_room.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>

enum { GROUPS = 6, LANES = 64, ROWS = 512 }; // products as the engine makes them

static hf_status make_definition(hf_definition **out, const hf_context *context, const hf_frame *frame,
                                 hf_error *error)
{
    hf_text text;
    hf_text_init(&text, context);
    hf_text_puts(&text, "holdfast: 1\nname: bench\ngroups:\n");
    for (int32_t g = 0; g < GROUPS && g < frame->column_count; g++) {
        hf_text_printf(&text, "  group_%d:\n    weight: %d\n    measures:\n", (int)g, (int)(10 + 5 * g));
        for (int32_t j = g; j < frame->column_count; j += GROUPS)
            hf_text_printf(&text, "      %s: {signal: %s, higher: good, weight: %d, curve: percentile}\n",
                           frame->columns[j].name, frame->columns[j].name, (int)(1 + j % 4));
    }
    hf_text_puts(&text, "bands: {red: 0, yellow: 45, green: 55}\n");
    hf_status status = hf_text_status(&text, error);
    if (status == HF_OK)
        status = hf_definition_parse(out, context, text.data, text.length, "holdfast-bench", error);
    hf_text_free(&text);
    return status;
}

static void draw_weights(const hf_weightings *w, uint64_t seed)
{
    const hf_definition *d = w->definition;
    hf_random random = hf_random_seed(seed, 3);
    for (int64_t i = 0; i < (int64_t)w->count * d->segment_count * d->group_count; i++)
        w->group[i] *= hf_random_gamma(&random, 4);
    for (int64_t i = 0; i < (int64_t)w->count * d->segment_count * d->measure_count; i++)
        w->measure[i] *= hf_random_gamma(&random, 4);
}

// The products of the engine and nothing else; returns the seconds.
static double bare_products(const hf_context *context, int64_t accounts, int32_t columns, int32_t weightings,
                            float *sink, hf_error *error)
{
    const int threads = hf_context_threads(context);
    const int64_t blocks = (weightings + LANES - 1) / LANES, chunks = (accounts + ROWS - 1) / ROWS;
    float *scores = hf_new(context, (size_t)(chunks * ROWS) * (size_t)columns, sizeof *scores);
    float *rows = hf_new(context, (size_t)LANES * (size_t)columns, sizeof *rows);
    float *room = hf_new(context, (size_t)threads * LANES, ROWS * sizeof *room);
    double seconds = NAN;
    if (!scores || !rows || !room) {
        hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < chunks * ROWS * columns; i++)
        scores[i] = (float)(i % 101);
    const int before = hf_blas_begin();
    const double start = bench_now();
#pragma omp parallel for default(none) shared(scores, rows, room, blocks, chunks, columns, threads) \
    schedule(static, 1) num_threads(threads)
    for (int t = 0; t < threads; t++)
        for (int64_t b = t; b < blocks; b += threads)
            for (int64_t c = 0; c < chunks; c++)
                hf_product(room + (size_t)t * LANES * ROWS, rows, scores + c * ROWS * columns, LANES, columns,
                           ROWS);
    seconds = bench_now() - start;
    hf_blas_end(before);
    *sink += room[0];
done:
    hf_delete(context, scores);
    hf_delete(context, rows);
    hf_delete(context, room);
    return seconds;
}

typedef struct {
    hf_frame *frame;
    hf_definition *definition;
    hf_health_plan *plan;
    hf_health health;
    uint8_t *label;
    double *arr;
    hf_whatif_fleet *fleet;
    hf_weightings weightings;
} bench_night;

static void end_night(const hf_context *context, bench_night *n)
{
    hf_weightings_free(&n->weightings);
    hf_whatif_fleet_destroy(n->fleet);
    hf_health_free(context, &n->health);
    hf_health_plan_destroy(n->plan);
    hf_definition_destroy(n->definition);
    hf_frame_destroy(n->frame);
    hf_delete(context, n->label);
    hf_delete(context, n->arr);
}

static hf_status make_night(bench_night *n, const hf_context *context, const bench_options *options,
                            bool missing, hf_error *error)
{
    hf_status status;
    HF_TRY(done,
           bench_fleet_frame(&n->frame, context, options->accounts, options->signals, options->seed, error));
    n->frame->as_of = 20000;
    n->label = hf_new(context, (size_t)options->accounts, 1);
    n->arr = hf_new(context, (size_t)options->accounts, sizeof *n->arr);
    if (!n->label || !n->arr) {
        status = hf_fail_memory(error);
        goto done;
    }
    bench_fleet_label(n->label, n->frame, options->seed);
    for (int64_t i = 0; i < options->accounts; i++)
        n->arr[i] = (double)(1000 + i % 90000);
    for (int32_t j = 0; j < n->frame->column_count && !missing; j++) {
        float *values = n->frame->columns[j].values;
        for (int64_t i = 0; i < options->accounts; i++)
            if (isnan(values[i])) values[i] = 0;
        n->frame->columns[j].missing = 0;
    }
    HF_TRY(done, make_definition(&n->definition, context, n->frame, error));
    HF_TRY(done, hf_health_plan_create(&n->plan, context, n->definition, n->frame, NULL, error));
    HF_TRY(done, hf_health_fleet(&n->health, context, n->plan, error));
    HF_TRY(done, hf_weightings_create(&n->weightings, context, n->definition, options->weightings, error));
    draw_weights(&n->weightings, options->seed);
    const hf_whatif_night what = {n->plan, &n->health, n->label, n->arr, options->accounts / 100};
    HF_TRY(done, hf_whatif_fleet_create(&n->fleet, context, &what, error));
done:
    return status;
}

static hf_status measure(bench_record *record, const hf_context *context, const bench_options *options,
                         bool missing, hf_error *error)
{
    static float sink;
    hf_status status;
    bench_night n = {0};
    const double pairs = (double)options->accounts * options->weightings;
    HF_TRY(done, make_night(&n, context, options, missing, error));
    for (int32_t r = 0; r < options->repeats; r++) {
        hf_weighed weighed;
        const double start = bench_now();
        HF_TRY(done, hf_whatif_weigh(&weighed, n.fleet, &n.weightings, NULL, error));
        const double seconds = bench_now() - start;
        hf_weighed_free(&weighed);
        if (missing) {
            bench_add(record, "missing_seconds", "one value in twenty missing", BENCH_SECONDS, seconds);
            continue;
        }
        const double bare = bare_products(context, options->accounts, options->signals + 1,
                                          options->weightings, &sink, error);
        bench_add(record, "seconds", "every account under every weighting", BENCH_SECONDS, seconds);
        bench_add(record, "scores_per_second", "scores, with bands and histograms", BENCH_PER_SECOND,
                  pairs / seconds);
        bench_add(record, "product_scores_per_second", "bare products", BENCH_PER_SECOND, pairs / bare);
        bench_add(record, "share_of_products", "share of the products' rate", BENCH_RATIO, bare / seconds);
    }
done:
    end_night(context, &n);
    return status;
}

hf_status bench_whatif(bench_record *record, const hf_context *context, const bench_options *options,
                       hf_error *error)
{
    struct rusage usage;
    hf_status status = measure(record, context, options, false, error);
    if (status == HF_OK) status = measure(record, context, options, true, error);
    getrusage(RUSAGE_SELF, &usage);
    bench_fact(record, "weightings", options->weightings);
    bench_fact(record, "peak_bytes", 1024.0 * (double)usage.ru_maxrss);
    return status;
}
