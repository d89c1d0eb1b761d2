/* Points of every schedule against tables made by hand from the formulas in SPEC.md and model/schedule.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "model/schedule.h"

struct point {
    uint64_t step;
    double learning_rate;
};

static bool near(double x, double y) {
    return fabs(x - y) <= 1e-13 * fabs(y);
}

static void check_points(const struct schedule_spec *spec, uint64_t steps_per_epoch,
                         const struct point *points, size_t count) {
    struct plateau_state plateau = {0};
    for (size_t i = 0; i < count; i++) {
        struct step_rate rate = schedule_rate(spec, steps_per_epoch, &plateau, points[i].step);
        if (!near(rate.learning_rate, points[i].learning_rate))
            print_error("step %u: %.17g\n", (unsigned)points[i].step, rate.learning_rate);
        assert_true(near(rate.learning_rate, points[i].learning_rate));
        assert_true(rate.momentum == spec->momentum);
    }
}

#define CHECK(spec, steps, points) check_points(&(spec), steps, points, sizeof(points) / sizeof *(points))

static void constant(void **state) {
    struct schedule_spec spec = {
        .kind = SCHEDULE_CONSTANT, .learning_rate = 0.1, .momentum = 0.9, .epochs = 3};
    static const struct point POINTS[] = {{0, 0.1}, {119, 0.1}};
    (void)state;
    CHECK(spec, 40, POINTS);
    assert_int_equal(schedule_epochs(&spec), 3);
}

static void phases_follow_one_another(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_PHASES,
                                 .momentum = 0.9,
                                 .phase_count = 3,
                                 .phases = {{3, 0.1}, {1, 0.05}, {2, 0.01}}};
    static const struct point POINTS[] = {{0, 0.1},    {119, 0.1},  {120, 0.05}, {159, 0.05},
                                          {160, 0.01}, {239, 0.01}, {999, 0.01}};
    (void)state;
    CHECK(spec, 40, POINTS);
    assert_int_equal(schedule_epochs(&spec), 6);
}

static void step_drops_every_few_epochs(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_STEP,
                                 .learning_rate = 0.8,
                                 .momentum = 0.9,
                                 .epochs = 7,
                                 .gamma = 0.5,
                                 .step_epochs = 2};
    static const struct point POINTS[] = {{0, 0.8}, {79, 0.8}, {80, 0.4}, {159, 0.4}, {160, 0.2}, {279, 0.1}};
    (void)state;
    CHECK(spec, 40, POINTS);
    assert_int_equal(schedule_epochs(&spec), 7);
}

static void exponential_falls_with_every_step(void **state) {
    struct schedule_spec spec = {
        .kind = SCHEDULE_EXPONENTIAL, .learning_rate = 0.1, .momentum = 0.9, .epochs = 5, .gamma = 0.5};
    /* 0.1 * 0.5^(step/40). */
    static const struct point POINTS[] = {
        {0, 0.1},    {1, 0.0982820598545251}, {20, 0.0707106781186548}, {40, 0.05},
        {80, 0.025}, {200, 0.003125}};
    (void)state;
    CHECK(spec, 40, POINTS);
}

static void cosine_restarts_in_longer_cycles(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_COSINE,
                                 .learning_rate = 0.01,
                                 .momentum = 0.9,
                                 .cycles = 3,
                                 .cycle_len = 1,
                                 .cycle_mult = 2};
    /* Cycles of 40, 80 and 160 steps; steps 0 and 1 warm up at lr/100. 0.005 * (1 + cos(pi * into / length)).
     */
    static const struct point POINTS[] = {{0, 0.0001},
                                          {1, 0.0001},
                                          {2, 0.00993844170297569},
                                          {10, 0.00853553390593274},
                                          {20, 0.005},
                                          {40, 0.01},
                                          {60, 0.00853553390593274},
                                          {80, 0.005},
                                          {120, 0.01},
                                          {160, 0.00853553390593274},
                                          {200, 0.005}};
    (void)state;
    CHECK(spec, 40, POINTS);
    struct plateau_state plateau = {0};
    assert_true(fabs(schedule_rate(&spec, 40, &plateau, 39).learning_rate - 1.54133313343602e-05) < 1e-17);
    assert_true(fabs(schedule_rate(&spec, 40, &plateau, 279).learning_rate - 9.63797589675908e-07) < 1e-17);
    assert_int_equal(schedule_epochs(&spec), 7);
}

