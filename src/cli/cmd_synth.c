// SPDX-License-Identifier: Apache-2.0
//
// holdfast synth: a fleet whose truth is known.
#include "command.h"

#include <stdio.h>

static const cli_option options[] = {
    {"output", 'o', "DIR", "the folder the files are written to; made if missing"},
    {"accounts", 0, "N", "accounts in the fleet (default 5000)"},
    {"months", 0, "M", "as-of dates, each a month's end (default 24)"},
    {"seed", 0, "S", "seed; the same seed gives the same bytes (default 1)"},
    {"truth", 0, "KIND", "additive: a term a signal (default); interactions: also a pair and a rule"},
    {"last", 0, "DATE", "the last month holds this date (default 2026-10-31)"},
    {NULL, 0, NULL, NULL},
};

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_synth_options job = HF_SYNTH_OPTIONS_INIT;
    const char *folder = cli_text(arguments, "output", NULL);
    int64_t seed = (int64_t)job.seed, months = job.months;
    int truth = (int)job.truth;
    hf_status status = cli_most_words(arguments, 0, error);
    if (status == HF_OK) status = cli_integer(&job.accounts, arguments, "accounts", 1, 100000000, error);
    if (status == HF_OK) status = cli_integer(&months, arguments, "months", 1, 600, error);
    if (status == HF_OK) status = cli_integer(&seed, arguments, "seed", 0, INT64_MAX, error);
    if (status == HF_OK) status = cli_choice(&truth, arguments, "truth", "additive interactions", error);
    if (status == HF_OK) status = cli_date(&job.last, arguments, "last", error);
    if (status != HF_OK) return status;
    if (!folder) {
        error->status = HF_ERROR_USAGE;
        snprintf(error->message, sizeof error->message, "no folder for the fleet; name it with -o DIR");
        return HF_ERROR_USAGE;
    }
    job.months = (int32_t)months;
    job.seed = (uint64_t)seed;
    job.truth = (hf_synth_truth)truth;
    job.overwrite = cli_has(arguments, "force");
    return hf_synth_write(context, folder, &job, error);
}

const cli_command cli_synth = {
    .name = "synth",
    .purpose = "Makes a synthetic fleet with a known truth, month by month.",
    .synopsis = "synth -o DIR [--accounts N] [--months M] [--seed S] [options]\n",
    .examples = "synth -o fleet --accounts 5000 --months 24 --seed 1\n"
                "synth -o big --accounts 1000000 --months 1\n",
    .options = options,
    .takes_columns = false,
    .run = run,
};
