// SPDX-License-Identifier: Apache-2.0
//
// What names say: groups, directions, dates and revenue over names as real exports have them, and plain names
// that can stand in a definition.
#include "workflow/name_words.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct {
    const char *name;
    hf_topic topic;
    int good;
} expectation;

Test(name_words, groups_and_directions_of_common_names)
{
    static const expectation expected[] = {
        {"usage_depth", HF_TOPIC_USAGE, 1},
        {"Seconds of Use", HF_TOPIC_USAGE, 1},
        {"licence_use", HF_TOPIC_USAGE, 1},
        {"HourSpendOnApp", HF_TOPIC_COMMERCIAL, 0},
        {"MonthsInactive", HF_TOPIC_USAGE, -1},
        {"open_tickets", HF_TOPIC_SUPPORT, -1},
        {"tickets_growth", HF_TOPIC_SUPPORT, -1},
        {"Complain", HF_TOPIC_SUPPORT, -1},
        {"support_calls_90d", HF_TOPIC_SUPPORT, -1},
        {"csat", HF_TOPIC_SENTIMENT, 1},
        {"NPS score", HF_TOPIC_SENTIMENT, 1},
        {"product_feedback_12m", HF_TOPIC_SENTIMENT, 1},
        {"executive_relationship", HF_TOPIC_RELATIONSHIP, 1},
        {"c_level_uses_product", HF_TOPIC_RELATIONSHIP, 1},
        {"renewals_completed", HF_TOPIC_COMMERCIAL, 1},
        {"late_invoices_12m", HF_TOPIC_COMMERCIAL, -1},
        {"non_recurring_share", HF_TOPIC_COMMERCIAL, -1},
        {"discount_pct", HF_TOPIC_COMMERCIAL, -1},
        {"time_to_first_value_days", HF_TOPIC_LIFECYCLE, -1},
        {"tenure", HF_TOPIC_LIFECYCLE, 1},
        {"gender", HF_TOPIC_PROFILE, 0},
        {"", HF_TOPIC_PROFILE, 0},
        {"123", HF_TOPIC_PROFILE, 0},
        // A stem is the beginning of a word, not a part of one.
        {"caused", HF_TOPIC_PROFILE, 0},
        {"debugged", HF_TOPIC_PROFILE, 0},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        hf_name_says says = hf_guess_name(expected[i].name);
        cr_expect_eq(says.topic, expected[i].topic, "%s: %s", expected[i].name, hf_topic_name(says.topic));
        cr_expect_eq(says.good, expected[i].good, "%s: %d", expected[i].name, says.good);
    }
}

Test(name_words, dates_and_revenue)
{
    cr_assert(hf_guess_name("renewal_date").ahead);
    cr_assert(hf_guess_name("ContractEndDate").ahead || hf_guess_name("contract_end").ahead);
    cr_assert(hf_guess_name("last_login").behind && !hf_guess_name("last_login").ahead);
    cr_assert(hf_guess_name("signup_date").behind);
    cr_assert_gt(hf_guess_name("arr").arr, hf_guess_name("mrr_amount").arr);
    cr_assert_gt(hf_guess_name("MonthlyCharges").arr, 0);
    cr_assert(hf_guess_name("mrr").monthly && !hf_guess_name("arr").monthly);
    cr_assert_eq(hf_guess_name("arr_growth_12m").arr, 0);
    cr_assert_eq(hf_guess_name("arrears").arr, 0);
    cr_assert(hf_guess_name("parent_id").parent && !hf_guess_name("apparent").parent);
}

Test(name_words, plain_names_can_stand_in_a_definition)
{
    static const char *const pairs[][2] = {
        {"usage_depth", "usage_depth"},
        {"Call  Failure", "call_failure"},
        {"PaperlessBilling", "paperless_billing"},
        {"Use: #1, \"all\"", "use_1_all"},
        {"-1", "1"},
        {"...", "m"},
        {"\xc3\xa9t\xc3\xa9", "t"},
    };
    char out[64];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        hf_plain_name(out, sizeof out, pairs[i][0]);
        cr_expect_str_eq(out, pairs[i][1], "%s: %s", pairs[i][0], out);
    }
    // Long names are cut, and every size holds its NUL.
    char name[600];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t size = 3; size < 64; size++) {
        memset(out, 'y', sizeof out);
        hf_plain_name(out, size, name);
        cr_assert_lt(strlen(out), size);
        cr_assert_gt(strlen(out), 0);
    }
    (void)hf_guess_name(name);
}
