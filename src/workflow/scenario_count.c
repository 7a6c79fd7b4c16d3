// SPDX-License-Identifier: Apache-2.0
//
// Counts a scenario's two sides in the order of the rows. What is expected is a sum over accounts; its range
// is that of the outcomes' draw, independent accounts with their own probabilities, by the normal law with
// variance sum p (1 - p) a^2, as a night states it. A difference is the sum of the accounts' own differences
// and has no such range: the same accounts stand on both sides.
#include "workflow/scenario_count.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double TWO_SIDED_95 = 1.959963984540054;

static double or_zero(double x)
{
    return isnan(x) ? 0 : x;
}

// ---- what differs ----------------------------------------------------------------------------------------

bool hf_scenario_same_value(const hf_column *before, const hf_column *after, int64_t row)
{
    if (before->values == after->values) return true;
    if (before->storage == HF_STORAGE_DAY)
        return ((const hf_date *)before->values)[row] == ((const hf_date *)after->values)[row];
    if (before->storage == HF_STORAGE_CODE) {
        const int32_t a = ((const int32_t *)before->values)[row], b = ((const int32_t *)after->values)[row];
        if (a < 0 || b < 0) return a < 0 && b < 0;
        return strcmp(hf_dictionary_text(&before->dictionary, a),
                      hf_dictionary_text(&after->dictionary, b)) == 0;
    }
    const double a = hf_column_number(before, row), b = hf_column_number(after, row);
    return a == b || (isnan(a) && isnan(b));
}

static hf_status find_changes(hf_scenario_changes *out, const hf_context *context, const hf_frame *before,
                              const hf_frame *after, hf_error *error)
{
    out->row = hf_new(context, (size_t)before->rows, 1);
    out->column = hf_new(context, (size_t)before->column_count, sizeof *out->column);
    if (!out->row || !out->column) return hf_fail_memory(error);
    for (int32_t c = 0; c < before->column_count; c++) {
        const hf_column *a = &before->columns[c], *b = &after->columns[c];
        if (a->values == b->values) continue;
        for (int64_t i = 0; i < before->rows; i++) {
            if (hf_scenario_same_value(a, b, i)) continue;
            out->row[i] = 1;
            out->column[c]++;
        }
    }
    return HF_OK;
}

// ---- groups ----------------------------------------------------------------------------------------------

// What a sum needs besides.
typedef struct {
    double spread[2], risk_spread[2]; // variances of the draw
    double least[2], most[2];         // of ARR at risk: what is below 0, what is above
    int64_t with_health;
} group_work;

// Each row's group, by what it was before.
typedef struct {
    const int32_t *of;
    bool codes; // a code, of which -1 is the last group
    int32_t count;
} grouping;

static hf_status find_groups(grouping *out, hf_scenario_counts *counts, const hf_context *context,
                             const hf_scenario_ground *ground, const hf_scenario_side *before,
                             hf_error *error)
{
    const char *by = ground->job->by;
    const hf_column *column = NULL;
    const hf_definition *definition = ground->definition;
    if (by) {
        const int32_t at = hf_frame_find(before->frame, by);
        column = at < 0 ? NULL : &before->frame->columns[at];
        if (!column || column->storage != HF_STORAGE_CODE)
            return hf_fail(error, HF_ERROR_DATA, "--by '%s': %s; name a category", by,
                           column ? "that signal is none" : "the data has no such signal");
        *out = (grouping){column->values, true, column->dictionary.count + 1};
    } else if (definition && definition->segment_count > 1) {
        *out = (grouping){before->night->health.segment, false, definition->segment_count};
    }
    counts->by = by ? by : out->count > 0 ? "segment" : "";
    counts->groups = hf_new(context, (size_t)out->count, sizeof *counts->groups);
    if (!counts->groups) return hf_fail_memory(error);
    counts->group_count = counts->group_made = out->count;
    for (int32_t g = 0; g < out->count; g++)
        counts->groups[g].name = !by                  ? definition->segments[g].name
                                 : g + 1 < out->count ? hf_dictionary_text(&column->dictionary, g)
                                                      : "(missing)";
    return HF_OK;
}

