/* Rows that are caught up with must be where a dense sweep in double would have brought them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "model/optimiser.h"
#include "model/schedule.h"

enum { FACTORS = 10, STRIDE = 16, STEPS = 10000, GAP_MAX = 3000 };

/* A row of the naive reference: everything in double, one step after another. */
struct dense_row {
    double w[STRIDE], first[STRIDE], second[STRIDE];
};

struct our_row {
    float value[STRIDE], first[STRIDE], second[STRIDE];
    uint64_t next_step;
};

static const struct optimiser_spec SPECS[] = {
    {.kind = OPTIMISER_SGD, .weight_decay = 0},
    {.kind = OPTIMISER_SGD, .weight_decay = 2e-4},
    {.kind = OPTIMISER_SGD, .weight_decay = 2e-4, .nesterov = true},
    {.kind = OPTIMISER_ADAM, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0},
    {.kind = OPTIMISER_ADAM, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 2e-4},
    {.kind = OPTIMISER_ADAMW, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01},
    {.kind = OPTIMISER_ADAGRAD, .epsilon = 1e-8, .weight_decay = 0},
    {.kind = OPTIMISER_ADAGRAD, .epsilon = 1e-8, .weight_decay = 0.01},
    {.kind = OPTIMISER_ADAGRAD_ROW, .epsilon = 1e-8, .weight_decay = 0},
    {.kind = OPTIMISER_ADAGRAD_ROW, .epsilon = 1e-8, .weight_decay = 0.01},
};
enum { SPEC_COUNT = sizeof SPECS / sizeof SPECS[0] };

static struct model_spec model_of(bool has_bias) {
    return (struct model_spec){.factors = FACTORS, .has_bias = has_bias};
}

static struct row_state state_of(struct our_row *row) {
    return (struct row_state){row->value, row->first, row->second, &row->next_step};
}

static struct step_rate rate_at(const struct optimiser_spec *spec, uint64_t step) {
    struct plateau_state plateau = {0};
    struct schedule_spec schedule = {.kind = SCHEDULE_ONE_CYCLE,
                                     .learning_rate = spec->kind == OPTIMISER_SGD ? 0.1 : 0.01,
                                     .epochs = 1,
                                     .div = 25,
                                     .final_div = 1e4,
                                     .pct = 0.3,
                                     .momentum_low = 0.85,
                                     .momentum_high = 0.95};
    return schedule_rate(&schedule, STEPS, &plateau, step);
}

/* The rules as the header has them. t counts from 1. */
static void dense_step(const struct optimiser_spec *spec, struct dense_row *row, const double *gradient,
                       struct step_rate rate, uint64_t t, size_t moving) {
    double lr = rate.learning_rate, mom = rate.momentum, wd = spec->weight_decay, mean = 0;
    for (size_t i = 0; i < moving; i++)
        mean += pow(gradient[i] + wd * row->w[i], 2) / (double)moving;
    if (spec->kind == OPTIMISER_ADAGRAD_ROW)
        row->second[0] += mean;
    for (size_t i = 0; i < moving; i++) {
        double *w = &row->w[i], *first = &row->first[i], *second = &row->second[i];
        double g = gradient[i] + (spec->kind == OPTIMISER_ADAMW ? 0 : wd * *w);
        switch (spec->kind) {
        case OPTIMISER_SGD:
            *first = mom * *first + g;
            *w -= lr * (spec->nesterov ? g + mom * *first : *first);
            break;
        case OPTIMISER_ADAMW:
            *w -= lr * wd * *w;
            /* fall through */
        case OPTIMISER_ADAM:
            *first = mom * *first + (1 - mom) * g;
            *second = spec->beta2 * *second + (1 - spec->beta2) * g * g;
            *w -= lr / (1 - pow(mom, (double)t)) * *first /
                  (sqrt(*second / (1 - pow(spec->beta2, (double)t))) + spec->epsilon);
            break;
        case OPTIMISER_ADAGRAD:
            *second += g * g;
            *w -= lr * g / (sqrt(*second) + spec->epsilon);
            break;
        case OPTIMISER_ADAGRAD_ROW:
            *w -= lr * g / (sqrt(row->second[0]) + spec->epsilon);
            break;
        }
    }
}

