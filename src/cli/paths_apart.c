// SPDX-License-Identifier: Apache-2.0
//
// Keeps what a verb writes apart from what it reads, and its outputs apart from each other: a file is the
// same whatever its spelling, by links too (stat), and one that is not there yet by its folder and name.
// --force replaces files, but never the ones a verb is reading.
#include "command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    const char *path, *role; // role: the option's name; "" for a word by itself
} named_path;

static const char *const inputs[] = {"model", "against",  "definition", "outcomes",  "folds",
                                     "input", "segments", "file",       "candidate", "grid"};
static const char *const outputs[] = {"output", "rejects", "ledger", "predictions", "card"};

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool same_folder(const char *a, const char *b)
{
    char folder[PATH_MAX];
    struct stat at[2];
    const char *paths[] = {a, b};
    for (int i = 0; i < 2; i++) {
        const size_t length = (size_t)(name_of(paths[i]) - paths[i]);
        if (length + 2 > sizeof folder) return false;
        memcpy(folder, length > 0 ? paths[i] : "./", length > 0 ? length : 2);
        folder[length > 0 ? length : 2] = '\0';
        if (stat(folder, &at[i]) != 0) return false;
    }
    return at[0].st_dev == at[1].st_dev && at[0].st_ino == at[1].st_ino;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0) return false;
    const bool there = stat(a, &x) == 0, other = stat(b, &y) == 0;
    // Devices such as /dev/null may be read and written at once.
    if (there && other) return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    return !there && !other && strcmp(name_of(a), name_of(b)) == 0 && same_folder(a, b);
}

static hf_status refuse(hf_error *error, const named_path *output, const named_path *other, bool read)
{
    char role[80] = "";
    if (other->role[0] != '\0') snprintf(role, sizeof role, " by --%s", other->role);
    error->status = HF_ERROR_USAGE;
    snprintf(error->message, sizeof error->message,
             "--%s would write '%.500s', which is also %s%s; give it a name of its own (--force does not "
             "change that)",
             output->role, output->path, read ? "read" : "written", role);
    return HF_ERROR_USAGE;
}

hf_status cli_keep_apart(const cli_command *command, const cli_arguments *arguments, hf_error *error)
{
    enum { OUTPUTS = sizeof outputs / sizeof outputs[0], INPUTS = sizeof inputs / sizeof inputs[0] };
    const char **read = NULL;
    int32_t count = 0;
    named_path written[OUTPUTS];
    int made = 0;
    hf_status status = HF_OK;
    for (int o = 0; o < OUTPUTS; o++)
        if (cli_has(arguments, outputs[o]))
            written[made++] = (named_path){cli_text(arguments, outputs[o], ""), outputs[o]};
    for (int a = 1; a < made; a++)
        for (int b = 0; b < a && status == HF_OK; b++)
            if (same_file(written[a].path, written[b].path))
                status = refuse(error, &written[a], &written[b], false);
    // Of a verb that reads neither tables nor a file by its word the words are no files.
    const bool reads = command->takes_columns || command->reads_word;
    for (int32_t w = 0; reads && w < cli_count(arguments); w++)
        for (int o = 0; o < made && status == HF_OK; o++)
            if (same_file(written[o].path, cli_word(arguments, w)))
                status = refuse(error, &written[o], &(named_path){cli_word(arguments, w), ""}, true);
    for (int i = 0; i < INPUTS && status == HF_OK; i++) {
        status = cli_values(&read, &count, arguments, inputs[i], error);
        for (int32_t k = 0; k < count && status == HF_OK; k++)
            for (int o = 0; o < made && status == HF_OK; o++)
                if (same_file(written[o].path, read[k]))
                    status = refuse(error, &written[o], &(named_path){read[k], inputs[i]}, true);
        free(read);
        read = NULL;
        count = 0;
    }
    return status;
}
