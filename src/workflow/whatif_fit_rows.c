// SPDX-License-Identifier: Apache-2.0
//
// Account-dates to fit weights by. Nights are scored one by one and only the measure scores of labelled
// accounts are kept. Accounts of segments with weights of their own, and those whose health an override sets
// whatever the weights, say nothing of the definition's weights and are left out.
#include "workflow/whatif_fit.h"

#include <math.h>
#include <string.h>

// Beyond so many account-dates whole accounts are drawn, about as many as make them.
enum { MOST_ROWS = 400000 };

// ---- columns -----------------------------------------------------------------------------------------------

static double weight_in(const hf_definition *d, const hf_group *group)
{
    double sum = 0.0;
    for (int32_t m = group->first; m < group->first + group->count; m++)
        sum += d->measures[m].weight;
    return sum;
}

static void add_column(hf_fit_rows *r, int32_t group, int32_t measure, double present)
{
    const int32_t c = r->rows.columns++;
    r->column[c] = (hf_fit_column){group, measure};
    r->group[c] = group;
    r->present[c] = present;
}

static hf_status make_columns(hf_fit_rows *r, hf_error *error)
{
    const hf_definition *d = r->definition;
    double all = 0.0;
    r->column = hf_new(r->context, (size_t)d->measure_count, sizeof *r->column);
    r->group = hf_new(r->context, (size_t)d->measure_count, sizeof *r->group);
    r->present = hf_new(r->context, (size_t)d->measure_count, sizeof *r->present);
    r->cap = hf_new(r->context, (size_t)d->group_count, sizeof *r->cap);
    if (!r->column || !r->group || !r->present || !r->cap) return hf_fail_memory(error);
    for (int32_t g = 0; g < d->group_count; g++) {
        r->cap[g] = 1.0;
        if (weight_in(d, &d->groups[g]) > 0.0) all += d->groups[g].weight;
    }
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        const double sum = weight_in(d, group), share = group->weight / all;
        if (!(sum > 0.0 && share > 0.0)) continue;
        if (group->aggregate != HF_AGGREGATE_MEAN) {
            add_column(r, g, -1, share);
            continue;
        }
        for (int32_t m = group->first; m < group->first + group->count; m++)
            if (d->measures[m].weight > 0.0) add_column(r, g, m, share * d->measures[m].weight / sum);
    }
    if (r->rows.columns > 1) return HF_OK;
    return hf_fail_at(error, HF_ERROR_DATA, d->path, 0, 0,
                      "only one weight is above 0, so there are no proportions to fit");
}

// ---- caps --------------------------------------------------------------------------------------------------

static int32_t group_named(const hf_definition *d, const char *name, size_t length)
{
    for (int32_t g = 0; g < d->group_count; g++)
        if (strlen(d->groups[g].name) == length && memcmp(d->groups[g].name, name, length) == 0) return g;
    return -1;
}

static hf_status take_cap(hf_fit_rows *r, const char *cap, hf_error *error)
{
    const hf_definition *d = r->definition;
    const char *equals = strrchr(cap, '=');
    double share = NAN;
    if (equals) {
        const size_t length = strlen(equals + 1);
        const bool percent = length > 0 && equals[length] == '%';
        if (!hf_parse_double(&share, equals + 1, length - percent)) share = NAN;
        if (percent) share /= 100.0;
    }
    if (!(share > 0.0 && share <= 1.0))
        return hf_fail(error, HF_ERROR_USAGE,
                       "--cap is '%.200s'; it takes a group and its most share of all weight, as usage=40%%",
                       cap);
    const int32_t g = group_named(d, cap, (size_t)(equals - cap));
    if (g < 0) {
        const char *names[64];
        size_t count = 0;
        for (; count < (size_t)d->group_count && count < 64; count++)
            names[count] = d->groups[count].name;
        char name[128] = "";
        memcpy(name, cap,
               (size_t)(equals - cap) < sizeof name - 1 ? (size_t)(equals - cap) : sizeof name - 1);
        const char *nearest = hf_nearest(name, names, count);
        if (nearest)
            return hf_fail(error, HF_ERROR_USAGE, "--cap: %s has no group '%s'; did you mean '%s'?", d->path,
                           name, nearest);
        return hf_fail(error, HF_ERROR_USAGE, "--cap: %s has no group '%s'; they are under 'groups:'",
                       d->path, name);
    }
    r->cap[g] = share;
    return HF_OK;
}

