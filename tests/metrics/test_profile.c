// SPDX-License-Identifier: Apache-2.0
//
// Profiles against their definitions written out plainly: percentiles by position, AUC pair by pair, tenths
// from a sorted copy, Wilson's bounds as roots of their equation, Spearman from ranks counted one by one.
#include "metrics/metrics_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 700 };

static hf_context *make_context(int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

static void near(double a, double b, double within, const char *what)
{
    if (isnan(a) && isnan(b)) return;
    cr_assert(fabs(a - b) <= within * fmax(1, fabs(b)), "%s: %.17g, expected %.17g", what, a, b);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Draws a signal: coarse so that values tie, some missing, related to the label.
static void draw(double *x, uint8_t *label, int n, uint64_t seed, double coarse, double missing)
{
    hf_random r = hf_random_seed(seed, 0);
    for (int i = 0; i < n; i++) {
        double z = hf_random_normal(&r);
        label[i] = hf_random_uniform(&r) < 1 / (1 + exp(1.5 - z));
        if (hf_random_uniform(&r) < 0.1) label[i] = HF_UNKNOWN_LABEL;
        x[i] = coarse > 0 ? floor(z * coarse) / coarse : z;
        if (hf_random_uniform(&r) < missing) x[i] = NAN;
    }
}

static void check_shape(const hf_profile *p, const double *x, int n)
{
    double sorted[MOST], sum = 0, m2 = 0, m3 = 0;
    int k = 0, zero = 0, distinct = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(x[i])) sorted[k++] = x[i];
    qsort(sorted, (size_t)k, sizeof *sorted, ascending);
    for (int i = 0; i < k; i++) {
        sum += sorted[i];
        zero += sorted[i] == 0;
        distinct += i == 0 || sorted[i] != sorted[i - 1];
    }
    for (int i = 0; i < k; i++) {
        m2 += pow(sorted[i] - sum / k, 2) / k;
        m3 += pow(sorted[i] - sum / k, 3) / k;
    }
    cr_assert_eq(p->rows, n);
    cr_assert_eq(p->present, k);
    cr_assert_eq(p->nonzero, k - zero);
    cr_assert_eq(p->distinct, distinct);
    if (k == 0) {
        cr_assert(isnan(p->mean) && isnan(p->percentile[3]) && isnan(p->least) && isnan(p->skew));
        return;
    }
    near(p->mean, sum / k, 1e-12, "mean");
    near(p->deviation, sqrt(m2), 1e-12, "deviation");
    near(p->skew, distinct > 1 ? m3 / pow(m2, 1.5) : NAN, 1e-9, "skew");
    near(p->least, sorted[0], 0, "least");
    near(p->greatest, sorted[k - 1], 0, "greatest");
    static const double percent[] = {1, 5, 25, 50, 75, 95, 99};
    for (int q = 0; q < 7; q++) {
        // Position h among 1..k with h - 1 = (k - 1) p (type 7).
        double h = 1 + (k - 1) * percent[q] / 100;
        int below = (int)floor(h);
        double expected = below >= k ? sorted[k - 1]
                                     : sorted[below - 1] + (h - below) * (sorted[below] - sorted[below - 1]);
        near(p->percentile[q], expected, 1e-12, "percentile");
    }
}

static double oracle_auc(const double *x, const uint8_t *y, int n)
{
    double won = 0, pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (y[i] != 1 || y[j] != 0 || isnan(x[i]) || isnan(x[j])) continue;
            pairs++;
            won += x[i] > x[j] ? 1 : x[i] == x[j] ? 0.5 : 0;
        }
    return pairs > 0 ? won / pairs : (double)NAN;
}

// The tenth of a value: where the middle of its ties falls among the sorted values.
static int oracle_tenth(const double *x, int n, double value)
{
    int below = 0, equal = 0, all = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        all++;
        below += x[i] < value;
        equal += x[i] == value;
    }
    return (int)floor((below + equal / 2.0) / all * 10 + 1e-12);
}