static void start(struct our_row *ours, struct dense_row *dense, size_t moving) {
    memset(ours, 0, sizeof *ours);
    memset(dense, 0, sizeof *dense);
    for (size_t i = 0; i < moving; i++)
        dense->w[i] = ours->value[i] = (float)(rng_unit(4, 0, i) - 0.5);
}

static void fill_gradient(uint64_t step, size_t moving, float *gradient, double *wide) {
    for (size_t i = 0; i < STRIDE; i++) {
        gradient[i] = i < moving ? (float)(0.2 * (rng_unit(6, step, i) - 0.5)) : 0;
        wide[i] = gradient[i];
    }
}

/* Touched after gaps of 1, 1, 2, 4, ..., 2048 and 1904 steps, and then from the beginning. */
static bool is_touched(uint64_t step) {
    uint64_t into = step % (2 * GAP_MAX);
    return (into & (into - 1)) == 0;
}

static void check_row(const struct our_row *ours, const struct dense_row *dense, double tolerance) {
    for (size_t i = 0; i < STRIDE; i++) {
        assert_true(fabs((double)ours->value[i] - dense->w[i]) <= tolerance);
        assert_true(fabs((double)ours->first[i] - dense->first[i]) <= tolerance);
        assert_true(fabs((double)ours->second[i] - dense->second[i]) <= tolerance);
    }
}

static void sweep_when_full(struct optimiser *optimiser, struct our_row *ours) {
    if (!optimiser_window_full(optimiser))
        return;
    optimiser_catch_up(optimiser, state_of(ours), optimiser_step(optimiser));
    optimiser_window_restart(optimiser);
}

static void compare_with_dense(const struct optimiser_spec *spec, bool has_bias) {
    struct status status;
    struct model_spec model = model_of(has_bias);
    struct optimiser *optimiser = optimiser_new(spec, &model, 0, &status);
    size_t moving = FACTORS + (has_bias ? 1 : 0);
    struct our_row ours;
    struct dense_row dense;
    const double none[STRIDE] = {0};
    assert_non_null(optimiser);
    start(&ours, &dense, moving);
    for (uint64_t step = 0; step < STEPS; step++) {
        float gradient[STRIDE];
        double wide[STRIDE];
        struct step_rate rate = rate_at(spec, step);
        sweep_when_full(optimiser, &ours);
        if (is_touched(step))
            optimiser_catch_up(optimiser, state_of(&ours), step);
        optimiser_open(optimiser, rate);
        fill_gradient(step, moving, gradient, wide);
        if (is_touched(step))
            optimiser_apply(optimiser, state_of(&ours), gradient);
        dense_step(spec, &dense, is_touched(step) ? wide : none, rate, step + 1, moving);
        if (is_touched(step))
            check_row(&ours, &dense, 2e-6);
    }
    optimiser_catch_up(optimiser, state_of(&ours), STEPS);
    check_row(&ours, &dense, 2e-6);
    assert_int_equal(ours.next_step, STEPS);
    optimiser_free(optimiser);
}

static void rows_with_gaps_are_where_a_dense_sweep_brings_them(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        compare_with_dense(&SPECS[i], true);
        compare_with_dense(&SPECS[i], false);
    }
}

