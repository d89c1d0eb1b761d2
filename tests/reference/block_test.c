/* The walk of a block against a naive double loop and finite differences, and its promise of the same bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "core/memory.h"
#include "core/rng.h"
#include "model/block.h"
#include "model/dot_bias.h"

enum { USERS = 40, MOVIES = 30, RATINGS = 301, VALUES = 10, VARIANTS = 8, STRIDE_MAX = FACTORS_MAX };

/* Around the vectors' and lines' ends, and the largest. */
static const uint32_t sizes[] = {1, 7, 8, 15, 16, 17, 31, 32, 50, 64, 65, 100, 128, 129, 300, 512};
enum { SIZES = sizeof sizes / sizeof *sizes };

struct problem {
    struct model_spec model;
    struct block_spec spec;
    struct block_rows users, movies;
    uint16_t user[RATINGS], movie[RATINGS];
    uint8_t code[RATINGS];
    float values[VALUES];
};

static struct block_rows rows_take(uint32_t count, const struct model_spec *model, uint64_t seed) {
    struct status status = {0};
    size_t stride = block_stride(model->factors);
    struct block_rows rows = {.count = count,
                              .factors = memory_take_array(count * stride, sizeof(float), "rows", &status),
                              .scalars =
                                  memory_take_array(count, sizeof(struct block_scalars), "rows", &status)};
    double scale = 1 / sqrt(model->factors);
    for (size_t row = 0; row < count; row++) {
        for (size_t k = 0; k < model->factors; k++)
            rows.factors[row * stride + k] = (float)(scale * (2 * rng_unit(seed, row, k) - 0.8));
        rows.scalars[row].bias = model->has_bias ? (float)(rng_unit(seed, row, FACTORS_MAX) - 0.4) : 0;
        rows.scalars[row].sum = (float)rng_unit(seed, row, FACTORS_MAX + 1);
    }
    return rows;
}

/* A variant's bits say adagrad, range and biases. Rows repeat within gangs and from one gang to the next. */
static struct problem *problem_take(uint32_t factors, int variant) {
    struct status status = {0};
    struct problem *problem = memory_take(sizeof *problem, "a problem", &status);
    assert_non_null(problem);
    problem->model = (struct model_spec){.factors = factors,
                                         .has_bias = variant & 4,
                                         .has_range = variant & 2,
                                         .range_low = 0.25f,
                                         .range_high = 5.5f,
                                         .mean = variant & 2 ? 0.125f : 2.75f};
    problem->spec = (struct block_spec){.model = &problem->model,
                                        .rule = variant & 1 ? BLOCK_ADAGRAD : BLOCK_SGD,
                                        .learning_rate = variant & 1 ? 0.1f : 0.02f,
                                        .decay = 0.03f,
                                        .epsilon = 1e-6f};
    problem->users = rows_take(USERS, &problem->model, 1);
    problem->movies = rows_take(MOVIES, &problem->model, 2);
    for (size_t i = 0; i < RATINGS; i++) {
        problem->user[i] = (uint16_t)(rng_bits(3, i, 0) % USERS);
        problem->movie[i] = (uint16_t)(rng_bits(3, i, 1) % MOVIES);
        problem->code[i] = (uint8_t)(rng_bits(3, i, 2) % VALUES);
    }
    for (size_t i = 0; i < VALUES; i++)
        problem->values[i] = (float)(i + 1) / 2;
    return problem;
}

static void problem_release(struct problem *problem) {
    memory_release(problem->users.factors);
    memory_release(problem->users.scalars);
    memory_release(problem->movies.factors);
    memory_release(problem->movies.scalars);
    memory_release(problem);
}

static double walk_some(struct problem *problem, enum block_path path, size_t first, size_t count) {
    struct block_ratings ratings = {problem->user + first, problem->movie + first, problem->code + first,
                                    count, problem->values};
    return block_walk_on(path, &problem->spec, problem->users, problem->movies, &ratings);
}

static void assert_same_rows(uint32_t factors, struct block_rows a, struct block_rows b) {
    assert_memory_equal(a.factors, b.factors, a.count * block_stride(factors) * sizeof(float));
    assert_memory_equal(a.scalars, b.scalars, a.count * sizeof *a.scalars);
}

static void assert_same_problem(const struct problem *a, const struct problem *b) {
    assert_same_rows(a->model.factors, a->users, b->users);
    assert_same_rows(a->model.factors, a->movies, b->movies);
}

static void assert_same_double(double a, double b) {
    assert_memory_equal(&a, &b, sizeof a);
}

