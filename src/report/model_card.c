// SPDX-License-Identifier: Apache-2.0
//
// The card of a model, in Markdown: what someone asks who is to trust it and was not there when it was made.
// Everything comes from the model and its record, so the same model gives the same card; what the record
// does not hold is left out rather than guessed.
#include "report/model_card.h"

#include "holdfast/csv.h"

#include <math.h>
#include <string.h>

// ---- Markdown -------------------------------------------------------------------------------------------

void hf_card_text(hf_text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '\\' || *text == '*' || *text == '_' || *text == '`' || *text == '<' ||
            *text == '[')
            hf_text_putc(out, '\\');
        hf_text_putc(out, *text == '\n' || *text == '\r' ? ' ' : *text);
    }
}

void hf_card_number(hf_text *out, const char *format, double value)
{
    char text[32];
    hf_text_printf(out, format, hf_brief(text, value));
}

// A value of the record as a cell.
static void put_value(hf_text *out, const json_t *value)
{
    char text[32];
    if (json_is_string(value))
        hf_card_text(out, json_string_value(value));
    else if (json_is_integer(value))
        hf_text_puts(out, hf_grouped(text, (int64_t)json_integer_value(value)));
    else if (json_is_number(value))
        hf_text_puts(out, hf_brief(text, json_number_value(value)));
    else
        hf_text_puts(out, json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "-");
}

static void put_key(hf_text *out, const char *key)
{
    char words[HF_WORDS];
    hf_card_text(out, hf_say_name(words, key));
}

// A list of flat objects as a table with the first one's keys; a list of plain values in a line.
static void put_list(hf_text *out, const char *key, const json_t *list)
{
    const json_t *first = json_array_get(list, 0), *row;
    json_t *value;
    const char *name;
    size_t i;
    hf_text_puts(out, "\n");
    put_key(out, key);
    if (!json_is_object(first)) {
        json_array_foreach(list, i, row)
        {
            hf_text_puts(out, i == 0 ? ": " : ", ");
            put_value(out, row);
        }
        hf_text_puts(out, "\n");
        return;
    }
    hf_text_puts(out, ":\n\n|");
    json_object_foreach((json_t *)(uintptr_t)first, name, value)
    {
        hf_text_puts(out, " ");
        put_key(out, name);
        hf_text_puts(out, " |");
    }
    hf_text_puts(out, "\n|");
    json_object_foreach((json_t *)(uintptr_t)first, name, value) hf_text_puts(out, " ---: |");
    hf_text_puts(out, "\n");
    json_array_foreach(list, i, row)
    {
        hf_text_puts(out, "|");
        json_object_foreach((json_t *)(uintptr_t)first, name, value)
        {
            hf_text_puts(out, " ");
            put_value(out, json_object_get(row, name));
            hf_text_puts(out, " |");
        }
        hf_text_puts(out, "\n");
    }
}

void hf_card_record(hf_text *out, const char *key, const json_t *value)
{
    const char *name;
    json_t *inner;
    if (json_is_array(value)) {
        if (json_array_size(value) > 0) put_list(out, key, value);
        return;
    }
    if (json_is_null(value)) return;
    if (!json_is_object(value)) {
        hf_text_puts(out, "- ");
        put_key(out, key);
        hf_text_puts(out, ": ");
        put_value(out, value);
        hf_text_puts(out, "\n");
        return;
    }
    // Plain values first, so that the list of them stays together.
    json_object_foreach((json_t *)(uintptr_t)value, name, inner)
    {
        if (!json_is_object(inner) && !json_is_array(inner)) hf_card_record(out, name, inner);
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, inner)
    {
        if (json_is_object(inner) || json_is_array(inner)) hf_card_record(out, name, inner);
    }
}

// ---- what it predicts, from what ------------------------------------------------------------------------

static void put_head(hf_text *out, const hf_model *model)
{
    const json_t *training = hf_record(model, "training");
    const char *outcome = json_string_value(json_object_get(training, "outcome"));
    const double lead = hf_record_number(training, "lead"), horizon = hf_record_number(training, "horizon");
    hf_text_puts(out, "# Model card: ");
    hf_card_text(out, hf_model_predicts(model));
    hf_text_puts(out,
                 "\n\nA logistic model whose log-odds are a sum of terms. For every account it gives the "
                 "probability ");
    if (outcome) {
        hf_text_puts(out, "of ");
        hf_card_text(out, outcome);
        hf_text_printf(out, " within %d days", (int)horizon);
        if (lead > 0)
            hf_text_printf(out, ", counted from %d days after the as-of date", (int)lead);
        else
            hf_text_puts(out, " of the as-of date");
    } else {
        hf_text_puts(out, "that the target `");
        hf_text_puts(out, hf_model_predicts(model));
        hf_text_puts(out, "` holds");
    }
    hf_text_puts(out, ".\n");
}

