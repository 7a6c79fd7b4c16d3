// SPDX-License-Identifier: Apache-2.0
//
// Health by hand: small scorecards whose scores a person can compute, the messages for data that does not
// serve, manual overrides, and running out of memory.
#include "health/health_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AS_OF = 20000, WIDTH = 8 };

// ---- making ----------------------------------------------------------------------------------------------------

static char warned[4096];
static long memory_left; // allocations that succeed

static void take_warning(void *user, hf_log_level level, const char *message)
{
    (void)user;
    if (level != HF_LOG_WARNING) return;
    strncat(warned, message, sizeof warned - strlen(warned) - 2);
    strcat(warned, "\n");
}

static void *scarce(void *user, void *p, size_t size)
{
    (void)user;
    if (size > 0 && memory_left-- <= 0) return NULL;
    if (size > 0) return realloc(p, size);
    free(p);
    return NULL;
}

static hf_context *make_context(hf_resize_function *resize)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context;
    options.threads = 2;
    options.log = take_warning;
    options.resize = resize;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    return context;
}

static hf_frame *make_frame(const hf_context *context, int64_t rows)
{
    hf_frame *frame;
    cr_assert(hf_frame_create(&frame, context, rows, WIDTH, NULL) == HF_OK);
    frame->as_of = AS_OF;
    for (int64_t i = 0; i < rows; i++) {
        char id[24];
        memcpy(frame->ids + i * WIDTH, id, (size_t)snprintf(id, sizeof id, "A%lld", (long long)i));
    }
    return frame;
}

static void add_numbers(hf_frame *frame, const char *name, hf_kind kind, const double *values)
{
    hf_column *column;
    cr_assert(hf_frame_add(frame, &column, name, kind, hf_kind_storage(kind), NULL) == HF_OK);
    for (int64_t i = 0; i < frame->rows; i++)
        if (kind == HF_KIND_MONEY)
            ((double *)column->values)[i] = values[i];
        else if (kind == HF_KIND_DATE)
            ((hf_date *)column->values)[i] = isnan(values[i]) ? HF_DATE_MISSING : (hf_date)values[i];
        else
            ((float *)column->values)[i] = (float)values[i];
    hf_column_count_missing(column, frame->rows);
}

// texts[i] NULL: missing.
static void add_texts(hf_frame *frame, const char *name, const char *const *texts)
{
    hf_column *column;
    const char *distinct[64];
    size_t lengths[64];
    int32_t count = 0;
    cr_assert(hf_frame_add(frame, &column, name, HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL) == HF_OK);
    for (int64_t i = 0; i < frame->rows; i++) {
        bool known = texts[i] == NULL;
        for (int32_t k = 0; k < count; k++)
            known = known || strcmp(distinct[k], texts[i]) == 0;
        if (known) continue;
        lengths[count] = strlen(texts[i]);
        distinct[count++] = texts[i];
    }
    cr_assert(hf_dictionary_build(&column->dictionary, frame->context, distinct, lengths, count, NULL,
                                  NULL) == HF_OK);
    for (int64_t i = 0; i < frame->rows; i++)
        ((int32_t *)column->values)[i] = texts[i] ? hf_dictionary_find(&column->dictionary, texts[i]) : -1;
    hf_column_count_missing(column, frame->rows);
}

static hf_definition *define(const hf_context *context, const char *text)
{
    hf_definition *out;
    hf_error error = {0};
    hf_status status = hf_definition_parse(&out, context, text, strlen(text), "holdfast.yaml", &error);
    cr_assert(status == HF_OK, "%d:%d: %s", (int)error.line, (int)error.column, error.message);
    return out;
}

typedef struct {
    hf_context *context;
    hf_definition *definition;
    hf_frame *frame;
    hf_health_plan *plan;
    hf_health health;
} night;

static void start(night *n, const char *text, int64_t rows)
{
    *n = (night){.context = make_context(NULL)};
    n->definition = define(n->context, text);
    n->frame = make_frame(n->context, rows);
}

