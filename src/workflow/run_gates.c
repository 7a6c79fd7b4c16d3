// SPDX-License-Identifier: Apache-2.0
//
// The gates of a night. A late or half-empty feed shows as a signal that lost much of its coverage, or as
// accounts that are no more known than unknown; publishing that would paint a fleet red for no reason of its
// own.
#include "workflow/run_gates.h"

#include "workflow/checking.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    const char *name;
    double before, now; // shares of the accounts
    double fall;        // share of what there was
} signal_fall;

static int by_fall(const void *a, const void *b)
{
    const signal_fall *x = a, *y = b;
    if (x->fall < y->fall || x->fall > y->fall) return x->fall > y->fall ? -1 : 1;
    return (x->name > y->name) - (x->name < y->name); // names stand in the frame's order
}

static double coverage_of(const hf_frame *frame, int32_t column)
{
    return frame->rows > 0 ? 1 - (double)frame->columns[column].missing / (double)frame->rows : 0;
}

// Few values come and go by chance, so a fall counts beyond three times the root of what there was.
static bool is_fall(double before, double now, int64_t rows, double most)
{
    const double lost = (before - now) * (double)rows;
    return before > 0 && (before - now) / before > most && lost > 3 * sqrt(before * (double)rows);
}

static int32_t find_falls(signal_fall *out, const hf_frame *frame, int32_t columns, const hf_frame *last,
                          double most)
{
    int32_t count = 0;
    for (int32_t c = 0; c < last->column_count; c++) {
        const double before = coverage_of(last, c);
        const int32_t at = hf_frame_find(frame, last->columns[c].name);
        const double now = at >= 0 && at < columns ? coverage_of(frame, at) : 0;
        if (is_fall(before, now, frame->rows, most))
            out[count++] = (signal_fall){last->columns[c].name, before, now, (before - now) / before};
    }
    qsort(out, (size_t)count, sizeof *out, by_fall);
    return count;
}

static hf_status fail_signals(const hf_context *context, const signal_fall *falls, int32_t count,
                              const hf_frame *last, double most, hf_error *error)
{
    enum { SHOWN = 5 };
    char date[11];
    hf_text list;
    hf_date_format(last->as_of, date);
    hf_text_init(&list, context);
    for (int32_t i = 0; i < count && i < SHOWN; i++)
        hf_text_printf(&list, "%s%s from %.1f %% to %.1f %%", i > 0 ? ", " : "", falls[i].name,
                       100 * falls[i].before, 100 * falls[i].now);
    if (count > SHOWN) hf_text_printf(&list, " and %d more", (int)(count - SHOWN));
    hf_status status = hf_text_status(&list, error);
    if (status == HF_OK)
        status =
            hf_fail(error, HF_ERROR_GATE,
                    "the gate coverage_fall stopped the night: coverage since %s fell: %s; at most %.4g %% "
                    "of what there was may go. Nothing was stored or published, and the last good night "
                    "stays. Look whether a feed was late or cut short and run again; where the fall is "
                    "real, pass a larger --most-coverage-fall",
                    date, list.data, 100 * most);
    hf_text_free(&list);
    return status;
}

hf_status hf_gate_coverage(const hf_context *context, const hf_frame *frame, int32_t columns,
                           const hf_frame *last, double most, hf_error *error)
{
    char date[11];
    if (isnan(most) || !last) return HF_OK;
    hf_date_format(last->as_of, date);
    if (is_fall(1, (double)frame->rows / (double)last->rows, last->rows, most))
        return hf_fail(
            error, HF_ERROR_GATE,
            "the gate coverage_fall stopped the night: there are %lld accounts, on %s there were "
            "%lld; at most %.4g %% may go. Nothing was stored or published, and the last good night "
            "stays. Look whether the export was cut short and run again; where the fall is real, "
            "pass a larger --most-coverage-fall",
            (long long)frame->rows, date, (long long)last->rows, 100 * most);
    signal_fall *falls = hf_new(context, (size_t)last->column_count, sizeof *falls);
    if (!falls) return hf_fail_memory(error);
    const int32_t count = find_falls(falls, frame, columns, last, most);
    hf_status status = count > 0 ? fail_signals(context, falls, count, last, most, error) : HF_OK;
    hf_delete(context, falls);
    return status;
}

hf_status hf_gate_unknown(const hf_health *health, hf_date as_of, double most, hf_error *error)
{
    char date[11];
    int64_t unknown = 0;
    if (isnan(most) || health->rows == 0) return HF_OK;
    for (int64_t i = 0; i < health->rows; i++)
        unknown += health->band[i] < 0;
    const double share = (double)unknown / (double)health->rows;
    if (share <= most) return HF_OK;
    hf_date_format(as_of, date);
    return hf_fail(
        error, HF_ERROR_GATE,
        "the gate unknown stopped the night of %s: the band of %lld of %lld accounts (%.1f %%) is "
        "unknown, at most %.4g %% may be. Nothing was stored or published, and the last good night "
        "stays. Look which signals are missing or stale ('holdfast profile'), or pass a larger "
        "--most-unknown",
        date, (long long)unknown, (long long)health->rows, 100 * share, 100 * most);
}

hf_status hf_gate_findings(const hf_context *context, const hf_definition *definition, const hf_frame *frame,
                           const hf_frame *last, bool accept, hf_error *error)
{
    hf_checking checking = {.context = context,
                            .definition = definition,
                            .frame = frame,
                            .last = last,
                            .coverage = NAN,
                            .under_coverage = NAN};
    const hf_finding *first = NULL;
    int32_t errors = 0;
    hf_status status;
    HF_TRY(done, hf_check_data(&checking, error));
    if (checking.failed) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < checking.count; i++) {
        const hf_finding *found = &checking.findings[i];
        if (found->level == HF_FINDING_NOTE) continue;
        hf_warn(context, "%s: %s; %s", found->place, found->what, found->remedy);
        if (found->level != HF_FINDING_ERROR) continue;
        if (errors++ == 0) first = found;
    }
    if (errors > 0 && !accept)
        status =
            hf_fail(error, HF_ERROR_GATE,
                    "the check of the data stopped the night: %s: %s; %s%s. Nothing was stored or "
                    "published, and the last good night stays. Where the data is right as it is, pass "
                    "--accept-findings",
                    first->place, first->what, first->remedy, errors > 1 ? " (and more, told above)" : "");
done:
    hf_checking_free(&checking);
    return status;
}
