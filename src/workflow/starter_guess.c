// SPDX-License-Identifier: Apache-2.0
//
// Guesses a scorecard from a profile. Where it is known what happened, the direction is that of the AUC when
// chance does not explain it, and the weight is the square root of the information value beyond chance,
// held to what the AUC allows a straight line, shared among signals that go together: of normal signals with
// one spread the log-odds weigh each by the distance of the two means, whose square is the information value.
// Else names and usual weights stand in.
#include "workflow/starter.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define TOO_GOOD 0.97
#define PRIOR 20.0
#define LEAST_GAP 0.02        // of the AUC from a half, below which no direction is read from it
#define TWO_ROOT_PI 3.5449077 // distance of two normal means over the AUC's distance from a half, near it

enum { FEW = 10, FEW_SHARE = 50 }; // rows, and one in so many rows, that a rate is told from

static void sentence(hf_guess *g, const char *format, ...) HF_PRINTF(2, 3);

static void sentence(hf_guess *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(g->why, sizeof g->why, format, args);
    va_end(args);
}

static const hf_profile *outcome_of(const hf_starter *s, int32_t c)
{
    return s->data->outcome ? &s->data->outcome[c] : NULL;
}

static void leave_out(hf_guess *g, const char *why)
{
    g->role = HF_ROLE_LEFT_OUT;
    snprintf(g->why, sizeof g->why, "%s", why);
}

// ---- what happened -----------------------------------------------------------------------------------------

// "Churn within 90 days", "Churn=Yes".
static void event_words(char *out, size_t size, const hf_data_profile *d)
{
    if (d->horizon > 0)
        snprintf(out, size, "%.60s within %d days", d->event, (int)(d->lead + d->horizon));
    else
        snprintf(out, size, "%.60s", d->event);
    if (d->horizon > 0 && out[0] >= 'a' && out[0] <= 'z') out[0] = (char)(out[0] - 'a' + 'A');
}

static bool event_is_good(const char *event)
{
    static const char *const stems[] = {"renew", "upgrade", "conver", "upsell",
                                        "expan", "retain",  "stay",   "recommend"};
    char lower[64];
    size_t n = 0;
    for (; event[n] != '\0' && n + 1 < sizeof lower; n++)
        lower[n] = event[n] >= 'A' && event[n] <= 'Z' ? (char)(event[n] - 'A' + 'a') : event[n];
    lower[n] = '\0';
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++)
        if (strstr(lower, stems[i])) return true;
    return false;
}

static void span_words(char *out, size_t size, const hf_profile_bin *bin)
{
    char low[32], high[32];
    hf_brief(low, bin->low);
    hf_brief(high, bin->high);
    snprintf(out, size, bin->low < bin->high ? "%s to %s" : "%s", low, high);
}

// What its lowest and highest values say.
static void tell_number(hf_guess *g, const hf_starter *s, const hf_profile *p, bool turned)
{
    const hf_profile_bin *low = NULL, *high = NULL;
    char event[100], first[80], last[80];
    bool dates = s->data->frame->columns[g->column].storage == HF_STORAGE_DAY;
    for (int32_t i = 0; i < p->bin_count; i++) {
        const hf_profile_bin *bin = &p->bins[i];
        if (bin->kind != HF_BIN_VALUES || bin->labelled < FEW || bin->labelled * FEW_SHARE < p->labelled)
            continue;
        if (!low) low = bin;
        high = bin;
    }
    if (!low || low == high) return;
    event_words(event, sizeof event, s->data);
    if (turned) {
        const hf_profile_bin *swap = low;
        low = high;
        high = swap;
    }
    snprintf(first, sizeof first, "lowest");
    snprintf(last, sizeof last, "highest");
    if (!dates) {
        span_words(first, sizeof first, low);
        span_words(last, sizeof last, high);
    }
    sentence(g, "%s: %.1f %% where it is %s, %.1f %% where it is %s.", event, 100 * low->rate, first,
             100 * high->rate, last);
}

static double members(const hf_starter *s, int32_t c)
{
    double n = 1;
    for (int32_t j = 0; j < s->count; j++)
        n += j != c && s->data->group[c] >= 0 && s->data->group[j] == s->data->group[c];
    return n;
}

