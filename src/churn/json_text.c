// SPDX-License-Identifier: Apache-2.0
//
// Writes JSON. Not jansson's own dump, because that gives every real seventeen digits (0.1 becomes
// 0.10000000000000001) in a form that changed between its versions, and a checksum needs one form: reals are
// written as Python's repr writes them, so that three lines of Python can check a file.
#include "churn/json_text.h"

#include <stdlib.h>
#include <string.h>

enum { FLAT_MEMBERS = 8 };

typedef struct {
    hf_text *out;
    bool canonical;
} writer;

static void write_value(const writer *w, const json_t *json, int depth);

// ---- scalars ---------------------------------------------------------------------------------------------

// The significant digits of a shortest decimal text and its decimal exponent: value = d.ddd x 10^exponent.
static int split_digits(char digits[32], int *exponent, const char *text)
{
    int count = 0, before_point = 0, leading = 0, power = 0;
    bool point = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == 'e') {
            power = atoi(p + 1);
            break;
        }
        if (*p == '.') point = true;
        if (*p < '0' || *p > '9') continue;
        if (!point) before_point++;
        if (count == 0 && *p == '0')
            leading++;
        else if (count < 31)
            digits[count++] = *p;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    *exponent = before_point - leading - 1 + power;
    return count;
}

static void write_real(hf_text *out, double value)
{
    char text[32], digits[32];
    int exponent;
    hf_format_f64(text, value);
    int count = split_digits(digits, &exponent, text);
    if (text[0] == '-') hf_text_putc(out, '-');
    if (count == 0) {
        hf_text_puts(out, "0.0");
    } else if (exponent < -4 || exponent >= 16) {
        hf_text_add(out, digits, 1);
        if (count > 1) hf_text_putc(out, '.');
        hf_text_add(out, digits + 1, (size_t)count - 1);
        hf_text_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    } else if (exponent < 0) {
        hf_text_puts(out, "0.");
        for (int i = exponent + 1; i < 0; i++)
            hf_text_putc(out, '0');
        hf_text_add(out, digits, (size_t)count);
    } else {
        for (int i = 0; i <= exponent || i < count; i++) {
            if (i == exponent + 1) hf_text_putc(out, '.');
            hf_text_putc(out, i < count ? digits[i] : '0');
        }
        if (count <= exponent + 1) hf_text_puts(out, ".0");
    }
}

static void write_string(hf_text *out, const char *text, size_t length)
{
    static const char escapes[] = "btn?fr"; // of 8 to 13
    hf_text_putc(out, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            hf_text_putc(out, '\\');
            hf_text_putc(out, (char)c);
        } else if (c >= 8 && c <= 13 && c != 11) {
            hf_text_putc(out, '\\');
            hf_text_putc(out, escapes[c - 8]);
        } else if (c < 32) {
            hf_text_printf(out, "\\u%04x", c);
        } else {
            hf_text_putc(out, (char)c);
        }
    }
    hf_text_putc(out, '"');
}

static bool write_scalar(hf_text *out, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        write_string(out, json_string_value(json), json_string_length(json));
        return true;
    case JSON_INTEGER:
        hf_text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return true;
    case JSON_REAL:
        write_real(out, json_real_value(json));
        return true;
    case JSON_TRUE:
        hf_text_puts(out, "true");
        return true;
    case JSON_FALSE:
        hf_text_puts(out, "false");
        return true;
    case JSON_NULL:
        hf_text_puts(out, "null");
        return true;
    default:
        return false;
    }
}

// ---- arrays and objects ----------------------------------------------------------------------------------

static size_t member_count(const json_t *json)
{
    return json_is_array(json) ? json_array_size(json) : json_object_size(json);
}

// Whether a container fits one line: few members, none a container.
static bool is_flat(const json_t *json)
{
    const char *key;
    json_t *member;
    size_t index;
    if (member_count(json) > FLAT_MEMBERS) return false;
    if (json_is_array(json)) {
        json_array_foreach(json, index,
                           member) if (json_is_array(member) || json_is_object(member)) return false;
    } else {
        json_object_foreach((json_t *)(uintptr_t)json, key,
                            member) if (json_is_array(member) || json_is_object(member)) return false;
    }
    return true;
}

static void separate(const writer *w, bool first, bool flat, int depth)
{
    if (!first) hf_text_puts(w->out, !w->canonical && flat ? ", " : ",");
    if (w->canonical || flat) return;
    hf_text_putc(w->out, '\n');
    for (int i = 0; i < depth; i++)
        hf_text_puts(w->out, "  ");
}

static void write_member(const writer *w, const char *key, const json_t *member, int depth)
{
    write_string(w->out, key, strlen(key));
    hf_text_puts(w->out, w->canonical ? ":" : ": ");
    write_value(w, member, depth);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_sorted(const writer *w, const json_t *json, int depth)
{
    size_t count = json_object_size(json), n = 0;
    const char *key, **keys = hf_new(w->out->context, count, sizeof *keys);
    json_t *member;
    if (!keys) {
        w->out->failed = true;
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)json, key, member) keys[n++] = key;
    qsort(keys, count, sizeof *keys, by_bytes);
    for (size_t i = 0; i < count; i++) {
        separate(w, i == 0, true, depth);
        write_member(w, keys[i], json_object_get(json, keys[i]), depth);
    }
    hf_delete(w->out->context, keys);
}

static void write_value(const writer *w, const json_t *json, int depth)
{
    if (write_scalar(w->out, json)) return;
    bool array = json_is_array(json), first = true, flat = depth > 0 && is_flat(json);
    const char *key;
    json_t *member;
    size_t index;
    hf_text_putc(w->out, array ? '[' : '{');
    if (array) {
        json_array_foreach(json, index, member)
        {
            separate(w, first, flat, depth + 1);
            write_value(w, member, depth + 1);
            first = false;
        }
    } else if (w->canonical) {
        write_sorted(w, json, depth + 1);
    } else {
        json_object_foreach((json_t *)(uintptr_t)json, key, member)
        {
            separate(w, first, flat, depth + 1);
            write_member(w, key, member, depth + 1);
            first = false;
        }
    }
    if (!first) separate(w, true, flat, depth);
    hf_text_putc(w->out, array ? ']' : '}');
}

void hf_json_write(hf_text *out, const json_t *json)
{
    write_value(&(writer){out, false}, json, 0);
    hf_text_putc(out, '\n');
}

void hf_json_write_canonical(hf_text *out, const json_t *json)
{
    write_value(&(writer){out, true}, json, 0);
}
