// SPDX-License-Identifier: Apache-2.0
//
// Plain numbers of a column, eight cells at a time: the lanes of csv_number_lanes.h compiled for AVX-512.
#define LANES 8
#include "csv/csv_number_lanes.h"

const hf_csv_numbers hf_csv_numbers_avx512 = {read_narrow, read_wide};
