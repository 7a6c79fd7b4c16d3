// SPDX-License-Identifier: Apache-2.0
//
// The fleet that every benchmark works on, drawn from a seed: account i has a random stream of its own, so
// its values do not depend on how many accounts there are or on the threads. Signals come in four shapes that
// exports have: a small count, a share with four decimals, an amount with two, and a signed change with two.
// One value in twenty is missing.
#include "holdfast_bench.h"

#include <math.h>
#include <string.h>

#define MISSING INT64_MIN

typedef enum { SMALL_COUNT, SHARE, AMOUNT, CHANGE, SHAPES } shape;

static const int decimals_of[SHAPES] = {0, 4, 2, 2};
static const double unit_of[SHAPES] = {1.0, 1e-4, 1e-2, 1e-2};
static const char *const names[SHAPES] = {"count", "share", "amount", "change"};
static const char *const segments[] = {"SMB", "Mid-market", "Enterprise", "Public sector", "Startup"};

// A value as a whole number of its smallest unit.
static int64_t draw(hf_random *random, shape s)
{
    if (hf_random_below(random, 20) == 0) return MISSING;
    switch (s) {
    case SMALL_COUNT:
        return (int64_t)hf_random_below(random, hf_random_below(random, 40) + 1);
    case SHARE:
        return (int64_t)hf_random_below(random, 10001);
    case AMOUNT:
        return (int64_t)hf_random_below(random, 2000000);
    default:
        return (int64_t)hf_random_below(random, 40001) - 20000;
    }
}

hf_status bench_fleet_frame(hf_frame **out, const hf_context *context, int64_t accounts, int32_t signals,
                            uint64_t seed, hf_error *error)
{
    hf_status status;
    hf_frame *frame = NULL;
    float **columns = hf_new(context, (size_t)signals, sizeof *columns);
    if (!columns) return hf_fail_memory(error);
    HF_TRY(done, hf_frame_create(&frame, context, accounts, 12, error));
    HF_TRY(done, hf_frame_set_source(frame, "account_id", "holdfast-bench", error));
    for (int32_t j = 0; j < signals; j++) {
        char name[32];
        hf_column *column = NULL;
        snprintf(name, sizeof name, "%s_%d", names[j % SHAPES], (int)j);
        HF_TRY(done, hf_frame_add(frame, &column, name, HF_KIND_NUMBER, HF_STORAGE_F32, error));
        columns[j] = column->values;
    }
    char *ids = frame->ids;
    const int32_t width = frame->id_width;
#pragma omp parallel for default(none) shared(accounts, signals, seed, columns, ids, width, unit_of) \
    schedule(static) num_threads(hf_context_threads(context))
    for (int64_t i = 0; i < accounts; i++) {
        char id[24];
        const int length = snprintf(id, sizeof id, "A%08lld", (long long)i);
        memcpy(ids + i * width, id, (size_t)(length < width ? length : width));
        hf_random random = hf_random_seed(seed, (uint64_t)i);
        for (int32_t j = 0; j < signals; j++) {
            const int64_t units = draw(&random, (shape)(j % SHAPES));
            columns[j][i] = units == MISSING ? NAN : (float)((double)units * unit_of[j % SHAPES]);
        }
    }
    for (int32_t j = 0; j < signals; j++)
        hf_column_count_missing(&frame->columns[j], accounts);
    *out = frame;
    frame = NULL;
done:
    hf_frame_destroy(frame);
    hf_delete(context, columns);
    return status;
}

// The outcome of account i, from its first USED signals: the means and deviations are those of the shapes,
// near enough, and a signal's slope is per deviation.
#define USED 8

