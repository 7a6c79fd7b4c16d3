// SPDX-License-Identifier: Apache-2.0
//
// The model file: round trips byte for byte, fields from a newer library, every truncation and altered byte,
// versions, ill-typed fields, and the canonical text against Python's json.
#include "churn/json_text.h"
#include "churn_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300 };

typedef struct {
    fixture f;
    hf_context *context;
    hf_model *model;
    char path[128];
    char *text; // of the saved model
    size_t length;
} saved;

static void setup(saved *s)
{
    static const char *const plans[] = {"basic", "pro \"x\" \xc3\xa9"};
    static uint8_t label[ROWS];
    static double x[ROWS];
    static int32_t plan[ROWS];
    s->context = fixture_context(&s->f, 1);
    hf_frame *frame = fixture_frame(s->context, ROWS);
    hf_random r = hf_random_seed(1, 1);
    for (int i = 0; i < ROWS; i++) {
        x[i] = i % 10 == 0 ? NAN : hf_random_normal(&r);
        plan[i] = (int32_t)hf_random_below(&r, 2);
        label[i] = hf_random_uniform(&r) < (plan[i] ? 0.2 : 0.4);
    }
    fixture_number(frame, "x", HF_STORAGE_F32, x);
    fixture_category(frame, "plan", plans, 2, plan);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.c = 0.5;
    cr_assert_eq(hf_model_train(&s->model, s->context, frame, label, NULL, NULL, 0, &options, NULL), HF_OK);
    cr_assert_eq(hf_model_note(s->model, "training", "target", json_string("Churn=Yes"), NULL), HF_OK);
    cr_assert_eq(hf_model_note(s->model, "training", "rate", json_real(0.1), NULL), HF_OK);
    hf_frame_destroy(frame);
    snprintf(s->path, sizeof s->path, "%s", fixture_path("model.json"));
    cr_assert_eq(hf_model_save(s->model, s->path, false, NULL), HF_OK);
    s->text = fixture_read(s->path, &s->length);
}

static void teardown(saved *s)
{
    hf_model_destroy(s->model);
    hf_context_destroy(s->context);
    free(s->text);
    fixture_clean();
}

static hf_status load_text(hf_model **out, const saved *s, const char *text, size_t length, hf_error *error)
{
    const char *path = fixture_path("other.json");
    fixture_write(path, text, length);
    *out = NULL;
    *error = (hf_error){0};
    hf_status status = hf_model_load(out, s->context, path, error);
    cr_assert_eq(status == HF_OK, *out != NULL);
    if (status != HF_OK) cr_assert_str_eq(error->file, path);
    return status;
}

// The model as saved again, in memory.
static char *resave(const saved *s, const hf_model *model, size_t *length)
{
    (void)s;
    char path[128];
    snprintf(path, sizeof path, "%s", fixture_path("again.json"));
    cr_assert_eq(hf_model_save(model, path, true, NULL), HF_OK);
    return fixture_read(path, length);
}

// Puts the right checksum on an edited model.
static char *seal(const saved *s, json_t *file, size_t *length)
{
    hf_text text;
    hf_fingerprint *fingerprint;
    char checksum[33];
    json_object_del(file, "checksum");
    hf_text_init(&text, s->context);
    hf_json_write_canonical(&text, file);
    cr_assert_eq(hf_fingerprint_create(&fingerprint, s->context, NULL), HF_OK);
    hf_fingerprint_add(fingerprint, text.data, text.length);
    hf_fingerprint_finish(fingerprint, checksum);
    json_object_set_new(file, "checksum", json_string(checksum));
    hf_text_clear(&text);
    hf_json_write(&text, file);
    char *copy = strndup(text.data, text.length);
    *length = text.length;
    hf_text_free(&text);
    return copy;
}

