// SPDX-License-Identifier: Apache-2.0
//
// JSON values as text, with the shortest digits that read back to the same number.
#ifndef HOLDFAST_JSON_TEXT_H
#define HOLDFAST_JSON_TEXT_H

#include "churn/churn_room.h"

// For checksums: no blanks, keys sorted bytewise; the text of Python's
// json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).
void hf_json_write_canonical(hf_text *out, const json_t *json);

#endif
