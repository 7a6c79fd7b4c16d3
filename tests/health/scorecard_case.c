// SPDX-License-Identifier: Apache-2.0
//
// A scorecard as YAML and a few accounts as numbers.
#include "health/scorecard_case.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void case_open(scorecard_case *c, const hf_context *context, const char *yaml, int64_t rows)
{
    hf_error error = {0};
    *c = (scorecard_case){.context = context};
    cr_assert(hf_definition_parse(&c->definition, context, yaml, strlen(yaml), "case.yaml", &error) == HF_OK,
              "%s\n%s", error.message, yaml);
    cr_assert(hf_frame_create(&c->frame, context, rows, 8, &error) == HF_OK);
    for (int64_t i = 0; i < rows; i++)
        snprintf(c->frame->ids + i * 8, 8, "a%d", (int)i);
    c->frame->as_of = CASE_DATE;
}

void case_numbers(scorecard_case *c, const char *name, hf_kind kind, const double *values)
{
    hf_column *column;
    cr_assert(hf_frame_add(c->frame, &column, name, kind, HF_STORAGE_F64, NULL) == HF_OK);
    memcpy(column->values, values, (size_t)c->frame->rows * sizeof *values);
    hf_column_count_missing(column, c->frame->rows);
}

void case_levels(scorecard_case *c, const char *name, const char *const *levels)
{
    const char *texts[64];
    size_t lengths[64];
    int32_t rank[64], code[64], count = 0;
    hf_column *column;
    cr_assert(hf_frame_add(c->frame, &column, name, HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL) == HF_OK);
    for (int64_t i = 0; i < c->frame->rows; i++) {
        code[i] = -1;
        for (int32_t l = 0; levels[i] && l < count; l++)
            if (strcmp(texts[l], levels[i]) == 0) code[i] = l;
        if (!levels[i] || code[i] >= 0) continue;
        texts[count] = levels[i];
        lengths[count] = strlen(levels[i]);
        code[i] = count++;
    }
    cr_assert(hf_dictionary_build(&column->dictionary, c->context, texts, lengths, count, rank, NULL) ==
              HF_OK);
    for (int64_t i = 0; i < c->frame->rows; i++)
        ((int32_t *)column->values)[i] = code[i] < 0 ? -1 : rank[code[i]];
    hf_column_count_missing(column, c->frame->rows);
}

void case_days(scorecard_case *c, const char *name, const hf_date *days)
{
    hf_column *column;
    cr_assert(hf_frame_add(c->frame, &column, name, HF_KIND_DATE, HF_STORAGE_DAY, NULL) == HF_OK);
    memcpy(column->values, days, (size_t)c->frame->rows * sizeof *days);
    hf_column_count_missing(column, c->frame->rows);
}

void case_manual(scorecard_case *c, int64_t row, hf_override_action action, double value)
{
    char account[16];
    hf_manual_override *items =
        hf_grow(c->context, c->manual.items, (size_t)c->manual.count + 1, sizeof *items);
    cr_assert(items);
    c->manual.items = items;
    snprintf(account, sizeof account, "a%d", (int)row);
    items[c->manual.count++] =
        (hf_manual_override){.row = row,
                             .action = action,
                             .value = value,
                             .account = hf_copy_text(c->context, account, strlen(account)),
                             .author = hf_copy_text(c->context, "lead", 4),
                             .reason = hf_copy_text(c->context, "because", 7),
                             .expires = CASE_DATE};
}

void case_bind(scorecard_case *c)
{
    hf_error error = {0};
    cr_assert(hf_health_plan_create(&c->plan, c->context, c->definition, c->frame, &c->manual, &error) ==
                  HF_OK,
              "%s", error.message);
}

void case_close(scorecard_case *c)
{
    hf_health_plan_destroy(c->plan);
    hf_manual_overrides_free(c->context, &c->manual);
    hf_frame_destroy(c->frame);
    hf_definition_destroy(c->definition);
}
