// SPDX-License-Identifier: Apache-2.0
//
// What the definition file says, as it is read: every key, every default, the curves at their edges, segments
// resolved.
#include "definition_case.h"

#include <math.h>
#include <stdio.h>

static hf_context *context;

static void start(void)
{
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
}

static void finish(void)
{
    hf_context_destroy(context);
}

TestSuite(definition, .init = start, .fini = finish);

static const hf_measure *measure(const hf_definition *d, const char *path)
{
    int32_t m = hf_definition_find(d, path);
    cr_assert(m >= 0, "%s", path);
    return &d->measures[m];
}

Test(definition, reads_signals)
{
    hf_definition *d = read_good(context, whole_definition);
    cr_assert_str_eq(hf_definition_name(d), "b2b-saas");
    cr_assert_eq(d->signal_count, 2);
    cr_assert(d->signals[0].has_kind && d->signals[0].kind == HF_KIND_RATIO);
    cr_assert_str_eq(d->signals[0].unit, "%");
    cr_assert_eq(d->signals[0].direction, HF_DIRECTION_HIGHER_GOOD);
    cr_assert_str_eq(d->signals[0].observed_on, "");
    cr_assert_eq(d->signals[0].place.line, 4);
    cr_assert_eq(d->signals[0].place.column, 3);
    cr_assert_str_eq(d->signals[1].observed_on, "csat_date");
    cr_assert_eq(d->signals[1].max_age, 180);
    cr_assert_eq(d->signals[1].na_count, 2);
    cr_assert_str_eq(d->signals[1].na[0], "-");
    cr_assert_str_eq(d->signals[1].na[1], "unknown");
    static const struct {
        const char *name, *of, *by;
        hf_derivation derivation;
        int32_t days;
        hf_direction direction;
    } derived[] = {
        {"tickets_growth", "tickets_90d", "", HF_DERIVE_GROWTH, 30, HF_DIRECTION_HIGHER_BAD},
        {"usage_change", "usage_depth", "", HF_DERIVE_CHANGE, 90, HF_DIRECTION_HIGHER_GOOD},
        {"seat_use", "seats_used", "seats_bought", HF_DERIVE_RATIO, 0, HF_DIRECTION_HIGHER_GOOD},
        {"arr_per_seat", "arr", "seats_bought", HF_DERIVE_PER, 0, HF_DIRECTION_UNKNOWN},
        {"days_to_renewal", "renewal_date", "", HF_DERIVE_DAYS_UNTIL, 0, HF_DIRECTION_UNKNOWN},
        {"days_quiet", "last_login", "", HF_DERIVE_DAYS_SINCE, 0, HF_DIRECTION_HIGHER_BAD},
    };
    cr_assert_eq(d->derived_count, 6);
    for (int i = 0; i < 6; i++) {
        cr_assert_str_eq(d->derived[i].name, derived[i].name);
        cr_assert_str_eq(d->derived[i].of, derived[i].of);
        cr_assert_str_eq(d->derived[i].by, derived[i].by);
        cr_assert_eq(d->derived[i].derivation, derived[i].derivation);
        cr_assert_eq(d->derived[i].days, derived[i].days);
        cr_assert_eq(d->derived[i].direction, derived[i].direction);
    }
    cr_assert_str_eq(d->derived[3].unit, "EUR");
    hf_definition_destroy(d);
}

