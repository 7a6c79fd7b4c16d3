// SPDX-License-Identifier: Apache-2.0
//
// A condition within the definition: what is wrong in it is placed in the file. That needs the text to stand
// there as it is read; where quoting changed it, or it runs over lines, the place is its beginning.
#include "definition/reading.h"

#include <string.h>

// Whether the scalar's text stands at its place in the file byte by byte; *column is the first one's.
static bool stands_plainly(const hf_reading *r, const hf_yaml_node *node, int32_t *column)
{
    const size_t length = strlen(node->text), quote = node->plain ? 0 : 1;
    if (node->offset == SIZE_MAX || strchr(node->text, '\n')) return false;
    const char *file = r->definition->text;
    const size_t size = r->definition->text_length;
    // libfyaml marks a quoted text at its first character or at the quote.
    for (size_t skip = 0; skip <= quote; skip++)
        if (node->offset + skip + length <= size &&
            memcmp(file + node->offset + skip, node->text, length) == 0) {
            *column = node->place.column + (int32_t)skip;
            return true;
        }
    return false;
}

hf_status hf_read_condition(hf_condition *out, const hf_reading *r, const hf_yaml_node *node, const char *key)
{
    hf_error inner = {.status = HF_OK};
    hf_place place = node->place;
    int32_t column;
    if (node->kind != HF_YAML_SCALAR)
        return hf_expected(r, node, key, "a condition", "as in when: segment = SMB and open_tickets > 10");
    hf_status status = hf_condition_parse(out, r->context, node->text, &inner);
    if (status == HF_OK) return HF_OK;
    if (status != HF_ERROR_DATA) {
        if (r->error) *r->error = inner;
        return status;
    }
    if (stands_plainly(r, node, &column) && inner.column > 0)
        place.column = column + (int32_t)inner.column - 1;
    return hf_definition_fail(r->error, r->definition, place, "in the condition: %s", inner.message);
}
