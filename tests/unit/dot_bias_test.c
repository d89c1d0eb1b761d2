
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/rng.h"
#include "model/dot_bias.h"

enum { SLOTS = 24, RATINGS = 150, MINIBATCH = 200, STRIDE_MAX = 64 };

struct problem {
    struct model_spec model;
    size_t stride;
    struct slot_rating ratings[RATINGS];
    float rows[SLOTS * STRIDE_MAX];
};

/* Users lie in even slots, movies in odd ones; more ratings than one block of the kernel holds, and not whole
 * blocks. */
static struct problem problem_of(uint32_t factors, bool has_bias, bool has_range, float mean) {
    struct problem problem = {.model = {.factors = factors,
                                        .has_bias = has_bias,
                                        .has_range = has_range,
                                        .range_low = 0.5f,
                                        .range_high = 5,
                                        .mean = mean}};
    problem.stride = row_stride(factors);
    for (size_t slot = 0; slot < SLOTS; slot++)
        for (size_t column = 0; column < factors + (has_bias ? 1 : 0); column++)
            problem.rows[slot * problem.stride + column] = (float)(rng_unit(1, slot, column) - 0.4);
    for (size_t i = 0; i < RATINGS; i++) {
        problem.ratings[i].user_slot = 2 * (uint32_t)(rng_bits(2, i, 0) % (SLOTS / 2));
        problem.ratings[i].movie_slot = 2 * (uint32_t)(rng_bits(2, i, 1) % (SLOTS / 2)) + 1;
        problem.ratings[i].value = (float)(1 + rng_bits(2, i, 2) % 10) / 2;
    }
    return problem;
}

static double naive_score(const struct problem *problem, const double *p, const double *q) {
    double z = p[problem->model.factors] + q[problem->model.factors] + (double)problem->model.mean;
    for (size_t k = 0; k < problem->model.factors; k++)
        z += p[k] * q[k];
    return z;
}

static double naive_rating(const struct model_spec *model, double z) {
    double low = model->range_low, high = model->range_high;
    return model->has_range ? low + (high - low) / (1 + exp(-z)) : z;
}

/* The part of the minibatch's loss that the lane's ratings bring, on rows in double. */
static double naive_loss(const struct problem *problem, const double *rows) {
    double loss = 0;
    for (size_t i = 0; i < RATINGS; i++) {
        const struct slot_rating *rating = &problem->ratings[i];
        double z = naive_score(problem, rows + rating->user_slot * problem->stride,
                               rows + rating->movie_slot * problem->stride);
        double error = naive_rating(&problem->model, z) - (double)rating->value;
        loss += error * error / MINIBATCH;
    }
    return loss;
}

static void widen(const struct problem *problem, double *rows) {
    for (size_t i = 0; i < SLOTS * problem->stride; i++)
        rows[i] = problem->rows[i];
}

/* The formulas of the header, as a double loop. */
static void naive_gradient(const struct problem *problem, const double *rows, double *gradients) {
    const struct model_spec *model = &problem->model;
    memset(gradients, 0, SLOTS * problem->stride * sizeof *gradients);
    for (size_t i = 0; i < RATINGS; i++) {
        size_t user = problem->ratings[i].user_slot * problem->stride;
        size_t movie = problem->ratings[i].movie_slot * problem->stride;
        double z = naive_score(problem, rows + user, rows + movie), s = 1 / (1 + exp(-z));
        double slope =
            model->has_range ? ((double)model->range_high - (double)model->range_low) * s * (1 - s) : 1;
        double pull = 2.0 / MINIBATCH * (naive_rating(model, z) - (double)problem->ratings[i].value) * slope;
        for (size_t k = 0; k < model->factors; k++) {
            gradients[user + k] += pull * rows[movie + k];
            gradients[movie + k] += pull * rows[user + k];
        }
        gradients[user + model->factors] += model->has_bias ? pull : 0;
        gradients[movie + model->factors] += model->has_bias ? pull : 0;
    }
}

static void check_problem(const struct problem *problem) {
    static double rows[SLOTS * STRIDE_MAX], expected[SLOTS * STRIDE_MAX];
    static float gradients[SLOTS * STRIDE_MAX];
    const struct model_spec *model = &problem->model;
    struct loss_sum loss = {.squared = 1, .absolute = 2, .count = 3}, evaluated = {0};
    const double h = 1e-5;
    memset(gradients, 0xFF, sizeof gradients);
    widen(problem, rows);
    naive_gradient(problem, rows, expected);
    dot_bias_gradient(model, problem->ratings, RATINGS, MINIBATCH, problem->rows, SLOTS, gradients, &loss);
    dot_bias_evaluate(model, problem->ratings, RATINGS, problem->rows, &evaluated);
    assert_true(fabs(loss.squared - 1 - MINIBATCH * naive_loss(problem, rows)) < 1e-3);
    assert_true(fabs(evaluated.squared - (loss.squared - 1)) < 1e-9 && evaluated.count == RATINGS);
    assert_true(fabs(evaluated.absolute - (loss.absolute - 2)) < 1e-9 && loss.count == RATINGS + 3);
    for (size_t i = 0; i < SLOTS * problem->stride; i++) {
        size_t column = i % problem->stride;
        bool moves = column < model->factors + (model->has_bias ? 1 : 0);
        assert_true(fabs((double)gradients[i] - expected[i]) < 2e-7 && (moves || gradients[i] == 0));
        if (!moves)
            continue;
        double centre = rows[i];
        rows[i] = centre + h;
        double above = naive_loss(problem, rows);
        rows[i] = centre - h;
        double below = naive_loss(problem, rows);
        rows[i] = centre;
        assert_true(fabs((double)gradients[i] - (above - below) / (2 * h)) < 2e-7);
    }
}

