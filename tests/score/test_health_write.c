// SPDX-License-Identifier: Apache-2.0
//
// Health as files, on random scorecards: every field of the CSV and the JSON is held against the arrays and
// against the explanation in double; the two forms, any number of threads and the file of changes say the
// same.
#include "base/failing_context.h"
#include "random_scorecard.h"
#include "score/score_room.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 1500, FIELDS = 32 };

static hf_error error;
static char folder[] = "/tmp/holdfast-health-write-XXXXXX";

static void good(hf_status status)
{
    cr_assert_eq(status, HF_OK, "%s: %s", hf_status_text(status), error.message);
}

// A fleet scored by a card; everything is the context's.
typedef struct {
    hf_context *context;
    card *card;
    hf_definition *definition;
    hf_frame *frame;
    hf_health_plan *plan;
    hf_health health;
    hf_fleet_scores scores;
} fleet;

// Ids that a careless writer would break a line or a quote with.
static void name_accounts(hf_frame *frame)
{
    static const char *const odd[] = {"a,b", "say \"hi\"", "two\nlines", "tab\there", "back\\slash"};
    for (int i = 0; i < 5 && i < frame->rows; i++) {
        char *id = frame->ids + (size_t)i * (size_t)frame->id_width;
        memset(id, 0, (size_t)frame->id_width);
        strncpy(id, odd[i], (size_t)frame->id_width);
    }
}

static fleet open_fleet(uint64_t seed, int64_t rows, int threads)
{
    fleet f = {0};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    good(hf_context_create(&f.context, &options, &error));
    f.card = card_draw(seed, rows, false);
    f.definition = card_definition(f.card, f.context);
    f.frame = card_frame(f.card, f.context, NULL, rows);
    name_accounts(f.frame);
    good(hf_health_plan_create(&f.plan, f.context, f.definition, f.frame, NULL, &error));
    good(hf_health_fleet(&f.health, f.context, f.plan, &error));
    good(hf_health_settle(&f.health, f.context, f.plan, NULL, NULL, &error));
    good(hf_health_risk(&f.health, f.context, f.plan, NULL, &error));
    f.scores = (hf_fleet_scores){.plan = f.plan};
    return f;
}

static void close_fleet(fleet *f)
{
    hf_health_free(f->context, &f->health);
    hf_health_plan_destroy(f->plan);
    hf_frame_destroy(f->frame);
    hf_definition_destroy(f->definition);
    free(f->card);
    hf_context_destroy(f->context);
}

static void enter(void)
{
    cr_assert_not_null(mkdtemp(folder));
}

static void leave(void)
{
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    cr_assert_eq(system(line), 0);
}

TestSuite(health_write, .init = enter, .fini = leave);

static char *slurp(const char *name, size_t *length)
{
    char path[256];
    hf_bytes bytes;
    hf_context *context = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    good(hf_context_create(&context, NULL, &error));
    good(hf_bytes_open(&bytes, context, path, &error));
    char *text = calloc(1, bytes.size + 1);
    memcpy(text, bytes.data, bytes.size);
    if (length) *length = bytes.size;
    hf_bytes_close(context, &bytes);
    hf_context_destroy(context);
    return text;
}

static char *written(fleet *f, const char *name, hf_score_format format, int64_t top)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f->scores.health = &f->health;
    good(hf_health_scores_write(f->context, &f->scores, path, format, top, true, &error));
    return slurp(name, NULL);
}

// Cuts the next record of a CSV in place; returns where the one after it begins.
static char *cut(char *p, char *field[FIELDS], int *count)
{
    *count = 0;
    for (bool more = true; more;) {
        char *out = p;
        field[(*count)++] = p;
        for (bool quoted = false; *p && (quoted || (*p != ',' && *p != '\n')); p++) {
            if (*p == '"' && p[1] == '"' && quoted)
                *out++ = *p++;
            else if (*p == '"')
                quoted = !quoted;
            else
                *out++ = *p;
        }
        more = *p == ',';
        if (*p) p++;
        *out = '\0';
    }
    return p;
}

static const char *band_name(const fleet *f, int8_t band)
{
    return band < 0 ? "unknown" : f->definition->bands[band].name;
}

// The points at the end of "csat 3, -6.4".
static double points_of(const char *text)
{
    const char *comma = strrchr(text, ',');
    cr_assert_not_null(comma, "%s", text);
    return -atof(comma + 1);
}

// Which of equals stands for its group may be another in single precision.
static bool has_equal(const fleet *f, const hf_health_explanation *e, int32_t m)
{
    const hf_group *group = &f->definition->groups[f->definition->measures[m].group];
    for (int32_t i = group->first; i < group->first + group->count; i++)
        if (i != m && fabs(e->parts[i].score - e->parts[m].score) < 1e-3)
            return group->aggregate != HF_AGGREGATE_MEAN;
    return false;
}

