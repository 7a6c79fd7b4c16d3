// SPDX-License-Identifier: Apache-2.0
//
// Conditions as people write them: "segment = SMB and tickets_90d >= 10 and csat is missing". A hand-written
// reader of one pass: words, quoted texts and signs, each with its place, then comparisons joined by "and".
// What people write from habit (==, or, <>) is refused with what to write instead.
#include "definition/definition_room.h"

#include <math.h>
#include <string.h>

typedef enum { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_SIGN } token_kind;

typedef struct {
    token_kind kind;
    const char *text; // as it stands, quotes included
    size_t length;
} token;

typedef struct {
    const hf_context *context;
    const char *text; // the whole condition
    const char *next; // what comes after the token
    token token;      // the one at hand
    hf_error *error;
} reader;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What ends a bare word besides a blank.
static bool is_sign(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f || strchr("=!<>(),\"'&|;", c) != NULL;
}

// Fails at a place within the condition, counted in characters as editors do.
static hf_status fail_here(const reader *r, const char *place, const char *message)
{
    int64_t column = 1;
    for (const char *p = r->text; p < place; p++)
        column += ((unsigned char)*p & 0xc0) != 0x80;
    return hf_fail_at(r->error, HF_ERROR_DATA, "", 0, column, "%s", message);
}

int hf_condition_shown(const char *text, size_t length, size_t limit)
{
    size_t shown = length < limit ? length : limit;
    while (shown > 0 && shown < length && ((unsigned char)text[shown] & 0xc0) == 0x80)
        shown--;
    return (int)shown;
}

// Fails at the token at hand: what was expected, what is there, what to do (NULL: plain from the first).
static hf_status expected(const reader *r, const char *what, const char *remedy)
{
    char message[512], found[128] = "the end";
    const token *t = &r->token;
    const int shown = hf_condition_shown(t->text, t->length, 60);
    if (t->kind != TOKEN_END)
        snprintf(found, sizeof found, "'%.*s%s'", shown, t->text, (size_t)shown < t->length ? "..." : "");
    snprintf(message, sizeof message, "expected %s, found %s%s%s", what, found, remedy ? "; " : "",
             remedy ? remedy : "");
    return fail_here(r, t->text, message);
}

static bool is_text(const token *t, const char *text)
{
    return t->length == strlen(text) && memcmp(t->text, text, t->length) == 0;
}

// A bare word of the language itself, whatever its case; in quotes it is a text like any other.
static bool is_word(const token *t, const char *word)
{
    if (t->kind != TOKEN_WORD || t->length != strlen(word)) return false;
    for (size_t i = 0; i < t->length; i++) {
        const char c = t->text[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) != word[i]) return false;
    }
    return true;
}

// ---- tokens ----------------------------------------------------------------------------------------------

static hf_status read_quoted(reader *r, const char *begin)
{
    const char *p = begin + 1;
    while (*p && (*p != '"' || p[1] == '"'))
        p += *p == '"' ? 2 : 1; // a quote within is written twice
    if (!*p) return fail_here(r, begin, "this text has no closing \"; add it");
    p++;
    if (*p && !is_blank(*p) && !is_sign(*p))
        return fail_here(r, p,
                         "expected a blank after the closing \"; a quote within a text is written twice");
    r->token = (token){TOKEN_QUOTED, begin, (size_t)(p - begin)};
    r->next = p;
    return HF_OK;
}

static hf_status read_sign(reader *r, const char *begin)
{
    static const char *const known[] = {"!=", "<=", ">=", "=", "<", ">", "(", ")", ","};
    static const char *const habits[][2] = {
        {"==", "write = for equal"},
        {"<>", "write != for different"},
        {"=<", "write <= for at most"},
        {"=>", "write >= for at least"},
        {"'", "write double quotes around a name or text"},
        {"&", "write and between two comparisons"},
        {"|", "there is no \"or\"; write a list, x in (a, b), or one condition each"},
        {";", "write and between two comparisons"},
        {"!", "write != for different"}};
    for (size_t i = 0; i + 1 < sizeof habits / sizeof *habits; i++)
        if (strncmp(begin, habits[i][0], strlen(habits[i][0])) == 0) return fail_here(r, begin, habits[i][1]);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t length = strlen(known[i]);
        if (strncmp(begin, known[i], length) != 0) continue;
        r->token = (token){TOKEN_SIGN, begin, length};
        r->next = begin + length;
        return HF_OK;
    }
    if (*begin == '!') return fail_here(r, begin, "write != for different");
    return fail_here(r, begin, "there is a control character here; take it out");
}

