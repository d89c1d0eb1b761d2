/* Child processes that never outlive us.
 *
 * A child asks the kernel to be killed when the thread that started it ends, so start children from a thread
 * that lives as long as the program (the main one). It gets a process group of its own: Ctrl-C in a terminal
 * reaches the supervisor alone, which then decides in what order its children end; what is left of a group is
 * killed when its leader's end is noticed. Waiting uses pidfds; no SIGCHLD handler is involved and children that
 * others started are left alone. */
#ifndef NET_PROCESS_H
#define NET_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/status.h"

enum {
    PROCESS_NAME_BYTES = 64,
    PROCESS_TEXT_BYTES = 192,
    PROCESS_CHILDREN_MAX = 1281 /* a coordinator, 256 pservers, 1024 workers */
};

struct process_spec {
    const char *name;     /* for people: "pserver 1" */
    const char *program;  /* a path, or a name that is looked up in PATH */
    char *const *argv;    /* argv[0] included, ended by NULL */
    const char *log_file; /* stdout and stderr are appended to it; NULL: they are ours */
    int kept; /* a descriptor that the child gets under the same number, although it closes on exec; 0: none */
};

/* The caller's struct, in an array of all children; zeroed before the start. */
struct process {
    char name[PROCESS_NAME_BYTES];
    pid_t pid;      /* 0: never started */
    int descriptor; /* of the running child: readable when it has ended */
    bool running;
    int wait_status; /* as of waitpid, once it has ended */
};

/* Starts a child with stdin from /dev/null, default signals and no signal blocked. False and STATUS_NO_INPUT
 * when the program cannot be run, STATUS_CANT_CREATE when the log file cannot be opened, STATUS_NO_MEMORY
 * when the system has no room for a process. */
bool process_spawn(struct process *process, const struct process_spec *spec, struct status *status);

/* Waits at most timeout_ms (-1: for ever) for any running child to end, and returns it, reaped; NULL when the
 * time is over, when none is running, or when wake_descriptor (-1: none) has become readable. */
struct process *process_wait_any(struct process *processes, size_t count, int timeout_ms,
                                 int wake_descriptor);

/* Asks all running children to end (SIGTERM to their groups), waits grace_ms, then kills (SIGKILL) and reaps
 * what is left; with a grace of 0 it kills at once. Afterwards none is running. Returns how many had to be
 * killed. */
size_t process_kill_all(struct process *processes, size_t count, uint32_t grace_ms);

/* "pserver 1 (pid 1234) was killed by signal 9 (Killed)", "worker 0 (pid 7) exited with code 69 (peer
 * unavailable)",
 * "... is running". */
void process_describe(const struct process *process, char text[PROCESS_TEXT_BYTES]);

/* Whether a child has ended with code 0. */
bool process_succeeded(const struct process *process);

#endif
