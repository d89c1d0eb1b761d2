/* Do the bytes on the wire stay the same? One instance of every message, and rows in every format, as hex text in
 * tests/golden/messages.txt. A
 * change there is a change of the protocol: raise PROTOCOL_VERSION, then let `golden_messages_test --regenerate` write
 * the file anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proto/message.h"
#include "proto/rows.h"
#include "proto/table.h"

static const char GOLDEN[] = TESTS_DIR "/golden/messages.txt";

enum { LINE_BYTES = 2 * MESSAGE_HEADER_MAX + 64 };

/* Field i holds (i + 1) * 257, or the largest it may; reals are halves and texts name their field. */
static struct message instance(uint64_t kind) {
    struct message message;
    const struct message_type *type = message_type_of(kind);
    memset(&message, 0, sizeof message);
    message.kind = (enum message_kind)kind;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct message_field *field = &type->fields[i];
        char *at = (char *)&message + field->offset;
        uint64_t number = (i + 1) * 257 < field->largest ? (i + 1) * 257 : field->largest;
        uint32_t narrow = (uint32_t)number;
        double real = i + 0.5;
        if (field->type == FIELD_U32)
            memcpy(at, &narrow, sizeof narrow);
        else if (field->type == FIELD_U64)
            memcpy(at, &number, sizeof number);
        else if (field->type == FIELD_REAL)
            memcpy(at, &real, sizeof real);
        else
            snprintf(at, field->largest, "the %s", field->name);
    }
    return message;
}

static void to_line(uint64_t kind, char line[LINE_BYTES]) {
    unsigned char header[MESSAGE_HEADER_MAX];
    struct message message = instance(kind);
    size_t bytes = message_encode(&message, header, sizeof header);
    int length = snprintf(line, LINE_BYTES, "%s ", message_name(message.kind));
    for (size_t i = 0; i < bytes; i++)
        length += snprintf(line + length, LINE_BYTES - (size_t)length, "%02x", header[i]);
}

/* Sizes that differ, a tie, a denormal, both zeros, both ends of a row. */
static void rows_to_line(enum wire_format format, char line[LINE_BYTES]) {
    static const float ROWS[3][8] = {
        {1, -0.5f, 0x1.01p0f, 0x1.03p0f, 0x1.004p0f, -0x1.00cp0f, 3.14159265f, 0},
        {1e-12f, -2e-13f, 0x1p-60f, -0.0f, 0, 0, 0, 0x1p-149f},
        {6e30f, 1, -6e30f, 1e25f, 0, 0, 0, -7e22f}};
    struct rows_shape shape = {format, 8, 3};
    _Alignas(64) unsigned char body[sizeof ROWS];
    rows_write(shape, body, 0, 3, ROWS[0]);
    int length = snprintf(line, LINE_BYTES, "rows %s ", wire_name(format));
    for (size_t i = 0; i < rows_bytes(shape); i++)
        length += snprintf(line + length, LINE_BYTES - (size_t)length, "%02x", body[i]);
}

static int regenerate(void) {
    char line[LINE_BYTES];
    FILE *file = fopen(GOLDEN, "w");
    if (file == NULL)
        return 1;
    fprintf(file, "protocol %d\n", PROTOCOL_VERSION);
    for (uint64_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        to_line(kind, line);
        fprintf(file, "%s\n", line);
    }
    for (enum wire_format format = 0; format < WIRE_FORMATS; format++) {
        rows_to_line(format, line);
        fprintf(file, "%s\n", line);
    }
    return fclose(file);
}

static void read_line(FILE *file, char line[LINE_BYTES]) {
    assert_non_null(fgets(line, LINE_BYTES, file));
    line[strcspn(line, "\n")] = '\0';
}

static void every_message_and_all_rows_have_their_golden_bytes(void **state) {
    char golden[LINE_BYTES], line[LINE_BYTES];
    FILE *file = fopen(GOLDEN, "r");
    (void)state;
    assert_non_null(file);
    snprintf(line, sizeof line, "protocol %d", PROTOCOL_VERSION);
    read_line(file, golden);
    assert_string_equal(golden, line);
    for (uint64_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        read_line(file, golden);
        to_line(kind, line);
        assert_string_equal(golden, line);
    }
    for (enum wire_format format = 0; format < WIRE_FORMATS; format++) {
        read_line(file, golden);
        rows_to_line(format, line);
        assert_string_equal(golden, line);
    }
    assert_null(fgets(golden, LINE_BYTES, file));
    fclose(file);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_message_and_all_rows_have_their_golden_bytes)};
    if (argc == 2 && strcmp(argv[1], "--regenerate") == 0)
        return regenerate();
    return cmocka_run_group_tests_name("golden/messages", tests, NULL, NULL);
}
