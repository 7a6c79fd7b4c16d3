// SPDX-License-Identifier: Apache-2.0
//
// What every call of the library shares: a status, an error that says where in the data something is
// wrong, and a context that carries the allocator, the callbacks and the thread plan. The library never
// prints, exits, aborts or touches the locale; it speaks through these.
//
// Threads: a context may be used by one call at a time; make one a thread for calls side by side. An
// hf_error belongs to its caller.
#ifndef HOLDFAST_BASE_H
#define HOLDFAST_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HF_API __attribute__((visibility("default")))
#define HF_PRINTF(text, args) __attribute__((format(printf, text, args)))
#else
#define HF_API
#define HF_PRINTF(text, args)
#endif

#ifdef __cplusplus
extern "C" {
#endif

// One list for the codes and their texts: X(name, text).
#define HF_STATUS_LIST(X)                                                       \
    X(HF_OK, "success")                                                         \
    X(HF_ERROR_USAGE, "an argument is wrong")                                   \
    X(HF_ERROR_MEMORY, "out of memory")                                         \
    X(HF_ERROR_IO, "the system refused a file operation")                       \
    X(HF_ERROR_EXISTS, "it exists already")                                     \
    X(HF_ERROR_LOCKED, "another process is writing")                            \
    X(HF_ERROR_DATA, "the data is not as it should be")                         \
    X(HF_ERROR_DAMAGED, "a file is damaged")                                    \
    X(HF_ERROR_VERSION, "a file was written by a version this one cannot read") \
    X(HF_ERROR_TOO_LITTLE, "too little data")                                   \
    X(HF_ERROR_GATE, "done, but a gate failed")                                 \
    X(HF_ERROR_CANCELLED, "interrupted")                                        \
    X(HF_ERROR_INTERNAL, "a defect in holdfast")

typedef enum {
#define HF_STATUS_ENUM(name, text) name,
    HF_STATUS_LIST(HF_STATUS_ENUM)
#undef HF_STATUS_ENUM
} hf_status;

// What went wrong and where in the data. Fixed size, owned by the caller, optional everywhere (NULL).
// Zero-initialise it; a call that succeeds leaves it alone.
typedef struct {
    hf_status status;
    char file[256];     // path of the data, "" if none; "-" is standard input
    int64_t line;       // 1-based line of the file, 0 if not known
    int64_t column;     // 1-based field of the record, 0 if not known
    char message[2048]; // what was expected, what was found, what to do; several lines where cells are listed
} hf_error;

// A notice is what everyone should see who has not asked for quiet: which snapshot was taken, for one.
typedef enum { HF_LOG_WARNING, HF_LOG_INFO, HF_LOG_DEBUG, HF_LOG_NOTICE } hf_log_level;

// The instruction set the kernels are taken from. Every one computes the same bits.
typedef enum { HF_ISA_AUTO, HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512 } hf_isa;

typedef void hf_log_function(void *user, hf_log_level level, const char *message);
// done and total in units of the stage (bytes, rows, folds); total 0 where it is not known.
typedef void hf_progress_function(void *user, const char *stage, int64_t done, int64_t total);
// Returns true to stop; asked at least every tenth of a second of work, from one thread.
typedef bool hf_cancel_function(void *user);
// resize(p, 0) frees and returns NULL; p NULL allocates. Alignment at least 16. NULL on failure, p intact.
typedef void *hf_resize_function(void *user, void *p, size_t size);

typedef struct {
    int threads;                // 0: as many as the machine gives; else 1 to 1024
    hf_isa isa;                 // HF_ISA_AUTO: the environment's HOLDFAST_ISA, else the best there is
    hf_resize_function *resize; // NULL: the C library's
    void *resize_user;
    hf_log_function *log; // NULL: silence
    void *log_user;
    hf_progress_function *progress; // NULL: none
    void *progress_user;
    hf_cancel_function *cancel; // NULL: never
    void *cancel_user;
} hf_context_options;

#define HF_CONTEXT_OPTIONS_INIT                                        \
    {                                                                  \
        0, HF_ISA_AUTO, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
    }

typedef struct hf_context hf_context;

// Makes a context. options may be NULL for the defaults. Errors: HF_ERROR_USAGE for a thread count out of
// range or an instruction set the machine lacks, HF_ERROR_MEMORY.
HF_API hf_status hf_context_create(hf_context **out, const hf_context_options *options, hf_error *error);
// The number of threads the context's calls use, at least 1.
HF_API int hf_context_threads(const hf_context *context);
HF_API hf_isa hf_context_isa(const hf_context *context);
// Accepts NULL. Everything made with the context must be destroyed before it.
HF_API void hf_context_destroy(hf_context *context);

// The text of a status, never NULL.
HF_API const char *hf_status_text(hf_status status);
// The name of an instruction set as HOLDFAST_ISA takes it: "auto", "scalar", "avx2", "avx512".
HF_API const char *hf_isa_name(hf_isa isa);
// The library's version, as "0.1.0".
HF_API const char *hf_version(void);
// Writes the error as one text, "file:line:column: message" with the parts it has, into out (cut to size).
HF_API void hf_error_format(const hf_error *error, char *out, size_t size);

// The candidate nearest to word by edit distance, or NULL if none is near enough to be a typing mistake.
HF_API const char *hf_nearest(const char *word, const char *const *candidates, size_t count);

// A calendar date as days since 1970-01-01 in the proleptic Gregorian calendar.
typedef int32_t hf_date;
#define HF_DATE_MISSING INT32_MIN

// Reads YYYY-MM-DD (years 0001 to 9999), exactly that; false and *out untouched for anything else.
HF_API bool hf_date_parse(hf_date *out, const char *text, size_t length);
// Writes YYYY-MM-DD and a NUL; "" for HF_DATE_MISSING or a year outside 0001 to 9999.
HF_API void hf_date_format(hf_date date, char out[11]);

#ifdef __cplusplus
}
#endif

#endif
