// SPDX-License-Identifier: Apache-2.0
//
// The scenario of what-if: the fleet as it is, the fleet with edited signals, both scored by one path, and
// the difference. Nothing is written but the report.
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "whatif/whatif_room.h"
#include "workflow/scenario_accounts.h"
#include "workflow/scenario_cautions.h"
#include "workflow/scenario_count.h"
#include "workflow/scenario_record.h"
#include "workflow/scenario_sides.h"
#include "workflow/whatif_weighing.h"

#include <string.h>

typedef struct {
    const hf_context *context;
    hf_scenario_ground ground;
    hf_scenario scenario;
    hf_edit_count *edit_counts; // owned
    hf_scenario_side side[HF_SCENARIO_SIDES];
    hf_scenario_counts counts;
    hf_scenario_account *gainers, *losers; // owned
    hf_scenario_caution *cautions;         // owned
    hf_scenario_edit *edits;               // owned
    const char **bands;                    // owned
    hf_scenario_page page;
} trial;

static void trial_free(trial *t)
{
    const hf_context *context = t->context;
    hf_scenario_accounts_free(context, t->gainers, t->counts.gainer_count);
    hf_scenario_accounts_free(context, t->losers, t->counts.loser_count);
    hf_scenario_counts_free(context, &t->counts);
    hf_delete(context, t->cautions);
    hf_delete(context, t->edits);
    hf_delete(context, (void *)t->bands);
    hf_delete(context, t->edit_counts);
    // The second side borrows from the first.
    hf_scenario_side_free(&t->side[HF_AFTER]);
    hf_scenario_side_free(&t->side[HF_BEFORE]);
    hf_scenario_free(&t->scenario);
    hf_scenario_ground_close(&t->ground);
}

// ---- both sides ------------------------------------------------------------------------------------------

static void tell_untouched(const trial *t)
{
    for (int32_t i = 0; i < t->scenario.count; i++) {
        const hf_edit_count *count = &t->edit_counts[i];
        const char *text = t->scenario.edits[i].text;
        if (count->matched == 0)
            hf_warn(t->context, "the edit '%s' touches 0 of %lld accounts: none meets its conditions", text,
                    (long long)t->side[HF_BEFORE].frame->rows);
        else if (count->changed == 0)
            hf_warn(t->context,
                    "the edit '%s' changes 0 of the %lld accounts it is for: %lld have no value and the "
                    "others have that one already",
                    text, (long long)count->matched, (long long)count->missing);
    }
}

static hf_status score_sides(trial *t, hf_error *error)
{
    const hf_context *context = t->context;
    hf_frame *frame = NULL, *edited = NULL;
    hf_status status;
    t->edit_counts = hf_new(context, (size_t)t->scenario.count, sizeof *t->edit_counts);
    if (!t->edit_counts) return hf_fail_memory(error);
    HF_TRY(done, hf_scenario_read(&frame, context, &t->ground, error));
    const int32_t columns = frame->column_count;
    HF_TRY(done, hf_scenario_score(&t->side[HF_BEFORE], context, &t->ground, frame, error));
    HF_TRY(done, hf_scenario_apply(&edited, t->edit_counts, t->ground.quiet, &t->scenario,
                                   t->side[HF_BEFORE].frame, columns, t->ground.definition, error));
    hf_scenario_tell_levels(context, &t->scenario, t->side[HF_BEFORE].frame);
    tell_untouched(t);
    HF_TRY(done, hf_scenario_score(&t->side[HF_AFTER], t->ground.quiet, &t->ground, edited, error));
done:
    return status;
}

// Whether scores are equal to the last bit.
static bool same_scores(const hf_scenario_side side[2])
{
    const size_t rows = (size_t)side[0].frame->rows;
    bool same = true;
    if (side[0].churn)
        same = memcmp(side[0].churn->probability, side[1].churn->probability, rows * sizeof(double)) == 0;
    if (!side[0].night) return same;
    const hf_health *a = &side[0].night->health, *b = &side[1].night->health;
    return same && memcmp(a->health, b->health, rows * sizeof *a->health) == 0 &&
           memcmp(a->band_raw, b->band_raw, rows * sizeof *a->band_raw) == 0;
}

// ---- the page --------------------------------------------------------------------------------------------

