// SPDX-License-Identifier: Apache-2.0
//
// The model file: JSON in a fixed order of keys, without a clock, so that the same training gives the same
// bytes. Its checksum is the XXH3-128 of the canonical text of everything else, which does not depend on
// blanks or the order of keys; a file that does not agree with its checksum was altered. Fields this version
// does not know are carried along. The format is in models/README.md.
#include "churn/calibration.h"
#include "churn/churn_room.h"
#include "churn/json_text.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "holdfast-model"
#define VERSION "1.0"
enum { MAJOR = 1 };

static hf_status checksum_of(char out[33], const hf_context *context, const json_t *json, hf_error *error)
{
    hf_text text;
    hf_fingerprint *fingerprint;
    hf_status status;
    hf_text_init(&text, context);
    hf_json_write_canonical(&text, json);
    HF_TRY(done, hf_text_status(&text, error));
    HF_TRY(done, hf_fingerprint_create(&fingerprint, context, error));
    hf_fingerprint_add(fingerprint, text.data, text.length);
    hf_fingerprint_finish(fingerprint, out);
done:
    hf_text_free(&text);
    return status;
}

// ---- writing ---------------------------------------------------------------------------------------------

static json_t *terms_to_json(const hf_model *model)
{
    if (model->terms_read) return json_incref(model->terms_read);
    json_t *terms = json_array();
    for (int32_t t = 0; terms && t < model->term_count; t++)
        if (json_array_append_new(terms, hf_term_to_json(&model->terms[t])) != 0) {
            json_decref(terms);
            terms = NULL;
        }
    return terms;
}

// Everything but the checksum, in the file's order.
static hf_status model_to_json(json_t **out, const hf_model *model, hf_error *error)
{
    const json_t *version = json_object_get(model->record, "version");
    const json_t *library = json_object_get(model->record, "library");
    json_t *file =
        json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:o}", "format", FORMAT, "version",
                  json_is_string(version) ? json_string_value(version) : VERSION, "library",
                  json_is_string(library) ? json_string_value(library) : hf_version(), "id", model->id,
                  "intercept", model->intercept, "base", hf_model_base(model), "terms", terms_to_json(model));
    if (!file || json_object_update_missing(file, model->record) != 0) {
        json_decref(file);
        return hf_fail_memory(error);
    }
    *out = file;
    return HF_OK;
}

hf_status hf_model_write(hf_text *text, const hf_model *model, hf_error *error)
{
    json_t *file = NULL;
    char checksum[33];
    hf_status status;
    HF_TRY(done, model_to_json(&file, model, error));
    HF_TRY(done, checksum_of(checksum, model->context, file, error));
    if (json_object_set_new(file, "checksum", json_string(checksum)) != 0) {
        status = hf_fail_memory(error);
        goto done;
    }
    hf_json_write(text, file);
    status = hf_text_status(text, error);
done:
    json_decref(file);
    return status;
}

hf_status hf_model_save(const hf_model *model, const char *path, bool overwrite, hf_error *error)
{
    hf_output *output = NULL;
    hf_text text;
    hf_status status;
    hf_text_init(&text, model->context);
    HF_TRY(done, hf_model_write(&text, model, error));
    HF_TRY(done, hf_output_open(&output, model->context, path, overwrite, error));
    HF_TRY(done, hf_output_write(output, text.data, text.length, error));
    status = hf_output_commit(output, error);
    output = NULL;
done:
    hf_output_discard(output);
    hf_text_free(&text);
    return status;
}

// ---- reading ---------------------------------------------------------------------------------------------

static hf_status damaged(const char *path, hf_error *error, const char *field, const char *expected)
{
    return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                      "field '%s': expected %s; restore the model from a copy or train it again", field,
                      expected);
}

static hf_status parse(json_t **out, const hf_context *context, const char *path, hf_error *error)
{
    hf_bytes bytes;
    json_error_t wrong;
    hf_status status = hf_bytes_open(&bytes, context, path, error);
    if (status != HF_OK) return status;
    json_t *file = json_loadb(bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &wrong);
    if (file)
        *out = file;
    else if (json_error_code(&wrong) == json_error_out_of_memory)
        status = hf_fail_memory(error);
    else if (bytes.size == 0)
        status = hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                            "the model file is empty; restore it from a copy or train it again");
    else
        status = hf_fail_at(
            error, HF_ERROR_DAMAGED, path, wrong.line > 0 ? wrong.line : 0,
            wrong.column > 0 ? wrong.column : 0,
            "this is no model, or was cut short or altered: %s; restore it from a copy or train it again",
            wrong.text);
    hf_bytes_close(context, &bytes);
    return status;
}

// What it is and which version wrote it. Asked before anything else: a newer file may look different.
static hf_status check_format(const json_t *file, const char *path, hf_error *error)
{
    const char *format = json_string_value(json_object_get(file, "format"));
    if (!format || strcmp(format, FORMAT) != 0)
        return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                          "this is no model: its field 'format' is %s%s%s, not \"" FORMAT
                          "\"; give a file that train wrote",
                          format ? "\"" : "", format ? format : "missing", format ? "\"" : "");
    const char *version = json_string_value(json_object_get(file, "version"));
    char *end = NULL;
    long major = version ? strtol(version, &end, 10) : 0;
    if (!version || end == version || *end != '.' || major < 1)
        return damaged(path, error, "version", "a text such as \"" VERSION "\"");
    if (major > MAJOR)
        return hf_fail_at(error, HF_ERROR_VERSION, path, 0, 0,
                          "the model has format version %s, this holdfast %s reads versions up to %d; use a "
                          "newer holdfast or train "
                          "the model again",
                          version, hf_version(), MAJOR);
    return HF_OK;
}

