// SPDX-License-Identifier: Apache-2.0
//
// The options that several verbs share, each once: how a table is read, which rows a store's history gives,
// how a model is trained, and what every verb understands. A verb's tables are its own and those of what it
// does.
#include "command.h"

static const cli_option common_options[] = {
    {"threads", 0, "N", "use N threads (default: as many as the machine gives)"},
    {"force", 0, NULL, "replace a file that exists"},
    {"quiet", 'q', NULL, "no progress, and no summary of what was done; warnings stay"},
    {"verbose", 'v', NULL, "say what is being done"},
    {"help", 'h', NULL, "show this help"},
    {NULL, 0, NULL, NULL},
};

static const cli_option column_options[] = {
    {"id", 0, "COLUMN", "the column that names the account (ingest: account_id unless given)"},
    {"as-of-column", 0, "COLUMN", "the column of as-of dates; with the id it is the key"},
    {"ignore", 0, "COLUMN,...", "columns to leave out"},
    {"na", 0, "TOKEN,...", "cells that count as missing, beside empty, NA, N/A, NaN and null"},
    {"kind", 0, "COLUMN=KIND,...", "a column's kind: number ratio count money flag category date"},
    {"delimiter", 0, "CHAR", "between fields: a character or 'tab' (default: found from the header)"},
    {"rejects", 0, "FILE",
     "leave bad rows out and list their bad cells there: file,line,column,value,reason"},
    {"reject-limit", 0, "SHARE", "list, but stop, when more than this share of rows is bad (default 0.01)"},
    {NULL, 0, NULL, NULL},
};

static const cli_option history_options[] = {
    {"outcomes", 0, "FILE", "what happened to accounts: CSV with account_id, date, outcome"},
    {"outcome", 0, "NAME", "the outcome that counts (default churn)"},
    {"horizon", 0, "DAYS", "the outcome counts in the DAYS after the lead"},
    {"lead", 0, "DAYS", "days after the as-of date that do not count yet (default 0)"},
    {"known-until", 0, "DATE",
     "the last date outcomes are known (default: the last in the file up to today)"},
    {"from", 0, "DATE", "only as-of dates from DATE on"},
    {"until", 0, "DATE", "only as-of dates up to DATE"},
    {"every", 0, "DAYS", "at least DAYS from one pooled snapshot to the next (default: all)"},
    {"anchor", 0, "SIGNAL", "one row an account and date of SIGNAL (a renewal), the lead before it"},
    {"anchor-age", 0, "DAYS", "its values are from a snapshot at most DAYS older (default 31)"},
    {"anchor-shift", 0, "DAYS", "the window begins after SIGNAL + DAYS (default 0; -1: that day counts)"},
    {NULL, 0, NULL, NULL},
};

static const cli_option training_options[] = {
    {"pairs", 0, "N|auto", "surfaces of two signals: at most N, 0 none (default auto: those that pay)"},
    {"rules", 0, "N|auto", "rules of several conditions: at most N, 0 none (default auto: those that pay)"},
    {"monotone", 0, "SIGNAL[:up|down],...",
     "curves that only rise or only fall (default: as their straight line); in no surface or rule"},
    {"plain", 0, NULL, "one coefficient a signal: no curves, surfaces or rules"},
    {"calibrate", 0, "METHOD",
     "auto, none, intercept, platt or isotonic, learnt on held-out rows (default auto: what pays)"},
    {"c", 0, "C", "use this C (1 / penalty) instead of choosing one on inner splits"},
    {"inner-folds", 0, "N",
     "folds that judge every choice (default: 5, of which two judge unless events are few)"},
    {"subsample", 0, "N|auto|off",
     "rows of the commoner class for each of the rarer; auto thins large fleets (default off)"},
    {"group", 0, "COLUMN|auto",
     "keep rows of one value together in every split, as no signal; auto: rows that are copies"},
    {"allow-leak", 0, "COLUMN,...", "columns that look recorded after the outcome and are known on the day"},
    {"seed", 0, "N", "seed of everything drawn (default 1)"},
    {NULL, 0, NULL, NULL},
};

int cli_option_tables(cli_option_table out[CLI_MOST_TABLES], const cli_command *command)
{
    int count = 0;
    out[count++] = (cli_option_table){"Options", command->options};
    if (command->observes) out[count++] = (cli_option_table){"Rows of a store's history", history_options};
    if (command->trains) out[count++] = (cli_option_table){"Training", training_options};
    if (command->takes_columns) out[count++] = (cli_option_table){"Reading the table", column_options};
    out[count++] = (cli_option_table){"For every verb", common_options};
    return count;
}
