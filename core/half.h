/* Floats in sixteen bits, and rows of floats to them and back.
 *
 *   bfloat16  the upper half of a float: its range, 8 bits of precision (1 part in 256)
 *   float16   IEEE binary16: 11 bits of precision (1 part in 2,048), but only from 6e-8 to 65,504. So a row comes with a
 *             power of two, its shift: the words are those of value * 2^shift, and the largest of a row lies in
 *             [2^14, 2^15), unless all are below 2^-112. Nothing overflows, and what is 2^28 times smaller than the largest keeps its precision. The
 *             multiplication is exact.
 *
 * Rounding is to nearest, ties to even, always; NaN stays NaN (quiet, its sign and upper bits kept), infinity stays
 * infinity, and a row that holds either has shift 0. What rounds up to 2^128 becomes infinity, as it would in a float. Same bits on
 * every path (AVX-512, AVX2 with F16C, portable). */
#ifndef CORE_HALF_H
#define CORE_HALF_H

#include <stddef.h>
#include <stdint.h>

enum { HALF_GROUP = 8, FLOAT16_SHIFT_LEAST = -113, FLOAT16_SHIFT_MOST = 126 };

/* The conversions of one instruction set. Counts and strides are multiples of HALF_GROUP; nothing need be aligned beyond
 * its own type. */
struct half_kernels {
    void (*bfloat16_round)(const float *values, size_t count, uint16_t *words);
    void (*bfloat16_widen)(const uint16_t *words, size_t count, float *values);
    void (*float16_round)(const float *values, size_t rows, size_t stride, uint16_t *words, int8_t *shifts);
    /* Every shift is from FLOAT16_SHIFT_LEAST to FLOAT16_SHIFT_MOST. */
    void (*float16_widen)(const uint16_t *words, const int8_t *shifts, size_t rows, size_t stride,
                          float *values);
};

/* The instruction sets, from the slowest. */
enum half_path { HALF_PORTABLE, HALF_AVX2, HALF_AVX512, HALF_PATHS };

const char *half_path_name(enum half_path path);

/* NULL where this machine lacks the instructions. */
const struct half_kernels *half_kernels_on(enum half_path path);

/* The best that this machine has. */
const struct half_kernels *half_kernels(void);

#endif
