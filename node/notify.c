#include "node/notify.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/thread.h"

struct notify {
    const struct loop *loop;
    uint64_t patience_us;
    int interval_ms;
    int end; /* an eventfd */
    pthread_t thread;
};

/* A path, or with '@' a name of the abstract namespace. */
static bool read_address(struct sockaddr_un *address, socklen_t *bytes) {
    const char *name = getenv("NOTIFY_SOCKET");
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (name == NULL || (name[0] != '/' && name[0] != '@') || strlen(name) >= sizeof address->sun_path)
        return false;
    memcpy(address->sun_path, name, strlen(name));
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    *bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    return true;
}

bool notify_send(const char *lines) {
    struct sockaddr_un address;
    socklen_t bytes;
    if (!read_address(&address, &bytes))
        return false;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    ssize_t sent = sendto(descriptor, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&address, bytes);
    close(descriptor);
    return sent == (ssize_t)strlen(lines);
}

static uint64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void *watch(void *context) {
    const struct notify *notify = context;
    struct pollfd end = {.fd = notify->end, .events = POLLIN};
    do {
        if (clock_us() - loop_turned_us(notify->loop) < notify->patience_us)
            notify_send("WATCHDOG=1");
    } while (poll(&end, 1, notify->interval_ms) <= 0);
    return NULL;
}

/* A third of what systemd waits for; 0 when it does not watch, or watches another process. */
static int interval_ms(void) {
    const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (us == NULL || (pid != NULL && atol(pid) != (long)getpid()))
        return 0;
    unsigned long long wanted_ms = strtoull(us, NULL, 10) / 3000;
    return wanted_ms == 0 ? 0 : wanted_ms > 60000 ? 60000 : (int)wanted_ms;
}

struct notify *notify_watchdog_start(const struct loop *loop, uint64_t patience_us) {
    struct status ignored;
    int every_ms = interval_ms();
    struct notify *notify = every_ms == 0 ? NULL : memory_take(sizeof *notify, "a watchdog", &ignored);
    if (notify == NULL)
        return NULL;
    *notify = (struct notify){
        .loop = loop, .patience_us = patience_us, .interval_ms = every_ms, .end = eventfd(0, EFD_CLOEXEC)};
    if (notify->end >= 0 && thread_start(&notify->thread, "watchdog", watch, notify, &ignored))
        return notify;
    if (notify->end >= 0)
        close(notify->end);
    memory_release(notify);
    return NULL;
}

void notify_watchdog_stop(struct notify *notify) {
    uint64_t one = 1;
    if (notify == NULL)
        return;
    ssize_t written = write(notify->end, &one, sizeof one);
    (void)written;
    pthread_join(notify->thread, NULL);
    close(notify->end);
    memory_release(notify);
}
