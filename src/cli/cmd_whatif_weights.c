// SPDX-License-Identifier: Apache-2.0
//
// holdfast whatif weights: other weights of a definition, over one night or a store's whole history.
#include "command.h"

#include <stdlib.h>

static const cli_option options[] = {
    {"store", 0, "DIR", "the store whose snapshots are weighed (default: the folder named store)"},
    {"definition", 0, "FILE", "the definition whose weights are changed (default holdfast.yaml)"},
    {"set", 0, "PATH=WEIGHT",
     "GROUP.weight=50, GROUP.MEASURE.weight=3, SEGMENT:GROUP.weight=30; several are one"},
    {"candidate", 0, "FILE", "another definition; several may be given"},
    {"one-at-a-time", 0, NULL, "every weight by itself, times --factor and divided by it"},
    {"factor", 0, "F", "how far --one-at-a-time goes (default 1.5)"},
    {"sweep", 0, "N", "N weightings drawn around the present one (Dirichlet)"},
    {"concentration", 0, "K", "how near draws stay: a share s spreads by sqrt(s(1-s)/(K+1)) (default 20)"},
    {"grid", 0, "FILE", "CSV: a weighting a row, columns named as the paths of --set"},
    {"as-of", 0, "DATE", "the snapshot (default: the newest)"},
    {"history", 0, NULL, "every snapshot of the store"},
    {"outcomes", 0, "FILE", "what happened: CSV with account_id, date, outcome"},
    {"outcome", 0, "NAME", "the outcome that counts (default churn)"},
    {"horizon", 0, "DAYS", "an outcome counts so many days after a snapshot and lead"},
    {"lead", 0, "DAYS", "days after a snapshot before an outcome counts (default 0)"},
    {"known-until", 0, "DATE", "the last date outcomes are known (default: the last in the file)"},
    {"capacity", 0, "N", "the red list: the N accounts of the lowest health of each date"},
    {"top", 0, "N", "how many of the best that were not named are listed (default 5)"},
    {"replicates", 0, "N", "bootstrap resamples for the intervals, 40 or more (default 200; 0: none)"},
    {"alpha", 0, "ALPHA", "intervals cover 1 - ALPHA (default 0.05)"},
    {"seed", 0, "N", "seed of everything drawn (default 1)"},
    {"name", 0, "NAME", "keep the result in the store as an experiment of this name"},
    {"format", 0, "FORMAT", "table or json (default table)"},
    {"output", 'o', "OUT", "where the result is written (default -: standard output)"},
    {NULL, 0, NULL, NULL},
};

static hf_status check_mode(const cli_arguments *arguments, hf_error *error)
{
    hf_status status = HF_OK;
    if (!cli_has(arguments, "outcomes"))
        status = cli_only_without(arguments, "without --outcomes",
                                  "outcome horizon lead known-until replicates alpha",
                                  "name the file of outcomes with --outcomes FILE", error);
    if (status == HF_OK && !cli_has(arguments, "sweep"))
        status = cli_only_without(arguments, "without --sweep", "concentration",
                                  "say how many weightings are drawn with --sweep N", error);
    if (status == HF_OK && !cli_has(arguments, "one-at-a-time"))
        status = cli_only_without(arguments, "without --one-at-a-time", "factor",
                                  "pass --one-at-a-time, or a weight with --set", error);
    return status == HF_OK ? cli_most_words(arguments, 0, error) : status;
}

