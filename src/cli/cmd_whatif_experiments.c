// SPDX-License-Identifier: Apache-2.0
//
// holdfast whatif ls, show and promote: experiments that a store keeps.
#include "command.h"

#include <stdio.h>

static const cli_option reading[] = {
    {"store", 0, "DIR", "the store's folder (default: the folder named store)"},
    {"format", 0, "FORMAT", "table or json (default table)"},
    {"output", 'o', "OUT", "where the result is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static const cli_option promoting[] = {
    {"store", 0, "DIR", "the store's folder (default: the folder named store)"},
    {"weighting", 0, "K", "which of its weightings, by its place in the list (default: the best)"},
    {"definition", 0, "FILE", "where the definition is now (default: where the experiment found it)"},
    {"hash", 0, "HEX", "what the experiment's hash has to begin with, 8 digits or more"},
    {"output", 'o', "OUT", "where the definition is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status take_name(const char **out, const cli_arguments *arguments, hf_error *error)
{
    *out = cli_word(arguments, 0);
    if (*out) return cli_most_words(arguments, 1, error);
    snprintf(error->message, sizeof error->message,
             "which experiment? 'holdfast whatif ls' lists them; name one");
    return error->status = HF_ERROR_USAGE;
}

static hf_status run_list(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    int format = HF_REPORT_TABLE;
    hf_status status = cli_most_words(arguments, 0, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status != HF_OK) return status;
    return hf_workflow_whatif_list(context, cli_text(arguments, "store", "store"), (hf_report_format)format,
                                   cli_text(arguments, "output", "-"), cli_has(arguments, "force"), error);
}

static hf_status run_show(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    int format = HF_REPORT_TABLE;
    const char *name;
    hf_status status = take_name(&name, arguments, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status != HF_OK) return status;
    return hf_workflow_whatif_show(context, cli_text(arguments, "store", "store"), name,
                                   (hf_report_format)format, cli_text(arguments, "output", "-"),
                                   cli_has(arguments, "force"), error);
}

static hf_status run_promote(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_whatif_promote_job job = {0};
    int64_t weighting = 0;
    hf_status status = take_name(&job.name, arguments, error);
    if (status == HF_OK) status = cli_integer(&weighting, arguments, "weighting", 1, 1000000, error);
    if (status != HF_OK) return status;
    job.store = cli_text(arguments, "store", "store");
    job.definition = cli_text(arguments, "definition", NULL);
    job.weighting = (int32_t)weighting;
    job.hash = cli_text(arguments, "hash", NULL);
    job.overwrite = cli_has(arguments, "force");
    job.output = cli_text(arguments, "output", "-");
    return hf_workflow_whatif_promote(context, &job, error);
}

const cli_command cli_whatif_list = {
    .name = "whatif ls",
    .purpose = "Lists the experiments that a store keeps.",
    .synopsis = "whatif ls [--store DIR]\n",
    .examples = "whatif ls --store fleet\n"
                "whatif ls --store fleet --format json\n",
    .options = reading,
    .run = run_list,
};

const cli_command cli_whatif_show = {
    .name = "whatif show",
    .purpose = "Shows an experiment as it was told when it was made.",
    .synopsis = "whatif show NAME [--store DIR]\n",
    .examples = "whatif show spring --store fleet\n"
                "whatif show spring --store fleet --format json\n",
    .options = reading,
    .run = run_show,
};

const cli_command cli_whatif_promote = {
    .name = "whatif promote",
    .purpose =
        "Writes a weighting of an experiment as a definition, every changed weight with where it came from.",
    .synopsis = "whatif promote NAME [--weighting K] [--store DIR] -o FILE\n",
    .examples = "whatif promote spring --store fleet -o holdfast.yaml --force\n"
                "whatif promote spring --store fleet --weighting 3 --hash 5c0f2a91 -o spring.yaml\n",
    .options = promoting,
    .run = run_promote,
};
