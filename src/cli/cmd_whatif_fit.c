// SPDX-License-Identifier: Apache-2.0
//
// holdfast whatif fit: weights fitted to what happened, proposed beside the present ones.
#include "command.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_option options[] = {
    {"store", 0, "DIR", "the store whose history is fitted to"},
    {"definition", 0, "FILE", "the definition whose weights are fitted"},
    {"outcomes", 0, "FILE", "what happened: CSV with account_id, date, outcome"},
    {"outcome", 0, "NAME", "the outcome that counts (default churn)"},
    {"horizon", 0, "DAYS", "an outcome counts so many days after a snapshot and lead"},
    {"lead", 0, "DAYS", "days after a snapshot before an outcome counts (default 0)"},
    {"known-until", 0, "DATE", "the last date outcomes are known (default: the last in the file)"},
    {"cap", 0, "GROUP=SHARE", "a group has at most this share of all weight, as usage=40%; may be repeated"},
    {"shrink", 0, "X|auto", "strength toward the present weights (default auto: by earlier dates)"},
    {"capacity", 0, "N", "what is caught when the N accounts of lowest health are worked (default: a tenth)"},
    {"replicates", 0, "N", "bootstrap resamples for the intervals, 40 or more (default 200; 0: none)"},
    {"alpha", 0, "ALPHA", "intervals cover 1 - ALPHA (default 0.05)"},
    {"seed", 0, "N", "seed of everything drawn (default 1)"},
    {"name", 0, "NAME", "keep the result in the store as an experiment of this name"},
    {"format", 0, "FORMAT", "table or json (default table)"},
    {"output", 'o', "OUT", "where the definition with the fitted weights is written (default: nowhere)"},
    {NULL, 0, NULL, NULL},
};

static hf_status take_shrink(double *out, const cli_arguments *arguments, hf_error *error)
{
    *out = NAN;
    if (strcmp(cli_text(arguments, "shrink", "auto"), "auto") == 0) return HF_OK;
    return cli_number(out, arguments, "shrink", 0, 1e6, error);
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_whatif_fit_job job = {.known_until = HF_DATE_MISSING, .alpha = 0.05};
    int64_t lead = 0, horizon = 0, capacity = 0, replicates = 200, seed = 1;
    const char **caps = NULL;
    int format = 0;
    hf_status status = cli_most_words(arguments, 0, error);
    if (status == HF_OK) status = cli_integer(&lead, arguments, "lead", 0, 36500, error);
    if (status == HF_OK) status = cli_integer(&horizon, arguments, "horizon", 1, 36500, error);
    if (status == HF_OK) status = cli_date(&job.known_until, arguments, "known-until", error);
    if (status == HF_OK) status = take_shrink(&job.shrink, arguments, error);
    if (status == HF_OK) status = cli_integer(&capacity, arguments, "capacity", 1, INT64_MAX, error);
    if (status == HF_OK) status = cli_integer(&replicates, arguments, "replicates", 0, 100000, error);
    if (status == HF_OK) status = cli_number(&job.alpha, arguments, "alpha", 1e-6, 0.5, error);
    if (status == HF_OK) status = cli_integer(&seed, arguments, "seed", 0, INT64_MAX, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status == HF_OK) status = cli_values(&caps, &job.cap_count, arguments, "cap", error);
    if (status != HF_OK) return status;
    job.store = cli_text(arguments, "store", NULL);
    job.definition = cli_text(arguments, "definition", NULL);
    job.outcomes = cli_text(arguments, "outcomes", NULL);
    job.outcome = cli_text(arguments, "outcome", NULL);
    job.lead = (int32_t)lead;
    job.horizon = (int32_t)horizon;
    job.caps = caps;
    job.replicates = (int32_t)replicates;
    job.seed = (uint64_t)seed;
    job.capacity = capacity;
    job.candidate = cli_text(arguments, "output", NULL);
    job.overwrite = cli_has(arguments, "force");
    job.format = (hf_report_format)format;
    job.output = "-";
    job.name = cli_text(arguments, "name", NULL);
    status = hf_workflow_whatif_fit(context, &job, error);
    free(caps);
    return status;
}

const cli_command cli_whatif_fit = {
    .name = "whatif fit",
    .purpose = "Fits weights to what happened and proposes them beside the present ones; applies nothing.",
    .synopsis = "whatif fit --store DIR --definition FILE --outcomes FILE --horizon DAYS [options]\n",
    .examples = "whatif fit --store fleet --definition holdfast.yaml --outcomes outcomes.csv --horizon 90\n"
                "whatif fit --store fleet --definition holdfast.yaml --outcomes outcomes.csv --horizon 90 "
                "--cap usage=40% -o candidate.yaml\n",
    .options = options,
    .run = run,
};
