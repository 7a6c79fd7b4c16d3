// SPDX-License-Identifier: Apache-2.0
//
// Replays the committed corpus of hostile files through the fuzz target, and some thousands of random
// mutations of it.
#include "base/base_room.h"
#include "csv/fuzz_csv.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILES = 128, MOST_BYTES = 65536, MUTATIONS = 3000 };

typedef struct {
    uint8_t *bytes;
    size_t size;
} seed_file;

static int load(seed_file *files)
{
    int count = 0;
    DIR *folder = opendir(HOLDFAST_CSV_CORPUS);
    cr_assert(folder, "no corpus at %s", HOLDFAST_CSV_CORPUS);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL && count < MOST_FILES;) {
        if (entry->d_name[0] == '.') continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", HOLDFAST_CSV_CORPUS, entry->d_name);
        FILE *f = fopen(path, "rb");
        cr_assert(f);
        files[count].bytes = malloc(MOST_BYTES);
        files[count].size = fread(files[count].bytes, 1, MOST_BYTES, f);
        count++;
        fclose(f);
    }
    closedir(folder);
    return count;
}

Test(csv_corpus, every_file_and_its_mutations)
{
    static seed_file files[MOST_FILES];
    int count = load(files);
    cr_assert_geq(count, 20);
    for (int i = 0; i < count; i++)
        LLVMFuzzerTestOneInput(files[i].bytes, files[i].size);
    hf_random r = hf_random_seed(21, 0);
    static const char spice[] = ",\"\n\r;0.%-\0\xff\xc3N ";
    uint8_t *bytes = malloc(2 * MOST_BYTES);
    for (int i = 0; i < MUTATIONS; i++) {
        const seed_file *f = &files[hf_random_below(&r, (uint64_t)count)];
        size_t size = f->size < 4096 ? f->size : 4096;
        memcpy(bytes, f->bytes, size);
        for (uint64_t k = 1 + hf_random_below(&r, 4); k > 0 && size > 2; k--) {
            size_t at = hf_random_below(&r, size),
                   length = 1 + hf_random_below(&r, size - at < 64 ? size - at : 64);
            switch (hf_random_below(&r, 4)) {
            case 0:
                bytes[at] = (uint8_t)spice[hf_random_below(&r, sizeof spice - 1)];
                break;
            case 1:
                bytes[at] ^= (uint8_t)(1u << hf_random_below(&r, 8));
                break;
            case 2: // a piece twice
                memmove(bytes + at + length, bytes + at, size - at);
                size += length;
                break;
            default: // a piece less
                memmove(bytes + at, bytes + at + length, size - at - length);
                size -= length;
            }
        }
        LLVMFuzzerTestOneInput(bytes, size);
    }
    free(bytes);
    for (int i = 0; i < count; i++)
        free(files[i].bytes);
}
