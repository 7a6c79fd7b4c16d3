// SPDX-License-Identifier: Apache-2.0
//
// Delimited text to frames and back: RFC 4180 with quotes, doubled quotes, and delimiters and line breaks
// inside quotes; LF, CRLF; UTF-8 with or without a byte-order mark; .gz, .zst and standard input. The kind
// of a column is decided from all its cells, never from the first ones.
//
// Threads: one call at a time a context; a call uses the context's threads.
#ifndef HOLDFAST_CSV_H
#define HOLDFAST_CSV_H

#include "holdfast/base.h"
#include "holdfast/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *column;
    hf_kind kind;
} hf_declared_kind;

typedef struct {
    char delimiter;            // 0: found from the header among , ; tab |
    const char *id;            // column of the account ids; NULL: the 0-based data row is the id
    bool allow_duplicate_ids;  // else a second row of an id is bad
    const char *as_of_column;  // dates that with the id make the key; NULL: none. Not a signal.
    const char *const *ignore; // columns to leave out; each must exist
    int32_t ignore_count;
    const char *const *na; // missing tokens beside the standard ones
    int32_t na_count;
    const hf_declared_kind *kinds; // kinds said by the caller
    int32_t kind_count;
    const char *rejects; // where the bad cells are listed, their rows left out; NULL: a bad row is an error
    double reject_limit; // share of bad rows above which nothing is read, 0 to 1
    bool overwrite;      // whether an existing rejects file may be replaced
    bool kinds_if_there; // kinds are known from elsewhere (a model): those of columns the file lacks are
                         // passed over, and a word for missing may stand in the others
} hf_csv_options;

#define HF_CSV_OPTIONS_INIT                                                       \
    {                                                                             \
        0, NULL, false, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0.01, false, false \
    }

// What a read leaves beside the frame.
typedef struct {
    int64_t bytes;     // of text, after decompression
    int64_t rows_read; // records after the header
    int64_t rows_rejected;
    hf_date *as_of;      // one a row of the frame, owned by the caller (hf_csv_report_free); NULL without
                         // as_of_column
    int64_t *source_row; // the 0-based record of each row of the frame; owned likewise; never NULL
} hf_csv_report;

// Reads a whole file ("-" is standard input) into a new frame. report may be NULL. Warnings (a word taken as
// missing, a column that looks like numbers and is text, one that looks like an id, rows left out) go to the
// context's log.
//
// Missing cells: empty, blank, NA, N/A, NaN, null in any case, and options->na.
//
// Kinds, each from all cells of the column that are not missing:
// - only 0, 1, yes, no, true, false: flag;
// - nine in ten or more are numbers: numeric. With percentages a ratio (12% is 0.12); else whole and not
//   negative a count, else number, or money where f32 would lose a digit of a number with at most two
//   decimals;
// - nine in ten or more are dates (YYYY-MM-DD): date;
// - numbers, or dates, without exception but for one word without a digit in up to nine cells of ten:
//   numeric, or date;
// - anything else: category, its text as it stands.
// Where cells are numbers written for people ("$1,234.50", "1.234,5 EUR", "(38)") and there is one way only
// to read all cells of the column, they are numbers. Where there are two ("38,000" and nothing that says
// more), units, or currencies that differ, the column is a category; a column most of whose cells look like
// numbers or dates and that is a category all the same is warned of, with line and value. A declared category
// is not warned of. The few cells that do not fit a numeric or date column are never silently text: if they
// are all one word without a digit ("Unknown", "-") they count as missing, with a warning; else they are bad
// cells. A column of yes and no may hold one cell in twenty of such a word; with more it is a category.
// Numbers beyond what an f32 holds, and plain numbers other than 0 among percentages, are bad cells. A
// declared kind makes every cell that does not fit it bad.
//
// A bad row has a bad cell, another number of fields than the header, an id missing or used before (with
// as_of_column: on that date), NUL, misplaced quotes, or is not UTF-8. It is HF_ERROR_DATA, with the first
// cells listed and the rest counted, or its bad cells go to options->rejects (file,line,column,value,reason).
// Blank lines are no rows. Lines are physical: line breaks inside quotes count.
//
// Errors: HF_ERROR_USAGE for a delimiter that cannot be one; HF_ERROR_IO; HF_ERROR_EXISTS for the rejects
// file; HF_ERROR_DATA with file, line and field for bad text; HF_ERROR_MEMORY; HF_ERROR_CANCELLED. On failure
// *out and *report are untouched; a rejects file is left only where there are more bad rows than the limit,
// for that list is how they are found. Cost: two passes over the text; memory of the text (mapped, where it
// is a plain file) and the frame.
HF_API hf_status hf_csv_read(hf_frame **out, hf_csv_report *report, const hf_context *context,
                             const char *path, const hf_csv_options *options, hf_error *error);
HF_API void hf_csv_report_free(const hf_context *context, hf_csv_report *report);

// Writes a frame as CSV (comma, LF, quotes where needed), the id column first, then the columns in order;
// missing is empty, dates are ISO, numbers are the shortest text that reads back the same. Path "-" is
// standard output. Nothing is left where it fails. Errors: HF_ERROR_EXISTS, HF_ERROR_IO.
HF_API hf_status hf_csv_write(const hf_context *context, const hf_frame *frame, const char *path,
                              bool overwrite, hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
