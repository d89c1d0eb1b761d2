#include "core/half.h"

#include <stdbool.h>

#include "core/half_paths.h"

static const char *const NAMES[HALF_PATHS] = {
    [HALF_PORTABLE] = "portable", [HALF_AVX2] = "AVX2", [HALF_AVX512] = "AVX-512"};

const char *half_path_name(enum half_path path) {
    return NAMES[path];
}

#ifdef HALF_X86
/* clang 14 cannot ask for F16C, which every processor with AVX2 has had so far. */
static bool has_avx2_and_f16c(void) {
#ifndef __clang__
    if (!__builtin_cpu_supports("f16c"))
        return false;
#endif
    return __builtin_cpu_supports("avx2");
}
#endif

/* The features are those that the files of the paths are compiled for. */
const struct half_kernels *half_kernels_on(enum half_path path) {
#ifdef HALF_X86
    if (path == HALF_AVX512)
        return has_avx2_and_f16c() && __builtin_cpu_supports("avx512f") ? &half_avx512 : NULL;
    if (path == HALF_AVX2)
        return has_avx2_and_f16c() ? &half_avx2 : NULL;
#endif
    return path == HALF_PORTABLE ? &half_portable : NULL;
}

const struct half_kernels *half_kernels(void) {
    enum half_path path = HALF_PATHS - 1;
    while (half_kernels_on(path) == NULL)
        path--;
    return half_kernels_on(path);
}
