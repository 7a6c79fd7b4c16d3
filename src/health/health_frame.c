// SPDX-License-Identifier: Apache-2.0
//
// A night as a frame: what the store keeps in `scores/`, what the next night settles its bands from, and what
// explanations compare with. Healths keep double precision, so that a night replayed from what is kept gives
// the same bytes; the measures keep the single precision of the pass. Bands and segments go by name, since
// the definition may change between two nights.
#include "health/health_room.h"

#include <string.h>

enum {
    EXACT_F32 = 1 << 24, // whole numbers up to here are exact in single precision
    TRENDS = HF_TREND_UP + 1,
    CADENCES = HF_CADENCE_MONTHLY + 1,
};

// One frame being built.
typedef struct {
    hf_frame *frame;
    const hf_context *context;
    const hf_definition *definition;
    const hf_health *health;
    const char **names; // owned: room for every list of names
    hf_error *error;
} builder;

static hf_status add_numbers(const builder *b, const char *name, hf_kind kind, const double *values)
{
    hf_column *column = NULL;
    const hf_status status = hf_frame_add(b->frame, &column, name, kind, HF_STORAGE_F64, b->error);
    if (status != HF_OK) return status;
    memcpy(column->values, values, (size_t)b->frame->rows * sizeof *values);
    hf_column_count_missing(column, b->frame->rows);
    return HF_OK;
}

// Numbers of `most` at most.
static hf_status add_counts(const builder *b, const char *name, const int32_t *values, int64_t most)
{
    hf_column *column = NULL;
    const hf_storage storage = most > EXACT_F32 ? HF_STORAGE_F64 : HF_STORAGE_F32;
    const hf_status status = hf_frame_add(b->frame, &column, name, HF_KIND_COUNT, storage, b->error);
    if (status != HF_OK) return status;
    for (int64_t i = 0; i < b->frame->rows; i++) {
        if (storage == HF_STORAGE_F64)
            ((double *)column->values)[i] = values[i];
        else
            ((float *)column->values)[i] = (float)values[i];
    }
    column->missing = 0;
    return HF_OK;
}

static hf_status add_days_in_band(const builder *b)
{
    hf_column *column = NULL;
    const hf_status status =
        hf_frame_add(b->frame, &column, "days_in_band", HF_KIND_COUNT, HF_STORAGE_F32, b->error);
    if (status != HF_OK) return status;
    for (int64_t i = 0; i < b->frame->rows; i++)
        ((float *)column->values)[i] = (float)((int64_t)b->frame->as_of - b->health->band_since[i]);
    column->missing = 0;
    return HF_OK;
}

static hf_status add_since(const builder *b)
{
    hf_column *column = NULL;
    const hf_status status =
        hf_frame_add(b->frame, &column, "band_since", HF_KIND_DATE, HF_STORAGE_DAY, b->error);
    if (status != HF_OK) return status;
    memcpy(column->values, b->health->band_since, (size_t)b->frame->rows * sizeof(int32_t));
    hf_column_count_missing(column, b->frame->rows);
    return HF_OK;
}

// A category by place in b->names, `count` of them: small or wide holds the places, one a row, and the other
// is NULL. A place of none (-1), or one whose name is "", is missing.
static hf_status add_category(const builder *b, const char *name, int32_t count, const int8_t *small,
                              const int32_t *wide)
{
    hf_status status = HF_OK;
    hf_column *column = NULL;
    const char **texts = hf_new(b->context, (size_t)count, sizeof *texts);
    size_t *lengths = hf_new(b->context, (size_t)count, sizeof *lengths);
    int32_t *rank = hf_new(b->context, (size_t)count, sizeof *rank);
    int32_t *code = hf_new(b->context, (size_t)count, sizeof *code), named = 0;
    if (!texts || !lengths || !rank || !code) {
        status = hf_fail_memory(b->error);
        goto done;
    }
    for (int32_t i = 0; i < count; i++) {
        code[i] = b->names[i][0] == '\0' ? -1 : named;
        if (code[i] < 0) continue;
        texts[named] = b->names[i];
        lengths[named++] = strlen(b->names[i]);
    }
    HF_TRY(done, hf_frame_add(b->frame, &column, name, HF_KIND_CATEGORY, HF_STORAGE_CODE, b->error));
    HF_TRY(done, hf_dictionary_build(&column->dictionary, b->context, texts, lengths, named, rank, b->error));
    for (int64_t i = 0; i < b->frame->rows; i++) {
        const int32_t place = wide ? wide[i] : small[i];
        ((int32_t *)column->values)[i] = place < 0 || code[place] < 0 ? -1 : rank[code[place]];
    }
    hf_column_count_missing(column, b->frame->rows);
done:
    hf_delete(b->context, texts);
    hf_delete(b->context, lengths);
    hf_delete(b->context, rank);
    hf_delete(b->context, code);
    return status;
}

static hf_status add_bands(const builder *b, const char *name, const int8_t *band)
{
    for (int32_t i = 0; i < b->definition->band_count; i++)
        b->names[i] = b->definition->bands[i].name;
    return add_category(b, name, b->definition->band_count, band, NULL);
}

