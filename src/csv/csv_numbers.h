// SPDX-License-Identifier: Apache-2.0
//
// The numbers of a column's cells, many at a time. The scalar table is the definition; the others compute the
// same bits with wider registers.
#ifndef HOLDFAST_CSV_NUMBERS_H
#define HOLDFAST_CSV_NUMBERS_H

#include "holdfast/base.h"

// What the plain numbers of a column are like. Combining two of them does not depend on order.
typedef struct {
    int64_t plain, percent; // cells
    double whole;           // largest magnitude of a whole number
    double tenth;           // of a number that needs one decimal
    double hundredth;       // of a number that needs two
    int32_t decimals;       // most that are needed; 3: more than two
    bool negative;
} hf_csv_stats;

// Where the cells of one column lie in a block: from *starts + gap to *ends. 16 bytes after a cell's end are
// readable.
typedef struct {
    const char *base;
    const uint32_t *starts, *ends;
    int32_t start_stride, end_stride;
    uint32_t gap;
    int32_t rows;
} hf_csv_cells;

// Reads what are plain numbers into out (rows values), empty cells as NaN, and counts them into stats. The
// rows of other cells, ascending, go to odd (room for rows); their values are of no meaning. Returns how
// many.
typedef struct {
    int32_t (*narrow)(hf_csv_stats *stats, float *out, int32_t *odd, const hf_csv_cells *cells);
    int32_t (*wide)(hf_csv_stats *stats, double *out, int32_t *odd, const hf_csv_cells *cells);
} hf_csv_numbers;

extern const hf_csv_numbers hf_csv_numbers_scalar;
extern const hf_csv_numbers hf_csv_numbers_avx2;
extern const hf_csv_numbers hf_csv_numbers_avx512;

// The table for an instruction set that the machine has.
const hf_csv_numbers *hf_csv_numbers_for(hf_isa isa);

// Counts one number: its magnitude and the decimals it needs.
static inline void hf_csv_stats_number(hf_csv_stats *stats, double magnitude, int32_t decimals, bool negative)
{
    double *most = decimals == 0 ? &stats->whole : decimals == 1 ? &stats->tenth : &stats->hundredth;
    stats->plain++;
    if (decimals > 2) decimals = 3;
    if (decimals <= 2 && magnitude > *most) *most = magnitude;
    if (decimals > stats->decimals) stats->decimals = decimals;
    stats->negative |= negative && magnitude > 0;
}

#endif
