// SPDX-License-Identifier: Apache-2.0
//
// holdfast check: whether a definition and data agree.
#include "command.h"

static const cli_option options[] = {
    {"definition", 'd', "FILE", "the definition, holdfast.yaml"},
    {"store", 0, "DIR", "check a snapshot of a store; with FILE: compare it with the store's last one"},
    {"as-of", 0, "DATE", "the snapshot's date (default: the newest), or the date of the FILE"},
    {"format", 0, "FORMAT", "table or json (default table)"},
    {"output", 'o', "OUT", "where the findings are written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_check_job job = {.csv = HF_CSV_OPTIONS_INIT, .as_of = HF_DATE_MISSING};
    int format = HF_REPORT_TABLE;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status != HF_OK) return status;
    job.definition = cli_text(arguments, "definition", NULL);
    job.file = cli_word(arguments, 0);
    job.store = cli_text(arguments, "store", NULL);
    job.format = (hf_report_format)format;
    job.overwrite = cli_has(arguments, "force");
    job.output = cli_text(arguments, "output", "-");
    return hf_workflow_check(context, &job, error);
}

const cli_command cli_check = {
    .name = "check",
    .purpose = "Checks a definition and data together, before anyone is scored by them.",
    .synopsis = "check --definition FILE FILE [--as-of DATE] [--store DIR] [options]\n"
                "check --definition FILE --store DIR [--as-of DATE] [options]\n",
    .examples = "check --definition holdfast.yaml --store fleet\n"
                "check --definition holdfast.yaml tonight.csv --as-of 2026-10-31 --store fleet\n",
    .options = options,
    .takes_columns = true,
    .run = run,
};