static hf_status add_segments(const builder *b)
{
    for (int32_t i = 0; i < b->definition->segment_count; i++)
        b->names[i] = b->definition->segments[i].name;
    return add_category(b, "segment", b->definition->segment_count, NULL, b->health->segment);
}

static hf_status add_trend(const builder *b)
{
    for (int32_t i = 0; i < TRENDS; i++)
        b->names[i] = hf_trend_name((hf_trend)i);
    return add_category(b, "trend", TRENDS, (const int8_t *)b->health->trend, NULL);
}

static hf_status add_cadence(const builder *b)
{
    for (int32_t i = 0; i < CADENCES; i++)
        b->names[i] = hf_cadence_name((hf_cadence)i);
    return add_category(b, "cadence", CADENCES, (const int8_t *)b->health->cadence, NULL);
}

static hf_status add_measures(const builder *b)
{
    const size_t rows = (size_t)b->frame->rows;
    for (int32_t m = 0; m < b->definition->measure_count; m++) {
        char name[HF_NAME_LIMIT + 1];
        const char *path = b->definition->measures[m].path;
        hf_column *column = NULL;
        const int length = snprintf(name, sizeof name, "measure:%s", path);
        if (length < 0 || (size_t)length >= sizeof name)
            return hf_definition_fail(b->error, b->definition, b->definition->measures[m].place,
                                      "expected a measure whose group and name take at most %zu bytes, found "
                                      "%zu; give it a shorter name",
                                      sizeof name - sizeof "measure:", strlen(path));
        const hf_status status =
            hf_frame_add(b->frame, &column, name, HF_KIND_NUMBER, HF_STORAGE_F32, b->error);
        if (status != HF_OK) return status;
        memcpy(column->values, b->health->measure + (size_t)m * rows, rows * sizeof(float));
        hf_column_count_missing(column, b->frame->rows);
    }
    return HF_OK;
}

static hf_status add_health(const builder *b)
{
    hf_status status = HF_OK;
    const hf_health *h = b->health;
    HF_TRY(done, add_numbers(b, "health", HF_KIND_NUMBER, h->health));
    HF_TRY(done, add_numbers(b, "health_raw", HF_KIND_NUMBER, h->raw));
    HF_TRY(done, add_numbers(b, "health_smoothed", HF_KIND_NUMBER, h->smoothed));
    HF_TRY(done, add_bands(b, "band", h->band));
    HF_TRY(done, add_bands(b, "band_raw", h->band_raw));
    HF_TRY(done, add_bands(b, "pending_band", h->pending));
    HF_TRY(done, add_since(b));
    HF_TRY(done, add_counts(b, "pending_count", h->pending_count, b->definition->snapshots));
    HF_TRY(done, add_days_in_band(b));
    HF_TRY(done, add_numbers(b, "coverage", HF_KIND_RATIO, h->coverage));
    HF_TRY(done, add_trend(b));
    HF_TRY(done, add_segments(b));
    HF_TRY(done, add_cadence(b));
done:
    return status;
}

static hf_status add_revenue(const builder *b, const double *probability, const int32_t *rank)
{
    hf_status status = HF_OK;
    const hf_health *h = b->health;
    HF_TRY(done, add_numbers(b, "arr", HF_KIND_MONEY, h->arr));
    HF_TRY(done, add_numbers(b, "arr_at_risk", HF_KIND_MONEY, h->arr_at_risk));
    HF_TRY(done, add_numbers(b, "parent_health", HF_KIND_NUMBER, h->parent));
    if (probability) HF_TRY(done, add_numbers(b, "churn_probability", HF_KIND_NUMBER, probability));
    if (rank) HF_TRY(done, add_counts(b, "rank", rank, b->frame->rows));
done:
    return status;
}

static size_t most_names(const hf_definition *definition)
{
    int32_t most = TRENDS > CADENCES ? TRENDS : CADENCES;
    if (definition->band_count > most) most = definition->band_count;
    if (definition->segment_count > most) most = definition->segment_count;
    return (size_t)most;
}

hf_status hf_health_frame(hf_frame **out, const hf_context *context, const hf_health_plan *plan,
                          const hf_health *health, const double *probability, const int32_t *rank,
                          const char *source, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_frame *accounts = hf_health_plan_frame(plan);
    const hf_definition *definition = hf_health_plan_definition(plan);
    builder b = {NULL, context, definition, health, NULL, error};
    if (!health->band || !health->cadence) {
        status =
            hf_fail(error, HF_ERROR_USAGE, "the health must be settled and its risk known before it is kept");
        goto done;
    }
    b.names = hf_new(context, most_names(definition), sizeof *b.names);
    if (!b.names) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_frame_create(&b.frame, context, accounts->rows, accounts->id_width, error));
    memcpy(b.frame->ids, accounts->ids, (size_t)accounts->rows * (size_t)accounts->id_width);
    b.frame->as_of = accounts->as_of;
    HF_TRY(done, hf_frame_set_source(b.frame, accounts->id_name, source ? source : "", error));
    HF_TRY(done, add_health(&b));
    HF_TRY(done, add_revenue(&b, probability, rank));
    HF_TRY(done, add_measures(&b));
    *out = b.frame;
    b.frame = NULL;
done:
    hf_delete(context, b.names);
    hf_frame_destroy(b.frame);
    return status;
}
