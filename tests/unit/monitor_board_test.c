/* Does the board keep what it was told, and judge members as docs/MONITORING.md says? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "monitor/board.h"

enum { SHARDS = 4, WORKERS = 4 };

/* A run that goes well: every member up, evenly loaded. */
struct scene {
    struct board board;
    struct shard_progress shards[SHARDS];
    struct worker_progress workers[WORKERS];
    struct progress_report report;
};

static void scene_make(struct scene *scene, const struct board_run *run) {
    struct status status;
    *scene = (struct scene){.report = {.stage = RUN_TRAINING,
                                       .epoch = 1,
                                       .pserver_count = SHARDS,
                                       .worker_count = WORKERS,
                                       .shards = scene->shards,
                                       .workers = scene->workers}};
    for (uint32_t i = 0; i < SHARDS; i++)
        scene->shards[i] = (struct shard_progress){.member = {.host = "here", .joined = 1, .up = true},
                                                   .index = i,
                                                   .up = true,
                                                   .pulls = 1000,
                                                   .pushes = 1000,
                                                   .bytes_in = 500,
                                                   .bytes_out = 500};
    for (uint32_t i = 0; i < WORKERS; i++)
        scene->workers[i] = (struct worker_progress){.member = {.joined = 1, .up = true},
                                                     .index = i,
                                                     .up = true,
                                                     .lanes = 1,
                                                     .ratings_per_second = 100,
                                                     .compute = 0.5,
                                                     .data = 0.1,
                                                     .wait = 0.4};
    assert_true(board_init(&scene->board, run, &status));
}

static void scene_tell(struct scene *scene, double seconds) {
    struct status status;
    scene->report.seconds = seconds;
    assert_true(board_progress(&scene->board, &scene->report, &status));
}

static const struct board_event *newest(const struct board *board) {
    return board_event_at(board, board->event_count);
}

static const struct board_run RUN;

/* ---- copies ---- */

static void all_is_copied(void **state) {
    struct status status;
    struct scene scene;
    char host[] = "far-away";
    size_t held = memory_blocks_held();
    double scores[] = {1, 2}, biases[] = {3, 4}, share[] = {0.5};
    struct model_report model = {1, 2, 1, scores, share, biases};
    struct board_run run = {.before = 100};
    (void)state;
    scene_make(&scene, &run);
    scene.shards[2].member.host = host;
    scene.workers[1].member.page = host;
    scene_tell(&scene, 5);
    assert_true(board_model(&scene.board, &model, &status));
    host[0] = '\0';
    scores[1] = biases[1] = 0;
    assert_true(scene.board.at.seconds == 105);
    assert_null(scene.board.at.shards);
    assert_int_equal(scene.board.shard_count, SHARDS);
    assert_string_equal(scene.board.shards[2].at.member.host, "far-away");
    assert_string_equal(scene.board.workers[1].at.member.page, "far-away");
    assert_string_equal(scene.board.workers[0].at.member.host, "");
    assert_true(scene.board.model.scores[1] == 2 && scene.board.model.biases[1] == 4);
    model.biases = NULL;
    assert_true(board_model(&scene.board, &model, &status));
    assert_null(scene.board.model.biases);
    board_free(&scene.board);
    assert_int_equal(memory_blocks_held(), held);
}

static void an_epoch_that_comes_again_replaces_itself_and_those_after_it(void **state) {
    struct status status;
    struct board board;
    (void)state;
    assert_true(board_init(&board, &RUN, &status));
    for (uint32_t epoch = 1; epoch <= 100; epoch++)
        assert_true(board_epoch(&board, &(struct epoch_report){.epoch = epoch}, epoch, &status));
    assert_true(board_epoch(&board, &(struct epoch_report){.epoch = 98, .train_loss = 7}, 200, &status));
    assert_int_equal(board.epoch_count, 98);
    assert_true(board.epochs[97].at.train_loss == 7 && board.epochs[97].seconds_at == 200);
    assert_true(board.epochs[96].at.epoch == 97 && board.epochs[96].seconds_at == 97);
    board_free(&board);
}

