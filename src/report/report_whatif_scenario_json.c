// SPDX-License-Identifier: Apache-2.0
//
// A scenario for programs: the figures of the page with all their digits, and every part of every account's
// change.
#include "report/report_room.h"
#include "report/report_words.h"

#include <math.h>

static const char *const gain_names[] = {"arr_at_risk", "probability", "health"};
static const char *const caution_names[] = {"predictor", "not_actionable", "outside_training", "unused"};

static json_t *pair(double before, double after)
{
    return json_pack("{s:o,s:o}", "before", hf_json_number(before), "after", hf_json_number(after));
}

static json_t *triple(double before, double after, double change)
{
    return json_pack("{s:o,s:o,s:o}", "before", hf_json_number(before), "after", hf_json_number(after),
                     "change", hf_json_number(change));
}

static json_t *range(double value, double low, double high)
{
    if (isnan(value)) return json_null();
    return json_pack("{s:o,s:o,s:o}", "value", hf_json_number(value), "low", hf_json_number(low), "high",
                     hf_json_number(high));
}

static json_t *bands_json(const hf_scenario_page *page, const hf_scenario_group *group)
{
    const hf_scenario_sums *a = &group->side[HF_BEFORE], *b = &group->side[HF_AFTER];
    json_t *list = json_array();
    int bad = 0;
    for (int32_t k = 0; k <= page->band_count && page->band_count > 0; k++)
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:I,s:I,s:o,s:o}", "band", page->bands[k], "before",
                            (json_int_t)a->in_band[k], "after", (json_int_t)b->in_band[k], "arr_before",
                            hf_json_number(isnan(a->arr) ? (double)NAN : a->arr_in_band[k]), "arr_after",
                            hf_json_number(isnan(b->arr) ? (double)NAN : b->arr_in_band[k])));
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *group_json(const hf_scenario_page *page, const hf_scenario_group *group)
{
    const hf_scenario_sums *a = &group->side[HF_BEFORE], *b = &group->side[HF_AFTER];
    return json_pack(
        "{s:s,s:I,s:I,s:o,s:{s:o,s:o,s:o},s:{s:o,s:o,s:o},s:o,s:o}", "name", group->name, "accounts",
        (json_int_t)group->accounts, "changed", (json_int_t)group->changed, "health",
        triple(a->health, b->health, group->health_change), "expected_churn", "before",
        range(a->losses, a->losses_low, a->losses_high), "after",
        range(b->losses, b->losses_low, b->losses_high), "change", hf_json_number(group->losses_change),
        "arr_at_risk", "before", range(a->at_risk, a->at_risk_low, a->at_risk_high), "after",
        range(b->at_risk, b->at_risk_low, b->at_risk_high), "change", hf_json_number(group->at_risk_change),
        "arr", pair(a->arr, b->arr), "bands", bands_json(page, group));
}

