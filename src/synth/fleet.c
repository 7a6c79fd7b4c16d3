// SPDX-License-Identifier: Apache-2.0
//
// Runs the accounts in blocks of HF_TILE places: a wave of blocks is drawn and formatted in parallel, each
// into its own stretch of text, and then written in order, so that neither the text nor any sum depends on
// the threads. The k-th account of place p has the number p + k x places + 1, and its own random stream.
#include "synth/fleet.h"

#include "synth/interactions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WAVE = 64 }; // blocks that are in memory as text at a time

// One block's month: its share of the wave's arrays.
typedef struct {
    int64_t begin, end; // places
    char *text;
    size_t length;
    hf_synth_event *events;
    int64_t event_count;
    double *log_odds;
    uint8_t *churned;
    double expected_events;
} block;

struct hf_fleet {
    const hf_context *context;
    hf_synth_options options;
    hf_calendar calendar;
    int id_digits;
    hf_synth_account *accounts; // owned: one a place
    int32_t blocks_a_wave;
    block *blocks; // owned
    char *text;    // owned, as the next three: the blocks' arrays
    hf_synth_event *block_events;
    double *log_odds;
    uint8_t *churned;
    hf_synth_event *events; // owned: of the month
    int64_t event_count, event_capacity;
    hf_auc_histogram month, pooled;
    hf_synth_month total;
};

// ---- making --------------------------------------------------------------------------------------------

static void lay_out_blocks(hf_fleet *fleet)
{
    for (int32_t i = 0; i < fleet->blocks_a_wave; i++) {
        size_t row = (size_t)i * HF_TILE;
        fleet->blocks[i].text = fleet->text + row * HF_SYNTH_ROW_BYTES;
        fleet->blocks[i].events = fleet->block_events + row * SYNTH_EVENTS_A_MONTH;
        fleet->blocks[i].log_odds = fleet->log_odds + row;
        fleet->blocks[i].churned = fleet->churned + row;
    }
}

static hf_status allocate_fleet(hf_fleet *fleet, hf_error *error)
{
    const hf_context *context = fleet->context;
    int64_t blocks = (fleet->options.accounts + HF_TILE - 1) / HF_TILE;
    fleet->blocks_a_wave = blocks < WAVE ? (int32_t)blocks : WAVE;
    size_t rows = (size_t)fleet->blocks_a_wave * HF_TILE;
    fleet->accounts = hf_new(context, (size_t)fleet->options.accounts, sizeof *fleet->accounts);
    fleet->blocks = hf_new(context, (size_t)fleet->blocks_a_wave, sizeof *fleet->blocks);
    fleet->text = hf_new_raw(context, rows, HF_SYNTH_ROW_BYTES);
    fleet->block_events = hf_new_raw(context, rows * SYNTH_EVENTS_A_MONTH, sizeof *fleet->block_events);
    fleet->log_odds = hf_new_raw(context, rows, sizeof *fleet->log_odds);
    fleet->churned = hf_new_raw(context, rows, sizeof *fleet->churned);
    bool made = fleet->accounts && fleet->blocks && fleet->text && fleet->block_events && fleet->log_odds &&
                fleet->churned;
    if (!made) return hf_fail_memory(error);
    lay_out_blocks(fleet);
    return HF_OK;
}

hf_status hf_fleet_create(hf_fleet **out, const hf_context *context, const hf_synth_options *options,
                          hf_error *error)
{
    hf_status status = HF_OK;
    hf_fleet *fleet = hf_new(context, 1, sizeof *fleet);
    if (!fleet) return hf_fail_memory(error);
    fleet->context = context;
    fleet->options = *options;
    fleet->total.published = true;
    // Enough for every account that could ever come, so that ids sort as their numbers.
    fleet->id_digits = 6;
    for (int64_t most = options->accounts * options->months; most >= 1000000; most /= 10)
        fleet->id_digits++;
    HF_TRY(done, hf_calendar_create(&fleet->calendar, context, options->last, options->months, error));
    HF_TRY(done, allocate_fleet(fleet, error));
    HF_TRY(done, hf_auc_histogram_create(&fleet->month, context, error));
    HF_TRY(done, hf_auc_histogram_create(&fleet->pooled, context, error));
    *out = fleet;
    fleet = NULL;
done:
    hf_fleet_destroy(fleet);
    return status;
}

