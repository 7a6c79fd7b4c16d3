// SPDX-License-Identifier: Apache-2.0
//
// A night against the last one: which accounts a system downstream must hear of, and who moved between bands.
// What is compared is rounded, so that a file of changes does not tell of every account every night.
#include "score/score_room.h"

#include <math.h>
#include <string.h>

// The last night's columns, with the bands and cadences of its own names put as places of today's.
typedef struct {
    const hf_frame *frame;
    const hf_column *health, *probability, *band, *cadence; // NULL where it has none
    int8_t *band_of;                                        // owned: one a level
    int8_t *cadence_of;                                     // owned likewise
} last_night;

enum { FOREIGN = -2 }; // a level that today's definition does not know

static const hf_column *column_of(const hf_frame *frame, const char *name, hf_storage storage)
{
    const int32_t c = hf_frame_find(frame, name);
    return c >= 0 && frame->columns[c].storage == storage ? &frame->columns[c] : NULL;
}

static const hf_column *number_of(const hf_frame *frame, const char *name)
{
    const hf_column *wide = column_of(frame, name, HF_STORAGE_F64);
    return wide ? wide : column_of(frame, name, HF_STORAGE_F32);
}

static int8_t find_band(const hf_definition *definition, const char *name)
{
    for (int32_t b = 0; b < definition->band_count; b++)
        if (strcmp(definition->bands[b].name, name) == 0) return (int8_t)b;
    return FOREIGN;
}

static int8_t find_cadence(const char *name)
{
    for (int c = HF_CADENCE_DAILY; c <= HF_CADENCE_MONTHLY; c++)
        if (strcmp(hf_cadence_name((hf_cadence)c), name) == 0) return (int8_t)c;
    return FOREIGN;
}

static hf_status open_last(last_night *night, const hf_context *context, const hf_frame *last,
                           const hf_definition *definition, hf_error *error)
{
    night->frame = last;
    night->health = number_of(last, "health");
    night->probability = number_of(last, "churn_probability");
    night->band = column_of(last, "band", HF_STORAGE_CODE);
    night->cadence = column_of(last, "cadence", HF_STORAGE_CODE);
    const int32_t bands = night->band ? night->band->dictionary.count : 0;
    const int32_t cadences = night->cadence ? night->cadence->dictionary.count : 0;
    night->band_of = hf_new(context, (size_t)bands, 1);
    night->cadence_of = hf_new(context, (size_t)cadences, 1);
    if (!night->band_of || !night->cadence_of) return hf_fail_memory(error);
    for (int32_t k = 0; k < bands; k++)
        night->band_of[k] = find_band(definition, hf_dictionary_text(&night->band->dictionary, k));
    for (int32_t k = 0; k < cadences; k++)
        night->cadence_of[k] = find_cadence(hf_dictionary_text(&night->cadence->dictionary, k));
    return HF_OK;
}

static int8_t place_at(const hf_column *column, const int8_t *place_of, int64_t row)
{
    if (!column) return -1;
    const int32_t code = ((const int32_t *)column->values)[row];
    return code < 0 ? -1 : place_of[code];
}

// Whether two numbers read the same at so many steps a unit; what is missing in both does too. A value the
// last night kept in single precision is compared in it.
static bool same_number(const hf_column *column, int64_t row, double now, double steps)
{
    const double then = column ? hf_column_number(column, row) : NAN;
    if (column && column->storage == HF_STORAGE_F32) now = (double)(float)now;
    if (isnan(then) || isnan(now)) return isnan(then) && isnan(now);
    return round(then * steps) == round(now * steps);
}

static void count_move(hf_fleet_changes *out, int8_t then, int8_t now, double arr)
{
    if (then == now || then == FOREIGN) return;
    if (isnan(arr)) arr = 0;
    if (now == 0) {
        out->into_worst++;
        out->into_worst_arr += arr;
    } else if (then == 0) {
        out->out_of_worst++;
        out->out_of_worst_arr += arr;
    }
    if (then < 0 || now < 0) return;
    out->better += now > then;
    out->worse += now < then;
}

// Whether an account reads as it did in row j of another night's.
static bool reads_same(const hf_fleet_scores *scores, const last_night *night, int64_t i, int64_t j)
{
    const hf_health *health = scores->health;
    const int8_t band = health->band ? health->band[i] : health->band_raw[i];
    const int8_t cadence = health->cadence ? (int8_t)health->cadence[i] : -1;
    const double probability = scores->churn ? scores->churn->probability[i] : NAN;
    return band == place_at(night->band, night->band_of, j) &&
           cadence == place_at(night->cadence, night->cadence_of, j) &&
           same_number(night->health, j, health->health[i], 1) &&
           same_number(night->probability, j, probability, 100);
}

static void compare(hf_fleet_changes *out, const hf_fleet_scores *scores, const last_night *night,
                    const int64_t *match)
{
    const hf_health *health = scores->health;
    for (int64_t i = 0; i < health->rows; i++) {
        const int64_t j = match[i];
        if (j < 0) {
            out->mark[i] = HF_CHANGE_NEW;
            out->new_count++;
            continue;
        }
        if (!reads_same(scores, night, i, j)) {
            out->mark[i] = HF_CHANGE_CHANGED;
            out->changed++;
        }
        count_move(out, place_at(night->band, night->band_of, j),
                   health->band ? health->band[i] : health->band_raw[i], health->arr ? health->arr[i] : NAN);
    }
}

