// SPDX-License-Identifier: Apache-2.0
//
// One synthetic account: what it is, how a month changes it, what is seen of it.
#ifndef HOLDFAST_SYNTH_ACCOUNT_H
#define HOLDFAST_SYNTH_ACCOUNT_H

#include "synth/calendar.h"
#include "synth/signals.h"

typedef struct {
    hf_random random;
    int64_t number; // from 1; names it
    int64_t arr_cents;
    // What the account is like, standard normal unless said.
    float fit, breadth, habit, bond, sponsor, spend_mix;
    float ticket_rate, call_rate, post_rate, late_rate; // a month, at health 0
    float health;                                       // AR(1), stationary standard normal
    float engagement[3];                                // log of it, at the last three month ends
    int32_t start_month;                                // of the calendar
    int16_t onboarding_days, first_value_days, term_months, renewals, upsells;
    int16_t csat, nps; // the last survey's answer, HF_SYNTH_NO_ANSWER without one
    uint8_t start_day; // of the month; 31 is its end
    uint8_t segment, industry, discount, c_level;
    bool gone; // churned: the next month starts another account in its place
    // Rings by month: counts, and the change of ARR in percent.
    uint8_t tickets[3], calls[3], posts[3], marketing[12], feedback[12], late[12];
    int8_t arr_change[12];
} hf_synth_account;

#define HF_SYNTH_NO_ANSWER INT16_MIN

// In the order events of one day are written.
typedef enum { SYNTH_CHURN, SYNTH_CONTRACTION, SYNTH_RENEWAL, SYNTH_UPGRADE } hf_synth_outcome;

typedef struct {
    int64_t account, cents;
    hf_date date;
    hf_synth_outcome outcome;
} hf_synth_event;

enum { SYNTH_EVENTS_A_MONTH = 2 }; // at most, of one account

// Starts account `number` as seen at the end of `month`: one that came in that month, or, founding, one with
// a past.
void hf_synth_account_begin(hf_synth_account *account, const hf_calendar *calendar, uint64_t seed,
                            int64_t number, int32_t month, bool founding);
// What is published of the account at the end of `month`.
void hf_synth_account_observe(hf_synth_account *account, const hf_calendar *calendar, int32_t month,
                              int64_t values[SYNTH_SIGNALS]);
// What happens to the account in the month after `month`: it churns with the probability, or lives on to the
// next month's end. Writes the events and returns how many.
int hf_synth_account_live(hf_synth_account *account, const hf_calendar *calendar, int32_t month,
                          double churn_probability, hf_synth_event events[SYNTH_EVENTS_A_MONTH]);

#endif
