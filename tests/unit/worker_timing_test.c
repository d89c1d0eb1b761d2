/* Does a worker know where its time goes, and does the coordinator hear all of it before an epoch is over? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/memory.h"
#include "worker_stage.h"

static void close_stage(struct stage *stage) {
    assert_int_equal(stage->refused, 0);
    assert_false(stage->ended);
    stage_close(stage);
    assert_int_equal(memory_blocks_held(), 0);
}

static void grant(struct stage *stage, uint64_t serial, uint64_t first, uint64_t end, uint32_t lanes) {
    static const struct grant_lane TERMS[STAGE_LANES] = {{.lane = 0, .lease = 1}, {.lane = 1, .lease = 1}};
    stage_grant(stage, serial, first, end, TERMS, lanes);
}

static void open_lanes(struct stage *stage, uint64_t end, uint32_t lanes) {
    grant(stage, 1, 0, end, lanes);
    for (uint32_t lane = 0; lane < lanes; lane++)
        for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
            stage_lane_at(stage, shard, lane, 1, 0, 0, 0);
}

static const struct heartbeat_message *beat(struct stage *stage) {
    stage_forget(stage);
    stage_tick(stage);
    return &stage_take(stage, MESSAGE_HEARTBEAT)->message.heartbeat;
}

/* One after the other: no lane, shards that do not answer, ratings that are fetched; each step is busy for 10 us more, and
 * the clock within a step moves by 4 us at a look. */
static void time_is_split(void **state) {
    enum { GATE = 5000, WAIT = 3000, DATA = 700, STEP = 10, LOOK = 4 };
    struct stage *stage = stage_open(0);
    uint64_t begun_us = stage->now_us;
    (void)state;
    stage->tick_ns = LOOK * 1000;
    stage->now_us += GATE;
    open_lanes(stage, 1, 1);
    stage->now_us += DATA;
    stage_job(stage, 0);
    stage->now_us += DATA + STEP;
    stage->busy_us += STEP;
    stage_job(stage, 0);
    stage->now_us += WAIT + STEP;
    stage->busy_us += STEP;
    stage_run(stage);
    const struct heartbeat_message *counters = beat(stage);
    assert_int_equal(counters->data_us, 2 * DATA + 2 * STEP);
    assert_int_equal(counters->wait_us, WAIT);
    assert_int_equal(counters->gate_us, GATE + STAGE_BEAT_US);
    assert_int_equal(counters->compute_us, LOOK);
    assert_int_equal(counters->data_us + counters->wait_us + counters->gate_us, stage->now_us - begun_us);
    close_stage(stage);
}

/* A pull to each shard; one answers after 40 us, the other after 90; then the push with its pull waits. */
static void requests_are_open_until_they_are_answered(void **state) {
    struct stage *stage = stage_open(0);
    (void)state;
    open_lanes(stage, 1, 1);
    stage_jobs(stage);
    assert_int_equal(stage_count(stage, MESSAGE_STEP), STAGE_PSERVERS);
    struct sent *first = stage_take(stage, MESSAGE_STEP), *second = stage_take(stage, MESSAGE_STEP);
    stage->now_us += 40;
    stage_answer(stage, first);
    stage->now_us += 50;
    stage_answer(stage, second);
    const struct heartbeat_message *counters = beat(stage);
    assert_int_equal(counters->queue, STAGE_PSERVERS);
    assert_int_equal(counters->queue_most, STAGE_PSERVERS);
    union beat_tallies tallies;
    for (uint32_t i = 0; i < stage->sent_count; i++)
        if (stage->sent[i].message.kind == MESSAGE_HEARTBEAT)
            tallies = *(const union beat_tallies *)stage->sent[i].body;
    assert_int_equal(tally_count(&tallies.answer_us), 2 * STAGE_PSERVERS);
    assert_int_equal(tallies.answer_us.sum, 40 + 90);
    assert_int_equal(tally_count(&tallies.compute_us), 1);
    grant(stage, 2, 0, 1, 0);
    assert_int_equal(beat(stage)->queue, 0);
    close_stage(stage);
}

static uint32_t place_of(const struct stage *stage, enum message_kind kind, uint32_t nth) {
    for (uint32_t i = 0; i < stage->sent_count; i++)
        if (stage->sent[i].message.kind == kind && nth-- == 0)
            return i;
    return UINT32_MAX;
}

/* Two lanes: the heartbeat comes between the two LANE_DONE, just before the second, and knows all pushes and pulls. */
static void figures_come_before_the_last_lane_is_done(void **state) {
    struct stage *stage = stage_open(0);
    (void)state;
    open_lanes(stage, STAGE_EPOCH, STAGE_LANES);
    uint32_t beats = stage_count(stage, MESSAGE_HEARTBEAT);
    stage_run(stage);
    uint32_t done = place_of(stage, MESSAGE_LANE_DONE, 1);
    assert_int_equal(stage_count(stage, MESSAGE_HEARTBEAT), beats + 1);
    assert_in_range(done, 1, stage->sent_count);
    const struct message *last = &stage->sent[done - 1].message;
    assert_int_equal(last->kind, MESSAGE_HEARTBEAT);
    assert_int_equal(last->heartbeat.ratings, STAGE_EPOCH * STAGE_LANES * STAGE_LANE_RATINGS);
    assert_true(last->heartbeat.pulls > last->heartbeat.pushes && last->heartbeat.pushes > 0);
    assert_int_equal(last->heartbeat.queue, 0);
    close_stage(stage);
}

static void within_an_epoch_nobody_hurries(void **state) {
    struct stage *stage = stage_open(0);
    (void)state;
    open_lanes(stage, STAGE_EPOCH - 1, STAGE_LANES);
    uint32_t beats = stage_count(stage, MESSAGE_HEARTBEAT);
    stage_run(stage);
    assert_int_equal(stage_count(stage, MESSAGE_LANE_DONE), STAGE_LANES);
    assert_int_equal(stage_count(stage, MESSAGE_HEARTBEAT), beats);
    close_stage(stage);
}

static void rows_of_validation_are_reads(void **state) {
    struct stage *stage = stage_open(0);
    struct message slice = {.kind = MESSAGE_VALIDATE, .validate = {.epoch = 0, .slice = 0, .count = 9}};
    (void)state;
    stage_hear(stage, LINK_COORDINATOR, slice, NULL, 0);
    stage_run(stage);
    const struct heartbeat_message *counters = beat(stage);
    assert_int_equal(counters->pulls, 0);
    assert_in_range(counters->reads, 2, 18);
    assert_int_equal(counters->bytes_in, counters->reads * STAGE_STRIDE * sizeof(float));
    assert_int_equal(counters->bytes_out, counters->reads * sizeof(uint32_t));
    close_stage(stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_split),
        cmocka_unit_test(requests_are_open_until_they_are_answered),
        cmocka_unit_test(figures_come_before_the_last_lane_is_done),
        cmocka_unit_test(within_an_epoch_nobody_hurries),
        cmocka_unit_test(rows_of_validation_are_reads),
    };
    return cmocka_run_group_tests_name("unit/worker_timing", tests, NULL, NULL);
}
