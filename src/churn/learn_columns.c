// SPDX-License-Identifier: Apache-2.0
//
// What cannot carry information is left out and named: a constant, a column without a value, a category of
// rare levels only. Dates are not modelled.
#include "churn/learn_columns.h"

#include <math.h>
#include <string.h>

static void add_name(hf_text *text, const char *name, const char *why)
{
    hf_text_printf(text, "%s%s", text->length > 0 ? ", " : "", name);
    if (why) hf_text_printf(text, " (%s)", why);
}

hf_status hf_learn_columns(hf_learn_column *learn, void *of, const hf_context *context, const hf_frame *frame,
                           bool quiet, hf_error *error)
{
    hf_text unused, dates;
    hf_status status = HF_OK;
    int32_t learnt = 0;
    hf_text_init(&unused, context);
    hf_text_init(&dates, context);
    for (int32_t c = 0; c < frame->column_count; c++) {
        const char *left_out = NULL;
        if (frame->columns[c].storage == HF_STORAGE_DAY) {
            add_name(&dates, frame->columns[c].name, NULL);
            continue;
        }
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, learn(of, &left_out, c, error));
        learnt += left_out == NULL;
        if (left_out) add_name(&unused, frame->columns[c].name, left_out);
    }
    HF_TRY(done, hf_text_status(&unused, error));
    HF_TRY(done, hf_text_status(&dates, error));
    if (learnt == 0) {
        status = hf_fail(error, HF_ERROR_DATA,
                         "no column can be modelled%s%s; a model needs a column whose values differ",
                         unused.length > 0 ? ": " : "", unused.length > 0 ? unused.data : "");
        goto done;
    }
    if (unused.length > 0 && !quiet) hf_warn(context, "columns left out of the model: %s", unused.data);
    if (dates.length > 0 && !quiet) hf_info(context, "date columns are not modelled: %s", dates.data);
done:
    hf_text_free(&unused);
    hf_text_free(&dates);
    return status;
}

hf_status hf_check_number(const hf_column *column, int64_t row, double x, hf_error *error)
{
    if (!(fabs(x) > HF_LARGEST)) return HF_OK; // infinite ones are
    return hf_fail(error, HF_ERROR_DATA,
                   "column '%s', row %lld: %g is too large to be modelled; correct it or leave it empty",
                   column->name, (long long)row, x);
}

hf_status hf_start_term(hf_term *term, const hf_context *context, const hf_column *column, int64_t missing,
                        hf_error *error)
{
    term->signal_kind = column->kind;
    term->missing_seen = missing;
    term->signal = hf_copy_text(context, column->name, strlen(column->name));
    term->unit = hf_copy_text(context, column->unit, strlen(column->unit));
    return term->signal && term->unit ? HF_OK : hf_fail_memory(error);
}
