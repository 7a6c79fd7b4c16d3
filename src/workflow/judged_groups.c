// SPDX-License-Identifier: Apache-2.0
//
// Judges rows together: all of them, each date, the dates after training, each segment. Every group has a
// bootstrap of its own over its own accounts.
#include "metrics/metrics_room.h"
#include "report/report_room.h"
#include "workflow/judged.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    const hf_judged *judged;
    hf_context *quiet; // owned: progress is told by groups
    const hf_evaluate_job *job;
    const hf_training_window *window; // of two models; NULL: nothing was trained before
    int64_t *row;                     // owned: the rows of a group
    hf_judged_group pooled, later;
    bool has_later;
    hf_judged_group *dates, *segments; // owned
    int32_t date_count, segment_count;
    hf_date *date;     // owned: the distinct dates
    char (*names)[11]; // owned: of the dates
    int64_t done, groups;
} grouping;

static void grouping_free(const hf_context *context, grouping *g)
{
    hf_delete(context, g->row);
    hf_delete(context, g->dates);
    hf_delete(context, g->segments);
    hf_delete(context, g->date);
    hf_delete(context, g->names);
    hf_context_destroy(g->quiet);
}

// ---- one group -------------------------------------------------------------------------------------------

// The rows of a group, in arrays of their own.
typedef struct {
    double *probability, *against, *arr;
    uint8_t *label;
    int64_t *cluster;
    hf_date *date;
} columns;

static void columns_free(const hf_context *context, columns *c)
{
    hf_delete(context, c->probability);
    hf_delete(context, c->against);
    hf_delete(context, c->arr);
    hf_delete(context, c->label);
    hf_delete(context, c->cluster);
    hf_delete(context, c->date);
}

static hf_status columns_create(columns *out, const hf_judged *judged, const int64_t *row, int64_t count,
                                hf_error *error)
{
    const hf_context *context = judged->context;
    const size_t n = (size_t)count;
    columns c = {.probability = hf_new_raw(context, n, sizeof *c.probability),
                 .label = hf_new_raw(context, n, sizeof *c.label),
                 .cluster = hf_new_raw(context, n, sizeof *c.cluster)};
    if (judged->against) c.against = hf_new_raw(context, n, sizeof *c.against);
    if (judged->arr) c.arr = hf_new_raw(context, n, sizeof *c.arr);
    if (judged->as_of) c.date = hf_new_raw(context, n, sizeof *c.date);
    const bool made = c.probability && c.label && c.cluster && (!judged->against || c.against) &&
                      (!judged->arr || c.arr) && (!judged->as_of || c.date);
    if (!made) {
        columns_free(context, &c);
        return hf_fail_memory(error);
    }
    for (int64_t i = 0; i < count; i++) {
        c.probability[i] = judged->probability[row[i]];
        c.label[i] = judged->label[row[i]];
        c.cluster[i] = judged->cluster[row[i]];
        if (c.against) c.against[i] = judged->against[row[i]];
        if (c.arr) c.arr[i] = judged->arr[row[i]];
        if (c.date) c.date[i] = judged->as_of[row[i]];
    }
    *out = c;
    return HF_OK;
}

// Judges the first `count` of g->row.
static hf_status judge_group(hf_judged_group *out, grouping *g, const char *name, hf_seen seen, int64_t count,
                             hf_error *error)
{
    const hf_evaluate_job *job = g->job;
    const hf_context *context = g->judged->context;
    columns c = {0};
    hf_status status = columns_create(&c, g->judged, g->row, count, error);
    if (status != HF_OK) return status;
    hf_progress(context, "judging", g->done++, g->groups);
    const hf_judged_rows rows = {.rows = count,
                                 .label = c.label,
                                 .cluster = c.cluster,
                                 .date = c.date,
                                 .arr = c.arr,
                                 .capacity = job->capacity,
                                 .capacities = job->capacity_count,
                                 .rank_by_arr = job->rank_by_arr};
    status = hf_judge(&out->verdict, g->quiet, &rows, c.probability, c.against, job->replicates, job->alpha,
                      job->fit.seed, error);
    columns_free(context, &c);
    const int64_t events = out->verdict.events;
    out->name = name;
    out->seen = seen;
    out->few = events < HF_JUDGED_FEW || count - events < HF_JUDGED_FEW;
    return status;
}