static hf_status make_bands(hf_scenario_group *group, const hf_context *context, int32_t bands,
                            hf_error *error)
{
    for (int s = 0; s < HF_SCENARIO_SIDES && bands > 0; s++) {
        group->side[s].in_band = hf_new(context, (size_t)bands + 1, sizeof *group->side[s].in_band);
        group->side[s].arr_in_band = hf_new(context, (size_t)bands + 1, sizeof *group->side[s].arr_in_band);
        if (!group->side[s].in_band || !group->side[s].arr_in_band) return hf_fail_memory(error);
    }
    return HF_OK;
}

static void add_row(hf_scenario_group *group, group_work *work, const hf_scenario_side side[2], int32_t bands,
                    int64_t row, bool changed)
{
    double risk[2] = {0, 0};
    group->accounts++;
    group->changed += changed;
    for (int s = 0; s < HF_SCENARIO_SIDES; s++) {
        hf_scenario_sums *sums = &group->side[s];
        const double arr = side[s].arr ? or_zero(side[s].arr[row]) : 0;
        const double p = side[s].churn ? side[s].churn->probability[row] : 0;
        sums->arr += arr;
        sums->losses += p;
        sums->at_risk += risk[s] = p * arr;
        work->least[s] += fmin(arr, 0);
        work->most[s] += fmax(arr, 0);
        work->spread[s] += p * (1 - p);
        work->risk_spread[s] += p * (1 - p) * arr * arr;
        if (!side[s].night) continue;
        const int8_t band = side[s].night->health.band_raw[row];
        sums->in_band[band < 0 ? bands : band]++;
        sums->arr_in_band[band < 0 ? bands : band] += arr;
    }
    if (side[0].churn)
        group->losses_change += side[1].churn->probability[row] - side[0].churn->probability[row];
    group->at_risk_change += risk[1] - risk[0];
    if (!side[0].night) return;
    const double from = side[0].night->health.health[row], to = side[1].night->health.health[row];
    if (isnan(from) || isnan(to)) return;
    work->with_health++;
    group->side[HF_BEFORE].health += from;
    group->side[HF_AFTER].health += to;
    group->health_change += to - from;
}

static void finish(hf_scenario_group *group, const group_work *work, const hf_scenario_side side[2])
{
    const double n = (double)work->with_health;
    const bool model = side[0].churn, arr = side[0].arr;
    for (int s = 0; s < HF_SCENARIO_SIDES; s++) {
        hf_scenario_sums *sums = &group->side[s];
        const double width = TWO_SIDED_95 * sqrt(work->spread[s]);
        const double risk_width = TWO_SIDED_95 * sqrt(work->risk_spread[s]);
        sums->losses_low = fmax(sums->losses - width, 0);
        sums->losses_high = fmin(sums->losses + width, (double)group->accounts);
        sums->at_risk_low = fmax(sums->at_risk - risk_width, work->least[s]);
        sums->at_risk_high = fmin(sums->at_risk + risk_width, work->most[s]);
        sums->health = n > 0 ? sums->health / n : (double)NAN;
        if (!model) sums->losses = sums->losses_low = sums->losses_high = NAN;
        if (!model || !arr) sums->at_risk = sums->at_risk_low = sums->at_risk_high = NAN;
        if (!arr) sums->arr = NAN;
    }
    group->health_change = n > 0 ? group->health_change / n : (double)NAN;
    if (!model) group->losses_change = NAN;
    if (!model || !arr) group->at_risk_change = NAN;
}