static void check_bins(const hf_profile *p, const double *x, const uint8_t *y, int n)
{
    double events = 0, others = 0, iv = 0;
    int64_t rows = 0;
    for (int i = 0; i < n; i++) {
        events += y[i] == 1;
        others += y[i] == 0;
    }
    for (int32_t b = 0; b < p->bin_count; b++) {
        const hf_profile_bin *bin = &p->bins[b];
        int count = 0, labelled = 0, hits = 0;
        for (int i = 0; i < n; i++) {
            bool in = bin->kind == HF_BIN_MISSING ? isnan(x[i]) : x[i] >= bin->low && x[i] <= bin->high;
            if (!in) continue;
            count++;
            labelled += y[i] <= 1;
            hits += y[i] == 1;
            if (bin->kind == HF_BIN_VALUES && p->distinct > 10)
                cr_assert_eq(oracle_tenth(x, n, x[i]), oracle_tenth(x, n, bin->low));
        }
        if (b > 0 && bin->kind == HF_BIN_VALUES) cr_assert_gt(bin->low, p->bins[b - 1].high);
        if (p->distinct <= 10 && bin->kind == HF_BIN_VALUES) cr_assert_eq(bin->low, bin->high);
        cr_assert_eq(bin->rows, count);
        cr_assert_eq(bin->labelled, labelled);
        cr_assert_eq(bin->events, hits);
        near(bin->rate, labelled ? (double)hits / labelled : NAN, 1e-12, "rate");
        double in = (hits + 0.5) / (events + 0.5 * p->bin_count);
        double out = (labelled - hits + 0.5) / (others + 0.5 * p->bin_count);
        iv += (in - out) * log(in / out);
        rows += count;
    }
    cr_assert_eq(rows, n);
    near(p->iv, events > 0 && others > 0 ? iv : NAN, 1e-10, "information value");
}

Test(profile, numbers_agree_with_the_definitions)
{
    static const int sizes[] = {1, 2, 3, 9, 10, 11, 47, 333, MOST};
    static const double coarse[] = {0, 1, 3, 20};
    hf_context *context = make_context(1);
    double x[MOST];
    uint8_t label[MOST];
    hf_profile p;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t c = 0; c < 4; c++)
            for (int m = 0; m < 3; m++) {
                int n = sizes[s];
                draw(x, label, n, 100 * s + 10 * c + (size_t)m, coarse[c], 0.5 * m);
                hf_profile_signal signal = {.f64 = x};
                cr_assert_eq(hf_profile_signals(&p, context, &signal, 1, n, label, NULL), HF_OK);
                check_shape(&p, x, n);
                check_bins(&p, x, label, n);
                near(p.auc, oracle_auc(x, label, n), 1e-12, "AUC");
            }
    hf_context_destroy(context);
}

Test(profile, every_kind_of_array_says_the_same)
{
    enum { N = 500 };
    double x[N];
    float f[N];
    int32_t days[N];
    uint8_t label[N];
    draw(x, label, N, 7, 2, 0.2);
    for (int i = 0; i < N; i++) {
        x[i] = floor(x[i] * 2);
        f[i] = (float)x[i];
        days[i] = isnan(x[i]) ? INT32_MIN : (int32_t)x[i];
    }
    hf_profile_signal signals[] = {{.f64 = x}, {.f32 = f}, {.days = days}};
    hf_profile p[3];
    hf_context *context = make_context(2);
    cr_assert_eq(hf_profile_signals(p, context, signals, 3, N, label, NULL), HF_OK);
    cr_assert_eq(memcmp(&p[0], &p[1], sizeof p[0]), 0);
    cr_assert_eq(memcmp(&p[0], &p[2], sizeof p[0]), 0);
    hf_context_destroy(context);
}

Test(profile, negative_zero_is_zero_and_infinities_have_their_places)
{
    double x[] = {-0.0, 0.0, -INFINITY, INFINITY, -1, 1};
    hf_profile_signal signal = {.f64 = x};
    hf_profile p;
    hf_context *context = make_context(1);
    cr_assert_eq(hf_profile_signals(&p, context, &signal, 1, 6, NULL, NULL), HF_OK);
    cr_assert_eq(p.distinct, 5);
    cr_assert_eq(p.nonzero, 4);
    cr_assert_eq(p.least, -INFINITY);
    cr_assert_eq(p.greatest, INFINITY);
    cr_assert(isnan(p.auc) && isnan(p.iv));
    hf_context_destroy(context);
}

