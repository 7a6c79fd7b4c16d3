// SPDX-License-Identifier: Apache-2.0
//
// Plain numbers of a column one after the other: the definition of hf_csv_numbers. It takes numbers of up to
// 16 characters and 2^53 in digits, for which one division of exact doubles is correctly rounded.
#include "csv/csv_numbers.h"

#include "csv/decimal.h"

#include <math.h>

static inline bool read_cell(hf_csv_stats *stats, double *value, const char *p, uint32_t length)
{
    uint32_t minus = *p == '-', decimals;
    uint64_t digits;
    if (length == 0) {
        *value = NAN;
        return true;
    }
    if (!hf_decimal_short(p + minus, length - minus, &digits, &decimals) || digits >= (uint64_t)1 << 53)
        return false;
    double magnitude = (double)digits / hf_decimal_power[decimals];
    // Zeros that end a fraction are not needed.
    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;
    hf_csv_stats_number(stats, magnitude, (int32_t)decimals, minus);
    *value = minus ? -magnitude : magnitude;
    return true;
}

static inline int32_t read_cells(hf_csv_stats *stats, float *narrow, double *wide, int32_t *odd,
                                 const hf_csv_cells *c)
{
    int32_t count = 0;
    for (int32_t r = 0; r < c->rows; r++) {
        uint32_t start = c->starts[(int64_t)r * c->start_stride] + c->gap;
        uint32_t length = c->ends[(int64_t)r * c->end_stride] - start;
        double value = 0;
        if (!read_cell(stats, &value, c->base + start, length)) odd[count++] = r;
        if (narrow)
            narrow[r] = (float)value;
        else
            wide[r] = value;
    }
    return count;
}

static int32_t read_narrow(hf_csv_stats *stats, float *out, int32_t *odd, const hf_csv_cells *cells)
{
    return read_cells(stats, out, NULL, odd, cells);
}

static int32_t read_wide(hf_csv_stats *stats, double *out, int32_t *odd, const hf_csv_cells *cells)
{
    return read_cells(stats, NULL, out, odd, cells);
}

const hf_csv_numbers hf_csv_numbers_scalar = {read_narrow, read_wide};

const hf_csv_numbers *hf_csv_numbers_for(hf_isa isa)
{
    switch (isa) {
    case HF_ISA_AVX512:
        return &hf_csv_numbers_avx512;
    case HF_ISA_AVX2:
        return &hf_csv_numbers_avx2;
    default:
        return &hf_csv_numbers_scalar;
    }
}
