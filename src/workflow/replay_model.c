// SPDX-License-Identifier: Apache-2.0
//
// The replay verb of a model: reads from its record what it was trained on and how, checks that the inputs
// are the same bytes, trains again in a scratch folder and compares the two files. Where they differ the
// first field that does is named, in the file's order.
#include "churn/churn_room.h"
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "workflow/labelled.h"
#include "workflow/training_options.h"
#include "workflow/training_record.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 512, SHOWN = 60 };

typedef struct {
    const hf_context *context;
    hf_context *quiet; // the training's warnings were heard when it was done first
    const hf_replay_model_job *job;
    char scratch[PATH_BYTES - 64]; // "" until made
    char view[PATH_BYTES], rejects[PATH_BYTES], retrained[PATH_BYTES];
    hf_model *then, *now;
    hf_training_options options;
    hf_inputs_found inputs;
} replaying;

// ---- the scratch folder ----------------------------------------------------------------------------------

static hf_status make_scratch(replaying *r, hf_error *error)
{
    const char *base = getenv("TMPDIR");
    if (!base || base[0] == '\0') base = "/tmp";
    const int length = snprintf(r->scratch, sizeof r->scratch, "%s/holdfast-replay-XXXXXX", base);
    const bool fits = length < (int)sizeof r->scratch;
    if (!fits || !mkdtemp(r->scratch)) {
        r->scratch[0] = '\0';
        return hf_fail_errno(error, base, fits ? errno : ENAMETOOLONG, "cannot make a scratch folder");
    }
    snprintf(r->view, sizeof r->view, "%s/store", r->scratch);
    snprintf(r->rejects, sizeof r->rejects, "%s/rejects.csv", r->scratch);
    snprintf(r->retrained, sizeof r->retrained, "%s/model.json", r->scratch);
    return hf_make_folder(r->view, error);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

// ---- training again --------------------------------------------------------------------------------------

static hf_status read_record(replaying *r, hf_error *error)
{
    const char *path = r->job->model;
    const json_t *training = json_object_get(r->then->record, "training");
    const json_t *options = json_object_get(training, "options");
    const hf_inputs_elsewhere elsewhere = {r->job->file, r->job->store, r->job->outcomes, r->job->segments};
    hf_status status;
    if (!json_is_object(options) || !json_is_object(json_object_get(training, "inputs")))
        return hf_fail_at(
            error, HF_ERROR_DATA, path, 0, 0,
            "the model has no record of the options and inputs of its training, so it cannot be "
            "replayed; train it again and it will");
    HF_TRY(done, hf_training_options_read(&r->options, r->context, options, r->rejects, path, error));
    HF_TRY(done, hf_training_inputs_find(&r->inputs, r->context, r->then, path, &elsewhere, r->view, error));
done:
    return status;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return a && b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

// What is kept never takes the place of what it is made from and held against.
static hf_status check_retrained(const replaying *r, hf_error *error)
{
    const char *kept = r->job->retrained,
               *read[] = {r->job->model, r->inputs.file, r->inputs.outcomes, r->inputs.segments};
    struct stat info;
    if (kept && (strcmp(kept, "-") == 0 || (stat(kept, &info) == 0 && !S_ISREG(info.st_mode))))
        return hf_fail(
            error, HF_ERROR_USAGE,
            "the model trained again is read back to be compared, which '%s' cannot be; name a file", kept);
    for (size_t i = 0; i < sizeof read / sizeof read[0]; i++)
        if (same_file(kept, read[i]))
            return hf_fail_at(error, HF_ERROR_USAGE, kept, 0, 0,
                              "the model trained again would replace %s, which is read; keep it elsewhere",
                              read[i]);
    return HF_OK;
}

static hf_status train_again(replaying *r, hf_error *error)
{
    hf_train_job job = r->options.job;
    hf_text ledger;
    hf_status status;
    job.file = r->inputs.file;
    job.store = r->inputs.store;
    job.outcomes = r->inputs.outcomes;
    job.observations = &r->options.observations;
    job.segments = r->inputs.segments;
    hf_text_init(&ledger, r->context);
    HF_TRY(done, hf_context_quiet(&r->quiet, r->context, error));
    HF_TRY(done, hf_train_make(&r->now, &ledger, r->quiet, &job, error));
    HF_TRY(done, hf_training_rename(r->now, r->then, error));
    HF_TRY(done, hf_model_save(r->now, r->job->retrained ? r->job->retrained : r->retrained,
                               r->job->overwrite, error));
done:
    hf_text_free(&ledger);
    return status;
}

// ---- comparing -------------------------------------------------------------------------------------------

// The first place where two values differ, in the order of the first: its path, and what stands there.
typedef struct {
    hf_text path;
    const json_t *then, *now; // NULL: not there
} difference;

static bool differ(difference *out, const json_t *then, const json_t *now, bool top);

// Grows the path by one step and takes it off again where nothing differs below.
static bool differ_below(difference *out, const json_t *then, const json_t *now, const char *key, size_t i)
{
    const size_t length = out->path.length;
    if (key)
        hf_text_printf(&out->path, "%s%s", length > 0 ? "." : "", key);
    else
        hf_text_printf(&out->path, "[%zu]", i);
    if (differ(out, then, now, false)) return true;
    out->path.length = length;
    return false;
}

static bool differ_objects(difference *out, const json_t *then, const json_t *now, bool top)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)then, key, value)
    {
        // What wrote the file, and what follows from the rest, are told apart from what was learnt.
        if (top && (strcmp(key, "library") == 0 || strcmp(key, "checksum") == 0)) continue;
        if (differ_below(out, value, json_object_get(now, key), key, 0)) return true;
    }
    json_object_foreach((json_t *)(uintptr_t)now, key, value)
    {
        if (!json_object_get(then, key) && differ_below(out, NULL, value, key, 0)) return true;
    }
    return false;
}

