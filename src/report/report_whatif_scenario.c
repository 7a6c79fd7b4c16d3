// SPDX-License-Identifier: Apache-2.0
//
// A scenario for people: what was edited, the fleet before and after, bands and who moved between them,
// groups, the accounts that gain and lose most with what changed and why, and what must not be read into it.
#include "report/report_room.h"
#include "report/report_words.h"

#include <math.h>
#include <string.h>

enum { PARTS = 3 }; // shown of an account's change

// ---- figures ---------------------------------------------------------------------------------------------

// A count of accounts that is a sum of probabilities, or a mean health.
static void tenth_cell(hf_grid *grid, double value)
{
    char text[HF_NUMBER];
    hf_grid_cell(grid, "%s", isnan(value) ? "-" : hf_say_fixed(text, value, 1));
}

static void change_cell(hf_grid *grid, double value)
{
    char text[HF_NUMBER];
    hf_grid_cell(grid, "%s", isnan(value) ? "-" : hf_say_signed(text, value, 1));
}

static const char *money(char out[HF_NUMBER], double value)
{
    if (isnan(value)) return "-";
    return hf_say_money(out, value);
}

static void money_cell(hf_grid *grid, double value)
{
    char text[HF_NUMBER];
    hf_grid_cell(grid, "%s", money(text, value));
}

static void money_change_cell(hf_grid *grid, double value)
{
    char text[HF_NUMBER];
    hf_grid_cell(grid, "%s%s", value > 0 ? "+" : "", money(text, value));
}

static void count_cell(hf_grid *grid, int64_t value)
{
    char text[32];
    hf_grid_cell(grid, "%s", hf_grouped(text, value));
}

static void count_change_cell(hf_grid *grid, int64_t value)
{
    char text[32];
    hf_grid_cell(grid, "%s%s", value > 0 ? "+" : "", hf_grouped(text, value));
}

