// SPDX-License-Identifier: Apache-2.0
//
// Binds a model to a frame: each term to the column of its signal's name, compiled for the kernels. What does
// not fit is gathered and reported at once, so that a feed is repaired in one round.
#include "score/plan.h"

#include <string.h>

static hf_status list_missing(hf_text *out, const hf_plan *plan, hf_error *error)
{
    const char *nearest = NULL, *path = plan->model->path;
    int32_t lacking = 0;
    for (int64_t i = 0; i < plan->need_count; i++) {
        const hf_need *need = &plan->needs[i];
        if (need->column) continue;
        const hf_status status = hf_frame_nearest(&nearest, plan->frame, need->signal, error);
        if (status != HF_OK) return status;
        if (lacking++ > 0)
            hf_text_puts(out, ", ");
        else
            hf_text_printf(out, "the model%s%s needs columns the data lacks: ", path[0] ? " " : "", path);
        hf_text_printf(out, "'%s'", need->signal);
        if (nearest) hf_text_printf(out, " (is it '%s'?)", nearest);
    }
    if (lacking > 0)
        hf_text_puts(out, "; add or rename them, or pass --allow-missing to score them as without a value");
    return HF_OK;
}

static bool is_category(hf_kind kind)
{
    return kind == HF_KIND_CATEGORY;
}

// Numbers, counts, flags, ratios and money are all numbers to a curve; a column without any value fits all.
static bool fits(const hf_need *need, int64_t rows)
{
    const hf_column *column = need->column;
    if (!column || column->missing == rows) return true;
    return column->kind != HF_KIND_DATE && is_category(column->kind) == is_category(need->kind);
}

static void list_other_kinds(hf_text *out, const hf_plan *plan)
{
    const char *path = plan->model->path;
    char date[11];
    hf_date_format(plan->frame->as_of, date);
    for (int64_t i = 0; i < plan->need_count; i++) {
        const hf_need *need = &plan->needs[i];
        if (fits(need, plan->frame->rows)) continue;
        if (out->length > 0) hf_text_puts(out, "\n");
        hf_text_printf(
            out, "column '%s'%s%s: expected %s as in training%s%s, found %s; repair the column, or %s",
            need->signal, date[0] ? " as of " : "", date, hf_kind_name(need->kind), path[0] ? " of " : "",
            path, hf_kind_name(need->column->kind),
            date[0] ? "declare it where its file is read ('holdfast ingest --revise --kind' for a snapshot)"
                    : "declare it with --kind");
    }
}

// One error for everything that keeps the model from these columns.
static hf_status check_columns(const hf_context *context, const hf_plan *plan, bool allow_missing,
                               hf_error *error)
{
    hf_status status = HF_OK;
    const hf_frame *frame = plan->frame;
    hf_text faults;
    hf_text_init(&faults, context);
    list_other_kinds(&faults, plan);
    if (!allow_missing) {
        if (faults.length > 0) hf_text_puts(&faults, "\n");
        size_t before = faults.length;
        HF_TRY(done, list_missing(&faults, plan, error));
        if (faults.length == before && before > 0) faults.data[--faults.length] = '\0';
    }
    HF_TRY(done, hf_text_status(&faults, error));
    if (faults.length > 0)
        status =
            hf_fail_at(error, HF_ERROR_DATA, frame->source ? frame->source : "", 0, 0, "%s", faults.data);
done:
    hf_text_free(&faults);
    return status;
}

static uint32_t bits_for(int32_t count)
{
    uint32_t bits = 0;
    while (bits < 23 && (INT64_C(1) << bits) < count)
        bits++;
    return bits;
}

static hf_status bind(hf_plan *plan, const hf_context *context, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_curve *c = &plan->model->calibration;
    plan->bend = (hf_kernel_bend){c->origin, c->intercept, c->slope, c->hinges, c->hinge_at, c->hinge_slope};
    plan->base = plan->model->intercept;
    for (int32_t t = 0; t < plan->count; t++) {
        const hf_term *term = &plan->model->terms[t];
        plan->base += term->reference;
        HF_TRY(done, hf_term_compile_in(&plan->terms[t], context, term, plan->frame, NULL, error));
    }
done:
    return status;
}

hf_status hf_plan_create(hf_plan **out, const hf_context *context, const hf_model *model,
                         const hf_frame *frame, const hf_plan_options *options, hf_error *error)
{
    hf_status status = HF_OK;
    if (model->term_count > 1 << 20)
        return hf_fail(error, HF_ERROR_DATA, "the model has %d terms; at most %d can be scored",
                       model->term_count, 1 << 20);
    hf_plan *plan = hf_new(context, 1, sizeof *plan);
    if (!plan) return hf_fail_memory(error);
    *plan = (hf_plan){.context = context, .model = model, .frame = frame, .count = model->term_count};
    plan->index_bits = bits_for(plan->count);
    plan->terms = hf_new(context, (size_t)plan->count, sizeof *plan->terms);
    if (!plan->terms) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_plan_needs(&plan->needs, &plan->need_count, context, model, frame, error));
    HF_TRY(done, check_columns(context, plan, options && options->allow_missing, error));
    HF_TRY(done, bind(plan, context, error));
    HF_TRY(done, hf_plan_report(plan, context, error));
    HF_TRY(done, hf_plan_check_range(plan, context, !options || !options->refuse_unlike, error));
    *out = plan;
    plan = NULL;
done:
    hf_plan_destroy(plan);
    return status;
}

void hf_plan_destroy(hf_plan *plan)
{
    if (!plan) return;
    for (int32_t t = 0; plan->terms && t < plan->count; t++)
        hf_term_compiled_free(plan->context, plan->terms[t]);
    hf_delete(plan->context, plan->terms);
    hf_delete(plan->context, plan->needs);
    hf_delete(plan->context, plan);
}

// What calibration adds to a sum.
static double calibration_at(const hf_plan *plan, double sum)
{
    return plan->model->calibrated ? hf_curve_value(&plan->model->calibration, sum) - sum : 0.0;
}

double hf_plan_explain(const hf_plan *plan, int64_t row, double *contribution)
{
    double sum = plan->base;
    for (int32_t t = 0; t < plan->count; t++) {
        contribution[t] = hf_term_contribution(plan->terms[t], row);
        sum += contribution[t];
    }
    return sum + calibration_at(plan, sum);
}

double hf_plan_calibration(const hf_plan *plan, int64_t row)
{
    double sum = plan->base;
    for (int32_t t = 0; t < plan->count; t++)
        sum += hf_term_contribution(plan->terms[t], row);
    return calibration_at(plan, sum);
}