static json_t *edits_json(const hf_scenario_page *page)
{
    json_t *list = json_array();
    int bad = 0;
    for (int32_t i = 0; i < page->edit_count; i++) {
        const hf_scenario_edit *e = &page->edits[i];
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:I,s:I,s:I}", "edit", e->text, "accounts", (json_int_t)e->matched,
                            "changed", (json_int_t)e->changed, "no_value", (json_int_t)e->missing));
    }
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *moves_json(const hf_scenario_page *page)
{
    const int32_t edge = page->band_count + 1;
    json_t *list = json_array();
    int bad = 0;
    for (int32_t i = 0; page->moved && i < edge * edge; i++) {
        if (page->moved[i] == 0) continue;
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:s,s:I,s:o}", "from", page->bands[i / edge], "to", page->bands[i % edge],
                            "accounts", (json_int_t)page->moved[i], "arr",
                            hf_json_number(isnan(page->all->side[HF_BEFORE].arr) ? (double)NAN
                                                                                 : page->moved_arr[i])));
    }
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *parts_json(const hf_scenario_part *parts, int32_t count)
{
    json_t *list = json_array();
    int bad = 0;
    for (int32_t i = 0; i < count; i++)
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:o}", "part", parts[i].name, "change", hf_json_number(parts[i].change)));
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *values_json(const hf_scenario_account *account)
{
    json_t *list = json_array();
    int bad = 0;
    for (int32_t i = 0; i < account->value_count; i++) {
        const hf_scenario_value *v = &account->values[i];
        bad |= json_array_append_new(list, json_pack("{s:s,s:o,s:o}", "signal", v->signal, "from",
                                                     v->from[0] ? json_string(v->from) : json_null(), "to",
                                                     v->to[0] ? json_string(v->to) : json_null()));
    }
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *account_json(const hf_scenario_page *page, const hf_scenario_account *a)
{
    const int32_t unknown = page->band_count;
    json_t *root =
        json_pack("{s:o,s:o}", "account", json_stringn(a->id, a->id_length), "values", values_json(a));
    int bad = root == NULL;
    if (unknown > 0) {
        bad |= json_object_set_new(root, "health", pair(a->health[0], a->health[1]));
        bad |= json_object_set_new(root, "band",
                                   json_pack("{s:s,s:s}", "before",
                                             page->bands[a->band[0] < 0 ? unknown : a->band[0]], "after",
                                             page->bands[a->band[1] < 0 ? unknown : a->band[1]]));
        bad |= json_object_set_new(root, "points", parts_json(a->health_parts, a->health_part_count));
    }
    if (!isnan(a->probability[0])) {
        bad |= json_object_set_new(root, "probability", pair(a->probability[0], a->probability[1]));
        bad |= json_object_set_new(root, "log_odds", pair(a->log_odds[0], a->log_odds[1]));
        bad |= json_object_set_new(root, "arr_at_risk", pair(a->at_risk[0], a->at_risk[1]));
        bad |= json_object_set_new(root, "terms", parts_json(a->churn_parts, a->churn_part_count));
    }
    if (!bad) return root;
    json_decref(root);
    return NULL;
}

static json_t *accounts_json(const hf_scenario_page *page, const hf_scenario_account *list, int32_t count)
{
    json_t *out = json_array();
    int bad = 0;
    for (int32_t i = 0; i < count; i++)
        bad |= json_array_append_new(out, account_json(page, &list[i]));
    if (!bad) return out;
    json_decref(out);
    return NULL;
}

static json_t *cautions_json(const hf_scenario_page *page)
{
    json_t *list = json_array();
    int bad = 0;
    for (int32_t i = 0; i < page->caution_count; i++) {
        const hf_scenario_caution *c = &page->cautions[i];
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:s,s:s,s:o}", "caution", caution_names[c->kind], "signal", c->signal,
                            "detail", c->detail, "accounts",
                            c->kind == HF_CAUTION_OUTSIDE ? json_integer(c->accounts) : json_null()));
    }
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *groups_json(const hf_scenario_page *page)
{
    json_t *list = json_array();
    int bad = 0;
    for (int32_t g = 0; g < page->group_count; g++)
        bad |= json_array_append_new(list, group_json(page, &page->groups[g]));
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static void put(json_t *root, const char *key, json_t *value, int *bad)
{
    *bad |= json_object_set_new(root, key, value);
}

hf_status hf_report_scenario_json(hf_text *text, const hf_scenario_page *page, hf_error *error)
{
    json_t *root = json_object();
    int bad = 0;
    put(root, "data", hf_json_path(page->data), &bad);
    put(root, "as_of", hf_json_date(page->as_of), &bad);
    put(root, "definition", hf_json_path(page->definition), &bad);
    put(root, "model", hf_json_path(page->model), &bad);
    put(root, "where", text_or_null(page->where), &bad);
    put(root, "edits", edits_json(page), &bad);
    put(root, "fingerprint",
        json_pack("{s:s,s:s}", "before", page->fingerprint[0], "after", page->fingerprint[1]), &bad);
    put(root, "same", json_boolean(page->same), &bad);
    put(root, "all", group_json(page, page->all), &bad);
    put(root, "by", text_or_null(page->by), &bad);
    put(root, "groups", groups_json(page), &bad);
    put(root, "moves", moves_json(page), &bad);
    if (page->capacity > 0)
        put(root, "capacity",
            json_pack("{s:I,s:I,s:I}", "capacity", (json_int_t)page->capacity, "listed",
                      (json_int_t)page->listed, "stay", (json_int_t)page->stay),
            &bad);
    put(root, "gain", json_string(gain_names[page->gain]), &bad);
    put(root, "gaining", json_integer(page->gaining), &bad);
    put(root, "losing", json_integer(page->losing), &bad);
    put(root, "gainers", accounts_json(page, page->gainers, page->gainer_count), &bad);
    put(root, "losers", accounts_json(page, page->losers, page->loser_count), &bad);
    put(root, "cautions", cautions_json(page), &bad);
    if (bad) {
        json_decref(root);
        root = NULL;
    }
    return hf_json_print(text, root, error);
}
