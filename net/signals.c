#include "net/signals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/memory.h"

struct signals {
    signals_callback *callback;
    void *context;
    int listen_descriptor, end_descriptor;
    pthread_t thread;
    sigset_t set, former_mask;                    /* listened to; blocked before */
    struct sigaction former_pipe, former_stop[2]; /* of SIGPIPE; of STOP_SIGNALS */
};

static const int STOP_SIGNALS[2] = {SIGTERM, SIGINT};

static bool read_signal(struct signals *signals, int *number) {
    struct signalfd_siginfo info;
    if (read(signals->listen_descriptor, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    *number = (int)info.ssi_signo;
    return true;
}

static void *listen_for_signals(void *argument) {
    struct signals *signals = argument;
    struct pollfd polls[2] = {{signals->listen_descriptor, POLLIN, 0}, {signals->end_descriptor, POLLIN, 0}};
    int heard = 0, number;
    for (;;) {
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (polls[1].revents != 0)
            return NULL;
        if (polls[0].revents == 0 || !read_signal(signals, &number))
            continue;
        if (++heard > 1)
            _exit(128 + number);
        signals->callback(signals->context, number);
    }
}

static bool is_ignored(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

/* A shell ignores SIGINT for whatever it starts behind `&`, so that says nothing; SIGTERM is ignored on purpose alone. */
static sigset_t stop_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    if (!is_ignored(SIGTERM))
        sigaddset(&set, SIGTERM);
    return set;
}

/* Runs only in a thread that a library started before us (OpenBLAS does) and that therefore blocks nothing:
 * it blocks the signal there for good and sends it again, until it waits for the one thread that listens. */
static void pass_on(int number, siginfo_t *info, void *context) {
    ucontext_t *interrupted = context;
    (void)info;
    sigaddset(&interrupted->uc_sigmask, number);
    kill(getpid(), number);
}

void signals_pass_on(int number, struct sigaction *former) {
    struct sigaction pass = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(number, &pass, former);
}

int signals_await(const struct timespec *pause) {
    sigset_t set = stop_signals(), former;
    struct sigaction meant[2];
    pthread_sigmask(SIG_BLOCK, &set, &former);
    for (int i = 0; i < 2; i++)
        if (sigismember(&set, STOP_SIGNALS[i]))
            signals_pass_on(STOP_SIGNALS[i], &meant[i]);
    int number = sigtimedwait(&set, NULL, pause);
    for (int i = 0; i < 2; i++)
        if (sigismember(&set, STOP_SIGNALS[i]))
            sigaction(STOP_SIGNALS[i], &meant[i], NULL);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return number > 0 ? number : 0;
}

static void take_dispositions(struct signals *signals) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &signals->former_pipe);
    for (size_t i = 0; i < 2; i++)
        if (sigismember(&signals->set, STOP_SIGNALS[i]))
            signals_pass_on(STOP_SIGNALS[i], &signals->former_stop[i]);
}

static void restore(struct signals *signals) {
    if (signals->listen_descriptor >= 0)
        close(signals->listen_descriptor);
    if (signals->end_descriptor >= 0)
        close(signals->end_descriptor);
    sigaction(SIGPIPE, &signals->former_pipe, NULL);
    for (size_t i = 0; i < 2; i++)
        if (sigismember(&signals->set, STOP_SIGNALS[i]))
            sigaction(STOP_SIGNALS[i], &signals->former_stop[i], NULL);
    pthread_sigmask(SIG_SETMASK, &signals->former_mask, NULL);
    memory_release(signals);
}

struct signals *signals_start(signals_callback *callback, void *context, struct status *status) {
    struct signals *signals = memory_take(sizeof *signals, "the signals", status);
    if (signals == NULL)
        return NULL;
    signals->callback = callback;
    signals->context = context;
    signals->set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals->set, &signals->former_mask);
    take_dispositions(signals);
    signals->listen_descriptor = signalfd(-1, &signals->set, SFD_CLOEXEC | SFD_NONBLOCK);
    signals->end_descriptor = eventfd(0, EFD_CLOEXEC);
    if (signals->listen_descriptor < 0 || signals->end_descriptor < 0 ||
        pthread_create(&signals->thread, NULL, listen_for_signals, signals) != 0) {
        status_fail(status, STATUS_NO_MEMORY, "cannot start to listen for signals");
        restore(signals);
        return NULL;
    }
    return signals;
}

static void stop_loop(void *context, int number) {
    struct status status;
    status_fail(&status, STATUS_TRY_AGAIN, "stopped by signal %d (%s)", number, strsignal(number));
    loop_stop(context, &status);
}

struct signals *signals_start_loop(struct loop *loop, struct status *status) {
    return signals_start(stop_loop, loop, status);
}

void signals_stop(struct signals *signals) {
    uint64_t one = 1;
    if (signals == NULL)
        return;
    ssize_t written = write(signals->end_descriptor, &one, sizeof one);
    (void)written;
    pthread_join(signals->thread, NULL);
    restore(signals);
}
