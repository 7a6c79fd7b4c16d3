// SPDX-License-Identifier: Apache-2.0
//
// holdfast-bench: how fast the library is on this machine, and how that stands to what its memory can give.
// Reads the command line, runs one benchmark and prints its record. The method is in bench/README.md.
#include "holdfast_bench.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

typedef hf_status bench_function(bench_record *record, const hf_context *context,
                                 const bench_options *options, hf_error *error);

static hf_status write_fleet(bench_record *record, const hf_context *context, const bench_options *options,
                             hf_error *error)
{
    int64_t bytes = 0;
    (void)record;
    return bench_fleet_csv(&bytes, context, options->output, options->accounts, options->signals,
                           options->seed, options->labelled, error);
}

static const struct {
    const char *name, *purpose;
    bench_function *run;
    int64_t accounts; // by default
} verbs[] = {
    {"ingest", "CSV to snapshot, beside libcsv cutting the same file into cells", bench_ingest, 1000000},
    {"score", "probability and three reasons, from signals in memory", bench_score, 4000000},
    {"train", "a model from a labelled frame", bench_train, 50000},
    {"whatif", "bands, moves and histograms of every account under every weighting", bench_whatif, 1000000},
    {"fleet", "no benchmark: writes the fleet of ingest as CSV", write_fleet, 1000000},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

typedef enum { SWITCH, TEXT, INT, INT32, INT64, UINT64, REAL } option_type;

// Every option: its name, what it takes and does, where it goes, and the least and the most of a number.
static const struct {
    const char *name, *value, *help;
    option_type type;
    size_t at;
    int64_t low, high;
} known[] = {
#define AT(member) offsetof(bench_options, member)
    {"accounts", "N", "accounts, 1000 to 1000000000", INT64, AT(accounts), 1000, 1000000000},
    {"signals", "K", "signals an account, 1 to 1000 (24)", INT32, AT(signals), 1, 1000},
    {"threads", "T", "threads, 1 to 1024 (as many as the machine has)", INT, AT(threads), 1, 1024},
    {"repeats", "R", "measured repeats after one that warms up, 1 to 1000 (7)", INT32, AT(repeats), 1,
     BENCH_MOST_REPEATS},
    {"seed", "S", "seed of the inputs (1)", UINT64, AT(seed), 0, INT64_MAX},
    {"terms", "T", "plain (one coefficient a signal), curves, or of train all that pays (plain)", TEXT,
     AT(terms), 0, 0},
    {"knots", "K", "score: knots added to every curve, 0 to 64", INT32, AT(knots), 0, 64},
    {"surfaces", "N", "score: surfaces of two signals beside the curves, 0 to 100; needs 4 signals", INT32,
     AT(surfaces), 0, 100},
    {"rules", "N", "score: rules of two or three conditions, 0 to 1000; likewise", INT32, AT(rules), 0, 1000},
    {"folds", "N", "train: inner folds, all of which judge, 2 to 20", INT32, AT(folds), 2, 20},
    {"subsample", "N", "train: rows of the commoner class for each of the rarer (all)", REAL, AT(subsample),
     1, 1000000},
    {"liblinear", NULL, "train --terms curves: beside it one liblinear solve of the last fit's problem",
     SWITCH, AT(liblinear), 0, 0},
    {"weightings", "N", "whatif: weightings, 1 to 1000000 (10000)", INT32, AT(weightings), 1, 1000000},
    {"json", NULL, "one JSON object instead of a table", SWITCH, AT(json), 0, 0},
    {"output", "FILE", "fleet: where it is written", TEXT, AT(output), 0, 0},
    {"labelled", NULL, "fleet: adds an outcome, the column churned", SWITCH, AT(labelled), 0, 0},
#undef AT
};
enum { KNOWN = sizeof known / sizeof known[0] };

static void usage(FILE *out)
{
    fprintf(out, "usage: holdfast-bench VERB [options]\n\n");
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-8s %s (%lld accounts by default)\n", verbs[i].name, verbs[i].purpose,
                (long long)verbs[i].accounts);
    fputc('\n', out);
    for (size_t i = 0; i < KNOWN; i++) {
        char left[32];
        snprintf(left, sizeof left, "--%s %s", known[i].name, known[i].value ? known[i].value : "");
        fprintf(out, "  %-15s %s\n", left, known[i].help);
    }
    fprintf(out,
            "\nHOLDFAST_ISA forces an instruction set: scalar, avx2 or avx512. TMPDIR is where ingest puts "
            "its files.\n");
}

