// SPDX-License-Identifier: Apache-2.0
//
// holdfast score: every account's probability, rank and reasons, its health and what to do about it.
#include "command.h"

#include <string.h>
#include <unistd.h>

static const cli_option options[] = {
    {"store", 0, "DIR", "score a snapshot of this store"},
    {"as-of", 0, "DATE",
     "the snapshot's date (default: the newest); of a FILE scored by a definition, its date"},
    {"model", 0, "MODEL", "the model to score churn with"},
    {"definition", 0, "FILE", "the definition to score health with"},
    {"output", 'o', "OUT", "where scores are written (default -: standard output)"},
    {"format", 0, "FORMAT", "csv, jsonl or table (default csv; a table of 20 on a terminal)"},
    {"top", 0, "N", "only the N accounts most at risk, in order of rank"},
    {"allow-missing", 0, NULL, "score although signals are lacking or unlike training's, with a warning"},
    {NULL, 0, NULL, NULL},
};

static hf_status check_mode(const cli_arguments *arguments, hf_error *error)
{
    if (cli_has(arguments, "store")) return cli_reads_no_table(arguments, error);
    if (!cli_has(arguments, "definition"))
        return cli_only_without(
            arguments, "on a FILE that a model alone scores", "as-of",
            "leave it out, name a snapshot with --store DIR, or the rows' dates with --as-of-column", error);
    return cli_only_without(arguments, "with --definition", "as-of-column",
                            "a definition scores one date at a time: pass --as-of, or ingest the file and "
                            "score its snapshots",
                            error);
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_score_job job = {.csv = HF_CSV_OPTIONS_INIT, .as_of = HF_DATE_MISSING};
    job.output = cli_text(arguments, "output", "-");
    bool terminal = strcmp(job.output, "-") == 0 && isatty(STDOUT_FILENO);
    int format = terminal ? HF_FORMAT_TABLE : HF_FORMAT_CSV;
    if (terminal && !cli_has(arguments, "format")) job.top = 20;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = check_mode(arguments, error);
    if (status == HF_OK) status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "csv jsonl table", error);
    if (status == HF_OK) status = cli_integer(&job.top, arguments, "top", 1, INT64_MAX, error);
    if (status != HF_OK) return status;
    job.file = cli_word(arguments, 0);
    job.store = cli_text(arguments, "store", NULL);
    job.model = cli_text(arguments, "model", NULL);
    job.definition = cli_text(arguments, "definition", NULL);
    job.allow_missing = cli_has(arguments, "allow-missing");
    job.format = (hf_score_format)format;
    job.overwrite = cli_has(arguments, "force");
    return hf_workflow_score(context, &job, error);
}

const cli_command cli_score = {
    .name = "score",
    .purpose = "Scores every account and says what drives its risk.",
    .synopsis = "score FILE --model MODEL [-o OUT] [--format csv|jsonl|table] [--top N] [options]\n"
                "score --store DIR [--as-of DATE] --model MODEL [-o OUT] [options]\n"
                "score --store DIR [--as-of DATE] --definition FILE [--model MODEL] [-o OUT] [options]\n"
                "score FILE --as-of DATE --definition FILE [--model MODEL] [-o OUT] [options]\n",
    .examples = "score customers.csv --model churn.json --top 20 --format table\n"
                "score --store fleet --as-of 2026-10-31 --model churn.json -o scores.csv\n"
                "score --store fleet --definition holdfast.yaml --model churn.json --format table\n",
    .options = options,
    .takes_columns = true,
    .run = run,
};
