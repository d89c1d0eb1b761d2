/* Plain lines with AVX2: two comparisons of 32 bytes. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <stdint.h>

#define ROWS_TARGET   __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define ROWS_FUNCTION plain_rows_avx2
#define ROWS_DIGITS   digits_of
#define ROWS_NEWLINES newlines_of
#define ROWS_EIGHT    plain_no_eight

#define INLINE static inline __attribute__((always_inline)) ROWS_TARGET

INLINE uint64_t digits_of_32(const char *at) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i value = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
    __m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value);
    return (uint32_t)_mm256_movemask_epi8(is_digit);
}

INLINE uint64_t digits_of(const char *at) {
    return digits_of_32(at) | digits_of_32(at + 32) << 32;
}

INLINE uint64_t newlines_of_32(const char *at) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n')));
}

INLINE uint64_t newlines_of(const char *at) {
    return newlines_of_32(at) | newlines_of_32(at + 32) << 32;
}

#include "data/plain_rows_body.h"
#endif
