// SPDX-License-Identifier: Apache-2.0
//
// Command-line words to options and values: --name VALUE, --name=VALUE, -n VALUE, --, and words by
// themselves. An unknown option is answered with the nearest known one.
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const cli_option *option;
    const char *value;
} given;

struct cli_arguments {
    const cli_command *command;
    given *options;
    const char **words;
    char *pieces;            // the lists of --ignore, --na, --kind and the like, cut at their commas
    const char **list;       // and where their parts begin
    hf_declared_kind *kinds; // of --kind
    const char **monotone;   // of --monotone, in list
    int32_t monotone_count;
    int32_t option_count, word_count;
    int32_t leaks_first, leaks_count; // of --allow-leak, in list
};

static const cli_option *find_option(const cli_command *command, const char *name, size_t length, char letter)
{
    cli_option_table tables[CLI_MOST_TABLES];
    const int count = cli_option_tables(tables, command);
    for (int t = 0; t < count; t++)
        for (const cli_option *option = tables[t].options; option->name; option++)
            if (name ? strlen(option->name) == length && memcmp(option->name, name, length) == 0
                     : letter != 0 && option->letter == letter)
                return option;
    return NULL;
}

static hf_status usage(hf_error *error, const char *format, const char *a, const char *b)
{
    if (error) {
        memset(error, 0, sizeof *error);
        error->status = HF_ERROR_USAGE;
        snprintf(error->message, sizeof error->message, format, a, b);
    }
    return HF_ERROR_USAGE;
}

static hf_status unknown_option(const cli_command *command, const char *word, hf_error *error)
{
    cli_option_table tables[CLI_MOST_TABLES];
    const int made = cli_option_tables(tables, command);
    const char *names[CLI_MOST_OPTIONS];
    size_t count = 0;
    char name[64];
    for (int t = 0; t < made; t++)
        for (const cli_option *option = tables[t].options; option->name && count < CLI_MOST_OPTIONS; option++)
            names[count++] = option->name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + strspn(word, "-"), "="),
             word + strspn(word, "-"));
    const char *nearest = hf_nearest(name, names, count);
    if (nearest) return usage(error, "there is no option %s; did you mean --%s?", word, nearest);
    return usage(error, "there is no option %s; 'holdfast %s --help' lists them", word, command->name);
}

// Lists grow with every time they are given; of anything else a second value would silently win.
static bool may_repeat(const cli_option *option)
{
    static const char *const lists[] = {"ignore",     "na",       "kind", "input",     "capacity",
                                        "allow-leak", "monotone", "set",  "candidate", "cap"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(option->name, lists[i]) == 0) return true;
    return !option->value;
}

// One option word; *used counts the words it took.
static hf_status take_option(cli_arguments *a, int count, char **words, int *used, hf_error *error)
{
    const char *word = words[0], *value = NULL;
    const cli_option *option;
    *used = 1;
    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");
        option = find_option(a->command, word + 2, length, 0);
        if (word[2 + length] == '=') value = word + 2 + length + 1;
    } else {
        option = find_option(a->command, NULL, 0, word[1]);
        if (option && word[2] != '\0') {
            if (!option->value)
                return usage(error, "-%s takes one letter; pass each option by itself", word + 1, NULL);
            value = word + 2;
        }
    }
    if (!option) return unknown_option(a->command, word, error);
    if (!option->value && value) return usage(error, "--%s takes no value", option->name, NULL);
    if (option->value && !value) {
        if (count < 2) return usage(error, "--%s needs a value: %s", option->name, option->value);
        value = words[1];
        *used = 2;
    }
    for (int32_t i = 0; i < a->option_count && !may_repeat(option); i++)
        if (a->options[i].option == option)
            return usage(error, "--%s is given twice, '%s' the second time; pass it once", option->name,
                         value);
    if (option->value && value[0] == '\0')
        return usage(error, "--%s has an empty value; it takes %s", option->name, option->value);
    a->options[a->option_count++] = (given){option, value};
    return HF_OK;
}

