// SPDX-License-Identifier: Apache-2.0
//
// Scores held to what happened, as tables for people: how well they rank and how right they are by date and
// in all, the same in money, by tenth, by segment, at a capacity, and two models side by side.
#include "report/report_room.h"

#include <math.h>
#include <string.h>

static void number_cell(hf_grid *grid, double value)
{
    if (isnan(value))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.4f", value);
}

static void share_cell(hf_grid *grid, double value)
{
    if (isnan(value))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.2f %%", 100 * value);
}

static void times_cell(hf_grid *grid, double value)
{
    if (isnan(value))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.2f", value);
}

static void amount_cell(hf_grid *grid, double value)
{
    char text[32];
    hf_grid_cell(grid, "%s", isnan(value) ? "-" : hf_grouped(text, llround(value)));
}

static void count_cell(hf_grid *grid, int64_t value)
{
    char text[32];
    hf_grid_cell(grid, "%s", hf_grouped(text, value));
}

// Rows that may be a fraction where ties are shared.
static void rows_cell(hf_grid *grid, double value)
{
    if (value == floor(value))
        count_cell(grid, (int64_t)value);
    else
        hf_grid_cell(grid, "%.1f", value);
}

static void blank_cells(hf_grid *grid, int count)
{
    while (count-- > 0)
        hf_grid_cell(grid, "%s", "");
}

// The first cell of the lines that hold an interval.
static void bound_cell(hf_grid *grid, const hf_judged_page *page, bool high)
{
    if (high)
        hf_grid_cell(grid, "  to");
    else
        hf_grid_cell(grid, "  %.4g %% from", 100 * (1 - page->alpha));
}

static const char *seen_word(hf_seen seen)
{
    static const char *const words[] = {"", "trained on", "overlaps", "later"};
    return words[seen];
}

// ---- a table of groups -----------------------------------------------------------------------------------

// Which figures a table has: its headings, the cells of a group, and those of a bound of its interval.
typedef struct {
    const char *headings;
    bool seen; // of dates also which of them training had seen
    void (*value)(hf_grid *grid, const hf_judged_page *page, const hf_judged_group *group);
    void (*bound)(hf_grid *grid, const hf_judged_page *page, const hf_judgement *bound);
} table_kind;

static void add_group(hf_grid *grid, const hf_judged_page *page, const hf_judged_group *group,
                      const table_kind *kind, bool seen)
{
    hf_grid_cell(grid, "%s%s", group->name, group->few ? " *" : "");
    if (seen) hf_grid_cell(grid, "%s", seen_word(group->seen));
    kind->value(grid, page, group);
    for (int high = 0; high < 2 && page->replicates > 0; high++) {
        bound_cell(grid, page, high);
        if (seen) blank_cells(grid, 1);
        kind->bound(grid, page, high ? &group->verdict.score.high : &group->verdict.score.low);
    }
}

static bool dated(const hf_judged_page *page)
{
    return page->date_count > 0;
}

// Whether the first table has a column that says which dates the model was trained on.
static bool tells_seen(const hf_judged_page *page)
{
    return dated(page) && page->dates[0].seen != HF_SEEN_UNKNOWN;
}

// By date and in all, or by segment and in all.
static hf_status add_groups(hf_text *text, const hf_context *context, const hf_judged_page *page,
                            const table_kind *kind, bool by_segment, hf_error *error)
{
    hf_grid *grid = NULL;
    hf_text headings;
    hf_status status;
    const int32_t count = by_segment ? page->segment_count : page->date_count;
    const hf_judged_group *groups = by_segment ? page->segments : page->dates;
    bool few = page->pooled->few;
    const bool seen = kind->seen && !by_segment && tells_seen(page);
    if (by_segment) hf_text_printf(text, "\nBy %s%s\n", page->by, kind->seen ? "" : ", in money");
    hf_text_init(&headings, context);
    hf_text_printf(&headings, "%s|%s%s",
                   by_segment    ? "segment"
                   : dated(page) ? "as of"
                                 : "judged on",
                   seen ? "training|" : "", kind->headings);
    HF_TRY(done, hf_text_status(&headings, error));
    HF_TRY(done, hf_grid_create(&grid, context, headings.data, error));
    for (int32_t i = 0; i < count; i++) {
        add_group(grid, page, &groups[i], kind, seen);
        few = few || groups[i].few;
    }
    if (page->later && !by_segment) add_group(grid, page, page->later, kind, seen);
    add_group(grid, page, page->pooled, kind, seen);
    HF_TRY(done, hf_grid_print(grid, text, error));
    if (few)
        hf_text_printf(text, "* fewer than %d events, or than %d others: too few to judge by\n",
                       HF_JUDGED_FEW, HF_JUDGED_FEW);
done:
    hf_grid_destroy(grid);
    hf_text_free(&headings);
    return status;
}

// ---- accounts and money ------------------------------------------------------------------------------------

static void metrics_value(hf_grid *grid, const hf_judged_page *page, const hf_judged_group *group)
{
    (void)page;
    const hf_verdict *v = &group->verdict;
    count_cell(grid, v->rows);
    count_cell(grid, v->events);
    share_cell(grid, (double)v->events / (double)v->rows);
    for (int f = 0; f < HF_METRICS; f++)
        number_cell(grid, v->score.value.figure[f]);
}

