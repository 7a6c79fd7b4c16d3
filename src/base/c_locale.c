// SPDX-License-Identifier: Apache-2.0
//
// The "C" locale, made once, and printing in it. uselocale changes the calling thread alone and is undone
// before the call returns, so the program's locale is never touched.
#include "base/c_locale.h"

#include <pthread.h>
#include <stdio.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

// For the name "C" the C library hands out a static object, so this cannot fail.
static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t hf_c_locale(void)
{
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale;
}

int hf_print_c(char *out, size_t size, const char *format, va_list args)
{
    locale_t before = uselocale(hf_c_locale());
    int length = vsnprintf(out, size, format, args);
    uselocale(before);
    return length;
}
