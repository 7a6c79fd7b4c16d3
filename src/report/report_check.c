// SPDX-License-Identifier: Apache-2.0
//
// What a check found: how the signals are filled, then the findings, errors first, and a last line that
// counts them.
#include "report/report_room.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const char *const level_names[] = {"error", "warning", "note"};

static void share_cell(hf_grid *grid, double share)
{
    if (isnan(share))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.1f %%", 100 * share);
}

static void place_words(char *out, size_t size, const hf_check_report *r, const hf_finding *f)
{
    const char *slash = strrchr(r->definition, '/');
    if (f->line > 0)
        snprintf(out, size, "%.80s:%d %s", slash ? slash + 1 : r->definition, (int)f->line, f->place);
    else
        snprintf(out, size, "%s", f->place);
}

static hf_status print_signals(hf_text *text, const hf_context *context, const hf_check_report *r,
                               hf_error *error)
{
    hf_grid *grid;
    if (r->signal_count == 0) return HF_OK;
    hf_status status = hf_grid_create(&grid, context, "signal|>weight|>coverage|>last|>stale", error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < r->signal_count; i++) {
        const hf_signal_coverage *s = &r->signals[i];
        hf_grid_cell(grid, "%s", s->signal);
        if (s->weight > 0)
            hf_grid_cell(grid, "%.1f %%", 100 * s->weight);
        else
            hf_grid_cell(grid, "-");
        share_cell(grid, s->coverage);
        share_cell(grid, s->last);
        share_cell(grid, s->stale);
    }
    hf_text_putc(text, '\n');
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

static hf_status print_findings(hf_text *text, const hf_context *context, const hf_check_report *r,
                                hf_error *error)
{
    hf_grid *grid;
    char place[300];
    if (r->count == 0) return HF_OK;
    hf_status status = hf_grid_create(&grid, context, "level|place|what|what to do", error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < r->count; i++) {
        const hf_finding *f = &r->findings[i];
        place_words(place, sizeof place, r, f);
        hf_grid_cell(grid, "%s", level_names[f->level]);
        hf_grid_cell(grid, "%s", place);
        hf_grid_cell(grid, "%s", f->what);
        hf_grid_cell(grid, "%s", f->remedy);
    }
    hf_text_putc(text, '\n');
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

static void count_words(hf_text *text, int32_t count, const char *word, const char *between)
{
    hf_text_printf(text, "%s%d %s%s", between, (int)count, word, count == 1 ? "" : "s");
}

hf_status hf_report_check(hf_text *text, const hf_context *context, const hf_check_report *r, hf_error *error)
{
    char date[11], number[32];
    hf_status status;
    hf_date_format(r->as_of, date);
    hf_text_printf(text, "%s against %s: %s accounts%s%s\n", r->definition, r->data,
                   hf_grouped(number, r->accounts), date[0] != '\0' ? " as of " : "", date);
    if (r->last != HF_DATE_MISSING) {
        hf_date_format(r->last, date);
        hf_text_printf(text, "compared with the snapshot of %s\n", date);
    }
    if (!isnan(r->coverage))
        hf_text_printf(
            text,
            "observed weight %.1f %% on average; %.1f %% of the accounts under min_coverage (%.3g %%)\n",
            100 * r->coverage, 100 * r->under_coverage, 100 * r->min_coverage);
    HF_TRY(done, print_signals(text, context, r, error));
    HF_TRY(done, print_findings(text, context, r, error));
    hf_text_putc(text, '\n');
    count_words(text, r->by_level[HF_FINDING_ERROR], "error", "");
    count_words(text, r->by_level[HF_FINDING_WARNING], "warning", ", ");
    count_words(text, r->by_level[HF_FINDING_NOTE], "note", ", ");
    hf_text_putc(text, '\n');
    status = hf_text_status(text, error);
done:
    return status;
}

// ---- JSON ------------------------------------------------------------------------------------------------

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *date_json(hf_date date)
{
    char text[11];
    hf_date_format(date, text);
    return text[0] != '\0' ? json_string(text) : json_null();
}

static int append_json(const char *buffer, size_t size, void *text)
{
    hf_text_add(text, buffer, size);
    return 0;
}

hf_status hf_report_check_json(hf_text *text, const hf_check_report *r, hf_error *error)
{
    json_t *signals = json_array(), *findings = json_array();
    int bad = 0;
    for (int32_t i = 0; i < r->signal_count; i++) {
        const hf_signal_coverage *s = &r->signals[i];
        bad |= json_array_append_new(
            signals, json_pack("{s:s,s:o,s:o,s:o,s:o}", "signal", s->signal, "weight", number_json(s->weight),
                               "coverage", number_json(s->coverage), "last_coverage", number_json(s->last),
                               "stale", number_json(s->stale)));
    }
    for (int32_t i = 0; i < r->count; i++) {
        const hf_finding *f = &r->findings[i];
        bad |= json_array_append_new(findings,
                                     json_pack("{s:s,s:o,s:s,s:s,s:s}", "level", level_names[f->level],
                                               "line", f->line > 0 ? json_integer(f->line) : json_null(),
                                               "place", f->place, "what", f->what, "do", f->remedy));
    }
    json_t *root =
        json_pack("{s:s,s:s,s:o,s:o,s:I,s:o,s:o,s:o,s:O,s:O,s:{s:i,s:i,s:i}}", "definition", r->definition,
                  "data", r->data, "as_of", date_json(r->as_of), "compared_with", date_json(r->last),
                  "accounts", (json_int_t)r->accounts, "coverage", number_json(r->coverage), "under_coverage",
                  number_json(r->under_coverage), "min_coverage", number_json(r->min_coverage), "signals",
                  signals, "findings", findings, "counts", "errors", (int)r->by_level[0], "warnings",
                  (int)r->by_level[1], "notes", (int)r->by_level[2]);
    bool good = !bad && root &&
                json_dump_callback(root, append_json, text, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0;
    json_decref(signals);
    json_decref(findings);
    json_decref(root);
    hf_text_putc(text, '\n');
    return good ? hf_text_status(text, error) : hf_fail_memory(error);
}
