// SPDX-License-Identifier: Apache-2.0
//
// Observations anchored to a renewal, against a plain reading of their definition over random histories, and
// the cases that matter by hand: dates that move, snapshots too old, accounts that come back.
#include "base/failing_context.h"
#include "history/history_room.h"

#include <string.h>

enum { ACCOUNTS = 12, MOST_FRAMES = 6 };

// What a fleet's snapshots and outcomes say; 0 stands for not there.
typedef struct {
    int frames;
    int as_of[MOST_FRAMES];
    bool there[MOST_FRAMES][ACCOUNTS];
    int renewal[MOST_FRAMES][ACCOUNTS]; // 0: missing
    int churn[ACCOUNTS];                // 0: never
} world;

static void make_frames(hf_frame **out, const hf_context *context, const world *w)
{
    for (int f = 0; f < w->frames; f++) {
        hf_column *column;
        int64_t rows = 0, row = 0;
        for (int a = 0; a < ACCOUNTS; a++)
            rows += w->there[f][a];
        cr_assert_eq(hf_frame_create(&out[f], context, rows, f % 2 ? 8 : 5, NULL), HF_OK);
        cr_assert_eq(hf_frame_add(out[f], &column, "stamp", HF_KIND_NUMBER, HF_STORAGE_F32, NULL), HF_OK);
        for (int a = 0; a < ACCOUNTS; a++)
            if (w->there[f][a]) ((float *)column->values)[row++] = (float)(100 * f + a);
        row = 0;
        cr_assert_eq(hf_frame_add(out[f], &column, "renewal", HF_KIND_DATE, HF_STORAGE_DAY, NULL), HF_OK);
        for (int a = 0; a < ACCOUNTS; a++) {
            if (!w->there[f][a]) continue;
            snprintf(out[f]->ids + row * out[f]->id_width, 5, "a%d", a);
            ((int32_t *)column->values)[row++] = w->renewal[f][a] > 0 ? w->renewal[f][a] : HF_DATE_MISSING;
        }
        out[f]->as_of = w->as_of[f];
    }
}

static hf_outcomes *make_outcomes(const hf_context *context, const world *w)
{
    static const char *const names[] = {"churn"};
    const size_t lengths[] = {5};
    hf_frame *table = NULL;
    hf_column *column;
    hf_outcomes *outcomes = NULL;
    int64_t rows = 0, row = 0;
    for (int a = 0; a < ACCOUNTS; a++)
        rows += w->churn[a] > 0;
    cr_assert_eq(hf_frame_create(&table, context, rows, 8, NULL), HF_OK);
    cr_assert_eq(hf_frame_add(table, &column, "date", HF_KIND_DATE, HF_STORAGE_DAY, NULL), HF_OK);
    for (int a = 0; a < ACCOUNTS; a++) {
        if (w->churn[a] == 0) continue;
        snprintf(table->ids + row * 8, 8, "a%d", a);
        ((int32_t *)column->values)[row++] = w->churn[a];
    }
    cr_assert_eq(hf_frame_add(table, &column, "outcome", HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL), HF_OK);
    cr_assert_eq(hf_dictionary_build(&column->dictionary, context, names, lengths, 1, NULL, NULL), HF_OK);
    memset(column->values, 0, (size_t)rows * sizeof(int32_t));
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "churn", NULL), HF_OK);
    hf_frame_destroy(table);
    return outcomes;
}

// One account and date, read word by word. Returns '0' or '1' for a row and its label, else why it is
// dropped; *frame is where the row is taken from.
static char oracle(const world *w, int account, int d, const hf_label_options *label,
                   const hf_anchor_options *anchor, int *frame)
{
    const int t = d + anchor->shift - label->lead, churn = w->churn[account];
    *frame = -1;
    if (t < anchor->from || t > anchor->until) return '-';
    if (t > w->as_of[w->frames - 1] + anchor->most_age) return 'a';
    if (churn > 0 && churn <= t) return 'c';
    if (churn > 0 && churn <= t + label->lead) return 'l';
    if (t + label->lead + label->horizon > label->known_until) return 'x';
    for (int f = 0; f < w->frames; f++)
        if (w->as_of[f] <= t && w->there[f][account]) *frame = f;
    if (*frame < 0 || t - w->as_of[*frame] > anchor->most_age) return 'n';
    if (w->renewal[*frame][account] != d) return 'm';
    return churn > 0 && churn <= t + label->lead + label->horizon ? '1' : '0';
}

