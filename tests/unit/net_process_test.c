/* Do children start, end, and die as promised, and are signals requests? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/process.h"
#include "net/signals.h"
#include "net/socket.h"

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void spawn_shell(struct process *process, const char *name, const char *script, const char *log_file) {
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    struct status status = {0};
    struct process_spec spec = {.name = name, .program = "sh", .argv = argv, .log_file = log_file};
    bool started = process_spawn(process, &spec, &status);
    assert_string_equal(status.text, "");
    assert_true(started);
}

static void assert_described(const struct process *process, const char *ending) {
    char text[PROCESS_TEXT_BYTES], expected[PROCESS_TEXT_BYTES];
    process_describe(process, text);
    snprintf(expected, sizeof expected, "%s (pid %d) %s", process->name, (int)process->pid, ending);
    assert_string_equal(text, expected);
}

static void ends_are_described(void **state) {
    struct process children[3];
    (void)state;
    spawn_shell(&children[0], "pserver 1", "sleep 60", NULL);
    spawn_shell(&children[1], "worker 0", "exit 69", NULL);
    spawn_shell(&children[2], "worker 1", "sleep 0.2; exit 0", NULL);
    assert_described(&children[0], "is running");
    assert_ptr_equal(process_wait_any(children, 3, 5000, -1), &children[1]);
    assert_described(&children[1], "exited with code 69 (peer unavailable)");
    assert_false(process_succeeded(&children[1]));
    assert_ptr_equal(process_wait_any(children, 3, 5000, -1), &children[2]);
    assert_described(&children[2], "exited with code 0");
    assert_true(process_succeeded(&children[2]));
    kill(children[0].pid, SIGKILL);
    assert_ptr_equal(process_wait_any(children, 3, 5000, -1), &children[0]);
    assert_described(&children[0], "was killed by signal 9 (Killed)");
    assert_null(process_wait_any(children, 3, -1, -1));
}

static void a_program_that_is_not_there_is_named(void **state) {
    char *argv[] = {"dotbias-nobody", NULL};
    struct status status = {0};
    struct process process;
    struct process_spec spec = {.name = "worker 3", .program = "/nowhere/dotbias-nobody", .argv = argv};
    (void)state;
    assert_false(process_spawn(&process, &spec, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    assert_string_equal(status.text,
                        "cannot start worker 3: /nowhere/dotbias-nobody: No such file or directory");
    assert_false(process.running);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    spec.log_file = "/nowhere/log";
    assert_false(process_spawn(&process, &spec, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
}

static void output_goes_to_the_log_and_input_is_empty(void **state) {
    char path[] = "/tmp/dotbias-log-XXXXXX", text[64] = {0};
    struct process child;
    int log = mkstemp(path);
    (void)state;
    spawn_shell(&child, "worker 0", "cat; echo out; echo err >&2", path);
    assert_ptr_equal(process_wait_any(&child, 1, 5000, -1), &child);
    assert_int_equal(read(log, text, sizeof text - 1), 8);
    assert_string_equal(text, "out\nerr\n");
    close(log);
    unlink(path);
}

static void waiting_ends_with_the_time_or_the_wake_descriptor(void **state) {
    struct process child;
    uint64_t one = 1;
    int wake = eventfd(0, EFD_CLOEXEC);
    (void)state;
    spawn_shell(&child, "worker 0", "sleep 60", NULL);
    int64_t begin_ms = now_ms();
    assert_null(process_wait_any(&child, 1, 50, wake));
    assert_in_range(now_ms() - begin_ms, 49, 2000);
    assert_int_equal(write(wake, &one, sizeof one), sizeof one);
    assert_null(process_wait_any(&child, 1, 60000, wake));
    assert_in_range(now_ms() - begin_ms, 49, 4000);
    assert_int_equal(process_kill_all(&child, 1, 5000), 0);
    assert_described(&child, "was killed by signal 15 (Terminated)");
    close(wake);
}

static void who_does_not_listen_is_killed_after_the_grace(void **state) {
    struct process children[2];
    char path[] = "/tmp/dotbias-log-XXXXXX", text[8];
    int log = mkstemp(path);
    (void)state;
    spawn_shell(&children[0], "pserver 0", "trap '' TERM; echo deaf; while :; do sleep 0.05; done", path);
    spawn_shell(&children[1], "pserver 1", "sleep 60", NULL);
    while (pread(log, text, sizeof text, 0) <= 0)
        usleep(1000);
    int64_t begin_ms = now_ms();
    assert_int_equal(process_kill_all(children, 2, 200), 1);
    assert_in_range(now_ms() - begin_ms, 199, 3000);
    assert_described(&children[0], "was killed by signal 9 (Killed)");
    assert_described(&children[1], "was killed by signal 15 (Terminated)");
    close(log);
    unlink(path);
}

static bool ends_within(int descriptor, int timeout_ms) {
    struct pollfd poll_one = {descriptor, POLLIN, 0};
    return poll(&poll_one, 1, timeout_ms) == 1;
}

/* The shell notes the number of a sleeper of its own and ends before it. */
static void what_a_child_started_ends_with_it(void **state) {
    char path[] = "/tmp/dotbias-log-XXXXXX", text[32] = {0};
    struct process child;
    int log = mkstemp(path);
    (void)state;
    spawn_shell(&child, "worker 0", "sleep 60 & echo $!; sleep 0.1", path);
    while (pread(log, text, sizeof text - 1, 0) <= 0)
        usleep(1000);
    int watched = pidfd_open(atoi(text), 0);
    assert_true(watched >= 0);
    assert_ptr_equal(process_wait_any(&child, 1, 5000, -1), &child);
    assert_true(ends_within(watched, 5000));
    close(watched);
    close(log);
    unlink(path);
}

