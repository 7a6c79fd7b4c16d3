// SPDX-License-Identifier: Apache-2.0
//
// Boosted trees on cells, by histograms of gradient and curvature, and the rules read off them. A condition
// is a set of cells, so conditions on one signal merge by intersection and a category splits one level from
// the rest. Missing goes to the side where it gains more.
#include "churn/rule_search.h"

#include "churn/ridge_fit.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { TREES = 300, NODES = 15, LEAST_ROWS = 20, MOST_CANDIDATES = HF_MOST_BEAM + TREES * 12 };
#define RATE 0.1
#define SAMPLE 0.6
#define MOST_DRAWN 100000.0 // rows a tree: more do not move its thresholds
#define RIDGE 1.0
#define LEAST_CURVATURE 1.0

typedef struct {
    int32_t signal; // split on; -1: a leaf
    uint64_t left;  // cells that go left
    double value;   // of a leaf
    int32_t depth;
    hf_rule rule; // what leads here
} tree_node;

typedef struct {
    const hf_context *context;
    const hf_binned *binned;
    const uint8_t *label;
    int64_t rows;
    double *margin;               // owned, a row each
    double *residual, *curvature; // owned: of the rows drawn while trees grow, in the end of all
    // The rows drawn for a tree: where they are in it, their margins and labels. Owned.
    int64_t drawn;
    int32_t *row;
    uint8_t *node, *drawn_label;
    double *drawn_margin;
    tree_node nodes[NODES];
    hf_rule *candidates;  // owned
    int32_t count, given; // the first ones are the caller's
    uint8_t *used;        // owned: which signals a tree may split on
    double *histogram;    // owned: gradient and curvature of 64 cells, for each node of a depth
} growing;

// Searches run side by side; the caller's allocator need not stand being called so.
static void *new_array(const hf_context *context, size_t count, size_t size)
{
    void *made;
#pragma omp critical(hf_churn_memory)
    made = hf_new(context, count, size);
    return made;
}

static void delete_array(const hf_context *context, void *array)
{
#pragma omp critical(hf_churn_memory)
    hf_delete(context, array);
}

bool hf_rule_holds(const hf_rule *rule, const hf_binned *binned, int64_t row)
{
    for (int32_t k = 0; k < rule->conditions; k++)
        if (!(rule->cells[k] >> binned->signals[rule->signal[k]].cell[row] & 1)) return false;
    return true;
}

static uint64_t all_cells(int32_t cells)
{
    return cells >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << cells) - 1;
}

static hf_rule narrowed(const hf_rule *rule, int32_t signal, uint64_t cells)
{
    hf_rule made = *rule;
    int32_t at = 0;
    while (at < made.conditions && made.signal[at] < signal)
        at++;
    if (at < made.conditions && made.signal[at] == signal) {
        made.cells[at] &= cells;
        return made;
    }
    for (int32_t k = made.conditions; k > at; k--) {
        made.signal[k] = made.signal[k - 1];
        made.cells[k] = made.cells[k - 1];
    }
    made.signal[at] = signal;
    made.cells[at] = cells;
    made.conditions++;
    return made;
}

typedef struct {
    double gain;
    int32_t signal;
    uint64_t left;
} best_split;

static double worth(double g, double h)
{
    return g * g / (h + RIDGE);
}

static void consider(best_split *best, double g_left, double h_left, double g, double h, int32_t signal,
                     uint64_t left)
{
    if (h_left < LEAST_CURVATURE || h - h_left < LEAST_CURVATURE) return;
    const double gain = worth(g_left, h_left) + worth(g - g_left, h - h_left) - worth(g, h);
    if (gain > best->gain) *best = (best_split){gain, signal, left};
}

