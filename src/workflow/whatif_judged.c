// SPDX-License-Identifier: Apache-2.0
//
// The listed weightings, exactly: a second walk over the nights scores every account by each of them as the
// fleet pass does, counts who moves, and lays the scores of labelled accounts side by side, so that each can
// be held to what happened, beside the present weights, with the same accounts drawn for both.
#include "workflow/whatif_weighing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CROSSERS = 5 }; // accounts named a weighting

typedef struct {
    int64_t row;
    double arr, before, after;
    int8_t from, to;
} crosser;

// One listed weighting, over all nights.
typedef struct {
    int32_t at;                       // in the set; -1: a definition of its own
    const hf_whatif_scorecard *other; // that definition
    const hf_definition *definition;  // whose bands it falls in
    int64_t *moved;                   // owned: bands before + 1 x bands after + 1
    double *moved_arr;                // owned
    int64_t better, worse;            // by the edge of the band
    double overlap;                   // accounts in both red lists
    double spearman, kendall;         // on the last night
    crosser who[CROSSERS];            // on the last night
    char who_id[CROSSERS][HF_ID_LIMIT + 1];
    int32_t who_count;
    double *p; // owned: of every labelled row 1 - health / 100, NaN where it has none
} listed;

typedef struct {
    hf_whatif_weighing *w;
    listed *list;        // owned
    double *arr;         // owned: of every labelled row; NULL without
    int64_t listed_rows; // on the present red lists of all nights
    int32_t sample;      // accounts that agreement was taken on
} judging;

static int32_t bands_of(const hf_definition *d)
{
    return d->band_count + 1;
}

static const char *band_name(const hf_definition *d, int32_t band)
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

static void count_moves(listed *l, const night_view *v, const exact_scores *s, const hf_definition *before)
{
    const int32_t after = bands_of(l->definition);
    for (int64_t i = 0; i < v->scored->health.rows; i++) {
        const int8_t from = v->present->band[i], to = s->band[i];
        const ptrdiff_t cell = (ptrdiff_t)(from + 1) * after + to + 1;
        const double arr = v->scored->arr ? v->scored->arr[i] : NAN;
        l->moved[cell]++;
        l->moved_arr[cell] += isnan(arr) ? 0 : arr;
        l->overlap += s->on_list[i] && v->present->on_list[i];
        if (from < 0 || to < 0 || strcmp(band_name(before, from), band_name(l->definition, to)) == 0)
            continue;
        l->better += to > from;
        l->worse += to < from;
    }
}

static bool before_in_list(const crosser *a, const crosser *b)
{
    if (a->arr != b->arr) return a->arr > b->arr;
    const double x = fabs(a->after - a->before), y = fabs(b->after - b->before);
    return x != y ? x > y : a->row < b->row;
}

