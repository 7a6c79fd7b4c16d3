// SPDX-License-Identifier: Apache-2.0
//
// Words for people: the candidate nearest to a mistyped word, by edit distance with neighbour swaps
// (optimal string alignment, Damerau 1964), and the check that text is UTF-8 (RFC 3629).
#include "base/base_room.h"

#include <string.h>

enum { WORD_LIMIT = 64 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int distance(const char *a, size_t n, const char *b, size_t m)
{
    int row[3][WORD_LIMIT + 1];
    for (size_t j = 0; j <= m; j++)
        row[1][j] = (int)j;
    memcpy(row[0], row[1], sizeof row[0]);
    for (size_t i = 1; i <= n; i++) {
        row[2][0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            int best = least(row[1][j - 1] + (x != y), least(row[1][j], row[2][j - 1]) + 1);
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                best = least(best, row[0][j - 2] + 1);
            row[2][j] = best;
        }
        memcpy(row[0], row[1], sizeof row[0]);
        memcpy(row[1], row[2], sizeof row[1]);
    }
    return row[1][m];
}

const char *hf_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t n = strlen(word);
    const char *nearest = NULL;
    int best = n < 3 ? 2 : (int)(n / 3) + 2; // one beyond the farthest that still looks like a mistake
    if (n > WORD_LIMIT) return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t m = strlen(candidates[i]);
        if (m > WORD_LIMIT) continue;
        int d = distance(word, n, candidates[i], m);
        // With no letter in common it is another word, however short.
        if (d < best && d < (int)(n > m ? n : m)) {
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}

// Length of the character that begins at p, or 0 when it is not UTF-8.
static size_t character(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
               : p[0] >= 0xe0 && p[0] <= 0xef ? 3
               : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] > 0x9f;
    bool beyond = p[0] == 0xf4 && p[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : n;
}

bool hf_is_utf8(const char *text, size_t length, size_t *bad)
{
    for (size_t i = 0; i < length;) {
        uint64_t eight;
        if (length - i >= sizeof eight) {
            memcpy(&eight, text + i, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        size_t n = character((const unsigned char *)text + i, length - i);
        if (n == 0) {
            if (bad) *bad = i;
            return false;
        }
        i += n;
    }
    return true;
}
