/* Plain lines on any machine, with the SSE2 that every x86-64 has. */
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ROWS_TARGET
#define ROWS_FUNCTION plain_rows_portable
#define ROWS_DIGITS   digits_of
#define ROWS_NEWLINES newlines_of
#define ROWS_EIGHT    plain_no_eight

#ifdef __SSE2__
static inline uint64_t mask_of(__m128i is_so) {
    return (uint64_t)(uint32_t)_mm_movemask_epi8(is_so);
}

static inline uint64_t digits_of_16(const char *at) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i value = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    return mask_of(_mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value));
}

static inline uint64_t newlines_of_16(const char *at) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    return mask_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
}
#else
static inline uint64_t digits_of_16(const char *at) {
    uint64_t digits = 0;
    for (int i = 0; i < 16; i++)
        digits |= (uint64_t)((unsigned char)(at[i] - '0') <= 9) << i;
    return digits;
}

static inline uint64_t newlines_of_16(const char *at) {
    uint64_t newlines = 0;
    for (int i = 0; i < 16; i++)
        newlines |= (uint64_t)(at[i] == '\n') << i;
    return newlines;
}
#endif

static inline uint64_t digits_of(const char *at) {
    return digits_of_16(at) | digits_of_16(at + 16) << 16 | digits_of_16(at + 32) << 32 |
           digits_of_16(at + 48) << 48;
}

static inline uint64_t newlines_of(const char *at) {
    return newlines_of_16(at) | newlines_of_16(at + 16) << 16 | newlines_of_16(at + 32) << 32 |
           newlines_of_16(at + 48) << 48;
}

#include "data/plain_rows_body.h"