// ---- dates ---------------------------------------------------------------------------------------------------

static int compare_dates(const void *a, const void *b)
{
    const hf_date x = *(const hf_date *)a, y = *(const hf_date *)b;
    return (x > y) - (x < y);
}

// The distinct dates of the rows; many rows share few dates, and mostly stand together.
static hf_status find_dates(grouping *g, hf_error *error)
{
    const hf_judged *j = g->judged;
    int64_t count = 0;
    g->date = hf_new_raw(j->context, (size_t)j->count, sizeof *g->date);
    if (!g->date) return hf_fail_memory(error);
    for (int64_t i = 0; i < j->count; i++)
        if (i == 0 || j->as_of[i] != j->as_of[i - 1]) g->date[count++] = j->as_of[i];
    qsort(g->date, (size_t)count, sizeof *g->date, compare_dates);
    for (int64_t i = 0; i < count; i++)
        if (i == 0 || g->date[i] != g->date[g->date_count - 1]) g->date[g->date_count++] = g->date[i];
    g->dates = hf_new(j->context, (size_t)g->date_count, sizeof *g->dates);
    g->names = hf_new(j->context, (size_t)g->date_count, sizeof *g->names);
    if (!g->dates || !g->names) return hf_fail_memory(error);
    for (int32_t d = 0; d < g->date_count; d++)
        hf_date_format(g->date[d], g->names[d]);
    return HF_OK;
}

static hf_seen seen_by(const hf_training_window *window, hf_date date)
{
    if (window->last == HF_DATE_MISSING) return HF_SEEN_UNKNOWN;
    if (date >= window->first && date <= window->last) return HF_SEEN_TRAINED;
    return date < window->until ? HF_SEEN_OVERLAPS : HF_SEEN_LATER;
}

// What the more knowing of the models had seen of a date.
static hf_seen seen_at(const grouping *g, hf_date date)
{
    hf_seen worst = HF_SEEN_UNKNOWN;
    for (int m = 0; g->window && m < (g->judged->against ? 2 : 1); m++) {
        const hf_seen seen = seen_by(&g->window[m], date);
        if (seen != HF_SEEN_UNKNOWN && (worst == HF_SEEN_UNKNOWN || seen < worst)) worst = seen;
    }
    return worst;
}

static void warn_of_seen(const grouping *g, int32_t seen)
{
    const hf_training_window *a = &g->window[0], *b = &g->window[1];
    const bool second = g->judged->against && b->last != HF_DATE_MISSING &&
                        (a->last == HF_DATE_MISSING || b->until > a->until);
    const hf_training_window *w = second ? b : a;
    char first[11], last[11], until[11];
    hf_date_format(w->first, first);
    hf_date_format(w->last, last);
    hf_date_format(w->until, until);
    char share[64];
    if (seen == g->date_count)
        snprintf(share, sizeof share, "%s", seen == 1 ? "the date judged lies" : "all dates judged lie");
    else
        snprintf(share, sizeof share, "%d of %d dates judged %s", (int)seen, (int)g->date_count,
                 seen == 1 ? "lies" : "lie");
    hf_warn(
        g->judged->context,
        "%s was trained on snapshots from %s to %s and outcomes up to %s: %s before that, and figures there "
        "are too good; %s",
        second ? g->job->against : g->job->model, first, last, until, share,
        seen < g->date_count ? "go by the later dates"
                             : "judge it on later snapshots, or train on earlier ones");
}

