// SPDX-License-Identifier: Apache-2.0
//
// Options of a training to JSON and back, both driven by one table. The table is made from lists of all
// members of the job and the structures in it, each with how it is recorded; the lists are held against the
// structures when this file is compiled, so a member added there and forgotten here stops the build.
#include "workflow/training_options.h"

#include "frame/frame_room.h"

#include <math.h>
#include <string.h>

typedef enum {
    NO_OPTION, // where things are, what becomes of the result, or the count of a list
    CHARACTER, // char; 0: ""
    TEXT,      // const char *; NULL: null
    GIVEN,     // const char *, of which only counts whether it is there
    FLAG,
    INT32,
    INT64,
    UINT64,
    NUMBER,
    DATE,
    TEXTS, // const char *const *, counted by another member
    KINDS  // const hf_declared_kind *, counted likewise
} option_type;

// Members in the structure's order: type, name, how it is recorded, and of a list the member that counts it.
#define JOB_MEMBERS(X)                                                       \
    X(const char *, file, NO_OPTION, file)                                   \
    X(hf_csv_options, csv, NO_OPTION, csv)                                   \
    X(const char *, target, TEXT, target)                                    \
    X(const char *, store, NO_OPTION, store)                                 \
    X(const char *, outcomes, NO_OPTION, outcomes)                           \
    X(const char *, outcome, TEXT, outcome)                                  \
    X(int32_t, lead, INT32, lead)                                            \
    X(int32_t, horizon, INT32, horizon)                                      \
    X(hf_date, known_until, DATE, known_until)                               \
    X(hf_train_options, fit, NO_OPTION, fit)                                 \
    X(const char *, model, NO_OPTION, model)                                 \
    X(bool, overwrite, NO_OPTION, overwrite)                                 \
    X(const char *, output, NO_OPTION, output)                               \
    X(const hf_observation_options *, observations, NO_OPTION, observations) \
    X(const char *, ledger, NO_OPTION, ledger)                               \
    X(const char *const *, allow_leak, TEXTS, allow_leak_count)              \
    X(int32_t, allow_leak_count, NO_OPTION, allow_leak_count)                \
    X(const char *, group, TEXT, group)                                      \
    X(const char *, by, TEXT, by)                                            \
    X(const char *, segments, NO_OPTION, segments)                           \
    X(const char *, segment, TEXT, segment)                                  \
    X(struct hf_segment_run *, run, NO_OPTION, run)                          \
    X(const char *, card, NO_OPTION, card)                                   \
    X(bool, allow_small, FLAG, allow_small)

// What the job points to; no pointer stands for the defaults.
#define OBSERVATION_MEMBERS(X)                \
    X(hf_date, from, DATE, from)              \
    X(hf_date, until, DATE, until)            \
    X(int32_t, every, INT32, every)           \
    X(const char *, anchor, TEXT, anchor)     \
    X(int32_t, anchor_age, INT32, anchor_age) \
    X(int32_t, anchor_shift, INT32, anchor_shift)

#define CSV_MEMBERS(X)                                      \
    X(char, delimiter, CHARACTER, delimiter)                \
    X(const char *, id, TEXT, id)                           \
    X(bool, allow_duplicate_ids, FLAG, allow_duplicate_ids) \
    X(const char *, as_of_column, TEXT, as_of_column)       \
    X(const char *const *, ignore, TEXTS, ignore_count)     \
    X(int32_t, ignore_count, NO_OPTION, ignore_count)       \
    X(const char *const *, na, TEXTS, na_count)             \
    X(int32_t, na_count, NO_OPTION, na_count)               \
    X(const hf_declared_kind *, kinds, KINDS, kind_count)   \
    X(int32_t, kind_count, NO_OPTION, kind_count)           \
    X(const char *, rejects, GIVEN, rejects)                \
    X(double, reject_limit, NUMBER, reject_limit)           \
    X(bool, overwrite, NO_OPTION, overwrite)                \
    X(bool, kinds_if_there, FLAG, kinds_if_there)