static void metrics_bound(hf_grid *grid, const hf_judged_page *page, const hf_judgement *bound)
{
    (void)page;
    blank_cells(grid, 3);
    for (int f = 0; f < HF_METRICS; f++)
        number_cell(grid, bound->figure[f]);
}

static void money_figures(hf_grid *grid, const hf_judgement *j)
{
    share_cell(grid, j->figure[HF_FIGURE_arr_churn]);
    share_cell(grid, j->figure[HF_FIGURE_arr_expected]);
    times_cell(grid, j->figure[HF_FIGURE_arr_ratio]);
    number_cell(grid, j->figure[HF_FIGURE_arr_auc]);
    share_cell(grid, j->figure[HF_FIGURE_arr_caught_10]);
}

static void money_value(hf_grid *grid, const hf_judged_page *page, const hf_judged_group *group)
{
    (void)page;
    amount_cell(grid, group->verdict.arr);
    amount_cell(grid, group->verdict.arr_lost);
    money_figures(grid, &group->verdict.score.value);
}

static void money_bound(hf_grid *grid, const hf_judged_page *page, const hf_judgement *bound)
{
    (void)page;
    blank_cells(grid, 2);
    money_figures(grid, bound);
}

static const table_kind metrics_table = {">n|>events|>rate"
#define HEADING(field, label) "|>" label
                                         HF_METRIC_LIST(HEADING),
                                         true, metrics_value, metrics_bound};
static const table_kind money_table = {">ARR|>lost" HF_ARR_FIGURE_LIST(HEADING), false, money_value,
                                       money_bound};
#undef HEADING

// ---- tenths ------------------------------------------------------------------------------------------------

static void tenth_figures(hf_grid *grid, const hf_judged_page *page, const hf_tenth *t, bool value)
{
    if (value)
        share_cell(grid, t->probability);
    else
        blank_cells(grid, 1);
    share_cell(grid, t->rate);
    times_cell(grid, t->lift);
    share_cell(grid, t->gain);
    if (page->arr[0] == '\0') return;
    if (value)
        amount_cell(grid, t->arr);
    else
        blank_cells(grid, 1);
    share_cell(grid, t->arr_churn);
    times_cell(grid, t->arr_lift);
    share_cell(grid, t->arr_gain);
}