// The best split of one signal from its histogram.
static void split_signal(best_split *best, const hf_binned_signal *s, int32_t signal, const double *g,
                         const double *h)
{
    const int32_t last = s->cells - 1;
    const uint64_t missing = (uint64_t)1 << last;
    double sum_g = 0.0, sum_h = 0.0, left_g = 0.0, left_h = 0.0;
    for (int32_t c = 0; c <= last; c++) {
        sum_g += g[c];
        sum_h += h[c];
    }
    const bool some = h[last] > 0;
    for (int32_t c = 0; c < last; c++) {
        if (s->category) {
            consider(best, g[c], h[c], sum_g, sum_h, signal, (uint64_t)1 << c);
            continue;
        }
        left_g += g[c];
        left_h += h[c];
        const uint64_t left = all_cells(c + 1);
        if (c + 1 < last || some) consider(best, left_g, left_h, sum_g, sum_h, signal, left);
        if (some && c + 1 < last)
            consider(best, left_g + g[last], left_h + h[last], sum_g, sum_h, signal, left | missing);
    }
    if (s->category && some) consider(best, g[last], h[last], sum_g, sum_h, signal, missing);
}

static void note_rule(growing *t, const hf_rule *rule)
{
    if (rule->conditions > 0 && t->count < MOST_CANDIDATES) t->candidates[t->count++] = *rule;
}

// Splits the nodes of one depth; node k's children are 2k + 1 and 2k + 2.
static void split_level(growing *t, int32_t depth)
{
    const int32_t first = (1 << depth) - 1, count = 1 << depth;
    double *histogram = t->histogram;
    best_split best[1 << (HF_RULE_DEPTH - 1)];
    for (int32_t k = 0; k < count; k++)
        best[k] = (best_split){1e-6, -1, 0};
    for (int32_t s = 0; s < t->binned->count; s++) {
        if (!t->used[s]) continue;
        const hf_binned_signal *signal = &t->binned->signals[s];
        memset(histogram, 0, (size_t)count * 128 * sizeof *histogram);
        for (int64_t i = 0; i < t->drawn; i++) {
            const int32_t k = t->node[i] - first;
            if (k < 0) continue; // in a leaf above
            double *at = histogram + k * 128 + 2 * signal->cell[t->row[i]];
            at[0] += t->residual[i];
            at[1] += t->curvature[i];
        }
        for (int32_t k = 0; k < count; k++) {
            double g[64], h[64];
            if (t->nodes[first + k].depth != depth) continue;
            for (int32_t c = 0; c < signal->cells; c++) {
                g[c] = histogram[k * 128 + 2 * c];
                h[c] = histogram[k * 128 + 2 * c + 1];
            }
            split_signal(&best[k], signal, s, g, h);
        }
    }
    for (int32_t k = 0; k < count; k++) {
        tree_node *node = &t->nodes[first + k];
        if (node->depth != depth || best[k].signal < 0) continue;
        const uint64_t all = all_cells(t->binned->signals[best[k].signal].cells);
        node->signal = best[k].signal;
        node->left = best[k].left;
        t->nodes[2 * (first + k) + 1] = (tree_node){
            .signal = -1, .depth = depth + 1, .rule = narrowed(&node->rule, node->signal, node->left)};
        t->nodes[2 * (first + k) + 2] = (tree_node){
            .signal = -1, .depth = depth + 1, .rule = narrowed(&node->rule, node->signal, all & ~node->left)};
    }
    for (int64_t i = 0; i < t->drawn; i++) {
        const int32_t k = t->node[i];
        if (k < first || t->nodes[k].signal < 0) continue;
        const bool left = t->nodes[k].left >> t->binned->signals[t->nodes[k].signal].cell[t->row[i]] & 1;
        t->node[i] = (uint8_t)(2 * k + (left ? 1 : 2));
    }
}

static void set_leaves(growing *t)
{
    double g[NODES] = {0}, h[NODES] = {0};
    for (int64_t i = 0; i < t->drawn; i++) {
        g[t->node[i]] += t->residual[i];
        h[t->node[i]] += t->curvature[i];
    }
    for (int32_t k = 0; k < NODES; k++)
        if (t->nodes[k].depth >= 0 && t->nodes[k].signal < 0)
            t->nodes[k].value = RATE * g[k] / (h[k] + RIDGE);
}