static void without_memory_the_board_stays_as_it_was(void **state) {
    struct status status;
    struct scene scene;
    double scores[] = {1}, share[] = {2}, biases[] = {3};
    struct model_report model = {1, 1, 1, scores, share, biases};
    (void)state;
    memory_fail_after(1);
    assert_false(board_init(&scene.board, &RUN, &status));
    scene_make(&scene, &RUN);
    for (size_t nth = 1; nth <= 3; nth++) {
        memory_fail_after(nth);
        assert_false(board_progress(&scene.board, &scene.report, &status));
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_null(scene.board.shards);
    }
    assert_true(board_model(&scene.board, &model, &status));
    for (size_t nth = 1; nth <= 3; nth++) {
        memory_fail_after(nth);
        assert_false(
            board_model(&scene.board, &(struct model_report){2, 1, 1, scores, share, biases}, &status));
        assert_int_equal(scene.board.model.epoch, 1);
    }
    memory_fail_after(1);
    assert_false(board_epoch(&scene.board, &(struct epoch_report){.epoch = 1}, 0, &status));
    memory_fail_after(0);
    board_free(&scene.board);
}

/* ---- events ---- */

static void check_event(const char *line, const char *event, const char *role, int index, const char *text) {
    struct board_event read;
    if (!board_event_read(&read, line))
        fail_msg("no event: %s", line);
    assert_string_equal(read.event, event);
    assert_string_equal(read.role, role);
    assert_int_equal(read.index, index);
    assert_string_equal(read.text, text);
}

/* As coordinator, lead and supervisor say them. */
static void lines_are_taken_apart(void **state) {
    struct board_event event;
    (void)state;
    check_event("event=joined role=pserver index=1 pid=123 host=here endpoint=tcp://127.0.0.1:7", "joined",
                "pserver", 1, "pid=123 host=here endpoint=tcp://127.0.0.1:7");
    check_event("event=joined role=worker index=0 pid=9 host=h endpoint=", "joined", "worker", 0,
                "pid=9 host=h endpoint=");
    check_event("event=lost role=worker index=2 name=\"worker 2 (pid 7 on h)\" reason=\"silent for 5 s\"",
                "lost", "worker", 2, "silent for 5 s");
    check_event("event=checkpoint number=3 step=400 pauses=0.003", "checkpoint", "", -1,
                "number=3 step=400 pauses=0.003");
    check_event("event=checkpoint_failed number=3 reason=\"cannot write 'x y'\"", "checkpoint_failed", "", -1,
                "cannot write 'x y'");
    check_event("event=restarted what=worker index=1 reason=\"worker 1 (pid 5) was killed\" restarts=1/3",
                "restarted", "worker", 1, "worker 1 (pid 5) was killed");
    check_event("event=restarted what=all reason=\"its last words: event=x reason=\"y\"\" restarts=1/3",
                "restarted", "", -1, "its last words: event=x reason=\"y\"");
    check_event("event=started step=0 epoch=1 checkpoint=0", "started", "", -1,
                "step=0 epoch=1 checkpoint=0");
    check_event("event=stopping reason=\"stopped by signal 15 (Terminated)\"", "stopping", "", -1,
                "stopped by signal 15 (Terminated)");
    assert_false(board_event_read(&event, "going on from checkpoint 3"));
    assert_false(board_event_read(&event, "event="));
    assert_false(board_event_read(&event, "event=\"x"));
    assert_false(board_event_read(&event, ""));
}

static void the_newest_events_are_kept(void **state) {
    struct status status;
    struct board board;
    char line[64];
    (void)state;
    assert_true(board_init(&board, &RUN, &status));
    for (int i = 1; i <= BOARD_EVENTS + 5; i++) {
        snprintf(line, sizeof line, "event=checkpoint number=%d", i);
        assert_int_equal(board_event(&board, line, i)->serial, i);
    }
    assert_null(board_event(&board, "no event", 0));
    assert_null(board_event_at(&board, 0));
    assert_null(board_event_at(&board, 5));
    assert_null(board_event_at(&board, BOARD_EVENTS + 6));
    assert_string_equal(board_event_at(&board, 6)->text, "number=6");
    assert_true(newest(&board)->seconds == BOARD_EVENTS + 5);
    board_over(&board, &(struct status){STATUS_UNAVAILABLE, "pserver 1 is \"gone\""}, 999);
    assert_string_equal(newest(&board)->event, "failed");
    assert_string_equal(newest(&board)->text, "pserver 1 is \"gone\"");
    assert_true(board.over && board.exit_code == 69 && board.at.stage == RUN_OVER);
    board_free(&board);
}

