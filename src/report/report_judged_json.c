// SPDX-License-Identifier: Apache-2.0
//
// Scores held to what happened, as JSON: the keys are in models/README.md. A figure that is not defined is
// null.
#include "report/report_room.h"

#include <math.h>
#include <stdlib.h>

// Sets a key and steals the value; remembers in *bad that memory ran out.
static void put(json_t *object, const char *key, json_t *value, int *bad)
{
    *bad |= json_object_set_new(object, key, value);
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

// ---- the figures of a part of a judgement ------------------------------------------------------------------

typedef struct {
    const char *key;
    size_t offset; // of a double in hf_judgement
} field;

#define FIGURE_FIELD(name, text) {#name, offsetof(hf_judgement, figure) + HF_FIGURE_##name * sizeof(double)},
static const field metric_fields[] = {HF_METRIC_LIST(FIGURE_FIELD)};
static const field money_fields[] = {HF_ARR_FIGURE_LIST(FIGURE_FIELD)};
#undef FIGURE_FIELD

// The last three (of tenths, four) are in money.
#define TENTH(name)                     \
    {                                   \
#name, offsetof(hf_tenth, name) \
    }
static const field tenth_fields[] = {TENTH(probability), TENTH(rate),      TENTH(lift),     TENTH(gain),
                                     TENTH(arr),         TENTH(arr_churn), TENTH(arr_lift), TENTH(arr_gain)};
#undef TENTH
#define WORKED(name)                     \
    {                                    \
#name, offsetof(hf_worked, name) \
    }
static const field worked_fields[] = {WORKED(worked),    WORKED(caught),     WORKED(precision),
                                      WORKED(recall),    WORKED(arr_worked), WORKED(arr_caught),
                                      WORKED(arr_recall)};
#undef WORKED

enum {
    METRIC_FIELDS = sizeof metric_fields / sizeof metric_fields[0],
    MONEY_FIELDS = sizeof money_fields / sizeof money_fields[0],
    TENTH_FIELDS = sizeof tenth_fields / sizeof tenth_fields[0],
    TENTH_PLAIN = TENTH_FIELDS - 4,
    WORKED_FIELDS = sizeof worked_fields / sizeof worked_fields[0],
    WORKED_PLAIN = WORKED_FIELDS - 3,
};

static double at(const hf_judgement *j, size_t offset)
{
    return *(const double *)(const void *)((const char *)j + offset);
}

// The figures of one part, and under "interval" their bounds.
static void put_part(json_t *object, const field *fields, int count, size_t base,
                     const hf_judgement_interval *of, const hf_judged_page *page, int *bad)
{
    for (int f = 0; f < count; f++)
        put(object, fields[f].key, number(at(&of->value, base + fields[f].offset)), bad);
    if (page->replicates == 0) return;
    json_t *interval = json_object();
    for (int f = 0; f < count; f++)
        put(interval, fields[f].key,
            json_pack("[o,o]", number(at(&of->low, base + fields[f].offset)),
                      number(at(&of->high, base + fields[f].offset))),
            bad);
    put(object, "interval", interval, bad);
}

static json_t *money_json(const hf_verdict *v, const hf_judgement_interval *of, const hf_judged_page *page,
                          int *bad)
{
    json_t *money = json_object();
    put(money, "arr", number(v->arr), bad);
    put(money, "arr_lost", number(v->arr_lost), bad);
    put_part(money, money_fields, MONEY_FIELDS, 0, of, page, bad);
    return money;
}

static json_t *tenths_json(const hf_judgement_interval *of, const hf_judged_page *page, int *bad)
{
    const int count = page->arr[0] != '\0' ? TENTH_FIELDS : TENTH_PLAIN;
    json_t *list = json_array();
    for (size_t b = 0; b < HF_TENTHS; b++) {
        json_t *tenth = json_object();
        put_part(tenth, tenth_fields, count, offsetof(hf_judgement, tenth) + b * sizeof(hf_tenth), of, page,
                 bad);
        *bad |= json_array_append_new(list, tenth);
    }
    return list;
}

static json_t *capacities_json(const hf_judgement_interval *of, const hf_judged_page *page, int *bad)
{
    const int count = page->arr[0] != '\0' ? WORKED_FIELDS : WORKED_PLAIN;
    json_t *list = json_array();
    for (int32_t k = 0; k < page->capacities; k++) {
        const size_t base = offsetof(hf_judgement, worked) + (size_t)k * sizeof(hf_worked);
        json_t *worked = json_pack("{s:I}", "capacity", (json_int_t)page->capacity[k]);
        put_part(worked, worked_fields, count, base, of, page, bad);
        *bad |= json_array_append_new(list, worked);
    }
    return list;
}

// What a group is told of beside its metrics and money.
typedef struct {
    bool tenths, capacity;
} told;

static void put_score(json_t *object, const hf_verdict *v, const hf_judgement_interval *of,
                      const hf_judged_page *page, told told_of, int *bad)
{
    put_part(object, metric_fields, METRIC_FIELDS, 0, of, page, bad);
    if (page->arr[0] != '\0') put(object, "money", money_json(v, of, page, bad), bad);
    if (told_of.tenths) put(object, "tenths", tenths_json(of, page, bad), bad);
    if (told_of.capacity) put(object, "capacity", capacities_json(of, page, bad), bad);
}

// ---- two models ----------------------------------------------------------------------------------------------

static void put_difference(json_t *object, const field *fields, int count, size_t base, const hf_verdict *v,
                           const hf_judged_page *page, int *bad)
{
    for (int f = 0; f < count; f++) {
        const size_t offset = base + fields[f].offset;
        json_t *one = json_pack("{s:o}", "value", number(at(&v->difference.value, offset)));
        if (page->replicates > 0) {
            put(one, "interval",
                json_pack("[o,o]", number(at(&v->difference.low, offset)),
                          number(at(&v->difference.high, offset))),
                bad);
            put(one, "better", number(at(&v->better, offset)), bad);
        }
        put(object, fields[f].key, one, bad);
    }
}

static json_t *difference_json(const hf_verdict *v, const hf_judged_page *page, told told_of, int *bad)
{
    const bool money = page->arr[0] != '\0';
    json_t *object = json_object(), *list = json_array();
    put_difference(object, metric_fields, METRIC_FIELDS, 0, v, page, bad);
    if (money) put_difference(object, money_fields, MONEY_FIELDS, 0, v, page, bad);
    for (int32_t k = 0; told_of.capacity && k < page->capacities; k++) {
        const size_t base = offsetof(hf_judgement, worked) + (size_t)k * sizeof(hf_worked);
        json_t *one = json_pack("{s:I}", "capacity", (json_int_t)page->capacity[k]);
        put_difference(one, worked_fields, money ? WORKED_FIELDS : WORKED_PLAIN, base, v, page, bad);
        *bad |= json_array_append_new(list, one);
    }
    if (told_of.capacity)
        put(object, "capacity", list, bad);
    else
        json_decref(list);
    return object;
}

// ---- groups ----------------------------------------------------------------------------------------------------

static void put_counts(json_t *object, const hf_verdict *v, int *bad)
{
    put(object, "n", json_integer(v->rows), bad);
    put(object, "events", json_integer(v->events), bad);
    put(object, "accounts", json_integer(v->accounts), bad);
}

static json_t *group_json(const hf_judged_group *group, const char *key, const hf_judged_page *page,
                          told told_of, int *bad)
{
    static const char *const seen_keys[] = {NULL, "trained", "overlaps", "later"};
    const hf_verdict *v = &group->verdict;
    json_t *object = json_object();
    put(object, key, json_string(group->name), bad);
    put_counts(object, v, bad);
    put(object, "few", json_boolean(group->few), bad);
    if (group->seen != HF_SEEN_UNKNOWN) put(object, "seen", json_string(seen_keys[group->seen]), bad);
    put_score(object, v, &v->score, page, told_of, bad);
    if (!page->against) return object;
    json_t *against = json_object();
    put_score(against, v, &v->against, page, told_of, bad);
    put(object, "against", against, bad);
    put(object, "difference", difference_json(v, page, told_of, bad), bad);
    return object;
}

static json_t *groups_json(const hf_judged_group *groups, int32_t count, const char *key,
                           const hf_judged_page *page, told told_of, int *bad)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < count; i++)
        *bad |= json_array_append_new(list, group_json(&groups[i], key, page, told_of, bad));
    return list;
}