Test(definition, reads_the_scorecard)
{
    hf_definition *d = read_good(context, whole_definition);
    cr_assert_eq(d->group_count, 2);
    cr_assert_eq(d->measure_count, 7);
    cr_assert_str_eq(d->groups[0].name, "usage");
    cr_assert_eq(d->groups[0].weight, 40);
    cr_assert_eq(d->groups[0].weight_place.line, 15);
    cr_assert_eq(d->groups[0].weight_place.column, 13);
    cr_assert_eq(d->groups[0].count, 5);
    cr_assert_eq(d->groups[1].first, 5);
    cr_assert_eq(d->groups[1].aggregate, HF_AGGREGATE_WORST);
    const hf_measure *depth = measure(d, "usage.depth");
    cr_assert_str_eq(depth->signal, "usage_depth");
    cr_assert_eq(depth->weight, 3);
    cr_assert_eq(depth->max_age, 60);
    cr_assert_str_eq(depth->observed_on, "usage_date");
    cr_assert(depth->actionable && !depth->subjective);
    cr_assert_str_eq(depth->why, "People who use more of the product stay.");
    cr_assert_eq(depth->origin, HF_ORIGIN_DATA);
    cr_assert_eq(depth->missing, HF_MISSING_SKIP);
    cr_assert_eq(depth->curve.signal_kind, HF_KIND_RATIO);
    cr_assert_str_eq(depth->curve.unit, "%");
    const hf_measure *plan = measure(d, "usage.plan");
    cr_assert_eq(plan->direction, HF_DIRECTION_UNKNOWN);
    cr_assert(!plan->actionable);
    cr_assert_eq(hf_term_value_level(&plan->curve, "enterprise"), 90);
    cr_assert_eq(hf_term_value_level(&plan->curve, "smb"), 40);
    cr_assert_eq(hf_term_value_level(&plan->curve, "free"), 50);
    cr_assert_eq(measure(d, "usage.tickets")->missing, HF_MISSING_WORST);
    cr_assert_eq(measure(d, "usage.tickets")->missing_value, 0);
    cr_assert_eq(measure(d, "usage.logins")->missing, HF_MISSING_VALUE);
    cr_assert_eq(measure(d, "usage.logins")->missing_value, 30);
    const hf_measure *rank = measure(d, "usage.arr_rank");
    cr_assert(rank->percentile);
    cr_assert_eq(rank->missing, HF_MISSING_NEUTRAL);
    cr_assert_eq(rank->missing_value, 45); // neutral stands below the groups in the file
    const hf_measure *relationship = measure(d, "people.relationship");
    hf_date dated;
    cr_assert(hf_date_parse(&dated, "2026-10-01", 10));
    cr_assert(relationship->subjective);
    cr_assert_str_eq(relationship->author, "CSM");
    cr_assert_eq(relationship->dated, dated);
    cr_assert_eq(relationship->origin, HF_ORIGIN_HYPOTHESIS);
    const hf_measure *survey = measure(d, "people.survey");
    cr_assert_eq(survey->direction, HF_DIRECTION_HIGHER_GOOD); // the signal's
    cr_assert_eq(survey->max_age, 180);
    cr_assert_str_eq(survey->observed_on, "csat_date");
    cr_assert_eq(survey->weight, 1);
    hf_definition_destroy(d);
}

Test(definition, reads_the_settings)
{
    hf_definition *d = read_good(context, whole_definition);
    cr_assert_eq(d->band_count, 3);
    cr_assert_str_eq(d->bands[1].name, "yellow");
    cr_assert_eq(d->bands[2].from, 70);
    cr_assert_eq(d->min_coverage, 0.5);
    cr_assert_eq(d->max_inherit, 3);
    cr_assert_eq(d->neutral, 45);
    cr_assert_eq(d->margin, 5);
    cr_assert_eq(d->snapshots, 2);
    cr_assert_eq(d->smoothing_days, 10);
    cr_assert_eq(d->trend_days, 90);
    cr_assert_eq(d->trend_dead_zone, 3);
    cr_assert_str_eq(d->arr, "arr");
    cr_assert_str_eq(d->parent, "parent_id");
    cr_assert_eq(d->rollup, HF_ROLLUP_WORST);
    cr_assert_str_eq(d->manual_overrides, "overrides.csv");
    cr_assert_eq(d->daily, 0.2);
    cr_assert_eq(d->weekly, 0.3);
    cr_assert_eq(d->cadence_by, HF_CADENCE_BY_ARR);
    cr_assert_eq(d->outcome_count, 1);
    cr_assert_str_eq(d->outcomes[0].outcome, "churn");
    cr_assert_eq(d->outcomes[0].lead, 7);
    cr_assert_eq(d->outcomes[0].horizon, 90);
    cr_assert_eq(d->most_unknown, 0.2);
    cr_assert_eq(d->most_coverage_fall, 0.3);
    cr_assert_eq(strlen(d->fingerprint), 32);
    cr_assert_eq(d->override_count, 2);
    cr_assert_str_eq(d->overrides[0].name, "many tickets");
    cr_assert_eq(d->overrides[0].action, HF_OVERRIDE_CAP);
    cr_assert_eq(d->overrides[0].value, 40);
    cr_assert_str_eq(d->overrides[0].reason, "More than ten open tickets.");
    cr_assert_eq(d->overrides[0].when.count, 1);
    cr_assert_eq(d->overrides[1].action, HF_OVERRIDE_FLOOR);
    cr_assert_eq(d->overrides[1].value, 20.5);
    hf_definition_destroy(d);
}

