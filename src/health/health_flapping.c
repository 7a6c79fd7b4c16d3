// SPDX-License-Identifier: Apache-2.0
//
// Flapping: over the nights of a fleet, how often bands change and how many of the changes are taken back
// soon after, for the raw bands and the settled ones, and how late a settled band shows a fall that was a
// true one. Every night keeps two bytes an account and a link to the account's row in the night after; a
// count walks along the links, so that other windows cost nothing to ask for.
#include "health/health_room.h"
#include "health/scores_column.h"

#include <string.h>

typedef struct {
    hf_date as_of;
    int64_t rows;
    int8_t *band, *raw; // owned: places among the definition's bands, -1 unknown
    int64_t *next;      // owned: the account's row in the night after, -1 where it is gone; NULL for the last
} night;

struct hf_flapping {
    const hf_context *context;
    const hf_definition *definition; // borrowed
    night *nights;                   // owned
    int32_t count, capacity;
    hf_frame *ids; // owned: the last night's
};

static void night_free(const hf_context *context, night *n)
{
    hf_delete(context, n->band);
    hf_delete(context, n->raw);
    hf_delete(context, n->next);
}

hf_status hf_flapping_create(hf_flapping **out, const hf_context *context, const hf_definition *definition,
                             hf_error *error)
{
    hf_flapping *f = hf_new(context, 1, sizeof *f);
    if (!f) return hf_fail_memory(error);
    f->context = context;
    f->definition = definition;
    *out = f;
    return HF_OK;
}

void hf_flapping_destroy(hf_flapping *flapping)
{
    if (!flapping) return;
    const hf_context *context = flapping->context;
    for (int32_t i = 0; i < flapping->count; i++)
        night_free(context, &flapping->nights[i]);
    hf_delete(context, flapping->nights);
    hf_frame_destroy(flapping->ids);
    hf_delete(context, flapping);
}

// ---- gather ------------------------------------------------------------------------------------------------

static hf_status read_bands(int8_t **out, const hf_flapping *f, const hf_frame *scores, const char *name,
                            hf_error *error)
{
    hf_status status = HF_OK;
    const hf_column *column = NULL;
    int8_t *places = NULL, *bands = hf_new_raw(f->context, (size_t)scores->rows, sizeof *bands);
    if (!bands) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_scores_column(&column, scores, name, HF_SCORES_CATEGORY, error));
    HF_TRY(done, hf_scores_bands(&places, f->context, column, f->definition, error));
    for (int64_t i = 0; i < scores->rows; i++)
        bands[i] = hf_scores_band_at(column, places, i);
    *out = bands;
    bands = NULL;
done:
    hf_delete(f->context, bands);
    hf_delete(f->context, places);
    return status;
}

static hf_status copy_ids(hf_frame **out, const hf_context *context, const hf_frame *scores, hf_error *error)
{
    const hf_status status = hf_frame_create(out, context, scores->rows, scores->id_width, error);
    if (status == HF_OK) memcpy((*out)->ids, scores->ids, (size_t)scores->rows * (size_t)scores->id_width);
    return status;
}

static hf_status make_room(hf_flapping *f, hf_error *error)
{
    if (f->count < f->capacity) return HF_OK;
    const int32_t capacity = f->capacity < 16 ? 32 : f->capacity * 2;
    night *grown = hf_grow(f->context, f->nights, (size_t)capacity, sizeof *grown);
    if (!grown) return hf_fail_memory(error);
    f->nights = grown;
    f->capacity = capacity;
    return HF_OK;
}

static hf_status check_date(const hf_flapping *f, const hf_frame *scores, hf_error *error)
{
    if (scores->as_of != HF_DATE_MISSING && (f->count == 0 || scores->as_of > f->nights[f->count - 1].as_of))
        return HF_OK;
    char date[11];
    hf_date_format(scores->as_of, date);
    return hf_fail(error, HF_ERROR_USAGE, "nights are counted by date, each once; found '%s' out of turn",
                   date);
}