static bool differ(difference *out, const json_t *then, const json_t *now, bool top)
{
    if (json_is_object(then) && json_is_object(now)) return differ_objects(out, then, now, top);
    if (json_is_array(then) && json_is_array(now)) {
        const size_t a = json_array_size(then), b = json_array_size(now);
        for (size_t i = 0; i < a || i < b; i++)
            if (differ_below(out, json_array_get(then, i), json_array_get(now, i), NULL, i)) return true;
        return false;
    }
    out->then = then;
    out->now = now;
    return !then || !now || !json_equal(then, now);
}

static void show(char out[SHOWN + 4], const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    if (text && strlen(text) > SHOWN) memcpy(text + SHOWN - 3, "...", 4);
    snprintf(out, SHOWN + 4, "%s", text ? text : "nothing");
    free(text);
}

static hf_status fail_difference(const replaying *r, const difference *d, const char *by, hf_error *error)
{
    char then[SHOWN + 4], now[SHOWN + 4], kept[PATH_BYTES + 80] = "";
    const char *field = d->path.data ? d->path.data : "";
    show(then, d->then);
    show(now, d->now);
    if (r->job->retrained)
        snprintf(kept, sizeof kept, "; the model trained again is in %s", r->job->retrained);
    return hf_fail_at(
        error, HF_ERROR_DAMAGED, r->job->model, 0, 0,
        "trained again on the same inputs the model is another one: '%s' differs first, %s then "
        "and %s now; it was trained by holdfast %s, replayed by %s%s",
        field, then, now, by, hf_version(), kept);
}

static hf_status load_json(json_t **out, hf_bytes *bytes, const hf_context *context, const char *path,
                           hf_error *error)
{
    json_error_t wrong;
    hf_status status = hf_bytes_open(bytes, context, path, error);
    if (status != HF_OK) return status;
    *out = json_loadb(bytes->data, bytes->size, 0, &wrong);
    return *out ? HF_OK : hf_fail_memory(error); // it was read before, so it is JSON
}

