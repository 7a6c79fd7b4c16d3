// SPDX-License-Identifier: Apache-2.0
//
// Edits as people write them: "tickets_90d *= 0.5 where segment = SMB". One pass over the text: a signal,
// what to do with it, one or two values, and after "where" a condition of the definition's own language. What
// people write from habit (==, /=, a bare *) is refused with what to write instead.
#include "whatif/whatif_room.h"

#include <math.h>
#include <string.h>

typedef struct {
    const hf_context *context;
    const char *text; // the whole edit
    const char *at;   // what is not read yet
    hf_error *error;
} reader;

enum { SHOWN = 200, SHOWN_PART = 60 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What ends a bare word besides a blank.
static bool is_sign(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f || strchr("=!<>()[],\"'&|;", c) != NULL;
}

// "+=" and the like, which end a signal's name without a blank.
static bool is_assignment(const char *p)
{
    return strchr("+-*/", *p) != NULL && p[1] == '=';
}

static void skip_blanks(reader *r)
{
    while (is_blank(*r->at))
        r->at++;
}

// Fails at a place within the edit, counted in characters as editors do.
static hf_status fail_here(const reader *r, const char *place, const char *message)
{
    int64_t column = 1;
    for (const char *p = r->text; p < place; p++)
        column += ((unsigned char)*p & 0xc0) != 0x80;
    return hf_fail(r->error, HF_ERROR_USAGE, "the edit '%.*s', character %lld: %s",
                   hf_condition_shown(r->text, strlen(r->text), SHOWN), r->text, (long long)column, message);
}

// The length of what stands at a place, for a message: a quoted text, a word, or a run of signs.
static size_t stands_at(const char *p)
{
    size_t n = 0;
    if (*p == '\0') return 0;
    if (!is_sign(*p))
        while (p[n] && !is_blank(p[n]) && !is_sign(p[n]))
            n++;
    else
        while (p[n] && p[n] != '"' && is_sign(p[n]))
            n++;
    return n > 0 ? n : 1;
}

// Fails at what comes next: what was expected, what is there, what to do.
static hf_status expected(const reader *r, const char *what, const char *remedy)
{
    char message[512], found[128] = "the end";
    const size_t length = stands_at(r->at);
    const int shown = hf_condition_shown(r->at, length, SHOWN_PART);
    if (length > 0)
        snprintf(found, sizeof found, "'%.*s%s'", shown, r->at, (size_t)shown < length ? "..." : "");
    snprintf(message, sizeof message, "expected %s, found %s; %s", what, found, remedy);
    return fail_here(r, r->at, message);
}

// ---- words -----------------------------------------------------------------------------------------------

static hf_status read_quoted(reader *r, char **out)
{
    const char *begin = r->at, *p = begin + 1;
    while (*p && (*p != '"' || p[1] == '"'))
        p += *p == '"' ? 2 : 1; // a quote within is written twice
    if (!*p) return fail_here(r, begin, "this text has no closing \"; add it");
    char *copy = hf_copy_text(r->context, begin + 1, (size_t)(p - begin - 1));
    if (!copy) return hf_fail_memory(r->error);
    size_t length = 0;
    for (const char *c = copy; *c; c += *c == '"' ? 2 : 1)
        copy[length++] = *c;
    copy[length] = '\0';
    r->at = p + 1;
    *out = copy;
    return HF_OK;
}

// A bare word, which is empty where a sign stands, or a quoted text. assigns: the word ends before +=, too.
static hf_status read_word(reader *r, char **out, bool assigns)
{
    skip_blanks(r);
    if (*r->at == '"') return read_quoted(r, out);
    const char *begin = r->at;
    while (*r->at && !is_blank(*r->at) && !is_sign(*r->at) && !(assigns && is_assignment(r->at)))
        r->at++;
    *out = hf_copy_text(r->context, begin, (size_t)(r->at - begin));
    return *out ? HF_OK : hf_fail_memory(r->error);
}

// Whether the bare word comes next, whatever its case; it is read where it does.
static bool take_word(reader *r, const char *word)
{
    skip_blanks(r);
    const size_t n = strlen(word);
    for (size_t i = 0; i < n; i++) {
        const char c = r->at[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) != word[i]) return false;
    }
    if (r->at[n] && !is_blank(r->at[n]) && !is_sign(r->at[n])) return false;
    r->at += n;
    return true;
}

static bool take_sign(reader *r, const char *sign)
{
    skip_blanks(r);
    if (strncmp(r->at, sign, strlen(sign)) != 0) return false;
    r->at += strlen(sign);
    return true;
}

