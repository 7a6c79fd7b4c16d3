// SPDX-License-Identifier: Apache-2.0
//
// The "C" locale, for the files of this room only: whatever locale the program that uses the library has
// set, numbers have a point.
#ifndef HOLDFAST_C_LOCALE_H
#define HOLDFAST_C_LOCALE_H

#include <locale.h>
#include <stdarg.h>
#include <stddef.h>

locale_t hf_c_locale(void); // made once; never freed
// vsnprintf in the "C" locale, for this thread and this call alone.
int hf_print_c(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