Test(definition, resolves_segments)
{
    hf_definition *d = read_good(context, whole_definition);
    cr_assert_eq(d->segment_count, 3);
    const hf_segment *smb = &d->segments[0], *young = &d->segments[1], *rest = &d->segments[2];
    const int32_t depth = hf_definition_find(d, "usage.depth");
    cr_assert_str_eq(smb->name, "smb");
    cr_assert_eq(smb->when.count, 1);
    cr_assert_eq(smb->group_weight[0], 30);
    cr_assert_eq(smb->group_weight[1], 60);
    cr_assert_eq(smb->measure_weight[depth], 2);
    cr_assert_eq(smb->measure_weight[depth + 1], 1);
    cr_assert_eq(hf_term_value_number(smb->curve[depth], 0.25), 50);
    cr_assert_eq(smb->curve[depth + 1], &d->measures[depth + 1].curve);
    cr_assert_eq(smb->band_from[0], 0);
    cr_assert_eq(smb->band_from[1], 35);
    cr_assert_eq(smb->band_from[2], 65);
    cr_assert_str_eq(smb->model, "smb.json");
    cr_assert_str_eq(young->name, "young");
    cr_assert_eq(young->when.count, 2);
    cr_assert_eq(young->group_weight[0], 40);
    cr_assert_str_eq(young->model, "");
    cr_assert_str_eq(rest->name, "default");
    cr_assert_eq(rest->when.count, 0);
    cr_assert_eq(rest->curve[depth], &d->measures[depth].curve);
    cr_assert_eq(rest->band_from[2], 70);
    hf_definition_destroy(d);
}

// ---- defaults ----------------------------------------------------------------------------------------------

static const char least[] = "holdfast: 1\n"
                            "groups: {a: {measures: {b: {signal: x, higher: good, curve: percentile}}}}\n";

Test(definition, has_defaults)
{
    hf_definition *d = NULL;
    cr_assert(hf_definition_parse(&d, context, least, strlen(least), "models/v1/fleet.health.yaml", NULL) ==
              HF_OK);
    cr_assert_str_eq(d->name, "fleet.health");
    cr_assert_eq(d->band_count, 3);
    cr_assert_str_eq(d->bands[0].name, "red");
    cr_assert_str_eq(d->bands[1].name, "yellow");
    cr_assert_str_eq(d->bands[2].name, "green");
    cr_assert_eq(d->bands[1].from, 40);
    cr_assert_eq(d->bands[2].from, 70);
    cr_assert_eq(d->min_coverage, 0.5);
    cr_assert(isinf(d->max_inherit));
    cr_assert_eq(d->neutral, 50);
    cr_assert_eq(d->margin, 0);
    cr_assert_eq(d->snapshots, 1);
    cr_assert_eq(d->smoothing_days, 0);
    cr_assert_eq(d->trend_days, 30);
    cr_assert_eq(d->trend_dead_zone, 2);
    cr_assert_str_eq(d->arr, "");
    cr_assert_str_eq(d->parent, "");
    cr_assert_eq(d->rollup, HF_ROLLUP_NONE);
    cr_assert_str_eq(d->manual_overrides, "");
    cr_assert_eq(d->daily, 0.2);
    cr_assert_eq(d->weekly, 0.3);
    cr_assert_eq(d->cadence_by, HF_CADENCE_BY_RISK);
    cr_assert_eq(d->outcome_count, 0);
    cr_assert_eq(d->override_count, 0);
    cr_assert(isnan(d->most_unknown) && isnan(d->most_coverage_fall));
    cr_assert_eq(d->segment_count, 1);
    cr_assert_str_eq(d->segments[0].name, "default");
    cr_assert_str_eq(d->segments[0].model, "");
    cr_assert_eq(d->groups[0].weight, 1);
    cr_assert_eq(d->groups[0].aggregate, HF_AGGREGATE_MEAN);
    const hf_measure *b = &d->measures[0];
    cr_assert_eq(b->weight, 1);
    cr_assert_eq(b->missing, HF_MISSING_SKIP);
    cr_assert_eq(b->max_age, 0);
    cr_assert_eq(b->origin, HF_ORIGIN_UNSAID);
    cr_assert_eq(b->dated, HF_DATE_MISSING);
    cr_assert(b->actionable && !b->subjective);
    cr_assert_str_eq(b->why, "");
    cr_assert_str_eq(b->author, "");
    cr_assert_str_eq(b->observed_on, "");
    hf_definition_destroy(d);
    hf_definition_destroy(NULL);
}

