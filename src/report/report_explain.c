// SPDX-License-Identifier: Apache-2.0
//
// One account on one page, for somebody who has to defend it: the scores, every measure with its value, its
// weight and what it adds and loses, what overrides did, what the churn model sees, and what would bring the
// account to the best band. Points add up on the page as they do in the score.
#include "report/report_page.h"

#include <math.h>
#include <string.h>

enum { REASONS = 5, COSTLY = 3 };

static const hf_definition *definition_of(const hf_account_page *page)
{
    return hf_health_plan_definition(page->now.plan);
}

static hf_date as_of(const hf_account_page *page)
{
    return hf_health_plan_frame(page->now.plan)->as_of;
}

// ---- the head --------------------------------------------------------------------------------------------------

static void put_title(hf_text *text, const hf_account_page *page)
{
    char date[HF_NUMBER];
    size_t length;
    const hf_definition *definition = definition_of(page);
    const char *id = hf_frame_id(hf_health_plan_frame(page->now.plan), page->now.row, &length);
    hf_text_add(text, id, length);
    hf_text_printf(text, " on %s by %s", hf_say_date(date, as_of(page)), definition->name);
    if (definition->segment_count > 1)
        hf_text_printf(text, ", segment %s", definition->segments[page->now.explanation->segment].name);
    hf_text_puts(text, "\n\n");
}

static void put_band(hf_text *text, const hf_account_page *page)
{
    const hf_definition *definition = definition_of(page);
    const hf_health *health = page->now.health;
    const int64_t row = page->now.row;
    const int8_t band = health->band[row], raw = health->band_raw[row];
    char date[HF_NUMBER];
    const int days = (int)(as_of(page) - health->band_since[row]);
    hf_text_printf(text, "  band       %s", hf_band_name(definition, band));
    if (days > 0)
        hf_text_printf(text, " for %d day%s, since %s", days, days == 1 ? "" : "s",
                       hf_say_date(date, health->band_since[row]));
    else
        hf_text_puts(text, " since today");
    hf_text_puts(text, "\n");
    if (band == raw) return;
    hf_text_printf(text, "             today's score alone says %s (band_raw)",
                   hf_band_name(definition, raw));
    if (health->pending[row] >= 0)
        hf_text_printf(text, "; the band follows after %d snapshots in a row (this is number %d)",
                       (int)definition->snapshots, (int)health->pending_count[row]);
    if (health->pending[row] >= 0 && definition->margin > 0)
        hf_text_printf(text, " or %s points beyond the edge",
                       hf_say_fixed(date, definition->margin,
                                    definition->margin < floor(definition->margin + 0.5) ? 1 : 0));
    hf_text_puts(text, "\n");
}

static void put_health(hf_text *text, const hf_account_page *page)
{
    const hf_definition *definition = definition_of(page);
    const hf_health_explanation *e = page->now.explanation;
    const hf_health *health = page->now.health;
    const int64_t row = page->now.row;
    char a[HF_NUMBER], b[HF_NUMBER];
    if (isnan(e->health))
        hf_text_puts(text, "  health     unknown: no measure has a score\n");
    else
        hf_text_printf(text, "  health     %s of 100", hf_say_fixed(a, e->health, 1));
    if (e->override_count > 0 && !isnan(e->raw))
        hf_text_printf(text, " (%s before overrides)", hf_say_fixed(b, e->raw, 1));
    if (definition->smoothing_days > 0 && !isnan(health->smoothed[row]))
        hf_text_printf(text, ", %s smoothed", hf_say_fixed(b, health->smoothed[row], 1));
    if (!isnan(e->health)) hf_text_putc(text, '\n');
    put_band(text, page);
    if (health->trend[row] == HF_TREND_UNKNOWN)
        hf_text_printf(text, "  trend      not known: no night %d days back\n", (int)definition->trend_days);
    else
        hf_text_printf(text, "  trend      %s over %d days\n", hf_trend_name((hf_trend)health->trend[row]),
                       (int)definition->trend_days);
    hf_text_printf(text, "  coverage   %s of the weight is observed; under %s the band is unknown\n",
                   hf_say_share(a, e->coverage), hf_say_share(b, definition->min_coverage));
    if (hf_subjective_share(&page->now) > 0)
        hf_text_printf(text, "  opinion    %s of the score rests on what people said\n",
                       hf_say_share(a, hf_subjective_share(&page->now)));
}

