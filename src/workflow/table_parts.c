// SPDX-License-Identifier: Apache-2.0
//
// Several tables of one date to one frame; see table_parts.h.
#include "workflow/table_parts.h"

static bool same_columns(const hf_frame *a, const hf_frame *b)
{
    if (a->column_count != b->column_count) return false;
    for (int32_t i = 0; i < a->column_count; i++)
        if (hf_frame_find(b, a->columns[i].name) < 0) return false;
    return true;
}

// Names the account that stands in two of the parts, if any.
static hf_status check_distinct(const hf_frame *stacked, hf_frame *const *parts, hf_error *error)
{
    int64_t row = -1, first = -1;
    size_t length;
    hf_status status = hf_frame_duplicate(&row, &first, stacked, error);
    if (status != HF_OK || row < 0) return status;
    const char *id = hf_frame_id(stacked, row, &length);
    int32_t one = 0, other = 0;
    for (; first >= parts[one]->rows; one++)
        first -= parts[one]->rows;
    for (; row >= parts[other]->rows; other++)
        row -= parts[other]->rows;
    return hf_fail_at(
        error, HF_ERROR_DATA, parts[other]->source, 0, 0,
        "account '%.*s' stands in %s too; the files of one date must hold different accounts or "
        "different columns",
        (int)length, id, parts[one]->source);
}

hf_status hf_parts_combine(hf_frame **out, const hf_context *context, hf_frame *const *parts, int32_t count,
                           hf_error *error)
{
    bool stack = true;
    for (int32_t i = 0; i < count; i++)
        stack = stack && same_columns(parts[0], parts[i]);
    hf_frame *made;
    hf_status status = stack ? hf_frame_stack(&made, context, parts, count, error)
                             : hf_frame_join(&made, context, parts, count, error);
    if (status != HF_OK) return status;
    made->as_of = parts[0]->as_of;
    if (stack) status = check_distinct(made, parts, error);
    if (status == HF_OK)
        *out = made;
    else
        hf_frame_destroy(made);
    return status;
}

static hf_status read_part(hf_frame **out, const hf_context *context, const char *file,
                           const hf_csv_options *csv, hf_error *error)
{
    hf_csv_report report = {0};
    hf_status status = hf_csv_read(out, &report, context, file, csv, error);
    hf_csv_report_free(context, &report);
    return status;
}

hf_status hf_parts_read(hf_frame **out, const hf_context *context, const char *const *files, int32_t count,
                        const hf_csv_options *csv, hf_date as_of, hf_error *error)
{
    hf_status status = HF_OK;
    int32_t read = 0;
    hf_frame **parts = hf_new(context, (size_t)count, sizeof *parts);
    if (!parts) return hf_fail_memory(error);
    for (; read < count; read++) {
        HF_TRY(done, read_part(&parts[read], context, files[read], csv, error));
        parts[read]->as_of = as_of;
    }
    if (count == 1) {
        *out = parts[0];
        read = 0;
    } else {
        HF_TRY(done, hf_parts_combine(out, context, parts, count, error));
    }
done:
    for (int32_t i = 0; i < read; i++)
        hf_frame_destroy(parts[i]);
    hf_delete(context, parts);
    return status;
}
