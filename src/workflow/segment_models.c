// SPDX-License-Identifier: Apache-2.0
//
// Partial pooling by segment. A segment learns a model of its own where each class has EVENTS_A_SIGNAL rows a
// signal (Peduzzi et al. 1996: ten events a variable); else only its intercept is learnt: the shift d that
// minimises the segment's log-loss plus d^2 / (2 v) under the model of all rows, v being SHIFT_VARIANCE, a
// normal prior about no shift. The model of all rows is trained once and kept for all that need it.
#include "workflow/segment_models.h"

#include "report/report_room.h"
#include "workflow/labelled.h"
#include "workflow/segment_rows.h"
#include "workflow/training_record.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum { EVENTS_A_SIGNAL = 10 };
static const double SHIFT_VARIANCE =
    0.25; // two segments in three within half a log-odds of their pooled risk
static const char placeholder[] = "{segment}";

// What the trainings of one call share.
struct hf_segment_run {
    const hf_context *context;
    hf_segment_rows segments;
    hf_model *pooled; // as it was trained, nothing noted yet
};

bool hf_segments_asked(const hf_train_job *job)
{
    return (job->by || job->segments) && !job->segment;
}

hf_status hf_segments_check(const hf_train_job *job, hf_error *error)
{
    if (job->by && job->segments)
        return hf_fail(error, HF_ERROR_USAGE,
                       "segments are either the levels of --by or those of the "
                       "definition of --segments; pass one of them");
    if (job->segment && !job->by && !job->segments)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--segment '%s' of what? name a category with --by or a definition with --segments",
                       job->segment);
    if (hf_segments_asked(job) && !strstr(job->model, placeholder))
        return hf_fail(
            error, HF_ERROR_USAGE,
            "each segment has a file of its own, and '%s' names one; write {segment} where its name "
            "goes, as in -o 'churn-{segment}.json'",
            job->model);
    return HF_OK;
}

// ---- one segment -----------------------------------------------------------------------------------------

typedef struct {
    int64_t *rows; // owned
    int64_t count, events, needed;
} segment_part;

static hf_status find_segments(hf_segment_rows *out, const hf_context *context, const hf_train_job *job,
                               const hf_frame *frame, hf_error *error)
{
    return job->by ? hf_segment_rows_by(out, context, frame, job->by, error)
                   : hf_segment_rows_defined(out, context, frame, job->segments, error);
}

static hf_status take_part(segment_part *out, const hf_context *context, const hf_segment_rows *segments,
                           int32_t segment, const hf_frame *frame, const uint8_t *label, const int64_t *rows,
                           int64_t count, hf_error *error)
{
    segment_part part = {.rows = hf_new(context, (size_t)count, sizeof *part.rows)};
    if (!part.rows) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        const int64_t row = rows ? rows[i] : i;
        if (segments->of[row] != segment) continue;
        part.rows[part.count++] = row;
        part.events += label[row];
    }
    for (int32_t c = 0; c < frame->column_count; c++)
        part.needed += frame->columns[c].kind != HF_KIND_DATE ? EVENTS_A_SIGNAL : 0;
    *out = part;
    return HF_OK;
}

// The shift that minimises sum of log-losses + d^2 / (2 v): Newton's method inside a bracket. The gradient
// rises with d and at the bracket's ends has both signs, since a row's part of it lies within -1 and 1.
static double fit_shift(const double *margin, const uint8_t *label, const int64_t *rows, int64_t count)
{
    double high = SHIFT_VARIANCE * (double)count, low = -high, d = 0.0;
    for (int step = 0; step < 200 && low < high; step++) {
        double slope = d / SHIFT_VARIANCE, bend = 1.0 / SHIFT_VARIANCE;
        for (int64_t i = 0; i < count; i++) {
            const double p = 1.0 / (1.0 + exp(-(margin[i] + d)));
            slope += p - label[rows[i]];
            bend += p * (1.0 - p);
        }
        if (slope > 0.0)
            high = d;
        else
            low = d;
        double next = d - slope / bend;
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        if (slope == 0.0 || fabs(next - d) <= 1e-13 * (1.0 + fabs(d))) break;
        d = next;
    }
    return d;
}

