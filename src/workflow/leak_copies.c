// SPDX-License-Identifier: Apache-2.0
//
// A model that is judged by a row whose copy it was trained on is judged by its memory. So copies are looked
// for wherever a model is trained or judged in splits, told with how sure one can be of them, and kept on one
// side on request. Of folds from a file what counts is whether they part copies.
#include "workflow/leak_copies.h"

#include "report/report_room.h"

#include <string.h>

#define PARTED_SHARE 0.02 // of the tested rows: fewer is not worth a word

static const char *counted(char out[160], const hf_copies *copies, int64_t rows)
{
    char some[32], all[32], groups[32];
    snprintf(out, 160,
             "%s of %s rows look like copies of another (%s groups; %.1f %% of pairs share the "
             "outcome, by chance %.1f %%)",
             hf_grouped(some, copies->rows), hf_grouped(all, rows), hf_grouped(groups, copies->groups),
             100 * copies->same, 100 * copies->chance);
    return out;
}

static bool is_auto(const char *group)
{
    return group && strcmp(group, "auto") == 0;
}

static int64_t count_labelled(const uint8_t *label, int64_t rows)
{
    int64_t count = 0;
    for (int64_t i = 0; i < rows; i++)
        count += label[i] <= 1;
    return count;
}

// A column that groups is taken out of the frame, which is told.
static hf_status group_by(int64_t **cluster, hf_text *text, hf_frame *frame, const char *column,
                          const char *place, hf_error *error)
{
    const hf_status status = hf_group_by_column(cluster, frame, column, place, error);
    if (status == HF_OK && text)
        hf_text_printf(text, "%s: rows of one '%s' are kept together; it is no signal\n", place, column);
    return status;
}

hf_status hf_group_training(int64_t **cluster, hf_text *text, const hf_context *context, hf_frame *frame,
                            const uint8_t *label, const char *group, const char *place, uint64_t seed,
                            hf_error *error)
{
    hf_copies copies = {0};
    int64_t *joined = NULL;
    char what[160];
    hf_status status = HF_OK;
    if (group && !is_auto(group)) HF_TRY(done, group_by(cluster, text, frame, group, place, error));
    HF_TRY(done, hf_group_by_copies(&joined, &copies, context, frame, label, *cluster, seed, error));
    if (copies.rows > 0) counted(what, &copies, count_labelled(label, frame->rows));
    if (!is_auto(group)) {
        if (copies.rows > 0)
            hf_warn(
                context,
                "%s: %s: the same customer again? Choices are made on rows whose copies were learnt from; "
                "--group auto keeps them together",
                place, what);
        goto done;
    }
    if (copies.rows > 0)
        hf_text_printf(text, "%s: %s and are kept together\n", place, what);
    else
        hf_text_printf(text, "%s: no rows look like copies of others\n", place);
    hf_delete(context, *cluster);
    *cluster = joined;
    joined = NULL;
done:
    hf_delete(context, joined);
    return status;
}

// ---- folds -----------------------------------------------------------------------------------------------

hf_status hf_group_table(hf_found_copies *out, hf_labelled *table, hf_text *text, const char *group,
                         const char *place, uint64_t seed, hf_error *error)
{
    const hf_context *context = table->context;
    const size_t rows = (size_t)table->frame->rows;
    hf_found_copies made = {0};
    hf_status status = HF_OK;
    if (group && !is_auto(group))
        HF_TRY(done, group_by(&table->cluster, text, table->frame, group, place, error));
    if (table->cluster) {
        made.own = hf_new_raw(context, rows, sizeof *made.own);
        if (!made.own) {
            status = hf_fail_memory(error);
            goto done;
        }
        memcpy(made.own, table->cluster, rows * sizeof *made.own);
    }
    HF_TRY(done, hf_group_by_copies(&made.group, &made.copies, context, table->frame, table->label,
                                    table->cluster, seed, error));
    if (is_auto(group)) {
        if (!table->cluster) table->cluster = hf_new_raw(context, rows, sizeof *table->cluster);
        if (!table->cluster) {
            status = hf_fail_memory(error);
            goto done;
        }
        memcpy(table->cluster, made.group, rows * sizeof *made.group);
    }
    *out = made;
    made = (hf_found_copies){0};
done:
    hf_found_copies_free(context, &made);
    return status;
}

void hf_found_copies_free(const hf_context *context, hf_found_copies *found)
{
    hf_delete(context, found->group);
    hf_delete(context, found->own);
    *found = (hf_found_copies){0};
}