// The rows of last that nobody matched.
static hf_status find_gone(hf_fleet_changes *out, const hf_context *context, const int64_t *match,
                           int64_t rows, hf_error *error)
{
    const hf_frame *last = out->last;
    uint8_t *seen = hf_new(context, (size_t)last->rows, 1);
    if (!seen) return hf_fail_memory(error);
    int64_t count = last->rows;
    for (int64_t i = 0; i < rows; i++)
        if (match[i] >= 0 && !seen[match[i]]) {
            seen[match[i]] = 1;
            count--;
        }
    out->gone = hf_new(context, (size_t)count, sizeof *out->gone);
    for (int64_t j = 0; out->gone && j < last->rows; j++)
        if (!seen[j]) out->gone[out->gone_count++] = j;
    hf_delete(context, seen);
    return out->gone ? HF_OK : hf_fail_memory(error);
}

hf_status hf_fleet_changes_create(hf_fleet_changes *out, const hf_context *context,
                                  const hf_fleet_scores *scores, const hf_frame *last, hf_error *error)
{
    const int64_t rows = scores->health->rows;
    hf_fleet_changes made = {.last = last};
    last_night night = {0};
    int64_t *match = NULL;
    hf_status status = HF_OK;
    made.mark = hf_new(context, (size_t)rows, 1);
    if (!made.mark) {
        status = hf_fail_memory(error);
        goto done;
    }
    if (!last) {
        memset(made.mark, HF_CHANGE_NEW, (size_t)rows);
        made.new_count = rows;
    } else {
        match = hf_new_raw(context, (size_t)rows, sizeof *match);
        if (!match) {
            status = hf_fail_memory(error);
            goto done;
        }
        HF_TRY(done, open_last(&night, context, last, hf_health_plan_definition(scores->plan), error));
        HF_TRY(done, hf_frame_match(match, last, hf_health_plan_frame(scores->plan), error));
        compare(&made, scores, &night, match);
        HF_TRY(done, find_gone(&made, context, match, rows, error));
    }
    *out = made;
    made = (hf_fleet_changes){0};
done:
    hf_delete(context, match);
    hf_delete(context, night.band_of);
    hf_delete(context, night.cadence_of);
    hf_fleet_changes_free(context, &made);
    return status;
}

// ---- a revision ------------------------------------------------------------------------------------------

// Rows of `revised` that are in neither of the other frames.
static hf_status find_revised_gone(hf_fleet_changes *changes, const hf_context *context,
                                   const hf_frame *frame, const hf_frame *revised, hf_error *error)
{
    hf_status status = HF_OK;
    const size_t rows = (size_t)revised->rows;
    int64_t *now = hf_new_raw(context, rows, sizeof *now), *then = hf_new_raw(context, rows, sizeof *then);
    int64_t *gone = hf_new(context, rows, sizeof *gone), count = 0;
    if (!now || !then || !gone) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_frame_match(now, frame, revised, error));
    if (changes->last) HF_TRY(done, hf_frame_match(then, changes->last, revised, error));
    for (int64_t j = 0; j < revised->rows; j++)
        if (now[j] < 0 && (!changes->last || then[j] < 0)) gone[count++] = j;
    changes->revised = revised;
    changes->revised_gone = gone;
    changes->revised_gone_count = count;
    gone = NULL;
done:
    hf_delete(context, now);
    hf_delete(context, then);
    hf_delete(context, gone);
    return status;
}

hf_status hf_fleet_changes_revise(hf_fleet_changes *changes, const hf_context *context,
                                  const hf_fleet_scores *scores, const hf_frame *revised, hf_error *error)
{
    const hf_frame *frame = hf_health_plan_frame(scores->plan);
    last_night night = {0};
    hf_status status = HF_OK;
    int64_t *match = hf_new_raw(context, (size_t)frame->rows, sizeof *match);
    if (!match) return hf_fail_memory(error);
    HF_TRY(done, open_last(&night, context, revised, hf_health_plan_definition(scores->plan), error));
    HF_TRY(done, hf_frame_match(match, revised, frame, error));
    HF_TRY(done, find_revised_gone(changes, context, frame, revised, error));
    for (int64_t i = 0; i < frame->rows; i++) {
        if (changes->mark[i] != HF_CHANGE_NONE) continue;
        if (match[i] >= 0 && reads_same(scores, &night, i, match[i])) continue;
        changes->mark[i] = HF_CHANGE_CHANGED;
        changes->changed++;
    }
done:
    hf_delete(context, match);
    hf_delete(context, night.band_of);
    hf_delete(context, night.cadence_of);
    return status;
}

void hf_fleet_changes_free(const hf_context *context, hf_fleet_changes *changes)
{
    hf_delete(context, changes->mark);
    hf_delete(context, changes->gone);
    hf_delete(context, changes->revised_gone);
    *changes = (hf_fleet_changes){0};
}
