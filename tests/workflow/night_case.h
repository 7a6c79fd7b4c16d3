// SPDX-License-Identifier: Apache-2.0
//
// Nights for tests: a small fleet with a definition and a model in a folder of its own, each run a process of
// its own that can be killed wherever it tells or asks anything.
#ifndef HOLDFAST_NIGHT_CASE_H
#define HOLDFAST_NIGHT_CASE_H

#include "base/base_room.h"
#include "holdfast/workflow.h"

#include <criterion/criterion.h>

enum { ACCOUNTS = 400, KILLED = 1000 };

// Makes the folder with the fleet of six months, `dates`, and the model; and takes it away again.
void night_enter(void);
void night_leave(void);
extern const char *const night_dates[6];

// A path in the folder; eight are kept at a time.
const char *in(const char *format, ...)HF_PRINTF(1, 2);
// Runs a line of shell, which must go well.
void shell(const char *format, ...) HF_PRINTF(1, 2);
void put(const char *path, const char *text);
char *get(const char *path); // free() it
void make(const char *where);
// Fails, and shows the difference, unless two folders or files hold the same.
void expect_same(const char *a, const char *b, const char *what);
// Fails unless the last run's message has this part.
void expect_message(const char *part);

typedef hf_status task(const hf_context *context, const void *job, hf_error *error);
// Runs a task in a process of its own: its status, or KILLED. killed_at: the point, counted from 1 over every
// call of progress and of cancelling, at which it is killed; 0: never. What it said in error is left in the
// file `message`, the number of points it passed in the file `points`.
int in_child(task *run, const void *job, int threads, long killed_at);
hf_status run_task(const hf_context *context, const void *job, hf_error *error);
void must(int status); // HF_OK, else the message is shown

// A night in the folder `where`, with its store and pub; night is a place in night_dates. Four are kept at a
// time.
typedef struct {
    hf_run_job job;
    const char *files[1];
    char text[6][256]; // definition, store, publish, input, model, output
} one_night;
one_night *night_of(const char *where, int night);
int run_night(const char *where, int night);

#endif
