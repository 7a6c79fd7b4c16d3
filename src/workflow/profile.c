// SPDX-License-Identifier: Apache-2.0
//
// The profile verb: what every signal looks like and, where it is known what happened, how it goes with that.
#include "workflow/labelled.h"
#include "workflow/profiling.h"

hf_status hf_workflow_profile(const hf_context *context, const hf_profile_job *job, hf_error *error)
{
    const hf_profiling_source source = {job->file,     job->csv,     job->store, job->as_of,  job->target,
                                        job->outcomes, job->outcome, job->lead,  job->horizon};
    hf_profiling profiling = {0};
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, hf_profiling_create(&profiling, context, &source, error));
    if (job->format == HF_TABLE_JSON)
        HF_TRY(done, hf_report_profile_json(&text, &profiling.data, error));
    else if (job->format == HF_TABLE_CSV)
        HF_TRY(done, hf_report_profile_csv(&text, &profiling.data, error));
    else
        HF_TRY(done, hf_report_profile(&text, context, &profiling.data, error));
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, job->overwrite, error));
done:
    hf_profiling_free(&profiling);
    hf_text_free(&text);
    return status;
}
