// SPDX-License-Identifier: Apache-2.0
//
// From shares of all weight back to weights as people write them: a group's weights keep their sum, rounded
// to four digits, so that a definition that counts to 100 goes on doing so. What is judged and written is
// what these rounded weights make.
#include "workflow/whatif_fit.h"

#include <math.h>
#include <string.h>

// Less than this share of a sum is nothing.
#define LEAST_SHARE 5e-4

static double rounded(double x, double sum)
{
    if (!(x > LEAST_SHARE * sum)) return 0.0;
    const double digits = pow(10.0, 3.0 - floor(log10(x)));
    return round(x * digits) / digits;
}

static double group_share(const hf_fit_rows *r, const double *share, int32_t group)
{
    double sum = 0.0;
    for (int32_t c = 0; c < r->rows.columns; c++)
        if (r->column[c].group == group) sum += share[c];
    return sum;
}

static bool takes_part(const hf_fit_rows *r, int32_t group)
{
    for (int32_t c = 0; c < r->rows.columns; c++)
        if (r->column[c].group == group) return true;
    return false;
}

typedef struct {
    const hf_fit_rows *rows;
    const char *why;
    hf_weight_edit *edits; // owned, as the rest
    char (*comments)[320];
    double *group, *measure; // weights as they are to be
    int32_t count;
} proposing;

static void change(proposing *p, int32_t group, int32_t measure, double *weight, double to)
{
    const hf_definition *d = p->rows->definition;
    char was[32];
    if (*weight == to) return;
    hf_format_f64(was, *weight);
    const char *name = measure < 0 ? d->groups[group].name : d->measures[measure].path;
    snprintf(p->comments[p->count], sizeof *p->comments, "%.*s was %s: %.120s",
             hf_condition_shown(name, strlen(name), 120), name, was, p->why);
    p->edits[p->count] = (hf_weight_edit){d->segment_count - 1, group, measure, to, p->comments[p->count]};
    p->count++;
    *weight = to;
}

static void list_changes(proposing *p, const double *share)
{
    const hf_fit_rows *r = p->rows;
    const hf_definition *d = r->definition;
    double groups = 0.0;
    for (int32_t g = 0; g < d->group_count; g++)
        if (takes_part(r, g)) groups += d->groups[g].weight;
    for (int32_t g = 0; g < d->group_count; g++) {
        const double of_all = group_share(r, share, g), weight = rounded(of_all * groups, groups);
        double sum = 0.0;
        if (!takes_part(r, g)) continue;
        change(p, g, -1, &p->group[g], weight);
        for (int32_t m = d->groups[g].first; m < d->groups[g].first + d->groups[g].count; m++)
            sum += d->measures[m].weight;
        for (int32_t c = 0; weight > 0.0 && c < r->rows.columns; c++) {
            const int32_t m = r->column[c].measure;
            if (r->column[c].group == g && m >= 0)
                change(p, g, m, &p->measure[m], rounded(share[c] / of_all * sum, sum));
        }
    }
}

static hf_status make_room(proposing *p, hf_error *error)
{
    const hf_definition *d = p->rows->definition;
    const hf_context *context = p->rows->context;
    const size_t groups = (size_t)d->group_count, measures = (size_t)d->measure_count;
    p->edits = hf_new(context, groups + measures, sizeof *p->edits);
    p->comments = hf_new(context, groups + measures, sizeof *p->comments);
    p->group = hf_new(context, groups, sizeof *p->group);
    p->measure = hf_new(context, measures, sizeof *p->measure);
    if (!p->edits || !p->comments || !p->group || !p->measure) return hf_fail_memory(error);
    for (size_t g = 0; g < groups; g++)
        p->group[g] = d->groups[g].weight;
    for (size_t m = 0; m < measures; m++)
        p->measure[m] = d->measures[m].weight;
    return HF_OK;
}

// What was written says these weights, and nothing else that counts is another.
static hf_status check_text(hf_definition **out, const proposing *p, const hf_text *text, hf_error *error)
{
    const hf_definition *d = p->rows->definition;
    hf_definition *again = NULL;
    bool alike = false;
    hf_status status;
    HF_TRY(done, hf_definition_parse(&again, d->context, text->data, text->length, d->path, error));
    HF_TRY(done, hf_definition_alike(&alike, d, again, error));
    for (int32_t g = 0; alike && g < d->group_count; g++)
        alike = again->groups[g].weight == p->group[g];
    for (int32_t m = 0; alike && m < d->measure_count; m++)
        alike = again->measures[m].weight == p->measure[m];
    if (alike) {
        *out = again;
        again = NULL;
    } else {
        status = hf_fail_at(error, HF_ERROR_DATA, d->path, 0, 0,
                            "the weights cannot be put into this file so that it says them and nothing else; "
                            "write each weight out on a line of its own");
    }
done:
    hf_definition_destroy(again);
    return status;
}

hf_status hf_fit_candidate(hf_definition **out, hf_text *text, const hf_fit_rows *rows, const double *share,
                           const char *why, hf_error *error)
{
    proposing p = {.rows = rows, .why = why};
    hf_status status;
    HF_TRY(done, make_room(&p, error));
    list_changes(&p, share);
    HF_TRY(done, hf_definition_reweigh(text, rows->definition, p.edits, p.count, error));
    HF_TRY(done, check_text(out, &p, text, error));
done:
    hf_delete(rows->context, p.edits);
    hf_delete(rows->context, p.comments);
    hf_delete(rows->context, p.group);
    hf_delete(rows->context, p.measure);
    return status;
}
