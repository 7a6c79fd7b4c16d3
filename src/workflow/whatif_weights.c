// SPDX-License-Identifier: Apache-2.0
//
// Other weights tried on a store. A first walk over the nights weighs every weighting at once and keeps of
// each how many accounts change band and the histograms that its AUC is made of; the best by these, and the
// named ones, are listed; a second walk scores the listed ones exactly. Where there are dates enough, a sweep
// is chosen on the earlier ones and reported on the later ones, since the best of many is best by luck too.
#include "workflow/whatif_weighing.h"

#include "holdfast/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WEIGHTINGS = 100000 };

// ---- the weightings ----------------------------------------------------------------------------------------

static hf_status check_job(const hf_whatif_weights_job *job, hf_error *error)
{
    if (job->candidate_count == 0 && job->set_count == 0 && !job->one_at_a_time && job->sweep == 0 &&
        !job->grid)
        return hf_fail(error, HF_ERROR_USAGE,
                       "which weights are tried? Pass --set usage.weight=50, --candidate FILE, "
                       "--one-at-a-time, --sweep N or --grid FILE");
    if (job->outcomes && job->horizon < 1)
        return hf_fail(error, HF_ERROR_USAGE, "outcomes count within how many days? Pass --horizon DAYS");
    if (job->sweep < 0 || job->sweep > MOST_WEIGHTINGS)
        return hf_fail(error, HF_ERROR_USAGE, "--sweep is %d; it takes 1 to %d", (int)job->sweep,
                       MOST_WEIGHTINGS);
    if (!(job->factor > 1) || !(job->concentration > 0))
        return hf_fail(error, HF_ERROR_USAGE, "--factor takes a number above 1, --concentration one above 0");
    if (job->history && job->as_of != HF_DATE_MISSING)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--as-of names one night and --history takes all; leave one of them out");
    return HF_OK;
}

