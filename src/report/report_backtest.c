// SPDX-License-Identifier: Apache-2.0
//
// A backtest of health: what the bands were on every date, what happened to them, and how often they flapped.
#include "report/report_room.h"

#include <math.h>
#include <stdlib.h>

static void share_cell(hf_grid *grid, int64_t part, int64_t whole)
{
    if (whole == 0)
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.1f %%", 100.0 * (double)part / (double)whole);
}

static void number_cell(hf_grid *grid, int decimals, double x)
{
    if (isnan(x))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.*f", decimals, x);
}

static void date_row(hf_grid *grid, const hf_backtest *b, const hf_backtest_date *d)
{
    char date[11], number[32];
    hf_date_format(d->as_of, date);
    hf_grid_cell(grid, "%s", d->as_of == HF_DATE_MISSING ? "all dates" : date);
    hf_grid_cell(grid, "%s", hf_grouped(number, d->accounts));
    for (int32_t k = 0; k < b->band_count; k++)
        share_cell(grid, d->in_band[k], d->accounts);
    share_cell(grid, d->unknown, d->accounts);
    if (!b->with_outcomes) return;
    hf_grid_cell(grid, "%s", hf_grouped(number, d->labelled));
    hf_grid_cell(grid, "%s", hf_grouped(number, d->events));
    number_cell(grid, 4, d->auc);
    const double rate = d->labelled > 0 ? (double)d->events / (double)d->labelled : NAN;
    number_cell(grid, 1, d->worst > 0 ? (double)d->worst_events / (double)d->worst / rate : NAN);
    share_cell(grid, d->below_best, d->events);
}

static void add_flaps(hf_text *text, const char *name, const hf_band_changes *c, int32_t days)
{
    char changes[32], reversed[32];
    hf_text_printf(text, "  %-18s %s changes of band, %s of them taken back within %d days\n", name,
                   hf_grouped(changes, c->changes), hf_grouped(reversed, c->reversed), days);
}

static void add_flapping(hf_text *text, const hf_backtest *b)
{
    const hf_flap_count *f = &b->flaps;
    char falls[32], now[32], one[32], two[32];
    hf_text_puts(text, "\nFlapping\n");
    add_flaps(text, "without hysteresis", &f->band_raw, HF_FLAP_DAYS);
    add_flaps(text, "published", &f->band, HF_FLAP_DAYS);
    if (f->band_raw.reversed > 0)
        hf_text_printf(text, "  hysteresis cuts what is taken back by %.0f %%\n",
                       100.0 * (1.0 - (double)f->band.reversed / (double)f->band_raw.reversed));
    hf_text_printf(
        text,
        "  of %s true falls to %s, %s were published at once, %s one date later, %s two or more later, %lld "
        "never\n",
        hf_grouped(falls, f->falls), b->bands[0], hf_grouped(now, f->late[0]), hf_grouped(one, f->late[1]),
        hf_grouped(two, f->late[2] + f->late[3]), (long long)f->unpublished);
}

hf_status hf_report_backtest(hf_text *text, const hf_context *context, const hf_backtest *b, hf_error *error)
{
    hf_grid *grid = NULL;
    hf_text headings;
    hf_status status = HF_OK;
    hf_text_init(&headings, context);
    hf_text_puts(&headings, "as of|>accounts");
    for (int32_t k = 0; k < b->band_count; k++)
        hf_text_printf(&headings, "|>%s", b->bands[k]);
    hf_text_puts(&headings, "|>unknown");
    if (b->with_outcomes)
        hf_text_printf(&headings, "|>labelled|>events|>AUC|>%s / average|>events below %s", b->bands[0],
                       b->bands[b->band_count - 1]);
    HF_TRY(done, hf_text_status(&headings, error));
    HF_TRY(done, hf_grid_create(&grid, context, headings.data, error));
    for (int32_t i = 0; i < b->count; i++)
        date_row(grid, b, &b->dates[i]);
    date_row(grid, b, &b->total);
    HF_TRY(done, hf_grid_print(grid, text, error));
    add_flapping(text, b);
    HF_TRY(done, hf_text_status(text, error));
done:
    hf_grid_destroy(grid);
    hf_text_free(&headings);
    return status;
}

static json_t *number_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *date_json(const hf_backtest *b, const hf_backtest_date *d)
{
    char date[11];
    hf_date_format(d->as_of, date);
    json_t *bands = json_object(), *json = json_object();
    for (int32_t k = 0; k < b->band_count; k++)
        json_object_set_new(bands, b->bands[k], json_integer((json_int_t)d->in_band[k]));
    json_object_set_new(json, "as_of", d->as_of == HF_DATE_MISSING ? json_null() : json_string(date));
    json_object_set_new(json, "accounts", json_integer((json_int_t)d->accounts));
    json_object_set_new(json, "bands", bands);
    json_object_set_new(json, "unknown", json_integer((json_int_t)d->unknown));
    if (!b->with_outcomes) return json;
    json_object_set_new(json, "labelled", json_integer((json_int_t)d->labelled));
    json_object_set_new(json, "events", json_integer((json_int_t)d->events));
    json_object_set_new(json, "auc", number_or_null(d->auc));
    json_object_set_new(json, "worst_band", json_integer((json_int_t)d->worst));
    json_object_set_new(json, "worst_band_events", json_integer((json_int_t)d->worst_events));
    json_object_set_new(json, "events_below_best_band", json_integer((json_int_t)d->below_best));
    return json;
}

static json_t *changes_json(const hf_band_changes *c)
{
    return json_pack("{s:I, s:I, s:I}", "nights", (json_int_t)c->nights, "changes", (json_int_t)c->changes,
                     "reversed", (json_int_t)c->reversed);
}

hf_status hf_report_backtest_json(hf_text *text, const hf_backtest *b, hf_error *error)
{
    const hf_flap_count *f = &b->flaps;
    json_t *dates = json_array();
    for (int32_t i = 0; i < b->count; i++)
        json_array_append_new(dates, date_json(b, &b->dates[i]));
    json_t *json =
        json_pack("{s:o, s:o, s:{s:i, s:o, s:o, s:I, s:[I, I, I, I], s:I}}", "dates", dates, "total",
                  date_json(b, &b->total), "flapping", "days", HF_FLAP_DAYS, "band_raw",
                  changes_json(&f->band_raw), "band", changes_json(&f->band), "falls", (json_int_t)f->falls,
                  "late", (json_int_t)f->late[0], (json_int_t)f->late[1], (json_int_t)f->late[2],
                  (json_int_t)f->late[3], "unpublished", (json_int_t)f->unpublished);
    char *printed = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(json);
    if (!printed) return hf_fail_memory(error);
    hf_text_puts(text, printed);
    hf_text_putc(text, '\n');
    free(printed);
    return hf_text_status(text, error);
}
