
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "model/order.h"

enum { LARGEST = 70000 };

static void an_order_is_a_bijection(void **state) {
    static const uint64_t COUNTS[] = {1,  2,  3,    4,    5,    15,    16,    17,     63,
                                      64, 65, 1000, 4096, 4097, 65536, 65537, LARGEST};
    static unsigned char seen[LARGEST];
    (void)state;
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        struct epoch_order order = order_of_epoch(42, i, COUNTS[i]);
        memset(seen, 0, sizeof seen);
        for (uint64_t position = 0; position < COUNTS[i]; position++) {
            uint64_t index = order_at(&order, position);
            assert_true(index < COUNTS[i] && !seen[index]);
            seen[index] = 1;
        }
    }
}

/* Runs of every length, from every place of a group, and to the epoch's last position. */
static void a_run_is_position_by_position(void **state) {
    static const uint64_t COUNTS[] = {1, 2, 63, 64, 65, 1000, 4097, 65536};
    uint64_t indices[300];
    (void)state;
    for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
        struct epoch_order order = order_of_epoch(7, i, COUNTS[i]);
        uint32_t most = COUNTS[i] < 300 ? (uint32_t)COUNTS[i] : 300;
        for (uint32_t size = 0; size <= most; size++) {
            uint64_t first = size % 2 == 0 ? COUNTS[i] - size : (COUNTS[i] - size) / 3;
            order_run(&order, first, size, indices);
            for (uint32_t at = 0; at < size; at++)
                assert_int_equal(indices[at], order_at(&order, first + at));
        }
    }
}

static void a_huge_order_stays_inside(void **state) {
    uint64_t count = (UINT64_C(1) << 40) + 12345;
    struct epoch_order order = order_of_epoch(1, 2, count);
    (void)state;
    for (uint64_t position = 0; position < 1000; position++)
        assert_true(order_at(&order, count - 1 - position) < count);
}

static void epochs_and_seeds_have_their_own_order(void **state) {
    struct epoch_order first = order_of_epoch(42, 0, 1000), again = order_of_epoch(42, 0, 1000);
    struct epoch_order next = order_of_epoch(42, 1, 1000), other = order_of_epoch(43, 0, 1000);
    size_t same_epoch = 0, same_seed = 0, at_home = 0;
    (void)state;
    for (uint64_t position = 0; position < 1000; position++) {
        uint64_t index = order_at(&first, position);
        assert_int_equal(index, order_at(&again, position));
        same_epoch += index == order_at(&next, position);
        same_seed += index == order_at(&other, position);
        at_home += index == position;
    }
    /* Of two random orders of anything, one place in expectation is the same. */
    assert_true(same_epoch < 10 && same_seed < 10 && at_home < 10);
}

/* Each tenth of the positions gets its share of each tenth of the indices. */
static void an_order_mixes(void **state) {
    struct epoch_order order = order_of_epoch(5, 3, 50000);
    double cells[10][10] = {{0}}, chi_square = 0;
    (void)state;
    for (uint64_t position = 0; position < 50000; position++)
        cells[position / 5000][order_at(&order, position) / 5000]++;
    for (size_t i = 0; i < 100; i++)
        chi_square += pow(cells[i / 10][i % 10] - 500, 2) / 500;
    /* 81 degrees of freedom: mean 81, standard deviation 13. */
    assert_true(chi_square < 81 + 5 * 13 && chi_square > 81 - 5 * 13);
}

static void steps_cover_the_epoch(void **state) {
    (void)state;
    assert_int_equal(order_steps_per_epoch(80004, 64), 1251);
    assert_int_equal(order_steps_per_epoch(128, 64), 2);
    assert_int_equal(order_steps_per_epoch(1, 64), 1);
}

static void lanes_cover_each_step_exactly(void **state) {
    static const struct {
        uint64_t count;
        uint32_t batch, lanes;
    } CASES[] = {{1000, 64, 1}, {1000, 64, 3}, {1003, 64, 7},   {5, 64, 16},
                 {129, 64, 5},  {7, 1, 2},     {4096, 1024, 16}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint64_t next = 0, steps = order_steps_per_epoch(CASES[i].count, CASES[i].batch);
        for (uint64_t step = 0; step < steps; step++) {
            uint32_t smallest = UINT32_MAX, largest = 0, total = 0, minibatch = 0;
            for (uint32_t lane = 0; lane < CASES[i].lanes; lane++) {
                struct lane_span span =
                    order_lane(CASES[i].count, CASES[i].batch, CASES[i].lanes, step, lane);
                assert_int_equal(span.first, next);
                next += span.size;
                total += span.size;
                minibatch = span.minibatch;
                smallest = span.size < smallest ? span.size : smallest;
                largest = span.size > largest ? span.size : largest;
            }
            assert_int_equal(total, minibatch);
            assert_int_equal(minibatch,
                             step + 1 < steps ? CASES[i].batch : CASES[i].count - step * CASES[i].batch);
            assert_true(largest - smallest <= 1);
        }
        assert_int_equal(next, CASES[i].count);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_a_bijection),
        cmocka_unit_test(a_run_is_position_by_position),
        cmocka_unit_test(a_huge_order_stays_inside),
        cmocka_unit_test(epochs_and_seeds_have_their_own_order),
        cmocka_unit_test(an_order_mixes),
        cmocka_unit_test(steps_cover_the_epoch),
        cmocka_unit_test(lanes_cover_each_step_exactly),
    };
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
