// SPDX-License-Identifier: Apache-2.0
//
// The action `whatif fit`. The last quarter of the labelled dates is set aside; weights are fitted on the
// earlier ones whose windows have closed by then; what comes of it is written as a definition, read again,
// and judged against the present one on the dates set aside by the fleet pass, so that what is judged is what
// is proposed.
#include "workflow/whatif_fit.h"

#include "workflow/whatif_weighing.h"

#include <math.h>
#include <string.h>

typedef struct {
    const hf_context *context;
    hf_context *quiet; // owned, as the rest
    const hf_whatif_fit_job *job;
    hf_store *store;
    hf_whatif_scorecard present;
    hf_whatif_nights nights;
    int32_t judged; // the first night that judges
    hf_fit_rows rows;
    hf_weight_fit fit;
    hf_text text; // the candidate
    char why[400];
    hf_definition *candidate;
    hf_weightings weightings; // the present one, the candidate's
    // Labelled accounts of the nights that judge:
    int64_t count;
    double *before, *after, *arr; // 1 - health / 100; arr NULL: none
    uint8_t *label;
    int64_t *cluster;
    hf_date *date;
    int64_t capacity;
    hf_verdict verdict;
    hf_fitted_weight *told;
} fitting;

// ---- dates -------------------------------------------------------------------------------------------------

static bool has_rows(const hf_whatif_nights *n, int32_t k)
{
    return n->first[k + 1] > n->first[k];
}

static hf_status set_dates_aside(fitting *f, hf_error *error)
{
    const hf_whatif_nights *n = &f->nights;
    const int32_t window = f->job->lead + f->job->horizon;
    int32_t labelled = 0, first = -1, last = -1, aside = 0;
    for (int32_t k = 0; k < n->count; k++) {
        if (!has_rows(n, k)) continue;
        if (first < 0) first = k;
        last = k;
        labelled++;
    }
    for (int32_t k = last; k >= 0 && aside < (labelled + 3) / 4; k--) {
        aside += has_rows(n, k);
        f->judged = k;
    }
    // Later, where nothing would be left to fit by.
    while (f->judged < last && n->nights[first].as_of + window > n->nights[f->judged].as_of)
        f->judged++;
    if (first >= 0 && n->nights[first].as_of + window <= n->nights[f->judged].as_of) return HF_OK;
    return hf_fail_at(
        error, HF_ERROR_TOO_LITTLE, f->job->store, 0, 0,
        "of %d dates with known outcomes the first and the last are less than lead and horizon (%d "
        "days) apart, so none can be fitted by and another judge; add older snapshots or take a "
        "shorter --horizon",
        labelled, window);
}

// ---- judging -----------------------------------------------------------------------------------------------

static hf_status make_room(fitting *f, hf_error *error)
{
    const size_t n = (size_t)(f->nights.first[f->nights.count] - f->nights.first[f->judged]);
    f->before = hf_new_raw(f->context, n, sizeof *f->before);
    f->after = hf_new_raw(f->context, n, sizeof *f->after);
    f->label = hf_new_raw(f->context, n, sizeof *f->label);
    f->cluster = hf_new_raw(f->context, n, sizeof *f->cluster);
    f->date = hf_new_raw(f->context, n, sizeof *f->date);
    if (f->present.definition->arr[0] != '\0') {
        f->arr = hf_new_raw(f->context, n, sizeof *f->arr);
        if (!f->arr) return hf_fail_memory(error);
    }
    return f->before && f->after && f->label && f->cluster && f->date ? HF_OK : hf_fail_memory(error);
}

// Weights of the candidate for every segment, as it was read: what it inherits and what it sets itself.
static hf_status weigh_candidate(fitting *f, hf_error *error)
{
    const hf_definition *d = f->present.definition;
    const hf_status status = hf_weightings_create(&f->weightings, f->context, d, 2, error);
    if (status != HF_OK || !f->candidate) return status;
    double *group = hf_weighting_groups(&f->weightings, 1),
           *measure = hf_weighting_measures(&f->weightings, 1);
    for (int32_t s = 0; s < d->segment_count; s++) {
        const hf_segment *segment = &f->candidate->segments[s];
        memcpy(group + (ptrdiff_t)s * d->group_count, segment->group_weight,
               (size_t)d->group_count * sizeof *group);
        memcpy(measure + (ptrdiff_t)s * d->measure_count, segment->measure_weight,
               (size_t)d->measure_count * sizeof *measure);
    }
    return HF_OK;
}

