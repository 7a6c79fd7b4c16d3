// SPDX-License-Identifier: Apache-2.0
//
// Curves of a definition into terms with values from 0 to 100. Clamped linear and points become an intercept,
// a slope and hinges between clips; steps, and points that repeat an x, become jumps. A jump at x counts from
// x on, so it is placed at the number just below the smaller of x and x as single precision keeps it: columns
// of either precision then have x itself on the upper side.
#include "definition/reading.h"

#include <math.h>
#include <string.h>

#define X_LIMIT 1e15     // of a curve's x, either side of 0
#define SLOPE_LIMIT 1e15 // points per unit of x

typedef struct {
    const hf_reading *r;
    const char *signal;
    hf_direction direction;
    hf_term *term;
} curve_reading;

typedef struct {
    double *x, *y;             // owned
    const hf_yaml_node **node; // owned: the pairs
    int32_t count;
} pairs;

static void free_pairs(const hf_context *context, pairs *p)
{
    hf_delete(context, p->x);
    hf_delete(context, p->y);
    hf_delete(context, p->node);
}

static double just_below(double x)
{
    return nextafter(fmin(x, (double)(float)x), -INFINITY);
}

static hf_status fail_at_node(const hf_reading *r, const hf_yaml_node *node, const char *message)
{
    return hf_definition_fail(r->error, r->definition, node->place, "%s", message);
}

// A value of the signal: a number, or a percentage as ratios are written.
static hf_status take_x(double *out, const hf_reading *r, const hf_yaml_node *node, const char *key)
{
    double value = NAN;
    hf_status status = HF_OK;
    if (node->kind == HF_YAML_SCALAR && node->plain && strchr(node->text, '%'))
        status = hf_condition_number(&value, r->context, node->text, r->error);
    if (status == HF_OK && isnan(value)) status = hf_take_number(&value, r, node, key, -INFINITY, INFINITY);
    if (status != HF_OK) return status;
    if (!(fabs(value) <= X_LIMIT))
        return fail_at_node(r, node, "this x is beyond any signal; write a smaller one");
    *out = value;
    return HF_OK;
}

// A list of [x, score]; x ascending, `equal` whether two may share an x.
static hf_status read_pairs(pairs *out, const curve_reading *c, const hf_yaml_node *list, const char *key,
                            int32_t least, bool equal)
{
    const hf_reading *r = c->r;
    hf_status status = HF_OK;
    const char *form =
        equal ? "as in points: [[0, 100], [5, 80], [20, 0]]" : "as in steps: [[1, 20], [5, 60]]";
    if (list->kind != HF_YAML_LIST || list->children < least)
        return hf_expected(r, list, key, equal ? "a list of two or more [x, score]" : "a list of [x, score]",
                           form);
    size_t n = (size_t)list->children;
    out->x = hf_new(r->context, n, sizeof *out->x);
    out->y = hf_new(r->context, n, sizeof *out->y);
    out->node = hf_new(r->context, n, sizeof *out->node);
    if (!out->x || !out->y || !out->node) return hf_fail_memory(r->error);
    for (HF_EACH_CHILD(r, pair, list)) {
        if (pair->kind != HF_YAML_LIST || pair->children != 2)
            return hf_expected(r, pair, key, "a pair [x, score]", form);
        const int32_t k = out->count;
        const hf_yaml_node *x = hf_yaml_first(r->tree, pair), *y = hf_yaml_next(r->tree, x);
        HF_TRY(done, take_x(&out->x[k], r, x, "x"));
        HF_TRY(done, hf_take_number(&out->y[k], r, y, "score", 0, 100));
        if (k > 0 && out->x[k] < out->x[k - 1])
            return fail_at_node(r, x, "the x of a curve must ascend; put this pair where it belongs");
        if (k > 0 && out->x[k] == out->x[k - 1] && !equal)
            return fail_at_node(r, x, "two steps from the same x; take one out");
        if (k > 1 && out->x[k] == out->x[k - 2])
            return fail_at_node(r, x, "three points at the same x; two make a jump, take one out");
        out->node[k] = pair;
        out->count++;
    }
done:
    return status;
}

