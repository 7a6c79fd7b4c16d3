// SPDX-License-Identifier: Apache-2.0
//
// The parts of a model's card. Private to the room.
#ifndef HOLDFAST_MODEL_CARD_H
#define HOLDFAST_MODEL_CARD_H

#include "report/summary_view.h"

// Text that is no Markdown, on one line.
void hf_card_text(hf_text *out, const char *text);
// A number for people; format has one %s for it.
void hf_card_number(hf_text *out, const char *format, double value);
// Whatever stands in the record: plain values as a list, lists of objects as tables.
void hf_card_record(hf_text *out, const char *key, const json_t *value);
// The signals, surfaces and rules with what the summary says of them, then every curve.
void hf_card_terms(hf_text *out, const hf_context *context, const hf_model *model,
                   const hf_summary_line *lines, int32_t count);
// Whether the probability is one; nothing where the record does not say.
void hf_card_calibration(hf_text *out, const hf_model *model);

// The refit without penalty; nothing where there is none.
void hf_card_refit(hf_text *out, const json_t *refit);

#endif
