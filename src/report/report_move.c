// SPDX-License-Identifier: Apache-2.0
//
// Why a health moved, as a table whose points add up to the move: one account's terms, largest first, and
// the measures that moved a fleet.
#include "report/report_page.h"

#include <math.h>
#include <string.h>

static const double SMALL = 0.005; // terms below it are shown as one

// ---- one account -----------------------------------------------------------------------------------------------

static void name_overrides(hf_text *out, const hf_account_night *night)
{
    const hf_definition *definition = hf_health_plan_definition(night->plan);
    const hf_health_explanation *e = night->explanation;
    char words[HF_WORDS];
    hf_text_clear(out);
    for (int32_t i = 0; i < e->override_count; i++) {
        const int32_t manual = e->overrides[i].manual, rule = e->overrides[i].rule;
        if (i > 0) hf_text_puts(out, ", ");
        if (manual >= 0)
            hf_text_printf(
                out, "%s by %s",
                hf_say_action(words, night->manual->items[manual].action, night->manual->items[manual].value),
                night->manual->items[manual].author);
        else
            hf_text_printf(
                out, "%s (%s)",
                hf_say_action(words, definition->overrides[rule].action, definition->overrides[rule].value),
                definition->overrides[rule].name);
    }
    if (e->override_count == 0) hf_text_puts(out, "none");
}

// What happened, behind the measure's name.
static const char *cause_words(const hf_account_page *page, const hf_move_term *term)
{
    const hf_measure_state now = page->now.explanation->parts[term->measure].state;
    if (term->cause == HF_MOVE_COVERAGE) return now == HF_STATE_ABSENT ? ": went missing" : ": appeared";
    if (term->cause == HF_MOVE_STALENESS) return now == HF_STATE_STALE ? ": went stale" : ": is fresh again";
    return "";
}

static void add_measure_term(hf_grid *grid, const hf_account_page *page, const hf_move_term *term)
{
    const hf_definition *definition = hf_health_plan_definition(page->now.plan);
    const hf_measure *measure = &definition->measures[term->measure];
    const int32_t then = hf_definition_find(hf_health_plan_definition(page->then->plan), measure->path);
    char name[HF_WORDS], words[HF_WORDS];
    hf_grid_cell(grid, "%s%s", hf_say_name(name, measure->path), cause_words(page, term));
    hf_grid_cell(grid, "%s", then < 0 ? "" : hf_say_value(words, page->then->plan, then, page->then->row));
    hf_grid_cell(grid, "%s", hf_say_value(words, page->now.plan, term->measure, page->now.row));
}

static void add_configuration(hf_grid *grid, const hf_account_page *page)
{
    const hf_definition *before = hf_health_plan_definition(page->then->plan);
    const hf_definition *after = hf_health_plan_definition(page->now.plan);
    const char *other = strcmp(before->fingerprint, after->fingerprint) == 0 ? "" : "another definition, ";
    hf_grid_cell(grid, "how it is scored");
    hf_grid_cell(grid, "%ssegment %s", other, before->segments[page->then->explanation->segment].name);
    hf_grid_cell(grid, "segment %s", after->segments[page->now.explanation->segment].name);
}

static hf_status add_override(hf_grid *grid, hf_text *names, const hf_account_page *page, hf_error *error)
{
    hf_grid_cell(grid, "overrides");
    const hf_account_night *nights[2] = {page->then, &page->now};
    for (int i = 0; i < 2; i++) {
        name_overrides(names, nights[i]);
        hf_status status = hf_text_status(names, error);
        if (status != HF_OK) return status;
        hf_grid_cell(grid, "%s", names->data);
    }
    return HF_OK;
}

static hf_status add_terms(hf_grid *grid, hf_text *names, const hf_account_page *page,
                           const hf_move_term *terms, int32_t count, hf_error *error)
{
    char number[HF_NUMBER];
    double rest = 0;
    int32_t small = 0;
    for (int32_t i = 0; i < count; i++) {
        hf_status status = HF_OK;
        if (fabs(terms[i].points) < SMALL) {
            rest += terms[i].points;
            small++;
            continue;
        }
        hf_grid_cell(grid, "  %s", hf_say_signed(number, terms[i].points, 2));
        if (terms[i].measure >= 0)
            add_measure_term(grid, page, &terms[i]);
        else if (terms[i].cause == HF_MOVE_CONFIGURATION)
            add_configuration(grid, page);
        else
            status = add_override(grid, names, page, error);
        if (status != HF_OK) return status;
    }
    if (small > 0) {
        hf_grid_cell(grid, "  %s", hf_say_signed(number, rest, 2));
        hf_grid_cell(grid, "%d smaller", (int)small);
        hf_grid_cell(grid, "%s", "");
        hf_grid_cell(grid, "%s", "");
    }
    hf_grid_cell(grid, "  %s", hf_say_signed(number, page->move->to - page->move->from, 2));
    hf_grid_cell(grid, "together");
    hf_grid_cell(grid, "%s", "");
    hf_grid_cell(grid, "%s", "");
    return HF_OK;
}

