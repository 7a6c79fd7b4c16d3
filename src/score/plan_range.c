// SPDX-License-Identifier: Apache-2.0
//
// Whether the data speaks of the same quantities as training: numbers far outside what it saw (58 for 0.58),
// far less spread, flags that hold 3, categories of which no value is known. By Chebyshev's inequality at
// most one training value in 36 lay beyond six deviations of its mean, whatever the distribution, so one in
// ten beyond is worth a word, and most of a column beyond makes scores worthless.
#include "score/plan.h"

#include <math.h>
#include <string.h>

enum {
    FAR = 6,        // deviations
    WORD = 10,      // a warning where more than one value in so many is far
    FEWEST = 20,    // values that a column must have to stop the scoring
    SPREAD = 20,    // times less deviation than in training is another unit
    LEVEL_ROWS = 20 // training rows of a level that has a value of its own, at least
};

typedef struct {
    int64_t far, first;  // first: row of a far value, -1 if none
    double sum, squares; // of the distance from training's mean
} tile_range;

typedef struct {
    double low, high, mean;
    const float *narrow;
    const double *wide;
} range_job;

static tile_range range_of(const range_job *job, int64_t begin, int64_t end)
{
    tile_range out = {.first = -1};
    for (int64_t i = begin; i < end; i++) {
        const double x = job->narrow ? (double)job->narrow[i] : job->wide[i];
        if (isnan(x)) continue;
        if (x < job->low || x > job->high) {
            if (out.far++ == 0) out.first = i;
        }
        out.sum += x - job->mean;
        out.squares += (x - job->mean) * (x - job->mean);
    }
    return out;
}

static hf_status measure(tile_range *out, const hf_context *context, const range_job *job, int64_t rows,
                         hf_error *error)
{
    const int64_t tiles = (rows + HF_TILE - 1) / HF_TILE;
    const int threads = hf_context_threads(context);
    tile_range *part = hf_new(context, (size_t)tiles, sizeof *part);
    if (!part) return hf_fail_memory(error);
#pragma omp parallel for default(none) shared(part, job, rows, tiles) schedule(static) num_threads(threads)
    for (int64_t t = 0; t < tiles; t++)
        part[t] = range_of(job, t * HF_TILE, (t + 1) * HF_TILE < rows ? (t + 1) * HF_TILE : rows);
    *out = (tile_range){.first = -1};
    for (int64_t t = 0; t < tiles; t++) {
        if (out->first < 0) out->first = part[t].first;
        out->far += part[t].far;
        out->sum += part[t].sum;
        out->squares += part[t].squares;
    }
    hf_delete(context, part);
    return HF_OK;
}

static void put_place(hf_text *faults, const char *signal)
{
    hf_text_printf(faults, "%scolumn '%s': ", faults->length > 0 ? "\n" : "", signal);
}

// Numbers: faults where most are far, else a warning where many are.
static hf_status check_numbers(hf_text *faults, const hf_plan *plan, const hf_context *context,
                               const hf_term *term, const hf_column *column, bool lenient, hf_error *error)
{
    const bool flag = term->signal_kind == HF_KIND_FLAG;
    const int64_t rows = plan->frame->rows, present = rows - column->missing;
    const double deviation = term->deviation;
    if (!(deviation > 0) || !isfinite(deviation) || !isfinite(term->mean)) return HF_OK;
    const range_job job = {.low = flag ? 0 : term->mean - FAR * deviation,
                           .high = flag ? 1 : term->mean + FAR * deviation,
                           .mean = term->mean,
                           .narrow = column->storage == HF_STORAGE_F32 ? column->values : NULL,
                           .wide = column->values};
    tile_range found = {.first = -1};
    hf_status status = measure(&found, context, &job, rows, error);
    if (status != HF_OK) return status;
    const double shift = found.sum / (double)present;
    const double spread = sqrt(fmax(found.squares / (double)present - shift * shift, 0));
    if (WORD * found.far > present) {
        const bool most = 2 * found.far > present && present >= FEWEST && !lenient;
        char text[320];
        snprintf(text, sizeof text,
                 "%lld of %lld values are far from those of training, such as %.6g (there %.4g on average, "
                 "with a deviation of %.3g); is the unit the same?",
                 (long long)found.far, (long long)present, hf_column_number(column, found.first), term->mean,
                 deviation);
        if (most) {
            put_place(faults, term->signal);
            hf_text_puts(faults, text);
        } else {
            hf_warn(context, "column '%s': %s", term->signal, text);
        }
    } else if (!flag && present >= FEWEST && spread > 1e-6 * (fabs(shift) + deviation) &&
               SPREAD * spread < deviation) { // but for one value throughout, and what rounding makes of it
        hf_warn(
            context,
            "column '%s': the values differ far less than in training (%.4g on average with a deviation of "
            "%.3g, there %.4g with %.3g); is the unit the same?",
            term->signal, term->mean + shift, spread, term->mean, deviation);
    }
    return HF_OK;
}

// Categories: faults where no row has a level with a value of its own though many should have.
static hf_status check_levels(hf_text *faults, const hf_plan *plan, const hf_context *context,
                              const hf_term *term, const hf_column *column, hf_error *error)
{
    const int64_t rows = plan->frame->rows, present = rows - column->missing;
    const int64_t trained = plan->model->rows;
    const int32_t *codes = column->values;
    int64_t known = 0;
    if (trained <= 0 || present < FEWEST) return HF_OK;
    const double expected = (double)present * LEVEL_ROWS * term->table.levels.count / (double)trained;
    if (expected < LEVEL_ROWS / 2) return HF_OK; // training may have seen rare levels only
    bool *is_known = hf_new(context, (size_t)column->dictionary.count + 1, sizeof *is_known);
    if (!is_known) return hf_fail_memory(error);
    for (int32_t k = 0; k < column->dictionary.count; k++)
        is_known[k + 1] =
            hf_dictionary_find(&term->table.levels, hf_dictionary_text(&column->dictionary, k)) >= 0;
    for (int64_t i = 0; i < rows; i++)
        known += is_known[codes[i] + 1];
    hf_delete(context, is_known);
    if (known > 0) return HF_OK;
    put_place(faults, term->signal);
    hf_text_printf(faults,
                   "none of %lld values is one that training saw, such as '%s' there and '%s' here; are they "
                   "written alike?",
                   (long long)present, hf_dictionary_text(&term->table.levels, 0),
                   hf_dictionary_text(&column->dictionary, 0));
    return HF_OK;
}

hf_status hf_plan_check_range(const hf_plan *plan, const hf_context *context, bool lenient, hf_error *error)
{
    hf_status status = HF_OK;
    hf_text faults;
    hf_text_init(&faults, context);
    for (int64_t i = 0; i < plan->need_count; i++) {
        const hf_term *term = plan->needs[i].term;
        const hf_column *column = plan->needs[i].column;
        if (!term || !column || column->missing == plan->frame->rows) continue;
        if (term->kind == HF_TERM_CURVE)
            HF_TRY(done, check_numbers(&faults, plan, context, term, column, lenient, error));
        else if (term->kind == HF_TERM_TABLE && !lenient) // with leave, the report's warning is enough
            HF_TRY(done, check_levels(&faults, plan, context, term, column, error));
    }
    HF_TRY(done, hf_text_status(&faults, error));
    if (faults.length > 0)
        status = hf_fail_at(error, HF_ERROR_GATE, plan->frame->source ? plan->frame->source : "", 0, 0,
                            "%s\nNothing is scored: repair the data, train on data like it, or pass "
                            "--allow-missing to score it all the same",
                            faults.data);
done:
    hf_text_free(&faults);
    return status;
}
