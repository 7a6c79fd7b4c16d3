// SPDX-License-Identifier: Apache-2.0
//
// What a signal looks like and how it goes with an outcome, from plain arrays: the figures of a profile.
//
// Threads: the calls use the context's threads, a signal or a pair of signals each; no result depends on how
// many there are, nor on the order of the rows.
#ifndef HOLDFAST_METRICS_ROOM_H
#define HOLDFAST_METRICS_ROOM_H

#include "base/base_room.h"
#include "holdfast/metrics.h"

#define HF_PROFILE_PERCENTILES 7
extern const double hf_profile_percent[HF_PROFILE_PERCENTILES]; // 1, 5, 25, 50, 75, 95, 99

enum {
    HF_PROFILE_TENTHS = 10, // bins of a number at most
    HF_PROFILE_LEVELS = 12, // levels of a category that have a bin of their own
    HF_PROFILE_BINS = HF_PROFILE_LEVELS + 2,
    HF_PROFILE_LEAST_LEVEL = 30, // rows with a label below which a level ranks with the others
    HF_UNKNOWN_LABEL = 255,
};

int hf_compare_doubles(const void *a, const void *b); // ascending, for qsort; no NaN

// The values of a signal, one a row: exactly one of the arrays is set. Missing: NaN in f32 and f64, INT32_MIN
// in days, below 0 in codes.
typedef struct {
    const float *f32;
    const double *f64;
    const int32_t *days;
    const int32_t *codes; // of a category, below `levels`
    int32_t levels;
} hf_profile_signal;

// The value of a row, not of a category; NaN where it is missing.
double hf_profile_number(const hf_profile_signal *signal, int64_t row);

typedef enum { HF_BIN_VALUES, HF_BIN_LEVEL, HF_BIN_OTHERS, HF_BIN_MISSING } hf_profile_bin_kind;

typedef struct {
    hf_profile_bin_kind kind;
    double low, high; // HF_BIN_VALUES: its least and greatest value; else NaN
    int32_t level;    // HF_BIN_LEVEL: its code; HF_BIN_OTHERS: the number of levels; else -1
    int64_t rows;     // in all
    int64_t labelled, events;
    // events / labelled and its 95 % interval (Wilson 1927); NaN without labels
    double rate, rate_low, rate_high;
} hf_profile_bin;

// NaN where a figure is not defined: of no values, of a category, without labels of both kinds.
typedef struct {
    int64_t rows, present, nonzero; // nonzero: values other than 0; of a category, all that are present
    int64_t distinct;               // values or levels that occur
    double least, greatest, mean, deviation;
    double skew;                               // third standardised moment; NaN where all values are equal
    double percentile[HF_PROFILE_PERCENTILES]; // between values in proportion (Hyndman and Fan 1996, type 7)
    // Bins in ascending order: the values of a number cut into tenths, equal values together, so that there
    // may be fewer; each value by itself where there are no more than ten; the largest levels of a category
    // and the others; then missing, where any is.
    int32_t bin_count;
    hf_profile_bin bins[HF_PROFILE_BINS];
    int64_t labelled, events;
    // P(value of an event > value of a non-event) over rows with a value, ties half. Of a category its levels
    // stand in the order of their own rates, as they are without the two rows that are compared; small levels
    // are one.
    double auc;
    double auc_error; // its standard error (Hanley and McNeil 1982), rows taken as independent
    double iv;        // information value over the bins, half a row added to each count
    double iv_noise;  // what it would be about were there nothing to see
    // (last rate - first) / sum of the steps' sizes over the bins of values: 1 rises all the way, -1 falls
    // all the way, near 0 goes up and down. Of a category NaN.
    double monotonicity;
    double missing_auc; // AUC of being missing itself; NaN where none or all are
} hf_profile;

// label: n of 0, 1 or HF_UNKNOWN_LABEL; NULL: no labels. out: `count` profiles, untouched on failure. Errors:
// HF_ERROR_USAGE for n outside 0 to 2^31 - 1 or a signal without an array, HF_ERROR_MEMORY,
// HF_ERROR_CANCELLED. Cost: a radix sort a number and 24 bytes a row and thread.
hf_status hf_profile_signals(hf_profile *out, const hf_context *context, const hf_profile_signal *signals,
                             int32_t count, int64_t n, const uint8_t *label, hf_error *error);

// The 95 % interval of a share of events among n trials (Wilson 1927); NaN for n 0.
void hf_wilson(double *low, double *high, int64_t events, int64_t n);

// Spearman's rank correlation of every pair of signals over the rows where both have a value, ties sharing
// their mean rank. rho: count x count, symmetric, 1 on the diagonal; NaN where a category takes part, fewer
// than ten rows have both, or one is constant on them. Of more rows than a budget allows, evenly spaced ones
// are taken: 50,000 for up to 90 signals, fewer for more.
hf_status hf_profile_correlations(double *rho, const hf_context *context, const hf_profile_signal *signals,
                                  int32_t count, int64_t n, hf_error *error);

