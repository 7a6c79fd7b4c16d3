// SPDX-License-Identifier: Apache-2.0
//
// The figures of the repeats and how they are told: minimum, median and maximum of each, as a table for
// people or as one JSON object. The spread is (maximum - minimum) / median.
#include "holdfast_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void bench_record_init(bench_record *record, const hf_context *context, const bench_options *options)
{
    memset(record, 0, sizeof *record);
    record->context = context;
    record->options = options;
}

void bench_record_free(bench_record *record)
{
    for (int32_t i = 0; i < record->series_count; i++)
        hf_delete(record->context, record->series[i].values);
}

void bench_add(bench_record *record, const char *key, const char *label, bench_unit unit, double value)
{
    const int32_t most = (int32_t)(sizeof record->series / sizeof record->series[0]);
    int32_t i = 0;
    while (i < record->series_count && strcmp(record->series[i].key, key) != 0)
        i++;
    if (i == record->series_count) {
        double *values = i < most ? hf_new(record->context, BENCH_MOST_REPEATS, sizeof *values) : NULL;
        if (!values) {
            record->failed = true;
            return;
        }
        record->series[i] = (bench_series){.key = key, .label = label, .unit = unit, .values = values};
        record->series_count++;
    }
    bench_series *series = &record->series[i];
    if (series->count < BENCH_MOST_REPEATS) series->values[series->count++] = value;
}

void bench_fact(bench_record *record, const char *key, double value)
{
    const int32_t most = (int32_t)(sizeof record->facts / sizeof record->facts[0]);
    if (record->fact_count == most) return;
    record->facts[record->fact_count].key = key;
    record->facts[record->fact_count++].value = value;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct {
    double min, median, max;
} summary;

static summary summarise(const bench_series *series)
{
    const int32_t n = series->count;
    qsort(series->values, (size_t)n, sizeof *series->values, ascending);
    const double *v = series->values;
    return (summary){v[0], n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]), v[n - 1]};
}

static void print_json(const bench_record *record)
{
    const bench_options *o = record->options;
    printf("{\n  \"bench\": \"%s\",\n  \"version\": \"%s\",\n  \"isa\": \"%s\",\n", o->verb, hf_version(),
           hf_isa_name(hf_context_isa(record->context)));
    printf(
        "  \"accounts\": %lld,\n  \"signals\": %d,\n  \"threads\": %d,\n  \"repeats\": %d,\n  \"seed\": %llu",
        (long long)o->accounts, (int)o->signals, hf_context_threads(record->context), (int)o->repeats,
        (unsigned long long)o->seed);
    for (int32_t i = 0; i < record->fact_count; i++)
        printf(",\n  \"%s\": %.15g", record->facts[i].key, record->facts[i].value);
    for (int32_t i = 0; i < record->series_count; i++) {
        const summary s = summarise(&record->series[i]);
        printf(",\n  \"%s\": {\"min\": %.6g, \"median\": %.6g, \"max\": %.6g}", record->series[i].key, s.min,
               s.median, s.max);
    }
    printf("\n}\n");
}

typedef struct {
    double scale;
    const char *name;
} display_unit;

static display_unit display_of(bench_unit unit, double median)
{
    switch (unit) {
    case BENCH_PER_SECOND:
        return median >= 1e6 ? (display_unit){1e-6, "M/s"} : (display_unit){1e-3, "k/s"};
    case BENCH_BYTES_PER_SECOND:
        return median >= 1e8 ? (display_unit){1e-9, "GB/s"} : (display_unit){1e-6, "MB/s"};
    case BENCH_SECONDS:
        return (display_unit){1.0, "s"};
    default:
        return (display_unit){1.0, "x"};
    }
}

static void print_table(const bench_record *record)
{
    const bench_options *o = record->options;
    printf("holdfast-bench %s: %lld accounts x %d signals, %d threads, %s, %d repeats, seed %llu\n", o->verb,
           (long long)o->accounts, (int)o->signals, hf_context_threads(record->context),
           hf_isa_name(hf_context_isa(record->context)), (int)o->repeats, (unsigned long long)o->seed);
    for (int32_t i = 0; i < record->fact_count; i++)
        printf("%s: %.15g\n", record->facts[i].key, record->facts[i].value);
    printf("\n%-36s %10s %10s %10s %-5s %7s\n", "", "min", "median", "max", "", "spread");
    for (int32_t i = 0; i < record->series_count; i++) {
        const bench_series *series = &record->series[i];
        const summary s = summarise(series);
        const display_unit unit = display_of(series->unit, s.median);
        printf("%-36s %10.4g %10.4g %10.4g %-5s", series->label, s.min * unit.scale, s.median * unit.scale,
               s.max * unit.scale, unit.name);
        if (s.median > 0) printf(" %5.1f %%", 100.0 * (s.max - s.min) / s.median);
        printf("\n");
    }
}

hf_status bench_print(const bench_record *record, hf_error *error)
{
    if (record->failed) return hf_fail_memory(error);
    if (record->options->json)
        print_json(record);
    else
        print_table(record);
    return fflush(stdout) == 0 ? HF_OK : hf_fail(error, HF_ERROR_IO, "standard output cannot be written");
}
