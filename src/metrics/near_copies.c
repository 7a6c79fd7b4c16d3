// SPDX-License-Identifier: Apache-2.0
//
// Tells copies from rows that are merely alike. Alike rows thin out evenly: the ratio of the distances of
// successive neighbours is Pareto with the dimension of the data (Facco and others 2017), which is estimated
// from the farther two. Copies leave a gap behind them that no dimension explains. Where copies are too many
// and too jittered for a gap, their places give them away: alike rows are any number of rows apart, copies of
// a repeated table a fixed one. Pairs found are joined to groups (union-find, Tarjan 1975).
#include "metrics/copy_search.h"
#include "metrics/metrics_room.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_GAP 2.0    // times as far as the last copy
#define BY_CHANCE 0.01   // share of rows that may have a gap by chance
#define LEAST_SHARE 0.02 // of rows
#define AGREEMENT 0.8    // of the way from chance to always the same label (kappa; Cohen 1960)
#define FLOOR 0.02       // of the greatest distance: nearer is as near as can be

enum { AROUND = 10, TIMES = 10, LEAST_PAIRS = 8, SHARE_OF_GROUP = 10 };

typedef struct {
    const hf_context *context;
    int64_t n;
    const uint8_t *label;
    hf_copy_search search;
    uint32_t *apart;       // owned: nearest neighbours so many rows away
    uint32_t *root, *size; // owned: the groups as trees
    int64_t rows, events;
    double gap; // times as far as the last copy
    bool by_gap, by_place;
} finding;

// ---- signs -----------------------------------------------------------------------------------------------

// How many of a row's nearest rows stand before a gap, 0 where there is none.
static int before_gap(const finding *f, int64_t i)
{
    const hf_neighbours *n = &f->search.of[i];
    const double nearest = FLOOR * f->search.columns * f->search.unit;
    for (int k = 0; k + 1 < HF_NEIGHBOURS && n->distance[k + 1] != UINT16_MAX; k++)
        if (n->distance[k + 1] >= f->gap * fmax(n->distance[k], nearest)) return k + 1;
    return 0;
}

static int64_t places_apart(int64_t i, uint32_t j)
{
    return i > (int64_t)j ? i - (int64_t)j : (int64_t)j - i;
}

// Whether so many nearest pairs are exactly this far apart, and not about so far.
static bool stands_out(const finding *f, int64_t apart)
{
    int64_t around = 0, seen = 0;
    for (int64_t a = apart - AROUND; a <= apart + AROUND; a++) {
        if (a < 1 || a >= f->n || a == apart) continue;
        around += f->apart[a];
        seen++;
    }
    return f->apart[apart] >= LEAST_PAIRS &&
           (double)f->apart[apart] * (double)seen >= (double)TIMES * (double)(around + seen);
}

typedef struct {
    int64_t rows, pairs, same;
} sign;

static void take_pair(sign *s, const finding *f, int64_t i, uint32_t j)
{
    s->pairs++;
    s->same += f->label[i] == f->label[j];
}

static double chance(const finding *f)
{
    const double p = (double)f->events / (double)f->rows;
    return p * p + (1 - p) * (1 - p);
}

static bool same_label(const finding *f, const sign *s)
{
    const double c = chance(f), pairs = (double)s->pairs;
    const double same = pairs > 0 ? (double)s->same / pairs : 0;
    return same > c + 3 * sqrt(c * (1 - c) / pairs) && same - c >= AGREEMENT * (1 - c);
}

// How wide a gap has to be for evenly thinning neighbours to leave one by chance, in any of the three places,
// in few rows only.
static hf_status settle_gap(finding *f, hf_error *error)
{
    double *ratio = hf_new_raw(f->context, (size_t)f->n, sizeof *ratio);
    int64_t count = 0;
    if (!ratio) return hf_fail_memory(error);
    for (int64_t i = 0; i < f->n; i++) {
        const hf_neighbours *n = &f->search.of[i];
        if (f->label[i] > 1 || n->distance[3] == UINT16_MAX || n->distance[2] == 0) continue;
        ratio[count++] = log((double)n->distance[3] / n->distance[2]);
    }
    f->gap = INFINITY;
    if (count > 0) {
        qsort(ratio, (size_t)count, sizeof *ratio, hf_compare_doubles);
        // The ratio of the third and fourth is exponential in the logarithm with rate 3 x dimension.
        const double dimension = log(2.0) / (3 * fmax(ratio[count / 2], 0.001));
        f->gap = fmax(LEAST_GAP, pow((HF_NEIGHBOURS - 1) / BY_CHANCE, 1 / dimension));
    }
    hf_delete(f->context, ratio);
    return HF_OK;
}

static void look_for_gaps(finding *f)
{
    sign s = {0};
    for (int64_t i = 0; i < f->n; i++) {
        const int copies = f->label[i] > 1 ? 0 : before_gap(f, i);
        s.rows += copies > 0;
        for (int k = 0; k < copies; k++)
            take_pair(&s, f, i, f->search.of[i].row[k]);
    }
    f->by_gap = (double)s.rows >= LEAST_SHARE * (double)f->rows && same_label(f, &s);
}

static void look_for_places(finding *f)
{
    sign s = {0};
    for (int64_t i = 0; i < f->n; i++)
        if (f->search.of[i].distance[0] != UINT16_MAX) f->apart[places_apart(i, f->search.of[i].row[0])]++;
    for (int64_t i = 0; i < f->n; i++) {
        const hf_neighbours *n = &f->search.of[i];
        if (n->distance[0] == UINT16_MAX || !stands_out(f, places_apart(i, n->row[0]))) continue;
        s.rows++;
        take_pair(&s, f, i, n->row[0]);
    }
    f->by_place = (double)s.rows >= LEAST_SHARE * (double)f->rows && same_label(f, &s);
}

