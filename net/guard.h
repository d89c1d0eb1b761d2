/* Who comes in: CURVE on the tcp endpoints of a process, and its allow-list.
 *
 * Every connection is encrypted and both ends prove a key (RFC 26/CurveZMQ). A thread answers ZeroMQ's question, whose key may come in
 * (RFC 27/ZAP, at inproc://zeromq.zap.01): to the coordinator pservers and workers, to a pserver workers. A stranger is not
 * answered at all, and what it was is said once a second at most in our log. ZeroMQ sees to the rest: a peer without CURVE fails
 * its handshake at either end, and a frame that is sent again has a nonce that was used. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>

#include "net/keys.h"

enum { GUARD_TEXT_BYTES = 256 };

struct guard;

/* Takes the keys over, also when it fails (STATUS_NO_MEMORY, STATUS_UNAVAILABLE). One per context, before its first socket. */
struct guard *guard_new(void *zmq_context, struct keys *keys, struct status *status);

/* After the context's end, which ends the thread. NULL is allowed. */
void guard_free(struct guard *guard);

/* For a socket that will listen, and for one that will connect to a process of a role. */
bool guard_listener(const struct guard *guard, void *socket, struct status *status);
bool guard_link(const struct guard *guard, void *socket, enum role peer, struct status *status);

/* The last stranger, "10.0.0.7 has a key that is not on the list"; true once for each. From any thread. */
bool guard_refusal(struct guard *guard, char text[GUARD_TEXT_BYTES]);

#endif
