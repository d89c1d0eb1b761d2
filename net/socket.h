/* Contexts and sockets of ZeroMQ, with every option that matters to us set in one place. */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "net/endpoint.h"
#include "net/guard.h"

enum {
    SOCKET_FRAME_MAX = 256 << 20, /* bytes of one frame; a peer that announces more is cut off */
    SOCKET_QUEUE_MAX = 1000, /* messages that wait in each direction of a link (ZeroMQ counts no bytes) */
    SOCKET_LINGER_MS = 1000, /* how long what was sent may still leave after the socket is closed */
    SOCKET_SEND_TIMEOUT_MS = 1000,      /* how long a send waits for room in a full queue */
    SOCKET_HANDSHAKE_TIMEOUT_MS = 5000, /* how long a connection may hold out without a handshake */
    CONTEXT_SOCKETS_MAX = 8192,
    CONTEXT_IDLE_MAX = 64 << 20 /* bytes of received messages that wait for their next use, per thread */
};

/* A ZeroMQ context for any number of loops. From the first one on the process keeps up to CONTEXT_IDLE_MAX bytes of freed
 * memory per arena: ZeroMQ takes and frees memory for every body that arrives (core/memory.h). io_threads: 0 when
 * all endpoints are inproc, 1 otherwise (more do not help below some GB/s). NULL and STATUS_NO_MEMORY on failure. */
void *context_new(uint32_t io_threads, struct status *status);

/* Ends a context after its sockets have been closed; waits until what they sent has left, at most
 * SOCKET_LINGER_MS. */
void context_free(void *zmq_context);

/* A ROUTER that listens, under a name on all addresses that it has here (net/names.h), but on the first alone when the system
 * chooses the port; `bound` receives the endpoint as first bound, with that port. With a guard a tcp
 * endpoint is encrypted and open to those alone whom it lets in. NULL and STATUS_UNAVAILABLE "cannot listen on tcp://...:
 * Address already in use", or the status of names_listen. */
void *socket_listen(void *zmq_context, const char *endpoint, const struct guard *guard,
                    char bound[ENDPOINT_BYTES], struct status *status);

/* A DEALER that connects, now or as soon as someone listens there; with a guard and over tcp, to nobody but a process that has
 * the key of the peer's role. NULL and STATUS_UNAVAILABLE on failure. */
void *socket_connect(void *zmq_context, const char *endpoint, const struct guard *guard, enum role peer,
                     struct status *status);

/* A socket that reports the listener's failed handshakes, one message each. NULL and STATUS_UNAVAILABLE on
 * failure. Close it before the listener. */
void *socket_watch_handshakes(void *zmq_context, void *listener, struct status *status);

/* What an event of that socket says (the first frame of its message): "a connection ...", for people. */
const char *socket_handshake_words(const void *event, size_t bytes);

/* The descriptor that becomes readable when something has happened to the socket, which is not always a
 * message. */
int socket_descriptor(void *socket);

/* Closes a socket. NULL is allowed. */
void socket_close(void *socket);

#endif