static void run(night *n, const hf_manual_overrides *manual)
{
    hf_error error = {0};
    cr_assert(hf_health_plan_create(&n->plan, n->context, n->definition, n->frame, manual, &error) == HF_OK,
              "%s", error.message);
    cr_assert(hf_health_fleet(&n->health, n->context, n->plan, &error) == HF_OK);
}

static void end(night *n)
{
    hf_health_free(n->context, &n->health);
    hf_health_plan_destroy(n->plan);
    hf_frame_destroy(n->frame);
    hf_definition_destroy(n->definition);
    hf_context_destroy(n->context);
}

#define CLOSE(a, b) cr_assert(fabs((a) - (b)) < 1e-4, "%.9g, not %.9g", (double)(a), (double)(b))

// ---- by hand ---------------------------------------------------------------------------------------------------

// Group a weighs 3, b weighs 1; within a, x weighs 1 and y weighs 3.
#define TWO_GROUPS(more)                                                                      \
    "holdfast: 1\nname: hand\n"                                                               \
    "groups:\n"                                                                               \
    "  a:\n    weight: 3\n    measures:\n"                                                    \
    "      x: {signal: x, higher: good, weight: 1, curve: {linear: {worst: 0, best: 100}}}\n" \
    "      y: {signal: y, higher: good, weight: 3, curve: {linear: {worst: 0, best: 100}}}\n" \
    "  b:\n    weight: 1\n    measures:\n"                                                    \
    "      z: {signal: z, higher: bad, weight: 1, curve: {linear: {worst: 100, best: 0}}}\n"  \
    "bands: {red: 0, yellow: 40, green: 70}\n" more

Test(health_by_hand, weights_spread_over_what_is_present)
{
    const double x[] = {40, NAN, 40, NAN, NAN}, y[] = {80, 80, NAN, NAN, NAN}, z[] = {10, 10, 10, 10, NAN};
    const double right[] = {0.1875 * 40 + 0.5625 * 80 + 0.25 * 90, 0.75 * 80 + 0.25 * 90,
                            0.75 * 40 + 0.25 * 90, 90};
    const double coverage[] = {1, 0.8125, 0.4375, 0.25, 0};
    const int8_t band[] = {2, 2, -1, -1, -1};
    const int32_t first_lost[] = {0, 1, 0, 2};
    night n;
    start(&n, TWO_GROUPS("min_coverage: 50%\n"), 5);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "y", HF_KIND_MONEY, y);
    add_numbers(n.frame, "z", HF_KIND_COUNT, z);
    run(&n, NULL);
    for (int i = 0; i < 5; i++) {
        if (i < 4) CLOSE(n.health.health[i], right[i]);
        CLOSE(n.health.coverage[i], coverage[i]);
        cr_assert(n.health.band_raw[i] == band[i]);
        cr_assert(i == 4 || n.health.lost[HF_LOST * i] == first_lost[i]);
    }
    cr_assert(isnan(n.health.health[4]) && isnan(n.health.raw[4]) && n.health.lost[HF_LOST * 4] == -1);
    end(&n);
}

Test(health_by_hand, the_cap_leaves_weight_to_neutral)
{
    const double x[] = {100}, none[] = {NAN};
    night n;
    start(&n, TWO_GROUPS("min_coverage: 0\nmax_inherit: 2\nneutral: 30\n"), 1);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "y", HF_KIND_NUMBER, none);
    add_numbers(n.frame, "z", HF_KIND_NUMBER, none);
    run(&n, NULL);
    CLOSE(n.health.health[0], 0.375 * 100 + 0.625 * 30);
    hf_health_explanation e;
    cr_assert(hf_health_explain(&e, n.context, n.plan, 0, NULL) == HF_OK);
    CLOSE(e.unassigned, 0.625);
    CLOSE(e.parts[0].nominal, 0.1875);
    CLOSE(e.parts[0].effective, 0.375);
    hf_health_explanation_free(n.context, &e);
    end(&n);
}

