// SPDX-License-Identifier: Apache-2.0
//
// The clock and the memory probe. The probe reads a buffer of half a gigabyte, many times the caches, with
// the kernels' own reading loop, each thread an equal part of it: what the machine's memory gives just now,
// and so the roof over every figure beside it.
#include "holdfast_bench.h"
#include "kernels/kernels_room.h"

#include <string.h>
#include <time.h>

#define PROBE_BYTES ((size_t)512 << 20)

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

hf_status bench_memory_create(bench_memory *out, const hf_context *context, hf_error *error)
{
    char *data = hf_new_raw(context, PROBE_BYTES, 1);
    if (!data) return hf_fail_memory(error);
    const int threads = hf_context_threads(context);
    const int64_t part = (int64_t)PROBE_BYTES / threads;
    // Each thread writes what it will read, so that the pages are real and near.
#pragma omp parallel for default(none) shared(data, threads, part) schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++)
        memset(data + t * part, t + 1, (size_t)part);
    *out = (bench_memory){.context = context, .data = data, .size = (size_t)part * (size_t)threads};
    return HF_OK;
}

double bench_memory_read(bench_memory *memory)
{
    const hf_kernels *kernels = hf_kernels_for(hf_context_isa(memory->context));
    const int threads = hf_context_threads(memory->context);
    const size_t part = memory->size / (size_t)threads;
    const char *data = memory->data;
    uint64_t sum = 0;
    const double start = bench_now();
#pragma omp parallel for default(none) shared(data, threads, part, kernels) reduction(+ : sum) schedule(static)       \
    num_threads(threads)
    for (int t = 0; t < threads; t++)
        sum += kernels->read_bandwidth(data + (size_t)t * part, part);
    const double seconds = bench_now() - start;
    memory->checksum += sum;
    return (double)memory->size / seconds;
}

void bench_memory_free(bench_memory *memory)
{
    hf_delete(memory->context, memory->data);
}
