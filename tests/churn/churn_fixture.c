// SPDX-License-Identifier: Apache-2.0
//
// The fixture of the churn tests.
#include "churn_fixture.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *resize(void *user, void *p, size_t size)
{
    fixture *f = user;
    if (size == 0) {
        free(p);
        return NULL;
    }
    if (f->countdown == 0) return NULL;
    if (f->countdown > 0) f->countdown--;
    return realloc(p, size);
}

static void keep(void *user, hf_log_level level, const char *message)
{
    fixture *f = user;
    size_t used = strlen(f->log);
    snprintf(f->log + used, sizeof f->log - used, "%d %s\n", (int)level, message);
}

static bool ask(void *user)
{
    return ((fixture *)user)->cancel;
}

hf_context *fixture_context(fixture *f, int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context = NULL;
    *f = (fixture){.countdown = -1};
    options.threads = threads;
    options.resize = resize;
    options.resize_user = f;
    options.log = keep;
    options.log_user = f;
    options.cancel = ask;
    options.cancel_user = f;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

hf_frame *fixture_frame(const hf_context *context, int64_t rows)
{
    hf_frame *frame = NULL;
    cr_assert_eq(hf_frame_create(&frame, context, rows, 8, NULL), HF_OK);
    cr_assert_eq(hf_frame_set_source(frame, "account_id", "test", NULL), HF_OK);
    for (int64_t i = 0; i < rows; i++)
        snprintf(frame->ids + i * 8, 8, "c%06d", (int)i);
    return frame;
}

void fixture_number(hf_frame *frame, const char *name, hf_storage storage, const double *values)
{
    hf_column *column;
    cr_assert_eq(hf_frame_add(frame, &column, name, HF_KIND_NUMBER, storage, NULL), HF_OK);
    for (int64_t i = 0; i < frame->rows; i++) {
        if (storage == HF_STORAGE_F64)
            ((double *)column->values)[i] = values[i];
        else
            ((float *)column->values)[i] = (float)values[i];
    }
    hf_column_count_missing(column, frame->rows);
}

void fixture_category(hf_frame *frame, const char *name, const char *const *names, int32_t levels,
                      const int32_t *codes)
{
    hf_column *column;
    size_t lengths[64];
    cr_assert_eq(hf_frame_add(frame, &column, name, HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL), HF_OK);
    for (int32_t k = 0; k < levels; k++)
        lengths[k] = strlen(names[k]);
    cr_assert_eq(hf_dictionary_build(&column->dictionary, frame->context, names, lengths, levels, NULL, NULL),
                 HF_OK);
    memcpy(column->values, codes, (size_t)frame->rows * sizeof *codes);
    hf_column_count_missing(column, frame->rows);
}

hf_frame *fixture_mixed(const hf_context *context, int64_t rows, uint64_t seed, uint8_t *label)
{
    static const char *const plans[] = {"free", "plus", "pro", "relic", "trial"};
    static const char *const regions[] = {"east", "west"};
    hf_frame *frame = fixture_frame(context, rows);
    hf_random r = hf_random_seed(seed, 0);
    size_t n = (size_t)rows;
    double *use = malloc(n * 8), *seats = malloc(n * 8), *csat = malloc(n * 8), *flag = malloc(n * 8);
    double *same = malloc(n * 8), *none = malloc(n * 8), *few = malloc(n * 8);
    int32_t *plan = malloc(n * 4), *region = malloc(n * 4);
    for (size_t i = 0; i < n; i++) {
        use[i] = 40 + 15 * hf_random_normal(&r);
        seats[i] = floor(exp(2 + hf_random_normal(&r)));
        csat[i] = hf_random_uniform(&r) < 0.3 ? NAN : 1 + (double)hf_random_below(&r, 5);
        flag[i] = hf_random_uniform(&r) < 0.2;
        same[i] = 0.1;
        none[i] = NAN;
        few[i] = i < 3 ? NAN : hf_random_normal(&r);
        plan[i] = hf_random_uniform(&r) < 0.1 ? -1 : (int32_t)hf_random_below(&r, 4);
        if (plan[i] == 3) plan[i] = 4;
        if (i % 100 == 7) plan[i] = 3; // rare in small tables
        region[i] = i == 1 ? -1 : (int32_t)hf_random_below(&r, 2);
        double z = -1.2 - 0.04 * (use[i] - 40) + 0.8 * flag[i] + (plan[i] == 0 ? 0.7 : 0) +
                   (isnan(csat[i]) ? 0.5 : -0.3 * (csat[i] - 3)) + (region[i] == 0 ? 0.3 : 0);
        label[i] = hf_random_uniform(&r) < 1 / (1 + exp(-z));
    }
    fixture_number(frame, "use", HF_STORAGE_F32, use);
    fixture_number(frame, "seats", HF_STORAGE_F64, seats);
    fixture_number(frame, "csat", HF_STORAGE_F32, csat);
    fixture_category(frame, "plan", plans, 5, plan);
    fixture_number(frame, "same", HF_STORAGE_F32, same);
    fixture_number(frame, "flag", HF_STORAGE_F32, flag);
    fixture_number(frame, "none", HF_STORAGE_F32, none);
    fixture_number(frame, "few", HF_STORAGE_F32, few);
    fixture_category(frame, "region", regions, 2, region);
    hf_column *signup;
    cr_assert_eq(hf_frame_add(frame, &signup, "signup", HF_KIND_DATE, HF_STORAGE_DAY, NULL), HF_OK);
    for (size_t i = 0; i < n; i++)
        ((int32_t *)signup->values)[i] = (int32_t)i;
    free(use), free(seats), free(csat), free(flag), free(same), free(none), free(few), free(plan),
        free(region);
    return frame;
}

double fixture_log_odds(const hf_model *model, const hf_frame *frame, int64_t row)
{
    double sum = model->intercept;
    for (int32_t t = 0; t < model->term_count; t++) {
        const hf_term *term = &model->terms[t];
        const hf_column *column = &frame->columns[hf_frame_find(frame, term->signal)];
        if (term->kind == HF_TERM_CURVE) {
            sum += hf_term_value_number(term, hf_column_number(column, row));
        } else {
            int32_t code = ((const int32_t *)column->values)[row];
            sum += hf_term_value_level(term, code < 0 ? NULL : hf_dictionary_text(&column->dictionary, code));
        }
    }
    return sum;
}

double *fixture_read_design(const char *path, int64_t rows, int32_t features, double bias)
{
    size_t width = (size_t)features + 1;
    double *x = calloc((size_t)rows * width, sizeof *x);
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    cr_assert(file);
    for (int64_t i = 0; i < rows; i++) {
        cr_assert_gt(getline(&line, &capacity, file), 0);
        int last = 0;
        for (char *p = line + 2; *p == ' ';) {
            long index = strtol(p, &p, 10);
            cr_assert_eq(*p, ':');
            cr_assert(index > last && index <= features, "indices ascend within the features");
            last = (int)index;
            x[(size_t)i * width + (size_t)index - 1] = strtod(p + 1, &p);
        }
        x[(size_t)i * width + (size_t)features] = bias;
    }
    cr_assert_lt(getline(&line, &capacity, file), 0, "a line a row");
    free(line);
    fclose(file);
    return x;
}

static char folder[64];

const char *fixture_path(const char *name)
{
    static char path[128];
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/tmp/holdfast-churn-XXXXXX");
        cr_assert(mkdtemp(folder));
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void fixture_clean(void)
{
    if (folder[0] != '\0') nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}

char *fixture_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    char *text = malloc(1 << 20);
    *length = fread(text, 1, (1 << 20) - 1, file);
    text[*length] = '\0';
    fclose(file);
    return text;
}

void fixture_write(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(text, 1, length, file), length);
    fclose(file);
}
