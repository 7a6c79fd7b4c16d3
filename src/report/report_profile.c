// SPDX-License-Identifier: Apache-2.0
//
// A profile as tables: numbers, dates and categories as they are; then, where it is known what happened, the
// signals in the order of what they tell, the outcome's rate over the values of those that tell something,
// and the signals that go together.
#include "report/report_room.h"

#include <math.h>
#include <string.h>

#define TELLS 0.02 // information value below which a signal's rates are left out

enum { LEVELS_SHOWN = 4, BAR = 20 };

const char *hf_brief(char out[32], double value)
{
    double size = fabs(value);
    if (isnan(value)) {
        strcpy(out, "-");
    } else if (isinf(value) || size >= 1e15) {
        snprintf(out, 32, "%.3g", value);
    } else if (size >= 1000) {
        hf_grouped(out, (int64_t)round(value));
    } else {
        int decimals = size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 || size == 0 ? 3 : 5;
        size_t n = hf_format_fixed(out, value, decimals);
        while (decimals > 0 && n > 1 && out[n - 1] == '0')
            out[--n] = '\0';
        if (n > 1 && out[n - 1] == '.') out[n - 1] = '\0';
    }
    return out;
}

static void brief_cell(hf_grid *grid, double value)
{
    char text[32];
    hf_grid_cell(grid, "%s", hf_brief(text, value));
}

static void share_cell(hf_grid *grid, double share, int decimals)
{
    if (isnan(share))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.*f %%", decimals, 100 * share);
}

static double coverage(const hf_profile *p)
{
    return p->rows > 0 ? (double)p->present / (double)p->rows : (double)NAN;
}

static bool is_date(const hf_frame *frame, int32_t c)
{
    return frame->columns[c].storage == HF_STORAGE_DAY;
}

static bool is_category(const hf_frame *frame, int32_t c)
{
    return frame->columns[c].storage == HF_STORAGE_CODE;
}

// ---- what the data looks like -------------------------------------------------------------------------------

static hf_status print_numbers(hf_text *text, const hf_context *context, const hf_data_profile *d,
                               hf_error *error)
{
    hf_grid *grid;
    bool any = false;
    hf_status status = hf_grid_create(&grid, context,
                                      "number|kind|>coverage|>non-zero|>least|>1 %|>5 %|>25 %|>median|>75 "
                                      "%|>95 %|>99 %|>greatest|>skew",
                                      error);
    if (status != HF_OK) return status;
    for (int32_t c = 0; c < d->frame->column_count; c++) {
        const hf_profile *p = &d->shape[c];
        if (is_date(d->frame, c) || is_category(d->frame, c)) continue;
        any = true;
        hf_grid_cell(grid, "%s", d->frame->columns[c].name);
        hf_grid_cell(grid, "%s", hf_kind_name(d->frame->columns[c].kind));
        share_cell(grid, coverage(p), 1);
        share_cell(grid, p->present > 0 ? (double)p->nonzero / (double)p->present : (double)NAN, 1);
        brief_cell(grid, p->least);
        for (int q = 0; q < HF_PROFILE_PERCENTILES; q++)
            brief_cell(grid, p->percentile[q]);
        brief_cell(grid, p->greatest);
        if (isnan(p->skew))
            hf_grid_cell(grid, "-");
        else
            hf_grid_cell(grid, "%.1f", p->skew);
    }
    if (any) {
        hf_text_putc(text, '\n');
        status = hf_grid_print(grid, text, error);
    }
    hf_grid_destroy(grid);
    return status;
}

static void date_cell(hf_grid *grid, double day)
{
    char date[11];
    hf_date_format(isnan(day) ? HF_DATE_MISSING : (hf_date)floor(day), date);
    hf_grid_cell(grid, "%s", isnan(day) ? "-" : date);
}

static hf_status print_dates(hf_text *text, const hf_context *context, const hf_data_profile *d,
                             hf_error *error)
{
    hf_grid *grid;
    bool any = false;
    hf_status status =
        hf_grid_create(&grid, context, "date|>coverage|>first|>5 %|>25 %|>median|>75 %|>95 %|>last", error);
    if (status != HF_OK) return status;
    for (int32_t c = 0; c < d->frame->column_count; c++) {
        const hf_profile *p = &d->shape[c];
        if (!is_date(d->frame, c)) continue;
        any = true;
        hf_grid_cell(grid, "%s", d->frame->columns[c].name);
        share_cell(grid, coverage(p), 1);
        date_cell(grid, p->least);
        for (int q = 1; q + 1 < HF_PROFILE_PERCENTILES; q++)
            date_cell(grid, p->percentile[q]);
        date_cell(grid, p->greatest);
    }
    if (any) {
        hf_text_putc(text, '\n');
        status = hf_grid_print(grid, text, error);
    }
    hf_grid_destroy(grid);
    return status;
}