static hf_status no_memory(hf_error *error)
{
    if (error) *error = (hf_error){.status = HF_ERROR_MEMORY};
    return HF_ERROR_MEMORY;
}

hf_status cli_parse(cli_arguments **out, const cli_command *command, int count, char **words, hf_error *error)
{
    cli_arguments *a = calloc(1, sizeof *a);
    if (!a) return no_memory(error);
    a->command = command;
    a->options = calloc((size_t)count + 1, sizeof *a->options);
    a->words = calloc((size_t)count + 1, sizeof *a->words);
    hf_status status = a->options && a->words ? HF_OK : no_memory(error);
    bool only_words = false;
    for (int i = 0, used; i < count && status == HF_OK; i += used) {
        used = 1;
        if (!only_words && strcmp(words[i], "--") == 0)
            only_words = true;
        else if (!only_words && words[i][0] == '-' && words[i][1] != '\0')
            status = take_option(a, count - i, words + i, &used, error);
        else if (words[i][0] == '\0')
            status = usage(
                error, "'%s' was given an empty word where a name is expected; is a shell variable not set?",
                command->name, NULL);
        else
            a->words[a->word_count++] = words[i];
    }
    if (status == HF_OK)
        *out = a;
    else
        cli_free(a);
    return status;
}

void cli_free(cli_arguments *a)
{
    if (!a) return;
    free(a->options);
    free(a->words);
    free(a->pieces);
    free(a->list);
    free(a->kinds);
    free(a);
}

int32_t cli_count(const cli_arguments *a)
{
    return a->word_count;
}

const char *cli_word(const cli_arguments *a, int32_t i)
{
    return i < a->word_count ? a->words[i] : NULL;
}

const char *const *cli_words(const cli_arguments *a)
{
    return a->words;
}

hf_status cli_values(const char ***out, int32_t *count, const cli_arguments *a, const char *option,
                     hf_error *error)
{
    int32_t found = 0;
    const char **list = calloc((size_t)a->option_count + (size_t)a->word_count + 1, sizeof *list);
    if (!list) return no_memory(error);
    for (int32_t i = 0; i < a->option_count; i++)
        if (strcmp(a->options[i].option->name, option) == 0) list[found++] = a->options[i].value;
    *out = list;
    *count = found;
    return HF_OK;
}

hf_status cli_inputs(const char ***out, int32_t *count, const cli_arguments *a, const char *option,
                     hf_error *error)
{
    hf_status status = cli_values(out, count, a, option, error); // with room for the words
    for (int32_t i = 0; status == HF_OK && i < a->word_count; i++)
        (*out)[(*count)++] = a->words[i];
    return status;
}

static const given *last_given(const cli_arguments *a, const char *name)
{
    for (int32_t i = a->option_count - 1; i >= 0; i--)
        if (strcmp(a->options[i].option->name, name) == 0) return &a->options[i];
    return NULL;
}

bool cli_has(const cli_arguments *a, const char *option)
{
    return last_given(a, option) != NULL;
}

const char *cli_text(const cli_arguments *a, const char *option, const char *otherwise)
{
    const given *g = last_given(a, option);
    return g ? g->value : otherwise;
}

hf_status cli_integer(int64_t *out, const cli_arguments *a, const char *option, int64_t least, int64_t most,
                      hf_error *error)
{
    const char *text = cli_text(a, option, NULL);
    if (!text) return HF_OK;
    char *end, range[64];
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end != text && *end == '\0' && errno == 0 && value >= least && value <= most) {
        *out = value;
        return HF_OK;
    }
    snprintf(range, sizeof range, "%lld to %lld, not '%.20s'", (long long)least, (long long)most, text);
    return usage(error, "--%s takes a whole number from %s", option, range);
}

