// SPDX-License-Identifier: Apache-2.0
//
// Results as people and programs read them: aligned tables and JSON.
#ifndef HOLDFAST_REPORT_ROOM_H
#define HOLDFAST_REPORT_ROOM_H

#include "frame/frame_room.h"
#include "history/history_room.h"
#include "holdfast/metrics.h"
#include "holdfast/store.h"
#include "metrics/metrics_room.h"

// ---- grids: aligned text -----------------------------------------------------------------------------------

// A table built cell by cell, printed with columns as wide as their widest cell. Failure to grow is kept and
// reported when it is printed.
typedef struct hf_grid hf_grid;

// headings: one a column, separated by '|'; a heading that begins with '>' aligns right.
hf_status hf_grid_create(hf_grid **out, const hf_context *context, const char *headings, hf_error *error);
// Adds the next cell, row by row. Text is UTF-8.
void hf_grid_cell(hf_grid *grid, const char *format, ...) HF_PRINTF(2, 3);
// Appends the table to text, two blanks between columns, each line ended.
hf_status hf_grid_print(const hf_grid *grid, hf_text *text, hf_error *error);
void hf_grid_destroy(hf_grid *grid); // accepts NULL

// A whole number with thousands apart: "1,204,000". At most 32 bytes.
const char *hf_grouped(char out[32], int64_t value);

// ---- what the verbs show ---------------------------------------------------------------------------------

// The ledger by as-of date with its total.
hf_status hf_report_ledger(hf_text *text, const hf_context *context, const hf_ledger *ledger,
                           hf_error *error);

// One line of an evaluation: a fold, or the whole.
typedef struct {
    char name[32];
    double c; // the C of the fold's fit, NaN where nothing was trained
    int64_t train_rows;
    hf_metrics_interval metrics;
} hf_evaluation;

// The evaluations and, where there are several, their mean. mean may be NULL.
hf_status hf_report_evaluation(hf_text *text, const hf_context *context, const hf_evaluation *folds,
                               int32_t count, const hf_evaluation *mean, double alpha, hf_error *error);
// {"folds": [{"fold", "n", "events", "auc", ..., "interval": {"auc": [low, high], ...}}], "mean": {...}}
hf_status hf_report_evaluation_json(hf_text *text, const hf_evaluation *folds, int32_t count,
                                    const hf_evaluation *mean, hf_error *error);

hf_status hf_report_snapshots(hf_text *text, const hf_context *context, const hf_snapshot_info *list,
                              int32_t count, hf_error *error);
hf_status hf_report_snapshots_json(hf_text *text, const hf_snapshot_info *list, int32_t count,
                                   hf_error *error);
hf_status hf_report_frame(hf_text *text, const hf_context *context, const hf_frame *frame,
                          const hf_snapshot_info *info, hf_error *error);
hf_status hf_report_frame_json(hf_text *text, const hf_frame *frame, const hf_snapshot_info *info,
                               hf_error *error);

// ---- profiles --------------------------------------------------------------------------------------------

// A number for people: about four digits, thousands apart, "-" for NaN. At most 32 bytes.
const char *hf_brief(char out[32], double value);

#define HF_PROFILE_LEADS 4
extern const int32_t hf_profile_leads[HF_PROFILE_LEADS]; // days: 30, 60, 90, 180

// What is known of the signals of a frame, one entry a column. Everything is borrowed.
typedef struct {
    const hf_frame *frame; // what the data looks like: a table, or a snapshot
    const hf_profile *shape;
    const double *rho;    // columns x columns: rank correlations
    const int32_t *group; // of correlated signals, -1 for none
    int32_t groups;
    // How the signals go with the outcome; outcome NULL: nothing is known of one.
    const hf_profile *outcome;
    const hf_frame *observed; // the rows that are labelled; levels of the outcome's bins are its codes
    const char *event;        // what happened: "churn", or "Churn=Yes"
    bool days;                // dates are counted from the as-of date there: 30 is in 30 days
    int64_t labelled, events;
    int32_t snapshots, lead, horizon; // of a store; 0 of a table
    int64_t one_in;                   // one account in so many was looked at; 1: all
    const double
        *lead_auc; // columns x HF_PROFILE_LEADS: AUC by days between snapshot and outcome; may be NULL
} hf_data_profile;

hf_status hf_report_profile(hf_text *text, const hf_context *context, const hf_data_profile *profile,
                            hf_error *error);
hf_status hf_report_profile_csv(hf_text *text, const hf_data_profile *profile, hf_error *error);
hf_status hf_report_profile_json(hf_text *text, const hf_data_profile *profile, hf_error *error);

#endif
