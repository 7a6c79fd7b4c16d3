// SPDX-License-Identifier: Apache-2.0
//
// Where a curve may jump.
#ifndef HOLDFAST_CUTS_H
#define HOLDFAST_CUTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double x;
    uint8_t event;
} hf_case;

// The cuts of a one-signal tree that lowers entropy most with every split: up to most of them, ascending,
// each halfway between two neighbouring values, every leaf with at least least_rows cases. cases ascend by x.
// Returns how many.
int32_t hf_entropy_cuts(double *cut, int32_t most, const hf_case *cases, int64_t count, int64_t least_rows);

// A cut halfway between two values a < b, however close: x > cut holds for b and not for a.
double hf_cut_between(double a, double b);

#endif