// A score must not move against the direction.
static hf_status check_turn(const curve_reading *c, const hf_yaml_node *node, double before, double after)
{
    const bool good = c->direction == HF_DIRECTION_HIGHER_GOOD;
    if (good ? after >= before : after <= before) return HF_OK;
    return hf_definition_fail(
        c->r->error, c->r->definition, node->place,
        "the score %s here, but the measure says higher: %s; turn the curve or say higher: %s",
        good ? "falls" : "rises", good ? "good" : "bad", good ? "bad" : "good");
}

static hf_status new_arrays(hf_curve *curve, const hf_reading *r, int32_t hinges, int32_t steps)
{
    curve->hinge_at = hf_new(r->context, (size_t)hinges, sizeof(double));
    curve->hinge_slope = hf_new(r->context, (size_t)hinges, sizeof(double));
    curve->step_at = hf_new(r->context, (size_t)steps, sizeof(double));
    curve->step_height = hf_new(r->context, (size_t)steps, sizeof(double));
    return curve->hinge_at && curve->hinge_slope && curve->step_at && curve->step_height
               ? HF_OK
               : hf_fail_memory(r->error);
}

static hf_status read_linear(const curve_reading *c, const hf_yaml_node *node)
{
    static const char *const keys[] = {"worst", "best"};
    const hf_reading *r = c->r;
    const hf_yaml_node *worst_node, *best_node;
    const char *form = "the x that scores 0 and the x that scores 100, as in {worst: 0, best: 0.8}";
    double worst, best;
    hf_status status = HF_OK;
    hf_curve *curve = &c->term->curve;
    HF_TRY(done, HF_CHECK_MAP(r, node, "a linear curve", keys));
    HF_TRY(done, hf_require(&worst_node, r, node, node->place, "a linear curve", "worst", form));
    HF_TRY(done, hf_require(&best_node, r, node, node->place, "a linear curve", "best", form));
    HF_TRY(done, take_x(&worst, r, worst_node, "worst"));
    HF_TRY(done, take_x(&best, r, best_node, "best"));
    if (worst == best)
        return fail_at_node(r, best_node,
                            "worst and best are the same number; a score needs room between them");
    if ((worst < best) != (c->direction == HF_DIRECTION_HIGHER_GOOD))
        return hf_definition_fail(r->error, r->definition, best_node->place,
                                  "best is %s worst, but the measure says higher: %s; swap the two or say "
                                  "higher: %s",
                                  worst < best ? "above" : "below", worst < best ? "bad" : "good",
                                  worst < best ? "good" : "bad");
    double width = best - worst, slope = 100 / width;
    if (!(fabs(slope) < SLOPE_LIMIT))
        return fail_at_node(r, best_node, "worst and best are too near each other; set them apart");
    if (slope * width > 100) slope = nextafter(slope, 0); // never past 100 by a rounding
    curve->low = fmin(worst, best);
    curve->high = fmax(worst, best);
    curve->origin = worst;
    curve->slope = slope;
done:
    return status;
}

static hf_status compile_points(const curve_reading *c, const pairs *p)
{
    const hf_reading *r = c->r;
    hf_curve *curve = &c->term->curve;
    const int32_t last = p->count - 1;
    bool jumps = false;
    hf_status status = new_arrays(curve, r, p->count, p->count);
    if (status != HF_OK) return status;
    for (int32_t k = 1; k <= last; k++)
        jumps = jumps || p->x[k] == p->x[k - 1];
    // With 0 as the origin x is kept to the bit, which the place of a jump needs.
    curve->origin = jumps ? 0 : p->x[0];
    curve->low = p->x[0] == p->x[1] ? just_below(p->x[0]) : p->x[0];
    curve->high = p->x[last];
    double slope = 0;
    for (int32_t k = 1; k <= last; k++) {
        const double width = p->x[k] - p->x[k - 1], rise = p->y[k] - p->y[k - 1];
        if (width == 0) {
            curve->step_at[curve->steps] = just_below(p->x[k]) - curve->origin;
            curve->step_height[curve->steps++] = rise;
            continue;
        }
        const double next = rise / width;
        if (!(fabs(next) < SLOPE_LIMIT))
            return fail_at_node(r, p->node[k],
                                "this x is too near the one before; for a jump write the same x twice");
        // After a first jump the slope is a hinge: left of it, where single precision begins, the curve is
        // flat.
        if (k == 1) {
            curve->slope = next;
        } else if (next != slope) {
            curve->hinge_at[curve->hinges] = p->x[k - 1] - curve->origin;
            curve->hinge_slope[curve->hinges++] = next - slope;
        }
        slope = next;
    }
    curve->intercept = p->y[0] - curve->slope * (p->x[0] - curve->origin);
    c->term->mean = p->x[0] / 2 + p->x[last] / 2;
    return HF_OK;
}