static double risk_of(double health)
{
    return fmin(fmax(1.0 - health / 100.0, 0.0), 1.0);
}

static void keep_judged(fitting *f, const hf_whatif_scored *night, int32_t k, const double *before,
                        const double *after)
{
    const hf_whatif_nights *n = &f->nights;
    for (int64_t i = n->first[k]; i < n->first[k + 1]; i++) {
        const int64_t row = n->row[i], at = f->count;
        if (isnan(before[row]) || isnan(after[row])) continue;
        f->before[at] = risk_of(before[row]);
        f->after[at] = risk_of(after[row]);
        f->label[at] = n->label[i];
        f->cluster[at] = n->cluster[i];
        f->date[at] = n->as_of[i];
        if (f->arr) f->arr[at] = night->arr[row] > 0.0 ? night->arr[row] : 0.0;
        f->count++;
    }
}

static hf_status judge_night(fitting *f, int32_t k, hf_error *error)
{
    hf_whatif_scored night = {0};
    hf_whatif_fleet *fleet = NULL;
    double *health = NULL;
    hf_status status;
    HF_TRY(done, hf_whatif_score(&night, &f->present, f->nights.nights[k].as_of, error));
    const size_t rows = (size_t)night.health.rows;
    const hf_whatif_night what = {night.plan, &night.health, NULL, NULL, 0};
    HF_TRY(done, hf_whatif_fleet_create(&fleet, f->quiet, &what, error));
    health = hf_new_raw(f->context, rows, 2 * sizeof *health);
    if (!health) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_whatif_exact(health, NULL, fleet, &f->weightings, 0, error));
    HF_TRY(done, hf_whatif_exact(health + rows, NULL, fleet, &f->weightings, 1, error));
    keep_judged(f, &night, k, health, health + rows);
done:
    hf_delete(f->context, health);
    hf_whatif_fleet_destroy(fleet);
    hf_whatif_scored_free(&night);
    return status;
}

static int64_t tenth_of_a_date(const fitting *f)
{
    int64_t dates = 0;
    for (int64_t i = 0; i < f->count; i++)
        dates += i == 0 || f->date[i] != f->date[i - 1];
    const int64_t tenth = dates > 0 ? f->count / dates / 10 : 0;
    return tenth > 0 ? tenth : 1;
}

static hf_status judge(fitting *f, hf_error *error)
{
    hf_status status;
    HF_TRY(done, make_room(f, error));
    HF_TRY(done, weigh_candidate(f, error));
    for (int32_t k = f->judged; k < f->nights.count; k++) {
        if (!has_rows(&f->nights, k)) continue;
        HF_TRY(done, hf_check_cancel(f->context, error));
        hf_progress(f->context, "judging nights", k - f->judged, f->nights.count - f->judged);
        HF_TRY(done, judge_night(f, k, error));
    }
    hf_progress(f->context, "judging nights", f->nights.count - f->judged, f->nights.count - f->judged);
    if (f->count == 0) {
        status = hf_fail_at(error, HF_ERROR_TOO_LITTLE, f->job->store, 0, 0,
                            "no account has a health on the dates set aside to judge by");
        goto done;
    }
    f->capacity = f->job->capacity > 0 ? f->job->capacity : tenth_of_a_date(f);
    const hf_judged_rows rows = {f->count, f->label, f->cluster, f->date, f->arr, &f->capacity, 1, false};
    status = hf_judge(&f->verdict, f->context, &rows, f->after, f->before, f->job->replicates, f->job->alpha,
                      f->job->seed, error);
done:
    return status;
}

// ---- the candidate -----------------------------------------------------------------------------------------

static hf_status propose(fitting *f, hf_error *error)
{
    char first[11], last[11];
    const hf_whatif_fit_job *job = f->job;
    hf_date begin = INT32_MAX, end = INT32_MIN;
    if (isinf(f->fit.strength)) return HF_OK;
    for (int64_t i = 0; i < f->rows.rows.rows; i++) {
        if (f->rows.as_of[i] < begin) begin = f->rows.as_of[i];
        if (f->rows.as_of[i] > end) end = f->rows.as_of[i];
    }
    hf_date_format(begin, first);
    hf_date_format(end, last);
    snprintf(f->why, sizeof f->why, "fitted to %.100s within %d days, %s to %s",
             job->outcome ? job->outcome : "churn", job->lead + job->horizon, first, last);
    return hf_fit_candidate(&f->candidate, &f->text, &f->rows, f->fit.weight, f->why, error);
}

