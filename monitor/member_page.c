#include "monitor/member_page.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/thread.h"
#include "monitor/metrics.h"
#include "monitor/server.h"

enum { PIPE_READ, PIPE_WRITE };

_Static_assert(sizeof(struct figures) <= PIPE_BUF, "figures are written to the pipe whole or not at all");

struct member_page {
    struct member_page_spec spec;
    struct server *server;
    int pipe[2]; /* figures to the thread; its end is the thread's */
    pthread_t thread;
    bool has_figures; /* the thread's own, as are the figures */
    struct figures figures;
};

/* ---- answers, in the thread ---- */

static unsigned answer_metrics(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct member_page *page = context;
    (void)request;
    metrics_member(scroll, page->spec.role, page->has_figures ? &page->figures : NULL);
    return scroll->failed ? 503 : 200;
}

static uint64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static unsigned answer_health(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct member_page *page = context;
    uint64_t turned_us = page->spec.turned_us(page->spec.context), now_us = clock_us();
    (void)request;
    if (now_us <= turned_us || now_us - turned_us <= page->spec.patience_us) {
        scroll_text(scroll, "ok\n");
        return 200;
    }
    scroll_add(scroll, "the loop has not turned for %.1f s", (double)(now_us - turned_us) / 1e6);
    return 503;
}

static unsigned answer_readiness(void *context, const struct server_request *request, struct scroll *scroll) {
    const struct member_page *page = context;
    (void)request;
    scroll_text(scroll, page->has_figures ? "ok\n" : "this process is not welcomed by the coordinator yet");
    return page->has_figures ? 200 : 503;
}

static const struct server_route ROUTES[] = {
    {"/metrics", METRICS_TYPE, NULL, NULL, answer_metrics, false},
    {"/healthz", "text/plain; charset=utf-8", NULL, NULL, answer_health, true},
    {"/readyz", "text/plain; charset=utf-8", NULL, NULL, answer_readiness, true},
};

/* ---- the thread ---- */

/* False when the loop's side is closed: that is the end. */
static bool take_figures(struct member_page *page) {
    struct figures newest;
    ssize_t got;
    while ((got = read(page->pipe[PIPE_READ], &newest, sizeof newest)) == (ssize_t)sizeof newest) {
        page->figures = newest;
        page->has_figures = true;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void *run(void *context) {
    struct member_page *page = context;
    struct pollfd waits[] = {{.fd = page->pipe[PIPE_READ], .events = POLLIN},
                             {.fd = server_fd(page->server), .events = POLLIN}};
    while (take_figures(page)) {
        server_turn(page->server);
        poll(waits, 2, server_timeout_ms(page->server));
    }
    return NULL;
}

/* ---- life ---- */

static void free_page(struct member_page *page) {
    server_close(page->server);
    for (int i = PIPE_READ; i <= PIPE_WRITE; i++)
        if (page->pipe[i] >= 0)
            close(page->pipe[i]);
    memory_release(page);
}

static bool open_parts(struct member_page *page, const struct member_page_spec *spec, struct status *status) {
    if (pipe2(page->pipe, O_NONBLOCK | O_CLOEXEC) != 0)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot make a pipe");
    page->server = server_open(&(struct server_spec){.listen = spec->listen,
                                                     .token = spec->token,
                                                     .routes = ROUTES,
                                                     .route_count = sizeof ROUTES / sizeof ROUTES[0],
                                                     .context = page},
                               status);
    return page->server != NULL;
}

struct member_page *member_page_start(const struct member_page_spec *spec, struct status *status) {
    struct member_page *page = memory_take(sizeof *page, "a page", status);
    if (page == NULL)
        return NULL;
    page->spec = *spec;
    page->pipe[PIPE_READ] = page->pipe[PIPE_WRITE] = -1;
    if (open_parts(page, spec, status) && thread_start(&page->thread, "page", run, page, status))
        return page;
    free_page(page);
    return NULL;
}

const char *member_page_address(const struct member_page *page) {
    return server_address(page->server);
}

void member_page_show(struct member_page *page, const struct figures *figures) {
    ssize_t written = write(page->pipe[PIPE_WRITE], figures, sizeof *figures);
    (void)written; /* when the pipe is full, the thread has news enough */
}

void member_page_stop(struct member_page *page) {
    if (page == NULL)
        return;
    close(page->pipe[PIPE_WRITE]);
    page->pipe[PIPE_WRITE] = -1;
    pthread_join(page->thread, NULL);
    free_page(page);
}