static void put_rate(hf_text *out, const json_t *row)
{
    const double kept = hf_record_number(row, "kept"), events = hf_record_number(row, "events");
    if (kept > 0)
        hf_text_printf(out, " %.2f %% |\n", 100.0 * events / kept);
    else
        hf_text_puts(out, " - |\n");
}

// Of a table: rows that were not kept, if any.
static void put_table_ledger(hf_text *out, const json_t *ledger)
{
    char text[32];
    const double rows = hf_record_number(ledger, "rows"), kept = hf_record_number(ledger, "kept");
    const double rejected = hf_record_number(ledger, "rejected");
    if (rejected > 0) hf_text_printf(out, "- %s rejected rows\n", hf_grouped(text, (int64_t)rejected));
    if (rows > kept)
        hf_text_printf(out, "- %s rows without a target left out\n",
                       hf_grouped(text, (int64_t)(rows - kept)));
}

static void put_ledger(hf_text *out, const json_t *ledger)
{
    static const char *const keys[] = {"rows", "churned", "in_lead", "censored", "kept", "events"};
    static const char *const of_anchored[] = {"rows",        "churned", "in_lead", "censored",
                                              "no_snapshot", "moved",   "kept",    "events"};
    const json_t *rows = json_object_get(ledger, "rows"), *row;
    const bool anchored = json_object_get(ledger, "ahead") != NULL;
    const char *const *shown = anchored ? of_anchored : keys;
    const size_t count = (anchored ? sizeof of_anchored : sizeof keys) / sizeof keys[0];
    size_t i;
    if (!json_is_array(rows)) {
        put_table_ledger(out, ledger);
        return;
    }
    hf_text_puts(out, anchored
                          ? "\n| month | dates | it had happened | in the lead | censored | no snapshot | "
                            "moved | kept | events | rate |\n"
                            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
                          : "\n| as of | rows | it had happened | in the lead | censored | kept | events | "
                            "rate |\n"
                            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (i = 0; i <= json_array_size(rows); i++) {
        const bool total = i == json_array_size(rows);
        row = total ? json_object_get(ledger, "total") : json_array_get(rows, i);
        const char *date = json_string_value(json_object_get(row, anchored ? "month" : "as_of"));
        hf_text_printf(out, "| %s |", total ? "all" : date ? date : "-");
        for (size_t k = 0; k < count; k++) {
            hf_text_puts(out, " ");
            put_value(out, json_object_get(row, shown[k]));
            hf_text_puts(out, " |");
        }
        put_rate(out, row);
    }
}

static void put_data(hf_text *out, const hf_model *model)
{
    static const char *const keys[] = {"source", "fingerprint", "known_until"};
    const json_t *training = hf_record(model, "training");
    char rows[32], events[32];
    hf_text_puts(out, "\n## Data\n\n");
    hf_text_printf(out, "- %s rows, %s with the outcome: a base rate of %.2f %%\n",
                   hf_grouped(rows, hf_model_rows(model)), hf_grouped(events, hf_model_events(model)),
                   100.0 * (double)hf_model_events(model) / (double)hf_model_rows(model));
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const json_t *value = json_object_get(training, keys[k]);
        if (json_is_string(value)) hf_card_record(out, keys[k], value);
    }
    if (hf_model_id(model)[0] != '\0') {
        hf_text_puts(out, "- accounts by `");
        hf_text_puts(out, hf_model_id(model));
        hf_text_puts(out, "`, the rows of one kept together wherever rows were split\n");
    }
    const json_t *ledger = json_object_get(training, "ledger");
    if (ledger) put_ledger(out, ledger);
}

// ---- what was chosen, and how good it is ----------------------------------------------------------------

static void put_loss(hf_text *out, const char *what, double loss)
{
    if (isnan(loss)) return;
    hf_text_printf(out, "| %s |", what);
    hf_card_number(out, " %s |\n", loss);
}