Test(health_by_hand, coverage_at_the_least_is_enough)
{
    const double x[] = {100, 100}, y[] = {50, 50}, z[] = {50, NAN};
    const char *const least[] = {TWO_GROUPS("min_coverage: 100%\n"), TWO_GROUPS("min_coverage: 75%\n")};
    for (int k = 0; k < 2; k++) {
        night n;
        start(&n, least[k], 2);
        add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
        add_numbers(n.frame, "y", HF_KIND_NUMBER, y);
        add_numbers(n.frame, "z", HF_KIND_NUMBER, z);
        run(&n, NULL);
        cr_assert(n.health.band_raw[0] >= 0);
        cr_assert((n.health.band_raw[1] >= 0) == (k == 1));
        end(&n);
    }
}

// Ten tenths add up to a little less than one.
Test(health_by_hand, full_coverage_is_full_whatever_the_rounding)
{
    const double x[] = {80};
    char text[2048] = "holdfast: 1\nname: ten\nmin_coverage: 100%\nbands: {red: 0, green: 70}\ngroups:\n";
    for (int g = 0; g < 10; g++) {
        char group[128];
        snprintf(
            group, sizeof group,
            "  g%d: {measures: {x: {signal: x, higher: good, curve: {linear: {worst: 0, best: 100}}}}}\n", g);
        strcat(text, group);
    }
    night n;
    start(&n, text, 1);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    run(&n, NULL);
    cr_assert(n.health.coverage[0] < 1 && n.health.band_raw[0] == 1);
    hf_health_explanation e;
    cr_assert(hf_health_explain(&e, n.context, n.plan, 0, NULL) == HF_OK);
    cr_assert(e.band_raw == 1);
    hf_health_explanation_free(n.context, &e);
    end(&n);
}

Test(health_by_hand, edges_belong_to_the_band_above)
{
    const double x[] = {0, 39.96875, 40, 69.96875, 70, 100};
    const int8_t band[] = {0, 0, 1, 1, 2, 2};
    night n;
    start(&n,
          "holdfast: 1\nname: edges\ngroups:\n  a:\n    measures:\n"
          "      x: {signal: x, higher: good, curve: {points: [[0, 0], [100, 100]]}}\n"
          "bands: {red: 0, yellow: 40, green: 70}\n",
          6);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    run(&n, NULL);
    for (int i = 0; i < 6; i++)
        cr_assert(n.health.band_raw[i] == band[i], "%g in band %d", n.health.health[i], n.health.band_raw[i]);
    end(&n);
}

Test(health_by_hand, stale_values_go_by_the_policy)
{
    const double x[] = {10, 10, 10, 10, NAN}, y[] = {80, 80, 80, 80, 80};
    const double seen[] = {AS_OF - 30, AS_OF - 31, NAN, AS_OF + 5, AS_OF};
    const hf_measure_state state[] = {HF_STATE_OBSERVED, HF_STATE_STALE, HF_STATE_STALE, HF_STATE_OBSERVED,
                                      HF_STATE_ABSENT};
    night n;
    start(&n,
          "holdfast: 1\nname: stale\ngroups:\n  a:\n    measures:\n"
          "      x: {signal: x, higher: good, curve: {linear: {worst: 0, best: 100}}, max_age: 30 days,\n"
          "          observed_on: seen, missing: 60}\n"
          "      y: {signal: y, higher: good, curve: {linear: {worst: 0, best: 100}}}\n"
          "bands: {red: 0, green: 70}\nmin_coverage: 0\n",
          5);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "y", HF_KIND_NUMBER, y);
    add_numbers(n.frame, "seen", HF_KIND_DATE, seen);
    run(&n, NULL);
    for (int i = 0; i < 5; i++) {
        const bool observed = state[i] == HF_STATE_OBSERVED;
        cr_assert(n.health.state[i] == state[i]);
        CLOSE(n.health.measure[i], observed ? 10 : 60);
        CLOSE(n.health.health[i], observed ? 45 : 70);
        CLOSE(n.health.coverage[i], observed ? 1 : 0.5);
    }
    end(&n);
}