static hf_status read_grid(hf_frame **out, const hf_context *context, const char *path, hf_error *error)
{
    const hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    return path ? hf_csv_read(out, NULL, context, path, &csv, error) : HF_OK;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// Candidates that are alike but for weights become weightings, the others stay definitions.
static hf_status take_candidates(hf_whatif_weighing *w, int32_t at, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_whatif_weights_job *job = w->job;
    for (int32_t c = 0; c < job->candidate_count; c++) {
        bool alike = false;
        hf_whatif_scorecard *other = &w->others[w->other_count];
        HF_TRY(done,
               hf_whatif_scorecard_open(other, w->context, w->quiet, job->candidates[c], w->store, error));
        w->other_count++;
        HF_TRY(done, hf_definition_alike(&alike, w->present.definition, other->definition, error));
        if (!alike) continue;
        hf_weighting_take(&w->set, at, other->definition);
        w->set.name[at].kind = HF_WEIGHTING_CANDIDATE;
        snprintf(w->set.name[at].name, sizeof w->set.name[at].name, "%.150s", file_name(job->candidates[c]));
        hf_weighting_name_end(w->set.name[at].name);
        w->named = at++;
        hf_whatif_scorecard_close(other);
        w->other_count--;
    }
done:
    return status;
}

static hf_status take_sets(hf_whatif_weighing *w, int32_t at, hf_error *error)
{
    hf_status status = HF_OK;
    size_t length = 0;
    hf_weighting_name *name = &w->set.name[at];
    HF_TRY(done, hf_weighting_parse(&w->set, at, w->job->sets, w->job->set_count, error));
    for (int32_t i = 0; i < w->job->set_count; i++) {
        const int n = snprintf(name->name + length, sizeof name->name - length, "%s%s", i > 0 ? " " : "",
                               w->job->sets[i]);
        length = length + (size_t)n < sizeof name->name ? length + (size_t)n : sizeof name->name - 1;
    }
    hf_weighting_name_end(name->name);
    name->kind = HF_WEIGHTING_SET;
    HF_TRY(done, hf_weighting_check(&w->set, at, error));
done:
    return status;
}

static hf_status take_weightings(hf_whatif_weighing *w, hf_error *error)
{
    const hf_whatif_weights_job *job = w->job;
    const hf_definition *d = w->present.definition;
    hf_frame *grid = NULL;
    hf_status status;
    HF_TRY(done, read_grid(&grid, w->context, job->grid, error));
    const int64_t ones = job->one_at_a_time ? hf_weighting_ones_count(d) : 0, rows = grid ? grid->rows : 0,
                  most = 1 + (job->set_count > 0) + job->candidate_count + ones + rows + job->sweep;
    if ((job->one_at_a_time || job->sweep > 0) && hf_weighting_ones_count(d) == 0) {
        status = hf_fail_at(error, HF_ERROR_DATA, d->path, 0, 0,
                            "each weight is the only one of its kind above 0, so %s has no proportions to "
                            "change; give more groups or measures a weight",
                            job->sweep > 0 ? "--sweep" : "--one-at-a-time");
        goto done;
    }
    if (most > MOST_WEIGHTINGS + 1) {
        status = hf_fail(error, HF_ERROR_USAGE, "%lld weightings are more than %d; try fewer at once",
                         (long long)most, MOST_WEIGHTINGS);
        goto done;
    }
    HF_TRY(done, hf_weighting_set_create(&w->set, w->context, d, (int32_t)most, error));
    w->others = hf_new(w->context, (size_t)job->candidate_count + 1, sizeof *w->others);
    if (!w->others) {
        status = hf_fail_memory(error);
        goto done;
    }
    int32_t at = 1;
    if (job->set_count > 0) {
        HF_TRY(done, take_sets(w, at, error));
        w->named = at++;
    }
    HF_TRY(done, take_candidates(w, at, error));
    at = w->named + 1;
    w->ones_first = at;
    w->ones = (int32_t)ones;
    if (ones > 0) hf_weighting_ones(&w->set, at, job->factor);
    at += (int32_t)ones;
    if (grid) HF_TRY(done, hf_weighting_grid(&w->set, at, grid, error));
    at += (int32_t)rows;
    for (int32_t k = 0; k < job->sweep; k++)
        hf_weighting_draw(&w->set, at++, k, job->concentration, job->seed);
    w->set.weights.count = at; // candidates that are definitions of their own left places over
done:
    hf_frame_destroy(grid);
    return status;
}

// ---- earlier and later dates ---------------------------------------------------------------------------------

// Why one set of dates both chooses and reports, or nothing can be chosen.
static void say_unsplit(hf_whatif_weighing *w)
{
    const hf_whatif_nights *n = &w->nights;
    int64_t events = 0;
    for (int64_t i = 0; i < n->labelled; i++)
        events += n->label[i];
    if (events == 0 || events == n->labelled)
        snprintf(w->split_says, sizeof w->split_says,
                 "none, since %lld of %lld rows have the outcome; those that move fewest accounts come first",
                 (long long)events, (long long)n->labelled);
    else
        snprintf(w->split_says, sizeof w->split_says,
                 "chosen and reported on the same dates: the later ones, or those known before them, do not "
                 "have accounts with and without the outcome; the best of many looks better here than it is");
}

// The later half of the labelled nights reports; of the earlier ones those choose whose outcomes were all
// known by then.
static void split_dates(hf_whatif_weighing *w)
{
    const hf_whatif_nights *n = &w->nights;
    int32_t labelled = 0, seen = 0;
    int64_t events[2] = {0, 0}, rows[2] = {0, 0};
    char from[11], to[11];
    w->chosen = n->count;
    w->later = 0;
    for (int32_t k = 0; k < n->count; k++)
        labelled += n->first[k + 1] > n->first[k];
    int32_t later = n->count, chosen = 0;
    for (int32_t k = 0; k < n->count && later == n->count; k++) {
        if (n->first[k + 1] == n->first[k]) continue;
        if (seen++ == labelled / 2 && seen > 1) later = k;
    }
    while (later < n->count && chosen < later &&
           (int64_t)n->nights[chosen].as_of + w->job->lead + w->job->horizon <= n->nights[later].as_of)
        chosen++;
    for (int64_t i = 0; i < n->labelled; i++) {
        const int half = i < n->first[chosen] ? 0 : i >= n->first[later] ? 1 : -1;
        if (half >= 0) rows[half]++, events[half] += n->label[i];
    }
    w->split = events[0] > 0 && events[0] < rows[0] && events[1] > 0 && events[1] < rows[1];
    if (!w->split) {
        say_unsplit(w);
        return;
    }
    w->chosen = chosen;
    w->later = later;
    hf_date_format(n->nights[chosen - 1].as_of, to);
    hf_date_format(n->nights[later].as_of, from);
    snprintf(
        w->split_says, sizeof w->split_says,
        "chosen on dates up to %s, reported on those from %s on; between them outcomes were not yet known",
        to, from);
}

// ---- the first walk ------------------------------------------------------------------------------------------

// Weighs one night: who changes band, and where the night helps to choose, its histograms.
static hf_status weigh_night(hf_whatif_weighing *w, int32_t k, const hf_weightings *weightings,
                             hf_whatif_histograms pooled, hf_error *error)
{
    const hf_whatif_nights *n = &w->nights;
    const bool chooses = pooled && k < w->chosen && n->first[k + 1] > n->first[k];
    hf_whatif_scored scored = {0};
    hf_whatif_fleet *fleet = NULL;
    hf_weighed got = {0};
    uint8_t *label = NULL;
    hf_status status;
    HF_TRY(done, hf_whatif_score(&scored, &w->present, n->nights[k].as_of, error));
    if (chooses) {
        label = hf_new_raw(w->context, (size_t)n->nights[k].rows, 1);
        if (!label) {
            status = hf_fail_memory(error);
            goto done;
        }
        hf_whatif_labels(label, n, k);
    }
    const hf_whatif_night night = {scored.plan, &scored.health, label, scored.arr, 0};
    HF_TRY(done, hf_whatif_fleet_create(&fleet, w->quiet, &night, error));
    HF_TRY(done, hf_whatif_weigh(&got, fleet, weightings, chooses ? pooled : NULL, error));
    const int32_t bands = got.bands + 1;
    for (int32_t i = 0; i < got.count; i++)
        for (int32_t cell = 0; cell < bands * bands; cell++) {
            if (cell / bands == cell % bands) continue;
            w->changed[i] += got.moved[(ptrdiff_t)i * bands * bands + cell];
            w->changed_arr[i] += got.moved_arr[(ptrdiff_t)i * bands * bands + cell];
        }
done:
    hf_weighed_free(&got);
    hf_whatif_fleet_destroy(fleet);
    hf_whatif_scored_free(&scored);
    hf_delete(w->context, label);
    return status;
}

static hf_status weigh_all(hf_whatif_weighing *w, hf_error *error)
{
    const int32_t count = w->set.weights.count;
    const size_t each = (size_t)2 * HF_WHATIF_BINS;
    hf_whatif_histograms pooled = NULL;
    hf_status status = HF_OK;
    w->changed = hf_new(w->context, (size_t)count, sizeof *w->changed);
    w->changed_arr = hf_new(w->context, (size_t)count, sizeof *w->changed_arr);
    w->auc = hf_new(w->context, (size_t)count, sizeof *w->auc);
    w->auc_error = hf_new(w->context, (size_t)count, sizeof *w->auc_error);
    if (w->nights.with_outcomes) pooled = hf_new(w->context, (size_t)count, each * sizeof *pooled);
    if (!w->changed || !w->changed_arr || !w->auc || !w->auc_error || (w->nights.with_outcomes && !pooled)) {
        status = hf_fail_memory(error);
        goto done;
    }
    // Of one night the walk over weightings is told, of many the walk over nights.
    const bool nights = w->nights.count > 1;
    hf_weightings weightings = w->set.weights;
    if (nights) weightings.context = w->quiet;
    for (int32_t k = 0; k < w->nights.count; k++) {
        HF_TRY(done, hf_check_cancel(w->context, error));
        if (nights) hf_progress(w->context, "weighing", k, w->nights.count);
        HF_TRY(done, weigh_night(w, k, &weightings, pooled, error));
    }
    if (nights) hf_progress(w->context, "weighing", w->nights.count, w->nights.count);
    for (int32_t i = 0; i < count; i++) {
        w->auc[i] = w->auc_error[i] = NAN;
        if (!pooled) continue;
        const uint32_t *at = pooled + (size_t)i * each;
        w->auc[i] = hf_histogram_auc(&w->auc_error[i], at, at + HF_WHATIF_BINS);
    }
done:
    hf_delete(w->context, pooled);
    return status;
}

// ---- the list --------------------------------------------------------------------------------------------------

typedef struct {
    double key; // the higher the better
    int32_t at;
} ranked;

static int by_key(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

// The best first: by AUC where it is known, else those that move fewest accounts.
static hf_status list_weightings(hf_whatif_weighing *w, hf_error *error)
{
    const int32_t first = w->named + 1, open = w->set.weights.count - first;
    ranked *rank = hf_new(w->context, (size_t)open + 1, sizeof *rank);
    w->listed = hf_new(w->context, (size_t)(w->set.weights.count + w->other_count) + 1, sizeof *w->listed);
    if (!rank || !w->listed) {
        hf_delete(w->context, rank);
        return hf_fail_memory(error);
    }
    const bool known = open > 0 && !isnan(w->auc[0]);
    for (int32_t i = 0; i < open; i++) {
        const int32_t at = first + i;
        const double auc = isnan(w->auc[at]) ? -1 : w->auc[at];
        rank[i] = (ranked){known ? auc : -(double)w->changed[at], at};
    }
    qsort(rank, (size_t)open, sizeof *rank, by_key);
    for (int32_t i = 0; i < first; i++)
        w->listed[w->listed_count++] = i;
    for (int32_t i = 0; i < w->other_count; i++)
        w->listed[w->listed_count++] = w->set.weights.count + i;
    for (int32_t i = 0; i < open && i < w->job->top; i++)
        w->listed[w->listed_count++] = rank[i].at;
    hf_delete(w->context, rank);
    return HF_OK;
}

// ---- what is told of all ----------------------------------------------------------------------------------------

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Least, middle and greatest of values; sorts them.
static json_t *spread(double *values, int32_t count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return json_pack("[o, o, o]", number(values[0]), number(values[count / 2]), number(values[count - 1]));
}

// Of all that were chosen from: how far they are spread, and how many are above the present one.
static hf_status tell_tried(hf_whatif_weighing *w, hf_error *error)
{
    const int32_t first = w->named + 1, open = w->set.weights.count - first;
    double *values = hf_new(w->context, (size_t)open + 1, sizeof *values);
    int32_t better = 0, known = 0;
    if (!values) return hf_fail_memory(error);
    for (int32_t i = 0; i < open; i++)
        values[i] = (double)w->changed[first + i];
    json_t *tried = json_pack("{s:i, s:o}", "count", (int)open, "changed", spread(values, open));
    for (int32_t i = 0; i < open && w->nights.with_outcomes; i++) {
        const double gain = w->auc[first + i] - w->auc[0];
        better += gain > 0;
        if (!isnan(gain)) values[known++] = gain;
    }
    if (known > 0) {
        json_object_set_new(tried, "auc_gain", spread(values, known));
        json_object_set_new(tried, "better", json_integer(better));
        json_object_set_new(tried, "auc_error", number(w->auc_error[0]));
    }
    hf_delete(w->context, values);
    return tried && json_object_set_new(w->result, "tried", tried) == 0 ? HF_OK : hf_fail_memory(error);
}

static hf_status tell_ones(hf_whatif_weighing *w, hf_error *error)
{
    json_t *list = json_array();
    int bad = list == NULL;
    for (int32_t i = w->ones_first; i < w->ones_first + w->ones; i++) {
        json_t *one =
            json_pack("{s:s, s:I}", "name", w->set.name[i].name, "changed", (json_int_t)w->changed[i]);
        json_object_set_new(one, "changed_arr",
                            number(w->present.definition->arr[0] ? w->changed_arr[i] : NAN));
        if (w->nights.with_outcomes) json_object_set_new(one, "auc_gain", number(w->auc[i] - w->auc[0]));
        bad |= json_array_append_new(list, one);
    }
    bad |= json_object_set_new(w->result, "one_at_a_time", list);
    return bad ? hf_fail_memory(error) : HF_OK;
}

// ---- the run -----------------------------------------------------------------------------------------------------

static hf_status prepare(hf_whatif_weighing *w, hf_error *error)
{
    const hf_whatif_weights_job *job = w->job;
    hf_status status;
    HF_TRY(done, hf_context_quiet(&w->quiet, w->context, error));
    HF_TRY(done, hf_store_open(&w->store, w->context, job->store, HF_STORE_READ, error));
    HF_TRY(done,
           hf_whatif_scorecard_open(&w->present, w->context, w->quiet, job->definition, w->store, error));
    HF_TRY(done, take_weightings(w, error));
    HF_TRY(done, hf_whatif_nights_read(&w->nights, w->context, job, w->store, error));
    HF_TRY(done, hf_whatif_begin(w, error));
done:
    return status;
}

static hf_status weigh(hf_whatif_weighing *w, hf_error *error)
{
    const bool many = w->set.weights.count > w->named + 1;
    hf_status status = HF_OK;
    w->chosen = w->nights.count;
    if (many && w->nights.with_outcomes) split_dates(w);
    if (many) HF_TRY(done, weigh_all(w, error));
    HF_TRY(done, list_weightings(w, error));
    if (many) HF_TRY(done, tell_tried(w, error));
    if (w->ones > 0) HF_TRY(done, tell_ones(w, error));
    if (w->split_says[0] != '\0' &&
        json_object_set_new(w->result, "choice",
                            json_pack("{s:b, s:s}", "split", w->split, "says", w->split_says)) != 0) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_whatif_judge(w, error));
done:
    return status;
}

static void end(hf_whatif_weighing *w)
{
    json_decref(w->result);
    for (int32_t i = 0; i < w->other_count; i++)
        hf_whatif_scorecard_close(&w->others[i]);
    hf_delete(w->context, w->others);
    hf_delete(w->context, w->changed);
    hf_delete(w->context, w->changed_arr);
    hf_delete(w->context, w->auc);
    hf_delete(w->context, w->auc_error);
    hf_delete(w->context, w->listed);
    hf_whatif_nights_free(&w->nights);
    hf_weighting_set_free(&w->set);
    hf_whatif_scorecard_close(&w->present);
    hf_store_close(w->store);
    hf_context_destroy(w->quiet);
}

hf_status hf_workflow_whatif_weights(const hf_context *context, const hf_whatif_weights_job *job,
                                     hf_error *error)
{
    hf_whatif_weighing w = {.context = context, .job = job};
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, check_job(job, error));
    HF_TRY(done, hf_whatif_keep_check(context, job->store, job->name, job->output, job->overwrite, error));
    HF_TRY(done, prepare(&w, error));
    HF_TRY(done, weigh(&w, error));
    HF_TRY(done, job->format == HF_REPORT_JSON ? hf_whatif_print(&text, w.result, error)
                                               : hf_report_whatif_weights(&text, context, w.result, error));
    status =
        hf_whatif_keep(context, &text, job->output, job->store, job->name, w.result, job->overwrite, error);
done:
    end(&w);
    hf_text_free(&text);
    return status;
}
