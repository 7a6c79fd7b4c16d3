// SPDX-License-Identifier: Apache-2.0
//
// A frame: the signals of many accounts as typed columns, with the accounts' ids. What CSV readers make,
// snapshots keep and scoring reads.
//
// Threads: a frame that nobody changes may be read from any number of threads.
#ifndef HOLDFAST_FRAME_H
#define HOLDFAST_FRAME_H

#include "holdfast/base.h"

#ifdef __cplusplus
extern "C" {
#endif

// What a signal is. X(name, text): the text is used in files and flags.
#define HF_KIND_LIST(X)             \
    X(HF_KIND_NUMBER, "number")     \
    X(HF_KIND_RATIO, "ratio")       \
    X(HF_KIND_COUNT, "count")       \
    X(HF_KIND_MONEY, "money")       \
    X(HF_KIND_FLAG, "flag")         \
    X(HF_KIND_CATEGORY, "category") \
    X(HF_KIND_DATE, "date")

typedef enum {
#define HF_KIND_ENUM(name, text) name,
    HF_KIND_LIST(HF_KIND_ENUM)
#undef HF_KIND_ENUM
} hf_kind;

// How a column lies in memory. number, ratio, count and flag are f32, or f64 where f32 would lose a digit of
// a whole or two-decimal number; money is f64; category is a code; date is a day.
typedef enum { HF_STORAGE_F32, HF_STORAGE_F64, HF_STORAGE_CODE, HF_STORAGE_DAY } hf_storage;

typedef enum { HF_DIRECTION_UNKNOWN, HF_DIRECTION_HIGHER_GOOD, HF_DIRECTION_HIGHER_BAD } hf_direction;

typedef struct hf_frame hf_frame;

// What is known of a column. Texts are borrowed from the frame.
typedef struct {
    const char *name; // UTF-8, not empty
    const char *unit; // "" if unknown
    hf_kind kind;
    hf_storage storage;
    hf_direction direction;
    int64_t missing; // rows without a value
    int32_t levels;  // categories: entries of the dictionary; else 0
} hf_column_info;

HF_API int64_t hf_frame_rows(const hf_frame *frame);
HF_API int32_t hf_frame_columns(const hf_frame *frame);
// The as-of date all rows share, HF_DATE_MISSING if there is none.
HF_API hf_date hf_frame_as_of(const hf_frame *frame);
HF_API hf_column_info hf_frame_column(const hf_frame *frame, int32_t column);
// The column's place, or -1.
HF_API int32_t hf_frame_find(const hf_frame *frame, const char *name);
// The account id of a row: not NUL-terminated, *length bytes. Borrowed from the frame.
HF_API const char *hf_frame_id(const hf_frame *frame, int64_t row, size_t *length);
// The column's values, one a row, borrowed from the frame; NULL where the storage is another. Missing is NaN
// in f32 and f64, HF_DATE_MISSING in days, -1 in codes.
HF_API const float *hf_frame_f32(const hf_frame *frame, int32_t column);
HF_API const double *hf_frame_f64(const hf_frame *frame, int32_t column);
HF_API const int32_t *hf_frame_days(const hf_frame *frame, int32_t column);
HF_API const int32_t *hf_frame_codes(const hf_frame *frame, int32_t column);
// The text of a category code, "" for -1; levels are sorted bytewise, so equal data has equal codes.
HF_API const char *hf_frame_level(const hf_frame *frame, int32_t column, int32_t code);
// Accepts NULL.
HF_API void hf_frame_destroy(hf_frame *frame);

// "number", "ratio", ... as in HF_KIND_LIST.
HF_API const char *hf_kind_name(hf_kind kind);
// False when the name is no kind.
HF_API bool hf_kind_from_name(hf_kind *out, const char *name);

#ifdef __cplusplus
}
#endif

#endif
