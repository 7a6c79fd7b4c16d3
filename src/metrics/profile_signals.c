// SPDX-License-Identifier: Apache-2.0
//
// Profiles signals side by side. A number is sorted once by its bits with the labels beside it; percentiles,
// moments, tenths and AUC then come from one walk over groups of equal value, so that the order of the rows
// never shows. A category is counted by level.
#include "metrics/metrics_room.h"
#include "metrics/profile_bins.h"
#include "metrics/ranking.h"

#include <math.h>
#include <omp.h>
#include <string.h>

const double hf_profile_percent[HF_PROFILE_PERCENTILES] = {1, 5, 25, 50, 75, 95, 99};

enum { ROUND = 8 }; // signals a thread between two questions of cancelling

#define LEVEL_PRIOR 20.0 // rows at the overall rate that each level's rate is drawn to

// The arrays one thread needs, as long as the rows or the most levels.
typedef struct {
    uint64_t *key, *key_scratch;
    uint32_t *label, *label_scratch;
    hf_tally *level; // one more than levels: the small ones together
    int32_t *order, *other_order;
} workspace;

// ---- numbers -----------------------------------------------------------------------------------------------

double hf_profile_number(const hf_profile_signal *s, int64_t row)
{
    if (s->f32) return (double)s->f32[row];
    if (s->f64) return s->f64[row];
    return s->days[row] == INT32_MIN ? (double)NAN : (double)s->days[row];
}

// Bits that order as the values do; adding zero makes -0 into +0.
static uint64_t key_of_f32(float x)
{
    uint32_t bits;
    x += 0.0f;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? (uint32_t)~bits : bits | 0x80000000u;
}

static double value_of(const hf_profile_signal *signal, uint64_t key)
{
    if (signal->f32) {
        uint32_t bits = (uint32_t)key;
        bits = bits & 0x80000000u ? bits & 0x7fffffffu : ~bits;
        float x;
        memcpy(&x, &bits, sizeof x);
        return (double)x;
    }
    if (signal->days) return (double)((int64_t)key + INT32_MIN);
    uint64_t bits = key >> 63 ? key & 0x7fffffffffffffffu : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void count_label(hf_tally *tally, uint32_t label)
{
    tally->rows++;
    if (label > 1) return;
    tally->labelled++;
    tally->events += label;
}

// Keys and labels of the rows that have a value; the others are counted. Returns how many have one.
static int64_t gather(workspace *w, hf_tally *missing, const hf_profile_signal *signal, int64_t n,
                      const uint8_t *label)
{
    int64_t present = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t l = label ? label[i] : HF_UNKNOWN_LABEL;
        bool there = signal->f32   ? !isnan(signal->f32[i])
                     : signal->f64 ? !isnan(signal->f64[i])
                                   : signal->days[i] != INT32_MIN;
        if (!there) {
            count_label(missing, l);
            continue;
        }
        w->key[present] = signal->f32   ? key_of_f32(signal->f32[i])
                          : signal->f64 ? hf_sort_key(signal->f64[i])
                                        : (uint64_t)((int64_t)signal->days[i] - INT32_MIN);
        w->label[present++] = l;
    }
    return present;
}

// The end of the group of equal keys that begins at i, and what is in it.
static int64_t take_group(hf_tally *tally, const workspace *w, int64_t i, int64_t n)
{
    uint64_t key = w->key[i];
    *tally = (hf_tally){0};
    for (; i < n && w->key[i] == key; i++)
        count_label(tally, w->label[i]);
    return i;
}

static void describe_shape(hf_profile *out, const hf_profile_signal *signal, const workspace *w, int64_t n)
{
    double sum = 0, squares = 0, cubes = 0, count = (double)n;
    for (int64_t i = 0; i < n; i++)
        sum += value_of(signal, w->key[i]);
    out->mean = sum / count;
    for (int64_t i = 0; i < n; i++) {
        double d = value_of(signal, w->key[i]) - out->mean;
        squares += d * d;
        cubes += d * d * d;
    }
    out->deviation = sqrt(squares / count);
    out->least = value_of(signal, w->key[0]);
    out->greatest = value_of(signal, w->key[n - 1]);
    if (out->greatest > out->least)
        out->skew = cubes / count / (out->deviation * out->deviation * out->deviation);
    for (int p = 0; p < HF_PROFILE_PERCENTILES; p++) {
        double at = hf_profile_percent[p] / 100 * (count - 1);
        int64_t below = (int64_t)at;
        double low = value_of(signal, w->key[below]);
        double high = value_of(signal, w->key[below + 1 < n ? below + 1 : below]);
        out->percentile[p] = low + (at - (double)below) * (high - low);
    }
}

