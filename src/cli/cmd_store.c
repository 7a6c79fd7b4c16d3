// SPDX-License-Identifier: Apache-2.0
//
// holdfast store: what a store holds, and whether it is whole.
#include "command.h"

#include <stdio.h>
#include <string.h>

static const cli_option options[] = {
    {"store", 0, "DIR", "the store's folder (default: the folder named store)"},
    {"format", 0, "FORMAT", "table or json, for ls and show (default table)"},
    {"output", 'o', "OUT", "where the result is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status usage(hf_error *error, const char *format, const char *word)
{
    error->status = HF_ERROR_USAGE;
    snprintf(error->message, sizeof error->message, format, word);
    return HF_ERROR_USAGE;
}

static hf_status take_date(hf_date *out, const cli_arguments *arguments, hf_error *error)
{
    const char *word = cli_word(arguments, 1);
    if (!word || hf_date_parse(out, word, strlen(word))) return HF_OK;
    return usage(error, "'%s' is no date; pass YYYY-MM-DD, or nothing for the newest", word);
}

// Of words and options of other actions.
static hf_status check_action(const cli_arguments *arguments, const char *action, hf_error *error)
{
    const bool whole = strcmp(action, "ls") == 0 || strcmp(action, "verify") == 0;
    const bool plain = strcmp(action, "verify") == 0 || strcmp(action, "export") == 0;
    if (whole && cli_word(arguments, 1)) {
        snprintf(error->message, sizeof error->message,
                 "'store %s' speaks of the whole store and takes no date ('%.64s')", action,
                 cli_word(arguments, 1));
        return error->status = HF_ERROR_USAGE;
    }
    if (!plain) return HF_OK;
    return cli_only_without(arguments, "here", "format", "it is for 'store ls' and 'store show'", error);
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    static const char *const actions[] = {"ls", "show", "verify", "export"};
    const char *action = cli_word(arguments, 0), *folder = cli_text(arguments, "store", "store");
    const char *output = cli_text(arguments, "output", "-");
    hf_date as_of = HF_DATE_MISSING;
    int format = HF_REPORT_TABLE;
    if (!action) return usage(error, "%s", "what should be done with the store? ls, show, verify or export");
    hf_status status = cli_most_words(arguments, 2, error);
    if (status == HF_OK) status = check_action(arguments, action, error);
    if (status == HF_OK) status = take_date(&as_of, arguments, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status != HF_OK) return status;
    if (strcmp(action, "ls") == 0)
        return hf_workflow_store_list(context, folder, (hf_report_format)format, output, error);
    if (strcmp(action, "show") == 0)
        return hf_workflow_store_show(context, folder, as_of, (hf_report_format)format, output, error);
    if (strcmp(action, "verify") == 0) return hf_workflow_store_verify(context, folder, output, error);
    if (strcmp(action, "export") == 0)
        return hf_workflow_store_export(context, folder, as_of, output, cli_has(arguments, "force"), error);
    const char *nearest = hf_nearest(action, actions, 4);
    if (!nearest)
        return usage(error, "'%s' is nothing a store does; it does ls, show, verify and export", action);
    snprintf(error->message, sizeof error->message, "'%s' is nothing a store does; did you mean '%s'?",
             action, nearest);
    return error->status = HF_ERROR_USAGE;
}

const cli_command cli_store = {
    .name = "store",
    .purpose = "Lists, shows, checks and exports the snapshots of a store.",
    .synopsis = "store ls [--store DIR]\n"
                "store show [DATE] [--store DIR]\n"
                "store verify [--store DIR]\n"
                "store export [DATE] [--store DIR] [-o OUT]\n",
    .examples = "store ls --store fleet\n"
                "store show 2026-10-31 --store fleet\n"
                "store verify --store fleet\n",
    .options = options,
    .takes_columns = false,
    .run = run,
};
