/* Does a worker's engine, alone on a stage, take lanes over where they stand, push each step once and in order, ask
 * again with the same bytes, and shrug at whatever comes twice? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "worker_stage.h"

static const uint32_t LEADS[] = {0, 2};

static void close_stage(struct stage *stage) {
    assert_int_equal(stage->refused, 0);
    assert_false(stage->ended);
    stage_close(stage);
    assert_int_equal(memory_blocks_held(), 0);
}

/* Lane 0 with lease 3 from first_step on; every shard has `pushed` steps. */
static void open_lane(struct stage *stage, uint64_t first_step, uint64_t end_step, uint64_t pushed) {
    struct grant_lane terms = {.lane = 0, .lease = 3};
    stage_grant(stage, 1, first_step, end_step, &terms, 1);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++) {
        const struct sent *sent = stage_take(stage, MESSAGE_LANE_OPEN);
        assert_non_null(sent);
        assert_int_equal(sent->link, LINK_FIRST_PSERVER + shard);
        assert_int_equal(sent->message.lane_open.lane, 0);
        assert_int_equal(sent->message.lane_open.lease, 3);
    }
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        stage_lane_at(stage, shard, 0, 3, pushed, 0, 0);
}

/* The next STEP to each shard; the one to the last shard is returned. */
static const struct sent *take_step(struct stage *stage, uint64_t pull_step, bool pushes) {
    const struct sent *sent = NULL;
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++) {
        sent = stage_take(stage, MESSAGE_STEP);
        assert_non_null(sent);
        assert_int_equal(sent->link, LINK_FIRST_PSERVER + shard);
        assert_int_equal(sent->message.step.lease, 3);
        assert_int_equal(sent->message.step.pull_step, pull_step);
        assert_int_equal(sent->message.step.pushes, pushes);
    }
    return sent;
}

/* The n-th STEP since the start. */
static const struct sent *nth_step(const struct stage *stage, uint32_t n) {
    for (uint32_t i = 0; i < stage->sent_count; i++)
        if (stage->sent[i].message.kind == MESSAGE_STEP && n-- == 0)
            return &stage->sent[i];
    return NULL;
}

static void a_granted_lane_is_opened_and_pulls_in_order(void **state) {
    struct stage *stage = stage_open(2);
    (void)state;
    open_lane(stage, 0, 4, 0);
    assert_int_equal(stage->job_count, 5); /* steps 0 to 4 */
    stage_job(stage, 1);
    assert_int_equal(stage_count(stage, MESSAGE_STEP), 0);
    stage_job(stage, 0);
    take_step(stage, 0, false);
    take_step(stage, 1, false);
    assert_int_equal(stage_count(stage, MESSAGE_STEP), 0);
    stage_jobs(stage);
    take_step(stage, 2, false);
    assert_int_equal(stage_count(stage, MESSAGE_STEP), 0);
    close_stage(stage);
}

static void check_done(struct stage *stage, uint64_t end_step, double squared, uint64_t count) {
    const struct sent *sent = stage_take(stage, MESSAGE_LANE_DONE);
    assert_non_null(sent);
    assert_int_equal(sent->link, LINK_COORDINATOR);
    assert_int_equal(sent->message.lane_done.lane, 0);
    assert_int_equal(sent->message.lane_done.lease, 3);
    assert_int_equal(sent->message.lane_done.end_step, end_step);
    assert_true(sent->message.lane_done.squared == squared);
    assert_int_equal(sent->message.lane_done.count, count);
    assert_null(stage_take(stage, MESSAGE_LANE_DONE));
}

/* Errors of the steps [first, end) of a lane, added to what was before. */
static double add_losses(uint32_t lane, uint64_t first, uint64_t end, double squared) {
    for (uint64_t step = first; step < end; step++)
        squared += stage_loss(step, lane).squared;
    return squared;
}

