// SPDX-License-Identifier: Apache-2.0
//
// Messages and progress on standard error: a bar with rate and time left on a terminal, a heartbeat line
// every ten seconds otherwise, nothing of it when asked to be quiet. Ctrl-C sets a flag that the library asks
// for; a second one ends the program at once.
#include "terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_terminal_begin(cli_terminal *terminal, bool quiet, bool verbose)
{
    const char *kind = getenv("TERM");
    *terminal = (cli_terminal){.quiet = quiet, .verbose = verbose};
    terminal->bar = isatty(STDERR_FILENO) && kind && strcmp(kind, "dumb") != 0;
    terminal->shown_at = terminal->started_at = now();
    // No SA_RESTART: a read that waits for standard input must give up.
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    // A terminal that is closed ends a run in good order; what nohup said stays said.
    struct sigaction before;
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
        sigaction(SIGHUP, &action, NULL);
}

void cli_terminal_end(cli_terminal *terminal)
{
    if (terminal->bar_shown) fputs("\r\033[K", stderr);
    terminal->bar_shown = false;
}

static bool said_before(cli_terminal *terminal, const char *message)
{
    uint64_t hash = 1469598103934665603u; // FNV-1a
    for (const char *p = message; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    for (int32_t i = 0; i < terminal->seen_count; i++)
        if (terminal->seen[i] == hash) return true;
    if (terminal->seen_count < 64) terminal->seen[terminal->seen_count++] = hash;
    return false;
}

static void on_log(void *user, hf_log_level level, const char *message)
{
    cli_terminal *terminal = user;
    if (level == HF_LOG_NOTICE ? terminal->quiet : level != HF_LOG_WARNING && !terminal->verbose) return;
    if (said_before(terminal, message)) return;
    cli_terminal_end(terminal);
    fprintf(stderr, "holdfast: %s%s\n", level == HF_LOG_WARNING ? "warning: " : "", message);
}

static void show_bar(cli_terminal *terminal, const char *stage, int64_t done, int64_t total, double elapsed)
{
    enum { WIDTH = 24 };
    char bar[WIDTH + 1];
    double share = total > 0 ? (double)done / (double)total : 0;
    int filled = (int)(share * WIDTH + 0.5);
    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[WIDTH] = '\0';
    double rate = elapsed > 0 ? (double)done / elapsed : 0;
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%", stage, bar, 100 * share);
    if (rate > 0) fprintf(stderr, "  %.3g/s  %.0f s left", rate, (double)(total - done) / rate);
    fflush(stderr);
    terminal->bar_shown = true;
}

static void on_progress(void *user, const char *stage, int64_t done, int64_t total)
{
    cli_terminal *terminal = user;
    double t = now();
    if (terminal->quiet) return;
    if (strncmp(terminal->stage, stage, sizeof terminal->stage - 1) != 0) {
        snprintf(terminal->stage, sizeof terminal->stage, "%s", stage);
        terminal->began_at = t;
        if (terminal->tells_stages && !terminal->bar) {
            fprintf(stderr, "holdfast: %.1f s: %s\n", t - terminal->started_at, stage);
            terminal->shown_at = t;
        }
    }
    if (t - terminal->shown_at < (terminal->bar ? 0.1 : 10.0)) return;
    terminal->shown_at = t;
    if (terminal->bar)
        show_bar(terminal, stage, done, total, t - terminal->began_at);
    else if (total > 0)
        fprintf(stderr, "holdfast: %s: %.0f %%\n", stage, 100.0 * (double)done / (double)total);
    else
        fprintf(stderr, "holdfast: %s\n", stage);
}

static bool on_cancel(void *user)
{
    (void)user;
    return interrupted != 0;
}

void cli_terminal_connect(hf_context_options *options, cli_terminal *terminal)
{
    options->log = on_log;
    options->log_user = terminal;
    options->progress = on_progress;
    options->progress_user = terminal;
    options->cancel = on_cancel;
}
