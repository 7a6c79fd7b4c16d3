// SPDX-License-Identifier: Apache-2.0
//
// Runs the holdfast command in a folder of its own and holds what it said against a golden file. With
// HOLDFAST_UPDATE_GOLDEN set the golden files are written anew instead; read the difference before keeping
// it.
#ifndef HOLDFAST_COMMAND_RUN_H
#define HOLDFAST_COMMAND_RUN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int code;        // exit code; 128 + signal when one ended it
    char *out, *err; // owned; NUL-terminated
} command_run;

// A new empty folder for a test; gone with leave_folder.
void enter_folder(char folder[256]);
void leave_folder(const char *folder);
// Writes a file into the folder.
void put_file(const char *folder, const char *name, const char *bytes, size_t length);
void put_text(const char *folder, const char *name, const char *text);
// The file's bytes (owned), NUL-terminated; NULL when it is not there.
char *get_file(const char *folder, const char *name, size_t *length);
bool has_file(const char *folder, const char *name);
// The number of entries below the folder, to see that nothing was left.
int count_entries(const char *folder, const char *name);

// Runs `holdfast LINE` by the shell, standing in the folder.
command_run run_holdfast(const char *folder, const char *line);
// Any shell line in the folder; $HOLDFAST names the command.
command_run run_shell(const char *folder, const char *line);
void free_run(command_run *run);

// Runs the line, asserts the exit code, and holds standard error against golden/NAME.txt.
void expect_message(const char *folder, const char *name, int code, const char *line);

#endif
