// SPDX-License-Identifier: Apache-2.0
//
// Chooses a table of kernels by what the processor and the operating system support. The compiler's own
// probe is used: it reads CPUID and, through XGETBV, whether the system saves the wide registers.
#include "kernels/kernel_tables.h"

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
}

const hf_kernels *hf_kernels_for(hf_isa isa)
{
    switch (isa) {
    case HF_ISA_SCALAR:
        return &hf_kernels_reference;
    case HF_ISA_AVX2:
        return has_avx2() ? &hf_kernels_avx2 : NULL;
    case HF_ISA_AVX512:
        return has_avx512() ? &hf_kernels_avx512 : NULL;
    case HF_ISA_AUTO:
        break;
    }
    if (has_avx512()) return &hf_kernels_avx512;
    return has_avx2() ? &hf_kernels_avx2 : &hf_kernels_reference;
}
