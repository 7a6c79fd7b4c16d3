// SPDX-License-Identifier: Apache-2.0
//
// Makes the store that the h5py test reads, in the folder it is given. The values are awkward on purpose and
// written out again in test_h5py.py.
#include "store_fixture.h"

#include <math.h>
#include <string.h>

// What made the scores, as JSON of several kB.
static void write_provenance(char out[32000])
{
    size_t length = (size_t)sprintf(out, "{\"definition\": \"7db8\", \"inputs\": [");
    for (int i = 0; i < 1000; i++)
        length += (size_t)sprintf(out + length, "%s\"input %d.csv\"", i == 0 ? "" : ", ", i);
    strcpy(out + length, "]}");
}

int main(int count, char **arguments)
{
    static char provenance[32000];
    static const char *const texts[] = {"", "basic", "größer"};
    static const size_t lengths[] = {0, 5, 8};
    static const char ids[] = "a-1\0\0b-\xc3\xbc\0c\0\0\0\0d-444";
    static const int32_t codes[] = {2, -1, 0, 1}, days[] = {0, 20757, HF_DATE_MISSING, -1};
    static const float tickets[] = {1.5f, NAN, -0.0f, 16777216.0f};
    static const double arr[] = {1234567.89, NAN, 0.0, -1e300};
    hf_context *context = NULL;
    hf_frame *frame = NULL;
    hf_column *c = NULL;
    hf_store *store = NULL;
    hf_error error = {0};
    hf_status status = HF_OK;
    hf_store_write_options options = {false, "2026-11-01T02:03:04Z"};
    if (count != 2) return 2;
    HF_TRY(done, hf_context_create(&context, NULL, &error));
    HF_TRY(done, hf_frame_create(&frame, context, 4, 5, &error));
    memcpy(frame->ids, ids, 20);
    frame->as_of = A_DATE;
    HF_TRY(done, hf_frame_set_source(frame, "account_id", "export.csv", &error));
    HF_TRY(done, hf_frame_add(frame, &c, "tickets", HF_KIND_COUNT, HF_STORAGE_F32, &error));
    memcpy(c->values, tickets, sizeof tickets);
    c->missing = 1;
    c->direction = HF_DIRECTION_HIGHER_BAD;
    HF_TRY(done, hf_column_set_unit(frame, c, "tickets", &error));
    HF_TRY(done, hf_frame_add(frame, &c, "arr", HF_KIND_MONEY, HF_STORAGE_F64, &error));
    memcpy(c->values, arr, sizeof arr);
    c->missing = 1;
    HF_TRY(done, hf_frame_add(frame, &c, "plan", HF_KIND_CATEGORY, HF_STORAGE_CODE, &error));
    memcpy(c->values, codes, sizeof codes);
    c->missing = 1;
    HF_TRY(done, hf_dictionary_build(&c->dictionary, context, texts, lengths, 3, NULL, &error));
    HF_TRY(done, hf_frame_add(frame, &c, "renewal", HF_KIND_DATE, HF_STORAGE_DAY, &error));
    memcpy(c->values, days, sizeof days);
    c->missing = 1;
    HF_TRY(done, hf_frame_add(frame, &c, "use/seat 50%", HF_KIND_RATIO, HF_STORAGE_F32, &error));
    memcpy(c->values, tickets, sizeof tickets);
    c->missing = 1;
    HF_TRY(done, hf_store_open(&store, context, arguments[1], HF_STORE_WRITE, &error));
    HF_TRY(done, hf_store_write(store, frame, &options, NULL, NULL, &error));
    write_provenance(provenance);
    HF_TRY(done, hf_frame_set_source(frame, "account_id", provenance, &error));
    HF_TRY(done, hf_store_write_scores(store, frame, &options, NULL, NULL, &error));
done:
    if (status != HF_OK) fprintf(stderr, "%s\n", error.message);
    hf_store_close(store);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    return status == HF_OK ? 0 : 1;
}
