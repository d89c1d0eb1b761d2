#include "proto/table.h"

#include "proto/message.h"

/* Every list ends in an entry without a name, so that a message without fields has a list too. */
#define MESSAGE(KIND, name, route, sentence, body) static const struct message_field name##_fields[] = {
#define U32(owner, field, largest, sentence)                                                                 \
    {#field, FIELD_U32, offsetof(struct message, owner.field), largest, sentence},
#define U64(owner, field, largest, sentence)                                                                 \
    {#field, FIELD_U64, offsetof(struct message, owner.field), largest, sentence},
#define REAL(owner, field, sentence) {#field, FIELD_REAL, offsetof(struct message, owner.field), 0, sentence},
#define TEXT(owner, field, bytes, sentence)                                                                  \
    {#field, FIELD_TEXT, offsetof(struct message, owner.field), bytes, sentence},
#define END(name)                                                                                            \
    { NULL }                                                                                                 \
    }                                                                                                        \
    ;
#include "proto/messages.def"

static const struct message_type TYPES[MESSAGE_KINDS] = {
#define MESSAGE(KIND, name, route, sentence, body)                                                           \
    [MESSAGE_##KIND] = {#KIND, route,         sentence,                                                      \
                        body,  name##_fields, sizeof name##_fields / sizeof name##_fields[0] - 1},
#define U32(owner, field, largest, sentence)
#define U64(owner, field, largest, sentence)
#define REAL(owner, field, sentence)
#define TEXT(owner, field, bytes, sentence)
#define END(name)
#include "proto/messages.def"
};

const struct message_type *message_type_of(uint64_t kind) {
    return kind > MESSAGE_NONE && kind < MESSAGE_KINDS ? &TYPES[kind] : NULL;
}