Test(model_file, round_trip)
{
    saved s = {0};
    hf_error error = {0};
    hf_model *model = NULL;
    setup(&s);
    cr_assert_eq(hf_model_load(&model, s.context, s.path, &error), HF_OK, "%s", error.message);
    cr_assert_str_eq(model->path, s.path);
    cr_assert_eq(hf_model_terms(model), 2);
    cr_assert_str_eq(hf_model_signal(model, 1), "plan");
    cr_assert_eq(model->intercept, s.model->intercept);
    cr_assert_eq(hf_model_base(model), hf_model_base(s.model));
    cr_assert_eq(hf_model_c(model), 0.5);
    cr_assert_eq(hf_model_rows(model), ROWS);
    cr_assert_eq(hf_model_events(model), hf_model_events(s.model));
    cr_assert_str_eq(hf_model_id(model), "account_id");
    for (double x = -3; x < 3; x += 0.37)
        cr_assert_eq(hf_term_value_number(&model->terms[0], x), hf_term_value_number(&s.model->terms[0], x));
    cr_assert_eq(hf_term_value_number(&model->terms[0], NAN), hf_term_value_number(&s.model->terms[0], NAN));
    size_t length;
    char *again = resave(&s, model, &length);
    cr_assert_eq(length, s.length);
    cr_assert_arr_eq(again, s.text, length);
    free(again);
    cr_assert_eq(hf_model_save(model, s.path, false, &error), HF_ERROR_EXISTS);
    // What is noted on a loaded model is written.
    cr_assert_eq(hf_model_note(model, "training", "note", json_string("by hand"), NULL), HF_OK);
    again = resave(&s, model, &length);
    cr_assert(strstr(again, "\"note\": \"by hand\""));
    free(again);
    hf_model_destroy(model);
    teardown(&s);
}

Test(model_file, unknown_fields_are_kept)
{
    saved s = {0};
    hf_error error;
    hf_model *model;
    size_t length, again_length;
    setup(&s);
    json_t *file = json_loads(s.text, 0, NULL);
    json_object_set_new(file, "footnote",
                        json_pack("{s:s, s:[f, f, n]}", "method", "platt", "at", 0.5, 1e-9));
    json_object_set_new(file, "version", json_string("1.7"));
    json_object_set_new(json_object_get(file, "fit"), "hours", json_integer(7));
    json_object_set_new(json_array_get(json_object_get(file, "terms"), 0), "learnt", json_true());
    char *text = seal(&s, file, &length);
    cr_assert_eq(load_text(&model, &s, text, length, &error), HF_OK, "%s", error.message);
    char *again = resave(&s, model, &again_length);
    // The checksum stays last, so compare what they say, and then the bytes of a second round.
    json_t *second = json_loads(again, 0, NULL);
    cr_assert(json_equal(file, second));
    hf_model_destroy(model);
    cr_assert_eq(load_text(&model, &s, again, again_length, &error), HF_OK);
    char *third = resave(&s, model, &length);
    cr_assert_eq(length, again_length);
    cr_assert_arr_eq(third, again, length);
    hf_model_destroy(model);
    json_decref(second);
    json_decref(file);
    free(text), free(again), free(third);
    teardown(&s);
}

Test(model_file, every_truncation_is_refused)
{
    saved s = {0};
    hf_error error;
    hf_model *model;
    setup(&s);
    for (size_t length = 0; length < s.length - 1; length++)
        cr_assert_eq(load_text(&model, &s, s.text, length, &error), HF_ERROR_DAMAGED, "%d bytes",
                     (int)length);
    cr_assert_eq(s.text[s.length - 1], '\n');
    cr_assert_eq(load_text(&model, &s, s.text, s.length - 1, &error), HF_OK,
                 "only the last line end is gone");
    hf_model_destroy(model);
    teardown(&s);
}

// A changed byte is refused, or was a blank or a spelling of the same value.
Test(model_file, every_altered_byte_is_refused_or_harmless)
{
    saved s = {0};
    hf_error error;
    hf_model *model;
    setup(&s);
    hf_model *whole = NULL;
    cr_assert_eq(hf_model_load(&whole, s.context, s.path, NULL), HF_OK);
    char *text = malloc(s.length);
    const char put[] = {'0', '7', ' ', '"', '\0', (char)0xff};
    int accepted = 0, tried = 0;
    for (size_t i = 0; i < s.length; i++)
        for (int k = 0; k < 2; k++) { // one of these by turns, and the letter's other case
            memcpy(text, s.text, s.length);
            text[i] = k == 0 ? put[i % sizeof put] : (char)(text[i] ^ 0x20);
            if (text[i] == s.text[i]) continue;
            tried++;
            hf_status status = load_text(&model, &s, text, s.length, &error);
            if (status != HF_OK) {
                cr_assert(status == HF_ERROR_DAMAGED || status == HF_ERROR_VERSION, "byte %d", (int)i);
                cr_assert_neq(error.message[0], '\0');
                continue;
            }
            accepted++;
            cr_assert(model->intercept == whole->intercept && strcmp(model->id, whole->id) == 0 &&
                          json_equal(model->record, whole->record) &&
                          json_equal(model->terms_read, whole->terms_read),
                      "byte %d as %d was taken", (int)i, text[i]);
            hf_model_destroy(model);
        }
    cr_assert_lt(accepted, tried / 20);
    hf_model_destroy(whole);
    free(text);
    teardown(&s);
}