// Of those whose band changes the ones with most ARR; without any, those whose health moves most.
static void name_crossers(listed *l, const night_view *v, const exact_scores *s, const hf_definition *before)
{
    for (int64_t i = 0; i < v->scored->health.rows; i++) {
        if (strcmp(band_name(before, v->present->band[i]), band_name(l->definition, s->band[i])) == 0)
            continue;
        const double arr = v->scored->arr ? v->scored->arr[i] : NAN;
        crosser c = {
            i, isnan(arr) ? 0 : arr, v->present->health[i], s->health[i], v->present->band[i], s->band[i]};
        int32_t at = l->who_count;
        if (at == CROSSERS && !before_in_list(&c, &l->who[at - 1])) continue;
        if (at < CROSSERS) l->who_count++;
        if (at == CROSSERS) at--;
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
static hf_status agree(listed *l, judging *j, const night_view *v, const exact_scores *s, hf_error *error)
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

static hf_status score_by(exact_scores *s, const listed *l, const hf_whatif_weighing *w, const night_view *v,
                          hf_error *error)
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

static hf_status judge_one(judging *j, listed *l, const night_view *v, exact_scores *s, hf_error *error)
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

static hf_status judge_night(judging *j, int32_t k, hf_error *error)
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

// ---- what happened ---------------------------------------------------------------------------------------

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

typedef struct {
    const char *key;
    size_t offset; // in hf_judgement
    bool capacity, money;
} figure;

#define WORKED(field) offsetof(hf_judgement, worked) + offsetof(hf_worked, field)
static const figure figures[] = {
    {"auc", offsetof(hf_judgement, figure) + HF_FIGURE_auc * sizeof(double), false, false},
    {"lift", offsetof(hf_judgement, figure) + HF_FIGURE_lift_10 * sizeof(double), false, false},
    {"caught", WORKED(caught), true, false},
    {"recall", WORKED(recall), true, false},
    {"arr_caught", WORKED(arr_caught), true, true},
    {"arr_recall", WORKED(arr_recall), true, true},
};
#undef WORKED

static double value_of(const hf_judgement *judgement, size_t offset)
{
    return *(const double *)(const void *)((const char *)judgement + offset);
}

static json_t *verdict_json(const judging *j, const hf_verdict *v, bool itself)
{
    json_t *out = json_pack("{s:I, s:I, s:I}", "rows", (json_int_t)v->rows, "events", (json_int_t)v->events,
                            "accounts", (json_int_t)v->accounts);
    for (size_t f = 0; f < sizeof figures / sizeof *figures; f++) {
        const figure *g = &figures[f];
        if ((g->capacity && j->w->job->capacity == 0) || (g->money && !j->arr)) continue;
        json_t *one = json_object();
        json_object_set_new(one, "value", number(value_of(&v->score.value, g->offset)));
        if (itself) {
            json_object_set_new(one, "low", number(value_of(&v->score.low, g->offset)));
            json_object_set_new(one, "high", number(value_of(&v->score.high, g->offset)));
        } else {
            json_object_set_new(one, "difference", number(value_of(&v->difference.value, g->offset)));
            json_object_set_new(one, "low", number(value_of(&v->difference.low, g->offset)));
            json_object_set_new(one, "high", number(value_of(&v->difference.high, g->offset)));
            json_object_set_new(one, "better", number(value_of(&v->better, g->offset)));
        }
        json_object_set_new(out, g->key, one);
    }
    return out;
}

// Rows [begin, end) of those labelled that have a health under both weightings, as hf_judge takes them.
static hf_status judge_rows(json_t **out, const judging *j, const listed *l, int64_t begin, int64_t end,
                            hf_error *error)
{
    const hf_whatif_nights *n = &j->w->nights;
    const hf_whatif_weights_job *job = j->w->job;
    const hf_context *context = j->w->context;
    const size_t most = (size_t)(end - begin) + 1;
    const bool itself = l == j->list;
    hf_verdict *verdict = hf_new(context, 1, sizeof *verdict);
    double *p = hf_new_raw(context, most, 3 * sizeof *p), *against = p ? p + most : NULL;
    uint8_t *label = hf_new_raw(context, most, 1);
    int64_t *cluster = hf_new_raw(context, most, sizeof *cluster), rows = 0;
    hf_date *date = hf_new_raw(context, most, sizeof *date);
    hf_status status = HF_OK;
    *out = NULL;
    if (!verdict || !p || !label || !cluster || !date) {
        status = hf_fail_memory(error);
        goto done;
    }
    double *arr = against + most;
    for (int64_t i = begin; i < end; i++) {
        if (isnan(l->p[i]) || isnan(j->list[0].p[i])) continue;
        p[rows] = l->p[i];
        against[rows] = j->list[0].p[i];
        label[rows] = n->label[i];
        cluster[rows] = n->cluster[i];
        date[rows] = n->as_of[i];
        arr[rows++] = j->arr ? j->arr[i] : 0;
    }
    if (rows == 0) goto done;
    const hf_judged_rows judged = {
        rows, label, cluster, date, j->arr ? arr : NULL, &job->capacity, job->capacity > 0, false};
    HF_TRY(done, hf_judge(verdict, j->w->quiet, &judged, p, itself ? NULL : against, job->replicates,
                          job->alpha, job->seed, error));
    *out = verdict_json(j, verdict, itself);
    if (!*out) status = hf_fail_memory(error);
done:
    hf_delete(context, verdict);
    hf_delete(context, p);
    hf_delete(context, label);
    hf_delete(context, cluster);
    hf_delete(context, date);
    return status;
}

static hf_status put_rows(json_t *object, const char *key, const judging *j, const listed *l, int64_t begin,
                          int64_t end, hf_error *error)
{
    json_t *made;
    hf_status status = judge_rows(&made, j, l, begin, end, error);
    if (status != HF_OK || !made) return status;
    return json_object_set_new(object, key, made) == 0 ? HF_OK : hf_fail_memory(error);
}

// All dates together, and with a split the earlier and the later ones; then each date.
static hf_status put_judged(json_t *object, const judging *j, const listed *l, hf_error *error)
{
    const hf_whatif_nights *n = &j->w->nights;
    json_t *judged = json_object(), *dates = json_array();
    char date[11];
    hf_status status = judged && dates && json_object_set_new(object, "judged", judged) == 0 &&
                               json_object_set_new(judged, "dates", dates) == 0
                           ? HF_OK
                           : hf_fail_memory(error);
    if (status != HF_OK) goto done;
    HF_TRY(done, put_rows(judged, "pooled", j, l, 0, n->labelled, error));
    if (j->w->split) {
        HF_TRY(done, put_rows(judged, "earlier", j, l, 0, n->first[j->w->chosen], error));
        HF_TRY(done, put_rows(judged, "later", j, l, n->first[j->w->later], n->labelled, error));
    }
    for (int32_t k = 0; k < n->count; k++) {
        json_t *one;
        HF_TRY(done, judge_rows(&one, j, l, n->first[k], n->first[k + 1], error));
        if (!one) continue;
        hf_date_format(n->nights[k].as_of, date);
        if (json_object_set_new(one, "as_of", json_string(date)) != 0 ||
            json_array_append_new(dates, one) != 0)
            HF_TRY(done, hf_fail_memory(error));
    }
done:
    return status;
}

// ---- as JSON ---------------------------------------------------------------------------------------------

static json_t *weights_json(const judging *j, const listed *l, int *bad)
{
    const hf_definition *d = j->w->present.definition;
    json_t *weights = json_object();
    hf_weight_edit *changes =
        hf_new(j->w->context, (size_t)d->segment_count * (size_t)(d->group_count + d->measure_count),
               sizeof *changes);
    hf_text path;
    hf_text_init(&path, j->w->context);
    *bad |= !changes;
    const int32_t count = changes && l->at >= 0 ? hf_weighting_changes(changes, &j->w->set, l->at) : 0;
    for (int32_t i = 0; i < count; i++) {
        const hf_weight_edit *c = &changes[i];
        const hf_segment *s = &d->segments[c->segment];
        hf_text_clear(&path);
        hf_weighting_path(&path, d, c);
        *bad |= hf_text_status(&path, NULL) != HF_OK;
        if (*bad) break;
        *bad |= json_object_set_new(
            weights, path.data,
            json_pack("{s:f, s:f}", "from",
                      c->measure < 0 ? s->group_weight[c->group] : s->measure_weight[c->measure], "to",
                      c->value));
    }
    hf_text_free(&path);
    hf_delete(j->w->context, changes);
    return weights;
}

// Bands by name: accounts and ARR, best last, then unknown; and the rows of the moves.
static void put_bands(json_t *object, const judging *j, const listed *l, int *bad)
{
    const hf_definition *before = j->w->present.definition, *after = l->definition;
    const int32_t rows = bands_of(before), columns = bands_of(after);
    const bool money = before->arr[0] != '\0';
    json_t *bands = json_array(), *moves = json_array();
    for (int32_t b = 0; b < columns; b++) {
        const int32_t to = (b + 1) % columns; // unknown last
        int64_t accounts = 0;
        double arr = 0;
        for (int32_t from = 0; from < rows; from++) {
            accounts += l->moved[(ptrdiff_t)from * columns + to];
            arr += l->moved_arr[(ptrdiff_t)from * columns + to];
        }
        json_t *one =
            json_pack("{s:s, s:I}", "band", band_name(after, to - 1), "accounts", (json_int_t)accounts);
        if (money) *bad |= json_object_set_new(one, "arr", json_real(arr));
        *bad |= json_array_append_new(bands, one);
    }
    for (int32_t from = 0; from < rows; from++)
        for (int32_t to = 0; to < columns; to++) {
            const ptrdiff_t cell = (ptrdiff_t)from * columns + to;
            if (l->moved[cell] == 0) continue;
            json_t *one = json_pack("{s:s, s:s, s:I}", "from", band_name(before, from - 1), "to",
                                    band_name(after, to - 1), "accounts", (json_int_t)l->moved[cell]);
            if (money) *bad |= json_object_set_new(one, "arr", json_real(l->moved_arr[cell]));
            *bad |= json_array_append_new(moves, one);
        }
    *bad |= json_object_set_new(object, "bands", bands);
    *bad |= json_object_set_new(object, "moves", moves);
}

static json_t *who_json(const judging *j, const listed *l, int *bad)
{
    json_t *list = json_array();
    const bool money = j->w->present.definition->arr[0] != '\0';
    for (int32_t i = 0; i < l->who_count; i++) {
        const crosser *c = &l->who[i];
        json_t *one =
            json_pack("{s:s, s:s, s:s, s:o, s:o}", "account", l->who_id[i], "from",
                      band_name(j->w->present.definition, c->from), "to", band_name(l->definition, c->to),
                      "health", number(c->before), "otherwise", number(c->after));
        if (money) *bad |= json_object_set_new(one, "arr", json_real(c->arr));
        *bad |= json_array_append_new(list, one);
    }
    return list;
}

static hf_status put_listed(json_t *list, const judging *j, const listed *l, hf_error *error)
{
    static const char *const kinds[] = {"present", "set", "candidate", "one at a time", "grid", "draw"};
    const hf_whatif_weighing *w = j->w;
    int bad = 0;
    const char *slash = l->at < 0 ? strrchr(l->definition->path, '/') : NULL;
    const char *name = l->at >= 0 ? w->set.name[l->at].name : slash ? slash + 1 : l->definition->path;
    json_t *one = json_pack("{s:i, s:s, s:s, s:b}", "place", (int)(l - j->list), "name", name, "kind",
                            kinds[l->at < 0 ? HF_WEIGHTING_CANDIDATE : w->set.name[l->at].kind],
                            "weights_alone", l->at >= 0);
    bad |= json_array_append_new(list, one);
    bad |= json_object_set_new(one, "weights", weights_json(j, l, &bad));
    put_bands(one, j, l, &bad);
    bad |= json_object_set_new(one, "better", json_integer((json_int_t)l->better));
    bad |= json_object_set_new(one, "worse", json_integer((json_int_t)l->worse));
    bad |= json_object_set_new(one, "spearman", number(l->spearman));
    bad |= json_object_set_new(one, "kendall", number(l->kendall));
    if (w->job->capacity > 0) bad |= json_object_set_new(one, "overlap", json_real(l->overlap));
    bad |= json_object_set_new(one, "who", who_json(j, l, &bad));
    if (bad) return hf_fail_memory(error);
    return w->nights.with_outcomes ? put_judged(one, j, l, error) : HF_OK;
}

// ---- the walk --------------------------------------------------------------------------------------------

static hf_status prepare(judging *j, hf_error *error)
{
    const hf_whatif_weighing *w = j->w;
    j->list = hf_new(w->context, (size_t)w->listed_count, sizeof *j->list);
    if (!j->list) return hf_fail_memory(error);
    for (int32_t i = 0; i < w->listed_count; i++) {
        listed *l = &j->list[i];
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
static void check_arr(judging *j)
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
    judging j = {.w = w};
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
        HF_TRY(done, put_listed(list, &j, &j.list[i], error));
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
