// SPDX-License-Identifier: Apache-2.0
//
// A status that is written once, under a lock, and read without one.
#include "churn/first_failure.h"

bool hf_failed(hf_first_failure *first)
{
    hf_status status;
#pragma omp atomic read
    status = first->status;
    return status != HF_OK;
}

void hf_note_failure(hf_first_failure *first, hf_status status, const hf_error *error)
{
    if (status == HF_OK) return;
#pragma omp critical(hf_churn_failure)
    if (first->status == HF_OK) {
        if (first->error) *first->error = *error;
#pragma omp atomic write
        first->status = status;
    }
}
