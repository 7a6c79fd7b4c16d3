// SPDX-License-Identifier: Apache-2.0
//
// The replay verb: reads the record of a past night from its scores, scores its snapshot again by the copies
// of definition, overrides and models that the store kept, and compares every value of every account.
#include "definition/definition_room.h"
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "store/store_room.h"
#include "workflow/health_night.h"
#include "workflow/labelled.h"
#include "workflow/night_record.h"

#include <string.h>

typedef struct {
    const hf_context *context;
    hf_store *store;
    hf_frame *kept; // the scores as the store has them
    hf_snapshot_info info;
    hf_night_record record;
    hf_definition *definition;
    hf_model *model; // NULL without
    hf_frame *frame; // the snapshot
    hf_health_night *night;
    hf_frame *made; // the scores as they come out now
} replaying;

// ---- what was kept ---------------------------------------------------------------------------------------

// A path to a copy as a definition among the copies would write it.
static hf_status point_at_copy(char **path, const hf_context *context, const char *folder,
                               const char *fingerprint, const char *extension, hf_error *error)
{
    char text[128];
    if (fingerprint[0] == '\0') return HF_OK;
    const int length = snprintf(text, sizeof text, "../%s/%s.%s", folder, fingerprint, extension);
    char *made = hf_copy_text(context, text, (size_t)length);
    if (!made) return hf_fail_memory(error);
    hf_delete(context, *path);
    *path = made;
    return HF_OK;
}

static hf_status check_copy(const replaying *r, const hf_bytes *bytes, const char *path,
                            const char *fingerprint, hf_error *error)
{
    char found[33];
    hf_status status = hf_store_fingerprint(found, r->context, bytes->data, bytes->size, error);
    if (status != HF_OK || strcmp(found, fingerprint) == 0) return status;
    return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                      "the copy is damaged: its fingerprint is %s, which should be its name", found);
}

static hf_status load_definition(replaying *r, hf_error *error)
{
    char path[512];
    hf_bytes bytes;
    hf_definition *made = NULL;
    const hf_night_record *record = &r->record;
    hf_store_kept_path(path, sizeof path, r->store, "definitions", record->definition, "yaml");
    hf_status status = hf_bytes_open(&bytes, r->context, path, error);
    if (status != HF_OK) return status;
    HF_TRY(done, check_copy(r, &bytes, path, record->definition, error));
    HF_TRY(done, hf_definition_parse(&made, r->context, bytes.data, bytes.size, path, error));
    if (made->segment_count != record->segment_count) {
        status = hf_fail_at(error, HF_ERROR_DATA, r->info.path, 0, 0,
                            "the record names the models of %d segments and the definition has %d",
                            (int)record->segment_count, (int)made->segment_count);
        goto done;
    }
    HF_TRY(done,
           point_at_copy(&made->manual_overrides, r->context, "overrides", record->overrides, "csv", error));
    for (int32_t s = 0; s < made->segment_count; s++)
        HF_TRY(done, point_at_copy(&made->segments[s].model, r->context, "models", record->segment_models[s],
                                   "json", error));
    r->definition = made;
    made = NULL;
done:
    hf_definition_destroy(made);
    hf_bytes_close(r->context, &bytes);
    return status;
}

static hf_status load_kept(replaying *r, hf_error *error)
{
    char path[512];
    hf_snapshot_info snapshot;
    hf_status status;
    HF_TRY(done, load_definition(r, error));
    if (r->record.model[0] != '\0') {
        hf_store_kept_path(path, sizeof path, r->store, "models", r->record.model, "json");
        HF_TRY(done, hf_model_load(&r->model, r->context, path, error));
    }
    HF_TRY(done, hf_store_read_revision(&r->frame, &snapshot, r->store, false, r->record.as_of,
                                        r->record.revision, error));
    if (strcmp(snapshot.fingerprint, r->record.snapshot) != 0)
        status = hf_fail_at(error, HF_ERROR_DAMAGED, snapshot.path, 0, 0,
                            "this is not the snapshot the night was scored from: its fingerprint is %s, the "
                            "record has %s",
                            snapshot.fingerprint, r->record.snapshot);
done:
    return status;
}

// ---- the past --------------------------------------------------------------------------------------------

// The snapshots that derived signals look back to must be those of the night.
static hf_status check_past(const replaying *r, hf_error *error)
{
    hf_snapshot_info *past = NULL;
    int32_t count = 0;
    char date[11] = "";
    const hf_night_record *record = &r->record;
    hf_status status =
        hf_night_past(&past, &count, r->context, r->definition, r->store, record->as_of, error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < count && i < record->past_count && date[0] == '\0'; i++)
        if (past[i].as_of != record->past[i].as_of ||
            strcmp(past[i].fingerprint, record->past[i].fingerprint) != 0)
            hf_date_format(past[i].as_of < record->past[i].as_of ? past[i].as_of : record->past[i].as_of,
                           date);
    if (date[0] != '\0' || count != record->past_count)
        status = hf_fail_at(error, HF_ERROR_DATA, r->info.path, 0, 0,
                            "the night looked back to %d snapshots and the store has others by now%s%s; a "
                            "night can be replayed as long as what it looked back to stays",
                            (int)record->past_count, date[0] != '\0' ? ", the first of them of " : "", date);
    hf_store_list_free(r->context, past);
    return status;
}

