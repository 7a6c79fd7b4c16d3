// SPDX-License-Identifier: Apache-2.0
//
// The one user of OpenBLAS. Its kernels are chosen for the processor at run time, so a product's last bits
// may differ between machines; callers that promise more check what lies near an edge themselves.
#include "linalg/linalg_room.h"

#include <cblas.h>

int hf_blas_begin(void)
{
    const int before = openblas_get_num_threads();
    openblas_set_num_threads(1);
    return before;
}

void hf_blas_end(int before)
{
    openblas_set_num_threads(before);
}

void hf_product(float *c, const float *a, const float *b, int32_t rows, int32_t inner, int32_t columns)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rows, columns, inner, 1.0f, a, rows, b, columns,
                0.0f, c, columns);
}
