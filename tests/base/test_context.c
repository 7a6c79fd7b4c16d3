// SPDX-License-Identifier: Apache-2.0
//
// The context's options, its callbacks, and errors: their texts, their places, their cuts.
#include "base/failing_context.h"

#include <omp.h>
#include <string.h>

static hf_status create_with(int threads, hf_isa isa, const char *variable, hf_context **out, hf_error *error)
{
    if (variable)
        setenv("HOLDFAST_ISA", variable, 1);
    else
        unsetenv("HOLDFAST_ISA");
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.isa = isa;
    return hf_context_create(out, &options, error);
}

Test(context, threads)
{
    static const struct {
        int asked;
        bool fine;
    } cases[] = {{0, true},    {1, true},     {2, true},   {7, true},
                 {1024, true}, {1025, false}, {-1, false}, {INT32_MAX, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hf_context *context = NULL;
        hf_error error = {0};
        hf_status status = create_with(cases[i].asked, HF_ISA_AUTO, NULL, &context, &error);
        if (!cases[i].fine) {
            cr_assert(status == HF_ERROR_USAGE && !context && strstr(error.message, "1024"));
            continue;
        }
        cr_assert(status == HF_OK);
        cr_assert(hf_context_threads(context) == (cases[i].asked ? cases[i].asked : omp_get_num_procs()));
        hf_context_destroy(context);
    }
    hf_context *context;
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK && hf_context_threads(context) >= 1);
    hf_context_destroy(context);
    hf_context_destroy(NULL);
}

Test(context, instruction_sets)
{
    hf_context *context = NULL;
    hf_error error = {0};
    cr_assert(create_with(1, HF_ISA_AUTO, "scalar", &context, NULL) == HF_OK);
    cr_assert(hf_context_isa(context) == HF_ISA_SCALAR);
    hf_context_destroy(context);
    cr_assert(create_with(1, HF_ISA_AUTO, "auto", &context, NULL) == HF_OK);
    hf_isa best = hf_context_isa(context);
    cr_assert(best != HF_ISA_AUTO);
    hf_context_destroy(context);
    cr_assert(create_with(1, HF_ISA_AUTO, "", &context, NULL) == HF_OK && hf_context_isa(context) == best);
    hf_context_destroy(context);
    // The option is stronger than the environment, which is not even read then.
    cr_assert(create_with(1, HF_ISA_SCALAR, "rubbish", &context, NULL) == HF_OK &&
              hf_context_isa(context) == HF_ISA_SCALAR);
    hf_context_destroy(context);
    static const char *const wrong[] = {"AVX2", "sse", " avx2", "avx", "scalar "};
    context = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert(create_with(1, HF_ISA_AUTO, wrong[i], &context, &error) == HF_ERROR_USAGE);
        cr_assert(strstr(error.message, wrong[i]) && strstr(error.message, "avx512"));
    }
    static const hf_isa wide[] = {HF_ISA_AVX2, HF_ISA_AVX512};
    for (int i = 0; i < 2; i++) {
        hf_status status = create_with(1, HF_ISA_AUTO, hf_isa_name(wide[i]), &context, &error);
        if (wide[i] <= best) {
            cr_assert(status == HF_OK && hf_context_isa(context) == wide[i]);
            hf_context_destroy(context);
        } else {
            cr_assert(status == HF_ERROR_USAGE && strstr(error.message, hf_isa_name(wide[i])));
        }
        context = NULL;
    }
    cr_assert(create_with(1, (hf_isa)77, NULL, &context, &error) == HF_ERROR_USAGE && !context);
    cr_assert_str_eq(hf_isa_name((hf_isa)77), "unknown");
    unsetenv("HOLDFAST_ISA");
}

Test(context, memory_that_fails)
{
    allocator a = {.fail_at = 0};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = counting_resize;
    options.resize_user = &a;
    hf_context *context = NULL;
    hf_error error = {0};
    cr_assert(hf_context_create(&context, &options, &error) == HF_ERROR_MEMORY && !context && a.live == 0);
    cr_assert(error.status == HF_ERROR_MEMORY && error.message[0]);
}

static char logged[4096];
static hf_log_level logged_level;
static void keep_log(void *user, hf_log_level level, const char *message)
{
    (*(int *)user)++;
    logged_level = level;
    strcpy(logged, message);
}
static int64_t seen_done, seen_total;
static void keep_progress(void *user, const char *stage, int64_t done, int64_t total)
{
    cr_assert_str_eq(stage, "rows");
    (*(int *)user)++;
    seen_done = done;
    seen_total = total;
}
static bool third_time(void *user)
{
    return ++*(int *)user == 3;
}

Test(context, callbacks)
{
    int logs = 0, progress = 0, asked = 0;
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *silent, *context;
    cr_assert(hf_context_create(&silent, &options, NULL) == HF_OK);
    hf_warn(silent, "nobody %s", "hears");
    hf_progress(silent, "rows", 1, 2);
    cr_assert(hf_check_cancel(silent, NULL) == HF_OK);
    hf_context_destroy(silent);
    options.log = keep_log;
    options.log_user = &logs;
    options.progress = keep_progress;
    options.progress_user = &progress;
    options.cancel = third_time;
    options.cancel_user = &asked;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    hf_warn(context, "%d of %s", 3, "four");
    cr_assert_str_eq(logged, "3 of four");
    cr_assert(logged_level == HF_LOG_WARNING);
    hf_info(context, "%*s", 5000, "far too long");
    cr_assert(logs == 2 && logged_level == HF_LOG_INFO && strlen(logged) < 2048);
    hf_progress(context, "rows", 5, 9);
    cr_assert(progress == 1 && seen_done == 5 && seen_total == 9);
    hf_error error = {0};
    cr_assert(hf_check_cancel(context, &error) == HF_OK && hf_check_cancel(context, &error) == HF_OK &&
              error.status == HF_OK);
    cr_assert(hf_check_cancel(context, &error) == HF_ERROR_CANCELLED && error.status == HF_ERROR_CANCELLED);
    hf_context_destroy(context);
}

