/* Is a pserver in mode blocked ready only when it knows everything, and does it go on from a checkpoint as if nothing had
 * happened? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "pserver/image.h"
#include "tests/unit/blocked_bench.h"

static struct bench quiet, restored;
static struct whole whole;

/* ---- before the first round ---- */

static void ready_needs_sizes_rows_and_runs(void **state) {
    static const uint32_t OTHERS[] = {0, 4, USERS + 1, 0, 3, 5, MOVIES};
    struct bench *bench = &quiet;
    (void)state;
    blocked_make(bench, OPTIMISER_SGD, 0, 1);
    blocked_tell(bench);
    assert_int_equal(bench->refused, 1);
    bench_welcome(bench, 0, 0, 0);
    bench_open_lane(bench, LINK_INCOMING, 0, 1);
    blocked_tell_these(bench, OTHERS);
    assert_int_equal(bench->refused, 3);
    assert_int_equal(bench_count(bench, MESSAGE_READY), 0);
    blocked_tell(bench);
    assert_int_equal(bench_count(bench, MESSAGE_READY), 1);
    bench_open_lane(bench, LINK_INCOMING, 0, 1);
    assert_int_equal(bench_count(bench, MESSAGE_LANE_AT), 1);
    bench_welcome(bench, 0, 0, 0);
    blocked_tell(bench);
    assert_int_equal(bench_count(bench, MESSAGE_READY), 3);
    assert_int_equal(bench->refused, 3);
    blocked_tell_these(bench, OTHERS);
    struct message message = {.kind = MESSAGE_RUNS, .runs = {PARTS, STRATA}};
    bench_hand(bench, LINK_INCOMING, &message, OTHERS, sizeof OTHERS);
    assert_int_equal(bench->refused, 5);
    bench_close(bench);
}

static void each_mode_has_its_own_messages(void **state) {
    static const enum message_kind BLOCKED[] = {MESSAGE_RUNS, MESSAGE_RUN_PULL, MESSAGE_RUN_PUSH};
    static const enum message_kind MINIBATCH[] = {MESSAGE_STEP, MESSAGE_RATES};
    (void)state;
    bench_open(&quiet, GATE_SYNCHRONOUS, 0);
    for (int i = 0; i < 3; i++) {
        struct message message = {.kind = BLOCKED[i]};
        bench_hand(&quiet, LINK_COORDINATOR, &message, NULL, 0);
        assert_int_equal(quiet.refused, i + 1);
    }
    bench_close(&quiet);
    blocked_open(&quiet, OPTIMISER_SGD, 0, 1);
    for (int i = 0; i < 2; i++) {
        struct message message = {.kind = MINIBATCH[i], .step = {.lease = 1}};
        bench_hand(&quiet, LINK_COORDINATOR, &message, NULL, 0);
        assert_int_equal(quiet.refused, i + 1);
    }
    for (int i = 0; i < 3; i++)
        bench_beat(&quiet);
    assert_int_equal(bench_count(&quiet, MESSAGE_RATES_WANTED), 0);
    bench_close(&quiet);
    assert_int_equal(memory_blocks_held(), 0);
}

static void memory_that_cannot_be_had_is_said(void **state) {
    struct status status;
    struct pserver *pserver = NULL;
    (void)state;
    blocked_make(&quiet, OPTIMISER_SGD, 0, 1);
    bench_close(&quiet);
    for (size_t n = 1; pserver == NULL; n++) {
        status = (struct status){STATUS_OK, ""};
        memory_fail_after(n);
        pserver = pserver_new(&quiet.spec, &status);
        memory_fail_after(0);
        assert_true(pserver != NULL || status.code == STATUS_NO_MEMORY);
        assert_true(pserver != NULL || memory_blocks_held() == 0);
    }
    pserver_free(pserver);
    assert_int_equal(memory_blocks_held(), 0);
}

/* ---- checkpoints ---- */

static void copy_array(float *to, const float *from, size_t floats) {
    assert_int_equal(to == NULL, from == NULL);
    if (to != NULL)
        memcpy(to, from, floats * sizeof *to);
}

static void copy_image(struct shard_image *to, const struct shard_image *from) {
    size_t floats = (size_t)(from->user_rows + from->movie_rows) * STRIDE;
    assert_true(to->user_rows == from->user_rows && to->movie_rows == from->movie_rows);
    assert_true(from->held.count == 0 && from->step == 0 && from->window_first == 0);
    to->step = to->window_first = 0;
    copy_array(to->values, from->values, floats);
    copy_array(to->first, from->first, floats);
    copy_array(to->second, from->second, floats);
}

/* Cuts after a round, writes, and leaves the pserver as it goes on. */
static void save(struct bench *bench, struct shard_image *disk, uint64_t round, double momentum) {
    struct status status;
    struct shard_spec spec = bench->spec.shard;
    spec.users = USERS;
    spec.movies = MOVIES;
    assert_true(image_init(disk, &spec, 0, &status));
    bench_cut(bench, 4, round, round);
    assert_int_equal(bench_count(bench, MESSAGE_TAKEN), 1);
    blocked_train(bench, 1, round, round + 5, momentum, 1);
    copy_image(disk, bench->job->image.image);
    bench_finish_job(bench, STATUS_OK);
    assert_int_equal(bench_last(bench, MESSAGE_IMAGED)->message.imaged.code, 0);
}

