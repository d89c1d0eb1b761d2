#include "proto/message.h"

#include <msgpack.h>
#include <string.h>

#include "core/contract.h"
#include "proto/table.h"

struct header_buffer {
    char *bytes;
    size_t length, capacity;
};

static int header_append(void *context, const char *bytes, size_t length) {
    struct header_buffer *buffer = context;
    if (length > buffer->capacity - buffer->length)
        return -1;
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return 0;
}

static void encode_field(msgpack_packer *packer, const struct message_field *field, const char *at) {
    switch (field->type) {
    case FIELD_U32:
        msgpack_pack_uint32(packer, *(const uint32_t *)at);
        break;
    case FIELD_U64:
        msgpack_pack_uint64(packer, *(const uint64_t *)at);
        break;
    case FIELD_REAL:
        msgpack_pack_double(packer, *(const double *)at);
        break;
    case FIELD_TEXT: {
        size_t length = strnlen(at, field->largest - 1);
        msgpack_pack_str(packer, length);
        msgpack_pack_str_body(packer, at, length);
        break;
    }
    }
}

size_t message_encode(const struct message *message, void *header, size_t capacity) {
    const struct message_type *type = message_type_of(message->kind);
    struct header_buffer buffer = {header, 0, capacity};
    msgpack_packer packer;
    REQUIRE(type != NULL, "only messages of the table are sent");
    msgpack_packer_init(&packer, &buffer, header_append);
    msgpack_pack_array(&packer, type->field_count + 1);
    msgpack_pack_uint32(&packer, message->kind);
    for (uint32_t i = 0; i < type->field_count; i++)
        encode_field(&packer, &type->fields[i], (const char *)message + type->fields[i].offset);
    REQUIRE(buffer.length > 0 && capacity >= MESSAGE_HEADER_MAX,
            "a header fits into MESSAGE_HEADER_MAX bytes");
    return buffer.length;
}

static bool decode_number(const struct message_type *type, const struct message_field *field,
                          const msgpack_object *object, char *at, struct status *status) {
    if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return status_fail(status, STATUS_PROTOCOL, "%s: %s is not an unsigned number", type->kind,
                           field->name);
    if (object->via.u64 > field->largest)
        return status_fail(status, STATUS_PROTOCOL, "%s: %s is %llu, more than %llu", type->kind, field->name,
                           (unsigned long long)object->via.u64, (unsigned long long)field->largest);
    if (field->type == FIELD_U32)
        *(uint32_t *)at = (uint32_t)object->via.u64;
    else
        *(uint64_t *)at = object->via.u64;
    return true;
}

static bool decode_text(const struct message_type *type, const struct message_field *field,
                        const msgpack_object *object, char *at, struct status *status) {
    if (object->type != MSGPACK_OBJECT_STR)
        return status_fail(status, STATUS_PROTOCOL, "%s: %s is not text", type->kind, field->name);
    uint32_t length = object->via.str.size;
    const char *text = length == 0 ? "" : object->via.str.ptr;
    if (length >= field->largest || memchr(text, 0, length) != NULL)
        return status_fail(status, STATUS_PROTOCOL, "%s: %s is longer than %llu bytes or holds a zero byte",
                           type->kind, field->name, (unsigned long long)field->largest - 1);
    memcpy(at, text, length);
    at[length] = '\0';
    return true;
}

static bool decode_field(const struct message_type *type, const struct message_field *field,
                         const msgpack_object *object, char *at, struct status *status) {
    switch (field->type) {
    case FIELD_REAL:
        if (object->type != MSGPACK_OBJECT_FLOAT64)
            return status_fail(status, STATUS_PROTOCOL, "%s: %s is not a 64-bit float", type->kind,
                               field->name);
        *(double *)at = object->via.f64;
        return true;
    case FIELD_TEXT:
        return decode_text(type, field, object, at, status);
    default:
        return decode_number(type, field, object, at, status);
    }
}

/* How many of the fields sent are to be read: all, or of a HELLO or REFUSE of another version those which never change,
 * so that the two can tell each other why they part. What is not read is zero. */
static uint32_t fields_to_read(struct message *message, const struct message_type *type,
                               const msgpack_object *items, uint32_t sent) {
    uint64_t version = sent >= HELLO_FIXED_FIELDS && items[1].type == MSGPACK_OBJECT_POSITIVE_INTEGER
                           ? items[1].via.u64
                           : PROTOCOL_VERSION;
    if (message->kind == MESSAGE_HELLO && version != PROTOCOL_VERSION) {
        message->hello = (struct hello_message){0};
        return HELLO_FIXED_FIELDS;
    }
    if (message->kind == MESSAGE_REFUSE && sent > REFUSE_FIXED_FIELDS)
        return REFUSE_FIXED_FIELDS;
    return sent == type->field_count ? sent : 0;
}

