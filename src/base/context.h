// SPDX-License-Identifier: Apache-2.0
//
// The inside of a context, for the files of this room only.
#ifndef HOLDFAST_CONTEXT_H
#define HOLDFAST_CONTEXT_H

#include "holdfast/base.h"

struct hf_context {
    hf_context_options options; // threads and isa resolved
    int64_t warnings;           // logged so far
};

#endif
