/* Does a loop keep its promises: round trips over every transport, the timer, the order of jobs, the stop,
 * what was sent before the end, peers that are absent or gone? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net_echo.h"

static const struct status DONE = {STATUS_OK, ""};

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- round trips ---- */

static void run_client(void *zmq_context, const char *endpoint, struct echo_client *client,
                       uint32_t spin_us) {
    struct status status = {0};
    struct loop_spec spec = {.zmq_context = zmq_context, .coordinator = endpoint, .spin_us = spin_us};
    struct loop *loop = loop_new(&spec, &status);
    assert_non_null(loop);
    assert_true(loop_run(loop, &client->engine, &status));
    struct wire_counters counters = loop_counters(loop);
    assert_int_equal(counters.messages_in, client->wanted);
    assert_int_equal(counters.messages_out, client->wanted);
    loop_free(loop);
}

static void round_trips(const char *listen, uint64_t wanted, uint64_t window) {
    struct status status = {0};
    struct echo_server server;
    struct echo_client client;
    bool inproc = strncmp(listen, "inproc", 6) == 0;
    void *here = context_new(inproc ? 0 : 1, &status), *there = inproc ? here : context_new(1, &status);
    assert_true(echo_server_start(&server, here, listen, &status));
    echo_client_init(&client, wanted, window);
    uint64_t begin_us = now_us();
    run_client(there, loop_endpoint(server.loop), &client, 100);
    print_message("%-28s window %2d: %6.2f us a round trip\n", loop_endpoint(server.loop), (int)window,
                  (double)(now_us() - begin_us) / (double)wanted);
    echo_server_stop(&server);
    assert_int_equal(server.verdict.code, STATUS_TRY_AGAIN);
    assert_string_equal(server.verdict.text, "the test is over");
    assert_int_equal(client.wrong, 0);
    assert_int_equal(server.heard, wanted);
    loop_free(server.loop);
    context_free(here);
    if (!inproc)
        context_free(there);
    assert_int_equal(memory_blocks_held(), 0);
}

static void inproc_carries_round_trips(void **state) {
    (void)state;
    round_trips("inproc://echo", 60000, 1);
    round_trips("inproc://echo", 40000, 16);
}

static void ipc_carries_round_trips(void **state) {
    struct endpoint_home home;
    struct status status = {0};
    char endpoint[ENDPOINT_BYTES];
    (void)state;
    assert_true(endpoint_home_init(&home, &status));
    assert_true(endpoint_home_make(&home, ENDPOINT_IPC, "echo", endpoint, &status));
    round_trips(endpoint, 6000, 1);
    round_trips(endpoint, 10000, 16);
    endpoint_home_remove(&home);
}

static void tcp_carries_round_trips(void **state) {
    (void)state;
    round_trips("tcp://127.0.0.1:*", 6000, 1);
    round_trips("tcp://127.0.0.1:*", 10000, 16);
}

/* ---- one engine alone ---- */

struct alone {
    void (*on)(struct alone *self, const struct event *event, struct outbox *out);
    uint64_t asked_us, timer_us;
    int timers, jobs_done, performed, in_step;
    struct job jobs[4];
    char order[64];
    struct status stop;
};

static void alone_step(void *self, const struct event *event, struct outbox *out) {
    struct alone *alone = self;
    alone->in_step = 1;
    alone->on(alone, event, out);
    alone->in_step = 0;
}

static void note(struct alone *alone, const char *format, int number) {
    size_t length = strlen(alone->order);
    snprintf(alone->order + length, sizeof alone->order - length, format, number);
}

static bool alone_perform(void *context, struct job *job) {
    struct alone *alone = context;
    assert_int_equal(alone->in_step, 0);
    alone->performed++;
    job->status = DONE;
    note(alone, "p%d ", (int)(job - alone->jobs));
    return true;
}

static struct status run_alone(struct alone *alone, uint32_t spin_us) {
    struct status status = {0};
    void *zmq_context = context_new(0, &status);
    struct loop_spec spec = {
        .zmq_context = zmq_context, .spin_us = spin_us, .perform = alone_perform, .context = alone};
    struct loop *loop = loop_new(&spec, &status);
    assert_non_null(loop);
    assert_string_equal(loop_endpoint(loop), "");
    loop_run(loop, &(struct engine){alone, alone_step}, &status);
    loop_free(loop);
    context_free(zmq_context);
    assert_int_equal(memory_blocks_held(), 0);
    return status;
}

