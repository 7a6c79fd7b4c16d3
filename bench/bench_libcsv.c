// SPDX-License-Identifier: Apache-2.0
//
// The peer for reading CSV: libcsv cutting the same file into cells and doing nothing with them, which is the
// least any user of it has to spend. It reads in blocks of one megabyte, from the page cache like its peer.
#include "holdfast_bench.h"

#ifdef HOLDFAST_HAVE_LIBCSV

#include <csv.h>

static void on_cell(void *cell, size_t length, void *user)
{
    (void)cell;
    *(uint64_t *)user += length;
}

static void on_record(int last, void *user)
{
    (void)last;
    *(uint64_t *)user += 1;
}

bool bench_libcsv(double *seconds, const char *path)
{
    static char block[1 << 20];
    struct csv_parser parser;
    uint64_t sum = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    if (csv_init(&parser, 0) != 0) {
        fclose(file);
        return false;
    }
    bool fine = true;
    const double start = bench_now();
    for (size_t n; fine && (n = fread(block, 1, sizeof block, file)) > 0;)
        fine = csv_parse(&parser, block, n, on_cell, on_record, &sum) == n;
    fine = fine && csv_fini(&parser, on_cell, on_record, &sum) == 0;
    *seconds = bench_now() - start;
    csv_free(&parser);
    fclose(file);
    return fine && sum > 0;
}

#else

bool bench_libcsv(double *seconds, const char *path)
{
    (void)seconds;
    (void)path;
    return false;
}

#endif
