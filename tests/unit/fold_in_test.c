/* A folded-in row is where the loss stands still, and no other row near it is better. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "core/memory.h"
#include "core/rng.h"
#include "model/fold_in.h"

enum { FACTORS = 6, COLUMNS = FACTORS + 1, RATINGS = 40 };

struct scene {
    struct model_spec spec;
    float movies[RATINGS][COLUMNS];
    struct fold_in_rating ratings[RATINGS];
    struct fold_in_problem problem;
};

static void fill(struct scene *scene, bool has_range, bool has_bias, double l2, uint64_t seed) {
    *scene = (struct scene){.spec = {.factors = FACTORS,
                                     .has_bias = has_bias,
                                     .has_range = has_range,
                                     .range_low = 0.5f,
                                     .range_high = 5,
                                     .mean = has_range ? 0.25f : 3.5f}};
    for (uint64_t i = 0; i < RATINGS; i++) {
        for (uint64_t k = 0; k < COLUMNS; k++)
            scene->movies[i][k] = k == FACTORS && !has_bias ? 0 : (float)(2 * rng_unit(seed, i, k) - 1);
        scene->ratings[i].movie = scene->movies[i];
        scene->ratings[i].value = (float)(0.5 * (1 + (double)(rng_bits(seed, i, 99) % 10)));
    }
    scene->problem = (struct fold_in_problem){&scene->spec, scene->ratings, RATINGS, l2};
}

static struct fold_in_solution solve(const struct scene *scene, double *row) {
    struct fold_in_solution solution;
    struct status status = {0};
    assert_true(fold_in_solve(&scene->problem, row, &solution, &status));
    assert_int_equal(memory_blocks_held(), 0);
    return solution;
}

static void gradient_is_that_of_finite_differences(void **state) {
    struct scene scene;
    double row[COLUMNS], gradient[COLUMNS];
    (void)state;
    for (int has_range = 0; has_range < 2; has_range++) {
        fill(&scene, has_range != 0, true, 0.7, 1);
        for (uint64_t k = 0; k < COLUMNS; k++)
            row[k] = rng_unit(2, k, 0) - 0.5;
        fold_in_gradient(&scene.problem, row, gradient);
        for (int k = 0; k < COLUMNS; k++) {
            double kept = row[k], step = 1e-5;
            row[k] = kept + step;
            double above = fold_in_loss(&scene.problem, row, NULL);
            row[k] = kept - step;
            double below = fold_in_loss(&scene.problem, row, NULL);
            row[k] = kept;
            assert_float_equal((above - below) / (2 * step), gradient[k], 1e-6);
        }
    }
}

/* Independent of fold_in_gradient: by differences of the loss alone. */
static void the_row_is_a_stationary_minimum(void **state) {
    struct scene scene;
    double row[COLUMNS];
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        fill(&scene, seed % 2 == 0, seed % 4 < 2, seed % 3 == 0 ? 0.01 : 2, seed);
        scene.problem.count = 1 + seed % RATINGS;
        struct fold_in_solution solution = solve(&scene, row);
        int moving = scene.spec.has_bias ? COLUMNS : FACTORS;
        for (int k = 0; k < moving; k++) {
            double kept = row[k], step = 1e-4;
            row[k] = kept + step;
            double above = fold_in_loss(&scene.problem, row, NULL);
            row[k] = kept - step;
            double below = fold_in_loss(&scene.problem, row, NULL);
            row[k] = kept;
            assert_true(above >= solution.loss && below >= solution.loss);
            assert_float_equal((above - below) / (2 * step), 0, 1e-5);
        }
        assert_true(solution.gradient < 1e-6);
        assert_true(scene.spec.has_bias || row[FACTORS] == 0);
    }
}

/* Ridge by hand: one factor of 1, no bias column: w = sum y / (n + l2). */
static void without_a_range_it_is_the_ridge_solution(void **state) {
    struct model_spec spec = {.factors = 1, .has_bias = false, .mean = 3};
    float movie[] = {1, 0};
    struct fold_in_rating ratings[] = {{movie, 4}, {movie, 5}, {movie, 4.5f}};
    struct fold_in_problem problem = {&spec, ratings, 3, 0.6};
    struct fold_in_solution solution;
    struct status status = {0};
    double row[2];
    (void)state;
    assert_true(fold_in_solve(&problem, row, &solution, &status));
    assert_float_equal(row[0], 4.5 / 3.6, 1e-14);
    assert_int_equal(solution.steps, 1);
    assert_float_equal(solution.squared + 0.6 * row[0] * row[0], solution.loss, 1e-12);
}

static void more_penalty_gives_a_shorter_row(void **state) {
    struct scene scene;
    double row[COLUMNS], last = INFINITY;
    (void)state;
    for (double l2 = 0.001; l2 < 1e6; l2 *= 10) {
        fill(&scene, true, true, l2, 3);
        solve(&scene, row);
        double squares = 0;
        for (int k = 0; k < COLUMNS; k++)
            squares += row[k] * row[k];
        assert_true(squares < last);
        last = squares;
    }
    assert_true(last < 1e-6);
}

static void numbers_too_large_are_bad_data(void **state) {
    struct model_spec spec = {.factors = 1, .has_bias = true};
    float movie[] = {3e38f, 3e38f};
    struct fold_in_rating ratings[] = {{movie, -3e38f}};
    struct fold_in_problem problem = {&spec, ratings, 1, 1e300};
    struct fold_in_solution solution;
    struct status status = {0};
    double row[2];
    (void)state;
    problem.l2 = 1.7e308;
    assert_false(fold_in_solve(&problem, row, &solution, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    memory_fail_after(1);
    assert_false(fold_in_solve(&problem, row, &solution, &status));
    assert_int_equal(status.code, STATUS_NO_MEMORY);
    memory_fail_after(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_is_that_of_finite_differences),
        cmocka_unit_test(the_row_is_a_stationary_minimum),
        cmocka_unit_test(without_a_range_it_is_the_ridge_solution),
        cmocka_unit_test(more_penalty_gives_a_shorter_row),
        cmocka_unit_test(numbers_too_large_are_bad_data),
    };
    return cmocka_run_group_tests_name("model/fold_in", tests, NULL, NULL);
}
