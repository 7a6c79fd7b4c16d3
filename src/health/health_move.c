// SPDX-License-Identifier: Apache-2.0
//
// Why a health moved. Five factors change between two nights: the measures' values, which of them are there,
// which are stale, the configuration (the definition, and the segment the account stands in) and the
// overrides. All 32 mixtures of before and after are scored, and a factor's part is its average effect over
// all orders of changing the factors (Shapley 1953). Within a factor the measures that changed share its
// effect on the raw health in the same way, which makes the parts those of Owen (1977); where an override
// clips a step, all parts of the step shrink alike.
#include "health/health_plan.h"

#include <math.h>
#include <string.h>

// The factors, as bits of a mixture: set where the factor is as it is after.
enum { VALUE = 1, COVERAGE = 2, STALENESS = 4, CONFIGURATION = 8, OVERRIDE = 16, MIXTURES = 32, FACTORS = 5 };

// So many measures that change together are shared out over all their orders, more of them over the
// rotations of one order and of its reverse.
enum { EXACT = 10 };

// A measure under one configuration. Index 0 is before, 1 after.
typedef struct {
    double score[2]; // of the value, as an observed one
    bool absent[2], stale[2];
    double missing; // the score where it is not observed; NaN for none
    int32_t after;  // its place in the definition after, -1 if it is gone
} cell;

typedef struct {
    const hf_context *context;
    const hf_health_plan *plan[2];
    int64_t row[2];
    int32_t segment[2], count[2];
    cell *cells[2];                                 // owned, count each
    double *from, *to, *mixed, *effective, *shares; // owned, one a measure of the longer definition
    double raw[MIXTURES / 2];                       // by the first four factors
    double health[MIXTURES];
} mover;

static double neutral_of(const mover *m, int c)
{
    return m->plan[c]->definition->neutral;
}

// ---- what the two nights say of a measure -------------------------------------------------------------------

static bool same_observation(const hf_measure *a, const hf_measure *b)
{
    return strcmp(a->signal, b->signal) == 0 && a->max_age == b->max_age &&
           strcmp(a->observed_on, b->observed_on) == 0 && a->percentile == b->percentile;
}

// The same measure in the other definition, or -1: a measure that takes another signal, or judges its age in
// another way, is another measure.
static int32_t counterpart(const hf_definition *definition, const hf_measure *measure)
{
    const int32_t found = hf_definition_find(definition, measure->path);
    return found >= 0 && same_observation(measure, &definition->measures[found]) ? found : -1;
}

static double policy_score(const hf_measure *measure)
{
    return measure->missing == HF_MISSING_SKIP ? NAN : measure->missing_value;
}

// The score that configuration c gives the value of night v (place `at` in that night's definition).
static double score_under(const mover *m, int c, int32_t measure, int v, int32_t at)
{
    const hf_health_plan *plan = m->plan[v];
    // A percentile is a rank among that night's accounts; that the others moved is part of its value.
    const bool rank = plan->definition->measures[at].percentile;
    const double number = hf_health_number(plan, at, m->row[v]);
    const char *level = hf_health_level(plan, at, m->row[v]);
    return rank ? hf_health_score_of(plan, m->segment[v], at, number, level)
                : hf_health_score_of(m->plan[c], m->segment[c], measure, number, level);
}

// What one night does not say is taken from the other: a measure that appears has no value to move from.
static void complete(cell *out)
{
    for (int v = 0; v < 2; v++) {
        if (!out->absent[v] || out->absent[1 - v]) continue;
        out->score[v] = out->score[1 - v];
        out->stale[v] = out->stale[1 - v];
    }
}

