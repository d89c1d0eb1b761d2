/* What a pserver's or worker's process answers about itself: /metrics, /healthz, /readyz. A thread of its own, so that the loop
 * is never kept from its work; the two meet by a pipe of figures. */
#ifndef MONITOR_MEMBER_PAGE_H
#define MONITOR_MEMBER_PAGE_H

#include <stdint.h>

#include "core/rating.h"
#include "core/status.h"
#include "monitor/token.h"
#include "proto/message.h"

struct member_page_spec {
    const char *listen;        /* monitor/listener.h; needed during the call alone */
    const struct token *token; /* likewise; NULL or empty: none is asked for */
    enum role role;
    uint64_t patience_us; /* /healthz is 503 when the loop has not turned for so long */
    /* When the loop last turned, on the monotonic clock; called from the page's thread. */
    uint64_t (*turned_us)(void *context);
    void *context;
};

struct member_page;

/* Listens and starts. NULL and the statuses of server_open, or STATUS_NO_MEMORY. */
struct member_page *member_page_start(const struct member_page_spec *spec, struct status *status);

/* "127.0.0.1:43211". */
const char *member_page_address(const struct member_page *page);

/* The newest figures, from the loop's thread; never waits. Before the first, /readyz is 503. */
void member_page_show(struct member_page *page, const struct figures *figures);

/* Waits for the thread's end. NULL is allowed. */
void member_page_stop(struct member_page *page);

#endif
