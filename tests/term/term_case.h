// SPDX-License-Identifier: Apache-2.0
//
// What the tests of terms share: a context, terms compared to the bit, their way to JSON and back, files that
// are damaged, memory that runs out.
#ifndef HOLDFAST_TERM_CASE_H
#define HOLDFAST_TERM_CASE_H

#include "term/term_room.h"

#include <criterion/criterion.h>
#include <jansson.h>

extern hf_context *term_context; // between term_open and term_close
void term_open(void);
void term_close(void);

// Writes a term and expects what is read back to be the same; the term is freed.
void expect_round_trip(hf_term term);

// A copy of a term's JSON in which the value at a path of keys ("curve.hinges.0.at") is another; NULL deletes
// it.
json_t *altered(const json_t *json, const char *path, const char *value);
// Expects a file that is damaged: the field `named` or `parent` is told, and the term is not touched.
void expect_damaged(const json_t *json, const char *named, const char *parent, const char *how);

// A context, for term_context's place, whose requests fail once *left of them were granted.
hf_context *scarce_context(long **left);
// Reads a term with every request failing in turn.
void expect_reading_fails_well(hf_context *scarce, long *left, const hf_term *term);

#endif
