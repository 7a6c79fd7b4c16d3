// SPDX-License-Identifier: Apache-2.0
//
// holdfast replay: scores a past night again from what the store kept, or trains a model again from what its
// record names, and compares.
#include "command.h"

static const cli_option options[] = {
    {"file", 0, "FILE", "of a model: where the table it was trained on is now"},
    {"store", 0, "DIR", "the store's folder; of a model: where the store is now"},
    {"outcomes", 0, "FILE", "of a model: where the file of outcomes is now"},
    {"segments", 0, "DEFINITION", "of a model: where the definition of its segments is now"},
    {"as-of", 0, "DATE", "of a store: the night (default: the newest)"},
    {"output", 'o', "OUT", "keep the model trained again; of a night: where the finding is written"},
    {NULL, 0, NULL, NULL},
};

static hf_status replay_model(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_status status =
        cli_only_without(arguments, "on a model", "as-of", "a model is replayed as it was trained", error);
    if (status != HF_OK) return status;
    const hf_replay_model_job job = {.model = cli_word(arguments, 0),
                                     .file = cli_text(arguments, "file", NULL),
                                     .store = cli_text(arguments, "store", NULL),
                                     .outcomes = cli_text(arguments, "outcomes", NULL),
                                     .segments = cli_text(arguments, "segments", NULL),
                                     .retrained = cli_text(arguments, "output", NULL),
                                     .overwrite = cli_has(arguments, "force"),
                                     .output = "-"};
    return hf_workflow_replay_model(context, &job, error);
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_replay_job job = {.as_of = HF_DATE_MISSING};
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK && cli_count(arguments) > 0) return replay_model(context, arguments, error);
    if (status == HF_OK)
        status = cli_only_without(arguments, "on a night", "file outcomes segments",
                                  "name the model to replay before the options", error);
    if (status == HF_OK) status = cli_date(&job.as_of, arguments, "as-of", error);
    if (status != HF_OK) return status;
    job.store = cli_text(arguments, "store", NULL);
    job.output = cli_text(arguments, "output", "-");
    return hf_workflow_replay(context, &job, error);
}

const cli_command cli_replay = {
    .name = "replay",
    .purpose = "Trains a model again, or scores a past night again, and compares every byte.",
    .synopsis = "replay MODEL [--file FILE | --store DIR --outcomes FILE] [-o FILE]\n"
                "replay --store DIR [--as-of DATE]\n",
    .examples = "replay churn.json\n"
                "replay churn.json --file archive/customers.csv -o again.json\n"
                "replay --store fleet --as-of 2026-09-30\n",
    .options = options,
    .takes_columns = false,
    .run = run,
};