static void fill_cells(mover *m, int c)
{
    const hf_definition *definition = m->plan[c]->definition, *other = m->plan[1 - c]->definition;
    for (int32_t i = 0; i < m->count[c]; i++) {
        cell *out = &m->cells[c][i];
        const int32_t there = counterpart(other, &definition->measures[i]);
        out->missing = policy_score(&definition->measures[i]);
        out->after = c == 1 ? i : there;
        for (int v = 0; v < 2; v++) {
            // A measure that is new or gone is the same on both nights: all it does is configuration.
            const int side = there < 0 ? c : v;
            const int32_t at = side == c ? i : there;
            const hf_measure_state state = hf_health_state(m->plan[side], at, m->row[side]);
            out->absent[v] = state == HF_STATE_ABSENT;
            out->stale[v] = state == HF_STATE_STALE;
            out->score[v] = out->absent[v] ? (double)NAN : score_under(m, c, i, side, at);
        }
        complete(out);
    }
}

// ---- mixtures ------------------------------------------------------------------------------------------------

static int configuration_of(int mixture)
{
    return (mixture & CONFIGURATION) != 0;
}

static void fill_scores(const mover *m, int mixture, double *score)
{
    const int c = configuration_of(mixture);
    const int value = (mixture & VALUE) != 0, coverage = (mixture & COVERAGE) != 0;
    const int staleness = (mixture & STALENESS) != 0;
    for (int32_t i = 0; i < m->count[c]; i++) {
        const cell *at = &m->cells[c][i];
        const bool observed = !at->absent[coverage] && !at->stale[staleness];
        score[i] = observed ? at->score[value] : at->missing;
    }
}

// Raw health; neutral where nothing is known, so that a mixture no night ever saw has a health too.
static double combine(const mover *m, int c, const double *score)
{
    double unassigned;
    const double raw = hf_health_combine(m->plan[c], m->segment[c], score, m->effective, &unassigned);
    return isnan(raw) ? neutral_of(m, c) : raw;
}

static double after_overrides(const mover *m, int mixture, double raw)
{
    const int o = (mixture & OVERRIDE) != 0;
    const double health = hf_health_override_row(m->plan[o], m->row[o], raw, NULL, NULL);
    return isnan(health) ? neutral_of(m, configuration_of(mixture)) : health;
}

static void score_mixtures(mover *m)
{
    for (int mixture = 0; mixture < MIXTURES / 2; mixture++) {
        const int c = configuration_of(mixture);
        double unassigned;
        fill_scores(m, mixture, m->mixed);
        const double raw = hf_health_combine(m->plan[c], m->segment[c], m->mixed, m->effective, &unassigned);
        m->raw[mixture] = isnan(raw) ? neutral_of(m, c) : raw;
        m->health[mixture] = after_overrides(m, mixture, raw);
        m->health[mixture | OVERRIDE] = after_overrides(m, mixture | OVERRIDE, raw);
    }
}

static int bits_of(int mixture)
{
    int bits = 0;
    for (; mixture; mixture &= mixture - 1)
        bits++;
    return bits;
}

// size! (players - 1 - size)! / players!: the share of orders in which just these come before one player.
static double order_share(int size, int players)
{
    double share = 1.0 / players;
    for (int i = 1; i <= size; i++)
        share *= (double)i / (double)(players - i);
    return share;
}

static double factor_part(const mover *m, int factor)
{
    double sum = 0;
    for (int s = 0; s < MIXTURES; s++)
        if (!(s & factor)) sum += order_share(bits_of(s), FACTORS) * (m->health[s | factor] - m->health[s]);
    return sum;
}

// ---- sharing a step out to measures ----------------------------------------------------------------------------

static bool differs(double a, double b)
{
    return isnan(a) ? !isnan(b) : isnan(b) || a < b || a > b;
}

// Shapley's value over all orders of the k players: 2^k scores.
static void share_over_all_orders(mover *m, int c, const int32_t *player, int k)
{
    double raw[1 << EXACT];
    for (int set = 0; set < 1 << k; set++) {
        for (int p = 0; p < k; p++)
            m->mixed[player[p]] = set & 1 << p ? m->to[player[p]] : m->from[player[p]];
        raw[set] = combine(m, c, m->mixed);
    }
    for (int p = 0; p < k; p++) {
        double sum = 0;
        for (int set = 0; set < 1 << k; set++)
            if (!(set & 1 << p)) sum += order_share(bits_of(set), k) * (raw[set | 1 << p] - raw[set]);
        m->shares[player[p]] += sum;
    }
    for (int p = 0; p < k; p++)
        m->mixed[player[p]] = m->from[player[p]];
}