static void on_timer(struct alone *alone, const struct event *event, struct outbox *out) {
    if (event->kind == EVENT_START) {
        alone->asked_us = event->now_us;
        outbox_wake(out, event->now_us + 100);
        outbox_wake(out, event->now_us + 60000000);
        outbox_wake(out, event->now_us + 20000);
        return;
    }
    assert_int_equal(event->kind, EVENT_TIMER);
    alone->timers++;
    alone->timer_us = event->now_us;
    outbox_exit(out, &DONE);
}

static void the_last_word_to_the_timer_counts(void **state) {
    (void)state;
    for (uint32_t spin_us = 0; spin_us <= 50000; spin_us += 50000) {
        struct alone alone = {.on = on_timer};
        assert_int_equal(run_alone(&alone, spin_us).code, STATUS_OK);
        assert_int_equal(alone.timers, 1);
        assert_in_range(alone.timer_us - alone.asked_us, 20000, 2000000);
    }
}

static void on_jobs(struct alone *alone, const struct event *event, struct outbox *out) {
    if (event->kind == EVENT_START) {
        for (int i = 0; i < 3; i++)
            outbox_job(out, &alone->jobs[i]);
        return;
    }
    assert_int_equal(event->kind, EVENT_JOB_DONE);
    note(alone, "d%d ", (int)(event->job - alone->jobs));
    if (++alone->jobs_done == 3) {
        outbox_job(out, &alone->jobs[3]);
        outbox_exit(out, &(struct status){STATUS_BAD_DATA, "it diverged"});
        outbox_exit(out, &DONE);
    }
}

static void jobs_are_done_in_order_and_the_last_one_before_the_end(void **state) {
    struct alone alone = {.on = on_jobs};
    (void)state;
    struct status status = run_alone(&alone, 0);
    assert_string_equal(alone.order, "p0 d0 p1 d1 p2 d2 p3 ");
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_string_equal(status.text, "it diverged");
}

/* ---- jobs elsewhere ---- */

/* An engine whose jobs are carried out by threads. */
struct away {
    struct loop *loop;
    struct job jobs[LOOP_JOBS_MAX];
    pthread_t threads[LOOP_JOBS_MAX];
    pthread_t own;
    unsigned pause_us;
    int ended, timers, wanted;
    bool leaves_at_once;
};

struct errand {
    struct away *away;
    struct job *job;
};

static void *run_errand(void *argument) {
    struct errand errand = *(struct errand *)argument;
    free(argument);
    usleep(errand.away->pause_us);
    status_fail(&errand.job->status, STATUS_IO, "job %d", (int)(errand.job - errand.away->jobs));
    loop_job_done(errand.away->loop, errand.job);
    return NULL;
}

static bool send_away(void *context, struct job *job) {
    struct away *away = context;
    struct errand *errand = malloc(sizeof *errand);
    *errand = (struct errand){away, job};
    assert_int_equal(pthread_create(&away->threads[job - away->jobs], NULL, run_errand, errand), 0);
    return false;
}

static bool end_inside(void *context, struct job *job) {
    struct away *away = context;
    status_fail(&job->status, STATUS_IO, "job %d", (int)(job - away->jobs));
    loop_job_done(away->loop, job);
    return false;
}

static void check_ended(struct away *away, const struct event *event) {
    char expected[32];
    snprintf(expected, sizeof expected, "job %d", (int)(event->job - away->jobs));
    assert_true(pthread_equal(pthread_self(), away->own));
    assert_string_equal(event->job->status.text, expected);
    event->job->status.text[0] = '\0'; /* a second end would be seen */
    away->ended++;
}

static void away_step(void *self, const struct event *event, struct outbox *out) {
    struct away *away = self;
    if (event->kind == EVENT_START)
        for (int i = 0; i < away->wanted; i++)
            outbox_job(out, &away->jobs[i]);
    else if (event->kind == EVENT_JOB_DONE)
        check_ended(away, event);
    away->timers += event->kind == EVENT_TIMER;
    outbox_wake(out, event->now_us + 1000);
    if (away->ended == away->wanted || away->leaves_at_once)
        outbox_exit(out, &DONE);
}

static void run_away(struct away *away, bool (*perform)(void *, struct job *)) {
    struct status status = {0};
    struct loop_spec spec = {.zmq_context = context_new(0, &status), .perform = perform, .context = away};
    away->loop = loop_new(&spec, &status);
    away->own = pthread_self();
    assert_non_null(away->loop);
    assert_true(loop_run(away->loop, &(struct engine){away, away_step}, &status));
    for (int i = 0; i < away->wanted && perform == send_away; i++)
        pthread_join(away->threads[i], NULL);
    loop_free(away->loop);
    context_free(spec.zmq_context);
    assert_int_equal(memory_blocks_held(), 0);
}

