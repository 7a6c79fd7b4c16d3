// SPDX-License-Identifier: Apache-2.0
//
// The entry point of the CSV fuzz target.
#ifndef HOLDFAST_TEST_FUZZ_CSV_H
#define HOLDFAST_TEST_FUZZ_CSV_H

#include <stddef.h>
#include <stdint.h>

// Aborts when the reader breaks a promise; returns 0.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