static void gradients_equal_finite_differences_and_a_naive_loop(void **state) {
    static const uint32_t FACTORS[] = {1, 6, 7, 8, 16, 50, 55};
    (void)state;
    for (size_t i = 0; i < sizeof FACTORS / sizeof FACTORS[0]; i++)
        for (unsigned choice = 0; choice < 8; choice++) {
            struct problem problem = problem_of(FACTORS[i], choice & 1, choice & 2, choice & 4 ? 0.3f : 0);
            check_problem(&problem);
        }
}

static void an_empty_lane_has_no_gradient(void **state) {
    struct problem problem = problem_of(6, true, true, 0);
    float gradients[2 * 8];
    struct loss_sum loss = {0};
    (void)state;
    memset(gradients, 0xFF, sizeof gradients);
    dot_bias_gradient(&problem.model, problem.ratings, 0, 64, problem.rows, 2, gradients, &loss);
    for (size_t i = 0; i < 16; i++)
        assert_true(gradients[i] == 0);
    assert_true(loss.count == 0 && loss.squared == 0);
}

/* Sums of a gradient depend on the order of the ratings alone, not on where blocks of the kernel end. */
static void one_rating_at_a_time_gives_the_same_scores(void **state) {
    struct problem problem = problem_of(50, true, true, 0.1f);
    struct loss_sum together = {0}, apart = {0};
    (void)state;
    dot_bias_evaluate(&problem.model, problem.ratings, RATINGS, problem.rows, &together);
    for (size_t i = 0; i < RATINGS; i++) {
        const float *p = problem.rows + problem.ratings[i].user_slot * problem.stride;
        const float *q = problem.rows + problem.ratings[i].movie_slot * problem.stride;
        struct loss_sum loss = {0};
        dot_bias_evaluate(&problem.model, problem.ratings + i, 1, problem.rows, &loss);
        dot_bias_evaluate(&problem.model, problem.ratings + i, 1, problem.rows, &apart);
        float rating = dot_bias_rating(&problem.model, dot_bias_score(&problem.model, p, q));
        assert_true(fabs(loss.absolute - fabs((double)rating - (double)problem.ratings[i].value)) < 3e-7);
    }
    assert_memory_equal(&together, &apart, sizeof together);
}

static double ulps(double value, long double truth) {
    int exponent;
    frexp(value, &exponent);
    return (double)fabsl((value - truth) / ldexpl(1, exponent - 53));
}

static void sigmoid_is_accurate(void **state) {
    double worst = 0;
    (void)state;
    for (uint64_t i = 0; i < 400000; i++) {
        double z = (2 * rng_unit(9, 0, i) - 1) * (i % 4 == 0 ? 700 : i % 4 == 1 ? 40 : i % 4 == 2 ? 4 : 0.01);
        worst = fmax(worst, ulps(dot_bias_sigmoid(z), 1 / (1 + expl(-(long double)z))));
    }
    print_message("sigmoid: at most %.2f ulp\n", worst);
    assert_true(worst < 2.5);
}

static void sigmoid_takes_everything(void **state) {
    (void)state;
    assert_true(dot_bias_sigmoid(0) == 0.5);
    assert_true(dot_bias_sigmoid(INFINITY) == 1 && dot_bias_sigmoid(1e300) == 1);
    assert_true(dot_bias_sigmoid(-INFINITY) >= 0 && dot_bias_sigmoid(-INFINITY) < 1e-300);
    assert_true(dot_bias_sigmoid(-1e300) >= 0 && dot_bias_sigmoid(-1e300) < 1e-300);
    assert_true(isnan(dot_bias_sigmoid(NAN)));
}

static void a_rating_stays_in_its_range(void **state) {
    struct model_spec model = {.factors = 1, .has_range = true, .range_low = 0.5f, .range_high = 5};
    (void)state;
    assert_true(dot_bias_rating(&model, 0) == 2.75f);
    assert_true(dot_bias_rating(&model, 1e9f) == 5 && dot_bias_rating(&model, -1e9f) == 0.5f);
    model.has_range = false;
    assert_true(dot_bias_rating(&model, 7) == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_equal_finite_differences_and_a_naive_loop),
        cmocka_unit_test(an_empty_lane_has_no_gradient),
        cmocka_unit_test(one_rating_at_a_time_gives_the_same_scores),
        cmocka_unit_test(sigmoid_is_accurate),
        cmocka_unit_test(sigmoid_takes_everything),
        cmocka_unit_test(a_rating_stays_in_its_range),
    };
    return cmocka_run_group_tests_name("dot_bias", tests, NULL, NULL);
}
