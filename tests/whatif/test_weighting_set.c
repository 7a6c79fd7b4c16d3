// SPDX-License-Identifier: Apache-2.0
//
// Weightings by name: paths and mistakes, segments that follow and segments that do not, draws against the
// moments of a Dirichlet distribution, agreement against plain loops over all pairs, and any weighting
// written into a definition's text and read again.
#include "base/failing_context.h"
#include "health/random_scorecard.h"
#include "whatif/whatif_room.h"

#include <math.h>
#include <string.h>

static const char TEXT[] = "holdfast: 1\nname: small\n"
                           "groups:\n"
                           "  usage:\n    weight: 60 # most\n    measures:\n"
                           "      depth: {signal: depth, higher: good, weight: 2, curve: percentile}\n"
                           "      change: {signal: change, higher: good, curve: percentile}\n"
                           "  voice:\n    measures:\n"
                           "      csat:\n        signal: csat\n        higher: good\n"
                           "        why: |\n          weight: not here\n        curve: percentile\n"
                           "  quiet:\n    weight: 0\n    measures:\n"
                           "      nps: {signal: nps, higher: good, curve: percentile}\n"
                           "bands: {red: 0, green: 50}\n"
                           "segments:\n"
                           "  smb:\n    when: size = small\n    weights: {usage: 30, usage.depth: 2}\n"
                           "  \"a b\":\n    when: size = big\n"
                           "  whole: {when: size = whole, weights: {voice: 7}}\n";

static hf_context *context;

static void enter(void)
{
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
}

static void leave(void)
{
    hf_context_destroy(context);
}

TestSuite(weighting_set, .init = enter, .fini = leave, .timeout = 60);

static hf_definition *small_definition(const hf_context *with)
{
    hf_definition *d = NULL;
    hf_error error = {0};
    cr_assert(hf_definition_parse(&d, with, TEXT, sizeof TEXT - 1, "small.yaml", &error) == HF_OK, "%s",
              error.message);
    return d;
}

static hf_weighting_set set_of(const hf_definition *d, int32_t count)
{
    hf_weighting_set set;
    hf_error error = {0};
    cr_assert(hf_weighting_set_create(&set, context, d, count, &error) == HF_OK, "%s", error.message);
    return set;
}

static double group_in(const hf_weighting_set *set, int32_t at, int32_t segment, int32_t group)
{
    return hf_weighting_groups(&set->weights, at)[segment * set->weights.definition->group_count + group];
}

static double measure_in(const hf_weighting_set *set, int32_t at, int32_t segment, int32_t measure)
{
    return hf_weighting_measures(&set->weights,
                                 at)[segment * set->weights.definition->measure_count + measure];
}

static hf_status parse_one(hf_weighting_set *set, int32_t at, const char *text, hf_error *error)
{
    return hf_weighting_parse(set, at, &text, 1, error);
}

Test(weighting_set, an_edit_means_what_it_means_in_the_file)
{
    hf_definition *d = small_definition(context);
    hf_weighting_set set = set_of(d, 2);
    cr_assert(parse_one(&set, 1, "usage.weight=50", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "usage.change.weight=0.25", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "a b:voice.weight=9", NULL) == HF_OK);
    // smb writes its own usage weight and keeps it; "a b" and whole follow the definition.
    const double usage[] = {30, 50, 50, 50}, voice[] = {1, 9, 7, 1};
    for (int32_t s = 0; s < 4; s++) {
        cr_assert_eq(group_in(&set, 1, s, 0), usage[s]);
        cr_assert_eq(group_in(&set, 1, s, 1), voice[s]);
        cr_assert_eq(measure_in(&set, 1, s, 1), 0.25);
        cr_assert_eq(measure_in(&set, 1, s, 0), 2);
        cr_assert_eq(group_in(&set, 0, s, 0), s == 0 ? 30 : 60, "the present one changed");
    }
    hf_weighting_set_free(&set);
    hf_definition_destroy(d);
}

