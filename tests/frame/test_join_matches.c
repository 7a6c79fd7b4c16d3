// SPDX-License-Identifier: Apache-2.0
//
// How well the ids of joined tables met: counted where some accounts are in a few tables only, refused where
// no account is in two.
#include "frame/frame_room.h"

#include <criterion/criterion.h>
#include <string.h>

static void keep_log(void *user, hf_log_level level, const char *message)
{
    if (level == HF_LOG_WARNING) snprintf(user, 512, "%s", message);
}

// Ids of a frame, from a list; one column each.
static hf_frame *named_frame(const hf_context *context, const char *source, const char *column,
                             const char *const *ids, int64_t rows)
{
    hf_frame *frame;
    hf_column *added;
    cr_assert(hf_frame_create(&frame, context, rows, 8, NULL) == HF_OK);
    cr_assert(hf_frame_set_source(frame, "id", source, NULL) == HF_OK);
    cr_assert(hf_frame_add(frame, &added, column, HF_KIND_NUMBER, HF_STORAGE_F32, NULL) == HF_OK);
    for (int64_t i = 0; i < rows; i++) {
        memcpy(frame->ids + 8 * i, ids[i], strlen(ids[i]));
        ((float *)added->values)[i] = 1;
    }
    return frame;
}

// Tables of which an account has but one are told of; tables that share none are refused.
Test(join, accounts_that_are_not_in_every_table_are_counted)
{
    char log[512] = "";
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.log = keep_log;
    options.log_user = log;
    hf_context *context;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    static const char *const ids[] = {"A1", "A2", "A3", "A4", "A5", "001", "002"};
    hf_frame *made = NULL, *frames[2] = {named_frame(context, "accounts.csv", "seats", ids, 4),
                                         named_frame(context, "usage.csv", "logins", ids + 1, 3)};
    cr_assert(hf_frame_join(&made, context, frames, 2, NULL) == HF_OK);
    hf_frame_destroy(made);
    cr_expect(strstr(log, "1 of 4 accounts are not in all of the 2 tables, for example 'A1' of accounts.csv"),
              "%s", log);
    hf_frame_destroy(frames[1]);
    log[0] = '\0';
    frames[1] = named_frame(context, "usage.csv", "logins", ids, 4);
    cr_assert(hf_frame_join(&made, context, frames, 2, NULL) == HF_OK);
    hf_frame_destroy(made);
    cr_expect_str_empty(log);
    hf_frame_destroy(frames[1]);
    made = NULL;
    hf_error error = {0};
    frames[1] = named_frame(context, "usage.csv", "logins", ids + 5, 2);
    cr_assert(hf_frame_join(&made, context, frames, 2, &error) == HF_ERROR_DATA && !made);
    cr_expect(strstr(error.message, "accounts.csv has ids such as 'A1', usage.csv such as '001'"), "%s",
              error.message);
    hf_frame_destroy(frames[1]);
    frames[1] = named_frame(context, "usage.csv", "seats", ids, 4);
    cr_assert(hf_frame_join(&made, context, frames, 2, &error) == HF_ERROR_DATA && !made);
    cr_expect(strstr(error.message, "column 'seats' stands in accounts.csv and in usage.csv"), "%s",
              error.message);
    hf_frame_destroy(frames[0]);
    hf_frame_destroy(frames[1]);
    hf_context_destroy(context);
}