hf_status cli_number(double *out, const cli_arguments *a, const char *option, double least, double most,
                     hf_error *error)
{
    const char *text = cli_text(a, option, NULL);
    if (!text) return HF_OK;
    char *end, range[64];
    double value = strtod(text, &end);
    if (end != text && *end == '\0' && value >= least && value <= most) {
        *out = value;
        return HF_OK;
    }
    snprintf(range, sizeof range, "%g to %g, not '%.20s'", least, most, text);
    return usage(error, "--%s takes a number from %s", option, range);
}

hf_status cli_date(hf_date *out, const cli_arguments *a, const char *option, hf_error *error)
{
    const char *text = cli_text(a, option, NULL);
    if (!text || hf_date_parse(out, text, strlen(text))) return HF_OK;
    return usage(error, "--%s takes a date, YYYY-MM-DD, not '%s'", option, text);
}

hf_status cli_choice(int *out, const cli_arguments *a, const char *option, const char *words, hf_error *error)
{
    const char *text = cli_text(a, option, NULL);
    if (!text) return HF_OK;
    size_t length = strlen(text);
    int place = 0;
    for (const char *p = words; *p != '\0'; place++) {
        size_t n = strcspn(p, " ");
        if (n == length && memcmp(p, text, n) == 0) {
            *out = place;
            return HF_OK;
        }
        p += n + strspn(p + n, " ");
    }
    char choices[128];
    snprintf(choices, sizeof choices, "%s, not '%.20s'", words, text);
    return usage(error, "--%s takes one of: %s", option, choices);
}

hf_status cli_only_without(const cli_arguments *a, const char *with, const char *names, const char *remedy,
                           hf_error *error)
{
    for (int32_t i = 0; i < a->option_count; i++) {
        const char *name = a->options[i].option->name;
        const size_t length = strlen(name);
        for (const char *p = names; *p != '\0';) {
            const size_t n = strcspn(p, " ");
            if (n == length && memcmp(p, name, n) == 0) {
                char text[256];
                snprintf(text, sizeof text, "%s; %s", with, remedy);
                return usage(error, "--%s has no effect %s", name, text);
            }
            p += n + strspn(p + n, " ");
        }
    }
    return HF_OK;
}

hf_status cli_reads_no_table(const cli_arguments *a, hf_error *error)
{
    return cli_only_without(
        a, "with --store", "id as-of-column ignore na kind delimiter rejects reject-limit",
        "how a table is read was settled when it was ingested: 'holdfast ingest --revise' reads it anew",
        error);
}

hf_status cli_most_words(const cli_arguments *a, int32_t most, hf_error *error)
{
    if (a->word_count <= most) return HF_OK;
    return usage(error, "'%s' is one word too many; 'holdfast %s --help' shows the usage", a->words[most],
                 a->command->name);
}

// ---- how a table is read ---------------------------------------------------------------------------------

// Appends the comma-separated parts of every value of an option to the list.
static int32_t cut_list(cli_arguments *a, const char *name, char **piece, int32_t at)
{
    for (int32_t i = 0; i < a->option_count; i++) {
        if (strcmp(a->options[i].option->name, name) != 0) continue;
        char *text = strcpy(*piece, a->options[i].value);
        *piece += strlen(text) + 1;
        for (char *comma; text; text = comma) {
            comma = strchr(text, ',');
            if (comma) *comma++ = '\0';
            a->list[at++] = text;
        }
    }
    return at;
}

static hf_status take_kinds(cli_arguments *a, int32_t first, int32_t end, hf_error *error)
{
    for (int32_t i = first; i < end; i++) {
        char *equals = strrchr((char *)(uintptr_t)a->list[i], '=');
        if (!equals) return usage(error, "--kind takes COLUMN=KIND, not '%s'", a->list[i], NULL);
        *equals = '\0';
        a->kinds[i - first].column = a->list[i];
        if (!hf_kind_from_name(&a->kinds[i - first].kind, equals + 1))
            return usage(error,
                         "'%s' is no kind; there are number, ratio, count, money, flag, category and date",
                         equals + 1, NULL);
    }
    return HF_OK;
}

