#include "net/socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "core/contract.h"
#include "core/memory.h"
#include "net/names.h"

void *context_new(uint32_t io_threads, struct status *status) {
    void *context = zmq_ctx_new();
    memory_keep_idle(CONTEXT_IDLE_MAX);
    if (context == NULL || zmq_ctx_set(context, ZMQ_IO_THREADS, (int)io_threads) != 0 ||
        zmq_ctx_set(context, ZMQ_MAX_SOCKETS, CONTEXT_SOCKETS_MAX) != 0) {
        status_fail(status, STATUS_NO_MEMORY, "cannot start ZeroMQ: %s", zmq_strerror(errno));
        return NULL;
    }
    return context;
}

void context_free(void *zmq_context) {
    while (zmq_context != NULL && zmq_ctx_term(zmq_context) != 0 && errno == EINTR)
        continue;
}

struct option {
    int name, value;
};

/* ZMQ_ROUTER_MANDATORY makes a vanished peer a send error instead of a silent loss; ZMQ_IMMEDIATE 0 lets a
 * link be opened before its peer listens. Buffers of the kernel are left to its own tuning: a
 * fixed megabyte gained less than 5 % on one host, and pinning I/O threads to a processor lost. */
static const struct option COMMON[] = {
    {ZMQ_LINGER, SOCKET_LINGER_MS},
    {ZMQ_SNDHWM, SOCKET_QUEUE_MAX},
    {ZMQ_RCVHWM, SOCKET_QUEUE_MAX},
    {ZMQ_SNDTIMEO, SOCKET_SEND_TIMEOUT_MS},
    {ZMQ_HANDSHAKE_IVL, SOCKET_HANDSHAKE_TIMEOUT_MS},
    {ZMQ_IPV6, 1},
    {ZMQ_IMMEDIATE, 0},
    {ZMQ_TCP_KEEPALIVE, 1},
};

static bool set_options(void *socket, int type) {
    int64_t frame_max = SOCKET_FRAME_MAX;
    int mandatory = 1;
    for (size_t i = 0; i < sizeof COMMON / sizeof COMMON[0]; i++)
        if (zmq_setsockopt(socket, COMMON[i].name, &COMMON[i].value, sizeof COMMON[i].value) != 0)
            return false;
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
           (type != ZMQ_ROUTER ||
            zmq_setsockopt(socket, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory) == 0);
}

static void *open_socket(void *zmq_context, int type, struct status *status) {
    void *socket = zmq_socket(zmq_context, type);
    if (socket == NULL || !set_options(socket, type)) {
        status_fail(status, STATUS_UNAVAILABLE, "cannot open a socket: %s", zmq_strerror(errno));
        socket_close(socket);
        return NULL;
    }
    return socket;
}

/* All addresses that the endpoint's name has here; where the system chooses the port, the first. */
static bool bind_all(void *socket, const char *endpoint, char bound[ENDPOINT_BYTES], struct status *status) {
    struct endpoint parsed;
    struct addresses addresses;
    size_t bound_bytes = ENDPOINT_BYTES;
    if (!names_listen(&addresses, endpoint, status) || !endpoint_parse(&parsed, endpoint, status))
        return false;
    int wanted = parsed.port == 0 ? 1 : addresses.count;
    for (int i = 0; i < wanted; i++)
        if (zmq_bind(socket, addresses.endpoints[i]) != 0 ||
            (i == 0 && zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &bound_bytes) != 0))
            return status_fail(status, STATUS_UNAVAILABLE, "cannot listen on %s: %s", endpoint,
                               zmq_strerror(zmq_errno()));
    return true;
}

void *socket_listen(void *zmq_context, const char *endpoint, const struct guard *guard,
                    char bound[ENDPOINT_BYTES], struct status *status) {
    struct endpoint parsed;
    void *socket =
        endpoint_parse(&parsed, endpoint, status) ? open_socket(zmq_context, ZMQ_ROUTER, status) : NULL;
    if (socket == NULL)
        return NULL;
    if (guard != NULL && parsed.transport == ENDPOINT_TCP && !guard_listener(guard, socket, status)) {
        socket_close(socket);
        return NULL;
    }
    if (!bind_all(socket, endpoint, bound, status)) {
        socket_close(socket);
        return NULL;
    }
    return socket;
}

void *socket_connect(void *zmq_context, const char *endpoint, const struct guard *guard, enum role peer,
                     struct status *status) {
    struct endpoint parsed;
    void *socket =
        endpoint_parse(&parsed, endpoint, status) ? open_socket(zmq_context, ZMQ_DEALER, status) : NULL;
    if (socket == NULL)
        return NULL;
    if (guard != NULL && parsed.transport == ENDPOINT_TCP && !guard_link(guard, socket, peer, status)) {
        socket_close(socket);
        return NULL;
    }
    if (zmq_connect(socket, endpoint) == 0)
        return socket;
    status_fail(status, STATUS_UNAVAILABLE, "cannot connect to %s: %s", endpoint, zmq_strerror(errno));
    socket_close(socket);
    return NULL;
}

void *socket_watch_handshakes(void *zmq_context, void *listener, struct status *status) {
    int events = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    char endpoint[ENDPOINT_BYTES];
    snprintf(endpoint, sizeof endpoint, "inproc://dotbias-watch/%p", listener);
    void *socket = zmq_socket(zmq_context, ZMQ_PAIR);
    if (socket == NULL || zmq_socket_monitor(listener, endpoint, events) != 0 ||
        zmq_connect(socket, endpoint) != 0) {
        status_fail(status, STATUS_UNAVAILABLE, "cannot watch a socket: %s", zmq_strerror(errno));
        socket_close(socket);
        return NULL;
    }
    return socket;
}

/* An event is a 16-bit number of what happened and a 32-bit value, in the machine's order. */
const char *socket_handshake_words(const void *event, size_t bytes) {
    uint32_t value = 0;
    if (bytes >= sizeof(uint16_t) + sizeof value)
        memcpy(&value, (const char *)event + sizeof(uint16_t), sizeof value);
    switch (value) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
        return "a connection failed its handshake: it has no encryption, or another than ours";
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
        return "a connection that does not know our public key, or whose messages were tampered with";
    case ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE:
        return "a connection that sent a message again";
    default:
        return "a connection failed its handshake: it is too slow, does not speak our protocol, or hung up";
    }
}

int socket_descriptor(void *socket) {
    int descriptor = -1;
    size_t bytes = sizeof descriptor;
    int got = zmq_getsockopt(socket, ZMQ_FD, &descriptor, &bytes);
    REQUIRE(got == 0, "an open socket has a descriptor");
    return descriptor;
}

void socket_close(void *socket) {
    if (socket != NULL)
        zmq_close(socket);
}
