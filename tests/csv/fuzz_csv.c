// SPDX-License-Identifier: Apache-2.0
//
// A fuzz target in libFuzzer's form: the first byte picks options, the rest is a file. Whatever the bytes, a
// read ends in a frame or in an error, and ranges of 64 bytes make the same of them as one large range. Build
// it with clang -fsanitize=fuzzer,address, or replay the corpus with test_csv_corpus.c.
#include "csv/fuzz_csv.h"

#include "csv/csv_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void demand(bool holds)
{
    if (!holds) abort();
}

static void check_frame(const hf_frame *frame)
{
    demand(frame->rows > 0);
    for (int32_t i = 0; i < frame->column_count; i++) {
        const hf_column *c = &frame->columns[i];
        int64_t missing = 0;
        for (int64_t row = 0; row < frame->rows; row++) {
            if (c->storage == HF_STORAGE_CODE) {
                int32_t code = ((const int32_t *)c->values)[row];
                demand(code >= -1 && code < c->dictionary.count);
                missing += code < 0;
            } else if (c->storage == HF_STORAGE_DAY) {
                missing += ((const int32_t *)c->values)[row] == HF_DATE_MISSING;
            } else {
                double value = hf_column_number(c, row);
                demand(!isinf(value));
                demand(c->kind != HF_KIND_FLAG || isnan(value) || value == 0 || value == 1);
                missing += isnan(value);
            }
        }
        demand(missing == c->missing);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hf_context *context;
    if (!context) {
        hf_context_options o = HF_CONTEXT_OPTIONS_INIT;
        o.threads = 2;
        demand(hf_context_create(&context, &o, NULL) == HF_OK);
    }
    if (size == 0) return 0;
    int fd = memfd_create("csv", 0);
    char path[64];
    demand(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    hf_csv_options options = HF_CSV_OPTIONS_INIT;
    if (data[0] & 1) options.id = "id";
    if (data[0] & 2) options.as_of_column = "day";
    if (data[0] & 4) options.allow_duplicate_ids = true;
    const hf_csv_knobs knobs[] = {HF_CSV_KNOBS_INIT, {64, 2, 1}};
    hf_frame *frames[2] = {NULL, NULL};
    hf_status status[2];
    hf_error errors[2];
    memset(errors, 0, sizeof errors);
    for (int i = 0; i < 2; i++) {
        hf_csv_report report = {0};
        status[i] = hf_csv_read_with(&frames[i], &report, context, path, &options, &knobs[i], &errors[i]);
        demand(status[i] == HF_OK || status[i] == HF_ERROR_DATA);
        demand((status[i] == HF_OK) == (frames[i] != NULL));
        if (frames[i]) check_frame(frames[i]);
        hf_csv_report_free(context, &report);
    }
    demand(status[0] == status[1]);
    demand(strcmp(errors[0].message, errors[1].message) == 0 && errors[0].line == errors[1].line &&
           errors[0].column == errors[1].column);
    if (frames[0]) {
        char a[33], b[33];
        demand(hf_frame_fingerprint(a, frames[0], NULL) == HF_OK &&
               hf_frame_fingerprint(b, frames[1], NULL) == HF_OK);
        demand(strcmp(a, b) == 0);
    }
    hf_frame_destroy(frames[0]);
    hf_frame_destroy(frames[1]);
    close(fd);
    return 0;
}
