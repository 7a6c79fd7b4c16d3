// SPDX-License-Identifier: Apache-2.0
//
// A model, its card and the ledger of its rows are one thing in three files: all are opened, so that what
// stands in the way of one stops all, all are written beside their names, and then they take their places,
// the model last. What already stands in the way is told before anything is trained.
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

hf_status hf_model_output_check(const hf_context *context, const hf_train_job *job, const char *card,
                                hf_error *error)
{
    const char *const path[] = {job->model, card, job->ledger};
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++) {
        hf_output *file;
        if (!path[i] || path[i][0] == '\0' || !is_regular(path[i])) continue;
        hf_status status = hf_output_open(&file, context, path[i], job->overwrite, error);
        if (status != HF_OK) return status;
        hf_output_discard(file);
    }
    return HF_OK;
}

// Writes a text beside its name; nothing for no name.
static hf_status write_beside(hf_output **out, const hf_context *context, const hf_text *text,
                              const char *path, bool overwrite, hf_error *error)
{
    hf_status status = hf_text_status(text, error);
    if (status != HF_OK || !path || path[0] == '\0') return status;
    status = hf_output_open(out, context, path, overwrite, error);
    return status == HF_OK ? hf_output_write(*out, text->data, text->length, error) : status;
}

static hf_status commit(hf_output **file, hf_error *error)
{
    hf_status status = *file ? hf_output_commit(*file, error) : HF_OK;
    *file = NULL;
    return status;
}

hf_status hf_model_output(const hf_context *context, const hf_model *model, const hf_train_job *job,
                          const char *card, hf_error *error)
{
    const json_t *ledger = json_object_get(json_object_get(model->record, "training"), "ledger");
    hf_output *file = NULL, *page = NULL, *list = NULL;
    hf_text text, words, rows;
    hf_status status;
    hf_text_init(&text, context);
    hf_text_init(&words, context);
    hf_text_init(&rows, context);
    HF_TRY(done, hf_model_write(&text, model, error));
    HF_TRY(done, write_beside(&file, context, &text, job->model, job->overwrite, error));
    if (card[0] != '\0') HF_TRY(done, hf_report_model_card(&words, context, model, error));
    HF_TRY(done, write_beside(&page, context, &words, card, job->overwrite, error));
    if (job->ledger) HF_TRY(done, hf_report_ledger_json(&rows, ledger, error));
    HF_TRY(done, write_beside(&list, context, &rows, job->ledger, job->overwrite, error));
    HF_TRY(done, commit(&list, error));
    HF_TRY(done, commit(&page, error));
    HF_TRY(done, commit(&file, error));
done:
    hf_output_discard(list);
    hf_output_discard(page);
    hf_output_discard(file);
    hf_text_free(&rows);
    hf_text_free(&words);
    hf_text_free(&text);
    return status;
}