Test(health_by_hand, percentiles_put_ties_in_the_middle)
{
    const double x[] = {1, 2, 2, 4, NAN, 7, 9};
    const char *const tier[] = {"a", "a", "a", "a", "a", "b", "b"};
    const double good[] = {12.5, 50, 50, 87.5, NAN, 25, 75};
    night n;
    start(&n,
          "holdfast: 1\nname: ranks\ngroups:\n  a:\n    measures:\n"
          "      up: {signal: x, higher: good, curve: percentile}\n"
          "      down: {signal: x, higher: bad, curve: percentile}\n"
          "bands: {red: 0, green: 70}\nsegments:\n  b: {when: tier = b}\n",
          7);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_texts(n.frame, "tier", tier);
    run(&n, NULL);
    for (int i = 0; i < 7; i++) {
        if (i == 4) {
            cr_assert(isnan(n.health.measure[4]) && n.health.state[4] == HF_STATE_ABSENT);
            continue;
        }
        CLOSE(n.health.measure[i], good[i]);
        CLOSE(n.health.measure[7 + i], 100 - good[i]);
    }
    end(&n);
}

// In single precision this curve would be wrong by whole points: its first slope is 50,000 a unit.
Test(health_by_hand, steep_curves_keep_their_precision)
{
    const double x[] = {0.0005, 0.001, 500, 1000, 5000, INFINITY, -INFINITY};
    const double right[] = {25, 50, 75, 100, 100, 100, 0};
    const hf_kind kinds[] = {HF_KIND_NUMBER, HF_KIND_MONEY};
    for (int k = 0; k < 2; k++) {
        night n;
        start(&n,
              "holdfast: 1\nname: steep\ngroups:\n  a:\n    measures:\n"
              "      x: {signal: x, higher: good, curve: {points: [[0, 0], [0.001, 50], [1000, 100]]}}\n"
              "      s: {signal: x, higher: good, weight: 0, curve: {steps: [[0.001, 100]]}}\n"
              "bands: {red: 0, green: 70}\n",
              7);
        add_numbers(n.frame, "x", kinds[k], x);
        run(&n, NULL);
        for (int i = 0; i < 7; i++) {
            cr_assert(fabs(n.health.health[i] - right[i]) < 1e-2, "%g: %g", x[i], n.health.health[i]);
            cr_assert(n.health.measure[7 + i] == (x[i] >= 0.001 ? 100 : 0));
            hf_health_explanation e;
            cr_assert(hf_health_explain(&e, n.context, n.plan, i, NULL) == HF_OK);
            CLOSE(n.health.health[i], e.health);
            hf_health_explanation_free(n.context, &e);
        }
        end(&n);
    }
}

Test(health_by_hand, columns_without_a_value_fit_everything)
{
    const char *const none[] = {NULL, NULL};
    const double y[] = {60, 70}, z[] = {50, 50};
    night n;
    start(&n, TWO_GROUPS("min_coverage: 0\n"), 2);
    add_texts(n.frame, "x", none);
    add_numbers(n.frame, "y", HF_KIND_NUMBER, y);
    add_numbers(n.frame, "z", HF_KIND_NUMBER, z);
    run(&n, NULL);
    cr_assert(n.health.state[0] == HF_STATE_ABSENT && n.health.state[1] == HF_STATE_ABSENT);
    CLOSE(n.health.health[1], 0.75 * 70 + 0.25 * 50);
    end(&n);
}