/* All STEPs since the start: pushes in order, each once at every shard, with the sums up to it. */
static void check_pushes(const struct stage *stage, uint32_t lead) {
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++) {
        uint64_t pushed = 0, pulled = 0;
        for (uint32_t i = 0; i < stage->sent_count; i++) {
            const struct step_message *step = &stage->sent[i].message.step;
            if (stage->sent[i].message.kind != MESSAGE_STEP ||
                stage->sent[i].link != LINK_FIRST_PSERVER + shard)
                continue;
            assert_int_equal(step->pull_step, pulled++);
            assert_int_equal(step->pushes, step->pull_step > lead);
            if (step->pull_step >= STAGE_TOTAL)
                assert_int_equal(step->pull_users + step->pull_movies, 0);
            if (!step->pushes)
                continue;
            uint64_t epoch_start = pushed / STAGE_EPOCH * STAGE_EPOCH;
            assert_int_equal(step->push_step, pushed++);
            assert_true(step->squared == add_losses(0, epoch_start, pushed, 0));
            assert_int_equal(step->count, (pushed - epoch_start) * STAGE_LANE_RATINGS);
        }
        assert_int_equal(pushed, STAGE_TOTAL);
        assert_int_equal(pulled, STAGE_TOTAL + 1 + lead);
    }
}

static void a_run_of_two_grants_ends_with_all_receipts(void **state) {
    struct grant_lane terms = {.lane = 0, .lease = 3};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage *stage = stage_open(LEADS[i]);
        open_lane(stage, 0, STAGE_EPOCH, 0);
        stage_run(stage);
        check_done(stage, STAGE_EPOCH, add_losses(0, 0, STAGE_EPOCH, 0), STAGE_EPOCH * STAGE_LANE_RATINGS);
        stage_grant(stage, 2, STAGE_EPOCH, STAGE_TOTAL, &terms, 1);
        assert_int_equal(stage_count(stage, MESSAGE_LANE_OPEN), 0);
        stage_run(stage);
        check_done(stage, STAGE_TOTAL, add_losses(0, STAGE_EPOCH, STAGE_TOTAL, 0),
                   (STAGE_TOTAL - STAGE_EPOCH) * STAGE_LANE_RATINGS);
        check_pushes(stage, LEADS[i]);
        close_stage(stage);
    }
}

/* Lane 0 is opened at the run's end: nothing is left but to collect the receipts. */
static void a_lane_that_stands_at_the_end_asks_for_receipts_alone(void **state) {
    struct grant_lane terms = {.lane = 0, .lease = 3};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage *stage = stage_open(LEADS[i]);
        stage_grant(stage, 1, 6, STAGE_TOTAL, &terms, 1);
        for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
            stage_lane_at(stage, shard, 0, 3, STAGE_TOTAL, 5.5, 24);
        assert_int_equal(stage->job_count, 0);
        assert_int_equal(stage_count(stage, MESSAGE_STEP), STAGE_PSERVERS * (1 + LEADS[i]));
        assert_int_equal(stage_count(stage, MESSAGE_LANE_DONE), 0);
        stage_run(stage);
        check_done(stage, STAGE_TOTAL, 5.5, 24);
        close_stage(stage);
    }
}

static void assert_same(const struct sent *sent, const struct sent *first) {
    unsigned char header[MESSAGE_HEADER_MAX], first_header[MESSAGE_HEADER_MAX];
    assert_non_null(sent);
    assert_int_equal(sent->link, first->link);
    size_t bytes = message_encode(&first->message, first_header, sizeof first_header);
    assert_int_equal(message_encode(&sent->message, header, sizeof header), bytes);
    assert_memory_equal(header, first_header, bytes);
    assert_int_equal(sent->message.body_bytes, first->message.body_bytes);
    assert_memory_equal(sent->body, first->body, first->message.body_bytes);
}

/* Shard 0 answers all, shard 1 nothing from the push of step 1 on; it gets the very same again, after 1, 3 and 7 beats. */
static void a_request_is_repeated_to_the_silent_shard_alone(void **state) {
    (void)state;
    for (int lead = 0; lead < 3; lead++) {
        struct stage *stage = stage_open((uint32_t)lead);
        const struct sent *asked, *lost[8];
        uint32_t lost_count = 0;
        open_lane(stage, 0, STAGE_EPOCH, 0);
        stage_jobs(stage);
        while ((asked = stage_take(stage, MESSAGE_STEP)) != NULL) {
            if (asked->link == LINK_FIRST_PSERVER || !asked->message.step.pushes ||
                asked->message.step.push_step == 0)
                stage_answer(stage, asked);
            else
                lost[lost_count++] = asked;
            stage_jobs(stage);
        }
        assert_int_equal(lost_count, 1 + lead);
        for (int beat = 1; beat <= 7; beat++) {
            stage_tick(stage);
            for (uint32_t i = 0; i < lost_count && (beat == 1 || beat == 3 || beat == 7); i++)
                assert_same(stage_take(stage, MESSAGE_STEP), lost[i]);
            assert_int_equal(stage_count(stage, MESSAGE_STEP), 0);
        }
        for (uint32_t i = 0; i < lost_count; i++) {
            assert_int_equal(stage_count(stage, MESSAGE_LANE_DONE), 0);
            stage_answer(stage, lost[i]);
        }
        stage_run(stage);
        check_done(stage, STAGE_EPOCH, add_losses(0, 0, STAGE_EPOCH, 0), STAGE_EPOCH * STAGE_LANE_RATINGS);
        close_stage(stage);
    }
}

