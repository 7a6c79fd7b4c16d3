// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 against a decoder written from the definition, near words against plain recursion, and hashes and
// fingerprints against the XXH3 library called directly and its published values.
#include "base/failing_context.h"

#include <string.h>
#include <xxhash.h>

// Decodes by the bit patterns, then rejects what has a shorter form, surrogates and what is past U+10FFFF.
static bool oracle_utf8(const unsigned char *p, size_t length, size_t *bad)
{
    for (size_t i = 0; i < length;) {
        *bad = i;
        int more;
        uint32_t code;
        if (p[i] >> 7 == 0)
            more = 0, code = p[i];
        else if (p[i] >> 5 == 6)
            more = 1, code = p[i] & 31;
        else if (p[i] >> 4 == 14)
            more = 2, code = p[i] & 15;
        else if (p[i] >> 3 == 30)
            more = 3, code = p[i] & 7;
        else
            return false;
        for (int k = 1; k <= more; k++) {
            if (i + (size_t)k >= length || p[i + (size_t)k] >> 6 != 2) return false;
            code = code << 6 | (p[i + (size_t)k] & 63);
        }
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
        i += (size_t)more + 1;
    }
    return true;
}

static void check_utf8(const unsigned char *bytes, size_t length)
{
    unsigned char *copy = malloc(length ? length : 1); // exactly so long: the sanitizer sees a read past it
    memcpy(copy, bytes, length);
    size_t want = 999, got = 999;
    bool good = oracle_utf8(copy, length, &want);
    bool answer = hf_is_utf8((const char *)copy, length, &got);
    cr_assert(answer == good && hf_is_utf8((const char *)copy, length, NULL) == good);
    cr_assert(good ? got == 999 : got == want, "bad at %zu, not %zu", got, want);
    free(copy);
}

Test(utf8, all_of_one_two_and_three_bytes_near_the_edges)
{
    check_utf8((const unsigned char *)"", 0);
    for (unsigned a = 0; a < 256; a++) {
        check_utf8((unsigned char[]){(unsigned char)a}, 1);
        for (unsigned b = 0; b < 256; b++)
            check_utf8((unsigned char[]){(unsigned char)a, (unsigned char)b}, 2);
    }
    static const unsigned char edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                          0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef,
                                          0xf0, 0xf1, 0xf4, 0xf5, 0xf8, 0xfe, 0xff};
    enum { N = sizeof edges };
    for (unsigned a = 0; a < N; a++)
        for (unsigned b = 0; b < N; b++)
            for (unsigned c = 0; c < N; c++) {
                check_utf8((unsigned char[]){edges[a], edges[b], edges[c]}, 3);
                if ((a + b + c) % 3 == 0)
                    for (unsigned d = 0; d < N; d += 2)
                        check_utf8((unsigned char[]){edges[a], edges[b], edges[c], edges[d]}, 4);
            }
}

Test(utf8, a_fault_anywhere_in_a_long_text)
{
    hf_random r = hf_random_seed(51, 0);
    for (int k = 0; k < 20000; k++) {
        unsigned char text[80];
        size_t length = hf_random_below(&r, sizeof text);
        for (size_t i = 0; i < length; i++)
            text[i] = (unsigned char)('a' + i % 26);
        size_t at = hf_random_below(&r, 80);
        static const char *const pieces[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff",
                                             "\xc3",     "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"};
        const char *piece = pieces[hf_random_below(&r, 8)];
        if (at + strlen(piece) <= length) memcpy(text + at, piece, strlen(piece));
        check_utf8(text, length);
    }
}

// ---- near words ------------------------------------------------------------------------------------------

static int smallest(int a, int b)
{
    return a < b ? a : b;
}

// Edit distance with neighbour swaps by its recursive definition.
static int oracle_distance(const char *a, int n, const char *b, int m)
{
    if (n == 0 || m == 0) return n + m;
    int best = oracle_distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    best = smallest(best, smallest(oracle_distance(a, n - 1, b, m), oracle_distance(a, n, b, m - 1)) + 1);
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1])
        best = smallest(best, oracle_distance(a, n - 2, b, m - 2) + 1);
    return best;
}