/* A gap in one go and the same gap step by step differ by the rounding of floats only. */
static void one_long_gap_equals_many_short_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        struct status status;
        struct model_spec model = model_of(true);
        struct optimiser *optimiser = optimiser_new(&SPECS[i], &model, 0, &status);
        struct our_row once, stepwise;
        struct dense_row dense;
        float gradient[STRIDE];
        double wide[STRIDE];
        start(&once, &dense, FACTORS + 1);
        fill_gradient(0, FACTORS + 1, gradient, wide);
        optimiser_open(optimiser, rate_at(&SPECS[i], 0));
        optimiser_apply(optimiser, state_of(&once), gradient);
        stepwise = once;
        for (uint64_t step = 1; step < GAP_MAX; step++) {
            optimiser_open(optimiser, rate_at(&SPECS[i], step));
            optimiser_catch_up(optimiser, state_of(&stepwise), step + 1);
        }
        optimiser_catch_up(optimiser, state_of(&once), GAP_MAX);
        for (size_t k = 0; k < STRIDE; k++) {
            assert_true(fabsf(once.value[k] - stepwise.value[k]) <= 4e-6f);
            assert_true(fabsf(once.first[k] - stepwise.first[k]) <= 4e-6f);
            assert_true(fabsf(once.second[k] - stepwise.second[k]) <= 4e-6f);
        }
        optimiser_free(optimiser);
    }
}

/* Neither the bias of a model without biases, nor padding, whatever a push says of them. */
static void what_must_not_move_does_not(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_COUNT; i++)
        for (int has_bias = 0; has_bias <= 1; has_bias++) {
            struct status status;
            struct model_spec model = model_of(has_bias);
            struct optimiser *optimiser = optimiser_new(&SPECS[i], &model, 0, &status);
            size_t moving = FACTORS + (size_t)has_bias;
            struct our_row ours, clean;
            struct dense_row dense;
            start(&ours, &dense, moving);
            start(&clean, &dense, moving);
            for (uint64_t step = 0; step < 40; step++) {
                float gradient[STRIDE], dirty[STRIDE];
                double wide[STRIDE];
                fill_gradient(step, moving, gradient, wide);
                for (size_t k = 0; k < STRIDE; k++)
                    dirty[k] = k < moving ? gradient[k] : -3;
                optimiser_open(optimiser, rate_at(&SPECS[i], step));
                if (step % 5 != 0)
                    continue;
                optimiser_catch_up(optimiser, state_of(&ours), step);
                optimiser_catch_up(optimiser, state_of(&clean), step);
                optimiser_apply(optimiser, state_of(&ours), dirty);
                optimiser_apply(optimiser, state_of(&clean), gradient);
            }
            assert_memory_equal(&ours, &clean, sizeof ours);
            for (size_t k = moving; k < STRIDE; k++)
                assert_true(ours.value[k] == 0 && ours.first[k] == 0 && ours.second[k] == 0);
            optimiser_free(optimiser);
        }
}

static void touched_rows_move_only_when_touched(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        struct status status;
        struct model_spec model = model_of(true);
        struct optimiser_spec spec = SPECS[i];
        spec.decay = DECAY_TOUCHED;
        struct optimiser *optimiser = optimiser_new(&spec, &model, 0, &status);
        struct our_row ours;
        struct dense_row dense;
        start(&ours, &dense, FACTORS + 1);
        for (uint64_t step = 0; step < 50; step++) {
            float gradient[STRIDE];
            double wide[STRIDE];
            struct our_row before = ours;
            optimiser_open(optimiser, rate_at(&spec, step));
            optimiser_catch_up(optimiser, state_of(&ours), step);
            before.next_step = step;
            assert_memory_equal(&ours, &before, sizeof ours);
            fill_gradient(step, FACTORS + 1, gradient, wide);
            if (step % 7 != 0)
                continue;
            optimiser_apply(optimiser, state_of(&ours), gradient);
            dense_step(&spec, &dense, wide, rate_at(&spec, step), step + 1, FACTORS + 1);
            check_row(&ours, &dense, 2e-6);
        }
        optimiser_free(optimiser);
    }
}

/* A run that goes on at a step with the rates of its window opened again gives the same bits as one that
 * never stopped. */