static void compare(const hf_context *context, const world *w, const hf_label_options *label,
                    const hf_anchor_options *anchor)
{
    hf_frame *frames[MOST_FRAMES] = {NULL};
    make_frames(frames, context, w);
    hf_outcomes *outcomes = make_outcomes(context, w);
    hf_observations seen = {0};
    hf_ledger ledger = {0};
    hf_error error = {0};
    hf_status status =
        hf_observe_anchored(&seen, &ledger, context, frames, w->frames, outcomes, label, anchor, &error);
    int64_t want[256] = {0}, rows = 0;
    for (int a = 0; a < ACCOUNTS; a++)
        for (int d = 1; d < 400; d++) {
            bool known = false;
            int frame;
            for (int f = 0; f < w->frames; f++)
                known = known || (w->there[f][a] && w->renewal[f][a] == d);
            if (!known) continue;
            const char fate = oracle(w, a, d, label, anchor, &frame);
            want[(unsigned char)fate]++;
            if (fate != '0' && fate != '1') continue;
            rows++;
            int64_t found = 0;
            for (int64_t i = 0; seen.frame && i < seen.frame->rows; i++) {
                if (((float *)seen.frame->columns[0].values)[i] != (float)(100 * frame + a)) continue;
                found++;
                cr_assert_eq(seen.label[i], fate - '0');
                cr_assert_eq(seen.as_of[i], d + anchor->shift - label->lead);
            }
            cr_assert_eq(found, 1, "account %d, renewal %d is there %d times", a, d, (int)found);
        }
    if (rows == 0) {
        cr_assert_eq(status, HF_ERROR_TOO_LITTLE);
        cr_assert(strstr(error.message, "no row can be labelled"), "%s", error.message);
    } else {
        cr_assert_eq(status, HF_OK, "%s", error.message);
        cr_assert_eq(seen.frame->rows, rows);
        cr_assert_eq(ledger.total.kept, rows);
        cr_assert_eq(ledger.total.events, want['1']);
        cr_assert_eq(ledger.total.churned, want['c']);
        cr_assert_eq(ledger.total.in_lead, want['l']);
        cr_assert_eq(ledger.total.censored, want['x']);
        cr_assert_eq(ledger.total.no_snapshot, want['n']);
        cr_assert_eq(ledger.total.moved, want['m']);
        cr_assert_eq(ledger.ahead, want['a']);
        int64_t all = 0;
        for (int32_t i = 0; i < ledger.count; i++) {
            all += ledger.rows[i].rows;
            cr_assert(i == 0 || ledger.rows[i].as_of > ledger.rows[i - 1].as_of);
        }
        cr_assert_eq(all, ledger.total.rows);
    }
    hf_observations_free(context, &seen);
    hf_ledger_free(context, &ledger);
    hf_outcomes_destroy(outcomes);
    for (int f = 0; f < w->frames; f++)
        hf_frame_destroy(frames[f]);
}

static int below(hf_random *random, int n)
{
    return (int)hf_random_below(random, (uint64_t)n);
}

Test(history, random_renewals_match_the_definition)
{
    allocator heap = {.fail_at = -1};
    hf_context *context = make_context(&heap, 1);
    hf_random random = hf_random_seed(11, 0);
    for (int round = 0; round < 300; round++) {
        world w = {.frames = 1 + below(&random, MOST_FRAMES)};
        for (int f = 0; f < w.frames; f++)
            w.as_of[f] = (f > 0 ? w.as_of[f - 1] : 100) + 1 + below(&random, 40);
        for (int a = 0; a < ACCOUNTS; a++) {
            int renewal = 90 + below(&random, 200);
            if (below(&random, 3) == 0) w.churn[a] = 90 + below(&random, 200);
            for (int f = 0; f < w.frames; f++) {
                w.there[f][a] = below(&random, 5) > 0;
                if (below(&random, 4) == 0) renewal += below(&random, 120) - 40; // it moves
                if (renewal < 1) renewal = 1;
                w.renewal[f][a] = below(&random, 8) > 0 ? renewal : 0;
            }
        }
        w.churn[0] = 150;
        const hf_label_options label = {below(&random, 40), 1 + below(&random, 60),
                                        150 + below(&random, 150)};
        const hf_anchor_options anchor = {"renewal", below(&random, 5) - 2, below(&random, 45),
                                          below(&random, 2) ? 80 + below(&random, 80) : HF_DATE_MISSING,
                                          180 + below(&random, 150)};
        compare(context, &w, &label, &anchor);
    }
    hf_context_destroy(context);
}