// Single-linkage groups (Sneath 1957): signals joined by a chain of correlations of at least `threshold` in
// size. group: one a signal, numbered from 0 by their first member, -1 for a signal by itself. Returns the
// number of groups. No allocation.
int32_t hf_profile_groups(int32_t *group, const double *rho, int32_t count, double threshold);

// ---- calibration -------------------------------------------------------------------------------------------

// Where a search begins, and what it found: logit P = intercept + slope x, and the intercept with slope 1.
typedef struct {
    double intercept, slope; // NaN where the classes do not overlap
    double in_the_large;     // NaN with one class only
} hf_recalibration;

// Groups of rows: rows[g] of them, events[g] of which had the outcome, at x[g]; groups without rows say
// nothing. near: a solution nearby, which shortens the search and does not change what is found beyond
// rounding; NULL: none. No allocation.
hf_recalibration hf_recalibrate(const double *x, const double *rows, const double *events, int64_t groups,
                                const hf_recalibration *near);

// A tenth of the rows by probability, the lowest first, as a reliability diagram shows it (Murphy and Winkler
// 1977). Rows of equal probability share a bin, so that there may be fewer bins of unequal size.
#define HF_RELIABILITY_BINS 10

typedef struct {
    int64_t rows, events;
    double predicted;       // mean probability
    double rate, low, high; // events / rows and its 95 % interval (Wilson 1927)
} hf_reliability_bin;

typedef struct {
    hf_reliability_bin bins[HF_RELIABILITY_BINS];
    int32_t count;
} hf_reliability;

// probability: n of them in [0, 1]; label: 0 or 1. No result depends on the rows' order. Errors:
// HF_ERROR_USAGE as hf_metrics_compute, HF_ERROR_MEMORY.
hf_status hf_reliability_compute(hf_reliability *out, const hf_context *context, const double *probability,
                                 const uint8_t *label, int64_t n, hf_error *error);

// ---- judging scores ----------------------------------------------------------------------------------------

#define HF_TENTHS 10
#define HF_CAPACITIES 8 // most of one judgement

// What became of scored accounts, one entry a row. Borrowed.
typedef struct {
    int64_t rows;
    const uint8_t *label;    // 0 or 1
    const int64_t *cluster;  // from 0: rows of one account share a number; NULL: each row is its own
    const hf_date *date;     // the accounts worked are counted within rows of one; NULL: all are of one date
    const double *arr;       // finite, 0 or more; NULL: no money
    const int64_t *capacity; // how many accounts of each date are worked, 1 or more each
    int32_t capacities;      // at most HF_CAPACITIES
    bool rank_by_arr;        // worked are those of the highest probability x ARR; false: probability
} hf_judged_rows;

// X(field, label for people): figures in money, over all rows together. Of an event all its ARR counts as
// lost.
#define HF_ARR_FIGURE_LIST(X)       \
    X(arr_churn, "ARR churn")       \
    X(arr_expected, "expected")     \
    X(arr_ratio, "expected / lost") \
    X(arr_auc, "ARR AUC")           \
    X(arr_caught_10, "caught in top 10 %")

// A figure's place in hf_judgement: first those of HF_METRIC_LIST, then those in money.
//   arr_churn      ARR lost / ARR
//   arr_expected   sum of probability x ARR / ARR
//   arr_ratio      the second over the first; 1 is right
//   arr_auc        P(a unit of money lost is ranked above a unit kept), ties half: the AUC with each row
//                  weighing its ARR (Fawcett 2006, ROC graphs with instance-varying costs)
//   arr_caught_10  share of the ARR lost that is in the top tenth of the rows by probability
enum {
#define HF_FIGURE_PLACE(field, label) HF_FIGURE_##field,
    HF_METRIC_LIST(HF_FIGURE_PLACE) HF_METRICS,
    HF_LAST_METRIC = HF_METRICS - 1, // those in money continue from here
    HF_ARR_FIGURE_LIST(HF_FIGURE_PLACE) HF_FIGURES
#undef HF_FIGURE_PLACE
};

typedef enum {
    HF_BETTER_NEITHER, // it says what happened, not how well it was foretold
    HF_BETTER_HIGHER,
    HF_BETTER_LOWER,
    HF_BETTER_NEAR_ZERO,
    HF_BETTER_NEAR_ONE,
} hf_better;

typedef struct {
    const char *key, *label;
    hf_better better;
} hf_figure_info;
extern const hf_figure_info hf_figures[HF_FIGURES];

// A tenth of the rows by probability, the highest first; ties at an edge are shared in proportion.
typedef struct {
    double probability, rate; // mean probability and share of events
    double lift, gain;        // rate over the rate in all; share of all events in this tenth and above
    double arr;               // money in it
    double arr_churn, arr_lift, arr_gain; // the same in money
} hf_tenth;

// The first N rows of each date, all dates together; ties at the edge are shared in proportion.
typedef struct {
    double worked, caught;         // rows, and events among them
    double precision, recall;      // caught / worked, caught / events
    double arr_worked, arr_caught; // money of the rows worked, and of the events among them
    double arr_recall;             // share of the ARR lost
} hf_worked;