Test(weighting_set, mistakes_are_answered)
{
    static const struct {
        const char *edit, *says;
    } cases[] = {{"usge.weight=5", "did you mean 'usage.weight'?"},
                 {"depth.weight=5", "did you mean 'usage.depth.weight'?"},
                 {"usage.dept.weight=5", "did you mean 'usage.depth.weight'?"},
                 {"sbm:usage.weight=5", "there is no segment 'sbm'; did you mean 'smb:...'?"},
                 {"usage=5", "'usage' names no weight; write 'usage.weight'"},
                 {"smb:usage.depth=5", "write 'smb:usage.depth.weight'"},
                 {"usage.wieght=5", "'usage.wieght' names no weight; write 'usage.weight'"},
                 {"bands.red=5", "'bands.red' names no weight; write GROUP.weight"},
                 {"usage.weight", "expected PATH=WEIGHT"},
                 {" =3", "expected PATH=WEIGHT"},
                 {"=3", "expected PATH=WEIGHT"},
                 {"usage.weight=", "expected a weight after =, found ''"},
                 {"usage.weight=12x", "expected a weight after =, found '12x'"},
                 {"usage.weight=-1", "expected a weight from 0 to 1e15, found -1"},
                 {"usage.weight=1e400", "expected a weight from 0 to 1e15"},
                 {"zzzzzzzz.weight=1", "write GROUP.weight"},
                 {"default:usage.weight=1", "there is no segment 'default'"}};
    hf_definition *d = small_definition(context);
    hf_weighting_set set = set_of(d, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hf_error error = {0};
        cr_assert_eq(parse_one(&set, 0, cases[i].edit, &error), HF_ERROR_USAGE);
        cr_assert(strstr(error.message, cases[i].says), "%s: %s", cases[i].edit, error.message);
    }
    hf_error error = {0};
    cr_assert(hf_weighting_edit(&set, 0, "whole:usage.weight", 0, NULL) == HF_OK);
    cr_assert(hf_weighting_edit(&set, 0, "whole:voice.weight", 0, NULL) == HF_OK);
    cr_assert_eq(hf_weighting_check(&set, 0, &error), HF_ERROR_USAGE);
    cr_assert(strstr(error.message, "nothing of segment 'whole' would be scored"), "%s", error.message);
    hf_weighting_set_free(&set);
    hf_definition_destroy(d);
}

// A segment's own weight holds whatever the order, as it would in the file.
Test(weighting_set, the_order_of_edits_does_not_matter)
{
    static const char *const edits[] = {"a b:voice.weight=9", " voice.weight = 3 ", "smb:usage.weight=4"};
    static const char *const twice[] = {"voice.weight=3", "usage.weight=1", "voice.weight =4"};
    hf_definition *d = small_definition(context);
    hf_weighting_set set = set_of(d, 2);
    hf_error error = {0};
    cr_assert(hf_weighting_parse(&set, 1, edits, 3, NULL) == HF_OK);
    const double voice[] = {3, 9, 7, 3}, usage[] = {4, 60, 60, 60};
    for (int32_t s = 0; s < 4; s++) {
        cr_assert_eq(group_in(&set, 1, s, 1), voice[s]);
        cr_assert_eq(group_in(&set, 1, s, 0), usage[s]);
    }
    cr_assert_eq(hf_weighting_parse(&set, 1, twice, 3, &error), HF_ERROR_USAGE);
    cr_assert(strstr(error.message, "'voice.weight' is set twice"), "%s", error.message);
    hf_weighting_set_free(&set);
    hf_definition_destroy(d);
}

Test(weighting_set, one_at_a_time_leaves_out_what_changes_nothing)
{
    hf_definition *d = small_definition(context);
    // usage and voice against each other, depth and change against each other; csat and nps are alone.
    cr_assert_eq(hf_weighting_ones_count(d), 8);
    hf_weighting_set set = set_of(d, 8);
    hf_weighting_ones(&set, 0, 2);
    cr_assert_str_eq(set.name[0].name, "usage.weight x 2");
    cr_assert_str_eq(set.name[7].name, "usage.change.weight / 2");
    cr_assert_eq(group_in(&set, 0, 0, 0), 60); // a segment's own is scaled too
    cr_assert_eq(group_in(&set, 1, 3, 0), 30);
    cr_assert_eq(measure_in(&set, 7, 3, 1), 0.5);
    hf_weighting_set_free(&set);
    hf_definition_destroy(d);
}