static hf_status shift_intercept(double *shift, hf_model *model, const hf_context *context,
                                 const hf_frame *frame, const uint8_t *label, const segment_part *part,
                                 hf_error *error)
{
    const hf_plan_options options = {.allow_missing = true};
    hf_context *quiet = NULL;
    hf_frame *own = NULL;
    hf_plan *plan = NULL;
    double *margin = NULL, *contribution = NULL;
    hf_status status;
    *shift = 0.0;
    if (part->count == 0) return HF_OK;
    HF_TRY(done, hf_context_quiet(&quiet, context, error));
    HF_TRY(done, hf_frame_select(&own, frame, part->rows, part->count, error));
    HF_TRY(done, hf_plan_create(&plan, quiet, model, own, &options, error));
    margin = hf_new(context, (size_t)part->count, sizeof *margin);
    contribution = hf_new(context, (size_t)model->term_count, sizeof *contribution);
    if (!margin || !contribution) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < part->count; i++)
        margin[i] = hf_plan_explain(plan, i, contribution);
    *shift = fit_shift(margin, label, part->rows, part->count);
    HF_TRY(done, hf_model_shift(model, *shift, error));
done:
    hf_delete(context, margin);
    hf_delete(context, contribution);
    hf_plan_destroy(plan);
    hf_frame_destroy(own);
    hf_context_destroy(quiet);
    return status;
}

static hf_status note_segment(hf_model *model, const hf_train_job *job, const segment_part *part, bool own,
                              double shift, hf_error *error)
{
    json_t *note = json_pack("{s:s,s:I,s:I,s:I,s:s}", "name", job->segment, "rows", (json_int_t)part->count,
                             "events", (json_int_t)part->events, "needed", (json_int_t)part->needed, "model",
                             own ? "own" : "pooled");
    bool good =
        note && (own || (json_object_set_new(note, "shift", json_real(shift)) == 0 &&
                         json_object_set_new(note, "shift_variance", json_real(SHIFT_VARIANCE)) == 0));
    if (good) return hf_model_note(model, "training", "segment", note, error);
    json_decref(note);
    return hf_fail_memory(error);
}

static hf_status fail_segment(const hf_train_job *job, const hf_segment_rows *segments, hf_error *error)
{
    char names[512] = "";
    for (int32_t s = 0; s < segments->count && strlen(names) < 400; s++) {
        const size_t at = strlen(names);
        snprintf(names + at, sizeof names - at, "%s'%.60s'", s > 0 ? ", " : "", segments->name[s]);
    }
    return hf_fail(error, HF_ERROR_USAGE, "there is no segment '%s'; there are %s", job->segment, names);
}