Test(health_by_hand, worst_and_best_give_all_to_the_first_of_equals)
{
    const double x[] = {60, 20}, y[] = {60, 90}, z[] = {70, NAN};
    for (int best = 0; best < 2; best++) {
        char text[1024];
        night n;
        snprintf(text, sizeof text,
                 "holdfast: 1\nname: one\ngroups:\n  a:\n    aggregate: %s\n    measures:\n"
                 "      z: {signal: z, higher: good, weight: 0, curve: {linear: {worst: 0, best: 100}}}\n"
                 "      x: {signal: x, higher: good, weight: 1, curve: {linear: {worst: 0, best: 100}}}\n"
                 "      y: {signal: y, higher: good, weight: 3, curve: {linear: {worst: 0, best: 100}}}\n"
                 "bands: {red: 0, green: 70}\n",
                 best ? "best" : "worst");
        start(&n, text, 2);
        add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
        add_numbers(n.frame, "y", HF_KIND_NUMBER, y);
        add_numbers(n.frame, "z", HF_KIND_NUMBER, z);
        run(&n, NULL);
        CLOSE(n.health.health[0], 60);
        CLOSE(n.health.health[1], best ? 90 : 20);
        CLOSE(n.health.coverage[1], 1);
        cr_assert(n.health.lost[0] == 1 && n.health.lost[1] == -1);
        cr_assert(n.health.lost[HF_LOST] == (best ? 2 : 1));
        hf_health_explanation e;
        cr_assert(hf_health_explain(&e, n.context, n.plan, 0, NULL) == HF_OK);
        cr_assert(e.parts[1].effective == 1 && e.parts[2].effective == 0);
        hf_health_explanation_free(n.context, &e);
        end(&n);
    }
}

// ---- overrides -------------------------------------------------------------------------------------------------

static hf_manual_overrides read_list(night *n, const hf_frame *list)
{
    hf_manual_overrides out;
    hf_error error = {0};
    hf_status status = hf_manual_overrides_create(&out, n->context, list, n->frame, &error);
    cr_assert(status == HF_OK, "%s", error.message);
    return out;
}

static hf_frame *make_list(const hf_context *context, int rows, const char *const *ids,
                           const char *const *action, const double *value, const double *expires)
{
    static const char *const author[] = {"Ada", "Ben", "Ada", "Cy"};
    static const char *const reason[] = {"Sponsor left.", "New deal.", "Migration.", "Gone."};
    hf_frame *list = make_frame(context, rows);
    memset(list->ids, 0, (size_t)rows * WIDTH);
    for (int i = 0; i < rows; i++)
        memcpy(list->ids + i * WIDTH, ids[i], strlen(ids[i]));
    add_texts(list, "action", action);
    add_numbers(list, "value", HF_KIND_NUMBER, value);
    add_texts(list, "author", author);
    add_texts(list, "reason", reason);
    add_numbers(list, "expires", HF_KIND_DATE, expires);
    return list;
}