// ---- errors ----------------------------------------------------------------------------------------------

Test(error, formats_the_parts_it_has)
{
    char text[4096];
    hf_error error = {0};
    cr_assert(hf_fail(&error, HF_ERROR_DATA, "bad %d", 7) == HF_ERROR_DATA);
    hf_error_format(&error, text, sizeof text);
    cr_assert_str_eq(text, "bad 7");
    hf_fail_at(&error, HF_ERROR_DATA, "usage.csv", 1842, 7, "column '%s'", "seats");
    hf_error_format(&error, text, sizeof text);
    cr_assert_str_eq(text, "usage.csv:1842:7: column 'seats'");
    hf_fail_at(&error, HF_ERROR_DATA, "usage.csv", 3, 0, "ragged");
    hf_error_format(&error, text, sizeof text);
    cr_assert_str_eq(text, "usage.csv:3: ragged");
    hf_fail_at(&error, HF_ERROR_DATA, "-", INT64_MAX, INT64_MAX, "far");
    hf_error_format(&error, text, sizeof text);
    cr_assert_str_eq(text, "standard input:9223372036854775807:9223372036854775807: far");
    hf_fail_at(&error, HF_ERROR_DATA, NULL, 0, 0, "%s", "");
    hf_error_format(&error, text, sizeof text);
    cr_assert_str_eq(text, hf_status_text(HF_ERROR_DATA));
    hf_fail_errno(&error, "f", 2, "cannot open");
    cr_assert(error.status == HF_ERROR_IO);
    cr_assert_str_eq(error.message, "cannot open: No such file or directory");
    hf_error_format(&error, text, 8);
    cr_assert_str_eq(text, "f: cann");
    cr_assert(hf_fail(NULL, HF_ERROR_IO, "%d", 1) == HF_ERROR_IO && hf_fail_memory(NULL) == HF_ERROR_MEMORY);
    cr_assert(hf_fail_at(NULL, HF_ERROR_DATA, "x", 1, 1, "y") == HF_ERROR_DATA &&
              hf_fail_errno(NULL, "x", 2, "y") == HF_ERROR_IO);
}

Test(error, may_be_made_of_itself)
{
    hf_error error = {0};
    hf_fail_at(&error, HF_ERROR_DATA, "a.csv", 4, 2, "the inner message");
    hf_fail(&error, HF_ERROR_DATA, "while reading: %s", error.message);
    cr_assert_str_eq(error.message, "while reading: the inner message");
    hf_fail_at(&error, HF_ERROR_DATA, "a.csv", 4, 2, "inner");
    hf_fail_at(&error, HF_ERROR_DATA, error.file, error.line, error.column, "%s; %s; %s", error.file,
               error.message, error.message);
    cr_assert_str_eq(error.message, "a.csv; inner; inner");
    cr_assert_str_eq(error.file, "a.csv");
    hf_fail_errno(&error, error.file, 13, "%s", error.message);
    cr_assert_str_eq(error.message, "a.csv; inner; inner: Permission denied");
    cr_assert_str_eq(error.file, "a.csv");
}

Test(error, long_texts_are_cut_between_characters)
{
    static char path[1000], message[5000], out[4096];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(path, 'x', shift);
        memset(message, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof path; i += 3)
            memcpy(path + i, "\xe2\x82\xac", 4);
        for (size_t i = shift; i + 3 < sizeof message; i += 3)
            memcpy(message + i, "\xe2\x82\xac", 4);
        strcpy(path + strlen(path) - 3, "end");
        hf_error error = {0};
        hf_fail_at(&error, HF_ERROR_DATA, path, 1, 1, "%s", message);
        size_t bad;
        cr_assert(hf_is_utf8(error.file, strlen(error.file), &bad) &&
                  hf_is_utf8(error.message, strlen(error.message), &bad));
        cr_assert(strncmp(error.file, "...", 3) == 0 &&
                  strcmp(error.file + strlen(error.file) - 3, "end") == 0);
        cr_assert(strlen(error.file) > sizeof error.file - 5 &&
                  strlen(error.message) > sizeof error.message - 5);
        hf_error_format(&error, out, sizeof out);
        cr_assert(strlen(out) == strlen(error.file) + strlen(error.message) + strlen(":1:1: "));
    }
    // A message that is not UTF-8 stays as it is.
    hf_error error = {0};
    hf_fail(&error, HF_ERROR_DATA, "\xff%s", message);
    cr_assert(strlen(error.message) == sizeof error.message - 1);
}

Test(error, every_status_has_a_text)
{
#define CHECK(name, text) cr_assert_str_eq(hf_status_text(name), text);
    HF_STATUS_LIST(CHECK)
#undef CHECK
    cr_assert(hf_status_text((hf_status)-1) && hf_status_text((hf_status)1000));
    cr_assert(strchr(hf_version(), '.'));
}