// The average over k rotations of the order and of its reverse, in which every player stands at every place
// equally often.
static void share_over_rotations(mover *m, int c, const int32_t *player, int k)
{
    const double start = combine(m, c, m->mixed);
    for (int order = 0; order < 2 * k; order++) {
        double before = start;
        for (int place = 0; place < k; place++) {
            const int turn = (order / 2 + place) % k;
            const int32_t p = player[order % 2 ? k - 1 - turn : turn];
            m->mixed[p] = m->to[p];
            const double now = combine(m, c, m->mixed);
            m->shares[p] += (now - before) / (2.0 * k);
            before = now;
        }
        for (int p = 0; p < k; p++)
            m->mixed[player[p]] = m->from[player[p]];
    }
}

static void share_players(mover *m, int c, const int32_t *player, int k)
{
    if (k <= EXACT)
        share_over_all_orders(m, c, player, k);
    else
        share_over_rotations(m, c, player, k);
}

// Where the same measures are there before and after, the groups do not touch each other, and within a mean a
// measure moves the sum by its effective weight alone.
static void share_by_group(mover *m, int c, int32_t *player)
{
    const hf_definition *definition = m->plan[c]->definition;
    combine(m, c, m->from);
    for (int32_t i = 0; i < m->count[c]; i++) {
        const bool mean = definition->groups[definition->measures[i].group].aggregate == HF_AGGREGATE_MEAN;
        if (mean && differs(m->from[i], m->to[i])) m->shares[i] = m->effective[i] * (m->to[i] - m->from[i]);
    }
    for (int32_t g = 0; g < definition->group_count; g++) {
        const hf_group *group = &definition->groups[g];
        int k = 0;
        if (group->aggregate == HF_AGGREGATE_MEAN) continue;
        for (int32_t i = group->first; i < group->first + group->count; i++)
            if (differs(m->from[i], m->to[i])) player[k++] = i;
        if (k > 0) share_players(m, c, player, k);
    }
}

// Fills shares: what each measure adds to the raw health between two mixtures of one configuration.
static void share_raw(mover *m, int c, int32_t *player)
{
    int k = 0;
    bool same_there = true;
    for (int32_t i = 0; i < m->count[c]; i++) {
        m->shares[i] = 0;
        m->mixed[i] = m->from[i];
        if (!differs(m->from[i], m->to[i])) continue;
        same_there = same_there && isnan(m->from[i]) == isnan(m->to[i]);
        player[k++] = i;
    }
    if (k == 0) return;
    if (same_there)
        share_by_group(m, c, player);
    else
        share_players(m, c, player, k);
}

// How much of a raw step is left of it after overrides: 0 to 1.
static double passed(const mover *m, int from, int to)
{
    const double raw_from = m->raw[from & (OVERRIDE - 1)], raw_to = m->raw[to & (OVERRIDE - 1)];
    if (m->health[from] == raw_from && m->health[to] == raw_to) return 1;
    if (!differs(raw_from, raw_to)) return 0;
    return fmin(fmax((m->health[to] - m->health[from]) / (raw_to - raw_from), 0), 1);
}

// Adds a step's shares to the parts of the measures after. What rounding leaves goes to the largest share.
static void add_step(const mover *m, int from, int to, double weight, double *parts)
{
    const int c = configuration_of(from);
    const double scale = passed(m, from, to);
    double left = m->health[to] - m->health[from];
    int32_t largest = -1;
    for (int32_t i = 0; i < m->count[c]; i++) {
        if (m->cells[c][i].after < 0) continue;
        left -= scale * m->shares[i];
        parts[m->cells[c][i].after] += weight * scale * m->shares[i];
        if (largest < 0 || fabs(m->shares[i]) > fabs(m->shares[largest])) largest = i;
    }
    if (largest >= 0) parts[m->cells[c][largest].after] += weight * left;
}

