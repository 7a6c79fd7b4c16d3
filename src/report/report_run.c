// SPDX-License-Identifier: Apache-2.0
//
// What a night came to: the bands with their money, what is expected to be lost, who moved, where it was
// published, and where the time went. The last line says all that matters in one. The JSON form has nothing
// in it that another run of the same night would say otherwise.
#include "report/report_room.h"

#include <jansson.h>
#include <math.h>

static const char *const cadences[] = {"daily", "weekly", "monthly"};

// Whole units with thousands apart; "-" for NaN.
static const char *money(char out[32], double value)
{
    if (isnan(value) || fabs(value) > 9e18)
        snprintf(out, 32, "-");
    else
        hf_grouped(out, (int64_t)llround(value));
    return out;
}

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static hf_status add_bands(hf_text *text, const hf_context *context, const hf_run_summary *run,
                           hf_error *error)
{
    hf_grid *grid;
    char number[32];
    const bool before = run->last != HF_DATE_MISSING, arr = !isnan(run->arr);
    hf_status status = hf_grid_create(&grid, context,
                                      before && arr ? "band|>accounts|>share|>before|>ARR|>ARR at risk"
                                      : before      ? "band|>accounts|>share|>before"
                                      : arr         ? "band|>accounts|>share|>ARR|>ARR at risk"
                                                    : "band|>accounts|>share",
                                      error);
    if (status != HF_OK) return status;
    for (int32_t b = 0; b < run->band_count; b++) {
        const hf_run_band *band = &run->bands[b];
        hf_grid_cell(grid, "%s", band->name);
        hf_grid_cell(grid, "%s", hf_grouped(number, band->accounts));
        hf_grid_cell(grid, "%.1f %%", share((double)band->accounts, (double)run->accounts));
        if (before) hf_grid_cell(grid, "%s", hf_grouped(number, band->before));
        if (!arr) continue;
        hf_grid_cell(grid, "%s", money(number, band->arr));
        hf_grid_cell(grid, "%s", money(number, band->arr_at_risk));
    }
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

static void add_expected(hf_text *text, const hf_run_summary *run)
{
    char a[32], b[32], c[32];
    if (!isnan(run->losses))
        hf_text_printf(text, "expected to be lost: %s accounts (95 %%: %s to %s)", money(a, run->losses),
                       money(b, run->losses_low), money(c, run->losses_high));
    if (!isnan(run->expected))
        hf_text_printf(text, " with ARR of %s (95 %%: %s to %s)", money(a, run->expected),
                       money(b, run->expected_low), money(c, run->expected_high));
    if (!isnan(run->losses)) hf_text_puts(text, "\n");
}

static void add_movers(hf_text *text, const hf_run_summary *run)
{
    char date[11], a[32], b[32], c[32];
    const char *worst = run->bands[0].name;
    if (run->last == HF_DATE_MISSING) {
        hf_text_puts(text, "no run before this one: every account is new\n");
        return;
    }
    hf_date_format(run->last, date);
    hf_text_printf(text, "since %s: %s into %s", date, hf_grouped(a, run->into_worst), worst);
    if (!isnan(run->arr)) hf_text_printf(text, " (ARR %s)", money(a, run->into_worst_arr));
    hf_text_printf(text, ", %s out of %s", hf_grouped(a, run->out_of_worst), worst);
    if (!isnan(run->arr)) hf_text_printf(text, " (ARR %s)", money(a, run->out_of_worst_arr));
    hf_text_printf(text, "; %s to a better band, %s to a worse one\n", hf_grouped(a, run->better),
                   hf_grouped(b, run->worse));
    hf_text_printf(text, "changed: %s accounts, %s new, %s gone\n", hf_grouped(a, run->changed),
                   hf_grouped(b, run->added), hf_grouped(c, run->gone));
}

static void add_places(hf_text *text, const hf_run_summary *run)
{
    char a[32];
    hf_text_puts(text, "review: ");
    for (int k = 0; k < 3; k++)
        hf_text_printf(text, "%s%s %s", k > 0 ? ", " : "", hf_grouped(a, run->cadence[k]), cadences[k]);
    hf_text_printf(text, "\n%s %s: ", run->nothing_new ? "unchanged in" : "published to", run->folder);
    for (int32_t f = 0; f < run->file_count; f++)
        hf_text_printf(text, "%s%s", f > 0 ? ", " : "", run->files[f]);
    hf_text_puts(text, run->nothing_new ? "; this night was run before, and nothing is different\n" : "\n");
}

static double add_stages(hf_text *text, const hf_run_summary *run)
{
    double total = 0;
    for (int32_t s = 0; s < run->stage_count; s++)
        total += run->stages[s].seconds;
    hf_text_puts(text, "seconds:");
    for (int32_t s = 0; s < run->stage_count; s++)
        hf_text_printf(text, "%s %s %.2f (%.0f %%)", s > 0 ? "," : "", run->stages[s].name,
                       run->stages[s].seconds, share(run->stages[s].seconds, total));
    hf_text_puts(text, "\n");
    return total;
}

static void add_last_line(hf_text *text, const hf_run_summary *run, double seconds)
{
    char a[32];
    for (int32_t b = 0; b < run->band_count; b++)
        hf_text_printf(text, "%s%s %s", b > 0 ? ", " : "", run->bands[b].name,
                       hf_grouped(a, run->bands[b].accounts));
    if (!isnan(run->arr_at_risk)) hf_text_printf(text, "; ARR at risk %s", money(a, run->arr_at_risk));
    if (run->last != HF_DATE_MISSING) {
        hf_text_printf(text, "; %s into %s", hf_grouped(a, run->into_worst), run->bands[0].name);
        hf_text_printf(text, ", %s out", hf_grouped(a, run->out_of_worst));
    }
    hf_text_printf(text, "; %s warning%s", hf_grouped(a, run->warnings), run->warnings == 1 ? "" : "s");
    hf_text_printf(text, "; %.2f s\n", seconds);
}

hf_status hf_report_run(hf_text *text, const hf_context *context, const hf_run_summary *run, hf_error *error)
{
    char date[11], number[32];
    hf_date_format(run->as_of, date);
    hf_text_printf(text, "night of %s: %s accounts\n\n", date, hf_grouped(number, run->accounts));
    hf_status status = add_bands(text, context, run, error);
    if (status != HF_OK) return status;
    hf_text_puts(text, "\n");
    add_expected(text, run);
    add_movers(text, run);
    add_places(text, run);
    const double seconds = add_stages(text, run);
    add_last_line(text, run, seconds);
    return hf_text_status(text, error);
}

// ---- JSON ------------------------------------------------------------------------------------------------

// In cents, so that the text does not depend on the order of a sum's last bits.
static json_t *money_json(double value)
{
    return isfinite(value) ? json_real(round(value * 100) / 100) : json_null();
}

static json_t *range_json(double value, double low, double high)
{
    if (isnan(value)) return json_null();
    return json_pack("{s:o,s:o,s:o}", "value", money_json(value), "low", money_json(low), "high",
                     money_json(high));
}

static json_t *bands_json(const hf_run_summary *run)
{
    json_t *list = json_array();
    const bool before = run->last != HF_DATE_MISSING;
    for (int32_t b = 0; b < run->band_count; b++) {
        const hf_run_band *band = &run->bands[b];
        json_array_append_new(list,
                              json_pack("{s:s,s:I,s:o,s:o,s:o}", "band", band->name, "accounts",
                                        (json_int_t)band->accounts, "before",
                                        before ? json_integer(band->before) : json_null(), "arr",
                                        money_json(band->arr), "arr_at_risk", money_json(band->arr_at_risk)));
    }
    return list;
}

static json_t *moves_json(const hf_run_summary *run)
{
    char date[11];
    if (run->last == HF_DATE_MISSING) return json_null();
    hf_date_format(run->last, date);
    return json_pack("{s:s,s:I,s:o,s:I,s:o,s:I,s:I}", "since", date, "into_worst",
                     (json_int_t)run->into_worst, "into_worst_arr", money_json(run->into_worst_arr),
                     "out_of_worst", (json_int_t)run->out_of_worst, "out_of_worst_arr",
                     money_json(run->out_of_worst_arr), "better", (json_int_t)run->better, "worse",
                     (json_int_t)run->worse);
}

static int append(const char *bytes, size_t size, void *text)
{
    hf_text_add(text, bytes, size);
    return 0;
}

hf_status hf_report_run_json(hf_text *text, const hf_run_summary *run, hf_error *error)
{
    char date[11];
    hf_date_format(run->as_of, date);
    json_t *root = json_object();
    int bad = json_object_set_new(root, "as_of", json_string(date));
    bad |= json_object_set_new(root, "accounts", json_integer(run->accounts));
    bad |= json_object_set_new(root, "bands", bands_json(run));
    bad |= json_object_set_new(root, "arr", money_json(run->arr));
    bad |= json_object_set_new(root, "arr_at_risk", money_json(run->arr_at_risk));
    bad |= json_object_set_new(root, "expected_losses",
                               range_json(run->losses, run->losses_low, run->losses_high));
    bad |= json_object_set_new(root, "expected_arr_lost",
                               range_json(run->expected, run->expected_low, run->expected_high));
    bad |= json_object_set_new(root, "moves", moves_json(run));
    bad |= json_object_set_new(root, "new", json_integer(run->added));
    bad |= json_object_set_new(root, "changed", json_integer(run->changed));
    bad |= json_object_set_new(root, "gone", json_integer(run->gone));
    for (int k = 0; k < 3; k++)
        bad |= json_object_set_new(root, cadences[k], json_integer(run->cadence[k]));
    const bool good =
        !bad && json_dump_callback(root, append, text, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0;
    json_decref(root);
    hf_text_putc(text, '\n');
    return good ? hf_text_status(text, error) : hf_fail_memory(error);
}