// The tenth in which the middle of a group of equal values falls; by itself where there are few values.
static int tenth_of(int64_t first, int64_t rows, int64_t n, int64_t distinct, int64_t place)
{
    if (distinct <= HF_PROFILE_TENTHS) return (int)place;
    return (int)(HF_PROFILE_TENTHS * (2 * first + rows) / (2 * n));
}

static void describe_number(hf_profile *out, workspace *w, const hf_profile_signal *signal, int64_t n,
                            const uint8_t *label)
{
    hf_tally missing = {0}, group;
    hf_pairs pairs = {0};
    hf_profile_bin *bin = NULL;
    int tenth = -1;
    int64_t present = gather(w, &missing, signal, n, label), place = 0;
    hf_radix_sort(w->key, w->label, w->key_scratch, w->label_scratch, present);
    out->present = out->nonzero = present;
    for (int64_t i = 0; i < present; i++)
        out->distinct += i == 0 || w->key[i] != w->key[i - 1];
    if (present > 0) describe_shape(out, signal, w, present);
    for (int64_t i = 0, end; i < present; i = end, place++) {
        end = take_group(&group, w, i, present);
        double value = value_of(signal, w->key[i]);
        if (value == 0.0) out->nonzero -= group.rows;
        hf_pairs_take(&pairs, &group);
        int t = tenth_of(i, group.rows, present, out->distinct, place);
        if (t != tenth) {
            bin = hf_profile_add_bin(out, HF_BIN_VALUES, &(hf_tally){0});
            bin->low = value;
            tenth = t;
        }
        bin->high = value;
        bin->rows += group.rows;
        bin->labelled += group.labelled;
        bin->events += group.events;
    }
    if (missing.rows > 0) hf_profile_add_bin(out, HF_BIN_MISSING, &missing);
    out->auc = hf_pairs_auc(&pairs, &out->auc_error);
}

// ---- categories --------------------------------------------------------------------------------------------

// How levels are ordered: by size, the largest first, or by their rate without one row, the lowest first.
typedef enum { BY_ROWS, BY_RATE_LESS_EVENT, BY_RATE_LESS_OTHER } level_by;

typedef struct {
    const hf_tally *level;
    double rate; // overall
    level_by by;
} level_order;

static double level_rate(const level_order *o, int32_t level)
{
    const hf_tally *t = &o->level[level];
    double events = (double)t->events - (o->by == BY_RATE_LESS_EVENT ? 1 : 0);
    return (events + LEVEL_PRIOR * o->rate) / ((double)t->labelled - 1 + LEVEL_PRIOR);
}

static bool goes_first(const level_order *o, int32_t a, int32_t b)
{
    if (o->by != BY_ROWS) {
        double x = level_rate(o, a), y = level_rate(o, b);
        if (x != y) return x < y;
    } else if (o->level[a].rows != o->level[b].rows) {
        return o->level[a].rows > o->level[b].rows;
    }
    return a < b;
}

static void sift(int32_t *order, const level_order *o, int32_t at, int32_t count)
{
    for (int32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && goes_first(o, order[child], order[child + 1])) child++;
        if (!goes_first(o, order[at], order[child])) return;
        int32_t swap = order[at];
        order[at] = order[child];
        order[child] = swap;
    }
}

// Heap sort: no allocation, and no bad case for a million levels.
static void sort_levels(int32_t *order, const level_order *o, int32_t count)
{
    for (int32_t i = count / 2 - 1; i >= 0; i--)
        sift(order, o, i, count);
    for (int32_t end = count - 1; end > 0; end--) {
        int32_t swap = order[0];
        order[0] = order[end];
        order[end] = swap;
        sift(order, o, 0, end);
    }
}

