// SPDX-License-Identifier: Apache-2.0
//
// What the rooms share beyond the public header: failing, allocating, growing text, files written whole or
// not at all, seeded random numbers, number and date text, fingerprints, the tile size.
#ifndef HOLDFAST_BASE_ROOM_H
#define HOLDFAST_BASE_ROOM_H

#include "holdfast/base.h"

#include <stdio.h>

// Rows a tile: the unit of work of every pass. Fixed, so that results never depend on the thread count.
#define HF_TILE 1024

// ---- failing -------------------------------------------------------------------------------------------

// Fills error (if not NULL) with status and message and returns status.
hf_status hf_fail(hf_error *error, hf_status status, const char *format, ...) HF_PRINTF(3, 4);
// The same with a place in the data; line and column 0 where there is none.
hf_status hf_fail_at(hf_error *error, hf_status status, const char *file, int64_t line, int64_t column,
                     const char *format, ...) HF_PRINTF(6, 7);
// The same with ": " and the text of the system's errno after the message.
hf_status hf_fail_errno(hf_error *error, const char *file, int number, const char *format, ...)
    HF_PRINTF(4, 5);
// HF_ERROR_MEMORY with a plain message.
hf_status hf_fail_memory(hf_error *error);

// The one control-flow macro: jumps to the label where the call fails. Needs `hf_status status` in scope.
#define HF_TRY(label, call)              \
    do {                                 \
        status = (call);                 \
        if (status != HF_OK) goto label; \
    } while (0)

// ---- context -------------------------------------------------------------------------------------------

// The same context without messages and progress, for work whose findings have been said already. It has the
// same threads, allocator and question of cancelling, and must be destroyed after all that is made with it.
hf_status hf_context_quiet(hf_context **out, const hf_context *context, hf_error *error);

void hf_log(const hf_context *context, hf_log_level level, const char *format, ...) HF_PRINTF(3, 4);
#define hf_warn(context, ...) hf_log(context, HF_LOG_WARNING, __VA_ARGS__)
#define hf_info(context, ...) hf_log(context, HF_LOG_INFO, __VA_ARGS__)
int64_t hf_warnings(const hf_context *context); // how many were logged so far
void hf_progress(const hf_context *context, const char *stage, int64_t done, int64_t total);
// HF_OK, or HF_ERROR_CANCELLED with the error filled. Call from one thread.
hf_status hf_check_cancel(const hf_context *context, hf_error *error);

// ---- memory --------------------------------------------------------------------------------------------

bool hf_size_multiply(size_t *out, size_t a, size_t b); // false on overflow
bool hf_size_add(size_t *out, size_t a, size_t b);      // false on overflow
// count x size bytes, 64-byte aligned, zeroed; NULL when memory or the size runs out. Never NULL for 0 bytes.
void *hf_new(const hf_context *context, size_t count, size_t size);
// The same, not zeroed: for large arrays that are written whole.
void *hf_new_raw(const hf_context *context, size_t count, size_t size);
// Resizes what hf_new gave to hold count x size bytes, keeping the content (new bytes not zeroed); NULL on
// failure and p stays valid. p may be NULL. Keeps the alignment.
void *hf_grow(const hf_context *context, void *p, size_t count, size_t size);
void hf_delete(const hf_context *context, void *p);                             // accepts NULL
char *hf_copy_text(const hf_context *context, const char *text, size_t length); // NUL-terminated copy

// ---- growing text ---------------------------------------------------------------------------------------

// A text buffer. Failure to grow is remembered: check `failed` once at the end (hf_text_status).
typedef struct {
    const hf_context *context;
    char *data; // owned; NUL-terminated once anything was added
    size_t length, capacity;
    bool failed;
} hf_text;

void hf_text_init(hf_text *text, const hf_context *context);
void hf_text_free(hf_text *text);
void hf_text_clear(hf_text *text); // keeps the memory
// Makes room for n more bytes and returns where they go, or NULL (failed). Add to length what you wrote.
char *hf_text_reserve(hf_text *text, size_t n);
void hf_text_add(hf_text *text, const char *bytes, size_t length);
void hf_text_puts(hf_text *text, const char *string);
void hf_text_putc(hf_text *text, char c);
void hf_text_printf(hf_text *text, const char *format, ...)
    HF_PRINTF(2, 3); // numbers with a point, whatever the locale
hf_status hf_text_status(const hf_text *text, hf_error *error);

// ---- numbers as text, independent of the locale ----------------------------------------------------------