// ---- what to do ------------------------------------------------------------------------------------------

static hf_status read_signal(reader *r, hf_edit *edit)
{
    skip_blanks(r);
    hf_status status = read_word(r, &edit->signal, true);
    if (status == HF_OK && edit->signal[0] == '\0')
        return expected(r, "a signal's name", "write an edit as in tickets_90d *= 0.5");
    return status;
}

static hf_status read_action(reader *r, hf_edit *edit, bool *negative)
{
    static const char *const habits[][2] = {
        {"==", "write = to set a value"},
        {":=", "write = to set a value"},
        {"!=", "!= compares; an edit is one of =, +=, -=, *=, <=, >= and in [a, b]"},
        {"/=", "there is no /=; write *= 0.5 to halve"},
        {"=<", "write <= to cap"},
        {"=>", "write >= for a floor"},
        {"*", "write *= to scale"},
        {"/", "there is no division; write *= 0.5 to halve"},
        {"+", "write += to add"},
        {"-", "write -= to take off"}};
    static const struct {
        const char *sign;
        hf_edit_action action;
    } signs[] = {{"+=", HF_EDIT_ADD}, {"-=", HF_EDIT_ADD},   {"*=", HF_EDIT_SCALE},
                 {"<=", HF_EDIT_CAP}, {">=", HF_EDIT_FLOOR}, {"=", HF_EDIT_SET}};
    if (take_word(r, "in")) {
        edit->action = HF_EDIT_CLIP;
        return HF_OK;
    }
    *negative = strncmp(r->at, "-=", 2) == 0;
    for (size_t i = 0; i < 6; i++)
        if (strncmp(r->at, habits[i][0], 2) == 0) return fail_here(r, r->at, habits[i][1]);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (take_sign(r, signs[i].sign)) {
            edit->action = signs[i].action;
            return HF_OK;
        }
    for (size_t i = 6; i < sizeof habits / sizeof *habits; i++)
        if (*r->at == habits[i][0][0]) return fail_here(r, r->at, habits[i][1]);
    if (*r->at == '<' || *r->at == '>')
        return fail_here(r, r->at, "write <= to cap and >= for a floor; the bound itself is allowed");
    return expected(r, "=, +=, -=, *=, <=, >= or in [a, b] after the signal",
                    "a name with blanks or signs stands in double quotes");
}

// ---- values ----------------------------------------------------------------------------------------------

// One value, as a number and a date where it is one.
static hf_status read_value(reader *r, hf_edit *edit, int i)
{
    static const char *const after[] = {"a value", "a number, or days of a date", "a number"};
    skip_blanks(r);
    const char *begin = r->at;
    const bool quoted = *begin == '"', sets = edit->action == HF_EDIT_SET;
    const int what = sets ? 0 : edit->action == HF_EDIT_ADD ? 1 : edit->action == HF_EDIT_SCALE ? 2 : -1;
    const char *wanted = what < 0 ? "a number or a date" : after[what];
    hf_status status;
    if (sets && take_word(r, "missing")) {
        edit->action = HF_EDIT_UNSET;
        return HF_OK;
    }
    if (!quoted && take_word(r, "where")) {
        r->at = begin;
        return expected(r, wanted, "a text that is such a word stands in double quotes");
    }
    HF_TRY(done, read_word(r, &edit->value[i], false));
    if (!quoted && edit->value[i][0] == '\0')
        return expected(r, wanted, "a number is written as 0.5, 20% or 2026-12-31 for a date");
    HF_TRY(done, hf_condition_number(&edit->number[i], r->context, edit->value[i], r->error));
    if (!hf_date_parse(&edit->date[i], edit->value[i], strlen(edit->value[i])))
        edit->date[i] = HF_DATE_MISSING;
    const bool date = edit->date[i] != HF_DATE_MISSING && what < 0;
    if (!sets && isnan(edit->number[i]) && !date) {
        r->at = begin;
        return expected(r, wanted, "a text can only be set, with =");
    }
done:
    return status;
}

static hf_status read_range(reader *r, hf_edit *edit)
{
    hf_status status;
    skip_blanks(r);
    if (*r->at == '(')
        return fail_here(r, r->at, "a clip is written in [0, 20]; a list in (a, b) belongs to a condition");
    if (!take_sign(r, "[")) return expected(r, "[", "a clip is written in [0, 20]");
    const char *begin = r->at;
    HF_TRY(done, read_value(r, edit, 0));
    if (!take_sign(r, ",")) return expected(r, ",", "a clip is written in [0, 20]");
    HF_TRY(done, read_value(r, edit, 1));
    if (!take_sign(r, "]")) return expected(r, "]", "a clip is written in [0, 20]");
    const bool dates = edit->date[0] != HF_DATE_MISSING, both = edit->date[1] != HF_DATE_MISSING;
    if (dates != both)
        return fail_here(r, begin, "one bound is a date and the other a number; write two of one");
    if (dates ? edit->date[0] > edit->date[1] : edit->number[0] > edit->number[1])
        return fail_here(r, begin, "the first bound is above the second; write the smaller one first");
done:
    return status;
}