static void move_margins(growing *t)
{
    for (int64_t i = 0; i < t->rows; i++) {
        int32_t k = 0;
        while (t->nodes[k].signal >= 0)
            k = 2 * k + (t->nodes[k].left >> t->binned->signals[t->nodes[k].signal].cell[i] & 1 ? 1 : 2);
        t->margin[i] += t->nodes[k].value;
    }
}

static void draw_rows(growing *t, hf_random *random)
{
    const double share = fmin(SAMPLE, MOST_DRAWN / (double)t->rows);
    t->drawn = 0;
    for (int64_t i = 0; i < t->rows; i++) {
        if (hf_random_uniform(random) >= share) continue;
        t->row[t->drawn] = (int32_t)i;
        t->drawn_margin[t->drawn] = t->margin[i];
        t->drawn_label[t->drawn] = t->label[i];
        t->node[t->drawn++] = 0;
    }
    hf_logistic_slopes(t->residual, t->curvature, t->drawn_margin, t->drawn_label, t->drawn);
}

static void grow_tree(growing *t, hf_random *random)
{
    draw_rows(t, random);
    for (int32_t s = 0; s < t->binned->count; s++)
        t->used[s] = hf_random_uniform(random) < SAMPLE && !t->binned->signals[s].apart;
    for (int32_t k = 0; k < NODES; k++)
        t->nodes[k] = (tree_node){.signal = -1, .depth = k == 0 ? 0 : -1};
    for (int32_t depth = 0; depth < HF_RULE_DEPTH; depth++)
        split_level(t, depth);
    set_leaves(t);
    move_margins(t);
    for (int32_t k = 1; k < NODES; k++)
        if (t->nodes[k].depth >= 0 && (t->nodes[k].depth >= 2 || t->nodes[k].signal < 0))
            note_rule(t, &t->nodes[k].rule);
}

// ---- the rules that count -----------------------------------------------------------------------------

typedef struct {
    double score;
    uint64_t rows_hash;
    int64_t rows;
    int32_t candidate;
} scored;

static int compare_scored(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->candidate - y->candidate;
}

// Support, gradient and which rows, of every candidate; the caller's come first, and those with too few rows
// in or out have score -1.
static void score_candidates(scored *out, const growing *t)
{
    for (int32_t c = 0; c < t->count; c++) {
        double g = 0.0, h = 0.0;
        int64_t rows = 0;
        uint64_t hash = 1469598103934665603u;
        for (int64_t i = 0; i < t->rows; i++) {
            if (!hf_rule_holds(&t->candidates[c], t->binned, i)) continue;
            g += t->residual[i];
            h += t->curvature[i];
            hash = (hash ^ (uint64_t)i) * 1099511628211u;
            rows++;
        }
        const bool fits = rows >= LEAST_ROWS && t->rows - rows >= LEAST_ROWS;
        const double score = c < t->given ? INFINITY : fabs(g) / sqrt(h + RIDGE);
        out[c] = (scored){fits ? score : -1.0, hash, rows, c};
    }
}

static hf_status keep_rules(hf_rules *out, growing *t, hf_error *error)
{
    hf_status status = HF_OK;
    hf_rules made = {.context = t->context};
    int64_t all = 0;
    int32_t kept = 0;
    scored *list = new_array(t->context, (size_t)t->count, sizeof *list);
    if (!list) return hf_fail_memory(error);
    score_candidates(list, t);
    qsort(list, (size_t)t->count, sizeof *list, compare_scored);
    for (int32_t c = 0; c < t->count && kept < HF_MOST_RULES && list[c].score >= 0; c++) {
        bool copy = false;
        for (int32_t k = 0; k < kept && !copy; k++)
            copy = list[k].rows_hash == list[c].rows_hash && list[k].rows == list[c].rows;
        if (copy) continue;
        made.sure += list[c].candidate < t->given;
        list[kept++] = list[c];
        all += list[kept - 1].rows;
    }
    made.rules = new_array(t->context, (size_t)kept, sizeof *made.rules);
    made.first = new_array(t->context, (size_t)kept + 1, sizeof *made.first);
    made.row = new_array(t->context, (size_t)all, sizeof *made.row);
    if (!made.rules || !made.first || !made.row) {
        status = hf_fail_memory(error);
        goto done;
    }
    int64_t at = 0;
    for (int32_t k = 0; k < kept; k++) {
        made.rules[k] = t->candidates[list[k].candidate];
        made.first[k] = at;
        for (int64_t i = 0; i < t->rows; i++)
            if (hf_rule_holds(&made.rules[k], t->binned, i)) made.row[at++] = (int32_t)i;
    }
    made.first[kept] = at;
    made.count = kept;
    *out = made;
    made = (hf_rules){0};
done:
    hf_rules_free(&made);
    delete_array(t->context, list);
    return status;
}

