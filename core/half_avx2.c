/* Sixteen bits with AVX2 and F16C, eight numbers at a time. */
#include "core/half_paths.h"

#ifdef HALF_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,f16c")))

TARGET static inline __m256i load_bits(const float *values) {
    return _mm256_loadu_si256((const __m256i *)(const void *)values);
}

TARGET static inline __m256i bfloat16_words(__m256i bits) {
    __m256i one = _mm256_set1_epi32(1), most = _mm256_set1_epi32(0x7fff);
    __m256i upper = _mm256_srli_epi32(bits, 16);
    __m256i even = _mm256_add_epi32(most, _mm256_and_si256(upper, one));
    __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, even), 16);
    __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(BFLOAT16_QUIET));
    __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(FLOAT_SIGN_OFF));
    __m256i is_nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(FLOAT_INFINITY));
    return _mm256_blendv_epi8(rounded, quiet, is_nan);
}

TARGET static void bfloat16_round(const float *values, size_t count, uint16_t *words) {
    for (size_t i = 0; i < count; i += HALF_GROUP) {
        __m256i wide = bfloat16_words(load_bits(values + i));
        __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
        _mm_storeu_si128((__m128i *)(void *)(words + i), packed);
    }
}

TARGET static void bfloat16_widen(const uint16_t *words, size_t count, float *values) {
    for (size_t i = 0; i < count; i += HALF_GROUP) {
        __m128i packed = _mm_loadu_si128((const __m128i *)(const void *)(words + i));
        __m256i wide = _mm256_slli_epi32(_mm256_cvtepu16_epi32(packed), 16);
        _mm256_storeu_si256((__m256i *)(void *)(values + i), wide);
    }
}

/* Bits without a sign are in the order of signed integers. */
TARGET static inline uint32_t largest_bits(const float *values, size_t count) {
    __m256i mask = _mm256_set1_epi32(FLOAT_SIGN_OFF), largest = _mm256_setzero_si256();
    for (size_t i = 0; i < count; i += HALF_GROUP)
        largest = _mm256_max_epi32(largest, _mm256_and_si256(load_bits(values + i), mask));
    __m128i four = _mm_max_epi32(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
    __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return (uint32_t)_mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

TARGET static void float16_round(const float *values, size_t rows, size_t stride, uint16_t *words,
                                 int8_t *shifts) {
    for (size_t row = 0; row < rows; row++, values += stride, words += stride) {
        int shift = half_shift(largest_bits(values, stride));
        __m256 factor = _mm256_set1_ps(half_power(shift));
        shifts[row] = (int8_t)shift;
        for (size_t i = 0; i < stride; i += HALF_GROUP) {
            __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(values + i), factor);
            _mm_storeu_si128((__m128i *)(void *)(words + i),
                             _mm256_cvtps_ph(scaled, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
        }
    }
}

TARGET static void float16_widen(const uint16_t *words, const int8_t *shifts, size_t rows, size_t stride,
                                 float *values) {
    for (size_t row = 0; row < rows; row++, values += stride, words += stride) {
        __m256 factor = _mm256_set1_ps(half_power(-shifts[row]));
        for (size_t i = 0; i < stride; i += HALF_GROUP) {
            __m128i packed = _mm_loadu_si128((const __m128i *)(const void *)(words + i));
            _mm256_storeu_ps(values + i, _mm256_mul_ps(_mm256_cvtph_ps(packed), factor));
        }
    }
}

const struct half_kernels half_avx2 = {bfloat16_round, bfloat16_widen, float16_round, float16_widen};
#endif
