/* Are sixteen bits what IEEE says they are, for every word and every way of rounding, and the same on every path? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/half.h"
#include "core/rng.h"

enum { WORDS = 1 << 16, STRIDE = 24 /* a vector of AVX-512, and half of one */, KEPT = STRIDE - 1 };

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float value_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- what a format is, told without bits of floats ---- */

struct format {
    int fraction, least; /* bits behind the point, exponent of the least normal number */
    unsigned top;        /* the exponent field of infinity */
};

static const struct format BFLOAT16 = {7, -126, 255}, FLOAT16 = {10, -14, 31};

static double value_of_word(const struct format *format, unsigned word) {
    unsigned fraction = word & ((1u << format->fraction) - 1);
    int exponent = (int)((word & 0x7fff) >> format->fraction);
    double value = exponent == 0 ? ldexp(fraction, format->least - format->fraction)
                                 : ldexp(fraction + (1u << format->fraction),
                                         exponent - 1 + format->least - format->fraction);
    return word & 0x8000 ? -value : value;
}

static bool is_finite_word(const struct format *format, unsigned word) {
    return (word & 0x7fff) >> format->fraction != format->top;
}

/* A row that holds an infinity has shift 0, so every word can be asked for. The last place of a row is for it. */
static void round_row(const struct half_kernels *kernels, const struct format *format, const float *values,
                      uint16_t *words) {
    float row[STRIDE];
    int8_t shift = 0;
    memcpy(row, values, KEPT * sizeof *row);
    row[KEPT] = INFINITY;
    if (format == &FLOAT16)
        kernels->float16_round(row, 1, STRIDE, words, &shift);
    else
        kernels->bfloat16_round(row, STRIDE, words);
    assert_int_equal(shift, 0);
}

static uint16_t round_one(const struct half_kernels *kernels, const struct format *format, float value,
                          unsigned place) {
    float row[STRIDE] = {0};
    uint16_t words[STRIDE];
    row[place] = value;
    round_row(kernels, format, row, words);
    return words[place];
}

/* A word, and what lies between it and the next: at the middle the even one, beside it the nearer one. */
static void check_neighbours(const struct half_kernels *kernels, const struct format *format, unsigned word) {
    unsigned place = word % KEPT, sign = word & 0x8000;
    double value = value_of_word(format, word), next = value_of_word(format, word + 1);
    float middle = (float)((value + next) / 2), away = sign ? -INFINITY : INFINITY;
    assert_int_equal(round_one(kernels, format, (float)value, place), word);
    if ((double)middle != (value + next) / 2) /* between two denormal floats */
        return;
    unsigned even = word & 1 ? word + 1 : word;
    assert_int_equal(round_one(kernels, format, middle, place), even);
    if (nextafterf(middle, 0) != (float)value)
        assert_int_equal(round_one(kernels, format, nextafterf(middle, 0), place), word);
    if (nextafterf(middle, away) != (float)next)
        assert_int_equal(round_one(kernels, format, nextafterf(middle, away), place), word + 1);
}

static void widen(const struct half_kernels *kernels, const struct format *format, const uint16_t *words,
                  float *values) {
    static const int8_t NO_SHIFTS[WORDS / HALF_GROUP];
    if (format == &FLOAT16)
        kernels->float16_widen(words, NO_SHIFTS, WORDS / HALF_GROUP, HALF_GROUP, values);
    else
        kernels->bfloat16_widen(words, WORDS, values);
}

static void check_words(const struct half_kernels *kernels, const struct format *format) {
    static uint16_t words[WORDS];
    static float values[WORDS];
    for (unsigned word = 0; word < WORDS; word++)
        words[word] = (uint16_t)word;
    widen(kernels, format, words, values);
    for (unsigned word = 0; word < WORDS; word++) {
        unsigned fraction = word & ((1u << format->fraction) - 1);
        if (is_finite_word(format, word))
            assert_int_equal(bits_of(values[word]), bits_of((float)value_of_word(format, word)));
        else
            assert_true(fraction == 0 ? isinf(values[word]) : isnan(values[word]));
        assert_int_equal(!signbit(values[word]), word >> 15 == 0);
        if (is_finite_word(format, word))
            check_neighbours(kernels, format, word);
    }
}

