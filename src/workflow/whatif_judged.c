// SPDX-License-Identifier: Apache-2.0
//
// The listed weightings, exactly: a second walk over the nights scores every account by each of them as the
// fleet pass does, counts who moves, and lays the scores of labelled accounts side by side.
#include "workflow/whatif_listed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int32_t bands_of(const hf_definition *d)
{
    return d->band_count + 1;
}

const char *hf_whatif_band_name(const hf_definition *d, int32_t band)
{
    return band < 0 ? "unknown" : d->bands[band].name;
}

// ---- one night -------------------------------------------------------------------------------------------

// Scores of all accounts under one weighting. Owned.
typedef struct {
    double *health;
    int8_t *band;
    int64_t *order; // scratch: rows by health
    bool *on_list;
} exact_scores;

static void free_scores(const hf_context *context, exact_scores *s)
{
    hf_delete(context, s->health);
    hf_delete(context, s->band);
    hf_delete(context, s->order);
    hf_delete(context, s->on_list);
}

static hf_status make_scores(exact_scores *s, const hf_context *context, int64_t rows, hf_error *error)
{
    s->health = hf_new_raw(context, (size_t)rows, sizeof *s->health);
    s->band = hf_new_raw(context, (size_t)rows, sizeof *s->band);
    s->order = hf_new_raw(context, (size_t)rows, sizeof *s->order);
    s->on_list = hf_new_raw(context, (size_t)rows, sizeof *s->on_list);
    return s->health && s->band && s->order && s->on_list ? HF_OK : hf_fail_memory(error);
}

static int by_health(const void *a, const void *b, void *user)
{
    const double *health = user, x = health[*(const int64_t *)a], y = health[*(const int64_t *)b];
    if (x != y) return x < y ? -1 : 1;
    return *(const int64_t *)a < *(const int64_t *)b ? -1 : 1;
}

// The accounts of the lowest health; of equals those that stand first in the snapshot.
static int64_t take_list(exact_scores *s, int64_t rows, int64_t capacity)
{
    int64_t known = 0;
    memset(s->on_list, 0, (size_t)rows * sizeof *s->on_list);
    if (capacity == 0) return 0;
    for (int64_t i = 0; i < rows; i++)
        if (!isnan(s->health[i])) s->order[known++] = i;
    qsort_r(s->order, (size_t)known, sizeof *s->order, by_health, s->health);
    if (capacity > known) capacity = known;
    for (int64_t i = 0; i < capacity; i++)
        s->on_list[s->order[i]] = true;
    return capacity;
}

// The present night and what is weighed on it.
typedef struct {
    int32_t k;
    const hf_whatif_scored *scored;
    const hf_whatif_fleet *fleet;
    const exact_scores *present; // under the present weights
} night_view;

static void count_moves(hf_whatif_listed *l, const night_view *v, const exact_scores *s,
                        const hf_definition *before)
{
    const int32_t after = bands_of(l->definition);
    for (int64_t i = 0; i < v->scored->health.rows; i++) {
        const int8_t from = v->present->band[i], to = s->band[i];
        const ptrdiff_t cell = (ptrdiff_t)(from + 1) * after + to + 1;
        const double arr = v->scored->arr ? v->scored->arr[i] : NAN;
        l->moved[cell]++;
        l->moved_arr[cell] += isnan(arr) ? 0 : arr;
        l->overlap += s->on_list[i] && v->present->on_list[i];
        if (from < 0 || to < 0 ||
            strcmp(hf_whatif_band_name(before, from), hf_whatif_band_name(l->definition, to)) == 0)
            continue;
        l->better += to > from;
        l->worse += to < from;
    }
}

static bool before_in_list(const hf_whatif_crosser *a, const hf_whatif_crosser *b)
{
    if (a->arr != b->arr) return a->arr > b->arr;
    const double x = fabs(a->after - a->before), y = fabs(b->after - b->before);
    return x != y ? x > y : a->row < b->row;
}

// Of those whose band changes the ones with most ARR; without any, those whose health moves most.
static void name_crossers(hf_whatif_listed *l, const night_view *v, const exact_scores *s,
                          const hf_definition *before)
{
    for (int64_t i = 0; i < v->scored->health.rows; i++) {
        if (strcmp(hf_whatif_band_name(before, v->present->band[i]),
                   hf_whatif_band_name(l->definition, s->band[i])) == 0)
            continue;
        const double arr = v->scored->arr ? v->scored->arr[i] : NAN;
        hf_whatif_crosser c = {
            i, isnan(arr) ? 0 : arr, v->present->health[i], s->health[i], v->present->band[i], s->band[i]};
        int32_t at = l->who_count;
        if (at == HF_WHATIF_CROSSERS && !before_in_list(&c, &l->who[at - 1])) continue;
        if (at < HF_WHATIF_CROSSERS) l->who_count++;
        if (at == HF_WHATIF_CROSSERS) at--;
        for (; at > 0 && before_in_list(&c, &l->who[at - 1]); at--)
            l->who[at] = l->who[at - 1];
        l->who[at] = c;
    }
    for (int32_t i = 0; i < l->who_count; i++) {
        size_t length;
        const char *id = hf_frame_id(v->scored->frame, l->who[i].row, &length);
        snprintf(l->who_id[i], sizeof l->who_id[i], "%.*s", (int)length, id);
    }
}

