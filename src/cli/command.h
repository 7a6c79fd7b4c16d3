// SPDX-License-Identifier: Apache-2.0
//
// What a verb of the command is: its words, its options, and the function that turns them into a job.
#ifndef HOLDFAST_COMMAND_H
#define HOLDFAST_COMMAND_H

#include "holdfast/holdfast.h"

typedef struct {
    const char *name;  // without the dashes; NULL ends a table
    char letter;       // short form, 0 if none
    const char *value; // what it takes, in capitals; NULL: a switch
    const char *help;
} cli_option;

typedef struct cli_arguments cli_arguments;

typedef struct cli_command {
    const char *name;          // of an action of a verb both words: "whatif weights"
    const char *purpose;       // one line
    const char *synopsis;      // lines of usage, without the leading "holdfast"
    const char *examples;      // two or more, one a line
    const cli_option *options; // of this verb alone
    bool takes_columns;        // also the options that say how to read a table
    bool tells_stages;         // in a log, each stage is told as it begins
    hf_status (*run)(const hf_context *context, const cli_arguments *arguments, hf_error *error);
    const struct cli_command *const *actions; // of a verb that is nothing by itself, up to a NULL; else NULL
    bool reads_word;                          // its word is a file that it reads, though no table
    bool observes, trains;                    // also the options of a store's history, of training
} cli_command;

extern const cli_command cli_replay, cli_report, cli_run;
extern const cli_command cli_check, cli_evaluate, cli_explain, cli_ingest, cli_init, cli_profile, cli_score,
    cli_store, cli_synth, cli_train;
extern const cli_command cli_whatif;
extern const cli_command cli_whatif_fit;
extern const cli_command cli_whatif_scenario;
extern const cli_command cli_whatif_list, cli_whatif_promote, cli_whatif_show, cli_whatif_weights;

// ---- arguments -------------------------------------------------------------------------------------------

// Parses what follows the verb. Errors: HF_ERROR_USAGE with the nearest option.
hf_status cli_parse(cli_arguments **out, const cli_command *command, int count, char **words,
                    hf_error *error);
void cli_free(cli_arguments *arguments); // accepts NULL

int32_t cli_count(const cli_arguments *arguments); // of words that are no options
const char *cli_word(const cli_arguments *arguments, int32_t i);
const char *const *cli_words(const cli_arguments *arguments);
bool cli_has(const cli_arguments *arguments, const char *option);
// Every value given to an option; the list is the caller's to free.
hf_status cli_values(const char ***out, int32_t *count, const cli_arguments *arguments, const char *option,
                     hf_error *error);
// Every value given to an option, then the words that are no options; the list is the caller's to free.
hf_status cli_inputs(const char ***out, int32_t *count, const cli_arguments *arguments, const char *option,
                     hf_error *error);
// The last value given, or otherwise.
const char *cli_text(const cli_arguments *arguments, const char *option, const char *otherwise);
// Whole numbers in [least, most]; *out keeps its value when the option is not given.
hf_status cli_integer(int64_t *out, const cli_arguments *arguments, const char *option, int64_t least,
                      int64_t most, hf_error *error);
hf_status cli_number(double *out, const cli_arguments *arguments, const char *option, double least,
                     double most, hf_error *error);
hf_status cli_date(hf_date *out, const cli_arguments *arguments, const char *option, hf_error *error);
// One of the words of a list separated by blanks; *out is its place.
hf_status cli_choice(int *out, const cli_arguments *arguments, const char *option, const char *words,
                     hf_error *error);
// Refuses options of a list separated by blanks that were given where they would do nothing: "--NAME has no
// effect WITH; REMEDY".
hf_status cli_only_without(const cli_arguments *arguments, const char *with, const char *names,
                           const char *remedy, hf_error *error);
// The same for the options that say how a table is read, where a store's snapshots are.
hf_status cli_reads_no_table(const cli_arguments *arguments, hf_error *error);
// Refuses outputs that are an input or another output, whatever --force says.
hf_status cli_keep_apart(const cli_command *command, const cli_arguments *arguments, hf_error *error);
// The options of training that decide the fit, for the verbs that train.
hf_status cli_fit(hf_train_options *out, const cli_arguments *arguments, hf_error *error);
// --lead, --horizon and --known-until; 0, 0 and HF_DATE_MISSING where they are not given.
hf_status cli_window(int32_t *lead, int32_t *horizon, hf_date *known_until, const cli_arguments *arguments,
                     hf_error *error);
// --from, --until, --every, --anchor, --anchor-age and --anchor-shift, for the verbs that observe a store.
hf_status cli_observations(hf_observation_options *out, const cli_arguments *arguments, hf_error *error);
// At most `most` positional words.
hf_status cli_most_words(const cli_arguments *arguments, int32_t most, hf_error *error);

// The options that say how a table is read. The lists live as long as the arguments.
hf_status cli_columns(hf_csv_options *out, const cli_arguments *arguments, hf_error *error);
// The columns of --allow-leak, once cli_columns has been called. The list lives as long as the arguments.
const char *const *cli_allowed_leaks(int32_t *count, const cli_arguments *arguments);

// ---- help ------------------------------------------------------------------------------------------------

void cli_print_help(const cli_command *command);

// Options under a heading: the verb's own, those it shares with others, and those of every verb.
typedef struct {
    const char *heading;
    const cli_option *options;
} cli_option_table;

enum { CLI_MOST_TABLES = 5, CLI_MOST_OPTIONS = 80 };

// Returns how many tables the verb has.
int cli_option_tables(cli_option_table out[CLI_MOST_TABLES], const cli_command *command);

#endif
