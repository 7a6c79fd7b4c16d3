// SPDX-License-Identifier: Apache-2.0
//
// Scoring a fleet: a model compiled against a frame's columns into a plan, and one vectorised pass over
// tiles on all threads. Reasons are exact: a term's contribution is its value less its training mean, and
// base + sum of contributions is the log-odds, to which the model's calibration adds its own part.
//
// Threads: a plan is immutable; several passes may run on it, each with a context of its own.
#ifndef HOLDFAST_SCORE_H
#define HOLDFAST_SCORE_H

#include "holdfast/base.h"
#include "holdfast/churn.h"
#include "holdfast/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HF_REASONS 3

typedef struct hf_plan hf_plan;

typedef struct {
    bool allow_missing; // score signals the frame lacks as missing, with a warning, instead of failing
    bool refuse_unlike; // fail where most values of a column are far from those of training, instead of
                        // warning only
} hf_plan_options;

#define HF_PLAN_OPTIONS_INIT \
    {                        \
        false, false         \
    }

// Binds the model's terms to the frame's columns by name. The frame and the model are borrowed until the
// plan is destroyed. What a careful person would want to know goes to the log: as warnings, levels the model
// has not seen, values missing where training had none, signals scored as missing; as information, columns
// the model does not use; as warnings too, columns where more than one value in ten lies over six deviations
// from training's mean (of a flag: is not 0 or 1) or that vary twenty times less. Errors: HF_ERROR_DATA
// naming all the signals the frame lacks, with the nearest column names, and all the columns of another kind
// than the model's; with refuse_unlike HF_ERROR_GATE naming the columns of at least twenty values most of
// which lie so far, and categories none of whose values training saw. Cost: a pass over the columns.
HF_API hf_status hf_plan_create(hf_plan **out, const hf_context *context, const hf_model *model,
                                const hf_frame *frame, const hf_plan_options *options, hf_error *error);
// Accepts NULL.
HF_API void hf_plan_destroy(hf_plan *plan);

// What a pass gives. Arrays have one entry a row and belong to the scores.
typedef struct {
    int64_t rows;
    double *probability;  // of the outcome
    int32_t *rank;        // 1 is the most likely; ties by account id; NULL until hf_scores_rank
    int32_t *reason;      // rows x HF_REASONS terms with the largest positive contributions, largest first;
                          // -1 where fewer raise the risk
    const hf_date *as_of; // borrowed: one a row, where rows of several dates are scored; else NULL. It is the
                          // caller's to set, between scoring and writing.
} hf_scores;

// Scores every row; rank is left NULL. On failure *out is untouched. with_reasons false leaves reason NULL.
// Free with hf_scores_free. The pass runs in f32 with sums in f64: a probability is within 1e-6 of
// hf_plan_explain's, as long as the contributions that cancel in a row stay below some ten log-odds each.
// Reasons are ordered by their exact contributions; which three is decided to a relative 2^-23 times the
// number of terms. The bytes do not depend on threads or instruction set. Errors: HF_ERROR_MEMORY,
// HF_ERROR_CANCELLED.
HF_API hf_status hf_score_fleet(hf_scores *out, const hf_context *context, const hf_plan *plan,
                                bool with_reasons, hf_error *error);
// Fills scores->rank. On failure it stays NULL. Cost: a sort of the rows. Errors: HF_ERROR_MEMORY,
// HF_ERROR_DATA for more than 2^31 - 1 rows.
HF_API hf_status hf_scores_rank(hf_scores *scores, const hf_context *context, const hf_plan *plan,
                                hf_error *error);
// Accepts zeroed scores, and leaves them so.
HF_API void hf_scores_free(const hf_context *context, hf_scores *scores);

// The exact contributions of a row in double, one a term (contribution: hf_model_terms entries); returns the
// log-odds, which is base + their sum + what calibration adds to that.
HF_API double hf_plan_explain(const hf_plan *plan, int64_t row, double *contribution);
// What calibration adds to the row's base + contributions, in log-odds: 0 for a model without.
HF_API double hf_plan_calibration(const hf_plan *plan, int64_t row);

typedef enum { HF_FORMAT_CSV, HF_FORMAT_JSONL, HF_FORMAT_TABLE } hf_score_format;

// Writes scores: account_id, as_of (only where scores->as_of is set), churn_probability (7 decimals), rank,
// reason_1 to reason_3 (the signal in words and its contribution in log-odds: "12 tickets in 90 days, +0.8";
// of a surface or rule all its signals: "age 47 and 12 tickets in 90 days, +0.8"). top 0: every account in
// the frame's order; else the first `top` by rank, in that order. Path "-" is standard output. Memory does
// not grow with the rows. Errors: HF_ERROR_USAGE for scores without ranks, HF_ERROR_EXISTS, HF_ERROR_IO,
// HF_ERROR_MEMORY, HF_ERROR_CANCELLED; nothing is left where it fails.
HF_API hf_status hf_scores_write(const hf_context *context, const hf_plan *plan, const hf_scores *scores,
                                 const char *path, hf_score_format format, int64_t top, bool overwrite,
                                 hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