// AUC of the levels by their rates, each pair of an event and a non-event judged by the rates without the two
// (Airola and others 2011), so that many levels do not look good by learning their own rows; a pair within
// one level is a tie. Levels too small for a rate are one.
static void rank_levels(hf_profile *out, workspace *w, int32_t levels, int32_t occurring, double rate)
{
    hf_pairs pairs = {0};
    hf_tally *small = &w->level[levels];
    uint64_t below = 0, equal = 0;
    double last = NAN;
    int32_t kept = 0, next = 0, reached = 0;
    *small = (hf_tally){0};
    for (int32_t i = 0; i < occurring; i++) {
        const hf_tally *t = &w->level[w->order[i]];
        if (t->labelled >= HF_PROFILE_LEAST_LEVEL) {
            w->order[kept++] = w->order[i];
            continue;
        }
        small->labelled += t->labelled;
        small->events += t->events;
    }
    if (small->labelled > 0) w->order[kept++] = levels;
    memcpy(w->other_order, w->order, (size_t)kept * sizeof *w->order);
    const level_order less_event = {w->level, rate, BY_RATE_LESS_EVENT};
    const level_order less_other = {w->level, rate, BY_RATE_LESS_OTHER};
    sort_levels(w->order, &less_event, kept);
    sort_levels(w->other_order, &less_other, kept);
    for (int32_t i = 0; i < kept; i++) {
        const hf_tally *t = &w->level[w->order[i]];
        double mine = level_rate(&less_event, w->order[i]);
        uint64_t events = (uint64_t)t->events, others = (uint64_t)(t->labelled - t->events);
        for (; next < kept && level_rate(&less_other, w->other_order[next]) < mine; next++) {
            const hf_tally *o = &w->level[w->other_order[next]];
            below += (uint64_t)(o->labelled - o->events);
        }
        if (mine != last) {
            reached = next;
            equal = 0;
        }
        last = mine;
        for (; reached < kept && level_rate(&less_other, w->other_order[reached]) == mine; reached++) {
            const hf_tally *o = &w->level[w->other_order[reached]];
            equal += (uint64_t)(o->labelled - o->events);
        }
        // Its own non-events have a higher rate without one of them, so they are not among those below.
        pairs.won += events * (2 * below + equal + others);
        pairs.events += events;
        pairs.others += others;
    }
    out->auc = hf_pairs_auc(&pairs, &out->auc_error);
}

static void describe_category(hf_profile *out, workspace *w, const hf_profile_signal *signal, int64_t n,
                              const uint8_t *label)
{
    hf_tally missing = {0}, others = {0}, all = {0};
    int32_t occurring = 0;
    memset(w->level, 0, (size_t)signal->levels * sizeof *w->level);
    for (int64_t i = 0; i < n; i++) {
        int32_t code = signal->codes[i];
        count_label(code < 0 ? &missing : &w->level[code], label ? label[i] : HF_UNKNOWN_LABEL);
    }
    for (int32_t k = 0; k < signal->levels; k++) {
        if (w->level[k].rows == 0) continue;
        w->order[occurring++] = k;
        all.labelled += w->level[k].labelled;
        all.events += w->level[k].events;
    }
    out->present = out->nonzero = n - missing.rows;
    out->distinct = occurring;
    const level_order by_rows = {w->level, 0, BY_ROWS};
    sort_levels(w->order, &by_rows, occurring);
    for (int32_t i = 0; i < occurring; i++) {
        const hf_tally *t = &w->level[w->order[i]];
        if (i < HF_PROFILE_LEVELS) {
            hf_profile_add_bin(out, HF_BIN_LEVEL, t)->level = w->order[i];
            continue;
        }
        others.rows += t->rows;
        others.labelled += t->labelled;
        others.events += t->events;
    }
    if (occurring > HF_PROFILE_LEVELS)
        hf_profile_add_bin(out, HF_BIN_OTHERS, &others)->level = occurring - HF_PROFILE_LEVELS;
    if (missing.rows > 0) hf_profile_add_bin(out, HF_BIN_MISSING, &missing);
    if (all.labelled > 0)
        rank_levels(out, w, signal->levels, occurring, (double)all.events / (double)all.labelled);
}

// ---- all ---------------------------------------------------------------------------------------------------