Test(health_overrides, rules_and_then_people)
{
    const double x[] = {90, 90, 20, NAN}, y[] = {90, 90, 20, NAN}, z[] = {10, 10, 80, NAN},
                 open[] = {11, 3, 3, 3};
    const char *const ids[] = {"A0", "A9", "A1", "A3"}, *const action[] = {"floor", "set", "cap", "set"};
    const double value[] = {55, 1, 5, 30}, expires[] = {AS_OF, AS_OF + 9, AS_OF - 1, AS_OF + 1};
    night n;
    start(&n,
          TWO_GROUPS("min_coverage: 0\noverrides:\n"
                     "  - {name: tickets, when: open > 10, cap: 40, reason: Many tickets.}\n"
                     "  - {name: never so low, when: open > 2, floor: 25, reason: House rule.}\n"),
          4);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "y", HF_KIND_NUMBER, y);
    add_numbers(n.frame, "z", HF_KIND_NUMBER, z);
    add_numbers(n.frame, "open", HF_KIND_NUMBER, open);
    hf_frame *list = make_list(n.context, 4, ids, action, value, expires);
    warned[0] = '\0';
    hf_manual_overrides manual = read_list(&n, list);
    cr_assert(manual.count == 4 && manual.items[0].row == 0 && manual.items[1].row == -1);
    cr_assert(!manual.items[0].expired && manual.items[2].expired);
    cr_assert_str_eq(manual.items[0].author, "Ada");
    cr_assert(strstr(warned, "1 manual override of accounts the data lacks: A9"), "%s", warned);
    cr_assert(strstr(warned, "1 manual override ignored, past the last day: A1 (2024-10-03)"), "%s", warned);
    run(&n, &manual);
    CLOSE(n.health.raw[0], 90);
    CLOSE(n.health.health[0], 55); // capped at 40, then held at 55 by hand
    CLOSE(n.health.health[1], 90); // the cap by hand has run out
    CLOSE(n.health.health[2], 25);
    CLOSE(n.health.health[3], 30); // nothing known, but set
    cr_assert(isnan(n.health.raw[3]) && n.health.band_raw[3] == 0);
    hf_health_explanation e;
    cr_assert(hf_health_explain(&e, n.context, n.plan, 0, NULL) == HF_OK);
    cr_assert(e.override_count == 3 && e.overrides[0].rule == 0 && e.overrides[2].manual == 0);
    CLOSE(e.overrides[0].change, -50);
    CLOSE(e.overrides[1].change, 0);
    CLOSE(e.overrides[2].change, 15);
    hf_health_explanation_free(n.context, &e);
    cr_assert(hf_health_explain(&e, n.context, n.plan, 3, NULL) == HF_OK);
    cr_assert(e.override_count == 1 && e.overrides[0].manual == 3);
    CLOSE(e.overrides[0].change, 30);
    hf_health_explanation_free(n.context, &e);
    hf_manual_overrides_free(n.context, &manual);
    hf_frame_destroy(list);
    end(&n);
}

static void refuse_list(hf_frame *list, const hf_frame *frame, const char *expected)
{
    hf_error error = {0};
    hf_manual_overrides out = {.count = 77};
    cr_assert(hf_manual_overrides_create(&out, list->context, list, frame, &error) == HF_ERROR_DATA);
    cr_assert(strstr(error.message, expected), "%s", error.message);
    cr_assert(out.count == 77);
    hf_frame_destroy(list);
}

Test(health_overrides, people_must_say_everything)
{
    hf_context *context = make_context(NULL);
    hf_frame *frame = make_frame(context, 2);
    const char *const ids[] = {"A0"}, *const set[] = {"set"}, *const raise[] = {"raise"},
                      *const none[] = {NULL};
    const double value[] = {50}, high[] = {101}, missing[] = {NAN}, expires[] = {AS_OF};
    refuse_list(make_list(context, 1, ids, raise, value, expires), frame,
                "account 'A0': column 'action': expected set, cap or floor");
    refuse_list(make_list(context, 1, ids, none, value, expires), frame, "expected set, cap or floor");
    refuse_list(make_list(context, 1, ids, set, high, expires), frame, "expected a number from 0 to 100");
    refuse_list(make_list(context, 1, ids, set, missing, expires), frame, "expected a number from 0 to 100");
    refuse_list(make_list(context, 1, ids, set, value, missing), frame,
                "column 'expires': expected the last day");
    hf_frame *list = make_list(context, 1, ids, set, value, expires);
    hf_frame_remove(list, hf_frame_find(list, "author"));
    refuse_list(list, frame, "lack the column 'author'");
    list = make_list(context, 1, ids, set, value, expires);
    hf_frame_remove(list, hf_frame_find(list, "reason"));
    add_numbers(list, "reason", HF_KIND_NUMBER, value);
    refuse_list(list, frame, "column 'reason': expected texts, found number");
    list = make_list(context, 1, ids, set, value, expires);
    hf_frame_remove(list, hf_frame_find(list, "author"));
    add_texts(list, "author", none);
    refuse_list(list, frame, "column 'author': expected a text");
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

// ---- explanation -----------------------------------------------------------------------------------------------

Test(health_explain, with_parts_put_in_by_hand)
{
    const double x[] = {40}, y[] = {80}, z[] = {10};
    const hf_measure_state state[] = {HF_STATE_OBSERVED, HF_STATE_STALE, HF_STATE_OBSERVED};
    const double score[] = {100, NAN, 0};
    night n;
    start(&n, TWO_GROUPS("overrides:\n  - {name: all, when: x > 0, cap: 10, reason: Low.}\n"), 1);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "y", HF_KIND_NUMBER, y);
    add_numbers(n.frame, "z", HF_KIND_NUMBER, z);
    run(&n, NULL);
    hf_health_explanation e;
    cr_assert(hf_health_explain_with(&e, n.context, n.plan, 0, state, score, false, NULL) == HF_OK);
    CLOSE(e.health, 75);
    CLOSE(e.coverage, 0.4375);
    CLOSE(e.parts[0].contribution, 75);
    CLOSE(e.parts[2].lost, 25);
    cr_assert(e.parts[1].state == HF_STATE_STALE && e.parts[1].effective == 0 && e.override_count == 0);
    cr_assert(e.band_raw == -1);
    hf_health_explanation_free(n.context, &e);
    cr_assert(hf_health_explain_with(&e, n.context, n.plan, 0, state, score, true, NULL) == HF_OK);
    CLOSE(e.health, 10);
    CLOSE(e.overrides[0].change, -65);
    hf_health_explanation_free(n.context, &e);
    end(&n);
}

