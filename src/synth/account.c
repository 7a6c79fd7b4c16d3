// SPDX-License-Identifier: Apache-2.0
//
// The life of an account. Behind it stands a health that drifts as an autoregression of first order and is
// never published; usage, surveys, tickets and relationships show it through noise, each with a lasting
// trait of its own, a season and its segment's level. Counts are Poisson with gamma rates, money is
// lognormal. Churn itself is drawn from the published values alone, so that the truth is known exactly.
#include "synth/account.h"

#include <math.h>
#include <string.h>

enum { SMB, MID_MARKET, ENTERPRISE };
enum { ONBOARDING, ADOPTION, MATURE, RENEWAL };

#define PERSISTENCE 0.92 // of health, a month

// What a segment shifts.
static const struct {
    double share, health, log_arr, ticket_rate, sponsor, c_level;
} segments[] = {
    [SMB] = {0.60, -0.10, 9.1, 1.3, -0.2, 0.40},
    [MID_MARKET] = {0.30, 0.05, 10.7, 2.2, 0.0, 0.30},
    [ENTERPRISE] = {0.10, 0.25, 12.3, 4.0, 0.4, 0.25},
};
static const double industry_share[] = {0.28, 0.18, 0.17, 0.15, 0.12, 0.096, 0.004};
static const struct {
    double share;
    uint8_t percent;
} discounts[] = {{0.42, 0}, {0.12, 5}, {0.20, 10}, {0.11, 15}, {0.10, 20}, {0.03, 25}, {0.02, 30}};
static const struct {
    double share;
    int16_t months;
} terms[][3] = {
    [SMB] = {{0.35, 6}, {0.60, 12}, {0.05, 24}},
    [MID_MARKET] = {{0.10, 6}, {0.65, 12}, {0.25, 24}},
    [ENTERPRISE] = {{0.45, 12}, {0.35, 24}, {0.20, 36}},
};
// Usage by month of the year: quiet at midsummer and at the turn of the year. On the logit scale.
static const double season[] = {-0.10, 0.05, 0.15, 0.10, 0.10, 0.0, -0.20, -0.35, 0.10, 0.15, 0.10, -0.40};

static double share_of(double logit)
{
    return 1.0 / (1.0 + exp(-logit));
}

static int64_t round_into(double x, double low, double high)
{
    return (int64_t)floor((x < low ? low : x > high ? high : x) + 0.5);
}

static uint8_t draw_count(hf_random *random, double mean, int64_t most)
{
    int64_t n = hf_random_poisson(random, mean);
    return (uint8_t)(n < most ? n : most);
}

// Whether something of this probability happens.
static bool draw_chance(hf_random *random, double probability)
{
    return hf_random_uniform(random) < probability;
}

static double current_health(const hf_synth_account *a, int32_t month)
{
    double age = (double)(month - a->start_month);
    double settling = age < 8.0 ? -0.6 * exp(-age / 3.0) : 0.0; // newcomers have to learn the product
    return (double)a->health + segments[a->segment].health + settling;
}

// ---- beginning -----------------------------------------------------------------------------------------

static void draw_firmographics(hf_synth_account *a)
{
    hf_random *r = &a->random;
    double u = hf_random_uniform(r);
    a->segment = u < segments[SMB].share                ? SMB
                 : u < 1.0 - segments[ENTERPRISE].share ? MID_MARKET
                                                        : ENTERPRISE;
    u = hf_random_uniform(r);
    int last = (int)(sizeof industry_share / sizeof *industry_share) - 1;
    for (a->industry = 0; a->industry < last && u >= industry_share[a->industry]; a->industry++)
        u -= industry_share[a->industry];
    u = hf_random_uniform(r);
    int term = 0;
    for (; term < 2 && u >= terms[a->segment][term].share; term++)
        u -= terms[a->segment][term].share;
    a->term_months = terms[a->segment][term].months;
    a->arr_cents = 100 * (int64_t)exp(segments[a->segment].log_arr + 0.6 * hf_random_normal(r));
}

static uint8_t draw_discount(hf_random *random)
{
    double u = hf_random_uniform(random);
    size_t i = 0;
    for (; i + 1 < sizeof discounts / sizeof *discounts && u >= discounts[i].share; i++)
        u -= discounts[i].share;
    return discounts[i].percent;
}

