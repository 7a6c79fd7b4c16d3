// SPDX-License-Identifier: Apache-2.0
//
// The report verb: a model's summary as a page of figures, as JSON, or as the card that training writes.
#include "churn/churn_room.h"
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "workflow/labelled.h"

hf_status hf_workflow_report(const hf_context *context, const hf_report_job *job, hf_error *error)
{
    hf_model *model = NULL;
    hf_text text;
    hf_status status;
    if (!job->model) return hf_fail(error, HF_ERROR_USAGE, "which model? name its file");
    hf_text_init(&text, context);
    HF_TRY(done, hf_model_load(&model, context, job->model, error));
    switch (job->format) {
    case HF_MODEL_TABLE:
        HF_TRY(done, hf_report_summary(&text, context, model, error));
        break;
    case HF_MODEL_JSON:
        HF_TRY(done, hf_report_summary_json(&text, context, model, error));
        break;
    case HF_MODEL_MARKDOWN:
        HF_TRY(done, hf_report_model_card(&text, context, model, error));
        break;
    }
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, job->overwrite, error));
done:
    hf_model_destroy(model);
    hf_text_free(&text);
    return status;
}