static hf_status count_groups(hf_scenario_counts *counts, const hf_context *context,
                              const hf_scenario_ground *ground, const hf_scenario_side side[2],
                              hf_error *error)
{
    const int32_t bands = ground->definition ? ground->definition->band_count : 0;
    const int64_t rows = side[0].frame->rows;
    grouping groups = {0};
    group_work all = {0}, *work = NULL;
    hf_status status;
    HF_TRY(done, find_groups(&groups, counts, context, ground, &side[0], error));
    counts->all.name = "all";
    HF_TRY(done, make_bands(&counts->all, context, bands, error));
    for (int32_t g = 0; g < groups.count; g++)
        HF_TRY(done, make_bands(&counts->groups[g], context, bands, error));
    work = hf_new(context, (size_t)groups.count, sizeof *work);
    if (!work) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < rows; i++) {
        const bool changed = counts->changes.row[i];
        add_row(&counts->all, &all, side, bands, i, changed);
        if (groups.count == 0) continue;
        const int32_t g = groups.codes && groups.of[i] < 0 ? groups.count - 1 : groups.of[i];
        add_row(&counts->groups[g], &work[g], side, bands, i, changed);
    }
    finish(&counts->all, &all, side);
    for (int32_t g = 0; g < groups.count; g++)
        finish(&counts->groups[g], &work[g], side);
    // A category without a missing value has no such group.
    if (groups.codes && counts->groups[groups.count - 1].accounts == 0) counts->group_count--;
done:
    hf_delete(context, work);
    return status;
}

// ---- moves -----------------------------------------------------------------------------------------------

static hf_status count_moves(hf_scenario_counts *counts, const hf_context *context,
                             const hf_scenario_side side[2], int32_t bands, hf_error *error)
{
    const size_t edge = (size_t)bands + 1;
    counts->moved = hf_new(context, edge * edge, sizeof *counts->moved);
    counts->moved_arr = hf_new(context, edge * edge, sizeof *counts->moved_arr);
    if (!counts->moved || !counts->moved_arr) return hf_fail_memory(error);
    for (int64_t i = 0; i < side[0].frame->rows; i++) {
        const int8_t from = side[0].night->health.band_raw[i], to = side[1].night->health.band_raw[i];
        const size_t at = (size_t)(from < 0 ? bands : from) * edge + (size_t)(to < 0 ? bands : to);
        counts->moved[at]++;
        counts->moved_arr[at] += side[0].arr ? or_zero(side[0].arr[i]) : 0;
    }
    return HF_OK;
}

// ---- orders ----------------------------------------------------------------------------------------------

typedef struct {
    double value;
    int64_t row;
} ordered;