// ---- the edit --------------------------------------------------------------------------------------------

// A condition that stands at a place of the text; what is wrong is placed in the whole.
static hf_status read_condition(reader *r, hf_condition *out)
{
    hf_error inner = {.status = HF_OK};
    skip_blanks(r);
    hf_status status = hf_condition_parse(out, r->context, r->at, &inner);
    if (status == HF_OK) return HF_OK;
    if (status != HF_ERROR_DATA) {
        if (r->error) *r->error = inner;
        return status;
    }
    const char *place = r->at;
    for (int64_t n = 1; n < inner.column && *place; n++) {
        place++;
        while (((unsigned char)*place & 0xc0) == 0x80)
            place++;
    }
    return fail_here(r, place, inner.message);
}

static hf_status read_edit(reader *r, hf_edit *edit)
{
    bool negative = false;
    size_t bad;
    hf_status status = HF_OK;
    if (!hf_is_utf8(r->text, strlen(r->text), &bad))
        return hf_fail(r->error, HF_ERROR_USAGE, "an edit is not UTF-8 from byte %zu on; write it in UTF-8",
                       bad + 1);
    edit->text = hf_copy_text(r->context, r->text, strlen(r->text));
    if (!edit->text) return hf_fail_memory(r->error);
    HF_TRY(done, read_signal(r, edit));
    HF_TRY(done, read_action(r, edit, &negative));
    if (edit->action == HF_EDIT_CLIP)
        HF_TRY(done, read_range(r, edit));
    else
        HF_TRY(done, read_value(r, edit, 0));
    if (negative) edit->number[0] = -edit->number[0];
    edit->limited = take_word(r, "where");
    if (edit->limited) HF_TRY(done, read_condition(r, &edit->where));
    if (!edit->limited && *r->at)
        status = expected(r, "where or the end",
                          "a text with blanks or signs stands in double quotes, and every edit has a --set");
done:
    return status;
}

static void free_edit(const hf_context *context, hf_edit *edit)
{
    hf_delete(context, edit->text);
    hf_delete(context, edit->signal);
    hf_delete(context, edit->value[0]);
    hf_delete(context, edit->value[1]);
    hf_condition_free(context, &edit->where);
}

hf_status hf_scenario_create(hf_scenario *out, const hf_context *context, const char *const *edits,
                             int32_t count, const char *where, hf_error *error)
{
    hf_scenario made = {.context = context, .limited = where != NULL};
    hf_status status = HF_OK;
    made.edits = hf_new(context, (size_t)count, sizeof *made.edits);
    if (!made.edits) return hf_fail_memory(error);
    for (; made.count < count; made.count++) {
        reader r = {context, edits[made.count], edits[made.count], error};
        made.edits[made.count] = (hf_edit){.number = {NAN, NAN}, .date = {HF_DATE_MISSING, HF_DATE_MISSING}};
        status = read_edit(&r, &made.edits[made.count]);
        if (status != HF_OK) free_edit(context, &made.edits[made.count]);
        HF_TRY(done, status);
    }
    if (where) {
        hf_error inner = {.status = HF_OK};
        status = hf_condition_parse(&made.where, context, where, &inner);
        if (status == HF_ERROR_DATA)
            status = hf_fail(error, HF_ERROR_USAGE, "the condition '%.*s', character %lld: %s",
                             hf_condition_shown(where, strlen(where), SHOWN), where, (long long)inner.column,
                             inner.message);
        else if (status != HF_OK && error)
            *error = inner;
        HF_TRY(done, status);
    }
    *out = made;
    made = (hf_scenario){0};
done:
    hf_scenario_free(&made);
    return status;
}

void hf_scenario_free(hf_scenario *scenario)
{
    if (!scenario->context) return;
    for (int32_t i = 0; i < scenario->count; i++)
        free_edit(scenario->context, &scenario->edits[i]);
    hf_delete(scenario->context, scenario->edits);
    hf_condition_free(scenario->context, &scenario->where);
    *scenario = (hf_scenario){0};
}
