// SPDX-License-Identifier: Apache-2.0
//
// Features without their matrix: what a signal gives a row is decided by the cell the row falls in, and
// within it is linear. A block keeps a cell number and a place in the cell a row, and a small map from the
// features' weights to the cells' values, so that a product with the design costs one look-up a row and
// signal, however many hinges and steps a curve is made of.
#ifndef HOLDFAST_BLOCK_H
#define HOLDFAST_BLOCK_H

#include "base/base_room.h"

#define HF_NO_FEATURE (-1)

typedef struct {
    int32_t cells;           // at most 65,535
    const uint16_t *cell;    // one a row
    const float *place;      // one a row; NULL: cells have no slope
    int32_t first, features; // its features: weights[first] on
    // cells (twice that with places: levels, then slopes) x features, row by row: the value of a cell for
    // weights w is the sum of map x w. NULL: cell k has feature k times scale; cells from `features` on have
    // none.
    const double *map;
    double scale;
    int32_t bounded; // the first so many features have weights that are never negative
} hf_block;

// Rows of blocks to fit or to predict; everything borrowed.
typedef struct {
    const hf_block *blocks;
    int32_t count;
    int32_t features;    // of all blocks
    const int64_t *rows; // the rows of the blocks that take part
    int64_t row_count;
    const double *offset; // one a row of the blocks, added to the margin; NULL: none
    int threads;          // to work on; 0 is 1. Results do not depend on it
} hf_blocks;

enum { HF_BLOCK_TILE = 16384 }; // rows of partial sums, which are added up in order

// Levels and slopes of all blocks' cells: the doubles of scratch that a margin needs.
size_t hf_blocks_values(const hf_blocks *b);
// The doubles of scratch that sums over rows need.
size_t hf_blocks_sums(const hf_blocks *b);
// margin[i] = offset + the weighted features of row rows[i]; without intercept. scratch: hf_blocks_values.
void hf_blocks_margin(double *margin, const hf_blocks *b, const double *weights, double *scratch);
// The same with the intercept, which is the last weight.
void hf_blocks_log_odds(double *margin, const hf_blocks *b, const double *weights, double *scratch);
// gradient[f] = sum over i of residual[i] x feature f of row rows[i]. scratch: hf_blocks_sums.
void hf_blocks_gradient(double *gradient, const hf_blocks *b, const double *residual, double *scratch);
// out = X' D X v with D the curvatures of the rows and X the features with a column of ones last: v and out
// have one entry more than features. The offset takes no part. scratch: hf_blocks_sums.
void hf_blocks_curve(double *out, const hf_blocks *b, const double *v, const double *curvature,
                     double *scratch);

#endif