// What a signal says does not depend on the order of its rows, nor on the number of threads; turned about,
// its AUC is 1 less.
Test(profile, rows_and_threads_may_come_in_any_order)
{
    enum { N = 600, SIGNALS = 9 };
    static double x[SIGNALS][N], y[SIGNALS][N], minus[N];
    uint8_t label[N], shuffled[N];
    hf_profile_signal straight[SIGNALS], mixed[SIGNALS];
    hf_profile one[SIGNALS], other[SIGNALS];
    for (int s = SIGNALS - 1; s >= 0; s--)
        draw(x[s], label, N, (uint64_t)s, s % 3 ? 5.0 * s : 0, 0.1 * (s % 2));
    for (int i = 0; i < N; i++) {
        int to = (i * 7 + 11) % N;
        shuffled[to] = label[i];
        minus[i] = -x[0][i];
        for (int s = 0; s < SIGNALS; s++)
            y[s][to] = x[s][i];
    }
    for (int s = 0; s < SIGNALS; s++) {
        straight[s] = (hf_profile_signal){.f64 = x[s]};
        mixed[s] = (hf_profile_signal){.f64 = y[s]};
    }
    static const int threads[] = {1, 2, 7};
    for (int t = 0; t < 3; t++) {
        hf_context *context = make_context(threads[t]);
        cr_assert_eq(hf_profile_signals(t ? other : one, context, t ? mixed : straight, SIGNALS, N,
                                        t ? shuffled : label, NULL),
                     HF_OK);
        if (t) cr_assert_eq(memcmp(one, other, sizeof one), 0);
        hf_context_destroy(context);
    }
    hf_context *context = make_context(1);
    hf_profile_signal turned = {.f64 = minus};
    cr_assert_eq(hf_profile_signals(other, context, &turned, 1, N, label, NULL), HF_OK);
    near(other->auc, 1 - one->auc, 1e-12, "AUC turned about");
    near(other->skew, -one->skew, 1e-9, "skew turned about");
    hf_context_destroy(context);
}