// As folds give it: one set of figures under the same key.
static json_t *mean_json(const hf_judged_page *page, int *bad)
{
    json_t *mean = json_object();
    put_counts(mean, &page->pooled->verdict, bad);
    put_part(mean, metric_fields, METRIC_FIELDS, 0, &page->pooled->verdict.score, page, bad);
    return mean;
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] != '\0' ? json_string(text) : json_null();
}

hf_status hf_report_judged_json(hf_text *text, const hf_judged_page *page, hf_error *error)
{
    int bad = 0;
    const bool capacity = page->capacities > 0;
    // The accounts worked are those of a date, not of a segment.
    const told all = {true, capacity}, of_date = {false, capacity}, of_segment = {false, false};
    json_t *root = json_object();
    put(root, "model", text_or_null(page->model), &bad);
    put(root, "against", text_or_null(page->against), &bad);
    put(root, "alpha", json_real(page->alpha), &bad);
    put(root, "replicates", json_integer(page->replicates), &bad);
    put(root, "arr", text_or_null(page->arr), &bad);
    put(root, "by", text_or_null(page->by), &bad);
    if (capacity) put(root, "rank", json_string(page->rank_by_arr ? "arr" : "p"), &bad);
    if (page->ledger) put(root, "ledger", hf_ledger_to_json(page->ledger), &bad);
    put(root, "mean", mean_json(page, &bad), &bad);
    put(root, "pooled", group_json(page->pooled, "name", page, all, &bad), &bad);
    if (page->later) put(root, "later", group_json(page->later, "name", page, all, &bad), &bad);
    if (page->date_count > 0)
        put(root, "dates", groups_json(page->dates, page->date_count, "as_of", page, of_date, &bad), &bad);
    if (page->segment_count > 0)
        put(root, "segments",
            groups_json(page->segments, page->segment_count, "segment", page, of_segment, &bad), &bad);
    char *printed = bad ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(root);
    if (!printed) return hf_fail_memory(error);
    hf_text_puts(text, printed);
    hf_text_putc(text, '\n');
    free(printed);
    return hf_text_status(text, error);
}