// ---- the text --------------------------------------------------------------------------------------------

Test(definition, takes_other_line_ends_and_a_byte_order_mark)
{
    char text[16384] = "\xef\xbb\xbf";
    size_t n = 3;
    for (const char *p = whole_definition; *p; p++) {
        if (*p == '\n') text[n++] = '\r';
        text[n++] = *p;
    }
    text[n] = '\0';
    hf_definition *d = read_good(context, text), *plain = read_good(context, whole_definition);
    cr_assert_eq(d->measure_count, plain->measure_count);
    cr_assert_str_eq(measure(d, "usage.depth")->why, "People who use more of the product stay.");
    cr_assert_eq(d->bands[1].place.line, plain->bands[1].place.line);
    cr_assert_str_neq(d->fingerprint, plain->fingerprint);
    hf_definition_destroy(d);
    hf_definition_destroy(plain);
}

// Columns and carets count characters, whatever bytes they take and however long the line is.
Test(definition, places_are_in_characters)
{
    hf_definition *d = NULL;
    hf_error error = {0};
    const char *text = "holdfast: 1\ngroups: {\"\xc3\xa4\xc3\xb6\": {wieght: 3}}\n";
    cr_assert(hf_definition_parse(&d, context, text, strlen(text), "x", &error) == HF_ERROR_DATA);
    cr_assert_eq(error.line, 2);
    cr_assert_eq(error.column, 17);
    cr_assert_str_eq(error.message, "a group has no key 'wieght'; did you mean 'weight'?\n"
                                    "groups: {\"\xc3\xa4\xc3\xb6\": {wieght: 3}}\n"
                                    "                ^");
    char long_line[1000], shown[200];
    snprintf(long_line, sizeof long_line, "holdfast: 1\ngates: {unknown: 20%%, %300s: 9} # %200d\n", "unknwn",
             0);
    cr_assert(hf_definition_parse(&d, context, long_line, strlen(long_line), "x", &error) == HF_ERROR_DATA);
    cr_assert_eq(error.column, 23 + 300 - 6);
    snprintf(shown, sizeof shown, "\n%70sunknwn: 9} # %17s\n%70s^", "", "", "");
    cr_assert_str_eq(strchr(error.message, '\n'), shown);
}

Test(definition, failures_later_point_into_the_file)
{
    hf_definition *d = read_good(context, whole_definition);
    hf_error error = {0};
    cr_assert(hf_definition_fail(&error, d, measure(d, "people.survey")->place, "the data has no '%s'",
                                 "csat") == HF_ERROR_DATA);
    cr_assert_eq(error.line, 53);
    cr_assert_str_eq(error.message, "the data has no 'csat'\n"
                                    "      survey: {signal: csat, curve: {linear: {worst: 1, best: 5}}}\n"
                                    "      ^");
    cr_assert(hf_definition_fail(&error, d, (hf_place){0, 0}, "of a default") == HF_ERROR_DATA);
    cr_assert_str_eq(error.message, "of a default");
    cr_assert(hf_definition_fail(NULL, d, (hf_place){1, 1}, "unheard") == HF_ERROR_DATA);
    hf_definition_destroy(d);
}

Test(definition, sentences_are_one_line)
{
    hf_definition *d =
        read_good(context, "holdfast: 1\n"
                           "groups:\n  a:\n    measures:\n      b:\n"
                           "        signal: x\n        higher: good\n        curve: percentile\n"
                           "        why: |\n          One line.\n          Another.\n"
                           "overrides:\n  - name: o\n    when: x > 3\n    set: 5\n"
                           "    reason: >-\n      First\n      second.\n");
    cr_expect_str_eq(d->measures[0].why, "One line. Another.");
    cr_expect_str_eq(d->overrides[0].reason, "First second.");
    hf_definition_destroy(d);
}