static hf_status judge_dates(grouping *g, hf_error *error)
{
    const hf_judged *j = g->judged;
    int32_t seen = 0, later = 0;
    hf_status status = HF_OK;
    for (int32_t d = 0; d < g->date_count; d++) {
        int64_t count = 0;
        for (int64_t i = 0; i < j->count; i++)
            if (j->as_of[i] == g->date[d]) g->row[count++] = i;
        const hf_seen at = seen_at(g, g->date[d]);
        HF_TRY(done, judge_group(&g->dates[d], g, g->names[d], at, count, error));
        seen += at == HF_SEEN_TRAINED || at == HF_SEEN_OVERLAPS;
        later += at == HF_SEEN_LATER;
    }
    if (seen > 0) warn_of_seen(g, seen);
    g->has_later = seen > 0 && later > 0;
    if (!g->has_later) goto done;
    int64_t count = 0;
    for (int64_t i = 0; i < j->count; i++)
        if (seen_at(g, j->as_of[i]) == HF_SEEN_LATER) g->row[count++] = i;
    HF_TRY(done, judge_group(&g->later, g, "later dates", HF_SEEN_LATER, count, error));
done:
    return status;
}

// ---- segments ------------------------------------------------------------------------------------------------

static hf_status judge_segments(grouping *g, hf_error *error)
{
    const hf_judged *j = g->judged;
    hf_status status = HF_OK;
    g->segments = hf_new(j->context, (size_t)j->segments + 1, sizeof *g->segments);
    if (!g->segments) return hf_fail_memory(error);
    for (int32_t s = 0; s <= j->segments; s++) {
        const int32_t code = s < j->segments ? s : -1;
        int64_t count = 0;
        for (int64_t i = 0; i < j->count; i++)
            if (j->segment[i] == code) g->row[count++] = i;
        if (count == 0) continue;
        HF_TRY(done,
               judge_group(&g->segments[g->segment_count++], g, code >= 0 ? j->segment_name[s] : "(missing)",
                           HF_SEEN_UNKNOWN, count, error));
    }
done:
    return status;
}

hf_status hf_judged_report(hf_text *text, const hf_judged *judged, const hf_evaluate_job *job,
                           const hf_ledger *ledger, const hf_training_window window[2], hf_error *error)
{
    const hf_context *context = judged->context;
    grouping g = {.judged = judged, .job = job, .window = window};
    hf_status status;
    HF_TRY(done, hf_context_quiet(&g.quiet, context, error));
    g.row = hf_new_raw(context, (size_t)judged->count, sizeof *g.row);
    if (!g.row) {
        status = hf_fail_memory(error);
        goto done;
    }
    if (judged->as_of) HF_TRY(done, find_dates(&g, error));
    g.groups = 2 + g.date_count + judged->segments;
    for (int64_t i = 0; i < judged->count; i++)
        g.row[i] = i;
    HF_TRY(done, judge_group(&g.pooled, &g, judged->as_of ? "all dates" : "all rows", HF_SEEN_UNKNOWN,
                             judged->count, error));
    if (judged->as_of) HF_TRY(done, judge_dates(&g, error));
    if (judged->segment) HF_TRY(done, judge_segments(&g, error));
    hf_progress(context, "judging", g.groups, g.groups);
    const hf_judged_page page = {.model = job->model,
                                 .against = judged->against ? job->against : NULL,
                                 .arr = judged->arr_name,
                                 .unit = judged->arr_unit,
                                 .by = judged->by_name,
                                 .capacity = job->capacity,
                                 .capacities = job->capacity_count,
                                 .rank_by_arr = job->rank_by_arr,
                                 .alpha = job->alpha,
                                 .replicates = job->replicates,
                                 .ledger = ledger,
                                 .pooled = &g.pooled,
                                 .later = g.has_later ? &g.later : NULL,
                                 .dates = g.dates,
                                 .date_count = g.date_count,
                                 .segments = g.segments,
                                 .segment_count = g.segment_count};
    status = job->format == HF_REPORT_JSON ? hf_report_judged_json(text, &page, error)
                                           : hf_report_judged(text, context, &page, error);
done:
    grouping_free(context, &g);
    return status;
}