static hf_status add_tenths(hf_text *text, const hf_context *context, const hf_judged_page *page,
                            const hf_judged_group *group, hf_error *error)
{
    hf_grid *grid;
    const bool money = page->arr[0] != '\0';
    const hf_judgement_interval *score = &group->verdict.score;
    hf_status status = hf_grid_create(
        &grid, context,
        money ? "by probability|>foretold|>rate|>lift|>gain|>ARR|>ARR churn|>ARR lift|>ARR gain"
              : "by probability|>foretold|>rate|>lift|>gain",
        error);
    if (status != HF_OK) return status;
    for (int b = 0; b < HF_TENTHS; b++) {
        hf_grid_cell(grid, "%d to %d %%", 10 * b, 10 * b + 10);
        tenth_figures(grid, page, &score->value.tenth[b], true);
        if (page->replicates == 0) continue;
        bound_cell(grid, page, false);
        tenth_figures(grid, page, &score->low.tenth[b], false);
        bound_cell(grid, page, true);
        tenth_figures(grid, page, &score->high.tenth[b], false);
    }
    hf_text_printf(text, "\nTenths of %s, the likeliest first; gain: share of all events this far down\n",
                   group->name);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

// ---- at a capacity -----------------------------------------------------------------------------------------

static void worked_figures(hf_grid *grid, const hf_judged_page *page, const hf_worked *w, bool value)
{
    if (value) {
        rows_cell(grid, w->worked);
        rows_cell(grid, w->caught);
    } else {
        blank_cells(grid, 2);
    }
    share_cell(grid, w->precision);
    share_cell(grid, w->recall);
    if (page->arr[0] == '\0') return;
    if (value)
        amount_cell(grid, w->arr_caught);
    else
        blank_cells(grid, 1);
    share_cell(grid, w->arr_recall);
}

static void add_worked(hf_grid *grid, const hf_judged_page *page, const hf_judged_group *group, int32_t k)
{
    const hf_judgement_interval *score = &group->verdict.score;
    count_cell(grid, page->capacity[k]);
    hf_grid_cell(grid, "%s", group->name);
    worked_figures(grid, page, &score->value.worked[k], true);
    if (page->replicates == 0) return;
    blank_cells(grid, 1);
    bound_cell(grid, page, false);
    worked_figures(grid, page, &score->low.worked[k], false);
    blank_cells(grid, 1);
    bound_cell(grid, page, true);
    worked_figures(grid, page, &score->high.worked[k], false);
}

static hf_status add_capacities(hf_text *text, const hf_context *context, const hf_judged_page *page,
                                hf_error *error)
{
    hf_grid *grid;
    if (page->capacities == 0) return HF_OK;
    const bool money = page->arr[0] != '\0';
    hf_text_printf(
        text, "\nWorked: the N accounts%s of the highest probability%s; ties at the edge count in part\n",
        dated(page) ? " of each date" : "", page->rank_by_arr ? " x ARR" : "");
    hf_status status =
        hf_grid_create(&grid, context,
                       money ? ">N|on|>worked|>caught|>precision|>recall|>ARR caught|>of ARR lost"
                             : ">N|on|>worked|>caught|>precision|>recall",
                       error);
    if (status != HF_OK) return status;
    for (int32_t k = 0; k < page->capacities; k++) {
        for (int32_t d = 0; d < page->date_count; d++)
            add_worked(grid, page, &page->dates[d], k);
        if (page->later) add_worked(grid, page, page->later, k);
        add_worked(grid, page, page->pooled, k);
    }
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

// ---- two models ----------------------------------------------------------------------------------------------

typedef struct {
    double value, against, difference, low, high, better;
} comparison;

static comparison compare(const hf_verdict *v, size_t offset)
{
#define AT(judgement) (*(const double *)(const void *)((const char *)&(judgement) + offset))
    return (comparison){AT(v->score.value),    AT(v->against.value),   AT(v->difference.value),
                        AT(v->difference.low), AT(v->difference.high), AT(v->better)};
#undef AT
}

static void signed_cell(hf_grid *grid, double value)
{
    if (isnan(value))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%+.4f", value);
}

static void add_comparison(hf_grid *grid, const hf_judged_page *page, const char *name, comparison c)
{
    if (isnan(c.value) && isnan(c.against)) return;
    hf_grid_cell(grid, "%s", name);
    number_cell(grid, c.value);
    number_cell(grid, c.against);
    signed_cell(grid, c.difference);
    if (page->replicates == 0) return;
    signed_cell(grid, c.low);
    signed_cell(grid, c.high);
    if (isnan(c.better))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.1f %%", 100 * c.better);
}

static hf_status add_against(hf_text *text, const hf_context *context, const hf_judged_page *page,
                             const hf_judged_group *group, hf_error *error)
{
    hf_grid *grid;
    const hf_verdict *v = &group->verdict;
    char headings[128] = "|>A|>B|>A - B", name[64];
    if (!page->against) return HF_OK;
    if (page->replicates > 0)
        snprintf(headings, sizeof headings, "|>A|>B|>A - B|>%.4g %% from|>to|>A better in",
                 100 * (1 - page->alpha));
    hf_status status = hf_grid_create(&grid, context, headings, error);
    if (status != HF_OK) return status;
    for (size_t f = 0; f < HF_FIGURES; f++)
        if (hf_figures[f].better != HF_BETTER_NEITHER)
            add_comparison(grid, page, hf_figures[f].label,
                           compare(v, offsetof(hf_judgement, figure) + f * sizeof(double)));
    for (int32_t k = 0; k < page->capacities; k++) {
        const size_t at = offsetof(hf_judgement, worked) + (size_t)k * sizeof(hf_worked);
        const long long n = (long long)page->capacity[k];
        snprintf(name, sizeof name, "precision at %lld", n);
        add_comparison(grid, page, name, compare(v, at + offsetof(hf_worked, precision)));
        snprintf(name, sizeof name, "recall at %lld", n);
        add_comparison(grid, page, name, compare(v, at + offsetof(hf_worked, recall)));
        snprintf(name, sizeof name, "ARR lost caught at %lld", n);
        add_comparison(grid, page, name, compare(v, at + offsetof(hf_worked, arr_recall)));
    }
    hf_text_printf(text, "\nOf %s, A: %s, B: %s; every resample draws the same accounts for both\n",
                   group->name, page->model, page->against);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

// ---- the page ------------------------------------------------------------------------------------------------

hf_status hf_report_judged(hf_text *text, const hf_context *context, const hf_judged_page *page,
                           hf_error *error)
{
    const bool money = page->arr[0] != '\0';
    hf_status status = HF_OK;
    if (page->ledger) {
        HF_TRY(done, hf_report_ledger(text, context, page->ledger, error));
        hf_text_putc(text, '\n');
    }
    HF_TRY(done, add_groups(text, context, page, &metrics_table, false, error));
    if (page->segment_count > 0) HF_TRY(done, add_groups(text, context, page, &metrics_table, true, error));
    if (money) {
        hf_text_printf(text, "\nIn money: %s%s%s; of an event all of it counts as lost\n", page->arr,
                       page->unit[0] != '\0' ? " in " : "", page->unit);
        HF_TRY(done, add_groups(text, context, page, &money_table, false, error));
    }
    if (money && page->segment_count > 0)
        HF_TRY(done, add_groups(text, context, page, &money_table, true, error));
    HF_TRY(done, add_tenths(text, context, page, page->later ? page->later : page->pooled, error));
    HF_TRY(done, add_capacities(text, context, page, error));
    if (page->later) HF_TRY(done, add_against(text, context, page, page->later, error));
    HF_TRY(done, add_against(text, context, page, page->pooled, error));
    status = hf_text_status(text, error);
done:
    return status;
}
