// SPDX-License-Identifier: Apache-2.0
//
// Every column by itself against the outcome, from its profile: one whose values rank the rows almost
// perfectly, or that has a value almost only where one thing happened, is taken to have been recorded
// afterwards. A name that sounds so warns alone, and accuses where the column also goes with the outcome.
// Dates are no signals, but one filled in after the fact shows that the rows were.
#include "workflow/leak_guard.h"
#include "metrics/metrics_room.h"
#include "report/report_room.h"
#include "workflow/profiling.h"

#include <math.h>
#include <string.h>

#define NAMED_LOW 0.80 // AUC, for certain, from which a name that says "afterwards" is believed

typedef struct {
    bool accused, allowed;
    char what[400]; // the finding in words; "" without one
} suspicion;

// ---- one column ------------------------------------------------------------------------------------------

static bool near_sure(double point, double low)
{
    return point >= HF_LEAK_AUC && low >= HF_LEAK_LOW;
}

static void say_gap(suspicion *out, const hf_leak_figures *f)
{
    char filled[2][32], all[2][32];
    for (int k = 0; k < 2; k++) {
        hf_grouped(filled[k], f->filled[k]);
        hf_grouped(all[k], f->all[k]);
    }
    snprintf(
        out->what, sizeof out->what,
        "filled in for %s of %s rows with the outcome and %s of %s without: whether it has a value tells "
        "what happened",
        filled[1], all[1], filled[0], all[0]);
}

static void judge(suspicion *out, const hf_column *column, const hf_profile *profile)
{
    const hf_leak_figures f = hf_leak_figure(profile);
    const bool named = hf_leak_name(column->name), date = column->storage == HF_STORAGE_DAY;
    const double low = date ? f.gap_low : fmax(f.auc_low, f.gap_low);
    out->accused = true;
    if (near_sure(f.gap_auc, f.gap_low) || near_sure(f.pure, f.pure_low)) {
        say_gap(out, &f);
    } else if (!date && near_sure(f.auc, f.auc_low)) {
        snprintf(
            out->what, sizeof out->what,
            "alone it tells the rows apart with an AUC of %.3f (95 %% interval from %.3f; %.2f is suspect)",
            f.auc, f.auc_low, HF_LEAK_AUC);
    } else if (named && low >= NAMED_LOW) {
        snprintf(out->what, sizeof out->what,
                 "its name says that it is recorded afterwards, and alone it has an AUC of %.3f",
                 fmax(date ? 0 : f.auc, f.gap_auc));
    } else {
        out->accused = false;
        if (named)
            snprintf(out->what, sizeof out->what, "its name sounds as if it were recorded after the outcome");
    }
}

// ---- all of them -----------------------------------------------------------------------------------------

static bool is_date(const char *text)
{
    hf_date date;
    return hf_date_parse(&date, text, strlen(text));
}

static hf_status mark_allowed(suspicion *found, const hf_leak_watch *watch, hf_error *error)
{
    for (int32_t i = 0; i < watch->allow_count; i++) {
        int32_t column = hf_frame_find(watch->frame, watch->allow[i]);
        if (column >= 0)
            found[column].allowed = true;
        else if (!watch->store || !is_date(watch->allow[i]))
            return hf_frame_no_column(watch->frame, watch->allow[i], "--allow-leak", watch->place,
                                      "name one of the data", error);
    }
    return HF_OK;
}

static hf_status note_allowed(json_t **out, const suspicion *found, const hf_leak_watch *watch,
                              hf_error *error)
{
    for (int32_t c = 0; c < watch->frame->column_count; c++) {
        if (!found[c].accused || !found[c].allowed) continue;
        if (!*out) *out = json_array();
        json_t *one =
            json_pack("{s:s,s:s}", "signal", watch->frame->columns[c].name, "finding", found[c].what);
        if (json_array_append_new(*out, one) != 0) return hf_fail_memory(error);
    }
    return HF_OK;
}

