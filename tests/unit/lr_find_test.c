/* The range test's curve: its rates, its end, and what it suggests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "model/lr_find.h"
#include "model/schedule.h"

static void rates_grow_by_one_factor(void **state) {
    struct schedule_spec spec = {.kind = SCHEDULE_LR_FIND, .learning_rate = 1e-4, .find_top = 1};
    struct plateau_state plateau = {0};
    (void)state;
    assert_int_equal(schedule_epochs(&spec), 1);
    for (uint64_t step = 0; step < 100; step++) {
        double rate = schedule_rate(&spec, 100, &plateau, step).learning_rate;
        assert_true(fabs(rate / (1e-4 * pow(1e4, (double)step / 99)) - 1) < 1e-12);
    }
    assert_true(lr_find_rate(0.1, 1, 1, 0) == 0.1); /* an epoch of one step */
}

static void an_epoch_has_at_most_so_many_points(void **state) {
    (void)state;
    for (uint64_t steps = 1; steps < 2000; steps++)
        assert_true((steps + lr_find_interval(steps) - 1) / lr_find_interval(steps) <= LR_FIND_POINTS);
    assert_int_equal(lr_find_interval(128), 1);
    assert_int_equal(lr_find_interval(129), 2);
}

/* Flat, a fall that is steepest at rate 1e-2, lowest at 1e-1, then up. */
static double loss_at(double rate) {
    double x = log10(rate);
    return x < -1 ? 1 - 0.5 / (1 + exp(-6 * (x + 2))) : 0.5 + 40 * (x + 1) * (x + 1);
}

static void it_ends_at_four_times_the_lowest(void **state) {
    struct lr_find curve = {.count = 0};
    struct lr_find_advice advice;
    bool more = true;
    (void)state;
    for (uint64_t step = 0; more && step < 100; step++)
        more = lr_find_add(&curve, step + 1, lr_find_rate(1e-4, 10, 100, step),
                           loss_at(lr_find_rate(1e-4, 10, 100, step)));
    assert_true(curve.diverged && curve.count < 100);
    assert_true(curve.points[curve.count - 1].smoothed > 4 * curve.lowest);
    assert_true(curve.points[curve.count - 2].smoothed <= 4 * curve.lowest);
    assert_true(lr_find_advise(&curve, &advice));
    assert_true(advice.steepest > 0.8e-2 && advice.steepest < 3e-2); /* smoothing looks back */
    assert_true(advice.lowest_rate > 0.8e-1 && advice.lowest_rate < 2e-1);
    assert_true(advice.tenth == advice.lowest_rate / 10);
}

static void a_loss_that_is_none_ends_it(void **state) {
    struct lr_find curve = {.count = 0};
    struct lr_find_advice advice;
    (void)state;
    assert_true(lr_find_add(&curve, 1, 0.1, 1));
    assert_true(curve.points[0].smoothed == 1); /* corrected for its start */
    assert_false(lr_find_add(&curve, 2, 0.2, NAN));
    assert_true(curve.diverged && curve.count == 1);
    assert_false(lr_find_advise(&curve, &advice));
    struct lr_find rising = {.count = 0};
    for (uint64_t step = 0; step < 20; step++)
        lr_find_add(&rising, step + 1, 0.1 * (double)(step + 1), 1 + 0.01 * (double)step);
    assert_false(rising.diverged);
    assert_false(lr_find_advise(&rising, &advice)); /* nowhere does it fall */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_grow_by_one_factor),
        cmocka_unit_test(an_epoch_has_at_most_so_many_points),
        cmocka_unit_test(it_ends_at_four_times_the_lowest),
        cmocka_unit_test(a_loss_that_is_none_ends_it),
    };
    return cmocka_run_group_tests_name("unit/lr_find", tests, NULL, NULL);
}