// Agreement on a sample of the accounts, drawn without replacement.
static hf_status agree(hf_whatif_listed *l, hf_whatif_judging *j, const night_view *v, const exact_scores *s,
                       hf_error *error)
{
    const hf_context *context = j->w->context;
    const int64_t rows = v->scored->health.rows;
    const int32_t n = rows < HF_WHATIF_SAMPLE ? (int32_t)rows : HF_WHATIF_SAMPLE;
    hf_random random = hf_random_seed(j->w->job->seed, 0x61677265);
    int64_t *place = hf_new_raw(context, (size_t)rows, sizeof *place);
    double *both = hf_new_raw(context, 2 * (size_t)n, sizeof *both);
    hf_status status = place && both ? HF_OK : hf_fail_memory(error);
    for (int64_t i = 0; status == HF_OK && i < rows; i++)
        place[i] = i;
    for (int32_t i = 0; status == HF_OK && i < n; i++) {
        const int64_t other = i + (int64_t)hf_random_below(&random, (uint64_t)(rows - i)), row = place[other];
        place[other] = place[i];
        both[i] = v->present->health[row];
        both[n + i] = s->health[row];
    }
    if (status == HF_OK)
        status = hf_rank_agreement(&l->spearman, &l->kendall, context, both, both + n, n, error);
    j->sample = n;
    hf_delete(context, place);
    hf_delete(context, both);
    return status;
}

static hf_status score_by(exact_scores *s, const hf_whatif_listed *l, const hf_whatif_weighing *w,
                          const night_view *v, hf_error *error)
{
    hf_whatif_scored scored = {0};
    const int64_t rows = v->scored->health.rows;
    if (l->at >= 0) return hf_whatif_exact(s->health, s->band, v->fleet, &w->set.weights, l->at, error);
    hf_status status = hf_whatif_score(&scored, l->other, w->nights.nights[v->k].as_of, error);
    if (status != HF_OK) return status;
    memcpy(s->health, scored.health.health, (size_t)rows * sizeof *s->health);
    memcpy(s->band, scored.health.band_raw, (size_t)rows * sizeof *s->band);
    hf_whatif_scored_free(&scored);
    return HF_OK;
}

static hf_status judge_one(hf_whatif_judging *j, hf_whatif_listed *l, const night_view *v, exact_scores *s,
                           hf_error *error)
{
    const hf_whatif_nights *n = &j->w->nights;
    const hf_definition *before = j->w->present.definition;
    hf_status status;
    HF_TRY(done, score_by(s, l, j->w, v, error));
    take_list(s, v->scored->health.rows, j->w->job->capacity);
    count_moves(l, v, s, before);
    for (int64_t i = n->first[v->k]; i < n->first[v->k + 1]; i++)
        l->p[i] = 1 - fmin(fmax(s->health[n->row[i]], 0), 100) / 100;
    for (int64_t i = n->first[v->k]; i < n->first[v->k + 1]; i++)
        if (isnan(s->health[n->row[i]])) l->p[i] = NAN;
    if (v->k < n->count - 1) goto done;
    name_crossers(l, v, s, before);
    HF_TRY(done, agree(l, j, v, s, error));
done:
    return status;
}