// A renewal on day 200, seen 30 days before, with churns on the days that decide.
Test(history, renewal_edges)
{
    allocator heap = {.fail_at = -1};
    hf_context *context = make_context(&heap, 1);
    world w = {.frames = 2, .as_of = {140, 170}};
    const int churns[ACCOUNTS] = {170, 171, 200, 201, 260, 261, 0, 0, 0, 0, 0, 0};
    for (int a = 0; a < ACCOUNTS; a++) {
        w.churn[a] = churns[a];
        for (int f = 0; f < 2; f++) {
            w.there[f][a] = true;
            w.renewal[f][a] = 200;
        }
    }
    w.renewal[1][7] = 230;                        // put off before t: not renewed on day 200
    w.there[1][8] = false;                        // the older snapshot serves
    w.renewal[0][9] = w.renewal[1][9] = 0;        // no renewal at all
    w.renewal[0][10] = 400, w.renewal[1][10] = 0; // taken away again
    hf_frame *frames[2];
    make_frames(frames, context, &w);
    hf_outcomes *outcomes = make_outcomes(context, &w);
    const hf_label_options label = {30, 60, 320};
    hf_anchor_options anchor = {"renewal", 0, 31, HF_DATE_MISSING, HF_DATE_MISSING};
    hf_observations seen = {0};
    hf_ledger ledger = {0};
    cr_assert_eq(hf_observe_anchored(&seen, &ledger, context, frames, 2, outcomes, &label, &anchor, NULL),
                 HF_OK);
    // By snapshot: account 8 from the first; 3, 4, 5, 6, 11 from the second, and 7 for its new date.
    const float stamps[] = {8, 103, 104, 105, 106, 107, 111};
    const uint8_t labels[] = {0, 1, 1, 0, 0, 0, 0};
    const hf_date dates[] = {170, 170, 170, 170, 170, 200, 170};
    cr_assert_eq(seen.frame->rows, 7);
    cr_assert_arr_eq(seen.frame->columns[0].values, stamps, sizeof stamps);
    cr_assert_arr_eq(seen.label, labels, sizeof labels);
    cr_assert_arr_eq(seen.as_of, dates, sizeof dates);
    cr_assert_eq(ledger.total.churned, 1);
    cr_assert_eq(ledger.total.in_lead, 2);
    cr_assert_eq(ledger.total.moved, 1);
    cr_assert_eq(ledger.ahead, 1, "a date that no snapshot of now can serve");
    cr_assert_eq(ledger.on_day, 1, "a churn on the renewal itself is in the lead's last day");
    json_t *json = hf_ledger_to_json(&ledger);
    const json_t *month = json_array_get(json_object_get(json, "rows"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(month, "month")), "1970-06");
    cr_assert_eq(json_integer_value(json_object_get(json, "ahead")), 1);
    json_decref(json);
    hf_observations_free(context, &seen);
    hf_ledger_free(context, &ledger);

    // A day earlier, the churn on the renewal is an event, and the snapshot of day 140 has to serve.
    anchor.shift = -1;
    cr_assert_eq(hf_observe_anchored(&seen, &ledger, context, frames, 2, outcomes, &label, &anchor, NULL),
                 HF_OK);
    cr_assert_eq(ledger.total.events, 2);
    cr_assert_eq(((float *)seen.frame->columns[0].values)[0], 2, "churned on day 200");
    hf_observations_free(context, &seen);
    hf_ledger_free(context, &ledger);
    anchor.most_age = 28;
    hf_error error = {0};
    cr_assert_eq(hf_observe_anchored(&seen, &ledger, context, frames, 2, outcomes, &label, &anchor, &error),
                 HF_ERROR_TOO_LITTLE);
    cr_assert(strstr(error.message, "8 have no snapshot in time"), "%s", error.message);

    anchor.signal = "renewl";
    cr_assert_eq(hf_observe_anchored(&seen, &ledger, context, frames, 2, outcomes, &label, &anchor, &error),
                 HF_ERROR_DATA);
    cr_assert(strstr(error.message, "did you mean 'renewal'"), "%s", error.message);
    anchor.signal = "stamp";
    cr_assert_eq(hf_observe_anchored(&seen, &ledger, context, frames, 2, outcomes, &label, &anchor, &error),
                 HF_ERROR_DATA);
    cr_assert(strstr(error.message, "'stamp' is a number"), "%s", error.message);
    cr_assert_null(seen.frame);
    cr_assert_null(ledger.rows);
    hf_outcomes_destroy(outcomes);
    hf_frame_destroy(frames[0]);
    hf_frame_destroy(frames[1]);
    hf_context_destroy(context);
}