Test(nearest, agrees_with_the_definition)
{
    hf_random r = hf_random_seed(52, 0);
    for (int k = 0; k < 1500; k++) {
        char words[5][8] = {{0}};
        for (int w = 0; w < 5; w++)
            for (size_t i = 0, n = hf_random_below(&r, 7); i < n; i++)
                words[w][i] = (char)('a' + hf_random_below(&r, 3));
        const char *candidates[] = {words[1], words[2], words[3], words[4]}, *want = NULL;
        int n = (int)strlen(words[0]), limit = n < 3 ? 1 : n / 3 + 1, best = limit + 1;
        for (int c = 0; c < 4; c++) {
            int m = (int)strlen(candidates[c]), d = oracle_distance(words[0], n, candidates[c], m);
            if (d < best && d < (n > m ? n : m)) {
                best = d;
                want = candidates[c];
            }
        }
        cr_assert(hf_nearest(words[0], candidates, 4) == want, "'%s'", words[0]);
    }
}

Test(nearest, as_a_person_would)
{
    static const char *const verbs[] = {"ingest", "train", "score", "evaluate", "store", "synth"};
    cr_assert_str_eq(hf_nearest("trian", verbs, 6), "train");
    cr_assert_str_eq(hf_nearest("EVALUTE", verbs, 6), "evaluate");
    cr_assert_str_eq(hf_nearest("scor", verbs, 6), "score");
    cr_assert(!hf_nearest("whatever", verbs, 6));
    cr_assert(!hf_nearest("", verbs, 6) && !hf_nearest("x", verbs, 6) && !hf_nearest("train", NULL, 0));
    static const char *const letters[] = {"k", "n"};
    cr_assert(!hf_nearest("x", letters, 2), "another letter is another word");
    cr_assert_str_eq(hf_nearest("K", letters, 2), "k");
    char lengthy[200];
    memset(lengthy, 'a', sizeof lengthy);
    lengthy[199] = '\0';
    const char *candidates[] = {lengthy, "train"};
    cr_assert(!hf_nearest(lengthy, candidates, 2) && hf_nearest("train", candidates, 2) == candidates[1]);
}

// ---- fingerprints ----------------------------------------------------------------------------------------

static void digits_of(char out[33], XXH128_hash_t hash)
{
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

Test(fingerprint, pieces_do_not_matter)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    static unsigned char data[10000];
    hf_random r = hf_random_seed(53, 0);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)hf_random_u64(&r);
    for (int k = 0; k < 300; k++) {
        size_t size = k < 5 ? (size_t)k : hf_random_below(&r, sizeof data + 1);
        hf_fingerprint *f;
        char got[33], want[33];
        cr_assert(hf_fingerprint_create(&f, context, NULL) == HF_OK);
        for (size_t at = 0; at < size;) {
            size_t part = hf_random_below(&r, k % 2 ? 10 : 3000) % (size - at + 1);
            hf_fingerprint_add(f, data + at, part);
            at += part;
        }
        hf_fingerprint_add(f, NULL, 0);
        hf_fingerprint_finish(f, got);
        digits_of(want, XXH3_128bits(data, size));
        cr_assert_str_eq(got, want);
        cr_assert(hf_hash(data, size, 5) == XXH3_64bits_withSeed(data, size, 5));
    }
    char empty[33];
    hf_fingerprint *f;
    cr_assert(hf_fingerprint_create(&f, context, NULL) == HF_OK);
    hf_fingerprint_finish(f, empty);
    cr_assert_str_eq(empty, "99aa06d3014798d86001c324468d497f", "the published value for no bytes");
    cr_assert(hf_hash("", 0, 0) == 0x2d06800538d394c2u);
    cr_assert(hf_fingerprint_create(&f, context, NULL) == HF_OK);
    hf_fingerprint_destroy(f);
    hf_fingerprint_destroy(NULL);
    a.fail_at = a.asked;
    hf_fingerprint *untouched = f;
    cr_assert(hf_fingerprint_create(&f, context, NULL) == HF_ERROR_MEMORY && f == untouched);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}
