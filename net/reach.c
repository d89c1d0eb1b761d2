#include "net/reach.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/endpoint.h"
#include "net/names.h"
#include "net/socket.h"

enum { REACH_TIMEOUT_MS = 2000 };

bool reach_listen(const char *endpoint, struct status *status) {
    char bound[ENDPOINT_BYTES];
    void *context = context_new(1, status);
    if (context == NULL)
        return false;
    void *socket = socket_listen(context, endpoint, NULL, bound, status);
    socket_close(socket);
    context_free(context);
    return socket != NULL;
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A connection is there after one round trip. */
static bool answers(const struct addrinfo *address, double *seconds) {
    int error = 0;
    socklen_t length = sizeof error;
    int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    struct pollfd poll_descriptor = {descriptor, POLLOUT, 0};
    double begun = seconds_now();
    connect(descriptor, address->ai_addr, address->ai_addrlen);
    bool good = poll(&poll_descriptor, 1, REACH_TIMEOUT_MS) == 1 &&
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
    *seconds = seconds_now() - begun;
    close(descriptor);
    return good;
}

/* What one of an endpoint's addresses is to the system, which the caller frees. */
static bool read_address(const char *endpoint, struct addrinfo **address, struct status *status) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct endpoint parsed;
    char port[16];
    if (!endpoint_parse(&parsed, endpoint, status))
        return false;
    snprintf(port, sizeof port, "%d", parsed.port);
    int error = getaddrinfo(parsed.host, port, &hints, address);
    return error == 0 ||
           status_fail(status, STATUS_CONFIG, "%s is no place to reach: %s", endpoint, gai_strerror(error));
}

bool reach_connect(const char *endpoint, double *seconds, struct status *status) {
    struct addresses addresses;
    if (!names_connect(&addresses, endpoint, status))
        return false;
    bool good = false;
    for (int i = 0; i < addresses.count && !good; i++) {
        struct addrinfo *address;
        if (!read_address(addresses.endpoints[i], &address, status))
            return false;
        good = answers(address, seconds);
        freeaddrinfo(address);
    }
    return good || status_fail(status, STATUS_UNAVAILABLE, "nobody answers at %s", endpoint);
}
