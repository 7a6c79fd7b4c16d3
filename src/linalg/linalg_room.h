// SPDX-License-Identifier: Apache-2.0
//
// Dense products, by OpenBLAS. Rooms give the parallelism; a product here runs on its caller's thread.
#ifndef HOLDFAST_LINALG_ROOM_H
#define HOLDFAST_LINALG_ROOM_H

#include "base/base_room.h"

// Keeps OpenBLAS to the threads that call it until the matching end, so that a parallel loop of the caller's
// is the only one. The setting is the process's: begin and end on one thread, outside parallel loops.
// Returns what end takes.
int hf_blas_begin(void);
void hf_blas_end(int before);

// c = a' b, row by row: a is inner x rows, b is inner x columns, c is rows x columns; every matrix's rows
// follow each other without gaps.
void hf_product(float *c, const float *a, const float *b, int32_t rows, int32_t inner, int32_t columns);

#endif
