// SPDX-License-Identifier: Apache-2.0
//
// A model and its card are one thing in two files: both are opened, so that what stands in the way of one
// stops both, both are written beside their names, and then they take their places, the model last.
#include "workflow/model_output.h"

#include "report/report_room.h"

#include <string.h>
#include <sys/stat.h>

static bool is_regular(const char *path)
{
    struct stat info;
    return strcmp(path, "-") != 0 && (stat(path, &info) != 0 || S_ISREG(info.st_mode));
}

hf_status hf_card_path(char **out, const hf_context *context, const hf_train_job *job, hf_error *error)
{
    hf_text path;
    hf_text_init(&path, context);
    hf_text_puts(&path, "");
    if (job->card) {
        if (strcmp(job->card, "none") != 0) hf_text_puts(&path, job->card);
    } else if (is_regular(job->model)) {
        const size_t length = strlen(job->model);
        const bool json = length > 5 && strcmp(job->model + length - 5, ".json") == 0;
        hf_text_add(&path, job->model, json ? length - 5 : length);
        hf_text_puts(&path, ".md");
    }
    hf_status status = hf_text_status(&path, error);
    char *copy = status == HF_OK ? hf_copy_text(context, path.data ? path.data : "", path.length) : NULL;
    hf_text_free(&path);
    if (status != HF_OK) return status;
    if (!copy) return hf_fail_memory(error);
    *out = copy;
    return HF_OK;
}

hf_status hf_model_output(const hf_context *context, const hf_model *model, const hf_train_job *job,
                          const char *card, hf_error *error)
{
    hf_output *file = NULL, *page = NULL;
    hf_text text, words;
    hf_status status;
    hf_text_init(&text, context);
    hf_text_init(&words, context);
    HF_TRY(done, hf_model_write(&text, model, error));
    HF_TRY(done, hf_output_open(&file, context, job->model, job->overwrite, error));
    HF_TRY(done, hf_output_write(file, text.data, text.length, error));
    if (card[0] != '\0') {
        HF_TRY(done, hf_report_model_card(&words, context, model, error));
        HF_TRY(done, hf_output_open(&page, context, card, job->overwrite, error));
        HF_TRY(done, hf_output_write(page, words.data, words.length, error));
        status = hf_output_commit(page, error);
        page = NULL;
        if (status != HF_OK) goto done;
    }
    status = hf_output_commit(file, error);
    file = NULL;
done:
    hf_output_discard(page);
    hf_output_discard(file);
    hf_text_free(&words);
    hf_text_free(&text);
    return status;
}
