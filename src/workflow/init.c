// SPDX-License-Identifier: Apache-2.0
//
// The init verb: profile the data, guess a scorecard, prove that it parses and scores the very data it was
// guessed from, cut its bands from those scores, and write it.
#include "health/health_room.h"
#include "workflow/labelled.h"
#include "workflow/starter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RED_SHARE 0.16
#define GREEN_SHARE 0.5

// A definition's name from where the data is: the last part of the path, without what follows a point.
static void name_from(char *out, size_t size, const char *path)
{
    char plain[64];
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        ;
    snprintf(plain, sizeof plain, "%.*s", (int)(end - begin < 60 ? end - begin : 60), path + begin);
    plain[strcspn(plain, ".")] = '\0';
    hf_plain_name(out, size, plain);
}

// The starter's text, checked by the parser that will read it.
static hf_status write_checked(hf_text *text, hf_definition **definition, const hf_context *context,
                               const hf_starter *starter, const char *name, const char *source,
                               const char *path, hf_error *error)
{
    hf_text_clear(text);
    hf_status status = hf_starter_write(text, starter, name, source, error);
    if (status != HF_OK) return status;
    return hf_definition_parse(definition, context, text->data, text->length,
                               strcmp(path, "-") == 0 ? "holdfast.yaml" : path, error);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct {
    int64_t scored, unknown, band[3];
    double coverage; // mean
} starter_result;

// Scores the data the starter came from; health of those that have one, in ascending order.
static hf_status score_data(double **health, int64_t *count, starter_result *result,
                            const hf_context *context, const hf_definition *definition, hf_frame *frame,
                            hf_error *error)
{
    hf_health_plan *plan = NULL;
    hf_health scored = {0};
    double *sorted = NULL;
    hf_status status;
    HF_TRY(done, hf_health_plan_create(&plan, context, definition, frame, NULL, error));
    HF_TRY(done, hf_health_fleet(&scored, context, plan, error));
    sorted = hf_new(context, (size_t)scored.rows, sizeof *sorted);
    if (!sorted) {
        status = hf_fail_memory(error);
        goto done;
    }
    *result = (starter_result){0};
    *count = 0;
    for (int64_t i = 0; i < scored.rows; i++) {
        result->coverage += scored.coverage[i] / (double)scored.rows;
        if (!isnan(scored.health[i])) sorted[(*count)++] = scored.health[i];
        if (scored.band_raw[i] < 0)
            result->unknown++;
        else
            result->band[scored.band_raw[i]]++;
    }
    result->scored = scored.rows;
    qsort(sorted, (size_t)*count, sizeof *sorted, ascending);
    *health = sorted;
    sorted = NULL;
done:
    hf_delete(context, sorted);
    hf_health_free(context, &scored);
    hf_health_plan_destroy(plan);
    return status;
}

// Edges that part the accounts by the shares above, at whole points.
static void cut_bands(hf_starter *starter, const double *health, int64_t count)
{
    if (count < 30) return;
    double yellow = round(health[(int64_t)(RED_SHARE * (double)(count - 1))]);
    double green = round(health[(int64_t)(GREEN_SHARE * (double)(count - 1))]);
    if (yellow < 1 || green <= yellow || green > 99) return;
    starter->yellow = yellow;
    starter->green = green;
    starter->banded = true;
}

static void summarise(hf_text *text, const hf_starter *starter, const starter_result *result,
                      const hf_init_job *job)
{
    int32_t measures = 0, measured = 0, left = 0;
    for (int32_t i = 0; i < starter->count; i++) {
        const hf_guess *g = &starter->guesses[i];
        measures += g->role != HF_ROLE_LEFT_OUT;
        measured += g->role != HF_ROLE_LEFT_OUT && g->from_data;
        left += g->role == HF_ROLE_LEFT_OUT;
    }
    double n = (double)result->scored / 100;
    hf_text_printf(text, "%d measures, %d of them from data and %d hypotheses; %d signal%s left out\n",
                   (int)measures, (int)measured, (int)(measures - measured), (int)left, left == 1 ? "" : "s");
    hf_text_printf(
        text,
        "on this data: red %.1f %%, yellow %.1f %%, green %.1f %%, unknown %.1f %%; mean coverage %.1f %%\n",
        (double)result->band[0] / n, (double)result->band[1] / n, (double)result->band[2] / n,
        (double)result->unknown / n, 100 * result->coverage);
    hf_text_printf(text, "definition written to %s\n", job->definition);
}

static hf_status make_starter(hf_text *text, hf_text *said, const hf_context *context, const hf_init_job *job,
                              hf_profiling *profiling, hf_error *error)
{
    hf_starter starter = {0};
    hf_definition *definition = NULL;
    starter_result result;
    double *health = NULL;
    int64_t count = 0;
    char name[64];
    const char *source = job->file ? job->file : job->store;
    hf_status status;
    name_from(name, sizeof name, strcmp(source, "-") == 0 ? "starter" : source);
    HF_TRY(done, hf_starter_guess(&starter, context, &profiling->data, error));
    HF_TRY(done, write_checked(text, &definition, context, &starter, name, source, job->definition, error));
    // Without dates and ages nothing depends on the as-of date: any will do.
    if (profiling->frame->as_of == HF_DATE_MISSING) profiling->frame->as_of = 0;
    HF_TRY(done, hf_derive(profiling->frame, NULL, 0, definition, error));
    HF_TRY(done, score_data(&health, &count, &result, context, definition, profiling->frame, error));
    cut_bands(&starter, health, count);
    if (starter.banded) {
        hf_definition_destroy(definition);
        hf_delete(context, health);
        definition = NULL;
        health = NULL;
        HF_TRY(done,
               write_checked(text, &definition, context, &starter, name, source, job->definition, error));
        HF_TRY(done, score_data(&health, &count, &result, context, definition, profiling->frame, error));
    }
    summarise(said, &starter, &result, job);
done:
    hf_delete(context, health);
    hf_definition_destroy(definition);
    hf_starter_free(&starter);
    return status;
}

hf_status hf_workflow_init(const hf_context *context, const hf_init_job *job, hf_error *error)
{
    const hf_profiling_source source = {job->file,     job->csv,     job->store, job->as_of,  job->target,
                                        job->outcomes, job->outcome, job->lead,  job->horizon};
    hf_profiling profiling = {0};
    hf_text text, said;
    hf_status status;
    hf_text_init(&text, context);
    hf_text_init(&said, context);
    if (!job->definition) {
        status = hf_fail(error, HF_ERROR_USAGE, "no place for the definition; name it with -o FILE");
        goto done;
    }
    HF_TRY(done, hf_profiling_create(&profiling, context, &source, error));
    HF_TRY(done, make_starter(&text, &said, context, job, &profiling, error));
    HF_TRY(done, hf_workflow_write_text(context, &text, job->definition, job->overwrite, error));
    if (job->output) HF_TRY(done, hf_workflow_write_text(context, &said, job->output, true, error));
done:
    hf_profiling_free(&profiling);
    hf_text_free(&text);
    hf_text_free(&said);
    return status;
}