// Information value over the bins that have values: what missing says is no merit of the curve.
static double information_present(double *noise, const hf_profile *p)
{
    double events = 0, others = 0, bins = 0, sum = 0;
    for (int32_t b = 0; b < p->bin_count; b++) {
        if (p->bins[b].kind == HF_BIN_MISSING) continue;
        events += (double)p->bins[b].events;
        others += (double)(p->bins[b].labelled - p->bins[b].events);
        bins++;
    }
    if (events == 0 || others == 0) return 0;
    for (int32_t b = 0; b < p->bin_count; b++) {
        const hf_profile_bin *bin = &p->bins[b];
        if (bin->kind == HF_BIN_MISSING) continue;
        double in = ((double)bin->events + 0.5) / (events + 0.5 * bins);
        double out = ((double)(bin->labelled - bin->events) + 0.5) / (others + 0.5 * bins);
        sum += (in - out) * log(in / out);
    }
    *noise = (bins - 1) * (1 / events + 1 / others);
    return sum;
}

static double weight_from(const hf_starter *s, int32_t c, const hf_profile *p)
{
    double noise = 0, information = information_present(&noise, p);
    if (isnan(p->iv) || isnan(p->auc) || information <= noise) return 0;
    double weight = sqrt(information - noise);
    // A straight line cannot say more than the order of the values does.
    if (s->guesses[c].role == HF_ROLE_NUMBER) weight = fmin(weight, TWO_ROOT_PI * fabs(p->auc - 0.5));
    return weight / members(s, c);
}

// ---- numbers and dates -------------------------------------------------------------------------------------

// The value at about three digits, so that people can read the file.
static double rounded(double x)
{
    if (x == 0 || !isfinite(x)) return x;
    double scale = pow(10, 2 - floor(log10(fabs(x))));
    double whole = round(x * scale);
    return scale >= 1 ? whole / scale : whole * round(1 / scale);
}

// Where the line begins and ends: the 5th and 95th percentiles, or farther out where those are one.
static bool take_ends(double *low, double *high, const hf_profile *p)
{
    static const int pairs[][2] = {{1, 5}, {0, 6}};
    for (int i = 0; i < 2; i++) {
        *low = p->percentile[pairs[i][0]];
        *high = p->percentile[pairs[i][1]];
        if (*low < *high) return true;
    }
    *low = p->least;
    *high = p->greatest;
    return *low < *high;
}

static bool take_direction(hf_guess *g, const hf_starter *s, const hf_name_says *name, bool turned)
{
    const hf_profile *p = outcome_of(s, g->column);
    g->good = name->good >= 0;
    if (!p || isnan(p->auc)) return false;
    if (fabs(p->auc - 0.5) < fmax(2 * p->auc_error, LEAST_GAP)) return false;
    bool more = p->auc > 0.5;
    g->good = (more == s->event_good) != turned;
    return true;
}

static void explain_guess(hf_guess *g, const hf_starter *s, const hf_name_says *name)
{
    const hf_profile *p = outcome_of(s, g->column);
    if (p && !isnan(p->auc))
        sentence(g, "The data does not say which way it goes (AUC %.3f), so it has no weight; %s.", p->auc,
                 name->good ? "the direction is guessed from its name" : "nor does its name");
    else if (name->good)
        sentence(g, "Guessed from its name: of %s usually %s is better. Nothing has tested it yet.",
                 hf_topic_name(g->topic), name->good > 0 ? "more" : "less");
    else
        sentence(g, "Its name does not say which way is good: it has no weight until you say.");
}

static void guess_number(hf_guess *g, const hf_starter *s, const hf_name_says *name, double low, double high,
                         bool turned)
{
    const hf_profile *p = outcome_of(s, g->column);
    g->role = HF_ROLE_NUMBER;
    g->from_data = take_direction(g, s, name, turned);
    low = rounded(low);
    high = rounded(high);
    g->worst = g->good ? low : high;
    g->best = g->good ? high : low;
    g->weight = p ? (g->from_data ? weight_from(s, g->column, p) : 0) : (name->good ? 1 : 0);
    if (g->from_data) {
        tell_number(g, s, p, turned);
        if (g->why[0] == '\0') sentence(g, "Its AUC is %.3f.", p->auc);
    } else {
        explain_guess(g, s, name);
    }
}

static bool column_exists(const hf_starter *s, const char *name)
{
    return hf_frame_find(s->data->frame, name) >= 0;
}

