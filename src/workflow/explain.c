// SPDX-License-Identifier: Apache-2.0
//
// The explain verb: one account on one page, with `since` also why it moved, or with `portfolio` what moved
// the whole fleet. A past night is scored by the definition at hand, so that a move is about the account;
// what the account was scored by at the time is the business of replay.
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "store/store_room.h"
#include "workflow/health_night.h"
#include "workflow/labelled.h"
#include "workflow/night_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Everything an explanation stands on.
typedef struct {
    const hf_context *context;
    hf_store *store;
    hf_definition *definition;
    hf_definition *earlier; // of the night before, where the store kept it
    hf_model *model;        // NULL without
    hf_health_night *now;   // the night explained
    hf_health_night *then;  // NULL without since
} ground;

static void ground_free(ground *g)
{
    hf_health_night_destroy(g->then);
    hf_health_night_destroy(g->now);
    hf_model_destroy(g->model);
    hf_definition_destroy(g->earlier);
    hf_definition_destroy(g->definition);
    hf_store_close(g->store);
}

static hf_status check_job(const hf_explain_job *job, hf_error *error)
{
    if (!job->store) return hf_fail(error, HF_ERROR_USAGE, "no store; name it with --store DIR");
    if (!job->definition)
        return hf_fail(error, HF_ERROR_USAGE, "no definition; name it with --definition FILE");
    if (!job->account && !job->portfolio)
        return hf_fail(error, HF_ERROR_USAGE, "which account? name it, or pass --portfolio --since DATE");
    if (job->account && job->portfolio)
        return hf_fail(error, HF_ERROR_USAGE,
                       "'%s' is one account and --portfolio is all of them; leave one out", job->account);
    if (job->portfolio && job->since == HF_DATE_MISSING)
        return hf_fail(error, HF_ERROR_USAGE, "since when? --portfolio takes --since DATE");
    return HF_OK;
}

static hf_status check_since(const hf_explain_job *job, const hf_health_night *now, hf_error *error)
{
    char since[11], as_of[11];
    if (job->since < now->frame->as_of) return HF_OK;
    hf_date_format(job->since, since);
    hf_date_format(now->frame->as_of, as_of);
    return hf_fail(error, HF_ERROR_USAGE, "--since %s is not before %s, the date that is explained", since,
                   as_of);
}

// What the store's scores of a date were made by; *found is false where there are none, or none of a run.
static hf_status read_record(hf_night_record *out, bool *found, const ground *g, hf_date date,
                             hf_error *error)
{
    hf_snapshot_info *list = NULL, info;
    hf_frame *scores = NULL;
    int32_t count = 0;
    bool there = false;
    hf_status status;
    HF_TRY(done, hf_store_list_scores(&list, &count, g->store, error));
    for (int32_t i = 0; i < count; i++)
        there = there || list[i].as_of == date;
    if (!there) goto done;
    HF_TRY(done, hf_store_read_scores(&scores, &info, g->store, date, error));
    const hf_status read = hf_night_record_read(out, g->context, scores->source, info.path, NULL);
    if (read == HF_ERROR_MEMORY) status = hf_fail_memory(error);
    *found = read == HF_OK;
done:
    hf_frame_destroy(scores);
    hf_store_list_free(g->context, list);
    return status;
}

// The definition that scored the night before, pointed at the copy of that night's manual overrides.
static hf_status load_earlier(ground *g, hf_date since, hf_error *error)
{
    hf_night_record record = {0};
    char path[512], overrides[64] = "";
    bool found = false;
    hf_status status = read_record(&record, &found, g, since, error);
    if (status != HF_OK || !found) return status;
    hf_store_kept_path(path, sizeof path, g->store, "definitions", record.definition, "yaml");
    HF_TRY(done, hf_definition_load(&g->earlier, g->context, path, error));
    if (record.overrides[0] != '\0')
        snprintf(overrides, sizeof overrides, "../overrides/%s.csv", record.overrides);
    char *copy = hf_copy_text(g->context, overrides, strlen(overrides));
    if (!copy) {
        status = hf_fail_memory(error);
        goto done;
    }
    hf_delete(g->context, g->earlier->manual_overrides);
    g->earlier->manual_overrides = copy;
done:
    hf_night_record_free(g->context, &record);
    return status;
}

