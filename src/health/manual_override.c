// SPDX-License-Identifier: Apache-2.0
//
// Manual overrides: what a person decided about one account, for a reason and until a date. Every cell of the
// list must be there, since an override that nobody answers for is what the list exists to prevent; one that
// has run out is kept, marked and said, never applied.
#include "health/health_room.h"

#include <math.h>
#include <string.h>

enum { NAMED = 5 }; // accounts that a warning names

typedef struct {
    const hf_context *context;
    const hf_frame *list;
    const hf_column *action, *value, *author, *reason, *expires;
    hf_error *error;
} reading;

static hf_status fail(const reading *r, int64_t row, const char *column, const char *expected)
{
    size_t length;
    const char *id = hf_frame_id(r->list, row, &length);
    return hf_fail_at(
        r->error, HF_ERROR_DATA, r->list->source, 0, 0,
        "manual override of account '%.*s': column '%s': expected %s; write it or take the row out",
        (int)length, id, column, expected);
}

static bool fits(const hf_column *column, hf_kind kind)
{
    if (kind == HF_KIND_CATEGORY) return column->storage == HF_STORAGE_CODE;
    if (kind == HF_KIND_DATE) return column->storage == HF_STORAGE_DAY;
    return column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64;
}

// A column without any value may be of any kind; its first row is then found to lack it.
static hf_status find_column(const hf_column **out, const reading *r, const char *name, hf_kind kind)
{
    const char *wanted = kind == HF_KIND_CATEGORY ? "texts" : kind == HF_KIND_DATE ? "dates" : "numbers";
    int32_t c = hf_frame_find(r->list, name);
    if (c < 0)
        return hf_fail_at(r->error, HF_ERROR_DATA, r->list->source, 0, 0,
                          "manual overrides lack the column '%s'; they need the account's id, action, value, "
                          "author, reason and expires",
                          name);
    const hf_column *column = &r->list->columns[c];
    if (!fits(column, kind) && column->missing < r->list->rows)
        return hf_fail_at(r->error, HF_ERROR_DATA, r->list->source, 0, 0,
                          "manual overrides, column '%s': expected %s, found %s; repair the column", name,
                          wanted, hf_kind_name(column->kind));
    *out = fits(column, kind) ? column : NULL;
    return HF_OK;
}

static hf_status find_columns(reading *r)
{
    hf_status status = HF_OK;
    HF_TRY(done, find_column(&r->action, r, "action", HF_KIND_CATEGORY));
    HF_TRY(done, find_column(&r->value, r, "value", HF_KIND_NUMBER));
    HF_TRY(done, find_column(&r->author, r, "author", HF_KIND_CATEGORY));
    HF_TRY(done, find_column(&r->reason, r, "reason", HF_KIND_CATEGORY));
    HF_TRY(done, find_column(&r->expires, r, "expires", HF_KIND_DATE));
done:
    return status;
}

// The text of a cell, NULL where it is missing.
static const char *text_at(const hf_column *column, int64_t row)
{
    const int32_t code = column ? ((const int32_t *)column->values)[row] : -1;
    return code < 0 ? NULL : hf_dictionary_text(&column->dictionary, code);
}

static hf_status copy_text(char **out, const reading *r, int64_t row, const char *column, const char *text)
{
    if (!text || !text[0]) return fail(r, row, column, "a text");
    *out = hf_copy_text(r->context, text, strlen(text));
    return *out ? HF_OK : hf_fail_memory(r->error);
}

static hf_status read_action(hf_override_action *out, const reading *r, int64_t row)
{
    const char *text = text_at(r->action, row);
    if (text && strcmp(text, "set") == 0)
        *out = HF_OVERRIDE_SET;
    else if (text && strcmp(text, "cap") == 0)
        *out = HF_OVERRIDE_CAP;
    else if (text && strcmp(text, "floor") == 0)
        *out = HF_OVERRIDE_FLOOR;
    else
        return fail(r, row, "action", "set, cap or floor");
    return HF_OK;
}

