// SPDX-License-Identifier: Apache-2.0
//
// The terms of a final fit: curves and tables from the basis, a surface from the cells of each pair, a rule
// from each conjunction that kept a weight. A rule's axes have only the edges its conditions need.
#include "churn/final_fit.h"

#include <math.h>
#include <string.h>

static hf_status name_term(hf_term *term, const hf_context *context, hf_error *error)
{
    hf_text name;
    hf_text_init(&name, context);
    for (int32_t a = 0; a < term->axis_count; a++)
        hf_text_printf(&name, "%s%s", a > 0 ? " x " : "", term->axes[a].signal);
    hf_status status = hf_text_status(&name, error);
    if (status == HF_OK) {
        term->signal = hf_copy_text(context, name.data, name.length);
        term->unit = hf_copy_text(context, "", 0);
        if (!term->signal || !term->unit) status = hf_fail_memory(error);
    }
    hf_text_free(&name);
    return status;
}

static hf_status surface_term(hf_term *term, const hf_final_fit *f, int32_t k, const double *weights,
                              hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = f->basis->context;
    const hf_block *block = &f->joint.blocks[f->joint.curves + k];
    *term = (hf_term){.kind = HF_TERM_SURFACE,
                      .axis_count = 2,
                      .signal_kind = HF_KIND_NUMBER,
                      .mean = NAN,
                      .deviation = NAN};
    HF_TRY(done, hf_binned_axis(&term->axes[0], f->coarse, f->joint.pair[k].a, error));
    HF_TRY(done, hf_binned_axis(&term->axes[1], f->coarse, f->joint.pair[k].b, error));
    HF_TRY(done, name_term(term, context, error));
    term->values = hf_new(context, (size_t)block->cells, sizeof *term->values);
    if (!term->values) return hf_fail_memory(error);
    for (int32_t c = 0; c < block->cells; c++)
        term->values[c] = block->scale * weights[block->first + c];
    double sum = 0.0;
    for (int64_t i = 0; i < f->coarse->rows; i++)
        sum += term->values[block->cell[i]];
    term->reference = sum / (double)f->coarse->rows;
done:
    return status;
}

// An axis with only the cells a condition tells apart: runs of cells that are in or out.
static void merge_cells(hf_axis *axis, uint64_t *cells)
{
    if (axis->kind == HF_KIND_CATEGORY) return;
    int32_t edges = 0;
    uint64_t merged = 0;
    bool in = *cells & 1;
    if (in) merged |= 1;
    for (int32_t c = 1; c <= axis->edges; c++) {
        const bool now = *cells >> c & 1;
        if (now == in) continue;
        axis->edge[edges++] = axis->edge[c - 1];
        if (now) merged |= (uint64_t)1 << edges;
        in = now;
    }
    if (*cells >> (axis->cells - 1) & 1) merged |= (uint64_t)1 << (edges + 1);
    axis->edges = edges;
    axis->cells = edges + 2;
    *cells = merged;
}

static hf_status rule_term(hf_term *term, const hf_final_fit *f, const hf_rule *rule, int64_t holds,
                           hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = f->basis->context;
    uint64_t cells[HF_RULE_DEPTH];
    *term = (hf_term){.kind = HF_TERM_RULE,
                      .axis_count = rule->conditions,
                      .signal_kind = HF_KIND_NUMBER,
                      .mean = NAN,
                      .deviation = NAN};
    for (int32_t a = 0; a < rule->conditions; a++) {
        cells[a] = rule->cells[a];
        HF_TRY(done, hf_binned_axis(&term->axes[a], f->fine, rule->signal[a], error));
        merge_cells(&term->axes[a], &cells[a]);
    }
    HF_TRY(done, name_term(term, context, error));
    const int64_t count = hf_term_value_count(term);
    term->values = hf_new(context, (size_t)count, sizeof *term->values);
    if (!term->values) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        bool in = true;
        int64_t rest = i;
        for (int32_t a = rule->conditions - 1; a >= 0; a--) {
            in = in && (cells[a] >> (rest % term->axes[a].cells) & 1);
            rest /= term->axes[a].cells;
        }
        term->values[i] = in ? rule->weight : 0.0;
    }
    term->reference = rule->weight * (double)holds / (double)f->fine->rows;
done:
    return status;
}

hf_status hf_final_fit_terms(hf_term **out, int32_t *count, const hf_final_fit *f, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = f->context;
    hf_term *curves = NULL, *terms = NULL;
    int32_t kept = 0, n = 0;
    for (int32_t j = 0; j < f->rules.count; j++)
        kept += f->rules.rules[j].weight != 0.0;
    HF_TRY(done, hf_basis_terms(&curves, f->basis, &f->bent, f->weights, f->rows, f->coded->rows, error));
    terms = hf_new(context, (size_t)(f->basis->count + f->joint.pairs + kept), sizeof *terms);
    if (!terms) {
        for (int32_t k = 0; k < f->basis->count; k++)
            hf_term_free(context, &curves[k]);
        status = hf_fail_memory(error);
        goto done;
    }
    memcpy(terms, curves, (size_t)f->basis->count * sizeof *curves); // moved
    n = f->basis->count;
    for (int32_t k = 0; k < f->joint.pairs; k++)
        HF_TRY(done, surface_term(&terms[n++], f, k, f->weights, error));
    for (int32_t j = 0; j < f->rules.count; j++)
        if (f->rules.rules[j].weight != 0.0)
            HF_TRY(done, rule_term(&terms[n++], f, &f->rules.rules[j],
                                   f->rules.first[j + 1] - f->rules.first[j], error));
    *out = terms;
    *count = n;
    terms = NULL;
done:
    for (int32_t k = 0; terms && k < n; k++)
        hf_term_free(context, &terms[k]);
    hf_delete(context, terms);
    hf_delete(context, curves);
    return status;
}