Test(profile, categories_are_counted_by_level)
{
    enum { N = 4000, LEVELS = 40 };
    static int32_t codes[N];
    static uint8_t label[N];
    hf_random r = hf_random_seed(3, 0);
    for (int i = 0; i < N; i++) {
        int k = (int)(pow(hf_random_uniform(&r), 3) * 36);
        codes[i] = hf_random_uniform(&r) < 0.05 ? -1 : k;
        label[i] = hf_random_uniform(&r) < 0.05 + 0.02 * (k % 7);
    }
    hf_profile_signal signal = {.codes = codes, .levels = LEVELS};
    hf_profile p;
    hf_context *context = make_context(1);
    cr_assert_eq(hf_profile_signals(&p, context, &signal, 1, N, label, NULL), HF_OK);
    int rows[LEVELS] = {0}, events[LEVELS] = {0}, missing = 0, occurring = 0, shown = 0, all = 0, hits = 0;
    for (int i = 0; i < N; i++) {
        if (codes[i] < 0) {
            missing++;
            continue;
        }
        rows[codes[i]]++;
        events[codes[i]] += label[i];
        all++;
        hits += label[i];
    }
    for (int k = 0; k < LEVELS; k++)
        occurring += rows[k] > 0;
    cr_assert_eq(p.present, N - missing);
    cr_assert_eq(p.distinct, occurring);
    cr_assert_eq(p.bin_count, HF_PROFILE_LEVELS + 2);
    for (int b = 0; b < HF_PROFILE_LEVELS; b++) {
        const hf_profile_bin *bin = &p.bins[b];
        cr_assert_eq(bin->kind, HF_BIN_LEVEL);
        cr_assert_eq(bin->rows, rows[bin->level]);
        cr_assert_eq(bin->events, events[bin->level]);
        if (b > 0) cr_assert_leq(bin->rows, p.bins[b - 1].rows);
        shown += rows[bin->level];
    }
    cr_assert_eq(p.bins[HF_PROFILE_LEVELS].kind, HF_BIN_OTHERS);
    cr_assert_eq(p.bins[HF_PROFILE_LEVELS].level, occurring - HF_PROFILE_LEVELS);
    cr_assert_eq(p.bins[HF_PROFILE_LEVELS].rows, N - missing - shown);
    cr_assert_eq(p.bins[HF_PROFILE_LEVELS + 1].rows, missing);
    // Each pair by the smoothed rates of their levels without the two; small levels are one.
    int of[N], level_rows[LEVELS + 1] = {0}, level_events[LEVELS + 1] = {0};
    double won = 0, pairs = 0;
    for (int i = 0; i < N; i++) {
        of[i] = codes[i] < 0 ? -1 : rows[codes[i]] < HF_PROFILE_LEAST_LEVEL ? LEVELS : codes[i];
        if (of[i] < 0) continue;
        level_rows[of[i]]++;
        level_events[of[i]] += label[i];
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            if (of[i] < 0 || of[j] < 0 || !label[i] || label[j]) continue;
            double x = (level_events[of[i]] - 1 + 20.0 * hits / all) / (level_rows[of[i]] + 19.0);
            double y = (level_events[of[j]] + 20.0 * hits / all) / (level_rows[of[j]] + 19.0);
            pairs++;
            won += of[i] == of[j] || x == y ? 0.5 : x > y;
        }
    near(p.auc, won / pairs, 1e-12, "AUC of levels");
    cr_assert(isnan(p.monotonicity) && isnan(p.mean));
    hf_context_destroy(context);
}

// Of levels of one size, one with k events less an event ties with one with k - 1 less a non-event.
Test(profile, levels_with_equal_rates_tie)
{
    enum { SIZE = 40, LEVELS = 6, N = SIZE * LEVELS };
    int32_t codes[N];
    uint8_t label[N];
    static const int events[LEVELS] = {2, 1, 3, 2, 4, 1};
    double won = 0, pairs = 0;
    for (int i = 0; i < N; i++) {
        codes[i] = i / SIZE;
        label[i] = i % SIZE < events[i / SIZE];
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            if (!label[i] || label[j]) continue;
            int x = events[codes[i]] - 1, y = events[codes[j]];
            pairs++;
            won += codes[i] == codes[j] || x == y ? 0.5 : x > y;
        }
    hf_profile_signal signal = {.codes = codes, .levels = LEVELS};
    hf_profile p;
    hf_context *context = make_context(1);
    cr_assert_eq(hf_profile_signals(&p, context, &signal, 1, N, label, NULL), HF_OK);
    near(p.auc, won / pairs, 1e-12, "AUC of tied levels");
    hf_context_destroy(context);
}

// Levels that say nothing do not seem to, however many there are.
Test(profile, many_levels_do_not_learn_their_own_rows)
{
    enum { N = 20000, LEVELS = 400 };
    static int32_t codes[N];
    static uint8_t label[N];
    hf_random r = hf_random_seed(11, 0);
    for (int i = 0; i < N; i++) {
        codes[i] = (int32_t)hf_random_below(&r, LEVELS);
        label[i] = hf_random_uniform(&r) < 0.1;
    }
    hf_profile_signal signal = {.codes = codes, .levels = LEVELS};
    hf_profile p;
    hf_context *context = make_context(1);
    cr_assert_eq(hf_profile_signals(&p, context, &signal, 1, N, label, NULL), HF_OK);
    cr_assert_lt(fabs(p.auc - 0.5), 0.03, "%g", p.auc);
    hf_context_destroy(context);
}