static void put_choices(hf_text *out, const hf_model *model)
{
    const json_t *fit = hf_record(model, "fit"), *summary = hf_record(model, "summary"), *entry;
    const json_t *surfaces = json_object_get(fit, "surfaces"), *rules = json_object_get(fit, "rules");
    const char *solver = json_string_value(json_object_get(fit, "solver"));
    double curves = NAN;
    int32_t kinds[4] = {0};
    size_t i;
    for (int32_t k = 0; k < model->term_count; k++)
        kinds[model->terms[k].kind]++;
    json_array_foreach(json_object_get(fit, "grid"), i, entry)
    {
        const double loss = hf_record_number(entry, "log_loss");
        if (!(curves <= loss)) curves = loss;
    }
    hf_text_puts(out, "\n## Choices\n\n");
    hf_text_printf(out, "- %d signals, %d surfaces of two signals, %d rules\n", (int)(kinds[0] + kinds[1]),
                   (int)kinds[2], (int)kinds[3]);
    hf_card_number(out, "- penalty lambda %s", 1.0 / hf_model_c(model));
    hf_card_number(out, " (C %s)", hf_model_c(model));
    if (!isnan(hf_record_number(fit, "tau")))
        hf_card_number(out, ", curves bend by tau %s", hf_record_number(fit, "tau"));
    if (solver) {
        hf_text_puts(out, "; solved by ");
        hf_card_text(out, solver);
    }
    hf_text_puts(out, "\n\n| mean log-loss | |\n| --- | ---: |\n");
    put_loss(out, "without a model, the base rate for all", hf_record_number(summary, "log_loss_none"));
    put_loss(out, "curves alone, on inner held-out rows", curves);
    put_loss(out, "with the surfaces taken, likewise", hf_record_number(surfaces, "log_loss"));
    put_loss(out, "with the rules taken, likewise", hf_record_number(rules, "log_loss"));
    put_loss(out, "all that was chosen, likewise", hf_record_number(summary, "log_loss_inner"));
    put_loss(out, "on the rows it was fitted on", hf_record_number(summary, "log_loss"));
    if (model->calibrated)
        hf_text_puts(out, "\nThese are of what the terms add up to, before its calibration, and so are the "
                          "shares, curves and bands below.\n");
}

static void put_quality(hf_text *out, const hf_model *model)
{
    static const char *const sections[] = {"metrics", "held_out"};
    const json_t *training = hf_record(model, "training");
    for (size_t k = 0; k < sizeof sections / sizeof sections[0]; k++) {
        const json_t *found = json_object_get(model->record, sections[k]);
        if (!found) found = json_object_get(training, sections[k]);
        if (!found || json_is_null(found)) continue;
        hf_text_puts(out, "\n## Held-out metrics\n\n");
        hf_card_record(out, sections[k], found);
    }
}

// ---- limits ---------------------------------------------------------------------------------------------

static void put_leaks(hf_text *out, const json_t *training)
{
    const json_t *leaks = json_object_get(training, "allowed_leaks"), *leak;
    size_t i;
    if (json_array_size(leaks) == 0) return;
    hf_text_puts(out, "- These look as if they knew the outcome and were allowed: ");
    json_array_foreach(leaks, i, leak)
    {
        hf_text_puts(out, i > 0 ? ", " : "");
        const json_t *signal = json_object_get(leak, "signal");
        put_value(out, signal ? signal : json_object_get(leak, "snapshot"));
    }
    hf_text_puts(out, "\n");
}

static void put_small(hf_text *out, const hf_model *model)
{
    const json_t *small = json_object_get(hf_record(model, "training"), "small");
    const double each = hf_record_number(hf_record(model, "summary"), "events_per_parameter");
    if (small)
        hf_text_printf(
            out,
            "- **Forced.** %d of the rarer class for %d parameters are fewer than the %d that the rule "
            "asks for; it was trained with `--allow-small`. Do not act on single accounts by it.\n",
            (int)hf_record_number(small, "events"), (int)hf_record_number(small, "parameters"),
            (int)hf_record_number(small, "needed"));
    else if (each < 10)
        hf_text_printf(
            out,
            "- Few events: %.1f of the rarer class for every parameter of the plain form. Under 10 "
            "expect the figures to scatter.\n",
            each);
}