static void put_money(hf_text *text, const hf_account_page *page)
{
    const hf_definition *definition = definition_of(page);
    const hf_frame *frame = hf_health_plan_frame(page->now.plan);
    const hf_health *health = page->now.health;
    const int64_t row = page->now.row;
    char a[HF_NUMBER], b[HF_NUMBER], c[HF_NUMBER];
    if (page->now.churn)
        hf_text_printf(text, "  churn      %s likely%s, rank %s of %s\n",
                       hf_say_share(a, page->now.probability), hf_churn_window(c, page->now.model),
                       hf_grouped(b, page->now.rank),
                       hf_say_money((char[HF_NUMBER]){0}, (double)frame->rows));
    if (definition->arr[0] != '\0') {
        const int32_t place = hf_frame_find(frame, definition->arr);
        const char *unit = place >= 0 ? frame->columns[place].unit : "";
        const char *blank = unit[0] ? " " : "";
        if (isnan(health->arr[row]))
            hf_text_printf(text, "  ARR        no %s on record\n", definition->arr);
        else
            hf_text_printf(
                text, "  ARR        %s%s%s, at risk %s%s%s (%s)\n", hf_say_money(a, health->arr[row]), blank,
                unit, hf_say_money(b, health->arr_at_risk[row]), blank, unit,
                page->now.churn ? "churn probability x ARR" : "all of it in the lowest band, else none");
    }
    hf_text_printf(text, "  review     %s\n", hf_cadence_name((hf_cadence)health->cadence[row]));
    if (!isnan(health->parent[row]))
        hf_text_printf(text, "  parent     health %s\n", hf_say_fixed(a, health->parent[row], 1));
}

// ---- the measures ----------------------------------------------------------------------------------------------

// A word beside the figures; the notes below the table say more.
static const char *mark_of(const hf_account_page *page, int32_t measure)
{
    static const char *const states[] = {"", "missing", "stale"};
    const hf_measure_state state = page->now.explanation->parts[measure].state;
    if (state != HF_STATE_OBSERVED) return states[state];
    return definition_of(page)->measures[measure].subjective ? "opinion" : "";
}

static void put_state(hf_text *text, const hf_account_page *page, int32_t measure)
{
    const hf_measure *m = &definition_of(page)->measures[measure];
    const hf_date observed = hf_observed_on(&page->now, measure);
    char number[HF_NUMBER], name[HF_WORDS];
    hf_text_printf(text, "  %s is ", hf_say_name(name, m->path));
    if (page->now.explanation->parts[measure].state == HF_STATE_ABSENT)
        hf_text_puts(text, "missing");
    else if (observed == HF_DATE_MISSING)
        hf_text_puts(text, "stale, for it has no date");
    else
        hf_text_printf(text, "stale: %d days old, and %d are allowed", (int)(as_of(page) - observed),
                       (int)m->max_age);
    if (m->missing == HF_MISSING_SKIP)
        hf_text_puts(text, "; it is left out and its weight shared out\n");
    else
        hf_text_printf(text, "; it is scored %s instead\n", hf_say_fixed(number, m->missing_value, 0));
}

static void put_opinion(hf_text *text, const hf_measure *m)
{
    char date[HF_NUMBER], name[HF_WORDS];
    hf_text_printf(text, "  %s is an opinion", hf_say_name(name, m->path));
    if (m->author[0] != '\0') hf_text_printf(text, " of %s", m->author);
    if (m->dated != HF_DATE_MISSING) hf_text_printf(text, ", %s", hf_say_date(date, m->dated));
    hf_text_putc(text, '\n');
}

// What a person should know of the measures beside their figures.
static void put_notes(hf_text *text, const hf_account_page *page)
{
    const hf_definition *definition = definition_of(page);
    int32_t guesses = 0;
    hf_text_puts(text, "\n  points = weight x score, lost = weight x (100 - score); \"counts\" is the weight "
                       "where it is another here\n");
    for (int32_t m = 0; m < definition->measure_count; m++) {
        if (page->now.explanation->parts[m].state != HF_STATE_OBSERVED) put_state(text, page, m);
        if (definition->measures[m].subjective) put_opinion(text, &definition->measures[m]);
        guesses += definition->measures[m].origin == HF_ORIGIN_HYPOTHESIS;
    }
    if (guesses > 0)
        hf_text_printf(
            text, "  %d of %d measures are hypotheses: their weights and curves do not come from outcomes\n",
            (int)guesses, (int)definition->measure_count);
}

static const char *higher_is(const hf_measure *m)
{
    if (m->direction == HF_DIRECTION_HIGHER_GOOD) return "good";
    return m->direction == HF_DIRECTION_HIGHER_BAD ? "bad" : "";
}

