// SPDX-License-Identifier: Apache-2.0
//
// Fingerprints and hashes by XXH3 (xxHash, Collet): fast enough to check every byte of a fleet, not meant
// to withstand someone who forges files on purpose.
#include "base/base_room.h"

#include <xxhash.h>

struct hf_fingerprint {
    const hf_context *context;
    XXH3_state_t *state;
};

uint64_t hf_hash(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

hf_status hf_fingerprint_create(hf_fingerprint **out, const hf_context *context, hf_error *error)
{
    hf_fingerprint *f = hf_new(context, 1, sizeof *f);
    XXH3_state_t *state = f ? XXH3_createState() : NULL;
    if (!state) {
        hf_delete(context, f);
        return hf_fail_memory(error);
    }
    XXH3_128bits_reset(state);
    *f = (hf_fingerprint){context, state};
    *out = f;
    return HF_OK;
}

void hf_fingerprint_add(hf_fingerprint *f, const void *data, size_t size)
{
    if (size > 0) XXH3_128bits_update(f->state, data, size);
}

void hf_fingerprint_finish(hf_fingerprint *f, char out[33])
{
    static const char hex[] = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(f->state));
    for (size_t i = 0; i < 16; i++) {
        out[2 * i] = hex[canonical.digest[i] >> 4];
        out[2 * i + 1] = hex[canonical.digest[i] & 15];
    }
    out[32] = '\0';
    hf_fingerprint_destroy(f);
}

void hf_fingerprint_destroy(hf_fingerprint *f)
{
    if (!f) return;
    XXH3_freeState(f->state);
    hf_delete(f->context, f);
}
