// SPDX-License-Identifier: Apache-2.0
//
// The definition file, holdfast.yaml: signals, derived signals, the scorecard with its groups, measures,
// weights, curves, bands, segments and overrides. Its form is described in models/README.md.
//
// Threads: a definition is immutable.
#ifndef HOLDFAST_DEFINITION_H
#define HOLDFAST_DEFINITION_H

#include "holdfast/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf_definition hf_definition;

// Reads and checks a definition file. Errors: HF_ERROR_IO; HF_ERROR_VERSION for a form of later versions;
// HF_ERROR_DATA with file, line and column (in characters), the line with a caret, and the nearest valid key
// for one that is not known.
HF_API hf_status hf_definition_load(hf_definition **out, const hf_context *context, const char *path,
                                    hf_error *error);
// The same from text; path is for messages.
HF_API hf_status hf_definition_parse(hf_definition **out, const hf_context *context, const char *text,
                                     size_t length, const char *path, hf_error *error);
// Accepts NULL.
HF_API void hf_definition_destroy(hf_definition *definition);
// The definition's name; borrowed.
HF_API const char *hf_definition_name(const hf_definition *definition);

#ifdef __cplusplus
}
#endif

#endif