Test(model_file, what_is_wrong_is_said)
{
    saved s = {0};
    hf_error error;
    hf_model *model;
    size_t length;
    setup(&s);
    cr_assert_eq(load_text(&model, &s, "", 0, &error), HF_ERROR_DAMAGED);
    cr_assert(strstr(error.message, "empty"), "%s", error.message);
    cr_assert_eq(load_text(&model, &s, "a,b\n1,2\n", 8, &error), HF_ERROR_DAMAGED);
    cr_assert_eq(error.line, 1);
    cr_assert_eq(load_text(&model, &s, "[1]", 3, &error), HF_ERROR_DAMAGED);
    cr_assert(strstr(error.message, "'format' is missing"), "%s", error.message);
    cr_assert_eq(load_text(&model, &s, "{\"format\": \"other\"}", 19, &error), HF_ERROR_DAMAGED);
    cr_assert(strstr(error.message, "'format' is \"other\""), "%s", error.message);

    char *text = strndup(s.text, s.length), *at = strstr(text, "\"x\"");
    at[1] = 'y'; // the first term's signal
    cr_assert_eq(load_text(&model, &s, text, s.length, &error), HF_ERROR_DAMAGED);
    cr_assert(strstr(error.message, "was changed after it was written"), "%s", error.message);
    free(text);

    // A newer major version, whatever else the file holds.
    const char *newer = "{\"format\": \"holdfast-model\", \"version\": \"2.0\"}";
    cr_assert_eq(load_text(&model, &s, newer, strlen(newer), &error), HF_ERROR_VERSION);
    cr_assert(strstr(error.message, "2.0") && strstr(error.message, "up to 1"), "%s", error.message);

    json_t *file = json_loads(s.text, 0, NULL);
    struct {
        const char *field, *inside;
        json_t *value; // NULL: taken away
    } edits[] = {
        {"id", NULL, json_integer(3)},
        {"intercept", NULL, json_string("0")},
        {"base", NULL, json_real(17)},
        {"base", NULL, NULL},
        {"terms", NULL, json_object()},
        {"terms", NULL, NULL},
        {"fit", NULL, json_array()},
        {"c", "fit", json_null()},
        {"rows", "fit", json_real(3)},
        {"events", "fit", json_integer(-1)},
        {"version", NULL, json_real(1)},
        {"version", NULL, json_string("one")},
        {"version", NULL, json_string("-1.0")},
    };
    for (size_t k = 0; k < sizeof edits / sizeof edits[0]; k++) {
        json_t *copy = json_deep_copy(file),
               *object = edits[k].inside ? json_object_get(copy, edits[k].inside) : copy;
        if (edits[k].value)
            json_object_set_new(object, edits[k].field, edits[k].value);
        else
            json_object_del(object, edits[k].field);
        text = seal(&s, copy, &length);
        cr_assert_eq(load_text(&model, &s, text, length, &error), HF_ERROR_DAMAGED, "edit %d", (int)k);
        cr_assert(strstr(error.message, edits[k].field), "edit %d: %s", (int)k, error.message);
        free(text);
        json_decref(copy);
    }
    json_t *copy = json_deep_copy(file);
    json_object_set_new(json_array_get(json_object_get(copy, "terms"), 1), "reference", json_null());
    text = seal(&s, copy, &length);
    cr_assert_eq(load_text(&model, &s, text, length, &error), HF_ERROR_DAMAGED);
    cr_assert(strstr(error.message, "plan") && strstr(error.message, "reference"), "%s", error.message);
    free(text);
    json_decref(copy);

    json_object_del(file, "checksum");
    text = json_dumps(file, 0);
    cr_assert_eq(load_text(&model, &s, text, strlen(text), &error), HF_ERROR_DAMAGED);
    cr_assert(strstr(error.message, "'checksum'"), "%s", error.message);
    free(text);
    json_decref(file);

    model = NULL;
    cr_assert_eq(hf_model_load(&model, s.context, fixture_path("none.json"), &error), HF_ERROR_IO);
    cr_assert_eq(hf_model_load(&model, s.context, "/", &error), HF_ERROR_IO);
    cr_assert_eq(hf_model_save(s.model, "/nowhere/at/all.json", false, &error), HF_ERROR_IO);
    cr_assert_null(model);
    teardown(&s);
}