// An account that is in snapshots after its churn, won back or only listed on, gives no row again.
Test(history, who_comes_back_stays_dropped)
{
    allocator heap = {.fail_at = -1};
    hf_context *context = make_context(&heap, 1);
    world w = {.frames = 3, .as_of = {100, 200, 300}};
    for (int f = 0; f < 3; f++)
        for (int a = 0; a < 2; a++) {
            w.there[f][a] = f != 1 || a != 0;
            w.renewal[f][a] = w.as_of[f] + 10;
        }
    w.churn[0] = 150;
    hf_frame *frames[3];
    make_frames(frames, context, &w);
    hf_outcomes *outcomes = make_outcomes(context, &w);
    const hf_label_options label = {0, 60, 500};
    const hf_anchor_options anchor = {"renewal", 0, 31, HF_DATE_MISSING, HF_DATE_MISSING};
    for (int anchored = 0; anchored < 2; anchored++) {
        hf_observations seen = {0};
        hf_ledger ledger = {0};
        cr_assert_eq(anchored ? hf_observe_anchored(&seen, &ledger, context, frames, 3, outcomes, &label,
                                                    &anchor, NULL)
                              : hf_observe(&seen, &ledger, context, frames, 3, outcomes, &label, NULL),
                     HF_OK);
        const uint8_t labels[] = {1, 0, 0, 0};
        const float stamps[] = {0, 1, 101, 201};
        cr_assert_eq(seen.frame->rows, 4);
        cr_assert_arr_eq(seen.label, labels, sizeof labels);
        cr_assert_arr_eq(seen.frame->columns[0].values, stamps, sizeof stamps);
        cr_assert_eq(ledger.total.churned, 1);
        hf_observations_free(context, &seen);
        hf_ledger_free(context, &ledger);
    }
    hf_outcomes_destroy(outcomes);
    for (int f = 0; f < 3; f++)
        hf_frame_destroy(frames[f]);
    hf_context_destroy(context);
}

Test(history, failing_memory_while_anchoring)
{
    allocator heap = {.fail_at = -1};
    hf_context *context = make_context(&heap, 1);
    world w = {.frames = 2, .as_of = {100, 130}, .churn = {140}};
    for (int a = 0; a < ACCOUNTS; a++)
        for (int k = 0; k < 2; k++) {
            w.there[k][a] = true;
            w.renewal[k][a] = 120 + 3 * a;
        }
    hf_frame *frames[2];
    make_frames(frames, context, &w);
    hf_outcomes *outcomes = make_outcomes(context, &w);
    const hf_label_options label = {10, 30, 300};
    const hf_anchor_options anchor = {"renewal", 0, 31, HF_DATE_MISSING, HF_DATE_MISSING};
    for (int k = 0;; k++) {
        hf_observations seen = {0};
        hf_ledger ledger = {0};
        const long live = heap.live;
        heap.fail_at = heap.asked + k;
        const hf_status status =
            hf_observe_anchored(&seen, &ledger, context, frames, 2, outcomes, &label, &anchor, NULL);
        heap.fail_at = -1;
        if (status != HF_OK) {
            cr_assert_eq(status, HF_ERROR_MEMORY);
            cr_assert_null(seen.frame);
            cr_assert_null(ledger.rows);
            cr_assert_eq(heap.live, live);
        }
        hf_observations_free(context, &seen);
        hf_ledger_free(context, &ledger);
        if (status != HF_OK) continue;
        cr_assert_gt(k, 20);
        break;
    }
    hf_outcomes_destroy(outcomes);
    hf_frame_destroy(frames[0]);
    hf_frame_destroy(frames[1]);
    hf_context_destroy(context);
}
