#include "monitor/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/memory.h"
#include "monitor/listener.h"
#include "monitor/reply.h"

enum { ETAG_BYTES = 48, SWEEP_MS = 1000 };

/* An answer that many connections may be sending at once: the library counts them. */
struct cached {
    const struct server_route *route; /* NULL: an empty place */
    uint64_t variant, version, asked;
    struct MHD_Response *response;
    char etag[ETAG_BYTES];
};

struct visitor {
    int socket;       /* -1: a free place */
    uint64_t waiting; /* milliseconds of the clock: since then it has been at one request */
};

struct server {
    struct server_spec spec;
    struct listener listener;
    struct token token; /* empty: none */
    struct MHD_Daemon *daemon;
    struct cached cache[SERVER_CACHED];
    struct reply_stock stock;
    uint64_t asked, rendered, mark; /* mark: of this server, so that no other's ETag is ours */
    struct visitor visitors[SERVER_CONNECTIONS];
    unsigned visitor_count;
    uint64_t swept_ms;
};

static uint64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- parameters and names ---- */

static struct MHD_Connection *connection_of(const struct server_request *request) {
    return (struct MHD_Connection *)request->inside;
}

const char *server_parameter(const struct server_request *request, const char *name) {
    const char *value = NULL;
    size_t length;
    enum MHD_Result found = MHD_lookup_connection_value_n(connection_of(request), MHD_GET_ARGUMENT_KIND, name,
                                                          strlen(name), &value, &length);
    return found != MHD_YES ? NULL : value == NULL ? "" : value;
}

static bool read_number(const char *text, uint64_t *value) {
    *value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
            return false;
    return true;
}

bool server_number(const struct server_request *request, const char *name, uint64_t low, uint64_t high,
                   uint64_t otherwise, uint64_t *value, struct scroll *sentence) {
    const char *text = server_parameter(request, name);
    *value = otherwise;
    if (text == NULL || (read_number(text, value) && *value >= low && *value <= high))
        return true;
    scroll_add(sentence, "'%s' must be a whole number from %" PRIu64 " to %" PRIu64, name, low, high);
    return false;
}

static bool is_host(const char *header, size_t length, const char *host) {
    return strlen(host) == length && strncasecmp(header, host, length) == 0;
}

bool server_host_is_local(const char *header, const char *host) {
    if (header == NULL)
        return true;
    size_t length = header[0] == '[' ? strcspn(header, "]") + 1 : strcspn(header, ":");
    if (length > strlen(header) || (header[length] != '\0' && header[length] != ':'))
        return false;
    if (header[0] == '[')
        return is_host(header, length, "[::1]") || is_host(header + 1, length - 2, host);
    return is_host(header, length, "localhost") || is_host(header, length, "127.0.0.1") ||
           is_host(header, length, host);
}

/* ---- the cache ---- */

/* The place where this answer is, or where it is to be put. */
static struct cached *find_place(struct server *server, const struct server_route *route, uint64_t variant) {
    struct cached *oldest = &server->cache[0];
    for (struct cached *place = server->cache; place < server->cache + SERVER_CACHED; place++) {
        if (place->route == route && place->variant == variant)
            return place;
        if (place->asked < oldest->asked)
            oldest = place;
    }
    return oldest;
}

static void forget(struct cached *place) {
    if (place->response != NULL)
        MHD_destroy_response(place->response);
    *place = (struct cached){0};
}

static enum MHD_Result answer_cached(struct server *server, struct MHD_Connection *connection,
                                     const struct server_route *route, const struct server_request *request) {
    struct cached *place = find_place(server, route, request->variant);
    uint64_t version = route->version(server->spec.context);
    if (place->route != route || place->variant != request->variant || place->version != version) {
        struct scroll scroll = {0};
        unsigned code = route->render(server->spec.context, request, &scroll);
        forget(place);
        if (code != MHD_HTTP_OK)
            return reply_sentence(&server->stock, connection, code, &scroll);
        snprintf(place->etag, sizeof place->etag, "\"%" PRIx64 "-%" PRIx64 "\"", server->mark,
                 ++server->rendered);
        place->response = reply_scroll(&server->stock, &scroll, route->type, place->etag);
        if (place->response == NULL)
            return reply_send(connection, 0, NULL);
        place->route = route;
        place->variant = request->variant;
        place->version = version;
    }
    place->asked = ++server->asked;
    return reply_tagged(connection, place->response, route->type, place->etag);
}