// Moves to the next token.
static hf_status advance(reader *r)
{
    const char *p = r->next;
    while (is_blank(*p))
        p++;
    if (*p == '"') return read_quoted(r, p);
    if (*p && is_sign(*p)) return read_sign(r, p);
    const char *begin = p;
    while (*p && !is_blank(*p) && !is_sign(*p))
        p++;
    r->token = (token){p > begin ? TOKEN_WORD : TOKEN_END, begin, (size_t)(p - begin)};
    r->next = p;
    return HF_OK;
}

// The token's text without its quotes.
static char *copy_token(const hf_context *context, const token *t)
{
    if (t->kind != TOKEN_QUOTED) return hf_copy_text(context, t->text, t->length);
    char *copy = hf_copy_text(context, t->text + 1, t->length - 2);
    if (!copy) return NULL;
    size_t length = 0;
    for (const char *p = copy; *p; p += *p == '"' ? 2 : 1)
        copy[length++] = *p;
    copy[length] = '\0';
    return copy;
}

// ---- comparisons -----------------------------------------------------------------------------------------

hf_status hf_condition_number(double *out, const hf_context *context, const char *text, hf_error *error)
{
    const size_t length = strlen(text);
    double value = NAN;
    if (!hf_parse_double(&value, text, length)) value = NAN;
    if (length > 1 && text[length - 1] == '%' && !strpbrk(text, "eE")) {
        // The decimal point is moved in the text, so that 12.3% is the very number 0.123.
        char *shifted = hf_new(context, length + 3, 1);
        if (!shifted) return hf_fail_memory(error);
        memcpy(shifted, text, length - 1);
        memcpy(shifted + length - 1, "e-2", 3);
        if (!hf_parse_double(&value, shifted, length + 2)) value = NAN;
        hf_delete(context, shifted);
    }
    *out = isfinite(value) ? value : NAN;
    return HF_OK;
}

static hf_status add_text(reader *r, hf_comparing *part)
{
    const token *t = &r->token;
    if (t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED)
        return expected(r, "a number, a date or a text to compare with", NULL);
    if (is_word(t, "and") || is_word(t, "or"))
        return expected(r, "a value", "one that is such a word stands in double quotes");
    // Grown by doubling: room is made when the count is a power of two.
    if ((part->text_count & (part->text_count - 1)) == 0) {
        const size_t room = part->text_count == 0 ? 1 : (size_t)part->text_count * 2;
        char **grown = hf_grow(r->context, part->texts, room, sizeof *grown);
        if (!grown) return hf_fail_memory(r->error);
        part->texts = grown;
    }
    char *copy = copy_token(r->context, t);
    if (!copy) return hf_fail_memory(r->error);
    part->texts[part->text_count++] = copy;
    return advance(r);
}

static hf_status read_list(reader *r, hf_comparing *part)
{
    hf_status status;
    HF_TRY(done, advance(r));
    if (!is_text(&r->token, "(")) return expected(r, "(", "a list is written as in plan in (basic, pro)");
    do {
        HF_TRY(done, advance(r));
        HF_TRY(done, add_text(r, part));
    } while (r->token.kind == TOKEN_SIGN && is_text(&r->token, ","));
    if (r->token.kind != TOKEN_SIGN || !is_text(&r->token, ")"))
        return expected(r, ", or )", "a text with blanks or signs stands in double quotes");
    HF_TRY(done, advance(r));
done:
    return status;
}

static hf_status read_is(reader *r, hf_comparing *part)
{
    hf_status status;
    HF_TRY(done, advance(r));
    if (is_word(&r->token, "not"))
        return fail_here(r, r->token.text, "write \"is present\" for what is not missing");
    if (!is_word(&r->token, "missing") && !is_word(&r->token, "present"))
        return expected(r, "missing or present after is", "write = to compare with a value");
    part->comparison = is_word(&r->token, "missing") ? HF_COMPARE_MISSING : HF_COMPARE_PRESENT;
    HF_TRY(done, advance(r));
done:
    return status;
}