static void expect_lost(const fleet *f, int64_t row, const hf_health_explanation *e, char *const *field)
{
    double last = INFINITY;
    for (int j = 0; j < HF_LOST; j++) {
        const int32_t m = f->health.lost[HF_LOST * row + j];
        cr_expect_eq(field[j][0] == '\0', m < 0);
        if (m < 0 || has_equal(f, e, m)) continue;
        const double points = points_of(field[j]), exact = e->parts[m].lost;
        cr_expect_float_eq(points, exact, 0.051 + 1e-3, "%s: %g", field[j], exact);
        cr_expect_leq(exact, last + 1e-3, "most first");
        cr_expect_eq(strstr(field[j], " (stale), ") != NULL, e->parts[m].state == HF_STATE_STALE);
        last = exact;
    }
}

static void expect_row(const fleet *f, int64_t row, char *const *field, int count)
{
    size_t length;
    hf_health_explanation e = {0};
    const char *id = hf_frame_id(f->frame, row, &length);
    good(hf_health_explain(&e, f->context, f->plan, row, &error));
    cr_assert_eq(count, 14, "%d fields", count);
    cr_expect(strlen(field[0]) == length && memcmp(field[0], id, length) == 0, "%s", field[0]);
    if (isnan(e.health))
        cr_expect_str_eq(field[1], "");
    else
        cr_expect_float_eq(atof(field[1]), e.health, 2e-4);
    cr_expect_str_eq(field[2], band_name(f, f->health.band[row]));
    cr_expect_str_eq(field[3], band_name(f, f->health.band_raw[row]));
    cr_expect_float_eq(atof(field[4]), e.coverage, 1e-4);
    cr_expect_str_eq(field[5], "0", "the first night");
    cr_expect_str_eq(field[6], "", "nothing to look back to");
    cr_expect_str_eq(field[9], hf_cadence_name((hf_cadence)f->health.cadence[row]));
    expect_lost(f, row, &e, field + 10);
    const bool there = e.health != e.health || f->health.band_raw[row] < 0 ||
                       f->health.band_raw[row] == f->definition->band_count - 1;
    cr_expect_eq(field[13][0] == '\0', there, "%s", field[13]);
    hf_health_explanation_free(f->context, &e);
}

Test(health_write, every_field_is_what_the_arrays_say)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        fleet f = open_fleet(seed, ROWS / 4, 2);
        char *text = written(&f, "a.csv", HF_FORMAT_CSV, 0), *field[FIELDS], *p = text;
        int count;
        p = cut(p, field, &count);
        cr_assert_str_eq(field[0], "account_id");
        cr_assert_str_eq(field[13], "path_to_green");
        for (int64_t row = 0; row < f.frame->rows; row++) {
            p = cut(p, field, &count);
            expect_row(&f, row, field, count);
        }
        cr_expect_eq(*p, '\0');
        free(text);
        close_fleet(&f);
    }
}

static void expect_same_number(const json_t *value, const char *field)
{
    if (field[0] == '\0')
        cr_expect(json_is_null(value));
    else
        cr_expect_float_eq(json_number_value(value), atof(field), 1e-9);
}

Test(health_write, json_says_what_csv_says)
{
    fleet f = open_fleet(3, ROWS, 2);
    char *csv = written(&f, "a.csv", HF_FORMAT_CSV, 0), *json = written(&f, "a.jsonl", HF_FORMAT_JSONL, 0);
    char *field[FIELDS], *p = csv, *line = json;
    int count;
    p = cut(p, field, &count);
    for (int64_t row = 0; row < f.frame->rows; row++) {
        char *end = strchr(line, '\n');
        json_error_t at;
        *end = '\0';
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &at);
        cr_assert_not_null(object, "%s: %s", at.text, line);
        p = cut(p, field, &count);
        cr_expect_str_eq(json_string_value(json_object_get(object, "account_id")), field[0]);
        expect_same_number(json_object_get(object, "health"), field[1]);
        cr_expect_str_eq(json_string_value(json_object_get(object, "band")), field[2]);
        expect_same_number(json_object_get(object, "coverage"), field[4]);
        const json_t *lost = json_object_get(object, "lost"), *way = json_object_get(object, "path_to_green");
        for (size_t j = 0; j < json_array_size(lost); j++)
            cr_expect_str_eq(json_string_value(json_object_get(json_array_get(lost, j), "text")),
                             field[10 + j]);
        cr_expect_str_eq(json_is_null(way) ? "" : json_string_value(way), field[13]);
        json_decref(object);
        line = end + 1;
    }
    cr_expect_eq(*line, '\0');
    free(csv);
    free(json);
    close_fleet(&f);
}

Test(health_write, threads_do_not_matter)
{
    static const int threads[] = {1, 2, 7};
    char *first[3] = {NULL};
    for (int t = 0; t < 3; t++) {
        fleet f = open_fleet(5, ROWS, threads[t]);
        for (int format = 0; format < 3; format++) {
            char *text = written(&f, "a", (hf_score_format)format, 0);
            if (!first[format])
                first[format] = text;
            else
                cr_expect_str_eq(text, first[format]);
            if (text != first[format]) free(text);
        }
        close_fleet(&f);
    }
    for (int format = 0; format < 3; format++)
        free(first[format]);
}