static hf_status read_item(hf_manual_override *out, const reading *r, int64_t row, hf_date as_of)
{
    hf_status status = HF_OK;
    size_t length;
    const char *id = hf_frame_id(r->list, row, &length);
    out->account = hf_copy_text(r->context, id, length);
    if (!out->account) return hf_fail_memory(r->error);
    HF_TRY(done, read_action(&out->action, r, row));
    out->value = r->value ? hf_column_number(r->value, row) : NAN;
    if (!(out->value >= 0 && out->value <= 100)) {
        status = fail(r, row, "value", "a number from 0 to 100");
        goto done;
    }
    HF_TRY(done, copy_text(&out->author, r, row, "author", text_at(r->author, row)));
    HF_TRY(done, copy_text(&out->reason, r, row, "reason", text_at(r->reason, row)));
    out->expires = r->expires ? ((const hf_date *)r->expires->values)[row] : HF_DATE_MISSING;
    if (out->expires == HF_DATE_MISSING) {
        status = fail(r, row, "expires", "the last day it holds, as YYYY-MM-DD");
        goto done;
    }
    out->expired = out->expires < as_of;
done:
    return status;
}

// One warning for all the items that are idle for one reason.
static hf_status warn_idle(const hf_manual_overrides *list, const hf_context *context, bool expired,
                           hf_error *error)
{
    hf_text text;
    int32_t count = 0;
    hf_text_init(&text, context);
    for (int32_t i = 0; i < list->count; i++) {
        const hf_manual_override *item = &list->items[i];
        if (expired ? !item->expired : item->row >= 0) continue;
        if (count++ >= NAMED) continue;
        hf_text_puts(&text, count > 1 ? ", " : "");
        hf_text_puts(&text, item->account);
        if (!expired) continue;
        char date[11];
        hf_date_format(item->expires, date);
        hf_text_printf(&text, " (%s)", date);
    }
    if (count > NAMED) hf_text_printf(&text, " and %d more", count - NAMED);
    hf_status status = hf_text_status(&text, error);
    if (status == HF_OK && count > 0)
        hf_warn(context,
                expired ? "%d manual override%s ignored, past the last day: %s"
                        : "%d manual override%s of accounts the data lacks: %s",
                count, count == 1 ? "" : "s", text.data);
    hf_text_free(&text);
    return status;
}

hf_status hf_manual_overrides_create(hf_manual_overrides *out, const hf_context *context,
                                     const hf_frame *list, const hf_frame *frame, hf_error *error)
{
    hf_status status = HF_OK;
    hf_manual_overrides made = {0};
    reading r = {.context = context, .list = list, .error = error};
    if (list->rows > INT32_MAX / 2)
        return hf_fail_at(error, HF_ERROR_DATA, list->source, 0, 0, "too many manual overrides");
    int64_t *row = hf_new(context, (size_t)list->rows, sizeof *row);
    made.items = hf_new(context, (size_t)list->rows, sizeof *made.items);
    if (!row || !made.items) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, find_columns(&r));
    HF_TRY(done, hf_frame_match(row, frame, list, error));
    for (int64_t i = 0; i < list->rows; i++) {
        made.count = (int32_t)i + 1;
        made.items[i].row = row[i];
        HF_TRY(done, read_item(&made.items[i], &r, i, frame->as_of));
    }
    HF_TRY(done, warn_idle(&made, context, false, error));
    HF_TRY(done, warn_idle(&made, context, true, error));
    *out = made;
    made = (hf_manual_overrides){0};
done:
    hf_delete(context, row);
    hf_manual_overrides_free(context, &made);
    return status;
}

void hf_manual_overrides_free(const hf_context *context, hf_manual_overrides *overrides)
{
    if (!overrides) return;
    for (int32_t i = 0; i < overrides->count; i++) {
        hf_delete(context, overrides->items[i].account);
        hf_delete(context, overrides->items[i].author);
        hf_delete(context, overrides->items[i].reason);
    }
    hf_delete(context, overrides->items);
    *overrides = (hf_manual_overrides){0};
}