static hf_status lay_ground(ground *g, const hf_explain_job *job, hf_error *error)
{
    hf_health_night_options options = HF_HEALTH_NIGHT_OPTIONS_INIT;
    hf_status status;
    options.as_of = job->as_of;
    options.reasons = false;
    HF_TRY(done, hf_definition_load(&g->definition, g->context, job->definition, error));
    if (job->model) HF_TRY(done, hf_model_load(&g->model, g->context, job->model, error));
    HF_TRY(done, hf_store_open(&g->store, g->context, job->store, HF_STORE_READ, error));
    HF_TRY(done, hf_health_night_create(&g->now, g->context, g->definition, g->store, NULL, g->model,
                                        &options, error));
    if (job->since == HF_DATE_MISSING) goto done;
    HF_TRY(done, check_since(job, g->now, error));
    options.as_of = job->since;
    HF_TRY(done, load_earlier(g, job->since, error));
    HF_TRY(done, hf_health_night_create(&g->then, g->context, g->earlier ? g->earlier : g->definition,
                                        g->store, NULL, NULL, &options, error));
done:
    return status;
}

// ---- one account -----------------------------------------------------------------------------------------------

static hf_status find_account(int64_t *out, const hf_health_night *night, const char *account,
                              hf_error *error)
{
    const hf_frame *frame = night->frame;
    char date[11];
    int64_t row = hf_health_night_find(frame, account);
    if (row >= 0) {
        *out = row;
        return HF_OK;
    }
    size_t length;
    const char *first = frame->rows > 0 ? hf_frame_id(frame, 0, &length) : NULL;
    hf_date_format(frame->as_of, date);
    if (!first) return hf_fail(error, HF_ERROR_DATA, "the snapshot of %s has no accounts", date);
    return hf_fail(
        error, HF_ERROR_DATA,
        "no account '%s' in the snapshot of %s; ids there look like '%.*s', and upper and lower case "
        "differ",
        account, date, (int)length, first);
}

static hf_account_night account_of(const hf_health_night *night, int64_t row,
                                   const hf_health_explanation *explanation)
{
    hf_account_night out = {.plan = night->plan,
                            .health = &night->health,
                            .explanation = explanation,
                            .manual = night->manual.count > 0 ? &night->manual : NULL,
                            .probability = NAN,
                            .row = row};
    const hf_night_model *model = hf_health_night_model(night, row);
    if (!model) return out;
    out.churn = model->plan;
    out.model = model->model;
    out.probability = night->churn.probability[row];
    out.rank = night->churn.rank[row];
    return out;
}

static hf_status print_page(hf_text *text, const hf_context *context, const hf_explain_job *job,
                            const hf_account_page *page, hf_error *error)
{
    return job->format == HF_REPORT_JSON ? hf_report_explain_json(text, context, page, error)
                                         : hf_report_explain(text, context, page, error);
}

static hf_status explain_account(hf_text *text, const ground *g, const hf_explain_job *job, hf_error *error)
{
    const hf_context *context = g->context;
    hf_health_explanation now = {0}, then = {0};
    hf_health_move move = {0};
    hf_account_night earlier;
    hf_account_page page = {.target = (int8_t)(g->definition->band_count - 1)};
    int64_t row, before;
    hf_path_step *steps = hf_new(context, (size_t)g->definition->measure_count, sizeof *steps);
    hf_status status;
    if (!steps) return hf_fail_memory(error);
    HF_TRY(done, find_account(&row, g->now, job->account, error));
    HF_TRY(done, hf_health_explain(&now, context, g->now->plan, row, error));
    HF_TRY(done, hf_health_path(steps, &page.step_count, &page.reached, context, g->now->plan, row,
                                page.target, error));
    page.now = account_of(g->now, row, &now);
    page.steps = steps;
    if (g->then) {
        HF_TRY(done, find_account(&before, g->then, job->account, error));
        HF_TRY(done, hf_health_explain(&then, context, g->then->plan, before, error));
        HF_TRY(done, hf_health_move_create(&move, context, g->then->plan, before, g->now->plan, row, error));
        earlier = account_of(g->then, before, &then);
        page.then = &earlier;
        page.move = &move;
    }
    HF_TRY(done, print_page(text, context, job, &page, error));
done:
    hf_health_move_free(context, &move);
    hf_health_explanation_free(context, &then);
    hf_health_explanation_free(context, &now);
    hf_delete(context, steps);
    return status;
}

// ---- the portfolio ---------------------------------------------------------------------------------------------

