// SPDX-License-Identifier: Apache-2.0
//
// An evaluation as a table for people and as JSON for programs: the same figures, by fold and their mean.
#include "report/report_room.h"

#include <math.h>

typedef struct {
    const char *key, *label;
    size_t offset; // of the double in hf_metrics
} metric_field;

static const metric_field metric_fields[] = {
#define METRIC_FIELD(name, text) {#name, text, offsetof(hf_metrics, name)},
    HF_METRIC_LIST(METRIC_FIELD)
#undef METRIC_FIELD
};

enum { METRICS = sizeof metric_fields / sizeof metric_fields[0], TERM_COLUMNS = 3 };

static double metric(const hf_metrics *metrics, size_t field)
{
    return *(const double *)(const void *)((const char *)metrics + metric_fields[field].offset);
}

// ---- table -----------------------------------------------------------------------------------------------

static void number_cell(hf_grid *grid, double value)
{
    if (isnan(value))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.4f", fabs(value) < 0.00005 ? 0.0 : value); // no -0.0000
}

static void add_terms(hf_grid *grid, const hf_evaluation *e)
{
    const int32_t counts[TERM_COLUMNS] = {e->curves, e->surfaces, e->rules};
    for (int k = 0; k < TERM_COLUMNS; k++)
        if (e->curves > 0)
            hf_grid_cell(grid, "%d", (int)counts[k]);
        else
            hf_grid_cell(grid, "-");
}

// chosen: how many columns say what training chose: none, C, or C and the terms.
static void add_value_row(hf_grid *grid, const hf_evaluation *e, int chosen)
{
    char text[32];
    hf_grid_cell(grid, "%s", e->name);
    hf_grid_cell(grid, "%s", hf_grouped(text, e->metrics.value.n));
    hf_grid_cell(grid, "%s", hf_grouped(text, e->metrics.value.events));
    for (size_t m = 0; m < METRICS; m++)
        number_cell(grid, metric(&e->metrics.value, m));
    if (chosen > 0 && isnan(e->c))
        hf_grid_cell(grid, "-");
    else if (chosen > 0)
        hf_grid_cell(grid, "%.4g", e->c);
    if (chosen > 1) add_terms(grid, e);
}

static void add_interval_row(hf_grid *grid, const char *name, const hf_metrics *bound, int chosen)
{
    hf_grid_cell(grid, "  %s", name);
    hf_grid_cell(grid, "%s", "");
    hf_grid_cell(grid, "%s", "");
    for (size_t m = 0; m < METRICS; m++)
        number_cell(grid, metric(bound, m));
    for (int k = 0; k < chosen; k++)
        hf_grid_cell(grid, "%s", "");
}

static void add_evaluation(hf_grid *grid, const hf_evaluation *e, double alpha, int chosen)
{
    char name[32];
    add_value_row(grid, e, chosen);
    if (isnan(e->metrics.low.log_loss)) return;
    snprintf(name, sizeof name, "%.4g %% from", 100 * (1 - alpha));
    add_interval_row(grid, name, &e->metrics.low, chosen);
    add_interval_row(grid, "to", &e->metrics.high, chosen);
}

hf_status hf_report_evaluation(hf_text *text, const hf_context *context, const hf_evaluation *folds,
                               int32_t count, const hf_evaluation *mean, const hf_evaluation *pooled,
                               double alpha, hf_error *error)
{
    hf_grid *grid;
    hf_text headings;
    hf_text_init(&headings, context);
    hf_text_puts(&headings, "tested on|>n|>events");
    for (size_t m = 0; m < METRICS; m++)
        hf_text_printf(&headings, "|>%s", metric_fields[m].label);
    const bool trained = count > 0 && !isnan(folds[0].c), terms = trained && folds[0].curves > 0;
    const int chosen = terms ? 1 + TERM_COLUMNS : trained;
    if (trained) hf_text_puts(&headings, "|>C");
    if (terms) hf_text_puts(&headings, "|>curves|>surfaces|>rules");
    hf_status status = hf_text_status(&headings, error);
    if (status == HF_OK) status = hf_grid_create(&grid, context, headings.data, error);
    hf_text_free(&headings);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < count; i++)
        add_evaluation(grid, &folds[i], alpha, chosen);
    if (mean) add_evaluation(grid, mean, alpha, chosen);
    if (pooled) add_evaluation(grid, pooled, alpha, chosen);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

// ---- JSON ------------------------------------------------------------------------------------------------