Test(model_file, failing_memory)
{
    saved s = {0};
    setup(&s);
    for (int64_t k = 0;; k++) {
        hf_model *model = NULL;
        s.f.countdown = k;
        hf_status status = hf_model_load(&model, s.context, s.path, NULL);
        s.f.countdown = -1;
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && !model), "allocation %d: %s", (int)k,
                  hf_status_text(status));
        hf_model_destroy(model);
        if (status == HF_OK) {
            cr_assert_gt(k, 10);
            break;
        }
    }
    char path[128];
    snprintf(path, sizeof path, "%s", fixture_path("unsaved.json"));
    for (int64_t k = 0;; k++) {
        s.f.countdown = k;
        hf_status status = hf_model_save(s.model, path, false, NULL);
        s.f.countdown = -1;
        if (status == HF_OK) {
            cr_assert_gt(k, 3);
            break;
        }
        cr_assert_eq(status, HF_ERROR_MEMORY);
        FILE *file = fopen(path, "r");
        cr_assert_null(file, "nothing is written");
    }
    cr_assert_eq(hf_model_note(s.model, "training", "lost", NULL, NULL), HF_ERROR_MEMORY);
    teardown(&s);
}

// ---- the text --------------------------------------------------------------------------------------------

static char *canonical(const hf_context *context, const json_t *json)
{
    hf_text text;
    hf_text_init(&text, context);
    hf_json_write_canonical(&text, json);
    char *copy = strndup(text.data, text.length);
    hf_text_free(&text);
    return copy;
}

Test(json_text, reals_are_written_as_python_writes_them)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0.0"},
                 {-0.0, "-0.0"},
                 {1, "1.0"},
                 {-17, "-17.0"},
                 {0.1, "0.1"},
                 {100, "100.0"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {1.5e-7, "1.5e-07"},
                 {123456.789, "123456.789"},
                 {1e15, "1000000000000000.0"},
                 {1e16, "1e+16"},
                 {12345678901234568.0, "1.2345678901234568e+16"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {5e-324, "5e-324"},
                 {2.0 / 3, "0.6666666666666666"}};
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        json_t *json = json_real(cases[k].value);
        char *text = canonical(context, json);
        cr_assert_str_eq(text, cases[k].text);
        cr_assert_eq(strtod(text, NULL), cases[k].value);
        free(text);
        json_decref(json);
    }
    hf_context_destroy(context);
}

Test(json_text, flat_values_take_a_line)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    json_t *json = json_loads(
        "{\"b\":[1,2.5,null],\"a\":{\"x\":true,\"y\":[{\"z\":\"\\u0001\\n\\/\"}]},\"c\":[],\"d\":{}}", 0,
        NULL);
    hf_text text;
    hf_text_init(&text, context);
    hf_json_write(&text, json);
    cr_assert_str_eq(text.data, "{\n"
                                "  \"b\": [1, 2.5, null],\n"
                                "  \"a\": {\n"
                                "    \"x\": true,\n"
                                "    \"y\": [\n"
                                "      {\"z\": \"\\u0001\\n/\"}\n"
                                "    ]\n"
                                "  },\n"
                                "  \"c\": [],\n"
                                "  \"d\": {}\n"
                                "}\n");
    hf_text_free(&text);
    char *sorted = canonical(context, json);
    cr_assert_str_eq(
        sorted, "{\"a\":{\"x\":true,\"y\":[{\"z\":\"\\u0001\\n/\"}]},\"b\":[1,2.5,null],\"c\":[],\"d\":{}}");
    free(sorted);
    json_decref(json);
    hf_context_destroy(context);
}

