/* One message of the wire as ZeroMQ frames: header, then body (left out when empty). A ROUTER puts the
 * sender's routing id in front. What arrives may be anything: it is taken off the socket whole, whatever it
 * is. */
#ifndef NET_FRAMES_H
#define NET_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

enum frames_result {
    FRAMES_NONE,  /* nothing is there */
    FRAMES_WHOLE, /* a sender with a proper routing id, a header and perhaps a body */
    FRAMES_WRONG, /* something else came; complaint says what */
    FRAMES_CLOSED /* the socket's context has been shut down */
};

struct frames {
    zmq_msg_t sender, header, body, surplus;
    bool has_body;
    uint32_t routing;      /* of the sender, when the socket is a ROUTER */
    const char *complaint; /* after FRAMES_WRONG: a phrase without the sender */
};

void frames_init(struct frames *frames);
void frames_close(struct frames *frames);

/* Takes the next message without waiting. `routed`: the socket is a ROUTER. The content stays until the next
 * take. */
enum frames_result frames_take(struct frames *frames, void *socket, bool routed);

/* The sender's network address as ZeroMQ knows it, "127.0.0.1" or "a local process". */
const char *frames_origin(struct frames *frames);

/* The role whose key the sender has proved (net/guard.h); "" on a socket without a guard. */
const char *frames_user(struct frames *frames);

enum frames_sent {
    FRAMES_SENT,
    FRAMES_FULL, /* the queue to the peer has been full for the socket's send timeout, or is full with
                    ZMQ_DONTWAIT */
    FRAMES_GONE  /* no such peer (any more) */
};

/* Sends a header and a body to the peer of a routing number (NULL: the socket is a DEALER). body may be NULL;
 * in any case it has been given away afterwards. flags: 0 or ZMQ_DONTWAIT. */
enum frames_sent frames_send(void *socket, const uint32_t *routing, const void *header, size_t header_bytes,
                             zmq_msg_t *body, int flags);

#endif
