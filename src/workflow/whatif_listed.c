// SPDX-License-Identifier: Apache-2.0
//
// What is told of a listed weighting, as JSON: its weights, its bands and moves, and what it is worth: held
// to what happened beside the present weights, with the same accounts drawn for both.
#include "workflow/whatif_listed.h"

#include <math.h>
#include <string.h>

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

static json_t *verdict_json(const hf_whatif_judging *j, const hf_verdict *v, bool itself)
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
static hf_status judge_rows(json_t **out, const hf_whatif_judging *j, const hf_whatif_listed *l,
                            int64_t begin, int64_t end, hf_error *error)
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

static hf_status put_rows(json_t *object, const char *key, const hf_whatif_judging *j,
                          const hf_whatif_listed *l, int64_t begin, int64_t end, hf_error *error)
{
    json_t *made;
    hf_status status = judge_rows(&made, j, l, begin, end, error);
    if (status != HF_OK || !made) return status;
    return json_object_set_new(object, key, made) == 0 ? HF_OK : hf_fail_memory(error);
}

// All dates together, and with a split the earlier and the later ones; then each date.
static hf_status put_judged(json_t *object, const hf_whatif_judging *j, const hf_whatif_listed *l,
                            hf_error *error)
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

// Bands by name: accounts and ARR, best last, then unknown; and the rows of the moves.
static void put_bands(json_t *object, const hf_whatif_judging *j, const hf_whatif_listed *l, int *bad)
{
    const hf_definition *before = j->w->present.definition, *after = l->definition;
    const int32_t rows = before->band_count + 1, columns = after->band_count + 1;
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
        json_t *one = json_pack("{s:s, s:I}", "band", hf_whatif_band_name(after, to - 1), "accounts",
                                (json_int_t)accounts);
        if (money) *bad |= json_object_set_new(one, "arr", json_real(arr));
        *bad |= json_array_append_new(bands, one);
    }
    for (int32_t from = 0; from < rows; from++)
        for (int32_t to = 0; to < columns; to++) {
            const ptrdiff_t cell = (ptrdiff_t)from * columns + to;
            if (l->moved[cell] == 0) continue;
            json_t *one =
                json_pack("{s:s, s:s, s:I}", "from", hf_whatif_band_name(before, from - 1), "to",
                          hf_whatif_band_name(after, to - 1), "accounts", (json_int_t)l->moved[cell]);
            if (money) *bad |= json_object_set_new(one, "arr", json_real(l->moved_arr[cell]));
            *bad |= json_array_append_new(moves, one);
        }
    *bad |= json_object_set_new(object, "bands", bands);
    *bad |= json_object_set_new(object, "moves", moves);
}

static json_t *who_json(const hf_whatif_judging *j, const hf_whatif_listed *l, int *bad)
{
    json_t *list = json_array();
    const bool money = j->w->present.definition->arr[0] != '\0';
    for (int32_t i = 0; i < l->who_count; i++) {
        const hf_whatif_crosser *c = &l->who[i];
        json_t *one = json_pack("{s:s, s:s, s:s, s:o, s:o}", "account", l->who_id[i], "from",
                                hf_whatif_band_name(j->w->present.definition, c->from), "to",
                                hf_whatif_band_name(l->definition, c->to), "health", number(c->before),
                                "otherwise", number(c->after));
        if (money) *bad |= json_object_set_new(one, "arr", json_real(c->arr));
        *bad |= json_array_append_new(list, one);
    }
    return list;
}

hf_status hf_whatif_put_listed(json_t *list, const hf_whatif_judging *j, const hf_whatif_listed *l,
                               hf_error *error)
{
    static const char *const kinds[] = {"present", "set", "candidate", "one at a time", "grid", "draw"};
    const hf_whatif_weighing *w = j->w;
    int bad = 0;
    const char *slash = l->at < 0 ? strrchr(l->definition->path, '/') : NULL;
    char name[256];
    snprintf(name, sizeof name, "%s",
             l->at >= 0 ? w->set.name[l->at].name
             : slash    ? slash + 1
                        : l->definition->path);
    hf_weighting_name_end(name);
    json_t *one = json_pack("{s:i, s:s, s:s, s:b}", "place", (int)(l - j->list), "name", name, "kind",
                            kinds[l->at < 0 ? HF_WEIGHTING_CANDIDATE : w->set.name[l->at].kind],
                            "weights_alone", l->at >= 0);
    bad |= json_array_append_new(list, one);
    bad |= json_object_set_new(one, "weights",
                               l->at >= 0 ? hf_whatif_changes_json(&w->set, l->at, &bad) : json_object());
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
