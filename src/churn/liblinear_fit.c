// SPDX-License-Identifier: Apache-2.0
//
// The one file that knows liblinear (Fan et al. 2008; its L2R_LR is the trust region Newton method of Lin,
// Weng and Keerthi 2008). All rows' nodes lie in one block and parts share them through row pointers. L2R_LR
// draws no random numbers and keeps no state, so parts are fitted side by side; only its print hook is
// global. It is set once for the whole process, to a listener that prints nothing and notes, for the thread
// it is called on, where liblinear stops at its limit of steps: train() does not return that.
#include "churn/liblinear_fit.h"

#include <limits.h>
#include <linear.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// What its solver allows itself, and train() does not let choose.
enum { MOST_STEPS = 1000 };

struct hf_matrix {
    const hf_context *context;
    int64_t rows;
    int32_t features;
    size_t stride; // nodes a row: its features, the bias, the end mark
    struct feature_node *nodes;
};

struct hf_matrix_part {
    struct problem problem;
};

static _Thread_local bool gave_up; // in the fit that this thread is at

// Version 2 numbers its steps in what it prints and ends without a word; later ones say so.
bool hf_liblinear_gives_up(const char *line)
{
    int step = 0;
    return strstr(line, "reaching max number") || (sscanf(line, "iter %d", &step) == 1 && step >= MOST_STEPS);
}

static void listen(const char *line)
{
    gave_up = gave_up || hf_liblinear_gives_up(line);
}

static void set_listener(void)
{
    set_print_string_function(listen);
}

// ---- the matrix ------------------------------------------------------------------------------------------

hf_status hf_matrix_create(hf_matrix **out, const hf_context *context, int64_t rows, int32_t features,
                           int32_t width, hf_error *error)
{
    size_t nodes;
    size_t stride = (size_t)width + 2;
    if (rows > INT_MAX - 1 || features > INT_MAX - 2)
        return hf_fail(error, HF_ERROR_USAGE,
                       "%lld rows and %d features are more than liblinear can number; train on a sample",
                       (long long)rows, features);
    if (!hf_size_multiply(&nodes, (size_t)rows, stride)) return hf_fail_memory(error);
    hf_matrix *made = hf_new(context, 1, sizeof *made);
    struct feature_node *block = made ? hf_new_raw(context, nodes, sizeof *block) : NULL;
    if (!block) {
        hf_delete(context, made);
        return hf_fail_memory(error);
    }
    *made = (hf_matrix){context, rows, features, stride, block};
    for (int64_t i = 0; i < rows; i++)
        hf_matrix_set_row(made, i, NULL, NULL, 0);
    *out = made;
    return HF_OK;
}

void hf_matrix_destroy(hf_matrix *matrix)
{
    if (!matrix) return;
    hf_delete(matrix->context, matrix->nodes);
    hf_delete(matrix->context, matrix);
}

static struct feature_node *row_of(const hf_matrix *matrix, int64_t row)
{
    return matrix->nodes + (size_t)row * matrix->stride;
}

static void set_node(struct feature_node *node, int index, double value)
{
    node->index = index;
    node->value = value;
}

void hf_matrix_set_row(hf_matrix *matrix, int64_t row, const int32_t *index, const double *value, int32_t n)
{
    struct feature_node *node = row_of(matrix, row);
    for (int32_t i = 0; i < n; i++)
        set_node(node++, index[i], value[i]);
    set_node(node++, matrix->features + 1, HF_BIAS);
    set_node(node, -1, 0.0);
}

double hf_matrix_margin(const hf_matrix *matrix, int64_t row, const double *weights)
{
    double sum = 0.0;
    for (const struct feature_node *node = row_of(matrix, row); node->index <= matrix->features; node++)
        sum += weights[node->index - 1] * node->value;
    return sum;
}

hf_status hf_matrix_write(const hf_matrix *matrix, const uint8_t *label, const char *path, hf_error *error)
{
    hf_output *output = NULL;
    hf_text text;
    hf_status status;
    hf_text_init(&text, matrix->context);
    HF_TRY(done, hf_output_open(&output, matrix->context, path, true, error));
    for (int64_t i = 0; i < matrix->rows; i++) {
        hf_text_clear(&text);
        hf_text_puts(&text, label[i] ? "+1" : "-1");
        for (const struct feature_node *node = row_of(matrix, i); node->index <= matrix->features; node++) {
            char value[32];
            hf_format_f64(value, node->value);
            hf_text_printf(&text, " %d:%s", node->index, value);
        }
        hf_text_putc(&text, '\n');
        HF_TRY(done, hf_text_status(&text, error));
        HF_TRY(done, hf_output_write(output, text.data, text.length, error));
    }
    status = hf_output_commit(output, error);
    output = NULL;
done:
    hf_output_discard(output);
    hf_text_free(&text);
    return status;
}

// ---- fitting ---------------------------------------------------------------------------------------------

hf_status hf_matrix_part_create(hf_matrix_part **out, const hf_matrix *matrix, const int64_t *rows,
                                int64_t count, const uint8_t *label, hf_error *error)
{
    const hf_context *context = matrix->context;
    hf_matrix_part *made = hf_new(context, 1, sizeof *made);
    struct feature_node **x = made ? hf_new_raw(context, (size_t)count, sizeof(struct feature_node *)) : NULL;
    double *y = x ? hf_new_raw(context, (size_t)count, sizeof *y) : NULL;
    if (!y) {
        hf_delete(context, x);
        hf_delete(context, made);
        return hf_fail_memory(error);
    }
    for (int64_t i = 0; i < count; i++) {
        x[i] = row_of(matrix, rows[i]);
        // liblinear takes +1 as the first class whichever of +1 and -1 comes first.
        y[i] = label[rows[i]] ? 1.0 : -1.0;
    }
    memset(&made->problem, 0, sizeof made->problem);
    made->problem.l = (int)count;
    made->problem.n = matrix->features + 1;
    made->problem.y = y;
    made->problem.x = x;
    made->problem.bias = HF_BIAS;
    *out = made;
    return HF_OK;
}

void hf_matrix_part_destroy(const hf_context *context, hf_matrix_part *part)
{
    if (!part) return;
    hf_delete(context, part->problem.x);
    hf_delete(context, part->problem.y);
    hf_delete(context, part);
}

const char *hf_liblinear_fit(double *weights, bool *settled, const hf_matrix_part *part, double c, double eps,
                             bool warm)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_listener);
    struct parameter parameter;
    memset(&parameter, 0, sizeof parameter);
    parameter.solver_type = L2R_LR;
    parameter.C = c;
    parameter.eps = eps;
    parameter.init_sol = warm ? weights : NULL;
    const char *wrong = check_parameter(&part->problem, &parameter);
    if (wrong) return wrong;
    gave_up = false;
    struct model *model = train(&part->problem, &parameter);
    if (settled) *settled = !gave_up;
    size_t features = (size_t)part->problem.n;
    if (model->nr_class == 2 && model->label[0] == 1)
        memcpy(weights, model->w, features * sizeof *weights);
    else
        wrong = "the labels are not of two classes";
    free_and_destroy_model(&model);
    return wrong;
}

void hf_liblinear_name(char out[32])
{
    snprintf(out, 32, "liblinear L2R_LR %d.%02d", liblinear_version / 100, liblinear_version % 100);
}
