/* All connections of one loop: a listener for links that others open to us, and one socket for each link that
 * we open. Messages go out and come in by link number; whatever is not a message of the protocol is refused,
 * counted, and complained about, and harms nobody.
 *
 * A link is as reliable as its connection: messages arrive in order, but those under way when a connection
 * breaks are lost, and so is a message for a peer that has not taken anything for SOCKET_SEND_TIMEOUT_MS
 * while SOCKET_QUEUE_MAX messages wait for it. After the first such loss nobody waits for that peer again
 * until it takes one. Deadlines and heartbeats of the engines notice. */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "net/endpoint.h"
#include "net/guard.h"
#include "proto/event.h"
#include "proto/message.h"

enum {
    WIRE_OUTGOING_MAX = 1 << 16,
    WIRE_ADDRESS_PATIENCE_MS = 2000 /* for an answer from one address of a name, before the next is tried */
};

struct wire_counters {
    uint64_t messages_in, messages_out;
    uint64_t bytes_in, bytes_out; /* headers and bodies */
    uint64_t refused;             /* messages that were none of ours, or whose sender could not be served */
    uint64_t handshakes_failed;   /* connections that did not speak ZeroMQ's protocol */
    uint64_t dropped;             /* messages for peers that are gone or do not take anything */
};

struct wire;

/* Opens the listener (listen may be NULL). With a guard, which is borrowed, tcp is encrypted, and a HELLO whose role is not
 * that of its connection's key is refused. wake_descriptor ends a wait when it becomes readable. NULL and the status of
 * socket_listen or STATUS_NO_MEMORY on failure. */
struct wire *wire_new(void *zmq_context, const char *listen, struct guard *guard, int wake_descriptor,
                      struct status *status);

/* The endpoint as bound, "" without a listener. */
const char *wire_endpoint(const struct wire *wire);

/* Opens a link of ours, in place of one of that number if there is one. The addresses of a name (net/names.h) are tried one
 * after the other, and looked up again, until a message has come from one of them. False and the status of names_connect or
 * socket_connect: the link then swallows what is sent; one to a name is tried again. */
bool wire_connect(struct wire *wire, link_id link, const char *endpoint, struct status *status);

/* Takes the next good message, going round the sockets. False when every socket is quiet. The message and its
 * body, aligned to at least 8 bytes, live until the next take. */
bool wire_take(struct wire *wire, struct message *message, link_id *link);

/* Room for the body of the next send, aligned to BODY_ALIGNMENT, at most SOCKET_FRAME_MAX bytes; never NULL.
 * Without memory the wire fails, and what the engine writes there is not sent. */
void *wire_body(struct wire *wire, size_t bytes);

/* Sends a message with message->body_bytes of the body reserved before. */
void wire_send(struct wire *wire, link_id link, const struct message *message);

/* Waits until a socket or the wake descriptor has something to tell; 0 only looks, UINT64_MAX waits for ever.
 * Returns whether there was something. Only to be called after wire_take has returned false. */
bool wire_wait(struct wire *wire, uint64_t timeout_us);

/* What went wrong since the last call: the number of complaints, and the last one as a phrase (valid until
 * the next call of any function of the wire). 0 when there is nothing. */
uint64_t wire_complaints(struct wire *wire, const char **last);
bool wire_has_complaints(const struct wire *wire);

/* NULL, or why the wire cannot go on: no memory, or a context that was shut down. */
const struct status *wire_failure(const struct wire *wire);

/* From any thread. */
struct wire_counters wire_counters(const struct wire *wire);

/* Closes everything. What was sent is still delivered, see SOCKET_LINGER_MS. */
void wire_free(struct wire *wire);

#endif