Test(health_write, the_first_ones_are_the_least_healthy)
{
    fleet f = open_fleet(6, ROWS, 2);
    char *text = written(&f, "a.csv", HF_FORMAT_CSV, 40), *field[FIELDS], *p = text;
    int count, lines = 0;
    double last = -1;
    for (p = cut(p, field, &count); *p; lines++) {
        p = cut(p, field, &count);
        cr_expect_geq(atof(field[1]), last - 1e-4);
        last = atof(field[1]);
    }
    cr_expect_eq(lines, 40);
    int below = 0;
    for (int64_t i = 0; i < f.health.rows; i++)
        below += f.health.health[i] < last - 1e-4;
    cr_expect_lt(below, 40);
    free(text);
    close_fleet(&f);
}

Test(health_write, a_table_lines_up)
{
    fleet f = open_fleet(7, 30, 2);
    char *text = written(&f, "a.txt", HF_FORMAT_TABLE, 0), *line = text;
    const char *band = strstr(text, "band");
    cr_assert_not_null(band);
    const ptrdiff_t at = band - text;
    for (int64_t row = 0; row < 30; row++) {
        line = strchr(line, '\n') + 1;
        const char *name = band_name(&f, f.health.band[row]);
        cr_expect_eq(strncmp(line + at, name, strlen(name)), 0, "%s", line);
        cr_expect_neq(strchr(line, '\n')[-1], ' ');
    }
    free(text);
    close_fleet(&f);
}

// ---- what changed ----------------------------------------------------------------------------------------

Test(health_write, the_same_night_again_has_no_changes)
{
    fleet f = open_fleet(8, ROWS, 2);
    hf_frame *last = NULL;
    hf_fleet_changes changes = {0};
    f.scores.health = &f.health;
    good(hf_health_frame(&last, f.context, f.plan, &f.health, NULL, NULL, "", &error));
    good(hf_fleet_changes_create(&changes, f.context, &f.scores, last, &error));
    cr_expect_eq(changes.new_count + changes.changed + changes.gone_count, 0);
    cr_expect_eq(changes.into_worst + changes.out_of_worst + changes.better + changes.worse, 0);
    hf_fleet_changes_free(f.context, &changes);
    // One account more, one less, one elsewhere.
    int8_t *band = f.health.band;
    const int8_t kept = band[9];
    band[9] = kept == 0 ? 1 : 0;
    memcpy(last->ids + 20 * (size_t)last->id_width, "unheard", 8);
    good(hf_fleet_changes_create(&changes, f.context, &f.scores, last, &error));
    cr_expect_eq(changes.mark[9], HF_CHANGE_CHANGED);
    cr_expect_eq(changes.mark[20], HF_CHANGE_NEW);
    cr_expect_eq(changes.changed, 1);
    cr_expect_eq(changes.new_count, 1);
    cr_assert_eq(changes.gone_count, 1);
    cr_expect_eq(changes.gone[0], 20);
    cr_expect_eq(changes.into_worst, kept != 0);
    cr_expect_eq(changes.out_of_worst, kept == 0);
    hf_fleet_changes_free(f.context, &changes);
    hf_frame_destroy(last);
    close_fleet(&f);
}

Test(health_write, without_a_last_night_all_are_new)
{
    fleet f = open_fleet(9, 100, 2);
    hf_fleet_changes changes = {0};
    f.scores.health = &f.health;
    good(hf_fleet_changes_create(&changes, f.context, &f.scores, NULL, &error));
    cr_expect_eq(changes.new_count, 100);
    cr_expect_eq(changes.gone_count, 0);
    hf_fleet_changes_free(f.context, &changes);
    close_fleet(&f);
}

// ---- memory ----------------------------------------------------------------------------------------------

Test(health_write, running_out_of_memory_leaves_nothing)
{
    allocator a = {.fail_at = -1};
    fleet f = open_fleet(10, 200, 1);
    hf_context *scarce = make_context(&a, 1);
    char path[256];
    snprintf(path, sizeof path, "%s/scarce.csv", folder);
    f.scores.health = &f.health;
    const long live = a.live;
    for (long k = 0;; k++) {
        hf_error failed = {0};
        a.asked = 0;
        a.fail_at = k;
        hf_status status = hf_health_scores_write(scarce, &f.scores, path, HF_FORMAT_CSV, 0, true, &failed);
        cr_expect_eq(a.live, live, "allocation %ld", k);
        if (status == HF_OK) break;
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %ld: %s", k, failed.message);
        cr_expect_neq(access(path, F_OK), 0, "allocation %ld", k);
    }
    a.fail_at = -1;
    hf_context_destroy(scarce);
    close_fleet(&f);
}
