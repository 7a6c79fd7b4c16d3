// SPDX-License-Identifier: Apache-2.0
//
// Gathers what rows are judged by: labels, accounts and dates from the caller, money and segments from
// columns of the frame.
#include "workflow/judged.h"

#include <math.h>
#include <string.h>

enum { MOST_LEVELS = 200 }; // of a segment

void hf_judged_free(hf_judged *judged)
{
    if (!judged->context) return;
    hf_delete(judged->context, judged->probability);
    hf_delete(judged->context, judged->against);
    hf_delete(judged->context, judged->label);
    hf_delete(judged->context, judged->cluster);
    hf_delete(judged->context, judged->as_of);
    hf_delete(judged->context, judged->arr);
    hf_delete(judged->context, judged->segment);
    hf_delete(judged->context, judged->segment_name);
    *judged = (hf_judged){0};
}

// ---- money -----------------------------------------------------------------------------------------------

static bool holds_numbers(const hf_column *column)
{
    return column->kind != HF_KIND_CATEGORY && column->kind != HF_KIND_DATE && column->kind != HF_KIND_FLAG;
}

// The first of the rows whose value is below 0 or not finite; -1: none.
static int64_t first_below_zero(const hf_column *column, const int64_t *rows, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const double x = hf_column_number(column, rows ? rows[i] : i);
        if (!isnan(x) && !(x >= 0 && isfinite(x))) return rows ? rows[i] : i;
    }
    return -1;
}

// *out NULL where there is none and none was asked for.
static hf_status find_arr(const hf_column **out, const hf_frame *frame, const char *name, hf_error *error)
{
    const int32_t c = hf_frame_find(frame, name ? name : "arr");
    *out = NULL;
    if (c < 0 && !name) return HF_OK;
    if (c < 0)
        return hf_frame_no_column(frame, name, "--arr", frame->source, "name a column of the data", error);
    if (holds_numbers(&frame->columns[c])) {
        *out = &frame->columns[c];
        return HF_OK;
    }
    if (!name) return HF_OK;
    return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                      "column '%s': expected the ARR in numbers, found %s; name another with --arr", name,
                      hf_kind_name(frame->columns[c].kind));
}

static hf_status fail_below_zero(const hf_frame *frame, const hf_column *column, int64_t row, hf_error *error)
{
    size_t length;
    const char *id = hf_frame_id(frame, row, &length);
    return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                      "column '%s': account '%.*s' has %g, expected an ARR of 0 or more; repair it, or name "
                      "another with --arr",
                      column->name, (int)length, id, hf_column_number(column, row));
}

static hf_status take_arr(hf_judged *made, const hf_frame *frame, const int64_t *rows, const char *name,
                          hf_error *error)
{
    const hf_column *column;
    int64_t missing = 0;
    hf_status status = find_arr(&column, frame, name, error);
    if (status != HF_OK || !column) return status;
    const int64_t below = first_below_zero(column, rows, made->count);
    if (below >= 0) return name ? fail_below_zero(frame, column, below, error) : HF_OK;
    made->arr = hf_new_raw(made->context, (size_t)made->count, sizeof *made->arr);
    if (!made->arr) return hf_fail_memory(error);
    for (int64_t i = 0; i < made->count; i++) {
        const double x = hf_column_number(column, rows ? rows[i] : i);
        made->arr[i] = isnan(x) ? 0 : x;
        missing += isnan(x);
    }
    if (missing > 0)
        hf_warn(made->context, "%lld of %lld rows have no '%s'; they count as 0 in money", (long long)missing,
                (long long)made->count, column->name);
    snprintf(made->arr_name, sizeof made->arr_name, "%s", column->name);
    snprintf(made->arr_unit, sizeof made->arr_unit, "%s", column->unit);
    return HF_OK;
}

// ---- segments --------------------------------------------------------------------------------------------

// Levels that occur in the rows.
static int32_t count_levels(bool *seen, const hf_judged *made)
{
    int32_t count = 0;
    for (int64_t i = 0; i < made->count; i++) {
        const int32_t s = made->segment[i];
        if (s < 0 || seen[s]) continue;
        seen[s] = true;
        count++;
    }
    return count;
}

// A name or an id is no segment: a bootstrap for each would say nothing of any.
static hf_status check_levels(const hf_judged *made, const hf_frame *frame, const char *name, hf_error *error)
{
    bool *seen = hf_new(made->context, (size_t)made->segments, sizeof *seen);
    if (!seen) return hf_fail_memory(error);
    const int32_t levels = count_levels(seen, made);
    hf_delete(made->context, seen);
    if (levels <= MOST_LEVELS) return HF_OK;
    return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                      "column '%s' has %d levels, at most %d can be judged by; name a coarser one with --by",
                      name, (int)levels, MOST_LEVELS);
}