// Wilson's bounds are where the score test just fails: (rate - p)^2 = z^2 p (1 - p) / n.
Test(profile, wilson_bounds_solve_their_equation)
{
    for (int64_t n = 1; n < 400; n += 7)
        for (int64_t e = 0; e <= n; e += 1 + n / 9) {
            double bounds[2], rate = (double)e / (double)n;
            hf_wilson(&bounds[0], &bounds[1], e, n);
            cr_assert(bounds[0] >= 0 && bounds[0] <= rate && rate <= bounds[1] && bounds[1] <= 1);
            for (int b = 0; b < 2; b++) {
                double p = bounds[b], z = 1.959963984540054;
                near((rate - p) * (rate - p), z * z * p * (1 - p) / (double)n, 1e-12, "Wilson");
            }
        }
    double low, high;
    hf_wilson(&low, &high, 0, 0);
    cr_assert(isnan(low) && isnan(high));
}

Test(profile, monotonicity_and_missingness_are_named)
{
    enum { N = 1000 };
    double up[N], wave[N], gap[N];
    uint8_t label[N];
    for (int i = 0; i < N; i++) {
        up[i] = i / 100;
        wave[i] = (i / 100) % 2 ? i / 100 : 20 - i / 100;
        label[i] = i % 100 < 5 * (i / 100);
        gap[i] = label[i] ? NAN : 1;
    }
    hf_profile_signal signals[] = {{.f64 = up}, {.f64 = wave}, {.f64 = gap}};
    hf_profile p[3];
    hf_context *context = make_context(1);
    cr_assert_eq(hf_profile_signals(p, context, signals, 3, N, label, NULL), HF_OK);
    near(p[0].monotonicity, 1, 1e-12, "rises all the way");
    cr_assert_lt(fabs(p[1].monotonicity), 0.9);
    near(p[2].missing_auc, 1, 1e-12, "missing says it all");
    cr_assert(isnan(p[0].missing_auc));
    // The same rate everywhere says nothing.
    cr_assert_gt(p[0].iv, 10 * p[0].iv_noise);
    hf_context_destroy(context);
}

// ---- correlations ------------------------------------------------------------------------------------------

static double oracle_spearman(const double *a, const double *b, int n)
{
    static double ra[MOST], rb[MOST];
    int k = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(a[i]) || isnan(b[i])) continue;
        double below_a = 0, same_a = 0, below_b = 0, same_b = 0;
        for (int j = 0; j < n; j++) {
            if (isnan(a[j]) || isnan(b[j])) continue;
            below_a += a[j] < a[i];
            same_a += a[j] == a[i];
            below_b += b[j] < b[i];
            same_b += b[j] == b[i];
        }
        ra[k] = below_a + (same_a + 1) / 2;
        rb[k++] = below_b + (same_b + 1) / 2;
    }
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < k; i++) {
        ma += ra[i] / k;
        mb += rb[i] / k;
    }
    for (int i = 0; i < k; i++) {
        ab += (ra[i] - ma) * (rb[i] - mb);
        aa += (ra[i] - ma) * (ra[i] - ma);
        bb += (rb[i] - mb) * (rb[i] - mb);
    }
    return k < 10 || aa == 0 || bb == 0 ? (double)NAN : ab / sqrt(aa * bb);
}

Test(profile, correlations_agree_with_ranks_counted)
{
    enum { N = 400, SIGNALS = 6 };
    static double x[SIGNALS][N], rho[3][(SIGNALS + 1) * (SIGNALS + 1)];
    static int32_t codes[N];
    uint8_t label[N];
    hf_profile_signal signals[SIGNALS + 1];
    draw(x[0], label, N, 1, 0, 0);
    draw(x[1], label, N, 2, 2, 0);
    draw(x[2], label, N, 3, 5, 0.3);
    for (int i = 0; i < N; i++) {
        x[3][i] = exp(x[0][i]) + (i % 3 ? 0 : x[1][i]);
        x[4][i] = i % 5 ? -x[2][i] : NAN;
        x[5][i] = i < 8 ? i : NAN;
    }
    for (int s = 0; s < SIGNALS; s++)
        signals[s] = (hf_profile_signal){.f64 = x[s]};
    signals[SIGNALS] = (hf_profile_signal){.codes = codes, .levels = 1};
    static const int threads[] = {1, 2, 7};
    for (int t = 0; t < 3; t++) {
        hf_context *context = make_context(threads[t]);
        cr_assert_eq(hf_profile_correlations(rho[t], context, signals, SIGNALS + 1, N, NULL), HF_OK);
        cr_assert_eq(memcmp(rho[t], rho[0], sizeof rho[0]), 0);
        hf_context_destroy(context);
    }
    for (int a = 0; a < SIGNALS; a++) {
        for (int b = 0; b < SIGNALS; b++)
            near(rho[0][a * (SIGNALS + 1) + b], a == b ? 1 : oracle_spearman(x[a], x[b], N), 1e-12,
                 "Spearman");
        cr_assert(isnan(rho[0][a * (SIGNALS + 1) + SIGNALS]));
    }
}

