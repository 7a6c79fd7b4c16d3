// SPDX-License-Identifier: Apache-2.0
//
// The explanation page as JSON, with every figure in full, so that a program can add it up.
#include "report/report_page.h"

#include <math.h>

static const char *const state_names[] = {"observed", "missing", "stale"};
static const char *const action_names[] = {"set", "cap", "floor"};
static const char *const direction_names[] = {"", "good", "bad"};

// Sets a member, or remembers that it could not be. Takes the reference.
static void put(json_t *object, const char *key, json_t *value, int *bad)
{
    *bad |= json_object_set_new(object, key, value);
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *value_json(const hf_account_night *night, int32_t measure)
{
    const hf_frame *frame = hf_health_plan_frame(night->plan);
    const char *signal = hf_health_plan_definition(night->plan)->measures[measure].signal;
    const int32_t place = hf_frame_find(frame, signal);
    if (place < 0 || frame->columns[place].storage == HF_STORAGE_DAY) return json_null();
    const hf_column *column = &frame->columns[place];
    if (column->storage != HF_STORAGE_CODE) return hf_json_number(hf_column_number(column, night->row));
    const int32_t code = ((const int32_t *)column->values)[night->row];
    return code < 0 ? json_null() : json_string(hf_dictionary_text(&column->dictionary, code));
}

static json_t *measure_json(const hf_account_night *night, int32_t measure)
{
    const hf_measure *m = &hf_health_plan_definition(night->plan)->measures[measure];
    const hf_health_part *part = &night->explanation->parts[measure];
    const bool none = isnan(part->score);
    char words[HF_WORDS];
    int bad = 0;
    json_t *object = json_object();
    put(object, "measure", json_string(m->path), &bad);
    put(object, "signal", json_string(m->signal), &bad);
    put(object, "higher", text_or_null(direction_names[m->direction]), &bad);
    put(object, "value", value_json(night, measure), &bad);
    put(object, "words", json_string(hf_say_value(words, night->plan, measure, night->row)), &bad);
    put(object, "state", json_string(state_names[part->state]), &bad);
    put(object, "observed_on", hf_json_date(hf_observed_on(night, measure)), &bad);
    put(object, "score", hf_json_number(part->score), &bad);
    put(object, "weight", hf_json_number(part->nominal), &bad);
    put(object, "effective_weight", hf_json_number(part->effective), &bad);
    put(object, "contribution", hf_json_number(none ? 0 : part->contribution), &bad);
    put(object, "lost", hf_json_number(none ? 0 : part->lost), &bad);
    put(object, "subjective", json_boolean(m->subjective), &bad);
    put(object, "author", text_or_null(m->author), &bad);
    put(object, "dated", hf_json_date(m->dated), &bad);
    put(object, "why", text_or_null(m->why), &bad);
    if (!bad) return object;
    json_decref(object);
    return NULL;
}

static json_t *measures_json(const hf_account_night *night)
{
    const hf_definition *definition = hf_health_plan_definition(night->plan);
    json_t *list = json_array();
    for (int32_t m = 0; m < definition->measure_count; m++)
        if (json_array_append_new(list, measure_json(night, m))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *groups_json(const hf_account_night *night)
{
    static const char *const ways[] = {"mean", "worst", "best"};
    const hf_definition *definition = hf_health_plan_definition(night->plan);
    json_t *list = json_array();
    int bad = 0;
    for (int32_t g = 0; g < definition->group_count; g++)
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:s,s:o,s:o}", "group", definition->groups[g].name, "aggregate",
                            ways[definition->groups[g].aggregate], "score",
                            hf_json_number(night->explanation->group_score[g]), "effective_weight",
                            hf_json_number(night->explanation->group_effective[g])));
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *manual_json(const hf_manual_override *m, double change)
{
    return json_pack("{s:s,s:f,s:s,s:s,s:o,s:b,s:o}", "action", action_names[m->action], "value", m->value,
                     "author", m->author, "reason", m->reason, "expires", hf_json_date(m->expires), "expired",
                     (int)m->expired, "change", hf_json_number(change));
}

static json_t *overrides_json(const hf_account_night *night)
{
    const hf_definition *definition = hf_health_plan_definition(night->plan);
    const hf_health_explanation *e = night->explanation;
    json_t *list = json_array();
    int bad = 0;
    for (int32_t i = 0; i < e->override_count; i++) {
        const hf_health_override *at = &e->overrides[i];
        if (at->manual >= 0) {
            bad |= json_array_append_new(list, manual_json(&night->manual->items[at->manual], at->change));
            continue;
        }
        const hf_override *rule = &definition->overrides[at->rule];
        bad |= json_array_append_new(list, json_pack("{s:s,s:f,s:s,s:s,s:s,s:o}", "action",
                                                     action_names[rule->action], "value", rule->value, "rule",
                                                     rule->name, "when", rule->when.text, "reason",
                                                     rule->reason, "change", hf_json_number(at->change)));
    }
    for (int32_t i = 0; night->manual && i < night->manual->count; i++)
        if (night->manual->items[i].row == night->row && night->manual->items[i].expired)
            bad |= json_array_append_new(list, manual_json(&night->manual->items[i], 0));
    if (!bad) return list;
    json_decref(list);
    return NULL;
}

static json_t *path_json(const hf_account_page *page)
{
    const hf_definition *definition = hf_health_plan_definition(page->now.plan);
    json_t *steps = json_array();
    char words[HF_WORDS];
    int bad = 0;
    for (int32_t i = 0; i < page->step_count; i++) {
        const hf_path_step *s = &page->steps[i];
        if (s->level)
            hf_say_level(words, page->now.plan, s->measure, s->level);
        else
            hf_say_number(words, page->now.plan, s->measure, s->to);
        bad |= json_array_append_new(
            steps,
            json_pack("{s:s,s:o,s:o,s:s,s:o,s:o,s:o}", "measure", definition->measures[s->measure].path,
                      "from", value_json(&page->now, s->measure), "to",
                      s->level ? json_string(s->level) : hf_json_number(s->to), "words", words, "score_from",
                      hf_json_number(s->score_from), "score_to", hf_json_number(s->score_to), "gain",
                      hf_json_number(s->gain)));
    }
    if (bad) {
        json_decref(steps);
        return NULL;
    }
    return json_pack("{s:s,s:b,s:o}", "band", hf_band_name(definition, page->target), "reached",
                     (int)page->reached, "steps", steps);
}

static json_t *churn_json(const hf_context *context, const hf_account_night *night, hf_status *status,
                          hf_error *error)
{
    hf_churn_part *parts;
    int32_t count;
    double log_odds;
    char words[HF_WORDS];
    int bad = 0;
    *status = hf_churn_parts(&parts, &count, &log_odds, context, night, error);
    if (*status != HF_OK) return NULL;
    json_t *list = json_array();
    for (int32_t i = 0; i < count; i++) {
        const int8_t monotone = night->model->terms[parts[i].term].monotone;
        const char *way = monotone == 0 ? NULL : monotone > 0 ? "up" : "down";
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:s,s:o,s:s*}", "signal", hf_model_signal(night->model, parts[i].term),
                            "words", hf_churn_words(words, night, parts[i].term), "contribution",
                            hf_json_number(parts[i].contribution), "monotone", way));
    }
    hf_delete(context, parts);
    if (bad) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:o,s:i,s:o,s:o,s:o,s:o}", "probability", hf_json_number(night->probability), "rank",
                     (int)night->rank, "base", hf_json_number(hf_model_base(night->model)), "log_odds",
                     hf_json_number(log_odds), "calibration",
                     hf_json_number(hf_plan_calibration(night->churn, night->row)), "terms", list);
}