static void children_die_with_a_killed_parent(void **state) {
    int to_us[2];
    pid_t child = 0;
    (void)state;
    assert_int_equal(pipe(to_us), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct process process;
        spawn_shell(&process, "worker 0", "trap '' TERM HUP; while :; do sleep 0.05; done", NULL);
        ssize_t written = write(to_us[1], &process.pid, sizeof process.pid);
        _exit(written > 0 && pause());
    }
    assert_int_equal(read(to_us[0], &child, sizeof child), sizeof child);
    int watched = pidfd_open(child, 0);
    assert_true(watched >= 0);
    assert_false(ends_within(watched, 50));
    kill(parent, SIGKILL);
    bool ended = ends_within(watched, 5000);
    if (!ended)
        kill(child, SIGKILL);
    assert_true(ended);
    waitpid(parent, NULL, 0);
    close(watched);
    close(to_us[0]);
    close(to_us[1]);
}

/* ---- signals ---- */

static void pass_to_loop(void *context, int number) {
    struct status status;
    status_fail(&status, STATUS_TRY_AGAIN, "signal %d", number);
    loop_stop(context, &status);
}

/* Goes at the first signal, or (stubborn) not at all. */
static void told_to_stop(void *self, const struct event *event, struct outbox *out) {
    bool stubborn = *(bool *)self;
    if (event->kind == EVENT_STOP && !stubborn && strcmp(event->status->text, "signal 15") == 0)
        outbox_exit(out, event->status);
}

_Noreturn static void live_until_signalled(int ready, bool stubborn) {
    struct status status = {0};
    struct loop_spec spec = {.zmq_context = context_new(0, &status), .spin_us = 1000};
    struct loop *loop = loop_new(&spec, &status);
    struct signals *signals = signals_start(pass_to_loop, loop, &status);
    struct engine engine = {&stubborn, told_to_stop};
    ssize_t written = write(ready, "r", 1);
    if (signals == NULL || written != 1)
        _exit(1);
    loop_run(loop, &engine, &status);
    signals_stop(signals);
    loop_free(loop);
    context_free(spec.zmq_context);
    _exit((int)status.code);
}

static pid_t start_signalled(bool stubborn) {
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0)
        live_until_signalled(ready[1], stubborn);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static int exit_code_within(pid_t pid, int timeout_ms) {
    int ended = 0, watched = pidfd_open(pid, 0);
    bool over = ends_within(watched, timeout_ms);
    close(watched);
    if (!over)
        return -1;
    waitpid(pid, &ended, 0);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -2;
}

static void the_first_signal_asks(void **state) {
    (void)state;
    pid_t pid = start_signalled(false);
    kill(pid, SIGTERM);
    assert_int_equal(exit_code_within(pid, 5000), STATUS_TRY_AGAIN);
}

static void the_second_signal_ends(void **state) {
    (void)state;
    pid_t pid = start_signalled(true);
    kill(pid, SIGTERM);
    assert_int_equal(exit_code_within(pid, 100), -1);
    kill(pid, SIGINT);
    assert_int_equal(exit_code_within(pid, 5000), 128 + SIGINT);
}

static void children_hear_signals_although_we_have_them_blocked(void **state) {
    struct status status = {0};
    struct process child;
    (void)state;
    struct signals *signals = signals_start(pass_to_loop, NULL, &status);
    spawn_shell(&child, "worker 0", "sleep 60", NULL);
    assert_int_equal(process_kill_all(&child, 1, 5000), 0);
    signals_stop(signals);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_described),
        cmocka_unit_test(a_program_that_is_not_there_is_named),
        cmocka_unit_test(output_goes_to_the_log_and_input_is_empty),
        cmocka_unit_test(waiting_ends_with_the_time_or_the_wake_descriptor),
        cmocka_unit_test(who_does_not_listen_is_killed_after_the_grace),
        cmocka_unit_test(what_a_child_started_ends_with_it),
        cmocka_unit_test(children_die_with_a_killed_parent),
        cmocka_unit_test(the_first_signal_asks),
        cmocka_unit_test(the_second_signal_ends),
        cmocka_unit_test(children_hear_signals_although_we_have_them_blocked),
    };
    return cmocka_run_group_tests_name("net/process", tests, NULL, NULL);
}
