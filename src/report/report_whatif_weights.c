// SPDX-License-Identifier: Apache-2.0
//
// Weightings side by side, as tables for people, from the record that an experiment is: what they are, how
// they move the fleet, whom, and with outcomes what they are worth.
#include "report/report_room.h"
#include "report/report_words.h"

#include <math.h>
#include <string.h>

enum { MOST_TOLD = 8 }; // weights of a weighting; the record has all

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int64_t whole(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void number_cell(hf_grid *grid, const char *format, double x)
{
    char text[40];
    snprintf(text, sizeof text, format, x);
    hf_grid_cell(grid, "%s", isnan(x) ? "-" : text);
}

static void count_cell(hf_grid *grid, double x)
{
    char text[32];
    hf_grid_cell(grid, "%s", isnan(x) ? "-" : hf_grouped(text, llround(x)));
}

static hf_status print_grid(hf_text *text, hf_grid *grid, hf_error *error)
{
    const hf_status status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

static const json_t *listed(const json_t *record, size_t i)
{
    return json_array_get(json_object_get(record, "weightings"), i);
}

static size_t listed_count(const json_t *record)
{
    return json_array_size(json_object_get(record, "weightings"));
}

// ---- what they are -----------------------------------------------------------------------------------------

static void add_weights(hf_text *text, const json_t *record)
{
    hf_text_puts(text, "Weightings\n");
    for (size_t i = 0; i < listed_count(record); i++) {
        const json_t *one = listed(record, i);
        const char *path;
        json_t *edit;
        hf_text_printf(text, "  %d  %s", (int)i, word(one, "name"));
        if (json_is_false(json_object_get(one, "weights_alone")))
            hf_text_puts(text, " (differs in more than weights)");
        const char *between = ": ";
        size_t told = 0;
        json_object_foreach(json_object_get(one, "weights"), path, edit)
        {
            char from[32], to[32];
            if (told++ >= MOST_TOLD) continue;
            hf_format_f64(from, real(edit, "from"));
            hf_format_f64(to, real(edit, "to"));
            hf_text_printf(text, "%s%s %s -> %s", between, path, from, to);
            between = ", ";
        }
        if (told > MOST_TOLD) hf_text_printf(text, " and %d more", (int)(told - MOST_TOLD));
        hf_text_putc(text, '\n');
    }
}

// ---- how they move the fleet -------------------------------------------------------------------------------

static bool has_money(const json_t *record)
{
    return json_object_get(json_array_get(json_object_get(listed(record, 0), "bands"), 0), "arr") != NULL;
}

static hf_status add_bands(hf_text *text, const hf_context *context, const json_t *record, bool money,
                           hf_error *error)
{
    hf_grid *grid;
    hf_text headings;
    size_t i, k;
    json_t *band;
    const json_t *present = json_object_get(listed(record, 0), "bands");
    const char *key = money ? "arr" : "accounts";
    hf_text_init(&headings, context);
    hf_text_puts(&headings, ">|weighting");
    json_array_foreach(present, i, band) hf_text_printf(&headings, "|>%s", word(band, "band"));
    if (!money) hf_text_puts(&headings, "|>better|>worse|>Spearman|>Kendall|>same in red list");
    hf_status status = hf_text_status(&headings, error);
    if (status == HF_OK) status = hf_grid_create(&grid, context, headings.data, error);
    hf_text_free(&headings);
    if (status != HF_OK) return status;
    for (i = 0; i < listed_count(record); i++) {
        const json_t *one = listed(record, i), *bands = json_object_get(one, "bands");
        hf_grid_cell(grid, "%d", (int)i);
        hf_grid_cell(grid, "%s", word(one, "name"));
        for (k = 0; k < json_array_size(present); k++) {
            size_t at;
            double found = NAN; // other bands: a definition of its own may have them
            json_array_foreach(bands, at, band) if (strcmp(word(band, "band"),
                                                           word(json_array_get(present, k), "band")) == 0)
                found = real(band, key);
            count_cell(grid, found);
        }
        if (money) continue;
        count_cell(grid, real(one, "better"));
        count_cell(grid, real(one, "worse"));
        number_cell(grid, "%.4f", real(one, "spearman"));
        number_cell(grid, "%.4f", real(one, "kendall"));
        count_cell(grid, real(one, "overlap"));
    }
    const json_t *nights = json_object_get(json_object_get(record, "inputs"), "snapshots");
    char number[32];
    hf_text_printf(text, "\n%s by band%s; bands without hysteresis", money ? "ARR" : "Accounts",
                   json_array_size(nights) > 1 ? ", all dates together" : "");
    if (!money)
        hf_text_printf(text, "; agreement of ranks with the present on %s accounts",
                       hf_grouped(number, whole(record, "sample")));
    if (!money && json_object_get(record, "red_list"))
        hf_text_printf(text, "; red list of %s", hf_grouped(number, whole(record, "red_list")));
    hf_text_putc(text, '\n');
    return print_grid(text, grid, error);
}

static hf_status add_moves(hf_text *text, const hf_context *context, const json_t *one, size_t place,
                           bool money, hf_error *error)
{
    hf_grid *grid;
    size_t i;
    json_t *move;
    hf_status status =
        hf_grid_create(&grid, context, money ? "from|to|>accounts|>ARR" : "from|to|>accounts", error);
    if (status != HF_OK) return status;
    bool any = false;
    json_array_foreach(json_object_get(one, "moves"), i, move)
    {
        if (strcmp(word(move, "from"), word(move, "to")) == 0) continue;
        any = true;
        hf_grid_cell(grid, "%s", word(move, "from"));
        hf_grid_cell(grid, "%s", word(move, "to"));
        count_cell(grid, real(move, "accounts"));
        if (money) count_cell(grid, real(move, "arr"));
    }
    hf_text_printf(text, "\nMoves under %d, %s%s\n", (int)place, word(one, "name"), any ? "" : ": none");
    if (any) return print_grid(text, grid, error);
    hf_grid_destroy(grid);
    return HF_OK;
}

static hf_status add_who(hf_text *text, const hf_context *context, const json_t *one, bool money,
                         hf_error *error)
{
    hf_grid *grid;
    size_t i;
    json_t *who;
    const json_t *list = json_object_get(one, "who");
    if (json_array_size(list) == 0) return HF_OK;
    hf_status status = hf_grid_create(
        &grid, context,
        money ? "account|>ARR|>health|from|>otherwise|to" : "account|>health|from|>otherwise|to", error);
    if (status != HF_OK) return status;
    json_array_foreach(list, i, who)
    {
        hf_grid_cell(grid, "%s", word(who, "account"));
        if (money) count_cell(grid, real(who, "arr"));
        number_cell(grid, "%.1f", real(who, "health"));
        hf_grid_cell(grid, "%s", word(who, "from"));
        number_cell(grid, "%.1f", real(who, "otherwise"));
        hf_grid_cell(grid, "%s", word(who, "to"));
    }
    hf_text_printf(text, "  of them on the last date, %s\n",
                   money ? "most ARR first" : "those that move most");
    return print_grid(text, grid, error);
}

// ---- what they are worth -------------------------------------------------------------------------------------

static const char *gain(char out[HF_NUMBER], double x, int decimals)
{
    return decimals > 0 ? hf_say_signed(out, x, decimals) : hf_say_money_change(out, x);
}

// A difference and its interval; no decimals: an amount.
static void gain_cells(hf_grid *grid, const json_t *judged, const char *key, int decimals, bool interval)
{
    const json_t *f = json_object_get(judged, key);
    const double by = real(f, "difference"), low = real(f, "low"), high = real(f, "high");
    char a[HF_NUMBER], b[HF_NUMBER];
    hf_grid_cell(grid, "%s", isnan(by) ? "-" : gain(a, by, decimals));
    if (!interval) return;
    if (isnan(by) || isnan(low))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%s to %s", gain(a, low, decimals), gain(b, high, decimals));
}

// Every weighting on one set of dates: its figures, and AUC and what is caught beside the present ones.
static hf_status add_judged(hf_text *text, const hf_context *context, const json_t *record, const char *key,
                            const char *title, hf_error *error)
{
    hf_grid *grid;
    const json_t *options = json_object_get(record, "options"),
                 *first = json_object_get(json_object_get(listed(record, 0), "judged"), key);
    const bool capacity = json_object_get(first, "caught"), money = json_object_get(first, "arr_caught"),
               interval = whole(options, "replicates") > 0;
    hf_text headings;
    char rows[32], events[32];
    if (!first) return HF_OK;
    hf_text_init(&headings, context);
    hf_text_printf(&headings, ">|weighting|>AUC|>gain%s|>lift%s%s", interval ? "|>interval" : "",
                   capacity ? "|>caught|>gain" : "", capacity && interval ? "|>interval" : "");
    if (money) hf_text_printf(&headings, "|>ARR caught|>gain%s", interval ? "|>interval" : "");
    hf_status status = hf_text_status(&headings, error);
    if (status == HF_OK) status = hf_grid_create(&grid, context, headings.data, error);
    hf_text_free(&headings);
    if (status != HF_OK) return status;
    for (size_t i = 0; i < listed_count(record); i++) {
        const json_t *one = listed(record, i), *judged = json_object_get(json_object_get(one, "judged"), key);
        hf_grid_cell(grid, "%d", (int)i);
        hf_grid_cell(grid, "%s", word(one, "name"));
        number_cell(grid, "%.4f", real(json_object_get(judged, "auc"), "value"));
        gain_cells(grid, judged, "auc", 4, interval);
        number_cell(grid, "%.2f", real(json_object_get(judged, "lift"), "value"));
        if (capacity) {
            number_cell(grid, "%.1f", real(json_object_get(judged, "caught"), "value"));
            gain_cells(grid, judged, "caught", 1, interval);
        }
        if (money) {
            count_cell(grid, real(json_object_get(judged, "arr_caught"), "value"));
            gain_cells(grid, judged, "arr_caught", 0, interval);
        }
    }
    hf_text_printf(text, "\n%s: %s rows, %s events", title, hf_grouped(rows, whole(first, "rows")),
                   hf_grouped(events, whole(first, "events")));
    if (interval)
        hf_text_printf(text,
                       "; gains over the present with %.4g %% intervals, the same accounts drawn for both",
                       100 * (1 - real(options, "alpha")));
    hf_text_putc(text, '\n');
    return print_grid(text, grid, error);
}

static hf_status add_dates(hf_text *text, const hf_context *context, const json_t *record, size_t place,
                           hf_error *error)
{
    hf_grid *grid;
    size_t i;
    json_t *date;
    const json_t *one = listed(record, place),
                 *dates = json_object_get(json_object_get(one, "judged"), "dates");
    const bool interval = whole(json_object_get(record, "options"), "replicates") > 0,
               capacity = json_object_get(json_array_get(dates, 0), "caught"),
               money = json_object_get(json_array_get(dates, 0), "arr_caught");
    hf_text headings;
    if (json_array_size(dates) < 2) return HF_OK;
    hf_text_init(&headings, context);
    hf_text_printf(&headings, "as of|>rows|>events|>AUC|>gain%s|>lift%s%s", interval ? "|>interval" : "",
                   capacity ? "|>caught|>gain" : "", money ? "|>ARR caught|>gain" : "");
    hf_status status = hf_text_status(&headings, error);
    if (status == HF_OK) status = hf_grid_create(&grid, context, headings.data, error);
    hf_text_free(&headings);
    if (status != HF_OK) return status;
    json_array_foreach(dates, i, date)
    {
        hf_grid_cell(grid, "%s", word(date, "as_of"));
        count_cell(grid, real(date, "rows"));
        count_cell(grid, real(date, "events"));
        number_cell(grid, "%.4f", real(json_object_get(date, "auc"), "value"));
        gain_cells(grid, date, "auc", 4, interval);
        number_cell(grid, "%.2f", real(json_object_get(date, "lift"), "value"));
        if (capacity) {
            number_cell(grid, "%.1f", real(json_object_get(date, "caught"), "value"));
            gain_cells(grid, date, "caught", 1, false);
        }
        if (money) {
            count_cell(grid, real(json_object_get(date, "arr_caught"), "value"));
            gain_cells(grid, date, "arr_caught", 0, false);
        }
    }
    hf_text_printf(text, "\nBy date under %d, %s\n", (int)place, word(one, "name"));
    return print_grid(text, grid, error);
}

// ---- what was tried --------------------------------------------------------------------------------------------

static hf_status add_tried(hf_text *text, const hf_context *context, const json_t *record, hf_error *error)
{
    const json_t *tried = json_object_get(record, "tried"), *changed = json_object_get(tried, "changed"),
                 *gain = json_object_get(tried, "auc_gain"), *choice = json_object_get(record, "choice"),
                 *ones = json_object_get(record, "one_at_a_time");
    char count[32], low[32], middle[32], high[32];
    size_t i;
    json_t *one;
    hf_grid *grid;
    if (!tried) return HF_OK;
    hf_text_printf(text,
                   "\nTried: %s weighting%s; accounts in another band: %s least, %s in the middle, %s most\n",
                   hf_grouped(count, whole(tried, "count")), whole(tried, "count") == 1 ? "" : "s",
                   hf_grouped(low, llround(json_number_value(json_array_get(changed, 0)))),
                   hf_grouped(middle, llround(json_number_value(json_array_get(changed, 1)))),
                   hf_grouped(high, llround(json_number_value(json_array_get(changed, 2)))));
    if (gain)
        hf_text_printf(
            text,
            "AUC beside the present where it was chosen by (to +-%.5f): %+.4f least, %+.4f in the middle, "
            "%+.4f most; better: %s\n",
            real(tried, "auc_error"), json_number_value(json_array_get(gain, 0)),
            json_number_value(json_array_get(gain, 1)), json_number_value(json_array_get(gain, 2)),
            hf_grouped(count, whole(tried, "better")));
    if (choice) hf_text_printf(text, "The best: %s\n", word(choice, "says"));
    if (json_array_size(ones) == 0) return HF_OK;
    hf_status status = hf_grid_create(
        &grid, context,
        gain ? "one at a time|>another band|>ARR|>AUC gain" : "one at a time|>another band|>ARR", error);
    if (status != HF_OK) return status;
    json_array_foreach(ones, i, one)
    {
        hf_grid_cell(grid, "%s", word(one, "name"));
        count_cell(grid, real(one, "changed"));
        count_cell(grid, real(one, "changed_arr"));
        if (gain) number_cell(grid, "%+.4f", real(one, "auc_gain"));
    }
    hf_text_putc(text, '\n');
    return print_grid(text, grid, error);
}

hf_status hf_report_whatif_weights(hf_text *text, const hf_context *context, const json_t *record,
                                   hf_error *error)
{
    const bool money = has_money(record),
               split = json_is_true(json_object_get(json_object_get(record, "choice"), "split"));
    hf_status status;
    size_t told = 0;
    add_weights(text, record);
    HF_TRY(done, add_tried(text, context, record, error));
    if (split) {
        HF_TRY(done, add_judged(text, context, record, "later", "On the later dates", error));
        HF_TRY(done,
               add_judged(text, context, record, "earlier", "On the earlier dates, which chose", error));
    } else {
        HF_TRY(done, add_judged(text, context, record, "pooled", "Held to what happened", error));
    }
    HF_TRY(done, add_bands(text, context, record, false, error));
    if (money) HF_TRY(done, add_bands(text, context, record, true, error));
    // Those named, and the best of the others, each by itself.
    for (size_t i = 1; i < listed_count(record); i++) {
        const json_t *one = listed(record, i);
        const bool named =
            strcmp(word(one, "kind"), "set") == 0 || strcmp(word(one, "kind"), "candidate") == 0;
        if (!named && told++ > 0) continue;
        HF_TRY(done, add_dates(text, context, record, i, error));
        HF_TRY(done, add_moves(text, context, one, i, money, error));
        HF_TRY(done, add_who(text, context, one, money, error));
    }
    status = hf_text_status(text, error);
done:
    return status;
}
