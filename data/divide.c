#include "data/divide.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#include "core/bytes.h"

enum { AT_ONCE = 16, RATING_WORDS = 3 };
_Static_assert(sizeof(struct rating) == RATING_WORDS * sizeof(uint32_t), "a rating is three words");
_Static_assert((int)DIVIDE_SLACK >= (int)AT_ONCE, "what is written behind the ratings has room");

#define AVX512 __attribute__((target("avx512f,bmi2,popcnt")))

static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}

/* Those of 16 ratings whose three bits are set, one behind the other. Their number. */
AVX512 static inline size_t pick(const struct rating *ratings, uint64_t words, struct rating *out) {
    const uint32_t *from = (const uint32_t *)(const void *)ratings;
    uint32_t *to = (uint32_t *)(void *)out;
    for (size_t i = 0; i < RATING_WORDS; i++, words >>= AT_ONCE, from += AT_ONCE) {
        __mmask16 chosen = (__mmask16)words;
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(chosen, _mm512_loadu_si512(from)));
        to += __builtin_popcount(chosen);
    }
    return (size_t)(to - (uint32_t *)(void *)out) / RATING_WORDS;
}

/* As many as are in sixteens; how many they were. */
AVX512 static size_t divide_sixteens(const struct rating *ratings, const uint8_t *marks, size_t count,
                                     struct rating *unmarked, struct rating *marked, size_t *marked_count) {
    const uint64_t firsts = UINT64_C(0x249249249249), all = UINT64_C(0xFFFFFFFFFFFF);
    size_t done = 0, picked = 0;
    for (; done + AT_ONCE <= count; done += AT_ONCE) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(marks + done));
        unsigned chosen = (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(bytes, _mm_setzero_si128()));
        uint64_t words = _pdep_u64(chosen, firsts) * ((1 << RATING_WORDS) - 1);
        pick(ratings + done, words ^ all, unmarked + (done - picked));
        picked += pick(ratings + done, words, marked + picked);
    }
    *marked_count = picked;
    return done;
}
#else
static int has_avx512(void) {
    return 0;
}
static size_t divide_sixteens(const struct rating *ratings, const uint8_t *marks, size_t count,
                              struct rating *unmarked, struct rating *marked, size_t *marked_count) {
    (void)ratings, (void)marks, (void)count, (void)unmarked, (void)marked, (void)marked_count;
    return 0;
}
#endif

size_t divide(const struct rating *ratings, const uint8_t *marks, size_t count, struct rating *unmarked,
              struct rating *marked) {
    size_t marked_count = 0, i = 0;
    if (has_avx512())
        i = divide_sixteens(ratings, marks, count, unmarked, marked, &marked_count);
    for (size_t unmarked_count = i - marked_count; i < count; i++) {
        unmarked[unmarked_count] = marked[marked_count] = ratings[i];
        unmarked_count += !marks[i];
        marked_count += marks[i];
    }
    return marked_count;
}