// The rows' own folds, dates and gap come from the inputs.
#define FIT_MEMBERS(X)                                      \
    X(uint64_t, seed, UINT64, seed)                         \
    X(int32_t, folds, INT32, folds)                         \
    X(double, c, NUMBER, c)                                 \
    X(int64_t, level_rows, INT64, level_rows)               \
    X(int64_t, missing_rows, INT64, missing_rows)           \
    X(const int32_t *, fold, NO_OPTION, fold)               \
    X(const hf_date *, as_of, NO_OPTION, as_of)             \
    X(int32_t, gap, NO_OPTION, gap)                         \
    X(int32_t, pairs, INT32, pairs)                         \
    X(int32_t, rules, INT32, rules)                         \
    X(bool, plain, FLAG, plain)                             \
    X(bool, summary, NO_OPTION, summary)                    \
    X(int32_t, bootstrap, INT32, bootstrap)                 \
    X(const char *const *, monotone, TEXTS, monotone_count) \
    X(int32_t, monotone_count, NO_OPTION, monotone_count)   \
    X(int32_t, splits, INT32, splits)                       \
    X(double, subsample, NUMBER, subsample)                 \
    X(int32_t, calibrate, INT32, calibrate)                 \
    X(bool, refit, FLAG, refit)

// A structure of the listed members is as long as the true one, with every member at its place.
#define AS_MEMBER(type, name, recorded, counter) type name;
typedef struct {
    JOB_MEMBERS(AS_MEMBER)
} job_listed;
typedef struct {
    CSV_MEMBERS(AS_MEMBER)
} csv_listed;
typedef struct {
    FIT_MEMBERS(AS_MEMBER)
} fit_listed;
typedef struct {
    OBSERVATION_MEMBERS(AS_MEMBER)
} observation_listed;
#define SAME_PLACE(listed, true_type, name) \
    _Static_assert(offsetof(listed, name) == offsetof(true_type, name), "list " #name " where it stands");
#define JOB_PLACE(type, name, recorded, counter) SAME_PLACE(job_listed, hf_train_job, name)
#define CSV_PLACE(type, name, recorded, counter) SAME_PLACE(csv_listed, hf_csv_options, name)
#define FIT_PLACE(type, name, recorded, counter) SAME_PLACE(fit_listed, hf_train_options, name)
#define OBSERVATION_PLACE(type, name, recorded, counter) \
    SAME_PLACE(observation_listed, hf_observation_options, name)
JOB_MEMBERS(JOB_PLACE)
CSV_MEMBERS(CSV_PLACE)
FIT_MEMBERS(FIT_PLACE)
OBSERVATION_MEMBERS(OBSERVATION_PLACE)
_Static_assert(sizeof(job_listed) == sizeof(hf_train_job), "say in JOB_MEMBERS how the new one is recorded");
_Static_assert(sizeof(csv_listed) == sizeof(hf_csv_options),
               "say in CSV_MEMBERS how the new one is recorded");
_Static_assert(sizeof(fit_listed) == sizeof(hf_train_options),
               "say in FIT_MEMBERS how the new one is recorded");
_Static_assert(sizeof(observation_listed) == sizeof(hf_observation_options),
               "say in OBSERVATION_MEMBERS how the new one is recorded");

typedef struct {
    const char *name;
    option_type type;
    size_t at, count_at; // in the job; count_at is the counter's of a list
    bool observation;    // in the observations instead
} option_row;

#define JOB_ROW(type, name, recorded, counter) \
    {#name, recorded, offsetof(hf_train_job, name), offsetof(hf_train_job, counter), false},
#define CSV_ROW(type, name, recorded, counter) \
    {#name, recorded, offsetof(hf_train_job, csv.name), offsetof(hf_train_job, csv.counter), false},
#define FIT_ROW(type, name, recorded, counter) \
    {#name, recorded, offsetof(hf_train_job, fit.name), offsetof(hf_train_job, fit.counter), false},
#define OBSERVATION_ROW(type, name, recorded, counter) \
    {#name, recorded, offsetof(hf_observation_options, name), 0, true},
static const option_row rows[] = {JOB_MEMBERS(JOB_ROW) CSV_MEMBERS(CSV_ROW) FIT_MEMBERS(FIT_ROW)
                                      OBSERVATION_MEMBERS(OBSERVATION_ROW)};
enum { ROWS = sizeof rows / sizeof rows[0] };

// ---- writing ---------------------------------------------------------------------------------------------

static json_t *texts_to_json(const char *const *texts, int32_t count)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_string(texts[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *kinds_to_json(const hf_declared_kind *kinds, int32_t count)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_pack("{s:s,s:s}", "column", kinds[i].column, "kind",
                                                  hf_kind_name(kinds[i].kind))) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *date_to_json(hf_date date)
{
    char text[11];
    hf_date_format(date, text);
    return date == HF_DATE_MISSING ? json_null() : json_string(text);
}

static json_t *value_to_json(const hf_train_job *job, const option_row *row)
{
    static const hf_observation_options every_snapshot = HF_OBSERVATION_OPTIONS_INIT;
    const hf_observation_options *observations = job->observations ? job->observations : &every_snapshot;
    const void *at = (row->observation ? (const char *)observations : (const char *)job) + row->at;
    const char *count = (const char *)job + row->count_at;
    const char *text = NULL;
    char character[2] = "";
    switch (row->type) {
    case NO_OPTION:
        break;
    case CHARACTER:
        character[0] = *(const char *)at;
        return json_string(character);
    case TEXT:
        text = *(const char *const *)at;
        return text ? json_string(text) : json_null();
    case GIVEN:
        return json_boolean(*(const char *const *)at != NULL);
    case FLAG:
        return json_boolean(*(const bool *)at);
    case INT32:
        return json_integer(*(const int32_t *)at);
    case INT64:
        return json_integer((json_int_t) * (const int64_t *)at);
    case UINT64: // beyond the signed ones it comes out negative, and back
        return json_integer((json_int_t) * (const uint64_t *)at);
    case NUMBER:
        return isfinite(*(const double *)at) ? json_real(*(const double *)at) : json_null();
    case DATE:
        return date_to_json(*(const hf_date *)at);
    case TEXTS:
        return texts_to_json(*(const char *const *const *)at, *(const int32_t *)(const void *)count);
    case KINDS:
        return kinds_to_json(*(const hf_declared_kind *const *)at, *(const int32_t *)(const void *)count);
    }
    return NULL;
}

json_t *hf_training_options_to_json(const hf_train_job *job)
{
    json_t *options = json_object();
    for (size_t i = 0; options && i < ROWS; i++) {
        if (rows[i].type == NO_OPTION) continue;
        if (json_object_set_new(options, rows[i].name, value_to_json(job, &rows[i])) != 0) {
            json_decref(options);
            return NULL;
        }
    }
    return options;
}

// ---- reading ---------------------------------------------------------------------------------------------

// Room for a list of the job, owned by the options; NULL where memory is out.
static void *new_list(hf_training_options *options, const hf_context *context, size_t count, size_t size)
{
    void *list = hf_new(context, count, size);
    if (list) options->lists[options->list_count++] = list;
    return list;
}

static hf_status read_texts(hf_training_options *options, const option_row *row, const hf_context *context,
                            const json_t *value, bool *good, hf_error *error)
{
    const size_t count = json_array_size(value);
    const char **texts = new_list(options, context, count, sizeof *texts);
    if (!texts) return hf_fail_memory(error);
    *good = json_is_array(value);
    for (size_t i = 0; i < count; i++) {
        texts[i] = json_string_value(json_array_get(value, i));
        *good = *good && texts[i];
    }
    const char *const *list = texts;
    memcpy((char *)&options->job + row->at, &list, sizeof list);
    *(int32_t *)(void *)((char *)&options->job + row->count_at) = (int32_t)count;
    return HF_OK;
}

static hf_status read_kinds(hf_training_options *options, const option_row *row, const hf_context *context,
                            const json_t *value, bool *good, hf_error *error)
{
    const size_t count = json_array_size(value);
    hf_declared_kind *kinds = new_list(options, context, count, sizeof *kinds);
    if (!kinds) return hf_fail_memory(error);
    *good = json_is_array(value);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        const char *kind = json_string_value(json_object_get(item, "kind"));
        kinds[i].column = json_string_value(json_object_get(item, "column"));
        *good = *good && kinds[i].column && kind && hf_kind_from_name(&kinds[i].kind, kind);
    }
    const hf_declared_kind *list = kinds;
    memcpy((char *)&options->job + row->at, &list, sizeof list);
    *(int32_t *)(void *)((char *)&options->job + row->count_at) = (int32_t)count;
    return HF_OK;
}

static bool read_date(hf_date *out, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!json_is_null(value)) return text && hf_date_parse(out, text, strlen(text));
    *out = HF_DATE_MISSING;
    return true;
}

// A value of one place; false where it is of another type.
static bool read_scalar(void *at, option_type type, const json_t *value, const char *rejects)
{
    const char *text = json_string_value(value);
    const json_int_t whole = json_integer_value(value);
    switch (type) {
    case CHARACTER:
        if (text) *(char *)at = text[0];
        return text && strlen(text) <= 1;
    case TEXT:
        *(const char **)at = text;
        return text || json_is_null(value);
    case GIVEN:
        *(const char **)at = json_is_true(value) ? rejects : NULL;
        return json_is_boolean(value);
    case FLAG:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case INT32:
        *(int32_t *)at = (int32_t)whole;
        return json_is_integer(value) && whole >= INT32_MIN && whole <= INT32_MAX;
    case INT64:
        *(int64_t *)at = (int64_t)whole;
        return json_is_integer(value);
    case UINT64:
        *(uint64_t *)at = (uint64_t)whole;
        return json_is_integer(value);
    case NUMBER:
        *(double *)at = json_is_null(value) ? NAN : json_number_value(value);
        return json_is_null(value) || json_is_number(value);
    case DATE:
        return read_date(at, value);
    case NO_OPTION:
    case TEXTS:
    case KINDS:
        break;
    }
    return false;
}

static const option_row *find_row(const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].type != NO_OPTION && strcmp(rows[i].name, name) == 0) return &rows[i];
    return NULL;
}

static hf_status read_option(hf_training_options *options, const hf_context *context, const char *name,
                             const json_t *value, const char *rejects, const char *path, hf_error *error)
{
    const option_row *row = find_row(name);
    hf_status status = HF_OK;
    bool good = false;
    if (!row)
        return hf_fail_at(
            error, HF_ERROR_VERSION, path, 0, 0,
            "it was trained with an option '%s', which holdfast %s does not know; replay it with "
            "the version that trained it",
            name, hf_version());
    if (row->type == TEXTS)
        status = read_texts(options, row, context, value, &good, error);
    else if (row->type == KINDS)
        status = read_kinds(options, row, context, value, &good, error);
    else
        good =
            read_scalar((row->observation ? (char *)&options->observations : (char *)&options->job) + row->at,
                        row->type, value, rejects);
    if (status == HF_OK && !good)
        status = hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                            "field 'training.options.%s' is not what train writes there; restore the model "
                            "from a copy or train it again",
                            name);
    return status;
}

hf_status hf_training_options_read(hf_training_options *out, const hf_context *context, const json_t *json,
                                   const char *rejects, const char *path, hf_error *error)
{
    hf_training_options made = {
        .job = {.csv = HF_CSV_OPTIONS_INIT, .known_until = HF_DATE_MISSING, .fit = HF_TRAIN_OPTIONS_INIT},
        .observations = HF_OBSERVATION_OPTIONS_INIT};
    hf_status status = HF_OK;
    const char *name;
    json_t *value;
    made.lists = hf_new(context, ROWS, sizeof *made.lists);
    if (!made.lists) return hf_fail_memory(error);
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        HF_TRY(done, read_option(&made, context, name, value, rejects, path, error));
    }
    *out = made;
    made = (hf_training_options){0};
done:
    hf_training_options_free(context, &made);
    return status;
}

void hf_training_options_free(const hf_context *context, hf_training_options *options)
{
    for (int32_t i = 0; i < options->list_count; i++)
        hf_delete(context, options->lists[i]);
    hf_delete(context, options->lists);
    *options = (hf_training_options){0};
}
