// SPDX-License-Identifier: Apache-2.0
//
// What the CSV tests share: a text as a file, read with given options, knobs and threads; frames compared.
#ifndef HOLDFAST_TEST_CSV_CASE_H
#define HOLDFAST_TEST_CSV_CASE_H

#include "csv/csv_reader.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// One read and everything it left.
typedef struct {
    char path[64];
    hf_context *context;
    hf_frame *frame;
    hf_csv_report report;
    hf_error error;
    hf_status status;
    char log[4096]; // warnings without the path, one a line
} csv_case;

static void csv_case_log(void *user, hf_log_level level, const char *message)
{
    csv_case *c = user;
    size_t used = strlen(c->log);
    const char *after = strstr(message, ": ");
    if (level == HF_LOG_WARNING)
        snprintf(c->log + used, sizeof c->log - used, "%s\n", after ? after + 2 : message);
}

static inline void csv_case_file(char path[64], const char *text, size_t length)
{
    strcpy(path, "/tmp/holdfast-csv-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, text + done, length - done);
        cr_assert(n > 0);
        done += (size_t)n;
    }
    close(fd);
}

static inline void csv_case_read(csv_case *c, const char *text, size_t length, const hf_csv_options *options,
                                 const hf_csv_knobs *knobs, int threads)
{
    static const hf_csv_knobs usual = HF_CSV_KNOBS_INIT;
    memset(c, 0, sizeof *c);
    hf_context_options o = HF_CONTEXT_OPTIONS_INIT;
    o.threads = threads;
    o.log = csv_case_log;
    o.log_user = c;
    cr_assert_eq(hf_context_create(&c->context, &o, NULL), HF_OK);
    csv_case_file(c->path, text, length);
    c->status = hf_csv_read_with(&c->frame, &c->report, c->context, c->path, options, knobs ? knobs : &usual,
                                 &c->error);
    unlink(c->path);
    if (c->status != HF_OK) {
        cr_assert_null(c->frame);
        cr_assert_eq(c->error.status, c->status);
    }
}

static inline csv_case csv_read(const char *text, const hf_csv_options *options)
{
    csv_case c;
    csv_case_read(&c, text, strlen(text), options, NULL, 2);
    return c;
}

static inline void csv_case_free(csv_case *c)
{
    hf_frame_destroy(c->frame);
    hf_csv_report_free(c->context, &c->report);
    hf_context_destroy(c->context);
}

// Two frames equal to the last bit, but for NaN's bits.
static inline bool frames_equal(const hf_frame *a, const hf_frame *b)
{
    if (a->rows != b->rows || a->column_count != b->column_count || a->id_width != b->id_width ||
        a->as_of != b->as_of)
        return false;
    if (memcmp(a->ids, b->ids, (size_t)a->rows * (size_t)a->id_width) != 0 ||
        strcmp(a->id_name, b->id_name) != 0)
        return false;
    for (int32_t i = 0; i < a->column_count; i++) {
        const hf_column *x = &a->columns[i], *y = &b->columns[i];
        if (strcmp(x->name, y->name) != 0 || x->kind != y->kind || x->storage != y->storage ||
            x->missing != y->missing || x->dictionary.count != y->dictionary.count)
            return false;
        for (int32_t k = 0; k < x->dictionary.count; k++)
            if (strcmp(hf_dictionary_text(&x->dictionary, k), hf_dictionary_text(&y->dictionary, k)) != 0)
                return false;
        for (int64_t row = 0; row < a->rows; row++) {
            bool number = x->storage == HF_STORAGE_F32 || x->storage == HF_STORAGE_F64;
            if (!number && ((int32_t *)x->values)[row] != ((int32_t *)y->values)[row]) return false;
            if (!number) continue;
            double p = hf_column_number(x, row), q = hf_column_number(y, row);
            if (memcmp(&p, &q, sizeof p) != 0 && !(isnan(p) && isnan(q))) return false;
        }
    }
    return true;
}

static inline hf_column_info info_of(const csv_case *c, const char *name)
{
    int32_t i = hf_frame_find(c->frame, name);
    cr_assert(i >= 0, "no column %s", name);
    return hf_frame_column(c->frame, i);
}

static inline double number_of(const csv_case *c, const char *name, int64_t row)
{
    int32_t i = hf_frame_find(c->frame, name);
    cr_assert(i >= 0, "no column %s", name);
    return hf_column_number(&c->frame->columns[i], row);
}

static inline const char *level_of(const csv_case *c, const char *name, int64_t row)
{
    int32_t i = hf_frame_find(c->frame, name);
    cr_assert(i >= 0, "no column %s", name);
    return hf_frame_level(c->frame, i, hf_frame_codes(c->frame, i)[row]);
}

#endif
