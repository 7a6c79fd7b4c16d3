// SPDX-License-Identifier: Apache-2.0
//
// Puts a night's accounts in the order of their patterns. A pattern is a segment with the measures observed
// and scored; an open-addressing table of hashes finds an account's, and a byte-for-byte comparison with the
// pattern's first account makes sure of it. Within a pattern, accounts of one class lie together.
#include "whatif/whatif_fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- patterns --------------------------------------------------------------------------------------------------

typedef struct {
    hf_whatif_fleet *fleet;
    int32_t *pattern;  // owned: of each row
    int32_t *table;    // owned: pattern + 1, 0 for a free place
    int64_t mask;      // places of the table - 1
    int32_t room;      // of the fleet's patterns
    uint8_t *state;    // owned: of one row
    bool *on_list;     // owned: of each row
    uint64_t *order;   // owned: rows x 2: key, row
    int32_t *edges_of; // owned: of each segment
    int32_t *class_at; // owned: by edges, then by class key: class + 1, 0 where it did not occur yet
} sorting;

static void state_of(uint8_t *state, const hf_health *health, int64_t row)
{
    for (int32_t m = 0; m < health->measures; m++) {
        const int64_t at = m * health->rows + row;
        const bool seen = health->state[at] == HF_STATE_OBSERVED, scored = !isnan(health->measure[at]);
        state[m] = (uint8_t)((seen ? HF_SEEN : 0) | (scored ? HF_SCORED : 0));
    }
}

static uint64_t key_of(const uint8_t *state, int32_t measures, int32_t segment)
{
    return hf_hash(state, (size_t)measures, (uint64_t)segment);
}

static hf_status grow_table(sorting *s, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    const int32_t room = s->room ? 2 * s->room : 64, measures = f->definition->measure_count;
    uint8_t *state = hf_grow(f->context, f->state, (size_t)room, (size_t)measures);
    if (state) f->state = state;
    hf_pattern *patterns = state ? hf_grow(f->context, f->patterns, (size_t)room, sizeof *patterns) : NULL;
    if (patterns) f->patterns = patterns;
    int32_t *table = patterns ? hf_new(f->context, (size_t)room, 4 * sizeof *table) : NULL;
    if (!table) return hf_fail_memory(error);
    hf_delete(f->context, s->table);
    s->table = table;
    s->room = room;
    s->mask = 4 * (int64_t)room - 1;
    for (int32_t p = 0; p < f->pattern_count; p++) {
        const uint8_t *of = f->state + (ptrdiff_t)p * measures;
        int64_t at = (int64_t)(key_of(of, measures, f->patterns[p].segment) & (uint64_t)s->mask);
        while (s->table[at])
            at = (at + 1) & s->mask;
        s->table[at] = p + 1;
    }
    return HF_OK;
}

static hf_status find_pattern(int32_t *out, sorting *s, int32_t segment, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    const int32_t measures = f->definition->measure_count;
    if (f->pattern_count == s->room) {
        const hf_status status = grow_table(s, error);
        if (status != HF_OK) return status;
    }
    int64_t at = (int64_t)(key_of(s->state, measures, segment) & (uint64_t)s->mask);
    for (; s->table[at]; at = (at + 1) & s->mask) {
        const int32_t p = s->table[at] - 1;
        if (f->patterns[p].segment == segment &&
            memcmp(f->state + (ptrdiff_t)p * measures, s->state, (size_t)measures) == 0) {
            *out = p;
            return HF_OK;
        }
    }
    memcpy(f->state + (ptrdiff_t)f->pattern_count * measures, s->state, (size_t)measures);
    f->patterns[f->pattern_count] = (hf_pattern){.segment = segment};
    *out = f->pattern_count;
    s->table[at] = ++f->pattern_count;
    return HF_OK;
}

