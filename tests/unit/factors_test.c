
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "core/memory.h"
#include "core/rng.h"
#include "model/factors.h"

enum { ROWS = 200, FACTORS = 5, STRIDE = 8, COMPONENTS = 3 };

struct result {
    double mean[FACTORS], axes[COMPONENTS * FACTORS], variance[COMPONENTS], share[COMPONENTS];
    double scores[ROWS * COMPONENTS];
};

static double noise(uint64_t stream, uint64_t counter) {
    return 2 * rng_unit(3, stream, counter) - 1;
}

/* Columns of different spread around a mean that is not 0; the bias and padding hold what must not be looked
 * at. */
static void fill(float *rows) {
    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k < STRIDE; k++)
            rows[row * STRIDE + k] = k < FACTORS ? (float)(1.5 + noise(row, k) * (double)(1 + k)) : 1e6f;
}

/* Two planes are turned, so that every factor mixes with another. */
static void rotate(float *rows) {
    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k + 1 < FACTORS; k++) {
            float *x = rows + row * STRIDE + k, angle = 0.7f + (float)k;
            double a = x[0], b = x[1];
            x[0] = (float)(cos(angle) * a - sin(angle) * b);
            x[1] = (float)(sin(angle) * a + cos(angle) * b);
        }
}

static bool decompose(const float *rows, size_t row_count, struct result *result, struct status *status) {
    double sum[FACTORS] = {0}, scatter[FACTORS * FACTORS] = {0};
    struct factor_moments moments = {.sum = sum, .scatter = scatter};
    factors_accumulate(rows, row_count, STRIDE, FACTORS, &moments);
    if (!factors_decompose(&moments, FACTORS, COMPONENTS, result->mean, result->axes, result->variance,
                           result->share, status))
        return false;
    factors_project(rows, row_count, STRIDE, FACTORS, COMPONENTS, result->mean, result->axes, result->scores);
    factors_fix_sign(result->scores, row_count, COMPONENTS, result->axes, FACTORS);
    return true;
}

static void scores_survive_a_rotation(void **state) {
    static float rows[ROWS * STRIDE];
    static struct result plain, rotated;
    struct status status;
    (void)state;
    fill(rows);
    assert_true(decompose(rows, ROWS, &plain, &status));
    rotate(rows);
    assert_true(decompose(rows, ROWS, &rotated, &status));
    for (size_t i = 0; i < ROWS * COMPONENTS; i++)
        assert_true(fabs(plain.scores[i] - rotated.scores[i]) < 1e-4);
    assert_true(fabs(plain.axes[0] - rotated.axes[0]) > 1e-2);
}

static void scores_have_the_promised_mean_and_variance(void **state) {
    static float rows[ROWS * STRIDE];
    static struct result result;
    struct status status;
    (void)state;
    fill(rows);
    assert_true(decompose(rows, ROWS, &result, &status));
    for (size_t c = 0; c < COMPONENTS; c++) {
        double sum = 0, squares = 0, length = 0;
        for (size_t row = 0; row < ROWS; row++) {
            sum += result.scores[row * COMPONENTS + c];
            squares += result.scores[row * COMPONENTS + c] * result.scores[row * COMPONENTS + c];
        }
        for (size_t k = 0; k < FACTORS; k++)
            length += result.axes[c * FACTORS + k] * result.axes[c * FACTORS + k];
        assert_true(fabs(sum / ROWS) < 1e-12);
        assert_true(fabs(squares / (ROWS - 1) - result.variance[c]) < 1e-10);
        assert_true(fabs(length - 1) < 1e-12);
        assert_true(c == 0 || result.variance[c] <= result.variance[c - 1]);
    }
}

static void the_largest_score_is_positive(void **state) {
    /* The first column's largest is negative; the second's is a tie between -2 and 2, which the first row
     * decides. */
    double scores[] = {1, -2, -3, 2, 2, 1}, axes[] = {1, 2, 3, 4};
    const double expected[] = {-1, 2, 3, -2, -2, -1}, expected_axes[] = {-1, -2, -3, -4};
    (void)state;
    factors_fix_sign(scores, 3, 2, axes, 2);
    assert_memory_equal(scores, expected, sizeof scores);
    assert_memory_equal(axes, expected_axes, sizeof axes);
    factors_fix_sign(scores, 3, 2, axes, 2);
    assert_memory_equal(scores, expected, sizeof scores);
}

static void bad_tables_are_refused(void **state) {
    static float rows[ROWS * STRIDE];
    static struct result result;
    struct status status;
    (void)state;
    fill(rows);
    assert_false(decompose(rows, 1, &result, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    rows[3] = NAN;
    assert_false(decompose(rows, ROWS, &result, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
}

static void memory_that_is_refused_is_a_status(void **state) {
    static float rows[ROWS * STRIDE];
    static struct result result;
    struct status status;
    size_t held = memory_blocks_held();
    (void)state;
    fill(rows);
    for (size_t countdown = 1; countdown <= 2; countdown++) {
        memory_fail_after(countdown);
        assert_false(decompose(rows, ROWS, &result, &status));
        assert_int_equal(status.code, STATUS_NO_MEMORY);
    }
    memory_fail_after(0);
    assert_true(decompose(rows, ROWS, &result, &status));
    assert_int_equal(memory_blocks_held(), held);
}

static void the_lessons_way_gives_unit_components_over_movies(void **state) {
    static float rows[ROWS * STRIDE];
    static double scores[ROWS * FACTORS];
    double sum[FACTORS] = {0}, scatter[FACTORS * FACTORS] = {0}, weights[FACTORS * FACTORS], share[FACTORS];
    struct factor_moments moments = {.sum = sum, .scatter = scatter};
    struct status status;
    (void)state;
    fill(rows);
    factors_accumulate(rows, ROWS, STRIDE, FACTORS, &moments);
    assert_true(factors_decompose_lesson(&moments, FACTORS, FACTORS, weights, share, &status));
    factors_project(rows, ROWS, STRIDE, FACTORS, FACTORS, NULL, weights, scores);
    for (size_t c = 0; c < FACTORS; c++) {
        double squares = 0;
        for (size_t row = 0; row < ROWS; row++)
            squares += scores[row * FACTORS + c] * scores[row * FACTORS + c];
        /* Samples centred over their factors have one dimension less: the last component is nothing. */
        assert_true(fabs(squares - (c + 1 < FACTORS ? 1 : 0)) < 1e-10);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_survive_a_rotation),
        cmocka_unit_test(scores_have_the_promised_mean_and_variance),
        cmocka_unit_test(the_largest_score_is_positive),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(memory_that_is_refused_is_a_status),
        cmocka_unit_test(the_lessons_way_gives_unit_components_over_movies),
    };
    return cmocka_run_group_tests_name("factors", tests, NULL, NULL);
}