static void put_collinear(hf_text *out, const hf_summary_line *lines, int32_t count)
{
    int32_t some = 0;
    for (int32_t k = 0; k < count; k++) {
        const bool whole = json_is_true(json_object_get(lines[k].json, "collinear"));
        if (!whole && !(hf_record_number(lines[k].json, "vif") > 10.0)) continue;
        hf_text_puts(out, some++ == 0
                              ? "- What these say others say too (VIF over 10, or determined by them), so "
                                "their own curves are a matter of how it is shared out: "
                              : ", ");
        hf_card_text(out, lines[k].term->signal);
    }
    if (some > 0) hf_text_puts(out, ".\n");
}

static void put_limits(hf_text *out, const hf_model *model, const hf_summary_line *lines, int32_t count)
{
    hf_text_puts(out, "\n## Limits\n\n");
    put_small(out, model);
    put_leaks(out, hf_record(model, "training"));
    put_collinear(out, lines, count);
    hf_text_puts(out,
                 "- It knows the range it was trained on: beyond the ends of a curve the value at the end "
                 "counts, and a level that training never saw counts as the rare ones did.\n"
                 "- It says what went with the outcome in these rows, not what caused it.\n"
                 "- Figures on its own rows flatter it; trust those on rows that it has not seen, and later "
                 "ones most.\n");
}

// Whether an option is as it is where nothing is asked for, or serves another that is not given.
static bool is_default(const json_t *options, const char *key, const json_t *value)
{
    static const hf_train_options fit = HF_TRAIN_OPTIONS_INIT;
    static const hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    const struct {
        const char *key;
        double value;
    } usual[] = {
        {"lead", 0},
        {"horizon", 0},
        {"reject_limit", csv.reject_limit},
        {"folds", fit.folds},
        {"c", fit.c},
        {"level_rows", (double)fit.level_rows},
        {"missing_rows", (double)fit.missing_rows},
        {"pairs", fit.pairs},
        {"rules", fit.rules},
        {"bootstrap", fit.bootstrap},
        {"splits", fit.splits},
        {"subsample", fit.subsample},
        {"calibrate", fit.calibrate},
        {"every", 0},
    };
    if (strcmp(key, "seed") == 0) return true; // said beside the version
    if (strncmp(key, "anchor_", 7) == 0) return !json_is_string(json_object_get(options, "anchor"));
    if (json_is_false(value) || (json_is_string(value) && json_string_length(value) == 0)) return true;
    for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++)
        if (strcmp(key, usual[k].key) == 0)
            return json_is_number(value) && json_number_value(value) == usual[k].value;
    return false;
}

static void put_options(hf_text *out, const json_t *options)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)options, key, value)
    {
        if (!is_default(options, key, value)) hf_card_record(out, key, value);
    }
    hf_text_puts(out, "- all other options as they are by default\n");
}

static void put_repeat(hf_text *out, const hf_model *model)
{
    const json_t *fit = hf_record(model, "fit");
    const json_t *options = json_object_get(hf_record(model, "training"), "options");
    const char *library = json_string_value(json_object_get(model->record, "library"));
    hf_text_puts(out, "\n## To repeat it\n\n`holdfast replay MODEL` trains it again from the inputs that its "
                      "record names, and compares every byte.\n\n");
    hf_text_printf(out, "- holdfast %s", library ? library : "of an unknown version");
    if (!isnan(hf_record_number(fit, "seed")))
        hf_text_printf(out, ", seed %lld", (long long)json_integer_value(json_object_get(fit, "seed")));
    hf_text_puts(out, "\n");
    if (json_is_object(options)) put_options(out, options);
}

// ---- the whole ------------------------------------------------------------------------------------------

hf_status hf_report_model_card(hf_text *text, const hf_context *context, const hf_model *model,
                               hf_error *error)
{
    hf_summary_line *lines = NULL;
    int32_t count = 0;
    hf_status status;
    HF_TRY(done, hf_summary_lines(&lines, &count, model, error));
    put_head(text, model);
    put_data(text, model);
    put_choices(text, model);
    put_quality(text, model);
    hf_card_calibration(text, model);
    hf_card_terms(text, context, model, lines, count);
    hf_card_refit(text, json_object_get(hf_record(model, "summary"), "refit"));
    put_limits(text, model, lines, count);
    put_repeat(text, model);
    status = hf_text_status(text, error);
done:
    hf_delete(context, lines);
    return status;
}