static int32_t segment_of(const hf_column *column, int64_t row)
{
    if (column->kind == HF_KIND_CATEGORY) return ((const int32_t *)column->values)[row];
    const double x = hf_column_number(column, row);
    return isnan(x) ? -1 : x != 0;
}

static hf_status find_segments(const hf_column **out, const hf_frame *frame, const char *name,
                               hf_error *error)
{
    const int32_t c = hf_frame_find(frame, name);
    if (c < 0)
        return hf_frame_no_column(frame, name, "--by", frame->source, "name a column of the data", error);
    *out = &frame->columns[c];
    if ((*out)->kind == HF_KIND_CATEGORY || (*out)->kind == HF_KIND_FLAG) return HF_OK;
    return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                      "column '%s': expected a category or a flag to judge by, found %s; name another with "
                      "--by, or read it as one with --kind %s=category",
                      name, hf_kind_name((*out)->kind), name);
}

static hf_status take_segments(hf_judged *made, const hf_frame *frame, const int64_t *rows, const char *name,
                               hf_error *error)
{
    static const char *const flag_names[] = {"no", "yes"};
    const hf_column *column = NULL;
    if (!name) return HF_OK;
    hf_status status = find_segments(&column, frame, name, error);
    if (status != HF_OK) return status;
    const bool category = column->kind == HF_KIND_CATEGORY;
    made->segments = category ? column->dictionary.count : 2;
    made->segment = hf_new_raw(made->context, (size_t)made->count, sizeof *made->segment);
    made->segment_name = hf_new(made->context, (size_t)made->segments, sizeof *made->segment_name);
    if (!made->segment || !made->segment_name) return hf_fail_memory(error);
    for (int32_t s = 0; s < made->segments; s++)
        made->segment_name[s] = category ? hf_dictionary_text(&column->dictionary, s) : flag_names[s];
    for (int64_t i = 0; i < made->count; i++)
        made->segment[i] = segment_of(column, rows ? rows[i] : i);
    snprintf(made->by_name, sizeof made->by_name, "%s", name);
    return check_levels(made, frame, name, error);
}

// ---- all of it -------------------------------------------------------------------------------------------

static hf_status allocate(hf_judged *made, bool dates, bool against, hf_error *error)
{
    const size_t n = (size_t)made->count;
    made->probability = hf_new_raw(made->context, n, sizeof *made->probability);
    if (against) made->against = hf_new_raw(made->context, n, sizeof *made->against);
    made->label = hf_new_raw(made->context, n, sizeof *made->label);
    made->cluster = hf_new_raw(made->context, n, sizeof *made->cluster);
    if (dates) made->as_of = hf_new_raw(made->context, n, sizeof *made->as_of);
    bool good = made->probability && made->label && made->cluster;
    good = good && (!against || made->against) && (!dates || made->as_of);
    return good ? HF_OK : hf_fail_memory(error);
}

static hf_status fail_no_arr(const hf_frame *frame, hf_error *error)
{
    return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                      "--rank arr needs the ARR, and there is no column 'arr' of amounts; name one with "
                      "--arr COLUMN");
}

hf_status hf_judged_check(const hf_frame *frame, const hf_evaluate_job *job, hf_error *error)
{
    const hf_column *column;
    hf_status status = find_arr(&column, frame, job->arr, error);
    if (status == HF_OK && job->rank_by_arr && !column) status = fail_no_arr(frame, error);
    if (status == HF_OK && job->by) status = find_segments(&column, frame, job->by, error);
    return status;
}

hf_status hf_judged_create(hf_judged *out, const hf_context *context, const hf_frame *frame,
                           const int64_t *rows, int64_t count, const uint8_t *label, const int64_t *cluster,
                           const hf_date *as_of, const hf_evaluate_job *job, hf_error *error)
{
    hf_judged made = {.context = context, .count = rows ? count : frame->rows};
    hf_status status;
    HF_TRY(done, allocate(&made, as_of != NULL, job->against != NULL, error));
    for (int64_t i = 0; i < made.count; i++) {
        const int64_t row = rows ? rows[i] : i;
        made.probability[i] = NAN;
        if (made.against) made.against[i] = NAN;
        made.label[i] = label[row];
        made.cluster[i] = cluster ? cluster[row] : row;
        if (made.as_of) made.as_of[i] = as_of[row];
    }
    HF_TRY(done, take_arr(&made, frame, rows, job->arr, error));
    if (job->rank_by_arr && !made.arr) {
        status = fail_no_arr(frame, error);
        goto done;
    }
    HF_TRY(done, take_segments(&made, frame, rows, job->by, error));
    *out = made;
    made = (hf_judged){0};
done:
    hf_judged_free(&made);
    return status;
}
