#include "cli/top_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "net/signals.h"

/* The alternate screen, and the cursor out of sight. */
static const char ENTER[] = "\x1b[?1049h\x1b[?25l", LEAVE[] = "\x1b[?25h\x1b[?1049l";

static void send(const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t done = write(STDOUT_FILENO, bytes, length);
        if (done < 0 && errno != EINTR)
            return; /* a terminal that is gone is seen where keys are read */
        bytes += done > 0 ? done : 0;
        length -= done > 0 ? (size_t)done : 0;
    }
}

static bool enter(struct top_screen *screen) {
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &screen->before) != 0)
        return false;
    raw = screen->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
        return false;
    send(ENTER, sizeof ENTER - 1);
    return true;
}

static void leave(const struct top_screen *screen) {
    send(LEAVE, sizeof LEAVE - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
}

bool top_screen_open(struct top_screen *screen, struct status *status) {
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        sigaddset(&set, SIGNALS[i]);
        signals_pass_on(SIGNALS[i], NULL);
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    *screen = (struct top_screen){.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (screen->signals < 0)
        return status_fail_errno(status, STATUS_UNAVAILABLE, "cannot listen to signals");
    if (enter(screen))
        return true;
    status_fail_errno(status, STATUS_UNAVAILABLE, "the terminal cannot be taken over");
    close(screen->signals);
    return false;
}

void top_screen_close(struct top_screen *screen) {
    leave(screen);
    close(screen->signals);
}

static enum screen_event pause_here(struct top_screen *screen) {
    leave(screen);
    raise(SIGSTOP);
    if (enter(screen))
        return SCREEN_RESIZED;
    screen->signal = SIGHUP;
    return SCREEN_ENDED;
}

static enum screen_event take_signal(struct top_screen *screen) {
    struct signalfd_siginfo about;
    if (read(screen->signals, &about, sizeof about) != sizeof about)
        return SCREEN_NOTHING;
    switch (about.ssi_signo) {
    case SIGWINCH:
        return SCREEN_RESIZED;
    case SIGTSTP:
        return pause_here(screen);
    case SIGINT:
        return SCREEN_QUIT;
    default:
        screen->signal = (int)about.ssi_signo;
        return SCREEN_ENDED;
    }
}

static enum screen_event take_key(struct top_screen *screen) {
    static const struct {
        const char *bytes;
        enum screen_event event;
    } KEYS[] = {
        {"s", SCREEN_SORT},
        {"r", SCREEN_REVERSE},
        {"q", SCREEN_QUIT},
        {"k", SCREEN_UP},
        {"j", SCREEN_DOWN},
        {"\x1b[A", SCREEN_UP},
        {"\x1b[B", SCREEN_DOWN},
        {"\x1bOA", SCREEN_UP},
        {"\x1bOB", SCREEN_DOWN},
        {"\x1b[5~", SCREEN_PAGE_UP},
        {"\x1b[6~", SCREEN_PAGE_DOWN},
        {" ", SCREEN_PAGE_DOWN},
        {"\x1b[H", SCREEN_HOME},
        {"\x1b[1~", SCREEN_HOME},
        {"g", SCREEN_HOME},
        {"\x1b[F", SCREEN_END},
        {"\x1b[4~", SCREEN_END},
        {"G", SCREEN_END},
    };
    char bytes[16];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got <= 0) {
        screen->signal = SIGHUP;
        return SCREEN_ENDED;
    }
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if ((size_t)got == strlen(KEYS[i].bytes) && memcmp(bytes, KEYS[i].bytes, (size_t)got) == 0)
            return KEYS[i].event;
    return SCREEN_RESIZED; /* a key without a meaning: drawn again, nothing else */
}

enum screen_event top_screen_wait(struct top_screen *screen, int timeout_ms) {
    struct pollfd waiting[] = {{.fd = screen->signals, .events = POLLIN},
                               {.fd = STDIN_FILENO, .events = POLLIN}};
    if (poll(waiting, 2, timeout_ms) <= 0)
        return SCREEN_NOTHING;
    return waiting[0].revents != 0 ? take_signal(screen) : take_key(screen);
}

void top_screen_draw(const char *bytes, size_t length) {
    static const char HOME[] = "\x1b[H", REST[] = "\x1b[J";
    send(HOME, sizeof HOME - 1);
    send(bytes, length);
    send(REST, sizeof REST - 1);
}
