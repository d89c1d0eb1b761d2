#include "monitor/top_fetch.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"

bool top_address_read(struct top_address *address, const char *url, struct status *status) {
    static const char SCHEME[] = "http://";
    const char *host = url + sizeof SCHEME - 1;
    if (strncmp(url, SCHEME, sizeof SCHEME - 1) != 0)
        return status_fail(status, STATUS_USAGE, "'%s' is no address of a run: http://HOST:PORT/ is", url);
    bool bracketed = *host == '[';
    size_t host_length = strcspn(host + bracketed, bracketed ? "]" : ":/");
    const char *port = host + bracketed + host_length + (bracketed && host[1 + host_length] == ']');
    size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
    bool ends = port[0] == ':' && (port[1 + digits] == '\0' || port[1 + digits] == '/');
    if (host_length == 0 || host_length >= sizeof address->host || digits == 0 || digits > 5 || !ends)
        return status_fail(status, STATUS_USAGE, "'%s' is no address of a run: http://HOST:PORT/ is", url);
    snprintf(address->host, sizeof address->host, "%.*s", (int)host_length, host + bracketed);
    snprintf(address->port, sizeof address->port, "%.*s", (int)digits, port + 1);
    return true;
}

/* ---- a connection with a deadline ---- */

struct call {
    const struct top_address *address;
    int socket;
    int64_t deadline_ms;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool unavailable(const struct call *call, const char *why, struct status *status) {
    return status_fail(status, STATUS_UNAVAILABLE, "http://%s:%s/ does not answer: %s", call->address->host,
                       call->address->port, why);
}

/* Waits until the socket is ready; false when the time is over. A signal is no reason to stop. */
static bool await(const struct call *call, short events, struct status *status) {
    struct pollfd waiting = {.fd = call->socket, .events = events};
    for (;;) {
        int64_t left = call->deadline_ms - now_ms();
        int ready = left > 0 ? poll(&waiting, 1, (int)left) : 0;
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return unavailable(call, ready == 0 ? "it takes too long" : strerror(errno), status);
    }
}

static bool connect_to(struct call *call, const struct addrinfo *place, struct status *status) {
    int error = 0;
    socklen_t size = sizeof error;
    call->socket = socket(place->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (call->socket < 0)
        return unavailable(call, strerror(errno), status);
    if (connect(call->socket, place->ai_addr, place->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return unavailable(call, strerror(errno), status);
    if (!await(call, POLLOUT, status))
        return false;
    getsockopt(call->socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 || unavailable(call, strerror(error), status);
}

/* Tries every address that the host has. */
static bool reach(struct call *call, struct status *status) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *places;
    int error = getaddrinfo(call->address->host, call->address->port, &hints, &places);
    if (error != 0)
        return unavailable(call, gai_strerror(error), status);
    bool reached = false;
    for (const struct addrinfo *place = places; place != NULL && !reached; place = place->ai_next) {
        reached = connect_to(call, place, status);
        if (!reached && call->socket >= 0)
            close(call->socket);
    }
    freeaddrinfo(places);
    return reached;
}

/* HTTP/1.0: the answer ends with the connection, and comes in one piece. */
static bool ask(const struct call *call, const char *path, struct status *status) {
    char request[1536];
    const char *token = call->address->token.text;
    int length =
        snprintf(request, sizeof request, "GET %.500s HTTP/1.0\r\nHost: %s:%s\r\n%s%s%s\r\n", path,
                 call->address->host, call->address->port, token[0] == '\0' ? "" : "Authorization: Bearer ",
                 token, token[0] == '\0' ? "" : "\r\n");
    for (int sent = 0; sent < length;) {
        if (!await(call, POLLOUT, status))
            return false;
        ssize_t done = send(call->socket, request + sent, (size_t)(length - sent), MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN && errno != EINTR)
            return unavailable(call, strerror(errno), status);
        sent += done > 0 ? (int)done : 0;
    }
    return true;
}

struct answer {
    char *bytes;
    size_t length, capacity;
};

static bool make_room(struct answer *answer, struct status *status) {
    void *items = answer->bytes;
    bool good =
        memory_grow(&items, &answer->capacity, answer->length + 16384, 1, "an answer of the run", status);
    answer->bytes = items;
    return good;
}

/* All of it, with a zero byte behind. */
static bool receive(const struct call *call, struct answer *answer, struct status *status) {
    for (;;) {
        if (answer->length > TOP_FETCH_BYTES_MAX)
            return unavailable(call, "its answer has no end", status);
        if (!make_room(answer, status) || !await(call, POLLIN, status))
            return false;
        ssize_t got =
            recv(call->socket, answer->bytes + answer->length, answer->capacity - answer->length - 1, 0);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return unavailable(call, strerror(errno), status);
        if (got == 0)
            break;
        answer->length += got > 0 ? (size_t)got : 0;
    }
    answer->bytes[answer->length] = '\0';
    return true;
}

/* Moves the body to the front. */
static bool take_body(const struct call *call, struct answer *answer, struct status *status) {
    unsigned code;
    char why[64];
    const char *end = answer->bytes != NULL ? strstr(answer->bytes, "\r\n\r\n") : NULL;
    if (end == NULL || sscanf(answer->bytes, "HTTP/1.%*u %u", &code) != 1)
        return unavailable(call, "what is there is no page of a run", status);
    snprintf(why, sizeof why, code == 401 ? "it asks for a token (--token)" : "it says %u", code);
    if (code != 200)
        return unavailable(call, why, status);
    answer->length -= (size_t)(end + 4 - answer->bytes);
    memmove(answer->bytes, end + 4, answer->length + 1);
    return true;
}

char *top_fetch(const struct top_address *address, const char *path, int timeout_ms, size_t *length,
                struct status *status) {
    struct call call = {address, -1, now_ms() + timeout_ms};
    struct answer answer = {0};
    if (!reach(&call, status))
        return NULL;
    bool good =
        ask(&call, path, status) && receive(&call, &answer, status) && take_body(&call, &answer, status);
    close(call.socket);
    if (!good) {
        memory_release(answer.bytes);
        return NULL;
    }
    *length = answer.length;
    return answer.bytes;
}
