// SPDX-License-Identifier: Apache-2.0
//
// Labels whole snapshots and stacks them into observations: every account of every snapshot is a row at the
// snapshot's date, unless what is known of its outcome drops it.
#include "history/labels.h"
#include "history/outcomes.h"

// What becomes of the rows of one snapshot: kept rows, their labels and dates, and the counts. seen marks the
// outcomes whose account the snapshot has.
static hf_status label_frame(int64_t *kept, uint8_t *label, hf_date *as_of, bool *seen, hf_ledger_row *row,
                             const hf_frame *frame, const hf_outcomes *outcomes,
                             const hf_label_options *options, hf_date known_until, hf_error *error)
{
    const hf_date t = frame->as_of;
    *row = (hf_ledger_row){.as_of = t};
    // kept holds the match until row i is decided; it never overtakes i.
    hf_status status = hf_frame_match(kept, outcomes->accounts, frame, error);
    if (status != HF_OK) return status;
    for (int64_t i = 0; i < frame->rows; i++) {
        const int64_t first = kept[i] < 0 ? INT64_MAX : outcomes->first[kept[i]];
        if (kept[i] >= 0) seen[kept[i]] = true;
        const hf_fate fate = hf_fate_of(first, t, options, known_until);
        const bool event = hf_is_event(first, t, options);
        if (fate == HF_FATE_KEPT) {
            label[row->kept] = event;
            as_of[row->kept] = t;
            kept[row->kept] = i;
        }
        hf_ledger_count(row, fate, event);
    }
    return HF_OK;
}

hf_status hf_observe(hf_observations *out, hf_ledger *ledger, const hf_context *context,
                     hf_frame *const *frames, int32_t count, const hf_outcomes *outcomes,
                     const hf_label_options *options, hf_error *error)
{
    hf_observations made = {0};
    hf_ledger counts = {0};
    hf_frame **parts = NULL;
    int32_t *order = NULL, part_count = 0;
    int64_t *kept = NULL, most = 0, all = 0;
    uint8_t *label = NULL;
    bool *seen = NULL;
    const hf_date known = hf_known_until(options, outcomes);
    hf_date *as_of = NULL;
    hf_status status;
    HF_TRY(done, hf_label_options_check(options, error));
    for (int32_t f = 0; f < count; f++) {
        if (frames[f]->rows > most) most = frames[f]->rows;
        all += frames[f]->rows;
    }
    parts = hf_new(context, (size_t)count, sizeof(hf_frame *));
    order = hf_new(context, (size_t)count, sizeof *order);
    counts.rows = hf_new(context, (size_t)count, sizeof *counts.rows);
    kept = hf_new(context, (size_t)most, sizeof *kept);
    label = hf_new(context, (size_t)all, sizeof *label);
    as_of = hf_new(context, (size_t)all, sizeof *as_of);
    seen = hf_new(context, (size_t)outcomes->accounts->rows, sizeof *seen);
    if (!parts || !order || !counts.rows || !kept || !label || !as_of || !seen) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_order_by_date(order, frames, count, error));
    for (int32_t i = 0; i < count; i++) {
        hf_ledger_row *row = &counts.rows[counts.count++];
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, label_frame(kept, label + counts.total.kept, as_of + counts.total.kept, seen, row,
                                 frames[order[i]], outcomes, options, known, error));
        counts.total.kept += row->kept;
        // A snapshot of which nothing is kept would still bring its columns.
        if (row->kept > 0)
            HF_TRY(done, hf_frame_select(&parts[part_count++], frames[order[i]], kept, row->kept, error));
    }
    hf_ledger_add_up(&counts);
    if (counts.count > 0) hf_ledger_count_unknown(&counts, outcomes, seen, counts.rows[0].as_of, known);
    if (counts.total.kept == 0) {
        status = hf_fail_nothing_kept(&counts, options, known, error);
        goto done;
    }
    HF_TRY(done, hf_observations_stack(&made, context, parts, part_count, label, as_of, error));
    *out = made;
    *ledger = counts;
    made = (hf_observations){0};
    counts = (hf_ledger){0};
done:
    for (int32_t p = 0; parts && p < part_count; p++)
        hf_frame_destroy(parts[p]);
    hf_delete(context, parts);
    hf_delete(context, order);
    hf_delete(context, kept);
    hf_delete(context, label);
    hf_delete(context, as_of);
    hf_delete(context, seen);
    hf_ledger_free(context, &counts);
    hf_observations_free(context, &made);
    return status;
}