/* ---- states ---- */

static void a_place_is_absent_up_lost_recovered_and_up(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    scene.workers[3].up = false;
    scene.workers[3].member.joined = 0;
    scene_tell(&scene, 1);
    const struct board_worker *worker = &scene.board.workers[3];
    assert_int_equal(worker->state, MEMBER_ABSENT);
    scene.workers[3].up = true;
    scene.workers[3].member.joined = 1;
    scene_tell(&scene, 2);
    assert_int_equal(worker->state, MEMBER_UP);
    assert_int_equal(scene.board.event_count, 0);
    scene.workers[3].up = false;
    scene_tell(&scene, 3);
    assert_int_equal(worker->state, MEMBER_LOST);
    scene.workers[3].up = true;
    scene.workers[3].member.joined = 2;
    scene_tell(&scene, 5.5);
    assert_int_equal(worker->state, MEMBER_RECOVERED);
    assert_string_equal(newest(&scene.board)->event, "recovered");
    assert_string_equal(newest(&scene.board)->role, "worker");
    assert_int_equal(newest(&scene.board)->index, 3);
    assert_string_equal(newest(&scene.board)->text, "seconds=2.5");
    scene_tell(&scene, 5.5 + BOARD_RECOVERED_S);
    assert_int_equal(worker->state, MEMBER_UP);
    assert_int_equal(scene.board.event_count, 1);
    board_free(&scene.board);
}

/* The supervisor knows of a death before the coordinator does. */
static void a_loss_is_believed_before_the_reports_know_of_it(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    scene_tell(&scene, 1);
    assert_non_null(board_event(&scene.board, "event=lost role=worker index=1 reason=\"killed\"", 1.5));
    assert_int_equal(scene.board.workers[1].state, MEMBER_LOST);
    scene_tell(&scene, 2);
    assert_int_equal(scene.board.workers[1].state, MEMBER_LOST);
    assert_null(board_event(&scene.board, "event=lost role=worker index=1 reason=\"replaced\"", 2.1));
    assert_int_equal(scene.board.event_count, 1);
    scene.workers[1].member.joined = 2;
    scene_tell(&scene, 3);
    assert_int_equal(scene.board.workers[1].state, MEMBER_RECOVERED);
    assert_string_equal(newest(&scene.board)->text, "seconds=1.5");
    assert_non_null(board_event(&scene.board, "event=lost role=worker index=1 reason=\"again\"", 4));
    assert_int_equal(scene.board.workers[1].state, MEMBER_LOST);
    board_free(&scene.board);
}

static void a_loss_before_the_first_report_is_filed_once(void **state) {
    struct status status;
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    assert_true(board_expect(&scene.board, SHARDS, WORKERS, &status));
    assert_string_equal(scene.board.workers[1].at.member.host, "");
    assert_int_equal(scene.board.workers[1].state, MEMBER_ABSENT);
    assert_non_null(board_event(&scene.board, "event=lost role=worker index=1 reason=\"killed\"", 0.5));
    assert_null(board_event(&scene.board, "event=lost role=worker index=1 reason=\"replaced\"", 0.6));
    scene_tell(&scene, 1);
    assert_int_equal(scene.board.workers[1].state, MEMBER_RECOVERED);
    board_free(&scene.board);
}