/* Were the loop to wait for the thread, its timer would stand still. */
static void the_loop_turns_while_a_job_goes_on_elsewhere(void **state) {
    struct away away = {.pause_us = 100000, .wanted = 1};
    (void)state;
    run_away(&away, send_away);
    assert_int_equal(away.ended, 1);
    assert_true(away.timers >= 10);
}

static void as_many_jobs_as_a_loop_takes_end_elsewhere(void **state) {
    (void)state;
    for (unsigned pause_us = 0; pause_us <= 10000; pause_us += 10000) {
        struct away away = {.pause_us = pause_us, .wanted = LOOP_JOBS_MAX};
        run_away(&away, send_away);
        assert_int_equal(away.ended, LOOP_JOBS_MAX);
    }
}

static void a_job_may_end_before_perform_returns(void **state) {
    struct away away = {.wanted = LOOP_JOBS_MAX};
    (void)state;
    run_away(&away, end_inside);
    assert_int_equal(away.ended, LOOP_JOBS_MAX);
}

static void jobs_elsewhere_are_not_waited_for(void **state) {
    struct away away = {.pause_us = 50000, .wanted = 3, .leaves_at_once = true};
    (void)state;
    run_away(&away, send_away);
    assert_int_equal(away.ended, 0);
}

static void on_no_memory(struct alone *alone, const struct event *event, struct outbox *out) {
    struct message message = {.kind = MESSAGE_READ, .body_bytes = 100000};
    (void)alone;
    assert_int_equal(event->kind, EVENT_START);
    memory_fail_after(1);
    memset(outbox_body(out, message.body_bytes), 1, message.body_bytes);
    outbox_send(out, LINK_COORDINATOR, &message);
}

static void without_memory_for_a_body_the_loop_ends_with_a_status(void **state) {
    struct alone alone = {.on = on_no_memory};
    (void)state;
    assert_int_equal(run_alone(&alone, 0).code, STATUS_NO_MEMORY);
}

static void every_failed_allocation_of_a_loop_is_a_status(void **state) {
    struct status status = {0};
    void *zmq_context = context_new(0, &status);
    struct loop_spec spec = {.zmq_context = zmq_context, .listen = "inproc://a", .coordinator = "inproc://b"};
    struct loop *loop = NULL;
    size_t failures = 0;
    (void)state;
    while (loop == NULL) {
        memory_fail_after(++failures);
        loop = loop_new(&spec, &status);
        assert_true(loop != NULL || status.code == STATUS_NO_MEMORY);
    }
    memory_fail_after(0);
    assert_true(failures > 4);
    loop_free(loop);
    context_free(zmq_context);
    assert_int_equal(memory_blocks_held(), 0);
}

/* ---- the stop ---- */

static void on_stop(struct alone *alone, const struct event *event, struct outbox *out) {
    if (event->kind == EVENT_STOP) {
        alone->stop = *event->status;
        outbox_exit(out, event->status);
    } else if (alone->asked_us != 0) {
        outbox_job(out, &alone->jobs[0]); /* never idle */
    }
}

static void *stop_soon(void *loop) {
    usleep(20000);
    loop_stop(loop, &(struct status){STATUS_TRY_AGAIN, "signal 15"});
    loop_stop(loop, &(struct status){STATUS_USAGE, "too late"});
    return NULL;
}

static void loop_stop_reaches_a_sleeping_and_a_busy_loop(void **state) {
    (void)state;
    for (uint64_t busy = 0; busy < 2; busy++) {
        struct alone alone = {.on = on_stop, .asked_us = busy};
        struct status status = {0};
        struct loop_spec spec = {.perform = alone_perform, .context = &alone};
        pthread_t thread;
        spec.zmq_context = context_new(0, &status);
        struct loop *loop = loop_new(&spec, &status);
        assert_int_equal(pthread_create(&thread, NULL, stop_soon, loop), 0);
        assert_false(loop_run(loop, &(struct engine){&alone, alone_step}, &status));
        pthread_join(thread, NULL);
        assert_int_equal(status.code, STATUS_TRY_AGAIN);
        assert_string_equal(alone.stop.text, "signal 15");
        loop_free(loop);
        context_free(spec.zmq_context);
    }
}

/* ---- peers ---- */

