// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks share: their parameters, seeded inputs, the clock, the memory probe, and the record
// that the figures of every repeat go into.
#ifndef HOLDFAST_BENCH_H
#define HOLDFAST_BENCH_H

#include "frame/frame_room.h"
#include "holdfast/churn.h"

typedef struct {
    const char *verb;
    int64_t accounts;
    int32_t signals;
    int32_t repeats;
    int threads; // 0: as many as the machine gives
    uint64_t seed;
    bool json;
    int32_t knots;      // score: added to every curve of the model
    int32_t weightings; // whatif
    const char *output; // of the fleet; NULL for the benchmarks
    bool labelled;
    const char *terms;       // plain, curves, or of train all
    int32_t folds;           // train: inner folds, all of which judge; 0: as training has them by default
    double subsample;        // train: as of the options of training
    bool liblinear;          // train: beside one liblinear solve
    int32_t surfaces, rules; // score: added to the model
} bench_options;

#define BENCH_MOST_REPEATS 1000

// ---- the record ----------------------------------------------------------------------------------------

typedef enum { BENCH_PER_SECOND, BENCH_BYTES_PER_SECOND, BENCH_SECONDS, BENCH_RATIO } bench_unit;

// One figure over the repeats.
typedef struct {
    const char *key;   // in JSON
    const char *label; // for people
    bench_unit unit;
    int32_t count;
    double *values; // owned, one a repeat
} bench_series;

typedef struct {
    const hf_context *context;
    const bench_options *options;
    bench_series series[16];
    int32_t series_count;
    struct {
        const char *key;
        double value;
    } facts[12]; // single numbers that explain the figures, as bytes of the input
    int32_t fact_count;
    bool failed; // memory ran out
} bench_record;

void bench_record_init(bench_record *record, const hf_context *context, const bench_options *options);
void bench_record_free(bench_record *record);
// Adds the value of one more repeat. key and label are borrowed.
void bench_add(bench_record *record, const char *key, const char *label, bench_unit unit, double value);
void bench_fact(bench_record *record, const char *key, double value);
// Prints minimum, median and maximum of every series, as a table or as one JSON object.
hf_status bench_print(const bench_record *record, hf_error *error);

// ---- the machine ---------------------------------------------------------------------------------------

double bench_now(void); // seconds of a clock that never goes back
double bench_cpu(void); // seconds that this process's threads have worked: what a busy machine tells truly

// Reads a buffer far larger than the caches with all the context's threads.
typedef struct {
    const hf_context *context;
    char *data; // owned
    size_t size;
    uint64_t checksum; // keeps the reads alive
} bench_memory;

hf_status bench_memory_create(bench_memory *out, const hf_context *context, hf_error *error);
double bench_memory_read(bench_memory *memory); // bytes per second of one pass
void bench_memory_free(bench_memory *memory);

// ---- seeded inputs -------------------------------------------------------------------------------------

// A frame of f32 signals, about one value in twenty missing; row i is the same for any number of rows.
hf_status bench_fleet_frame(hf_frame **out, const hf_context *context, int64_t accounts, int32_t signals,
                            uint64_t seed, hf_error *error);
// An outcome a row, about one in eight, drawn from a log-odds that is linear in the first signals.
void bench_fleet_label(uint8_t *out, const hf_frame *frame, uint64_t seed);
// The same fleet as CSV, with a category column after the id and, if labelled, the outcome as a last column.
// *bytes is the size of the file.
hf_status bench_fleet_csv(int64_t *bytes, const hf_context *context, const char *path, int64_t accounts,
                          int32_t signals, uint64_t seed, bool labelled, hf_error *error);

// Cuts the file at path into cells with libcsv, which does nothing with them. False where the bench was
// built without libcsv; else *seconds is how long it took.
bool bench_libcsv(double *seconds, const char *path);

// A model trained on the fleet, with what the options add.
hf_status bench_model(hf_model **out, const hf_context *context, const bench_options *options,
                      hf_error *error);

// ---- the benchmarks ------------------------------------------------------------------------------------

hf_status bench_ingest(bench_record *record, const hf_context *context, const bench_options *options,
                       hf_error *error);
hf_status bench_score(bench_record *record, const hf_context *context, const bench_options *options,
                      hf_error *error);
hf_status bench_whatif(bench_record *record, const hf_context *context, const bench_options *options,
                       hf_error *error);
hf_status bench_train(bench_record *record, const hf_context *context, const bench_options *options,
                      hf_error *error);

#endif
