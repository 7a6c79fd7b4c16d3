// SPDX-License-Identifier: Apache-2.0
//
// Reads a file of outcomes and settles until when they are known.
#include "workflow/outcomes_file.h"

#include "holdfast/csv.h"
#include "workflow/today.h"

// The day outcomes are known until: as said, else the last in the file that can have happened. A row dated in
// the future is a slip, and must not make labels of windows that have not passed. Where the clock is behind
// the data, the newest snapshot says what day it is.
static hf_date settle_known_until(const hf_context *context, const hf_outcomes_source *source,
                                  const hf_frame *outcomes)
{
    const int32_t *days = outcomes->columns[hf_frame_find(outcomes, "date")].values;
    const hf_date today = hf_today() > source->newest ? hf_today() : source->newest;
    const bool said = source->known_until != HF_DATE_MISSING;
    hf_date known = HF_DATE_MISSING, last = HF_DATE_MISSING;
    int64_t later = 0;
    char date[11], from[11], cap[11];
    for (int64_t i = 0; i < outcomes->rows; i++) {
        if (days[i] > last) last = days[i];
        if (days[i] <= today && days[i] > known) known = days[i];
        later += days[i] > today;
    }
    if (known == HF_DATE_MISSING) known = today;
    if (said) known = source->known_until;
    hf_date_format(known, date);
    hf_date_format(last, from);
    hf_date_format(today, cap);
    if (later > 0)
        hf_warn(context,
                "%s: %lld of %lld rows are dated after %s, as late as %s; outcomes are taken as known until "
                "%s: correct the rows, or pass --known-until DATE",
                source->path, (long long)later, (long long)outcomes->rows, cap, from, date);
    else if (known > today)
        hf_warn(context, "--known-until %s has not come yet; outcomes after %s cannot be known", date, cap);
    return known;
}

hf_status hf_outcomes_read(hf_outcomes **out, hf_date *known, const hf_context *context,
                           const hf_outcomes_source *source, hf_error *error)
{
    static const hf_declared_kind kinds[] = {{"date", HF_KIND_DATE}, {"outcome", HF_KIND_CATEGORY}};
    hf_frame *frame = NULL;
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    csv.id = source->id && source->id[0] != '\0' ? source->id : "account_id";
    csv.allow_duplicate_ids = true;
    csv.kinds = kinds;
    csv.kind_count = 2;
    hf_status status = hf_csv_read(&frame, NULL, context, source->path, &csv, error);
    if (status != HF_OK) return status;
    status = hf_outcomes_create(out, context, frame, source->outcome ? source->outcome : "churn", error);
    if (status == HF_OK) *known = settle_known_until(context, source, frame);
    hf_frame_destroy(frame);
    return status;
}