// ---- groups ----------------------------------------------------------------------------------------------

static uint32_t root_of(const finding *f, uint32_t i)
{
    while (f->root[i] != i)
        i = f->root[i] = f->root[f->root[i]];
    return i;
}

static void join(finding *f, uint32_t a, uint32_t b, int64_t most)
{
    a = root_of(f, a);
    b = root_of(f, b);
    if (a == b || (int64_t)f->size[a] + f->size[b] > most) return;
    if (a > b) { // the lowest row stands for all
        const uint32_t swap = a;
        a = b;
        b = swap;
    }
    f->root[b] = a;
    f->size[a] += f->size[b];
}

static void join_clusters(finding *f, const int64_t *cluster, int64_t *first, int64_t clusters)
{
    for (int64_t c = 0; c < clusters; c++)
        first[c] = -1;
    for (int64_t i = 0; i < f->n; i++) {
        if (first[cluster[i]] < 0)
            first[cluster[i]] = i;
        else
            join(f, (uint32_t)first[cluster[i]], (uint32_t)i, f->n);
    }
}

static void join_copies(finding *f, sign *s)
{
    const int64_t most = f->n / SHARE_OF_GROUP + HF_NEIGHBOURS;
    for (int64_t i = 0; i < f->n; i++) {
        const hf_neighbours *n = &f->search.of[i];
        const int copies = f->by_gap && f->label[i] <= 1 ? before_gap(f, i) : 0;
        for (int k = 0; k < HF_NEIGHBOURS && n->distance[k] != UINT16_MAX; k++) {
            if (k >= copies && !(f->by_place && stands_out(f, places_apart(i, n->row[k])))) continue;
            join(f, (uint32_t)i, n->row[k], most);
            take_pair(s, f, i, n->row[k]);
        }
    }
}

// Numbers groups by first appearance, and counts those of several clusters; number, mixed: by root.
static void number_groups(int64_t *group, hf_copies *out, const finding *f, const int64_t *cluster,
                          int64_t *number, bool *mixed)
{
    int64_t next = 0;
    for (int64_t i = 0; i < f->n; i++) {
        const uint32_t r = root_of(f, (uint32_t)i);
        if ((int64_t)r == i) number[r] = next++;
        group[i] = number[r];
        if (cluster ? cluster[i] != cluster[r] : (int64_t)r != i) mixed[r] = true;
    }
    for (int64_t i = 0; i < f->n; i++) {
        const uint32_t r = root_of(f, (uint32_t)i);
        if (!mixed[r]) continue;
        out->rows++;
        out->groups += (int64_t)r == i;
    }
}

static hf_status form_groups(int64_t *group, hf_copies *out, finding *f, const int64_t *cluster,
                             hf_error *error)
{
    int64_t clusters = 0;
    sign s = {0};
    hf_status status = HF_OK;
    bool *mixed = hf_new(f->context, (size_t)f->n, sizeof *mixed);
    for (int64_t i = 0; cluster && i < f->n; i++)
        if (cluster[i] >= clusters) clusters = cluster[i] + 1;
    int64_t *first = hf_new(f->context, (size_t)(clusters > f->n ? clusters : f->n), sizeof *first);
    if (!mixed || !first) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < f->n; i++) {
        f->root[i] = (uint32_t)i;
        f->size[i] = 1;
    }
    if (cluster) join_clusters(f, cluster, first, clusters);
    join_copies(f, &s);
    number_groups(group, out, f, cluster, first, mixed);
    out->by_place = f->by_place;
    out->same = s.pairs > 0 ? (double)s.same / (double)s.pairs : (double)NAN;
    out->chance = f->rows > 0 ? chance(f) : (double)NAN;
done:
    hf_delete(f->context, mixed);
    hf_delete(f->context, first);
    return status;
}

hf_status hf_near_copies(int64_t *group, hf_copies *out, const hf_context *context,
                         const hf_profile_signal *signals, int32_t count, int64_t n, const uint8_t *label,
                         const int64_t *cluster, uint64_t seed, hf_error *error)
{
    finding f = {.context = context, .n = n, .label = label};
    hf_copies made = {0};
    hf_status status;
    if (n < 0 || n > INT32_MAX)
        return hf_fail(error, HF_ERROR_USAGE, "copies: %lld rows, expected 0 to 2147483647", (long long)n);
    HF_TRY(done, hf_copy_search_run(&f.search, context, signals, count, n, label, cluster, seed, error));
    f.apart = hf_new(context, (size_t)n, sizeof *f.apart);
    f.root = hf_new_raw(context, (size_t)n, sizeof *f.root);
    f.size = hf_new_raw(context, (size_t)n, sizeof *f.size);
    if (!f.apart || !f.root || !f.size) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        f.rows += label[i] <= 1;
        f.events += label[i] == 1;
    }
    HF_TRY(done, settle_gap(&f, error));
    look_for_gaps(&f);
    look_for_places(&f);
    HF_TRY(done, form_groups(group, &made, &f, cluster, error));
    *out = made;
done:
    hf_copy_search_free(context, &f.search);
    hf_delete(context, f.apart);
    hf_delete(context, f.root);
    hf_delete(context, f.size);
    return status;
}