/* A row in double: its factors, then its bias. */
struct naive_row {
    double w[STRIDE_MAX + 1];
    double sum;
};

struct naive {
    struct naive_row users[USERS], movies[MOVIES];
};

static void naive_rows(uint32_t factors, struct block_rows rows, struct naive_row *naive) {
    for (size_t row = 0; row < rows.count; row++) {
        for (size_t k = 0; k < factors; k++)
            naive[row].w[k] = (double)rows.factors[row * block_stride(factors) + k];
        naive[row].w[factors] = (double)rows.scalars[row].bias;
        naive[row].sum = (double)rows.scalars[row].sum;
    }
}

static double naive_error(const struct model_spec *model, const struct naive_row *p,
                          const struct naive_row *q, double rating, double *slope) {
    size_t factors = model->factors;
    double z = p->w[factors] + q->w[factors] + (double)model->mean;
    for (size_t k = 0; k < factors; k++)
        z += p->w[k] * q->w[k];
    double span = (double)model->range_high - (double)model->range_low, s = 1 / (1 + exp(-z));
    *slope = model->has_range ? span * s * (1 - s) : 1;
    return (model->has_range ? (double)model->range_low + span * s : z) - rating;
}

static void naive_move(const struct block_spec *spec, struct naive_row *row, const double *gradient,
                       size_t moving) {
    double rate = (double)spec->learning_rate, squares = 0;
    for (size_t k = 0; k < moving; k++)
        squares += gradient[k] * gradient[k];
    if (spec->rule == BLOCK_ADAGRAD) {
        row->sum += squares / (double)moving;
        rate /= sqrt(row->sum) + (double)spec->epsilon;
    }
    for (size_t k = 0; k < moving; k++)
        row->w[k] -= rate * gradient[k];
}

static double naive_visit(const struct block_spec *spec, struct naive_row *p, struct naive_row *q,
                          double rating) {
    size_t factors = spec->model->factors, moving = factors + (spec->model->has_bias ? 1 : 0);
    double to_p[STRIDE_MAX + 1], to_q[STRIDE_MAX + 1], slope, decay = (double)spec->decay;
    double e = naive_error(spec->model, p, q, rating, &slope), h = e * slope;
    for (size_t k = 0; k <= factors; k++) {
        to_p[k] = h * (k < factors ? q->w[k] : 1) + decay * p->w[k];
        to_q[k] = h * (k < factors ? p->w[k] : 1) + decay * q->w[k];
    }
    naive_move(spec, p, to_p, moving);
    naive_move(spec, q, to_q, moving);
    return e * e;
}

static void assert_near_rows(uint32_t factors, struct block_rows rows, const struct naive_row *naive) {
    for (size_t row = 0; row < rows.count; row++) {
        const float *values = rows.factors + row * block_stride(factors);
        for (size_t k = 0; k < factors; k++)
            assert_true(fabs((double)values[k] - naive[row].w[k]) < 2e-5);
        for (size_t k = factors; k < block_stride(factors); k++)
            assert_true(values[k] == 0);
        assert_true(fabs((double)rows.scalars[row].bias - naive[row].w[factors]) < 2e-5);
        assert_true(fabs((double)rows.scalars[row].sum - naive[row].sum) < 2e-5 * (1 + naive[row].sum));
    }
}

static void a_walk_does_what_a_double_loop_does(void **state) {
    (void)state;
    static struct naive naive;
    for (int i = 0; i < SIZES * VARIANTS; i++) {
        uint32_t factors = sizes[i / VARIANTS];
        struct problem *problem = problem_take(factors, i % VARIANTS);
        naive_rows(factors, problem->users, naive.users);
        naive_rows(factors, problem->movies, naive.movies);
        double wanted = 0;
        for (size_t r = 0; r < RATINGS; r++)
            wanted +=
                naive_visit(&problem->spec, &naive.users[problem->user[r]], &naive.movies[problem->movie[r]],
                            (double)problem->values[problem->code[r]]);
        double sum = walk_some(problem, block_best_path(), 0, RATINGS);
        assert_true(fabs(sum - wanted) < 2e-5 * wanted);
        assert_near_rows(factors, problem->users, naive.users);
        assert_near_rows(factors, problem->movies, naive.movies);
        problem_release(problem);
    }
}