static hf_status take_numbers(hf_whatif_weights_job *job, const cli_arguments *arguments, hf_error *error)
{
    int64_t sweep = 0, seed = 1, lead = 0, horizon = 0, top = 5, replicates = 200;
    int format = HF_REPORT_TABLE;
    hf_status status = cli_number(&job->factor, arguments, "factor", 1.0001, 1000, error);
    if (status == HF_OK) status = cli_integer(&sweep, arguments, "sweep", 1, 100000, error);
    if (status == HF_OK)
        status = cli_number(&job->concentration, arguments, "concentration", 0.01, 1e6, error);
    if (status == HF_OK) status = cli_integer(&seed, arguments, "seed", 0, INT64_MAX, error);
    if (status == HF_OK) status = cli_date(&job->as_of, arguments, "as-of", error);
    if (status == HF_OK) status = cli_integer(&lead, arguments, "lead", 0, 36500, error);
    if (status == HF_OK) status = cli_integer(&horizon, arguments, "horizon", 1, 36500, error);
    if (status == HF_OK) status = cli_date(&job->known_until, arguments, "known-until", error);
    if (status == HF_OK) status = cli_integer(&job->capacity, arguments, "capacity", 1, INT32_MAX, error);
    if (status == HF_OK) status = cli_integer(&top, arguments, "top", 1, 100, error);
    if (status == HF_OK) status = cli_integer(&replicates, arguments, "replicates", 0, 100000, error);
    if (status == HF_OK) status = cli_number(&job->alpha, arguments, "alpha", 1e-6, 0.5, error);
    if (status == HF_OK) status = cli_choice(&format, arguments, "format", "table json", error);
    job->sweep = (int32_t)sweep;
    job->seed = (uint64_t)seed;
    job->lead = (int32_t)lead;
    job->horizon = (int32_t)horizon;
    job->top = (int32_t)top;
    job->replicates = (int32_t)replicates;
    job->format = (hf_report_format)format;
    return status;
}

static hf_status run(const hf_context *context, const cli_arguments *arguments, hf_error *error)
{
    hf_whatif_weights_job job = {.as_of = HF_DATE_MISSING,
                                 .known_until = HF_DATE_MISSING,
                                 .factor = 1.5,
                                 .concentration = 20,
                                 .alpha = 0.05};
    const char **sets = NULL, **candidates = NULL;
    hf_status status = check_mode(arguments, error);
    if (status == HF_OK) status = take_numbers(&job, arguments, error);
    if (status == HF_OK) status = cli_values(&sets, &job.set_count, arguments, "set", error);
    if (status == HF_OK)
        status = cli_values(&candidates, &job.candidate_count, arguments, "candidate", error);
    if (status == HF_OK) {
        job.store = cli_text(arguments, "store", "store");
        job.definition = cli_text(arguments, "definition", "holdfast.yaml");
        job.history = cli_has(arguments, "history");
        job.sets = sets;
        job.candidates = candidates;
        job.one_at_a_time = cli_has(arguments, "one-at-a-time");
        job.grid = cli_text(arguments, "grid", NULL);
        job.outcomes = cli_text(arguments, "outcomes", NULL);
        job.outcome = cli_text(arguments, "outcome", NULL);
        job.name = cli_text(arguments, "name", NULL);
        job.overwrite = cli_has(arguments, "force");
        job.output = cli_text(arguments, "output", "-");
        status = hf_workflow_whatif_weights(context, &job, error);
    }
    free(sets);
    free(candidates);
    return status;
}

const cli_command cli_whatif_weights = {
    .name = "whatif weights",
    .purpose = "Tries other weights on the whole fleet, and on what became of it.",
    .synopsis =
        "whatif weights --store DIR --definition FILE --set PATH=WEIGHT [--set ...] [options]\n"
        "whatif weights --store DIR --definition FILE --candidate FILE [--candidate ...] [options]\n"
        "whatif weights --store DIR --definition FILE --one-at-a-time [options]\n"
        "whatif weights --store DIR --definition FILE --sweep N [--history --outcomes FILE --horizon DAYS]\n",
    .examples = "whatif weights --store fleet --definition holdfast.yaml --set usage.weight=50\n"
                "whatif weights --store fleet --definition holdfast.yaml --history --outcomes outcomes.csv "
                "--horizon 90 --sweep 10000 --capacity 100 --name spring\n",
    .options = options,
    .tells_stages = true,
    .run = run,
};
