// SPDX-License-Identifier: Apache-2.0
//
// holdfast explain: one account's scores and what is in them, or what moved the fleet.
#include "command.h"

static const cli_option options[] = {
    {"store", 0, "DIR", "the store's folder (default: the folder named store)"},
    {"definition", 0, "FILE", "the definition that scores health"},
    {"model", 0, "MODEL", "the churn model"},
    {"as-of", 0, "DATE", "the snapshot's date (default: the newest)"},
    {"since", 0, "DATE", "also why health moved since the snapshot of this date"},
    {"portfolio", 0, NULL, "the whole fleet: which measures moved most accounts and most ARR"},
    {"format", 0, "FORMAT", "table or json (default table)"},
    {"output", 'o', "OUT", "where the result is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_explain_job job = {.as_of = HF_DATE_MISSING, .since = HF_DATE_MISSING};
    int format = HF_REPORT_TABLE;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_date(&job.since, arguments, "since", error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status != HF_OK) return status;
    job.account = cli_word(arguments, 0);
    job.portfolio = cli_has(arguments, "portfolio");
    job.store = cli_text(arguments, "store", "store");
    job.definition = cli_text(arguments, "definition", NULL);
    job.model = cli_text(arguments, "model", NULL);
    job.format = (hf_report_format)format;
    job.output = cli_text(arguments, "output", "-");
    job.overwrite = cli_has(arguments, "force");
    return hf_workflow_explain(context, &job, error);
}

const cli_command cli_explain = {
    .name = "explain",
    .purpose = "Says what is in an account's scores, why they moved, and what would make it healthy.",
    .synopsis =
        "explain ACCOUNT --store DIR --definition FILE [--model MODEL] [--as-of DATE] [--since DATE]\n"
        "explain --portfolio --since DATE --store DIR --definition FILE [--as-of DATE]\n",
    .examples = "explain acme --store fleet --definition holdfast.yaml --model churn.json\n"
                "explain acme --store fleet --definition holdfast.yaml --since 2026-09-30\n"
                "explain --portfolio --since 2026-09-30 --store fleet --definition holdfast.yaml\n",
    .options = options,
    .takes_columns = false,
    .run = run,
};
