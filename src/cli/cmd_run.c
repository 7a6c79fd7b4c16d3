// SPDX-License-Identifier: Apache-2.0
//
// holdfast run: the night in one command, from the warehouse's export to the published files.
#include "command.h"

#include <math.h>
#include <stdlib.h>

static const cli_option options[] = {
    {"definition", 0, "FILE", "the definition that scores health"},
    {"store", 0, "DIR", "the store's folder; made if it is not there"},
    {"input", 0, "FILE", "the accounts; again for more files, which are stacked or joined"},
    {"as-of", 0, "DATE", "the date the data was known at"},
    {"model", 0, "MODEL", "the churn model"},
    {"publish", 0, "DIR", "the folder the scores are published to"},
    {"revise", 0, NULL, "store other content for a date that is there as a new revision"},
    {"most-unknown", 0, "SHARE", "gate: stop where more accounts have an unknown band"},
    {"most-coverage-fall", 0, "SHARE",
     "gate: stop where a signal lost more of its values since the last date"},
    {"accept-findings", 0, NULL, "publish even where the check finds units that jumped or late feeds"},
    {"recorded-at", 0, "TIME", "when the data was recorded (default: when the input was last written)"},
    {"output", 'o', "OUT", "where the summary is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_run_job job = {.csv = HF_CSV_OPTIONS_INIT, .as_of = HF_DATE_MISSING};
    job.most_unknown = job.most_coverage_fall = NAN;
    const char **files = NULL;
    hf_status status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_number(&job.most_unknown, arguments, "most-unknown", 0, 1, error);
    if (status == HF_OK)
        status = cli_number(&job.most_coverage_fall, arguments, "most-coverage-fall", 0, 1, error);
    if (status == HF_OK) status = cli_inputs(&files, &job.file_count, arguments, "input", error);
    if (status != HF_OK) return status;
    job.definition = cli_text(arguments, "definition", NULL);
    job.store = cli_text(arguments, "store", NULL);
    job.files = files;
    job.model = cli_text(arguments, "model", NULL);
    job.accept_findings = cli_has(arguments, "accept-findings");
    job.revise = cli_has(arguments, "revise");
    job.publish = cli_text(arguments, "publish", NULL);
    job.recorded_at = cli_text(arguments, "recorded-at", NULL);
    job.output = cli_text(arguments, "output", "-");
    status = hf_workflow_run(context, &job, error);
    free(files);
    return status;
}

const cli_command cli_run = {
    .name = "run",
    .purpose = "Runs the night: check, ingest, score, compare with the last run, publish.",
    .synopsis =
        "run --definition FILE --store DIR --input FILE... --as-of DATE [--model MODEL] --publish DIR\n",
    .examples =
        "run --definition holdfast.yaml --store fleet --input accounts.csv --as-of 2026-10-31 --publish out\n"
        "run --definition holdfast.yaml --store fleet --input crm.csv --input usage.csv \\\n"
        "      --as-of 2026-10-31 --model churn.json --publish out --most-unknown 0.1\n",
    .options = options,
    .takes_columns = true,
    .tells_stages = true,
    .run = run,
};
