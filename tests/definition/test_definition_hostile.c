// SPDX-License-Identifier: Apache-2.0
//
// Definitions that nobody wrote in good faith, or that memory runs out for: mutations of the whole
// definition, nesting, aliases, sheer size. The reader must refuse or read them, name a place that is in the
// file, and leave nothing behind (the sanitizers see to that).
#include "base/failing_context.h"
#include "definition_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int32_t lines_of(const char *text, size_t length)
{
    int32_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n' || (text[i] == '\r' && !(i + 1 < length && text[i + 1] == '\n'));
    return lines;
}

// Reads it; a failure must be one that a definition can cause.
static hf_status read_any(const hf_context *context, const char *text, size_t length)
{
    hf_definition *d = NULL;
    hf_error error = {0};
    hf_status status = hf_definition_parse(&d, context, text, length, "x.yaml", &error);
    if (status == HF_OK) {
        cr_expect(d && d->measure_count > 0 && d->segment_count > 0 && d->band_count > 0);
        hf_definition_destroy(d);
        return status;
    }
    size_t bad;
    cr_expect(!d);
    cr_expect(status == HF_ERROR_DATA || status == HF_ERROR_VERSION, "status %d: %s", (int)status,
              error.message);
    cr_expect(status == error.status && error.message[0] != '\0');
    cr_expect(error.line <= lines_of(text, length), "line %d", (int)error.line);
    cr_expect(hf_is_utf8(error.message, strlen(error.message), &bad));
    return status;
}

Test(definition_hostile, mutations)
{
    static const char *const pieces[] = {":",        ": ",  "- ",        "[",    "]",     "{",       "}",
                                         ",",        "\"",  "'",         "#",    "&a ",   "*a",      "!!x ",
                                         "| ",       ">\n", "? ",        "%",    "---\n", "...\n",   "\n",
                                         "\r\n",     "\t",  "  ",        "null", "~",     "-1",      "1e9",
                                         "nan",      "<<:", "\\x00",     "\\u",  "100",   "default", "\xef",
                                         "\xc3\xa4", "0x1", "percentile"};
    const char *named = getenv("HOLDFAST_FUZZ_ROUNDS");
    const long rounds = named ? atol(named) : 1500;
    hf_context *context = NULL;
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
    // Whatever libfyaml thinks of it, nothing is printed.
    char path[] = "/tmp/holdfast-definition-XXXXXX";
    const int said = mkstemp(path), out = dup(1), err = dup(2);
    cr_assert(said >= 0 && out >= 0 && err >= 0);
    dup2(said, 1);
    dup2(said, 2);
    const size_t whole = strlen(whole_definition);
    char *text = malloc(2 * whole + 64);
    long read = 0;
    for (long round = 0; round < rounds; round++) {
        hf_random r = hf_random_seed(7, (uint64_t)round);
        size_t length = whole;
        memcpy(text, whole_definition, whole);
        for (uint64_t edits = 1 + hf_random_below(&r, 4); edits > 0; edits--) {
            const size_t at = hf_random_below(&r, length + 1), rest = length - at;
            const char *piece = pieces[hf_random_below(&r, sizeof pieces / sizeof *pieces)];
            const size_t n = strlen(piece);
            const size_t cut = rest == 0 ? 0 : hf_random_below(&r, rest < 12 ? rest : 12);
            switch (hf_random_below(&r, 5)) {
            case 0: // a piece put in
                if (length + n > 2 * whole) break;
                memmove(text + at + n, text + at, rest);
                memcpy(text + at, piece, n);
                length += n;
                break;
            case 1: // some bytes taken out
                memmove(text + at, text + at + cut, rest - cut);
                length -= cut;
                break;
            case 2: // one byte turned
                if (rest > 0) text[at] = (char)hf_random_below(&r, 128);
                break;
            case 3: // some bytes twice
                if (length + cut > 2 * whole) break;
                memmove(text + at + cut, text + at, rest);
                length += cut;
                break;
            default: // the end gone
                if (hf_random_below(&r, 8) == 0) length = at;
                break;
            }
        }
        // A copy of the very size, so that reading past it is seen.
        char *exact = malloc(length + 1);
        memcpy(exact, text, length);
        read += read_any(context, exact, length) == HF_OK;
        free(exact);
    }
    fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    cr_expect_eq(lseek(said, 0, SEEK_END), 0, "something was printed; see %s", path);
    unlink(path);
    close(said);
    close(out);
    close(err);
    cr_expect(read > rounds / 20, "of %ld mutations %ld are definitions; the edits are too rough", rounds,
              read);
    cr_expect(read < rounds, "no mutation was refused");
    free(text);
    hf_context_destroy(context);
}