hf_status hf_segment_train(hf_model **out, const hf_context *context, const hf_train_job *job,
                           const hf_frame *frame, const uint8_t *label, const int64_t *cluster,
                           const int64_t *rows, int64_t count, const hf_train_options *options,
                           hf_error *error)
{
    hf_segment_rows segments = {0};
    segment_part part = {0};
    hf_model *model = NULL;
    double shift = 0.0;
    hf_status status;
    if (!job->by && !job->segments)
        return hf_model_train(out, context, frame, label, cluster, rows, count, options, error);
    HF_TRY(done, find_segments(&segments, context, job, frame, error));
    if (!job->segment) { // the first of a call for all: what the others share
        HF_TRY(done, hf_model_train(&model, context, frame, label, cluster, rows, count, options, error));
        HF_TRY(done, hf_model_copy(&job->run->pooled, job->run->context, model, error));
        job->run->segments = segments;
        segments = (hf_segment_rows){0};
    } else {
        const int32_t segment = hf_segment_rows_find(&segments, job->segment);
        if (segment < 0) {
            status = fail_segment(job, &segments, error);
            goto done;
        }
        HF_TRY(done, take_part(&part, context, &segments, segment, frame, label, rows, count, error));
        const int64_t others = part.count - part.events;
        const bool own = (part.events < others ? part.events : others) >= part.needed;
        if (own)
            HF_TRY(done, hf_model_train(&model, context, frame, label, cluster, part.rows, part.count,
                                        options, error));
        else if (job->run)
            HF_TRY(done, hf_model_copy(&model, context, job->run->pooled, error));
        else
            HF_TRY(done, hf_model_train(&model, context, frame, label, cluster, rows, count, options, error));
        if (!own) HF_TRY(done, shift_intercept(&shift, model, context, frame, label, &part, error));
        HF_TRY(done, note_segment(model, job, &part, own, shift, error));
    }
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    hf_delete(context, part.rows);
    hf_segment_rows_free(&segments);
    return status;
}

// ---- all of them -----------------------------------------------------------------------------------------

static bool plain_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
}

// A segment's name where a file's or a definition's key may stand: other bytes become '-', and a leading
// '.', which would hide a file or name the folder above, '_'.
static void put_name(hf_text *text, const char *name)
{
    for (const char *p = name; *p != '\0'; p++)
        hf_text_putc(text, p == name && *p == '.' ? '_' : plain_byte(*p) ? *p : '-');
}

// Where a segment's model goes: the job's path with the segment's name in every place left for it.
static void put_path(hf_text *text, const char *path, const char *name)
{
    for (const char *hole; (hole = strstr(path, placeholder)) != NULL; path = hole + strlen(placeholder)) {
        hf_text_add(text, path, (size_t)(hole - path));
        put_name(text, name);
    }
    hf_text_puts(text, path);
}

hf_status hf_segment_path(hf_text *out, const hf_train_job *job, hf_error *error)
{
    if (job->segment)
        put_path(out, job->model, job->segment);
    else
        hf_text_puts(out, job->model);
    return hf_text_status(out, error);
}

// The paths of all segments' models, one after the other, each ended by a NUL.
static hf_status make_paths(hf_text *paths, const char **path, const hf_segment_rows *segments,
                            const hf_train_job *job, hf_error *error)
{
    struct stat info;
    for (int32_t s = 0; s < segments->count; s++) {
        put_path(paths, job->model, segments->name[s]);
        hf_text_putc(paths, '\0');
    }
    hf_status status = hf_text_status(paths, error);
    const char *at = paths->data;
    for (int32_t s = 0; s < segments->count && status == HF_OK; s++) {
        path[s] = at;
        at += strlen(at) + 1;
        for (int32_t k = 0; k < s && status == HF_OK; k++)
            if (strcmp(path[k], path[s]) == 0)
                status =
                    hf_fail(error, HF_ERROR_USAGE,
                            "segments '%s' and '%s' would both be written to '%s'; name them otherwise, in "
                            "a definition",
                            segments->name[k], segments->name[s], path[s]);
        if (status == HF_OK && !job->overwrite && stat(path[s], &info) == 0)
            status =
                hf_fail_errno(error, path[s], EEXIST, "a model is there already; pass --force to replace it");
    }
    return status;
}

