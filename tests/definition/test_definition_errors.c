// SPDX-License-Identifier: Apache-2.0
//
// Every error of the definition file: the whole definition with one thing made wrong, and its message held
// against a golden file. With HOLDFAST_UPDATE_GOLDEN set the golden files are written anew instead; read the
// difference before keeping it.
#include "definition_case.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const char *name;
    const char *find, *put; // find NULL: put is the whole text
} wrong;

static const wrong wrongs[] = {
    // the text
    {"empty_file", NULL, ""},
    {"only_a_comment", NULL, "# nothing yet\n"},
    {"no_map", NULL, "- holdfast: 1\n"},
    {"a_text", NULL, "holdfast"},
    {"not_utf8", "More than", "M\xe4hr than"},
    {"unclosed_bracket", "usage.depth: 2}", "usage.depth: 2"},
    {"unclosed_brace_at_the_end", "coverage_fall: 0.3}", "coverage_fall: 0.3"},
    {"unclosed_quote", "open tickets.\"}", "open tickets.}"},
    {"bad_indentation", "  yellow: 40\n", " yellow: 40\n"},
    {"tab_indentation", "  yellow: 40\n", "\tyellow: 40\n"},
    {"no_blank_after_colon", "name: b2b-saas\n", "name:b2b-saas\n"},
    {"yaml_of_a_later_version", NULL, "%YAML 3.0\n---\nholdfast: 1\n"},
    {"second_document", "cadence:", "---\ncadence:"},
    {"anchor", "name: b2b-saas", "name: &n b2b-saas"},
    {"alias", "arr: arr\n", "arr: *n\n"},
    {"tag", "name: b2b-saas", "name: !!str b2b-saas"},
    {"merge_key", "  smb:\n", "  smb:\n    <<: {model: x}\n"},
    {"duplicate_key", "arr: arr\n", "arr: arr\nname: again\n"},
    {"duplicate_measure", "      plan:\n", "      depth:\n"},
    {"duplicate_group", "  people:\n", "  usage:\n"},
    {"key_is_a_list", "neutral: 45", "? [neutral]\n: 45"},
    {"key_is_nothing", "neutral: 45", "~: 45"},
    {"deep_nesting", "neutral: 45", "neutral: [[[[[[[[[[[[[[[[[[[[[[[[[45]]]]]]]]]]]]]]]]]]]]]]]]]"},
    {"nul_in_a_text", "stay.\n", "stay.\n        unit: \"a\\0b\"\n"},
    // the top
    {"no_form", "holdfast: 1\n", ""},
    {"form_is_no_number", "holdfast: 1\n", "holdfast: one\n"},
    {"form_of_a_newer_version", "holdfast: 1\n", "holdfast: 2\n"},
    {"mistyped_key", "segments:", "segmets:"},
    {"unknown_key", "segments:", "favourite_colour: blue\nsegments:"},
    {"name_is_a_list", "name: b2b-saas", "name: [b2b, saas]"},
    {"name_is_nothing", "name: b2b-saas", "name:"},
    {"no_groups", NULL, "holdfast: 1\n"},
    // signals
    {"signals_are_a_list", NULL, "holdfast: 1\nsignals: [usage]\n"},
    {"signal_is_nothing", "{kind: ratio, unit: \"%\", higher: good}", ""},
    {"signal_mistyped_key", "{kind: ratio, unit", "{kind: ratio, units"},
    {"signal_unknown_kind", "kind: ratio", "kind: ration"},
    {"signal_bad_direction", "unit: \"%\", higher: good", "unit: \"%\", higher: better"},
    {"signal_missing_is_no_list", "missing: [\"-\", unknown]", "missing: unknown"},
    {"signal_missing_is_nothing", "[\"-\", unknown]", "[\"-\", null]"},
    {"signal_bad_max_age", "max_age: 180 days", "max_age: half a year"},
    {"signal_max_age_without_date", "observed_on: csat_date, max_age", "max_age"},
    {"signal_name_too_long", "  usage_depth: {kind",
     "  "
     "usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_"
     "depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_usage_depth_"
     "usage_depth_usage_depth_usage_depth_usage_depth_usage_depth: {kind"},
    {"signal_name_of_two_lines", "  usage_depth: {kind", "  \"usage\\ndepth\": {kind"},
    // derived signals
    {"derived_not_said_how", "{growth: tickets_90d, days: 30, higher: bad}", "{higher: bad}"},
    {"derived_two_ways", "{growth: tickets_90d, days", "{growth: tickets_90d, change: tickets_90d, days"},
    {"derived_mistyped_key", "{growth: tickets_90d", "{grwth: tickets_90d"},
    {"derived_without_days", "{growth: tickets_90d, days: 30", "{growth: tickets_90d"},
    {"derived_days_without_use", "{days_until: renewal_date}", "{days_until: renewal_date, days: 3}"},
    {"derived_days_of_nothing", "days: 30, higher: bad", "days: 0, higher: bad"},
    {"derived_ratio_of_one", "[seats_used, seats_bought]", "seats_used"},
    {"derived_ratio_of_three", "[seats_used, seats_bought]", "[seats_used, seats_bought, seats]"},
    {"derived_of_a_list", "{growth: tickets_90d", "{growth: [tickets_90d]"},
    {"derived_of_a_later_one", "{ratio: [seats_used, seats_bought]", "{ratio: [days_quiet, seats_bought]"},
    {"derived_of_itself", "{ratio: [seats_used, seats_bought]", "{ratio: [seat_use, seats_bought]"},
    {"derived_growth_of_a_derived", "{change: usage_depth", "{change: tickets_growth"},
    {"derived_and_given", "  seat_use:   ", "  csat:   "},
    // groups and measures
    {"group_mistyped_key", "aggregate: mean", "agregate: mean"},
    {"group_unknown_aggregate", "aggregate: mean", "aggregate: median"},
    {"group_negative_weight", "weight: 40", "weight: -40"},
    {"group_weight_is_a_text", "weight: 40", "weight: heavy"},
    {"group_without_measures", NULL, "holdfast: 1\ngroups:\n  usage: {weight: 1}\n"},
    {"group_of_no_measures", NULL, "holdfast: 1\ngroups:\n  usage: {measures: {}}\n"},
    {"group_name_with_a_point", "  people:\n", "  peo.ple:\n"},
    {"group_is_nothing", NULL, "holdfast: 1\ngroups:\n  usage:\n"},
    {"measure_mistyped_key", "        signal: usage_depth\n", "        singal: usage_depth\n"},
    {"measure_without_signal", "        signal: usage_depth\n", ""},
    {"measure_signal_is_a_list", "        signal: usage_depth\n", "        signal: [usage_depth]\n"},
    {"measure_without_curve", "        curve: {linear: {worst: 0, best: 0.8}}\n", ""},
    {"measure_negative_weight", "weight: 3", "weight: -1"},
    {"measure_quoted_weight", "weight: 3", "weight: \"3\""},
    {"measure_vast_weight", "weight: 3", "weight: 1e300"},
    {"measure_infinite_weight", "weight: 3", "weight: .inf"},
    {"measure_bad_missing", "missing: skip", "missing: none"},
    {"measure_missing_out_of_range", "missing: 30", "missing: 130"},
    {"measure_bad_age", "max_age: 60 days", "max_age: 60 dayz"},
    {"measure_negative_age", "max_age: 60 days", "max_age: -3"},
    {"measure_age_without_date", "        observed_on: usage_date\n", ""},
    {"measure_bad_flag", "actionable: true", "actionable: yes"},
    {"measure_why_is_a_map", "why: People who use", "why: {people: who} #"},
    {"measure_bad_origin", "origin: data", "origin: date"},
    {"measure_bad_date", "date: 2026-10-01", "date: 2026-13-01"},
    {"measure_bad_subjective", "subjective: {author: CSM, date: 2026-10-01}", "subjective: CSM"},
    {"measure_subjective_mistyped", "{author: CSM", "{autor: CSM"},
    {"measure_name_with_a_point", "      logins:\n", "      log.ins:\n"},
    {"measure_name_too_long", "      logins:\n",
     "      "
     "logins_logins_logins_logins_logins_logins_logins_logins_logins_logins_logins_logins_logins_logins_"
     "logins:\n"},
    {"all_weights_zero", NULL,
     "holdfast: 1\ngroups:\n  usage: {weight: 0, measures: {a: {signal: x, higher: good, curve: "
     "percentile}}}\n"
     "  people: {measures: {b: {signal: y, weight: 0, higher: good, curve: percentile}}}\n"},
    // curves
    {"curve_is_a_word", "curve: percentile", "curve: percentil"},
    {"curve_mistyped_key", "curve: {linear: {worst: 0, best: 0.8}}", "curve: {liner: {worst: 0, best: 0.8}}"},
    {"curve_of_no_form", "curve: {linear: {worst: 0, best: 0.8}}", "curve: {below: 3}"},
    {"curve_of_two_forms", "curve: {linear: {worst: 0, best: 0.8}}",
     "curve: {linear: {worst: 0, best: 0.8}, points: [[0, 0], [1, 100]]}"},
    {"curve_other_without_table", "curve: {linear: {worst: 0, best: 0.8}}",
     "curve: {linear: {worst: 0, best: 0.8}, other: 3}"},
    {"curve_below_without_steps", "curve: {linear: {worst: 0, best: 0.8}}",
     "curve: {linear: {worst: 0, best: 0.8}, below: 3}"},
    {"curve_without_direction", "        signal: logins\n        higher: good\n", "        signal: logins\n"},
    {"linear_is_a_list", "{linear: {worst: 0, best: 0.8}}", "{linear: [0, 0.8]}"},
    {"linear_without_best", "{worst: 0, best: 0.8}", "{worst: 0}"},
    {"linear_without_worst", "{worst: 0, best: 0.8}", "{best: 0.8}"},
    {"linear_of_a_text", "{worst: 0, best: 0.8}", "{worst: 0, best: high}"},
    {"linear_of_one_number", "{worst: 0, best: 0.8}", "{worst: 0.8, best: 0.8}"},
    {"linear_against_higher_good", "{worst: 0, best: 0.8}", "{worst: 0.8, best: 0}"},
    {"linear_against_higher_bad", "curve: {points: [[0, 100], [5, 80], [20, 0]]}",
     "curve: {linear: {worst: 0, best: 3}}"},
    {"linear_too_narrow", "{worst: 0, best: 0.8}", "{worst: 0, best: 1e-300}"},
    {"linear_beyond", "{worst: 0, best: 0.8}", "{worst: 0, best: 1e300}"},
    {"points_out_of_order", "[5, 80], [20, 0]", "[20, 80], [5, 0]"},
    {"points_only_one", "[[0, 100], [5, 80], [20, 0]]", "[[0, 100]]"},
    {"points_no_pairs", "[[0, 100], [5, 80], [20, 0]]", "[0, 100]"},
    {"points_three_numbers", "[5, 80], [20, 0]", "[5, 80, 1], [20, 0]"},
    {"points_score_above_100", "[0, 100], [5, 80]", "[0, 101], [5, 80]"},
    {"points_x_is_a_text", "[0, 100], [5, 80]", "[none, 100], [5, 80]"},
    {"points_three_at_one_x", "[5, 80], [20, 0]", "[5, 80], [5, 70], [5, 60]"},
    {"points_against_direction", "[5, 80], [20, 0]", "[5, 80], [20, 90]"},
    {"points_too_near", "[5, 80], [20, 0]", "[5, 80], [5.000000000000001, 0]"},
    {"steps_out_of_order", "[1, 20], [5, 60]", "[5, 20], [1, 60]"},
    {"steps_twice_at_one_x", "[1, 20], [5, 60]", "[5, 20], [5, 60]"},
    {"steps_none", "{steps: [[1, 20], [5, 60], [10, 100]]", "{steps: []"},
    {"steps_against_direction", "[1, 20], [5, 60]", "[1, 60], [5, 20]"},
    {"steps_below_above", "below: 0}", "below: 30}"},
    {"steps_below_out_of_range", "below: 0}", "below: -1}"},
    {"table_without_other", "smb: 40}, other: 50}", "smb: 40}}"},
    {"table_of_nothing", "{enterprise: 90, smb: 40}", "{}"},
    {"table_score_out_of_range", "smb: 40}, other", "smb: 400}, other"},
    {"table_empty_level", "smb: 40}, other", "\"\": 40}, other"},
    {"table_with_direction", "        signal: plan\n", "        signal: plan\n        higher: good\n"},
    {"table_for_a_number", "        curve: {linear: {worst: 0, best: 0.8}}\n",
     "        curve: {table: {a: 1}, other: 2}\n"},
    {"curve_for_a_category", "csat: {kind: number", "csat: {kind: category"},
    {"curve_for_a_date", "csat: {kind: number", "csat: {kind: date"},
    // bands and the fleet's settings
    {"bands_not_from_0", "red: 0", "red: 10"},
    {"bands_out_of_order", "yellow: 40", "yellow: 80"},
    {"bands_twice_the_same_edge", "yellow: 40", "yellow: 70"},
    {"bands_at_100", "green: 70", "green: 100"},
    {"bands_beyond_100", "green: 70", "green: 170"},
    {"bands_negative", "red: 0", "red: -5"},
    {"bands_none", "bands:\n  red: 0\n  yellow: 40\n  green: 70\n", "bands: {}\n"},
    {"bands_unknown", "  yellow: 40\n", "  unknown: 40\n"},
    {"min_coverage_beyond_1", "min_coverage: 50%", "min_coverage: 50"},
    {"min_coverage_beyond_100", "min_coverage: 50%", "min_coverage: 150%"},
    {"max_inherit_below_1", "max_inherit: 3", "max_inherit: 0.5"},
    {"neutral_out_of_range", "neutral: 45", "neutral: 145"},
    {"hysteresis_mistyped", "{margin: 5", "{margn: 5"},
    {"hysteresis_part_of_a_snapshot", "snapshots: 2", "snapshots: 2.5"},
    {"hysteresis_bad_smoothing", "smoothing: 10 days", "smoothing: ten days"},
    {"trend_of_no_days", "trend: {days: 90", "trend: {days: 0"},
    {"trend_bad_dead_zone", "dead_zone: 3", "dead_zone: -3"},
    {"arr_is_a_map", "arr: arr\n", "arr: {signal: arr}\n"},
    {"parent_without_signal", "{signal: parent_id, rollup: worst}", "{rollup: worst}"},
    {"parent_unknown_rollup", "rollup: worst", "rollup: wurst"},
    {"parent_by_arr_without_arr", "arr: arr\nparent: {signal: parent_id, rollup: worst}",
     "parent: {signal: parent_id, rollup: arr}"},
    {"cadence_beyond_all", "daily: 20%, weekly: 0.3", "daily: 80%, weekly: 0.3"},
    {"cadence_bad_share", "daily: 20%", "daily: often"},
    {"cadence_by_what", "by: arr", "by: size"},
    {"cadence_by_arr_without_arr", "arr: arr\nparent: {signal: parent_id, rollup: worst}\n", ""},
    {"outcome_without_horizon", "{lead: 7 days, horizon: 90}", "{lead: 7 days}"},
    {"outcome_of_no_horizon", "horizon: 90}", "horizon: 0}"},
    {"outcome_mistyped", "{lead: 7 days", "{led: 7 days"},
    {"outcomes_none", "outcomes:\n  churn: {lead: 7 days, horizon: 90}\n", "outcomes:\n"},
    {"gate_bad_share", "coverage_fall: 0.3", "coverage_fall: 3"},
    {"gate_mistyped", "coverage_fall: 0.3", "coverage_fal: 0.3"},
    // segments
    {"segment_without_condition", "    when: segment = SMB\n", ""},
    {"segment_bad_condition", "when: segment = SMB\n", "when: segment == SMB\n"},
    {"segment_bad_condition_in_quotes", "when: segment = SMB\n", "when: \"segment == SMB\"\n"},
    {"segment_bad_condition_of_two_lines", "when: segment = SMB\n",
     "when: >-\n      segment\n      == SMB\n"},
    {"segment_condition_is_a_list", "when: segment = SMB\n", "when: [segment, SMB]\n"},
    {"segment_mistyped_key", "    weights: {usage", "    weihgts: {usage"},
    {"segment_named_default", "  young:\n", "  default:\n"},
    {"segment_weight_of_an_unknown_group", "{usage: 30, usage.depth: 2}", "{usag: 30, usage.depth: 2}"},
    {"segment_weight_of_an_unknown_measure", "{usage: 30, usage.depth: 2}", "{usage: 30, usage.deep: 2}"},
    {"segment_weight_without_group", "{usage: 30, usage.depth: 2}", "{usage: 30, relationship: 2}"},
    {"segment_weight_of_nothing_near", "{usage: 30, usage.depth: 2}", "{usage: 30, xylophone: 2}"},
    {"segment_negative_weight", "{usage: 30, usage.depth: 2}", "{usage: -30, usage.depth: 2}"},
    {"segment_all_weights_zero", "{usage: 30, usage.depth: 2}", "{usage: 0, people: 0}"},
    {"segment_weights_none", "{usage: 30, usage.depth: 2}", "{}"},
    {"segment_curve_of_an_unknown_measure", "{usage.depth: {linear", "{usage.dept: {linear"},
    {"segment_curve_against_direction", "{worst: 0, best: 0.5}", "{worst: 0.5, best: 0}"},
    {"segment_curve_percentile", "{usage.depth: {linear: {worst: 0, best: 0.5}}}",
     "{usage.depth: percentile}"},
    {"segment_curve_percentile_for_a_table", "{usage.depth: {linear: {worst: 0, best: 0.5}}}",
     "{usage.plan: percentile}"},
    {"segment_curve_is_a_word", "{usage.depth: {linear: {worst: 0, best: 0.5}}}", "{usage.depth: linear}"},
    {"segment_vast_weight", "{usage: 30, usage.depth: 2}", "{usage: 30, usage.depth: 2e200}"},
    {"override_reason_is_a_list", "reason: \"More than ten open tickets.\"", "reason: [more]"},
    {"segment_curve_for_a_percentile", "{usage.depth: {linear: {worst: 0, best: 0.5}}}",
     "{usage.arr_rank: {linear: {worst: 0, best: 0.5}}}"},
    {"segment_table_for_a_curve", "{usage.depth: {linear: {worst: 0, best: 0.5}}}",
     "{usage.logins: {table: {a: 1}, other: 3}}"},
    {"segment_curve_for_a_table", "{usage.depth: {linear: {worst: 0, best: 0.5}}}",
     "{usage.plan: {linear: {worst: 0, best: 1}}}"},
    {"segment_unknown_band", "{yellow: 35, green: 65}", "{yelow: 35, green: 65}"},
    {"segment_bands_out_of_order", "{yellow: 35, green: 65}", "{yellow: 80}"},
    {"segment_bands_not_from_0", "{yellow: 35, green: 65}", "{red: 5}"},
    {"segment_bands_at_100", "{yellow: 35, green: 65}", "{green: 100}"},
    {"segment_model_is_a_list", "model: smb.json", "model: [smb.json]"},
    {"segments_are_a_list", NULL,
     "holdfast: 1\ngroups: {a: {measures: {b: {signal: x, higher: good, curve: percentile}}}}\n"
     "segments:\n  - smb\n"},
    // overrides
    {"overrides_are_a_map", NULL,
     "holdfast: 1\ngroups: {a: {measures: {b: {signal: x, higher: good, curve: percentile}}}}\n"
     "overrides: {name: x}\n"},
    {"override_is_a_text",
     "  - {name: many tickets, when: open_tickets > 10, cap: 40, reason: \"More than ten open "
     "tickets.\"}\n",
     "  - cap at 40\n"},
    {"override_without_name", "{name: many tickets, when", "{when"},
    {"override_twice_named", "{name: renewed", "{name: many tickets"},
    {"override_without_condition", "when: open_tickets > 10, ", ""},
    {"override_bad_condition", "open_tickets > 10", "open_tickets > ten and"},
    {"override_of_two_actions", "cap: 40, reason", "cap: 40, floor: 3, reason"},
    {"override_of_no_action", "cap: 40, reason", "reason"},
    {"override_out_of_range", "cap: 40, reason", "cap: 400, reason"},
    {"override_without_reason", "cap: 40, reason: \"More than ten open tickets.\"", "cap: 40"},
    {"override_of_an_empty_reason", "reason: \"More than ten open tickets.\"", "reason: \" \""},
    {"override_mistyped_key", "cap: 40, reason: \"", "cap: 40, raeson: \""},
};