// The accused by name, those that fit in an error's text with their findings.
static hf_status refuse(const hf_leak_watch *watch, const suspicion *found, int32_t accused, hf_error *error)
{
    const hf_context *context = watch->frame->context;
    hf_text list, names;
    int32_t told = 0;
    hf_text_init(&list, context);
    hf_text_init(&names, context);
    for (int32_t c = 0; c < watch->frame->column_count; c++) {
        const char *name = watch->frame->columns[c].name;
        if (!found[c].accused || found[c].allowed) continue;
        if (names.length + strlen(name) < 600)
            hf_text_printf(&names, "%s%s", names.length > 0 ? "," : "", name);
        if (list.length + strlen(name) + strlen(found[c].what) > 900) continue;
        hf_text_printf(&list, "  '%s': %s\n", name, found[c].what);
        told++;
    }
    if (told < accused) hf_text_printf(&list, "  and %d more\n", (int)(accused - told));
    hf_status status = hf_text_status(&list, error);
    if (status == HF_OK) status = hf_text_status(&names, error);
    if (status == HF_OK)
        status =
            hf_fail_at(error, HF_ERROR_DATA, watch->place, 0, 0,
                       "%d column%s give%s the outcome away:\n%s%s, or, if %s known on the as-of date, pass "
                       "--allow-leak %s",
                       (int)accused, accused == 1 ? "" : "s", accused == 1 ? "s" : "", list.data,
                       watch->store ? "leave them out where the data is ingested (ingest --ignore)"
                                    : "leave them out with --ignore",
                       accused == 1 ? "it is" : "they are", names.data);
    hf_text_free(&list);
    hf_text_free(&names);
    return status;
}

static void tell(const hf_context *context, const hf_leak_watch *watch, const char *name,
                 const suspicion *found)
{
    if (found->what[0] == '\0') return;
    if (found->accused && found->allowed)
        hf_info(context, "%s: column '%s' is allowed: %s", watch->place, name, found->what);
    else if (found->accused)
        hf_warn(context,
                "%s: column '%s' gives the outcome away: %s; the figures are too good unless it is "
                "known on the as-of date",
                watch->place, name, found->what);
    else if (!found->allowed)
        hf_warn(context, "%s: column '%s': %s; make sure that it is known on the as-of date", watch->place,
                name, found->what);
}

static hf_status profile_columns(hf_profile **out, const hf_context *context, const hf_leak_watch *watch,
                                 hf_error *error)
{
    const size_t count = (size_t)watch->frame->column_count;
    hf_profile_signal *signals = hf_new(context, count, sizeof *signals);
    hf_profile *made = hf_new(context, count, sizeof *made);
    hf_status status = HF_OK;
    if (!signals || !made) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (size_t c = 0; c < count; c++)
        hf_profile_signal_of(&signals[c], &watch->frame->columns[c]);
    HF_TRY(done, hf_profile_signals(made, context, signals, (int32_t)count, watch->frame->rows, watch->label,
                                    error));
    *out = made;
    made = NULL;
done:
    hf_delete(context, signals);
    hf_delete(context, made);
    return status;
}

hf_status hf_leak_guard_columns(json_t **allowed, const hf_context *context, const hf_leak_watch *watch,
                                hf_error *error)
{
    const int32_t count = watch->frame->column_count;
    hf_profile *profiles = NULL;
    int32_t accused = 0;
    hf_status status;
    suspicion *found = hf_new(context, (size_t)count, sizeof *found);
    if (!found) return hf_fail_memory(error);
    HF_TRY(done, mark_allowed(found, watch, error));
    HF_TRY(done, profile_columns(&profiles, context, watch, error));
    for (int32_t c = 0; c < count; c++) {
        judge(&found[c], &watch->frame->columns[c], &profiles[c]);
        accused += found[c].accused && !found[c].allowed;
    }
    if (accused > 0 && watch->stop) {
        status = refuse(watch, found, accused, error);
        goto done;
    }
    if (allowed) HF_TRY(done, note_allowed(allowed, found, watch, error));
    for (int32_t c = 0; c < count; c++)
        tell(context, watch, watch->frame->columns[c].name, &found[c]);
done:
    hf_delete(context, profiles);
    hf_delete(context, found);
    return status;
}
