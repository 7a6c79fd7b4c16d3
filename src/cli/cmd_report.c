// SPDX-License-Identifier: Apache-2.0
//
// holdfast report: what a model is made of, as a statistician asks it.
#include "command.h"

static const cli_option options[] = {
    {"format", 0, "FORMAT", "table, json, or markdown: the model's card (default table)"},
    {"output", 'o', "OUT", "where it is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_report_job job = {0};
    int format = HF_MODEL_TABLE;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json markdown", error);
    if (status != HF_OK) return status;
    job.model = cli_word(arguments, 0);
    job.format = (hf_model_format)format;
    job.overwrite = cli_has(arguments, "force");
    job.output = cli_text(arguments, "output", "-");
    return hf_workflow_report(context, &job, error);
}

const cli_command cli_report = {
    .name = "report",
    .purpose = "Says what a model is made of: odds ratios, curves with intervals, rules in words.",
    .synopsis = "report MODEL [--format table|json|markdown] [-o OUT]\n",
    .examples = "report churn.json\n"
                "report churn.json --format markdown -o churn.md\n",
    .options = options,
    .run = run,
    .reads_word = true,
};
