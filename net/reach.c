#include "net/reach.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/endpoint.h"
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

static bool answers(const struct addrinfo *address) {
    int error = 0;
    socklen_t length = sizeof error;
    int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    struct pollfd poll_descriptor = {descriptor, POLLOUT, 0};
    connect(descriptor, address->ai_addr, address->ai_addrlen);
    bool good = poll(&poll_descriptor, 1, REACH_TIMEOUT_MS) == 1 &&
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
    close(descriptor);
    return good;
}

/* The addresses, which the caller frees. */
static bool find_host(const char *endpoint, const struct endpoint *parsed, struct addrinfo **addresses,
                      struct status *status) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[16];
    snprintf(port, sizeof port, "%d", parsed->port);
    int error = getaddrinfo(parsed->host, port, &hints, addresses);
    return error == 0 || status_fail(status, STATUS_UNAVAILABLE, "cannot find the host of %s: %s", endpoint,
                                     gai_strerror(error));
}

bool reach_connect(const char *endpoint, struct status *status) {
    struct endpoint parsed;
    struct addrinfo *addresses;
    if (!endpoint_parse(&parsed, endpoint, status) || !find_host(endpoint, &parsed, &addresses, status))
        return false;
    bool good = false;
    for (const struct addrinfo *address = addresses; address != NULL && !good; address = address->ai_next)
        good = answers(address);
    freeaddrinfo(addresses);
    return good || status_fail(status, STATUS_UNAVAILABLE, "nobody answers at %s", endpoint);
}