static hf_context *context;

static void start(void)
{
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
}

static void finish(void)
{
    hf_context_destroy(context);
}

TestSuite(definition_errors, .init = start, .fini = finish);

// The whole definition with the one thing wrong (owned).
static char *make_wrong(const wrong *w)
{
    const char *whole = w->find ? whole_definition : w->put;
    const char *at = w->find ? strstr(whole, w->find) : whole;
    cr_assert(at, "%s: \"%s\" is not in the definition", w->name, w->find);
    if (w->find) cr_assert(!strstr(at + 1, w->find), "%s: \"%s\" is there twice", w->name, w->find);
    const size_t size = strlen(whole) + strlen(w->put) + 1;
    char *text = malloc(size);
    if (w->find)
        snprintf(text, size, "%.*s%s%s", (int)(at - whole), whole, w->put, at + strlen(w->find));
    else
        snprintf(text, size, "%s", w->put);
    return text;
}

static bool holds(const char *path, const char *message)
{
    char golden[4096];
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    size_t n = fread(golden, 1, sizeof golden - 1, file);
    golden[n] = '\0';
    fclose(file);
    return strcmp(golden, message) == 0;
}

static bool check_wrong(const wrong *w)
{
    char path[1024], message[3000];
    hf_definition *d = NULL;
    hf_error error = {0};
    char *text = make_wrong(w);
    hf_status status = hf_definition_parse(&d, context, text, strlen(text), "holdfast.yaml", &error);
    const bool newer = strcmp(w->name, "form_of_a_newer_version") == 0;
    cr_expect_eq(status, newer ? HF_ERROR_VERSION : HF_ERROR_DATA, "%s: status %d", w->name, (int)status);
    cr_expect(status == error.status && !d, "%s", w->name);
    cr_expect_str_eq(error.file, "holdfast.yaml", "%s", w->name);
    hf_error_format(&error, message, sizeof message - 1);
    strcat(message, "\n");
    snprintf(path, sizeof path, "%s/%s.txt", HOLDFAST_GOLDEN, w->name);
    bool good = true;
    if (getenv("HOLDFAST_UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        cr_assert(file, "%s", path);
        fputs(message, file);
        fclose(file);
    } else {
        good = holds(path, message);
        cr_expect(good, "%s: the message is not the golden one:\n%s", w->name, message);
    }
    free(text);
    return good;
}

Test(definition_errors, every_one_has_its_golden_message)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++)
        check_wrong(&wrongs[i]);
}

