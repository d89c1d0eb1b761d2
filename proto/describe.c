/* The table told to people: one line of a message, and the protocol's page. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "proto/message.h"
#include "proto/table.h"

const char *message_name(enum message_kind kind) {
    const struct message_type *type = message_type_of(kind);
    return type == NULL ? "unknown message" : type->kind;
}

__attribute__((format(printf, 4, 5))) static void append(char *text, size_t capacity, size_t *length,
                                                         const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int added = *length < capacity ? vsnprintf(text + *length, capacity - *length, format, arguments) : 0;
    va_end(arguments);
    *length += added > 0 ? (size_t)added : 0;
}

void message_print(const struct message *message, char *text, size_t capacity) {
    const struct message_type *type = message_type_of(message->kind);
    size_t length = 0;
    append(text, capacity, &length, "%s", message_name(message->kind));
    for (uint32_t i = 0; type != NULL && i < type->field_count; i++) {
        const struct message_field *field = &type->fields[i];
        const char *at = (const char *)message + field->offset;
        if (field->type == FIELD_U32)
            append(text, capacity, &length, " %s=%" PRIu32, field->name, *(const uint32_t *)at);
        else if (field->type == FIELD_U64)
            append(text, capacity, &length, " %s=%" PRIu64, field->name, *(const uint64_t *)at);
        else if (field->type == FIELD_REAL)
            append(text, capacity, &length, " %s=%g", field->name, *(const double *)at);
        else
            append(text, capacity, &length, " %s='%s'", field->name, at);
    }
    append(text, capacity, &length, " body=%zu", message->body_bytes);
}

static void document_field(FILE *out, const struct message_field *field) {
    static const char *const TYPES[] = {"u32", "u64", "f64", "text"};
    fprintf(out, "| `%s` | %s", field->name, TYPES[field->type]);
    if (field->type == FIELD_TEXT)
        fprintf(out, ", at most %" PRIu64 " bytes", field->largest - 1);
    else if (field->type == FIELD_U32 && field->largest != UINT32_MAX)
        fprintf(out, ", at most %" PRIu64, field->largest);
    else if (field->type == FIELD_U64 && field->largest != UINT64_MAX)
        fprintf(out, ", at most %" PRIu64, field->largest);
    fprintf(out, " | %s |\n", field->sentence);
}

void message_document(FILE *out) {
    fprintf(out, "# Protocol, version %d\n\n", PROTOCOL_VERSION);
    fprintf(
        out,
        "Made from `proto/messages.def` by `dotbias protocol`; do not edit.\n\n"
        "A message is one or two ZeroMQ frames. The first is a MessagePack array `[kind, field, ...]` with "
        "the\n"
        "fields in the order below; the second, where there is one, is the body: raw little-endian numbers.\n"
        "`stride` is the number of factors plus one for the bias, rounded up to a multiple of 8 floats.\n"
        "`gradients` and `rows` are what the run's members have agreed upon in HELLO: float32, "
        "f32[rows][stride]; bfloat16,\n"
        "u16[rows][stride]; float16, u16[rows][stride] of each value times 2^shift, then i8[rows] shifts "
        "from -113 to 126, then\n"
        "zeros up to a multiple of 4 bytes.\n"
        "A receiver refuses, counts and survives everything that is not exactly this, but for the HELLO and "
        "REFUSE\n"
        "of other versions, of which it reads what never changes.\n");
    for (uint64_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        const struct message_type *type = message_type_of(kind);
        fprintf(out, "\n## %" PRIu64 " %s\n\n%s: %s\n", kind, type->kind, type->route, type->sentence);
        if (type->field_count != 0)
            fprintf(out, "\n| field | type | meaning |\n|---|---|---|\n");
        for (uint32_t i = 0; i < type->field_count; i++)
            document_field(out, &type->fields[i]);
        if (*type->body != '\0')
            fprintf(out, "\nBody: %s.\n", type->body);
    }
}
