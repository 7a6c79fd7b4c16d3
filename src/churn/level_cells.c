// SPDX-License-Identifier: Apache-2.0
//
// Levels counted, and told apart where rows enough bear them out; and the table of a term from the weights of
// their cells.
#include "churn/level_cells.h"

#include <math.h>
#include <string.h>

enum { MOST_CELLS = 60000 }; // rows are coded in 16 bits

static const char *why_useless(const hf_level_cells *c, int64_t count)
{
    if (c->missing_rows == count) return "no value";
    if (c->cells > MOST_CELLS) return "too many levels";
    if (c->cells < 2) return c->own == 1 ? "one level in every row" : "rare levels only";
    return NULL;
}

hf_status hf_level_cells_learn(hf_level_cells *out, const char **left_out, const hf_context *context,
                               const hf_column *column, const int64_t *rows, int64_t count,
                               const hf_train_options *options, hf_error *error)
{
    const int32_t *codes = column->values;
    hf_level_cells *c = out;
    *c = (hf_level_cells){.levels = column->dictionary.count};
    c->rows = hf_new(context, (size_t)c->levels, sizeof *c->rows);
    c->cell = hf_new(context, (size_t)c->levels, sizeof *c->cell);
    if (!c->rows || !c->cell) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        if (codes[rows[i]] < 0)
            c->missing_rows++;
        else
            c->rows[codes[rows[i]]]++;
    }
    for (int32_t k = 0; k < c->levels; k++) {
        const bool keeps = c->rows[k] >= options->level_rows;
        c->cell[k] = keeps ? c->own++ : -1;
        if (!keeps) c->pooled_rows += c->rows[k];
    }
    c->has_missing = c->missing_rows >= options->missing_rows;
    if (!c->has_missing) c->pooled_rows += c->missing_rows;
    c->cells = c->own;
    c->pooled = c->pooled_rows > 0 ? c->cells++ : -1;
    c->missing = c->has_missing ? c->cells++ : c->pooled;
    for (int32_t k = 0; k < c->levels; k++) // a level that training lacks is a rare one
        if (c->cell[k] < 0) c->cell[k] = c->pooled;
    *left_out = why_useless(c, count);
    return HF_OK;
}

void hf_level_cells_free(const hf_context *context, hf_level_cells *cells)
{
    hf_delete(context, cells->rows);
    hf_delete(context, cells->cell);
    *cells = (hf_level_cells){0};
}

int32_t hf_level_cell(const hf_level_cells *cells, int32_t code)
{
    return code >= 0 ? cells->cell[code] : cells->missing;
}

// The mean weight over the training rows, the levels' own filled into the table at their ranks on the way.
static double fill_values(hf_term *term, const hf_level_cells *c, const double *weights, const int32_t *rank)
{
    int64_t count = c->pooled_rows + (c->has_missing ? c->missing_rows : 0);
    int32_t n = 0;
    double sum = 0.0;
    for (int32_t k = 0; k < c->levels; k++) {
        if (c->cell[k] < 0 || c->cell[k] == c->pooled) continue;
        term->table.values[rank[n++]] = weights[c->cell[k]];
        sum += (double)c->rows[k] * weights[c->cell[k]];
        count += c->rows[k];
    }
    if (c->pooled >= 0) sum += (double)c->pooled_rows * weights[c->pooled];
    if (c->has_missing) sum += (double)c->missing_rows * weights[c->missing];
    return sum / (double)count;
}

hf_status hf_level_cells_table(hf_term *term, const hf_context *context, const hf_column *column,
                               const hf_level_cells *c, const double *weights, hf_error *error)
{
    hf_status status = HF_OK;
    const size_t own = (size_t)c->own;
    int32_t n = 0;
    int32_t *rank = hf_new(context, own, sizeof *rank);
    size_t *lengths = hf_new(context, own, sizeof *lengths);
    const char **texts = hf_new(context, own, sizeof *texts);
    term->table.values = hf_new(context, own, sizeof *term->table.values);
    if (!rank || !lengths || !texts || !term->table.values) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t k = 0; k < c->levels; k++) {
        if (c->cell[k] < 0 || c->cell[k] == c->pooled) continue;
        texts[n] = hf_dictionary_text(&column->dictionary, k);
        lengths[n] = strlen(texts[n]);
        n++;
    }
    HF_TRY(done, hf_dictionary_build(&term->table.levels, context, texts, lengths, n, rank, error));
    term->reference = fill_values(term, c, weights, rank);
    term->table.pooled = c->pooled >= 0 ? weights[c->pooled] : term->reference;
    term->missing = c->missing >= 0 ? weights[c->missing] : term->table.pooled;
    term->mean = term->deviation = NAN;
done:
    hf_delete(context, texts);
    hf_delete(context, lengths);
    hf_delete(context, rank);
    return status;
}
