#include "net/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <zmq.h>

#include "core/contract.h"
#include "core/memory.h"
#include "net/body_pool.h"
#include "net/frames.h"
#include "net/link_table.h"
#include "net/names.h"
#include "net/socket.h"

/* Sources: the listener, its watch, then our own links in the order of their numbers. */
enum { LISTENER = 0, WATCH = 1, FIRST_OUTGOING = 2, TURN = 16, FLOAT_ALIGNMENT = 8 };

/* A link to a name from which nothing has come yet. */
struct named_link {
    char endpoint[ENDPOINT_BYTES], address[ENDPOINT_BYTES];
    uint64_t tried_ms; /* when this address was begun with */
};

struct source {
    void *socket;             /* NULL: a hole */
    struct named_link *named; /* NULL: no name, or its address has proved good */
    bool ready;   /* may have something to take: told so by poll, or sent to since the last fruitless look */
    bool stalled; /* an outgoing link whose queue was full at the last attempt to send */
};

/* Written by the loop's thread alone, read by any. */
struct counters {
    atomic_uint_fast64_t messages_in, messages_out, bytes_in, bytes_out, refused, handshakes_failed, dropped;
};

struct wire {
    void *zmq_context;
    struct guard *guard; /* NULL: nothing is encrypted */
    char endpoint[ENDPOINT_BYTES];
    struct source *sources;
    struct pollfd *polls; /* [0] the wake descriptor, [i + 1] source i */
    size_t count, sources_capacity, polls_capacity;
    size_t turn, taken_in_turn;
    struct link_table *links;
    struct frames frames;
    void *aligned; /* a copy of a body that arrived unaligned */
    size_t aligned_capacity;
    struct body_pool *bodies;
    void *reserved, *spare; /* spare: address space for when there is no memory */
    size_t reserved_bytes;
    struct counters counters;
    uint64_t complaints;
    char complaint[256];
    struct status failure;
};

static void count(atomic_uint_fast64_t *counter, uint64_t more) {
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + more, memory_order_relaxed);
}

__attribute__((format(printf, 3, 4))) static void complain(struct wire *wire, atomic_uint_fast64_t *counter,
                                                           const char *format, ...) {
    va_list arguments;
    count(counter, 1);
    wire->complaints++;
    va_start(arguments, format);
    vsnprintf(wire->complaint, sizeof wire->complaint, format, arguments);
    va_end(arguments);
}

/* ---- life ---- */

static bool make_room(struct wire *wire, size_t sources, struct status *status) {
    if (!memory_grow((void **)&wire->sources, &wire->sources_capacity, sources, sizeof *wire->sources,
                     "the sockets", status) ||
        !memory_grow((void **)&wire->polls, &wire->polls_capacity, sources + 1, sizeof *wire->polls,
                     "the sockets", status))
        return false;
    for (; wire->count < sources; wire->count++)
        wire->polls[wire->count + 1] = (struct pollfd){.fd = -1, .events = POLLIN};
    return true;
}

static void place_source(struct wire *wire, size_t place, void *socket) {
    struct source *source = &wire->sources[place];
    *source = (struct source){.socket = socket, .named = source->named, .ready = true};
    wire->polls[place + 1].fd = socket_descriptor(socket);
}

static bool open_listener(struct wire *wire, const char *listen, struct status *status) {
    void *listener = socket_listen(wire->zmq_context, listen, wire->guard, wire->endpoint, status);
    if (listener == NULL)
        return false;
    place_source(wire, LISTENER, listener);
    if (strncmp(listen, "inproc:", 7) == 0)
        return true;
    void *watch = socket_watch_handshakes(wire->zmq_context, listener, status);
    if (watch != NULL)
        place_source(wire, WATCH, watch);
    return watch != NULL;
}

