/* Eight plain lines at once with AVX-512: one line to each 64-bit lane. Only the usual is read here, ratings of the user before, with
 * a digit, a point and a digit; whatever is not is left to the loop over single lines (data/plain_rows_body.h), which reads the
 * same from lines that both can read. For data/plain_rows_avx512.c, with ROWS_TARGET. */
#ifndef DATA_PLAIN_EIGHT_AVX512_H
#define DATA_PLAIN_EIGHT_AVX512_H

#include <stddef.h>

#include "data/plain_eight.h"

enum { RATING_LENGTH = 3 };
_Static_assert(sizeof(struct plain_places) == 8 && offsetof(struct plain_places, user_length) == 4 &&
                   offsetof(struct plain_places, movie_from) == 5 &&
                   offsetof(struct plain_places, movie_length) == 6,
               "places are written as one number");
_Static_assert(sizeof(struct rating) == 12 && offsetof(struct rating, movie) == 4 &&
                   offsetof(struct rating, value) == 8,
               "ratings are written as three numbers");

#define EIGHT_INLINE static inline __attribute__((always_inline)) ROWS_TARGET

/* The 8 bytes `more` behind the beginning of each line. */
EIGHT_INLINE __m512i eight_words(const struct eight_lines *lines, size_t more) {
    const char *rest = lines->piece + 1 + more;
    const uint16_t *ends = lines->ends;
#define WORD(i) (long long)bytes_u64(rest + ends[i])
    return _mm512_set_epi64(WORD(6), WORD(5), WORD(4), WORD(3), WORD(2), WORD(1), WORD(0),
                            (long long)bytes_u64(lines->begin + more));
#undef WORD
}

/* The 8 bytes that end `less` before the end of each line. */
EIGHT_INLINE __m512i eight_last_words(const struct eight_lines *lines, size_t less) {
    const char *piece = lines->piece - EIGHT - less;
    const uint16_t *ends = lines->ends;
#define WORD(i) (long long)bytes_u64(piece + ends[i])
    return _mm512_set_epi64(WORD(7), WORD(6), WORD(5), WORD(4), WORD(3), WORD(2), WORD(1), WORD(0));
#undef WORD
}

/* 0xFF for every byte that is no digit. */
EIGHT_INLINE __m512i eight_marks(__m512i words) {
    __m512i values = _mm512_sub_epi8(words, _mm512_set1_epi8('0'));
    return _mm512_movm_epi8(_mm512_cmpgt_epu8_mask(values, _mm512_set1_epi8(9)));
}

/* Eight times the number of digits that a word begins with; beyond 56 for eight digits. */
EIGHT_INLINE __m512i eight_digit_bits(__m512i words) {
    __m512i marks = eight_marks(words);
    __m512i first = _mm512_and_si512(marks, _mm512_sub_epi64(_mm512_setzero_si512(), marks));
    return _mm512_sub_epi64(_mm512_set1_epi64(63), _mm512_lzcnt_epi64(first));
}

/* The number that the first digits are, as plain_number. */
EIGHT_INLINE __m512i eight_numbers(__m512i words, __m512i digit_bits) {
    __m512i x = _mm512_sub_epi8(words, _mm512_set1_epi8('0'));
    x = _mm512_sllv_epi64(x, _mm512_sub_epi64(_mm512_set1_epi64(64), digit_bits));
    x = _mm512_maddubs_epi16(x, _mm512_set1_epi16(10 | 1 << 8));
    x = _mm512_madd_epi16(x, _mm512_set1_epi32(100 | 1 << 16));
    return _mm512_add_epi64(_mm512_mul_epu32(x, _mm512_set1_epi64(10000)), _mm512_srli_epi64(x, 32));
}

/* The 8 bytes behind so many bits of each word and its next. */
EIGHT_INLINE __m512i eight_behind(__m512i words, __m512i next, __m512i bits) {
    __m512i rest = _mm512_sub_epi64(_mm512_set1_epi64(64), bits);
    return _mm512_or_si512(_mm512_srlv_epi64(words, bits), _mm512_sllv_epi64(next, rest));
}