static void draw_traits(hf_synth_account *a)
{
    hf_random *r = &a->random;
    float *normals[] = {&a->fit, &a->breadth, &a->habit, &a->bond, &a->sponsor, &a->spend_mix, &a->health};
    for (size_t i = 0; i < sizeof normals / sizeof *normals; i++)
        *normals[i] = (float)hf_random_normal(r);
    a->ticket_rate = (float)(segments[a->segment].ticket_rate * hf_random_gamma(r, 2.0) / 2.0);
    a->call_rate = (float)(0.35 * segments[a->segment].ticket_rate * hf_random_gamma(r, 1.5) / 1.5);
    a->post_rate = (float)(0.5 * hf_random_gamma(r, 0.6) / 0.6);
    a->late_rate = (float)(0.065 * hf_random_gamma(r, 0.8) / 0.8);
    a->onboarding_days = (int16_t)round_into(45.0 * exp(0.4 * hf_random_normal(r)), 10.0, 150.0);
    a->first_value_days = (int16_t)round_into(25.0 * exp(0.6 * hf_random_normal(r)), 1.0, 200.0);
    a->discount = draw_discount(r);
    a->c_level = draw_chance(r, segments[a->segment].c_level);
}

static void draw_survey(hf_synth_account *a, double h)
{
    hf_random *r = &a->random;
    // Who is engaged answers; the rest is silent, and the silence says something.
    bool answered = draw_chance(r, share_of(0.4 + 0.8 * h));
    int16_t answer = (int16_t)round_into(39.0 + 4.5 * h + 4.5 * hf_random_normal(r), 10.0, 50.0);
    a->csat = answered ? answer : HF_SYNTH_NO_ANSWER;
    answered = draw_chance(r, share_of(-0.3 + 0.7 * h));
    answer = (int16_t)round_into(22.0 + 20.0 * h + 22.0 * hf_random_normal(r), -100.0, 100.0);
    a->nps = answered ? answer : HF_SYNTH_NO_ANSWER;
}

// The counts of one month, into the rings.
static void draw_month_counts(hf_synth_account *a, double h, int32_t month)
{
    hf_random *r = &a->random;
    double keen = exp(0.25 * h), unwell = 1.0 / keen;
    a->tickets[month % 3] = draw_count(r, (double)a->ticket_rate * unwell, 80);
    a->calls[month % 3] = draw_count(r, (double)a->call_rate * unwell, 60);
    a->posts[month % 3] = draw_count(r, (double)a->post_rate * keen, 60);
    a->marketing[month % 12] = draw_count(r, 0.12 * keen, 20);
    a->feedback[month % 12] = draw_count(r, 0.15 * keen, 20);
    a->late[month % 12] = draw_count(r, (double)a->late_rate * unwell, 2);
}

// A year of months as they may have been, for an account that was there before the first as-of date.
static void draw_past(hf_synth_account *a, int32_t month)
{
    int32_t lifetime = month - a->start_month;
    int32_t known = lifetime < 12 ? lifetime : 12;
    double h = current_health(a, month);
    for (int32_t back = 0; back < known; back++) {
        draw_month_counts(a, h, month - back);
        double u = hf_random_uniform(&a->random);
        int8_t change = u < 0.016 ? 15 : u < 0.022 ? -15 : 0;
        a->arr_change[(month - back) % 12] = change;
        a->upsells = (int16_t)(a->upsells + (change > 0));
    }
    if (lifetime > 12)
        a->upsells = (int16_t)(a->upsells + draw_count(&a->random, 0.016 * (double)(lifetime - 12), 20));
    // A renewal on the last day of this month has happened.
    a->renewals = (int16_t)(lifetime / a->term_months);
}

static double log_engagement(double h, const hf_calendar *calendar, int32_t month)
{
    return 0.30 * h + 0.35 * season[(int)calendar->of_year[month]];
}

// One month of the autoregression; it is the same backwards.
static double drift_health(hf_random *random, double health)
{
    return PERSISTENCE * health + sqrt(1.0 - PERSISTENCE * PERSISTENCE) * hf_random_normal(random);
}

// The engagement of the three months before, as it may have been.
static void draw_engagement(hf_synth_account *a, const hf_calendar *calendar, int32_t month)
{
    double past = (double)a->health, shift = current_health(a, month) - past;
    for (int32_t back = 1; back <= 3; back++) {
        if (a->start_month < month) past = drift_health(&a->random, past);
        a->engagement[(month - back) % 3] = (float)log_engagement(past + shift, calendar, month - back);
    }
}

void hf_synth_account_begin(hf_synth_account *a, const hf_calendar *calendar, uint64_t seed, int64_t number,
                            int32_t month, bool founding)
{
    memset(a, 0, sizeof *a);
    a->random = hf_random_seed(seed, (uint64_t)number);
    a->number = number;
    hf_random *r = &a->random;
    draw_firmographics(a);
    draw_traits(a);
    double lifetime = founding ? -28.0 * log(1.0 - hf_random_uniform(r)) : 0.0;
    a->start_month = month - (int32_t)(lifetime < 120.0 ? lifetime : 120.0);
    // Three contracts in ten run to the end of a month.
    bool to_month_end = draw_chance(r, 0.3);
    int day = 1 + (int)hf_random_below(r, 28);
    a->start_day = (uint8_t)(to_month_end ? 31 : day);
    a->csat = a->nps = HF_SYNTH_NO_ANSWER;
    if (founding) draw_past(a, month);
    double h = current_health(a, month);
    if (founding && a->start_month < month) draw_survey(a, h);
    if (a->start_month == month) draw_month_counts(a, h, month);
    draw_engagement(a, calendar, month);
}

