// SPDX-License-Identifier: Apache-2.0
//
// The night in one call. Everything that can fail comes before anything is seen: read, score, compare and the
// gates work in memory, the published files are written and synced under hidden names, then the store gets
// the snapshot and the scores, each whole or not at all, and last the files get their names. What a killed
// run did is found again by its content, so the next one ends with the same bytes.
#include "churn/churn_room.h"
#include "definition/definition_room.h"
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "score/score_room.h"
#include "store/store_room.h"
#include "workflow/definition_reading.h"
#include "workflow/fleet_scores.h"
#include "workflow/health_night.h"
#include "workflow/labelled.h"
#include "workflow/night_record.h"
#include "workflow/publish.h"
#include "workflow/run_gates.h"
#include "workflow/run_summary.h"
#include "workflow/table_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

typedef enum {
    STAGE_CHECK,
    STAGE_INGEST,
    STAGE_SCORE,
    STAGE_COMPARE,
    STAGE_WRITE,
    STAGE_STORE,
    STAGE_PUBLISH,
    STAGES,
} run_stage;

static const char *const stage_names[STAGES] = {"check", "ingest", "score",  "compare",
                                                "write", "store",  "publish"};

typedef struct {
    const hf_context *context;
    const hf_run_job *job;
    hf_definition *definition;
    hf_model *model; // NULL without
    hf_store *store;
    hf_publication *publication;
    hf_frame *frame;
    int32_t columns; // of the frame as it was read, before derived signals
    hf_health_night *night;
    hf_fleet_scores scores;
    const hf_plan **plans; // owned: of the scores
    const hf_frame *last;  // the last run's scores; NULL if there is none
    hf_frame *made;        // the scores as the store will have them
    hf_frame *revised;     // the scores of the revision before, of this very date; NULL if none
    hf_fleet_changes changes;
    hf_run_summary summary;
    hf_run_band *bands; // owned
    json_t *made_from;  // owned
    bool stored, shown; // whether the store, the folder has anything new
    hf_run_stage stages[STAGES];
    int stage;
    double stage_began;
} night_run;

// ---- stages ----------------------------------------------------------------------------------------------

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void end_stage(night_run *run)
{
    if (run->stage < STAGES) run->stages[run->stage].seconds = now() - run->stage_began;
}

static hf_status begin_stage(night_run *run, run_stage stage, hf_error *error)
{
    end_stage(run);
    run->stage = (int)stage;
    run->stage_began = now();
    run->stages[stage].name = stage_names[stage];
    hf_progress(run->context, stage_names[stage], 0, 0);
    return hf_check_cancel(run->context, error);
}

// ---- check -----------------------------------------------------------------------------------------------

static hf_status check_job(const hf_run_job *job, hf_error *error)
{
    if (!job->definition)
        return hf_fail(error, HF_ERROR_USAGE, "no definition; name it with --definition FILE");
    if (!job->store) return hf_fail(error, HF_ERROR_USAGE, "no store; name its folder with --store DIR");
    if (!job->publish)
        return hf_fail(error, HF_ERROR_USAGE,
                       "where is the night published? name a folder with --publish DIR");
    if (job->file_count < 1)
        return hf_fail(error, HF_ERROR_USAGE, "no data; name it with --input FILE, or - for standard input");
    if (job->as_of == HF_DATE_MISSING)
        return hf_fail(error, HF_ERROR_USAGE,
                       "the date the data was known at is not given; pass --as-of YYYY-MM-DD");
    if (job->csv.as_of_column)
        return hf_fail(error, HF_ERROR_USAGE, "a night has one date; leave --as-of-column out");
    if (job->csv.rejects && job->file_count > 1)
        return hf_fail(error, HF_ERROR_USAGE, "--rejects takes one input file at a time");
    return HF_OK;
}

static hf_status open_all(night_run *run, hf_error *error)
{
    const hf_run_job *job = run->job;
    hf_status status;
    HF_TRY(done, begin_stage(run, STAGE_CHECK, error));
    HF_TRY(done, hf_definition_load(&run->definition, run->context, job->definition, error));
    if (job->model) HF_TRY(done, hf_model_load(&run->model, run->context, job->model, error));
    HF_TRY(done, hf_store_open(&run->store, run->context, job->store, HF_STORE_WRITE, error));
    HF_TRY(done, hf_publication_open(&run->publication, run->context, job->publish, job->as_of, error));
done:
    return status;
}

// ---- ingest ----------------------------------------------------------------------------------------------

// The newest snapshot before the night; *out stays NULL where there is none.
static hf_status read_last_snapshot(hf_frame **out, const night_run *run, hf_error *error)
{
    hf_snapshot_info *list = NULL;
    int32_t count = 0, at = -1;
    hf_status status = hf_store_list(&list, &count, run->store, error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < count && list[i].as_of < run->job->as_of; i++)
        at = i;
    if (at >= 0) status = hf_store_read(out, NULL, run->store, list[at].as_of, error);
    hf_store_list_free(run->context, list);
    return status;
}

static double gate(double given, double defined)
{
    return isnan(given) ? defined : given;
}