// The largest levels with their shares: "SMB 62 %, Mid-market 27 %, and 3 more".
static void largest_levels(char *out, size_t size, const hf_column *column, const hf_profile *p)
{
    size_t at = 0;
    out[0] = '\0';
    for (int32_t b = 0; b < p->bin_count && b < LEVELS_SHOWN; b++) {
        const hf_profile_bin *bin = &p->bins[b];
        if (bin->kind != HF_BIN_LEVEL || at >= size) break;
        int n = snprintf(out + at, size - at, "%s%.40s %.3g %%", b > 0 ? ", " : "",
                         hf_dictionary_text(&column->dictionary, bin->level),
                         100.0 * (double)bin->rows / (double)p->present);
        at += n > 0 ? (size_t)n : 0;
    }
    if (p->distinct > LEVELS_SHOWN && at < size)
        snprintf(out + at, size - at, ", and %lld more", (long long)p->distinct - LEVELS_SHOWN);
}

static hf_status print_categories(hf_text *text, const hf_context *context, const hf_data_profile *d,
                                  hf_error *error)
{
    hf_grid *grid;
    bool any = false;
    char levels[400], number[32];
    hf_status status = hf_grid_create(&grid, context, "category|>coverage|>levels|largest", error);
    if (status != HF_OK) return status;
    for (int32_t c = 0; c < d->frame->column_count; c++) {
        const hf_profile *p = &d->shape[c];
        if (!is_category(d->frame, c)) continue;
        any = true;
        hf_grid_cell(grid, "%s", d->frame->columns[c].name);
        share_cell(grid, coverage(p), 1);
        hf_grid_cell(grid, "%s", hf_grouped(number, p->distinct));
        largest_levels(levels, sizeof levels, &d->frame->columns[c], p);
        hf_grid_cell(grid, "%s",
                     p->distinct > 20 && p->distinct == p->present ? "each row has its own" : levels);
    }
    if (any) {
        hf_text_putc(text, '\n');
        status = hf_grid_print(grid, text, error);
    }
    hf_grid_destroy(grid);
    return status;
}

// ---- with the outcome ---------------------------------------------------------------------------------------

// The columns by information, most first; equal ones as they stand.
static void order_columns(int32_t *order, const hf_profile *outcome, int32_t count)
{
    for (int32_t c = 0; c < count; c++) {
        double iv = isnan(outcome[c].iv) ? -1 : outcome[c].iv;
        int32_t at = c;
        for (; at > 0; at--) {
            double before = outcome[order[at - 1]].iv;
            if ((isnan(before) ? -1 : before) >= iv) break;
            order[at] = order[at - 1];
        }
        order[at] = c;
    }
}

// "more" where higher values go with more of the outcome, beyond what chance does; "" for a category.
static const char *higher_means(const hf_frame *frame, int32_t c, const hf_profile *p)
{
    if (is_category(frame, c) || isnan(p->auc)) return "";
    if (fabs(p->auc - 0.5) <= 2 * p->auc_error) return "unclear";
    return p->auc > 0.5 ? "more" : "less";
}

static const char *remark(const hf_profile *shape, const hf_profile *p)
{
    if (shape->distinct <= 1) return shape->present > 0 ? "one value only" : "no values";
    if (p->auc >= 0.97 || p->auc <= 0.03) return "too good: recorded after the fact?";
    if (fabs(p->missing_auc - 0.5) >= 0.05) return p->missing_auc > 0.5 ? "missing: more" : "missing: less";
    return "";
}

static void lead_cells(hf_grid *grid, const double *auc)
{
    int best = -1;
    for (int l = 0; l < HF_PROFILE_LEADS; l++) {
        if (isnan(auc[l]))
            hf_grid_cell(grid, "-");
        else
            hf_grid_cell(grid, "%.3f", auc[l]);
        if (isnan(auc[l])) continue;
        if (best < 0 || fabs(auc[l] - 0.5) > fabs(auc[best] - 0.5)) best = l;
    }
    if (best < 0 || fabs(auc[best] - 0.5) < 0.02)
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%d days", (int)hf_profile_leads[best]);
}