static void put_heading(hf_text *text, const hf_account_page *page)
{
    const hf_health_explanation *before = page->then->explanation, *after = page->now.explanation;
    const hf_definition *definition = hf_health_plan_definition(page->now.plan);
    const hf_definition *earlier = hf_health_plan_definition(page->then->plan);
    char date[HF_NUMBER], a[HF_NUMBER], b[HF_NUMBER], c[HF_NUMBER];
    hf_text_printf(text, "\nWhy it moved since %s: health %s (%s) to %s (%s), %s\n\n",
                   hf_say_date(date, hf_health_plan_frame(page->then->plan)->as_of),
                   hf_say_fixed(a, page->move->from, 2),
                   hf_band_name(earlier, page->then->health->band[page->then->row]),
                   hf_say_fixed(b, page->move->to, 2),
                   hf_band_name(definition, page->now.health->band[page->now.row]),
                   hf_say_signed(c, page->move->to - page->move->from, 2));
    if (isnan(before->health) || isnan(after->health))
        hf_text_printf(text, "  A night on which nothing was known counts as %s here.\n\n",
                       hf_say_fixed(a, definition->neutral, 0));
}

// No term at all: the night is the same, or overrides decide on both.
static void put_no_move(hf_text *text, const hf_account_page *page)
{
    const double before = page->then->explanation->raw, after = page->now.explanation->raw;
    char a[HF_NUMBER], b[HF_NUMBER];
    if (before < after || before > after)
        hf_text_printf(text, "  Overrides decide on both dates. Before them it went from %s to %s.\n",
                       hf_say_fixed(a, before, 2), hf_say_fixed(b, after, 2));
    else
        hf_text_puts(text, "  Nothing that is scored has changed.\n");
}

hf_status hf_report_move(hf_text *text, const hf_context *context, const hf_account_page *page,
                         hf_error *error)
{
    hf_move_term *terms = NULL;
    hf_grid *grid = NULL;
    hf_text names;
    int32_t count;
    hf_status status;
    hf_text_init(&names, context);
    HF_TRY(done, hf_move_terms(&terms, &count, context, page->move, error));
    put_heading(text, page);
    if (count == 0) {
        put_no_move(text, page);
        goto done;
    }
    HF_TRY(done, hf_grid_create(&grid, context, "> points|what|then|now", error));
    HF_TRY(done, add_terms(grid, &names, page, terms, count, error));
    HF_TRY(done, hf_grid_print(grid, text, error));
done:
    hf_grid_destroy(grid);
    hf_delete(context, terms);
    hf_text_free(&names);
    return status;
}

// ---- a fleet ---------------------------------------------------------------------------------------------------

static const char *mover_name(char out[HF_WORDS], const hf_fleet_move *move, const hf_fleet_mover *mover)
{
    if (mover->measure >= 0) return hf_say_name(out, move->definition->measures[mover->measure].path);
    if (mover->measure == -1) return "how it is scored";
    return mover->measure == -2 ? "overrides" : "together";
}

static void add_mover(hf_grid *grid, const hf_fleet_move *move, const hf_fleet_mover *mover)
{
    char text[HF_WORDS], number[HF_NUMBER];
    hf_grid_cell(grid, "%s", mover_name(text, move, mover));
    hf_grid_cell(grid, "%s", hf_say_money(number, (double)mover->down));
    hf_grid_cell(grid, "%s", hf_say_money(number, (double)mover->up));
    if (move->has_arr) {
        hf_grid_cell(grid, "%s", hf_say_money(number, mover->arr_down));
        hf_grid_cell(grid, "%s", hf_say_money(number, mover->arr_up));
    }
    const double accounts = move->accounts > 0 ? (double)move->accounts : 1;
    hf_grid_cell(grid, "%s", hf_say_signed(number, mover->points / accounts, 3));
}