static hf_status read_points(const curve_reading *c, const hf_yaml_node *list)
{
    pairs p = {0};
    hf_status status = HF_OK;
    HF_TRY(done, read_pairs(&p, c, list, "points", 2, true));
    for (int32_t k = 1; k < p.count; k++)
        HF_TRY(done, check_turn(c, p.node[k], p.y[k - 1], p.y[k]));
    HF_TRY(done, compile_points(c, &p));
done:
    free_pairs(c->r->context, &p);
    return status;
}

static hf_status read_steps(const curve_reading *c, const hf_yaml_node *map, const hf_yaml_node *list)
{
    pairs p = {0};
    hf_status status = HF_OK;
    hf_curve *curve = &c->term->curve;
    double score = c->direction == HF_DIRECTION_HIGHER_GOOD ? 0 : 100;
    HF_TRY(done, read_pairs(&p, c, list, "steps", 1, false));
    HF_TRY(done, hf_read_number(&score, c->r, map, "below", 0, 100));
    HF_TRY(done, new_arrays(curve, c->r, 0, p.count));
    curve->intercept = score;
    for (int32_t k = 0; k < p.count; k++) {
        HF_TRY(done, check_turn(c, p.node[k], score, p.y[k]));
        curve->step_at[k] = just_below(p.x[k]);
        curve->step_height[k] = p.y[k] - score;
        score = p.y[k];
    }
    curve->steps = p.count;
done:
    free_pairs(c->r->context, &p);
    return status;
}

static hf_status read_table(const curve_reading *c, const hf_yaml_node *map, const hf_yaml_node *levels)
{
    const hf_reading *r = c->r;
    hf_table *table = &c->term->table;
    const hf_yaml_node *other;
    hf_status status = HF_OK;
    const char **texts = NULL;
    size_t *lengths = NULL;
    int32_t *rank = NULL, k = 0;
    HF_TRY(done, hf_check_names(r, levels, "table", "as in table: {enterprise: 90, smb: 40}"));
    HF_TRY(done, hf_require(&other, r, map, map->place, "a table", "other",
                            "other: 50, the score of every level that is not listed"));
    HF_TRY(done, hf_take_number(&table->pooled, r, other, "other", 0, 100));
    const size_t count = (size_t)levels->children / 2;
    texts = hf_new(r->context, count, sizeof *texts);
    lengths = hf_new(r->context, count, sizeof *lengths);
    rank = hf_new(r->context, count, sizeof *rank);
    table->values = hf_new(r->context, count, sizeof *table->values);
    if (!texts || !lengths || !rank || !table->values) {
        status = hf_fail_memory(r->error);
        goto done;
    }
    for (HF_EACH_KEY(r, level, levels)) {
        if (level->text[0] == '\0') {
            status =
                fail_at_node(r, level, "a level needs a text; what is missing is set by the key 'missing'");
            goto done;
        }
        texts[k] = level->text;
        lengths[k++] = strlen(level->text);
    }
    HF_TRY(done,
           hf_dictionary_build(&table->levels, r->context, texts, lengths, (int32_t)count, rank, r->error));
    k = 0;
    for (HF_EACH_KEY(r, level, levels))
        HF_TRY(done,
               hf_take_number(&table->values[rank[k++]], r, hf_value_of(r, level), level->text, 0, 100));
done:
    hf_delete(r->context, texts);
    hf_delete(r->context, lengths);
    hf_delete(r->context, rank);
    return status;
}

