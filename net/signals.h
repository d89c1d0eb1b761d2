/* SIGTERM and SIGINT as requests: the first asks for an orderly end, the second ends the process at once.
 *
 * A SIGTERM that is ignored when the program starts stays ignored (`trap '' TERM` in a shell): a member whose end is the
 * coordinator's business is started so by service managers that signal everybody at once.
 *
 * A thread of its own waits for them; all threads of ours have them blocked, so no work of ours is ever
 * interrupted. A thread that a library started before signals_start passes the signal on. */
#ifndef NET_SIGNALS_H
#define NET_SIGNALS_H

#include <signal.h>
#include <time.h>

#include "core/status.h"
#include "net/loop.h"

struct signals;

/* Called in the signals' thread at the first signal, with its number: loop_stop, or a write to an event
 * descriptor. */
typedef void signals_callback(void *context, int number);

/* Blocks SIGTERM and SIGINT in the calling thread and all that it starts from here on (call it first in
 * main), ignores SIGPIPE, and starts to listen. A second signal ends the process with code 128 + number,
 * without flushing or cleaning up; children started with process_spawn die with it. NULL and STATUS_NO_MEMORY
 * on failure. */
struct signals *signals_start(signals_callback *callback, void *context, struct status *status);

/* As signals_start, for a program that is one loop: the first signal is a loop_stop with STATUS_TRY_AGAIN,
 * "stopped by signal 15 (Terminated)". The loop must outlive the signals. */
struct signals *signals_start_loop(struct loop *loop, struct status *status);

/* Stops listening and gives the signals their former meaning back. NULL is allowed. */
void signals_stop(struct signals *signals);

/* Sleeps so long, for a program that does not listen yet. Returns 0, or at once the number of a signal that asks to end. */
int signals_await(const struct timespec *pause);

/* For whoever reads a signal from a descriptor of its own (signalfd) and has blocked it: a thread that a library started before,
 * and that blocks nothing, passes it on instead of dying of it. former gets what the signal meant before; may be NULL. */
void signals_pass_on(int number, struct sigaction *former);

#endif