Test(weighting_set, draws_have_the_mean_and_spread_of_a_dirichlet)
{
    enum { DRAWS = 4000 };
    const double concentration = 12;
    hf_definition *d = small_definition(context);
    hf_weighting_set set = set_of(d, DRAWS);
    double sum[2] = {0}, squares[2] = {0};
    for (int32_t k = 0; k < DRAWS; k++) {
        hf_weighting_draw(&set, k, k, concentration, 9);
        const double share[2] = {group_in(&set, k, 3, 0) / 61, measure_in(&set, k, 3, 0) / 3};
        for (int i = 0; i < 2; i++) {
            sum[i] += share[i];
            squares[i] += share[i] * share[i];
        }
        cr_assert_float_eq(group_in(&set, k, 3, 0) + group_in(&set, k, 3, 1), 61, 0.01); // four digits
        cr_assert_eq(group_in(&set, k, 3, 2), 0);
        cr_assert_float_eq(group_in(&set, k, 0, 0), group_in(&set, k, 3, 0) / 2, 0.002 * 60); // smb: 30 of 60
        cr_assert_eq(group_in(&set, k, 1, 0), group_in(&set, k, 3, 0));
        cr_assert(hf_weighting_check(&set, k, NULL) == HF_OK);
    }
    const double wanted[2] = {60.0 / 61, 2.0 / 3};
    for (int i = 0; i < 2; i++) {
        const double mean = sum[i] / DRAWS, sd = sqrt(squares[i] / DRAWS - mean * mean),
                     spread = sqrt(wanted[i] * (1 - wanted[i]) / (concentration + 1));
        cr_assert_float_eq(mean, wanted[i], 5 * spread / sqrt(DRAWS));
        cr_assert_float_eq(sd, spread, 0.1 * spread);
    }
    // A draw depends on its number and the seed alone.
    const double third = group_in(&set, 3, 3, 0);
    hf_weighting_draw(&set, 0, 3, concentration, 9);
    cr_assert_eq(group_in(&set, 0, 3, 0), third);
    hf_weighting_draw(&set, 0, 3, concentration, 10);
    cr_assert_neq(group_in(&set, 0, 3, 0), third);
    hf_weighting_set_free(&set);
    hf_definition_destroy(d);
}

static int sign(double x)
{
    return (x > 0) - (x < 0);
}

// Rank: how many are below, and half of the others that are equal.
static double rank_of(const double *x, const bool *counts, int32_t n, int32_t i)
{
    double rank = 0;
    for (int32_t j = 0; j < n; j++)
        if (counts[j] && j != i) rank += x[j] < x[i] ? 1 : x[j] == x[i] ? 0.5 : 0;
    return rank;
}

Test(weighting_set, agreement_is_that_of_plain_loops)
{
    enum { MOST = 90 };
    hf_random random = hf_random_seed(4, 0);
    for (int32_t n = 0; n < MOST; n += n < 6 ? 1 : 7) {
        double a[MOST], b[MOST], spearman, kendall, tau = 0, of_a = 0, of_b = 0;
        bool counts[MOST];
        for (int32_t i = 0; i < n; i++) {
            a[i] = hf_random_below(&random, 20) == 0 ? NAN : (double)hf_random_below(&random, 12);
            b[i] = hf_random_below(&random, 20) == 0 ? NAN : a[i] + (double)hf_random_below(&random, 9);
            counts[i] = !isnan(a[i]) && !isnan(b[i]);
        }
        double count = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (int32_t i = 0; i < n; i++) {
            if (!counts[i]) continue;
            const double p = rank_of(a, counts, n, i), q = rank_of(b, counts, n, i);
            count++, x += p, y += q, xx += p * p, yy += q * q, xy += p * q;
            for (int32_t j = 0; j < i; j++) {
                if (!counts[j]) continue;
                tau += sign(a[i] - a[j]) * sign(b[i] - b[j]);
                of_a += a[i] != a[j];
                of_b += b[i] != b[j];
            }
        }
        cr_assert(hf_rank_agreement(&spearman, &kendall, context, a, b, n, NULL) == HF_OK);
        if (of_a == 0 || of_b == 0) {
            cr_assert(isnan(spearman) && isnan(kendall));
            continue;
        }
        cr_assert_float_eq(kendall, tau / sqrt(of_a * of_b), 1e-12);
        cr_assert_float_eq(spearman, (xy - x * y / count) / sqrt((xx - x * x / count) * (yy - y * y / count)),
                           1e-9);
    }
}