void hf_rules_free(hf_rules *rules)
{
    if (!rules->context) return;
    delete_array(rules->context, rules->rules);
    delete_array(rules->context, rules->first);
    delete_array(rules->context, rules->row);
    *rules = (hf_rules){0};
}

static hf_status growing_create(growing *t, const hf_rule *also, const double *margin, hf_error *error)
{
    const size_t n = (size_t)t->rows;
    t->used = new_array(t->context, (size_t)t->binned->count, sizeof *t->used);
    t->histogram = new_array(t->context, 4 * 128, sizeof *t->histogram);
    t->margin = new_array(t->context, n, sizeof *t->margin);
    t->residual = new_array(t->context, n, sizeof *t->residual);
    t->curvature = new_array(t->context, n, sizeof *t->curvature);
    t->row = new_array(t->context, n, sizeof *t->row);
    t->node = new_array(t->context, n, sizeof *t->node);
    t->drawn_label = new_array(t->context, n, sizeof *t->drawn_label);
    t->drawn_margin = new_array(t->context, n, sizeof *t->drawn_margin);
    t->candidates = new_array(t->context, MOST_CANDIDATES, sizeof *t->candidates);
    if (!t->used || !t->histogram || !t->margin || !t->residual || !t->curvature || !t->row || !t->node ||
        !t->drawn_label || !t->drawn_margin || !t->candidates)
        return hf_fail_memory(error);
    memcpy(t->margin, margin, n * sizeof *margin);
    for (int32_t k = 0; k < t->count; k++) {
        t->candidates[k] = also[k];
        t->candidates[k].weight = 0.0;
    }
    return HF_OK;
}

static void growing_free(growing *t)
{
    delete_array(t->context, t->used);
    delete_array(t->context, t->histogram);
    delete_array(t->context, t->margin);
    delete_array(t->context, t->residual);
    delete_array(t->context, t->curvature);
    delete_array(t->context, t->row);
    delete_array(t->context, t->node);
    delete_array(t->context, t->drawn_label);
    delete_array(t->context, t->drawn_margin);
    delete_array(t->context, t->candidates);
}

hf_status hf_rules_find(hf_rules *out, const hf_context *context, const hf_binned *binned,
                        const double *margin, const uint8_t *label, int64_t rows, const hf_rule *also,
                        int32_t also_count, uint64_t seed, int32_t search, hf_error *error)
{
    hf_status status;
    growing t = {.context = context,
                 .binned = binned,
                 .label = label,
                 .rows = rows,
                 .count = also_count,
                 .given = also_count};
    HF_TRY(done, growing_create(&t, also, margin, error));
    for (int32_t k = 0; k < TREES; k++) {
        if (omp_get_thread_num() == 0) HF_TRY(done, hf_check_cancel(context, error));
        hf_random random = hf_random_seed(seed, (uint64_t)search * TREES + (uint64_t)k);
        grow_tree(&t, &random);
    }
    memcpy(t.margin, margin, (size_t)rows * sizeof *margin);
    hf_logistic_slopes(t.residual, t.curvature, t.margin, t.label, t.rows);
    HF_TRY(done, keep_rules(out, &t, error));
done:
    growing_free(&t);
    return status;
}