static hf_status find_patterns(sorting *s, hf_error *error)
{
    const hf_health *health = s->fleet->night.health;
    int32_t last = -1;
    for (int64_t row = 0; row < s->fleet->rows; row++) {
        const int32_t segment = health->segment[row];
        state_of(s->state, health, row);
        const bool same = last >= 0 && s->fleet->patterns[last].segment == segment &&
                          memcmp(s->fleet->state + (ptrdiff_t)last * health->measures, s->state,
                                 (size_t)health->measures) == 0;
        if (!same) {
            const hf_status status = find_pattern(&last, s, segment, error);
            if (status != HF_OK) return status;
        }
        s->pattern[row] = last;
        s->fleet->patterns[last].rows++;
    }
    return HF_OK;
}

// ---- classes ---------------------------------------------------------------------------------------------------

typedef struct {
    double health;
    int64_t row;
} ranked;

static int by_health(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->health != y->health) return x->health < y->health ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

// The present red list: the lowest health, the earlier row of equals first.
static hf_status mark_list(sorting *s, hf_error *error)
{
    const hf_whatif_fleet *f = s->fleet;
    int64_t known = 0;
    if (f->night.capacity <= 0) return HF_OK;
    ranked *all = hf_new_raw(f->context, (size_t)f->rows, sizeof *all);
    if (!all) return hf_fail_memory(error);
    for (int64_t row = 0; row < f->rows; row++)
        if (!isnan(f->night.health->health[row])) all[known++] = (ranked){f->night.health->health[row], row};
    qsort(all, (size_t)known, sizeof *all, by_health);
    for (int64_t i = 0; i < known && i < f->night.capacity; i++)
        s->on_list[all[i].row] = true;
    hf_delete(f->context, all);
    return HF_OK;
}

static hf_run_class class_of(const sorting *s, int64_t row, bool bounded)
{
    const hf_whatif_night *night = &s->fleet->night;
    const uint8_t label = night->label ? night->label[row] : HF_NO_LABEL;
    return (hf_run_class){.label = label > 1 ? 2 : label,
                          .on_list = s->on_list[row],
                          .bounded = bounded,
                          .before = night->health->band_raw[row] + 1,
                          .edges = s->edges_of[night->health->segment[row]]};
}

// The edges are the pattern's segment's, so the key leaves them out.
enum { CLASS_BITS = 12 };

static uint64_t class_key(hf_run_class of)
{
    return ((uint64_t)of.label << 10) | ((uint64_t)of.on_list << 9) | ((uint64_t)of.bounded << 8) |
           (uint64_t)of.before;
}

static hf_run_class class_from(uint64_t key, int32_t edges)
{
    return (hf_run_class){.label = (int32_t)(key >> 10 & 3),
                          .on_list = key >> 9 & 1,
                          .bounded = key >> 8 & 1,
                          .before = (int32_t)(key & 255),
                          .edges = edges};
}

static int by_key(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    if (x[0] != y[0]) return x[0] < y[0] ? -1 : 1;
    return (x[1] > y[1]) - (x[1] < y[1]);
}

// Overrides are min and max upon a health and so is every chain of them: what it makes of the infinities are
// its bounds. One that sets a health makes it of none as well.
static void bound_rows(double *low, double *high, bool *unset, const hf_health_plan *plan, int64_t rows)
{
    for (int64_t row = 0; row < rows; row++) {
        low[row] = hf_health_override_row(plan, row, -INFINITY, NULL, NULL);
        high[row] = hf_health_override_row(plan, row, INFINITY, NULL, NULL);
        unset[row] = isnan(hf_health_override_row(plan, row, NAN, NULL, NULL));
    }
}

