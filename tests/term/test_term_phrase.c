// SPDX-License-Identifier: Apache-2.0
//
// Reasons in words: what people would say of a signal and its value.
#include "term/term_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void expect(const char *name, hf_kind kind, const char *unit, double value, const char *phrase)
{
    char out[256];
    hf_term term = {.signal = (char *)name, .signal_kind = kind, .unit = (char *)unit};
    hf_column column = {.name = (char *)name, .kind = kind, .storage = HF_STORAGE_F64, .values = &value};
    hf_term_phrase(out, sizeof out, &term, &column, 0);
    cr_expect(strcmp(out, phrase) == 0, "%s = %g: \"%s\", expected \"%s\"", name, value, out, phrase);
    float narrow = (float)value;
    if ((double)narrow != value && !isnan(value) && fabs(value) > 1e6) return;
    column.storage = HF_STORAGE_F32;
    column.values = &narrow;
    hf_term_phrase(out, sizeof out, &term, &column, 0);
    cr_expect(strcmp(out, phrase) == 0, "%s = %g as f32: \"%s\", expected \"%s\"", name, value, out, phrase);
}

Test(term_phrase, counts)
{
    expect("tickets_90d", HF_KIND_COUNT, "", 12, "12 tickets in 90 days");
    expect("tickets_90d", HF_KIND_COUNT, "", 1, "1 ticket in 90 days");
    expect("tickets_90d", HF_KIND_COUNT, "", 0, "no tickets in 90 days");
    expect("open_tickets", HF_KIND_COUNT, "", 4, "4 open tickets");
    expect("SupportCalls", HF_KIND_COUNT, "", 4, "4 support calls");
    expect("Support Calls", HF_KIND_COUNT, "", 4, "4 support calls");
    expect("Support  Calls", HF_KIND_COUNT, "", 1, "1 support call");
    expect("tenure", HF_KIND_COUNT, "", 2, "tenure 2");
    expect("logins_last_12m", HF_KIND_COUNT, "", 3, "3 logins in 12 months");
    expect("escalation_1w", HF_KIND_COUNT, "", 2, "2 escalations in 1 week");
    expect("usage_30d", HF_KIND_COUNT, "", 7, "usage 7 in 30 days");
    expect("tickets_m1", HF_KIND_COUNT, "", 7, "tickets m1 7");
    expect("num_tickets", HF_KIND_COUNT, "", 3, "3 tickets");
    expect("NumOfProducts", HF_KIND_COUNT, "", 1, "1 product");
    expect("number_of_referrals", HF_KIND_COUNT, "", 0, "no referrals");
    expect("days_since_last_login", HF_KIND_COUNT, "", 31, "31 days since last login");
    expect("days_since_last_login", HF_KIND_COUNT, "", 0, "0 days since last login");
    expect("days_since_last_login", HF_KIND_COUNT, "", 1, "1 day since last login");
    expect("companies", HF_KIND_COUNT, "", 1, "1 company");
    expect("purchases", HF_KIND_COUNT, "", 1, "1 purchase");
    expect("inboxes", HF_KIND_COUNT, "", 1, "1 inbox");
    expect("status", HF_KIND_COUNT, "", 3, "status 3");
    expect("tickets_90d", HF_KIND_COUNT, "", 1234567, "1234567 tickets in 90 days");
    expect("no_shows", HF_KIND_COUNT, "", 3, "3 no shows");
}

Test(term_phrase, measures)
{
    expect("licence_use", HF_KIND_RATIO, "", 0.63, "licence use 63 %");
    expect("usage_pct", HF_KIND_RATIO, "", 0.635, "usage 63.5 %");
    expect("discount", HF_KIND_RATIO, "", 0, "discount 0 %");
    expect("growth_12m", HF_KIND_RATIO, "", -0.12, "growth -12 % in 12 months");
    expect("MonthlyCharges", HF_KIND_NUMBER, "", 70.35, "monthly charges 70.35");
    expect("MonthlyCharges", HF_KIND_MONEY, "EUR", 1234.56, "monthly charges 1235 EUR");
    expect("MONTHLY_CHARGES", HF_KIND_MONEY, "", 5, "monthly charges 5");
    expect("ARRGrowth", HF_KIND_NUMBER, "", 0.012345, "ARR growth 0.01235");
    expect("NPS", HF_KIND_NUMBER, "", -20, "NPS -20");
    expect("ARR", HF_KIND_MONEY, "", 48000, "ARR 48000");
    expect("csat", HF_KIND_NUMBER, "", 3.14159, "csat 3.142");
    expect("balance", HF_KIND_MONEY, "", 999.96, "balance 1000");
    expect("balance", HF_KIND_MONEY, "", -0.0, "balance 0");
    expect("balance", HF_KIND_MONEY, "", 123456789012.0, "balance 123456789012");
}

