// SPDX-License-Identifier: Apache-2.0
//
// A profile for programs: CSV with one line a signal, and JSON with everything.
#include "report/report_room.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const char *const percent_names[HF_PROFILE_PERCENTILES] = {"p1",  "p5",  "p25", "p50",
                                                                  "p75", "p95", "p99"};

// ---- CSV -----------------------------------------------------------------------------------------------------

static void add_text(hf_text *text, const char *field)
{
    if (strpbrk(field, ",\"\r\n") == NULL) {
        hf_text_puts(text, field);
        return;
    }
    hf_text_putc(text, '"');
    for (; *field != '\0'; field++) {
        if (*field == '"') hf_text_putc(text, '"');
        hf_text_putc(text, *field);
    }
    hf_text_putc(text, '"');
}

static void add_number(hf_text *text, double value)
{
    char number[32];
    hf_text_putc(text, ',');
    if (isfinite(value)) hf_text_add(text, number, hf_format_f64(number, value));
}

// Dates are said as dates.
static void add_value(hf_text *text, const hf_column *column, double value)
{
    char date[11];
    if (column->storage != HF_STORAGE_DAY || isnan(value)) {
        add_number(text, value);
        return;
    }
    hf_date_format((hf_date)floor(value), date);
    hf_text_printf(text, ",%s", date);
}

static void add_line(hf_text *text, const hf_data_profile *d, int32_t c)
{
    const hf_column *column = &d->frame->columns[c];
    const hf_profile *p = &d->shape[c];
    add_text(text, column->name);
    hf_text_printf(text, ",%s,", hf_kind_name(column->kind));
    add_text(text, column->unit);
    hf_text_printf(text, ",%lld,%lld,%lld,%lld", (long long)p->rows, (long long)p->present,
                   (long long)p->nonzero, (long long)p->distinct);
    add_value(text, column, p->least);
    for (int q = 0; q < HF_PROFILE_PERCENTILES; q++)
        add_value(text, column, p->percentile[q]);
    add_value(text, column, p->greatest);
    add_value(text, column, p->mean);
    add_number(text, p->deviation);
    add_number(text, p->skew);
    if (d->group[c] >= 0)
        hf_text_printf(text, ",%d", (int)d->group[c] + 1);
    else
        hf_text_putc(text, ',');
    if (d->outcome) {
        p = &d->outcome[c];
        hf_text_printf(text, ",%lld,%lld", (long long)p->labelled, (long long)p->events);
        add_number(text, p->iv);
        add_number(text, p->auc);
        add_number(text, p->auc_error);
        add_number(text, p->monotonicity);
        add_number(text, p->missing_auc);
    }
    for (int l = 0; d->lead_auc && l < HF_PROFILE_LEADS; l++)
        add_number(text, d->lead_auc[c * HF_PROFILE_LEADS + l]);
    hf_text_putc(text, '\n');
}

hf_status hf_report_profile_csv(hf_text *text, const hf_data_profile *d, hf_error *error)
{
    hf_text_puts(text, "signal,kind,unit,rows,present,nonzero,distinct,least");
    for (int q = 0; q < HF_PROFILE_PERCENTILES; q++)
        hf_text_printf(text, ",%s", percent_names[q]);
    hf_text_puts(text, ",greatest,mean,deviation,skew,group");
    if (d->outcome)
        hf_text_puts(text, ",labelled,events,information_value,auc,auc_error,monotonicity,missing_auc");
    for (int l = 0; d->lead_auc && l < HF_PROFILE_LEADS; l++)
        hf_text_printf(text, ",auc_%d_days", (int)hf_profile_leads[l]);
    hf_text_putc(text, '\n');
    for (int32_t c = 0; c < d->frame->column_count; c++)
        add_line(text, d, c);
    return hf_text_status(text, error);
}

// ---- JSON ----------------------------------------------------------------------------------------------------

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_json(const hf_column *column, double value)
{
    char date[11];
    if (column->storage != HF_STORAGE_DAY || isnan(value)) return number_json(value);
    hf_date_format((hf_date)floor(value), date);
    return json_string(date);
}

// Sets nothing and says so when memory ran out making the value.
static int put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

static json_t *bin_json(const hf_data_profile *d, const hf_frame *levels, int32_t c,
                        const hf_profile_bin *bin, bool labels)
{
    const hf_column *column = &d->frame->columns[c];
    json_t *object = json_object();
    int bad = 0;
    bool date = column->storage == HF_STORAGE_DAY && !(labels && d->days);
    if (bin->kind == HF_BIN_VALUES) {
        bad |= put(object, "from", date ? value_json(column, bin->low) : number_json(bin->low));
        bad |= put(object, "to", date ? value_json(column, bin->high) : number_json(bin->high));
    } else if (bin->kind == HF_BIN_LEVEL) {
        int32_t at = hf_frame_find(levels, column->name);
        bad |= put(object, "level",
                   json_string(hf_dictionary_text(&levels->columns[at].dictionary, bin->level)));
    } else if (bin->kind == HF_BIN_OTHERS) {
        bad |= put(object, "other_levels", json_integer(bin->level));
    } else {
        bad |= put(object, "missing", json_true());
    }
    bad |= put(object, "rows", json_integer(bin->rows));
    if (labels) {
        bad |= put(object, "labelled", json_integer(bin->labelled));
        bad |= put(object, "events", json_integer(bin->events));
        bad |= put(object, "rate", number_json(bin->rate));
        bad |= put(object, "interval",
                   json_pack("[o,o]", number_json(bin->rate_low), number_json(bin->rate_high)));
    }
    if (!bad) return object;
    json_decref(object);
    return NULL;
}

