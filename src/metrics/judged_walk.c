// SPDX-License-Identifier: Apache-2.0
//
// What scores are worth in money, in tenths and at a capacity, from two walks over rows laid out in order:
// one by score, one by date and score. Rows of equal score enter as one piece and what an edge cuts is shared
// in proportion, so that the order of ties cannot matter: a figure at an edge is the mean over all orders.
#include "metrics/judged_walk.h"

#include "metrics/ranking.h"

#include <math.h>
#include <string.h>

// Rows of one score.
typedef struct {
    uint64_t rows, events;
    double lost, kept; // money of the events and of the others
} piece;

static int64_t take_piece(piece *out, const hf_walk_row *rows, int64_t i, int64_t n, const uint32_t *count)
{
    piece p = {0};
    do {
        const uint32_t unit = rows[i].unit, c = count ? count[unit >> 1] : 1;
        p.rows += c;
        if (unit & 1) {
            p.events += c;
            p.lost += c * rows[i].arr;
        } else {
            p.kept += c * rows[i].arr;
        }
        i++;
    } while (i < n && rows[i].mark == HF_WALK_SAME);
    *out = p;
    return i;
}

static piece add_all(const hf_walk_row *rows, int64_t n, const uint32_t *count)
{
    piece all = {0}, one;
    for (int64_t i = 0; i < n;) {
        i = take_piece(&one, rows, i, n, count);
        all.rows += one.rows;
        all.events += one.events;
        all.lost += one.lost;
        all.kept += one.kept;
    }
    return all;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

// ---- by score --------------------------------------------------------------------------------------------

// What falls in a tenth, rows and events in tenths of one.
typedef struct {
    double rows, probability, events, lost, arr;
} tenth_sums;

// Tenth b holds the places [b rows / 10, (b + 1) rows / 10), here times ten.
static void share_piece(tenth_sums *tenths, int *tenth, const piece *p, double probability, uint64_t seen,
                        uint64_t rows)
{
    uint64_t at = HF_TENTHS * seen;
    const uint64_t end = HF_TENTHS * (seen + p->rows);
    while (at < end) {
        const uint64_t edge = (uint64_t)(*tenth + 1) * rows, stop = end < edge ? end : edge;
        const double part = (double)(stop - at), share = part / (double)(HF_TENTHS * p->rows);
        tenth_sums *t = &tenths[*tenth];
        t->rows += part;
        t->probability += part * probability;
        t->events += share * (double)p->events;
        t->lost += share * p->lost;
        t->arr += share * (p->lost + p->kept);
        if (stop == edge && *tenth < HF_TENTHS - 1) ++*tenth;
        at = stop;
    }
}

static void finish_tenths(hf_tenth *out, const tenth_sums *tenths, const piece *all, bool money)
{
    const double arr = all->lost + all->kept;
    double events = 0, lost = 0;
    for (int b = 0; b < HF_TENTHS; b++) {
        const tenth_sums *t = &tenths[b];
        const double rows = t->rows / HF_TENTHS;
        events += t->events;
        lost += t->lost;
        out[b] = (hf_tenth){.probability = ratio(t->probability, t->rows), .rate = ratio(t->events, rows)};
        out[b].lift = ratio(out[b].rate * (double)all->rows, (double)all->events);
        out[b].gain = ratio(events, (double)all->events);
        out[b].arr = money ? t->arr : NAN;
        out[b].arr_churn = money ? ratio(t->lost, t->arr) : NAN;
        out[b].arr_lift = ratio(out[b].arr_churn * arr, all->lost);
        out[b].arr_gain = money ? ratio(lost, all->lost) : NAN;
    }
}

static void walk_by_score(hf_judgement *out, const hf_judged_walk *walk, const piece *all,
                          const uint32_t *count)
{
    const int64_t n = walk->rows->rows;
    const hf_walk_row *rows = walk->ranked;
    const bool money = walk->rows->arr != NULL;
    tenth_sums tenths[HF_TENTHS] = {{0}};
    piece p;
    uint64_t seen = 0;
    double lost = 0, won = 0, expected = 0;
    int tenth = 0;
    for (int64_t i = 0; i < n;) {
        const double probability = rows[i].probability;
        i = take_piece(&p, rows, i, n, count);
        if (p.rows == 0) continue;
        share_piece(tenths, &tenth, &p, probability, seen, all->rows);
        won += p.kept * (2 * lost + p.lost);
        expected += probability * (p.lost + p.kept);
        lost += p.lost;
        seen += p.rows;
    }
    finish_tenths(out->tenth, tenths, all, money);
    const double arr = all->lost + all->kept, auc = ratio(won, 2 * all->lost * all->kept);
    out->figure[HF_FIGURE_arr_churn] = money ? ratio(all->lost, arr) : NAN;
    out->figure[HF_FIGURE_arr_expected] = money ? ratio(expected, arr) : NAN;
    out->figure[HF_FIGURE_arr_ratio] = money ? ratio(expected, all->lost) : NAN;
    out->figure[HF_FIGURE_arr_auc] = auc > 1 ? 1 : auc; // rounding can pass 1
    out->figure[HF_FIGURE_arr_caught_10] = out->tenth[0].arr_gain;
}

// ---- at a capacity -----------------------------------------------------------------------------------------

static void work_piece(hf_judgement *out, const hf_judged_rows *rows, const piece *p, uint64_t seen)
{
    for (int32_t k = 0; k < rows->capacities; k++) {
        const uint64_t most = (uint64_t)rows->capacity[k];
        if (seen >= most) continue;
        const uint64_t left = most - seen, taken = left < p->rows ? left : p->rows;
        const double share = (double)taken / (double)p->rows;
        hf_worked *w = &out->worked[k];
        w->worked += (double)taken;
        w->caught += share * (double)p->events;
        w->arr_caught += share * p->lost;
        w->arr_worked += share * (p->lost + p->kept);
    }
}

static void walk_by_date(hf_judgement *out, const hf_judged_walk *walk, const piece *all,
                         const uint32_t *count)
{
    const int64_t n = walk->rows->rows;
    const hf_walk_row *rows = walk->worked;
    const bool money = walk->rows->arr != NULL;
    uint64_t seen = 0;
    piece p;
    memset(out->worked, 0, sizeof out->worked);
    for (int64_t i = 0; i < n;) {
        if (rows[i].mark == HF_WALK_NEW_DATE) seen = 0;
        i = take_piece(&p, rows, i, n, count);
        if (p.rows == 0) continue;
        work_piece(out, walk->rows, &p, seen);
        seen += p.rows;
    }
    for (int32_t k = 0; k < walk->rows->capacities; k++) {
        hf_worked *w = &out->worked[k];
        w->precision = ratio(w->caught, w->worked);
        w->recall = ratio(w->caught, (double)all->events);
        w->arr_recall = money ? ratio(w->arr_caught, all->lost) : NAN;
        if (!money) w->arr_caught = w->arr_worked = NAN;
    }
}

void hf_judged_walk_take(hf_judgement *out, const hf_judged_walk *walk, const uint32_t *count)
{
    const piece all = add_all(walk->ranked, walk->rows->rows, count);
    walk_by_score(out, walk, &all, count);
    if (walk->worked) walk_by_date(out, walk, &all, count);
}

// ---- the orders ------------------------------------------------------------------------------------------

// Scratch of the sorts.
typedef struct {
    uint64_t *key, *key_scratch;
    uint32_t *row, *row_scratch;
} sort_space;

static double rank_value(const hf_judged_rows *rows, const double *probability, int64_t i, bool by_arr)
{
    return by_arr && rows->arr ? probability[i] * rows->arr[i] : probability[i];
}

// Sorts the row numbers by score and, with dates, stably by date.
static void sort_rows(sort_space *s, const hf_judged_rows *rows, const double *probability, bool by_date)
{
    const bool by_arr = by_date && rows->rank_by_arr;
    for (int64_t i = 0; i < rows->rows; i++) {
        s->key[i] = ~hf_sort_key(rank_value(rows, probability, i, by_arr));
        s->row[i] = (uint32_t)i;
    }
    hf_radix_sort(s->key, s->row, s->key_scratch, s->row_scratch, rows->rows);
    if (!by_date || !rows->date) return;
    for (int64_t i = 0; i < rows->rows; i++)
        s->key[i] = (uint64_t)((int64_t)rows->date[s->row[i]] - INT32_MIN);
    hf_radix_sort(s->key, s->row, s->key_scratch, s->row_scratch, rows->rows);
}

static void lay_out(hf_walk_row *out, const sort_space *s, const hf_judged_rows *rows, const uint32_t *unit,
                    const double *probability, bool by_date)
{
    const bool by_arr = by_date && rows->rank_by_arr, dated = by_date && rows->date;
    for (int64_t i = 0; i < rows->rows; i++) {
        const int64_t row = s->row[i], before = i > 0 ? s->row[i - 1] : row;
        const bool new_date = i == 0 || (dated && rows->date[row] != rows->date[before]);
        const bool new_score =
            rank_value(rows, probability, row, by_arr) != rank_value(rows, probability, before, by_arr);
        out[i] = (hf_walk_row){.unit = 2 * unit[row] + rows->label[row],
                               .mark = new_date    ? HF_WALK_NEW_DATE
                                       : new_score ? HF_WALK_NEW_SCORE
                                                   : HF_WALK_SAME,
                               .probability = probability[row],
                               .arr = rows->arr ? rows->arr[row] : 0};
    }
}

hf_status hf_judged_walk_create(hf_judged_walk *out, const hf_context *context, const hf_judged_rows *rows,
                                const uint32_t *unit, const double *probability, hf_error *error)
{
    hf_judged_walk made = {.rows = rows};
    sort_space s = {0};
    hf_status status = HF_OK;
    const size_t n = (size_t)rows->rows;
    s.key = hf_new_raw(context, n, sizeof *s.key);
    s.key_scratch = hf_new_raw(context, n, sizeof *s.key_scratch);
    s.row = hf_new_raw(context, n, sizeof *s.row);
    s.row_scratch = hf_new_raw(context, n, sizeof *s.row_scratch);
    made.ranked = hf_new_raw(context, n, sizeof *made.ranked);
    if (rows->capacities > 0) made.worked = hf_new_raw(context, n, sizeof *made.worked);
    if (!s.key || !s.key_scratch || !s.row || !s.row_scratch || !made.ranked ||
        (rows->capacities > 0 && !made.worked)) {
        status = hf_fail_memory(error);
        goto done;
    }
    sort_rows(&s, rows, probability, false);
    lay_out(made.ranked, &s, rows, unit, probability, false);
    if (made.worked) {
        sort_rows(&s, rows, probability, true);
        lay_out(made.worked, &s, rows, unit, probability, true);
    }
    *out = made;
    made = (hf_judged_walk){0};
done:
    hf_judged_walk_free(context, &made);
    hf_delete(context, s.key);
    hf_delete(context, s.key_scratch);
    hf_delete(context, s.row);
    hf_delete(context, s.row_scratch);
    return status;
}

void hf_judged_walk_free(const hf_context *context, hf_judged_walk *walk)
{
    hf_delete(context, walk->ranked);
    hf_delete(context, walk->worked);
    *walk = (hf_judged_walk){0};
}
