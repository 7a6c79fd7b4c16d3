// SPDX-License-Identifier: Apache-2.0
//
// The cautions of a scenario, a signal each: what a model knows a signal as (a predictor), what a scorecard
// says of it (not actionable), whether its new values lie beyond what training saw (a curve's clips, which
// leave half a percent out at either end; else six deviations from the mean; levels and gaps it never met),
// and whether any score reads it at all.
#include "workflow/scenario_cautions.h"

#include <math.h>
#include <string.h>

enum { FAR = 6 }; // deviations, as the scoring of tables has it

typedef struct {
    const hf_context *context;
    const hf_scenario_ground *ground;
    const hf_scenario_side *side;
    const hf_scenario_changes *changes;
    hf_scenario_caution *list; // owned until it is handed over
    int32_t count;
    hf_error *error;
} finder;

static hf_status add(finder *f, hf_scenario_caution_kind kind, const char *signal, const char *detail,
                     int64_t accounts)
{
    hf_scenario_caution *grown = hf_grow(f->context, f->list, (size_t)f->count + 1, sizeof *grown);
    if (!grown) return hf_fail_memory(f->error);
    f->list = grown;
    hf_scenario_caution *made = &f->list[f->count++];
    *made = (hf_scenario_caution){.kind = kind, .accounts = accounts};
    snprintf(made->signal, sizeof made->signal, "%s", signal);
    snprintf(made->detail, sizeof made->detail, "%s", detail);
    return HF_OK;
}

// ---- models ----------------------------------------------------------------------------------------------

static int32_t model_count(const finder *f)
{
    return f->side[0].night ? f->side[0].night->model_count : f->ground->model ? 1 : 0;
}

static const hf_model *model_at(const finder *f, int32_t m)
{
    return f->side[0].night ? f->side[0].night->models[m].model : f->ground->model;
}

// Which of them scores an account after the edits.
static int32_t model_of(const finder *f, int64_t row)
{
    const hf_health_night *night = f->side[HF_AFTER].night;
    return night ? night->model_of[night->health.segment[row]] : 0;
}

static bool term_reads(const hf_term *term, const char *signal)
{
    if (term->kind == HF_TERM_CURVE || term->kind == HF_TERM_TABLE) return strcmp(term->signal, signal) == 0;
    for (int32_t a = 0; a < term->axis_count; a++)
        if (strcmp(term->axes[a].signal, signal) == 0) return true;
    return false;
}

static bool models_read(const finder *f, const char *signal)
{
    for (int32_t m = 0; m < model_count(f); m++)
        for (int32_t t = 0; t < model_at(f, m)->term_count; t++)
            if (term_reads(&model_at(f, m)->terms[t], signal)) return true;
    return false;
}

// ---- what training saw -----------------------------------------------------------------------------------

typedef struct {
    double low, high;
    bool missing; // a missing value is nothing new
    const hf_dictionary *levels;
} seen_range;

static bool is_outside(const seen_range *seen, const hf_column *column, int64_t row)
{
    if (column->storage == HF_STORAGE_CODE) {
        const int32_t code = ((const int32_t *)column->values)[row];
        if (code < 0) return !seen->missing;
        return seen->levels &&
               hf_dictionary_find(seen->levels, hf_dictionary_text(&column->dictionary, code)) < 0;
    }
    if (column->storage == HF_STORAGE_DAY) return false;
    const double x = hf_column_number(column, row);
    return isnan(x) ? !seen->missing : x < seen->low || x > seen->high;
}

static seen_range range_of(const hf_term *term, const hf_column *column)
{
    seen_range seen = {.low = -(double)INFINITY, .high = INFINITY, .missing = term->missing_seen > 0};
    if (term->kind == HF_TERM_TABLE) seen.levels = &term->table.levels;
    if (term->kind != HF_TERM_CURVE) return seen;
    seen.low = term->curve.low;
    seen.high = term->curve.high;
    if (column->kind == HF_KIND_FLAG) {
        seen.low = 0;
        seen.high = 1;
    } else if (!isfinite(seen.low) && !isfinite(seen.high) && term->deviation > 0) {
        seen.low = term->mean - FAR * term->deviation;
        seen.high = term->mean + FAR * term->deviation;
    }
    return seen;
}

static void say_range(char *out, size_t size, const seen_range *seen)
{
    if (seen->levels)
        snprintf(out, size, "levels it knew");
    else if (isfinite(seen->low) && isfinite(seen->high))
        snprintf(out, size, "%.6g to %.6g", seen->low, seen->high);
    else
        snprintf(out, size, "values that were there");
}

// The term of a model that is the signal's own; NULL where it has none.
static const hf_term *own_term(const hf_model *model, const char *signal)
{
    for (int32_t t = 0; t < model->term_count; t++) {
        const hf_term *term = &model->terms[t];
        const bool own = term->kind == HF_TERM_CURVE || term->kind == HF_TERM_TABLE;
        if (own && strcmp(term->signal, signal) == 0) return term;
    }
    return NULL;
}