static hf_status read_right_side(reader *r, hf_comparing *part)
{
    static const struct {
        const char *sign;
        hf_comparison comparison;
    } signs[] = {{"=", HF_COMPARE_EQUAL},    {"!=", HF_COMPARE_DIFFERENT}, {"<", HF_COMPARE_LESS},
                 {"<=", HF_COMPARE_AT_MOST}, {">", HF_COMPARE_MORE},       {">=", HF_COMPARE_AT_LEAST}};
    hf_status status;
    if (is_word(&r->token, "is")) return read_is(r, part);
    if (is_word(&r->token, "in")) {
        part->comparison = HF_COMPARE_IN;
        return read_list(r, part);
    }
    size_t i = 0;
    while (i < sizeof signs / sizeof *signs &&
           (r->token.kind != TOKEN_SIGN || !is_text(&r->token, signs[i].sign)))
        i++;
    if (i == sizeof signs / sizeof *signs) {
        if (is_word(&r->token, "not"))
            return fail_here(r, r->token.text, "there is no \"not\"; write != for each value, joined by and");
        return expected(r, "=, !=, <, <=, >, >=, in or is after the signal",
                        "a name with blanks or signs stands in double quotes");
    }
    part->comparison = signs[i].comparison;
    HF_TRY(done, advance(r));
    HF_TRY(done, add_text(r, part));
    HF_TRY(done, hf_condition_number(&part->number, r->context, part->texts[0], r->error));
    if (!hf_date_parse(&part->date, part->texts[0], strlen(part->texts[0]))) part->date = HF_DATE_MISSING;
done:
    return status;
}

static hf_status read_comparing(reader *r, hf_comparing *part)
{
    hf_status status;
    const token *t = &r->token;
    if ((t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED) || is_word(t, "and") || is_text(t, "\"\""))
        return expected(r, "a comparison such as segment = SMB", NULL);
    if (is_word(t, "not"))
        return fail_here(r, t->text, "there is no \"not\"; turn the comparison round, != for =");
    part->signal = copy_token(r->context, t);
    if (!part->signal) return hf_fail_memory(r->error);
    HF_TRY(done, advance(r));
    HF_TRY(done, read_right_side(r, part));
done:
    return status;
}

static void free_comparing(const hf_context *context, hf_comparing *part)
{
    hf_delete(context, part->signal);
    for (int32_t i = 0; i < part->text_count; i++)
        hf_delete(context, part->texts[i]);
    hf_delete(context, part->texts);
}

// ---- the condition ---------------------------------------------------------------------------------------

// Grown by doubling: room is made when the count is a power of two.
static hf_status make_room(reader *r, hf_condition *condition)
{
    if ((condition->count & (condition->count - 1)) != 0) return HF_OK;
    const size_t room = condition->count == 0 ? 1 : (size_t)condition->count * 2;
    hf_comparing *grown = hf_grow(r->context, condition->parts, room, sizeof *grown);
    if (!grown) return hf_fail_memory(r->error);
    condition->parts = grown;
    return HF_OK;
}

static hf_status add_comparing(reader *r, hf_condition *condition)
{
    hf_comparing part = {.number = NAN, .date = HF_DATE_MISSING};
    hf_status status = read_comparing(r, &part);
    if (status == HF_OK) status = make_room(r, condition);
    if (status != HF_OK) {
        free_comparing(r->context, &part);
        return status;
    }
    condition->parts[condition->count++] = part;
    return HF_OK;
}

hf_status hf_condition_parse(hf_condition *out, const hf_context *context, const char *text, hf_error *error)
{
    reader r = {.context = context, .text = text, .next = text, .error = error};
    hf_condition made = {0};
    const size_t length = strlen(text);
    size_t bad;
    hf_status status = HF_OK;
    if (!hf_is_utf8(text, length, &bad)) {
        status = fail_here(&r, text + bad, "this is not UTF-8; save the file as UTF-8");
        goto done;
    }
    made.text = hf_copy_text(context, text, length);
    if (!made.text) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, advance(&r));
    HF_TRY(done, add_comparing(&r, &made));
    while (is_word(&r.token, "and")) {
        HF_TRY(done, advance(&r));
        HF_TRY(done, add_comparing(&r, &made));
    }
    if (is_word(&r.token, "or")) {
        status = fail_here(&r, r.token.text,
                           "there is no \"or\"; write a list, x in (a, b), or one condition each");
        goto done;
    }
    if (r.token.kind != TOKEN_END) {
        status = expected(&r, "and or the end", "a text with blanks or signs stands in double quotes");
        goto done;
    }
    *out = made;
    made = (hf_condition){0};
done:
    hf_condition_free(context, &made);
    return status;
}

void hf_condition_free(const hf_context *context, hf_condition *condition)
{
    for (int32_t i = 0; i < condition->count; i++)
        free_comparing(context, &condition->parts[i]);
    hf_delete(context, condition->parts);
    hf_delete(context, condition->text);
    *condition = (hf_condition){0};
}
