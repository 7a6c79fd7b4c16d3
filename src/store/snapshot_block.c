// SPDX-License-Identifier: Apache-2.0
//
// The head of a snapshot file: a page of readable text that says what the file is and holds the checksum of
// all the bytes after it, as a two-level XXH3 tree so that all cores can check it. The last 24 bytes check
// the page itself, at the same place in every version. The text has one spelling only: a reader renders what
// it has read and compares, so that no byte of the page can change unseen.
#include "store/snapshot_block.h"

#include <inttypes.h>
#include <string.h>

#define CHECK_AT (HF_BLOCK_SIZE - 24)

static const char magic[] = "Holdfast snapshot ";

static void render_check(char out[25], const char *block)
{
    snprintf(out, 25, "check %016" PRIx64 "\n", hf_hash(block, CHECK_AT, 0));
}

void hf_block_render(char out[HF_BLOCK_SIZE], const hf_snapshot_block *block)
{
    char date[11], check[25] = {0};
    hf_date_format(block->as_of, date);
    memset(out, 0, HF_BLOCK_SIZE);
    snprintf(
        out, CHECK_AT,
        "%s%d\n"
        "as_of %s\n"
        "recorded_at %s\n"
        "rows %" PRId64 "\n"
        "columns %" PRId32 "\n"
        "fingerprint %s\n"
        "length %" PRIu64 "\n"
        "superblock %016" PRIx64 "\n"
        "checksum %s\n"
        "\n"
        "An HDF5 file begins at byte %d: open this file with any HDF5 library, or h5py. The checksum covers "
        "every byte from there on.\n",
        magic, HF_FORMAT_MAJOR, date, block->recorded_at, block->rows, block->columns, block->fingerprint,
        block->length, block->superblock, block->checksum, HF_BLOCK_SIZE);
    render_check(check, out);
    memcpy(out + CHECK_AT, check, 24);
}

// Takes "key value\n" off the text at *at: false unless the key is there and the value fits.
static bool take(char *value, size_t size, const char **at, const char *end, const char *key)
{
    size_t length = strlen(key);
    if ((size_t)(end - *at) < length || memcmp(*at, key, length) != 0) return false;
    const char *from = *at + length;
    const char *line = memchr(from, '\n', (size_t)(end - from));
    if (!line || (size_t)(line - from) >= size) return false;
    memcpy(value, from, (size_t)(line - from));
    value[line - from] = '\0';
    *at = line + 1;
    return true;
}

static bool take_number(uint64_t *out, const char **at, const char *end, const char *key, uint64_t base)
{
    char text[24];
    uint64_t value = 0;
    if (!take(text, sizeof text, at, end, key) || text[0] == '\0') return false;
    for (const char *p = text; *p != '\0'; p++) {
        uint64_t digit = *p >= '0' && *p <= '9'   ? (uint64_t)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (uint64_t)(*p - 'a' + 10)
                                                  : base;
        if (digit >= base || value > (UINT64_MAX - digit) / base) return false;
        value = value * base + digit;
    }
    *out = value;
    return true;
}

static bool parse_lines(hf_snapshot_block *block, const char *at, const char *end)
{
    char date[16];
    uint64_t rows = 0, columns = 0;
    bool good =
        take(date, sizeof date, &at, end, "as_of ") && hf_date_parse(&block->as_of, date, strlen(date)) &&
        take(block->recorded_at, sizeof block->recorded_at, &at, end, "recorded_at ") &&
        take_number(&rows, &at, end, "rows ", 10) && take_number(&columns, &at, end, "columns ", 10) &&
        take(block->fingerprint, sizeof block->fingerprint, &at, end, "fingerprint ") &&
        take_number(&block->length, &at, end, "length ", 10) &&
        take_number(&block->superblock, &at, end, "superblock ", 16) &&
        take(block->checksum, sizeof block->checksum, &at, end, "checksum ") && rows >= 1 &&
        rows <= INT64_MAX && columns <= INT32_MAX && hf_is_recorded_at(block->recorded_at);
    block->rows = (int64_t)rows;
    block->columns = (int32_t)columns;
    return good;
}

hf_block_state hf_block_parse(hf_snapshot_block *out, const char *data, size_t size)
{
    static const char hdf5[8] = "\211HDF\r\n\032\n";
    char check[25] = {0}, version[8], again[HF_BLOCK_SIZE];
    hf_snapshot_block block = {.as_of = HF_DATE_MISSING};
    if (size >= sizeof hdf5 && memcmp(data, hdf5, sizeof hdf5) == 0) return HF_BLOCK_ABSENT;
    if (size < HF_BLOCK_SIZE) return HF_BLOCK_BAD;
    const char *at = data;
    if (!take(version, sizeof version, &at, data + CHECK_AT, magic)) return HF_BLOCK_BAD;
    render_check(check, data);
    if (memcmp(check, data + CHECK_AT, 24) != 0) return HF_BLOCK_BAD;
    if (strcmp(version, "1") != 0)
        return version[0] >= '1' && version[0] <= '9' ? HF_BLOCK_NEWER : HF_BLOCK_BAD;
    if (!parse_lines(&block, at, data + CHECK_AT)) return HF_BLOCK_BAD;
    hf_block_render(again, &block);
    if (memcmp(again, data, HF_BLOCK_SIZE) != 0) return HF_BLOCK_BAD;
    *out = block;
    return HF_BLOCK_WHOLE;
}

size_t hf_leaf_count(uint64_t length)
{
    return length <= HF_BLOCK_SIZE ? 0 : (size_t)((length - HF_BLOCK_SIZE + HF_LEAF_SIZE - 1) / HF_LEAF_SIZE);
}

hf_status hf_leaf_root(char out[HF_DIGEST_TEXT], const hf_context *context, const uint64_t *leaves,
                       size_t count, uint64_t length, hf_error *error)
{
    hf_fingerprint *f = NULL;
    hf_status status = hf_fingerprint_create(&f, context, error);
    if (status != HF_OK) return status;
    hf_fingerprint_add(f, leaves, count * sizeof *leaves);
    hf_fingerprint_add(f, &length, sizeof length);
    hf_fingerprint_finish(f, out);
    return HF_OK;
}

bool hf_is_recorded_at(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00Z";
    hf_date date;
    if (strlen(text) != sizeof shape - 1) return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return false;
    return hf_date_parse(&date, text, 10) && strncmp(text + 11, "24", 2) < 0 && text[14] < '6' &&
           text[17] < '7';
}

void hf_snapshot_name(char out[HF_SNAPSHOT_NAME], hf_date as_of, int32_t revision)
{
    char date[11];
    hf_date_format(as_of, date);
    if (revision <= 1)
        snprintf(out, HF_SNAPSHOT_NAME, "%s.h5", date);
    else
        snprintf(out, HF_SNAPSHOT_NAME, "%s.r%" PRId32 ".h5", date, revision);
}

bool hf_snapshot_name_parse(hf_date *as_of, int32_t *revision, const char *name)
{
    char again[HF_SNAPSHOT_NAME];
    hf_date date;
    int32_t number = 1;
    size_t length = strlen(name);
    if (length < 13 || length >= HF_SNAPSHOT_NAME || !hf_date_parse(&date, name, 10)) return false;
    if (name[11] == 'r') {
        number = 0;
        for (const char *p = name + 12; *p >= '0' && *p <= '9' && number < 100000000; p++)
            number = number * 10 + (*p - '0');
    }
    hf_snapshot_name(again, date, number);
    if (strcmp(again, name) != 0) return false;
    *as_of = date;
    *revision = number;
    return true;
}
