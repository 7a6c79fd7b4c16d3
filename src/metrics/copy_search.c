// SPDX-License-Identifier: Apache-2.0
//
// Nearest rows of a table of numbers and categories. Every cell becomes a byte: a number its rank, so that no
// unit counts more than another, a category a code. Rows are parted by trees of cuts at random columns until
// few are together, and within those every pair is compared; copies of one row are parted only where a cut
// falls between them, which in several trees it will not every time (after Dasgupta and Freund 2008).
#include "metrics/copy_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_COLUMNS = 64,
    SAMPLE = 4096,     // values from which a column's ranks are read
    RANKS = 203,       // the byte of the greatest value
    NO_VALUE = 255,    // the byte of a missing number: far from all
    UNIT = 41,         // a fifth of the ranks: further apart is nothing alike
    LEAF = 24,         // rows that are compared with each other
    TRIES = 6,         // columns tried for a cut
    MOST_WAITING = 70, // sides of cuts: two for every halving of the rows
    FEW_TREES = 8,     // twice as many below
    MANY_ROWS = 200000 // rows
};

typedef struct {
    const hf_context *context;
    int64_t n;
    const int64_t *cluster;
    int32_t numbers, columns, stride; // numbers come first; stride: bytes from row to row
    uint8_t *cell;                    // owned: n x stride
    uint32_t *row;                    // owned: the rows searched
    int64_t rows;
    hf_neighbours *of; // owned: n
} search;

typedef struct {
    uint32_t *row;   // owned: the rows in the order of the leaves
    uint8_t *begins; // owned: 1 where a leaf does
    uint32_t *first; // owned: leaves + 1
    int64_t leaves;
} tree;

// ---- bytes -----------------------------------------------------------------------------------------------

// The least value of each byte that occurs, and that byte: the middle of the value's ranks in a sample.
typedef struct {
    double least[RANKS + 1];
    uint8_t byte[RANKS + 1];
    int32_t count;
} rank_steps;

static void find_steps(rank_steps *out, const hf_profile_signal *s, int64_t n)
{
    double sorted[SAMPLE];
    int64_t count = 0;
    const int64_t step = n / SAMPLE + 1;
    for (int64_t i = 0; i < n; i += step) {
        const double x = hf_profile_number(s, i);
        if (!isnan(x)) sorted[count++] = x;
    }
    qsort(sorted, (size_t)count, sizeof *sorted, hf_compare_doubles);
    out->count = 0;
    for (int64_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && sorted[end] == sorted[i];)
            end++;
        const uint8_t byte = (uint8_t)(RANKS * (i + end) / (2 * count));
        if (out->count > 0 && out->byte[out->count - 1] == byte) continue;
        out->least[out->count] = sorted[i];
        out->byte[out->count++] = byte;
    }
}

