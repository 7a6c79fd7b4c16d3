// SPDX-License-Identifier: Apache-2.0
//
// The definition of every kernel: one plain loop each, an element at a time, compiled for the baseline
// x86-64. The other tables must give the same bits; tests/kernels holds them to it.
#include "kernels/kernel_tables.h"
#include "kernels/logistic.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void curve(float *out, const float *x, int32_t n, const hf_kernel_curve *c)
{
    for (int32_t i = 0; i < n; i++) {
        float d = x[i] - c->origin;
        d = d > c->low ? d : c->low;
        d = d < c->high ? d : c->high;
        float f = c->intercept + c->slope * d;
        for (int32_t k = 0; k < c->hinges; k++)
            f += c->hinge_slope[k] * (d > c->hinge_at[k] ? d - c->hinge_at[k] : 0.0f);
        for (int32_t k = 0; k < c->steps; k++)
            f += x[i] > c->step_at[k] ? c->step_height[k] : 0.0f;
        out[i] = x[i] == x[i] ? f : c->missing;
    }
}

static void table(float *out, const int32_t *codes, int32_t n, int32_t levels, const float *values)
{
    (void)levels;
    for (int32_t i = 0; i < n; i++)
        out[i] = values[codes[i] + 1];
}

static void cells(float *index, const float *x, int32_t n, float cells_of, const float *edge, int32_t edges)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t cell = x[i] == x[i] ? 0 : edges + 1;
        for (int32_t k = 0; k < edges; k++)
            cell += x[i] > edge[k];
        index[i] = index[i] * cells_of + (float)cell;
    }
}

static void pick(float *out, const float *index, int32_t n, int32_t count, const float *values)
{
    (void)count;
    for (int32_t i = 0; i < n; i++)
        out[i] = values[(int32_t)index[i]];
}

static void narrow(float *out, const double *x, int32_t n, double origin)
{
    for (int32_t i = 0; i < n; i++)
        out[i] = (float)(x[i] - origin);
}

static void add(double *sum, const float *term, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        sum[i] += (double)term[i];
}

static uint32_t key_of(float value, uint32_t index, uint32_t index_bits)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t low = (UINT32_C(1) << index_bits) - 1;
    return value >= FLT_MIN ? (bits & ~low) | index : 0;
}

static void add_top(double *sum, uint32_t *keys, int32_t stride, const float *term, int32_t n, uint32_t index,
                    uint32_t index_bits)
{
    for (int32_t i = 0; i < n; i++) {
        sum[i] += (double)term[i];
        uint32_t key = key_of(term[i], index, index_bits);
        for (int32_t j = 0; j < HF_TOP; j++) {
            uint32_t *kept = &keys[(size_t)j * (size_t)stride + (size_t)i];
            uint32_t larger = *kept > key ? *kept : key;
            key = *kept > key ? key : *kept;
            *kept = larger;
        }
    }
}

static float value_of(uint32_t key, uint32_t index_bits)
{
    uint32_t bits = key & (UINT32_MAX << index_bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void reasons(int32_t *reason, uint8_t *unclear, const uint32_t *keys, int32_t stride, int32_t n,
                    int32_t last, uint32_t index_bits, float margin)
{
    const uint32_t low = (UINT32_C(1) << index_bits) - 1;
    const float share = (float)(UINT32_C(2) << index_bits) * 0x1p-23f;
    for (int32_t i = 0; i < n; i++) {
        bool close = false;
        for (int32_t j = 0; j < HF_TOP; j++) {
            uint32_t key = keys[(size_t)j * (size_t)stride + (size_t)i];
            uint32_t next = j + 1 < HF_TOP ? keys[(size_t)(j + 1) * (size_t)stride + (size_t)i] : 0;
            reason[HF_TOP * i + j] = key != 0 ? last - (int32_t)(key & low) : -1;
            float value = value_of(key, index_bits);
            close |= key != 0 && value - value_of(next, index_bits) <= margin + share * value;
            close |= key != 0 && value <= margin + share * value;
        }
        unclear[i] = close;
    }
}

static void bend(double *x, int32_t n, const hf_kernel_bend *b)
{
    for (int32_t i = 0; i < n; i++) {
        double d = x[i] - b->origin;
        double f = b->intercept + b->slope * d;
        for (int32_t k = 0; k < b->hinges; k++)
            f += b->hinge_slope[k] * (d > b->hinge_at[k] ? d - b->hinge_at[k] : 0.0);
        x[i] = f;
    }
}

static void sigmoid(double *out, const double *x, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        out[i] = logistic(x[i]);
}

static uint32_t scan(hf_scan_masks *out, const char *text, int64_t blocks, char delimiter)
{
    uint32_t flags = 0;
    for (int64_t b = 0; b < blocks; b++) {
        hf_scan_masks masks = {0, 0, 0};
        for (int i = 0; i < 64; i++) {
            unsigned char c = (unsigned char)text[64 * b + i];
            masks.quote |= (uint64_t)(c == '"') << i;
            masks.delimiter |= (uint64_t)(c == (unsigned char)delimiter) << i;
            masks.newline |= (uint64_t)(c == '\n') << i;
            flags |= (c == 0 ? HF_SCAN_NUL : 0u) | (c > 127 ? HF_SCAN_HIGH : 0u);
        }
        out[b] = masks;
    }
    return flags;
}

static uint64_t fold(uint16_t *place, double *sum, const float *score, const double *worth, int32_t n,
                     const float *edge, int32_t edges, float near, float scale, int32_t last)
{
    uint64_t close = 0;
    for (int32_t e = 0; e < edges; e++)
        sum[e] = 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t cut = (int32_t)(score[i] * scale);
        int32_t at = cut < 0 ? 0 : cut > last ? last : cut;
        for (int32_t e = 0; e < edges; e++) {
            const bool past = score[i] >= edge[e];
            close |= (uint64_t)(fabsf(score[i] - edge[e]) < near) << i / HF_FOLD_GROUP;
            at += past;
            if (past && worth) sum[e] += worth[i];
        }
        place[i] = (uint16_t)at;
    }
    return close;
}

static uint64_t read_bandwidth(const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint64_t sum = 0;
    for (; bytes >= sizeof sum; bytes -= sizeof sum, p += sizeof sum) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        sum += word;
    }
    for (; bytes > 0; bytes--)
        sum += *p++;
    return sum;
}

const hf_kernels hf_kernels_reference = {
    .isa = HF_ISA_SCALAR,
    .curve = curve,
    .table = table,
    .cells = cells,
    .pick = pick,
    .narrow = narrow,
    .add = add,
    .add_top = add_top,
    .reasons = reasons,
    .bend = bend,
    .sigmoid = sigmoid,
    .fold = fold,
    .scan = scan,
    .read_bandwidth = read_bandwidth,
};