static void cosine_warms_up_for_a_twentieth_of_its_first_cycle(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_COSINE,
                                 .learning_rate = 1,
                                 .momentum = 0.9,
                                 .cycles = 2,
                                 .cycle_len = 3,
                                 .cycle_mult = 1};
    /* 120 steps a cycle: 6 steps of warm-up, and none in the second cycle. 0.5 * (1 + cos(pi / 20)) at
     * step 6. */
    static const struct point POINTS[] = {
        {5, 0.01}, {6, 0.993844170297569}, {120, 1}, {126, 0.993844170297569}};
    (void)state;
    CHECK(spec, 40, POINTS);
    assert_int_equal(schedule_epochs(&spec), 6);
    spec.cycles = 2, spec.cycle_len = 1, spec.cycle_mult = 2;
    assert_int_equal(schedule_epochs(&spec), 3);
}

/* The numbers of PyTorch's OneCycleLR(max_lr=0.1, total_steps=40, pct_start=0.3, div_factor=25,
 * final_div_factor=1e4, base_momentum=0.85, max_momentum=0.95). */
static void one_cycle_equals_pytorch(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_ONE_CYCLE,
                                 .learning_rate = 0.1,
                                 .epochs = 4,
                                 .div = 25,
                                 .final_div = 1e4,
                                 .pct = 0.3,
                                 .momentum_low = 0.85,
                                 .momentum_high = 0.95};
    static const struct {
        uint64_t step;
        double learning_rate, momentum;
    } POINTS[] = {{0, 0.004, 0.95},
                  {1, 0.00594433726650412, 0.947974648680725},
                  {6, 0.0588311122371177, 0.892884258086336},
                  {11, 0.1, 0.85},
                  {12, 0.0996856117522202, 0.850314389505338},
                  {25, 0.0500002, 0.9},
                  {38, 0.000314788247779848, 0.949685610494662},
                  {39, 4e-07, 0.95},
                  {40, 4e-07, 0.95}};
    struct plateau_state plateau = {0};
    (void)state;
    for (size_t i = 0; i < sizeof POINTS / sizeof POINTS[0]; i++) {
        struct step_rate rate = schedule_rate(&spec, 10, &plateau, POINTS[i].step);
        assert_true(fabs(rate.learning_rate - POINTS[i].learning_rate) < 1e-15);
        assert_true(fabs(rate.momentum - POINTS[i].momentum) < 1e-14);
    }
    assert_int_equal(schedule_epochs(&spec), 4);
}

static void one_cycle_of_a_single_step_is_finite(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_ONE_CYCLE,
                                 .learning_rate = 0.1,
                                 .epochs = 1,
                                 .div = 25,
                                 .final_div = 1e4,
                                 .pct = 0.3};
    struct plateau_state plateau = {0};
    (void)state;
    assert_true(isfinite(schedule_rate(&spec, 1, &plateau, 0).learning_rate));
}

static void plateau_drops_when_the_loss_stands_still(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_PLATEAU,
                                 .learning_rate = 0.1,
                                 .momentum = 0.9,
                                 .epochs = 12,
                                 .gamma = 0.5,
                                 .patience = 2,
                                 .threshold = 0.01};
    /* What counts as an improvement is more than 1 % below the best loss so far. */
    static const struct {
        double loss, rate_after;
    } EPOCHS[] = {{1.0, 0.1},    {0.9, 0.1},      {0.895, 0.1},      {0.8, 0.1},
                  {0.85, 0.1},   {NAN, 0.05},     {0.81, 0.05},      {0.78, 0.05},
                  {0.779, 0.05}, {0.7799, 0.025}, {INFINITY, 0.025}, {0.9, 0.0125}};
    struct plateau_state plateau = {0};
    (void)state;
    for (size_t i = 0; i < sizeof EPOCHS / sizeof EPOCHS[0]; i++) {
        schedule_epoch_end(&spec, &plateau, EPOCHS[i].loss);
        assert_true(
            near(schedule_rate(&spec, 40, &plateau, 40 * (i + 1)).learning_rate, EPOCHS[i].rate_after));
    }
}

static void plateau_that_begins_without_a_loss_still_finds_a_best(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_PLATEAU, .learning_rate = 1, .gamma = 0.5, .patience = 3};
    struct plateau_state plateau = {0};
    (void)state;
    schedule_epoch_end(&spec, &plateau, NAN);
    schedule_epoch_end(&spec, &plateau, 0.7);
    assert_true(plateau.patience.best_loss == 0.7 && plateau.patience.epochs_waiting == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant),
        cmocka_unit_test(phases_follow_one_another),
        cmocka_unit_test(step_drops_every_few_epochs),
        cmocka_unit_test(exponential_falls_with_every_step),
        cmocka_unit_test(cosine_restarts_in_longer_cycles),
        cmocka_unit_test(cosine_warms_up_for_a_twentieth_of_its_first_cycle),
        cmocka_unit_test(one_cycle_equals_pytorch),
        cmocka_unit_test(one_cycle_of_a_single_step_is_finite),
        cmocka_unit_test(plateau_drops_when_the_loss_stands_still),
        cmocka_unit_test(plateau_that_begins_without_a_loss_still_finds_a_best),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