static hf_status order_rows(sorting *s, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    const size_t rows = (size_t)f->rows;
    double *low = hf_new_raw(f->context, rows, sizeof *low),
           *high = hf_new_raw(f->context, rows, sizeof *high);
    bool *unset = hf_new_raw(f->context, rows, sizeof *unset);
    hf_status status = low && high && unset ? HF_OK : hf_fail_memory(error);
    if (status != HF_OK) goto done;
    bound_rows(low, high, unset, f->night.plan, f->rows);
    for (int64_t row = 0; row < f->rows; row++) {
        const bool bounded = low[row] > -INFINITY || high[row] < INFINITY;
        s->order[2 * row] = ((uint64_t)s->pattern[row] << CLASS_BITS) | class_key(class_of(s, row, bounded));
        s->order[2 * row + 1] = (uint64_t)row;
    }
    qsort(s->order, rows, 2 * sizeof *s->order, by_key);
    for (int64_t at = 0; at < f->rows; at++) {
        const int64_t row = (int64_t)s->order[2 * at + 1];
        const double arr = f->night.arr ? f->night.arr[row] : NAN;
        f->row[at] = row;
        f->low[at] = low[row];
        f->high[at] = high[row];
        f->unset[at] = unset[row];
        f->all[f->night.health->band_raw[row] + 1]++;
        if (f->arr) f->arr[at] = isnan(arr) ? 0 : round(100 * arr);
        if (f->arr) f->all_arr[f->night.health->band_raw[row] + 1] += f->arr[at];
        if (!f->night.label || f->night.label[row] > 1 || isnan(f->night.health->health[row])) continue;
        f->labelled++;
        f->events += f->night.label[row];
    }
done:
    hf_delete(f->context, low);
    hf_delete(f->context, high);
    hf_delete(f->context, unset);
    return status;
}

// ---- edges -----------------------------------------------------------------------------------------------------

static bool same_edges(const double *a, const double *b, int32_t bands)
{
    for (int32_t k = 1; k < bands; k++)
        if (a[k] != b[k]) return false;
    return true;
}

// Where the places of a band begin and end: a score's is its bin plus its band.
static void split_places(const hf_edges *e, int32_t bands, int32_t places)
{
    int32_t band = 0;
    for (int32_t at = 0; at < places; at++) {
        while (band + 1 < bands && at > (int32_t)(e->edge[band] * (HF_WHATIF_BINS / 100.0f)) + band)
            band++;
        e->band_of[at] = band;
        e->base_of[at] = at - band;
    }
}

static hf_status find_edges(sorting *s, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    const hf_definition *d = f->definition;
    const int32_t bands = d->band_count;
    f->places = HF_WHATIF_BINS + bands - 1;
    for (int32_t k = 0; k < d->segment_count; k++) {
        int32_t same = 0;
        while (same < f->edges_count && !same_edges(f->edges[same].from, d->segments[k].band_from, bands))
            same++;
        s->edges_of[k] = same;
        if (same < f->edges_count) continue;
        hf_edges *e = &f->edges[f->edges_count++];
        e->from = d->segments[k].band_from;
        e->edge = hf_new(f->context, (size_t)bands, sizeof *e->edge);
        e->base_of = hf_new(f->context, (size_t)f->places, sizeof *e->base_of);
        e->band_of = hf_new(f->context, (size_t)f->places, sizeof *e->band_of);
        if (!e->edge || !e->base_of || !e->band_of) return hf_fail_memory(error);
        for (int32_t b = 1; b < bands; b++)
            e->edge[b - 1] = (float)e->from[b];
        split_places(e, bands, f->places);
    }
    return HF_OK;
}

// ---- columns, runs and scores ------------------------------------------------------------------------------------

static int32_t columns_of(hf_pattern_column *out, const hf_whatif_fleet *f, const uint8_t *state)
{
    const hf_definition *d = f->definition;
    int32_t n = 0;
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        bool any = false;
        for (int32_t m = group->first; m < group->first + group->count; m++) {
            if (!(state[m] & HF_SCORED)) continue;
            if (group->aggregate == HF_AGGREGATE_MEAN) out[n++] = (hf_pattern_column){g, m};
            any = true;
        }
        if (any && group->aggregate != HF_AGGREGATE_MEAN) out[n++] = (hf_pattern_column){g, -1};
    }
    return n;
}

static hf_status find_class(int32_t *out, sorting *s, uint64_t key, int32_t edges, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    int32_t *at = &s->class_at[((uint64_t)edges << CLASS_BITS) + key];
    if (*at == 0) {
        hf_run_class *classes = hf_grow(f->context, f->classes, (size_t)f->class_count + 1, sizeof *classes);
        if (!classes) return hf_fail_memory(error);
        f->classes = classes;
        classes[f->class_count++] = class_from(key, edges);
        *at = f->class_count;
    }
    *out = *at - 1;
    return HF_OK;
}

