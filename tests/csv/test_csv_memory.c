// SPDX-License-Identifier: Apache-2.0
//
// Memory that runs out at every allocation in turn: HF_ERROR_MEMORY, nothing leaked, outputs untouched.
#include "csv/csv_case.h"

typedef struct {
    long left; // allocations until one fails, negative: never
    long live;
    bool refused;
} failing;

static void *failing_resize(void *user, void *p, size_t size)
{
    failing *f = user;
    if (size == 0) {
        f->live -= p != NULL;
        free(p);
        return NULL;
    }
    if (f->left == 0) {
        f->refused = true;
        return NULL;
    }
    if (f->left > 0) f->left--;
    void *made = realloc(p, size);
    f->live += made && !p;
    return made;
}

static const char text[] = "id,at,plan,x,mix,big,note\n"
                           "A,2024-01-31,SMB,1.5,1,20000000.01,\"a \"\"b\"\"\"\n"
                           "B,2024-01-31,Pro,,yes,1,plain\n"
                           "C,2024-01-31,Pro,2.5,no,2,\"\"\n"
                           "bad\n"
                           "\n"
                           "A-rather-long-identifier,2024-01-31,SMB,7%,0,3,x\n"
                           "A,2024-01-31,Free,4,0,4,y\n";

// One read under the allocator; the status.
static hf_status attempt(failing *f, const char *path, const hf_csv_options *options, bool write, int threads)
{
    hf_context_options o = HF_CONTEXT_OPTIONS_INIT;
    o.resize = failing_resize;
    o.resize_user = f;
    o.threads = threads;
    hf_context *context;
    long left = f->left;
    f->left = -1;
    cr_assert_eq(hf_context_create(&context, &o, NULL), HF_OK);
    long before = f->live;
    f->left = left;
    hf_frame *const untouched = (hf_frame *)&o;
    hf_frame *frame = untouched;
    hf_csv_report report = {.bytes = -7};
    hf_error e = {0};
    const hf_csv_knobs knobs = {16, 2, 1};
    hf_status status = hf_csv_read_with(&frame, &report, context, path, options, &knobs, &e);
    if (status == HF_OK) {
        if (write) {
            status = hf_csv_write(context, frame, "/tmp/holdfast-csv-memory-out.csv", true, &e);
            unlink("/tmp/holdfast-csv-memory-out.csv");
        }
        hf_frame_destroy(frame);
        hf_csv_report_free(context, &report);
    } else {
        cr_assert_eq((void *)frame, (void *)untouched);
        cr_assert_eq(report.bytes, -7);
    }
    cr_assert_eq(f->live, before, "%ld blocks leaked", f->live - before);
    hf_context_destroy(context);
    return status;
}

static void sweep(const hf_csv_options *options, hf_status last, bool write, int threads)
{
    char path[64];
    csv_case_file(path, text, sizeof text - 1);
    long k = 0;
    for (;; k++) {
        failing f = {.left = k};
        hf_status status = attempt(&f, path, options, write, threads);
        if (options->rejects && unlink(options->rejects) == 0)
            cr_assert(!f.refused || write, "allocation %ld: a rejects file was left", k);
        if (!f.refused) {
            cr_assert_eq(status, last);
            break;
        }
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %ld: status %d", k, status);
        cr_assert(k < 5000);
    }
    cr_expect(k > 40, "%ld allocations", k);
    unlink(path);
}

Test(csv_memory, error_reported)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    sweep(&o, HF_ERROR_DATA, false, 1);
}

Test(csv_memory, rejects_and_write)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    o.as_of_column = "at";
    o.rejects = "/tmp/holdfast-csv-memory-rejects.csv";
    o.reject_limit = 0.9;
    const hf_declared_kind kinds[] = {{"x", HF_KIND_NUMBER}};
    o.kinds = kinds;
    o.kind_count = 1;
    unlink(o.rejects);
    sweep(&o, HF_OK, true, 1);
}

Test(csv_memory, several_threads)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.allow_duplicate_ids = true;
    sweep(&o, HF_ERROR_DATA, false, 3);
}