// One factor's part, measure by measure.
static void share_factor(mover *m, int factor, int32_t *player, double *parts)
{
    for (int from = 0; from < MIXTURES / 2; from++) {
        const int to = from | factor, bits = bits_of(from);
        if (from & factor) continue;
        fill_scores(m, from, m->from);
        fill_scores(m, to, m->to);
        share_raw(m, configuration_of(from), player);
        add_step(m, from, to, order_share(bits, FACTORS), parts);
        add_step(m, from | OVERRIDE, to | OVERRIDE, order_share(bits + 1, FACTORS), parts);
    }
}

// ---- the call --------------------------------------------------------------------------------------------------

static hf_status mover_create(mover *m, const hf_context *context, const hf_health_plan *before,
                              int64_t row_before, const hf_health_plan *after, int64_t row_after,
                              hf_error *error)
{
    *m = (mover){.context = context, .plan = {before, after}, .row = {row_before, row_after}};
    size_t most = 1;
    for (int c = 0; c < 2; c++) {
        m->segment[c] = m->plan[c]->segment[m->row[c]];
        m->count[c] = m->plan[c]->definition->measure_count;
        m->cells[c] = hf_new(context, (size_t)m->count[c], sizeof *m->cells[c]);
        if (!m->cells[c]) return hf_fail_memory(error);
        if ((size_t)m->count[c] > most) most = (size_t)m->count[c];
    }
    m->from = hf_new(context, 5 * most, sizeof *m->from);
    if (!m->from) return hf_fail_memory(error);
    m->to = m->from + most;
    m->mixed = m->to + most;
    m->effective = m->mixed + most;
    m->shares = m->effective + most;
    return HF_OK;
}

static void mover_free(mover *m)
{
    hf_delete(m->context, m->cells[0]);
    hf_delete(m->context, m->cells[1]);
    hf_delete(m->context, m->from);
}

hf_status hf_health_move_create(hf_health_move *out, const hf_context *context, const hf_health_plan *before,
                                int64_t row_before, const hf_health_plan *after, int64_t row_after,
                                hf_error *error)
{
    mover m;
    hf_health_move made = {.measures = after->definition->measure_count};
    int32_t *player = NULL;
    const size_t count = (size_t)made.measures;
    hf_status status;
    HF_TRY(done, mover_create(&m, context, before, row_before, after, row_after, error));
    player = hf_new(context, (size_t)m.count[0] + (size_t)m.count[1], sizeof *player);
    made.value = hf_new(context, count, sizeof *made.value);
    made.coverage = hf_new(context, count, sizeof *made.coverage);
    made.staleness = hf_new(context, count, sizeof *made.staleness);
    if (!player || !made.value || !made.coverage || !made.staleness) {
        status = hf_fail_memory(error);
        goto done;
    }
    fill_cells(&m, 0);
    fill_cells(&m, 1);
    score_mixtures(&m);
    share_factor(&m, VALUE, player, made.value);
    share_factor(&m, COVERAGE, player, made.coverage);
    share_factor(&m, STALENESS, player, made.staleness);
    made.configuration = factor_part(&m, CONFIGURATION);
    made.override = factor_part(&m, OVERRIDE);
    made.from = m.health[0];
    made.to = m.health[MIXTURES - 1];
    *out = made;
    made = (hf_health_move){0};
done:
    hf_health_move_free(context, &made);
    hf_delete(context, player);
    mover_free(&m);
    return status;
}

void hf_health_move_free(const hf_context *context, hf_health_move *move)
{
    hf_delete(context, move->value);
    hf_delete(context, move->coverage);
    hf_delete(context, move->staleness);
    *move = (hf_health_move){0};
}