static hf_status take_delimiter(hf_csv_options *out, const cli_arguments *a, hf_error *error)
{
    const char *text = cli_text(a, "delimiter", NULL);
    if (!text) return HF_OK;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        out->delimiter = '\t';
    else if (strlen(text) == 1 && text[0] != '"' && text[0] != '\n' && text[0] != '\r')
        out->delimiter = text[0];
    else
        return usage(error, "--delimiter takes one character, or 'tab', not '%s'", text, NULL);
    return HF_OK;
}

hf_status cli_columns(hf_csv_options *out, const cli_arguments *arguments, hf_error *error)
{
    cli_arguments *a = (cli_arguments *)(uintptr_t)arguments; // the lists are kept with the arguments
    size_t bytes = 1, parts = 1;
    for (int32_t i = 0; i < a->option_count; i++) {
        const char *value = a->options[i].value;
        if (!value) continue;
        bytes += strlen(value) + 1;
        for (parts++; (value = strchr(value, ',')) != NULL; value++)
            parts++;
    }
    free(a->pieces);
    free(a->list);
    free(a->kinds);
    a->pieces = malloc(bytes);
    a->list = calloc(parts, sizeof *a->list);
    a->kinds = calloc(parts, sizeof *a->kinds);
    if (!a->pieces || !a->list || !a->kinds) return no_memory(error);
    char *piece = a->pieces;
    int32_t ignored = cut_list(a, "ignore", &piece, 0);
    int32_t missing = cut_list(a, "na", &piece, ignored);
    int32_t kinds = cut_list(a, "kind", &piece, missing);
    a->leaks_first = kinds;
    a->leaks_count = cut_list(a, "allow-leak", &piece, kinds) - kinds;
    const int32_t leaks = kinds + a->leaks_count;
    a->monotone = a->list + leaks;
    a->monotone_count = cut_list(a, "monotone", &piece, leaks) - leaks;
    hf_status status = take_kinds(a, missing, kinds, error);
    if (status == HF_OK) status = take_delimiter(out, a, error);
    if (status == HF_OK) status = cli_number(&out->reject_limit, a, "reject-limit", 0, 1, error);
    out->id = cli_text(a, "id", NULL);
    out->as_of_column = cli_text(a, "as-of-column", NULL);
    out->ignore = a->list;
    out->ignore_count = ignored;
    out->na = a->list + ignored;
    out->na_count = missing - ignored;
    out->kinds = a->kinds;
    out->kind_count = kinds - missing;
    out->rejects = cli_text(a, "rejects", NULL);
    out->overwrite = cli_has(a, "force");
    return status;
}

const char *const *cli_allowed_leaks(int32_t *count, const cli_arguments *arguments)
{
    *count = arguments->leaks_count;
    return arguments->list + arguments->leaks_first;
}

// Surfaces at most; -1: as many as pay.
static hf_status take_pairs(int32_t *out, const cli_arguments *arguments, hf_error *error)
{
    int64_t count = -1;
    const char *text = cli_text(arguments, "pairs", "auto");
    if (strcmp(text, "auto") != 0 && cli_integer(&count, arguments, "pairs", 0, 12, NULL) != HF_OK)
        return usage(error, "--pairs takes auto or a whole number from 0 to 12, not '%s'", text, NULL);
    *out = (int32_t)count;
    return HF_OK;
}

// Rules at most; -1: as many as pay.
static hf_status take_rules(int32_t *out, const cli_arguments *arguments, hf_error *error)
{
    int64_t count = -1;
    const char *text = cli_text(arguments, "rules", "auto");
    if (strcmp(text, "auto") != 0 && cli_integer(&count, arguments, "rules", 0, 1000, NULL) != HF_OK)
        return usage(error, "--rules takes auto or a whole number from 0 to 1000, not '%s'", text, NULL);
    *out = (int32_t)count;
    return HF_OK;
}

