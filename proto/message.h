/* Bytes in motion: a message as a plain struct, and its header as MessagePack.
 *
 * A message is one or two frames. The first is a MessagePack array [kind, field, ...], made and checked from
 * the one table in proto/messages.def; the second is the body, raw little-endian numbers whose layout the
 * table states. This room checks kinds, types, bounds and text; whether a body has the length that the header
 * promises is checked by the receiver, who knows the row stride. */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/rating.h"
#include "core/status.h"
#include "core/tally.h"

enum {
    PROTOCOL_VERSION = 6,
    LANES_MAX = 1024,
    RUNS_MAX = 4096,                 /* parts or strata */
    RUN_ROWS_MAX = 1 << 16,          /* rows of a part or of a stratum, over all shards */
    ROWS_MAX = 1 << 22,              /* rows in one message */
    RATES_MAX = 4096,                /* steps in one RATES */
    VALID_SLICE = 4096,              /* validation ratings in one slice */
    VALID_SLICES_AHEAD = 2,          /* slices in the hands of one worker */
    READ_ROWS_MAX = 4 * VALID_SLICE, /* rows in one READ */
    BODY_ALIGNMENT = 64,
    MESSAGE_HEADER_MAX = 2048, /* bytes of the largest encoded header */
    HELLO_FIXED_FIELDS = 3,    /* of every version, first in HELLO: protocol, role, index */
    REFUSE_FIXED_FIELDS = 2    /* of every version, first in REFUSE: code, reason */
};

/* The version by which a RUN_PULL asks for a part as it is now: whoever takes a lane over cannot know how often its part
 * has come home. */
#define RUN_NEWEST UINT64_MAX

enum message_kind {
    MESSAGE_NONE = 0,
#define MESSAGE(KIND, name, route, sentence, body) MESSAGE_##KIND,
#define U32(owner, field, largest, sentence)
#define U64(owner, field, largest, sentence)
#define REAL(owner, field, sentence)
#define TEXT(owner, field, bytes, sentence)
#define END(name)
#include "proto/messages.def"
    MESSAGE_KINDS
};

#define MESSAGE(KIND, name, route, sentence, body) struct name##_message {
#define U32(owner, field, largest, sentence)       uint32_t field;
#define U64(owner, field, largest, sentence)       uint64_t field;
#define REAL(owner, field, sentence)               double field;
#define TEXT(owner, field, bytes, sentence)        char field[bytes];
#define END(name)                                                                                            \
    }                                                                                                        \
    ;
#include "proto/messages.def"

_Static_assert(MESSAGE_HELLO == 1 && MESSAGE_REFUSE == 3, "every version knows these two by their numbers");

struct message {
    enum message_kind kind;
    union {
#define MESSAGE(KIND, name, route, sentence, body) struct name##_message name;
#define U32(owner, field, largest, sentence)
#define U64(owner, field, largest, sentence)
#define REAL(owner, field, sentence)
#define TEXT(owner, field, bytes, sentence)
#define END(name)
#include "proto/messages.def"
    };
    const void *body; /* belongs to the world; aligned for floats; NULL when empty */
    size_t body_bytes;
};

/* Writes the header's MessagePack and returns its bytes (at most MESSAGE_HEADER_MAX). */
size_t message_encode(const struct message *message, void *header, size_t capacity);

/* Reads a header that may be anything. False and STATUS_PROTOCOL with a sentence when it is not exactly one
 * message of the table within its bounds. Of a HELLO that names another version the HELLO_FIXED_FIELDS alone are read, and of a
 * longer REFUSE the REFUSE_FIXED_FIELDS, whatever follows. On success body and body_bytes are set, all other bytes of the
 * union are unspecified. */
bool message_decode(struct message *message, const void *header, size_t header_bytes, const void *body,
                    size_t body_bytes, struct status *status);

/* "STEP", "ROWS", ...; "unknown message" for a number that is none. */
const char *message_name(enum message_kind kind);

/* "STEP lane=0 push_step=17 ... body=28672": for logs and the simulator's trace. Cut at capacity, always
 * terminated. */
void message_print(const struct message *message, char *text, size_t capacity);

/* docs/PROTOCOL.md, made from the table. */
void message_document(FILE *out);

/* One lane of a GRANT, as it lies in the body. */
struct grant_lane {
    uint32_t lane, lease;
    double squared; /* sum of squared errors of the epoch under way, before the grant's first step */
    uint64_t count; /* ratings of that sum */
};

_Static_assert(sizeof(struct grant_lane) == 24, "a grant's lane has no holes");

/* The tallies of a HEARTBEAT, as they lie in the body. */
union beat_tallies {
    struct tally all[3];
    struct {
        struct tally pull_us, apply_us, staleness; /* pserver */
    };
    struct {
        struct tally answer_us, compute_us; /* worker */
    };
};

/* All that a member counts: what a HEARTBEAT carries. */
struct figures {
    struct heartbeat_message counters;
    union beat_tallies tallies;
};

/* The bytes of n row numbers, rounded up to BODY_ALIGNMENT: where the gradients of a STEP begin. */
static inline size_t message_padded(size_t bytes) {
    return (bytes + BODY_ALIGNMENT - 1) / BODY_ALIGNMENT * BODY_ALIGNMENT;
}

#endif
