// SPDX-License-Identifier: Apache-2.0
//
// Reading the summary of a model back from its record.
#include "report/summary_view.h"

#include "report/model_card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const json_t *hf_record(const hf_model *model, const char *section)
{
    const json_t *found = json_object_get(model->record, section);
    return json_is_object(found) ? found : NULL;
}

double hf_record_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const char *hf_model_predicts(const hf_model *model)
{
    static const char *const keys[] = {"outcome", "target"};
    const json_t *training = hf_record(model, "training");
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const char *said = json_string_value(json_object_get(training, keys[k]));
        if (said) return said;
    }
    return "the outcome";
}

static int by_share(const void *a, const void *b)
{
    const hf_summary_line *x = a, *y = b;
    const double p = isnan(x->share) ? -INFINITY : x->share, q = isnan(y->share) ? -INFINITY : y->share;
    if (p > q || p < q) return p > q ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

hf_status hf_summary_lines(hf_summary_line **out, int32_t *count, const hf_model *model, hf_error *error)
{
    const json_t *terms = json_object_get(hf_record(model, "summary"), "terms");
    int32_t n = 0;
    hf_summary_line *lines = hf_new(model->context, (size_t)model->term_count, sizeof *lines);
    if (!lines) return hf_fail_memory(error);
    for (int32_t k = 0; k < model->term_count; k++) {
        const json_t *json = json_array_get(terms, (size_t)k);
        if (!json_is_object(json)) continue;
        lines[n++] = (hf_summary_line){&model->terms[k], json, hf_record_number(json, "share"), k};
    }
    qsort(lines, (size_t)n, sizeof *lines, by_share);
    *out = lines;
    *count = n;
    return HF_OK;
}

void hf_summary_place(char out[HF_WORDS], const json_t *point)
{
    const double at = hf_record_number(point, "at");
    const char *level = json_string_value(json_object_get(point, "level"));
    if (!isnan(at))
        hf_brief(out, at);
    else
        snprintf(out, HF_WORDS, "%s",
                 level                               ? level
                 : json_object_get(point, "missing") ? "missing"
                                                     : "other levels");
}

static void put_end(hf_text *out, const json_t *point)
{
    char place[HF_WORDS], value[HF_NUMBER];
    hf_summary_place(place, point);
    hf_text_printf(out, "%s at ", hf_say_signed(value, hf_record_number(point, "log_odds"), 2));
    hf_card_text(out, place);
}

// Along a number's points: whether they rise, fall, or both.
static void put_curve(hf_text *out, const json_t *points)
{
    const json_t *point, *first = NULL, *last = NULL, *before = NULL;
    bool rises = false, falls = false;
    size_t i;
    json_array_foreach(points, i, point)
    {
        if (isnan(hf_record_number(point, "at"))) continue;
        if (!first) first = point;
        const double step =
            before ? hf_record_number(point, "log_odds") - hf_record_number(before, "log_odds") : 0;
        rises = rises || step > 0.005;
        falls = falls || step < -0.005;
        last = before = point;
    }
    if (!first) return;
    hf_text_puts(out, rises && falls ? "bends, from "
                      : rises        ? "rises from "
                      : falls        ? "falls from "
                                     : "flat, ");
    put_end(out, first);
    if (!rises && !falls) return;
    hf_text_puts(out, " to ");
    put_end(out, last);
}

static void put_table(hf_text *out, const json_t *points)
{
    const json_t *point, *most = NULL, *least = NULL;
    size_t i;
    json_array_foreach(points, i, point)
    {
        const double value = hf_record_number(point, "log_odds");
        if (!most || value > hf_record_number(most, "log_odds")) most = point;
        if (!least || value < hf_record_number(least, "log_odds")) least = point;
    }
    if (!most) return;
    hf_text_puts(out, "from ");
    put_end(out, least);
    hf_text_puts(out, " to ");
    put_end(out, most);
}

void hf_summary_course(hf_text *out, const hf_summary_line *line)
{
    const json_t *points = json_object_get(line->json, "points");
    if (line->term->kind == HF_TERM_CURVE)
        put_curve(out, points);
    else
        put_table(out, points);
}