Test(term_phrase, units_of_time_stand_behind_the_number)
{
    expect("time_to_first_value_days", HF_KIND_COUNT, "", 75, "time to first value 75 days");
    expect("time_to_first_value_days", HF_KIND_COUNT, "days", 1, "time to first value 1 day");
    expect("customer_lifetime_months", HF_KIND_COUNT, "", 4, "customer lifetime 4 months");
    expect("customer_lifetime_months", HF_KIND_COUNT, "", 0, "customer lifetime 0 months");
    expect("customer_lifetime_months", HF_KIND_COUNT, "", NAN, "no customer lifetime on record");
    expect("response_hours", HF_KIND_NUMBER, "", 2.25, "response 2.25 hours");
    expect("active_days_30d", HF_KIND_COUNT, "", 12, "12 active days in 30 days");
}

Test(term_phrase, flags)
{
    expect("c_level_uses_product", HF_KIND_FLAG, "", 1, "c level uses product");
    expect("c_level_uses_product", HF_KIND_FLAG, "", 0, "c level uses product: no");
    expect("SeniorCitizen", HF_KIND_FLAG, "", 1, "senior citizen");
}

Test(term_phrase, missing)
{
    expect("csat", HF_KIND_NUMBER, "", NAN, "no csat on record");
    expect("CSAT", HF_KIND_NUMBER, "", NAN, "no CSAT on record");
    expect("tickets_90d", HF_KIND_COUNT, "", NAN, "no record of tickets in 90 days");
    char out[64];
    hf_term term = {.signal = (char *)"csat", .signal_kind = HF_KIND_NUMBER, .unit = (char *)""};
    hf_term_phrase(out, sizeof out, &term, NULL, 0);
    cr_expect_str_eq(out, "no csat on record");
}

Test(term_phrase, odd_names)
{
    expect("__", HF_KIND_NUMBER, "", 2, "__ 2");
    expect("Total day minutes", HF_KIND_NUMBER, "", 265.1, "total day 265.1 minutes");
    expect("x", HF_KIND_COUNT, "", 2, "x 2");
    expect("days", HF_KIND_COUNT, "", 2, "2 days");
    expect("Umsatz_Größe", HF_KIND_NUMBER, "", 2, "umsatz größe 2");
    expect("Tickets (90d)", HF_KIND_COUNT, "", 2, "2 tickets in 90 days");
    expect("90d", HF_KIND_COUNT, "", 2, "90d 2");
    char name[4000];
    memset(name, 'a', sizeof name);
    for (size_t i = 1; i < sizeof name; i += 2)
        name[i] = '_';
    name[sizeof name - 1] = '\0';
    char out[300];
    float value = 1;
    hf_term term = {.signal = name, .signal_kind = HF_KIND_COUNT, .unit = (char *)""};
    hf_column column = {.name = name, .storage = HF_STORAGE_F32, .values = &value};
    hf_term_phrase(out, sizeof out, &term, &column, 0);
    cr_expect(strlen(out) < sizeof out);
}

Test(term_phrase, categories)
{
    const char *texts[] = {"Month-to-month", "Two year"};
    size_t lengths[] = {14, 8};
    int32_t codes[] = {0, -1};
    char out[64];
    hf_context *context;
    hf_context_create(&context, NULL, NULL);
    hf_column column = {
        .name = (char *)"Contract", .kind = HF_KIND_CATEGORY, .storage = HF_STORAGE_CODE, .values = codes};
    hf_dictionary_build(&column.dictionary, context, texts, lengths, 2, NULL, NULL);
    hf_term term = {
        .kind = HF_TERM_TABLE, .signal = column.name, .signal_kind = HF_KIND_CATEGORY, .unit = (char *)""};
    hf_term_phrase(out, sizeof out, &term, &column, 0);
    cr_expect_str_eq(out, "contract Month-to-month");
    hf_term_phrase(out, sizeof out, &term, &column, 1);
    cr_expect_str_eq(out, "no contract on record");
    hf_dictionary_free(context, &column.dictionary);
    hf_context_destroy(context);
}

Test(term_phrase, is_cut_at_a_character)
{
    char name[] = "größe";
    float value = 2;
    hf_term term = {.signal = name, .signal_kind = HF_KIND_NUMBER, .unit = (char *)""};
    hf_column column = {.name = name, .storage = HF_STORAGE_F32, .values = &value};
    char out[16];
    for (size_t size = 0; size <= 10; size++) {
        memset(out, '!', sizeof out);
        hf_term_phrase(out, size, &term, &column, 0);
        cr_expect(out[size] == '!');
        if (size == 0) continue;
        cr_expect(strlen(out) < size && strncmp(out, "größe 2", strlen(out)) == 0);
        cr_expect(hf_is_utf8(out, strlen(out), NULL));
    }
}
