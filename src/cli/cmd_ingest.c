// SPDX-License-Identifier: Apache-2.0
//
// holdfast ingest: files to snapshots.
#include "command.h"

static const cli_option options[] = {
    {"store", 0, "DIR", "the store's folder; made if missing"},
    {"as-of", 0, "DATE", "the date the data was known at, YYYY-MM-DD"},
    {"revise", 0, NULL, "store other content for a date that is there as a new revision"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_ingest_job job = {.csv = HF_CSV_OPTIONS_INIT, .as_of = HF_DATE_MISSING, .output = "-"};
    hf_status status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status != HF_OK) return status;
    job.files = cli_words(arguments);
    job.file_count = cli_count(arguments);
    job.store = cli_text(arguments, "store", NULL);
    job.revise = cli_has(arguments, "revise");
    if (cli_has(arguments, "quiet")) job.output = NULL;
    return hf_workflow_ingest(context, &job, error);
}

const cli_command cli_ingest = {
    .name = "ingest",
    .purpose = "Reads CSV exports into an immutable snapshot of all accounts.",
    .synopsis = "ingest FILE... --store DIR --as-of DATE [--id COLUMN] [--rejects FILE] [options]\n"
                "ingest FILE... --store DIR --as-of-column COLUMN [options]\n",
    .examples = "ingest accounts.csv --store fleet --as-of 2026-10-31 --id account_id\n"
                "ingest usage.csv.gz tickets.csv.zst --store fleet --as-of 2026-10-31\n"
                "ingest history.csv --store fleet --as-of-column month_end --rejects bad.csv\n",
    .options = options,
    .takes_columns = true,
    .run = run,
};
