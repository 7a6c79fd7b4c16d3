// SPDX-License-Identifier: Apache-2.0
//
// holdfast init: data to a starter definition.
#include "command.h"

#include <string.h>

static const cli_option options[] = {
    {"store", 0, "DIR", "learn from a snapshot of a store"},
    {"as-of", 0, "DATE", "the snapshot's date (default: the newest), or the date of the FILE"},
    {"target", 0, "COLUMN[=VALUE]",
     "of a FILE: the column that says what happened, and the value that counts"},
    {"outcomes", 0, "FILE", "of a store: what happened to accounts: account_id,date,outcome"},
    {"outcome", 0, "NAME", "which outcome (default churn)"},
    {"horizon", 0, "DAYS", "the outcome counts in the DAYS after the lead (default 90)"},
    {"lead", 0, "DAYS", "days after the as-of date that do not count yet (default 0)"},
    {"output", 'o', "OUT", "where the definition is written (default holdfast.yaml; -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_init_job job = {.csv = HF_CSV_OPTIONS_INIT, .as_of = HF_DATE_MISSING};
    int64_t lead = 0, horizon = 90;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_integer(&lead, arguments, "lead", 0, 36500, error);
    if (status == HF_OK) status = cli_integer(&horizon, arguments, "horizon", 1, 36500, error);
    if (status != HF_OK) return status;
    job.file = cli_word(arguments, 0);
    job.store = cli_text(arguments, "store", NULL);
    job.target = cli_text(arguments, "target", NULL);
    job.outcomes = cli_text(arguments, "outcomes", NULL);
    job.outcome = cli_text(arguments, "outcome", NULL);
    job.lead = (int32_t)lead;
    job.horizon = (int32_t)horizon;
    job.definition = cli_text(arguments, "output", "holdfast.yaml");
    job.overwrite = cli_has(arguments, "force");
    // A definition on standard output stands alone there.
    job.output = strcmp(job.definition, "-") == 0 ? NULL : "-";
    return hf_workflow_init(context, &job, error);
}

const cli_command cli_init = {
    .name = "init",
    .purpose = "Writes a starter scorecard from data, every guess marked as one.",
    .synopsis =
        "init FILE [--target COLUMN[=VALUE]] [-o holdfast.yaml] [options]\n"
        "init --store DIR [--outcomes FILE --horizon DAYS --lead DAYS] [-o holdfast.yaml] [options]\n",
    .examples = "init customers.csv --id customer_id --target Churn=Yes\n"
                "init --store fleet --outcomes outcomes.csv --horizon 90 -o holdfast.yaml\n",
    .options = options,
    .takes_columns = true,
    .run = run,
};