// Of rows that share a number, the two latest of different folds.
typedef struct {
    int32_t fold[2];
    hf_date last[2];
    int64_t own; // the first row's own cluster, and whether there is another
    bool mixed;
} group_span;

static void take(group_span *span, int32_t fold, hf_date date)
{
    const int same = span->fold[1] == fold;
    const int place = span->fold[0] == fold ? 0 : same;
    if (span->fold[place] == fold) {
        if (date > span->last[place]) span->last[place] = date;
    } else if (span->fold[1] == HF_FOLD_SKIP || date > span->last[1]) {
        span->fold[1] = fold;
        span->last[1] = date;
    }
    if (span->fold[0] == HF_FOLD_SKIP || (span->fold[1] != HF_FOLD_SKIP && span->last[1] > span->last[0])) {
        const group_span was = *span;
        span->fold[0] = was.fold[1];
        span->last[0] = was.last[1];
        span->fold[1] = was.fold[0];
        span->last[1] = was.last[0];
    }
}

static hf_status fill_spans(group_span **out, const int64_t *number, const int64_t *own,
                            const hf_labelled *table, const hf_folds *folds, hf_error *error)
{
    int64_t most = 0;
    for (int64_t i = 0; i < table->frame->rows; i++)
        if (number[i] >= most) most = number[i] + 1;
    group_span *spans = hf_new(table->context, (size_t)most, sizeof *spans);
    if (!spans) return hf_fail_memory(error);
    for (int64_t g = 0; g < most; g++)
        spans[g] = (group_span){{HF_FOLD_SKIP, HF_FOLD_SKIP}, {HF_DATE_MISSING, HF_DATE_MISSING}, -1, false};
    for (int64_t k = 0; k < table->count; k++) {
        const int64_t i = table->rows[k];
        group_span *span = &spans[number[i]];
        if (folds->fold[i] == HF_FOLD_SKIP) continue;
        take(span, folds->fold[i], table->report.as_of ? table->report.as_of[i] : 0);
        const int64_t mine = own ? own[i] : i;
        if (span->own < 0) span->own = mine;
        span->mixed = span->mixed || span->own != mine;
    }
    *out = spans;
    return HF_OK;
}

// Tested rows and, of those, the ones with a row of their group among what is trained on: any, where the
// group is of several accounts; else one of the same day or later, since an account's own past is fair.
static void count_parted(int64_t *tested, int64_t *copies, int64_t *same, const group_span *spans,
                         const int64_t *number, const hf_labelled *table, const hf_folds *folds)
{
    *tested = *copies = *same = 0;
    for (int64_t k = 0; k < table->count; k++) {
        const int64_t i = table->rows[k];
        if (folds->fold[i] < 0) continue;
        const group_span *span = &spans[number[i]];
        const int other = span->fold[0] == folds->fold[i];
        const hf_date date = table->report.as_of ? table->report.as_of[i] : 0;
        const bool parted = span->fold[other] != HF_FOLD_SKIP;
        (*tested)++;
        *copies += parted && span->mixed;
        *same += parted && !span->mixed && span->last[other] >= date;
    }
}

hf_status hf_warn_parted(const hf_found_copies *found, const hf_labelled *table, const hf_folds *folds,
                         const char *place, hf_error *error)
{
    group_span *spans = NULL;
    int64_t tested, copies, same;
    char what[160], rows[32], all[32];
    if (!found->group) return HF_OK;
    hf_status status = fill_spans(&spans, found->group, found->own, table, folds, error);
    if (status != HF_OK) return status;
    count_parted(&tested, &copies, &same, spans, found->group, table, folds);
    hf_grouped(all, tested);
    if (found->copies.rows > 0 && (double)copies >= PARTED_SHARE * (double)tested && copies > 0)
        hf_warn(
            table->context,
            "%s: %s: the same customer again? %s of %s tested rows have a copy among the rows trained on, so "
            "the figures are too good; --group auto keeps copies together",
            place, counted(what, &found->copies, table->count), hf_grouped(rows, copies), all);
    if (same > 0)
        hf_warn(table->context,
                "%s: %s of %s tested rows are of accounts that are trained on by rows of the same day or "
                "later, so "
                "the figures are too good; give all rows of an account one fold, or train on earlier ones",
                place, hf_grouped(rows, same), all);
    hf_delete(table->context, spans);
    return HF_OK;
}