static enum MHD_Result answer_route(struct server *server, struct MHD_Connection *connection,
                                    const struct server_route *route, const char *rest) {
    struct server_request request = {.rest = rest, .inside = connection};
    struct scroll scroll = {0};
    if (route->variant != NULL && !route->variant(server->spec.context, &request, &scroll))
        return reply_sentence(&server->stock, connection, MHD_HTTP_BAD_REQUEST, &scroll);
    if (route->version != NULL)
        return answer_cached(server, connection, route, &request);
    unsigned code = route->render(server->spec.context, &request, &scroll);
    if (code != MHD_HTTP_OK)
        return reply_sentence(&server->stock, connection, code, &scroll);
    return reply_send(connection, code, reply_scroll(&server->stock, &scroll, route->type, NULL));
}

static enum MHD_Result answer_asset(struct MHD_Connection *connection, const struct page_asset *asset) {
    char etag[ETAG_BYTES];
    snprintf(etag, sizeof etag, "\"%" PRIx64 "\"", hash_bytes(asset->bytes, asset->length, 0));
    struct MHD_Response *response = reply_fixed(asset->bytes, asset->length, asset->type, etag);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result sent = reply_tagged(connection, response, asset->type, etag);
    MHD_destroy_response(response);
    return sent;
}

/* ---- requests ---- */

static const char *header(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* 0, or the code of a refusal with its sentence. */
static unsigned refusal(const struct server *server, struct MHD_Connection *connection, const char *method,
                        struct scroll *sentence) {
    const char *host = header(connection, "Host"), *length = header(connection, "Content-Length");
    if (server->listener.loopback && !server_host_is_local(host, server->listener.host)) {
        scroll_add(sentence, "this page answers to localhost, not to '%.100s'", host);
        return 421; /* Misdirected Request */
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        scroll_text(sentence, "there is nothing but GET and HEAD here");
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    if (header(connection, "Transfer-Encoding") != NULL || (length != NULL && strcmp(length, "0") != 0)) {
        scroll_text(sentence, "a request here has no body");
        return MHD_HTTP_BAD_REQUEST;
    }
    return 0;
}

/* What is behind a route's path; NULL when the route is not meant. */
static const char *match(const struct server_route *route, const char *path) {
    size_t length = strlen(route->path);
    bool begins = route->path[length - 1] == '/';
    if (strncmp(path, route->path, length) != 0 || (!begins && path[length] != '\0'))
        return NULL;
    return path + length;
}

static bool may_ask(const struct server *server, struct MHD_Connection *connection,
                    const struct server_route *route) {
    return route->is_open || server->token.text[0] == '\0' ||
           token_is_in(&server->token, header(connection, MHD_HTTP_HEADER_AUTHORIZATION));
}

static enum MHD_Result say(struct server *server, struct MHD_Connection *connection, unsigned code,
                           const char *text) {
    struct scroll sentence = {0};
    scroll_text(&sentence, text);
    return reply_sentence(&server->stock, connection, code, &sentence);
}

static enum MHD_Result answer_path(struct server *server, struct MHD_Connection *connection,
                                   const char *path) {
    const struct server_spec *spec = &server->spec;
    const char *rest;
    for (size_t i = 0; i < spec->route_count; i++)
        if ((rest = match(&spec->routes[i], path)) != NULL)
            return may_ask(server, connection, &spec->routes[i])
                       ? answer_route(server, connection, &spec->routes[i], rest)
                       : say(server, connection, MHD_HTTP_UNAUTHORIZED,
                             "this page asks for a token (monitor.token)");
    const struct page_asset *asset = spec->asset == NULL ? NULL : spec->asset(path);
    if (asset != NULL)
        return answer_asset(connection, asset);
    return say(server, connection, MHD_HTTP_NOT_FOUND, "there is no such page");
}

/* Called once with the headers, when a refusal ends the connection; and again when the request is complete. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **seen) {
    struct server *server = context;
    (void)version;
    (void)upload;
    (void)upload_bytes;
    if (*seen != NULL)
        return answer_path(server, connection, path);
    struct scroll sentence = {0};
    unsigned code = refusal(server, connection, method, &sentence);
    *seen = server;
    if (code == 0)
        return MHD_YES;
    return reply_sentence(&server->stock, connection, code, &sentence);
}

/* ---- visitors ---- */

static void note_visitor(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_ConnectionNotificationCode what) {
    struct server *server = context;
    struct visitor *visitor = *place;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED && visitor != NULL) {
        visitor->socket = -1;
        server->visitor_count--;
    }
    if (what != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    for (visitor = server->visitors; visitor->socket >= 0; visitor++)
        if (visitor == &server->visitors[SERVER_CONNECTIONS - 1])
            return; /* the library lets no more in */
    visitor->socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    visitor->waiting = clock_ms();
    server->visitor_count++;
    *place = visitor;
}

static void note_completed(void *context, struct MHD_Connection *connection, void **seen,
                           enum MHD_RequestTerminationCode how) {
    (void)context;
    (void)seen;
    (void)how;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct visitor *visitor = info == NULL ? NULL : info->socket_context;
    if (visitor != NULL)
        visitor->waiting = clock_ms();
}

/* The library's time-out counts from the last byte, so a byte now and then would hold a place for ever. */
static void hang_up_on_the_slow(struct server *server) {
    uint64_t now_ms = clock_ms();
    unsigned patience_ms = server->spec.patience_ms == 0 ? SERVER_PATIENCE_MS : server->spec.patience_ms;
    if (now_ms - server->swept_ms < SWEEP_MS)
        return;
    server->swept_ms = now_ms;
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
        const struct visitor *visitor = &server->visitors[i];
        if (visitor->socket >= 0 && now_ms - visitor->waiting > patience_ms)
            shutdown(visitor->socket, SHUT_RDWR);
    }
}

/* ---- life ---- */

static struct MHD_Daemon *start(struct server *server) {
    return MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, server->listener.socket,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SERVER_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_REQUEST_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, note_visitor, server,
        MHD_OPTION_NOTIFY_COMPLETED, note_completed, server, MHD_OPTION_END);
}