static bool open_wire(struct wire *wire, const char *listen, int wake_descriptor, struct status *status) {
    wire->links = link_table_new(status);
    wire->bodies = wire->links == NULL ? NULL : body_pool_new(status);
    if (wire->bodies == NULL || !make_room(wire, FIRST_OUTGOING, status))
        return false;
    wire->polls[0] = (struct pollfd){.fd = wake_descriptor, .events = POLLIN};
    wire->spare = mmap(NULL, SOCKET_FRAME_MAX, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (wire->spare == MAP_FAILED)
        return status_fail_errno(status, STATUS_NO_MEMORY, "cannot reserve %d bytes of address space",
                                 SOCKET_FRAME_MAX);
    return listen == NULL || open_listener(wire, listen, status);
}

struct wire *wire_new(void *zmq_context, const char *listen, struct guard *guard, int wake_descriptor,
                      struct status *status) {
    struct wire *wire = memory_take(sizeof *wire, "the connections", status);
    if (wire == NULL)
        return NULL;
    wire->zmq_context = zmq_context;
    wire->guard = guard;
    wire->spare = MAP_FAILED;
    frames_init(&wire->frames);
    if (!open_wire(wire, listen, wake_descriptor, status)) {
        wire_free(wire);
        return NULL;
    }
    return wire;
}

void wire_free(struct wire *wire) {
    if (wire == NULL)
        return;
    frames_close(&wire->frames);
    for (size_t i = wire->count; i-- > 0;) {
        socket_close(wire->sources[i].socket);
        memory_release(wire->sources[i].named);
    }
    if (wire->reserved != NULL && wire->reserved != wire->spare)
        body_pool_give(wire->reserved, NULL);
    if (wire->spare != MAP_FAILED)
        munmap(wire->spare, SOCKET_FRAME_MAX);
    body_pool_free(wire->bodies);
    link_table_free(wire->links);
    memory_release(wire->aligned);
    memory_release(wire->sources);
    memory_release(wire->polls);
    memory_release(wire);
}

const char *wire_endpoint(const struct wire *wire) {
    return wire->endpoint;
}

static uint64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Opens the socket of a link of ours, in place of one that is there. */
static bool open_link(struct wire *wire, size_t place, const char *endpoint, struct status *status) {
    enum role peer = place == FIRST_OUTGOING + LINK_COORDINATOR ? ROLE_COORDINATOR : ROLE_PSERVER;
    socket_close(wire->sources[place].socket);
    wire->sources[place].socket = NULL;
    wire->polls[place + 1].fd = -1;
    void *socket = socket_connect(wire->zmq_context, endpoint, wire->guard, peer, status);
    if (socket != NULL)
        place_source(wire, place, socket);
    return socket != NULL;
}

/* The first of a name's addresses, or the one after that which was tried before. */
static bool open_next_address(struct wire *wire, size_t place, struct status *status) {
    struct named_link *named = wire->sources[place].named;
    char before[ENDPOINT_BYTES];
    memcpy(before, named->address, sizeof before);
    bool known = names_next(named->address, named->endpoint, status);
    named->tried_ms = clock_ms(); /* looking it up may have taken long */
    if (!known || (wire->sources[place].socket != NULL && strcmp(before, named->address) == 0))
        return known;
    return open_link(wire, place, named->address, status);
}

/* Before each message until one has come back: a name may have addresses at which nobody answers, or get another. */
static void try_next_address(struct wire *wire, size_t place) {
    struct status status;
    if (clock_ms() - wire->sources[place].named->tried_ms < WIRE_ADDRESS_PATIENCE_MS)
        return;
    if (!open_next_address(wire, place, &status))
        complain(wire, &wire->counters.dropped, "%s", status.text);
}

static void settle_on_address(struct source *source) {
    memory_release(source->named);
    source->named = NULL;
}

bool wire_connect(struct wire *wire, link_id link, const char *endpoint, struct status *status) {
    REQUIRE(link < WIRE_OUTGOING_MAX, "an engine numbers its links densely from 0");
    size_t place = FIRST_OUTGOING + link;
    if (!make_room(wire, place + 1 > wire->count ? place + 1 : wire->count, status))
        return false;
    socket_close(wire->sources[place].socket);
    settle_on_address(&wire->sources[place]);
    wire->sources[place] = (struct source){0};
    wire->polls[place + 1].fd = -1;
    if (!names_is_name(endpoint))
        return open_link(wire, place, endpoint, status);
    struct named_link *named = memory_take(sizeof *named, "a connection", status);
    wire->sources[place].named = named;
    if (named == NULL)
        return false;
    snprintf(named->endpoint, sizeof named->endpoint, "%s", endpoint);
    return open_next_address(wire, place, status);
}

/* ---- in ---- */

/* The link of the sender of a good message; gives it a number if this is its first one. */
static bool link_of_sender(struct wire *wire, size_t place, link_id *link) {
    struct status status;
    if (place != LISTENER) {
        *link = (link_id)(place - FIRST_OUTGOING);
        return true;
    }
    struct incoming_link *known = link_table_by_routing(wire->links, wire->frames.routing);
    if (known == NULL)
        known = link_table_add(wire->links, wire->frames.routing, &status);
    if (known == NULL)
        complain(wire, &wire->counters.refused, "%s: %s", frames_origin(&wire->frames), status.text);
    else
        *link = known->link;
    return known != NULL;
}

/* ZeroMQ hands out small frames where they lie in its receive buffer, at any address. */
static const void *aligned_body(struct wire *wire, size_t *bytes, struct status *status) {
    *bytes = wire->frames.has_body ? zmq_msg_size(&wire->frames.body) : 0;
    const void *body = zmq_msg_data(&wire->frames.body);
    if (*bytes == 0 || (uintptr_t)body % FLOAT_ALIGNMENT == 0)
        return body;
    if (!memory_grow(&wire->aligned, &wire->aligned_capacity, *bytes, 1, "a message body", status))
        return NULL;
    return memcpy(wire->aligned, body, *bytes);
}

/* What a connection says of itself agrees with the key that it has proved. */
static bool is_who_it_says(struct wire *wire, size_t place, const struct message *message) {
    if (wire->guard == NULL || place != LISTENER || message->kind != MESSAGE_HELLO)
        return true;
    const char *proved = frames_user(&wire->frames), *claimed = role_name((enum role)message->hello.role);
    if (strcmp(proved, claimed) == 0)
        return true;
    complain(wire, &wire->counters.refused, "%s says it is a %s, and has the key of a %s",
             frames_origin(&wire->frames), claimed, proved);
    return false;
}

static void complain_of_handshake(struct wire *wire) {
    char stranger[GUARD_TEXT_BYTES];
    if (wire->guard != NULL && guard_refusal(wire->guard, stranger))
        complain(wire, &wire->counters.handshakes_failed, "%s", stranger);
    else
        complain(
            wire, &wire->counters.handshakes_failed, "%s",
            socket_handshake_words(zmq_msg_data(&wire->frames.header), zmq_msg_size(&wire->frames.header)));
}

static bool accept_message(struct wire *wire, size_t place, struct message *message, link_id *link) {
    struct status status;
    size_t body_bytes, header_bytes = zmq_msg_size(&wire->frames.header);
    const void *body = aligned_body(wire, &body_bytes, &status);
    if (body == NULL || !message_decode(message, zmq_msg_data(&wire->frames.header), header_bytes, body,
                                        body_bytes, &status)) {
        complain(wire, &wire->counters.refused, "%s: %s", frames_origin(&wire->frames), status.text);
        return false;
    }
    if (!is_who_it_says(wire, place, message) || !link_of_sender(wire, place, link))
        return false;
    if (wire->sources[place].named != NULL)
        settle_on_address(&wire->sources[place]);
    count(&wire->counters.messages_in, 1);
    count(&wire->counters.bytes_in, header_bytes + body_bytes);
    return true;
}

/* One look at one source. */
static bool take_from(struct wire *wire, size_t place, struct message *message, link_id *link) {
    struct source *source = &wire->sources[place];
    switch (frames_take(&wire->frames, source->socket, place == LISTENER)) {
    case FRAMES_WHOLE:
        if (place != WATCH)
            return accept_message(wire, place, message, link);
        complain_of_handshake(wire);
        return false;
    case FRAMES_WRONG:
        complain(wire, &wire->counters.refused, "%s: %s", frames_origin(&wire->frames),
                 wire->frames.complaint);
        return false;
    case FRAMES_CLOSED:
        status_fail(&wire->failure, STATUS_UNAVAILABLE, "the transport was shut down");
        source->ready = false;
        return false;
    case FRAMES_NONE:
        source->ready = false;
        return false;
    }
    return false;
}

static void next_turn(struct wire *wire) {
    wire->turn = (wire->turn + 1) % wire->count;
    wire->taken_in_turn = 0;
}

bool wire_take(struct wire *wire, struct message *message, link_id *link) {
    size_t quiet = 0;
    while (quiet < wire->count) {
        if (!wire->sources[wire->turn].ready || wire->taken_in_turn == TURN) {
            quiet = wire->sources[wire->turn].ready ? 0 : quiet + 1;
            next_turn(wire);
            continue;
        }
        quiet = 0;
        wire->taken_in_turn++;
        if (take_from(wire, wire->turn, message, link))
            return true;
    }
    return false;
}

/* ---- out ---- */

void *wire_body(struct wire *wire, size_t bytes) {
    REQUIRE(bytes <= SOCKET_FRAME_MAX, "a body fits into a frame");
    if (wire->reserved != NULL && wire->reserved != wire->spare)
        body_pool_give(wire->reserved, NULL);
    wire->reserved = body_pool_take(wire->bodies, bytes, &wire->failure);
    wire->reserved_bytes = bytes;
    if (wire->reserved == NULL)
        wire->reserved = wire->spare;
    return wire->reserved;
}

/* Turns the reserved body into a frame. False when there is none to send. */
static bool frame_body(struct wire *wire, zmq_msg_t *frame) {
    void *body = wire->reserved;
    size_t bytes = wire->reserved_bytes;
    wire->reserved = NULL;
    wire->reserved_bytes = 0;
    if (body == NULL || body == wire->spare)
        return false;
    if (bytes != 0 && zmq_msg_init_data(frame, body, bytes, body_pool_give, NULL) == 0)
        return true;
    if (bytes != 0)
        status_fail(&wire->failure, STATUS_NO_MEMORY, "no memory for a message");
    body_pool_give(body, NULL);
    return false;
}

/* Where a link's messages go: its source, its routing number if others opened it, and whether it is stalled.
 */
struct way {
    struct source *source;
    const uint32_t *routing;
    bool *stalled;
};

static bool find_way(struct wire *wire, link_id link, struct way *way) {
    if (link < LINK_INCOMING) {
        size_t place = FIRST_OUTGOING + (size_t)link;
        if (place < wire->count && wire->sources[place].named != NULL)
            try_next_address(wire, place);
        if (place >= wire->count || wire->sources[place].socket == NULL)
            return false;
        struct source *source = &wire->sources[place];
        *way = (struct way){source, NULL, &source->stalled};
        return true;
    }
    struct incoming_link *incoming = link_table_by_link(wire->links, link);
    if (incoming != NULL)
        *way = (struct way){&wire->sources[LISTENER], &incoming->routing, &incoming->stalled};
    return incoming != NULL;
}

static void note_loss(struct wire *wire, link_id link, enum frames_sent sent, struct way *way) {
    *way->stalled = true;
    if (sent == FRAMES_FULL)
        complain(wire, &wire->counters.dropped, "link %u takes nothing, a message for it is dropped", link);
    else
        complain(wire, &wire->counters.dropped, "the peer of link %u is gone", link);
    if (sent == FRAMES_GONE && link >= LINK_INCOMING)
        link_table_remove(wire->links, link);
}

void wire_send(struct wire *wire, link_id link, const struct message *message) {
    unsigned char header[MESSAGE_HEADER_MAX];
    zmq_msg_t body;
    struct way way;
    size_t body_bytes = wire->reserved_bytes;
    bool with_body = frame_body(wire, &body);
    if (wire->failure.code != STATUS_OK || !find_way(wire, link, &way)) {
        count(&wire->counters.dropped, 1);
        if (with_body)
            zmq_msg_close(&body);
        return;
    }
    size_t header_bytes = message_encode(message, header, sizeof header);
    enum frames_sent sent = frames_send(way.source->socket, way.routing, header, header_bytes,
                                        with_body ? &body : NULL, *way.stalled ? ZMQ_DONTWAIT : 0);
    way.source->ready = true;
    if (sent != FRAMES_SENT) {
        note_loss(wire, link, sent, &way);
        return;
    }
    *way.stalled = false;
    count(&wire->counters.messages_out, 1);
    count(&wire->counters.bytes_out, header_bytes + body_bytes);
}

/* ---- waiting and telling ---- */

bool wire_wait(struct wire *wire, uint64_t timeout_us) {
    struct timespec timeout = {(time_t)(timeout_us / 1000000), (long)(timeout_us % 1000000) * 1000};
    int told = ppoll(wire->polls, wire->count + 1, timeout_us == UINT64_MAX ? NULL : &timeout, NULL);
    if (told <= 0)
        return false;
    for (size_t i = 0; i < wire->count; i++)
        if (wire->polls[i + 1].revents != 0)
            wire->sources[i].ready = true;
    return true;
}

bool wire_has_complaints(const struct wire *wire) {
    return wire->complaints != 0;
}

uint64_t wire_complaints(struct wire *wire, const char **last) {
    uint64_t complaints = wire->complaints;
    *last = wire->complaint;
    wire->complaints = 0;
    return complaints;
}

const struct status *wire_failure(const struct wire *wire) {
    return wire->failure.code == STATUS_OK ? NULL : &wire->failure;
}

static uint64_t read_counter(const atomic_uint_fast64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

struct wire_counters wire_counters(const struct wire *wire) {
    const struct counters *own = &wire->counters;
    return (struct wire_counters){
        .messages_in = read_counter(&own->messages_in),
        .messages_out = read_counter(&own->messages_out),
        .bytes_in = read_counter(&own->bytes_in),
        .bytes_out = read_counter(&own->bytes_out),
        .refused = read_counter(&own->refused),
        .handshakes_failed = read_counter(&own->handshakes_failed),
        .dropped = read_counter(&own->dropped),
    };
}