static hf_status judge_night(hf_whatif_judging *j, int32_t k, hf_error *error)
{
    hf_whatif_weighing *w = j->w;
    const hf_whatif_nights *n = &w->nights;
    hf_whatif_scored scored = {0};
    hf_whatif_fleet *fleet = NULL;
    exact_scores present = {0}, now = {0};
    hf_status status;
    HF_TRY(done, hf_whatif_score(&scored, &w->present, n->nights[k].as_of, error));
    const int64_t rows = scored.health.rows;
    const hf_whatif_night night = {scored.plan, &scored.health, NULL, scored.arr, 0};
    HF_TRY(done, hf_whatif_fleet_create(&fleet, w->quiet, &night, error));
    HF_TRY(done, make_scores(&present, w->context, rows, error));
    HF_TRY(done, make_scores(&now, w->context, rows, error));
    memcpy(present.health, scored.health.health, (size_t)rows * sizeof *present.health);
    memcpy(present.band, scored.health.band_raw, (size_t)rows * sizeof *present.band);
    j->listed_rows += take_list(&present, rows, w->job->capacity);
    const night_view view = {k, &scored, fleet, &present};
    for (int32_t i = 0; i < w->listed_count; i++)
        HF_TRY(done, judge_one(j, &j->list[i], &view, &now, error));
    for (int64_t i = n->first[k]; j->arr && i < n->first[k + 1]; i++)
        j->arr[i] = isnan(scored.arr[n->row[i]]) ? 0 : scored.arr[n->row[i]];
done:
    free_scores(w->context, &present);
    free_scores(w->context, &now);
    hf_whatif_fleet_destroy(fleet);
    hf_whatif_scored_free(&scored);
    return status;
}

// ---- the walk --------------------------------------------------------------------------------------------

static hf_status prepare(hf_whatif_judging *j, hf_error *error)
{
    const hf_whatif_weighing *w = j->w;
    j->list = hf_new(w->context, (size_t)w->listed_count, sizeof *j->list);
    if (!j->list) return hf_fail_memory(error);
    for (int32_t i = 0; i < w->listed_count; i++) {
        hf_whatif_listed *l = &j->list[i];
        const int32_t at = w->listed[i];
        l->at = at < w->set.weights.count ? at : -1;
        l->other = l->at < 0 ? &w->others[at - w->set.weights.count] : NULL;
        l->definition = l->other ? l->other->definition : w->present.definition;
        const size_t cells = (size_t)bands_of(w->present.definition) * (size_t)bands_of(l->definition);
        l->moved = hf_new(w->context, cells, sizeof *l->moved);
        l->moved_arr = hf_new(w->context, cells, sizeof *l->moved_arr);
        l->p = hf_new_raw(w->context, (size_t)w->nights.labelled + 1, sizeof *l->p);
        if (!l->moved || !l->moved_arr || !l->p) return hf_fail_memory(error);
    }
    if (w->present.definition->arr[0] != '\0' && w->nights.with_outcomes) {
        j->arr = hf_new(w->context, (size_t)w->nights.labelled + 1, sizeof *j->arr);
        if (!j->arr) return hf_fail_memory(error);
    }
    return HF_OK;
}

// ARR below 0 is no money to lose.
static void check_arr(hf_whatif_judging *j)
{
    for (int64_t i = 0; j->arr && i < j->w->nights.labelled; i++)
        if (!(j->arr[i] >= 0) || isinf(j->arr[i])) {
            hf_warn(j->w->context, "some ARR is below 0; what is caught is told in accounts alone");
            hf_delete(j->w->context, j->arr);
            j->arr = NULL;
        }
}

hf_status hf_whatif_judge(hf_whatif_weighing *w, hf_error *error)
{
    hf_whatif_judging j = {.w = w};
    json_t *list = json_array();
    hf_status status =
        list && json_object_set_new(w->result, "weightings", list) == 0 ? HF_OK : hf_fail_memory(error);
    int bad = 0;
    if (status != HF_OK) return status;
    HF_TRY(done, prepare(&j, error));
    for (int32_t k = 0; k < w->nights.count; k++) {
        HF_TRY(done, hf_check_cancel(w->context, error));
        hf_progress(w->context, "scoring exactly", k, w->nights.count);
        HF_TRY(done, judge_night(&j, k, error));
    }
    hf_progress(w->context, "scoring exactly", w->nights.count, w->nights.count);
    check_arr(&j);
    for (int32_t i = 0; i < w->listed_count; i++) {
        HF_TRY(done, hf_check_cancel(w->context, error));
        HF_TRY(done, hf_whatif_put_listed(list, &j, &j.list[i], error));
    }
    bad |= json_object_set_new(w->result, "sample", json_integer(j.sample));
    if (w->job->capacity > 0)
        bad |= json_object_set_new(w->result, "red_list", json_integer((json_int_t)j.listed_rows));
    if (w->nights.with_outcomes)
        bad |= json_object_set_new(w->result, "ledger", hf_ledger_to_json(&w->nights.ledger));
    if (bad) status = hf_fail_memory(error);
done:
    for (int32_t i = 0; j.list && i < w->listed_count; i++) {
        hf_delete(w->context, j.list[i].moved);
        hf_delete(w->context, j.list[i].moved_arr);
        hf_delete(w->context, j.list[i].p);
    }
    hf_delete(w->context, j.list);
    hf_delete(w->context, j.arr);
    return status;
}
