// SPDX-License-Identifier: Apache-2.0
//
// A starter scorecard as the text of a definition: what people edit, so it says at each place where it came
// from. Names and levels stand in quotes wherever YAML might read them as something else.
#include "workflow/starter.h"

#include <math.h>
#include <string.h>

// A word that YAML takes as it stands: letters, digits, _ and -, and no number, truth value or null.
static bool is_plain(const char *name)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"};
    double number;
    if (!((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z'))) return false;
    for (const char *p = name; *p != '\0'; p++) {
        bool good = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                    *p == '_' || (*p == '-' && p[1] != '\0');
        if (!good) return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(name, words[i]) == 0) return false;
    return !hf_parse_double(&number, name, strlen(name));
}

static void add_quoted(hf_text *text, const char *name)
{
    hf_text_putc(text, '"');
    for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            hf_text_printf(text, "\\%c", *p);
        else if (*p < ' ' || *p == 0x7f)
            hf_text_printf(text, "\\x%02x", *p);
        else
            hf_text_putc(text, (char)*p);
    }
    hf_text_putc(text, '"');
}

static void add_name(hf_text *text, const char *name)
{
    if (is_plain(name))
        hf_text_puts(text, name);
    else
        add_quoted(text, name);
}

static void add_number(hf_text *text, double value)
{
    char number[32];
    hf_text_add(text, number, hf_format_f64(number, value));
}

// A comment is one line whatever a name holds.
static void add_comment(hf_text *text, const char *words)
{
    for (; *words != '\0'; words++)
        hf_text_putc(text, (unsigned char)*words < ' ' ? ' ' : *words);
}

static void write_head(hf_text *text, const hf_starter *s, const char *name, const char *source)
{
    char rows[32], events[32];
    const hf_data_profile *d = s->data;
    hf_text_puts(text, "# A starter scorecard, made by 'holdfast init' from ");
    add_comment(text, source);
    hf_text_printf(text, ":\n# %s accounts, %d signals", hf_grouped(rows, d->frame->rows), (int)s->count);
    if (d->outcome) {
        hf_text_printf(text, "; %s times ", hf_grouped(events, d->events));
        add_comment(text, d->event);
        hf_text_printf(text, " in %s labelled rows", hf_grouped(rows, d->labelled));
    }
    hf_text_puts(text,
                 ".\n# 'origin: data' was measured, 'origin: hypothesis' is a guess: change it as you know "
                 "better, and prove it\n"
                 "# with 'holdfast evaluate'. 'holdfast check' says whether this file and the data agree.\n");
    if (s->weighed)
        hf_text_puts(text, "# Weights are points of 100: the square root of each signal's information value "
                           "beyond chance, shared\n"
                           "# among signals that go together.\n");
    else
        hf_text_puts(text, "# Weights are points of 100, all of them hypotheses: nothing here knows yet what "
                           "happened to the accounts.\n");
    hf_text_puts(text, "holdfast: 1\nname: ");
    add_name(text, name);
    hf_text_putc(text, '\n');
}

// What a later table might not say by itself: levels that look like yes and no, or like numbers.
static void write_signals(hf_text *text, const hf_starter *s)
{
    bool any = false;
    for (int32_t i = 0; i < s->count; i++) {
        const hf_guess *g = &s->guesses[i];
        const hf_column *column = &s->data->frame->columns[g->column];
        if (g->role != HF_ROLE_LEVELS && (g->role == HF_ROLE_LEFT_OUT || g->derived[0] == '\0')) continue;
        if (!any) hf_text_puts(text, "\nsignals:\n");
        any = true;
        hf_text_puts(text, "  ");
        add_name(text, column->name);
        hf_text_printf(text, ": {kind: %s}\n", hf_kind_name(column->kind));
    }
}

static void write_derived(hf_text *text, const hf_starter *s)
{
    bool any = false;
    for (int32_t i = 0; i < s->count; i++) {
        const hf_guess *g = &s->guesses[i];
        if (g->role == HF_ROLE_LEFT_OUT || g->derived[0] == '\0') continue;
        if (!any) hf_text_puts(text, "\nderived:\n");
        any = true;
        hf_text_puts(text, "  ");
        add_name(text, g->derived);
        hf_text_printf(text, ": {%s: ", g->until ? "days_until" : "days_since");
        add_name(text, s->data->frame->columns[g->column].name);
        hf_text_puts(text, "}\n");
    }
}

static void write_levels(hf_text *text, const hf_starter *s, const hf_guess *g)
{
    const hf_profile *p = &s->data->outcome[g->column];
    const hf_column *column = &s->data->frame->columns[g->column];
    int32_t at = hf_frame_find(s->data->observed, column->name);
    const hf_dictionary *levels = &s->data->observed->columns[at].dictionary;
    double rate[HF_PROFILE_BINS], low = INFINITY, high = -INFINITY, other = 50;
    double base = (double)p->events / (double)p->labelled;
    for (int32_t b = 0; b < p->bin_count; b++) {
        const hf_profile_bin *bin = &p->bins[b];
        if (bin->kind == HF_BIN_MISSING) continue;
        // Drawn to the overall rate, so that a level of a few accounts does not stand at an end by chance.
        rate[b] = ((double)bin->events + 20 * base) / ((double)bin->labelled + 20);
        low = fmin(low, rate[b]);
        high = fmax(high, rate[b]);
    }
    hf_text_puts(text, "{table: {");
    bool first = true;
    for (int32_t b = 0; b < p->bin_count; b++) {
        const hf_profile_bin *bin = &p->bins[b];
        if (bin->kind == HF_BIN_MISSING) continue;
        double share = high > low ? (rate[b] - low) / (high - low) : 0.5;
        double score = round(100 * (s->event_good ? share : 1 - share));
        if (bin->kind == HF_BIN_OTHERS) {
            other = score;
            continue;
        }
        if (!first) hf_text_puts(text, ", ");
        first = false;
        add_name(text, hf_dictionary_text(levels, bin->level));
        hf_text_printf(text, ": %.0f", score);
    }
    hf_text_printf(text, "}, other: %.0f}", other);
}

static void write_measure(hf_text *text, const hf_starter *s, const hf_guess *g)
{
    const hf_column *column = &s->data->frame->columns[g->column];
    hf_text_printf(text, "      %s:\n        signal: ", g->measure);
    add_name(text, g->derived[0] != '\0' ? g->derived : column->name);
    if (g->role == HF_ROLE_NUMBER) hf_text_printf(text, "\n        higher: %s", g->good ? "good" : "bad");
    hf_text_puts(text, "\n        weight: ");
    add_number(text, g->weight);
    hf_text_puts(text, "\n        curve: ");
    if (g->role == HF_ROLE_NUMBER) {
        hf_text_puts(text, "{linear: {worst: ");
        add_number(text, g->worst);
        hf_text_puts(text, ", best: ");
        add_number(text, g->best);
        hf_text_puts(text, "}}");
    } else {
        write_levels(text, s, g);
    }
    hf_text_puts(text, "\n        why: ");
    add_quoted(text, g->why);
    hf_text_printf(text, "\n        origin: %s\n", g->from_data ? "data" : "hypothesis");
}

static void write_groups(hf_text *text, const hf_starter *s)
{
    hf_text_puts(text,
                 "\n# Curves run from the 5th to the 95th percentile of what accounts have.\ngroups:\n");
    for (int t = 0; t < HF_TOPICS; t++) {
        double weight = 0;
        bool any = false;
        for (int32_t i = 0; i < s->count; i++)
            if (s->guesses[i].role != HF_ROLE_LEFT_OUT && s->guesses[i].topic == (hf_topic)t) {
                weight += s->guesses[i].weight;
                any = true;
            }
        if (!any) continue;
        hf_text_printf(text, "  %s:\n    weight: ", hf_topic_name((hf_topic)t));
        add_number(text, round(10 * weight) / 10);
        hf_text_puts(text, "\n    measures:\n");
        // The heaviest first, equal ones as they stand in the data.
        double below = INFINITY;
        for (;;) {
            double most = -1;
            for (int32_t i = 0; i < s->count; i++) {
                const hf_guess *g = &s->guesses[i];
                if (g->role != HF_ROLE_LEFT_OUT && g->topic == (hf_topic)t && g->weight < below &&
                    g->weight > most)
                    most = g->weight;
            }
            if (most < 0) break;
            for (int32_t i = 0; i < s->count; i++) {
                const hf_guess *g = &s->guesses[i];
                if (g->role != HF_ROLE_LEFT_OUT && g->topic == (hf_topic)t && g->weight == most)
                    write_measure(text, s, g);
            }
            below = most;
        }
    }
}

static void write_rest(hf_text *text, const hf_starter *s)
{
    const hf_data_profile *d = s->data;
    if (s->banded)
        hf_text_puts(text,
                     "\n# Edges from the data: about one account in six is red, about half are green.\n");
    else
        hf_text_puts(text, "\n# Edges are a hypothesis.\n");
    hf_text_printf(text, "bands:\n  red: 0\n  yellow: %.0f\n  green: %.0f\n", s->yellow, s->green);
    hf_text_puts(text, "min_coverage: 50%  # under it an account's band is unknown, never red\n"
                       "hysteresis: {margin: 3, snapshots: 2}  # a hypothesis: points beyond an edge, or "
                       "snapshots in a row\n");
    if (s->arr >= 0) {
        hf_text_puts(text, "arr: ");
        add_name(text, d->frame->columns[s->arr].name);
        hf_text_printf(
            text, "  # guessed from its name%s\n",
            hf_guess_name(d->frame->columns[s->arr].name).monthly ? "; by month, so is what is at risk" : "");
    }
    if (s->parent >= 0) {
        hf_text_puts(text, "parent: {signal: ");
        add_name(text, d->frame->columns[s->parent].name);
        hf_text_puts(text, ", rollup: mean}  # guessed from its name\n");
    }
    if (d->horizon > 0) {
        hf_text_puts(text, "outcomes:\n  ");
        add_name(text, d->event);
        hf_text_printf(text, ": {lead: %d days, horizon: %d days}\n", (int)d->lead, (int)d->horizon);
    }
    bool any = false;
    for (int32_t i = 0; i < s->count; i++) {
        const hf_guess *g = &s->guesses[i];
        if (g->role != HF_ROLE_LEFT_OUT) continue;
        if (!any) hf_text_puts(text, "\n# Left out:\n");
        any = true;
        hf_text_puts(text, "#   ");
        add_comment(text, d->frame->columns[g->column].name);
        hf_text_puts(text, ": ");
        add_comment(text, g->why);
        hf_text_putc(text, '\n');
    }
}

hf_status hf_starter_write(hf_text *text, const hf_starter *s, const char *name, const char *source,
                           hf_error *error)
{
    write_head(text, s, name, source);
    write_signals(text, s);
    write_derived(text, s);
    write_groups(text, s);
    write_rest(text, s);
    return hf_text_status(text, error);
}