// Takes the checksum out of file and holds it against the rest.
static hf_status check_checksum(const hf_context *context, json_t *file, const char *path, hf_error *error)
{
    char wanted[33], found[33];
    const json_t *checksum = json_object_get(file, "checksum");
    if (!json_is_string(checksum) || json_string_length(checksum) != 32)
        return damaged(path, error, "checksum", "32 hexadecimal digits");
    memcpy(wanted, json_string_value(checksum), sizeof wanted);
    json_object_del(file, "checksum");
    hf_status status = checksum_of(found, context, file, error);
    if (status == HF_OK && strcmp(wanted, found) != 0)
        status = hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                            "the model was changed after it was written: its checksum is %s, its content "
                            "gives %s; restore it from "
                            "a copy or train it again",
                            wanted, found);
    return status;
}

static hf_status read_count(int64_t *out, const json_t *object, const char *key, const char *field,
                            const char *path, hf_error *error)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return damaged(path, error, field, "a whole number, not negative");
    *out = (int64_t)json_integer_value(value);
    return HF_OK;
}

static hf_status read_fields(hf_model *model, const json_t *file, const char *path, hf_error *error)
{
    hf_status status;
    const json_t *id = json_object_get(file, "id"), *intercept = json_object_get(file, "intercept");
    const json_t *fit = json_object_get(file, "fit"), *c = json_object_get(fit, "c");
    if (!json_is_string(id)) return damaged(path, error, "id", "a column's name, or an empty text");
    if (!json_is_number(intercept)) return damaged(path, error, "intercept", "a number");
    if (!json_is_object(fit)) return damaged(path, error, "fit", "an object");
    if (!json_is_number(c)) return damaged(path, error, "fit.c", "a number");
    model->intercept = json_number_value(intercept);
    model->c = json_number_value(c);
    HF_TRY(done, read_count(&model->rows, fit, "rows", "fit.rows", path, error));
    HF_TRY(done, read_count(&model->events, fit, "events", "fit.events", path, error));
    HF_TRY(done, hf_model_set_id(model, json_string_value(id), error));
done:
    return status;
}

static hf_status read_terms(hf_model *model, json_t *file, const char *path, hf_error *error)
{
    json_t *terms = json_object_get(file, "terms");
    if (!json_is_array(terms) || json_array_size(terms) > INT32_MAX)
        return damaged(path, error, "terms", "a list of terms");
    int32_t count = (int32_t)json_array_size(terms);
    model->terms = hf_new(model->context, (size_t)count, sizeof *model->terms);
    if (!model->terms) return hf_fail_memory(error);
    for (int32_t t = 0; t < count; t++) {
        hf_status status = hf_term_from_json(&model->terms[t], model->context,
                                             json_array_get(terms, (size_t)t), path, error);
        if (status != HF_OK) return status;
        model->term_count++;
    }
    model->terms_read = json_incref(terms);
    const json_t *base = json_object_get(file, "base");
    double said = json_number_value(base), made = hf_model_base(model);
    if (!json_is_number(base) || !(fabs(said - made) <= 1e-9 * (1.0 + fabs(made))))
        return damaged(path, error, "base", "the intercept plus the terms' references");
    return HF_OK;
}

// Takes what a file says, checked against its format and checksum before, and the file itself.
static hf_status take_file(hf_model *model, json_t *file, const char *path, hf_error *error)
{
    static const char *const own[] = {"format", "id", "intercept", "base", "terms"};
    hf_status status;
    HF_TRY(done, read_fields(model, file, path, error));
    HF_TRY(done, read_terms(model, file, path, error));
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        json_object_del(file, own[i]);
    model->record = json_incref(file);
    HF_TRY(done, hf_calibration_read(model, path, error));
done:
    return status;
}

hf_status hf_model_load(hf_model **out, const hf_context *context, const char *path, hf_error *error)
{
    json_t *file = NULL;
    hf_status status;
    hf_model *model = hf_new(context, 1, sizeof *model);
    if (!model) return hf_fail_memory(error);
    model->context = context;
    snprintf(model->path, sizeof model->path, "%s", path);
    HF_TRY(done, parse(&file, context, path, error));
    HF_TRY(done, check_format(file, path, error));
    HF_TRY(done, check_checksum(context, file, path, error));
    HF_TRY(done, take_file(model, file, path, error));
    *out = model;
    model = NULL;
done:
    json_decref(file);
    hf_model_destroy(model);
    return status;
}

hf_status hf_model_copy(hf_model **out, const hf_context *context, const hf_model *model, hf_error *error)
{
    json_t *file = NULL, *own = NULL;
    hf_status status;
    hf_model *copy = hf_new(context, 1, sizeof *copy);
    if (!copy) return hf_fail_memory(error);
    copy->context = context;
    memcpy(copy->path, model->path, sizeof copy->path);
    HF_TRY(done, model_to_json(&file, model, error));
    own = json_deep_copy(file); // the record is shared with no one
    if (!own) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, take_file(copy, own, model->path, error));
    *out = copy;
    copy = NULL;
done:
    json_decref(file);
    json_decref(own);
    hf_model_destroy(copy);
    return status;
}