static void an_opening_and_a_first_pull_are_repeated(void **state) {
    struct stage *stage = stage_open(0);
    struct grant_lane terms = {.lane = 0, .lease = 3};
    (void)state;
    stage_grant(stage, 1, 0, 4, &terms, 1);
    stage_forget(stage);
    stage_lane_at(stage, 0, 0, 3, 0, 0, 0);
    stage_tick(stage);
    const struct sent *again = stage_take(stage, MESSAGE_LANE_OPEN);
    assert_int_equal(again->link, LINK_FIRST_PSERVER + 1);
    assert_int_equal(again->message.lane_open.lease, 3);
    assert_null(stage_take(stage, MESSAGE_LANE_OPEN));
    stage_lane_at(stage, 1, 0, 3, 0, 0, 0);
    stage_jobs(stage);
    const struct sent *first = take_step(stage, 0, false);
    stage_answer(stage, first);
    stage_tick(stage);
    assert_same(stage_take(stage, MESSAGE_STEP), first - 1);
    assert_null(stage_take(stage, MESSAGE_STEP));
    close_stage(stage);
}

static void a_shard_that_stays_silent_ends_the_worker(void **state) {
    struct stage *stage = stage_open(0);
    int beats = 0;
    (void)state;
    open_lane(stage, 0, 4, 0);
    stage_jobs(stage);
    stage_answer(stage, stage_take(stage, MESSAGE_STEP));
    while (!stage->ended && beats < 1000) {
        stage_tick(stage);
        beats++;
    }
    assert_int_equal(beats, (STAGE_TIMEOUT_US + STAGE_SILENCE_US) / STAGE_BEAT_US + 1);
    assert_int_equal(stage->outcome.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(stage->outcome.text, "pserver 1 has not answered"));
    assert_non_null(stage_take(stage, MESSAGE_FAILED));
    stage_close(stage);
}

/* Shard `behind` has 2 steps, the other one 4; steps 1 to 4 are granted. */
static void a_lane_begins_at_the_least_with_the_sums_of_that_shard(void **state) {
    (void)state;
    for (uint32_t turn = 0; turn < 4; turn++) {
        uint32_t behind = turn % 2, lead = LEADS[turn / 2];
        struct grant_lane terms = {.lane = 0, .lease = 3, .squared = 1.25, .count = 6};
        struct stage *stage = stage_open(lead);
        stage_grant(stage, 1, 1, 4, &terms, 1);
        stage_lane_at(stage, 0, 0, 3, behind == 0 ? 2 : 4, behind == 0 ? 7.5 : 99, behind == 0 ? 12 : 24);
        assert_int_equal(stage->job_count, 0);
        stage_lane_at(stage, 1, 0, 3, behind == 1 ? 2 : 4, behind == 1 ? 7.5 : 99, behind == 1 ? 12 : 24);
        stage_jobs(stage);
        for (uint64_t step = 2; step <= 2 + lead; step++)
            take_step(stage, step, false);
        for (uint32_t i = 0; i < STAGE_PSERVERS * (1 + lead); i++)
            stage_answer(stage, nth_step(stage, i));
        const struct sent *push = take_step(stage, 3 + lead, true);
        assert_int_equal(push->message.step.push_step, 2);
        assert_true(push->message.step.squared == add_losses(0, 2, 3, 7.5));
        assert_int_equal(push->message.step.count, 12 + STAGE_LANE_RATINGS);
        stage_answer(stage, push - 1);
        stage_answer(stage, push);
        stage_run(stage);
        check_done(stage, 4, add_losses(0, 2, 4, 7.5), 12 + 2 * STAGE_LANE_RATINGS);
        close_stage(stage);
    }
}

