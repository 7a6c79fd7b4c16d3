// SPDX-License-Identifier: Apache-2.0
//
// The parts of synth by themselves: how values are written, the calendar, the histogram behind the best AUC.
#include "synth/auc_histogram.h"
#include "synth/calendar.h"
#include "synth/signals.h"

#include <criterion/criterion.h>
#include <math.h>

static void assert_hundredths(int64_t value, const char *want)
{
    char text[64];
    *hf_synth_put_hundredths(text, value) = '\0';
    cr_assert_str_eq(text, want);
}

Test(synth_signals, writes_decimals_exactly)
{
    assert_hundredths(0, "0.00");
    assert_hundredths(5, "0.05");
    assert_hundredths(-5, "-0.05");
    assert_hundredths(100, "1.00");
    assert_hundredths(4821099, "48210.99");
    assert_hundredths(-123456, "-1234.56");
}

Test(synth_signals, log_odds_are_the_written_sum)
{
    // Every signal at its mean, in the base levels: the intercept alone.
    int64_t values[SYNTH_SIGNALS];
    for (int s = 0; s < SYNTH_SIGNALS; s++) {
        const hf_synth_signal *signal = &hf_synth_signals[s];
        double unit = signal->form == SYNTH_TENTH ? 10 : signal->form == SYNTH_WHOLE ? 1 : 100;
        values[s] = signal->form == SYNTH_LEVEL ? 0 : (int64_t)floor(signal->mean * unit + 0.5);
        for (int l = 0; l < signal->level_count; l++) {
            if (signal->levels[l].effect == 0.0) values[s] = l;
        }
    }
    values[SYNTH_C_LEVEL] = 0;
    double base = hf_synth_log_odds(values);
    // What rounding to a whole keeps of the means is small but not nothing.
    cr_assert_float_eq(base, HF_SYNTH_INTERCEPT, 0.2);
    const hf_synth_signal *csat = &hf_synth_signals[SYNTH_CSAT];
    values[SYNTH_CSAT] = 40;
    double present = hf_synth_log_odds(values);
    values[SYNTH_CSAT] = 46;
    cr_assert_float_eq(hf_synth_log_odds(values) - present, csat->coefficient * 0.6 / csat->deviation, 1e-12);
    values[SYNTH_CSAT] = HF_SYNTH_MISSING;
    cr_assert_float_eq(hf_synth_log_odds(values) - present,
                       csat->missing - csat->coefficient * (4.0 - csat->mean) / csat->deviation, 1e-12);
}

Test(synth_signals, calendar_knows_month_ends)
{
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    hf_calendar calendar;
    hf_date last;
    cr_assert(hf_date_parse(&last, "2024-02-11", 10));
    cr_assert_eq(hf_calendar_create(&calendar, context, last, 3, NULL), HF_OK);
    const char *const ends[] = {"2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"};
    for (int i = 0; i < 4; i++) {
        char text[11];
        hf_date_format(hf_calendar_end(&calendar, SYNTH_PAST_MONTHS + i), text);
        cr_assert_str_eq(text, ends[i]);
    }
    char text[11];
    hf_date_format(hf_calendar_day(&calendar, SYNTH_PAST_MONTHS + 2, 31), text);
    cr_assert_str_eq(text, "2024-02-29");
    hf_date_format(hf_calendar_day(&calendar, SYNTH_PAST_MONTHS + 2, 7), text);
    cr_assert_str_eq(text, "2024-02-07");
    cr_assert_eq(calendar.of_year[SYNTH_PAST_MONTHS], 11);
    cr_assert_eq(calendar.of_year[SYNTH_PAST_MONTHS + 1], 0);
    hf_calendar_free(context, &calendar);
    hf_context_destroy(context);
}

Test(synth_signals, histogram_counts_pairs)
{
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    hf_auc_histogram one = {0}, all = {0};
    cr_assert_eq(hf_auc_histogram_create(&one, context, NULL), HF_OK);
    cr_assert_eq(hf_auc_histogram_create(&all, context, NULL), HF_OK);
    cr_assert(isnan(hf_auc_histogram_auc(&one)));
    const double x[] = {-40.0, 99.0, -3.0, -3.0, 0.5};
    const uint8_t y[] = {0, 1, 1, 0, 0};
    hf_auc_histogram_add(&one, x, y, 5);
    // Events at 99 and -3 against others at -40, -3 and 0.5: three won, then one won and one tied.
    cr_assert_float_eq(hf_auc_histogram_auc(&one), 4.5 / 6.0, 1e-15);
    hf_auc_histogram_pour(&all, &one);
    cr_assert(isnan(hf_auc_histogram_auc(&one)));
    hf_auc_histogram_add(&one, x, y, 5);
    hf_auc_histogram_pour(&all, &one);
    cr_assert_float_eq(hf_auc_histogram_auc(&all), 4.5 / 6.0, 1e-15);
    hf_auc_histogram_free(context, &one);
    hf_auc_histogram_free(context, &all);
    hf_context_destroy(context);
}