// ---- what does not serve ---------------------------------------------------------------------------------------

static void refuse_plan(night *n, const char *const *expected, int count, int64_t line)
{
    hf_error error = {0};
    hf_health_plan *plan = NULL;
    cr_assert(hf_health_plan_create(&plan, n->context, n->definition, n->frame, NULL, &error) ==
              HF_ERROR_DATA);
    cr_assert(plan == NULL);
    for (int i = 0; i < count; i++)
        cr_assert(strstr(error.message, expected[i]), "'%s' is not in: %s", expected[i], error.message);
    cr_assert(error.line == line, "line %d: %s", (int)error.line, error.message);
    end(n);
}

Test(health_plan, names_every_signal_the_data_lacks)
{
    const double x[] = {1};
    const char *const expected[] = {"needs signals the data lacks", "'y' on line 8",
                                    "'tickets' (is it 'ticket'?) on line", "'arr'", "\n      y: {signal: y"};
    night n;
    start(&n,
          TWO_GROUPS(
              "arr: arr\noverrides:\n  - {name: t, when: tickets > 1 and y > 2, cap: 1, reason: Low.}\n"),
          1);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "z", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "ticket", HF_KIND_NUMBER, x);
    refuse_plan(&n, expected, 5, 8);
}

Test(health_plan, names_signals_of_another_kind)
{
    const double x[] = {1};
    const char *const text[] = {"much"};
    const char *const expected[] = {
        "measure 'a.x': expected a number for its curve, found the signal 'x' of kind "
        "category",
        "measure 'b.z': expected a number for its curve, found the signal 'z' of kind "
        "date"};
    night n;
    start(&n, TWO_GROUPS(""), 1);
    add_texts(n.frame, "x", text);
    add_numbers(n.frame, "y", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "z", HF_KIND_DATE, x);
    refuse_plan(&n, expected, 2, 7);
    const char *const table[] = {"expected a category for its table"};
    start(&n,
          "holdfast: 1\nname: t\ngroups:\n  a:\n    measures:\n"
          "      p: {signal: plan, curve: {table: {a: 1}, other: 0}}\nbands: {red: 0, green: 50}\n",
          1);
    add_numbers(n.frame, "plan", HF_KIND_NUMBER, x);
    refuse_plan(&n, table, 1, 6);
}

Test(health_plan, wants_a_date)
{
    const char *const expected[] = {"--as-of"};
    night n;
    start(&n, TWO_GROUPS(""), 1);
    n.frame->as_of = HF_DATE_MISSING;
    refuse_plan(&n, expected, 1, 0);
}

// ---- memory ----------------------------------------------------------------------------------------------------

