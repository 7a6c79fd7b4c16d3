// SPDX-License-Identifier: Apache-2.0
//
// Numbers and values as the explanation pages say them: independent of the locale, missing as nothing, a
// measure's value in the words a churn reason would use.
#include "report/report_words.h"

#include "report/report_room.h"
#include "term/term_room.h"

#include <math.h>
#include <string.h>

const char *hf_say_fixed(char out[HF_NUMBER], double value, int decimals)
{
    out[0] = '\0';
    if (!isnan(value)) hf_format_fixed(out, value, decimals);
    return out;
}

const char *hf_say_signed(char out[HF_NUMBER], double value, int decimals)
{
    out[0] = '\0';
    if (isnan(value)) return out;
    hf_format_fixed(out + 1, value, decimals);
    if (out[1] == '-')
        memmove(out, out + 1, strlen(out + 1) + 1);
    else
        out[0] = '+';
    return out;
}

const char *hf_say_share(char out[HF_NUMBER], double share)
{
    hf_say_fixed(out, 100 * share, 1);
    if (out[0] != '\0') memcpy(out + strlen(out), " %", 3);
    return out;
}

const char *hf_say_money(char out[HF_NUMBER], double amount)
{
    out[0] = '\0';
    if (fabs(amount) < 1e18) hf_grouped(out, (int64_t)llround(amount));
    return out;
}

const char *hf_say_money_change(char out[HF_NUMBER], double amount)
{
    char whole[32];
    out[0] = '\0';
    if (fabs(amount) < 1e18)
        snprintf(out, HF_NUMBER, "%s%s", llround(amount) < 0 ? "" : "+", hf_grouped(whole, llround(amount)));
    return out;
}

json_t *hf_json_path(const char *path)
{
    size_t bad;
    return path && path[0] != '\0' && hf_is_utf8(path, strlen(path), &bad) ? json_string(path) : json_null();
}

const char *hf_say_date(char out[HF_NUMBER], hf_date date)
{
    hf_date_format(date, out);
    return out;
}

const char *hf_say_name(char out[HF_WORDS], const char *name)
{
    size_t length = strnlen(name, HF_WORDS - 1);
    while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
        length--; // cut at a character
    memcpy(out, name, length);
    out[length] = '\0';
    for (char *p = out; *p; p++)
        if (*p == '_') *p = ' ';
    return out;
}

// ---- values ----------------------------------------------------------------------------------------------------

static const char *unit_of(const hf_definition *definition, const char *signal, const hf_column *column)
{
    if (column && column->unit && column->unit[0] != '\0') return column->unit;
    for (int32_t i = 0; i < definition->signal_count; i++)
        if (strcmp(definition->signals[i].name, signal) == 0) return definition->signals[i].unit;
    return "";
}

// What a phrase needs to know of a signal. Borrows from the plan.
static hf_term words_of(const hf_health_plan *plan, int32_t measure, const hf_column **column)
{
    static char none[] = "";
    const hf_definition *definition = hf_health_plan_definition(plan);
    const hf_frame *frame = hf_health_plan_frame(plan);
    const hf_measure *m = &definition->measures[measure];
    const int32_t place = hf_frame_find(frame, m->signal);
    *column = place >= 0 ? &frame->columns[place] : NULL;
    const char *unit = unit_of(definition, m->signal, *column);
    return (hf_term){.kind = m->curve.kind,
                     .signal = m->signal,
                     .signal_kind = *column ? (*column)->kind : HF_KIND_NUMBER,
                     .unit = unit ? (char *)(uintptr_t)unit : none};
}

const char *hf_say_value(char out[HF_WORDS], const hf_health_plan *plan, int32_t measure, int64_t row)
{
    const hf_column *column;
    const hf_term words = words_of(plan, measure, &column);
    hf_term_phrase(out, HF_WORDS, &words, column, row);
    return out;
}

const char *hf_say_number(char out[HF_WORDS], const hf_health_plan *plan, int32_t measure, double number)
{
    const hf_column *column;
    const hf_term words = words_of(plan, measure, &column);
    const hf_column one = {.kind = words.signal_kind, .storage = HF_STORAGE_F64, .values = &number};
    hf_term_phrase(out, HF_WORDS, &words, &one, 0);
    return out;
}

const char *hf_say_level(char out[HF_WORDS], const hf_health_plan *plan, int32_t measure, const char *level)
{
    const hf_column *column;
    const hf_term words = words_of(plan, measure, &column);
    char bytes[HF_NAME_LIMIT + 1];
    const size_t length = strnlen(level, HF_NAME_LIMIT);
    uint32_t offsets[2] = {0, (uint32_t)length + 1};
    int32_t code = 0;
    memcpy(bytes, level, length);
    bytes[length] = '\0';
    const hf_column one = {.kind = HF_KIND_CATEGORY,
                           .storage = HF_STORAGE_CODE,
                           .values = &code,
                           .dictionary = {1, bytes, offsets}};
    hf_term_phrase(out, HF_WORDS, &words, &one, 0);
    return out;
}

const char *hf_say_action(char out[HF_WORDS], hf_override_action action, double value)
{
    static const char *const names[] = {"set to ", "cap at ", "floor at "};
    const char *name = (size_t)action < 3 ? names[action] : "";
    const size_t length = strlen(name);
    memcpy(out, name, length + 1);
    hf_format_f64(out + length, value);
    return out;
}

const char *hf_band_name(const hf_definition *definition, int8_t band)
{
    return band >= 0 && band < definition->band_count ? definition->bands[band].name : "unknown";
}

void hf_trim_lines(hf_text *text, size_t from)
{
    size_t to = from;
    if (text->failed) return;
    for (size_t i = from; i < text->length; i++) {
        while (text->data[i] == '\n' && to > from && text->data[to - 1] == ' ')
            to--;
        text->data[to++] = text->data[i];
    }
    if (text->data) text->data[to] = '\0';
    text->length = to;
}

// ---- JSON ------------------------------------------------------------------------------------------------------

json_t *hf_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *hf_json_date(hf_date date)
{
    char text[11];
    hf_date_format(date, text);
    return text[0] ? json_string(text) : json_null();
}

static int append_json(const char *buffer, size_t size, void *text)
{
    hf_text_add(text, buffer, size);
    return 0;
}

hf_status hf_json_print(hf_text *text, json_t *root, hf_error *error)
{
    const bool good = root && json_dump_callback(root, append_json, text, JSON_INDENT(2)) == 0;
    json_decref(root);
    hf_text_putc(text, '\n');
    return good ? hf_text_status(text, error) : hf_fail_memory(error);
}