static uint8_t byte_of(const rank_steps *steps, double x)
{
    int32_t low = 0, high = steps->count;
    if (isnan(x) || high == 0) return NO_VALUE;
    while (high - low > 1) {
        const int32_t middle = (low + high) / 2;
        if (steps->least[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    return steps->byte[low];
}

// One column to bytes; false where all are the same.
static bool fill_column(uint8_t *cell, int32_t stride, const hf_profile_signal *signal, int64_t n,
                        int threads)
{
    rank_steps steps = {.count = 0};
    if (!signal->codes) find_steps(&steps, signal, n);
#pragma omp parallel for default(none) shared(cell, stride, signal, n, steps) schedule(static, HF_TILE) \
    num_threads(threads) if (n > 16 * HF_TILE)
    for (int64_t i = 0; i < n; i++) {
        const int32_t code = signal->codes ? signal->codes[i] : 0;
        uint8_t byte = NO_VALUE;
        if (!signal->codes)
            byte = byte_of(&steps, hf_profile_number(signal, i));
        else if (code >= 0)
            byte = (uint8_t)(code % NO_VALUE);
        cell[i * stride] = byte;
    }
    for (int64_t i = 1; i < n; i++)
        if (cell[i * stride] != cell[0]) return true;
    return false;
}

// Takes the columns that say something, numbers first; evenly spaced ones where there are too many.
static hf_status fill_cells(search *s, const hf_profile_signal *signals, int32_t count, hf_error *error)
{
    const int32_t step = count / MOST_COLUMNS + 1;
    s->stride = count / step + 1;
    s->cell = hf_new(s->context, (size_t)s->n * (size_t)s->stride, 1);
    if (!s->cell) return hf_fail_memory(error);
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t c = 0; c < count; c += step) {
            if ((signals[c].codes != NULL) != (pass == 1)) continue;
            s->columns += fill_column(s->cell + s->columns, s->stride, &signals[c], s->n,
                                      hf_context_threads(s->context));
        }
        if (pass == 0) s->numbers = s->columns;
    }
    return HF_OK;
}

// ---- trees -----------------------------------------------------------------------------------------------

// The rows of a node that are cut off at a column: bytes up to `at` on one side.
typedef struct {
    int32_t column;
    int at;
    int64_t left;
} node_cut;

// Of some random columns, the cut nearest to the middle.
static node_cut choose_cut(const search *s, const uint32_t *row, int64_t count, hf_random *random)
{
    node_cut best = {-1, 0, 0};
    for (int t = 0; t < TRIES && 4 * best.left < count; t++) {
        int64_t tally[256] = {0}, left = 0;
        const int32_t column = (int32_t)hf_random_below(random, (uint64_t)s->columns);
        for (int64_t i = 0; i < count; i++)
            tally[s->cell[(int64_t)row[i] * s->stride + column]]++;
        for (int at = 0; at < 255; at++) {
            left += tally[at];
            const int64_t smaller = left < count - left ? left : count - left;
            const int64_t so_far = best.left < count - best.left ? best.left : count - best.left;
            if (tally[at] > 0 && smaller > so_far) best = (node_cut){column, at, left};
        }
    }
    return best;
}

static void part(const search *s, uint32_t *row, int64_t count, const node_cut *cut)
{
    int64_t i = 0, j = count - 1;
    while (i <= j) {
        if (s->cell[(int64_t)row[i] * s->stride + cut->column] <= cut->at) {
            i++;
        } else {
            const uint32_t swap = row[i];
            row[i] = row[j];
            row[j--] = swap;
        }
    }
}

// Cuts all rows down to leaves. The smaller side of a cut is taken first, so that few wait at any time.
static void grow(tree *out, const search *s, hf_random random)
{
    struct {
        int64_t begin, end;
    } waiting[MOST_WAITING];
    int count = 0;
    memcpy(out->row, s->row, (size_t)s->rows * sizeof *out->row);
    memset(out->begins, 0, (size_t)s->rows);
    waiting[count].begin = 0;
    waiting[count++].end = s->rows;
    while (count > 0) {
        const int64_t begin = waiting[--count].begin, end = waiting[count].end;
        out->begins[begin] = 1;
        if (end - begin <= LEAF) continue;
        const node_cut cut = choose_cut(s, out->row + begin, end - begin, &random);
        if (cut.left == 0) { // all alike in the columns tried: compared in their order
            for (int64_t i = begin; i < end; i += LEAF)
                out->begins[i] = 1;
            continue;
        }
        part(s, out->row + begin, end - begin, &cut);
        const bool left_first = 2 * cut.left <= end - begin;
        for (int side = 0; side < 2; side++, count++) {
            const bool left = (side == 1) == left_first;
            waiting[count].begin = left ? begin : begin + cut.left;
            waiting[count].end = left ? begin + cut.left : end;
        }
    }
    out->leaves = 0;
    for (int64_t i = 0; i < s->rows; i++)
        if (out->begins[i]) out->first[out->leaves++] = (uint32_t)i;
    out->first[out->leaves] = (uint32_t)s->rows;
}

// ---- pairs -----------------------------------------------------------------------------------------------

static int32_t distance(const search *s, uint32_t a, uint32_t b)
{
    const uint8_t *x = s->cell + (int64_t)a * s->stride, *y = s->cell + (int64_t)b * s->stride;
    int32_t sum = 0;
    for (int32_t c = 0; c < s->numbers; c++) {
        const int32_t d = x[c] > y[c] ? x[c] - y[c] : y[c] - x[c];
        sum += d < UNIT ? d : UNIT;
    }
    for (int32_t c = s->numbers; c < s->columns; c++)
        sum += x[c] != y[c] ? UNIT : 0;
    return sum;
}

// Keeps the nearest by distance and row, each once, whatever the order they come in.
static void keep(hf_neighbours *n, uint32_t row, int32_t distance)
{
    int place = HF_NEIGHBOURS;
    for (int k = 0; k < HF_NEIGHBOURS; k++) {
        if (n->distance[k] != UINT16_MAX && n->row[k] == row) return;
        if (place == HF_NEIGHBOURS &&
            (distance < n->distance[k] || (distance == n->distance[k] && row < n->row[k])))
            place = k;
    }
    for (int k = HF_NEIGHBOURS - 1; k > place; k--) {
        n->row[k] = n->row[k - 1];
        n->distance[k] = n->distance[k - 1];
    }
    if (place == HF_NEIGHBOURS) return;
    n->row[place] = row;
    n->distance[place] = (uint16_t)distance;
}

static void compare_leaf(search *s, const uint32_t *row, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < i; j++) {
            if (s->cluster && s->cluster[row[i]] == s->cluster[row[j]]) continue;
            const int32_t d = distance(s, row[i], row[j]);
            keep(&s->of[row[i]], row[j], d);
            keep(&s->of[row[j]], row[i], d);
        }
}