static hf_status end_grid(hf_grid *grid, hf_text *text, hf_error *error)
{
    hf_status status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

// ---- the head --------------------------------------------------------------------------------------------

static hf_status add_edits(hf_text *text, const hf_context *context, const hf_scenario_page *page,
                           hf_error *error)
{
    hf_grid *grid;
    char number[32], date[11];
    hf_date_format(page->as_of, date);
    hf_text_printf(text, "what if, on %s%s%s: %s accounts, of which %s have another value\n", page->data,
                   date[0] ? " as of " : "", date, hf_grouped(number, page->all->accounts),
                   hf_grouped((char[32]){0}, page->all->changed));
    if (page->where) hf_text_printf(text, "for accounts where %s\n", page->where);
    hf_text_puts(text, "\n");
    hf_status status = hf_grid_create(&grid, context, "edit|>accounts|>changed|>no value", error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < page->edit_count; i++) {
        hf_grid_cell(grid, "%s", page->edits[i].text);
        count_cell(grid, page->edits[i].matched);
        count_cell(grid, page->edits[i].changed);
        count_cell(grid, page->edits[i].missing);
    }
    return end_grid(grid, text, error);
}

static void add_same(hf_text *text, const hf_scenario_page *page)
{
    if (page->same)
        hf_text_puts(text, "\nThe scenario changes nothing: data and scores are the same byte for byte.\n");
}

static void range_row(hf_grid *grid, const char *name, double low[2], double high[2], bool is_money)
{
    char a[HF_NUMBER], b[HF_NUMBER];
    hf_grid_cell(grid, "%s", name);
    for (int s = 0; s < HF_SCENARIO_SIDES; s++)
        if (is_money)
            hf_grid_cell(grid, "%s to %s", money(a, low[s]), money(b, high[s]));
        else
            hf_grid_cell(grid, "%s to %s", hf_say_fixed(a, low[s], 1), hf_say_fixed(b, high[s], 1));
    hf_grid_cell(grid, "%s", "");
}

static hf_status add_totals(hf_text *text, const hf_context *context, const hf_scenario_page *page,
                            hf_error *error)
{
    const hf_scenario_sums *a = &page->all->side[HF_BEFORE], *b = &page->all->side[HF_AFTER];
    hf_grid *grid;
    char unit[64] = "";
    if (page->unit[0] != '\0') snprintf(unit, sizeof unit, ", %s", page->unit);
    hf_status status = hf_grid_create(&grid, context, "|>before|>after|>change", error);
    if (status != HF_OK) return status;
    if (!isnan(a->health)) {
        hf_grid_cell(grid, "mean health");
        tenth_cell(grid, a->health);
        tenth_cell(grid, b->health);
        change_cell(grid, page->all->health_change);
    }
    if (!isnan(a->losses)) {
        hf_grid_cell(grid, "expected churn, accounts");
        tenth_cell(grid, a->losses);
        tenth_cell(grid, b->losses);
        change_cell(grid, page->all->losses_change);
        range_row(grid, "  95 % of outcomes", (double[]){a->losses_low, b->losses_low},
                  (double[]){a->losses_high, b->losses_high}, false);
    }
    if (!isnan(a->at_risk)) {
        hf_grid_cell(grid, "ARR at risk%s", unit);
        money_cell(grid, a->at_risk);
        money_cell(grid, b->at_risk);
        money_change_cell(grid, page->all->at_risk_change);
        range_row(grid, "  95 % of outcomes", (double[]){a->at_risk_low, b->at_risk_low},
                  (double[]){a->at_risk_high, b->at_risk_high}, true);
    }
    hf_text_puts(text, "\n");
    status = end_grid(grid, text, error);
    if (!isnan(a->losses))
        hf_text_puts(text,
                     "the ranges are of the outcomes' draw alone, each account by its own probability; the "
                     "change is between the same accounts and exact for this model\n");
    return status;
}

// ---- bands -----------------------------------------------------------------------------------------------

static hf_status add_bands(hf_text *text, const hf_context *context, const hf_scenario_page *page,
                           hf_error *error)
{
    const hf_scenario_sums *a = &page->all->side[HF_BEFORE], *b = &page->all->side[HF_AFTER];
    const bool arr = !isnan(a->arr);
    hf_grid *grid;
    hf_status status = hf_grid_create(&grid, context,
                                      arr ? "band|>before|>after|>change|>ARR before|>after|>change"
                                          : "band|>before|>after|>change",
                                      error);
    if (status != HF_OK) return status;
    for (int32_t k = 0; k <= page->band_count; k++) {
        hf_grid_cell(grid, "%s", page->bands[k]);
        count_cell(grid, a->in_band[k]);
        count_cell(grid, b->in_band[k]);
        count_change_cell(grid, b->in_band[k] - a->in_band[k]);
        if (!arr) continue;
        money_cell(grid, a->arr_in_band[k]);
        money_cell(grid, b->arr_in_band[k]);
        money_change_cell(grid, b->arr_in_band[k] - a->arr_in_band[k]);
    }
    hf_text_puts(text, "\nBands, of the health itself, without the memory of the nights before\n");
    return end_grid(grid, text, error);
}

static hf_status add_moves(hf_text *text, const hf_context *context, const hf_scenario_page *page,
                           hf_error *error)
{
    const int32_t edge = page->band_count + 1;
    char number[32], amount[HF_NUMBER];
    const bool arr = !isnan(page->all->side[HF_BEFORE].arr);
    int64_t crossing = 0;
    hf_text headings;
    hf_grid *grid = NULL;
    hf_status status;
    hf_text_init(&headings, context);
    hf_text_puts(&headings, "before");
    for (int32_t k = 0; k < edge; k++)
        hf_text_printf(&headings, "|>to %s", page->bands[k]);
    HF_TRY(done, hf_text_status(&headings, error));
    HF_TRY(done, hf_grid_create(&grid, context, headings.data, error));
    for (int32_t i = 0; i < edge; i++) {
        hf_grid_cell(grid, "%s", page->bands[i]);
        for (int32_t k = 0; k < edge; k++) {
            const int64_t accounts = page->moved[i * edge + k];
            crossing += i == k ? 0 : accounts;
            if (arr && i != k && accounts > 0)
                hf_grid_cell(grid, "%s (ARR %s)", hf_grouped(number, accounts),
                             money(amount, page->moved_arr[i * edge + k]));
            else
                count_cell(grid, accounts);
        }
    }
    hf_text_printf(text, "\nWho crosses: %s accounts\n", hf_grouped(number, crossing));
    HF_TRY(done, hf_grid_print(grid, text, error));
done:
    hf_grid_destroy(grid);
    hf_text_free(&headings);
    return status;
}

// ---- groups ----------------------------------------------------------------------------------------------

static void group_headings(hf_text *out, const hf_scenario_page *page)
{
    const hf_scenario_sums *all = &page->all->side[HF_BEFORE];
    hf_text_printf(out, "%s|>accounts|>changed", page->by);
    if (page->band_count > 0) hf_text_puts(out, "|>health|>after");
    for (int32_t k = 0; k < page->band_count; k++)
        hf_text_printf(out, "|>%s|>after", page->bands[k]);
    if (!isnan(all->losses)) hf_text_puts(out, "|>churn|>after|>change");
    if (!isnan(all->at_risk)) hf_text_puts(out, "|>ARR at risk|>after|>change");
}

static void group_row(hf_grid *grid, const hf_scenario_page *page, const hf_scenario_group *group)
{
    const hf_scenario_sums *all = &page->all->side[HF_BEFORE], *a = &group->side[HF_BEFORE],
                           *b = &group->side[HF_AFTER];
    hf_grid_cell(grid, "%s", group->name);
    count_cell(grid, group->accounts);
    count_cell(grid, group->changed);
    if (page->band_count > 0) {
        tenth_cell(grid, a->health);
        tenth_cell(grid, b->health);
    }
    for (int32_t k = 0; k < page->band_count; k++) {
        count_cell(grid, a->in_band[k]);
        count_cell(grid, b->in_band[k]);
    }
    if (!isnan(all->losses)) {
        tenth_cell(grid, a->losses);
        tenth_cell(grid, b->losses);
        change_cell(grid, group->losses_change);
    }
    if (!isnan(all->at_risk)) {
        money_cell(grid, a->at_risk);
        money_cell(grid, b->at_risk);
        money_change_cell(grid, group->at_risk_change);
    }
}

static hf_status add_groups(hf_text *text, const hf_context *context, const hf_scenario_page *page,
                            hf_error *error)
{
    hf_text headings;
    hf_grid *grid = NULL;
    hf_status status;
    if (page->group_count == 0) return HF_OK;
    hf_text_init(&headings, context);
    group_headings(&headings, page);
    HF_TRY(done, hf_text_status(&headings, error));
    HF_TRY(done, hf_grid_create(&grid, context, headings.data, error));
    for (int32_t g = 0; g < page->group_count; g++)
        group_row(grid, page, &page->groups[g]);
    hf_text_printf(text, "\nBy %s as it was before\n", page->by);
    HF_TRY(done, hf_grid_print(grid, text, error));
done:
    hf_grid_destroy(grid);
    hf_text_free(&headings);
    return status;
}

// ---- accounts --------------------------------------------------------------------------------------------

static void put_parts(hf_text *text, const char *what, const hf_scenario_part *parts, int32_t count,
                      int decimals)
{
    char number[HF_NUMBER];
    double rest = 0;
    hf_text_printf(text, "    %s", what);
    for (int32_t i = 0; i < count; i++) {
        if (i < PARTS)
            hf_text_printf(text, "%s%s %s", i > 0 ? ", " : "", parts[i].name,
                           hf_say_signed(number, parts[i].change, decimals));
        else
            rest += parts[i].change;
    }
    if (count > PARTS)
        hf_text_printf(text, ", %d more %s", (int)(count - PARTS), hf_say_signed(number, rest, decimals));
    if (count == 0) hf_text_puts(text, "no part of it changes");
    hf_text_puts(text, "\n");
}

static void put_account(hf_text *text, const hf_scenario_page *page, const hf_scenario_account *account)
{
    char a[HF_NUMBER], b[HF_NUMBER];
    const double *health = account->health, *p = account->probability;
    hf_text_puts(text, "  ");
    hf_text_add(text, account->id, account->id_length);
    hf_text_puts(text, ": ");
    for (int32_t i = 0; i < account->value_count; i++) {
        const hf_scenario_value *v = &account->values[i];
        hf_text_printf(text, "%s%s %s -> %s", i > 0 ? ", " : "", v->signal, v->from[0] ? v->from : "missing",
                       v->to[0] ? v->to : "missing");
    }
    hf_text_puts(text, "\n");
    if (page->band_count > 0) {
        const int8_t from = account->band[0], to = account->band[1];
        hf_text_printf(text, "    health %s -> %s, %s", hf_say_fixed(a, health[0], 1),
                       hf_say_fixed(b, health[1], 1), page->bands[from < 0 ? page->band_count : from]);
        if (to != from) hf_text_printf(text, " -> %s", page->bands[to < 0 ? page->band_count : to]);
        hf_text_puts(text, "\n");
        put_parts(text, "  points: ", account->health_parts, account->health_part_count, 1);
    }
    if (isnan(p[0])) return;
    hf_text_printf(text, "    probability %s -> %s", hf_say_share(a, p[0]), hf_say_share(b, p[1]));
    if (!isnan(account->at_risk[0]) && !isnan(account->at_risk[1]))
        hf_text_printf(text, ", ARR at risk %s -> %s", money(a, account->at_risk[0]),
                       money(b, account->at_risk[1]));
    hf_text_puts(text, "\n");
    put_parts(text, "  log-odds: ", account->churn_parts, account->churn_part_count, 2);
}

static void add_accounts(hf_text *text, const hf_scenario_page *page, bool gain)
{
    static const char *const by[] = {"ARR at risk", "probability", "health"};
    const int32_t count = gain ? page->gainer_count : page->loser_count;
    const hf_scenario_account *list = gain ? page->gainers : page->losers;
    char number[32];
    if (count == 0) return;
    hf_text_printf(text, "\nThe accounts that %s most, by %s: %d of %s\n", gain ? "gain" : "lose",
                   by[page->gain], (int)count, hf_grouped(number, gain ? page->gaining : page->losing));
    for (int32_t i = 0; i < count; i++)
        put_account(text, page, &list[i]);
}

static void add_capacity(hf_text *text, const hf_scenario_page *page)
{
    char a[32], b[32];
    if (page->capacity == 0) return;
    hf_text_printf(text, "\nOf the %s accounts most at risk before, %s are so after\n",
                   hf_grouped(a, page->listed), hf_grouped(b, page->stay));
}

// ---- cautions --------------------------------------------------------------------------------------------

static void list_signals(hf_text *text, const hf_scenario_page *page, hf_scenario_caution_kind kind,
                         const char *before, const char *after)
{
    char number[32];
    int32_t listed = 0;
    for (int32_t i = 0; i < page->caution_count; i++) {
        const hf_scenario_caution *c = &page->cautions[i];
        if (c->kind != kind) continue;
        hf_text_printf(text, "%s%s", listed++ == 0 ? before : ", ", c->signal);
        if (kind == HF_CAUTION_OUTSIDE)
            hf_text_printf(text, " (%s accounts; training: %s)", hf_grouped(number, c->accounts), c->detail);
        else if (c->detail[0] != '\0')
            hf_text_printf(text, " (%s)", c->detail);
    }
    if (listed > 0) hf_text_puts(text, after);
}

static void add_cautions(hf_text *text, const hf_scenario_page *page)
{
    if (page->caution_count == 0) return;
    hf_text_puts(text, "\nA correlation is not a lever\n");
    list_signals(text, page, HF_CAUTION_PREDICTOR, "  the model knows only as signs of the outcome: ",
                 "; nothing here shows that moving them moves it\n");
    list_signals(text, page, HF_CAUTION_NOT_ACTIONABLE, "  the scorecard says nobody can act upon: ", "\n");
    list_signals(text, page, HF_CAUTION_OUTSIDE, "  beyond what training saw: ",
                 "; there the model has nothing to go by but its outermost values\n");
    list_signals(text, page, HF_CAUTION_UNUSED, "  no score reads: ", "; editing them changes no score\n");
}

hf_status hf_report_scenario(hf_text *text, const hf_context *context, const hf_scenario_page *page,
                             hf_error *error)
{
    const size_t from = text->length;
    hf_status status;
    HF_TRY(done, add_edits(text, context, page, error));
    add_same(text, page);
    HF_TRY(done, add_totals(text, context, page, error));
    if (page->band_count > 0) {
        HF_TRY(done, add_bands(text, context, page, error));
        HF_TRY(done, add_moves(text, context, page, error));
    }
    HF_TRY(done, add_groups(text, context, page, error));
    add_capacity(text, page);
    add_accounts(text, page, true);
    add_accounts(text, page, false);
    add_cautions(text, page);
    hf_trim_lines(text, from);
    status = hf_text_status(text, error);
done:
    return status;
}