// ---- what is shipped ---------------------------------------------------------------------------------------

Test(definition, the_shipped_scorecard_reads)
{
    hf_definition *d = NULL;
    hf_error error = {0};
    cr_assert(hf_definition_load(&d, context, HOLDFAST_MODELS "/b2b-saas.yaml", &error) == HF_OK, "%s",
              error.message);
    cr_assert_str_eq(d->name, "b2b-saas");
    for (int32_t m = 0; m < d->measure_count; m++) {
        cr_expect(d->measures[m].why[0] != '\0', "%s has no why", d->measures[m].path);
        cr_expect(d->measures[m].origin != HF_ORIGIN_UNSAID, "%s has no origin", d->measures[m].path);
    }
    hf_definition_destroy(d);
}

// The example that describes the form is one that reads, and leaves out no key.
Test(definition, the_described_example_reads)
{
    char page[65536];
    FILE *file = fopen(HOLDFAST_MODELS "/README.md", "rb");
    cr_assert(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    char *text = strstr(page, "```yaml\n");
    cr_assert(text);
    text += 8;
    *strstr(text, "```") = '\0';
    hf_definition *d = read_good(context, text);
    cr_expect_eq(d->derived_count, 6);
    cr_expect_eq(d->measure_count, 8);
    cr_expect_eq(d->segment_count, 2);
    cr_expect_eq(d->override_count, 1);
    hf_definition_destroy(d);
}

// ---- other weights in the text -------------------------------------------------------------------------------

// Block, flow and unwritten weights; comments, blanks and line ends of people; one line with two weights.
static const char weights_text[] =
    "holdfast: 1\n"
    "groups:\n"
    "  usage:   # what they do\n"
    "    weight: 40   # agreed in March\n"
    "    measures:\n"
    "      \"d\xC3\xA9p\": {signal: a, higher: good, weight: 3, curve: percentile}\n"
    "      plain: {signal: b, higher: good, curve: percentile}\n"
    "  \"p\xC3\xA9ople\":\n"
    "\n"
    "    # none yet\n"
    "    measures:\n"
    "      x: {weight: 2.50,signal: c, higher: good, curve: percentile}\r\n"
    "      y:\n"
    "        signal: d\n"
    "        higher: good\n"
    "        curve: percentile\n";

Test(definition, puts_other_weights_in_the_text)
{
    hf_definition *d = read_good(context, weights_text);
    const int32_t s = d->segment_count - 1;
    const hf_weight_edit changes[] = {{s, 0, -1, 12.5, "one"}, {s, 0, 0, 0.125, "two"}, {s, 0, 1, 7, "three"},
                                      {s, 1, -1, 90, "four"},  {s, 0, 2, 0, "five"},    {s, 0, 3, 4, "six"}};
    hf_text text;
    hf_error error = {0};
    hf_text_init(&text, context);
    cr_assert(hf_definition_reweigh(&text, d, changes, 6, &error) == HF_OK, "%s", error.message);
    cr_assert_str_eq(
        text.data, "holdfast: 1\n"
                   "groups:\n"
                   "  usage:   # what they do\n"
                   "    weight: 12.5   # agreed in March # one\n"
                   "    measures:\n"
                   "      \"d\xC3\xA9p\": {signal: a, higher: good, weight: 0.125, curve: percentile} # two\n"
                   "      plain: {weight: 7, signal: b, higher: good, curve: percentile} # three\n"
                   "  \"p\xC3\xA9ople\":\n"
                   "\n"
                   "    # none yet\n"
                   "    weight: 90 # four\n"
                   "    measures:\n"
                   "      x: {weight: 0,signal: c, higher: good, curve: percentile} # five\r\n"
                   "      y:\n"
                   "        weight: 4 # six\n"
                   "        signal: d\n"
                   "        higher: good\n"
                   "        curve: percentile\n");
    hf_text_clear(&text);
    cr_assert(hf_definition_reweigh(&text, d, NULL, 0, &error) == HF_OK);
    cr_assert_str_eq(text.data, weights_text);
    hf_text_free(&text);
    hf_definition_destroy(d);
}
