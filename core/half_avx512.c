/* Sixteen bits with AVX-512, sixteen numbers at a time; the last eight of an odd number of groups lie in half a vector. */
#include "core/half_paths.h"

#ifdef HALF_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx2,f16c")))

enum { WIDTH = 2 * HALF_GROUP };

/* Sixteen at i, or eight and zeros where only eight are left. */
TARGET static inline __m512i load_bits(const float *values, size_t i, size_t count) {
    if (count - i >= WIDTH)
        return _mm512_loadu_si512(values + i);
    return _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)(values + i)));
}

TARGET static inline void store_words(uint16_t *words, size_t i, size_t count, __m256i packed) {
    if (count - i >= WIDTH)
        _mm256_storeu_si256((__m256i *)(void *)(words + i), packed);
    else
        _mm_storeu_si128((__m128i *)(void *)(words + i), _mm256_castsi256_si128(packed));
}

TARGET static inline __m256i load_words(const uint16_t *words, size_t i, size_t count) {
    if (count - i >= WIDTH)
        return _mm256_loadu_si256((const __m256i *)(const void *)(words + i));
    return _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(words + i)));
}

TARGET static inline void store_values(float *values, size_t i, size_t count, __m512 wide) {
    if (count - i >= WIDTH)
        _mm512_storeu_ps(values + i, wide);
    else
        _mm256_storeu_ps(values + i, _mm512_castps512_ps256(wide));
}

TARGET static inline __m256i bfloat16_words(__m512i bits) {
    __m512i upper = _mm512_srli_epi32(bits, 16);
    __m512i even = _mm512_add_epi32(_mm512_set1_epi32(0x7fff), _mm512_and_si512(upper, _mm512_set1_epi32(1)));
    __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, even), 16);
    __m512i quiet = _mm512_or_si512(upper, _mm512_set1_epi32(BFLOAT16_QUIET));
    __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(FLOAT_SIGN_OFF));
    __mmask16 is_nan = _mm512_cmpgt_epi32_mask(magnitude, _mm512_set1_epi32(FLOAT_INFINITY));
    return _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(is_nan, rounded, quiet));
}

TARGET static void bfloat16_round(const float *values, size_t count, uint16_t *words) {
    for (size_t i = 0; i < count; i += WIDTH)
        store_words(words, i, count, bfloat16_words(load_bits(values, i, count)));
}

TARGET static void bfloat16_widen(const uint16_t *words, size_t count, float *values) {
    for (size_t i = 0; i < count; i += WIDTH) {
        __m512i wide = _mm512_slli_epi32(_mm512_cvtepu16_epi32(load_words(words, i, count)), 16);
        store_values(values, i, count, _mm512_castsi512_ps(wide));
    }
}

TARGET static inline uint32_t largest_bits(const float *values, size_t count) {
    __m512i mask = _mm512_set1_epi32(FLOAT_SIGN_OFF), largest = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += WIDTH)
        largest = _mm512_max_epi32(largest, _mm512_and_si512(load_bits(values, i, count), mask));
    return (uint32_t)_mm512_reduce_max_epi32(largest);
}

TARGET static void float16_round(const float *values, size_t rows, size_t stride, uint16_t *words,
                                 int8_t *shifts) {
    for (size_t row = 0; row < rows; row++, values += stride, words += stride) {
        int shift = half_shift(largest_bits(values, stride));
        __m512 factor = _mm512_set1_ps(half_power(shift));
        shifts[row] = (int8_t)shift;
        for (size_t i = 0; i < stride; i += WIDTH) {
            __m512 scaled = _mm512_mul_ps(_mm512_castsi512_ps(load_bits(values, i, stride)), factor);
            store_words(words, i, stride,
                        _mm512_cvtps_ph(scaled, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
        }
    }
}

TARGET static void float16_widen(const uint16_t *words, const int8_t *shifts, size_t rows, size_t stride,
                                 float *values) {
    for (size_t row = 0; row < rows; row++, values += stride, words += stride) {
        __m512 factor = _mm512_set1_ps(half_power(-shifts[row]));
        for (size_t i = 0; i < stride; i += WIDTH)
            store_values(values, i, stride,
                         _mm512_mul_ps(_mm512_cvtph_ps(load_words(words, i, stride)), factor));
    }
}

const struct half_kernels half_avx512 = {bfloat16_round, bfloat16_widen, float16_round, float16_widen};
#endif