void hf_fleet_destroy(hf_fleet *fleet)
{
    if (!fleet) return;
    const hf_context *context = fleet->context;
    hf_calendar_free(context, &fleet->calendar);
    hf_auc_histogram_free(context, &fleet->month);
    hf_auc_histogram_free(context, &fleet->pooled);
    hf_delete(context, fleet->accounts);
    hf_delete(context, fleet->blocks);
    hf_delete(context, fleet->text);
    hf_delete(context, fleet->block_events);
    hf_delete(context, fleet->log_odds);
    hf_delete(context, fleet->churned);
    hf_delete(context, fleet->events);
    hf_delete(context, fleet);
}

hf_date hf_fleet_as_of(const hf_fleet *fleet, int32_t m)
{
    return hf_calendar_end(&fleet->calendar, SYNTH_PAST_MONTHS + m);
}

// ---- a month -------------------------------------------------------------------------------------------

static void run_block(block *b, const hf_fleet *fleet, int32_t m)
{
    const hf_calendar *calendar = &fleet->calendar;
    int32_t month = SYNTH_PAST_MONTHS + m;
    int64_t values[SYNTH_SIGNALS];
    char *to = b->text;
    b->event_count = 0;
    b->expected_events = 0.0;
    for (int64_t place = b->begin; place < b->end; place++) {
        hf_synth_account *account = &fleet->accounts[place];
        if (m == 0)
            hf_synth_account_begin(account, calendar, fleet->options.seed, place + 1, month, true);
        else if (account->gone)
            hf_synth_account_begin(account, calendar, fleet->options.seed,
                                   account->number + fleet->options.accounts, month, false);
        hf_synth_account_observe(account, calendar, month, values);
        to = hf_synth_put_row(to, account->number, fleet->id_digits, values);
        double log_odds = hf_synth_log_odds(values);
        if (fleet->options.truth == HF_SYNTH_INTERACTIONS) log_odds += hf_synth_interactions(values);
        double probability = 1.0 / (1.0 + exp(-log_odds));
        b->event_count +=
            hf_synth_account_live(account, calendar, month, probability, &b->events[b->event_count]);
        b->log_odds[place - b->begin] = log_odds;
        b->churned[place - b->begin] = account->gone;
        b->expected_events += probability;
    }
    b->length = (size_t)(to - b->text);
}

static hf_status keep_events(hf_fleet *fleet, const hf_synth_event *events, int64_t count, hf_error *error)
{
    int64_t needed = fleet->event_count + count;
    if (needed > fleet->event_capacity) {
        int64_t capacity = 2 * needed;
        void *grown = hf_grow(fleet->context, fleet->events, (size_t)capacity, sizeof *events);
        if (!grown) return hf_fail_memory(error);
        fleet->events = grown;
        fleet->event_capacity = capacity;
    }
    memcpy(fleet->events + fleet->event_count, events, (size_t)count * sizeof *events);
    fleet->event_count = needed;
    return HF_OK;
}

// Takes a finished block's results, in the order of the blocks.
static hf_status take_block(hf_synth_month *summary, hf_fleet *fleet, const block *b, hf_output *accounts,
                            hf_error *error)
{
    hf_status status = HF_OK;
    int64_t rows = b->end - b->begin;
    summary->rows += rows;
    summary->expected_events += b->expected_events;
    HF_TRY(done, hf_output_write(accounts, b->text, b->length, error));
    if (!summary->published) goto done;
    for (int64_t i = 0; i < rows; i++)
        summary->events += b->churned[i];
    hf_auc_histogram_add(&fleet->month, b->log_odds, b->churned, rows);
    status = keep_events(fleet, b->events, b->event_count, error);
done:
    return status;
}