static void count_mover(hf_fleet_mover *mover, double points, double arr)
{
    mover->points += points;
    if (points <= -HF_MOVED) {
        mover->down++;
        mover->arr_down += arr;
    } else if (points >= HF_MOVED) {
        mover->up++;
        mover->arr_up += arr;
    }
}

// movers: the measures, then configuration, overrides and all together.
static void count_move(hf_fleet_mover *movers, const hf_health_move *move, double arr)
{
    const int32_t n = move->measures;
    for (int32_t m = 0; m < n; m++)
        count_mover(&movers[m], move->value[m] + move->coverage[m] + move->staleness[m], arr);
    count_mover(&movers[n], move->configuration, arr);
    count_mover(&movers[n + 1], move->override, arr);
    count_mover(&movers[n + 2], move->to - move->from, arr);
}

static hf_status count_moves(hf_fleet_mover *movers, hf_fleet_move *out, const ground *g, hf_error *error)
{
    const hf_context *context = g->context;
    const int64_t rows = g->now->frame->rows;
    hf_status status;
    int64_t *before = hf_new(context, (size_t)rows, sizeof *before);
    if (!before) return hf_fail_memory(error);
    HF_TRY(done, hf_frame_match(before, g->then->frame, g->now->frame, error));
    for (int64_t i = 0; i < rows; i++) {
        hf_health_move move;
        if (i % HF_TILE == 0) {
            HF_TRY(done, hf_check_cancel(context, error));
            hf_progress(context, "moves", i, rows);
        }
        if (before[i] < 0) continue;
        HF_TRY(done, hf_health_move_create(&move, context, g->then->plan, before[i], g->now->plan, i, error));
        const double arr = g->now->health.arr[i];
        count_move(movers, &move, isnan(arr) ? 0 : arr);
        hf_health_move_free(context, &move);
        out->accounts++;
    }
    hf_progress(context, "moves", rows, rows);
    out->appeared = rows - out->accounts;
    out->gone = g->then->frame->rows - out->accounts;
done:
    hf_delete(context, before);
    return status;
}

static int by_accounts(const void *a, const void *b)
{
    const hf_fleet_mover *x = a, *y = b;
    const int64_t p = x->down + x->up, q = y->down + y->up;
    if (p != q) return p > q ? -1 : 1;
    const double r = x->arr_down + x->arr_up, s = y->arr_down + y->arr_up;
    if (r > s || r < s) return r > s ? -1 : 1;
    return (y->measure > x->measure) - (y->measure < x->measure);
}

static hf_status explain_portfolio(hf_text *text, const ground *g, const hf_explain_job *job, hf_error *error)
{
    const hf_definition *definition = g->definition;
    const int32_t measures = definition->measure_count;
    hf_fleet_move move = {
        .definition = definition, .since = g->then->frame->as_of, .as_of = g->now->frame->as_of, .unit = ""};
    hf_status status;
    hf_fleet_mover *movers = hf_new(g->context, (size_t)measures + 3, sizeof *movers);
    if (!movers) return hf_fail_memory(error);
    for (int32_t i = 0; i < measures + 3; i++)
        movers[i].measure = i < measures ? i : measures - 1 - i;
    HF_TRY(done, count_moves(movers, &move, g, error));
    const int32_t arr = definition->arr[0] ? hf_frame_find(g->now->frame, definition->arr) : -1;
    move.has_arr = arr >= 0;
    if (arr >= 0) move.unit = g->now->frame->columns[arr].unit;
    qsort(movers, (size_t)measures + 2, sizeof *movers, by_accounts);
    // What moved nobody is left out, the total is not.
    while (move.count < measures + 2 && movers[move.count].points != 0)
        move.count++;
    movers[move.count++] = movers[measures + 2];
    move.movers = movers;
    status = job->format == HF_REPORT_JSON ? hf_report_fleet_move_json(text, &move, error)
                                           : hf_report_fleet_move(text, g->context, &move, error);
done:
    hf_delete(g->context, movers);
    return status;
}

hf_status hf_workflow_explain(const hf_context *context, const hf_explain_job *job, hf_error *error)
{
    ground g = {.context = context};
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, check_job(job, error));
    HF_TRY(done, lay_ground(&g, job, error));
    if (job->portfolio)
        HF_TRY(done, explain_portfolio(&text, &g, job, error));
    else
        HF_TRY(done, explain_account(&text, &g, job, error));
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, job->overwrite, error));
done:
    ground_free(&g);
    hf_text_free(&text);
    return status;
}
