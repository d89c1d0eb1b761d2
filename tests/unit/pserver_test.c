/* Does the engine of a pserver count every push once, answer what comes again with the same bits, and obey a lane's newest
 * owner alone? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "tests/unit/pserver_bench.h"

/* ---- exactly once ---- */

static void push_twice(enum gate_kind kind, uint32_t staleness) {
    static struct bench once, twice;
    struct bench *benches[] = {&once, &twice};
    for (int i = 0; i < 2; i++) {
        struct bench *bench = benches[i];
        bench_open(bench, kind, staleness);
        bench_pull_ahead(bench, 0);
        for (uint64_t step = 0; step < 10; step++)
            for (uint32_t lane = 0; lane < LANES; lane++)
                for (int copy = 0; copy <= i; copy++)
                    bench_push(bench, lane, step);
        bench_settle(bench, kind == GATE_SYNCHRONOUS ? 10 : 10 * LANES);
        assert_int_equal(bench->refused, 0);
    }
    assert_true(bench_last(&once, MESSAGE_SETTLED)->message.settled.digest ==
                bench_last(&twice, MESSAGE_SETTLED)->message.settled.digest);
    struct heartbeat_message single = bench_counters(&once), pair = bench_counters(&twice);
    assert_true(single.pushes == pair.pushes && single.step == pair.step);
    assert_int_equal(single.repeats, 0);
    assert_int_equal(pair.repeats, 10 * LANES);
    bench_close(&once);
    bench_close(&twice);
}

static void a_push_that_comes_twice_counts_once(void **state) {
    (void)state;
    push_twice(GATE_SYNCHRONOUS, 0);
    push_twice(GATE_SYNCHRONOUS, 3);
    push_twice(GATE_SSP, 2);
    push_twice(GATE_ASP, 0);
    assert_int_equal(memory_blocks_held(), 0);
}

static void what_comes_again_is_answered_with_the_same_bits(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 1);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 6);
    for (uint64_t step = 4; step <= 5; step++) {
        struct sent first = *bench_rows(&bench, 1, step + 2);
        int sent = bench_count(&bench, MESSAGE_ROWS);
        bench_push(&bench, 1, step);
        assert_int_equal(bench_count(&bench, MESSAGE_ROWS), sent + 1);
        const struct sent *again = bench_rows(&bench, 1, step + 2);
        assert_non_null(again);
        assert_int_equal(again->message.rows.version, first.message.rows.version);
        assert_int_equal(first.message.body_bytes, PULLED * STRIDE * sizeof(float));
        assert_int_equal(again->message.body_bytes, first.message.body_bytes);
        assert_memory_equal(again->body, first.body, first.message.body_bytes);
    }
    assert_int_equal(bench.refused, 0);
    bench_close(&bench);
}

static void a_request_that_waits_is_answered_where_it_came_from_last(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_pull_ahead(&bench, 0);
    bench_push(&bench, 0, 0);
    bench_send_step(&bench, &(struct request_plan){LINK_INCOMING + 77, 0, 1, true, 0}, NULL);
    assert_null(bench_rows(&bench, 0, 1));
    bench_push(&bench, 1, 0);
    assert_int_equal(bench_rows(&bench, 0, 1)->link, LINK_INCOMING + 77);
    assert_int_equal(bench_count(&bench, MESSAGE_ROWS), 4);
    assert_int_equal(bench_counters(&bench).repeats, 1);
    bench_close(&bench);
}

static void gaps_and_what_is_gone_are_refused(void **state) {
    static struct bench bench;
    static const uint64_t FAR[] = {8, UINT64_MAX - 2, UINT64_MAX};
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 1);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 7);
    for (size_t i = 0; i < 3; i++) {
        bench_push(&bench, 0, FAR[i]);
        assert_int_equal(bench.refused, 2 * (int)i + 1);
        bench_pull(&bench, 0, FAR[i] + (i == 0));
        assert_int_equal(bench.refused, 2 * (int)i + 2);
    }
    int sent = bench_count(&bench, MESSAGE_ROWS);
    bench_push(&bench, 0, 1);
    bench_pull(&bench, 0, 3);
    assert_int_equal(bench.refused, 6);
    assert_int_equal(bench_count(&bench, MESSAGE_ROWS), sent);
    bench_train(&bench, 7, 9);
    assert_int_equal(bench.refused, 6);
    bench_close(&bench);
}

static void other_rows_than_before_are_refused(void **state) {
    static struct bench bench;
    _Alignas(64) uint32_t rows[16] = {0};
    struct message message = {.kind = MESSAGE_STEP, .step = {.lease = 1, .pull_users = 2, .pull_movies = 1}};
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_pull_ahead(&bench, 0);
    bench_name_rows(rows, 0, 0);
    bench_hand(&bench, LINK_INCOMING, &message, rows, sizeof rows);
    assert_int_equal(bench.refused, 0);
    rows[2] = (rows[2] + 1) % MOVIES;
    bench_hand(&bench, LINK_INCOMING, &message, rows, sizeof rows);
    assert_int_equal(bench.refused, 1);
    bench_hand(&bench, LINK_INCOMING, &message, rows, sizeof rows - 64);
    assert_int_equal(bench.refused, 2);
    bench_close(&bench);
}

/* ---- owners ---- */

