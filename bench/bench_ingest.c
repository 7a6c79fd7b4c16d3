// SPDX-License-Identifier: Apache-2.0
//
// CSV to snapshot: reads a seeded CSV file into a frame and writes the frame into a fresh store, once a
// repeat. The file lies in the page cache. The final sync to disk is the disk's affair and is told apart;
// every rate leaves it out. Beside it libcsv cuts the same file into cells on one thread.
#include "holdfast/csv.h"
#include "holdfast/store.h"
#include "holdfast_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 4096

static int remove_entry(const char *path, const struct stat *info, int flag, struct FTW *place)
{
    (void)info;
    (void)flag;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

// Lets the disk finish what the repeat before left it to do.
static void settle(const char *folder)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)syncfs(fd);
    close(fd);
}

typedef struct {
    double read, write, sync;
    int64_t snapshot_bytes;
} ingest_times;

static hf_status ingest_once(ingest_times *out, const hf_context *context, const char *csv,
                             const char *store_folder, hf_error *error)
{
    hf_status status;
    hf_frame *frame = NULL;
    hf_store *store = NULL;
    hf_snapshot_info info = {0};
    bool written = false;
    hf_csv_options options = HF_CSV_OPTIONS_INIT;
    hf_store_write_options write_options = HF_STORE_WRITE_OPTIONS_INIT;
    options.id = "account_id";
    write_options.recorded_at = "2026-01-31T00:00:00Z";
    const double start = bench_now();
    HF_TRY(done, hf_csv_read(&frame, NULL, context, csv, &options, error));
    const double after_read = bench_now();
    hf_date_parse(&frame->as_of, "2026-01-31", 10);
    HF_TRY(done, hf_store_open(&store, context, store_folder, HF_STORE_WRITE, error));
    HF_TRY(done, hf_store_write(store, frame, &write_options, &info, &written, error));
    const double after_write = bench_now();
    *out = (ingest_times){.read = after_read - start,
                          .write = after_write - after_read - info.sync_seconds,
                          .sync = info.sync_seconds,
                          .snapshot_bytes = info.bytes};
done:
    hf_store_close(store);
    hf_frame_destroy(frame);
    return status;
}

static void record_repeat(bench_record *record, const ingest_times *times, int64_t accounts, int64_t bytes)
{
    const double work = times->read + times->write;
    bench_add(record, "accounts_per_second", "accounts", BENCH_PER_SECOND, (double)accounts / work);
    bench_add(record, "bytes_per_second", "CSV to snapshot", BENCH_BYTES_PER_SECOND, (double)bytes / work);
    bench_add(record, "read_seconds", "  reading CSV", BENCH_SECONDS, times->read);
    bench_add(record, "write_seconds", "  writing the snapshot", BENCH_SECONDS, times->write);
    bench_add(record, "sync_seconds", "final sync (not counted)", BENCH_SECONDS, times->sync);
}

static hf_status repeat_all(bench_record *record, const hf_context *context, const bench_options *options,
                            const char *csv, const char *folder, const char *store_folder, int64_t bytes,
                            bench_memory *memory, hf_error *error)
{
    hf_status status = HF_OK;
    ingest_times times = {0};
    for (int32_t r = -1; r < options->repeats; r++) {
        double peer = 0.0;
        settle(folder);
        const double bandwidth = bench_memory_read(memory);
        const bool has_peer = bench_libcsv(&peer, csv);
        HF_TRY(done, ingest_once(&times, context, csv, store_folder, error));
        remove_tree(store_folder);
        if (r < 0) continue; // the warm-up
        record_repeat(record, &times, options->accounts, bytes);
        bench_add(record, "read_bandwidth_bytes_per_second", "memory read", BENCH_BYTES_PER_SECOND,
                  bandwidth);
        if (!has_peer) continue;
        bench_add(record, "libcsv_bytes_per_second", "libcsv, cells only", BENCH_BYTES_PER_SECOND,
                  (double)bytes / peer);
        bench_add(record, "ratio_to_libcsv", "times libcsv's rate", BENCH_RATIO,
                  peer / (times.read + times.write));
    }
    bench_fact(record, "csv_bytes", (double)bytes);
    bench_fact(record, "snapshot_bytes", (double)times.snapshot_bytes);
done:
    return status;
}

hf_status bench_ingest(bench_record *record, const hf_context *context, const bench_options *options,
                       hf_error *error)
{
    hf_status status;
    bench_memory memory = {0};
    char folder[PATH_ROOM], csv[PATH_ROOM + 16], store_folder[PATH_ROOM + 16];
    int64_t bytes = 0;
    const char *base = getenv("TMPDIR");
    const int length =
        snprintf(folder, sizeof folder, "%s/holdfast-bench-XXXXXX", base && *base ? base : "/tmp");
    if (length < 0 || (size_t)length >= sizeof folder || !mkdtemp(folder))
        return hf_fail_errno(error, folder, errno, "a temporary folder cannot be made; set TMPDIR");
    snprintf(csv, sizeof csv, "%s/fleet.csv", folder);
    snprintf(store_folder, sizeof store_folder, "%s/store", folder);
    // Freed arrays stay with the process, so that after the warm-up no repeat waits for pages: a virtual
    // machine may have to get them from its host each time.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    HF_TRY(done, bench_memory_create(&memory, context, error));
    HF_TRY(done, bench_fleet_csv(&bytes, context, csv, options->accounts, options->signals, options->seed,
                                 false, error));
    HF_TRY(done, repeat_all(record, context, options, csv, folder, store_folder, bytes, &memory, error));
done:
    if (memory.data) bench_memory_free(&memory);
    remove_tree(folder);
    return status;
}