static hf_status read_input(night_run *run, hf_error *error)
{
    const hf_run_job *job = run->job;
    const double most = gate(job->most_coverage_fall, run->definition->most_coverage_fall);
    hf_definition_reading reading = {0};
    hf_frame *last = NULL;
    hf_status status;
    HF_TRY(done, begin_stage(run, STAGE_INGEST, error));
    HF_TRY(done, hf_definition_reading_create(&reading, run->context, run->definition, run->model, &job->csv,
                                              error));
    HF_TRY(done, hf_parts_read(&run->frame, run->context, job->files, job->file_count, &reading.csv,
                               job->as_of, error));
    run->columns = run->frame->column_count;
    HF_TRY(done, read_last_snapshot(&last, run, error));
    HF_TRY(done, hf_gate_coverage(run->context, run->frame, run->columns, last, most, error));
    HF_TRY(done,
           hf_gate_findings(run->context, run->definition, run->frame, last, job->accept_findings, error));
done:
    hf_frame_destroy(last);
    hf_definition_reading_free(run->context, &reading);
    return status;
}

// ---- score and compare -----------------------------------------------------------------------------------

static hf_status score(night_run *run, hf_error *error)
{
    hf_health_night_options options = HF_HEALTH_NIGHT_OPTIONS_INIT;
    hf_status status;
    HF_TRY(done, begin_stage(run, STAGE_SCORE, error));
    HF_TRY(done, hf_health_night_create(&run->night, run->context, run->definition, run->store, run->frame,
                                        run->model, &options, error));
    HF_TRY(done, hf_night_fleet_scores(&run->scores, &run->plans, run->night, error));
    HF_TRY(done, hf_gate_unknown(&run->night->health, run->job->as_of,
                                 gate(run->job->most_unknown, run->definition->most_unknown), error));
done:
    return status;
}

// The night before counts as a run where the store kept its scores; one that was only scored in memory was
// never told to anyone.
static hf_status find_last_run(night_run *run, hf_error *error)
{
    hf_snapshot_info *list = NULL;
    int32_t count = 0;
    hf_status status = hf_store_list_scores(&list, &count, run->store, error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; run->night->last && i < count; i++)
        if (list[i].as_of == run->night->last->as_of) run->last = run->night->last;
    hf_store_list_free(run->context, list);
    return HF_OK;
}

// Where the date has scores already: those that ours take, or took, the place of.
static hf_status find_revised(night_run *run, hf_error *error)
{
    char fingerprint[33];
    hf_snapshot_info *list = NULL;
    int32_t count = 0, revision = 0;
    hf_status status;
    HF_TRY(done, hf_store_list_scores(&list, &count, run->store, error));
    for (int32_t i = 0; i < count; i++) {
        if (list[i].as_of != run->job->as_of) continue;
        HF_TRY(done, hf_frame_fingerprint(fingerprint, run->made, error));
        revision = list[i].revision - (strcmp(list[i].fingerprint, fingerprint) == 0);
    }
    if (revision > 0)
        HF_TRY(done, hf_store_read_revision(&run->revised, NULL, run->store, true, run->job->as_of, revision,
                                            error));
done:
    hf_store_list_free(run->context, list);
    return status;
}

static hf_status compare(night_run *run, hf_error *error)
{
    const hf_scores *churn = &run->night->churn;
    hf_status status;
    HF_TRY(done, begin_stage(run, STAGE_COMPARE, error));
    HF_TRY(done, find_last_run(run, error));
    HF_TRY(done, hf_health_frame(&run->made, run->context, run->night->plan, &run->night->health,
                                 churn->probability, churn->rank, "", error));
    HF_TRY(done, find_revised(run, error));
    HF_TRY(done, hf_fleet_changes_create(&run->changes, run->context, &run->scores, run->last, error));
    if (run->revised)
        HF_TRY(done, hf_fleet_changes_revise(&run->changes, run->context, &run->scores, run->revised, error));
    HF_TRY(done, hf_run_summary_fill(&run->summary, &run->bands, run->context, &run->scores, &run->changes,
                                     run->last, error));
done:
    return status;
}

// ---- write, store, publish -------------------------------------------------------------------------------

static hf_status write_files(night_run *run, hf_error *error)
{
    hf_publication *to = run->publication;
    hf_text text;
    hf_status status;
    hf_text_init(&text, run->context);
    HF_TRY(done, begin_stage(run, STAGE_WRITE, error));
    HF_TRY(done, hf_health_scores_publish(run->context, &run->scores, &run->changes,
                                          hf_publication_output(to, HF_PUBLISH_SCORES),
                                          hf_publication_output(to, HF_PUBLISH_CHANGED), error));
    hf_publication_rows(to, HF_PUBLISH_SCORES, run->summary.accounts);
    hf_publication_rows(to, HF_PUBLISH_CHANGED,
                        run->summary.added + run->summary.changed + run->summary.gone);
    HF_TRY(done, hf_report_run_json(&text, &run->summary, error));
    HF_TRY(done,
           hf_output_write(hf_publication_output(to, HF_PUBLISH_SUMMARY), text.data, text.length, error));
    HF_TRY(done, hf_publication_seal(to, error));
done:
    hf_text_free(&text);
    return status;
}

