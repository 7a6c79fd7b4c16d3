// SPDX-License-Identifier: Apache-2.0
//
// A night from a snapshot to settled scores: derive, read the manual overrides, bind, pass, churn, settle
// against the nights before, risk.
#include "workflow/health_night.h"

#include "holdfast/csv.h"
#include "workflow/night_history.h"
#include "workflow/night_models.h"

#include <string.h>

hf_status hf_beside_definition(char **out, const hf_context *context, const hf_definition *definition,
                               const char *path, hf_error *error)
{
    const char *slash = strrchr(definition->path, '/');
    size_t folder = slash && path[0] != '/' ? (size_t)(slash - definition->path) + 1 : 0;
    size_t length = strlen(path);
    char *made = hf_new(context, folder + length + 1, 1);
    if (!made) return hf_fail_memory(error);
    memcpy(made, definition->path, folder);
    memcpy(made + folder, path, length);
    *out = made;
    return HF_OK;
}

int64_t hf_health_night_find(const hf_frame *frame, const char *account)
{
    const size_t wanted = strlen(account);
    for (int64_t i = 0; i < frame->rows; i++) {
        size_t length;
        const char *id = hf_frame_id(frame, i, &length);
        if (length == wanted && memcmp(id, account, wanted) == 0) return i;
    }
    return -1;
}

// Whether a file of overrides holds nothing below its header: nobody overrides anything tonight.
static hf_status has_rows(bool *out, const hf_context *context, const char *path, hf_error *error)
{
    hf_bytes bytes;
    hf_status status = hf_bytes_open(&bytes, context, path, error);
    if (status != HF_OK) return status;
    const char *end = bytes.size > 0 ? memchr(bytes.data, '\n', bytes.size) : NULL;
    size_t at = end ? (size_t)(end - bytes.data) : bytes.size;
    while (at < bytes.size && strchr(" \t\r\n", bytes.data[at]))
        at++;
    // An empty file has no header either, which the reader says better.
    *out = at < bytes.size || bytes.size == 0;
    hf_bytes_close(context, &bytes);
    return HF_OK;
}

hf_status hf_night_overrides(hf_frame **out, const hf_context *context, const hf_definition *definition,
                             hf_error *error)
{
    static const hf_declared_kind kinds[] = {{"action", HF_KIND_CATEGORY},
                                             {"value", HF_KIND_NUMBER},
                                             {"author", HF_KIND_CATEGORY},
                                             {"reason", HF_KIND_CATEGORY},
                                             {"expires", HF_KIND_DATE}};
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    char *path = NULL;
    bool any = false;
    hf_status status;
    if (definition->manual_overrides[0] == '\0') return HF_OK;
    csv.id = "account_id";
    csv.allow_duplicate_ids = true;
    csv.kinds = kinds;
    csv.kind_count = sizeof kinds / sizeof kinds[0];
    csv.kinds_if_there = true; // what is not there is named by hf_manual_overrides_create
    HF_TRY(done, hf_beside_definition(&path, context, definition, definition->manual_overrides, error));
    HF_TRY(done, has_rows(&any, context, path, error));
    if (any) HF_TRY(done, hf_csv_read(out, NULL, context, path, &csv, error));
done:
    hf_delete(context, path);
    return status;
}

static hf_status take_frame(hf_health_night *night, const hf_store *store, hf_frame *frame, hf_date as_of,
                            hf_error *error)
{
    if (frame) {
        night->frame = frame;
        return HF_OK;
    }
    hf_status status = hf_store_read(&night->owned, &night->info, store, as_of, error);
    night->frame = night->owned;
    return status;
}

static hf_status fill(hf_health_night *night, const hf_store *store, hf_frame *frame, const hf_model *model,
                      const hf_health_night_options *options, hf_error *error)
{
    const hf_context *context = night->context;
    const hf_definition *definition = night->definition;
    hf_frame *overrides = NULL;
    hf_night_history history = {.context = context, .definition = definition, .store = store};
    hf_status status;
    HF_TRY(done, hf_context_quiet(&night->quiet, context, error));
    history.quiet = night->quiet;
    HF_TRY(done, hf_night_overrides(&overrides, context, definition, error));
    history.overrides = overrides;
    HF_TRY(done, take_frame(night, store, frame, options->as_of, error));
    HF_TRY(done, hf_night_history_open(&history, options->recompute, error));
    HF_TRY(done, hf_night_derive(night->frame, &history, error));
    if (overrides)
        HF_TRY(done, hf_manual_overrides_create(&night->manual, context, overrides, night->frame, error));
    HF_TRY(done, hf_health_plan_create(&night->plan, context, definition, night->frame,
                                       overrides ? &night->manual : NULL, error));
    HF_TRY(done, hf_health_fleet(&night->health, context, night->plan, error));
    HF_TRY(done, hf_night_score_churn(night, model, options, error));
    HF_TRY(done, hf_night_history_scores(&night->last, &night->before, &history, night->frame->as_of, error));
    HF_TRY(done, hf_health_settle(&night->health, context, night->plan, night->last, night->before, error));
    HF_TRY(done, hf_health_risk(&night->health, context, night->plan, night->churn.probability, error));
done:
    hf_night_history_close(&history);
    hf_frame_destroy(overrides);
    return status;
}

hf_status hf_health_night_create(hf_health_night **out, const hf_context *context,
                                 const hf_definition *definition, const hf_store *store, hf_frame *frame,
                                 const hf_model *model, const hf_health_night_options *options,
                                 hf_error *error)
{
    const hf_health_night_options defaults = HF_HEALTH_NIGHT_OPTIONS_INIT;
    if (!frame && !store) return hf_fail(error, HF_ERROR_USAGE, "a night needs a snapshot or a store");
    if (frame && frame->as_of == HF_DATE_MISSING)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "a definition scores data of a date, for ages and days until; pass --as-of YYYY-MM-DD");
    hf_health_night *night = hf_new(context, 1, sizeof *night);
    if (!night) return hf_fail_memory(error);
    night->context = context;
    night->definition = definition;
    hf_status status = fill(night, store, frame, model, options ? options : &defaults, error);
    if (status == HF_OK)
        *out = night;
    else
        hf_health_night_destroy(night);
    return status;
}

void hf_health_night_destroy(hf_health_night *night)
{
    if (!night) return;
    const hf_context *context = night->context;
    hf_night_free_churn(night);
    hf_health_free(context, &night->health);
    hf_health_plan_destroy(night->plan);
    hf_manual_overrides_free(context, &night->manual);
    if (night->before != night->last) hf_frame_destroy(night->before);
    hf_frame_destroy(night->last);
    hf_frame_destroy(night->owned);
    hf_context_destroy(night->quiet);
    hf_delete(context, night);
}