static void every_word_is_what_ieee_says(void **state) {
    int paths = 0;
    (void)state;
    for (enum half_path path = 0; path < HALF_PATHS; path++) {
        const struct half_kernels *kernels = half_kernels_on(path);
        if (kernels == NULL) {
            printf("# %s is not here\n", half_path_name(path));
            continue;
        }
        check_words(kernels, &BFLOAT16);
        check_words(kernels, &FLOAT16);
        paths++;
    }
    assert_true(paths >= 1 && half_kernels() != NULL);
}

static void what_is_no_number_stays_none_and_infinity_is_where_it_belongs(void **state) {
    (void)state;
    for (enum half_path path = 0; path < HALF_PATHS; path++) {
        const struct half_kernels *kernels = half_kernels_on(path);
        for (unsigned i = 0; kernels != NULL && i < 24; i++) {
            uint32_t signal = 0x7f800000 | 1u << i % 23 | (i == 23 ? 0x80000000 : 0);
            uint16_t small = round_one(kernels, &FLOAT16, value_of(signal), 3);
            uint16_t wide = round_one(kernels, &BFLOAT16, value_of(signal), 19);
            assert_int_equal(small & 0xfe00, 0x7e00 | (i == 23 ? 0x8000 : 0));
            assert_int_equal(wide & 0xffc0, 0x7fc0 | (i == 23 ? 0x8000 : 0));
        }
        if (kernels == NULL)
            continue;
        assert_int_equal(round_one(kernels, &FLOAT16, 65519.996f, 0), 0x7bff);
        assert_int_equal(round_one(kernels, &FLOAT16, -65520, 0), 0xfc00);
        assert_int_equal(round_one(kernels, &FLOAT16, FLT_MAX, 0), 0x7c00);
        assert_int_equal(round_one(kernels, &FLOAT16, 0x1p-25f, 0), 0);
        assert_int_equal(round_one(kernels, &FLOAT16, -0x1.000002p-25f, 0), 0x8001);
        assert_int_equal(round_one(kernels, &FLOAT16, -0.0f, 0), 0x8000);
        assert_int_equal(round_one(kernels, &BFLOAT16, FLT_MAX, 0), 0x7f80);
        assert_int_equal(round_one(kernels, &BFLOAT16, 0x1.fefffep127f, 0), 0x7f7f);
        assert_int_equal(round_one(kernels, &BFLOAT16, -INFINITY, 0), 0xff80);
        assert_int_equal(round_one(kernels, &BFLOAT16, 0x1p-149f, 0), 0);
    }
}

/* Floats all over the range, in rows with and without an infinity: whatever the plain path makes of them. */
static void all_paths_give_the_same_bits(void **state) {
    enum { STEP = 1021 };
    const struct half_kernels *plain = half_kernels_on(HALF_PORTABLE);
    float row[STRIDE], wide[2][STRIDE];
    uint16_t words[2][STRIDE];
    int8_t shifts[2];
    (void)state;
    for (enum half_path path = HALF_PORTABLE + 1; path < HALF_PATHS; path++) {
        const struct half_kernels *kernels = half_kernels_on(path);
        for (uint64_t bits = 0; kernels != NULL && bits < UINT64_C(1) << 32; bits += STEP * STRIDE) {
            for (int i = 0; i < STRIDE; i++)
                row[i] = value_of((uint32_t)(bits + (uint64_t)i * STEP));
            plain->bfloat16_round(row, STRIDE, words[0]);
            kernels->bfloat16_round(row, STRIDE, words[1]);
            assert_memory_equal(words[0], words[1], sizeof words[0]);
            plain->float16_round(row, 1, STRIDE, words[0], &shifts[0]);
            kernels->float16_round(row, 1, STRIDE, words[1], &shifts[1]);
            assert_memory_equal(words[0], words[1], sizeof words[0]);
            assert_int_equal(shifts[0], shifts[1]);
            plain->float16_widen(words[0], shifts, 1, STRIDE, wide[0]);
            kernels->float16_widen(words[0], shifts, 1, STRIDE, wide[1]);
            assert_memory_equal(wide[0], wide[1], sizeof wide[0]);
        }
        for (int shift = FLOAT16_SHIFT_LEAST; kernels != NULL && shift <= FLOAT16_SHIFT_MOST; shift++)
            for (unsigned word = 0; word < WORDS; word += STRIDE) {
                for (unsigned i = 0; i < STRIDE; i++)
                    words[0][i] = (uint16_t)(word + i);
                shifts[0] = (int8_t)shift;
                plain->float16_widen(words[0], shifts, 1, STRIDE, wide[0]);
                kernels->float16_widen(words[0], shifts, 1, STRIDE, wide[1]);
                assert_memory_equal(wide[0], wide[1], sizeof wide[0]);
            }
    }
}

