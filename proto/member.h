/* The manners that every member (pserver, worker) shares: it says hello until it is welcomed, beats its
 * heart, notices a silent coordinator, and ends when it is told to. Asked to stop by a person or a service manager, it asks
 * the coordinator for leave and works on until it is told to end. Part of an engine; thinks only. */
#ifndef PROTO_MEMBER_H
#define PROTO_MEMBER_H

#include "proto/event.h"

enum { MEMBER_HOST_BYTES = 256, MEMBER_ENDPOINT_BYTES = 256 };

struct member_spec {
    enum role role;
    uint32_t index;
    enum wire_format wire; /* of rows between workers and pservers */
    uint64_t config_digest, data_digest;
    uint64_t incarnation; /* different for every start */
    uint64_t pid;
    uint64_t replaces; /* pid of the dead member whose place this one takes; 0: none */
    char host[MEMBER_HOST_BYTES];
    char endpoint[MEMBER_ENDPOINT_BYTES]; /* where a pserver listens, else empty */
    char page[MEMBER_ENDPOINT_BYTES];     /* where this process answers over HTTP, or empty */
    uint64_t heartbeat_us, silence_us; /* time between heartbeats; a coordinator silent this long is lost */
};

struct member {
    struct member_spec spec;
    bool seated; /* the coordinator has sent something, so it counts on us, even when its WELCOME was lost */
    bool welcomed, ended;
    uint64_t next_beat_us, last_heard_us;
    uint64_t first_hello_us, waiting_said_us; /* 0 before the first HELLO */
};

enum member_verdict {
    MEMBER_NOT_MINE, /* the event is the engine's to handle */
    MEMBER_HANDLED,  /* nothing left to do */
    MEMBER_WELCOMED, /* event->message is the first WELCOME */
    MEMBER_BEAT, /* a heartbeat is due: fill in the counters and call member_beat; then handle the timer as
                    your own */
    MEMBER_ENDED /* outbox_exit has been called; ignore whatever comes */
};

void member_init(struct member *member, const struct member_spec *spec);

/* Looks at an event before the engine does. */
enum member_verdict member_step(struct member *member, const struct event *event, struct outbox *out);

/* Sends the heartbeat, with what the driver has measured filled in, shows the same figures to those who ask this process, and
 * asks to be woken for the next. */
void member_beat(struct member *member, uint64_t now_us, const struct heartbeat_message *counters,
                 const union beat_tallies *tallies, struct outbox *out);

/* The HELLO of this member, for links other than the coordinator's. */
void member_hello(const struct member *member, struct outbox *out, link_id link);

/* A message is unfit for the reason in status: counts it, and tells people. */
void member_refuse(const struct member *member, const struct event *event, const struct status *status,
                   struct heartbeat_message *counters, struct outbox *out);

/* The code to end with after a REFUSE, which is never a good end. */
enum status_code member_refusal(const struct refuse_message *refuse);

/* Tells the coordinator that this member cannot go on, and ends with that status. */
void member_fail(struct member *member, struct outbox *out, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