static void outcome_row(hf_grid *grid, const hf_data_profile *d, int32_t c)
{
    const hf_profile *p = &d->outcome[c];
    hf_grid_cell(grid, "%s", d->frame->columns[c].name);
    if (isnan(p->iv))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.3f", p->iv);
    if (isnan(p->auc)) {
        hf_grid_cell(grid, "-");
        hf_grid_cell(grid, " ");
    } else {
        hf_grid_cell(grid, "%.3f", p->auc);
        hf_grid_cell(grid, "%.3f", 1.959964 * p->auc_error);
    }
    hf_grid_cell(grid, "%s", higher_means(d->frame, c, p));
    if (isnan(p->monotonicity))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.2f", p->monotonicity);
    if (d->lead_auc) lead_cells(grid, &d->lead_auc[c * HF_PROFILE_LEADS]);
    hf_grid_cell(grid, "%s", remark(&d->shape[c], p));
}

static hf_status print_outcome(hf_text *text, const hf_context *context, const hf_data_profile *d,
                               const int32_t *order, hf_error *error)
{
    hf_grid *grid;
    hf_status status = hf_grid_create(
        &grid, context,
        d->lead_auc
            ? "signal|>information|>AUC|>+-|higher|>steady|>AUC 30 d|>60 d|>90 d|>180 d|>best lead|remark"
            : "signal|>information|>AUC|>+-|higher|>steady|remark",
        error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < d->frame->column_count; i++)
        outcome_row(grid, d, order[i]);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

// What a bin holds: "12 to 40", "Month-to-month", "missing".
static void bin_name(char *out, size_t size, const hf_data_profile *d, int32_t c, const hf_profile_bin *bin)
{
    char low[32], high[32];
    const hf_column *column = &d->frame->columns[c];
    switch (bin->kind) {
    case HF_BIN_VALUES:
        if (is_date(d->frame, c) && !d->days) {
            hf_date_format((hf_date)bin->low, low);
            hf_date_format((hf_date)bin->high, high);
        } else {
            hf_brief(low, bin->low);
            hf_brief(high, bin->high);
        }
        snprintf(out, size, bin->low < bin->high ? "%s to %s" : "%s", low, high);
        return;
    case HF_BIN_LEVEL: {
        int32_t at = hf_frame_find(d->observed, column->name);
        snprintf(out, size, "%.60s", hf_dictionary_text(&d->observed->columns[at].dictionary, bin->level));
        return;
    }
    case HF_BIN_OTHERS:
        snprintf(out, size, "%d others", (int)bin->level);
        return;
    case HF_BIN_MISSING:
        snprintf(out, size, "missing");
        return;
    }
}

static void bin_row(hf_grid *grid, const hf_data_profile *d, int32_t c, const hf_profile_bin *bin, bool first,
                    double full)
{
    char name[300], number[32], bar[BAR + 1];
    hf_grid_cell(grid, "%s", first ? d->frame->columns[c].name : "");
    bin_name(name, sizeof name, d, c, bin);
    hf_grid_cell(grid, "%s%s", name,
                 bin->kind == HF_BIN_VALUES && is_date(d->frame, c) && d->days ? " days" : "");
    hf_grid_cell(grid, "%s", hf_grouped(number, bin->labelled));
    hf_grid_cell(grid, "%s", hf_grouped(number, bin->events));
    share_cell(grid, bin->rate, 2);
    if (isnan(bin->rate))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.2f to %.2f", 100 * bin->rate_low, 100 * bin->rate_high);
    int length = full > 0 && bin->rate > 0 ? (int)lround(BAR * fmin(1, bin->rate / full)) : 0;
    memset(bar, '#', (size_t)length);
    bar[length] = '\0';
    hf_grid_cell(grid, "%s", bar);
}

static hf_status print_rates(hf_text *text, const hf_context *context, const hf_data_profile *d,
                             const int32_t *order, hf_error *error)
{
    hf_grid *grid;
    int32_t shown = 0;
    hf_status status =
        hf_grid_create(&grid, context, "signal|values|>with label|>events|>rate|>95 % interval|", error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < d->frame->column_count; i++) {
        const hf_profile *p = &d->outcome[order[i]];
        double full = 0;
        if (!(p->iv >= TELLS && p->iv > 2 * p->iv_noise)) continue;
        for (int32_t b = 0; b < p->bin_count; b++)
            if (p->bins[b].rate > full && 100 * p->bins[b].labelled >= p->labelled) full = p->bins[b].rate;
        for (int32_t b = 0; b < p->bin_count; b++)
            bin_row(grid, d, order[i], &p->bins[b], b == 0, full);
        shown++;
    }
    if (shown > 0) {
        hf_text_printf(text,
                       "\nRate of %s over the values of the %d signals that tell most (information of %.2f "
                       "or more):\n\n",
                       d->event, (int)shown, TELLS);
        status = hf_grid_print(grid, text, error);
    } else {
        hf_text_printf(text, "\nNo signal by itself tells much of %s (information below %.2f).\n", d->event,
                       TELLS);
    }
    hf_grid_destroy(grid);
    return status;
}

// ---- groups -------------------------------------------------------------------------------------------------

// The member that the others go with most.
static int32_t leader(const hf_data_profile *d, int32_t group)
{
    int32_t count = d->frame->column_count, best = -1;
    double most = -1;
    for (int32_t i = 0; i < count; i++) {
        if (d->group[i] != group) continue;
        double sum = 0;
        for (int32_t j = 0; j < count; j++) {
            double r = d->rho[(size_t)i * (size_t)count + (size_t)j];
            if (d->group[j] == group && !isnan(r)) sum += fabs(r);
        }
        if (sum > most) {
            most = sum;
            best = i;
        }
    }
    return best;
}

static void print_groups(hf_text *text, const hf_data_profile *d)
{
    int32_t count = d->frame->column_count;
    if (d->groups == 0) return;
    hf_text_puts(text, "\nSignals that go together (rank correlation of 0.7 or more):\n\n");
    for (int32_t g = 0; g < d->groups; g++) {
        int32_t first = leader(d, g);
        double below = INFINITY;
        hf_text_printf(text, "%s with", d->frame->columns[first].name);
        const char *between = " ";
        // The strongest first; equal ones in the columns' order.
        for (;;) {
            double most = -1;
            for (int32_t j = 0; j < count; j++) {
                double r = fabs(d->rho[(size_t)first * (size_t)count + (size_t)j]);
                if (d->group[j] == g && j != first && r < below && r > most) most = r;
            }
            if (most < 0) break;
            for (int32_t j = 0; j < count; j++) {
                double r = d->rho[(size_t)first * (size_t)count + (size_t)j];
                if (d->group[j] != g || j == first || fabs(r) != most) continue;
                hf_text_printf(text, "%s%s %+.2f", between, d->frame->columns[j].name, r);
                between = ", ";
            }
            below = most;
        }
        hf_text_putc(text, '\n');
    }
}

// A last column that is mostly empty leaves blanks at the ends of lines.
static void trim_lines(hf_text *text, size_t from)
{
    size_t to = from;
    for (size_t i = from; i < text->length; i++) {
        char c = text->data[i];
        while (c == '\n' && to > from && text->data[to - 1] == ' ')
            to--;
        text->data[to++] = c;
    }
    text->length = to;
}

// ---- the whole ----------------------------------------------------------------------------------------------

static void print_observations(hf_text *text, const hf_data_profile *d)
{
    char rows[32], events[32];
    double rate = d->labelled > 0 ? 100.0 * (double)d->events / (double)d->labelled : 0;
    hf_text_printf(text, "\nWith %s: %s of %s %s (%.2f %%)", d->event, hf_grouped(events, d->events),
                   hf_grouped(rows, d->labelled), d->snapshots > 0 ? "account-dates" : "rows", rate);
    if (d->snapshots > 0)
        hf_text_printf(text, " in %d snapshots, %d days ahead", (int)d->snapshots, (int)d->horizon);
    if (d->lead > 0) hf_text_printf(text, " after a lead of %d", (int)d->lead);
    if (d->one_in > 1) hf_text_printf(text, "; one account in %lld was looked at", (long long)d->one_in);
    hf_text_puts(text, ". An AUC above 0.5 means that higher values go with more of it.\n\n");
}

hf_status hf_report_profile(hf_text *text, const hf_context *context, const hf_data_profile *d,
                            hf_error *error)
{
    char number[32], date[11];
    int32_t count = d->frame->column_count;
    int32_t *order = NULL;
    const size_t begin = text->length;
    hf_status status;
    hf_date_format(d->frame->as_of, date);
    hf_text_printf(text, "%s rows, %d signals%s%s\n", hf_grouped(number, d->frame->rows), (int)count,
                   date[0] != '\0' ? ", as of " : "", date);
    HF_TRY(done, print_numbers(text, context, d, error));
    HF_TRY(done, print_dates(text, context, d, error));
    HF_TRY(done, print_categories(text, context, d, error));
    if (d->outcome) {
        order = hf_new(context, (size_t)count, sizeof *order);
        if (!order) {
            status = hf_fail_memory(error);
            goto done;
        }
        order_columns(order, d->outcome, count);
        print_observations(text, d);
        HF_TRY(done, print_outcome(text, context, d, order, error));
        HF_TRY(done, print_rates(text, context, d, order, error));
    }
    print_groups(text, d);
    HF_TRY(done, hf_text_status(text, error));
    trim_lines(text, begin);
done:
    hf_delete(context, order);
    return status;
}
