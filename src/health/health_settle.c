// SPDX-License-Identifier: Apache-2.0
//
// Bands without flapping. An account's night is a small state machine: last night's band, the band that waits
// and for how long, and today's (smoothed) health decide today's. Smoothing forgets by elapsed days, so that
// a night left out weighs as much as two; the trend compares two healths that lie far enough apart.
#include "health/health_room.h"
#include "health/scores_column.h"

#include <math.h>

const char *hf_trend_name(hf_trend trend)
{
    static const char *const names[] = {"", "down", "flat", "up"};
    return (size_t)trend < sizeof names / sizeof names[0] ? names[trend] : "";
}

// ---- what an earlier night left ----------------------------------------------------------------------------

// An earlier night's scores, seen from today's rows. Columns are borrowed.
typedef struct {
    int64_t *row; // owned: of each of today's accounts, -1 where it was not there
    int64_t days; // from then to today
    hf_date as_of;
    const hf_column *health, *smoothed, *band, *pending, *since, *count;
    int8_t *band_place, *pending_place; // owned: by the column's codes, the place among today's bands or -1
} night;

static void night_free(const hf_context *context, night *n)
{
    hf_delete(context, n->row);
    hf_delete(context, n->band_place);
    hf_delete(context, n->pending_place);
}

static hf_status open_night(night *out, const hf_context *context, const hf_frame *scores,
                            const hf_frame *today, hf_error *error)
{
    if (scores->as_of == HF_DATE_MISSING || scores->as_of >= today->as_of) {
        char then[11], now[11];
        hf_date_format(scores->as_of, then);
        hf_date_format(today->as_of, now);
        return hf_fail(error, HF_ERROR_USAGE,
                       "the scores of the night before are of '%s', which is not before %s", then, now);
    }
    out->as_of = scores->as_of;
    out->days = (int64_t)today->as_of - scores->as_of;
    out->row = hf_new_raw(context, (size_t)today->rows, sizeof *out->row);
    if (!out->row) return hf_fail_memory(error);
    return hf_frame_match_near(out->row, context, scores, today, error);
}

static hf_status open_last(night *out, const hf_context *context, const hf_frame *scores,
                           const hf_frame *today, const hf_definition *definition, hf_error *error)
{
    hf_status status = HF_OK;
    HF_TRY(done, hf_scores_column(&out->smoothed, scores, "health_smoothed", HF_SCORES_NUMBER, error));
    HF_TRY(done, hf_scores_column(&out->band, scores, "band", HF_SCORES_CATEGORY, error));
    HF_TRY(done, hf_scores_column(&out->pending, scores, "pending_band", HF_SCORES_CATEGORY, error));
    HF_TRY(done, hf_scores_column(&out->since, scores, "band_since", HF_SCORES_DATE, error));
    HF_TRY(done, hf_scores_column(&out->count, scores, "pending_count", HF_SCORES_NUMBER, error));
    HF_TRY(done, hf_scores_bands(&out->band_place, context, out->band, definition, error));
    HF_TRY(done, hf_scores_bands(&out->pending_place, context, out->pending, definition, error));
    HF_TRY(done, open_night(out, context, scores, today, error));
done:
    return status;
}

// ---- one account -------------------------------------------------------------------------------------------

// What is known of an account's band after a night.
typedef struct {
    int8_t band, pending;
    int32_t waited;
    hf_date since;
} standing;

static int8_t band_of(const double *from, int32_t count, double health)
{
    int8_t band = 0;
    for (int32_t b = 1; b < count; b++)
        if (from[b] <= health) band = (int8_t)b;
    return band;
}

// Whether a health that is not in `band` lies far enough out of it, on the side of `raw`.
static bool beyond_margin(double health, int8_t band, int8_t raw, const double *from, double margin)
{
    return raw < band ? health <= from[band] - margin : health >= from[band + 1] + margin;
}

static int side(int8_t band, int8_t other)
{
    return (other > band) - (other < band);
}

// before: what the last night left, its band known. raw: known and another.
static standing out_of_band(const standing *before, int8_t raw, double health, const double *from,
                            const hf_definition *definition, hf_date today)
{
    standing now = {raw, -1, 0, today};
    if (beyond_margin(health, before->band, raw, from, definition->margin)) return now;
    const bool same_way =
        before->pending >= 0 && side(before->band, before->pending) == side(before->band, raw);
    const int32_t waited = same_way && before->waited > 0 ? before->waited + 1 : 1;
    if (waited >= definition->snapshots) return now;
    return (standing){before->band, raw, waited, before->since};
}

static standing settle_account(const standing *before, int8_t raw, double health, const double *from,
                               const hf_definition *definition, hf_date today)
{
    if (before->band == raw) return (standing){raw, -1, 0, before->since};
    if (before->band < 0 || raw < 0) return (standing){raw, -1, 0, today};
    return out_of_band(before, raw, health, from, definition, today);
}

static standing left_of(const night *last, int64_t row)
{
    const hf_date since = ((const int32_t *)last->since->values)[row];
    const double waited = hf_column_number(last->count, row);
    return (standing){.band = hf_scores_band_at(last->band, last->band_place, row),
                      .pending = hf_scores_band_at(last->pending, last->pending_place, row),
                      .waited = waited > 0 && waited < INT32_MAX ? (int32_t)waited : 0,
                      .since = since == HF_DATE_MISSING ? last->as_of : since};
}