// When the data was recorded: as said, else when the newest input was last written. It stands in the stored
// bytes, so it must be the same for a run that was killed and begun again.
static void recorded_at(char out[21], const hf_run_job *job)
{
    time_t newest = 0;
    for (int32_t f = 0; f < job->file_count; f++) {
        struct stat info;
        const bool file =
            strcmp(job->files[f], "-") != 0 && stat(job->files[f], &info) == 0 && S_ISREG(info.st_mode);
        const time_t written = file ? info.st_mtim.tv_sec : time(NULL);
        if (f == 0 || written > newest) newest = written;
    }
    struct tm utc;
    if (!gmtime_r(&newest, &utc) || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &utc) != 20)
        memcpy(out, "1970-01-01T00:00:00Z", 21);
}

static hf_status store_snapshot(hf_snapshot_info *info, night_run *run, hf_error *error)
{
    hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
    char at[21];
    bool written = false;
    hf_frame view = *run->frame; // without what was derived
    view.column_count = run->columns;
    recorded_at(at, run->job);
    options.recorded_at = run->job->recorded_at ? run->job->recorded_at : at;
    options.revise = run->job->revise;
    hf_status status = hf_store_write(run->store, &view, &options, info, &written, error);
    run->stored = run->stored || written;
    return status;
}

static hf_status store_scores(night_run *run, const hf_snapshot_info *snapshot, hf_error *error)
{
    hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
    bool written = false;
    hf_status status;
    char *source = json_dumps(run->made_from, JSON_COMPACT);
    if (!source) return hf_fail_memory(error);
    options.recorded_at = snapshot->recorded_at;
    options.revise = run->job->revise;
    HF_TRY(done, hf_frame_set_source(run->made, run->made->id_name, source, error));
    HF_TRY(done, hf_store_write_scores(run->store, run->made, &options, NULL, &written, error));
    run->stored = run->stored || written;
done:
    free(source);
    return status;
}

static hf_status store(night_run *run, hf_error *error)
{
    hf_snapshot_info snapshot;
    hf_night_record record = {0};
    hf_status status;
    HF_TRY(done, begin_stage(run, STAGE_STORE, error));
    HF_TRY(done, store_snapshot(&snapshot, run, error));
    hf_progress(run->context, "store", 1, 3);
    HF_TRY(done,
           hf_night_record_create(&record, run->night, run->store, &snapshot, run->job->model, false, error));
    run->made_from = hf_night_record_to_json(&record);
    if (!run->made_from) {
        status = hf_fail_memory(error);
        goto done;
    }
    hf_progress(run->context, "store", 2, 3);
    HF_TRY(done, store_scores(run, &snapshot, error));
    hf_progress(run->context, "store", 3, 3);
done:
    hf_night_record_free(run->context, &record);
    return status;
}

static hf_status report(night_run *run, hf_error *error)
{
    const char *names[HF_PUBLISH_FILES];
    hf_text text;
    hf_status status;
    hf_text_init(&text, run->context);
    end_stage(run);
    for (int f = 0; f < HF_PUBLISH_FILES; f++)
        names[f] = hf_publication_name(run->publication, (hf_publish_file)f);
    run->summary.warnings = hf_warnings(run->context);
    run->summary.nothing_new = !run->stored && !run->shown;
    run->summary.folder = run->job->publish;
    run->summary.files = names;
    run->summary.file_count = HF_PUBLISH_FILES;
    run->summary.stages = run->stages;
    run->summary.stage_count = STAGES;
    HF_TRY(done, hf_report_run(&text, run->context, &run->summary, error));
    HF_TRY(done, hf_workflow_write_text(run->context, &text, run->job->output, true, error));
done:
    hf_text_free(&text);
    return status;
}

static void close_all(night_run *run)
{
    json_decref(run->made_from);
    hf_delete(run->context, run->bands);
    hf_fleet_changes_free(run->context, &run->changes);
    hf_frame_destroy(run->revised);
    hf_frame_destroy(run->made);
    hf_delete(run->context, (void *)run->plans);
    hf_health_night_destroy(run->night);
    hf_frame_destroy(run->frame);
    hf_publication_close(run->publication);
    hf_store_close(run->store);
    hf_model_destroy(run->model);
    hf_definition_destroy(run->definition);
}

hf_status hf_workflow_run(const hf_context *context, const hf_run_job *job, hf_error *error)
{
    night_run run = {.context = context, .job = job, .stage = STAGES};
    hf_status status = check_job(job, error);
    if (status != HF_OK) return status;
    HF_TRY(done, open_all(&run, error));
    HF_TRY(done, read_input(&run, error));
    HF_TRY(done, score(&run, error));
    HF_TRY(done, compare(&run, error));
    HF_TRY(done, write_files(&run, error));
    HF_TRY(done, store(&run, error));
    HF_TRY(done, begin_stage(&run, STAGE_PUBLISH, error));
    HF_TRY(done, hf_publication_show(run.publication, run.made_from, &run.shown, error));
    HF_TRY(done, report(&run, error));
done:
    close_all(&run);
    return status;
}