static int by_value_falling(const void *a, const void *b)
{
    const ordered *x = a, *y = b;
    if (x->value != y->value) return x->value > y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

double hf_scenario_gain_of(const hf_scenario_side side[2], hf_scenario_gain gain, int64_t row)
{
    double value[2] = {0, 0};
    for (int s = 0; s < HF_SCENARIO_SIDES; s++) {
        if (gain == HF_GAIN_HEALTH)
            value[s] = side[s].night->health.health[row];
        else
            value[s] =
                -side[s].churn->probability[row] * (gain == HF_GAIN_AT_RISK ? or_zero(side[s].arr[row]) : 1);
    }
    return or_zero(value[1] - value[0]);
}

// The rows of the first `top` entries.
static hf_status take_rows(int64_t **out, int32_t *count, const hf_context *context, ordered *list, int64_t n,
                           int64_t top, hf_error *error)
{
    qsort(list, (size_t)n, sizeof *list, by_value_falling);
    *count = (int32_t)(n < top ? n : top);
    *out = hf_new(context, (size_t)*count, sizeof **out);
    if (!*out) return hf_fail_memory(error);
    for (int32_t i = 0; i < *count; i++)
        (*out)[i] = list[i].row;
    return HF_OK;
}

static hf_status find_gainers(hf_scenario_counts *counts, const hf_context *context,
                              const hf_scenario_side side[2], int64_t top, hf_error *error)
{
    const int64_t rows = side[0].frame->rows;
    hf_status status = HF_OK;
    ordered *list = hf_new_raw(context, (size_t)rows, sizeof *list);
    if (!list) return hf_fail_memory(error);
    counts->gain = !side[0].churn ? HF_GAIN_HEALTH : side[0].arr ? HF_GAIN_AT_RISK : HF_GAIN_PROBABILITY;
    for (int way = 1; way >= -1; way -= 2) {
        int64_t n = 0;
        for (int64_t i = 0; i < rows; i++) {
            const double value = way * hf_scenario_gain_of(side, counts->gain, i);
            if (value > 0) list[n++] = (ordered){value, i};
        }
        *(way > 0 ? &counts->gaining : &counts->losing) = n;
        HF_TRY(done, take_rows(way > 0 ? &counts->gainers : &counts->losers,
                               way > 0 ? &counts->gainer_count : &counts->loser_count, context, list, n, top,
                               error));
    }
done:
    hf_delete(context, list);
    return status;
}

// Marks the accounts of one side that a team with so much capacity would work: the likeliest to leave, or
// without a model those of the lowest health; unknown health comes last.
static void mark_list(uint8_t *mark, ordered *list, const hf_scenario_side *side, int64_t capacity,
                      uint8_t bit)
{
    const int64_t rows = side->frame->rows;
    if (side->churn) {
        for (int64_t i = 0; i < rows; i++)
            mark[i] |= side->churn->rank[i] <= capacity ? bit : 0;
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        const double health = side->night->health.health[i];
        list[i] = (ordered){isnan(health) ? -(double)INFINITY : -health, i};
    }
    qsort(list, (size_t)rows, sizeof *list, by_value_falling);
    for (int64_t k = 0; k < rows && k < capacity; k++)
        mark[list[k].row] |= bit;
}

static hf_status compare_lists(hf_scenario_counts *counts, const hf_context *context,
                               const hf_scenario_side side[2], int64_t capacity, hf_error *error)
{
    const int64_t rows = side[0].frame->rows;
    uint8_t *mark = hf_new(context, (size_t)rows, 1);
    ordered *list = hf_new_raw(context, (size_t)rows, sizeof *list);
    hf_status status = mark && list ? HF_OK : hf_fail_memory(error);
    for (int s = 0; s < HF_SCENARIO_SIDES && status == HF_OK; s++)
        mark_list(mark, list, &side[s], capacity, (uint8_t)(1 << s));
    for (int64_t i = 0; i < rows && status == HF_OK; i++)
        counts->stay += mark[i] == 3;
    counts->listed = capacity < rows ? capacity : rows;
    hf_delete(context, list);
    hf_delete(context, mark);
    return status;
}

// ---- all of it -------------------------------------------------------------------------------------------

hf_status hf_scenario_count(hf_scenario_counts *out, const hf_context *context,
                            const hf_scenario_ground *ground, const hf_scenario_side side[2], hf_error *error)
{
    hf_scenario_counts made = {.by = ""};
    const hf_whatif_scenario_job *job = ground->job;
    hf_status status;
    HF_TRY(done, find_changes(&made.changes, context, side[0].frame, side[1].frame, error));
    HF_TRY(done, count_groups(&made, context, ground, side, error));
    if (ground->definition)
        HF_TRY(done, count_moves(&made, context, side, ground->definition->band_count, error));
    HF_TRY(done, find_gainers(&made, context, side, job->top, error));
    if (job->capacity > 0) HF_TRY(done, compare_lists(&made, context, side, job->capacity, error));
    *out = made;
    made = (hf_scenario_counts){0};
done:
    hf_scenario_counts_free(context, &made);
    return status;
}

static void free_group(const hf_context *context, hf_scenario_group *group)
{
    for (int s = 0; s < HF_SCENARIO_SIDES; s++) {
        hf_delete(context, group->side[s].in_band);
        hf_delete(context, group->side[s].arr_in_band);
    }
}

void hf_scenario_counts_free(const hf_context *context, hf_scenario_counts *counts)
{
    // The group of missing values may have been left out of the count, and is made like the others.
    for (int32_t g = 0; counts->groups && g < counts->group_made; g++)
        free_group(context, &counts->groups[g]);
    free_group(context, &counts->all);
    hf_delete(context, counts->groups);
    hf_delete(context, counts->changes.row);
    hf_delete(context, counts->changes.column);
    hf_delete(context, counts->moved);
    hf_delete(context, counts->moved_arr);
    hf_delete(context, counts->gainers);
    hf_delete(context, counts->losers);
}
