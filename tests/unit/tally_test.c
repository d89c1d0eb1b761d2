/* Tallies: which slot a value falls into, quantiles within a factor of two of the truth, differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/tally.h"

static void a_value_lies_within_the_bounds_of_its_slot(void **state) {
    (void)state;
    for (uint64_t value = 0; value < 20000000; value += 1 + value / 7) {
        unsigned slot = tally_slot(value);
        assert_true(value <= tally_bound(slot));
        assert_true(slot == 0 || value > tally_bound(slot - 1));
    }
    assert_int_equal(tally_slot(UINT64_MAX), TALLY_SLOTS - 1);
}

static void a_quantile_is_within_a_factor_of_two(void **state) {
    (void)state;
    struct tally tally = {{0}, 0, 0};
    for (uint64_t value = 1; value <= 1000; value++)
        tally_add(&tally, value);
    assert_int_equal(tally_count(&tally), 1000);
    assert_int_equal(tally.sum, 500500);
    for (double share = 0.01; share < 1; share += 0.01) {
        double truth = 1000 * share, guess = tally_quantile(&tally, share);
        assert_true(guess <= 2 * truth + 1 && 2 * guess + 1 >= truth);
    }
    assert_true(tally_quantile(&tally, 1) == 1000);
}

static void an_empty_tally_has_the_quantile_zero(void **state) {
    (void)state;
    struct tally tally = {{0}, 0, 0};
    assert_true(tally_quantile(&tally, 0.5) == 0);
}

static void a_difference_counts_what_came_between(void **state) {
    (void)state;
    struct tally before = {{0}, 0, 0}, now;
    tally_add(&before, 7);
    now = before;
    tally_add(&now, 7);
    tally_add(&now, 100);
    struct tally since = tally_since(&now, &before);
    assert_int_equal(tally_count(&since), 2);
    assert_int_equal(since.sum, 107);
    assert_int_equal(since.counts[tally_slot(7)], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_lies_within_the_bounds_of_its_slot),
        cmocka_unit_test(a_quantile_is_within_a_factor_of_two),
        cmocka_unit_test(an_empty_tally_has_the_quantile_zero),
        cmocka_unit_test(a_difference_counts_what_came_between),
    };
    return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