// ---- what is seen --------------------------------------------------------------------------------------

static int64_t sum_ring(const uint8_t *ring, int length)
{
    int64_t sum = 0;
    for (int i = 0; i < length; i++)
        sum += ring[i];
    return sum;
}

static int32_t renewal_month(const hf_synth_account *a)
{
    return a->start_month + (a->renewals + 1) * a->term_months;
}

static int64_t stage_of(hf_date as_of, hf_date renewal, int32_t lifetime)
{
    if (lifetime < 3) return ONBOARDING;
    if (renewal - as_of <= 60) return RENEWAL;
    return lifetime < 12 ? ADOPTION : MATURE;
}

static void observe_history(const hf_synth_account *a, const hf_calendar *calendar, int32_t month,
                            int64_t values[SYNTH_SIGNALS])
{
    int32_t lifetime = month - a->start_month;
    hf_date as_of = hf_calendar_end(calendar, month);
    hf_date start = hf_calendar_day(calendar, a->start_month, a->start_day);
    hf_date renewal = hf_calendar_day(calendar, renewal_month(a), a->start_day);
    double growth = 1.0;
    for (int i = 0; i < 12; i++)
        growth *= 1.0 + a->arr_change[i] / 100.0;
    values[SYNTH_SEGMENT] = a->segment;
    values[SYNTH_STAGE] = stage_of(as_of, renewal, lifetime);
    values[SYNTH_INDUSTRY] = a->industry;
    values[SYNTH_ARR] = a->arr_cents;
    values[SYNTH_ARR_GROWTH] = round_into(100.0 * (growth - 1.0), -99.0, 900.0);
    values[SYNTH_LIFETIME] = lifetime;
    values[SYNTH_RENEWALS] = a->renewals;
    values[SYNTH_UPSELLS] = a->upsells;
    values[SYNTH_DISCOUNT] = a->discount;
    values[SYNTH_RENEWAL_DATE] = renewal;
    values[SYNTH_FIRST_RENEWAL] = HF_SYNTH_MISSING;
    if (a->renewals > 0) {
        int32_t first = a->start_month + a->term_months;
        values[SYNTH_FIRST_RENEWAL] =
            hf_calendar_day(calendar, first, a->start_day) - start - a->onboarding_days;
    }
    values[SYNTH_FIRST_VALUE] = as_of - start >= a->first_value_days ? a->first_value_days : HF_SYNTH_MISSING;
}

static void observe_counts(hf_synth_account *a, double h, int64_t values[SYNTH_SIGNALS])
{
    values[SYNTH_SUPPORT_CALLS] = sum_ring(a->calls, 3);
    values[SYNTH_TICKETS] = sum_ring(a->tickets, 3);
    values[SYNTH_OPEN_TICKETS] =
        draw_count(&a->random, 0.18 * (double)values[SYNTH_TICKETS] * exp(-0.25 * h), 60);
    values[SYNTH_MARKETING] = sum_ring(a->marketing, 12);
    values[SYNTH_FEEDBACK] = sum_ring(a->feedback, 12);
    values[SYNTH_POSTS] = sum_ring(a->posts, 3);
    values[SYNTH_LATE_INVOICES] = sum_ring(a->late, 12);
}