static void name_days(hf_guess *g, const hf_starter *s, const char *column)
{
    char plain[64];
    hf_plain_name(plain, sizeof plain, column);
    size_t n = strlen(plain);
    if (n > 5 && strcmp(plain + n - 5, "_date") == 0) plain[n - 5] = '\0';
    if (n > 3 && strcmp(plain + n - 3, "_on") == 0) plain[n - 3] = '\0';
    snprintf(g->derived, sizeof g->derived, "%s_%s", g->until ? "days_to" : "days_since", plain);
    if (column_exists(s, g->derived))
        snprintf(g->derived, sizeof g->derived, "%s_%s_now", g->until ? "days_to" : "days_since", plain);
    snprintf(g->measure, sizeof g->measure, "%.60s", g->derived);
}

static void guess_date(hf_guess *g, const hf_starter *s, const hf_column *column, hf_name_says name)
{
    const hf_profile *p = &s->data->shape[g->column];
    hf_date as_of = s->data->frame->as_of;
    double low, high;
    if (as_of == HF_DATE_MISSING) {
        leave_out(g, "a date counts as days from an as-of date; pass --as-of DATE to use it");
        return;
    }
    if (!take_ends(&low, &high, p)) {
        leave_out(g, "every account has the same date");
        return;
    }
    g->until = name.ahead || (!name.behind && p->percentile[3] > as_of);
    name_days(g, s, column->name);
    if (name.good == 0 || !g->until) name.good = g->until ? 1 : strstr(g->derived, "last") ? -1 : 1;
    if (g->until)
        guess_number(g, s, &name, low - as_of, high - as_of, false);
    else
        guess_number(g, s, &name, as_of - high, as_of - low, true);
}

// ---- categories --------------------------------------------------------------------------------------------

static double level_rate(const hf_profile *p, const hf_profile_bin *bin)
{
    double base = (double)p->events / (double)p->labelled;
    return ((double)bin->events + PRIOR * base) / ((double)bin->labelled + PRIOR);
}

static void tell_levels(hf_guess *g, const hf_starter *s, const hf_profile *p)
{
    const hf_profile_bin *low = NULL, *high = NULL;
    char event[100];
    for (int32_t i = 0; i < p->bin_count; i++) {
        const hf_profile_bin *bin = &p->bins[i];
        if (bin->kind != HF_BIN_LEVEL || bin->labelled == 0) continue;
        if (!low || level_rate(p, bin) < level_rate(p, low)) low = bin;
        if (!high || level_rate(p, bin) > level_rate(p, high)) high = bin;
    }
    if (!low || low == high) return;
    int32_t at = hf_frame_find(s->data->observed, s->data->frame->columns[g->column].name);
    const hf_dictionary *levels = &s->data->observed->columns[at].dictionary;
    event_words(event, sizeof event, s->data);
    sentence(g, "%s: from %.1f %% (%.60s) to %.1f %% (%.60s).", event, 100 * low->rate,
             hf_dictionary_text(levels, low->level), 100 * high->rate,
             hf_dictionary_text(levels, high->level));
}

static void guess_category(hf_guess *g, const hf_starter *s)
{
    const hf_profile *shape = &s->data->shape[g->column], *p = outcome_of(s, g->column);
    if (shape->distinct > 20 && 2 * shape->distinct > shape->present) {
        leave_out(g, "nearly every account has its own text");
        return;
    }
    if (!p || isnan(p->iv)) {
        leave_out(g, "which of its levels are good is not known without outcomes");
        return;
    }
    g->role = HF_ROLE_LEVELS;
    g->weight = weight_from(s, g->column, p);
    g->from_data = true;
    tell_levels(g, s, p);
    if (g->weight == 0) sentence(g, "Its levels differ no more than chance makes them.");
    if (g->why[0] == '\0') leave_out(g, "it has one level only");
}

// ---- all ---------------------------------------------------------------------------------------------------

static void guess_column(hf_guess *g, const hf_starter *s)
{
    const hf_column *column = &s->data->frame->columns[g->column];
    const hf_profile *shape = &s->data->shape[g->column], *p = outcome_of(s, g->column);
    hf_name_says name = hf_guess_name(column->name);
    double low, high;
    g->topic = name.topic;
    hf_plain_name(g->measure, sizeof g->measure, column->name);
    if (shape->present == 0)
        leave_out(g, "it has no values");
    else if (shape->distinct <= 1)
        leave_out(g, "every account has the same value");
    else if (g->column == s->parent)
        leave_out(g, "it names the parent account");
    else if (g->column == s->arr)
        leave_out(g, "it is what is at risk, not how healthy the account is");
    else if (p && (p->auc >= TOO_GOOD || p->auc <= 1 - TOO_GOOD)) {
        g->role = HF_ROLE_LEFT_OUT;
        sentence(g, "it goes with %.60s too well (AUC %.3f): is it recorded after the fact?", s->data->event,
                 p->auc);
    } else if (column->storage == HF_STORAGE_CODE)
        guess_category(g, s);
    else if (column->storage == HF_STORAGE_DAY)
        guess_date(g, s, column, name);
    else if (!take_ends(&low, &high, shape))
        leave_out(g, "every account has the same value");
    else
        guess_number(g, s, &name, low, high, false);
}

