// SPDX-License-Identifier: Apache-2.0
//
// A program outside the project that uses an installed Holdfast: includes every public header, makes a
// context, and has a date read and an error told.
#include <holdfast/holdfast.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    hf_context *context = NULL;
    hf_error error = {HF_OK, "", 0, 0, ""};
    hf_date date = 0;
    hf_frame *frame = NULL;
    char text[11] = "";
    if (hf_context_create(&context, NULL, &error) != HF_OK) return 1;
    if (!hf_date_parse(&date, "2026-10-31", 10)) return 2;
    hf_date_format(date, text);
    if (strcmp(text, "2026-10-31") != 0) return 3;
    if (hf_csv_read(&frame, NULL, context, "no-such-file.csv", NULL, &error) != HF_ERROR_IO) return 4;
    if (strcmp(error.file, "no-such-file.csv") != 0) return 5;
    hf_context_destroy(context);
    printf("consumer of holdfast %s\n", hf_version());
    return 0;
}