/* ---- the shift of a row ---- */

static void rounded(const float *row, float *back, int8_t *shift) {
    uint16_t words[STRIDE];
    half_kernels()->float16_round(row, 1, STRIDE, words, shift);
    half_kernels()->float16_widen(words, shift, 1, STRIDE, back);
}

/* Rows around every power of two, their values down to 2^-28 of the largest: each within half a last place. */
static void a_row_of_any_size_keeps_eleven_bits(void **state) {
    float row[STRIDE], back[STRIDE];
    int8_t shift;
    (void)state;
    for (int power = -100; power <= 127; power++) {
        for (int i = 0; i < STRIDE; i++) {
            double unit = 2 * rng_unit(7, (uint64_t)(power + 200), (uint64_t)i) - 1;
            row[i] = (float)ldexp(unit, power - i);
        }
        row[0] = (float)ldexp(1.99, power);
        rounded(row, back, &shift);
        assert_int_equal(shift, 14 - power);
        for (int i = 0; i < STRIDE; i++) {
            double error = fabs((double)back[i] - (double)row[i]), size = fabs((double)row[i]);
            assert_true(isfinite(back[i]));
            assert_true(error <= fmax(ldexp(size, -11), ldexp(1, power - 28 - 11)));
        }
    }
}

/* A row times a power of two is the same words under another shift: the scale itself rounds nothing. */
static void the_shift_is_exact(void **state) {
    float row[STRIDE], larger[STRIDE];
    uint16_t words[2][STRIDE];
    int8_t shifts[2];
    (void)state;
    for (int i = 0; i < STRIDE; i++)
        row[i] = (float)(2 * rng_unit(8, 1, (uint64_t)i) - 1);
    half_kernels()->float16_round(row, 1, STRIDE, words[0], &shifts[0]);
    for (int power = -100; power <= 100; power++) {
        for (int i = 0; i < STRIDE; i++)
            larger[i] = ldexpf(row[i], power);
        half_kernels()->float16_round(larger, 1, STRIDE, words[1], &shifts[1]);
        assert_memory_equal(words[0], words[1], sizeof words[0]);
        assert_int_equal(shifts[1], shifts[0] - power);
    }
}

static void rows_at_the_ends_of_the_range_survive(void **state) {
    float row[STRIDE] = {0}, back[STRIDE];
    int8_t shift;
    (void)state;
    rounded(row, back, &shift);
    assert_int_equal(shift, 0);
    assert_memory_equal(row, back, sizeof row);
    row[5] = FLT_MAX; /* rounds up to 2^128, which no float is: the one overflow there is */
    row[6] = 0x1.ffcp127f;
    rounded(row, back, &shift);
    assert_int_equal(shift, FLOAT16_SHIFT_LEAST);
    assert_true(isinf(back[5]) && back[6] == row[6]);
    memset(row, 0, sizeof row);
    for (int i = 0; i < STRIDE; i++)
        row[i] = (float)(i - 12) * 0x1p-149f; /* denormal */
    rounded(row, back, &shift);
    assert_int_equal(shift, FLOAT16_SHIFT_MOST);
    for (int i = 0; i < STRIDE; i++)
        assert_true(row[i] == back[i]);
    row[3] = NAN;
    rounded(row, back, &shift);
    assert_true(shift == 0 && isnan(back[3]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_what_ieee_says),
        cmocka_unit_test(what_is_no_number_stays_none_and_infinity_is_where_it_belongs),
        cmocka_unit_test(all_paths_give_the_same_bits),
        cmocka_unit_test(a_row_of_any_size_keeps_eleven_bits),
        cmocka_unit_test(the_shift_is_exact),
        cmocka_unit_test(rows_at_the_ends_of_the_range_survive),
    };
    return cmocka_run_group_tests_name("half", tests, NULL, NULL);
}