static void a_lane_that_stands_at_the_grant_takes_the_sums_of_the_grant(void **state) {
    struct grant_lane terms = {.lane = 0, .lease = 3, .squared = 1.25, .count = 6};
    struct stage *stage = stage_open(0);
    (void)state;
    stage_grant(stage, 1, 1, 4, &terms, 1);
    stage_lane_at(stage, 0, 0, 3, 2, 99, 12);
    stage_lane_at(stage, 1, 0, 3, 1, 0, 0);
    stage_run(stage);
    check_done(stage, 4, add_losses(0, 1, 4, 1.25), 6 + 3 * STAGE_LANE_RATINGS);
    close_stage(stage);
}

/* What the next heartbeat says. */
static uint64_t lanes_held(struct stage *stage) {
    uint64_t lanes = UINT64_MAX;
    stage_tick(stage);
    for (uint32_t i = 0; i < stage->sent_count; i++)
        if (stage->sent[i].message.kind == MESSAGE_HEARTBEAT)
            lanes = stage->sent[i].message.heartbeat.lanes;
    return lanes;
}

/* Lane 0 is taken away while a job of it is under way and rows are on their way, and comes back before the job is done. */
static void a_lane_that_is_not_listed_is_closed_and_can_come_back(void **state) {
    struct grant_lane both[] = {{.lane = 0, .lease = 3}, {.lane = 1, .lease = 3}}, back = {0, 5, 2.5, 6};
    struct stage *stage = stage_open(0);
    (void)state;
    stage_grant(stage, 1, 0, 4, both, 2);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        stage_lane_at(stage, shard, 0, 3, 0, 0, 0);
    stage_job(stage, 0);
    const struct sent *late = take_step(stage, 0, false);
    stage_forget(stage);
    assert_int_equal(lanes_held(stage), 2);
    stage_grant(stage, 2, 0, 4, both + 1, 1);
    stage_forget(stage);
    assert_int_equal(lanes_held(stage), 1);
    stage_job(stage, 0);
    stage_answer(stage, late - 1);
    stage_answer(stage, late);
    assert_int_equal(stage_count(stage, MESSAGE_STEP), 0);
    stage_grant(stage, 3, 0, 4, &back, 1);
    stage_forget(stage);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        stage_lane_at(stage, shard, 0, 5, 0, 0, 0);
    assert_int_equal(lanes_held(stage), 1);
    stage_run(stage);
    const struct sent *done = stage_take(stage, MESSAGE_LANE_DONE);
    assert_non_null(done);
    assert_int_equal(done->message.lane_done.lease, 5);
    assert_true(done->message.lane_done.squared == add_losses(0, 0, 4, 2.5));
    stage_grant(stage, 4, 0, 0, NULL, 0);
    assert_int_equal(lanes_held(stage), 0);
    close_stage(stage);
}

/* A run of a grant, a validation slice and what repeats; returns a copy of all STEPs that were sent. */
static uint32_t play(uint32_t lead, bool twice, struct sent *steps) {
    struct message validate = {.kind = MESSAGE_VALIDATE, .validate = {0, 0, 0, 10}};
    struct stage *stage = stage_open(lead);
    uint32_t count = 0;
    stage->twice = twice;
    stage_topology(stage);
    open_lane(stage, 0, STAGE_EPOCH, 0);
    stage_run(stage);
    stage_hear(stage, LINK_COORDINATOR, validate, NULL, 0);
    stage_run(stage);
    assert_int_equal(stage_count(stage, MESSAGE_LANE_DONE), 1);
    assert_int_equal(stage_count(stage, MESSAGE_VALIDATED), 1);
    assert_int_equal(stage->connects, STAGE_PSERVERS);
    for (uint32_t i = 0; i < stage->sent_count; i++)
        if (stage->sent[i].message.kind == MESSAGE_STEP)
            steps[count++] = stage->sent[i];
    close_stage(stage);
    return count;
}

static void what_comes_twice_changes_nothing(void **state) {
    static struct sent once[STAGE_SENT_MAX], twice[STAGE_SENT_MAX];
    (void)state;
    for (int i = 0; i < 2; i++) {
        uint32_t count = play(LEADS[i], false, once);
        assert_int_equal(play(LEADS[i], true, twice), count);
        for (uint32_t j = 0; j < count; j++)
            assert_same(&twice[j], &once[j]);
    }
}