static void add_numbers(hf_grid *grid, double score, double nominal, double effective, double points,
                        double lost)
{
    char text[HF_NUMBER];
    const bool other = fabs(effective - nominal) > 5e-4;
    hf_grid_cell(grid, "%s", isnan(score) ? "-" : hf_say_fixed(text, score, 1));
    hf_grid_cell(grid, "%s", hf_say_share(text, nominal));
    hf_grid_cell(grid, "%s", other ? hf_say_share(text, effective) : "");
    hf_grid_cell(grid, "%s", hf_say_fixed(text, points, 2));
    hf_grid_cell(grid, "%s", hf_say_fixed(text, lost, 2));
}

static void add_group(hf_grid *grid, const hf_account_page *page, int32_t g)
{
    static const char *const ways[] = {"", "the worst of", "the best of"};
    const hf_definition *definition = definition_of(page);
    const hf_health_explanation *e = page->now.explanation;
    const hf_group *group = &definition->groups[g];
    double nominal = 0, points = 0, lost = 0;
    char name[HF_WORDS];
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        nominal += e->parts[m].nominal;
        points += e->parts[m].contribution;
        lost += e->parts[m].lost;
    }
    hf_grid_cell(grid, "%s", hf_say_name(name, group->name));
    hf_grid_cell(grid, "%s", ways[group->aggregate]);
    hf_grid_cell(grid, "%s", "");
    add_numbers(grid, e->group_score[g], nominal, e->group_effective[g], points, lost);
    hf_grid_cell(grid, "%s", "");
}

static void add_measure(hf_grid *grid, const hf_account_page *page, int32_t measure)
{
    const hf_measure *m = &definition_of(page)->measures[measure];
    const hf_health_part *part = &page->now.explanation->parts[measure];
    char words[HF_WORDS];
    hf_grid_cell(grid, "  %s", hf_say_name(words, m->name));
    hf_grid_cell(grid, "%s", hf_say_value(words, page->now.plan, measure, page->now.row));
    hf_grid_cell(grid, "%s", higher_is(m));
    const bool absent = isnan(part->score);
    add_numbers(grid, part->score, part->nominal, part->effective, absent ? 0 : part->contribution,
                absent ? 0 : part->lost);
    hf_grid_cell(grid, "%s", mark_of(page, measure));
}

static void add_total(hf_grid *grid, const hf_account_page *page)
{
    const hf_health_explanation *e = page->now.explanation;
    const double neutral = definition_of(page)->neutral;
    char text[HF_NUMBER];
    if (e->unassigned > 1e-12) {
        hf_grid_cell(grid, "neutral");
        hf_grid_cell(grid, "weight that none may inherit");
        hf_grid_cell(grid, "%s", "");
        add_numbers(grid, neutral, 0, e->unassigned, e->unassigned * neutral,
                    e->unassigned * (100 - neutral));
        hf_grid_cell(grid, "%s", "");
    }
    hf_grid_cell(grid, "together");
    for (int i = 0; i < 3; i++)
        hf_grid_cell(grid, "%s", "");
    hf_grid_cell(grid, "%s", "100.0 %");
    hf_grid_cell(grid, "%s", "");
    hf_grid_cell(grid, "%s", hf_say_fixed(text, e->raw, 2));
    hf_grid_cell(grid, "%s", hf_say_fixed(text, 100 - e->raw, 2));
    hf_grid_cell(grid, "%s", "");
}

static hf_status put_measures(hf_text *text, const hf_context *context, const hf_account_page *page,
                              hf_error *error)
{
    const hf_definition *definition = definition_of(page);
    hf_grid *grid = NULL;
    hf_status status;
    hf_text_puts(text, "\nWhat is in the score\n\n");
    HF_TRY(done,
           hf_grid_create(&grid, context,
                          "measure|this account|higher is|>score|>weight|>counts|>points|>lost|", error));
    for (int32_t g = 0; g < definition->group_count; g++) {
        const hf_group *group = &definition->groups[g];
        add_group(grid, page, g);
        for (int32_t m = group->first; m < group->first + group->count; m++)
            add_measure(grid, page, m);
    }
    add_total(grid, page);
    HF_TRY(done, hf_grid_print(grid, text, error));
    put_notes(text, page);
done:
    hf_grid_destroy(grid);
    return status;
}

// ---- what costs most -------------------------------------------------------------------------------------------