// ---- the report --------------------------------------------------------------------------------------------

// The fitted weights as the candidate has them: what is told is what is written.
static void tell_weights(fitting *f)
{
    const hf_definition *d = f->present.definition;
    const int32_t columns = f->rows.rows.columns;
    for (int32_t c = 0; c < columns; c++) {
        const hf_fit_column *column = &f->rows.column[c];
        hf_fitted_weight *t = &f->told[c];
        double group[2] = {0};
        for (int32_t k = 0; k < columns; k++) {
            if (f->rows.column[k].group != column->group) continue;
            group[0] += f->rows.present[k];
            group[1] += f->fit.weight[k];
        }
        snprintf(t->name, sizeof t->name, "%s",
                 column->measure < 0 ? d->groups[column->group].name : d->measures[column->measure].path);
        t->group = d->groups[column->group].name;
        t->present = f->rows.present[c];
        t->fitted = f->fit.weight[c];
        t->low = f->fit.low[c];
        t->high = f->fit.high[c];
        t->present_in = t->present / group[0];
        t->fitted_in = group[1] > 0.0 ? t->fitted / group[1] : NAN;
        t->slope = f->fit.slope[c];
        t->slope_low = f->fit.slope_low[c];
        t->slope_high = f->fit.slope_high[c];
        t->against = t->slope_high < 0.0;
    }
}

// Tells of the fit, for people and for programs.
static hf_status tell(hf_text *told, hf_text *result, fitting *f, hf_error *error)
{
    const hf_whatif_fit_job *job = f->job;
    const hf_weight_rows *rows = &f->rows.rows;
    hf_fitted_strength path[HF_FIT_STRENGTHS];
    hf_fitted_page page = {.definition = job->definition,
                           .outcome = job->outcome ? job->outcome : "churn",
                           .rows = rows->rows,
                           .events = f->rows.events,
                           .accounts = f->rows.accounts,
                           .first = rows->as_of[0],
                           .last = rows->as_of[rows->rows - 1],
                           .judged_first = f->date[0],
                           .judged_last = f->date[f->count - 1],
                           .left_out = f->rows.left_out,
                           .chosen = f->fit.chosen,
                           .forward = f->fit.forward,
                           .strength = f->fit.strength,
                           .path = path,
                           .path_count = f->fit.chosen ? HF_FIT_STRENGTHS : 0,
                           .weight_count = rows->columns,
                           .verdict = &f->verdict,
                           .capacity = f->capacity,
                           .alpha = job->alpha,
                           .intervals = job->replicates > 0,
                           .candidate = f->candidate ? job->candidate : NULL};
    for (int32_t k = 0; k < HF_FIT_STRENGTHS; k++)
        path[k] = (hf_fitted_strength){f->fit.path[k].strength, f->fit.path[k].gain, f->fit.path[k].error};
    f->told = hf_new(f->context, (size_t)rows->columns, sizeof *f->told);
    if (!f->told) return hf_fail_memory(error);
    tell_weights(f);
    page.weights = f->told;
    const hf_status status = hf_report_whatif_fit(told, f->context, &page, error);
    return status == HF_OK ? hf_report_whatif_fit_json(result, &page, error) : status;
}

// ---- the action --------------------------------------------------------------------------------------------

static hf_status check_job(const hf_whatif_fit_job *job, hf_error *error)
{
    if (!job->store) return hf_fail(error, HF_ERROR_USAGE, "which history? Pass --store DIR");
    if (!job->definition)
        return hf_fail(error, HF_ERROR_USAGE, "whose weights? Name a definition with --definition FILE");
    if (!job->outcomes)
        return hf_fail(error, HF_ERROR_USAGE, "what happened to the accounts? Pass --outcomes FILE");
    if (job->horizon < 1)
        return hf_fail(error, HF_ERROR_USAGE, "outcomes count within how many days? Pass --horizon DAYS");
    if (job->candidate && strcmp(job->candidate, "-") == 0)
        return hf_fail(error, HF_ERROR_USAGE,
                       "-o - would mix the definition with the report on standard output; name a file");
    if (job->shrink < 0)
        return hf_fail(error, HF_ERROR_USAGE, "--shrink is %g; it takes 0 or more, or auto", job->shrink);
    return HF_OK;
}