static json_t *move_json(const hf_context *context, const hf_account_page *page, hf_status *status,
                         hf_error *error)
{
    const hf_definition *definition = hf_health_plan_definition(page->now.plan);
    hf_move_term *terms;
    int32_t count;
    int bad = 0;
    *status = hf_move_terms(&terms, &count, context, page->move, error);
    if (*status != HF_OK) return NULL;
    json_t *list = json_array();
    for (int32_t i = 0; i < count; i++)
        bad |= json_array_append_new(
            list, json_pack("{s:s,s:o,s:o}", "cause", hf_move_cause_name(terms[i].cause), "measure",
                            terms[i].measure < 0 ? json_null()
                                                 : json_string(definition->measures[terms[i].measure].path),
                            "points", hf_json_number(terms[i].points)));
    hf_delete(context, terms);
    if (bad) {
        json_decref(list);
        return NULL;
    }
    return json_pack(
        "{s:o,s:o,s:o,s:s,s:o}", "since", hf_json_date(hf_health_plan_frame(page->then->plan)->as_of), "from",
        hf_json_number(page->move->from), "to", hf_json_number(page->move->to), "band_then",
        hf_band_name(hf_health_plan_definition(page->then->plan), page->then->health->band[page->then->row]),
        "terms", list);
}

static void put_scores(json_t *root, const hf_account_night *night, int *bad)
{
    const hf_definition *definition = hf_health_plan_definition(night->plan);
    const hf_health_explanation *e = night->explanation;
    const hf_health *health = night->health;
    const int64_t row = night->row;
    const hf_date as_of = hf_health_plan_frame(night->plan)->as_of;
    put(root, "health", hf_json_number(e->health), bad);
    put(root, "health_raw", hf_json_number(e->raw), bad);
    put(root, "health_smoothed", hf_json_number(health->smoothed[row]), bad);
    put(root, "band", json_string(hf_band_name(definition, health->band[row])), bad);
    put(root, "band_raw", json_string(hf_band_name(definition, health->band_raw[row])), bad);
    put(root, "band_since", hf_json_date(health->band_since[row]), bad);
    put(root, "days_in_band", json_integer(as_of - health->band_since[row]), bad);
    put(root, "trend", text_or_null(hf_trend_name((hf_trend)health->trend[row])), bad);
    put(root, "coverage", hf_json_number(e->coverage), bad);
    put(root, "subjective_share", hf_json_number(hf_subjective_share(night)), bad);
    put(root, "arr", hf_json_number(health->arr[row]), bad);
    put(root, "arr_at_risk", hf_json_number(health->arr_at_risk[row]), bad);
    put(root, "cadence", json_string(hf_cadence_name((hf_cadence)health->cadence[row])), bad);
    put(root, "parent_health", hf_json_number(health->parent[row]), bad);
    put(root, "unassigned_weight", hf_json_number(e->unassigned), bad);
    put(root, "neutral", hf_json_number(definition->neutral), bad);
}