static void a_repeated_grant_is_answered_again_and_an_older_one_ignored(void **state) {
    struct grant_lane terms = {.lane = 0, .lease = 3}, other = {.lane = 1, .lease = 1};
    struct stage *stage = stage_open(1);
    (void)state;
    open_lane(stage, 0, 2, 0);
    stage_run(stage);
    check_done(stage, 2, add_losses(0, 0, 2, 0), 2 * STAGE_LANE_RATINGS);
    stage_grant(stage, 1, 0, 2, &terms, 1);
    check_done(stage, 2, add_losses(0, 0, 2, 0), 2 * STAGE_LANE_RATINGS);
    stage_grant(stage, 0, 0, 2, &other, 1);
    assert_int_equal(stage_count(stage, MESSAGE_LANE_OPEN), 0);
    assert_int_equal(lanes_held(stage), 1);
    close_stage(stage);
}

static void a_topology_that_comes_again_greets_who_is_missing(void **state) {
    struct stage *stage = stage_make(0);
    (void)state;
    stage_start(stage);
    stage_topology(stage);
    stage_welcome(stage, LINK_FIRST_PSERVER);
    stage_forget(stage);
    stage_topology(stage);
    const struct sent *hello = stage_take(stage, MESSAGE_HELLO);
    assert_int_equal(hello->link, LINK_FIRST_PSERVER + 1);
    assert_null(stage_take(stage, MESSAGE_HELLO));
    assert_int_equal(stage_count(stage, MESSAGE_READY), 0);
    stage_welcome(stage, LINK_FIRST_PSERVER + 1);
    stage_topology(stage);
    assert_int_equal(stage_count(stage, MESSAGE_READY), 2);
    assert_int_equal(stage->connects, STAGE_PSERVERS);
    close_stage(stage);
}

static void validate(struct stage *stage, uint32_t epoch, uint32_t slice) {
    struct message message = {.kind = MESSAGE_VALIDATE, .validate = {epoch, slice, slice * 10, 10}};
    stage_hear(stage, LINK_COORDINATOR, message, NULL, 0);
}

static void check_validated(struct stage *stage, uint32_t epoch, uint32_t slice) {
    const struct sent *sent = stage_take(stage, MESSAGE_VALIDATED);
    assert_non_null(sent);
    assert_int_equal(sent->message.validated.epoch, epoch);
    assert_int_equal(sent->message.validated.slice, slice);
    assert_int_equal(sent->message.validated.count, 10);
}

static void a_slice_is_measured_once_and_told_again(void **state) {
    struct stage *stage = stage_open(0);
    (void)state;
    validate(stage, 1, 7);
    validate(stage, 1, 7);
    assert_int_equal(stage->job_count, 1);
    stage_jobs(stage);
    const struct sent *first = stage_take(stage, MESSAGE_READ), *lost = stage_take(stage, MESSAGE_READ);
    stage_answer(stage, first);
    stage_tick(stage);
    const struct sent *again = stage_take(stage, MESSAGE_READ);
    assert_int_equal(again->link, lost->link);
    assert_memory_equal(again->body, lost->body, lost->message.body_bytes);
    assert_null(stage_take(stage, MESSAGE_READ));
    stage_answer(stage, again);
    stage_answer(stage, lost);
    check_validated(stage, 1, 7);
    validate(stage, 1, 7);
    check_validated(stage, 1, 7);
    assert_int_equal(stage->job_count, 0);
    close_stage(stage);
}

/* Both places are taken, one by a job under way and one by rows on their way; the next epoch takes both. */
static void a_newer_epoch_takes_the_places_of_an_older_one(void **state) {
    struct stage *stage = stage_open(0);
    (void)state;
    validate(stage, 0, 1);
    validate(stage, 0, 2);
    stage_job(stage, 0);
    const struct sent *stale = stage_take(stage, MESSAGE_READ);
    stage_forget(stage);
    validate(stage, 1, 1);
    validate(stage, 1, 2);
    validate(stage, 0, 3);
    stage_answer(stage, stale);
    assert_int_equal(stage_count(stage, MESSAGE_VALIDATED), 0);
    stage_run(stage);
    uint32_t first = stage->sent[stage->sent_count - 1].message.validated.slice;
    check_validated(stage, 1, 3 - first);
    check_validated(stage, 1, first);
    assert_null(stage_take(stage, MESSAGE_VALIDATED));
    close_stage(stage);
}