/* e^2 / 2 and the L2 of both rows, with parameter k of the user's or the movie's row moved by delta. */
static double loss_near(const struct block_spec *spec, struct naive_row p, struct naive_row q, double rating,
                        bool of_user, size_t k, double delta) {
    double slope, squares = 0;
    (of_user ? &p : &q)->w[k] += delta;
    double e = naive_error(spec->model, &p, &q, rating, &slope);
    for (size_t i = 0; i <= spec->model->factors; i++)
        squares += p.w[i] * p.w[i] + q.w[i] * q.w[i];
    return e * e / 2 + (double)spec->decay / 2 * squares;
}

static void sgd_steps_down_the_gradient(void **state) {
    (void)state;
    static struct naive before, after;
    for (int has_range = 0; has_range < 2; has_range++) {
        struct problem *problem = problem_take(17, 4 + 2 * has_range);
        struct naive_row *p = &before.users[problem->user[0]], *q = &before.movies[problem->movie[0]];
        naive_rows(17, problem->users, before.users);
        naive_rows(17, problem->movies, before.movies);
        walk_some(problem, block_best_path(), 0, 1);
        naive_rows(17, problem->users, after.users);
        naive_rows(17, problem->movies, after.movies);
        for (size_t k = 0; k < 2 * 18; k++) {
            bool of_user = k < 18;
            double rating = (double)problem->values[problem->code[0]],
                   rate = (double)problem->spec.learning_rate;
            double slope = (loss_near(&problem->spec, *p, *q, rating, of_user, k % 18, 1e-5) -
                            loss_near(&problem->spec, *p, *q, rating, of_user, k % 18, -1e-5)) /
                           2e-5;
            double moved = of_user ? after.users[problem->user[0]].w[k % 18] - p->w[k % 18]
                                   : after.movies[problem->movie[0]].w[k % 18] - q->w[k % 18];
            assert_true(fabs(moved + rate * slope) < 2e-7);
        }
        problem_release(problem);
    }
}

static void every_path_gives_the_same_bits(void **state) {
    (void)state;
    for (int i = 0; i < SIZES * VARIANTS; i++) {
        struct problem *wanted = problem_take(sizes[i / VARIANTS], i % VARIANTS);
        double sum = walk_some(wanted, BLOCK_PORTABLE, 0, RATINGS);
        for (int path = BLOCK_AVX2; path < BLOCK_PATHS; path++) {
            if (!block_path_available((enum block_path)path))
                continue;
            struct problem *problem = problem_take(sizes[i / VARIANTS], i % VARIANTS);
            assert_same_double(walk_some(problem, (enum block_path)path, 0, RATINGS), sum);
            assert_same_problem(problem, wanted);
            problem_release(problem);
        }
        problem_release(wanted);
    }
}

/* A walk may work side by side, but only as one by one: rows that repeat see each other's steps, and e^2 are added in
 * the order of the ratings. */
static void a_walk_equals_walks_of_one_rating(void **state) {
    (void)state;
    for (int i = 0; i < SIZES * VARIANTS; i++) {
        struct problem *whole = problem_take(sizes[i / VARIANTS], i % VARIANTS);
        struct problem *single = problem_take(sizes[i / VARIANTS], i % VARIANTS);
        enum block_path path = block_best_path();
        double sum = 0;
        for (size_t r = 0; r < RATINGS; r++)
            sum += walk_some(single, path, r, 1);
        assert_same_double(walk_some(whole, path, 0, RATINGS), sum);
        assert_same_problem(whole, single);
        problem_release(whole);
        problem_release(single);
    }
}

/* Every way in which two of eight ratings can share a user, a movie, or both, in blocks that end anywhere. */
static void rows_that_repeat_anywhere_are_seen(void **state) {
    (void)state;
    for (int i = 0; i < 8 * 8 * 3; i++) {
        int first = i % 8, second = i / 8 % 8, what = 1 + i / 64;
        struct problem *whole = problem_take(20, 5), *single = problem_take(20, 5);
        for (int r = 0; r < 12; r++) {
            whole->user[r] = single->user[r] = (uint16_t)(2 * r);
            whole->movie[r] = single->movie[r] = (uint16_t)(2 * r + 1);
        }
        if (what & 1)
            whole->user[second] = single->user[second] = whole->user[first];
        if (what & 2)
            whole->movie[second] = single->movie[second] = whole->movie[first];
        size_t count = (size_t)(4 + i % 9);
        double sum = 0;
        for (size_t r = 0; r < count; r++)
            sum += walk_some(single, block_best_path(), r, 1);
        assert_same_double(walk_some(whole, block_best_path(), 0, count), sum);
        assert_same_problem(whole, single);
        problem_release(whole);
        problem_release(single);
    }
}