static json_t *bins_json(const hf_data_profile *d, const hf_frame *levels, int32_t c, const hf_profile *p,
                         bool labels)
{
    json_t *array = json_array();
    int bad = 0;
    for (int32_t b = 0; b < p->bin_count; b++)
        bad |= json_array_append_new(array, bin_json(d, levels, c, &p->bins[b], labels));
    if (!bad) return array;
    json_decref(array);
    return NULL;
}

static json_t *outcome_json(const hf_data_profile *d, int32_t c)
{
    const hf_profile *p = &d->outcome[c];
    json_t *object = json_object();
    int bad = put(object, "labelled", json_integer(p->labelled));
    bad |= put(object, "events", json_integer(p->events));
    bad |= put(object, "information_value", number_json(p->iv));
    bad |= put(object, "information_by_chance", number_json(p->iv_noise));
    bad |= put(object, "auc", number_json(p->auc));
    bad |= put(object, "auc_error", number_json(p->auc_error));
    bad |= put(object, "monotonicity", number_json(p->monotonicity));
    bad |= put(object, "missing_auc", number_json(p->missing_auc));
    if (d->lead_auc) {
        json_t *leads = json_object();
        for (int l = 0; l < HF_PROFILE_LEADS; l++) {
            char days[16];
            snprintf(days, sizeof days, "%d", (int)hf_profile_leads[l]);
            bad |= put(leads, days, number_json(d->lead_auc[c * HF_PROFILE_LEADS + l]));
        }
        bad |= put(object, "auc_by_lead_days", leads);
    }
    bad |= put(object, "bins", bins_json(d, d->observed, c, p, true));
    if (!bad) return object;
    json_decref(object);
    return NULL;
}

static json_t *signal_json(const hf_data_profile *d, int32_t c)
{
    const hf_column *column = &d->frame->columns[c];
    const hf_profile *p = &d->shape[c];
    json_t *object = json_object(), *percentiles = json_object();
    int bad = put(object, "signal", json_string(column->name));
    bad |= put(object, "kind", json_string(hf_kind_name(column->kind)));
    bad |= put(object, "unit", json_string(column->unit));
    bad |= put(object, "rows", json_integer(p->rows));
    bad |= put(object, "present", json_integer(p->present));
    bad |= put(object, "nonzero", json_integer(p->nonzero));
    bad |= put(object, "distinct", json_integer(p->distinct));
    if (column->storage == HF_STORAGE_CODE) {
        bad |= put(object, "levels", bins_json(d, d->frame, c, p, false));
    } else {
        bad |= put(object, "least", value_json(column, p->least));
        bad |= put(object, "greatest", value_json(column, p->greatest));
        bad |= put(object, "mean", value_json(column, p->mean));
        bad |= put(object, "deviation", number_json(p->deviation));
        bad |= put(object, "skew", number_json(p->skew));
        for (int q = 0; q < HF_PROFILE_PERCENTILES; q++)
            bad |= put(percentiles, percent_names[q], value_json(column, p->percentile[q]));
        bad |= json_object_set(object, "percentiles", percentiles);
    }
    json_decref(percentiles);
    if (d->group[c] >= 0) bad |= put(object, "group", json_integer(d->group[c] + 1));
    if (d->outcome) bad |= put(object, "outcome", outcome_json(d, c));
    if (!bad) return object;
    json_decref(object);
    return NULL;
}

// Pairs of a group only: the rest would be a square of noise.
static json_t *correlations_json(const hf_data_profile *d)
{
    int32_t count = d->frame->column_count;
    json_t *array = json_array();
    int bad = 0;
    for (int32_t a = 0; a < count; a++)
        for (int32_t b = a + 1; b < count; b++) {
            double r = d->rho[(size_t)a * (size_t)count + (size_t)b];
            if (d->group[a] < 0 || d->group[a] != d->group[b] || isnan(r)) continue;
            bad |= json_array_append_new(
                array, json_pack("[s,s,f]", d->frame->columns[a].name, d->frame->columns[b].name, r));
        }
    if (!bad) return array;
    json_decref(array);
    return NULL;
}

static int append_json(const char *buffer, size_t size, void *text)
{
    hf_text_add(text, buffer, size);
    return 0;
}

hf_status hf_report_profile_json(hf_text *text, const hf_data_profile *d, hf_error *error)
{
    char date[11];
    json_t *root = json_object(), *signals = json_array();
    hf_date_format(d->frame->as_of, date);
    int bad = put(root, "rows", json_integer(d->frame->rows));
    if (date[0] != '\0') bad |= put(root, "as_of", json_string(date));
    if (d->outcome) {
        bad |= put(root, "outcome",
                   json_pack("{s:s,s:I,s:I}", "event", d->event, "labelled", (json_int_t)d->labelled,
                             "events", (json_int_t)d->events));
        if (d->snapshots > 0)
            bad |= put(root, "window",
                       json_pack("{s:i,s:i,s:i,s:I}", "snapshots", (int)d->snapshots, "lead", (int)d->lead,
                                 "horizon", (int)d->horizon, "one_account_in", (json_int_t)d->one_in));
    }
    for (int32_t c = 0; c < d->frame->column_count; c++)
        bad |= json_array_append_new(signals, signal_json(d, c));
    bad |= json_object_set(root, "signals", signals);
    bad |= put(root, "correlated", correlations_json(d));
    bool good =
        !bad && json_dump_callback(root, append_json, text, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0;
    json_decref(signals);
    json_decref(root);
    hf_text_putc(text, '\n');
    return good ? hf_text_status(text, error) : hf_fail_memory(error);
}
