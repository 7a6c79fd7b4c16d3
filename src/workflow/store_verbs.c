// SPDX-License-Identifier: Apache-2.0
//
// The store verbs: list the snapshots and scores, show one's signals, check every byte, write one out as CSV.
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "workflow/labelled.h"

#include <string.h>

// The scores the store keeps, if any, as a table below the snapshots'.
static hf_status add_scores(hf_text *text, const hf_context *context, const hf_store *store, hf_error *error)
{
    hf_snapshot_info *list = NULL;
    int32_t count = 0;
    hf_status status = hf_store_list_scores(&list, &count, store, error);
    if (status != HF_OK || count == 0) goto done;
    hf_text_putc(text, '\n');
    HF_TRY(done, hf_report_kept_scores(text, context, list, count, error));
done:
    hf_store_list_free(context, list);
    return status;
}

hf_status hf_workflow_store_list(const hf_context *context, const char *folder, hf_report_format format,
                                 const char *output, hf_error *error)
{
    hf_store *store = NULL;
    hf_snapshot_info *list = NULL;
    int32_t count = 0;
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, hf_store_open(&store, context, folder, HF_STORE_READ, error));
    HF_TRY(done, hf_store_list(&list, &count, store, error));
    if (format == HF_REPORT_JSON) {
        HF_TRY(done, hf_report_snapshots_json(&text, list, count, error));
    } else {
        HF_TRY(done, hf_report_snapshots(&text, context, list, count, error));
        HF_TRY(done, add_scores(&text, context, store, error));
    }
    HF_TRY(done, hf_workflow_write_text(context, &text, output, true, error));
done:
    hf_store_list_free(context, list);
    hf_store_close(store);
    hf_text_free(&text);
    return status;
}

static hf_status read_one(hf_frame **out, hf_snapshot_info *info, const hf_context *context,
                          const char *folder, hf_date as_of, hf_error *error)
{
    hf_store *store;
    hf_status status = hf_store_open(&store, context, folder, HF_STORE_READ, error);
    if (status != HF_OK) return status;
    status = hf_store_read(out, info, store, as_of, error);
    hf_store_close(store);
    return status;
}

hf_status hf_workflow_store_show(const hf_context *context, const char *folder, hf_date as_of,
                                 hf_report_format format, const char *output, hf_error *error)
{
    hf_frame *frame = NULL;
    hf_snapshot_info info;
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, read_one(&frame, &info, context, folder, as_of, error));
    if (format == HF_REPORT_JSON)
        HF_TRY(done, hf_report_frame_json(&text, frame, &info, error));
    else
        HF_TRY(done, hf_report_frame(&text, context, frame, &info, error));
    HF_TRY(done, hf_workflow_write_text(context, &text, output, true, error));
done:
    hf_frame_destroy(frame);
    hf_text_free(&text);
    return status;
}

static void tell_file(void *user, const char *path, const char *problem)
{
    hf_text *text = user;
    if (problem)
        hf_text_printf(text, "damaged  %s: %s\n", path, problem);
    else
        hf_text_printf(text, "whole    %s\n", path);
}

hf_status hf_workflow_store_verify(const hf_context *context, const char *folder, const char *output,
                                   hf_error *error)
{
    hf_store *store;
    hf_text text;
    hf_status status = hf_store_open(&store, context, folder, HF_STORE_READ, error);
    if (status != HF_OK) return status;
    hf_text_init(&text, context);
    status = hf_store_verify(store, tell_file, &text, error);
    // What was found is shown whether it is good or bad.
    hf_status written = HF_OK;
    if (status == HF_OK || status == HF_ERROR_DAMAGED)
        written = hf_workflow_write_text(context, &text, output, true, status == HF_OK ? error : NULL);
    hf_text_free(&text);
    hf_store_close(store);
    return status == HF_OK ? written : status;
}

hf_status hf_workflow_store_export(const hf_context *context, const char *folder, hf_date as_of,
                                   const char *output, bool overwrite, hf_error *error)
{
    hf_frame *frame;
    hf_snapshot_info info;
    hf_status status = read_one(&frame, &info, context, folder, as_of, error);
    if (status != HF_OK) return status;
    status = hf_csv_write(context, frame, output, overwrite, error);
    hf_frame_destroy(frame);
    return status;
}