static void no_rating_moves_nothing(void **state) {
    (void)state;
    for (int path = 0; path < BLOCK_PATHS; path++) {
        struct problem *problem = problem_take(50, 5), *untouched = problem_take(50, 5);
        if (block_path_available((enum block_path)path))
            assert_true(walk_some(problem, (enum block_path)path, 0, 0) == 0);
        assert_same_problem(problem, untouched);
        problem_release(problem);
        problem_release(untouched);
    }
}

/* With one factor z can be followed by hand, so the error shows every bit of the sigmoid. */
static void the_sigmoid_is_that_of_dot_bias(void **state) {
    (void)state;
    struct problem *problem = problem_take(1, 6);
    double low = (double)problem->model.range_low, span = (double)problem->model.range_high - low;
    for (int i = 0; i < 4000 * BLOCK_PATHS; i++) {
        enum block_path path = (enum block_path)(i % BLOCK_PATHS);
        if (!block_path_available(path))
            continue;
        float *p = problem->users.factors + problem->user[0] * block_stride(1);
        float *q = problem->movies.factors + problem->movie[0] * block_stride(1);
        struct block_scalars *user = &problem->users.scalars[problem->user[0]];
        struct block_scalars *movie = &problem->movies.scalars[problem->movie[0]];
        *p = (float)(rng_unit(4, (uint64_t)i, 0) * 40 - 20);
        *q = i < 3000 ? 1 : i < 6000 ? 60 : 1e30f;
        user->bias = movie->bias = 0.25f;
        float z = (*p * *q + (user->bias + movie->bias)) + problem->model.mean;
        double e = (low + span * dot_bias_sigmoid((double)z)) - (double)problem->values[problem->code[0]];
        assert_same_double(walk_some(problem, path, 0, 1), 0 + e * e);
    }
    problem_release(problem);
}

static void rows_come_and_go_unchanged(void **state) {
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        uint32_t factors = sizes[i];
        struct model_spec model = {.factors = factors, .has_bias = true};
        struct block_rows rows = rows_take(USERS, &model, 1), again = rows_take(USERS, &model, 2);
        static float table[USERS * (FACTORS_MAX + ROW_LANES)], sums[USERS];
        memset(table, 0xff, sizeof table);
        block_rows_store(factors, rows, table, sums);
        for (size_t k = factors + 1; k < row_stride(factors); k++)
            assert_true(table[k] == 0);
        assert_true(table[row_stride(factors) + factors] == rows.scalars[1].bias);
        block_rows_load(factors, table, sums, again);
        assert_same_rows(factors, rows, again);
        block_rows_load(factors, table, NULL, again);
        assert_true(again.scalars[3].sum == 0 && again.scalars[3].bias == rows.scalars[3].bias);
        memory_release(rows.factors);
        memory_release(rows.scalars);
        memory_release(again.factors);
        memory_release(again.scalars);
    }
}

/* A row that has not been seen starts with s = 0: its first step is learning_rate times the gradient over its root
 * mean square, whatever the gradient's size. */
static void adagrad_may_start_at_nothing(void **state) {
    (void)state;
    struct problem *problem = problem_take(32, 5);
    for (size_t row = 0; row < USERS; row++)
        problem->users.scalars[row].sum = 0;
    float *p = problem->users.factors + problem->user[0] * block_stride(32);
    double squares = 0, bias = (double)problem->users.scalars[problem->user[0]].bias;
    float before[32];
    memcpy(before, p, sizeof before);
    walk_some(problem, block_best_path(), 0, 1);
    for (size_t k = 0; k < 32; k++)
        squares += pow((double)p[k] - (double)before[k], 2);
    squares += pow((double)problem->users.scalars[problem->user[0]].bias - bias, 2);
    assert_true(fabs(sqrt(squares / 33) - 0.1) < 1e-5);
    problem_release(problem);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_does_what_a_double_loop_does),
        cmocka_unit_test(sgd_steps_down_the_gradient),
        cmocka_unit_test(every_path_gives_the_same_bits),
        cmocka_unit_test(a_walk_equals_walks_of_one_rating),
        cmocka_unit_test(rows_that_repeat_anywhere_are_seen),
        cmocka_unit_test(no_rating_moves_nothing),
        cmocka_unit_test(the_sigmoid_is_that_of_dot_bias),
        cmocka_unit_test(rows_come_and_go_unchanged),
        cmocka_unit_test(adagrad_may_start_at_nothing),
    };
    return cmocka_run_group_tests_name("block", tests, NULL, NULL);
}