static void a_port_in_use_is_named(void **state) {
    struct status status = {0}, refused = {0};
    struct echo_server server;
    char expected[512];
    void *zmq_context = context_new(1, &status);
    (void)state;
    assert_true(echo_server_start(&server, zmq_context, "tcp://127.0.0.1:*", &status));
    struct loop_spec spec = {.zmq_context = zmq_context, .listen = loop_endpoint(server.loop)};
    assert_null(loop_new(&spec, &refused));
    snprintf(expected, sizeof expected, "cannot listen on %s: Address already in use", spec.listen);
    assert_int_equal(refused.code, STATUS_UNAVAILABLE);
    assert_string_equal(refused.text, expected);
    assert_memory_equal(spec.listen, "tcp://127.0.0.1:", 16);
    echo_server_stop(&server);
    loop_free(server.loop);
    context_free(zmq_context);
}

static void the_endpoint_names_a_host_that_others_can_reach(void **state) {
    struct status status = {0};
    struct endpoint endpoint;
    void *zmq_context = context_new(1, &status);
    struct loop_spec advertised = {
        .zmq_context = zmq_context, .listen = "tcp://0.0.0.0:*", .advertise = "node7"};
    struct loop_spec routed = {
        .zmq_context = zmq_context, .listen = "tcp://0.0.0.0:*", .coordinator = "tcp://127.0.0.1:9"};
    (void)state;
    struct loop *first = loop_new(&advertised, &status), *second = loop_new(&routed, &status);
    assert_true(endpoint_parse(&endpoint, loop_endpoint(first), &status));
    assert_string_equal(endpoint.host, "node7");
    assert_true(endpoint.port > 0);
    assert_true(endpoint_parse(&endpoint, loop_endpoint(second), &status));
    assert_string_equal(endpoint.host, "127.0.0.1");
    assert_true(endpoint.port > 0);
    loop_free(first);
    loop_free(second);
    context_free(zmq_context);
}

enum { PARTING_WORDS = 200 };

static void on_parting(struct alone *alone, const struct event *event, struct outbox *out) {
    (void)alone;
    (void)event;
    for (int i = 0; i < PARTING_WORDS; i++) {
        struct message message = {.kind = MESSAGE_ROWS, .body_bytes = 28672};
        memset(outbox_body(out, message.body_bytes), i, message.body_bytes);
        outbox_send(out, LINK_COORDINATOR, &message);
    }
    outbox_exit(out, &DONE);
}

static void say_parting_words(const char *listen) {
    struct status status = {0};
    struct alone alone = {.on = on_parting};
    struct echo_server server;
    bool inproc = strncmp(listen, "inproc", 6) == 0;
    void *here = context_new(1, &status), *there = inproc ? here : context_new(1, &status);
    assert_true(echo_server_start(&server, here, listen, &status));
    struct loop_spec spec = {.zmq_context = there, .coordinator = loop_endpoint(server.loop)};
    struct loop *loop = loop_new(&spec, &status);
    assert_true(loop_run(loop, &(struct engine){&alone, alone_step}, &status));
    loop_free(loop);
    if (!inproc)
        context_free(there);
    for (int i = 0; i < 200 && loop_counters(server.loop).messages_in < PARTING_WORDS; i++)
        usleep(10000);
    echo_server_stop(&server);
    assert_int_equal(server.heard, PARTING_WORDS);
    loop_free(server.loop);
    context_free(here);
    assert_int_equal(memory_blocks_held(), 0);
}

static void what_was_sent_before_the_end_arrives(void **state) {
    (void)state;
    say_parting_words("tcp://127.0.0.1:*");
    say_parting_words("inproc://parting");
}

enum { SHOUTS = 1500 };

static void on_absent(struct alone *alone, const struct event *event, struct outbox *out) {
    (void)alone;
    if (event->kind == EVENT_START)
        outbox_connect(out, 7, "tcp://127.0.0.1:1");
    for (link_id link = 7; link < 9; link++)
        for (int i = 0; i < SHOUTS; i++)
            outbox_send(out, link, &(struct message){.kind = MESSAGE_PULSE});
    outbox_send(out, LINK_INCOMING, &(struct message){.kind = MESSAGE_PULSE});
    outbox_exit(out, &DONE);
}

/* Link 7 leads to nobody: its queue fills, one send waits for a second, the rest is dropped. Links 8 and
 * LINK_INCOMING were never opened. */