hf_status hf_report_explain_json(hf_text *text, const hf_context *context, const hf_account_page *page,
                                 hf_error *error)
{
    const hf_account_night *night = &page->now;
    const hf_definition *definition = hf_health_plan_definition(night->plan);
    const hf_frame *frame = hf_health_plan_frame(night->plan);
    hf_status status = HF_OK;
    size_t length;
    int bad = 0;
    const char *id = hf_frame_id(frame, night->row, &length);
    json_t *root = json_object();
    put(root, "account", json_stringn(id, length), &bad);
    put(root, "as_of", hf_json_date(frame->as_of), &bad);
    put(root, "definition", json_string(definition->name), &bad);
    put(root, "segment", json_string(definition->segments[night->explanation->segment].name), &bad);
    put_scores(root, night, &bad);
    put(root, "groups", groups_json(night), &bad);
    put(root, "measures", measures_json(night), &bad);
    put(root, "overrides", overrides_json(night), &bad);
    put(root, "churn", night->churn ? churn_json(context, night, &status, error) : json_null(), &bad);
    put(root, "path", path_json(page), &bad);
    if (page->move && status == HF_OK) put(root, "move", move_json(context, page, &status, error), &bad);
    if (bad || status != HF_OK) {
        json_decref(root);
        root = NULL;
    }
    return status == HF_OK ? hf_json_print(text, root, error) : status;
}