// Doubles alone, NaN where one is not defined: those of money without ARR, rates of nothing.
typedef struct {
    double figure[HF_FIGURES];
    hf_tenth tenth[HF_TENTHS];
    hf_worked worked[HF_CAPACITIES];
} hf_judgement;

typedef struct {
    hf_judgement value, low, high; // low and high: NaN without replicates
} hf_judgement_interval;

// What is found of one score or two on the same rows. Of two, every replicate draws the same accounts for
// both, so that what is hard for both does not blur their difference (Efron and Tibshirani 1993, chapter 8).
typedef struct {
    int64_t rows, events, accounts;       // accounts: clusters
    double arr, arr_lost;                 // NaN without ARR
    hf_judgement_interval score, against; // against: NaN without a second score
    hf_judgement_interval difference;     // score less against
    // Share of the replicates, of those that define it for both, in which `score` is the better one:
    // strictly, so that of equals neither is. NaN where neither can be.
    hf_judgement better;
} hf_verdict;

// Judges one score, or two on the same rows (against NULL: one). probability, against: rows values in [0, 1].
// Intervals and replicates as in hf_metrics_bootstrap. Errors: HF_ERROR_USAGE as there, and for money or a
// capacity out of range; HF_ERROR_MEMORY; HF_ERROR_CANCELLED. No result depends on the number of threads.
// Cost: three sorts a score, then three walks over the rows a score and replicate.
hf_status hf_judge(hf_verdict *out, const hf_context *context, const hf_judged_rows *rows,
                   const double *probability, const double *against, int32_t replicates, double alpha,
                   uint64_t seed, hf_error *error);

// ---- leaks -------------------------------------------------------------------------------------------------

// What a signal alone tells of the outcome, and the least that can be believed of it: the low ends of 95 %
// intervals, so that few rows accuse nothing. 0 where a figure is not defined.
typedef struct {
    // The larger of the AUC of the values, whichever way they go, and of the AUC of the bins of values in the
    // order of their event rates; over rows with a value.
    double auc, auc_low;
    double gap_auc, gap_low;   // of being missing, whichever way it goes
    bool filled_tells;         // pure: rows that have a value; else rows that lack it
    double pure, pure_low;     // the share, among those rows, of the class that is rarer among the others
    int64_t pure_rows;         // how many there are
    int64_t filled[2], all[2]; // rows with a value, and rows, without the outcome and with it
} hf_leak_figures;

#define HF_LEAK_AUC 0.97 // a signal that alone ranks so well is taken to know the outcome
#define HF_LEAK_LOW 0.90 // where this much is certain

hf_leak_figures hf_leak_figure(const hf_profile *profile);
// The low end of the 95 % interval of an AUC of at least 0.5, rows taken as independent (Newcombe 2006,
// method 5): unlike a standard error it is of use where all pairs are won. 0 for NaN.
double hf_auc_low(double auc, int64_t events, int64_t others);

// Rows that look like the same customer again.
typedef struct {
    int64_t rows;        // in a group with a row of another cluster
    int64_t groups;      // sets of them
    double same, chance; // share of the pairs found that have the same label; among pairs taken at random
    bool by_place;       // copies stand a fixed number of rows apart
} hf_copies;

// Finds rows of different clusters that are copies of each other, cells jittered or not, by two signs that
// chance does not give. A row's nearest others may be so much nearer than the next ones, at least twice, as
// one row in a hundred is in data of that dimension (how fast neighbours come with distance; Facco and others
// 2017). And
// the nearest rows may stand a fixed number of rows away, as where a table was repeated below itself. Either
// counts in 2 rows of 100 or more, where the pairs have the same label more often than chance (by 3
// standard errors, and four fifths of the way to always). group: n numbers from 0 by first appearance; copies
// share one, and so do rows of one cluster. label: 0, 1 or HF_UNKNOWN_LABEL, whose rows are no copies.
// cluster: NULL where each row is its own. n at most 2^31 - 1. Results do not depend on the number of
// threads. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED. Cost: O(n log n), of 1 M rows of 24 signals some
// seconds.
hf_status hf_near_copies(int64_t *group, hf_copies *out, const hf_context *context,
                         const hf_profile_signal *signals, int32_t count, int64_t n, const uint8_t *label,
                         const int64_t *cluster, uint64_t seed, hf_error *error);

// The finest partition that is coarser than two: rows that share a number in either share one, from 0 by
// first appearance. a, b: n numbers from 0; b may be group. Errors: HF_ERROR_MEMORY.
hf_status hf_join_groups(int64_t *group, const hf_context *context, const int64_t *a, const int64_t *b,
                         int64_t n, hf_error *error);

// ---- intervals -----------------------------------------------------------------------------------------

// Errors: HF_ERROR_USAGE for replicates and alpha as hf_metrics_bootstrap says.
hf_status hf_check_sampling(int32_t replicates, double alpha, hf_error *error);

#endif
