// SPDX-License-Identifier: Apache-2.0
//
// holdfast replay: scores a past night again from what the store kept, and compares.
#include "command.h"

static const cli_option options[] = {
    {"store", 0, "DIR", "the store's folder"},
    {"as-of", 0, "DATE", "the night (default: the newest)"},
    {"output", 'o', "OUT", "where the finding is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_replay_job job = {.as_of = HF_DATE_MISSING};
    hf_status status = cli_most_words(arguments, 0, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status != HF_OK) return status;
    job.store = cli_text(arguments, "store", NULL);
    job.output = cli_text(arguments, "output", "-");
    return hf_workflow_replay(context, &job, error);
}

const cli_command cli_replay = {
    .name = "replay",
    .purpose = "Scores a past night again from what the store kept, and compares every value.",
    .synopsis = "replay --store DIR [--as-of DATE]\n",
    .examples = "replay --store fleet\n"
                "replay --store fleet --as-of 2026-09-30\n",
    .options = options,
    .takes_columns = false,
    .run = run,
};
