/* GET over HTTP, for `dotbias top`: one page of a run's monitor, asked for on a connection of its own. Takes addresses as they
 * stand in RUN/monitor/url, "http://host:port/" ("http://[::1]:80" likewise). */
#ifndef MONITOR_TOP_FETCH_H
#define MONITOR_TOP_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "monitor/token.h"

enum { TOP_FETCH_BYTES_MAX = 64 * 1024 * 1024 };

struct top_address {
    char host[256], port[8];
    struct token token; /* sent when it is not empty */
};

/* Takes an address apart; anything behind its last slash is no part of it. STATUS_USAGE. */
bool top_address_read(struct top_address *address, const char *url, struct status *status);

/* Fetches path ("/api/v1/status") within about timeout_ms. The answer's body, terminated, is the caller's to give back with
 * memory_release. NULL and STATUS_UNAVAILABLE (nobody answers, not in time, not 200 or not HTTP) or STATUS_NO_MEMORY. */
char *top_fetch(const struct top_address *address, const char *path, int timeout_ms, size_t *length,
                struct status *status);

#endif
