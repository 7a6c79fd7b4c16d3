// SPDX-License-Identifier: Apache-2.0
//
// Random scorecards as plain data, the YAML that says them, the frames they score, and an oracle that
// computes health from the data alone, in double, step by step as the definition file is described.
#ifndef HOLDFAST_TESTS_RANDOM_SCORECARD_H
#define HOLDFAST_TESTS_RANDOM_SCORECARD_H

#include "health/health_room.h"

enum {
    NUMBERS = 8, // n0 to n5 f32, n6 and n7 money
    CATEGORIES = 2,
    DATES = 2,
    LEVELS = 6,
    MOST_ROWS = 4000,
    MOST_GROUPS = 5,
    MOST_MEASURES = 40,
    MOST_POINTS = 7,
    MOST_SEGMENTS = 5, // with the default
    MOST_BANDS = 5,
    MOST_RULES = 4,
    AS_OF = 20700,
};

typedef enum { LINEAR, POINTS, STEPS, TABLE, PERCENTILE } curve_form;

typedef struct {
    curve_form form;
    int count;
    double x[MOST_POINTS], y[MOST_POINTS]; // linear: x of worst and best; table: y by level
    double below;                          // steps
    double other;                          // table
    bool listed[LEVELS];                   // table
} card_curve;

typedef struct {
    int signal; // number, or category for a table
    bool good;
    double weight;
    card_curve curve;
    hf_missing_policy missing;
    double value;       // HF_MISSING_VALUE
    int dated, max_age; // dated -1: none
} card_measure;

typedef struct {
    double weight;
    hf_aggregate aggregate;
    int first, count;
} card_group;

typedef enum { LEVEL_IS, NUMBER_ABOVE, NUMBER_MISSING } test;

typedef struct {
    test test;
    int signal, level;
    double limit;
} card_condition;

typedef struct {
    card_condition when;
    bool own_group_weight[MOST_GROUPS], own_weight[MOST_MEASURES], own_curve[MOST_MEASURES];
    double group_weight[MOST_GROUPS], weight[MOST_MEASURES];
    card_curve curve[MOST_MEASURES];
    bool own_bands;
    double band[MOST_BANDS];
} card_segment;

typedef struct {
    card_condition when;
    hf_override_action action;
    double value;
} card_rule;

typedef struct {
    int64_t row;
    hf_override_action action;
    double value;
    bool expired;
} card_manual;

typedef struct {
    int groups, measures, segments, bands, rules, manuals; // segments without the default
    card_group group[MOST_GROUPS];
    card_measure measure[MOST_MEASURES];
    card_segment segment[MOST_SEGMENTS];
    card_rule rule[MOST_RULES];
    card_manual manual[MOST_RULES];
    double band[MOST_BANDS];
    double min_coverage, max_inherit, neutral; // max_inherit INFINITY: not said
    // the data: NaN, -1 and HF_DATE_MISSING where missing
    int64_t rows;
    double number[NUMBERS][MOST_ROWS];
    int level[CATEGORIES][MOST_ROWS];
    hf_date date[DATES][MOST_ROWS];
} card;

typedef struct {
    int segment, band;
    hf_measure_state state[MOST_MEASURES];
    double q[MOST_MEASURES], nominal[MOST_MEASURES], effective[MOST_MEASURES];
    double raw, health, coverage, unassigned;
    double edge_distance; // of health from the nearest edge, of coverage from its least
} card_health;

card *card_draw(uint64_t seed, int64_t rows, bool percentiles); // free() it
void card_draw_data(card *c, uint64_t seed, int64_t rows);
// Levels and numbers as the columns keep them.
double card_unit(int signal);
double card_base(int signal);

char *card_yaml(const card *c); // free() it
hf_definition *card_definition(const card *c, const hf_context *context);
// The rows of the data in the order given; order NULL: all, as they are.
hf_frame *card_frame(const card *c, const hf_context *context, const int64_t *order, int64_t count);
hf_manual_overrides card_manuals(const card *c, const hf_context *context);

// Health of one row, among all rows of the data.
void card_score(card_health *out, const card *c, int64_t row);

#endif
