// SPDX-License-Identifier: Apache-2.0
//
// One read under way: the text, its layout, the columns being filled and what the threads keep for
// themselves. The stages of hf_csv_read pass it on: columns are parsed (csv_column.c), decided
// (csv_decide.c), bad rows left out or reported (csv_rejects.c), ids checked (csv_key.c).
#ifndef HOLDFAST_CSV_READER_H
#define HOLDFAST_CSV_READER_H

#include "csv/csv_cell.h"
#include "csv/csv_header.h"
#include "csv/csv_index.h"
#include "csv/csv_input.h"
#include "csv/csv_numbers.h"
#include "csv/csv_tokens.h"
#include "frame/frame_room.h"
#include "holdfast/csv.h"

#include <stdatomic.h>

// What must not change a result; tests turn them.
typedef struct {
    int64_t range_bytes;
    int32_t sample_regions, sample_rows; // 0 rows: every column is guessed numeric
} hf_csv_knobs;

#define HF_CSV_KNOBS_INIT       \
    {                           \
        (int64_t)1 << 20, 8, 32 \
    }

typedef enum { HF_ROLE_SIGNAL, HF_ROLE_ID, HF_ROLE_AS_OF, HF_ROLE_IGNORED } hf_csv_role;

// How a column's cells are parsed. TEXT fills numbers of tokens, which are decided on when all are known.
typedef enum { HF_PARSE_F32, HF_PARSE_F64, HF_PARSE_TEXT, HF_PARSE_ID } hf_csv_parse;

typedef struct {
    hf_csv_role role;
    hf_csv_parse parse;
    bool declared; // kind was said by the caller
    hf_kind kind;
    bool active;   // parsed in the pass under way
    int32_t place; // in the frame, -1
    void *values;  // borrowed from the frame or the reader, one a slot
    hf_csv_stats stats;
    atomic_llong misfits;  // cells that did not parse
    atomic_bool abandoned; // too many of them
} hf_csv_column;

// What a thread keeps for itself.
typedef struct {
    hf_csv_block block;
    hf_csv_stats *stats; // owned: one a field
    hf_tokens *tokens;   // owned: one a field, empty until used
    hf_bad_list bads;    // structure and ids
    hf_bad_list misfits; // cells of numeric columns that did not parse
    void *values;        // owned: numbers of a block whose rows have gaps between them
    int32_t *odd;        // owned: rows of a block that are no plain numbers
    size_t id_longest;
    int64_t id_over; // offset of the first id over the limit, -1
    char *scratch;   // owned
    size_t scratch_capacity;
    bool failed; // out of memory
} hf_csv_worker;

typedef struct {
    const hf_context *context;
    const char *path;
    const hf_csv_options *options;
    hf_csv_knobs knobs;
    hf_csv_missing missing;
    const hf_csv_numbers *numbers;
    hf_csv_input input;
    hf_csv_header header;
    hf_csv_layout layout;
    hf_csv_column *columns;        // owned: one a field
    int32_t id_field, as_of_field; // -1: none
    int32_t threads;
    hf_csv_worker *workers; // owned: one a thread
    uint16_t *owner;        // owned: the thread that read a region
    hf_frame *frame;        // owned
    hf_date *as_of;         // owned: one a slot, NULL without as_of_column
    int64_t *slot_of_row;   // owned: one a row of the frame, ascending
    int64_t blanks;         // slots that are blank lines
    int64_t *blank_slots;   // owned, ascending
    hf_bad_list bads;       // everything left out, blank lines apart
    bool structure_known;   // the first pass is over
} hf_csv_reader;

// ---- csv_column.c, csv_pass.c ----------------------------------------------------------------------------------

// Guesses how each column is best parsed from a sample and adds the columns to the frame.
hf_status hf_csv_guess(hf_csv_reader *reader, hf_error *error);
// Asks for huge pages under a large array that is about to be filled: a fifth of the time of a read would
// else go into page faults. Only a hint.
void hf_csv_huge_pages(void *array, size_t size);
// Parses the active columns of all records, in parallel.
hf_status hf_csv_pass(hf_csv_reader *reader, hf_error *error);
// Reads every record of a block into one column.
void hf_csv_column_read(const hf_csv_reader *reader, hf_csv_worker *worker, int32_t field);
// Adds one cell to the statistics.
void hf_csv_stats_add(hf_csv_stats *stats, const hf_cell *cell);
void hf_csv_stats_merge(hf_csv_stats *stats, const hf_csv_stats *other);

// ---- csv_decide.c ----------------------------------------------------------------------------------------------

// Settles every active column: its kind from all its cells, its values in their final form. Columns whose
// guess failed become active again with another parse; *again says that there are any.
hf_status hf_csv_decide(hf_csv_reader *reader, bool *again, hf_error *error);

// ---- csv_rejects.c ---------------------------------------------------------------------------------------------

// HF_OK where there are no bad rows or the rejects file may take them; else HF_ERROR_DATA, which names the
// first by place, lists some of the rest and counts them. Where there are too many for the limit, the rejects
// file is written all the same.
hf_status hf_csv_check_bads(hf_csv_reader *reader, hf_error *error);
// The 1-based line of a cell.
hf_status hf_csv_line_of(int64_t *line, hf_csv_reader *reader, int64_t slot, int32_t field, hf_error *error);
// Writes reader->bads to the rejects file.
hf_status hf_csv_write_rejects(hf_csv_reader *reader, hf_error *error);
// The number of rows in reader->bads, which it sorts.
int64_t hf_csv_bad_rows(hf_csv_reader *reader);

// ---- csv_key.c ---------------------------------------------------------------------------------------------------

// Adds to bads the rows whose id (and date) an earlier row has; *gone: their places in the frame, ascending,
// owned by the caller.
hf_status hf_csv_find_duplicates(hf_csv_reader *reader, int64_t **gone, int64_t *count, hf_error *error);
// Takes rows out of every column; gone: their places in the frame, ascending. Rows keep their order.
void hf_csv_compact(hf_csv_reader *reader, const int64_t *gone, int64_t count);
// Makes the record numbers the ids. record: one a row.
hf_status hf_csv_number_rows(hf_csv_reader *reader, const int64_t *record, hf_error *error);

// Where no id was named: warns of columns that differ in every row, as ids do.
hf_status hf_csv_warn_ids(const hf_csv_reader *reader, hf_error *error);

// ---- csv_write.c -------------------------------------------------------------------------------------------------

// Adds a field, in quotes where it needs them.
void hf_csv_put_field(hf_text *out, const char *text, size_t length);

// The public call with the knobs in reach.
hf_status hf_csv_read_with(hf_frame **out, hf_csv_report *report, const hf_context *context, const char *path,
                           const hf_csv_options *options, const hf_csv_knobs *knobs, hf_error *error);

#endif