static bool churned(const double *x, int32_t signals, uint64_t seed, int64_t i)
{
    static const double mean[SHAPES] = {9.75, 0.5, 10000.0, 0.0};
    static const double deviation[SHAPES] = {9.0, 0.29, 5774.0, 115.5};
    static const double slope[USED] = {0.6, -0.9, -0.3, -0.5, 0.2, -0.2, 0.0, 0.1};
    double log_odds = -2.5;
    for (int32_t j = 0; j < USED && j < signals; j++)
        log_odds += isnan(x[j]) ? 0.1 : slope[j] * (x[j] - mean[j % SHAPES]) / deviation[j % SHAPES];
    hf_random random = hf_random_seed(seed + 1, (uint64_t)i);
    return hf_random_uniform(&random) < 1.0 / (1.0 + exp(-log_odds));
}

void bench_fleet_label(uint8_t *out, const hf_frame *frame, uint64_t seed)
{
    const int32_t signals = frame->column_count;
    for (int64_t i = 0; i < frame->rows; i++) {
        double x[USED];
        for (int32_t j = 0; j < USED && j < signals; j++)
            x[j] = (double)((const float *)frame->columns[j].values)[i];
        out[i] = churned(x, signals, seed, i);
    }
}

// Appends units as decimal text with a point before its last `decimals` digits.
static void add_decimal(hf_text *text, int64_t units, int decimals)
{
    int64_t scale = 1;
    for (int d = 0; d < decimals; d++)
        scale *= 10;
    const int64_t size = units < 0 ? -units : units;
    char digits[32];
    if (units < 0) hf_text_putc(text, '-');
    size_t length = hf_format_i64(digits, size / scale);
    hf_text_add(text, digits, length);
    if (decimals == 0) return;
    digits[0] = '.';
    int64_t rest = size % scale;
    for (int d = decimals; d > 0; d--, rest /= 10)
        digits[d] = (char)('0' + rest % 10);
    hf_text_add(text, digits, (size_t)decimals + 1);
}

static void add_row(hf_text *text, int64_t i, int32_t signals, uint64_t seed, bool labelled)
{
    double x[USED];
    hf_random random = hf_random_seed(seed, (uint64_t)i);
    hf_text_printf(text, "A%08lld,%s", (long long)i, segments[(uint64_t)i * 2654435761u % 5]);
    for (int32_t j = 0; j < signals; j++) {
        const int64_t units = draw(&random, (shape)(j % SHAPES));
        hf_text_putc(text, ',');
        if (units != MISSING) add_decimal(text, units, decimals_of[j % SHAPES]);
        if (j < USED) x[j] = units == MISSING ? NAN : (double)units * unit_of[j % SHAPES];
    }
    if (labelled) hf_text_puts(text, churned(x, signals, seed, i) ? ",1" : ",0");
    hf_text_putc(text, '\n');
}

hf_status bench_fleet_csv(int64_t *bytes, const hf_context *context, const char *path, int64_t accounts,
                          int32_t signals, uint64_t seed, bool labelled, hf_error *error)
{
    hf_status status;
    hf_output *output = NULL;
    hf_text text;
    int64_t written = 0;
    hf_text_init(&text, context);
    HF_TRY(done, hf_output_open(&output, context, path, true, error));
    hf_text_puts(&text, "account_id,segment");
    for (int32_t j = 0; j < signals; j++)
        hf_text_printf(&text, ",%s_%d", names[j % SHAPES], (int)j);
    hf_text_puts(&text, labelled ? ",churned\n" : "\n");
    for (int64_t i = 0; i < accounts; i++) {
        add_row(&text, i, signals, seed, labelled);
        if (text.length < (1 << 20) && i + 1 < accounts) continue;
        HF_TRY(done, hf_text_status(&text, error));
        HF_TRY(done, hf_output_write(output, text.data, text.length, error));
        written += (int64_t)text.length;
        hf_text_clear(&text);
    }
    hf_output *finished = output;
    output = NULL;
    HF_TRY(done, hf_output_commit(finished, error));
    *bytes = written;
done:
    hf_output_discard(output);
    hf_text_free(&text);
    return status;
}
