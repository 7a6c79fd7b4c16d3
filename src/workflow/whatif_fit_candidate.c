// SPDX-License-Identifier: Apache-2.0
//
// From shares of all weight back to weights as people write them: a group's weights keep their sum, rounded
// to four digits, so that a definition that counts to 100 goes on doing so. What is judged and written is
// what these rounded weights make.
#include "workflow/whatif_fit.h"

#include <math.h>

// Less than this share of a sum is nothing.
#define LEAST_SHARE 5e-4

static double rounded(double x, double sum)
{
    if (!(x > LEAST_SHARE * sum)) return 0.0;
    const double digits = pow(10.0, 3.0 - floor(log10(x)));
    return round(x * digits) / digits;
}

static double group_share(const hf_fit_rows *r, const double *share, int32_t group)
{
    double sum = 0.0;
    for (int32_t c = 0; c < r->rows.columns; c++)
        if (r->column[c].group == group) sum += share[c];
    return sum;
}

static bool takes_part(const hf_fit_rows *r, int32_t group)
{
    for (int32_t c = 0; c < r->rows.columns; c++)
        if (r->column[c].group == group) return true;
    return false;
}

static int32_t list_changes(hf_weight_change *out, const hf_fit_rows *r, const double *share, const char *why)
{
    const hf_definition *d = r->definition;
    double groups = 0.0;
    int32_t count = 0;
    for (int32_t g = 0; g < d->group_count; g++)
        if (takes_part(r, g)) groups += d->groups[g].weight;
    for (int32_t g = 0; g < d->group_count; g++) {
        const double of_all = group_share(r, share, g), weight = rounded(of_all * groups, groups);
        double sum = 0.0;
        if (!takes_part(r, g)) continue;
        if (weight != d->groups[g].weight) out[count++] = (hf_weight_change){g, -1, weight, why};
        for (int32_t m = d->groups[g].first; m < d->groups[g].first + d->groups[g].count; m++)
            sum += d->measures[m].weight;
        for (int32_t c = 0; weight > 0.0 && c < r->rows.columns; c++) {
            const int32_t m = r->column[c].measure;
            if (r->column[c].group != g || m < 0) continue;
            const double of_group = rounded(share[c] / of_all * sum, sum);
            if (of_group != d->measures[m].weight) out[count++] = (hf_weight_change){g, m, of_group, why};
        }
    }
    return count;
}

hf_status hf_fit_candidate(hf_definition **out, hf_text *text, const hf_fit_rows *rows, const double *share,
                           const char *why, hf_error *error)
{
    const hf_definition *d = rows->definition;
    hf_status status;
    hf_weight_change *changes =
        hf_new(rows->context, (size_t)d->group_count + (size_t)d->measure_count, sizeof *changes);
    if (!changes) return hf_fail_memory(error);
    const int32_t count = list_changes(changes, rows, share, why);
    HF_TRY(done, hf_weight_text(text, d, changes, count, error));
    HF_TRY(done, hf_definition_parse(out, rows->context, text->data, text->length, d->path, error));
done:
    hf_delete(rows->context, changes);
    return status;
}
