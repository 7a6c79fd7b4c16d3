// SPDX-License-Identifier: Apache-2.0
//
// Names are cut into lower-case words where signs or capitals part them and held against lists of word
// beginnings, as customer-success tables use them; the first list that matches decides.
#include "workflow/name_words.h"

#include <string.h>

// A stem matches where a word begins with it; with '$' the word ends there too.
static const char *const support[] = {"ticket",     "support",  "complain", "case$",  "cases$",
                                      "bug",        "incident", "escalat",  "outage", "response time",
                                      "resolution", "critical", "error",    "fail",   NULL};
static const char *const sentiment[] = {"nps",    "csat",     "survey", "satisf", "sentiment",
                                        "rating", "feedback", "review", NULL};
static const char *const relationship[] = {"relationship", "exec",    "sponsor",   "champion",  "csm$",
                                           "meeting",      "qbr",     "community", "marketing", "webinar",
                                           "contacts",     "referen", "referral",  "c level",   NULL};
static const char *const lifecycle[] = {"onboard", "tenure",  "lifetime",  "time to",     "lifecycle",
                                        "stage$",  "since",   "months on", "signup",      "sign up",
                                        "joined",  "created", "start",     "account age", NULL};
static const char *const commercial[] = {
    "renew",  "upsell", "discount", "invoice",       "payment", "paid",         "price",    "arr$",
    "mrr$",   "acv$",   "revenue",  "contract",      "spend",   "charge",       "bill",     "credit",
    "addon",  "addons", "add on",   "expansion",     "plan$",   "subscription", "quantity", "penalty",
    "unpaid", "coupon", "cashback", "non recurring", "amount",  "balance",      NULL};
static const char *const usage[] = {
    "usage",  "use$",     "used$",   "uses$",  "login",    "active$",  "inactive", "seat",
    "licen",  "session",  "feature", "minute", "min$",     "mins$",    "depth",    "breadth",
    "stick",  "adoption", "engage",  "visit",  "transact", "trans$",   "order",    "call$",
    "calls$", "called",   "sms$",    "data$",  "download", "stream",   "hour",     "frequency",
    "search", "query",    "api$",    "event",  "seconds",  "activity", "users$",   NULL};

static const char *const bad[] = {
    "ticket",     "support", "complain",      "bug",        "incident",      "escalat",         "outage",
    "fail",       "error",   "critical",      "late$",      "overdue",       "unpaid",          "delay",
    "discount",   "cancel",  "downgrade",     "churn",      "inactive",      "days since last", "recency",
    "since last", "time to", "response time", "resolution", "non recurring", "refund",          "dispute",
    "decline",    "drop",    "suspend",       "case$",      "cases$",        "to first",        NULL};
static const char *const good[] = {"renew",    "upsell",    "growth", "expansion",   "addon", "tenure",
                                   "lifetime", "months on", "seat",   "account age", "since", NULL};
static const char *const ahead[] = {"renew", "expir", "end$",     "ends$", "due$",
                                    "until", "next",  "valid to", NULL};
static const char *const behind[] = {"last",   "start", "since",   "signup", "sign up", "created",
                                     "joined", "first", "onboard", "opened", NULL};
static const char *const months[] = {"mrr", "month", NULL};
static const char *const recurring[] = {
    "arr$", "annual recurring",  "acv$",           "annual contract", "contract value",
    "mrr$", "monthly recurring", "monthly charge", "monthly bill",    NULL};

static const struct {
    hf_topic topic;
    const char *name;
    double weight;
    const char *const *stems;
} topics[HF_TOPICS] = {
    {HF_TOPIC_USAGE, "usage", 35, usage},
    {HF_TOPIC_SUPPORT, "support", 15, support},
    {HF_TOPIC_SENTIMENT, "sentiment", 15, sentiment},
    {HF_TOPIC_RELATIONSHIP, "relationship", 15, relationship},
    {HF_TOPIC_COMMERCIAL, "commercial", 15, commercial},
    {HF_TOPIC_LIFECYCLE, "lifecycle", 5, lifecycle},
    {HF_TOPIC_PROFILE, "profile", 5, NULL},
};