static void a_window_can_be_opened_again(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        struct status status;
        struct model_spec model = model_of(true);
        struct optimiser *whole = optimiser_new(&SPECS[i], &model, OPTIMISER_WINDOW + 100, &status);
        struct optimiser *again = optimiser_new(&SPECS[i], &model, OPTIMISER_WINDOW + 300, &status);
        struct our_row ours, theirs;
        struct dense_row dense;
        start(&ours, &dense, FACTORS + 1);
        memset(ours.second, 0, sizeof ours.second);
        ours.next_step = OPTIMISER_WINDOW + 300;
        theirs = ours;
        assert_int_equal(optimiser_step(whole), OPTIMISER_WINDOW + 100);
        for (uint64_t step = OPTIMISER_WINDOW + 100; step < OPTIMISER_WINDOW + 900; step++) {
            optimiser_open(whole, rate_at(&SPECS[i], step));
            if (step >= OPTIMISER_WINDOW + 300)
                optimiser_open(again, rate_at(&SPECS[i], step));
        }
        optimiser_catch_up(whole, state_of(&ours), OPTIMISER_WINDOW + 900);
        optimiser_catch_up(again, state_of(&theirs), OPTIMISER_WINDOW + 900);
        assert_memory_equal(&ours, &theirs, sizeof ours);
        optimiser_free(whole);
        optimiser_free(again);
    }
}

static void the_window_is_full_at_its_multiples(void **state) {
    struct status status;
    struct model_spec model = model_of(true);
    struct optimiser *optimiser = optimiser_new(&SPECS[1], &model, OPTIMISER_WINDOW - 2, &status);
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_false(optimiser_window_full(optimiser));
        optimiser_open(optimiser, (struct step_rate){0.1, 0.9});
    }
    assert_true(optimiser_window_full(optimiser));
    optimiser_window_restart(optimiser);
    assert_false(optimiser_window_full(optimiser));
    for (int i = 0; i < OPTIMISER_WINDOW; i++)
        optimiser_open(optimiser, (struct step_rate){0.1, 0.9});
    assert_true(optimiser_window_full(optimiser));
    assert_int_equal(optimiser_step(optimiser), 2 * OPTIMISER_WINDOW);
    optimiser_free(optimiser);
}

static void rules_say_what_state_they_need(void **state) {
    static const unsigned NEEDS[] = {[OPTIMISER_SGD] = 1,
                                     [OPTIMISER_ADAM] = 3,
                                     [OPTIMISER_ADAMW] = 3,
                                     [OPTIMISER_ADAGRAD] = 2,
                                     [OPTIMISER_ADAGRAD_ROW] = 2};
    (void)state;
    for (size_t i = 0; i < SPEC_COUNT; i++)
        assert_int_equal(optimiser_needs(&SPECS[i]), NEEDS[SPECS[i].kind]);
}

static void memory_that_is_refused_is_a_status(void **state) {
    struct status status;
    struct model_spec model = model_of(true);
    size_t held = memory_blocks_held();
    (void)state;
    for (size_t countdown = 1; countdown <= 4; countdown++) {
        memory_fail_after(countdown);
        assert_null(optimiser_new(&SPECS[1], &model, 0, &status));
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_int_equal(memory_blocks_held(), held);
    }
    memory_fail_after(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_with_gaps_are_where_a_dense_sweep_brings_them),
        cmocka_unit_test(one_long_gap_equals_many_short_ones),
        cmocka_unit_test(what_must_not_move_does_not),
        cmocka_unit_test(touched_rows_move_only_when_touched),
        cmocka_unit_test(a_window_can_be_opened_again),
        cmocka_unit_test(the_window_is_full_at_its_multiples),
        cmocka_unit_test(rules_say_what_state_they_need),
        cmocka_unit_test(memory_that_is_refused_is_a_status),
    };
    return cmocka_run_group_tests_name("optimiser", tests, NULL, NULL);
}
