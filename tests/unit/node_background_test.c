/* Does a second thread carry jobs out in their order while the loop turns, and let go of them when it is stopped? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "net/socket.h"
#include "node/background.h"

enum { JOBS = 5 };

struct bench {
    struct loop *loop;
    struct background background;
    struct job jobs[JOBS];
    pthread_t own;
    unsigned pause_us;
    atomic_int begun;
    int ended, timers, leave_after;
};

static const struct status DONE = {STATUS_OK, ""};

/* In the background's thread; job i is the i-th. */
static void perform_slowly(void *context, struct job *job) {
    struct bench *bench = context;
    int turn = atomic_fetch_add(&bench->begun, 1);
    usleep(bench->pause_us);
    status_fail(&job->status, STATUS_IO, "job %d in turn %d in %s", (int)(job - bench->jobs), turn,
                pthread_equal(pthread_self(), bench->own) ? "the loop's thread" : "another thread");
}

static bool hand_over(void *context, struct job *job) {
    struct bench *bench = context;
    return background_take(&bench->background, job);
}

static void check_ended(struct bench *bench, const struct job *job) {
    char expected[64];
    assert_true(pthread_equal(pthread_self(), bench->own));
    assert_ptr_equal(job, &bench->jobs[bench->ended]);
    snprintf(expected, sizeof expected, "job %d in turn %d in another thread", bench->ended, bench->ended);
    assert_string_equal(job->status.text, expected);
    bench->ended++;
}

static void bench_step(void *self, const struct event *event, struct outbox *out) {
    struct bench *bench = self;
    if (event->kind == EVENT_START)
        for (int i = 0; i < JOBS; i++)
            outbox_job(out, &bench->jobs[i]);
    else if (event->kind == EVENT_JOB_DONE)
        check_ended(bench, event->job);
    bench->timers += event->kind == EVENT_TIMER;
    outbox_wake(out, event->now_us + 1000);
    if (bench->ended == JOBS ||
        (bench->ended == bench->leave_after && atomic_load(&bench->begun) > bench->ended))
        outbox_exit(out, &DONE);
}

static void run_bench(struct bench *bench) {
    struct status status = {0};
    struct loop_spec spec = {.zmq_context = context_new(0, &status), .perform = hand_over, .context = bench};
    bench->own = pthread_self();
    bench->loop = loop_new(&spec, &status);
    background_init(&bench->background, bench->loop, perform_slowly, bench);
    assert_true(loop_run(bench->loop, &(struct engine){bench, bench_step}, &status));
    background_stop(&bench->background);
    memset(bench->jobs, 0xee, sizeof bench->jobs); /* as if freed: nobody may touch them now */
    background_stop(&bench->background);
    loop_free(bench->loop);
    context_free(spec.zmq_context);
    assert_int_equal(memory_blocks_held(), 0);
}

static void jobs_are_carried_out_in_their_order(void **state) {
    struct bench bench = {.pause_us = 20000, .leave_after = JOBS};
    (void)state;
    run_bench(&bench);
    assert_int_equal(bench.ended, JOBS);
    assert_true(bench.timers >= 10);
}

/* The second job is under way when the loop ends: it is waited for, the others never begin. */
static void a_stop_waits_for_one_job_and_drops_the_rest(void **state) {
    struct bench bench = {.pause_us = 50000, .leave_after = 1};
    (void)state;
    run_bench(&bench);
    assert_int_equal(bench.ended, 1);
    assert_int_equal(atomic_load(&bench.begun), 2);
}

static void without_a_job_there_is_no_thread(void **state) {
    struct background background = {0};
    (void)state;
    background_stop(&background);
    background_init(&background, NULL, perform_slowly, NULL);
    assert_false(background.running);
    background_stop(&background);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_carried_out_in_their_order),
        cmocka_unit_test(a_stop_waits_for_one_job_and_drops_the_rest),
        cmocka_unit_test(without_a_job_there_is_no_thread),
    };
    return cmocka_run_group_tests_name("node/background", tests, NULL, NULL);
}