#define EVERYTHING                                                            \
    TWO_GROUPS("segments:\n  low:\n    when: x < 50\n    weights: {a.x: 2}\n" \
               "    curves: {a.x: {steps: [[10, 50]], below: 0}}\n"           \
               "overrides:\n  - {name: t, when: y > 2, cap: 30, reason: Low.}\n")

// Each call until it succeeds, with one more allocation each time.
#define SWEEP(call, untouched)                                          \
    for (long k = 0;; k++) {                                            \
        memory_left = k;                                                \
        hf_error error = {0};                                           \
        hf_status status = (call);                                      \
        memory_left = 1000000;                                          \
        if (status == HF_OK) break;                                     \
        cr_assert(status == HF_ERROR_MEMORY && error.status == status); \
        cr_assert(untouched);                                           \
        cr_assert(k < 10000);                                           \
    }

Test(health_memory, running_out_leaves_nothing)
{
    memory_left = 1000000;
    const double x[] = {40, NAN, 60}, y[] = {80, 1, 2}, z[] = {10, 20, 30};
    const char *const ids[] = {"A0", "B7"}, *const action[] = {"floor", "set"};
    const double value[] = {55, 1}, expires[] = {AS_OF - 1, AS_OF + 9};
    hf_context *context = make_context(scarce);
    hf_definition *definition = define(context, EVERYTHING);
    hf_frame *frame = make_frame(context, 3), *list = make_list(context, 2, ids, action, value, expires);
    add_numbers(frame, "x", HF_KIND_NUMBER, x);
    add_numbers(frame, "y", HF_KIND_MONEY, y);
    add_numbers(frame, "z", HF_KIND_NUMBER, z);
    definition->measures[2].percentile = true;
    hf_manual_overrides manual = {.count = 77};
    SWEEP(hf_manual_overrides_create(&manual, context, list, frame, &error), manual.count == 77);
    hf_health_plan *plan = NULL;
    SWEEP(hf_health_plan_create(&plan, context, definition, frame, &manual, &error), plan == NULL);
    hf_health health = {.rows = 77};
    SWEEP(hf_health_fleet(&health, context, plan, &error), health.rows == 77 && !health.raw);
    hf_health_explanation e = {.segment = 77};
    SWEEP(hf_health_explain(&e, context, plan, 0, &error), e.segment == 77);
    hf_health_explanation_free(context, &e);
    hf_frame_remove(frame, hf_frame_find(frame, "x"));
    hf_health_plan *other = NULL;
    for (long k = 0; k < 200; k++) { // what is lacking is told, or memory ran out
        memory_left = k;
        hf_error error = {0};
        hf_status status = hf_health_plan_create(&other, context, definition, frame, &manual, &error);
        memory_left = 1000000;
        cr_assert((status == HF_ERROR_MEMORY || status == HF_ERROR_DATA) && other == NULL);
    }
    hf_health_free(context, &health);
    hf_health_plan_destroy(plan);
    hf_health_plan_destroy(NULL);
    hf_manual_overrides_free(context, &manual);
    hf_frame_destroy(list);
    hf_frame_destroy(frame);
    hf_definition_destroy(definition);
    hf_context_destroy(context);
}

static bool stop(void *user)
{
    (void)user;
    return true;
}

Test(health_memory, the_pass_can_be_stopped)
{
    const double x[] = {40};
    night n;
    start(&n, TWO_GROUPS(""), 1);
    add_numbers(n.frame, "x", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "y", HF_KIND_NUMBER, x);
    add_numbers(n.frame, "z", HF_KIND_NUMBER, x);
    run(&n, NULL);
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *impatient;
    options.cancel = stop;
    cr_assert(hf_context_create(&impatient, &options, NULL) == HF_OK);
    hf_health health = {.rows = 77};
    cr_assert(hf_health_fleet(&health, impatient, n.plan, NULL) == HF_ERROR_CANCELLED);
    cr_assert(health.rows == 77);
    hf_context_destroy(impatient);
    end(&n);
}