static void put_costly(hf_text *text, const hf_account_page *page)
{
    const hf_definition *definition = definition_of(page);
    const hf_health_part *parts = page->now.explanation->parts;
    int32_t shown[COSTLY];
    char words[HF_WORDS], number[HF_NUMBER];
    for (int n = 0; n < COSTLY; n++) {
        int32_t most = -1;
        for (int32_t m = 0; m < definition->measure_count; m++) {
            bool again = !(parts[m].lost > 0.05);
            for (int k = 0; k < n; k++)
                again = again || shown[k] == m;
            if (!again && (most < 0 || parts[m].lost > parts[most].lost)) most = m;
        }
        if (most < 0) return;
        if (n == 0) hf_text_puts(text, "\nWhat costs most points\n\n");
        shown[n] = most;
        hf_text_printf(text, "  %d. %s loses %s points: %s.", n + 1,
                       hf_say_name((char[HF_WORDS]){0}, definition->measures[most].path),
                       hf_say_fixed(number, parts[most].lost, 1),
                       hf_say_value(words, page->now.plan, most, page->now.row));
        if (definition->measures[most].why[0] != '\0')
            hf_text_printf(text, " %s", definition->measures[most].why);
        hf_text_putc(text, '\n');
    }
}

// ---- overrides -------------------------------------------------------------------------------------------------

static void put_manual(hf_text *text, const hf_manual_override *manual, const char *change)
{
    char words[HF_WORDS], date[HF_NUMBER];
    hf_text_printf(text, "  %s  %s by %s until %s: %s\n", change,
                   hf_say_action(words, manual->action, manual->value), manual->author,
                   hf_say_date(date, manual->expires), manual->reason);
}

static void put_overrides(hf_text *text, const hf_account_page *page)
{
    const hf_definition *definition = definition_of(page);
    const hf_health_explanation *e = page->now.explanation;
    const hf_manual_overrides *manual = page->now.manual;
    char words[HF_WORDS], number[HF_NUMBER];
    int32_t expired = 0;
    for (int32_t i = 0; manual && i < manual->count; i++)
        expired += manual->items[i].row == page->now.row && manual->items[i].expired;
    if (e->override_count == 0 && expired == 0) return;
    hf_text_puts(text, "\nOverrides, in order\n\n");
    for (int32_t i = 0; i < e->override_count; i++) {
        const hf_health_override *at = &e->overrides[i];
        hf_say_signed(number, at->change, 2);
        if (at->manual >= 0) {
            put_manual(text, &manual->items[at->manual], number);
            continue;
        }
        const hf_override *rule = &definition->overrides[at->rule];
        hf_text_printf(text, "  %s  %s: %s (%s). %s\n", number,
                       hf_say_action(words, rule->action, rule->value), rule->name, rule->when.text,
                       rule->reason);
    }
    for (int32_t i = 0; manual && i < manual->count; i++)
        if (manual->items[i].row == page->now.row && manual->items[i].expired)
            put_manual(text, &manual->items[i], "expired, not applied");
    if (e->override_count > 0)
        hf_text_printf(text, "  the health is then %s\n", hf_say_fixed(number, e->health, 2));
}

// ---- churn -----------------------------------------------------------------------------------------------------

// What somebody should know of a curve that was made to go one way.
static const char *way_words(int8_t monotone)
{
    return monotone == 0 ? "" : monotone > 0 ? " (made to rise only)" : " (made to fall only)";
}

// Appends parts from `at` on by `step` while they have the sign; returns their sum.
static double put_reasons(hf_text *text, const hf_account_page *page, const hf_churn_part *parts,
                          int32_t count, bool raising)
{
    char words[HF_WORDS], number[HF_NUMBER];
    double sum = 0;
    for (int32_t i = 0; i < count && i < REASONS; i++) {
        const hf_churn_part *part = &parts[raising ? i : count - 1 - i];
        if (raising ? part->contribution < 0.005 : part->contribution > -0.005) break;
        sum += part->contribution;
        hf_text_printf(text, "    %s  %s%s\n", hf_say_signed(number, part->contribution, 2),
                       hf_churn_words(words, &page->now, part->term),
                       way_words(page->now.model->terms[part->term].monotone));
    }
    return sum;
}

