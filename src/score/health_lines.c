// SPDX-License-Identifier: Apache-2.0
//
// What lines of health have in them, whatever their form: the words of lost points and of the path to the
// best band. Effective weights of a row are made anew from its measure scores, which costs less than keeping
// them for a whole fleet.
#include "score/health_lines.h"

#include "score/plan.h"

#include <math.h>
#include <string.h>

// ---- making ----------------------------------------------------------------------------------------------

static void shape_measure(hf_health_lines *lines, int32_t m)
{
    const hf_measure *measure = &lines->definition->measures[m];
    const int32_t c = hf_frame_find(lines->frame, measure->signal);
    const hf_column *column = c >= 0 ? &lines->frame->columns[c] : NULL;
    hf_term term = {.signal = measure->signal, .signal_kind = HF_KIND_NUMBER, .unit = ""};
    if (column) {
        term.signal_kind = column->kind;
        term.unit = column->unit;
    }
    for (int32_t s = 0; s < lines->definition->signal_count; s++) {
        const hf_signal_definition *signal = &lines->definition->signals[s];
        if (strcmp(signal->name, measure->signal) == 0 && signal->unit[0] != '\0') term.unit = signal->unit;
    }
    hf_phrase_shape(&lines->phrases[m], &term);
    lines->columns[m] = column;
}

static hf_status shape_churn(hf_health_lines *lines, const hf_context *context, hf_error *error)
{
    const hf_fleet_scores *scores = lines->scores;
    if (!scores->churn) return HF_OK;
    lines->churn = hf_new(context, (size_t)scores->churn_plan_count, sizeof *lines->churn);
    if (!lines->churn) return hf_fail_memory(error);
    for (int32_t p = 0; p < scores->churn_plan_count; p++) {
        const hf_plan *plan = scores->churn_plans[p];
        lines->churn[p] = (hf_score_lines){.plan = plan, .scores = scores->churn};
        lines->churn[p].phrases = hf_new(context, (size_t)plan->count, sizeof(hf_phrase));
        if (!lines->churn[p].phrases) return hf_fail_memory(error);
        for (int32_t t = 0; t < plan->count; t++)
            hf_phrase_shape(&lines->churn[p].phrases[t], &plan->model->terms[t]);
    }
    return HF_OK;
}