static bool decode_array(struct message *message, const msgpack_object *object, struct status *status) {
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size < 1)
        return status_fail(status, STATUS_PROTOCOL, "the header is not a MessagePack array");
    const msgpack_object *items = object->via.array.ptr;
    const struct message_type *type =
        items[0].type == MSGPACK_OBJECT_POSITIVE_INTEGER ? message_type_of(items[0].via.u64) : NULL;
    if (type == NULL)
        return status_fail(status, STATUS_PROTOCOL, "the header names no message of protocol version %d",
                           PROTOCOL_VERSION);
    message->kind = (enum message_kind)items[0].via.u64;
    uint32_t sent = object->via.array.size - 1, fields = fields_to_read(message, type, items, sent);
    if (fields == 0 && sent != type->field_count)
        return status_fail(status, STATUS_PROTOCOL, "%s has %u fields, not %u", type->kind, type->field_count,
                           sent);
    for (uint32_t i = 0; i < fields; i++)
        if (!decode_field(type, &type->fields[i], &items[i + 1], (char *)message + type->fields[i].offset,
                          status))
            return false;
    return true;
}

/* Bytes of the scalar or text that starts at `at`; 0 when it is neither, or does not end within `left` bytes. */
static size_t flat_item_bytes(const unsigned char *at, size_t left) {
    static const unsigned char FIXED[] = {
        [0xc0 - 0xc0] = 1, [0xc2 - 0xc0] = 1, [0xc3 - 0xc0] = 1, [0xca - 0xc0] = 5,
        [0xcb - 0xc0] = 9, [0xcc - 0xc0] = 2, [0xcd - 0xc0] = 3, [0xce - 0xc0] = 5,
        [0xcf - 0xc0] = 9, [0xd0 - 0xc0] = 2, [0xd1 - 0xc0] = 3, [0xd2 - 0xc0] = 5,
        [0xd3 - 0xc0] = 9, [0xd9 - 0xc0] = 2, [0xda - 0xc0] = 3, [0xdb - 0xc0] = 5};
    if (left == 0)
        return 0;
    unsigned char first = at[0];
    size_t bytes = first < 0x80 || first >= 0xe0    ? 1
                   : first >= 0xa0 && first < 0xc0  ? 1 + (size_t)(first & 0x1f)
                   : first >= 0xc0 && first <= 0xdb ? FIXED[first - 0xc0]
                                                    : 0;
    if (first >= 0xd9 && first <= 0xdb && bytes <= left) {
        size_t text = 0;
        for (size_t i = 1; i < bytes; i++)
            text = text << 8 | at[i];
        bytes += text;
    }
    return bytes <= left ? bytes : 0;
}

/* The unpacker makes room for as many items as an array or map claims, whatever is there: five bytes of a stranger
 * can ask for 128 GB. A header of ours is one flat array, so that is looked at before the unpacker sees it. */
static bool is_flat_array(const unsigned char *header, size_t bytes) {
    size_t offset, count;
    if (bytes >= 1 && (header[0] & 0xf0) == 0x90) {
        count = header[0] & 0x0f;
        offset = 1;
    } else if (bytes >= 3 && header[0] == 0xdc) {
        count = (size_t)header[1] << 8 | header[2];
        offset = 3;
    } else {
        return false;
    }
    while (count > 0 && offset < bytes) {
        size_t item = flat_item_bytes(header + offset, bytes - offset);
        if (item == 0)
            return false;
        offset += item;
        count--;
    }
    return count == 0 && offset == bytes;
}

bool message_decode(struct message *message, const void *header, size_t header_bytes, const void *body,
                    size_t body_bytes, struct status *status) {
    enum { ZONE_BYTES = 1024 };
    msgpack_zone zone;
    msgpack_object object;
    size_t offset = 0;
    if (header_bytes > MESSAGE_HEADER_MAX)
        return status_fail(status, STATUS_PROTOCOL, "a header of %zu bytes is too long", header_bytes);
    if (!is_flat_array(header, header_bytes))
        return status_fail(status, STATUS_PROTOCOL, "the header is not one flat MessagePack array");
    if (!msgpack_zone_init(&zone, ZONE_BYTES))
        return status_fail(status, STATUS_NO_MEMORY, "no memory to read a message");
    msgpack_unpack_return got = msgpack_unpack(header, header_bytes, &offset, &zone, &object);
    bool read = got == MSGPACK_UNPACK_SUCCESS && offset == header_bytes
                    ? decode_array(message, &object, status)
                    : status_fail(status, STATUS_PROTOCOL, "the header is not one whole MessagePack value");
    msgpack_zone_destroy(&zone);
    message->body = body_bytes == 0 ? NULL : body;
    message->body_bytes = body_bytes;
    return read;
}
