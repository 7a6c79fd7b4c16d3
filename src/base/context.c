// SPDX-License-Identifier: Apache-2.0
//
// The context: callbacks, allocator, thread plan and instruction set, resolved once when it is made and
// immutable after, so that every pass runs on what was asked for.
#include "base/context.h"

#include "base/base_room.h"
#include "base/c_locale.h"

#include <omp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const isa_names[] = {"auto", "scalar", "avx2", "avx512"};

const char *hf_isa_name(hf_isa isa)
{
    return (size_t)isa < sizeof isa_names / sizeof isa_names[0] ? isa_names[isa] : "unknown";
}

const char *hf_version(void)
{
    return HOLDFAST_VERSION;
}

static void *libc_resize(void *user, void *p, size_t size)
{
    (void)user;
    if (size > 0) return realloc(p, size);
    free(p);
    return NULL;
}

static bool machine_has(hf_isa isa)
{
    switch (isa) {
    case HF_ISA_AUTO:
    case HF_ISA_SCALAR:
        return true;
    case HF_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
               __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    case HF_ISA_AVX512:
        return machine_has(HF_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
    }
    return false;
}

static hf_status resolve_isa(hf_isa *isa, hf_error *error)
{
    const char *forced = getenv("HOLDFAST_ISA");
    if (*isa == HF_ISA_AUTO && forced && forced[0] != '\0') {
        int32_t found = -1;
        for (int32_t i = 0; i < (int32_t)(sizeof isa_names / sizeof isa_names[0]); i++)
            if (strcmp(forced, isa_names[i]) == 0) found = i;
        if (found < 0)
            return hf_fail(error, HF_ERROR_USAGE,
                           "HOLDFAST_ISA is '%s'; it takes auto, scalar, avx2 or avx512", forced);
        *isa = (hf_isa)found;
    }
    if (!machine_has(*isa))
        return hf_fail(error, HF_ERROR_USAGE, "this machine has no %s instructions; use auto",
                       hf_isa_name(*isa));
    if (*isa == HF_ISA_AUTO)
        *isa = machine_has(HF_ISA_AVX512) ? HF_ISA_AVX512
               : machine_has(HF_ISA_AVX2) ? HF_ISA_AVX2
                                          : HF_ISA_SCALAR;
    return HF_OK;
}

hf_status hf_context_create(hf_context **out, const hf_context_options *options, hf_error *error)
{
    hf_context_options resolved = HF_CONTEXT_OPTIONS_INIT;
    if (options) resolved = *options;
    if (!resolved.resize) resolved.resize = libc_resize;
    if (resolved.threads < 0 || resolved.threads > 1024)
        return hf_fail(error, HF_ERROR_USAGE, "threads is %d; it takes 0 (all) to 1024", resolved.threads);
    if (resolved.threads == 0) resolved.threads = omp_get_num_procs();
    if (resolved.threads > 1024) resolved.threads = 1024;
    hf_status status = resolve_isa(&resolved.isa, error);
    if (status != HF_OK) return status;
    hf_context *context = resolved.resize(resolved.resize_user, NULL, sizeof *context);
    if (!context) return hf_fail_memory(error);
    context->options = resolved;
    context->warnings = 0;
    *out = context;
    return HF_OK;
}

hf_status hf_context_quiet(hf_context **out, const hf_context *context, hf_error *error)
{
    hf_context_options options = context->options;
    options.log = NULL;
    options.progress = NULL;
    return hf_context_create(out, &options, error);
}

void hf_context_destroy(hf_context *context)
{
    if (context) context->options.resize(context->options.resize_user, context, 0);
}

int hf_context_threads(const hf_context *context)
{
    return context->options.threads;
}

hf_isa hf_context_isa(const hf_context *context)
{
    return context->options.isa;
}

void hf_log(const hf_context *context, hf_log_level level, const char *format, ...)
{
    // The count is the one thing of a context that changes.
    if (level == HF_LOG_WARNING)
        __atomic_fetch_add(&((hf_context *)(uintptr_t)context)->warnings, 1, __ATOMIC_RELAXED);
    if (!context->options.log) return;
    char message[2048];
    va_list args;
    va_start(args, format);
    hf_print_c(message, sizeof message, format, args);
    va_end(args);
    context->options.log(context->options.log_user, level, message);
}

int64_t hf_warnings(const hf_context *context)
{
    return __atomic_load_n(&context->warnings, __ATOMIC_RELAXED);
}

void hf_progress(const hf_context *context, const char *stage, int64_t done, int64_t total)
{
    if (context->options.progress)
        context->options.progress(context->options.progress_user, stage, done, total);
}

hf_status hf_check_cancel(const hf_context *context, hf_error *error)
{
    if (context->options.cancel && context->options.cancel(context->options.cancel_user))
        return hf_fail(error, HF_ERROR_CANCELLED, "interrupted; nothing was changed");
    return HF_OK;
}