hf_status hf_flapping_add(hf_flapping *f, const hf_frame *scores, hf_error *error)
{
    hf_status status = HF_OK;
    night made = {.as_of = scores->as_of, .rows = scores->rows};
    hf_frame *ids = NULL;
    int64_t *next = NULL;
    HF_TRY(done, check_date(f, scores, error));
    HF_TRY(done, make_room(f, error));
    HF_TRY(done, read_bands(&made.band, f, scores, "band", error));
    HF_TRY(done, read_bands(&made.raw, f, scores, "band_raw", error));
    HF_TRY(done, copy_ids(&ids, f->context, scores, error));
    if (f->count > 0) {
        next = hf_new_raw(f->context, (size_t)f->ids->rows, sizeof *next);
        if (!next) {
            status = hf_fail_memory(error);
            goto done;
        }
        HF_TRY(done, hf_frame_match_near(next, f->context, scores, f->ids, error));
        f->nights[f->count - 1].next = next;
        next = NULL;
    }
    f->nights[f->count++] = made;
    made = (night){0};
    hf_frame_destroy(f->ids);
    f->ids = ids;
    ids = NULL;
done:
    hf_delete(f->context, next);
    hf_frame_destroy(ids);
    night_free(f->context, &made);
    return status;
}

// ---- count -------------------------------------------------------------------------------------------------

// The account's row k nights after, or -1.
static int64_t follow(const hf_flapping *f, int32_t *n, int64_t row)
{
    if (*n + 1 >= f->count) return -1;
    const int64_t next = f->nights[*n].next[row];
    (*n)++;
    return next;
}

// Whether the band `from` is come back to, or passed on the way back, within `days` of the night n.
static bool taken_back(const hf_flapping *f, bool raw, int32_t n, int64_t row, int8_t from, int32_t days)
{
    const hf_date changed = f->nights[n].as_of;
    const int8_t *bands = raw ? f->nights[n].raw : f->nights[n].band;
    const bool fell = bands[row] < from;
    for (;;) {
        row = follow(f, &n, row);
        if (row < 0 || (int64_t)f->nights[n].as_of - changed > days) return false;
        const int8_t band = raw ? f->nights[n].raw[row] : f->nights[n].band[row];
        if (band < 0) return false;
        if (fell ? band >= from : band <= from) return true;
    }
}

static void count_changes(hf_band_changes *out, const hf_flapping *f, bool raw, int32_t n, int64_t row,
                          int32_t days)
{
    int32_t after = n;
    const int64_t next = follow(f, &after, row);
    if (next < 0) return;
    const int8_t from = raw ? f->nights[n].raw[row] : f->nights[n].band[row];
    const int8_t to = raw ? f->nights[after].raw[next] : f->nights[after].band[next];
    if (from < 0 || to < 0) return;
    out->nights++;
    if (from == to) return;
    out->changes++;
    out->reversed += taken_back(f, raw, after, next, from, days);
}

// Whether the raw band falls to the lowest after night n and stays there for `stays` nights more.
static bool falls_truly(const hf_flapping *f, int32_t n, int64_t row, int32_t stays)
{
    if (f->nights[n].raw[row] <= 0) return false;
    for (int32_t k = 0; k <= stays; k++) {
        row = follow(f, &n, row);
        if (row < 0 || f->nights[n].raw[row] != 0) return false;
    }
    return true;
}

static void count_fall(hf_flap_count *out, const hf_flapping *f, int32_t n, int64_t row, int32_t stays)
{
    if (!falls_truly(f, n, row, stays)) return;
    out->falls++;
    row = follow(f, &n, row);
    const hf_date fell = f->nights[n].as_of;
    for (int32_t late = 0; row >= 0; late++, row = follow(f, &n, row)) {
        if (f->nights[n].band[row] != 0) continue;
        const int64_t days = (int64_t)f->nights[n].as_of - fell;
        out->late[late < HF_FLAP_LATE ? late : HF_FLAP_LATE - 1]++;
        if (late > out->most_nights) out->most_nights = late;
        if (days > out->most_days) out->most_days = days;
        return;
    }
    out->unpublished++;
}

void hf_flapping_count(hf_flap_count *out, const hf_flapping *flapping, int32_t days, int32_t stays)
{
    hf_flap_count count = {0};
    for (int32_t n = 0; n + 1 < flapping->count; n++) {
        for (int64_t row = 0; row < flapping->nights[n].rows; row++) {
            count_changes(&count.band, flapping, false, n, row, days);
            count_changes(&count.band_raw, flapping, true, n, row, days);
            count_fall(&count, flapping, n, row, stays);
        }
    }
    *out = count;
}
