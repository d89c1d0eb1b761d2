#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/contract.h"

/* ---- starting ---- */

/* What the child needs between fork and exec, where only async-signal-safe calls are allowed. */
struct launch {
    const struct process_spec *spec;
    pid_t parent;
    int input, output; /* output: -1 when the child keeps ours */
    int report;        /* the child writes errno here when it cannot become the program */
};

static void default_signals(void) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void become_program(const struct launch *launch) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The parent may have ended before the line above; then nobody would kill us. */
    if (getppid() != launch->parent)
        _exit(STATUS_UNAVAILABLE);
    default_signals();
    dup2(launch->input, STDIN_FILENO);
    if (launch->output >= 0) {
        dup2(launch->output, STDOUT_FILENO);
        dup2(launch->output, STDERR_FILENO);
    }
    if (launch->spec->kept > 0)
        fcntl(launch->spec->kept, F_SETFD, 0);
    execvp(launch->spec->program, launch->spec->argv);
    int cause = errno;
    ssize_t written = write(launch->report, &cause, sizeof cause);
    (void)written;
    _exit(STATUS_NO_INPUT);
}

/* The errno of the child's exec, 0 when it went well: the pipe then closes without a word. */
static int read_report(int descriptor) {
    int cause = 0;
    ssize_t got;
    do
        got = read(descriptor, &cause, sizeof cause);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof cause ? cause : 0;
}

/* Takes leave of a child that has ended. While it is a zombie its number cannot name another group, so what it has
 * started itself can be ended first. */
static bool reap(struct process *process) {
    pid_t reaped;
    kill(-process->pid, SIGKILL);
    do
        reaped = waitpid(process->pid, &process->wait_status, 0);
    while (reaped < 0 && errno == EINTR);
    close(process->descriptor);
    process->running = false;
    return reaped == process->pid;
}

static bool fork_child(struct process *process, struct launch *launch, struct status *status) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot start %s", process->name);
    launch->report = report[1];
    process->pid = fork();
    if (process->pid == 0)
        become_program(launch);
    close(report[1]);
    process->descriptor = process->pid < 0 ? -1 : pidfd_open(process->pid, 0);
    int cause = process->pid < 0 ? 0 : read_report(report[0]);
    close(report[0]);
    if (process->descriptor < 0) {
        status_fail_errno(status, STATUS_NO_MEMORY, "cannot start %s", process->name);
        if (process->pid > 0 && kill(process->pid, SIGKILL) == 0)
            waitpid(process->pid, NULL, 0);
        return false;
    }
    process->running = true;
    if (cause == 0)
        return true;
    reap(process);
    errno = cause;
    return status_fail_errno(status, STATUS_NO_INPUT, "cannot start %s: %s", process->name,
                             launch->spec->program);
}

bool process_spawn(struct process *process, const struct process_spec *spec, struct status *status) {
    struct launch launch = {.spec = spec, .parent = getpid(), .output = -1};
    *process = (struct process){.descriptor = -1};
    snprintf(process->name, sizeof process->name, "%s", spec->name);
    launch.input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (launch.input < 0)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot start %s: /dev/null", process->name);
    if (spec->log_file != NULL)
        launch.output = open(spec->log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    bool ready = spec->log_file == NULL || launch.output >= 0;
    if (!ready)
        status_fail_errno(status, STATUS_CANT_CREATE, "cannot write the log of %s to %s", process->name,
                          spec->log_file);
    bool started = ready && fork_child(process, &launch, status);
    if (!started)
        process->pid = 0;
    if (launch.output >= 0)
        close(launch.output);
    close(launch.input);
    return started;
}

/* ---- waiting ---- */

enum { POLLS_MAX = PROCESS_CHILDREN_MAX };

static int64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As poll, but a signal that is handled does not end it. */
static int poll_until(struct pollfd *polls, nfds_t count, int timeout_ms) {
    int64_t deadline_ms = clock_ms() + timeout_ms;
    for (;;) {
        int64_t left_ms = deadline_ms - clock_ms();
        int told = poll(polls, count, timeout_ms < 0 ? -1 : left_ms > 0 ? (int)left_ms : 0);
        if (told >= 0 || errno != EINTR)
            return told;
    }
}

static bool any_running(const struct process *processes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (processes[i].running)
            return true;
    return false;
}

struct process *process_wait_any(struct process *processes, size_t count, int timeout_ms,
                                 int wake_descriptor) {
    struct pollfd polls[POLLS_MAX + 1];
    REQUIRE(count <= POLLS_MAX, "a supervisor has at most PROCESS_CHILDREN_MAX children");
    if (!any_running(processes, count))
        return NULL;
    for (size_t i = 0; i < count; i++)
        polls[i] = (struct pollfd){processes[i].running ? processes[i].descriptor : -1, POLLIN, 0};
    polls[count] = (struct pollfd){wake_descriptor, POLLIN, 0};
    if (poll_until(polls, count + 1, timeout_ms) <= 0)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (polls[i].revents != 0) {
            reap(&processes[i]);
            return &processes[i];
        }
    return NULL;
}

/* ---- ending ---- */

static size_t signal_all(const struct process *processes, size_t count, int number) {
    size_t sent = 0;
    for (size_t i = 0; i < count; i++)
        if (processes[i].running) {
            kill(-processes[i].pid, number);
            sent++;
        }
    return sent;
}

size_t process_kill_all(struct process *processes, size_t count, uint32_t grace_ms) {
    int64_t deadline_ms = clock_ms() + grace_ms;
    if (grace_ms > 0)
        signal_all(processes, count, SIGTERM);
    for (int64_t left_ms = grace_ms; left_ms > 0; left_ms = deadline_ms - clock_ms())
        if (process_wait_any(processes, count, (int)left_ms, -1) == NULL)
            break;
    size_t killed = signal_all(processes, count, SIGKILL);
    while (process_wait_any(processes, count, -1, -1) != NULL)
        continue;
    return killed;
}

void process_describe(const struct process *process, char text[PROCESS_TEXT_BYTES]) {
    int length = snprintf(text, PROCESS_TEXT_BYTES, "%s (pid %d) ", process->name, (int)process->pid);
    size_t left = PROCESS_TEXT_BYTES - (size_t)length;
    int ended = process->wait_status;
    if (process->pid == 0)
        snprintf(text, PROCESS_TEXT_BYTES, "%s was never started", process->name);
    else if (process->running)
        snprintf(text + length, left, "is running");
    else if (WIFSIGNALED(ended))
        snprintf(text + length, left, "was killed by signal %d (%s)", WTERMSIG(ended),
                 strsignal(WTERMSIG(ended)));
    else if (WEXITSTATUS(ended) == STATUS_OK)
        snprintf(text + length, left, "exited with code 0");
    else
        snprintf(text + length, left, "exited with code %d (%s)", WEXITSTATUS(ended),
                 status_name((enum status_code)WEXITSTATUS(ended)));
}

bool process_succeeded(const struct process *process) {
    return process->pid != 0 && !process->running && WIFEXITED(process->wait_status) &&
           WEXITSTATUS(process->wait_status) == 0;
}