Test(profile, groups_are_chains_of_strong_pairs)
{
    // 0-3 and 3-5 strong, 1-4 strong and negative, 2 by itself.
    double rho[36];
    int32_t group[6];
    for (int i = 0; i < 36; i++)
        rho[i] = i % 7 == 0 ? 1 : (i % 5) * 0.1;
    rho[2 * 6 + 1] = rho[1 * 6 + 2] = NAN;
    rho[0 * 6 + 3] = rho[3 * 6 + 0] = 0.7;
    rho[3 * 6 + 5] = rho[5 * 6 + 3] = 0.9;
    rho[1 * 6 + 4] = rho[4 * 6 + 1] = -0.8;
    cr_assert_eq(hf_profile_groups(group, rho, 6, 0.7), 2);
    static const int32_t expected[] = {0, 1, -1, 0, 1, 0};
    cr_assert_eq(memcmp(group, expected, sizeof group), 0);
}

// ---- failures ----------------------------------------------------------------------------------------------

typedef struct {
    long left;
} budget;

static void *scarce(void *user, void *p, size_t size)
{
    budget *b = user;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return b->left-- > 0 ? realloc(p, size) : NULL;
}

Test(profile, lack_of_memory_is_said_and_nothing_is_touched)
{
    enum { N = 64 };
    double a[N], b[N], rho[9];
    int32_t codes[N];
    uint8_t label[N];
    draw(a, label, N, 1, 0, 0.1);
    draw(b, label, N, 2, 0, 0.1);
    for (int i = 0; i < N; i++)
        codes[i] = i % 3;
    hf_profile_signal signals[] = {{.f64 = a}, {.f64 = b}, {.codes = codes, .levels = 3}};
    for (int call = 0; call < 2; call++) {
        hf_status status = HF_ERROR_MEMORY;
        for (long k = 0; status != HF_OK; k++) {
            budget left = {1000};
            hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
            hf_context *context = NULL;
            hf_profile p[3];
            options.threads = 2;
            options.resize = scarce;
            options.resize_user = &left;
            cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
            memset(p, 0x5a, sizeof p);
            memset(rho, 0x5a, sizeof rho);
            left.left = k;
            status = call ? hf_profile_correlations(rho, context, signals, 3, N, NULL)
                          : hf_profile_signals(p, context, signals, 3, N, label, NULL);
            if (status != HF_OK) {
                cr_assert_eq(status, HF_ERROR_MEMORY);
                cr_assert(((unsigned char *)p)[9] == 0x5a && ((unsigned char *)rho)[9] == 0x5a);
            }
            hf_context_destroy(context);
        }
    }
}

Test(profile, a_signal_without_values_is_refused)
{
    hf_profile p;
    hf_error error = {0};
    hf_profile_signal none = {0};
    hf_context *context = make_context(1);
    cr_assert_eq(hf_profile_signals(&p, context, &none, 1, 5, NULL, &error), HF_ERROR_USAGE);
    float x = 1;
    none.f32 = &x;
    cr_assert_eq(hf_profile_signals(&p, context, &none, 1, -1, NULL, &error), HF_ERROR_USAGE);
    cr_assert_eq(hf_profile_signals(&p, context, &none, 1, 0, NULL, &error), HF_OK);
    cr_assert_eq(p.present, 0);
    hf_context_destroy(context);
}