static hf_status make_scratch(hf_health_lines *lines, const hf_context *context, hf_error *error)
{
    hf_status status;
    const size_t measures = (size_t)lines->definition->measure_count;
    lines->scratch = hf_new(context, (size_t)lines->threads, sizeof *lines->scratch);
    if (!lines->scratch) return hf_fail_memory(error);
    for (int t = 0; t < lines->threads; t++) {
        hf_health_scratch *scratch = &lines->scratch[t];
        scratch->score = hf_new(context, 2 * measures, sizeof *scratch->score);
        scratch->steps = hf_new(context, measures, sizeof *scratch->steps);
        if (!scratch->score || !scratch->steps) return hf_fail_memory(error);
        scratch->effective = scratch->score + measures;
        status = hf_path_finder_create(&scratch->finder, context, lines->scores->plan, error);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

// Every byte of a text may take six in JSON.
static size_t longest_line(const hf_definition *definition)
{
    size_t name = 0, path = 0;
    for (int32_t b = 0; b < definition->band_count; b++)
        if (strlen(definition->bands[b].name) > name) name = strlen(definition->bands[b].name);
    for (int32_t m = 0; m < definition->measure_count; m++)
        if (strlen(definition->measures[m].path) > path) path = strlen(definition->measures[m].path);
    return HF_LINE_LIMIT + 4096 + 6 * (2 * name + HF_LOST * (path + HF_REASON_LIMIT) + HF_WAY_LIMIT);
}

hf_status hf_health_lines_create(hf_health_lines *out, const hf_context *context,
                                 const hf_fleet_scores *scores, hf_error *error)
{
    hf_health_lines made = {.context = context, .scores = scores, .threads = hf_context_threads(context)};
    hf_status status = HF_OK;
    made.definition = hf_health_plan_definition(scores->plan);
    made.frame = hf_health_plan_frame(scores->plan);
    made.limit = longest_line(made.definition);
    const size_t measures = (size_t)made.definition->measure_count;
    made.phrases = hf_new(context, measures, sizeof *made.phrases);
    made.columns = hf_new(context, measures, sizeof *made.columns);
    if (!made.phrases || !made.columns) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t m = 0; m < made.definition->measure_count; m++)
        shape_measure(&made, m);
    HF_TRY(done, shape_churn(&made, context, error));
    HF_TRY(done, make_scratch(&made, context, error));
    *out = made;
done:
    if (status != HF_OK) hf_health_lines_free(&made);
    return status;
}

void hf_health_lines_free(hf_health_lines *lines)
{
    const hf_context *context = lines->context;
    if (!context) return;
    for (int32_t p = 0; lines->churn && p < lines->scores->churn_plan_count; p++)
        hf_delete(context, lines->churn[p].phrases);
    for (int t = 0; lines->scratch && t < lines->threads; t++) {
        hf_path_finder_destroy(lines->scratch[t].finder);
        hf_delete(context, lines->scratch[t].score);
        hf_delete(context, lines->scratch[t].steps);
    }
    hf_delete(context, lines->churn);
    hf_delete(context, lines->scratch);
    hf_delete(context, lines->phrases);
    hf_delete(context, (void *)lines->columns);
    *lines = (hf_health_lines){0};
}

// ---- asking ----------------------------------------------------------------------------------------------

const hf_score_lines *hf_health_lines_churn(const hf_health_lines *lines, int64_t row)
{
    if (!lines->churn) return NULL;
    const int32_t *plan_of = lines->scores->churn_plan_of;
    return &lines->churn[plan_of ? plan_of[lines->scores->health->segment[row]] : 0];
}

const char *hf_health_lines_band(const hf_health_lines *lines, int8_t band)
{
    return band < 0 ? "unknown" : lines->definition->bands[band].name;
}

int8_t hf_health_lines_band_of(const hf_health_lines *lines, int64_t row)
{
    const hf_health *health = lines->scores->health;
    return health->band ? health->band[row] : health->band_raw[row];
}

// ---- lost points -----------------------------------------------------------------------------------------

const double *hf_health_lines_weigh(const hf_health_lines *lines, int thread, int64_t row)
{
    const hf_health *health = lines->scores->health;
    const hf_health_scratch *scratch = &lines->scratch[thread];
    double unassigned;
    for (int32_t m = 0; m < health->measures; m++)
        scratch->score[m] = (double)health->measure[m * health->rows + row];
    hf_health_combine(lines->scores->plan, health->segment[row], scratch->score, scratch->effective,
                      &unassigned);
    return scratch->effective;
}

size_t hf_health_lost(char out[HF_REASON_LIMIT], const hf_health_lines *lines, const double *effective,
                      int64_t row, int j)
{
    enum { AMOUNT = 48 }; // room for " (stale), -6.4"
    const hf_health *health = lines->scores->health;
    const int32_t m = health->lost[HF_LOST * row + j];
    out[0] = '\0';
    if (m < 0) return 0;
    const double points = effective[m] * (100 - (double)health->measure[m * health->rows + row]);
    size_t length =
        hf_phrase_write(out, HF_REASON_LIMIT - AMOUNT, &lines->phrases[m], lines->columns[m], row);
    char *end = out + length;
    if (health->state[m * health->rows + row] == HF_STATE_STALE) end = HF_PUT(end, " (stale)");
    end = hf_put_signed(HF_PUT(end, ", "), -points);
    *end = '\0';
    return (size_t)(end - out);
}

// ---- the way to the best band ----------------------------------------------------------------------------

// "csat 3 -> 4.5 (+6.1)"; its length. What stands before the number is said once.
static size_t put_step(char out[HF_REASON_LIMIT + HF_PHRASE_PART + 64], const hf_health_lines *lines,
                       const hf_path_step *step, int64_t row)
{
    const hf_phrase *phrase = &lines->phrases[step->measure];
    const size_t named = strnlen(phrase->before, HF_PHRASE_PART);
    char *end = out + hf_phrase_write(out, HF_PHRASE_PART, phrase, lines->columns[step->measure], row);
    const bool said = named > 0 && strncmp(out, phrase->before, named) == 0;
    end = HF_PUT(end, " -> ");
    if (step->level) {
        if (!said) end = hf_put(end, phrase->before, named);
        end = hf_put(end, step->level, strnlen(step->level, 200));
    } else {
        const size_t length = hf_phrase_number(end, HF_PHRASE_PART, phrase, step->to);
        const bool again = said && length > named && strncmp(end, phrase->before, named) == 0;
        if (again) memmove(end, end + named, length - named);
        end += again ? length - named : length;
    }
    end = hf_put_signed(HF_PUT(end, " ("), step->gain);
    *end++ = ')';
    return (size_t)(end - out);
}

// Adds a piece and returns the new length; false where there is no room for it and `more` besides.
static bool add_piece(char out[HF_WAY_LIMIT], size_t *length, const char *piece, size_t size)
{
    enum { MORE = 40 };
    if (*length + size + MORE > HF_WAY_LIMIT) return false;
    memcpy(out + *length, piece, size);
    *length += size;
    return true;
}

static size_t put_steps(char out[HF_WAY_LIMIT], const hf_health_lines *lines, const hf_path_step *steps,
                        int32_t count, int64_t row)
{
    static const char more[] = "; and more";
    char step[HF_REASON_LIMIT + HF_PHRASE_PART + 64];
    size_t length = 0;
    for (int32_t i = 0; i < count; i++) {
        const size_t size = put_step(step, lines, &steps[i], row);
        if (i > 0 && !add_piece(out, &length, "; ", 2)) break;
        if (add_piece(out, &length, step, size)) continue;
        memcpy(out + length - 2, more, sizeof more - 1);
        return length - 2 + sizeof more - 1;
    }
    return length;
}

size_t hf_health_way(char out[HF_WAY_LIMIT], const hf_health_lines *lines, int thread, int64_t row)
{
    static const char none[] = "no actionable change reaches it", held[] = "an override holds it back";
    const hf_health *health = lines->scores->health;
    const hf_health_scratch *scratch = &lines->scratch[thread];
    const int8_t best = (int8_t)(lines->definition->band_count - 1);
    int32_t count = 0;
    bool reached = false;
    if (isnan(health->health[row]) || health->band_raw[row] == best || health->band_raw[row] < 0) return 0;
    hf_path_find(scratch->steps, &count, &reached, scratch->finder, row, best);
    size_t length = put_steps(out, lines, scratch->steps, count, row);
    if (reached) return length;
    const double edge = lines->definition->segments[health->segment[row]].band_from[best];
    const bool overridden = count > 0 || health->raw[row] >= edge;
    if (length > 0) length = (size_t)(HF_PUT(out + length, "; ") - out);
    memcpy(out + length, overridden ? held : none, overridden ? sizeof held - 1 : sizeof none - 1);
    return length + (overridden ? sizeof held - 1 : sizeof none - 1);
}