struct server *server_open(const struct server_spec *spec, struct status *status) {
    struct listener listener;
    if (!listener_open(&listener, spec->listen, spec->preferred_port, status))
        return NULL;
    struct server *server = memory_take(sizeof *server, "a server for HTTP", status);
    if (server == NULL) {
        close(listener.socket);
        return NULL;
    }
    server->spec = *spec;
    server->listener = listener;
    if (spec->token != NULL)
        server->token = *spec->token;
    server->mark = clock_ms() << 22 ^ (uint64_t)getpid();
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
        server->visitors[i].socket = -1;
    server->daemon = start(server);
    if (server->daemon == NULL) {
        status_fail(status, STATUS_NO_MEMORY, "cannot start a server for HTTP on %s", listener.address);
        close(listener.socket);
        memory_release(server);
        return NULL;
    }
    return server;
}

const char *server_address(const struct server *server) {
    return server->listener.address;
}

int server_fd(const struct server *server) {
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int server_timeout_ms(const struct server *server) {
    MHD_UNSIGNED_LONG_LONG wanted_ms;
    int most_ms = server->visitor_count > 0 ? SWEEP_MS : -1;
    if (MHD_get_timeout(server->daemon, &wanted_ms) != MHD_YES)
        return most_ms;
    return most_ms >= 0 && wanted_ms > (MHD_UNSIGNED_LONG_LONG)most_ms ? most_ms : (int)wanted_ms;
}

void server_turn(struct server *server) {
    hang_up_on_the_slow(server);
    MHD_run(server->daemon);
}

void server_close(struct server *server) {
    if (server == NULL)
        return;
    for (size_t i = 0; i < SERVER_CACHED; i++)
        forget(&server->cache[i]);
    MHD_stop_daemon(server->daemon); /* closes the listening socket, too */
    memory_release(server);
}
