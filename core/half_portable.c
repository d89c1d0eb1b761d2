/* Sixteen bits on any machine: integers, so that nothing depends on what a processor makes of a float. */
#include "core/half_paths.h"

enum {
    FLOAT16_SIGN = 0x8000,
    FLOAT16_INFINITY = 0x7c00,
    FLOAT16_QUIET = 0x200,
    FRACTION_BITS_LOST = 13,
    BIAS_LOST = (127 - 15) << 23,
    LEAST_NORMAL = 0x38800000,    /* 2^-14 */
    LEAST_TOO_LARGE = 0x477ff000, /* 65,520: halfway from the largest to what would be the next */
    ONE_HALF = FLOAT_BIAS - 1 /* exponent of 0.5, whose last bit is 2^-24, as that of a denormal word is */
};

static inline uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float value_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Adding half of what is cut off, less one bit when what is kept is even, carries where it must. */
static inline uint32_t cut_even(uint32_t bits, unsigned lost) {
    return (bits + (1u << (lost - 1)) - 1 + (bits >> lost & 1)) >> lost;
}

static void bfloat16_round(const float *values, size_t count, uint16_t *words) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(values[i]);
        uint32_t is_nan = (bits & FLOAT_SIGN_OFF) > FLOAT_INFINITY;
        words[i] = (uint16_t)(is_nan ? bits >> 16 | BFLOAT16_QUIET : cut_even(bits, 16));
    }
}

static void bfloat16_widen(const uint16_t *words, size_t count, float *values) {
    for (size_t i = 0; i < count; i++)
        values[i] = value_of((uint32_t)words[i] << 16);
}

static inline uint32_t magnitude_of_float16(uint32_t bits) {
    if (bits > FLOAT_INFINITY)
        return FLOAT16_INFINITY | FLOAT16_QUIET | (bits >> FRACTION_BITS_LOST & 0x3ff);
    if (bits >= LEAST_TOO_LARGE)
        return FLOAT16_INFINITY;
    if (bits >= LEAST_NORMAL)
        return cut_even(bits - BIAS_LOST, FRACTION_BITS_LOST);
    uint32_t half = (uint32_t)ONE_HALF << FLOAT_FRACTION_BITS;
    return bits_of(value_of(bits) + value_of(half)) - half; /* the addition rounds to 2^-24 */
}

static inline uint16_t float16_of(float value) {
    uint32_t bits = bits_of(value), sign = bits >> 16 & FLOAT16_SIGN;
    return (uint16_t)(sign | magnitude_of_float16(bits & FLOAT_SIGN_OFF));
}

static inline float float_of_float16(uint16_t word) {
    uint32_t sign = (uint32_t)(word & FLOAT16_SIGN) << 16, magnitude = word & ~(uint32_t)FLOAT16_SIGN;
    uint32_t wide = magnitude << FRACTION_BITS_LOST;
    if (magnitude > FLOAT16_INFINITY)
        wide |= FLOAT_INFINITY | (uint32_t)FLOAT16_QUIET << FRACTION_BITS_LOST;
    else if (magnitude == FLOAT16_INFINITY)
        wide = FLOAT_INFINITY;
    else if (magnitude >= 0x400)
        wide += BIAS_LOST;
    else
        wide = bits_of((float)magnitude * half_power(-24));
    return value_of(sign | wide);
}

static uint32_t largest_bits(const float *values, size_t count) {
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(values[i]) & FLOAT_SIGN_OFF;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

static void float16_round(const float *values, size_t rows, size_t stride, uint16_t *words, int8_t *shifts) {
    for (size_t row = 0; row < rows; row++, values += stride, words += stride) {
        int shift = half_shift(largest_bits(values, stride));
        float factor = half_power(shift);
        shifts[row] = (int8_t)shift;
        for (size_t i = 0; i < stride; i++)
            words[i] = float16_of(values[i] * factor);
    }
}

static void float16_widen(const uint16_t *words, const int8_t *shifts, size_t rows, size_t stride,
                          float *values) {
    for (size_t row = 0; row < rows; row++, values += stride, words += stride) {
        float factor = half_power(-shifts[row]);
        for (size_t i = 0; i < stride; i++)
            values[i] = float_of_float16(words[i]) * factor;
    }
}

const struct half_kernels half_portable = {bfloat16_round, bfloat16_widen, float16_round, float16_widen};
