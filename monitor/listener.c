#include "monitor/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 256, PORT_BYTES = 8 };

/* The two halves of "HOST:PORT"; an empty host is every interface, port "0" any. */
struct place {
    char host[256], port[PORT_BYTES];
};

static bool bad_place(const char *text, struct status *status) {
    return status_fail(status, STATUS_CONFIG,
                       "'%.280s' is no place to listen: wanted is HOST:PORT, as in 127.0.0.1:8080, or * for "
                       "the port",
                       text);
}

static bool split_port(struct place *place, const char *port) {
    char *end;
    if (strcmp(port, "*") == 0)
        port = "0";
    unsigned long number = strtoul(port, &end, 10);
    snprintf(place->port, sizeof place->port, "%lu", number);
    return *port >= '0' && *port <= '9' && *end == '\0' && number <= 65535;
}

static bool split(struct place *place, const char *text, struct status *status) {
    const char *colon = strrchr(text, ':'), *first = text;
    if (colon == NULL || !split_port(place, colon + 1))
        return bad_place(text, status);
    size_t length = (size_t)(colon - text);
    bool bracketed = length >= 2 && first[0] == '[' && first[length - 1] == ']';
    if (bracketed) {
        first++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof place->host || (!bracketed && memchr(first, ':', length) != NULL))
        return bad_place(text, status);
    memcpy(place->host, first, length);
    place->host[length] = '\0';
    if (strcmp(place->host, "*") == 0)
        place->host[0] = '\0';
    return true;
}

static struct addrinfo *resolve(const struct place *place, struct status *status) {
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(place->host[0] == '\0' ? NULL : place->host, place->port, &hints, &found);
    if (error == 0)
        return found;
    status_fail(status, STATUS_CONFIG, "cannot listen on %s: %s", place->host, gai_strerror(error));
    return NULL;
}

static bool is_loopback(const struct sockaddr *address) {
    const void *raw = address;
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)raw)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)raw)->sin6_addr);
}

static bool is_wildcard(const struct sockaddr *address) {
    const void *raw = address;
    if (address->sa_family == AF_INET)
        return ((const struct sockaddr_in *)raw)->sin_addr.s_addr == htonl(INADDR_ANY);
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)raw)->sin6_addr);
}

/* The port is in the same place of both kinds of address. */
static in_port_t *port_of(struct sockaddr *address) {
    void *raw = address;
    return address->sa_family == AF_INET6 ? &((struct sockaddr_in6 *)raw)->sin6_port
                                          : &((struct sockaddr_in *)raw)->sin_port;
}

/* A listening socket, -1 and errno when there can be none. */
static int listen_at(const struct addrinfo *at) {
    int one = 1;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int listen_preferred(const struct addrinfo *at, int preferred_port) {
    if (*port_of(at->ai_addr) == 0 && preferred_port > 0 && preferred_port <= 65535) {
        *port_of(at->ai_addr) = htons((in_port_t)preferred_port);
        int fd = listen_at(at);
        if (fd >= 0)
            return fd;
        *port_of(at->ai_addr) = 0;
    }
    return listen_at(at);
}

/* Names the place as others see it. */
static void name(struct listener *listener, const struct place *place) {
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;
    struct sockaddr *address = (struct sockaddr *)&bound;
    getsockname(listener->socket, address, &length);
    listener->loopback = is_loopback(address);
    snprintf(listener->host, sizeof listener->host, "%s", place->host);
    if (is_wildcard(address) && gethostname(listener->host, sizeof listener->host - 1) != 0)
        snprintf(listener->host, sizeof listener->host, "localhost");
    bool bracketed = strchr(listener->host, ':') != NULL;
    snprintf(listener->address, sizeof listener->address, bracketed ? "[%s]:%d" : "%s:%d", listener->host,
             ntohs(*port_of(address)));
}

bool listener_open(struct listener *listener, const char *text, int preferred_port, struct status *status) {
    struct place place;
    *listener = (struct listener){.socket = -1};
    if (!split(&place, text, status))
        return false;
    struct addrinfo *found = resolve(&place, status);
    if (found == NULL)
        return false;
    for (const struct addrinfo *at = found; at != NULL && listener->socket < 0; at = at->ai_next)
        listener->socket = listen_preferred(at, preferred_port);
    if (listener->socket < 0)
        status_fail_errno(status, STATUS_UNAVAILABLE, "cannot listen on %.280s", text);
    freeaddrinfo(found);
    if (listener->socket < 0)
        return false;
    name(listener, &place);
    return true;
}

/* Whether an address has places of this kind: all of them loopback, or not. False when it has none. */
static bool lies(const char *text, bool on_loopback) {
    struct place place;
    struct status ignored;
    if (!split(&place, text, &ignored))
        return false;
    struct addrinfo *found = resolve(&place, &ignored);
    bool local = true, any = found != NULL;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        local = local && is_loopback(at->ai_addr);
    if (found != NULL)
        freeaddrinfo(found);
    return any && local == on_loopback;
}

bool listener_is_local(const char *text) {
    return lies(text, true);
}

bool listener_is_public(const char *text) {
    return lies(text, false);
}
