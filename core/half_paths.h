/* What half.c and the files of the instruction sets share. */
#ifndef CORE_HALF_PATHS_H
#define CORE_HALF_PATHS_H

#include <string.h>

#include "core/half.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HALF_X86
#endif

extern const struct half_kernels half_portable;
#ifdef HALF_X86
extern const struct half_kernels half_avx2, half_avx512;
#endif

enum {
    FLOAT_SIGN_OFF = 0x7fffffff,
    FLOAT_INFINITY = 0x7f800000,
    FLOAT_BIAS = 127,
    FLOAT_FRACTION_BITS = 23,
    FLOAT16_TOP = 14, /* the exponent of a row's largest value */
    BFLOAT16_QUIET = 0x40
};

/* The shift of a row, from the largest of its values' bits without their signs. */
static inline int half_shift(uint32_t largest) {
    if (largest == 0 || largest >= FLOAT_INFINITY)
        return 0;
    int shift = FLOAT16_TOP - ((int)(largest >> FLOAT_FRACTION_BITS) - FLOAT_BIAS);
    return shift < FLOAT16_SHIFT_MOST ? shift : FLOAT16_SHIFT_MOST;
}

/* 2^power, for powers from -126 to 127. */
static inline float half_power(int power) {
    uint32_t bits = (uint32_t)(FLOAT_BIAS + power) << FLOAT_FRACTION_BITS;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
