// SPDX-License-Identifier: Apache-2.0
//
// The design matrix in liblinear's form, and its L2-regularised logistic on parts of it. liblinear's own
// types stay behind this header.
#ifndef HOLDFAST_LIBLINEAR_FIT_H
#define HOLDFAST_LIBLINEAR_FIT_H

#include "base/base_room.h"

// The bias feature's value. liblinear shrinks the bias like any weight, so its effect on the log-odds is made
// a hundred times its weight and what shrinkage is left is ten thousand times weaker than on a feature.
#define HF_BIAS 100.0

typedef struct hf_matrix hf_matrix;
typedef struct hf_matrix_part hf_matrix_part;

// rows x features, at most width of them not zero in a row; every row empty until set.
hf_status hf_matrix_create(hf_matrix **out, const hf_context *context, int64_t rows, int32_t features,
                           int32_t width, hf_error *error);
// index counts from 1, ascending.
void hf_matrix_set_row(hf_matrix *matrix, int64_t row, const int32_t *index, const double *value, int32_t n);
// The row times the weights, without the bias.
double hf_matrix_margin(const hf_matrix *matrix, int64_t row, const double *weights);
// The matrix in liblinear's text format, a row a line, "+1" or "-1" first; the bias is not written.
hf_status hf_matrix_write(const hf_matrix *matrix, const uint8_t *label, const char *path, hf_error *error);
void hf_matrix_destroy(hf_matrix *matrix); // accepts NULL

// Some rows of a matrix with their labels, sharing its nodes. The matrix must outlive it.
hf_status hf_matrix_part_create(hf_matrix_part **out, const hf_matrix *matrix, const int64_t *rows,
                                int64_t count, const uint8_t *label, hf_error *error);
void hf_matrix_part_destroy(const hf_context *context, hf_matrix_part *part); // accepts NULL

// liblinear's L2R_LR: weights (features + 1, the bias last) that minimise |w|^2 / 2 + C sum log-loss. warm:
// start from what weights hold. *settled: false where liblinear stopped because its steps were up; may be
// NULL. May be called for several parts at once. Returns NULL, or what liblinear finds wrong with the
// problem.
const char *hf_liblinear_fit(double *weights, bool *settled, const hf_matrix_part *part, double c, double eps,
                             bool warm);
// Whether a line that liblinear prints while it fits says that its steps are up.
bool hf_liblinear_gives_up(const char *line);

// "liblinear L2R_LR 2.30"
void hf_liblinear_name(char out[32]);

#endif
