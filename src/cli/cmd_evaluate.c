// SPDX-License-Identifier: Apache-2.0
//
// holdfast evaluate: how good a model is on rows it has not seen, and a scorecard on its past.
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_CAPACITIES = 8 };

static const cli_option options[] = {
    {"target", 0, "COLUMN[=VALUE]", "the column that says what happened, and the value that counts"},
    {"folds", 0, "FOLDS", "CSV with row,fold: train inside each fold, test on it"},
    {"reliability", 0, NULL, "in folds: also what was predicted and what happened, tenth by tenth"},
    {"model", 0, "MODEL",
     "measure this model instead of training; of a store its own outcome, lead and horizon count"},
    {"against", 0, "MODEL", "with --model: a second model, held against it on the same rows"},
    {"by", 0, "SIGNAL", "with --model: also by this category or flag"},
    {"arr", 0, "COLUMN", "with --model: annual revenue (default: a column arr that holds amounts)"},
    {"capacity", 0, "N[,N...]", "with --model: what is caught when the N accounts at most risk are worked"},
    {"rank", 0, "p|arr", "what --capacity ranks by: probability, or probability x ARR (default p)"},
    {"allow-missing", 0, NULL, "with --model: signals the data lacks count as missing, with a warning"},
    {"store", 0, "DIR", "train at the last dates of this store; or a model or a definition at every date"},
    {"definition", 0, "FILE", "the definition to replay"},
    {"origins", 0, "K", "train at the last K dates of the store, judge each until the next (default 3)"},
    {"accounts", 0, "HOW", "apart: none is judged by a model trained on it; together (default apart)"},
    {"predictions", 0, "FILE", "CSV of every row judged at an origin: probability and outcome"},
    {"replicates", 0, "N", "bootstrap resamples for the intervals, 40 or more (default 200; 0: none)"},
    {"alpha", 0, "ALPHA", "intervals cover 1 - ALPHA (default 0.05)"},
    {"format", 0, "FORMAT", "table or json (default table)"},
    {"output", 'o', "OUT", "where the figures are written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

#define OF_A_MODEL "against by arr capacity rank "
#define OBSERVING "from until every anchor anchor-age anchor-shift "
#define ORIGINS "origins accounts predictions "
#define TRAINING "pairs rules monotone plain calibrate c inner-folds subsample group allow-leak "

// A store's history judges a definition, a model, or training at its last dates.
static hf_status check_store_mode(const cli_arguments *arguments, hf_error *error)
{
    hf_status status = cli_only_without(arguments, "with --store", "target folds",
                                        "on a store's history --outcomes FILE says what happened", error);
    if (status == HF_OK)
        status = cli_only_without(arguments, "with --store", "group",
                                  "an account's rows of all dates are kept together there", error);
    if (status == HF_OK) status = cli_reads_no_table(arguments, error);
    if (status == HF_OK && !cli_has(arguments, "outcomes"))
        status = cli_only_without(arguments, "without --outcomes",
                                  OBSERVING ORIGINS "outcome horizon lead known-until",
                                  "name the file of outcomes with --outcomes FILE", error);
    if (status != HF_OK) return status;
    if (cli_has(arguments, "model"))
        status = cli_only_without(arguments, "with --model", "definition",
                                  "evaluate the model and the definition one after the other", error);
    if (status == HF_OK && cli_has(arguments, "model"))
        return cli_only_without(arguments, "with --model", ORIGINS TRAINING,
                                "a model that is there is measured at every date, not trained", error);
    if (status == HF_OK && cli_has(arguments, "definition"))
        return cli_only_without(arguments, "with --definition",
                                OBSERVING ORIGINS TRAINING OF_A_MODEL "seed replicates alpha allow-missing",
                                "a definition is replayed as it stands, not trained", error);
    if (status == HF_OK)
        status = cli_only_without(arguments, "without --model", OF_A_MODEL "allow-missing",
                                  "name a model with --model MODEL", error);
    return status;
}

static hf_status check_table_mode(const cli_arguments *arguments, hf_error *error)
{
    hf_status status =
        cli_only_without(arguments, "on one labelled table",
                         OBSERVING ORIGINS "definition outcomes outcome horizon lead known-until",
                         "leave it out, or evaluate on a store's history with --store DIR", error);
    if (status == HF_OK && cli_has(arguments, "model"))
        status = cli_only_without(arguments, "with --model", TRAINING,
                                  "a model that is there is measured, not trained", error);
    if (status == HF_OK && !cli_has(arguments, "model"))
        status = cli_only_without(arguments, "without --model", "allow-missing",
                                  "a model trained here has every column of the table", error);
    if (status == HF_OK && !cli_has(arguments, "model"))
        status = cli_only_without(arguments, "without --model", OF_A_MODEL,
                                  "train one and name it with --model MODEL", error);
    return status;
}

static hf_status check_mode(const cli_arguments *arguments, hf_error *error)
{
    hf_status status =
        cli_has(arguments, "store") ? check_store_mode(arguments, error) : check_table_mode(arguments, error);
    if (status == HF_OK && (cli_has(arguments, "store") || cli_has(arguments, "model")))
        status = cli_only_without(arguments, cli_has(arguments, "store") ? "with --store" : "with --model",
                                  "reliability", "it is of what is trained in a table's folds", error);
    if (status == HF_OK && !cli_has(arguments, "capacity"))
        status = cli_only_without(arguments, "without --capacity", "rank",
                                  "say how many accounts are worked with --capacity N", error);
    return status;
}

// The numbers of every --capacity, separated by commas.
static hf_status take_capacities(int64_t *out, int32_t *count, const cli_arguments *arguments,
                                 hf_error *error)
{
    const char **values = NULL;
    int32_t given = 0;
    *count = 0;
    hf_status status = cli_values(&values, &given, arguments, "capacity", error);
    for (int32_t i = 0; status == HF_OK && i < given; i++) {
        const char *p = values[i];
        char *end;
        do {
            errno = 0;
            const long long n = *count < MOST_CAPACITIES ? strtoll(p, &end, 10) : 0;
            if (n < 1 || errno != 0 || (*end != ',' && *end != '\0') || end == p) {
                error->status = status = HF_ERROR_USAGE;
                snprintf(error->message, sizeof error->message,
                         "--capacity takes up to %d whole numbers of accounts, as 50,100, not '%.40s'",
                         MOST_CAPACITIES, values[i]);
                break;
            }
            out[(*count)++] = n;
            p = end + 1;
        } while (*end == ',');
    }
    free(values);
    return status;
}

// What is told, of which rows, and how sure of it.
static hf_status take_judging(hf_evaluate_job *job, int64_t *capacity, const cli_arguments *arguments,
                              hf_error *error)
{
    int64_t replicates = job->replicates, origins = 0;
    int format = HF_REPORT_TABLE, rank = 0, together = 0;
    hf_status status = cli_integer(&origins, arguments, "origins", 1, 1000, error);
    if (status == HF_OK) status = cli_choice(&together, arguments, "accounts", "apart together", error);
    if (status == HF_OK) status = cli_integer(&replicates, arguments, "replicates", 0, 100000, error);
    if (status == HF_OK) status = cli_number(&job->alpha, arguments, "alpha", 1e-6, 0.5, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    if (status == HF_OK) status = cli_choice(&rank, arguments, "rank", "p arr", error);
    if (status == HF_OK) status = take_capacities(capacity, &job->capacity_count, arguments, error);
    job->capacity = capacity;
    job->rank_by_arr = rank == 1;
    job->origins = (int32_t)origins;
    job->accounts_together = together == 1;
    job->replicates = (int32_t)replicates;
    job->format = (hf_report_format)format;
    return status;
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_evaluate_job job = {
        .csv = HF_CSV_OPTIONS_INIT, .fit = HF_TRAIN_OPTIONS_INIT, .replicates = 200, .alpha = 0.05};
    hf_observation_options observations = HF_OBSERVATION_OPTIONS_INIT;
    int64_t capacity[MOST_CAPACITIES];
    hf_status status = cli_most_words(arguments, 1, error);
    if (status == HF_OK) status = check_mode(arguments, error);
    if (status == HF_OK) status = cli_window(&job.lead, &job.horizon, &job.known_until, arguments, error);
    if (status == HF_OK) status = cli_observations(&observations, arguments, error);
    if (status == HF_OK) status = cli_columns(&job.csv, arguments, error);
    if (status == HF_OK) status = cli_fit(&job.fit, arguments, error);
    if (status == HF_OK) status = take_judging(&job, capacity, arguments, error);
    if (status != HF_OK) return status;
    job.file = cli_word(arguments, 0);
    job.store = cli_text(arguments, "store", NULL);
    job.definition = cli_text(arguments, "definition", NULL);
    job.outcomes = cli_text(arguments, "outcomes", NULL);
    job.outcome = cli_text(arguments, "outcome", NULL);
    job.target = cli_text(arguments, "target", NULL);
    job.folds = cli_text(arguments, "folds", NULL);
    job.allow_leak = cli_allowed_leaks(&job.allow_leak_count, arguments);
    job.group = cli_text(arguments, "group", NULL);
    job.model = cli_text(arguments, "model", NULL);
    job.against = cli_text(arguments, "against", NULL);
    job.by = cli_text(arguments, "by", NULL);
    job.arr = cli_text(arguments, "arr", NULL);
    job.observations = &observations;
    job.predictions = cli_text(arguments, "predictions", NULL);
    job.allow_missing = cli_has(arguments, "allow-missing");
    job.reliability = cli_has(arguments, "reliability");
    job.overwrite = cli_has(arguments, "force");
    job.output = cli_text(arguments, "output", "-");
    return hf_workflow_evaluate(context, &job, error);
}

const cli_command cli_evaluate = {
    .name = "evaluate",
    .purpose = "Measures a model on rows it has not seen, or a scorecard on its past.",
    .synopsis = "evaluate FILE [--id COLUMN] --target COLUMN[=VALUE] [--folds FOLDS] [options]\n"
                "evaluate FILE --target COLUMN[=VALUE] --model MODEL [options]\n"
                "evaluate --store DIR --model MODEL --outcomes FILE [options]\n"
                "evaluate --store DIR --outcomes FILE --horizon DAYS [--origins K] [options]\n"
                "evaluate --store DIR --definition FILE [--outcomes FILE --horizon DAYS] [options]\n",
    .examples = "evaluate customers.csv --id customer_id --target Churn=Yes\n"
                "evaluate customers.csv --id customer_id --target Churn=Yes --folds folds.csv --format json\n"
                "evaluate later.csv --target Churn=Yes --model churn.json\n"
                "evaluate --store fleet --model churn.json --outcomes outcomes.csv --by segment "
                "--capacity 100\n"
                "evaluate --store fleet --outcomes outcomes.csv --horizon 90\n"
                "evaluate --store fleet --definition holdfast.yaml --outcomes outcomes.csv --horizon 30\n",
    .options = options,
    .takes_columns = true,
    .observes = true,
    .trains = true,
    .run = run,
};
