// SPDX-License-Identifier: Apache-2.0
//
// The frame as the other rooms see it: its arrays, how to build one, and how to stack, select and join.
#ifndef HOLDFAST_FRAME_ROOM_H
#define HOLDFAST_FRAME_ROOM_H

#include "base/base_room.h"
#include "holdfast/frame.h"

#define HF_ID_LIMIT 255   // bytes of an account id
#define HF_NAME_LIMIT 255 // bytes of a column's name

// The sorted, distinct texts of a category column. Immutable once built.
typedef struct {
    int32_t count;
    char *bytes;       // owned: the texts, each NUL-terminated, one after the other
    uint32_t *offsets; // owned: count + 1 offsets into bytes
} hf_dictionary;

typedef struct {
    char *name; // owned
    char *unit; // owned, "" if unknown
    hf_kind kind;
    hf_storage storage;
    hf_direction direction;
    int64_t missing;
    void *values;             // rows x 4 or 8 bytes by storage; 64-byte aligned where owned
    bool borrowed;            // values belong to the frame's backing (a mapped snapshot)
    hf_dictionary dictionary; // HF_STORAGE_CODE only
} hf_column;

struct hf_frame {
    const hf_context *context;
    int64_t rows;
    int32_t column_count, column_capacity;
    hf_column *columns; // owned
    char *ids;          // rows x id_width bytes, padded with NUL
    bool ids_borrowed;
    int32_t id_width;
    char *id_name; // owned: the id column's name, "" where row numbers serve as ids
    hf_date as_of; // HF_DATE_MISSING where the frame has none
    char *source;  // owned: where it came from, for people; "" if unknown
    void *backing; // what borrowed arrays live in
    void (*release)(const hf_context *context, void *backing);
};

size_t hf_storage_size(hf_storage storage); // 4 or 8
// The storage a kind has by default (money f64, category code, date day, else f32).
hf_storage hf_kind_storage(hf_kind kind);

// An empty frame of rows rows with ids of id_width bytes (allocated, zeroed); no columns yet.
hf_status hf_frame_create(hf_frame **out, const hf_context *context, int64_t rows, int32_t id_width,
                          hf_error *error);
// Appends a column with values allocated, not set. *out stays valid until the next add. A second column of
// the same name is HF_ERROR_DATA.
hf_status hf_frame_add(hf_frame *frame, hf_column **out, const char *name, hf_kind kind, hf_storage storage,
                       hf_error *error);
hf_status hf_frame_set_source(hf_frame *frame, const char *id_name, const char *source, hf_error *error);
// Takes a column out of the frame and destroys it; the columns after it move up by one.
void hf_frame_remove(hf_frame *frame, int32_t column);
// Sets the column's unit text (copied).
hf_status hf_column_set_unit(hf_frame *frame, hf_column *column, const char *unit, hf_error *error);
// Counts the missing values anew into column->missing.
void hf_column_count_missing(hf_column *column, int64_t rows);
// The number of missing values in rows [begin, end).
int64_t hf_column_missing_in(const hf_column *column, int64_t begin, int64_t end);

// Builds a dictionary from distinct texts in any order: sorts them and writes into rank[i] the code of text i
// (rank may be NULL).
hf_status hf_dictionary_build(hf_dictionary *out, const hf_context *context, const char *const *texts,
                              const size_t *lengths, int32_t count, int32_t *rank, hf_error *error);
const char *hf_dictionary_text(const hf_dictionary *dictionary, int32_t code);
// The code of a text, or -1 (binary search).
int32_t hf_dictionary_find(const hf_dictionary *dictionary, const char *text);
// The sorted union of dictionaries (NULL: none there). recode[i], made here and the caller's to delete
// whether this succeeds or not, gives the new code of each code of part i.
hf_status hf_dictionary_union(hf_dictionary *out, int32_t **recode, const hf_context *context,
                              const hf_dictionary *const *parts, int32_t count, hf_error *error);
void hf_dictionary_free(const hf_context *context, hf_dictionary *dictionary);

// A new frame of the given rows in the given order (rows may repeat). Dictionaries are kept whole.
hf_status hf_frame_select(hf_frame **out, const hf_frame *frame, const int64_t *rows, int64_t count,
                          hf_error *error);
// A new frame with the rows of all the frames one after the other. Columns are matched by name; one that a
// frame lacks is missing there; kinds must agree, save that kinds of number widen: flag to count, any with
// money to money, else to number. The as-of date is kept where all share it. Units that differ are warned of.
hf_status hf_frame_stack(hf_frame **out, const hf_context *context, hf_frame *const *frames, int32_t count,
                         hf_error *error);
// A new frame with one row for every id in any of the frames, in the order of first appearance, and all
// their columns. A column name in two frames is HF_ERROR_DATA, and so is an id twice within a frame, and
// frames that share no id at all; ids that are not in every frame are counted in a warning.
hf_status hf_frame_join(hf_frame **out, const hf_context *context, hf_frame *const *frames, int32_t count,
                        hf_error *error);
// Row of each id of `keys` in `frame` (by hash), the first where it stands in several, -1 where absent.
hf_status hf_frame_match(int64_t *out, const hf_frame *frame, const hf_frame *keys, hf_error *error);
// The same for two days of one fleet, whose accounts mostly stand in the same order: those cost a comparison.
// Ids are distinct within each.
hf_status hf_frame_match_near(int64_t *out, const hf_context *context, const hf_frame *frame,
                              const hf_frame *keys, hf_error *error);
// The first row whose id stands in an earlier row too, and that earlier row; -1 when all are distinct.
hf_status hf_frame_duplicate(int64_t *row, int64_t *first, const hf_frame *frame, hf_error *error);
// The column whose name is nearest to one that the frame lacks, borrowed from the frame; NULL: none is near.
hf_status hf_frame_nearest(const char **out, const hf_frame *frame, const char *name, hf_error *error);
// Fails with HF_ERROR_DATA for a column that the frame lacks: "there is no column NAME for ROLE", as of
// "--target", and the nearest there is, else the remedy; of the ids' own column it says that. place: as in
// hf_fail_at.
hf_status hf_frame_no_column(const hf_frame *frame, const char *name, const char *role, const char *place,
                             const char *remedy, hf_error *error);
// A fingerprint of everything the frame says: ids, as-of date, names, kinds, units, values, levels.
hf_status hf_frame_fingerprint(char out[33], const hf_frame *frame, hf_error *error);

// A column as f64, any numeric storage: NaN where missing. Not for categories and dates.
double hf_column_number(const hf_column *column, int64_t row);

#endif
