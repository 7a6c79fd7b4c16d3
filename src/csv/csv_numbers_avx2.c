// SPDX-License-Identifier: Apache-2.0
//
// Plain numbers of a column, four cells at a time: the lanes of csv_number_lanes.h compiled for AVX2.
#define LANES 4
#include "csv/csv_number_lanes.h"

const hf_csv_numbers hf_csv_numbers_avx2 = {read_narrow, read_wide};