static void absent_peers_swallow_and_do_not_block(void **state) {
    struct status status = {0};
    struct alone alone = {.on = on_absent};
    void *zmq_context = context_new(1, &status);
    struct loop_spec spec = {.zmq_context = zmq_context};
    (void)state;
    struct loop *loop = loop_new(&spec, &status);
    uint64_t begin_us = now_us();
    assert_true(loop_run(loop, &(struct engine){&alone, alone_step}, &status));
    assert_in_range(now_us() - begin_us, 900000, 3000000);
    struct wire_counters counters = loop_counters(loop);
    assert_in_range(counters.messages_out, SOCKET_QUEUE_MAX, SOCKET_QUEUE_MAX + 10);
    assert_int_equal(counters.dropped, 2 * SHOUTS - counters.messages_out + 1);
    loop_free(loop);
    context_free(zmq_context);
}

/* Talks to its only peer once in a millisecond, whether it is there or not. */
static void talkative_step(void *self, const struct event *event, struct outbox *out) {
    link_id *peer = self;
    if (event->kind == EVENT_MESSAGE)
        *peer = event->link;
    if (*peer != 0)
        outbox_send(out, *peer, &(struct message){.kind = MESSAGE_PULSE});
    if (event->kind == EVENT_STOP)
        outbox_exit(out, event->status);
    else
        outbox_wake(out, event->now_us + 1000);
}

static void greet_and_leave(void *self, const struct event *event, struct outbox *out) {
    (void)self;
    if (event->kind == EVENT_START)
        outbox_send(out, LINK_COORDINATOR, &(struct message){.kind = MESSAGE_PULSE});
    else
        outbox_exit(out, &DONE);
}

struct talk {
    struct loop *loop;
    link_id peer;
};

static void *run_talkative(void *argument) {
    struct talk *talk = argument;
    struct status status;
    loop_run(talk->loop, &(struct engine){&talk->peer, talkative_step}, &status);
    return NULL;
}

static void a_vanished_peer_is_noticed_and_forgotten(void **state) {
    struct status status = {0};
    struct talk talk = {0};
    pthread_t thread;
    struct loop_spec spec = {.zmq_context = context_new(1, &status), .listen = "tcp://127.0.0.1:*"};
    (void)state;
    talk.loop = loop_new(&spec, &status);
    assert_int_equal(pthread_create(&thread, NULL, run_talkative, &talk), 0);
    for (int visits = 0; visits < 3; visits++) {
        struct loop_spec visit = {.zmq_context = spec.zmq_context, .coordinator = loop_endpoint(talk.loop)};
        struct loop *visitor = loop_new(&visit, &status);
        uint64_t dropped = loop_counters(talk.loop).dropped;
        assert_true(loop_run(visitor, &(struct engine){NULL, greet_and_leave}, &status));
        loop_free(visitor);
        for (int i = 0; i < 500 && loop_counters(talk.loop).dropped == dropped; i++)
            usleep(10000);
        assert_true(loop_counters(talk.loop).dropped > dropped);
    }
    loop_stop(talk.loop, &DONE);
    pthread_join(thread, NULL);
    assert_int_equal(talk.peer, LINK_INCOMING + 2);
    loop_free(talk.loop);
    context_free(spec.zmq_context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inproc_carries_round_trips),
        cmocka_unit_test(ipc_carries_round_trips),
        cmocka_unit_test(tcp_carries_round_trips),
        cmocka_unit_test(the_last_word_to_the_timer_counts),
        cmocka_unit_test(jobs_are_done_in_order_and_the_last_one_before_the_end),
        cmocka_unit_test(the_loop_turns_while_a_job_goes_on_elsewhere),
        cmocka_unit_test(as_many_jobs_as_a_loop_takes_end_elsewhere),
        cmocka_unit_test(a_job_may_end_before_perform_returns),
        cmocka_unit_test(jobs_elsewhere_are_not_waited_for),
        cmocka_unit_test(without_memory_for_a_body_the_loop_ends_with_a_status),
        cmocka_unit_test(every_failed_allocation_of_a_loop_is_a_status),
        cmocka_unit_test(loop_stop_reaches_a_sleeping_and_a_busy_loop),
        cmocka_unit_test(a_port_in_use_is_named),
        cmocka_unit_test(the_endpoint_names_a_host_that_others_can_reach),
        cmocka_unit_test(what_was_sent_before_the_end_arrives),
        cmocka_unit_test(absent_peers_swallow_and_do_not_block),
        cmocka_unit_test(a_vanished_peer_is_noticed_and_forgotten),
    };
    return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