static hf_status take_subsample(double *out, const cli_arguments *arguments, hf_error *error)
{
    const char *text = cli_text(arguments, "subsample", "off");
    *out = strcmp(text, "auto") == 0 ? HF_SUBSAMPLE_AUTO : 0.0;
    if (strcmp(text, "auto") == 0 || strcmp(text, "off") == 0) return HF_OK;
    if (cli_number(out, arguments, "subsample", 1, 1e9, NULL) == HF_OK) return HF_OK;
    return usage(error, "--subsample takes auto, off or a number from 1 on, not '%s'", text, NULL);
}

hf_status cli_fit(hf_train_options *out, const cli_arguments *arguments, hf_error *error)
{
    int64_t seed = (int64_t)out->seed, folds = out->folds;
    hf_status status = cli_integer(&seed, arguments, "seed", 0, INT64_MAX, error);
    if (status == HF_OK) status = cli_integer(&folds, arguments, "inner-folds", 2, 100, error);
    if (status == HF_OK) status = cli_number(&out->c, arguments, "c", 1e-9, 1e9, error);
    if (status == HF_OK) status = take_pairs(&out->pairs, arguments, error);
    if (status == HF_OK) status = take_rules(&out->rules, arguments, error);
    if (status == HF_OK) status = take_subsample(&out->subsample, arguments, error);
    out->seed = (uint64_t)seed;
    out->folds = (int32_t)folds;
    out->splits = cli_has(arguments, "inner-folds") ? out->folds : 0;
    out->monotone = arguments->monotone;
    out->monotone_count = arguments->monotone_count;
    out->plain = cli_has(arguments, "plain");
    if (status == HF_OK && out->plain && (out->pairs > 0 || out->rules > 0))
        status = cli_only_without(arguments, "with --plain", out->pairs > 0 ? "pairs" : "rules",
                                  "a plain model has no surfaces or rules; leave out one of the two", error);
    int calibrate = out->calibrate;
    if (status == HF_OK)
        status = cli_choice(&calibrate, arguments, "calibrate", "auto none intercept platt isotonic", error);
    out->calibrate = calibrate;
    return status;
}

hf_status cli_window(int32_t *lead, int32_t *horizon, hf_date *known_until, const cli_arguments *arguments,
                     hf_error *error)
{
    int64_t before = 0, days = 0;
    hf_date known = HF_DATE_MISSING;
    hf_status status = cli_integer(&before, arguments, "lead", 0, 36500, error);
    if (status == HF_OK) status = cli_integer(&days, arguments, "horizon", 1, 36500, error);
    if (status == HF_OK) status = cli_date(&known, arguments, "known-until", error);
    *lead = (int32_t)before;
    *horizon = (int32_t)days;
    *known_until = known;
    return status;
}

hf_status cli_observations(hf_observation_options *out, const cli_arguments *arguments, hf_error *error)
{
    int64_t every = out->every, age = out->anchor_age, shift = out->anchor_shift;
    hf_status status = cli_date(&out->from, arguments, "from", error);
    if (status == HF_OK) status = cli_date(&out->until, arguments, "until", error);
    if (status == HF_OK) status = cli_integer(&every, arguments, "every", 1, 36500, error);
    if (status == HF_OK) status = cli_integer(&age, arguments, "anchor-age", 0, 36500, error);
    if (status == HF_OK) status = cli_integer(&shift, arguments, "anchor-shift", -36500, 36500, error);
    if (status == HF_OK && !cli_has(arguments, "anchor"))
        status = cli_only_without(arguments, "without --anchor", "anchor-age anchor-shift",
                                  "name the date signal with --anchor SIGNAL", error);
    out->anchor = cli_text(arguments, "anchor", NULL);
    out->every = (int32_t)every;
    out->anchor_age = (int32_t)age;
    out->anchor_shift = (int32_t)shift;
    return status;
}