static void load(struct bench *bench, const struct shard_image *disk, uint64_t round, bool runs_twice) {
    bench_welcome(bench, 4, round, round);
    assert_null(bench->job); /* which rows are its own is not known yet */
    blocked_tell(bench);
    assert_int_equal(bench->job->kind, JOB_READ_IMAGE);
    if (runs_twice)
        blocked_tell(bench);
    copy_image(bench->job->image.image, disk);
    assert_int_equal(bench_count(bench, MESSAGE_READY), 0);
    bench_finish_job(bench, STATUS_OK);
    assert_int_equal(bench_count(bench, MESSAGE_READY), 1);
    for (uint32_t lane = 0; lane < LANES; lane++)
        bench_open_lane(bench, LINK_INCOMING + lane, lane, 1);
    assert_int_equal(bench_last(bench, MESSAGE_LANE_AT)->message.lane_at.pushed, round);
}

static void restore_at(enum optimiser_kind kind, double momentum, uint64_t round) {
    struct shard_image disk;
    blocked_open(&quiet, kind, 0, 1);
    blocked_train(&quiet, 1, 0, round, momentum, 0);
    save(&quiet, &disk, round, momentum);
    blocked_make(&restored, kind, 0, 1);
    load(&restored, &disk, round, round % 2 == 0);
    blocked_train(&restored, 1, round, round + 5, momentum, 0);
    whole_open(&whole, kind, momentum);
    whole_train(&whole, 0, round + 5);
    blocked_compare(&quiet, 1, &whole, round + 5);
    blocked_compare(&restored, 1, &whole, round + 5);
    bench_settle(&quiet, round + 5);
    bench_settle(&restored, round + 5);
    assert_true(bench_last(&quiet, MESSAGE_SETTLED)->message.settled.digest ==
                bench_last(&restored, MESSAGE_SETTLED)->message.settled.digest);
    assert_int_equal(quiet.refused + restored.refused, 0);
    bench_close(&quiet);
    bench_close(&restored);
    image_free(&disk);
}

static void a_restored_pserver_goes_on_with_the_same_bits(void **state) {
    (void)state;
    for (uint64_t round = 1; round <= 2 * STRATA; round++) {
        restore_at(OPTIMISER_SGD, 0, round);
        restore_at(OPTIMISER_SGD, 0.9, round);
        restore_at(OPTIMISER_ADAGRAD_ROW, 0, round);
    }
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_cut_waits_for_no_lane(void **state) {
    (void)state;
    blocked_open(&quiet, OPTIMISER_SGD, 0, 1);
    blocked_train(&quiet, 1, 0, 2, 0, 0);
    bench_cut(&quiet, 1, 1, 1);
    bench_cut(&quiet, 1, 2, 1);
    bench_cut(&quiet, 1, 3, 3);
    assert_int_equal(quiet.refused, 3);
    struct run_plan ahead = blocked_round(0, 2);
    blocked_pull(&quiet, &ahead);
    blocked_push(&quiet, &ahead);
    bench_cut(&quiet, 1, 2, 2);
    assert_int_equal(quiet.refused, 4);
    assert_null(quiet.job);
    bench_close(&quiet);
}

static void spoil_step(struct shard_image *image) {
    image->step = 1;
}

static void spoil_row(struct shard_image *image) {
    image->next_steps[2] = 1;
}

static void spoil_held(struct shard_image *image) {
    image->held.count = 1;
}

static void what_cannot_be_is_not_restored(void **state) {
    static void (*const SPOILS[])(struct shard_image *) = {spoil_step, spoil_row, spoil_held};
    (void)state;
    for (size_t i = 0; i < sizeof SPOILS / sizeof *SPOILS; i++) {
        blocked_make(&restored, OPTIMISER_SGD, 0, 1);
        bench_welcome(&restored, 9, 6, 6);
        blocked_tell(&restored);
        SPOILS[i](restored.job->image.image);
        bench_finish_job(&restored, STATUS_OK);
        assert_int_equal(restored.ended_with, STATUS_BAD_DATA);
        assert_int_equal(bench_count(&restored, MESSAGE_READY), 0);
        bench_close(&restored);
    }
    blocked_make(&restored, OPTIMISER_SGD, 0, 1);
    bench_welcome(&restored, 9, 6, 12);
    blocked_tell(&restored);
    assert_int_equal(restored.ended_with, STATUS_PROTOCOL);
    bench_close(&restored);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_needs_sizes_rows_and_runs),
        cmocka_unit_test(each_mode_has_its_own_messages),
        cmocka_unit_test(memory_that_cannot_be_had_is_said),
        cmocka_unit_test(a_restored_pserver_goes_on_with_the_same_bits),
        cmocka_unit_test(a_cut_waits_for_no_lane),
        cmocka_unit_test(what_cannot_be_is_not_restored),
    };
    return cmocka_run_group_tests_name("unit/pserver_blocked_cut", tests, NULL, NULL);
}
