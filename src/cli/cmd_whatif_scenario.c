// SPDX-License-Identifier: Apache-2.0
//
// holdfast whatif scenario: the fleet before and after its signals are edited.
#include "command.h"

#include <stdlib.h>

static const cli_option options[] = {
    {"set", 0, "EDIT",
     "an edit, in order: SIGNAL = V, += N, -= N, *= N, <= N (cap), >= N (floor), in [A, B], [where "
     "CONDITION]"},
    {"where", 0, "CONDITION", "only the accounts of all edits that it holds for: 'segment = SMB'"},
    {"store", 0, "DIR", "a snapshot of this store"},
    {"as-of", 0, "DATE", "the snapshot's date (default: the newest); of a FILE with a definition, its date"},
    {"definition", 0, "FILE", "the definition that scores health"},
    {"model", 0, "MODEL", "the model that scores churn"},
    {"by", 0, "SIGNAL", "figures also by this category (default: the definition's segments)"},
    {"arr", 0, "COLUMN", "the column of annual revenue (default: the definition's, else arr)"},
    {"capacity", 0, "N", "how many of the N accounts most at risk stay so"},
    {"top", 0, "N", "show the N accounts that gain most, and those that lose most (default 5)"},
    {"name", 0, "NAME", "keep what is told in the store, as an experiment of this name"},
    {"allow-missing", 0, NULL, "score although signals are lacking, with a warning"},
    {"format", 0, "FORMAT", "table or json (default table)"},
    {"output", 'o', "OUT", "where the result is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status check_mode(const cli_arguments *arguments, hf_error *error)
{
    if (cli_has(arguments, "store")) return cli_reads_no_table(arguments, error);
    if (cli_has(arguments, "definition")) return HF_OK;
    return cli_only_without(arguments, "on a FILE that a model alone scores", "as-of",
                            "leave it out, or name a snapshot with --store DIR", error);
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_whatif_scenario_job job = {.csv = HF_CSV_OPTIONS_INIT, .as_of = HF_DATE_MISSING, .top = 5};
    const char **edits = NULL;
    int format = HF_REPORT_TABLE;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = check_mode(arguments, error);
    if (status == HF_OK)
        status = cli_only_without(arguments, "here", "as-of-column",
                                  "a scenario is of one date: pass --as-of", error);
    if (status == HF_OK) status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_integer(&job.capacity, arguments, "capacity", 1, INT64_MAX, error);
    if (status == HF_OK) status = cli_integer(&job.top, arguments, "top", 0, 10000, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status == HF_OK) status = cli_values(&edits, &job.edit_count, arguments, "set", error);
    if (status != HF_OK) return status;
    job.edits = edits;
    job.file = cli_word(arguments, 0);
    job.store = cli_text(arguments, "store", NULL);
    job.model = cli_text(arguments, "model", NULL);
    job.definition = cli_text(arguments, "definition", NULL);
    job.where = cli_text(arguments, "where", NULL);
    job.by = cli_text(arguments, "by", NULL);
    job.name = cli_text(arguments, "name", NULL);
    job.arr = cli_text(arguments, "arr", NULL);
    job.allow_missing = cli_has(arguments, "allow-missing");
    job.format = (hf_report_format)format;
    job.output = cli_text(arguments, "output", "-");
    job.overwrite = cli_has(arguments, "force");
    status = hf_workflow_whatif_scenario(context, &job, error);
    free(edits);
    return status;
}

const cli_command cli_whatif_scenario = {
    .name = "whatif scenario",
    .purpose = "Scores the fleet before and after signals are edited, and says who gains and why.",
    .synopsis =
        "whatif scenario FILE --set EDIT... [--where CONDITION] --model MODEL [options]\n"
        "whatif scenario FILE --as-of DATE --set EDIT... --definition FILE [--model MODEL] [options]\n"
        "whatif scenario --store DIR [--as-of DATE] --set EDIT... [--definition FILE] [--model MODEL] "
        "[options]\n",
    .examples = "whatif scenario --store fleet --definition holdfast.yaml --model churn.json --set "
                "'tickets_90d *= 0.5' --where 'segment = SMB'\n"
                "whatif scenario customers.csv --model churn.json --set 'discount <= 20%' --set 'csat >= 4 "
                "where csat is present' --by region\n",
    .options = options,
    .takes_columns = true,
    .run = run,
};
