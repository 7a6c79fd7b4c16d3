// SPDX-License-Identifier: Apache-2.0
//
// holdfast profile: what every signal looks like, and how it goes with what happened.
#include "command.h"

static const cli_option options[] = {
    {"store", 0, "DIR", "profile a snapshot of a store"},
    {"as-of", 0, "DATE", "the snapshot's date (default: the newest), or the date of the FILE"},
    {"target", 0, "COLUMN[=VALUE]",
     "of a FILE: the column that says what happened, and the value that counts"},
    {"outcomes", 0, "FILE", "of a store: what happened to accounts: account_id,date,outcome"},
    {"outcome", 0, "NAME", "which outcome (default churn)"},
    {"horizon", 0, "DAYS", "the outcome counts in the DAYS after the lead (default 90)"},
    {"lead", 0, "DAYS", "days after the as-of date that do not count yet (default 0)"},
    {"format", 0, "FORMAT", "table, csv or json (default table)"},
    {"output", 'o', "OUT", "where the profile is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_profile_job job = {.csv = HF_CSV_OPTIONS_INIT, .as_of = HF_DATE_MISSING};
    int64_t lead = 0, horizon = 90;
    int format = HF_TABLE_TABLE;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_integer(&lead, arguments, "lead", 0, 36500, error);
    if (status == HF_OK) status = cli_integer(&horizon, arguments, "horizon", 1, 36500, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table csv json", error);
    if (status != HF_OK) return status;
    job.file = cli_word(arguments, 0);
    job.store = cli_text(arguments, "store", NULL);
    job.target = cli_text(arguments, "target", NULL);
    job.outcomes = cli_text(arguments, "outcomes", NULL);
    job.outcome = cli_text(arguments, "outcome", NULL);
    job.lead = (int32_t)lead;
    job.horizon = (int32_t)horizon;
    job.format = (hf_table_format)format;
    job.overwrite = cli_has(arguments, "force");
    job.output = cli_text(arguments, "output", "-");
    return hf_workflow_profile(context, &job, error);
}

const cli_command cli_profile = {
    .name = "profile",
    .purpose = "Shows what every signal looks like and how it goes with churn.",
    .synopsis = "profile FILE [--target COLUMN[=VALUE]] [options]\n"
                "profile --store DIR [--as-of DATE] [--outcomes FILE --horizon DAYS --lead DAYS] [options]\n",
    .examples = "profile customers.csv --id customer_id --target Churn=Yes\n"
                "profile --store fleet --outcomes outcomes.csv --horizon 90\n"
                "profile --store fleet --as-of 2026-10-31 --format csv -o profile.csv\n",
    .options = options,
    .takes_columns = true,
    .run = run,
};