static void add_row(hf_grid *grid, const char *name, const char *path, const hf_model *model)
{
    const json_t *training = json_object_get(model->record, "training");
    const json_t *note = json_object_get(training, "segment");
    const int64_t rows = (int64_t)json_integer_value(json_object_get(note, "rows"));
    const int64_t events = (int64_t)json_integer_value(json_object_get(note, "events"));
    const char *kind = json_string_value(json_object_get(note, "model"));
    char text[32];
    hf_grid_cell(grid, "%s", name);
    hf_grid_cell(grid, "%s", hf_grouped(text, rows));
    hf_grid_cell(grid, "%s", hf_grouped(text, events));
    if (rows > 0)
        hf_grid_cell(grid, "%.2f %%", 100.0 * (double)events / (double)rows);
    else
        hf_grid_cell(grid, "-");
    if (strcmp(kind, "own") == 0)
        hf_grid_cell(grid, "its own");
    else
        hf_grid_cell(grid, "pooled, intercept %+.3f", json_number_value(json_object_get(note, "shift")));
    hf_grid_cell(grid, "%s", path);
}

// What to write into the definition, where a quote within quotes is doubled.
static void put_snippet(hf_text *text, const hf_segment_rows *segments, const char *const *path)
{
    hf_text_puts(text,
                 "\nin the definition (paths are relative to it), the default's by --model:\n\nsegments:\n");
    for (int32_t s = 0; s + 1 < segments->count; s++) {
        hf_text_puts(text, "  ");
        put_name(text, segments->name[s]);
        hf_text_puts(text, ":\n");
        if (segments->condition[s]) {
            hf_text_puts(text, "    when: '");
            for (const char *p = segments->condition[s]; *p != '\0'; p++) {
                if (*p == '\'') hf_text_putc(text, '\'');
                hf_text_putc(text, *p);
            }
            hf_text_puts(text, "'\n");
        }
        hf_text_printf(text, "    model: %s\n", path[s]);
    }
}

static hf_status train_each(hf_text *text, const hf_context *context, const hf_context *quiet,
                            const hf_train_job *job, struct hf_segment_run *run, const char *const *path,
                            hf_error *error)
{
    hf_grid *grid = NULL;
    hf_model *model = NULL;
    hf_train_job one = *job;
    hf_status status;
    one.run = run;
    one.output = NULL;
    HF_TRY(done, hf_grid_create(&grid, context, "segment|>rows|>events|>rate|model|file", error));
    for (int32_t s = 0; s < run->segments.count; s++) {
        hf_progress(context, "training segments", s, run->segments.count);
        one.segment = run->segments.name[s];
        one.model = path[s];
        one.ledger = s == 0 ? job->ledger : NULL; // of all rows, so written once
        HF_TRY(done, hf_workflow_train(quiet, &one, error));
        HF_TRY(done, hf_model_load(&model, context, path[s], error));
        add_row(grid, one.segment, path[s], model);
        hf_model_destroy(model);
        model = NULL;
    }
    hf_progress(context, "training segments", run->segments.count, run->segments.count);
    hf_text_puts(text, "\n");
    HF_TRY(done, hf_grid_print(grid, text, error));
done:
    hf_model_destroy(model);
    hf_grid_destroy(grid);
    return status;
}

hf_status hf_segments_train(const hf_context *context, const hf_train_job *job, hf_error *error)
{
    struct hf_segment_run run = {.context = context};
    hf_train_job pooled = *job;
    hf_model *model = NULL;
    hf_context *quiet = NULL;
    const char **path = NULL;
    hf_text text, paths;
    hf_status status;
    hf_text_init(&text, context);
    hf_text_init(&paths, context);
    pooled.run = &run;
    HF_TRY(done, hf_context_quiet(&quiet, context, error));
    HF_TRY(done, hf_train_make(&model, &text, context, &pooled, error));
    path = hf_new(context, (size_t)run.segments.count, sizeof *path);
    if (!path) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, make_paths(&paths, path, &run.segments, job, error));
    HF_TRY(done, train_each(&text, context, quiet, job, &run, path, error));
    put_snippet(&text, &run.segments, path);
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, true, error));
done:
    hf_delete(context, path);
    hf_model_destroy(model);
    hf_model_destroy(run.pooled);
    hf_segment_rows_free(&run.segments);
    hf_text_free(&paths);
    hf_text_free(&text);
    hf_context_destroy(quiet);
    return status;
}