static void describe(hf_profile *out, workspace *w, const hf_profile_signal *signal, int64_t n,
                     const uint8_t *label)
{
    *out = (hf_profile){.rows = n,
                        .least = NAN,
                        .greatest = NAN,
                        .mean = NAN,
                        .deviation = NAN,
                        .skew = NAN,
                        .auc = NAN,
                        .auc_error = NAN};
    for (int p = 0; p < HF_PROFILE_PERCENTILES; p++)
        out->percentile[p] = NAN;
    if (signal->codes)
        describe_category(out, w, signal, n, label);
    else
        describe_number(out, w, signal, n, label);
    hf_profile_finish_bins(out);
}

static hf_status check_signals(const hf_profile_signal *signals, int32_t count, int64_t n, hf_error *error)
{
    if (n < 0 || n > INT32_MAX)
        return hf_fail(error, HF_ERROR_USAGE, "profile: %lld rows, expected 0 to 2147483647", (long long)n);
    for (int32_t i = 0; i < count; i++) {
        const hf_profile_signal *s = &signals[i];
        if ((s->f32 != NULL) + (s->f64 != NULL) + (s->days != NULL) + (s->codes != NULL) != 1)
            return hf_fail(error, HF_ERROR_USAGE, "profile: signal %d: expected one array of values", i);
    }
    return HF_OK;
}

static bool make_workspace(workspace *w, const hf_context *context, size_t rows, size_t levels)
{
    w->key = hf_new_raw(context, rows, sizeof *w->key);
    w->key_scratch = hf_new_raw(context, rows, sizeof *w->key_scratch);
    w->label = hf_new_raw(context, rows, sizeof *w->label);
    w->label_scratch = hf_new_raw(context, rows, sizeof *w->label_scratch);
    w->level = hf_new_raw(context, levels + 1, sizeof *w->level);
    w->order = hf_new_raw(context, levels + 1, sizeof *w->order);
    w->other_order = hf_new_raw(context, levels + 1, sizeof *w->other_order);
    return w->key && w->key_scratch && w->label && w->label_scratch && w->level && w->order && w->other_order;
}

static void free_workspaces(const hf_context *context, workspace *spaces, int threads)
{
    for (int t = 0; spaces && t < threads; t++) {
        hf_delete(context, spaces[t].key);
        hf_delete(context, spaces[t].key_scratch);
        hf_delete(context, spaces[t].label);
        hf_delete(context, spaces[t].label_scratch);
        hf_delete(context, spaces[t].level);
        hf_delete(context, spaces[t].order);
        hf_delete(context, spaces[t].other_order);
    }
    hf_delete(context, spaces);
}

hf_status hf_profile_signals(hf_profile *out, const hf_context *context, const hf_profile_signal *signals,
                             int32_t count, int64_t n, const uint8_t *label, hf_error *error)
{
    workspace *spaces = NULL;
    hf_profile *made = NULL;
    int threads = hf_context_threads(context), made_spaces = 0;
    int32_t levels = 0;
    hf_status status;
    HF_TRY(done, check_signals(signals, count, n, error));
    for (int32_t i = 0; i < count; i++)
        if (signals[i].codes && signals[i].levels > levels) levels = signals[i].levels;
    if (threads > count) threads = count > 0 ? (int)count : 1;
    spaces = hf_new(context, (size_t)threads, sizeof *spaces);
    made = hf_new(context, (size_t)count, sizeof *made);
    bool room = spaces && made;
    for (; room && made_spaces < threads; made_spaces++)
        room = make_workspace(&spaces[made_spaces], context, (size_t)n, (size_t)levels);
    if (!room) {
        status = hf_fail_memory(error);
        goto done;
    }
    // In rounds, so that a cancel is heard between them; within one, signals go to threads as they get free.
    for (int32_t begin = 0; begin < count; begin += ROUND * threads) {
        int32_t end = begin + ROUND * threads < count ? begin + ROUND * threads : count;
        hf_progress(context, "profiling signals", begin, count);
        HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(made, spaces, signals, n, label, begin, end) \
    schedule(dynamic, 1) num_threads(threads)
        for (int32_t i = begin; i < end; i++)
            describe(&made[i], &spaces[omp_get_thread_num()], &signals[i], n, label);
    }
    hf_progress(context, "profiling signals", count, count);
    memcpy(out, made, (size_t)count * sizeof *made);
done:
    free_workspaces(context, spaces, threads);
    hf_delete(context, made);
    return status;
}
