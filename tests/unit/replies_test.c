/* Are the last answers kept, each with its own rows, and given again in whatever order they are asked for? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "pserver/replies.h"

enum { LANES = 3, LEAD = 1, DEPTH = 2 * (LEAD + 1), LANE_ROWS = 50, STRIDE = 8 };

static struct replies make(void) {
    struct replies replies;
    struct status status;
    assert_true(replies_init(&replies, LANES, LEAD, LANE_ROWS, STRIDE, &status));
    return replies;
}

static float value_of(uint32_t lane, uint64_t step, uint32_t entry, uint32_t column) {
    return (float)(rng_bits(lane, step, entry * STRIDE + column) % 1000);
}

/* Different entries, far apart and in no order. */
static void fill(struct replies *replies, uint32_t lane, uint64_t step, uint32_t count) {
    struct reply *reply = replies_open(replies, lane, step, step / 2);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t entry = (i * 37 + (uint32_t)step) % LANE_ROWS * 4096;
        float *values = replies_add(replies, reply, &entry, 1);
        assert_non_null(values);
        for (uint32_t k = 0; k < STRIDE; k++)
            values[k] = value_of(lane, step, entry, k);
    }
}

static void check(struct replies *replies, uint32_t lane, uint64_t step, const uint32_t *entries,
                  uint32_t count) {
    float values[LANE_ROWS][STRIDE];
    const struct reply *reply = replies_find(replies, lane, step);
    assert_non_null(reply);
    assert_int_equal(reply->version, step / 2);
    assert_true(replies_cover(replies, reply, entries, count));
    for (uint32_t i = 0; i < count; i++)
        memcpy(values[i], replies_row(replies, reply, entries, i), sizeof values[i]);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < STRIDE; k++)
            assert_true(values[i][k] == value_of(lane, step, entries[i], k));
}

static void the_last_answers_of_every_lane_are_there(void **state) {
    struct replies replies = make();
    (void)state;
    for (uint64_t step = 0; step < 20; step++)
        for (uint32_t lane = 0; lane < LANES; lane++)
            fill(&replies, lane, step, (uint32_t)(step + lane) % LANE_ROWS);
    for (uint64_t step = 0; step < 30; step++)
        for (uint32_t lane = 0; lane < LANES; lane++) {
            const struct reply *reply = replies_find(&replies, lane, step);
            assert_int_equal(reply != NULL, step < 20 && step >= 20 - DEPTH);
            if (reply != NULL)
                check(&replies, lane, step, reply->entries, reply->count);
        }
    assert_null(replies_find(&replies, 0, UINT64_MAX));
    replies_free(&replies);
    assert_int_equal(memory_blocks_held(), 0);
}

static void rows_come_in_the_order_asked(void **state) {
    struct replies replies = make();
    uint32_t entries[LANE_ROWS], count = LANE_ROWS;
    (void)state;
    fill(&replies, 1, 6, count);
    for (uint32_t i = 0; i < count; i++)
        entries[i] = replies_find(&replies, 1, 6)->entries[count - 1 - i];
    check(&replies, 1, 6, entries, count);
    check(&replies, 1, 6, entries + 3, 9);
    entries[1] = entries[0];
    check(&replies, 1, 6, entries, count);
    check(&replies, 1, 6, entries, 0);
    replies_free(&replies);
}

static void rows_that_are_not_there_are_not_covered(void **state) {
    struct replies replies = make();
    const uint32_t other = 4097, entries[] = {0, 4096, UINT32_MAX};
    (void)state;
    fill(&replies, 2, 4, LANE_ROWS);
    const struct reply *reply = replies_find(&replies, 2, 4);
    assert_true(replies_cover(&replies, reply, entries, 2));
    assert_false(replies_cover(&replies, reply, entries, 3));
    assert_false(replies_cover(&replies, reply, &other, 1));
    fill(&replies, 2, 5, 0);
    assert_false(replies_cover(&replies, replies_find(&replies, 2, 5), entries, 1));
    assert_true(replies_cover(&replies, replies_find(&replies, 2, 5), entries, 0));
    replies_free(&replies);
}

static void no_answer_grows_beyond_a_lane(void **state) {
    struct replies replies = make();
    uint32_t entries[LANE_ROWS] = {0};
    (void)state;
    struct reply *reply = replies_open(&replies, 0, 0, 0);
    assert_non_null(replies_add(&replies, reply, entries, LANE_ROWS));
    assert_null(replies_add(&replies, reply, entries, 1));
    assert_null(replies_add(&replies, reply, entries, UINT32_MAX));
    assert_int_equal(reply->count, LANE_ROWS);
    replies_free(&replies);
}

static void missing_memory_is_a_status(void **state) {
    (void)state;
    for (size_t nth = 1; nth <= 5; nth++) {
        struct replies replies;
        struct status status = {STATUS_OK, ""};
        memory_fail_after(nth);
        bool good = replies_init(&replies, LANES, LEAD, LANE_ROWS, STRIDE, &status);
        memory_fail_after(0);
        assert_int_equal(good, nth == 5);
        assert_int_equal(status.code, good ? STATUS_OK : STATUS_NO_MEMORY);
        replies_free(&replies);
        assert_int_equal(memory_blocks_held(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_answers_of_every_lane_are_there),
        cmocka_unit_test(rows_come_in_the_order_asked),
        cmocka_unit_test(rows_that_are_not_there_are_not_covered),
        cmocka_unit_test(no_answer_grows_beyond_a_lane),
        cmocka_unit_test(missing_memory_is_a_status),
    };
    return cmocka_run_group_tests_name("unit/replies", tests, NULL, NULL);
}