// Those that take more than a text in this file.
Test(definition_errors, texts_of_any_bytes)
{
    hf_definition *d = NULL;
    hf_error error = {0};
    cr_expect(hf_definition_parse(&d, context, "name: a\0b\n", 10, "x.yaml", &error) == HF_ERROR_DATA);
    cr_expect_str_eq(error.message, "expected text in UTF-8, found the byte 0x00; save the file as UTF-8");
    cr_expect_eq(error.line, 1);
    const size_t size = (1 << 20) + 1;
    char *large = malloc(size);
    memset(large, '#', size);
    cr_expect(hf_definition_parse(&d, context, large, size, "x.yaml", &error) == HF_ERROR_DATA);
    cr_expect_str_eq(error.message, "the file has 1048577 bytes, and a definition at most 1048576; this is "
                                    "something else");
    free(large);
    cr_expect(hf_definition_load(&d, context, "no/such/file.yaml", &error) == HF_ERROR_IO);
    cr_expect_null(d);
}

Test(definition_errors, more_bands_than_a_byte_holds)
{
    char text[4000] = "holdfast: 1\nbands:\n";
    for (int i = 0; i < 101; i++)
        sprintf(text + strlen(text), "  b%d: %g\n", i, i * 0.5);
    strcat(text, "groups: {a: {measures: {b: {signal: x, higher: good, curve: percentile}}}}\n");
    hf_definition *d = NULL;
    hf_error error = {0};
    cr_expect(hf_definition_parse(&d, context, text, strlen(text), "x.yaml", &error) == HF_ERROR_DATA);
    cr_expect_str_eq(error.message, "expected at most 100 bands, found 101; drop some\n  b0: 0\n  ^");
}

Test(definition_errors, names_of_cases_are_distinct)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++)
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(wrongs[i].name, wrongs[k].name);
}
