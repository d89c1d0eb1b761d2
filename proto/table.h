/* The message table as data: what proto/messages.def says, field by field. Private to this room and its
 * tests. */
#ifndef PROTO_TABLE_H
#define PROTO_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum field_type { FIELD_U32, FIELD_U64, FIELD_REAL, FIELD_TEXT };

struct message_field {
    const char *name;
    enum field_type type;
    size_t offset;    /* of the field within struct message */
    uint64_t largest; /* numbers: largest value; text: bytes with the terminator */
    const char *sentence;
};

struct message_type {
    const char *kind; /* "STEP" */
    const char *route, *sentence, *body;
    const struct message_field *fields;
    uint32_t field_count;
};

/* NULL when the number names no message. */
const struct message_type *message_type_of(uint64_t kind);

#endif
