/* KEEP: a pserver keeps the rows of the best epoch, through checkpoints too, and gives them back to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/memory.h"
#include "tests/unit/pserver_bench.h"

static void open_keeping(struct bench *bench) {
    static struct bench plain;
    bench_make(&plain, GATE_SYNCHRONOUS, 0);
    struct pserver_spec spec = plain.spec;
    bench_close(&plain);
    spec.shard.keeps = true;
    bench_make_of(bench, &spec);
    bench_welcome(bench, 0, 0, 0);
    for (uint32_t lane = 0; lane < LANES; lane++)
        bench_open_lane(bench, LINK_INCOMING + lane, lane, 1);
}

static void ask(struct bench *bench, uint32_t epoch, bool back) {
    struct message message = {.kind = MESSAGE_KEEP, .keep = {epoch, back}};
    bench_hand(bench, LINK_COORDINATOR, &message, NULL, 0);
}

static uint64_t settled_digest(const struct bench *bench) {
    return bench_last(bench, MESSAGE_SETTLED)->message.settled.digest;
}

static void the_rows_come_back_to_the_bit(void **state) {
    static struct bench bench;
    (void)state;
    open_keeping(&bench);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 5);
    bench_settle(&bench, 5);
    uint64_t digest = settled_digest(&bench);
    ask(&bench, 1, false);
    bench_train(&bench, 5, 9);
    ask(&bench, 1, false); /* late: it changes nothing */
    bench_settle(&bench, 9);
    assert_true(settled_digest(&bench) != digest);
    ask(&bench, 1, true);
    ask(&bench, 1, true);
    assert_int_equal(bench.refused, 0);
    assert_int_equal(bench_count(&bench, MESSAGE_KEPT), 4);
    assert_true(bench_last(&bench, MESSAGE_KEPT)->message.kept.digest == digest);
    bench_close(&bench);
    assert_int_equal(memory_blocks_held(), 0);
}

static void what_cannot_be_kept_is_refused(void **state) {
    static struct bench bench;
    (void)state;
    bench_open(&bench, GATE_SYNCHRONOUS, 0);
    ask(&bench, 1, false); /* this run keeps nothing */
    assert_int_equal(bench.refused, 1);
    bench_close(&bench);
    open_keeping(&bench);
    bench_pull_ahead(&bench, 0);
    bench_train(&bench, 0, 5);
    ask(&bench, 1, false); /* rows have not settled */
    assert_int_equal(bench.refused, 1);
    bench_settle(&bench, 5);
    ask(&bench, 1, true); /* nothing is kept yet */
    assert_int_equal(bench.refused, 2);
    ask(&bench, 1, false);
    bench_train(&bench, 5, 6);
    ask(&bench, 2, false); /* a step has been applied since */
    ask(&bench, 1, true);
    assert_int_equal(bench.refused, 4);
    assert_int_equal(bench_count(&bench, MESSAGE_KEPT), 1);
    bench_close(&bench);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rows_come_back_to_the_bit),
        cmocka_unit_test(what_cannot_be_kept_is_refused),
    };
    return cmocka_run_group_tests_name("unit/pserver_keep", tests, NULL, NULL);
}