/* What an earlier coordinator has recorded. */
static void a_loss_before_a_restart_is_recovered_after_it(void **state) {
    struct scene scene;
    struct board_run run = {.before = 50, .checkpoint = 7};
    (void)state;
    scene_make(&scene, &run);
    board_event(&scene.board, "event=lost role=worker index=0 reason=\"long ago\"", 10);
    board_event(&scene.board, "event=recovered role=worker index=0 seconds=1", 11);
    board_event(&scene.board, "event=lost role=pserver index=1 reason=\"killed by signal 9\"", 49);
    board_event(&scene.board, "event=lost role=pserver index=99 reason=\"of a larger cluster\"", 49);
    scene.shards[1].up = false;
    scene.shards[1].member.joined = 0;
    scene_tell(&scene, 0.5);
    assert_int_equal(scene.board.shards[1].state, MEMBER_LOST);
    assert_int_equal(scene.board.workers[0].state, MEMBER_RECOVERED);
    scene.shards[1].up = true;
    scene.shards[1].member.joined = 1;
    scene_tell(&scene, 1);
    assert_int_equal(scene.board.shards[1].state, MEMBER_RECOVERED);
    assert_int_equal(scene.board.shards[0].state, MEMBER_UP);
    assert_string_equal(newest(&scene.board)->text, "seconds=2.0 checkpoint=7");
    board_free(&scene.board);
}

/* ---- flags ---- */

static void skew_is_a_load_or_a_traffic_above_its_share(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    scene_tell(&scene, 1);
    for (int i = 0; i < SHARDS; i++) {
        assert_true(scene.board.shards[i].load == 1);
        assert_int_equal(scene.board.shards[i].flags, 0);
    }
    scene.shards[1].pulls = 2000; /* 3000 of 9000, 4/3 of the mean */
    scene.shards[2].bytes_out = 1100;
    scene_tell(&scene, 2);
    assert_int_equal(scene.board.shards[0].flags, 0);
    assert_true(fabs(scene.board.shards[1].load - 4.0 / 3) < 1e-12);
    assert_int_equal(scene.board.shards[1].flags, FLAG_SKEW);
    assert_int_equal(scene.board.shards[2].flags, FLAG_SKEW);
    scene.shards[1].pulls = 1800;
    scene.shards[2].bytes_out = 900;
    scene_tell(&scene, 3);
    assert_int_equal(scene.board.shards[1].flags | scene.board.shards[2].flags, 0);
    board_free(&scene.board);
}

static void nothing_known_is_no_skew(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    memset(scene.shards, 0, sizeof scene.shards);
    memset(scene.workers, 0, sizeof scene.workers);
    scene_tell(&scene, 1);
    assert_true(isnan(scene.board.shards[0].load) && isnan(scene.board.workers[0].of_median));
    assert_int_equal(scene.board.shards[0].flags | scene.board.workers[0].flags, 0);
    board_free(&scene.board);
}

static void a_long_queue_counts_after_three_samples(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    scene.shards[0].queue = BOARD_QUEUE;
    scene.shards[1].queue = BOARD_QUEUE - 1;
    for (int i = 1; i <= 3; i++) {
        scene_tell(&scene, i);
        assert_int_equal(scene.board.shards[0].flags, i == 3 ? FLAG_QUEUE : 0);
        assert_int_equal(scene.board.shards[1].flags, 0);
    }
    scene.shards[0].queue = 0;
    scene_tell(&scene, 4);
    assert_int_equal(scene.board.shards[0].flags, 0);
    board_free(&scene.board);
}

static void reports_between_samples_do_not_count(void **state) {
    struct scene scene;
    struct board_run run = {.interval = 1};
    (void)state;
    scene_make(&scene, &run);
    scene.shards[0].queue = BOARD_QUEUE;
    for (int i = 0; i < 8; i++) {
        scene_tell(&scene, i / 4.0);
        assert_int_equal(scene.board.shards[0].flags, 0);
    }
    scene_tell(&scene, 2);
    assert_int_equal(scene.board.shards[0].flags, FLAG_QUEUE);
    board_free(&scene.board);
}

static void tell_thrice(struct scene *scene) {
    for (int i = 0; i < BOARD_FLAG_SAMPLES; i++)
        scene_tell(scene, scene->report.seconds + 1);
}

/* Each at its own pace: asynchronous. */
static void a_worker_with_few_ratings_is_a_straggler(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    scene.workers[2].ratings_per_second = 60;
    scene.workers[2].compute = 0.9;
    scene_tell(&scene, 1);
    assert_int_equal(scene.board.workers[2].flags, 0);
    tell_thrice(&scene);
    assert_int_equal(scene.board.workers[2].flags, FLAG_STRAGGLER);
    assert_int_equal(scene.board.workers[1].flags, 0);
    assert_true(scene.board.workers[1].of_median == 1);
    scene.workers[2].lanes = 0; /* it has none to be slow with */
    scene_tell(&scene, 5);
    assert_int_equal(scene.board.workers[2].flags, 0);
    assert_true(isnan(scene.board.workers[2].of_median));
    board_free(&scene.board);
}