// The measures that moved most accounts and most ARR, in a sentence each.
static void put_most(hf_text *text, const hf_fleet_move *move)
{
    const hf_fleet_mover *accounts = NULL, *arr = NULL;
    char name[HF_WORDS], a[HF_NUMBER], b[HF_NUMBER];
    for (int32_t i = 0; i < move->count; i++) {
        const hf_fleet_mover *m = &move->movers[i];
        if (m->measure == -3 || m->down + m->up == 0) continue;
        if (!accounts || m->down + m->up > accounts->down + accounts->up) accounts = m;
        if (!arr || m->arr_down + m->arr_up > arr->arr_down + arr->arr_up) arr = m;
    }
    if (!accounts) return;
    hf_text_printf(text, "\nMost accounts were moved by %s: %s down, %s up.\n",
                   mover_name(name, move, accounts), hf_say_money(a, (double)accounts->down),
                   hf_say_money(b, (double)accounts->up));
    if (!move->has_arr) return;
    hf_text_printf(text, "Most ARR was moved by %s: %s down, %s up%s%s.\n", mover_name(name, move, arr),
                   hf_say_money(a, arr->arr_down), hf_say_money(b, arr->arr_up), move->unit[0] ? " " : "",
                   move->unit);
}

hf_status hf_report_fleet_move(hf_text *text, const hf_context *context, const hf_fleet_move *move,
                               hf_error *error)
{
    char a[HF_NUMBER], b[HF_NUMBER], c[HF_NUMBER];
    hf_grid *grid;
    const size_t from = text->length;
    hf_text_printf(text, "What moved health from %s to %s: %s accounts on both dates",
                   hf_say_date(a, move->since), hf_say_date(b, move->as_of),
                   hf_say_money(c, (double)move->accounts));
    hf_text_printf(text, ", %s gone, %s new\n\n", hf_say_money(a, (double)move->gone),
                   hf_say_money(b, (double)move->appeared));
    hf_status status = hf_grid_create(&grid, context,
                                      move->has_arr ? "moved by|>down|>up|>ARR down|>ARR up|>mean points"
                                                    : "moved by|>down|>up|>mean points",
                                      error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < move->count; i++)
        add_mover(grid, move, &move->movers[i]);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    if (status != HF_OK) return status;
    put_most(text, move);
    hf_text_printf(text,
                   "\nAn account counts where the measure took (down) or added (up) %s points or more; mean "
                   "points are over all accounts\nand add up.\n",
                   hf_say_fixed(a, HF_MOVED, 1));
    hf_trim_lines(text, from);
    return hf_text_status(text, error);
}

static json_t *mover_json(const hf_fleet_move *move, const hf_fleet_mover *m)
{
    static const char *const others[] = {"together", "override", "configuration"};
    const double accounts = move->accounts > 0 ? (double)move->accounts : 1;
    const char *name = m->measure >= 0 ? move->definition->measures[m->measure].path : others[m->measure + 3];
    return json_pack("{s:s,s:I,s:I,s:o,s:o,s:o}", "measure", name, "down", (json_int_t)m->down, "up",
                     (json_int_t)m->up, "arr_down", hf_json_number(move->has_arr ? m->arr_down : (double)NAN),
                     "arr_up", hf_json_number(move->has_arr ? m->arr_up : (double)NAN), "mean_points",
                     hf_json_number(m->points / accounts));
}

hf_status hf_report_fleet_move_json(hf_text *text, const hf_fleet_move *move, hf_error *error)
{
    json_t *list = json_array();
    int bad = 0;
    for (int32_t i = 0; i < move->count; i++)
        bad |= json_array_append_new(list, mover_json(move, &move->movers[i]));
    json_t *root = json_pack("{s:s,s:o,s:o,s:I,s:I,s:I,s:f,s:o}", "definition", move->definition->name,
                             "since", hf_json_date(move->since), "as_of", hf_json_date(move->as_of),
                             "accounts", (json_int_t)move->accounts, "gone", (json_int_t)move->gone, "new",
                             (json_int_t)move->appeared, "counts_from_points", HF_MOVED, "moved_by", list);
    if (bad) {
        json_decref(root);
        root = NULL;
    }
    return hf_json_print(text, root, error);
}
