// SPDX-License-Identifier: Apache-2.0
//
// Agreement of two rankings: Spearman's correlation of mean ranks, and Kendall's tau-b by Knight's way
// (1966): rows sorted by the first score, then as many exchanges as a merge sort by the second makes.
#include "whatif/whatif_room.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    double x, y;
    int32_t row;
} pair;

static int by_x_then_y(const void *a, const void *b)
{
    const pair *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    return (p->y > q->y) - (p->y < q->y);
}

// Merges two sorted runs by y; returns how many pairs stood the other way round.
static int64_t merge(pair *p, pair *room, int32_t first, int32_t middle, int32_t end)
{
    int64_t exchanges = 0;
    int32_t i = first, j = middle, k = first;
    while (i < middle || j < end) {
        if (j == end || (i < middle && p[i].y <= p[j].y)) {
            room[k++] = p[i++];
        } else {
            exchanges += middle - i;
            room[k++] = p[j++];
        }
    }
    for (k = first; k < end; k++)
        p[k] = room[k];
    return exchanges;
}

static int64_t sort_by_y(pair *p, pair *room, int32_t n)
{
    int64_t exchanges = 0;
    for (int32_t width = 1; width < n; width *= 2)
        for (int32_t first = 0; first + width < n; first += 2 * width)
            exchanges += merge(p, room, first, first + width, first + 2 * width < n ? first + 2 * width : n);
    return exchanges;
}

static int64_t pairs_of(int64_t n)
{
    return n * (n - 1) / 2;
}

// Walks the runs of equal values: gives them their mean rank, returns the pairs within them.
static int64_t rank_ties(pair *p, double *rank, int32_t n, bool of_y)
{
    int64_t tied = 0;
    for (int32_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && (of_y ? p[j].y == p[i].y : p[j].x == p[i].x); j++)
            ;
        for (int32_t k = i; k < j; k++)
            rank[p[k].row] = 0.5 * (i + j - 1);
        tied += pairs_of(j - i);
    }
    return tied;
}

static int64_t tied_in_both(const pair *p, int32_t n)
{
    int64_t tied = 0;
    for (int32_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && p[j].x == p[i].x && p[j].y == p[i].y; j++)
            ;
        tied += pairs_of(j - i);
    }
    return tied;
}

static double correlation(const double *x, const double *y, int32_t n)
{
    const double mean = 0.5 * (n - 1);
    double xx = 0, yy = 0, xy = 0;
    for (int32_t i = 0; i < n; i++) {
        xx += (x[i] - mean) * (x[i] - mean);
        yy += (y[i] - mean) * (y[i] - mean);
        xy += (x[i] - mean) * (y[i] - mean);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

hf_status hf_rank_agreement(double *spearman, double *kendall, const hf_context *context, const double *a,
                            const double *b, int32_t n, hf_error *error)
{
    hf_status status = HF_OK;
    int32_t count = 0;
    pair *p = hf_new(context, 2 * (size_t)n + 1, sizeof *p);
    double *rank = hf_new(context, 2 * (size_t)n + 1, sizeof *rank);
    if (!p || !rank) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < n; i++)
        if (!isnan(a[i]) && !isnan(b[i])) {
            p[count] = (pair){.x = a[i], .y = b[i], .row = count};
            count++;
        }
    qsort(p, (size_t)count, sizeof *p, by_x_then_y);
    const int64_t all = pairs_of(count), both = tied_in_both(p, count),
                  of_x = rank_ties(p, rank, count, false), against = sort_by_y(p, p + n, count),
                  of_y = rank_ties(p, rank + n, count, true);
    const double sides = sqrt((double)(all - of_x)) * sqrt((double)(all - of_y));
    *kendall = sides > 0 ? (double)(all - of_x - of_y + both - 2 * against) / sides : NAN;
    *spearman = correlation(rank, rank + n, count);
done:
    hf_delete(context, p);
    hf_delete(context, rank);
    return status;
}
