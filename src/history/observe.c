// SPDX-License-Identifier: Apache-2.0
//
// Labels whole snapshots and stacks them into observations: every account of every snapshot is a row at the
// snapshot's date, unless what is known of its outcome drops it.
#include "history/labels.h"
#include "history/outcomes.h"

// The rows gathered so far. Arrays and frames are owned.
typedef struct {
    const hf_context *context;
    const hf_outcomes *outcomes;
    const hf_label_options *options;
    hf_date known;
    int64_t *kept;  // of the snapshot at hand
    uint8_t *label; // of all rows kept, as the dates
    hf_date *as_of;
    bool *seen;       // outcomes whose account a snapshot has
    hf_frame **parts; // the rows kept of each snapshot
    int32_t part_count;
    hf_ledger ledger; // its total's kept counts along
} observing;

static hf_status make_room(observing *o, hf_frame *const *frames, int32_t count, hf_error *error)
{
    int64_t most = 0, all = 0;
    for (int32_t f = 0; f < count; f++) {
        if (frames[f]->rows > most) most = frames[f]->rows;
        all += frames[f]->rows;
    }
    o->kept = hf_new(o->context, (size_t)most, sizeof *o->kept);
    o->label = hf_new(o->context, (size_t)all, sizeof *o->label);
    o->as_of = hf_new(o->context, (size_t)all, sizeof *o->as_of);
    o->seen = hf_new(o->context, (size_t)o->outcomes->accounts->rows, sizeof *o->seen);
    o->parts = hf_new(o->context, (size_t)count, sizeof(hf_frame *));
    o->ledger.rows = hf_new(o->context, (size_t)count, sizeof *o->ledger.rows);
    const bool made = o->kept && o->label && o->as_of && o->seen && o->parts && o->ledger.rows;
    return made ? HF_OK : hf_fail_memory(error);
}

static void free_observing(observing *o)
{
    for (int32_t p = 0; p < o->part_count; p++)
        hf_frame_destroy(o->parts[p]);
    hf_delete(o->context, o->parts);
    hf_delete(o->context, o->kept);
    hf_delete(o->context, o->label);
    hf_delete(o->context, o->as_of);
    hf_delete(o->context, o->seen);
    hf_ledger_free(o->context, &o->ledger);
}

// Decides every row of a snapshot: which are kept, their labels and dates, and the counts.
static hf_status label_frame(observing *o, hf_ledger_row *row, const hf_frame *frame, hf_error *error)
{
    const hf_date t = frame->as_of;
    uint8_t *label = o->label + o->ledger.total.kept;
    hf_date *as_of = o->as_of + o->ledger.total.kept;
    int64_t *kept = o->kept;
    *row = (hf_ledger_row){.as_of = t};
    // kept holds the match until row i is decided; it never overtakes i.
    hf_status status = hf_frame_match(kept, o->outcomes->accounts, frame, error);
    if (status != HF_OK) return status;
    for (int64_t i = 0; i < frame->rows; i++) {
        const int64_t first = kept[i] < 0 ? INT64_MAX : o->outcomes->first[kept[i]];
        if (kept[i] >= 0) o->seen[kept[i]] = true;
        const hf_fate fate = hf_fate_of(first, t, o->options, o->known);
        const bool event = hf_is_event(first, t, o->options);
        if (fate == HF_FATE_KEPT) {
            label[row->kept] = event;
            as_of[row->kept] = t;
            kept[row->kept] = i;
        }
        hf_ledger_count(row, fate, event);
    }
    return HF_OK;
}

static hf_status add_frame(observing *o, const hf_frame *frame, hf_error *error)
{
    hf_ledger_row *row = &o->ledger.rows[o->ledger.count++];
    hf_status status = hf_check_cancel(o->context, error);
    if (status == HF_OK) status = label_frame(o, row, frame, error);
    if (status != HF_OK) return status;
    o->ledger.total.kept += row->kept;
    // A snapshot of which nothing is kept would still bring its columns.
    if (row->kept == 0) return HF_OK;
    status = hf_frame_select(&o->parts[o->part_count], frame, o->kept, row->kept, error);
    o->part_count += status == HF_OK;
    return status;
}

hf_status hf_observe(hf_observations *out, hf_ledger *ledger, const hf_context *context,
                     hf_frame *const *frames, int32_t count, const hf_outcomes *outcomes,
                     const hf_label_options *options, hf_error *error)
{
    observing o = {.context = context,
                   .outcomes = outcomes,
                   .options = options,
                   .known = hf_known_until(options, outcomes)};
    int32_t *order = NULL;
    hf_status status;
    HF_TRY(done, hf_label_options_check(options, error));
    order = hf_new(context, (size_t)count, sizeof *order);
    if (!order) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, make_room(&o, frames, count, error));
    HF_TRY(done, hf_order_by_date(order, frames, count, error));
    for (int32_t i = 0; i < count; i++)
        HF_TRY(done, add_frame(&o, frames[order[i]], error));
    hf_ledger_add_up(&o.ledger);
    if (count > 0) hf_ledger_count_unknown(&o.ledger, outcomes, o.seen, o.ledger.rows[0].as_of, o.known);
    if (o.ledger.total.kept == 0) {
        status = hf_fail_nothing_kept(&o.ledger, options, o.known, error);
        goto done;
    }
    HF_TRY(done, hf_observations_stack(out, context, o.parts, o.part_count, o.label, o.as_of, error));
    *ledger = o.ledger;
    o.ledger = (hf_ledger){0};
done:
    hf_delete(context, order);
    free_observing(&o);
    return status;
}
