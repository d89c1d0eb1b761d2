/* Does a pserver count what it does, and tell of it in time? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "tests/unit/pserver_bench.h"

static union beat_tallies tallies(const struct bench *bench) {
    const struct sent *beat = bench_last(bench, MESSAGE_HEARTBEAT);
    union beat_tallies tallies;
    assert_non_null(beat);
    assert_int_equal(beat->message.body_bytes, sizeof tallies);
    memcpy(&tallies, beat->body, sizeof tallies);
    return tallies;
}

/* Six steps of two lanes, rows read one step before: eight pulls of each lane, six pushes. */
static void pulls_pushes_and_staleness_are_counted(void **state) {
    enum { STEPS = 6, STALENESS = 1 };
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, STALENESS);
    bench.tick_ns = 1500;
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, STEPS);
    struct heartbeat_message counters = bench_counters(&bench);
    union beat_tallies counted = tallies(&bench);
    assert_int_equal(counters.pulls, (STEPS + STALENESS + 1) * LANES * PULLED);
    assert_int_equal(counters.pushes, STEPS * LANES * PULLED);
    assert_int_equal(counters.reads, 0);
    assert_int_equal(counters.queue, 0);
    assert_int_equal(counters.queue_most, 1);
    assert_int_equal(tally_count(&counted.pull_us), (STEPS + STALENESS + 1) * LANES);
    assert_int_equal(counted.pull_us.sum, 2 * tally_count(&counted.pull_us));
    assert_int_equal(tally_count(&counted.apply_us), STEPS);
    assert_int_equal(counted.apply_us.sum, 3 * STEPS);
    assert_int_equal(tally_count(&counted.staleness), STEPS * LANES);
    assert_int_equal(counted.staleness.counts[0], LANES);
    assert_int_equal(counted.staleness.counts[1], (STEPS - 1) * LANES);
    bench_close(&bench);
}

static void what_waits_is_counted_until_it_is_answered(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_pull_ahead(&bench, 0);
    bench_push(&bench, 0, 0);
    bench_push(&bench, 0, 0);
    assert_int_equal(bench_counters(&bench).queue, 1);
    bench_push(&bench, 1, 0);
    struct heartbeat_message counters = bench_counters(&bench);
    assert_int_equal(counters.queue, 0);
    assert_int_equal(counters.queue_most, 1);
    assert_int_equal(bench_counters(&bench).queue_most, 0);
    bench_close(&bench);
}

/* In asp a push is as stale as there were pushes since its rows were read. */
static void staleness_without_a_clock_counts_the_pushes_between(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_ASP, 0);
    bench_pull_ahead(&bench, 0);
    for (uint64_t step = 0; step < 3; step++)
        bench_push(&bench, 0, step);
    bench_push(&bench, 1, 0);
    bench_beat(&bench);
    union beat_tallies counted = tallies(&bench);
    assert_int_equal(tally_count(&counted.staleness), 4);
    assert_int_equal(counted.staleness.sum, 3);
    assert_int_equal(counted.staleness.most, 3);
    bench_close(&bench);
}

static void rows_read_aside_are_no_pulls(void **state) {
    static struct bench bench;
    uint32_t rows[PULLED];
    struct message read = {.kind = MESSAGE_READ, .read = {.request = 1, .users = 2, .movies = 1}};
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_name_rows(rows, 0, 0);
    bench_hand(&bench, LINK_INCOMING, &read, rows, sizeof rows);
    struct heartbeat_message counters = bench_counters(&bench);
    assert_int_equal(counters.reads, PULLED);
    assert_int_equal(counters.pulls, 0);
    assert_int_equal(counters.bytes_in, sizeof rows);
    assert_int_equal(counters.bytes_out, PULLED * STRIDE * sizeof(float));
    bench_close(&bench);
}

/* The heartbeat just before SETTLED knows the last push, though it is not due. */
static void figures_come_before_settled(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 4);
    int beats = bench_count(&bench, MESSAGE_HEARTBEAT);
    bench_settle(&bench, 4);
    assert_int_equal(bench_count(&bench, MESSAGE_HEARTBEAT), beats + 1);
    const struct sent *last = &bench.sent[bench.sent_count - 2];
    assert_int_equal(last[0].message.kind, MESSAGE_HEARTBEAT);
    assert_int_equal(last[1].message.kind, MESSAGE_SETTLED);
    assert_int_equal(last->message.heartbeat.pushes, 4 * LANES * PULLED);
    assert_int_equal(last->message.heartbeat.step, 4);
    bench_close(&bench);
}

/* At the end of a run there are none to be had. */
static void rates_are_asked_for_again_only_when_a_step_waits_for_them(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    bench.rates_withheld = true;
    bench_pull_ahead(&bench, 0);
    for (int beats = 0; beats < 4; beats++)
        bench_beat(&bench);
    bench_push(&bench, 0, 0);
    bench_beat(&bench);
    assert_int_equal(bench_count(&bench, MESSAGE_RATES_WANTED), 1);
    bench_push(&bench, 1, 0);
    bench_beat(&bench);
    assert_int_equal(bench_count(&bench, MESSAGE_RATES_WANTED), 2);
    bench_close(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pulls_pushes_and_staleness_are_counted),
        cmocka_unit_test(what_waits_is_counted_until_it_is_answered),
        cmocka_unit_test(staleness_without_a_clock_counts_the_pushes_between),
        cmocka_unit_test(rows_read_aside_are_no_pulls),
        cmocka_unit_test(figures_come_before_settled),
        cmocka_unit_test(rates_are_asked_for_again_only_when_a_step_waits_for_them),
    };
    return cmocka_run_group_tests_name("unit/pserver_counts", tests, NULL, NULL);
}