static hf_status list_words(trial *t, hf_error *error)
{
    const hf_definition *definition = t->ground.definition;
    const int32_t bands = definition ? definition->band_count : 0;
    t->edits = hf_new(t->context, (size_t)t->scenario.count, sizeof *t->edits);
    t->bands = hf_new(t->context, (size_t)bands + 1, sizeof *t->bands);
    if (!t->edits || !t->bands) return hf_fail_memory(error);
    for (int32_t i = 0; i < t->scenario.count; i++) {
        const hf_edit_count *count = &t->edit_counts[i];
        t->edits[i] =
            (hf_scenario_edit){t->scenario.edits[i].text, count->matched, count->changed, count->missing};
    }
    for (int32_t b = 0; b < bands; b++)
        t->bands[b] = definition->bands[b].name;
    t->bands[bands] = "unknown";
    t->page.bands = t->bands;
    t->page.band_count = bands;
    t->page.edits = t->edits;
    t->page.edit_count = t->scenario.count;
    return HF_OK;
}

static void fill_page(trial *t)
{
    const hf_whatif_scenario_job *job = t->ground.job;
    const hf_scenario_counts *counts = &t->counts;
    hf_scenario_page *page = &t->page;
    page->definition = job->definition;
    page->model = job->model;
    page->data = job->file ? job->file : job->store;
    page->as_of = t->side[HF_BEFORE].frame->as_of;
    page->where = job->where;
    page->unit = t->side[HF_BEFORE].unit;
    page->by = counts->by;
    page->all = &counts->all;
    page->groups = counts->groups;
    page->group_count = counts->group_count;
    page->moved = counts->moved;
    page->moved_arr = counts->moved_arr;
    page->capacity = job->capacity;
    page->stay = counts->stay;
    page->listed = counts->listed;
    page->gain = counts->gain;
    page->gainers = t->gainers;
    page->losers = t->losers;
    page->gainer_count = counts->gainer_count;
    page->loser_count = counts->loser_count;
    page->gaining = counts->gaining;
    page->losing = counts->losing;
    page->cautions = t->cautions;
}

static hf_status make_page(trial *t, hf_error *error)
{
    const hf_context *context = t->context;
    const hf_scenario_counts *counts = &t->counts;
    hf_status status;
    for (int s = 0; s < HF_SCENARIO_SIDES; s++)
        HF_TRY(done, hf_frame_fingerprint(t->page.fingerprint[s], t->side[s].frame, error));
    t->page.same = strcmp(t->page.fingerprint[0], t->page.fingerprint[1]) == 0 && same_scores(t->side);
    HF_TRY(done, hf_scenario_count(&t->counts, context, &t->ground, t->side, error));
    HF_TRY(done, hf_scenario_accounts_explain(&t->gainers, context, &t->ground, t->side, &counts->changes,
                                              counts->gainers, counts->gainer_count, error));
    HF_TRY(done, hf_scenario_accounts_explain(&t->losers, context, &t->ground, t->side, &counts->changes,
                                              counts->losers, counts->loser_count, error));
    HF_TRY(done, hf_scenario_cautions(&t->cautions, &t->page.caution_count, context, &t->ground, &t->scenario,
                                      t->side, &counts->changes, error));
    HF_TRY(done, list_words(t, error));
    fill_page(t);
done:
    return status;
}

hf_status hf_workflow_whatif_scenario(const hf_context *context, const hf_whatif_scenario_job *job,
                                      hf_error *error)
{
    trial t = {.context = context};
    json_t *record = NULL;
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, hf_scenario_create(&t.scenario, context, job->edits, job->edit_count, job->where, error));
    HF_TRY(done, hf_scenario_ground_open(&t.ground, context, job, error));
    HF_TRY(done, hf_whatif_keep_check(context, job->store, job->name, job->output, job->overwrite, error));
    HF_TRY(done, score_sides(&t, error));
    HF_TRY(done, make_page(&t, error));
    if (job->name) HF_TRY(done, hf_scenario_record(&record, context, &t.ground, &t.page, error));
    if (job->format == HF_REPORT_JSON)
        HF_TRY(done, hf_report_scenario_json(&text, &t.page, error));
    else
        HF_TRY(done, hf_report_scenario(&text, context, &t.page, error));
    status =
        hf_whatif_keep(context, &text, job->output, job->store, job->name, record, job->overwrite, error);
done:
    json_decref(record);
    trial_free(&t);
    hf_text_free(&text);
    return status;
}