static hf_status check_link(const replaying *r, const hf_night_link *link, const hf_frame *frame,
                            hf_error *error)
{
    char date[11], fingerprint[33] = "";
    const hf_date found = frame ? frame->as_of : HF_DATE_MISSING;
    hf_status status = frame ? hf_frame_fingerprint(fingerprint, frame, error) : HF_OK;
    if (status != HF_OK || (found == link->as_of && strcmp(fingerprint, link->fingerprint) == 0))
        return status;
    hf_date_format(link->as_of == HF_DATE_MISSING ? found : link->as_of, date);
    return hf_fail_at(error, HF_ERROR_DATA, r->info.path, 0, 0,
                      "the night followed from the scores of %s as they were then; they have been scored "
                      "anew since, so this night would come out otherwise. Run the nights after %s again, "
                      "in order, with --revise",
                      date, date);
}

// ---- comparing -------------------------------------------------------------------------------------------

static bool same_column(const hf_column *a, const hf_column *b, int64_t rows, int64_t *row)
{
    const size_t size = hf_storage_size(a->storage);
    *row = -1;
    if (strcmp(a->name, b->name) != 0 || a->kind != b->kind || a->storage != b->storage) return false;
    for (int64_t i = 0; i < rows; i++)
        if (memcmp((const char *)a->values + (size_t)i * size, (const char *)b->values + (size_t)i * size,
                   size) != 0) {
            *row = i;
            return false;
        }
    return true;
}

// Names the first value that came out otherwise.
static hf_status fail_difference(const replaying *r, hf_error *error)
{
    const hf_frame *a = r->kept, *b = r->made;
    int64_t row = -1;
    if (a->rows != b->rows || a->column_count != b->column_count)
        return hf_fail_at(
            error, HF_ERROR_DAMAGED, r->info.path, 0, 0,
            "the night was scored by holdfast %s with %lld accounts and %d columns; replayed by "
            "%s it has %lld and %d",
            r->record.version, (long long)a->rows, (int)a->column_count, hf_version(), (long long)b->rows,
            (int)b->column_count);
    int32_t c = 0;
    while (c < a->column_count && same_column(&a->columns[c], &b->columns[c], a->rows, &row))
        c++;
    size_t length = 0;
    const char *id = row >= 0 ? hf_frame_id(a, row, &length) : "";
    return hf_fail_at(
        error, HF_ERROR_DAMAGED, r->info.path, 0, 0,
        "scored again the night is another: %s%s%s%.*s differs first; it was scored by holdfast "
        "%s, replayed by %s",
        c < a->column_count ? "column " : "an id or a name", c < a->column_count ? a->columns[c].name : "",
        row >= 0 ? " of account " : "", (int)length, id, r->record.version, hf_version());
}

static hf_status compare(const replaying *r, hf_error *error)
{
    char made[33];
    hf_status status = hf_frame_fingerprint(made, r->made, error);
    if (status != HF_OK) return status;
    return strcmp(made, r->info.fingerprint) == 0 ? HF_OK : fail_difference(r, error);
}

static hf_status score_again(replaying *r, hf_error *error)
{
    hf_health_night_options options = HF_HEALTH_NIGHT_OPTIONS_INIT;
    hf_status status;
    options.reasons = false;
    options.allow_missing = r->record.allow_missing;
    HF_TRY(done, check_past(r, error));
    HF_TRY(done, hf_health_night_create(&r->night, r->context, r->definition, r->store, r->frame, r->model,
                                        &options, error));
    HF_TRY(done, check_link(r, &r->record.last, r->night->last, error));
    HF_TRY(done, check_link(r, &r->record.before, r->night->before, error));
    HF_TRY(done, hf_health_frame(&r->made, r->context, r->night->plan, &r->night->health,
                                 r->night->churn.probability, r->night->churn.rank, r->kept->source, error));
    HF_TRY(done, compare(r, error));
done:
    return status;
}

static hf_status tell(const replaying *r, const char *output, hf_error *error)
{
    char date[11], rows[32];
    hf_text text;
    hf_date_format(r->info.as_of, date);
    hf_text_init(&text, r->context);
    hf_text_printf(&text, "%s, revision %d: replayed, the same bytes: %s accounts, %d columns\n", date,
                   (int)r->info.revision, hf_grouped(rows, r->kept->rows), (int)r->kept->column_count);
    hf_text_printf(&text, "snapshot %s, revision %d\ndefinition %s\n", r->record.snapshot,
                   (int)r->record.revision, r->record.definition);
    if (r->record.overrides[0] != '\0') hf_text_printf(&text, "overrides %s\n", r->record.overrides);
    if (r->record.model[0] != '\0') hf_text_printf(&text, "model %s\n", r->record.model);
    hf_text_printf(&text, "scores %s, scored by holdfast %s, replayed by %s\n", r->info.fingerprint,
                   r->record.version, hf_version());
    hf_status status = hf_workflow_write_text(r->context, &text, output, true, error);
    hf_text_free(&text);
    return status;
}

hf_status hf_workflow_replay(const hf_context *context, const hf_replay_job *job, hf_error *error)
{
    replaying r = {.context = context};
    hf_status status;
    if (!job->store) return hf_fail(error, HF_ERROR_USAGE, "no store; name its folder with --store DIR");
    HF_TRY(done, hf_store_open(&r.store, context, job->store, HF_STORE_READ, error));
    HF_TRY(done, hf_store_read_scores(&r.kept, &r.info, r.store, job->as_of, error));
    HF_TRY(done, hf_night_record_read(&r.record, context, r.kept->source, r.info.path, error));
    HF_TRY(done, load_kept(&r, error));
    HF_TRY(done, score_again(&r, error));
    HF_TRY(done, tell(&r, job->output, error));
done:
    hf_frame_destroy(r.made);
    hf_health_night_destroy(r.night);
    hf_frame_destroy(r.frame);
    hf_model_destroy(r.model);
    hf_definition_destroy(r.definition);
    hf_night_record_free(context, &r.record);
    hf_frame_destroy(r.kept);
    hf_store_close(r.store);
    return status;
}