// A stream has no bytes to check beforehand; that it was another one shows in the rows.
static hf_status check_rows(const replaying *r, const json_t *then, const json_t *now, hf_error *error)
{
    const json_t *a = json_object_get(then, "training"), *b = json_object_get(now, "training");
    const json_t *file = json_object_get(json_object_get(a, "inputs"), "file");
    const char *was = json_string_value(json_object_get(a, "fingerprint"));
    const char *is = json_string_value(json_object_get(b, "fingerprint"));
    if (!file || !json_is_null(json_object_get(file, "fingerprint")) || !was || !is || strcmp(was, is) == 0)
        return HF_OK;
    return hf_fail_at(error, HF_ERROR_DATA, r->inputs.file, 0, 0,
                      "this is not what %s was trained on: the fingerprint of its rows is %s, the record has "
                      "%s",
                      r->job->model, is, was);
}

// What is to be told of two models that say the same, or a failure.
static hf_status compare(const char **finding, const replaying *r, hf_error *error)
{
    hf_bytes a = {0}, b = {0};
    json_t *then = NULL, *now = NULL;
    difference d = {0};
    const char *path = r->job->retrained ? r->job->retrained : r->retrained;
    hf_status status;
    hf_text_init(&d.path, r->context);
    HF_TRY(done, load_json(&then, &a, r->context, r->job->model, error));
    HF_TRY(done, load_json(&now, &b, r->context, path, error));
    HF_TRY(done, check_rows(r, then, now, error));
    const char *by = json_string_value(json_object_get(then, "library"));
    if (!by) by = "an unknown version";
    if (differ(&d, then, now, true)) {
        status = fail_difference(r, &d, by, error);
    } else if (strcmp(by, hf_version()) != 0) {
        *finding = "the same in every field but the version that wrote it";
    } else if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0) {
        status = hf_fail_at(error, HF_ERROR_DAMAGED, r->job->model, 0, 0,
                            "the file says what train writes, but in other bytes: blanks or the order of "
                            "fields were changed; train it again or keep the one replayed with -o FILE");
    } else {
        *finding = "the same, byte for byte";
    }
done:
    hf_text_free(&d.path);
    json_decref(then);
    json_decref(now);
    hf_bytes_close(r->context, &a);
    hf_bytes_close(r->context, &b);
    return status;
}

static hf_status tell(const replaying *r, const char *finding, hf_error *error)
{
    char rows[32], events[32];
    hf_text text;
    const char *by = json_string_value(json_object_get(r->then->record, "library"));
    hf_text_init(&text, r->context);
    hf_text_printf(&text, "%s: replayed, %s: %s rows, %s events, %d terms\n", r->job->model, finding,
                   hf_grouped(rows, hf_model_rows(r->now)), hf_grouped(events, hf_model_events(r->now)),
                   (int)hf_model_terms(r->now));
    hf_text_printf(&text, "trained by holdfast %s, replayed by %s\n", by ? by : "of an unknown version",
                   hf_version());
    if (r->job->retrained) hf_text_printf(&text, "the model trained again is in %s\n", r->job->retrained);
    hf_status status = hf_workflow_write_text(r->context, &text, r->job->output, true, error);
    hf_text_free(&text);
    return status;
}

hf_status hf_workflow_replay_model(const hf_context *context, const hf_replay_model_job *job, hf_error *error)
{
    replaying r = {.context = context, .job = job};
    const char *finding = NULL;
    hf_status status;
    if (!job->model) return hf_fail(error, HF_ERROR_USAGE, "no model; name the file that train wrote");
    HF_TRY(done, hf_model_load(&r.then, context, job->model, error));
    HF_TRY(done, make_scratch(&r, error));
    HF_TRY(done, read_record(&r, error));
    HF_TRY(done, check_retrained(&r, error));
    HF_TRY(done, train_again(&r, error));
    HF_TRY(done, compare(&finding, &r, error));
    HF_TRY(done, tell(&r, finding, error));
done:
    hf_model_destroy(r.now);
    hf_context_destroy(r.quiet);
    hf_training_inputs_free(context, &r.inputs);
    hf_training_options_free(context, &r.options);
    hf_model_destroy(r.then);
    if (r.scratch[0] != '\0') nftw(r.scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}
