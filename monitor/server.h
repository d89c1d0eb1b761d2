/* A small HTTP server for one thread that has other things to do: it is polled, turned, and never blocks. Who uses it says which
 * paths there are and writes their answers (monitor/http.c, monitor/member_page.c); manners and bounds are here:
 *
 *   - GET and HEAD without a body, else 405 or 400; unknown paths 404; every refusal is a sentence;
 *   - a request with its headers fits into 16 KiB, at most SERVER_CONNECTIONS are open, an idle one for SERVER_IDLE_S, and
 *     whoever takes longer than the patience for one request and its answer is hung up on;
 *   - answers that slow clients are still being sent take REPLY_HELD_BYTES (monitor/reply.h) at most;
 *   - where there is a token, whoever does not have it gets 401 from every route that is not open;
 *   - a page of another origin learns nothing: a loopback listener answers only requests for this machine's names (so no name
 *     can be rebound to it), and browsers are told to run nothing but our own files;
 *   - an answer is rendered once per version and variant, and carries an ETag: to ask again for what has not changed costs 304. */
#ifndef MONITOR_SERVER_H
#define MONITOR_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "monitor/page.h"
#include "monitor/scroll.h"
#include "monitor/token.h"

enum {
    SERVER_CONNECTIONS = 256,
    SERVER_IDLE_S = 10,
    SERVER_PATIENCE_MS = 60000,
    SERVER_REQUEST_BYTES = 16384,
    SERVER_CACHED = 16 /* answers kept, the least recently asked for goes */
};

struct server_request {
    const char *rest; /* of the path, behind that of a route that ends in '/' */
    uint64_t variant; /* as the route's variant has found it */
    const void *inside;
};

struct server_route {
    const char *path; /* exact; or, ending in '/', the beginning of paths */
    const char *type; /* of an answer with 200 */

    /* A number that changes whenever the answer would. NULL: the answer is made anew for each request. */
    uint64_t (*version)(const void *context);

    /* Reads the request's parameters: requests of one variant have one answer. False, with a sentence on the scroll, is a 400.
     * NULL: there are none. */
    bool (*variant)(const void *context, struct server_request *request, struct scroll *sentence);

    /* Writes the answer and returns 200; or a sentence and another code. */
    unsigned (*render)(void *context, const struct server_request *request, struct scroll *scroll);

    bool is_open; /* answered to those without the token, too */
};

struct server_spec {
    const char *listen; /* monitor/listener.h */
    int preferred_port;
    const struct server_route *routes;
    size_t route_count;
    /* What never changes, by its path; NULL: nothing. */
    const struct page_asset *(*asset)(const char *path);
    void *context; /* of the routes' functions */
    const struct token
        *token; /* copied; NULL: none is asked for. Files are open to all: they are the same everywhere */
    unsigned patience_ms; /* 0: SERVER_PATIENCE_MS */
};

struct server;

/* Borrows routes, files and context until server_close. NULL and the statuses of listener_open, or STATUS_NO_MEMORY. */
struct server *server_open(const struct server_spec *spec, struct status *status);

const char *server_address(const struct server *server);
int server_fd(const struct server *server);
int server_timeout_ms(const struct server *server);
void server_turn(struct server *server);
void server_close(struct server *server);

/* A parameter of a request ("lines" of "?lines=200"), NULL when it is not there, "" when it has no value. */
const char *server_parameter(const struct server_request *request, const char *name);

/* A parameter that is a whole number from low to high; `otherwise` when it is not there. False, with a sentence, when it is
 * something else. */
bool server_number(const struct server_request *request, const char *name, uint64_t low, uint64_t high,
                   uint64_t otherwise, uint64_t *value, struct scroll *sentence);

/* Whether a Host header names one of a loopback listener's names: localhost, 127.0.0.1, [::1], or `host`, with any port. NULL
 * (HTTP/1.0 without one) is allowed: no browser sends that. */
bool server_host_is_local(const char *header, const char *host);

#endif