void hf_synth_account_observe(hf_synth_account *a, const hf_calendar *calendar, int32_t month,
                              int64_t values[SYNTH_SIGNALS])
{
    hf_random *r = &a->random;
    double h = current_health(a, month), now = season[(int)calendar->of_year[month]];
    observe_history(a, calendar, month, values);
    observe_counts(a, h, values);
    values[SYNTH_USAGE_DEPTH] = round_into(
        100.0 * share_of(-0.35 + 0.50 * h + 0.45 * (double)a->fit + now + 0.25 * hf_random_normal(r)), 0,
        100);
    values[SYNTH_LICENCE_USE] = round_into(100.0 * share_of(0.45 + 0.45 * h + 0.50 * (double)a->breadth +
                                                            0.5 * now + 0.25 * hf_random_normal(r)),
                                           0, 100);
    values[SYNTH_STICKY_FEATURE_USE] =
        round_into(100.0 * share_of(-0.8 + 0.40 * h + 0.30 * (double)a->fit + 0.50 * (double)a->habit +
                                    0.25 * hf_random_normal(r)),
                   0, 100);
    double change = log_engagement(h, calendar, month) - (double)a->engagement[month % 3];
    values[SYNTH_ENGAGEMENT_GROWTH] =
        round_into(100.0 * (exp(change + 0.10 * hf_random_normal(r)) - 1.0), -95, 300);
    values[SYNTH_NON_RECURRING] =
        round_into(100.0 * share_of(-2.2 + 0.65 * (double)a->spend_mix + 0.12 * hf_random_normal(r)), 0, 100);
    values[SYNTH_CSAT] = a->csat == HF_SYNTH_NO_ANSWER ? HF_SYNTH_MISSING : a->csat;
    values[SYNTH_NPS] = a->nps == HF_SYNTH_NO_ANSWER ? HF_SYNTH_MISSING : a->nps;
    double sponsor = segments[a->segment].sponsor + (double)a->sponsor;
    values[SYNTH_EXECUTIVE] = round_into(3.0 + 0.25 * h + 0.70 * sponsor + 0.25 * hf_random_normal(r), 1, 5);
    values[SYNTH_RELATIONSHIP] =
        round_into(3.4 + 0.50 * h + 0.60 * (double)a->bond + 0.30 * hf_random_normal(r), 1, 5);
    values[SYNTH_C_LEVEL] = a->c_level;
}

// ---- a month -------------------------------------------------------------------------------------------

static hf_synth_event event_of(const hf_synth_account *a, hf_synth_outcome outcome, hf_date date,
                               int64_t cents)
{
    return (hf_synth_event){.account = a->number, .cents = cents, .date = date, .outcome = outcome};
}

// An upgrade or a contraction in the month that begins after `end`, or nothing. *day is when.
static int draw_arr_change(hf_synth_account *a, double h, hf_date end, hf_date next_end, hf_date *day)
{
    hf_random *r = &a->random;
    double u = hf_random_uniform(r), upgrade = 0.015 * exp(0.30 * h), contraction = 0.007 * exp(-0.35 * h);
    *day = end + 1 + (hf_date)hf_random_below(r, (uint64_t)(next_end - end));
    int size = 1 + (int)hf_random_below(r, 6);
    if (u < upgrade) return 5 * size + 5;
    return u < upgrade + contraction ? -5 * size - 5 : 0;
}

// The contract's turn in the coming month: adds the renewal to the events.
static int renew(hf_synth_account *a, hf_date date, int64_t cents, hf_synth_event *event)
{
    a->renewals++;
    if (draw_chance(&a->random, 0.2)) a->discount = draw_discount(&a->random);
    *event = event_of(a, SYNTH_RENEWAL, date, cents);
    return 1;
}

static void drift(hf_synth_account *a, const hf_calendar *calendar, int32_t month)
{
    hf_random *r = &a->random;
    a->engagement[month % 3] = (float)log_engagement(current_health(a, month), calendar, month);
    a->health = (float)drift_health(r, (double)a->health);
    if (draw_chance(r, 0.02)) a->c_level = draw_chance(r, segments[a->segment].c_level);
    double h = current_health(a, month + 1);
    draw_month_counts(a, h, month + 1);
    if (draw_chance(r, 0.25)) draw_survey(a, h);
}

int hf_synth_account_live(hf_synth_account *a, const hf_calendar *calendar, int32_t month,
                          double churn_probability, hf_synth_event events[SYNTH_EVENTS_A_MONTH])
{
    hf_date end = hf_calendar_end(calendar, month), next_end = hf_calendar_end(calendar, month + 1), day;
    if (draw_chance(&a->random, churn_probability)) {
        a->gone = true;
        day = end + 1 + (hf_date)hf_random_below(&a->random, 28);
        events[0] = event_of(a, SYNTH_CHURN, day, a->arr_cents);
        return 1;
    }
    int count = 0;
    int change = draw_arr_change(a, current_health(a, month), end, next_end, &day);
    int64_t before = a->arr_cents, after = before + before * change / 100;
    if (renewal_month(a) == month + 1) {
        hf_date date = hf_calendar_day(calendar, month + 1, a->start_day);
        count += renew(a, date, day <= date ? after : before, &events[count]);
    }
    if (change > 0) {
        a->upsells++;
        events[count++] = event_of(a, SYNTH_UPGRADE, day, after - before);
    } else if (change < 0) {
        events[count++] = event_of(a, SYNTH_CONTRACTION, day, before - after);
    }
    a->arr_cents = after;
    a->arr_change[(month + 1) % 12] = (int8_t)change;
    drift(a, calendar, month);
    return count;
}
