// SPDX-License-Identifier: Apache-2.0
//
// Names of columns that are usually written once an account has left: the one list of them. A name is a hint
// and no proof, so it only warns by itself; what it says is withdrawn by words that speak of something else
// (a refund policy, a cancelled meeting, the end of a contract, which is known ahead) and by a digit, since a
// window ("cancelled_orders_90d") counts what lies before the date.
#include "workflow/leak_guard.h"
#include "workflow/name_words.h"

#include <string.h>

static const char *const afterwards[] = {"cancel$",
                                         "cancels$",
                                         "cancelled$",
                                         "canceled$",
                                         "cancellation$",
                                         "churn$",
                                         "churned$",
                                         "terminate$",
                                         "terminated$",
                                         "termination$",
                                         "offboard",
                                         "refund$",
                                         "refunded$",
                                         "deactivated$",
                                         "deactivation$",
                                         "unsubscribed$",
                                         "attrition$",
                                         "attrited$",
                                         "lapsed$",
                                         "winback$",
                                         "win back$",
                                         "exit$",
                                         "left$",
                                         "leaving$",
                                         "end date$",
                                         "ended$",
                                         "end on$",
                                         "end at$",
                                         "end reason$",
                                         "subscription end$",
                                         "account end$",
                                         "customer end$",
                                         "closed date$",
                                         "closed on$",
                                         "closed at$",
                                         "close date$",
                                         "account closed$",
                                         "closure$",
                                         "lost date$",
                                         "lost reason$",
                                         "lost on$",
                                         "departure$",
                                         NULL};
static const char *const otherwise[] = {
    "policy$", "policies$", "terms$",    "clause$",   "fee$",     "fees$",   "contract$", "term$",
    "trial$",  "renewal$",  "billing$",  "period$",   "meeting$", "order$",  "orders$",   "event$",
    "events$", "past$",     "previous$", "prior$",    "earlier$", "ticket$", "tickets$",  "deal$",
    "deals$",  "intent$",   "page$",     "eligible$", "allowed$", NULL};

bool hf_leak_name(const char *name)
{
    if (strpbrk(name, "0123456789")) return false;
    return hf_name_has(name, afterwards) && !hf_name_has(name, otherwise);
}