static void an_old_lease_is_refused(void **state) {
    static struct bench bench;
    (void)state;
    bench_make(&bench, GATE_SYNCHRONOUS, 0);
    bench_welcome(&bench, 0, 0, 0);
    bench_pull(&bench, 0, 0);
    assert_int_equal(bench.refused, 1);
    bench_open_lane(&bench, LINK_INCOMING, 0, 1);
    bench_open_lane(&bench, LINK_INCOMING + 1, 1, 1);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 3);
    bench_open_lane(&bench, LINK_INCOMING + 9, 0, 2);
    const struct sent *at = bench_last(&bench, MESSAGE_LANE_AT);
    assert_int_equal(at->link, LINK_INCOMING + 9);
    assert_true(at->message.lane_at.pushed == 3 && at->message.lane_at.lease == 2);
    assert_true(at->message.lane_at.squared == 1.0 && at->message.lane_at.count == 2);
    bench_push(&bench, 0, 3);
    bench_pull(&bench, 0, 3);
    bench_open_lane(&bench, LINK_INCOMING, 0, 1);
    assert_int_equal(bench.refused, 4);
    bench_open_lane(&bench, LINK_INCOMING + 9, 0, 2);
    assert_int_equal(bench_count(&bench, MESSAGE_LANE_AT), 4);
    bench_open_lane(&bench, LINK_INCOMING + 9, LANES, 2);
    assert_int_equal(bench.refused, 5);
    bench_close(&bench);
}

/* A lane changes hands where its shards are furthest apart; the new owner sends again what this shard has. */
static void a_new_owner_gets_the_answers_of_the_old_one(void **state) {
    (void)state;
    for (uint32_t staleness = 0; staleness <= 3; staleness++) {
        static struct bench bench;
        const uint64_t pushed = 12, from = pushed - (staleness + 1);
        float before[16][PULLED * STRIDE];
        bench_open(&bench, GATE_SYNCHRONOUS, staleness);
        bench_pull_ahead(&bench, 0);
        bench_train(&bench, 0, pushed);
        for (uint64_t step = from; step <= pushed + staleness; step++)
            memcpy(before[step], bench_rows(&bench, 0, step)->body, sizeof before[step]);

        bench_settle(&bench, pushed);
        uint64_t digest = bench_last(&bench, MESSAGE_SETTLED)->message.settled.digest;
        bench_open_lane(&bench, LINK_INCOMING + 5, 0, 2);
        bench.sent_count = 0;
        for (uint64_t step = from; step <= from + staleness; step++)
            bench_send_step(&bench, &(struct request_plan){LINK_INCOMING + 5, 0, 2, false, step}, NULL);
        for (uint64_t step = from; step < pushed; step++)
            bench_send_step(&bench, &(struct request_plan){LINK_INCOMING + 5, 0, 2, true, step},
                            before[step]);
        for (uint64_t step = from; step <= pushed + staleness; step++) {
            const struct sent *rows = bench_rows(&bench, 0, step);
            assert_non_null(rows);
            assert_int_equal(rows->link, LINK_INCOMING + 5);
            assert_memory_equal(rows->body, before[step], sizeof before[step]);
        }
        bench_settle(&bench, pushed);
        assert_true(bench_last(&bench, MESSAGE_SETTLED)->message.settled.digest == digest);
        assert_int_equal(bench.refused, 0);
        bench_close(&bench);
    }
}

/* ---- rates and settling ---- */

static void rates_that_do_not_come_are_asked_for_again(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_ASP, 0);
    bench.rates_withheld = true;
    bench_pull_ahead(&bench, 0);
    bench_push(&bench, 0, 0);
    bench_push(&bench, 0, 0);
    assert_int_equal(bench_count(&bench, MESSAGE_RATES_WANTED), 1);
    bench_beat(&bench);
    assert_int_equal(bench_count(&bench, MESSAGE_RATES_WANTED), 1);
    bench_beat(&bench);
    bench_beat(&bench);
    assert_int_equal(bench_count(&bench, MESSAGE_RATES_WANTED), 3);
    assert_null(bench_rows(&bench, 0, 1));
    bench_tell_rates(&bench);
    assert_non_null(bench_rows(&bench, 0, 1));
    uint64_t next = bench.first_rate;
    bench.first_rate = 0;
    bench_tell_rates(&bench);
    assert_int_equal(bench.refused, 0);
    bench.first_rate = next + 1;
    bench_tell_rates(&bench);
    assert_int_equal(bench.refused, 1);
    bench_close(&bench);
}

static void settle_may_be_asked_again(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_pull_ahead(&bench, 0);
    bench_settle(&bench, 2);
    bench_settle(&bench, 2);
    bench_train(&bench, 0, 2);
    assert_int_equal(bench_count(&bench, MESSAGE_SETTLED), 1);
    struct sent first = *bench_last(&bench, MESSAGE_SETTLED);
    bench_train(&bench, 2, 4);
    bench_settle(&bench, 2);
    assert_int_equal(bench_count(&bench, MESSAGE_SETTLED), 2);
    assert_memory_equal(&bench_last(&bench, MESSAGE_SETTLED)->message.settled, &first.message.settled,
                        sizeof first.message.settled);
    bench_settle(&bench, 1);
    assert_int_equal(bench_count(&bench, MESSAGE_SETTLED), 2);
    assert_int_equal(bench.refused, 0);
    bench_settle(&bench, 3);
    assert_int_equal(bench.refused, 1);
    bench_close(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_that_comes_twice_counts_once),
        cmocka_unit_test(what_comes_again_is_answered_with_the_same_bits),
        cmocka_unit_test(a_request_that_waits_is_answered_where_it_came_from_last),
        cmocka_unit_test(gaps_and_what_is_gone_are_refused),
        cmocka_unit_test(other_rows_than_before_are_refused),
        cmocka_unit_test(an_old_lease_is_refused),
        cmocka_unit_test(a_new_owner_gets_the_answers_of_the_old_one),
        cmocka_unit_test(rates_that_do_not_come_are_asked_for_again),
        cmocka_unit_test(settle_may_be_asked_again),
    };
    return cmocka_run_group_tests_name("unit/pserver", tests, NULL, NULL);
}