// Which of the forms a curve has; they exclude each other.
static hf_status choose_form(const char **out, const curve_reading *c, const hf_yaml_node *node)
{
    static const char *const forms[] = {"linear", "points", "steps", "table"};
    const hf_reading *r = c->r;
    const hf_yaml_node *found = NULL;
    for (HF_EACH_KEY(r, key, node))
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
            if (strcmp(key->text, forms[i]) != 0) continue;
            if (found)
                return hf_definition_fail(
                    r->error, r->definition, key->place,
                    "a curve is one of linear, points, steps and table, and this is '%s' "
                    "already; take one out",
                    found->text);
            found = key;
            *out = forms[i];
        }
    if (!found)
        return hf_definition_fail(r->error, r->definition, node->place,
                                  "a curve needs one of linear, points, steps and table; add one");
    const hf_yaml_node *other = hf_get_key(r, node, "other"), *below = hf_get_key(r, node, "below");
    if (other && strcmp(*out, "table") != 0)
        return fail_at_node(r, other, "'other' belongs to a table; take it out");
    if (below && strcmp(*out, "steps") != 0)
        return fail_at_node(r, below, "'below' belongs to steps; take it out");
    return HF_OK;
}

static const char *kind_remedy(hf_kind kind, bool table)
{
    if (kind == HF_KIND_DATE) return "derive days_since or days_until from it and measure that";
    return table ? "give it linear, points or steps" : "give it a table";
}

// Settles kind, unit and name of the term, and that the curve serves the signal.
static hf_status start_term(const curve_reading *c, const hf_yaml_node *node, bool table)
{
    const hf_reading *r = c->r;
    hf_known_signal known = hf_know_signal(r->definition, c->signal);
    hf_term *term = c->term;
    term->kind = table ? HF_TERM_TABLE : HF_TERM_CURVE;
    term->signal_kind = known.has_kind ? known.kind : table ? HF_KIND_CATEGORY : HF_KIND_NUMBER;
    if (known.has_kind && (known.kind == HF_KIND_DATE || (known.kind == HF_KIND_CATEGORY) != table))
        return hf_definition_fail(r->error, r->definition, node->place,
                                  "signal '%s' is a %s, which this curve cannot take; %s", c->signal,
                                  hf_kind_name(known.kind), kind_remedy(known.kind, table));
    if (!table && c->direction == HF_DIRECTION_UNKNOWN)
        return hf_definition_fail(
            r->error, r->definition, node->place,
            "nothing says whether a higher '%s' is good; add higher: good or higher: bad "
            "to the measure",
            c->signal);
    hf_status status = hf_copy(&term->signal, r, c->signal);
    return status == HF_OK ? hf_copy(&term->unit, r, known.unit) : status;
}

hf_status hf_read_curve(hf_term *out, bool *percentile, const hf_reading *r, const hf_yaml_node *node,
                        const char *signal, hf_direction direction)
{
    static const char *const keys[] = {"linear", "points", "steps", "below", "table", "other"};
    hf_term term = {.mean = NAN, .deviation = NAN, .curve = {.low = -INFINITY, .high = INFINITY}};
    const curve_reading c = {r, signal, direction, &term};
    const char *form = "percentile";
    hf_status status = HF_OK;
    *percentile = hf_node_is(node, form);
    if (!*percentile) {
        if (node->kind != HF_YAML_MAP)
            return hf_expected(r, node, "curve", "percentile or a map with linear, points, steps or table",
                               "as in curve: {linear: {worst: 0, best: 10}}");
        HF_TRY(done, HF_CHECK_MAP(r, node, "a curve", keys));
        HF_TRY(done, choose_form(&form, &c, node));
    }
    HF_TRY(done, start_term(&c, node, strcmp(form, "table") == 0));
    const hf_yaml_node *body = hf_get(r, node, form);
    if (strcmp(form, "linear") == 0)
        status = read_linear(&c, body);
    else if (strcmp(form, "points") == 0)
        status = read_points(&c, body);
    else if (strcmp(form, "steps") == 0)
        status = read_steps(&c, node, body);
    else if (strcmp(form, "table") == 0)
        status = read_table(&c, node, body);
    if (status != HF_OK) goto done;
    *out = term;
    term = (hf_term){0};
done:
    hf_term_free(r->context, &term);
    return status;
}