static void what_nobody_asked_for_is_refused(void **state) {
    struct grant_lane terms = {.lane = 0, .lease = 3}, none = {.lane = STAGE_LANES, .lease = 3};
    struct message rows = {.kind = MESSAGE_ROWS, .rows = {.lane = 0, .step = 1}};
    struct message values = {.kind = MESSAGE_VALUES, .values = {.request = 0}};
    struct stage *stage = stage_make(0);
    (void)state;
    stage_start(stage);
    stage_grant(stage, 1, 0, 4, &terms, 1);
    assert_int_equal(stage->refused, 1);
    stage_topology(stage);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        stage_welcome(stage, LINK_FIRST_PSERVER + shard);
    stage_grant(stage, 1, 2, 5, &terms, 1);
    stage_grant(stage, 1, 6, STAGE_TOTAL + 1, &terms, 1);
    stage_grant(stage, 1, 2, 2, &terms, 1);
    stage_grant(stage, 1, 0, 4, &none, 1);
    assert_int_equal(stage->refused, 5);
    open_lane(stage, 0, 4, 5);
    assert_int_equal(stage->refused, 7);
    stage_lane_at(stage, 0, 0, 4, 0, 0, 0);
    stage_hear(stage, LINK_FIRST_PSERVER, rows, NULL, 0);
    stage_hear(stage, LINK_FIRST_PSERVER, values, NULL, 0);
    assert_int_equal(stage->refused, 10);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        stage_lane_at(stage, shard, 0, 3, 0, 0, 0);
    stage_run(stage);
    check_done(stage, 4, add_losses(0, 0, 4, 0), 4 * STAGE_LANE_RATINGS);
    stage_grant(stage, 2, 5, 8, &terms, 1);
    assert_int_equal(stage->refused, 11);
    stage_close(stage);
}

/* The n-th request for memory fails, before and after the grant: a status, and nothing leaks. */
static void memory_that_is_refused_ends_the_worker(void **state) {
    struct grant_lane terms = {.lane = 0, .lease = 3};
    uint32_t failures = 0;
    (void)state;
    for (size_t nth = 1; nth < 100; nth++) {
        memory_fail_after(nth);
        struct stage *stage = stage_make(0);
        if (stage != NULL) {
            stage_start(stage);
            stage_topology(stage);
            for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
                stage_welcome(stage, LINK_FIRST_PSERVER + shard);
            stage_grant(stage, 1, 0, 4, &terms, 1);
            failures += stage->ended;
            if (stage->ended)
                assert_int_equal(stage->outcome.code, STATUS_NO_MEMORY);
            stage_close(stage);
        }
        memory_fail_after(0);
        assert_int_equal(memory_blocks_held(), 0);
    }
    assert_in_range(failures, 20, 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_granted_lane_is_opened_and_pulls_in_order),
        cmocka_unit_test(a_run_of_two_grants_ends_with_all_receipts),
        cmocka_unit_test(a_lane_that_stands_at_the_end_asks_for_receipts_alone),
        cmocka_unit_test(a_request_is_repeated_to_the_silent_shard_alone),
        cmocka_unit_test(an_opening_and_a_first_pull_are_repeated),
        cmocka_unit_test(a_shard_that_stays_silent_ends_the_worker),
        cmocka_unit_test(a_lane_begins_at_the_least_with_the_sums_of_that_shard),
        cmocka_unit_test(a_lane_that_stands_at_the_grant_takes_the_sums_of_the_grant),
        cmocka_unit_test(a_lane_that_is_not_listed_is_closed_and_can_come_back),
        cmocka_unit_test(what_comes_twice_changes_nothing),
        cmocka_unit_test(a_repeated_grant_is_answered_again_and_an_older_one_ignored),
        cmocka_unit_test(a_topology_that_comes_again_greets_who_is_missing),
        cmocka_unit_test(a_slice_is_measured_once_and_told_again),
        cmocka_unit_test(a_newer_epoch_takes_the_places_of_an_older_one),
        cmocka_unit_test(what_nobody_asked_for_is_refused),
        cmocka_unit_test(memory_that_is_refused_ends_the_worker),
    };
    return cmocka_run_group_tests_name("unit/worker", tests, NULL, NULL);
}
