// SPDX-License-Identifier: Apache-2.0
//
// What a what-if leaves behind: its result at an output, and with a name its record in the store. What stands
// in the way of either is told before any work, and neither is left where the other cannot be written.
#include "workflow/whatif_weighing.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A file can be written where one beside it can be made.
static hf_status try_output(const hf_context *context, const char *path, bool overwrite, hf_error *error)
{
    struct stat info;
    hf_output *file;
    if (strcmp(path, "-") == 0 ||
        (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
        return HF_OK;
    const hf_status status = hf_output_open(&file, context, path, overwrite, error);
    if (status == HF_OK) hf_output_discard(file);
    return status;
}

static hf_status try_record(const hf_context *context, const char *store, const char *name, bool overwrite,
                            hf_error *error)
{
    hf_text path;
    struct stat info;
    hf_status status;
    hf_text_init(&path, context);
    HF_TRY(done, hf_whatif_experiment_path(&path, store, name, error));
    if (!overwrite && stat(path.data, &info) == 0)
        status = hf_fail_at(error, HF_ERROR_EXISTS, path.data, 0, 0,
                            "there is an experiment '%s'; give this one another name, or pass --force", name);
    HF_TRY(done, status);
    char *slash = strrchr(path.data, '/');
    *slash = '\0';
    const bool folder = stat(path.data, &info) == 0;
    *slash = '/';
    if (folder)
        status = try_output(context, path.data, overwrite, error);
    else if (access(store, F_OK) == 0 && access(store, W_OK | X_OK) != 0)
        status = hf_fail_errno(error, store, errno, "the experiment cannot be kept here");
done:
    hf_text_free(&path);
    return status;
}

hf_status hf_whatif_keep_check(const hf_context *context, const char *store, const char *name,
                               const char *output, bool overwrite, hf_error *error)
{
    const hf_status status = name ? try_record(context, store, name, overwrite, error) : HF_OK;
    return status == HF_OK && output ? try_output(context, output, overwrite, error) : status;
}

hf_status hf_whatif_keep(const hf_context *context, const hf_text *text, const char *output,
                         const char *store, const char *name, const json_t *record, bool overwrite,
                         hf_error *error)
{
    hf_output *file = NULL;
    hf_status status;
    HF_TRY(done, hf_text_status(text, error));
    HF_TRY(done, hf_output_open(&file, context, output, overwrite, error));
    HF_TRY(done, hf_output_write(file, text->data ? text->data : "", text->length, error));
    if (name) HF_TRY(done, hf_whatif_experiment_write(context, store, name, overwrite, record, error));
    status = hf_output_commit(file, error);
    file = NULL;
done:
    hf_output_discard(file);
    return status;
}
