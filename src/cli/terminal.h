// SPDX-License-Identifier: Apache-2.0
//
// The command's side of the library's callbacks: messages and progress on standard error, Ctrl-C.
#ifndef HOLDFAST_TERMINAL_H
#define HOLDFAST_TERMINAL_H

#include "holdfast/base.h"

typedef struct {
    bool quiet, verbose;
    bool bar; // standard error is a terminal that can move its cursor
    bool bar_shown;
    bool tells_stages; // without a bar, each stage is told as it begins
    double shown_at;   // when progress was last shown, seconds
    double started_at; // when the program began
    double began_at;   // when the present stage began
    char stage[64];
    uint64_t seen[64]; // hashes of messages already shown, so that each is said once
    int32_t seen_count;
} cli_terminal;

void cli_terminal_begin(cli_terminal *terminal, bool quiet, bool verbose);
// Takes the progress bar off the screen.
void cli_terminal_end(cli_terminal *terminal);
// Fills the log, progress and cancel callbacks.
void cli_terminal_connect(hf_context_options *options, cli_terminal *terminal);

#endif
