// SPDX-License-Identifier: Apache-2.0
//
// For tests of the definition file: one that uses everything, and reading it from text.
#ifndef HOLDFAST_TEST_DEFINITION_CASE_H
#define HOLDFAST_TEST_DEFINITION_CASE_H

#include "definition/definition_room.h"

#include <criterion/criterion.h>
#include <string.h>

extern const char whole_definition[];

// Reads a definition that must be good; the message of the error is the failure's.
static inline hf_definition *read_good(const hf_context *context, const char *text)
{
    hf_definition *d = NULL;
    hf_error error = {0};
    char message[3000];
    hf_status status = hf_definition_parse(&d, context, text, strlen(text), "holdfast.yaml", &error);
    hf_error_format(&error, message, sizeof message);
    cr_assert(status == HF_OK, "%s", message);
    return d;
}

#endif
