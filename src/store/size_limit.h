// SPDX-License-Identifier: Apache-2.0
//
// Writing without being killed by SIGXFSZ. Private to the room.
#ifndef HOLDFAST_STORE_SIZE_LIMIT_H
#define HOLDFAST_STORE_SIZE_LIMIT_H

#include <signal.h>
#include <stdbool.h>

typedef struct {
    sigset_t before;
    bool was_pending;
} hf_size_limit;

// Between the two, a write of this thread beyond the limit of file sizes fails with EFBIG and raises nothing.
void hf_size_limit_begin(hf_size_limit *limit);
void hf_size_limit_end(const hf_size_limit *limit);

#endif
