/* Bare ZeroMQ: a DEALER and a ROUTER that send each other frames of the same number and the same sizes as dotbias does, and
 * do nothing else. Bodies leave from constant memory without a copy, what arrives is not looked at, and no option is set. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "bench/transport.h"

/* Headers are as long as those of STEP and ROWS; their first bytes say what is asked and given. */
enum { REQUEST_HEADER = 40, ANSWER_HEADER = 16, LOOKS_PER_CLOCK = 8 };
enum { FLAG_LANE, FLAG_PULLS, FLAG_STOP };

struct bare {
    void *socket;
    uint32_t spin_us;
    void *body; /* what is sent again and again */
};

static uint64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool bare_open(struct bare *bare, void *zmq_context, int type, const struct transport_case *given,
                      struct status *status) {
    int linger = type == ZMQ_DEALER ? 0 : 1000; /* the last word is the server's */
    int patience_ms = BENCH_PATIENCE_US / 1000;
    bare->spin_us = given->spin_us;
    bare->body = given->body;
    bare->socket = zmq_socket(zmq_context, type);
    if (bare->socket == NULL)
        return status_fail(status, STATUS_UNAVAILABLE, "no socket: %s", zmq_strerror(errno));
    zmq_setsockopt(bare->socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(bare->socket, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
    return true;
}

static void bare_close(struct bare *bare) {
    zmq_close(bare->socket);
}

/* The first frame of a message: looks for spin_us, giving the processor away, then sleeps. */
static bool take_first(struct bare *bare, zmq_msg_t *frame) {
    uint64_t until_us = bare->spin_us == 0 ? 0 : clock_us() + bare->spin_us;
    for (int looks = 1; bare->spin_us != 0; looks++) {
        if (zmq_msg_recv(frame, bare->socket, ZMQ_DONTWAIT) >= 0)
            return true;
        sched_yield();
        if (looks % LOOKS_PER_CLOCK == 0 && clock_us() >= until_us)
            break;
    }
    return zmq_msg_recv(frame, bare->socket, 0) >= 0;
}

static void send_frames(struct bare *bare, const char *header, size_t header_bytes, size_t body_bytes) {
    zmq_msg_t body;
    zmq_send(bare->socket, header, header_bytes, body_bytes == 0 ? 0 : ZMQ_SNDMORE);
    if (body_bytes == 0)
        return;
    zmq_msg_init_data(&body, bare->body, body_bytes, NULL, NULL);
    if (zmq_msg_send(&body, bare->socket, 0) < 0)
        zmq_msg_close(&body);
}

/* ---- the server ---- */

static void serve_all(struct bare *bare, const struct transport_case *given) {
    char header[ANSWER_HEADER] = {0};
    zmq_msg_t sender, asked, body;
    bool stop = false;
    zmq_msg_init(&sender);
    zmq_msg_init(&asked);
    zmq_msg_init(&body);
    while (!stop && take_first(bare, &sender) && zmq_msg_recv(&asked, bare->socket, 0) >= 0) {
        if (zmq_msg_more(&asked))
            zmq_msg_recv(&body, bare->socket, 0);
        memcpy(header, zmq_msg_data(&asked), sizeof header);
        stop = header[FLAG_STOP] != 0;
        zmq_msg_send(&sender, bare->socket, ZMQ_SNDMORE);
        send_frames(bare, header, sizeof header, header[FLAG_PULLS] ? rows_bytes(given->rows) : 0);
    }
    zmq_msg_close(&sender);
    zmq_msg_close(&asked);
    zmq_msg_close(&body);
}

bool bare_serve(const struct server *server, struct status *status) {
    struct bare bare = {0};
    char endpoint[ENDPOINT_BYTES], bound[ENDPOINT_BYTES] = {0};
    size_t bytes = sizeof bound;
    if (!endpoint_home_make(server->home, server->given->transport, "bare", endpoint, status) ||
        !bare_open(&bare, server->zmq_context, ZMQ_ROUTER, server->given, status))
        return false;
    if (zmq_bind(bare.socket, endpoint) != 0 ||
        zmq_getsockopt(bare.socket, ZMQ_LAST_ENDPOINT, bound, &bytes) != 0)
        return status_fail(status, STATUS_UNAVAILABLE, "cannot listen on %s: %s", endpoint,
                           zmq_strerror(errno));
    peer_tell(server->channel, bound);
    serve_all(&bare, server->given);
    bare_close(&bare);
    return true;
}

/* ---- the client ---- */

static void ask(struct bare *bare, const struct transport_case *given, struct meter *meter, char lane,
                bool pushes, bool pulls) {
    char header[REQUEST_HEADER] = {[FLAG_LANE] = lane, [FLAG_PULLS] = pulls};
    size_t bytes = request_bytes(given, pushes, pulls);
    meter->bytes += bytes;
    send_frames(bare, header, sizeof header, bytes);
}

/* What a lane does when an answer with rows, or a receipt, has come. */
static void go_on(struct bare *bare, const struct transport_case *given, struct meter *meter, char lane,
                  bool rows) {
    if (given->shape == SHAPE_FUSED) {
        ask(bare, given, meter, lane, true, true);
        return;
    }
    if (rows)
        ask(bare, given, meter, lane, true, false);
    if (rows == (given->shape == SHAPE_RUNS))
        ask(bare, given, meter, lane, false, true);
}

static bool converse(struct bare *bare, const struct transport_case *given, struct meter *meter,
                     struct status *status) {
    zmq_msg_t header, body;
    bool over = false;
    zmq_msg_init(&header);
    zmq_msg_init(&body);
    for (uint32_t lane = 0; lane < given->in_flight; lane++)
        ask(bare, given, meter, (char)lane, false, true);
    while (!over) {
        if (!take_first(bare, &header))
            return status_fail(status, STATUS_UNAVAILABLE, "nothing comes: %s", zmq_strerror(errno));
        bool rows = zmq_msg_more(&header);
        if (rows)
            zmq_msg_recv(&body, bare->socket, 0);
        over = meter_count(meter, rows ? given->rows : 0, rows ? rows_bytes(given->rows) : 0, clock_us());
        go_on(bare, given, meter, *(const char *)zmq_msg_data(&header), rows);
    }
    zmq_msg_close(&header);
    zmq_msg_close(&body);
    return true;
}

/* Answers still under way come first. */
static void stop_server(struct bare *bare) {
    zmq_msg_t frame;
    bool told = false;
    zmq_msg_init(&frame);
    send_frames(bare, (const char[REQUEST_HEADER]){[FLAG_STOP] = 1}, REQUEST_HEADER, 0);
    while (!told && zmq_msg_recv(&frame, bare->socket, 0) >= 0)
        told = zmq_msg_size(&frame) == ANSWER_HEADER && ((const char *)zmq_msg_data(&frame))[FLAG_STOP] != 0;
    zmq_msg_close(&frame);
}

bool bare_client(const struct transport_case *given, const struct peer *peer, struct transport_result *result,
                 struct status *status) {
    struct bare bare = {0};
    struct meter meter;
    char endpoint[ENDPOINT_BYTES];
    peer_hear(peer->channel, endpoint);
    if (!bare_open(&bare, peer->zmq_context, ZMQ_DEALER, given, status))
        return false;
    if (zmq_connect(bare.socket, endpoint) != 0)
        return status_fail(status, STATUS_UNAVAILABLE, "cannot connect to %s: %s", endpoint,
                           zmq_strerror(errno));
    meter_start(&meter, given, peer, clock_us());
    bool good = converse(&bare, given, &meter, status);
    stop_server(&bare);
    bare_close(&bare);
    *result = meter_result(&meter);
    return good;
}
