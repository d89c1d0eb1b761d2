/* Components of a table in two shards equal scikit-learn's of the whole table, both ways. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/factor_components.h"
#include "core/memory.h"
#include "model/factors.h"
#include "sklearn_fixture.h"

enum { FIRST_SHARD = 17, STRIDE = PCA_FACTORS };

static double sum[PCA_FACTORS], scatter[PCA_FACTORS * PCA_FACTORS];

static struct factor_moments moments_of_two_shards(void) {
    struct factor_moments moments = {.sum = sum, .scatter = scatter};
    for (size_t i = 0; i < PCA_FACTORS * PCA_FACTORS; i++)
        scatter[i] = sum[i % PCA_FACTORS] = 0;
    factors_accumulate(PCA_TABLE, FIRST_SHARD, STRIDE, PCA_FACTORS, &moments);
    factors_accumulate(PCA_TABLE + FIRST_SHARD * STRIDE, PCA_ROWS - FIRST_SHARD, STRIDE, PCA_FACTORS,
                       &moments);
    return moments;
}

static double magnitude_sign(double ours, double theirs) {
    return (ours < 0) == (theirs < 0) ? 1 : -1;
}

/* Columns of ours[row][component] equal theirs[row * row_step + component * component_step] up to one sign
 * each. */
static void assert_equal_up_to_sign(const double *ours, const double *theirs, size_t row_step,
                                    size_t component_step) {
    for (size_t c = 0; c < PCA_COMPONENTS; c++) {
        double sign = magnitude_sign(ours[c], theirs[c * component_step]);
        for (size_t row = 0; row < PCA_ROWS; row++) {
            double expected = sign * theirs[row * row_step + c * component_step];
            assert_true(fabs(ours[row * PCA_COMPONENTS + c] - expected) < 1e-11);
        }
    }
}

static void default_way_equals_pca_over_movies(void **state) {
    struct status status;
    struct factor_moments moments = moments_of_two_shards();
    double mean[PCA_FACTORS], axes[PCA_COMPONENTS * PCA_FACTORS], scores[PCA_ROWS * PCA_COMPONENTS];
    double variance[PCA_COMPONENTS], share[PCA_COMPONENTS];
    (void)state;
    assert_true(
        factors_decompose(&moments, PCA_FACTORS, PCA_COMPONENTS, mean, axes, variance, share, &status));
    factors_project(PCA_TABLE, PCA_ROWS, STRIDE, PCA_FACTORS, PCA_COMPONENTS, mean, axes, scores);
    assert_equal_up_to_sign(scores, PCA_SCORES, PCA_COMPONENTS, 1);
    for (size_t c = 0; c < PCA_COMPONENTS; c++) {
        assert_true(fabs(variance[c] - PCA_VARIANCE[c]) < 1e-11);
        assert_true(fabs(share[c] - PCA_SHARE[c]) < 1e-13);
    }
}

static void lesson_way_equals_components_of_the_transpose(void **state) {
    struct status status;
    struct factor_moments moments = moments_of_two_shards();
    double weights[PCA_COMPONENTS * PCA_FACTORS], share[PCA_COMPONENTS], scores[PCA_ROWS * PCA_COMPONENTS];
    (void)state;
    assert_true(factors_decompose_lesson(&moments, PCA_FACTORS, PCA_COMPONENTS, weights, share, &status));
    factors_project(PCA_TABLE, PCA_ROWS, STRIDE, PCA_FACTORS, PCA_COMPONENTS, NULL, weights, scores);
    assert_equal_up_to_sign(scores, PCA_LESSON, 1, PCA_ROWS);
    for (size_t c = 0; c < PCA_COMPONENTS; c++)
        assert_true(fabs(share[c] - PCA_LESSON_SHARE[c]) < 1e-13);
}

/* The same through a model file's layout, in which a bias follows each row. */
static void components_of_a_model_are_those_of_its_table(void **state) {
    static float rows[PCA_ROWS * (PCA_FACTORS + 1)];
    struct factor_components components;
    struct status status;
    (void)state;
    for (size_t i = 0; i < PCA_ROWS; i++) {
        memcpy(rows + i * (PCA_FACTORS + 1), PCA_TABLE + i * PCA_FACTORS, PCA_FACTORS * sizeof *rows);
        rows[i * (PCA_FACTORS + 1) + PCA_FACTORS] = 1e6f;
    }
    struct model_file model = {.spec = {.factors = PCA_FACTORS}, .movies = PCA_ROWS, .movie_rows = rows};
    assert_true(
        factor_components_make(&components, &model, COMPONENTS_OVER_MOVIES, PCA_COMPONENTS, NULL, &status));
    assert_equal_up_to_sign(components.scores, PCA_SCORES, PCA_COMPONENTS, 1);
    factor_components_free(&components);
    assert_true(
        factor_components_make(&components, &model, COMPONENTS_OF_LESSON, PCA_COMPONENTS, NULL, &status));
    assert_equal_up_to_sign(components.scores, PCA_LESSON, 1, PCA_ROWS);
    factor_components_free(&components);
    assert_false(
        factor_components_make(&components, &model, COMPONENTS_OVER_MOVIES, PCA_FACTORS + 1, NULL, &status));
    assert_int_equal(status.code, STATUS_USAGE);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_way_equals_pca_over_movies),
        cmocka_unit_test(lesson_way_equals_components_of_the_transpose),
        cmocka_unit_test(components_of_a_model_are_those_of_its_table),
    };
    return cmocka_run_group_tests_name("sklearn", tests, NULL, NULL);
}