// Caps that leave weight over can be kept by nothing.
static hf_status check_caps(const hf_fit_rows *r, hf_error *error)
{
    double most = 0.0;
    for (int32_t c = 0; c < r->rows.columns; c++)
        if (c == 0 || r->group[c] != r->group[c - 1]) most += r->cap[r->group[c]];
    if (most >= 1.0) return HF_OK;
    return hf_fail(error, HF_ERROR_USAGE,
                   "the groups may have %.4g %% of all weight in sum by --cap; leave them "
                   "100 %% or more",
                   100.0 * most);
}

// ---- rows --------------------------------------------------------------------------------------------------

static bool own_weights(const hf_definition *d, int32_t segment)
{
    const hf_segment *s = &d->segments[segment], *usual = &d->segments[d->segment_count - 1];
    for (int32_t g = 0; g < d->group_count; g++)
        if (s->group_weight[g] != usual->group_weight[g]) return true;
    for (int32_t m = 0; m < d->measure_count; m++)
        if (s->measure_weight[m] != usual->measure_weight[m]) return true;
    return false;
}

static float extreme_of(const hf_definition *d, const hf_health *health, int32_t group, int64_t row)
{
    const hf_group *of = &d->groups[group];
    const float sign = of->aggregate == HF_AGGREGATE_WORST ? 1.0f : -1.0f;
    float chosen = NAN;
    for (int32_t m = of->first; m < of->first + of->count; m++) {
        const float q = health->measure[m * health->rows + row];
        if (isnan(q) || !(d->measures[m].weight > 0.0)) continue;
        if (isnan(chosen) || sign * q < sign * chosen) chosen = q;
    }
    return chosen;
}

static hf_status grow(hf_fit_rows *r, int64_t more, hf_error *error)
{
    const int64_t rows = r->rows.rows + more;
    const size_t room = (size_t)(2 * rows);
    if (rows <= r->room) return HF_OK;
    float *score = hf_grow(r->context, r->score, room, (size_t)r->rows.columns * sizeof *score);
    if (score) r->score = score;
    uint8_t *label = score ? hf_grow(r->context, r->label, room, sizeof *label) : NULL;
    if (label) r->label = label;
    int64_t *account = label ? hf_grow(r->context, r->account, room, sizeof *account) : NULL;
    if (account) r->account = account;
    hf_date *as_of = account ? hf_grow(r->context, r->as_of, room, sizeof *as_of) : NULL;
    if (!as_of) return hf_fail_memory(error);
    r->as_of = as_of;
    r->room = (int64_t)room;
    return HF_OK;
}

static bool add_row(hf_fit_rows *r, const hf_whatif_scored *night, int64_t row)
{
    const hf_health *health = &night->health;
    float *score = r->score + r->rows.rows * r->rows.columns;
    bool any = false;
    if (own_weights(r->definition, health->segment[row]) ||
        hf_health_override_row(night->plan, row, -INFINITY, NULL, NULL) ==
            hf_health_override_row(night->plan, row, INFINITY, NULL, NULL))
        return false;
    for (int32_t c = 0; c < r->rows.columns; c++) {
        const hf_fit_column *column = &r->column[c];
        score[c] = column->measure < 0 ? extreme_of(r->definition, health, column->group, row)
                                       : health->measure[column->measure * health->rows + row];
        any = any || !isnan(score[c]);
    }
    return any;
}

