/* Plain lines with AVX-512: a comparison of 64 bytes is a mask of 64 bits, and eight lines of one user are read at once. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#include <stdint.h>

#define ROWS_TARGET   __attribute__((target("avx512f,avx512bw,avx512cd,bmi,bmi2,popcnt,lzcnt")))
#define ROWS_FUNCTION plain_rows_avx512
#define ROWS_DIGITS   digits_of
#define ROWS_NEWLINES newlines_of
#define ROWS_EIGHT    read_eight

static inline __attribute__((always_inline)) ROWS_TARGET uint64_t digits_of(const char *at) {
    __m512i value = _mm512_sub_epi8(_mm512_loadu_si512(at), _mm512_set1_epi8('0'));
    return _mm512_cmple_epu8_mask(value, _mm512_set1_epi8(9));
}

static inline __attribute__((always_inline)) ROWS_TARGET uint64_t newlines_of(const char *at) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('\n'));
}

#include "data/plain_eight_avx512.h"
#include "data/plain_rows_body.h"
#endif
