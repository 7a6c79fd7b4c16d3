// SPDX-License-Identifier: Apache-2.0
//
// A write beyond the limit of file sizes raises SIGXFSZ, which would end the program that uses the library.
// Blocked for the thread while it writes, the call fails with EFBIG instead, and the signal is taken back.
#include "store/size_limit.h"

#include <pthread.h>
#include <time.h>

void hf_size_limit_begin(hf_size_limit *limit)
{
    sigset_t raised, pending;
    sigemptyset(&raised);
    sigaddset(&raised, SIGXFSZ);
    sigpending(&pending);
    limit->was_pending = sigismember(&pending, SIGXFSZ) == 1;
    pthread_sigmask(SIG_BLOCK, &raised, &limit->before);
}

void hf_size_limit_end(const hf_size_limit *limit)
{
    const struct timespec now = {0, 0};
    sigset_t raised, pending;
    sigemptyset(&raised);
    sigaddset(&raised, SIGXFSZ);
    sigpending(&pending);
    if (!limit->was_pending && sigismember(&pending, SIGXFSZ) == 1) sigtimedwait(&raised, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &limit->before, NULL);
}