static hf_status lay_out_runs(sorting *s, const hf_pattern *pattern, int64_t *runs, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    const uint64_t mask = (UINT64_C(1) << CLASS_BITS) - 1;
    for (int64_t at = 0; at < pattern->rows; at++) {
        const int64_t place = pattern->first + at;
        const uint64_t key = s->order[2 * place] & mask;
        if (at % HF_CHUNK_ROWS == 0 || key != (s->order[2 * (place - 1)] & mask)) {
            hf_whatif_run *run = &f->runs[(*runs)++];
            run->count = 0;
            const hf_status status = find_class(&run->of, s, key, s->edges_of[pattern->segment], error);
            if (status != HF_OK) return status;
        }
        f->runs[*runs - 1].count++;
    }
    return HF_OK;
}

static hf_status lay_out(sorting *s, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    const int32_t measures = f->definition->measure_count;
    int64_t first = 0, scores = 0, runs = 0;
    int32_t columns = 0;
    f->columns = hf_new(f->context, (size_t)f->pattern_count * (size_t)measures, sizeof *f->columns);
    f->runs = hf_new_raw(f->context, (size_t)f->rows, sizeof *f->runs);
    if (!f->columns || !f->runs) return hf_fail_memory(error);
    for (int32_t p = 0; p < f->pattern_count; p++) {
        hf_pattern *pattern = &f->patterns[p];
        pattern->state = f->state + (ptrdiff_t)p * measures;
        pattern->first = first;
        pattern->first_column = columns;
        pattern->columns = columns_of(f->columns + columns, f, pattern->state);
        pattern->first_score = scores;
        pattern->first_run = runs;
        const hf_status status = lay_out_runs(s, pattern, &runs, error);
        if (status != HF_OK) return status;
        pattern->runs = runs - pattern->first_run;
        first += pattern->rows;
        columns += pattern->columns;
        scores += pattern->rows * (pattern->columns + 1);
    }
    f->scores = hf_new_raw(f->context, (size_t)scores, sizeof *f->scores);
    return f->scores ? HF_OK : hf_fail_memory(error);
}

// The score that counts of a worst or best group by the definition's own weights.
static float extreme_of(const hf_whatif_fleet *f, const hf_pattern *p, const hf_group *group, int64_t row)
{
    const hf_health *health = f->night.health;
    const double *weight = f->definition->segments[p->segment].measure_weight;
    const float sign = group->aggregate == HF_AGGREGATE_WORST ? 1.0f : -1.0f;
    float chosen = NAN;
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        if (!(p->state[m] & HF_SCORED) || !(weight[m] > 0)) continue;
        const float q = health->measure[m * health->rows + row];
        if (isnan(chosen) || sign * q < sign * chosen) chosen = q;
    }
    return isnan(chosen) ? 0.0f : chosen; // no weight, so it does not count
}

static void fill_chunk(float *to, const hf_whatif_fleet *f, const hf_pattern *p, int64_t first, int32_t n)
{
    const hf_health *health = f->night.health;
    const int64_t *row = f->row + first;
    for (int32_t c = 0; c < p->columns; c++, to += n) {
        const hf_pattern_column column = f->columns[p->first_column + c];
        if (column.measure < 0) {
            for (int32_t i = 0; i < n; i++)
                to[i] = extreme_of(f, p, &f->definition->groups[column.group], row[i]);
            continue;
        }
        const float *from = health->measure + column.measure * health->rows;
        for (int32_t i = 0; i < n; i++)
            to[i] = from[row[i]];
    }
    for (int32_t i = 0; i < n; i++)
        to[i] = 1.0f;
}

static void fill_scores(hf_whatif_fleet *f)
{
    for (int32_t k = 0; k < f->pattern_count; k++) {
        const hf_pattern *p = &f->patterns[k];
        for (int64_t at = 0; at < p->rows; at += HF_CHUNK_ROWS) {
            const int32_t n = p->rows - at < HF_CHUNK_ROWS ? (int32_t)(p->rows - at) : HF_CHUNK_ROWS;
            fill_chunk(f->scores + p->first_score + at * (p->columns + 1), f, p, p->first + at, n);
        }
    }
}