// A row is in one leaf of a tree, so that leaves can be taken side by side.
static void compare_leaves(search *s, const tree *t, int threads)
{
    const int64_t leaves = t->leaves;
#pragma omp parallel for default(none) shared(s, t, leaves) schedule(static, 64) num_threads(threads)
    for (int64_t l = 0; l < leaves; l++)
        compare_leaf(s, t->row + t->first[l], t->first[l + 1] - t->first[l]);
}

// ---- all -------------------------------------------------------------------------------------------------

static void free_tree(const hf_context *context, tree *t)
{
    hf_delete(context, t->row);
    hf_delete(context, t->begins);
    hf_delete(context, t->first);
}

// As many trees at a time as there are threads; which tree is which depends on neither.
static hf_status grow_and_compare(search *s, uint64_t seed, hf_error *error)
{
    const int32_t trees = s->rows < MANY_ROWS ? 2 * FEW_TREES : FEW_TREES;
    const int threads = hf_context_threads(s->context);
    const int32_t room = threads < trees ? (int32_t)threads : trees;
    tree grown[2 * FEW_TREES] = {{0}};
    hf_status status = HF_OK;
    for (int32_t t = 0; t < room; t++) {
        grown[t].row = hf_new_raw(s->context, (size_t)s->rows, sizeof *grown[t].row);
        grown[t].begins = hf_new_raw(s->context, (size_t)s->rows, 1);
        grown[t].first = hf_new_raw(s->context, (size_t)s->rows + 1, sizeof *grown[t].first);
        if (!grown[t].row || !grown[t].begins || !grown[t].first) {
            status = hf_fail_memory(error);
            goto done;
        }
    }
    for (int32_t begin = 0; begin < trees; begin += room) {
        const int32_t count = trees - begin < room ? trees - begin : room;
        hf_progress(s->context, "looking for copies", begin, trees);
        HF_TRY(done, hf_check_cancel(s->context, error));
#pragma omp parallel for default(none) shared(grown, s, seed, begin, count) schedule(static, 1) \
    num_threads(threads)
        for (int32_t t = 0; t < count; t++)
            grow(&grown[t], s, hf_random_seed(seed, (uint64_t)(begin + t)));
        for (int32_t t = 0; t < count; t++)
            compare_leaves(s, &grown[t], threads);
    }
    hf_progress(s->context, "looking for copies", trees, trees);
done:
    for (int32_t t = 0; t < room; t++)
        free_tree(s->context, &grown[t]);
    return status;
}

hf_status hf_copy_search_run(hf_copy_search *out, const hf_context *context, const hf_profile_signal *signals,
                             int32_t count, int64_t n, const uint8_t *label, const int64_t *cluster,
                             uint64_t seed, hf_error *error)
{
    search s = {.context = context, .n = n, .cluster = cluster};
    hf_status status = HF_OK;
    s.row = hf_new_raw(context, (size_t)n, sizeof *s.row);
    s.of = hf_new_raw(context, (size_t)n, sizeof *s.of);
    if (!s.row || !s.of) {
        status = hf_fail_memory(error);
        goto done;
    }
    memset(s.of, 0xff, (size_t)n * sizeof *s.of);
    for (int64_t i = 0; i < n; i++)
        if (label[i] <= 1) s.row[s.rows++] = (uint32_t)i;
    HF_TRY(done, fill_cells(&s, signals, count, error));
    if (s.columns > 0 && s.rows > 1) HF_TRY(done, grow_and_compare(&s, seed, error));
    *out = (hf_copy_search){s.of, s.columns, UNIT};
    s.of = NULL;
done:
    hf_delete(context, s.cell);
    hf_delete(context, s.row);
    hf_delete(context, s.of);
    return status;
}

void hf_copy_search_free(const hf_context *context, hf_copy_search *found)
{
    hf_delete(context, found->of);
    *found = (hf_copy_search){0};
}
