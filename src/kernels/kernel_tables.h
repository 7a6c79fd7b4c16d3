// SPDX-License-Identifier: Apache-2.0
//
// The tables kernel_choice.c chooses among, one a source file.
#ifndef HOLDFAST_KERNEL_TABLES_H
#define HOLDFAST_KERNEL_TABLES_H

#include "kernels/kernels_room.h"

extern const hf_kernels hf_kernels_reference;
extern const hf_kernels hf_kernels_avx2;
extern const hf_kernels hf_kernels_avx512;

#endif