// Writes a weighting into its definition's text, reads that, and compares every weight.
static void round_trip(const hf_definition *d, const hf_weighting_set *set, int32_t at)
{
    hf_weight_edit changes[256];
    hf_text text;
    hf_definition *again = NULL;
    hf_error error = {0};
    bool alike = false;
    const int32_t count = hf_weighting_changes(changes, set, at);
    for (int32_t i = 0; i < count; i++)
        changes[i].comment = "it was: \"another\" {weight}, {1";
    hf_text_init(&text, context);
    cr_assert(hf_definition_reweigh(&text, d, changes, count, &error) == HF_OK, "%s", error.message);
    cr_assert(hf_definition_parse(&again, context, text.data, text.length, "again.yaml", &error) == HF_OK,
              "%s\n%s", error.message, text.data);
    cr_assert(hf_definition_alike(&alike, d, again, NULL) == HF_OK);
    cr_assert(alike, "%s", text.data);
    for (int32_t s = 0; s < d->segment_count; s++) {
        for (int32_t g = 0; g < d->group_count; g++)
            cr_assert_eq(again->segments[s].group_weight[g], group_in(set, at, s, g), "%s", text.data);
        for (int32_t m = 0; m < d->measure_count; m++)
            cr_assert_eq(again->segments[s].measure_weight[m], measure_in(set, at, s, m), "%s", text.data);
    }
    int32_t comments = 0;
    for (const char *p = text.data; (p = strstr(p, "# it was:")) != NULL; p++)
        comments++;
    cr_assert_eq(comments, count);
    hf_definition_destroy(again);
    hf_text_free(&text);
}

Test(weighting_set, any_weighting_can_be_written_into_its_file)
{
    hf_definition *d = small_definition(context);
    hf_weighting_set set = set_of(d, 3);
    // Weights left out, in flow and block maps; segments without any, in both forms.
    cr_assert(parse_one(&set, 1, "voice.weight=3", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "usage.change.weight=0.125", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "voice.csat.weight=2", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "a b:usage.weight=4", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "a b:usage.depth.weight=5", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "whole:usage.weight=6", NULL) == HF_OK);
    cr_assert(parse_one(&set, 1, "smb:voice.weight=8", NULL) == HF_OK);
    hf_weighting_draw(&set, 2, 0, 3, 1);
    for (int32_t at = 0; at < 3; at++)
        round_trip(d, &set, at);
    hf_weighting_set_free(&set);
    hf_definition_destroy(d);
    for (uint64_t seed = 1; seed <= 15; seed++) {
        card *c = card_draw(seed, 40, false);
        d = card_definition(c, context);
        set = set_of(d, 2);
        hf_weighting_draw(&set, 1, 0, 6, seed);
        round_trip(d, &set, 1);
        hf_weighting_set_free(&set);
        hf_definition_destroy(d);
        free(c);
    }
}

Test(weighting_set, every_request_for_memory_may_fail)
{
    hf_status status = HF_ERROR_MEMORY;
    for (long k = 0; status != HF_OK; k++) {
        allocator a = {.fail_at = -1};
        hf_context *scarce = make_context(&a, 1);
        hf_definition *d = small_definition(scarce);
        hf_weighting_set set = {0};
        hf_text text;
        hf_weight_edit changes[64];
        double spearman, kendall;
        hf_text_init(&text, scarce);
        a.asked = 0;
        a.fail_at = k;
        status = hf_weighting_set_create(&set, scarce, d, 2, NULL);
        if (status == HF_OK) {
            hf_weighting_draw(&set, 1, 0, 5, 1);
            const int32_t count = hf_weighting_changes(changes, &set, 1);
            for (int32_t i = 0; i < count; i++)
                changes[i].comment = "why";
            status = hf_definition_reweigh(&text, d, changes, count, NULL);
        }
        if (status == HF_OK)
            status =
                hf_rank_agreement(&spearman, &kendall, scarce, (double[]){1, 2}, (double[]){2, 1}, 2, NULL);
        cr_assert(status == HF_OK || status == HF_ERROR_MEMORY);
        hf_text_free(&text);
        hf_weighting_set_free(&set);
        hf_definition_destroy(d);
        cr_assert_leq(a.live, 1, "request %ld: %ld blocks held", k, a.live); // the context's own
        hf_context_destroy(scarce);
    }
}