/* The ratings in bytes 1 and 3 of each word. A quotient of two exact numbers: the same bits as plain_tenths. */
EIGHT_INLINE __m256 eight_values(__m512i words) {
    __m512i x = _mm512_sub_epi8(words, _mm512_set1_epi8('0'));
    x = _mm512_and_si512(x, _mm512_set1_epi64(0xFF00FF00));
    x = _mm512_maddubs_epi16(x, _mm512_set1_epi32(10 << 8 | 1 << 24));
    x = _mm512_madd_epi16(x, _mm512_set1_epi16(1));
    return _mm256_div_ps(_mm256_cvtepi32_ps(_mm512_cvtepi64_epi32(x)), _mm256_set1_ps(10));
}

/* Whether all words are a separator, a digit, a point, a digit and, where more fields follow, a separator. */
EIGHT_INLINE bool eight_are_ratings(__m512i words, const struct plain_shape *shape) {
    const long long point = (long long)'.' << 16, separator = (unsigned char)shape->separator;
    const long long fixed = shape->has_fourth ? 0xFF00FF00FF : 0xFF00FF;
    const long long wanted = point | separator | (shape->has_fourth ? separator << 32 : 0);
    const __mmask64 digits = UINT64_C(0x0A0A0A0A0A0A0A0A);
    __m512i values = _mm512_sub_epi8(words, _mm512_set1_epi8('0'));
    __m512i differs =
        _mm512_and_si512(_mm512_xor_si512(words, _mm512_set1_epi64(wanted)), _mm512_set1_epi64(fixed));
    return _mm512_test_epi64_mask(differs, differs) == 0 &&
           _mm512_mask_cmpgt_epu8_mask(digits, values, _mm512_set1_epi8(9)) == 0;
}

/* Whether all lines end with 8 to 16 digits, so many as `bits` says eight times. */
EIGHT_INLINE bool eight_are_times(const struct eight_lines *lines, __m512i bits) {
    __m512i beyond = _mm512_sub_epi64(bits, _mm512_set1_epi64(64));
    if (_mm512_cmpgt_epu64_mask(beyond, _mm512_set1_epi64(64)) != 0)
        return false;
    __m512i marks = _mm512_srlv_epi64(eight_marks(eight_last_words(lines, 8)),
                                      _mm512_sub_epi64(_mm512_set1_epi64(64), beyond));
    marks = _mm512_or_si512(marks, eight_marks(eight_last_words(lines, 0)));
    return _mm512_test_epi64_mask(marks, marks) == 0;
}

/* Whether all lines begin with the user before and the separator behind. */
EIGHT_INLINE bool eight_are_of(const struct eight_lines *lines, const struct plain_user *user) {
    const char *rest = lines->piece + 1;
    uint64_t differs = bytes_u64(lines->begin) ^ user->prefix;
    for (size_t i = 0; i + 1 < EIGHT; i++)
        differs |= bytes_u64(rest + lines->ends[i]) ^ user->prefix;
    return user->length > 0 && (differs & user->mask) == 0;
}

/* user, movie, value, user, ... */
EIGHT_INLINE void eight_store(struct rating *ratings, uint32_t user, __m512i movies, __m256 values) {
    const __m512i first = _mm512_set_epi32(0, 12, 4, 0, 11, 3, 0, 10, 2, 0, 9, 1, 0, 8, 0, 0);
    const __m512i rest = _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 15, 7, 0, 14, 6, 0, 13, 5);
    __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(movies)),
                                      _mm256_castps_si256(values), 1);
    __m512i users = _mm512_set1_epi32((int)user);
    _mm512_storeu_si512(ratings, _mm512_mask_permutexvar_epi32(users, 0x6DB6, first, both));
    __m512i tail = _mm512_mask_permutexvar_epi32(users, 0xDB, rest, both);
    _mm256_storeu_si256((__m256i *)(void *)((char *)ratings + 64), _mm512_castsi512_si256(tail));
}

