// SPDX-License-Identifier: Apache-2.0
//
// Checks the arrays, sorts the rows once by probability and cuts them into groups of equal probability. The
// logarithms of a group are taken here, so that a bootstrap replicate costs no more than a walk over the
// rows.
#include "metrics/ranking.h"

#include <math.h>
#include <string.h>

#define LOSS_CLIP 1e-15

static hf_status check_rows(const double *probability, const uint8_t *label, const int64_t *cluster,
                            int64_t n, hf_error *error)
{
    if (!probability || !label) return hf_fail(error, HF_ERROR_USAGE, "metrics: an array is missing");
    if (n < 1 || n > INT32_MAX) {
        return hf_fail(error, HF_ERROR_USAGE,
                       "metrics: %lld rows, expected 1 to 2147483647; give at least one row", (long long)n);
    }
    for (int64_t i = 0; i < n; i++) {
        if (!(probability[i] >= 0.0 && probability[i] <= 1.0)) {
            return hf_fail(error, HF_ERROR_USAGE, "metrics: row %lld: probability %g, expected 0 to 1",
                           (long long)i, probability[i]);
        }
        if (label[i] > 1) {
            return hf_fail(error, HF_ERROR_USAGE, "metrics: row %lld: label %d, expected 0 or 1",
                           (long long)i, (int)label[i]);
        }
        if (cluster && cluster[i] < 0) {
            return hf_fail(error, HF_ERROR_USAGE, "metrics: row %lld: cluster %lld, expected 0 or more",
                           (long long)i, (long long)cluster[i]);
        }
    }
    return HF_OK;
}

// The arrays a sort needs; freed when the ranking stands.
typedef struct {
    uint64_t *key, *key_scratch;
    uint32_t *row, *row_scratch, *unit_of_row;
} sort_space;

static void sort_space_free(const hf_context *context, sort_space *space)
{
    hf_delete(context, space->key);
    hf_delete(context, space->key_scratch);
    hf_delete(context, space->row);
    hf_delete(context, space->row_scratch);
    hf_delete(context, space->unit_of_row);
}

static hf_status sort_space_make(sort_space *space, const hf_context *context, int64_t n, bool clusters,
                                 hf_error *error)
{
    size_t count = (size_t)n;
    space->key = hf_new_raw(context, count, sizeof *space->key);
    space->key_scratch = hf_new_raw(context, count, sizeof *space->key_scratch);
    space->row = hf_new_raw(context, count, sizeof *space->row);
    space->row_scratch = hf_new_raw(context, count, sizeof *space->row_scratch);
    if (clusters) space->unit_of_row = hf_new_raw(context, count, sizeof *space->unit_of_row);
    bool made = space->key && space->key_scratch && space->row && space->row_scratch &&
                (!clusters || space->unit_of_row);
    return made ? HF_OK : hf_fail_memory(error);
}

// Numbers the clusters densely, in the order of their own numbers; returns how many there are.
static uint32_t number_clusters(sort_space *space, const int64_t *cluster, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        space->key[i] = (uint64_t)cluster[i];
        space->row[i] = (uint32_t)i;
    }
    hf_radix_sort(space->key, space->row, space->key_scratch, space->row_scratch, n);
    uint32_t units = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i > 0 && space->key[i] != space->key[i - 1]) units++;
        space->unit_of_row[space->row[i]] = units;
    }
    return units + 1;
}

// Sorts row numbers by probability descending, then events first. Non-negative doubles order as their bits;
// adding zero turns -0 into +0.
static void sort_rows(sort_space *space, const double *probability, const uint8_t *label, int64_t n)
{
    int64_t at = 0;
    for (int pass = 1; pass >= 0; pass--) {
        for (int64_t i = 0; i < n; i++) {
            if (label[i] != pass) continue;
            double p = probability[i] + 0.0;
            uint64_t bits;
            memcpy(&bits, &p, sizeof bits);
            space->key[at] = ~bits;
            space->row[at] = (uint32_t)i;
            at++;
        }
    }
    hf_radix_sort(space->key, space->row, space->key_scratch, space->row_scratch, n);
}

static int64_t count_groups(const uint64_t *key, int64_t n)
{
    int64_t groups = 1;
    for (int64_t i = 1; i < n; i++)
        groups += key[i] != key[i - 1];
    return groups;
}

