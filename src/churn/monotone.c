// SPDX-License-Identifier: Apache-2.0
//
// What the caller said of signals that may only rise or fall: "SIGNAL", "SIGNAL:up" or "SIGNAL:down". A name
// that ends so itself is named with its direction behind it.
#include "churn/monotone.h"

#include <string.h>

// The name's length, and the direction behind it.
static size_t read_entry(hf_monotone *direction, const char *entry)
{
    static const struct {
        const char *ending;
        hf_monotone direction;
    } endings[] = {{":up", HF_MONOTONE_UP}, {":down", HF_MONOTONE_DOWN}};
    const size_t length = strlen(entry);
    for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
        const size_t behind = strlen(endings[k].ending);
        if (length <= behind || strcmp(entry + length - behind, endings[k].ending) != 0) continue;
        *direction = endings[k].direction;
        return length - behind;
    }
    *direction = HF_MONOTONE_FITTED;
    return length;
}

hf_monotone hf_monotone_of(const hf_train_options *options, const char *column)
{
    for (int32_t k = 0; k < options->monotone_count; k++) {
        hf_monotone direction;
        const size_t length = read_entry(&direction, options->monotone[k]);
        if (strlen(column) == length && memcmp(column, options->monotone[k], length) == 0) return direction;
    }
    return HF_MONOTONE_NONE;
}

static hf_status check_column(const hf_frame *frame, const char *entry, int32_t *column, hf_error *error)
{
    hf_monotone direction;
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)read_entry(&direction, entry), entry);
    *column = hf_frame_find(frame, name);
    if (*column < 0)
        return hf_fail(error, HF_ERROR_USAGE,
                       "there is no column '%s' to be monotone; name a signal as SIGNAL, SIGNAL:up or "
                       "SIGNAL:down",
                       name);
    const hf_storage storage = frame->columns[*column].storage;
    if (storage == HF_STORAGE_F32 || storage == HF_STORAGE_F64) return HF_OK;
    return hf_fail(error, HF_ERROR_USAGE,
                   "column '%s' holds %s, which cannot be monotone; leave it out, or declare it a number "
                   "with --kind",
                   name, storage == HF_STORAGE_CODE ? "categories" : "dates");
}

hf_status hf_monotone_check(const hf_train_options *options, const hf_frame *frame, hf_error *error)
{
    if (options->monotone_count > 0 && options->plain)
        return hf_fail(error, HF_ERROR_USAGE,
                       "a straight line is monotone already; leave out --monotone or --plain");
    for (int32_t k = 0; k < options->monotone_count; k++) {
        int32_t column = 0, other = 0;
        hf_status status = check_column(frame, options->monotone[k], &column, error);
        if (status != HF_OK) return status;
        for (int32_t j = 0; j < k; j++)
            if (check_column(frame, options->monotone[j], &other, NULL) == HF_OK && other == column)
                return hf_fail(error, HF_ERROR_USAGE, "column '%s' is to be monotone twice; name it once",
                               frame->columns[column].name);
    }
    return HF_OK;
}

int32_t hf_monotone_fitted(const hf_case *cases, int64_t count, double (*z)(const void *of, double x),
                           const void *of)
{
    double mean = 0.0, events = 0.0, together = 0.0;
    for (int64_t i = 0; i < count; i++) {
        mean += z(of, cases[i].x) / (double)count;
        events += (double)cases[i].event / (double)count;
    }
    for (int64_t i = 0; i < count; i++)
        together += (z(of, cases[i].x) - mean) * ((double)cases[i].event - events);
    return together < 0.0 ? -1 : 1;
}