// A band whose name is no band any more is not the same as one that was unknown: the account begins anew.
static bool band_is_gone(const night *last, int64_t row)
{
    return ((const int32_t *)last->band->values)[row] >= 0 &&
           hf_scores_band_at(last->band, last->band_place, row) < 0;
}

hf_trend hf_trend_between(double now, double then, double dead_zone)
{
    const double change = now - then;
    if (isnan(change)) return HF_TREND_UNKNOWN;
    if (fabs(change) <= dead_zone) return HF_TREND_FLAT;
    return change < 0 ? HF_TREND_DOWN : HF_TREND_UP;
}

// ---- the fleet ---------------------------------------------------------------------------------------------

typedef struct {
    const hf_definition *definition;
    const hf_health *health;
    hf_date today;
    const night *last, *before; // NULL where there is none
    double weight;              // of today's health in the smoothed one
    double *smoothed;           // the arrays are owned until they are handed over
    int8_t *band_raw, *band, *pending;
    int32_t *waited;
    hf_date *since;
    uint8_t *trend;
} settling;

static void settle_row(const settling *s, int64_t i)
{
    const hf_definition *definition = s->definition;
    const double *from = definition->segments[s->health->segment[i]].band_from;
    const double health = s->health->health[i];
    const int64_t row = s->last ? s->last->row[i] : -1;
    int8_t raw = s->health->band_raw[i];
    double smoothed = health;
    if (row >= 0 && definition->smoothing_days > 0) {
        const double then = hf_column_number(s->last->smoothed, row);
        if (!isnan(then)) smoothed = then + (health - then) * s->weight;
    }
    if (raw >= 0 && definition->smoothing_days > 0) raw = band_of(from, definition->band_count, smoothed);
    standing now = {raw, -1, 0, s->today};
    if (row >= 0 && !band_is_gone(s->last, row)) {
        const standing before = left_of(s->last, row);
        now = settle_account(&before, raw, smoothed, from, definition, s->today);
    }
    const int64_t then = s->before ? s->before->row[i] : -1;
    s->smoothed[i] = smoothed;
    s->band_raw[i] = raw;
    s->band[i] = now.band;
    s->pending[i] = now.pending;
    s->waited[i] = now.waited;
    s->since[i] = now.since;
    s->trend[i] = (uint8_t)hf_trend_between(
        health, then < 0 ? NAN : hf_column_number(s->before->health, then), definition->trend_dead_zone);
}

static hf_status allocate(settling *s, const hf_context *context, size_t rows, hf_error *error)
{
    s->smoothed = hf_new_raw(context, rows, sizeof *s->smoothed);
    s->band_raw = hf_new_raw(context, rows, sizeof *s->band_raw);
    s->band = hf_new_raw(context, rows, sizeof *s->band);
    s->pending = hf_new_raw(context, rows, sizeof *s->pending);
    s->waited = hf_new_raw(context, rows, sizeof *s->waited);
    s->since = hf_new_raw(context, rows, sizeof *s->since);
    s->trend = hf_new_raw(context, rows, sizeof *s->trend);
    return s->smoothed && s->band_raw && s->band && s->pending && s->waited && s->since && s->trend
               ? HF_OK
               : hf_fail_memory(error);
}

static void free_arrays(settling *s, const hf_context *context)
{
    hf_delete(context, s->smoothed);
    hf_delete(context, s->band_raw);
    hf_delete(context, s->band);
    hf_delete(context, s->pending);
    hf_delete(context, s->waited);
    hf_delete(context, s->since);
    hf_delete(context, s->trend);
}

// Puts the arrays into the health and takes out what was there.
static void exchange(settling *s, hf_health *health)
{
    const settling old = {.smoothed = health->smoothed,
                          .band_raw = health->band_raw,
                          .band = health->band,
                          .pending = health->pending,
                          .waited = health->pending_count,
                          .since = health->band_since,
                          .trend = health->trend};
    health->smoothed = s->smoothed;
    health->band_raw = s->band_raw;
    health->band = s->band;
    health->pending = s->pending;
    health->pending_count = s->waited;
    health->band_since = s->since;
    health->trend = s->trend;
    *s = old;
}

hf_status hf_health_settle(hf_health *health, const hf_context *context, const hf_health_plan *plan,
                           const hf_frame *last, const hf_frame *before, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_frame *frame = hf_health_plan_frame(plan);
    const hf_definition *definition = hf_health_plan_definition(plan);
    const int64_t rows = health->rows;
    night left = {0}, then = {0};
    settling s = {.definition = definition, .health = health, .today = frame->as_of};
    HF_TRY(done, allocate(&s, context, (size_t)rows, error));
    if (last) {
        HF_TRY(done, open_last(&left, context, last, frame, definition, error));
        s.last = &left;
        if (definition->smoothing_days > 0)
            s.weight = -expm1(-(double)left.days / definition->smoothing_days);
    }
    if (before) {
        HF_TRY(done, hf_scores_column(&then.health, before, "health", HF_SCORES_NUMBER, error));
        HF_TRY(done, open_night(&then, context, before, frame, error));
        s.before = &then;
    }
    HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(s, rows) schedule(static, HF_TILE) \
    num_threads(hf_context_threads(context))
    for (int64_t i = 0; i < rows; i++)
        settle_row(&s, i);
    exchange(&s, health);
done:
    free_arrays(&s, context);
    night_free(context, &left);
    night_free(context, &then);
    return status;
}