static hf_status allocate_ranking(hf_ranking *ranking, const hf_context *context, hf_error *error)
{
    size_t groups = (size_t)ranking->groups;
    ranking->unit = hf_new_raw(context, (size_t)ranking->rows, sizeof *ranking->unit);
    ranking->first = hf_new_raw(context, groups + 1, sizeof *ranking->first);
    ranking->probability = hf_new_raw(context, groups, sizeof *ranking->probability);
    ranking->event_loss = hf_new_raw(context, groups, sizeof *ranking->event_loss);
    ranking->no_event_loss = hf_new_raw(context, groups, sizeof *ranking->no_event_loss);
    ranking->log_odds = hf_new_raw(context, groups, sizeof *ranking->log_odds);
    bool made = ranking->unit && ranking->first && ranking->probability && ranking->event_loss &&
                ranking->no_event_loss && ranking->log_odds;
    return made ? HF_OK : hf_fail_memory(error);
}

// -log of q clipped to [1e-15, 1 - 1e-15], where 1 - q is known more exactly than q near 1.
static double clipped_loss(double q, double one_less_q)
{
    if (one_less_q < LOSS_CLIP) return -log1p(-LOSS_CLIP);
    if (q < LOSS_CLIP) return -log(LOSS_CLIP);
    return one_less_q < 0.5 ? -log1p(-one_less_q) : -log(q);
}

static void fill_ranking(hf_ranking *ranking, const sort_space *space, const uint8_t *label)
{
    int64_t group = -1;
    for (int64_t i = 0; i < ranking->rows; i++) {
        uint32_t row = space->row[i];
        uint32_t unit = space->unit_of_row ? space->unit_of_row[row] : (uint32_t)i;
        ranking->unit[i] = 2 * unit + label[row];
        if (i > 0 && space->key[i] == space->key[i - 1]) continue;
        group++;
        uint64_t bits = ~space->key[i];
        double p;
        memcpy(&p, &bits, sizeof p);
        ranking->first[group] = (uint32_t)i;
        ranking->probability[group] = p;
        ranking->event_loss[group] = clipped_loss(p, 1.0 - p);
        ranking->no_event_loss[group] = clipped_loss(1.0 - p, p);
        ranking->log_odds[group] = ranking->no_event_loss[group] - ranking->event_loss[group];
    }
    ranking->first[ranking->groups] = (uint32_t)ranking->rows;
}

static hf_status recalibrate(hf_ranking *ranking, const hf_context *context, hf_error *error)
{
    hf_status status = HF_OK;
    double *rows = hf_new_raw(context, (size_t)ranking->groups, sizeof *rows);
    double *events = hf_new(context, (size_t)ranking->groups, sizeof *events);
    if (!rows || !events) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t g = 0; g < ranking->groups; g++) {
        rows[g] = (double)(ranking->first[g + 1] - ranking->first[g]);
        for (uint32_t i = ranking->first[g]; i < ranking->first[g + 1]; i++)
            events[g] += (double)(ranking->unit[i] & 1);
    }
    ranking->recalibration = hf_recalibrate(ranking->log_odds, rows, events, ranking->groups, NULL);
done:
    hf_delete(context, rows);
    hf_delete(context, events);
    return status;
}

hf_status hf_ranking_create(hf_ranking *out, const hf_context *context, const double *probability,
                            const uint8_t *label, const int64_t *cluster, int64_t n, hf_error *error)
{
    hf_status status = HF_OK;
    hf_ranking ranking = {0};
    sort_space space = {0};
    HF_TRY(done, check_rows(probability, label, cluster, n, error));
    HF_TRY(done, sort_space_make(&space, context, n, cluster != NULL, error));
    ranking.rows = n;
    ranking.units = cluster ? number_clusters(&space, cluster, n) : (uint32_t)n;
    sort_rows(&space, probability, label, n);
    ranking.groups = count_groups(space.key, n);
    HF_TRY(done, allocate_ranking(&ranking, context, error));
    fill_ranking(&ranking, &space, label);
    HF_TRY(done, recalibrate(&ranking, context, error));
    *out = ranking;
done:
    if (status != HF_OK) hf_ranking_free(context, &ranking);
    sort_space_free(context, &space);
    return status;
}

hf_status hf_ranking_units(uint32_t *out, const hf_context *context, const int64_t *cluster, int64_t n,
                           hf_error *error)
{
    sort_space space = {0};
    hf_status status = sort_space_make(&space, context, n, true, error);
    if (status == HF_OK) {
        number_clusters(&space, cluster, n);
        memcpy(out, space.unit_of_row, (size_t)n * sizeof *out);
    }
    sort_space_free(context, &space);
    return status;
}

void hf_ranking_free(const hf_context *context, hf_ranking *ranking)
{
    hf_delete(context, ranking->unit);
    hf_delete(context, ranking->first);
    hf_delete(context, ranking->probability);
    hf_delete(context, ranking->event_loss);
    hf_delete(context, ranking->no_event_loss);
    hf_delete(context, ranking->log_odds);
}