static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *evaluation_json(const hf_evaluation *e)
{
    json_t *object = json_object(), *interval = json_object();
    int bad = json_object_set_new(object, "fold", json_string(e->name));
    bad |= json_object_set_new(object, "n", json_integer(e->metrics.value.n));
    bad |= json_object_set_new(object, "events", json_integer(e->metrics.value.events));
    if (e->train_rows > 0) bad |= json_object_set_new(object, "train_rows", json_integer(e->train_rows));
    if (!isnan(e->c)) bad |= json_object_set_new(object, "c", json_real(e->c));
    if (e->curves > 0)
        bad |= json_object_set_new(
            object, "terms",
            json_pack("{s:i, s:i, s:i}", "curves", e->curves, "surfaces", e->surfaces, "rules", e->rules));
    bool has_interval = !isnan(e->metrics.low.log_loss);
    for (size_t m = 0; m < METRICS; m++) {
        bad |= json_object_set_new(object, metric_fields[m].key, number_json(metric(&e->metrics.value, m)));
        if (has_interval)
            bad |= json_object_set_new(interval, metric_fields[m].key,
                                       json_pack("[o,o]", number_json(metric(&e->metrics.low, m)),
                                                 number_json(metric(&e->metrics.high, m))));
    }
    bad |= has_interval ? json_object_set(object, "interval", interval) : 0;
    if (e->reliability.count > 0)
        bad |= json_object_set_new(object, "reliability", hf_report_reliability_json(&e->reliability));
    json_decref(interval);
    if (!bad) return object;
    json_decref(object);
    return NULL;
}

json_t *hf_report_evaluation_value(const hf_evaluation *evaluation)
{
    return evaluation_json(evaluation);
}

static int append_json(const char *buffer, size_t size, void *text)
{
    hf_text_add(text, buffer, size);
    return 0;
}

// Takes the reference; NULL means that memory ran out while it was made.
static hf_status print_json(hf_text *text, json_t *root, hf_error *error)
{
    bool good =
        root && json_dump_callback(root, append_json, text, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0;
    json_decref(root);
    hf_text_putc(text, '\n');
    return good ? hf_text_status(text, error) : hf_fail_memory(error);
}

hf_status hf_report_evaluation_json(hf_text *text, const hf_evaluation *folds, int32_t count,
                                    const hf_evaluation *mean, const hf_evaluation *pooled, hf_error *error)
{
    json_t *root = json_object(), *list = json_array();
    int bad = 0;
    for (int32_t i = 0; i < count; i++)
        bad |= json_array_append_new(list, evaluation_json(&folds[i]));
    bad |= json_object_set_new(root, "folds", list);
    if (mean) bad |= json_object_set_new(root, "mean", evaluation_json(mean));
    if (pooled) bad |= json_object_set_new(root, "pooled", evaluation_json(pooled));
    if (bad) {
        json_decref(root);
        root = NULL;
    }
    return print_json(text, root, error);
}

// ---- snapshots -------------------------------------------------------------------------------------------

static json_t *snapshot_json(const hf_snapshot_info *info)
{
    char date[11];
    hf_date_format(info->as_of, date);
    return json_pack("{s:s,s:i,s:I,s:i,s:I,s:s,s:s,s:s}", "as_of", date, "revision", (int)info->revision,
                     "accounts", (json_int_t)info->rows, "signals", (int)info->columns, "bytes",
                     (json_int_t)info->bytes, "recorded_at", info->recorded_at, "fingerprint",
                     info->fingerprint, "path", info->path);
}

hf_status hf_report_snapshots_json(hf_text *text, const hf_snapshot_info *list, int32_t count,
                                   hf_error *error)
{
    json_t *root = json_array();
    int bad = 0;
    for (int32_t i = 0; i < count; i++)
        bad |= json_array_append_new(root, snapshot_json(&list[i]));
    if (bad) {
        json_decref(root);
        root = NULL;
    }
    return print_json(text, root, error);
}

static const char *const direction_names[] = {"unknown", "higher is good", "higher is bad"};

hf_status hf_report_frame_json(hf_text *text, const hf_frame *frame, const hf_snapshot_info *info,
                               hf_error *error)
{
    json_t *root = snapshot_json(info), *signals = json_array();
    int bad = 0;
    for (int32_t c = 0; c < hf_frame_columns(frame); c++) {
        hf_column_info column = hf_frame_column(frame, c);
        bad |= json_array_append_new(signals,
                                     json_pack("{s:s,s:s,s:s,s:s,s:I,s:i}", "name", column.name, "kind",
                                               hf_kind_name(column.kind), "unit", column.unit, "direction",
                                               direction_names[column.direction], "missing",
                                               (json_int_t)column.missing, "levels", (int)column.levels));
    }
    bad |= json_object_set_new(root, "columns", signals);
    if (bad) {
        json_decref(root);
        root = NULL;
    }
    return print_json(text, root, error);
}
