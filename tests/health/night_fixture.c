// SPDX-License-Identifier: Apache-2.0
//
// Nights by hand.
#include "night_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void card_init(card *c, const hf_context *context)
{
    static char names[][16] = {"red", "yellow", "green", "smb", "default", "", "test.yaml"};
    static char paths[][16] = {"usage.depth", "support.tickets"};
    static const double edges[CARD_SEGMENTS][CARD_BANDS] = {{0, 30, 60}, {0, 40, 70}};
    *c = (card){0};
    memcpy(c->edges, edges, sizeof edges);
    for (int i = 0; i < CARD_BANDS; i++)
        c->bands[i] = (hf_band){.name = names[i], .from = edges[CARD_SEGMENTS - 1][i]};
    for (int i = 0; i < CARD_SEGMENTS; i++)
        c->segments[i] = (hf_segment){.name = names[3 + i], .band_from = c->edges[i]};
    for (int i = 0; i < CARD_MEASURES; i++)
        c->measures[i] = (hf_measure){.path = paths[i]};
    hf_definition *d = &c->definition;
    *d = (hf_definition){.context = context,
                         .path = names[6],
                         .bands = c->bands,
                         .band_count = CARD_BANDS,
                         .segments = c->segments,
                         .segment_count = CARD_SEGMENTS,
                         .measures = c->measures,
                         .measure_count = CARD_MEASURES,
                         .min_coverage = 0.5,
                         .snapshots = 1,
                         .trend_days = 30,
                         .trend_dead_zone = 2,
                         .arr = names[5],
                         .parent = names[5],
                         .daily = 0.2,
                         .weekly = 0.3};
}

static void *zeroed(const hf_context *context, int64_t n, size_t size)
{
    void *made = hf_new(context, (size_t)n, size);
    cr_assert_not_null(made);
    return made;
}

void night_open(night *out, const hf_context *context, const card *c, hf_date as_of, const char *const *ids,
                int64_t n)
{
    size_t width = 1;
    for (int64_t i = 0; i < n; i++)
        if (strlen(ids[i]) > width) width = strlen(ids[i]);
    *out = (night){.context = context};
    cr_assert_eq(hf_frame_create(&out->frame, context, n, (int32_t)width, NULL), HF_OK);
    cr_assert_eq(hf_frame_set_source(out->frame, "account_id", "by hand", NULL), HF_OK);
    out->frame->as_of = as_of;
    for (int64_t i = 0; i < n; i++)
        memcpy(out->frame->ids + (size_t)i * width, ids[i], strlen(ids[i]));
    out->plan.context = context;
    out->plan.definition = &c->definition;
    out->plan.frame = out->frame;
    hf_health *h = &out->health;
    h->rows = n;
    h->measures = CARD_MEASURES;
    h->measure = zeroed(context, n * CARD_MEASURES, sizeof *h->measure);
    h->state = zeroed(context, n * CARD_MEASURES, sizeof *h->state);
    h->segment = zeroed(context, n, sizeof *h->segment);
    h->raw = zeroed(context, n, sizeof *h->raw);
    h->health = zeroed(context, n, sizeof *h->health);
    h->coverage = zeroed(context, n, sizeof *h->coverage);
    h->band_raw = zeroed(context, n, sizeof *h->band_raw);
    h->lost = zeroed(context, n * HF_LOST, sizeof *h->lost);
    for (int64_t i = 0; i < n; i++)
        h->segment[i] = CARD_SEGMENTS - 1;
}

void night_close(night *n)
{
    const hf_context *context = n->context;
    hf_health *h = &n->health;
    void *owned[] = {h->measure,  h->state, h->segment, h->raw,           h->health,      h->coverage,
                     h->band_raw, h->lost,  h->band,    h->smoothed,      h->pending,     h->band_since,
                     h->trend,    h->arr,   h->cadence, h->pending_count, h->arr_at_risk, h->parent};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        hf_delete(context, owned[i]);
    hf_frame_destroy(n->frame);
    *n = (night){0};
}