// Which list a name is held against first: the narrower ones.
static const hf_topic search_order[] = {HF_TOPIC_SENTIMENT, HF_TOPIC_LIFECYCLE,  HF_TOPIC_RELATIONSHIP,
                                        HF_TOPIC_SUPPORT,   HF_TOPIC_COMMERCIAL, HF_TOPIC_USAGE};

const char *hf_topic_name(hf_topic topic)
{
    return topics[topic].name;
}

double hf_topic_weight(hf_topic topic)
{
    return topics[topic].weight;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

// " days to renewal ": words between blanks. Digits and what hangs on them (90d) part words like signs.
static void cut_words(char *out, size_t size, const char *name)
{
    size_t n = 0;
    out[n++] = ' ';
    for (size_t i = 0; name[i] != '\0' && n + 3 < size; i++) {
        char c = name[i];
        bool begins = i > 0 && is_capital(c) && is_letter(name[i - 1]) && !is_capital(name[i - 1]);
        // The last capital of several begins a word: ARRGrowth.
        begins |= i > 0 && is_capital(c) && is_capital(name[i - 1]) && is_letter(name[i + 1]) &&
                  !is_capital(name[i + 1]);
        if ((begins || !is_letter(c)) && out[n - 1] != ' ') out[n++] = ' ';
        if (is_letter(c)) out[n++] = is_capital(c) ? (char)(c - 'A' + 'a') : c;
    }
    if (out[n - 1] != ' ') out[n++] = ' ';
    out[n] = '\0';
}

static bool says(const char *words, const char *const *stems)
{
    char sought[40];
    for (; *stems; stems++) {
        size_t length = strlen(*stems);
        bool whole = (*stems)[length - 1] == '$';
        snprintf(sought, sizeof sought, " %.*s%s", (int)(length - whole), *stems, whole ? " " : "");
        if (strstr(words, sought)) return true;
    }
    return false;
}

bool hf_name_has(const char *name, const char *const *stems)
{
    char words[600];
    cut_words(words, sizeof words, name);
    return says(words, stems);
}

hf_name_says hf_guess_name(const char *name)
{
    char words[600];
    hf_name_says out = {.topic = HF_TOPIC_PROFILE};
    cut_words(words, sizeof words, name);
    for (size_t i = 0; i < sizeof search_order / sizeof search_order[0]; i++)
        if (says(words, topics[search_order[i]].stems)) {
            out.topic = search_order[i];
            break;
        }
    if (says(words, bad))
        out.good = -1;
    else if (says(words, good) || out.topic == HF_TOPIC_USAGE || out.topic == HF_TOPIC_SENTIMENT ||
             out.topic == HF_TOPIC_RELATIONSHIP)
        out.good = 1;
    out.ahead = says(words, ahead);
    out.behind = !out.ahead && says(words, behind);
    out.parent = strstr(words, " parent ") != NULL;
    for (int i = 0; recurring[i]; i++) {
        const char *one[] = {recurring[i], NULL};
        if (out.arr == 0 && says(words, one)) out.arr = 100 - i;
    }
    // "arr_growth" is no revenue: its words go on to say something of it.
    if (strstr(words, " growth ") || strstr(words, " change ") || strstr(words, " addon ")) out.arr = 0;
    out.monthly = says(words, months);
    return out;
}

void hf_plain_name(char *out, size_t size, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; name[i] != '\0' && n + 2 < size; i++) {
        char c = name[i];
        bool part = i > 0 && is_capital(c) && is_letter(name[i - 1]) && !is_capital(name[i - 1]);
        if (part && n > 0 && out[n - 1] != '_') out[n++] = '_';
        if (is_letter(c) || (c >= '0' && c <= '9'))
            out[n++] = is_capital(c) ? (char)(c - 'A' + 'a') : c;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    if (n == 0) out[n++] = 'm';
    out[n] = '\0';
}