static hf_status run_wave(hf_synth_month *summary, hf_fleet *fleet, int32_t m, int64_t begin,
                          hf_output *accounts, hf_error *error)
{
    hf_status status = HF_OK;
    int64_t left = fleet->options.accounts - begin;
    int32_t count = (int32_t)((left + HF_TILE - 1) / HF_TILE);
    if (left > (int64_t)fleet->blocks_a_wave * HF_TILE) count = fleet->blocks_a_wave;
    for (int32_t i = 0; i < count; i++) {
        block *b = &fleet->blocks[i];
        b->begin = begin + (int64_t)i * HF_TILE;
        b->end = b->begin + HF_TILE < fleet->options.accounts ? b->begin + HF_TILE : fleet->options.accounts;
    }
    int threads = hf_context_threads(fleet->context);
#pragma omp parallel for default(none) shared(fleet, count, m) schedule(static) num_threads(threads)
    for (int32_t i = 0; i < count; i++)
        run_block(&fleet->blocks[i], fleet, m);
    for (int32_t i = 0; i < count; i++)
        HF_TRY(done, take_block(summary, fleet, &fleet->blocks[i], accounts, error));
done:
    return status;
}

static int compare_events(const void *a, const void *b)
{
    const hf_synth_event *x = a, *y = b;
    if (x->date != y->date) return x->date < y->date ? -1 : 1;
    if (x->account != y->account) return x->account < y->account ? -1 : 1;
    return (x->outcome > y->outcome) - (x->outcome < y->outcome);
}

static char *put_event(char *to, const hf_synth_event *event, int id_digits)
{
    static const char *const names[] = {[SYNTH_CHURN] = "churn",
                                        [SYNTH_CONTRACTION] = "contraction",
                                        [SYNTH_RENEWAL] = "renewal",
                                        [SYNTH_UPGRADE] = "upgrade"};
    to = hf_synth_put_id(to, event->account, id_digits);
    *to++ = ',';
    hf_date_format(event->date, to);
    to += strlen(to);
    *to++ = ',';
    size_t length = strlen(names[event->outcome]);
    memcpy(to, names[event->outcome], length);
    to += length;
    *to++ = ',';
    to = hf_synth_put_hundredths(to, event->cents);
    *to++ = '\n';
    return to;
}

// Writes the month's events, sorted, through the text of the blocks.
static hf_status write_events(hf_fleet *fleet, hf_output *outcomes, hf_error *error)
{
    hf_status status = HF_OK;
    int64_t at_once = (int64_t)fleet->blocks_a_wave * HF_TILE;
    if (fleet->event_count > 1)
        qsort(fleet->events, (size_t)fleet->event_count, sizeof *fleet->events, compare_events);
    for (int64_t i = 0; i < fleet->event_count;) {
        int64_t stop = i + at_once < fleet->event_count ? i + at_once : fleet->event_count;
        char *to = fleet->text;
        for (; i < stop; i++)
            to = put_event(to, &fleet->events[i], fleet->id_digits);
        HF_TRY(done, hf_output_write(outcomes, fleet->text, (size_t)(to - fleet->text), error));
    }
done:
    fleet->event_count = 0;
    return status;
}

hf_status hf_fleet_write_month(hf_synth_month *summary, hf_fleet *fleet, int32_t m, hf_output *accounts,
                               hf_output *outcomes, hf_error *error)
{
    hf_status status = HF_OK;
    hf_synth_month made = {.as_of = hf_fleet_as_of(fleet, m), .published = m + 1 < fleet->options.months};
    char *header_end = hf_synth_put_header(fleet->text);
    HF_TRY(done, hf_output_write(accounts, fleet->text, (size_t)(header_end - fleet->text), error));
    for (int64_t begin = 0; begin < fleet->options.accounts;
         begin += (int64_t)fleet->blocks_a_wave * HF_TILE) {
        HF_TRY(done, hf_check_cancel(fleet->context, error));
        HF_TRY(done, run_wave(&made, fleet, m, begin, accounts, error));
    }
    if (made.published) {
        made.best_auc = hf_auc_histogram_auc(&fleet->month);
        hf_auc_histogram_pour(&fleet->pooled, &fleet->month);
        fleet->total.rows += made.rows;
        fleet->total.events += made.events;
        fleet->total.expected_events += made.expected_events;
        HF_TRY(done, write_events(fleet, outcomes, error));
    }
    *summary = made;
done:
    return status;
}

hf_synth_month hf_fleet_pooled(const hf_fleet *fleet)
{
    hf_synth_month pooled = fleet->total;
    pooled.best_auc = hf_auc_histogram_auc(&fleet->pooled);
    return pooled;
}