/* Whether all have so many digits, times eight, that they are ids, and no zero before another digit. */
EIGHT_INLINE bool eight_are_ids(__m512i words, __m512i digit_bits) {
    const __m512i one = _mm512_set1_epi64(8), most = _mm512_set1_epi64(8 * (PLAIN_DIGITS - 1));
    __mmask8 is_long = _mm512_cmpneq_epi64_mask(digit_bits, one);
    return _mm512_cmpgt_epu64_mask(_mm512_sub_epi64(digit_bits, one), most) == 0 &&
           _mm512_mask_testn_epi64_mask(is_long, words, _mm512_set1_epi64(0xF)) == 0;
}

/* Whether all lines end as they should; `left` is what they have behind their movie, in bits. */
EIGHT_INLINE bool eight_end(const struct eight_lines *lines, __m512i lengths, __m512i left,
                            const struct plain_shape *shape) {
    if (!shape->has_fourth)
        return _mm512_cmpneq_epi64_mask(left, _mm512_set1_epi64(8 * (1 + RATING_LENGTH))) == 0;
    /* So long, none of them reaches before the text. */
    return _mm512_cmplt_epi64_mask(lengths, _mm512_set1_epi64(2 * EIGHT)) == 0 &&
           eight_are_times(lines, _mm512_sub_epi64(left, _mm512_set1_epi64(8 * (2 + RATING_LENGTH))));
}

/* struct plain_places of lines that begin at these bytes of the text. */
EIGHT_INLINE void eight_store_places(struct plain_places *places, __m512i begins, uint64_t user_length,
                                     __m512i digit_bits) {
    uint64_t same = user_length << 32 | (user_length + 1) << 40;
    __m512i own = _mm512_or_si512(begins, _mm512_slli_epi64(digit_bits, 48 - 3));
    _mm512_storeu_si512(places, _mm512_or_si512(own, _mm512_set1_epi64((long long)same)));
}

/* Reads eight lines into rows row, row + 1, ...; false, with nothing said, when they are not what is usual. */
EIGHT_INLINE bool read_eight(const struct plain_rows *rows, uint32_t row, const char *text,
                             const struct eight_lines *lines, const struct plain_user *user,
                             const struct plain_shape *shape) {
    if (shape->width != 1 || rows->times != NULL || !eight_are_of(lines, user))
        return false;
    const size_t movie_from = user->length + 1;
    __m512i ends = _mm512_cvtepu16_epi64(_mm_loadu_si128((const __m128i *)(const void *)lines->ends));
    __m512i begin = _mm512_set1_epi64(lines->begin - lines->piece - 1);
    __m512i begins = _mm512_add_epi64(_mm512_alignr_epi64(ends, begin, EIGHT - 1), _mm512_set1_epi64(1));
    __m512i lengths = _mm512_sub_epi64(ends, begins);
    __m512i movies = eight_words(lines, movie_from), more = eight_words(lines, movie_from + EIGHT);
    __m512i digit_bits = eight_digit_bits(movies);
    __m512i ratings = eight_behind(movies, more, digit_bits);
    __m512i left = _mm512_sub_epi64(lengths, _mm512_set1_epi64((long long)movie_from));
    left = _mm512_sub_epi64(_mm512_slli_epi64(left, 3), digit_bits);
    if (!eight_are_ids(movies, digit_bits) || !eight_are_ratings(ratings, shape) ||
        !eight_end(lines, lengths, left, shape))
        return false;
    eight_store(rows->ratings + row, user->number, eight_numbers(movies, digit_bits), eight_values(ratings));
    if (rows->places != NULL) {
        begins = _mm512_add_epi64(begins, _mm512_set1_epi64(lines->piece - text));
        eight_store_places(rows->places + row, begins, user->length, digit_bits);
    }
    return true;
}

#endif
