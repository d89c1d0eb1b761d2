/* What `dotbias explain` computes: decay's dose and the example, lengths of rows, a rotated model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "analysis/decay_dose.h"
#include "analysis/row_norms.h"
#include "analysis/turned_model.h"
#include "analysis_made_up_model.h"

/* sgd at a constant rate. */
static struct decay_run constant_run(double momentum, uint64_t steps_per_epoch) {
    return (struct decay_run){
        .optimiser = {.kind = OPTIMISER_SGD, .weight_decay = 0.02},
        .schedule = {.kind = SCHEDULE_CONSTANT, .learning_rate = 0.1, .momentum = momentum, .epochs = 2},
        .steps_per_epoch = steps_per_epoch,
        .batch = 4,
        .start = 0.5,
    };
}

static void assert_near(double value, double wanted, double tolerance) {
    if (!(fabs(value - wanted) <= tolerance))
        fail_msg("%.9g instead of %.9g", value, wanted);
}

static void the_dose_is_the_sum_of_rates_times_decay(void **state) {
    struct decay_run run = constant_run(0.9, 50);
    struct decay_dose dose = decay_dose_of(&run);
    (void)state;
    assert_int_equal(dose.steps, 100);
    assert_near(dose.rate_sum, 10, 1e-12);
    assert_near(dose.dose, 0.2, 1e-12);
    assert_near(dose.kept, pow(1 - 0.002, 100), 1e-12);
    run.schedule.kind = SCHEDULE_ONE_CYCLE;
    run.schedule.div = 25, run.schedule.final_div = 1e4, run.schedule.pct = 0.3;
    run.schedule.momentum_low = 0.85, run.schedule.momentum_high = 0.95;
    dose = decay_dose_of(&run);
    assert_near(dose.rate_first, 0.1 / 25, 1e-12);
    assert_near(dose.rate_most, 0.1, 1e-4);
    assert_near(dose.momentum_first, 0.95, 1e-12);
    assert_near(dose.momentum_most_rate, 0.85, 1e-3);
}

/* The example by a loop of its own, in double. */
static double naive_end(const struct decay_run *run, enum decay_way way, uint64_t ratings) {
    double w = run->start, v = 0, lr = run->schedule.learning_rate, mom = run->schedule.momentum;
    uint64_t steps = 2 * run->steps_per_epoch, next = 0;
    for (uint64_t step = 0; step < steps; step++) {
        bool rated = next < ratings &&
                     step + 1 > (double)(2 * next + 1) * (double)steps / (double)(2 * ratings) - 1e-9;
        double wd = run->optimiser.weight_decay, g = rated ? 2.0 / run->batch * (w - 1) : 0;
        next += rated;
        if (way == DECAY_WHEN_TOUCHED && !rated)
            continue;
        if (way == DECAY_DECOUPLED)
            w -= lr * wd * w;
        else
            g += wd * w;
        v = mom * v + g;
        w -= lr * v;
    }
    return w;
}

static void the_example_is_what_a_plain_loop_finds(void **state) {
    static const uint64_t RATINGS[] = {0, 1, 4, 20};
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct decay_run run = constant_run(with ? 0.9 : 0, 60);
        for (size_t i = 0; i < sizeof RATINGS / sizeof RATINGS[0]; i++) {
            struct status status;
            double ends[DECAY_WAYS];
            assert_true(decay_example(&run, RATINGS[i], ends, &status));
            for (int way = 0; way < DECAY_WAYS; way++)
                assert_near(ends[way], naive_end(&run, way, RATINGS[i]), 2e-6);
        }
    }
}

static void an_unrated_row_keeps_what_the_dose_leaves(void **state) {
    struct decay_run run = constant_run(0, 5000); /* longer than the optimiser's window */
    run.optimiser.weight_decay = 1e-3;
    struct decay_dose dose = decay_dose_of(&run);
    struct status status;
    double ends[DECAY_WAYS];
    (void)state;
    assert_true(decay_example(&run, 0, ends, &status));
    assert_near(ends[DECAY_COUPLED], 0.5 * dose.kept, 1e-5);
    assert_near(ends[DECAY_DECOUPLED], 0.5 * dose.kept, 1e-4);
    assert_true(ends[DECAY_WHEN_TOUCHED] == 0.5);
}