void night_put(night *n, int64_t row, double health, double coverage)
{
    const double *edges = n->plan.definition->segments[n->health.segment[row]].band_from;
    int8_t band = -1;
    if (coverage >= 0.5 && !isnan(health))
        for (int8_t b = 0; b < CARD_BANDS; b++)
            if (health >= edges[b]) band = b;
    n->health.raw[row] = n->health.health[row] = health;
    n->health.coverage[row] = coverage;
    n->health.band_raw[row] = band;
}

hf_frame *night_scores(night *n, const hf_frame *last, const hf_frame *before)
{
    hf_error error = {0};
    hf_frame *scores = NULL;
    cr_assert_eq(hf_health_settle(&n->health, n->context, &n->plan, last, before, &error), HF_OK, "%s",
                 error.message);
    cr_assert_eq(hf_health_risk(&n->health, n->context, &n->plan, NULL, &error), HF_OK, "%s", error.message);
    cr_assert_eq(hf_health_frame(&scores, n->context, &n->plan, &n->health, NULL, NULL, "{}", &error), HF_OK,
                 "%s", error.message);
    return scores;
}

static const hf_column *column_of(const hf_frame *frame, const char *name)
{
    const int32_t c = hf_frame_find(frame, name);
    cr_assert_geq(c, 0, "no column %s", name);
    return &frame->columns[c];
}

const char *text_at(const hf_frame *frame, const char *column, int64_t row)
{
    const hf_column *c = column_of(frame, column);
    cr_assert_eq(c->kind, HF_KIND_CATEGORY);
    const int32_t code = ((const int32_t *)c->values)[row];
    return code < 0 ? "" : hf_dictionary_text(&c->dictionary, code);
}

double number_at(const hf_frame *frame, const char *column, int64_t row)
{
    return hf_column_number(column_of(frame, column), row);
}

hf_date date_at(const hf_frame *frame, const char *column, int64_t row)
{
    const hf_column *c = column_of(frame, column);
    cr_assert_eq(c->kind, HF_KIND_DATE);
    return ((const int32_t *)c->values)[row];
}

void night_add_numbers(night *n, const char *name, hf_kind kind, const double *values)
{
    hf_column *c = NULL;
    cr_assert_eq(hf_frame_add(n->frame, &c, name, kind, HF_STORAGE_F64, NULL), HF_OK);
    memcpy(c->values, values, (size_t)n->frame->rows * sizeof *values);
    hf_column_count_missing(c, n->frame->rows);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void night_add_texts(night *n, const char *name, const char *const *texts)
{
    const int64_t rows = n->frame->rows;
    hf_column *c = NULL;
    cr_assert_eq(hf_frame_add(n->frame, &c, name, HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL), HF_OK);
    const char **sorted = malloc(((size_t)rows + 1) * sizeof *sorted);
    size_t *lengths = malloc(((size_t)rows + 1) * sizeof *lengths), count = 0, distinct = 0;
    for (int64_t i = 0; i < rows; i++)
        if (texts[i]) sorted[count++] = texts[i];
    qsort(sorted, count, sizeof *sorted, by_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(sorted[i], sorted[distinct - 1]) != 0) sorted[distinct++] = sorted[i];
    for (size_t i = 0; i < distinct; i++)
        lengths[i] = strlen(sorted[i]);
    cr_assert_eq(
        hf_dictionary_build(&c->dictionary, n->context, sorted, lengths, (int32_t)distinct, NULL, NULL),
        HF_OK);
    for (int64_t i = 0; i < rows; i++)
        ((int32_t *)c->values)[i] = texts[i] ? hf_dictionary_find(&c->dictionary, texts[i]) : -1;
    hf_column_count_missing(c, rows);
    free(sorted);
    free(lengths);
}