// `before`, then `count` times `piece`, then `after`.
static hf_status read_repeated(const hf_context *context, const char *before, const char *piece, size_t count,
                               const char *after)
{
    const size_t head = strlen(before), n = strlen(piece), tail = strlen(after);
    char *text = malloc(head + n * count + tail + 1);
    memcpy(text, before, head);
    for (size_t i = 0; i < count; i++)
        memcpy(text + head + i * n, piece, n);
    memcpy(text + head + n * count, after, tail + 1);
    hf_status status = read_any(context, text, head + n * count + tail);
    free(text);
    return status;
}

Test(definition_hostile, nesting_and_size)
{
    hf_context *context = NULL;
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
    static const char *const opened[] = {"[", "{", "{a: ", "[{a: ", "- ", "? ", "-\n"};
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        cr_expect(read_repeated(context, "holdfast: 1\ngroups: ", opened[i], 100000, "") == HF_ERROR_DATA);
        cr_expect(read_repeated(context, "", opened[i], 100000, "") == HF_ERROR_DATA);
    }
    static const char *const many[] = {"a, ", "[], ", "{}, ", "a: 1, ", "\"b\", ", "~, ", "? , ", ", "};
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        cr_expect(read_repeated(context, "holdfast: 1\nsignals: {", many[i], 100000, "}\n") == HF_ERROR_DATA);
    cr_expect(read_repeated(context, "holdfast: 1\nname: \"", "x", 1000000, "\"\n") == HF_ERROR_DATA);
    cr_expect(read_repeated(context, "holdfast: 1\nname: ", "\xf0\x9f\x98\x80", 200000, "\n") ==
              HF_ERROR_DATA);
    cr_expect(read_repeated(context, "holdfast: 1\n", "\n", 1000000, "x\n") == HF_ERROR_DATA);
    cr_expect(read_repeated(context, "holdfast: 1\n", "#\n", 400000, "x: 3\n") == HF_ERROR_DATA);
    hf_context_destroy(context);
}

Test(definition_hostile, aliases_that_multiply)
{
    hf_context *context = NULL;
    char text[4000] = "holdfast: 1\na0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
    for (int i = 1; i < 10; i++)
        sprintf(text + strlen(text), "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
                i - 1, i - 1, i - 1, i - 1);
    cr_expect(read_any(context, text, strlen(text)) == HF_ERROR_DATA);
    const char *own = "holdfast: 1\ngroups: &g {usage: *g}\n";
    cr_expect(read_any(context, own, strlen(own)) == HF_ERROR_DATA);
    hf_context_destroy(context);
}

// Many measures: nothing about them takes time by the square of their number times more than a look.
Test(definition_hostile, thousands_of_measures)
{
    hf_context *context = NULL;
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
    const int measures = 3000;
    char *text = malloc((size_t)measures * 100 + 100);
    char *end = text + sprintf(text, "holdfast: 1\ngroups:\n  a:\n    measures:\n");
    for (int i = 0; i < measures; i++)
        end += sprintf(end, "      m%d: {signal: s%d, higher: good, curve: {linear: {worst: 0, best: %d}}}\n",
                       i, i, i + 1);
    hf_definition *d = read_good(context, text);
    cr_expect_eq(d->measure_count, measures);
    cr_expect_eq(hf_definition_find(d, "a.m2999"), 2999);
    hf_definition_destroy(d);
    free(text);
    hf_context_destroy(context);
}

// ---- memory ----------------------------------------------------------------------------------------------

static void sweep(const char *text, hf_status whole)
{
    for (long k = 0;; k++) {
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, 1);
        const long before = a.live;
        a.fail_at = a.asked + k;
        hf_definition *d = NULL;
        hf_error error = {0};
        hf_status status = hf_definition_parse(&d, context, text, strlen(text), "x.yaml", &error);
        const bool failed = a.asked > a.fail_at;
        if (!failed)
            cr_expect_eq(status, whole, "%s", error.message);
        else
            cr_expect(status == HF_ERROR_MEMORY || status == whole, "allocation %ld: status %d, %s", k,
                      (int)status, error.message);
        if (status == HF_OK)
            hf_definition_destroy(d);
        else
            cr_expect_null(d);
        cr_expect_eq(a.live, before, "allocation %ld: %ld blocks are left", k, a.live - before);
        hf_context_destroy(context);
        if (!failed) break;
        cr_assert(k < 20000);
    }
}

Test(definition_hostile, memory_runs_out)
{
    sweep(whole_definition, HF_OK);
    sweep("holdfast: 1\ngroups: {a: {measures: {b: {signal: x, higher: good, curve: percentile}}}}\n"
          "segments: {s: {when: x = 1, weights: {aa: 3}}}\n",
          HF_ERROR_DATA);
}