/* Adam divides coupled decay by its size: a start of 0.5 is gone though the dose is nothing. */
static void adam_takes_all_of_an_unrated_row(void **state) {
    struct decay_run run = constant_run(0.9, 500);
    struct status status;
    double ends[DECAY_WAYS];
    (void)state;
    run.optimiser = (struct optimiser_spec){
        .kind = OPTIMISER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 1e-6};
    run.schedule.learning_rate = 0.01;
    assert_true(decay_example(&run, 0, ends, &status));
    assert_near(ends[DECAY_COUPLED], 0, 0.01);
    assert_near(ends[DECAY_DECOUPLED], 0.5, 1e-4);
    run.optimiser.kind = OPTIMISER_ADAMW; /* its own decay is the decoupled one */
    assert_true(decay_example(&run, 0, ends, &status));
    assert_near(ends[DECAY_COUPLED], 0, 0.01);
}

static void buckets_double(void **state) {
    static const uint32_t COUNTS[] = {0, 1, 2, 3, 4, 7, 8, UINT32_MAX};
    static const unsigned BUCKETS[] = {0, 1, 2, 2, 3, 3, 4, 32};
    (void)state;
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        assert_int_equal(row_norms_bucket(COUNTS[i]), BUCKETS[i]);
        assert_true(row_norms_least(BUCKETS[i]) <= COUNTS[i]);
    }
}

static const struct model_spec SPEC = {.factors = 3, .has_bias = true, .init_scale = 0.1F};

static void norms_leave_the_bias_out(void **state) {
    struct made_up_model model;
    struct row_norms norms;
    double sum = 0, measured = 0;
    uint64_t rows = 0;
    (void)state;
    made_up_model_make(&model, &SPEC, 5, 40, ROWS_FINE, 3);
    row_norms_measure(&norms, &model.file, TABLE_MOVIES);
    for (uint32_t movie = 0; movie < 40; movie++) {
        const float *row = model.file.movie_rows + (size_t)movie * 4;
        sum += sqrt((double)row[0] * row[0] + (double)row[1] * row[1] + (double)row[2] * row[2]);
    }
    for (unsigned bucket = 0; bucket < ROW_NORM_BUCKETS; bucket++) {
        rows += norms.buckets[bucket].rows;
        measured += norms.buckets[bucket].norm_sum;
    }
    assert_int_equal(rows, 40);
    assert_near(measured, sum, 1e-9);
    assert_near(row_norms_start(&SPEC), 0.1, 1e-6); /* 0.1 sqrt(3/3) */
    made_up_model_free(&model);
}

static double product(const struct model_file *model, uint32_t a, uint32_t b) {
    double sum = 0;
    for (uint32_t k = 0; k < model->spec.factors; k++)
        sum += (double)model->movie_rows[a * 4 + k] * model->movie_rows[b * 4 + k];
    return sum;
}

static void a_rotation_keeps_products_and_biases_and_moves_factors(void **state) {
    struct made_up_model model;
    struct model_file turned;
    struct status status;
    double moved = 0;
    (void)state;
    made_up_model_make(&model, &SPEC, 5, 12, ROWS_FINE, 4);
    assert_true(turned_model_make(&turned, &model.file, 1, &status));
    for (uint32_t a = 0; a < 12; a++) {
        assert_true(turned.movie_rows[a * 4 + 3] == model.file.movie_rows[a * 4 + 3]);
        moved += fabs((double)turned.movie_rows[a * 4] - model.file.movie_rows[a * 4]);
        for (uint32_t b = 0; b < 12; b++)
            assert_near(product(&turned, a, b), product(&model.file, a, b), 1e-5);
    }
    assert_true(moved > 0.1);
    turned_model_free(&turned);
    made_up_model_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dose_is_the_sum_of_rates_times_decay),
        cmocka_unit_test(the_example_is_what_a_plain_loop_finds),
        cmocka_unit_test(an_unrated_row_keeps_what_the_dose_leaves),
        cmocka_unit_test(adam_takes_all_of_an_unrated_row),
        cmocka_unit_test(buckets_double),
        cmocka_unit_test(norms_leave_the_bias_out),
        cmocka_unit_test(a_rotation_keeps_products_and_biases_and_moves_factors),
    };
    return cmocka_run_group_tests_name("analysis_explain", tests, NULL, NULL);
}
