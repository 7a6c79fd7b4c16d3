// SPDX-License-Identifier: Apache-2.0
//
// Reliability: the ranked rows, lowest probability first, are cut into ten bins of about as many rows, at
// borders between unequal probabilities. A group that spans an edge goes where its middle row is.
#include "metrics/ranking.h"

static void close_bin(hf_reliability *out, const hf_reliability_bin *bin, double sum)
{
    if (bin->rows == 0) return;
    hf_reliability_bin *to = &out->bins[out->count++];
    *to = *bin;
    to->predicted = sum / (double)bin->rows;
    to->rate = (double)bin->events / (double)bin->rows;
    hf_wilson(&to->low, &to->high, bin->events, bin->rows);
}

hf_status hf_reliability_compute(hf_reliability *out, const hf_context *context, const double *probability,
                                 const uint8_t *label, int64_t n, hf_error *error)
{
    hf_ranking ranking = {0};
    hf_status status = hf_ranking_create(&ranking, context, probability, label, NULL, n, error);
    if (status != HF_OK) return status;
    hf_reliability made = {0};
    hf_reliability_bin bin = {0};
    double sum = 0.0;
    int64_t seen = 0, place = 0;
    for (int64_t g = ranking.groups - 1; g >= 0; g--) {
        const int64_t rows = (int64_t)ranking.first[g + 1] - ranking.first[g];
        const int64_t middle = (2 * seen + rows) * HF_RELIABILITY_BINS / (2 * n);
        if (middle != place) {
            close_bin(&made, &bin, sum);
            bin = (hf_reliability_bin){0};
            sum = 0.0;
            place = middle;
        }
        for (uint32_t i = ranking.first[g]; i < ranking.first[g + 1]; i++)
            bin.events += ranking.unit[i] & 1;
        bin.rows += rows;
        sum += (double)rows * ranking.probability[g];
        seen += rows;
    }
    close_bin(&made, &bin, sum);
    *out = made;
    hf_ranking_free(context, &ranking);
    return HF_OK;
}
