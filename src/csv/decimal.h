// SPDX-License-Identifier: Apache-2.0
//
// Decimal text to numbers. hf_decimal_short is the path nearly every cell takes, inline so that the column
// loops keep it in registers; hf_decimal_read takes any form.
#ifndef HOLDFAST_CSV_DECIMAL_H
#define HOLDFAST_CSV_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A number as it was written.
typedef struct {
    double value;     // the nearest double; +-HUGE_VAL where it overflows
    uint64_t digits;  // its significant digits as a whole number, without the zeros that end a fraction;
                      // UINT64_MAX for more than 19
    int32_t decimals; // places after the point that are needed; 0: a whole number
    bool negative;
} hf_decimal;

// Reads [text, text + length) in full: sign, digits with at most one point, exponent. No blanks. False when
// it is no number (hf_parse_double's grammar).
bool hf_decimal_read(hf_decimal *out, const char *text, size_t length);

// 10^0 to 10^22, the powers a double holds exactly.
extern const double hf_decimal_power[23];

static inline uint64_t decimal_load(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

// The high bit of every byte that is no digit value 0 to 9.
static inline uint64_t decimal_odd(uint64_t v)
{
    return ((v + 0x7676767676767676u) | v) & 0x8080808080808080u;
}

// Eight digit values, the first in the lowest byte, as a number.
static inline uint64_t decimal_eight(uint64_t v)
{
    v = (v * (1 + (10u << 8))) >> 8 & 0x00ff00ff00ff00ffu;
    v = (v * (1 + (100u << 16))) >> 16 & 0x0000ffff0000ffffu;
    return (v * (1 + ((uint64_t)10000 << 32))) >> 32;
}

// Reads 1 to 16 digits with at most one point among them; no sign. *decimals is the number of digits after
// the point, *digits all of them as one number, below 10^16. False for anything else. p must have 8 readable
// bytes (16 where length is over 8).
static inline bool hf_decimal_short(const char *p, uint32_t length, uint64_t *digits, uint32_t *decimals)
{
    const uint64_t zeros = 0x3030303030303030u;
    const uint64_t point = '.' ^ '0';
    if (length - 1 < 8) {
        // Right-aligned: the last character in the highest byte, digit value 0 below the first.
        uint64_t v = (decimal_load(p) ^ zeros) << (64 - 8 * length);
        uint64_t odd = decimal_odd(v);
        *decimals = 0;
        if (odd) {
            // One odd byte, and it is the point: close the gap.
            uint32_t bit = (uint32_t)__builtin_ctzll(odd) - 7;
            if ((odd & (odd - 1)) != 0 || (v >> bit & 0xff) != point || length == 1) return false;
            uint64_t before = ((uint64_t)1 << bit) - 1;
            v = ((v & ~before & ~((uint64_t)0xff << bit)) | (v & before) << 8);
            *decimals = 7 - bit / 8;
        }
        *digits = decimal_eight(v);
        return true;
    }
    if (length - 9 >= 8) return false;
    uint64_t high = (decimal_load(p) ^ zeros) << (128 - 8 * length); // the first length - 8 characters
    uint64_t low = decimal_load(p + length - 8) ^ zeros;             // the last 8
    uint64_t odd_high = decimal_odd(high), odd_low = decimal_odd(low);
    *decimals = 0;
    if (odd_high | odd_low) {
        if (odd_low) {
            uint32_t bit = (uint32_t)__builtin_ctzll(odd_low) - 7;
            if (odd_high || (odd_low & (odd_low - 1)) != 0 || (low >> bit & 0xff) != point) return false;
            uint64_t before = ((uint64_t)1 << bit) - 1;
            low = (low & ~before & ~((uint64_t)0xff << bit)) | (low & before) << 8 | high >> 56;
            high <<= 8;
            *decimals = 7 - bit / 8;
        } else {
            uint32_t bit = (uint32_t)__builtin_ctzll(odd_high) - 7;
            if ((odd_high & (odd_high - 1)) != 0 || (high >> bit & 0xff) != point) return false;
            uint64_t before = ((uint64_t)1 << bit) - 1;
            high = (high & ~before & ~((uint64_t)0xff << bit)) | (high & before) << 8;
            *decimals = 15 - bit / 8;
        }
    }
    *digits = decimal_eight(high) * 100000000u + decimal_eight(low);
    return true;
}

#endif