static hf_status read_all(fitting *f, hf_error *error)
{
    const hf_whatif_fit_job *job = f->job;
    const hf_whatif_weights_job past = {.store = job->store,
                                        .history = true,
                                        .outcomes = job->outcomes,
                                        .outcome = job->outcome,
                                        .lead = job->lead,
                                        .horizon = job->horizon,
                                        .known_until = job->known_until};
    hf_status status;
    HF_TRY(done, hf_context_quiet(&f->quiet, f->context, error));
    HF_TRY(done, hf_store_open(&f->store, f->context, job->store, HF_STORE_READ, error));
    HF_TRY(done,
           hf_whatif_scorecard_open(&f->present, f->context, f->quiet, job->definition, f->store, error));
    HF_TRY(done, hf_whatif_nights_read(&f->nights, f->context, &past, f->store, error));
    HF_TRY(done, set_dates_aside(f, error));
    HF_TRY(done, hf_fit_rows_read(&f->rows, f->context, job, &f->present, &f->nights,
                                  f->nights.nights[f->judged].as_of, error));
done:
    return status;
}

// The candidate takes its place last: by then what is told of it is told.
static hf_status write_all(fitting *f, hf_error *error)
{
    const hf_whatif_fit_job *job = f->job;
    const hf_context *context = f->context;
    hf_text page, result;
    json_t *record = NULL;
    hf_output *file = NULL;
    hf_status status;
    hf_text_init(&page, context);
    hf_text_init(&result, context);
    const hf_fit_told told = {job,   &f->nights, f->present.definition, f->candidate, f->why, &f->verdict,
                              &page, &result};
    HF_TRY(done, tell(&page, &result, f, error));
    if (job->name) HF_TRY(done, hf_whatif_fit_record(&record, context, &told, error));
    if (f->candidate && job->candidate) {
        HF_TRY(done, hf_output_open(&file, context, job->candidate, job->overwrite, error));
        HF_TRY(done, hf_output_write(file, f->text.data, f->text.length, error));
    }
    if (!f->candidate && job->candidate)
        hf_warn(context, "no change is proposed, so %s was not written", job->candidate);
    HF_TRY(done, hf_whatif_keep(context, job->format == HF_REPORT_JSON ? &result : &page, job->output,
                                job->store, job->name, record, job->overwrite, error));
    if (file) status = hf_output_commit(file, error);
    file = NULL;
done:
    hf_output_discard(file);
    json_decref(record);
    hf_text_free(&page);
    hf_text_free(&result);
    return status;
}

static void end(fitting *f)
{
    void *const owned[] = {f->before, f->after, f->arr, f->label, f->cluster, f->date, f->told};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        hf_delete(f->context, owned[i]);
    if (f->weightings.context) hf_weightings_free(&f->weightings);
    hf_definition_destroy(f->candidate);
    hf_text_free(&f->text);
    hf_weight_fit_free(&f->fit);
    hf_fit_rows_free(&f->rows);
    hf_whatif_nights_free(&f->nights);
    hf_whatif_scorecard_close(&f->present);
    hf_store_close(f->store);
    hf_context_destroy(f->quiet);
}

hf_status hf_workflow_whatif_fit(const hf_context *context, const hf_whatif_fit_job *job, hf_error *error)
{
    fitting f = {.context = context, .job = job};
    hf_status status;
    hf_text_init(&f.text, context);
    HF_TRY(done, check_job(job, error));
    HF_TRY(done, hf_whatif_keep_check(context, job->store, job->name, job->candidate, job->overwrite, error));
    HF_TRY(done, read_all(&f, error));
    const hf_weight_fit_options options = {job->shrink, job->replicates, job->alpha, job->seed};
    HF_TRY(done, hf_weight_fit_run(&f.fit, context, &f.rows.rows, &options, error));
    HF_TRY(done, propose(&f, error));
    HF_TRY(done, judge(&f, error));
    status = write_all(&f, error);
done:
    end(&f);
    return status;
}
