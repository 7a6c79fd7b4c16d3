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

static void usage(FILE *out)
{
    fprintf(out, "usage: holdfast-bench VERB [options]\n\n");
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-8s %s (%lld accounts by default)\n", verbs[i].name, verbs[i].purpose,
                (long long)verbs[i].accounts);
    fprintf(out,
            "\n"
            "  --accounts N  accounts, 1000 to 1000000000\n"
            "  --signals K   signals an account, 1 to 1000 (24)\n"
            "  --threads T   threads, 1 to 1024 (as many as the machine has)\n"
            "  --repeats R   measured repeats after one that warms up, 1 to %d (7)\n"
            "  --seed S      seed of the inputs (1)\n"
            "  --terms T     plain (one coefficient a signal), curves, or of train all that pays (plain)\n"
            "  --knots K     score: knots added to every curve, 0 to 64\n"
            "  --surfaces N  score: surfaces of two signals beside the curves, 0 to 100; needs 4 signals\n"
            "  --rules N     score: rules of two or three conditions, 0 to 1000; likewise\n"
            "  --folds N     train: inner folds, all of which judge, 2 to 20\n"
            "  --subsample N train: rows of the commoner class for each of the rarer (all)\n"
            "  --liblinear   train --terms curves: beside it one liblinear solve of the last fit's problem\n"
            "  --weightings N  whatif: weightings, 1 to 1000000 (10000)\n"
            "  --json        one JSON object instead of a table\n\n"
            "holdfast-bench fleet --output FILE [--labelled] writes the fleet of ingest as CSV, for "
            "measuring the command;\n--labelled adds an outcome, the column churned.\n\n"
            "HOLDFAST_ISA forces an instruction set: scalar, avx2 or avx512. TMPDIR is where ingest puts "
            "its files.\n",
            BENCH_MOST_REPEATS);
}

// Reads a whole number in [low, high], or says what is wrong.
static bool read_number(int64_t *out, const char *option, const char *text, int64_t low, int64_t high)
{
    char *end = NULL;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < low || value > high) {
        fprintf(stderr, "holdfast-bench: --%s takes a whole number from %lld to %lld, found '%s'\n", option,
                (long long)low, (long long)high, text);
        return false;
    }
    *out = value;
    return true;
}

static bool read_options(bench_options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"accounts", required_argument, NULL, 'a'}, {"signals", required_argument, NULL, 's'},
        {"threads", required_argument, NULL, 't'},  {"repeats", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 'd'},     {"json", no_argument, NULL, 'j'},
        {"output", required_argument, NULL, 'o'},   {"labelled", no_argument, NULL, 'l'},
        {"knots", required_argument, NULL, 'k'},    {"subsample", required_argument, NULL, 'B'},
        {"surfaces", required_argument, NULL, 'u'}, {"rules", required_argument, NULL, 'R'},
        {"terms", required_argument, NULL, 'm'},    {"folds", required_argument, NULL, 'f'},
        {"liblinear", no_argument, NULL, 'b'},      {"weightings", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    int64_t number = 0;
    bool fine = true;
    for (int c; fine && (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        switch (c) {
        case 'a':
            fine = read_number(&options->accounts, "accounts", optarg, 1000, 1000000000);
            break;
        case 's':
            fine = read_number(&number, "signals", optarg, 1, 1000);
            options->signals = (int32_t)number;
            break;
        case 't':
            fine = read_number(&number, "threads", optarg, 1, 1024);
            options->threads = (int)number;
            break;
        case 'r':
            fine = read_number(&number, "repeats", optarg, 1, BENCH_MOST_REPEATS);
            options->repeats = (int32_t)number;
            break;
        case 'd':
            fine = read_number(&number, "seed", optarg, 0, INT64_MAX);
            options->seed = (uint64_t)number;
            break;
        case 'k':
            fine = read_number(&number, "knots", optarg, 0, 64);
            options->knots = (int32_t)number;
            break;
        case 'B':
            fine = read_number(&number, "subsample", optarg, 1, 1000000);
            options->subsample = (double)number;
            break;
        case 'u':
            fine = read_number(&number, "surfaces", optarg, 0, 100);
            options->surfaces = (int32_t)number;
            break;
        case 'R':
            fine = read_number(&number, "rules", optarg, 0, 1000);
            options->rules = (int32_t)number;
            break;
        case 'm':
            options->terms = optarg;
            fine =
                strcmp(optarg, "plain") == 0 || strcmp(optarg, "curves") == 0 || strcmp(optarg, "all") == 0;
            if (!fine) fprintf(stderr, "holdfast-bench: --terms takes plain, curves or all\n");
            break;
        case 'f':
            fine = read_number(&number, "folds", optarg, 2, 20);
            options->folds = (int32_t)number;
            break;
        case 'b':
            options->liblinear = true;
            break;
        case 'w':
            fine = read_number(&number, "weightings", optarg, 1, 1000000);
            options->weightings = (int32_t)number;
            break;
        case 'j':
            options->json = true;
            break;
        case 'o':
            options->output = optarg;
            break;
        case 'l':
            options->labelled = true;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            fine = false;
        }
    }
    if (fine && optind + 1 != argc) {
        usage(stderr);
        return false;
    }
    if (fine) options->verb = argv[optind];
    return fine;
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
        fprintf(stderr, "holdfast-bench: '%s' is no benchmark: ingest, score or train\n", options.verb);
        return 2;
    }
    const bool writes = verbs[v].run == write_fleet;
    if (writes != (options.output != NULL) || (options.labelled && !writes)) {
        fprintf(stderr, "holdfast-bench: --output and --labelled are for fleet, which needs --output\n");
        return 2;
    }
    if (options.surfaces + options.rules > 0 && options.signals < 4) {
        fprintf(stderr, "holdfast-bench: --surfaces and --rules need --signals of 4 or more\n");
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