static void find_roles(hf_starter *s)
{
    int best = 0;
    s->arr = s->parent = -1;
    for (int32_t c = 0; c < s->count; c++) {
        const hf_column *column = &s->data->frame->columns[c];
        hf_name_says name = hf_guess_name(column->name);
        bool number = column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64;
        if (number && column->kind != HF_KIND_FLAG && name.arr > best) {
            best = name.arr;
            s->arr = c;
        }
        if (column->storage == HF_STORAGE_CODE && name.parent && s->parent < 0) s->parent = c;
    }
}

// Measures of one group need names of their own.
static void part_names(hf_starter *s)
{
    for (int32_t i = 0; i < s->count; i++)
        for (int32_t j = 0, n = 2; j < i; j++) {
            hf_guess *g = &s->guesses[i];
            if (s->guesses[j].topic != g->topic || strcmp(s->guesses[j].measure, g->measure) != 0) continue;
            size_t length = strcspn(g->measure, "");
            snprintf(g->measure + (length < 58 ? length : 58), 6, "_%d", n++ % 1000);
            j = -1;
        }
}

// Points of 100 in all; where nothing weighs, every measure does alike.
static void scale_weights(hf_starter *s)
{
    double sum = 0, topic_sum[HF_TOPICS] = {0}, used = 0;
    bool any = false;
    for (int32_t i = 0; i < s->count; i++)
        any |= s->guesses[i].role != HF_ROLE_LEFT_OUT && s->guesses[i].weight > 0;
    for (int32_t i = 0; i < s->count; i++) {
        hf_guess *g = &s->guesses[i];
        if (g->role == HF_ROLE_LEFT_OUT) continue;
        if (!any) g->weight = 1;
        sum += g->weight;
        topic_sum[g->topic] += g->weight;
    }
    s->weighed = s->data->outcome != NULL && any;
    for (int t = 0; t < HF_TOPICS; t++)
        used += topic_sum[t] > 0 ? hf_topic_weight((hf_topic)t) : 0;
    for (int32_t i = 0; i < s->count; i++) {
        hf_guess *g = &s->guesses[i];
        if (g->role == HF_ROLE_LEFT_OUT || g->weight == 0) continue;
        double points = s->weighed ? 100 * g->weight / sum
                                   : 100 * hf_topic_weight(g->topic) / used * g->weight / topic_sum[g->topic];
        // A tenth of a point is as fine as anyone reads; nothing that weighs becomes 0.
        g->weight = fmax(0.1, round(10 * points) / 10);
    }
}

hf_status hf_starter_guess(hf_starter *out, const hf_context *context, const hf_data_profile *data,
                           hf_error *error)
{
    hf_starter made = {
        .context = context, .data = data, .count = data->frame->column_count, .yellow = 40, .green = 70};
    bool any = false;
    made.guesses = hf_new(context, (size_t)made.count, sizeof *made.guesses);
    if (!made.guesses) return hf_fail_memory(error);
    made.event_good = data->outcome && event_is_good(data->event);
    find_roles(&made);
    for (int32_t c = 0; c < made.count; c++) {
        made.guesses[c].column = c;
        guess_column(&made.guesses[c], &made);
        any |= made.guesses[c].role != HF_ROLE_LEFT_OUT;
    }
    if (!any) {
        hf_starter_free(&made);
        return hf_fail(
            error, HF_ERROR_DATA,
            "no signal can be a measure: of the %d columns beside the id none is a number that "
            "varies. Look at them with 'holdfast profile', or pass outcomes so that categories count",
            (int)data->frame->column_count);
    }
    part_names(&made);
    scale_weights(&made);
    *out = made;
    return HF_OK;
}

void hf_starter_free(hf_starter *starter)
{
    if (starter->context) hf_delete(starter->context, starter->guesses);
    *starter = (hf_starter){0};
}
