// SPDX-License-Identifier: Apache-2.0
//
// holdfast train: a labelled table or a store's history to a model.
#include "command.h"

#include <string.h>

static const cli_option options[] = {
    {"target", 0, "COLUMN[=VALUE]", "the column that says what happened, and the value that counts"},
    {"store", 0, "DIR", "train on the snapshots of a store"},
    {"output", 'o', "MODEL", "where the model is written"},
    {"card", 0, "FILE",
     "where the model's card is written (default: MODEL with .md for .json; none: nowhere)"},
    {"ledger", 0, "FILE", "write what became of every row as JSON too"},
    {"by", 0, "COLUMN", "a model a level of this category, to -o 'churn-{segment}.json'"},
    {"segments", 0, "DEFINITION", "a model a segment of this definition, likewise"},
    {"segment", 0, "NAME", "only this segment's"},
    {"allow-small", 0, NULL, "train although there are too few events for the signals; the model is stamped"},
    {"bootstrap", 0, "N",
     "fits of resampled accounts for the curves' intervals (default: as time allows; 0: none)"},
    {"refit", 0, NULL, "record standard errors and p-values, of a refit of the plain form without penalty"},
    {NULL, 0, NULL, NULL},
};

// A table knows its labels, a store gets them from outcomes: what is of the one says nothing of the other.
static hf_status check_mode(const cli_arguments *arguments, hf_error *error)
{
    if (!cli_has(arguments, "store"))
        return cli_only_without(arguments, "on one labelled table",
                                "outcomes outcome horizon lead known-until from until every anchor "
                                "anchor-age anchor-shift",
                                "leave it out, or train on a store's history with --store DIR", error);
    hf_status status = cli_only_without(arguments, "with --store", "target",
                                        "on a store's history --outcomes FILE says what happened", error);
    return status == HF_OK ? cli_reads_no_table(arguments, error) : status;
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_train_job job = {.csv = HF_CSV_OPTIONS_INIT, .fit = HF_TRAIN_OPTIONS_INIT, .output = "-"};
    hf_observation_options observations = HF_OBSERVATION_OPTIONS_INIT;
    int64_t bootstrap = job.fit.bootstrap;
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = check_mode(arguments, error);
    if (status == HF_OK) status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_fit(&job.fit, arguments, error);
    if (status == HF_OK) status = cli_integer(&bootstrap, arguments, "bootstrap", 0, 2000, error);
    if (status == HF_OK) status = cli_window(&job.lead, &job.horizon, &job.known_until, arguments, error);
    if (status == HF_OK) status = cli_observations(&observations, arguments, error);
    if (status != HF_OK) return status;
    job.fit.bootstrap = (int32_t)bootstrap;
    job.fit.refit = cli_has(arguments, "refit");
    job.file = cli_word(arguments, 0);
    job.target = cli_text(arguments, "target", NULL);
    job.store = cli_text(arguments, "store", NULL);
    job.outcomes = cli_text(arguments, "outcomes", NULL);
    job.outcome = cli_text(arguments, "outcome", NULL);
    job.observations = &observations;
    job.ledger = cli_text(arguments, "ledger", NULL);
    job.allow_leak = cli_allowed_leaks(&job.allow_leak_count, arguments);
    job.group = cli_text(arguments, "group", NULL);
    job.model = cli_text(arguments, "output", NULL);
    job.by = cli_text(arguments, "by", NULL);
    job.segments = cli_text(arguments, "segments", NULL);
    job.segment = cli_text(arguments, "segment", NULL);
    job.allow_small = cli_has(arguments, "allow-small");
    job.card = cli_text(arguments, "card", NULL);
    job.overwrite = cli_has(arguments, "force");
    // What was done is never told into the model itself.
    const bool piped = job.model && strcmp(job.model, "-") == 0;
    if (cli_has(arguments, "quiet") || piped) job.output = NULL;
    return hf_workflow_train(context, &job, error);
}

const cli_command cli_train = {
    .name = "train",
    .purpose = "Trains a churn model on a labelled table or on a store's history.",
    .synopsis = "train FILE --id COLUMN --target COLUMN[=VALUE] -o MODEL [options]\n"
                "train --store DIR --outcomes FILE --horizon DAYS [--lead DAYS] -o MODEL [options]\n",
    .examples = "train customers.csv --id customer_id --target Churn=Yes -o churn.json\n"
                "train --store fleet --outcomes outcomes.csv --horizon 90 --lead 30 -o churn.json\n"
                "train --store fleet --outcomes outcomes.csv --horizon 60 --lead 90 --anchor renewal_date "
                "-o renewals.json\n",
    .options = options,
    .takes_columns = true,
    .observes = true,
    .trains = true,
    .run = run,
};