/* All at the pace of the slowest: synchronous. It alone works all the time. */
static void the_one_that_all_wait_for_is_the_straggler(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    for (int i = 0; i < WORKERS; i++) {
        scene.workers[i].compute = i == 2 ? 0.9 : 0.2;
        scene.workers[i].data = 0.1;
    }
    tell_thrice(&scene);
    assert_true(fabs(scene.board.workers[2].of_median - 0.3) < 1e-12);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(scene.board.workers[i].flags, i == 2 ? FLAG_STRAGGLER : 0);
    for (int i = 0; i < WORKERS; i++) /* a network that takes all the time is nobody's fault */
        scene.workers[i].compute = i == 2 ? 0.045 : 0.01;
    tell_thrice(&scene);
    assert_int_equal(scene.board.workers[2].flags, 0);
    board_free(&scene.board);
}

/* Three lanes on two workers are no reason for complaint. */
static void a_worker_with_fewer_lanes_is_no_straggler(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    for (int i = 1; i < WORKERS; i++) {
        scene.workers[i].lanes = 2;
        scene.workers[i].ratings_per_second = 200;
        scene.workers[i].compute = 1;
        scene.workers[i].data = 0;
        scene.workers[i].wait = 0;
    }
    tell_thrice(&scene);
    assert_int_equal(scene.board.workers[0].flags, 0);
    board_free(&scene.board);
}

static void a_lag_that_grows_is_flagged(void **state) {
    struct scene scene;
    (void)state;
    scene_make(&scene, &RUN);
    scene.workers[0].lag = 9; /* much, but no more than before */
    scene_tell(&scene, 0);
    for (int i = 1; i <= 3; i++) {
        scene.workers[1].lag += 1;
        scene_tell(&scene, i);
        assert_int_equal(scene.board.workers[1].flags, i == 3 ? FLAG_LAGGING : 0);
        assert_int_equal(scene.board.workers[0].flags, 0);
    }
    board_free(&scene.board);
}

static void names_are_those_of_the_page(void **state) {
    (void)state;
    assert_string_equal(board_stage_name(RUN_TRAINING), "training");
    assert_string_equal(board_stage_name(RUN_OVER), "over");
    assert_string_equal(board_state_name(MEMBER_RECOVERED), "recovered");
    assert_string_equal(board_flag_name(FLAG_QUEUE), "queue");
    assert_string_equal(board_flag_name(FLAG_LAGGING), "lagging");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_copied),
        cmocka_unit_test(an_epoch_that_comes_again_replaces_itself_and_those_after_it),
        cmocka_unit_test(without_memory_the_board_stays_as_it_was),
        cmocka_unit_test(lines_are_taken_apart),
        cmocka_unit_test(the_newest_events_are_kept),
        cmocka_unit_test(a_place_is_absent_up_lost_recovered_and_up),
        cmocka_unit_test(a_loss_is_believed_before_the_reports_know_of_it),
        cmocka_unit_test(a_loss_before_the_first_report_is_filed_once),
        cmocka_unit_test(a_loss_before_a_restart_is_recovered_after_it),
        cmocka_unit_test(skew_is_a_load_or_a_traffic_above_its_share),
        cmocka_unit_test(nothing_known_is_no_skew),
        cmocka_unit_test(a_long_queue_counts_after_three_samples),
        cmocka_unit_test(reports_between_samples_do_not_count),
        cmocka_unit_test(a_worker_with_few_ratings_is_a_straggler),
        cmocka_unit_test(the_one_that_all_wait_for_is_the_straggler),
        cmocka_unit_test(a_worker_with_fewer_lanes_is_no_straggler),
        cmocka_unit_test(a_lag_that_grows_is_flagged),
        cmocka_unit_test(names_are_those_of_the_page),
    };
    return cmocka_run_group_tests_name("monitor_board", tests, NULL, NULL);
}
