// SPDX-License-Identifier: Apache-2.0
//
// What an earlier night left, column by column. Bands go by name: the definition may have been changed since,
// and a band of then may have another place now, or none.
#include "health/scores_column.h"

#include <string.h>

static hf_scores_nature nature_of(hf_kind kind)
{
    return kind == HF_KIND_CATEGORY ? HF_SCORES_CATEGORY
           : kind == HF_KIND_DATE   ? HF_SCORES_DATE
                                    : HF_SCORES_NUMBER;
}

hf_status hf_scores_column(const hf_column **out, const hf_frame *scores, const char *name,
                           hf_scores_nature nature, hf_error *error)
{
    static const char *const words[] = {"numbers", "a category", "dates"};
    const int32_t c = hf_frame_find(scores, name);
    char date[11];
    hf_date_format(scores->as_of, date);
    if (c < 0)
        return hf_fail(error, HF_ERROR_DATA,
                       "the scores of %s: expected a column '%s', found none; score that night anew with a "
                       "definition",
                       date, name);
    if (nature_of(scores->columns[c].kind) != nature)
        return hf_fail(error, HF_ERROR_DATA,
                       "the scores of %s: column '%s': expected %s, found %s; score that night anew", date,
                       name, words[nature], hf_kind_name(scores->columns[c].kind));
    *out = &scores->columns[c];
    return HF_OK;
}

hf_status hf_scores_bands(int8_t **out, const hf_context *context, const hf_column *column,
                          const hf_definition *definition, hf_error *error)
{
    const hf_dictionary *levels = &column->dictionary;
    int8_t *places = hf_new(context, (size_t)levels->count, sizeof *places);
    if (!places) return hf_fail_memory(error);
    for (int32_t code = 0; code < levels->count; code++) {
        places[code] = -1;
        for (int32_t b = 0; b < definition->band_count; b++)
            if (strcmp(definition->bands[b].name, hf_dictionary_text(levels, code)) == 0)
                places[code] = (int8_t)b;
    }
    *out = places;
    return HF_OK;
}

int8_t hf_scores_band_at(const hf_column *column, const int8_t *places, int64_t row)
{
    const int32_t code = ((const int32_t *)column->values)[row];
    return code < 0 ? (int8_t)-1 : places[code];
}
