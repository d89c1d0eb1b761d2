#include "net/frames.h"

#include <errno.h>
#include <string.h>

#include "core/bytes.h"
#include "net/handover.h"

/* ZeroMQ's own routing ids: a zero and a 32-bit number. Ids that a peer chose for itself are not accepted. */
enum { ROUTING_ID_BYTES = 5 };

void frames_init(struct frames *frames) {
    zmq_msg_init(&frames->sender);
    zmq_msg_init(&frames->header);
    zmq_msg_init(&frames->body);
    zmq_msg_init(&frames->surplus);
}

void frames_close(struct frames *frames) {
    zmq_msg_close(&frames->sender);
    zmq_msg_close(&frames->header);
    zmq_msg_close(&frames->body);
    zmq_msg_close(&frames->surplus);
}

static bool take_frame(zmq_msg_t *frame, void *socket) {
    int got;
    do
        got = zmq_msg_recv(frame, socket, ZMQ_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got >= 0;
}

static bool read_routing(struct frames *frames) {
    const char *id = zmq_msg_data(&frames->sender);
    if (zmq_msg_size(&frames->sender) != ROUTING_ID_BYTES || id[0] != 0)
        return false;
    frames->routing = bytes_u32(id + 1);
    return true;
}

enum frames_result frames_take(struct frames *frames, void *socket, bool routed) {
    zmq_msg_t *const places[] = {&frames->sender, &frames->header, &frames->body};
    size_t place = routed ? 0 : 1;
    zmq_msg_t *frame = places[place];
    if (!take_frame(frame, socket))
        return errno == EAGAIN ? FRAMES_NONE : FRAMES_CLOSED;
    handover_taken();
    bool surplus = false;
    while (zmq_msg_more(frame)) {
        surplus = place == 2;
        frame = surplus ? &frames->surplus : places[++place];
        if (!take_frame(frame, socket))
            return FRAMES_CLOSED;
    }
    frames->has_body = place == 2;
    frames->complaint = surplus                           ? "more than two frames"
                        : place == 0                      ? "no frame at all"
                        : routed && !read_routing(frames) ? "a self-chosen routing id"
                                                          : NULL;
    return frames->complaint == NULL ? FRAMES_WHOLE : FRAMES_WRONG;
}

const char *frames_origin(struct frames *frames) {
    const char *address = zmq_msg_gets(&frames->header, "Peer-Address");
    return address == NULL || address[0] == '\0' ? "a local process" : address;
}

const char *frames_user(struct frames *frames) {
    const char *user = zmq_msg_gets(&frames->header, "User-Id");
    return user == NULL ? "" : user;
}

static bool send_bytes(void *socket, const void *bytes, size_t length, int flags) {
    int sent;
    do
        sent = zmq_send(socket, bytes, length, flags);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static bool send_body(void *socket, zmq_msg_t *body) {
    int sent;
    do
        sent = zmq_msg_send(body, socket, 0);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

/* ZeroMQ decides at the first frame whether a message goes out; the frames behind it follow without waiting.
 */
static bool send_all(void *socket, const uint32_t *routing, const void *header, size_t header_bytes,
                     zmq_msg_t *body, int flags) {
    int last = body == NULL ? 0 : ZMQ_SNDMORE;
    if (routing != NULL) {
        char id[ROUTING_ID_BYTES] = {0};
        memcpy(id + 1, routing, sizeof *routing);
        if (!send_bytes(socket, id, sizeof id, flags | ZMQ_SNDMORE))
            return false;
        flags = 0;
    }
    return send_bytes(socket, header, header_bytes, flags | last) &&
           (body == NULL || send_body(socket, body));
}

enum frames_sent frames_send(void *socket, const uint32_t *routing, const void *header, size_t header_bytes,
                             zmq_msg_t *body, int flags) {
    handover_given();
    bool sent = send_all(socket, routing, header, header_bytes, body, flags);
    int cause = errno;
    if (body != NULL)
        zmq_msg_close(body);
    if (sent)
        return FRAMES_SENT;
    return cause == EAGAIN ? FRAMES_FULL : FRAMES_GONE;
}