// Random values, and a real model, through Python's own json.
Test(json_text, python_agrees)
{
    if (system("command -v python3 >/dev/null 2>&1") != 0) cr_skip_test("SKIPPED: python3 is not installed");
    saved s = {0};
    setup(&s);
    json_t *file = json_loads(s.text, 0, NULL), *values = json_array();
    hf_random r = hf_random_seed(4, 4);
    for (int i = 0; i < 4000; i++) {
        union {
            uint64_t bits;
            double value;
        } u = {hf_random_u64(&r)};
        double value = i % 2 ? u.value : hf_random_normal(&r) * pow(10, (double)hf_random_below(&r, 40) - 20);
        if (isfinite(value)) json_array_append_new(values, json_real(value));
    }
    json_object_set_new(file, "values", values);
    json_object_set_new(file, "text \"\\\x01\x1f\x7f\t",
                        json_string("\xe2\x82\xac \xf0\x9f\x98\x80 /\b\f\r\v"));
    char *text = canonical(s.context, file), command[1024];
    char in[128], out[128];
    snprintf(in, sizeof in, "%s", fixture_path("in.json"));
    snprintf(out, sizeof out, "%s", fixture_path("out.json"));
    json_dump_file(file, in, JSON_REAL_PRECISION(17));
    snprintf(command, sizeof command,
             "python3 -c \"import json,sys; sys.stdout.buffer.write(json.dumps(json.load(open('%s', "
             "encoding='utf-8')), "
             "sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode())\" > %s",
             in, out);
    cr_assert_eq(system(command), 0);
    size_t length;
    char *python = fixture_read(out, &length);
    cr_assert_str_eq(text, python);
    free(python);
    free(text);
    json_decref(file);
    teardown(&s);
}

// The script in models/README.md, taken from there, scores as the library does.
Test(model_file, the_readme_scores_a_row)
{
    if (system("command -v python3 >/dev/null 2>&1") != 0) cr_skip_test("SKIPPED: python3 is not installed");
    saved s = {0};
    setup(&s);
    size_t length;
    char *readme = fixture_read(MODELS_README, &length), *script = strstr(readme, "```python\n");
    cr_assert(script);
    script += strlen("```python\n");
    fixture_write(fixture_path("score.py"), script, (size_t)(strstr(script, "```") - script));
    static const struct {
        double x;
        const char *plan;
    } rows[] = {{0.3, "basic"}, {-2, "pro \"x\" \xc3\xa9"}, {NAN, "unheard of"}, {1.5, NULL}};
    FILE *file = fopen(fixture_path("rows.jsonl"), "w");
    for (int i = 0; i < 4; i++) {
        json_t *row = json_pack("{s:o, s:s?}", "x", isnan(rows[i].x) ? json_null() : json_real(rows[i].x),
                                "plan", rows[i].plan);
        json_dumpf(row, file, 0);
        fputc('\n', file);
        json_decref(row);
    }
    fclose(file);
    static double at[] = {-1.5, 0.25}, bend[] = {-0.5, 1.75};
    s.model->calibration = (hf_curve){-INFINITY, INFINITY, 0.125, -0.25, 1.0, 2, 0, at, bend, NULL, NULL};
    json_object_set_new(
        s.model->record, "calibration",
        json_pack("{s:s, s:o}", "method", "isotonic", "curve", hf_curve_to_json(&s.model->calibration)));
    cr_assert_eq(hf_model_save(s.model, s.path, true, NULL), HF_OK);
    char script_path[128], rows_path[128], out[128], command[600];
    snprintf(script_path, sizeof script_path, "%s", fixture_path("score.py"));
    snprintf(rows_path, sizeof rows_path, "%s", fixture_path("rows.jsonl"));
    snprintf(out, sizeof out, "%s", fixture_path("scores"));
    snprintf(command, sizeof command, "python3 %s %s < %s > %s", script_path, s.path, rows_path, out);
    cr_assert_eq(system(command), 0);
    char *scores = fixture_read(out, &length), *next = scores;
    for (int i = 0; i < 4; i++) {
        double z = s.model->intercept + hf_term_value_number(&s.model->terms[0], rows[i].x) +
                   hf_term_value_level(&s.model->terms[1], rows[i].plan);
        double score = strtod(next, &next);
        z = hf_curve_value(&s.model->calibration, z);
        cr_assert_float_eq(score, 1 / (1 + exp(-z)), 1e-15, "row %d", i);
    }
    s.model->calibration = (hf_curve){0}; // borrowed
    free(scores);
    free(readme);
    teardown(&s);
}