// Sets the member of one option, or says what is wrong.
static bool take(bench_options *options, size_t which, const char *text)
{
    void *at = (char *)options + known[which].at;
    char *end = NULL;
    if (known[which].type == SWITCH) *(bool *)at = true;
    if (known[which].type == TEXT) *(const char **)at = text;
    if (known[which].type == SWITCH || known[which].type == TEXT) return true;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < known[which].low || value > known[which].high) {
        fprintf(stderr, "holdfast-bench: --%s takes a whole number from %lld to %lld, found '%s'\n",
                known[which].name, (long long)known[which].low, (long long)known[which].high, text);
        return false;
    }
    switch (known[which].type) {
    case INT:
        *(int *)at = (int)value;
        break;
    case INT32:
        *(int32_t *)at = (int32_t)value;
        break;
    case INT64:
        *(int64_t *)at = value;
        break;
    case UINT64:
        *(uint64_t *)at = (uint64_t)value;
        break;
    case REAL:
        *(double *)at = (double)value;
        break;
    case SWITCH:
    case TEXT:
        break;
    }
    return true;
}

static bool read_options(bench_options *options, int argc, char **argv)
{
    struct option list[KNOWN + 2] = {{"help", no_argument, NULL, 'h'}};
    for (int i = 0; i < KNOWN; i++)
        list[i + 1] = (struct option){
            known[i].name, known[i].type == SWITCH ? no_argument : required_argument, NULL, 256 + i};
    for (int c; (c = getopt_long(argc, argv, "h", list, NULL)) != -1;) {
        if (c == 'h') {
            usage(stdout);
            exit(0);
        }
        if (c < 256 || !take(options, (size_t)c - 256, optarg)) return false;
    }
    if (optind + 1 != argc) {
        usage(stderr);
        return false;
    }
    options->verb = argv[optind];
    return true;
}

// What no option can say by itself.
static const char *refusal(const bench_options *options, bool writes)
{
    if (strcmp(options->terms, "plain") != 0 && strcmp(options->terms, "curves") != 0 &&
        strcmp(options->terms, "all") != 0)
        return "--terms takes plain, curves or all";
    if (writes != (options->output != NULL) || (options->labelled && !writes))
        return "--output and --labelled are for fleet, which needs --output";
    if (options->surfaces + options->rules > 0 && options->signals < 4)
        return "--surfaces and --rules need --signals of 4 or more";
    return NULL;
}

static void on_log(void *user, hf_log_level level, const char *message)
{
    (void)user;
    if (level == HF_LOG_WARNING) fprintf(stderr, "holdfast-bench: %s\n", message);
}

static int tell(const hf_error *error)
{
    char text[4096];
    hf_error_format(error, text, sizeof text);
    fprintf(stderr, "holdfast-bench: %s\n", text);
    return error->status == HF_ERROR_USAGE ? 2 : 1;
}

int main(int argc, char **argv)
{
    bench_options options = {.signals = 24, .repeats = 7, .seed = 1, .terms = "plain", .weightings = 10000};
    if (!read_options(&options, argc, argv)) return 2;
    size_t v = 0;
    while (v < VERBS && strcmp(verbs[v].name, options.verb) != 0)
        v++;
    if (v == VERBS) {
        fprintf(stderr, "holdfast-bench: there is no verb '%s'; --help lists them\n", options.verb);
        return 2;
    }
    const bool writes = verbs[v].run == write_fleet;
    const char *wrong = refusal(&options, writes);
    if (wrong) {
        fprintf(stderr, "holdfast-bench: %s\n", wrong);
        return 2;
    }
    if (options.accounts == 0) options.accounts = verbs[v].accounts;

    hf_error error = {0};
    hf_context *context = NULL;
    hf_context_options context_options = HF_CONTEXT_OPTIONS_INIT;
    context_options.threads = options.threads;
    context_options.log = on_log;
    if (hf_context_create(&context, &context_options, &error) != HF_OK) return tell(&error);
    bench_record record;
    bench_record_init(&record, context, &options);
    hf_status status = verbs[v].run(&record, context, &options, &error);
    if (status == HF_OK && !writes) status = bench_print(&record, &error);
    bench_record_free(&record);
    hf_context_destroy(context);
    return status == HF_OK ? 0 : tell(&error);
}