// Accounts whose value the scenario moves from what training saw to what it did not: the training of the
// model that scores them.
static hf_status find_outside(finder *f, int32_t c)
{
    const hf_column *before = &f->side[0].frame->columns[c], *after = &f->side[1].frame->columns[c];
    char detail[160] = "";
    int64_t accounts = 0;
    for (int32_t m = 0; m < model_count(f); m++) {
        const hf_term *term = own_term(model_at(f, m), before->name);
        if (!term) continue;
        const seen_range seen = range_of(term, before);
        const int64_t until = accounts;
        for (int64_t i = 0; i < f->side[0].frame->rows; i++) {
            if (model_of(f, i) != m || hf_scenario_same_value(before, after, i)) continue;
            accounts += is_outside(&seen, after, i);
        }
        if (accounts == until) continue;
        if (until == 0)
            say_range(detail, sizeof detail, &seen);
        else
            snprintf(detail, sizeof detail, "each segment's own");
    }
    return accounts > 0 ? add(f, HF_CAUTION_OUTSIDE, before->name, detail, accounts) : HF_OK;
}

// ---- who reads a signal ----------------------------------------------------------------------------------

static bool condition_reads(const hf_condition *condition, const char *signal)
{
    for (int32_t i = 0; i < condition->count; i++)
        if (strcmp(condition->parts[i].signal, signal) == 0) return true;
    return false;
}

static bool definition_reads(const hf_definition *d, const char *signal)
{
    bool reads = strcmp(d->arr, signal) == 0 || strcmp(d->parent, signal) == 0;
    for (int32_t m = 0; m < d->measure_count; m++)
        reads = reads || strcmp(d->measures[m].signal, signal) == 0 ||
                strcmp(d->measures[m].observed_on, signal) == 0;
    for (int32_t s = 0; s < d->segment_count; s++)
        reads = reads || condition_reads(&d->segments[s].when, signal);
    for (int32_t o = 0; o < d->override_count; o++)
        reads = reads || condition_reads(&d->overrides[o].when, signal);
    return reads;
}

// Derived signals are made of earlier ones, so this ends.
static bool is_read(const finder *f, const char *signal, int32_t derived_from)
{
    const hf_definition *d = f->ground->definition;
    const char *named = f->ground->job->arr, *arr = named ? named : d && d->arr[0] != '\0' ? d->arr : "arr";
    if (models_read(f, signal) || (d && definition_reads(d, signal))) return true;
    if (f->side[0].arr && strcmp(arr, signal) == 0) return true;
    for (int32_t i = derived_from; d && i < d->derived_count; i++) {
        const hf_derived_signal *made = &d->derived[i];
        if (strcmp(made->of, signal) != 0 && strcmp(made->by, signal) != 0) continue;
        if (is_read(f, made->name, i + 1)) return true;
    }
    return false;
}

// ---- all of it -------------------------------------------------------------------------------------------

static hf_status find_kind(finder *f, hf_scenario_caution_kind kind, const hf_scenario *scenario)
{
    const hf_frame *frame = f->side[0].frame;
    const hf_definition *d = f->ground->definition;
    hf_status status = HF_OK;
    for (int32_t c = 0; c < frame->column_count; c++) {
        const char *name = frame->columns[c].name;
        bool named = false;
        for (int32_t i = 0; i < scenario->count; i++)
            named = named || strcmp(scenario->edits[i].signal, name) == 0;
        if (kind == HF_CAUTION_UNUSED && named && !is_read(f, name, 0))
            HF_TRY(done, add(f, kind, name, "", 0));
        if (f->changes->column[c] == 0) continue;
        if (kind == HF_CAUTION_PREDICTOR && models_read(f, name)) HF_TRY(done, add(f, kind, name, "", 0));
        if (kind == HF_CAUTION_OUTSIDE) HF_TRY(done, find_outside(f, c));
        for (int32_t m = 0; d && kind == HF_CAUTION_NOT_ACTIONABLE && m < d->measure_count; m++)
            if (!d->measures[m].actionable && strcmp(d->measures[m].signal, name) == 0)
                HF_TRY(done, add(f, kind, name, d->measures[m].path, 0));
    }
done:
    return status;
}

hf_status hf_scenario_cautions(hf_scenario_caution **out, int32_t *count, const hf_context *context,
                               const hf_scenario_ground *ground, const hf_scenario *scenario,
                               const hf_scenario_side side[2], const hf_scenario_changes *changes,
                               hf_error *error)
{
    finder f = {context, ground, side, changes, NULL, 0, error};
    for (int kind = 0; kind < HF_CAUTIONS; kind++) {
        hf_status status = find_kind(&f, (hf_scenario_caution_kind)kind, scenario);
        if (status != HF_OK) {
            hf_delete(context, f.list);
            return status;
        }
    }
    *out = f.list;
    *count = f.count;
    return HF_OK;
}