static hf_status put_churn(hf_text *text, const hf_context *context, const hf_account_page *page,
                           hf_error *error)
{
    hf_churn_part *parts;
    int32_t count;
    double log_odds, sum;
    char a[HF_NUMBER], b[HF_NUMBER], c[HF_NUMBER];
    if (!page->now.churn) return HF_OK;
    hf_status status = hf_churn_parts(&parts, &count, &log_odds, context, &page->now, error);
    if (status != HF_OK) return status;
    const double base = hf_model_base(page->now.model);
    hf_text_printf(text, "\nWhy churn is %s likely (log-odds, against the average account)\n\n  for it\n",
                   hf_say_share(a, page->now.probability));
    sum = put_reasons(text, page, parts, count, true);
    hf_text_puts(text, "  against it\n");
    sum += put_reasons(text, page, parts, count, false);
    const double calibration = hf_plan_calibration(page->now.churn, page->now.row);
    hf_text_printf(text, "  average account %s, these %s, all others %s", hf_say_signed(a, base, 2),
                   hf_say_signed(b, sum, 2), hf_say_signed(c, log_odds - calibration - base - sum, 2));
    if (page->now.model->calibrated)
        hf_text_printf(text, ", calibration %s", hf_say_signed(a, calibration, 2));
    hf_text_printf(text, ", together %s = %s\n", hf_say_signed(a, log_odds, 2),
                   hf_say_share(b, 1 / (1 + exp(-log_odds))));
    hf_delete(context, parts);
    return HF_OK;
}

// ---- the path --------------------------------------------------------------------------------------------------

static void add_step(hf_grid *grid, const hf_account_page *page, const hf_path_step *step)
{
    char name[HF_WORDS], words[HF_WORDS], number[HF_NUMBER];
    hf_grid_cell(grid, "  %s", hf_say_name(name, definition_of(page)->measures[step->measure].path));
    hf_grid_cell(grid, "%s", hf_say_value(words, page->now.plan, step->measure, page->now.row));
    if (step->level)
        hf_grid_cell(grid, "%s", hf_say_level(words, page->now.plan, step->measure, step->level));
    else
        hf_grid_cell(grid, "%s", hf_say_number(words, page->now.plan, step->measure, step->to));
    hf_grid_cell(grid, "%s", isnan(step->score_from) ? "-" : hf_say_fixed(number, step->score_from, 1));
    hf_grid_cell(grid, "%s", hf_say_fixed(number, step->score_to, 1));
    hf_grid_cell(grid, "%s", hf_say_signed(number, step->gain, 2));
}

static void put_path_end(hf_text *text, const hf_account_page *page, const char *band)
{
    const hf_health_explanation *e = page->now.explanation;
    char number[HF_NUMBER];
    double health = page->reached ? e->health : e->raw;
    for (int32_t i = 0; i < page->step_count; i++)
        health = (isnan(health) ? 0 : health) + page->steps[i].gain;
    if (page->reached)
        hf_text_printf(text, "\n  That makes %s.\n", hf_say_fixed(number, health, 2));
    else
        hf_text_printf(
            text,
            "\n  That makes %s before overrides, enough for %s; the overrides above hold it back and "
            "must lift or expire first.\n",
            hf_say_fixed(number, health, 2), band);
}

static hf_status put_path(hf_text *text, const hf_context *context, const hf_account_page *page,
                          hf_error *error)
{
    const hf_definition *definition = definition_of(page);
    const char *band = hf_band_name(definition, page->target);
    const double from = definition->segments[page->now.explanation->segment].band_from[page->target];
    hf_grid *grid;
    char number[HF_NUMBER];
    if (page->reached && page->step_count == 0) return HF_OK;
    hf_text_printf(text, "\nWhat would make it %s (%s or more)\n\n", band, hf_say_fixed(number, from, 0));
    if (page->step_count == 0) {
        if (page->now.explanation->raw >= from)
            hf_text_printf(text,
                           "  It is at %s before overrides. They hold it back, and must lift or expire.\n",
                           hf_say_fixed(number, page->now.explanation->raw, 2));
        else
            hf_text_printf(text, "  Nothing that can be acted on here is enough for %s.\n", band);
        return HF_OK;
    }
    hf_status status = hf_grid_create(&grid, context, "  measure|now|needed|>score|>then|>gain", error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < page->step_count; i++)
        add_step(grid, page, &page->steps[i]);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    put_path_end(text, page, band);
    return status;
}

hf_status hf_report_explain(hf_text *text, const hf_context *context, const hf_account_page *page,
                            hf_error *error)
{
    hf_status status;
    const size_t from = text->length;
    put_title(text, page);
    put_health(text, page);
    put_money(text, page);
    if (page->move) HF_TRY(done, hf_report_move(text, context, page, error));
    HF_TRY(done, put_measures(text, context, page, error));
    put_overrides(text, page);
    put_costly(text, page);
    HF_TRY(done, put_churn(text, context, page, error));
    HF_TRY(done, put_path(text, context, page, error));
    HF_TRY(done, hf_text_status(text, error));
    hf_trim_lines(text, from);
done:
    return status;
}