// Whether an account is among those drawn, by its number alone.
static bool is_drawn(const hf_whatif_nights *nights, int64_t i, uint64_t seed)
{
    const int64_t account = nights->cluster[i];
    const double place = (double)(hf_hash(&account, sizeof account, seed) >> 11) / 9007199254740992.0;
    return nights->labelled <= MOST_ROWS || place * (double)nights->labelled < MOST_ROWS;
}

static hf_status add_night(hf_fit_rows *r, const hf_whatif_scorecard *present, const hf_whatif_nights *nights,
                           int32_t k, uint64_t seed, hf_error *error)
{
    hf_whatif_scored night = {0};
    hf_status status;
    HF_TRY(done, grow(r, nights->first[k + 1] - nights->first[k], error));
    HF_TRY(done, hf_whatif_score(&night, present, nights->nights[k].as_of, error));
    for (int64_t i = nights->first[k]; i < nights->first[k + 1]; i++) {
        if (!is_drawn(nights, i, seed)) continue;
        if (!add_row(r, &night, nights->row[i])) {
            r->left_out++;
            continue;
        }
        const int64_t at = r->rows.rows++;
        r->label[at] = nights->label[i];
        r->account[at] = nights->cluster[i];
        r->as_of[at] = nights->as_of[i];
        r->events += nights->label[i];
    }
done:
    hf_whatif_scored_free(&night);
    return status;
}

// Account numbers without gaps, so that a resample draws those that are here.
static hf_status close_gaps(hf_fit_rows *r, hf_error *error)
{
    int64_t most = 0;
    for (int64_t i = 0; i < r->rows.rows; i++)
        if (r->account[i] >= most) most = r->account[i] + 1;
    int64_t *number = hf_new(r->context, (size_t)most, sizeof *number);
    if (!number) return hf_fail_memory(error);
    for (int64_t i = 0; i < r->rows.rows; i++) {
        int64_t *of = &number[r->account[i]];
        if (*of == 0) *of = ++r->accounts;
        r->account[i] = *of - 1;
    }
    hf_delete(r->context, number);
    return HF_OK;
}

hf_status hf_fit_rows_read(hf_fit_rows *out, const hf_context *context, const hf_whatif_fit_job *job,
                           const hf_whatif_scorecard *present, const hf_whatif_nights *nights, hf_date until,
                           hf_error *error)
{
    const hf_definition *d = present->definition;
    const int32_t window = job->lead + job->horizon;
    hf_fit_rows made = {.context = context, .definition = d};
    hf_status status;
    made.rows = (hf_weight_rows){
        .window = window, .groups = d->group_count, .max_inherit = d->max_inherit, .neutral = d->neutral};
    HF_TRY(done, make_columns(&made, error));
    for (int32_t i = 0; i < job->cap_count; i++)
        HF_TRY(done, take_cap(&made, job->caps[i], error));
    HF_TRY(done, check_caps(&made, error));
    for (int32_t k = 0; k < nights->count; k++) {
        if ((int64_t)nights->nights[k].as_of + window > until || nights->first[k] == nights->first[k + 1])
            continue;
        HF_TRY(done, hf_check_cancel(context, error));
        hf_progress(context, "scoring nights", k, nights->count);
        HF_TRY(done, add_night(&made, present, nights, k, job->seed, error));
    }
    HF_TRY(done, close_gaps(&made, error));
    made.rows.score = made.score;
    made.rows.label = made.label;
    made.rows.account = made.account;
    made.rows.as_of = made.as_of;
    made.rows.present = made.present;
    made.rows.group = made.group;
    made.rows.cap = made.cap;
    *out = made;
    made = (hf_fit_rows){.context = context};
done:
    hf_fit_rows_free(&made);
    return status;
}

void hf_fit_rows_free(hf_fit_rows *r)
{
    if (!r->context) return;
    void *const owned[] = {r->column, r->present, r->cap, r->group, r->score, r->label, r->account, r->as_of};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        hf_delete(r->context, owned[i]);
    *r = (hf_fit_rows){0};
}