// Correctly rounded decimal text to double ('.' always), reading [text, text+length) in full: optional sign,
// digits with at most one point, optional exponent. No blanks, hex, inf or nan. False when it is no number.
// *out is +-HUGE_VAL where it overflows.
bool hf_parse_double(double *out, const char *text, size_t length);
// Shortest decimal text that reads back to the same value, without a needless exponent; "" for NaN, "inf" and
// "-inf" (which hf_parse_double refuses) for the infinities. At most 32 bytes with the NUL; returns the
// length.
size_t hf_format_f32(char *out, float value);
size_t hf_format_f64(char *out, double value);
// Fixed point with 0 to 9 decimals; same contract. What is rounded, half away from zero, is the double
// nearest to value x 10^decimals: 1.115 at two decimals is 1.12. No minus before a zero. From 9e18 /
// 10^decimals on the shortest text is written instead.
size_t hf_format_fixed(char *out, double value, int decimals);
size_t hf_format_i64(char *out, int64_t value);

// ---- files ----------------------------------------------------------------------------------------------

// A whole input file in memory. Regular files are mapped, anything else is read. Never NUL-terminated.
typedef struct {
    const char *data;
    size_t size;
    bool mapped;
} hf_bytes;

// path "-" reads standard input. Errors: HF_ERROR_IO (missing, a directory, unreadable), HF_ERROR_MEMORY.
hf_status hf_bytes_open(hf_bytes *out, const hf_context *context, const char *path, hf_error *error);
void hf_bytes_close(const hf_context *context, hf_bytes *bytes);

// An output file that appears whole or not at all: written beside its final name, synced, renamed. Path "-"
// is standard output, written straight through; once its reader has left, what is written goes nowhere and
// that is no error. A file that is replaced hands its mode and owner on, and a symbolic link to it stays.
// Temporary files that killed writers of the same name left are removed.
typedef struct hf_output hf_output;
// overwrite false: HF_ERROR_EXISTS if the path exists, at open and again at commit.
hf_status hf_output_open(hf_output **out, const hf_context *context, const char *path, bool overwrite,
                         hf_error *error);
hf_status hf_output_write(hf_output *output, const char *data, size_t size, hf_error *error);
// Flush, fsync, rename, fsync the folder. Destroys the handle whether it succeeds or not.
hf_status hf_output_commit(hf_output *output, hf_error *error);
// Removes what was written. Accepts NULL.
void hf_output_discard(hf_output *output);
// Renames a finished temporary file over its final name and syncs the folder. The file is synced first.
hf_status hf_publish(const char *temporary, const char *path, hf_error *error);
// Makes a folder and its parents. Fine if it is there.
hf_status hf_make_folder(const char *path, hf_error *error);

// ---- fingerprints -----------------------------------------------------------------------------------------

uint64_t hf_hash(const void *data, size_t size, uint64_t seed); // XXH3, 64 bits
// XXH3 128 bits of everything added, in order; as 32 lower-case hex digits.
typedef struct hf_fingerprint hf_fingerprint;
hf_status hf_fingerprint_create(hf_fingerprint **out, const hf_context *context, hf_error *error);
void hf_fingerprint_add(hf_fingerprint *f, const void *data, size_t size);
void hf_fingerprint_finish(hf_fingerprint *f, char out[33]); // writes the digits and destroys f
void hf_fingerprint_destroy(hf_fingerprint *f);              // accepts NULL

// ---- random numbers ----------------------------------------------------------------------------------------

// Seeded, portable: xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64. Words, uniforms and below
// are the same on every machine; normals, gammas and Poissons to the last bit of the C library's log, exp and
// pow.
typedef struct {
    uint64_t s[4];
} hf_random;

// stream separates independent sequences under one seed (a fold, a replicate, an account).
hf_random hf_random_seed(uint64_t seed, uint64_t stream);
uint64_t hf_random_u64(hf_random *r);
double hf_random_uniform(hf_random *r);             // [0, 1), 53 bits
uint64_t hf_random_below(hf_random *r, uint64_t n); // [0, n), n > 0, unbiased
double hf_random_normal(hf_random *r);              // standard normal (polar method, no cached second value)
double hf_random_gamma(hf_random *r, double shape); // scale 1 (Marsaglia and Tsang 2000); NaN for shape < 0
int64_t hf_random_poisson(hf_random *r, double mean); // time grows with the mean up to 1e6, normal beyond

// ---- words ------------------------------------------------------------------------------------------------

bool hf_is_utf8(const char *text, size_t length, size_t *bad); // *bad: offset of the first bad byte

#endif