// ---- memory --------------------------------------------------------------------------------------------------------

static hf_status allocate(sorting *s, hf_error *error)
{
    hf_whatif_fleet *f = s->fleet;
    const size_t rows = (size_t)f->rows;
    f->row = hf_new_raw(f->context, rows, sizeof *f->row);
    f->low = hf_new_raw(f->context, rows, sizeof *f->low);
    f->high = hf_new_raw(f->context, rows, sizeof *f->high);
    f->unset = hf_new_raw(f->context, rows, sizeof *f->unset);
    if (f->night.arr) f->arr = hf_new_raw(f->context, rows, sizeof *f->arr);
    s->pattern = hf_new_raw(f->context, rows, sizeof *s->pattern);
    s->on_list = hf_new(f->context, rows, sizeof *s->on_list);
    s->order = hf_new_raw(f->context, rows, 2 * sizeof *s->order);
    s->state = hf_new(f->context, (size_t)f->definition->measure_count, 1);
    f->all = hf_new(f->context, (size_t)f->definition->band_count + 1, sizeof *f->all);
    f->all_arr = hf_new(f->context, (size_t)f->definition->band_count + 1, sizeof *f->all_arr);
    s->edges_of = hf_new(f->context, (size_t)f->definition->segment_count, sizeof *s->edges_of);
    s->class_at = hf_new(f->context, (size_t)f->definition->segment_count << CLASS_BITS, sizeof *s->class_at);
    f->edges = hf_new(f->context, (size_t)f->definition->segment_count, sizeof *f->edges);
    return f->row && f->low && f->high && f->unset && (f->arr || !f->night.arr) && s->pattern && s->on_list &&
                   s->order && s->state && s->edges_of && s->class_at && f->edges && f->all && f->all_arr
               ? HF_OK
               : hf_fail_memory(error);
}

hf_status hf_whatif_fleet_create(hf_whatif_fleet **out, const hf_context *context,
                                 const hf_whatif_night *night, hf_error *error)
{
    hf_status status;
    sorting s = {0};
    hf_whatif_fleet *f = hf_new(context, 1, sizeof *f);
    if (!f) return hf_fail_memory(error);
    *f = (hf_whatif_fleet){.context = context,
                           .night = *night,
                           .definition = hf_health_plan_definition(night->plan),
                           .rows = night->health->rows};
    s.fleet = f;
    HF_TRY(done, allocate(&s, error));
    HF_TRY(done, find_edges(&s, error));
    HF_TRY(done, mark_list(&s, error));
    HF_TRY(done, find_patterns(&s, error));
    HF_TRY(done, hf_check_cancel(context, error));
    HF_TRY(done, order_rows(&s, error));
    HF_TRY(done, lay_out(&s, error));
    fill_scores(f);
    *out = f;
    f = NULL;
done:
    hf_whatif_fleet_destroy(f);
    hf_delete(context, s.pattern);
    hf_delete(context, s.table);
    hf_delete(context, s.state);
    hf_delete(context, s.on_list);
    hf_delete(context, s.order);
    hf_delete(context, s.edges_of);
    hf_delete(context, s.class_at);
    return status;
}

void hf_whatif_fleet_destroy(hf_whatif_fleet *f)
{
    if (!f) return;
    for (int32_t e = 0; f->edges && e < f->edges_count; e++) {
        hf_delete(f->context, f->edges[e].edge);
        hf_delete(f->context, f->edges[e].base_of);
        hf_delete(f->context, f->edges[e].band_of);
    }
    void *const owned[] = {f->row,     f->low,  f->high,   f->unset,   f->arr,   f->state, f->patterns,
                           f->columns, f->runs, f->scores, f->classes, f->edges, f->all,   f->all_arr};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        hf_delete(f->context, owned[i]);
    hf_delete(f->context, f);
}
