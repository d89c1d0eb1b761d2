
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "model/start.h"

enum { FACTORS = 50, STRIDE = 56 };

static struct model_spec model_of(enum init_kind init, bool has_bias) {
    return (struct model_spec){
        .factors = FACTORS, .has_bias = has_bias, .init = init, .init_scale = 0.05f, .seed = 42};
}

static void a_row_fills_its_columns_and_leaves_padding_zero(void **state) {
    (void)state;
    for (int has_bias = 0; has_bias <= 1; has_bias++) {
        struct model_spec model = model_of(INIT_SYMMETRIC, has_bias);
        float row[STRIDE];
        memset(row, 0xFF, sizeof row);
        start_row(&model, TABLE_MOVIES, 3, row);
        for (size_t i = 0; i < STRIDE; i++)
            assert_true((row[i] != 0) == (i < FACTORS + (size_t)has_bias));
    }
}

static void starts_are_uniform_within_the_bound(void **state) {
    (void)state;
    for (enum init_kind init = INIT_SYMMETRIC; init <= INIT_POSITIVE; init++) {
        struct model_spec model = model_of(init, true);
        double sum = 0, squares = 0, low = init == INIT_SYMMETRIC ? -0.05 : 0, count = 400 * 51;
        for (uint32_t row = 0; row < 400; row++) {
            float values[STRIDE];
            start_row(&model, TABLE_USERS, row, values);
            for (size_t i = 0; i <= FACTORS; i++) {
                double share = ((double)values[i] - low) / (0.05 - low);
                assert_true(share >= -1e-6 && share <= 1 + 1e-6);
                sum += share;
                squares += share * share;
            }
        }
        /* Five standard errors of a uniform's mean and second moment. */
        assert_true(fabs(sum / count - 1.0 / 2) < 5 * sqrt(1.0 / 12 / count));
        assert_true(fabs(squares / count - 1.0 / 3) < 5 * sqrt(4.0 / 45 / count));
    }
}

static void tables_rows_and_seeds_start_apart(void **state) {
    struct model_spec model = model_of(INIT_SYMMETRIC, true), other = model;
    float rows[4][STRIDE], again[STRIDE];
    (void)state;
    other.seed++;
    start_row(&model, TABLE_USERS, 7, rows[0]);
    start_row(&model, TABLE_USERS, 8, rows[1]);
    start_row(&model, TABLE_MOVIES, 7, rows[2]);
    start_row(&other, TABLE_USERS, 7, rows[3]);
    start_row(&model, TABLE_USERS, 7, again);
    assert_memory_equal(rows[0], again, sizeof again);
    for (size_t a = 0; a < 4; a++)
        for (size_t b = a + 1; b < 4; b++)
            assert_memory_not_equal(rows[a], rows[b], sizeof rows[a]);
}

/* The start of a run must not change between versions: values worked out from core/rng.h by another program.
 */
static void known_values(void **state) {
    struct model_spec model = model_of(INIT_SYMMETRIC, true);
    float row[STRIDE];
    (void)state;
    start_row(&model, TABLE_MOVIES, 5, row);
    assert_true(row[0] == 0.00312821567f && row[1] == 0.0125386994f && row[FACTORS] == 0.0292212423f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_fills_its_columns_and_leaves_padding_zero),
        cmocka_unit_test(starts_are_uniform_within_the_bound),
        cmocka_unit_test(tables_rows_and_seeds_start_apart),
        cmocka_unit_test(known_values),
    };
    return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}
