// SPDX-License-Identifier: Apache-2.0
//
// What to say of a column that a frame does not have: the nearest name that it has, most often what was
// meant.
#include "frame/frame_room.h"

#include <string.h>

hf_status hf_frame_nearest(const char **out, const hf_frame *frame, const char *name, hf_error *error)
{
    const char **names = hf_new(frame->context, (size_t)frame->column_count, sizeof *names);
    if (!names) return hf_fail_memory(error);
    for (int32_t c = 0; c < frame->column_count; c++)
        names[c] = frame->columns[c].name;
    *out = hf_nearest(name, names, (size_t)frame->column_count);
    hf_delete(frame->context, (void *)names);
    return HF_OK;
}

hf_status hf_frame_no_column(const hf_frame *frame, const char *name, const char *role, const char *place,
                             const char *remedy, hf_error *error)
{
    const char *nearest = NULL;
    if (name[0] != '\0' && strcmp(name, frame->id_name) == 0)
        return hf_fail_at(error, HF_ERROR_DATA, place, 0, 0,
                          "column '%s' holds the accounts' ids, which are not for %s; %s", name, role,
                          remedy);
    const hf_status status = hf_frame_nearest(&nearest, frame, name, error);
    if (status != HF_OK) return status;
    if (nearest)
        return hf_fail_at(error, HF_ERROR_DATA, place, 0, 0,
                          "there is no column '%s' for %s; did you mean '%s'?", name, role, nearest);
    return hf_fail_at(error, HF_ERROR_DATA, place, 0, 0, "there is no column '%s' for %s; %s", name, role,
                      remedy);
}
