/* Does a message survive the wire, and is everything else refused? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "proto/message.h"
#include "proto/table.h"

enum fill { FILL_SMALLEST, FILL_LARGEST, FILL_RANDOM };

static void fill_text(char *at, uint64_t capacity, enum fill fill, uint64_t counter) {
    uint64_t length = fill == FILL_SMALLEST  ? 0
                      : fill == FILL_LARGEST ? capacity - 1
                                             : rng_bits(3, 1, counter) % capacity;
    for (uint64_t i = 0; i < length; i++)
        at[i] = (char)(1 + rng_bits(3, 2, counter + i) % 255);
    at[length] = '\0';
}

static double extreme_real(uint64_t counter) {
    const double reals[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-1074, 0x1.fffffffffffffp+1023, -1.5};
    return reals[counter % (sizeof reals / sizeof reals[0])];
}

static void fill_field(struct message *message, const struct message_field *field, enum fill fill,
                       uint64_t counter) {
    char *at = (char *)message + field->offset;
    uint64_t random = field->largest == UINT64_MAX ? rng_bits(3, 3, counter)
                                                   : rng_bits(3, 3, counter) % (field->largest + 1);
    uint64_t number = fill == FILL_SMALLEST ? 0 : fill == FILL_LARGEST ? field->largest : random;
    uint32_t narrow = (uint32_t)number;
    double real = fill == FILL_SMALLEST ? 0.0 : extreme_real(counter);
    switch (field->type) {
    case FIELD_U32:
        memcpy(at, &narrow, sizeof narrow);
        break;
    case FIELD_U64:
        memcpy(at, &number, sizeof number);
        break;
    case FIELD_REAL:
        memcpy(at, &real, sizeof real);
        break;
    case FIELD_TEXT:
        fill_text(at, field->largest, fill, counter);
        break;
    }
}

static struct message make(uint64_t kind, enum fill fill, uint64_t seed) {
    struct message message;
    const struct message_type *type = message_type_of(kind);
    memset(&message, 0, sizeof message);
    message.kind = (enum message_kind)kind;
    for (uint32_t i = 0; i < type->field_count; i++)
        fill_field(&message, &type->fields[i], fill, seed * 1000 + i);
    if (kind == MESSAGE_HELLO) /* of another version less is read */
        message.hello.protocol = PROTOCOL_VERSION;
    return message;
}

static void assert_same(const struct message *a, const struct message *b) {
    const struct message_type *type = message_type_of(a->kind);
    assert_int_equal(a->kind, b->kind);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct message_field *field = &type->fields[i];
        const char *left = (const char *)a + field->offset, *right = (const char *)b + field->offset;
        size_t bytes = field->type == FIELD_U32    ? sizeof(uint32_t)
                       : field->type == FIELD_TEXT ? strlen(left) + 1
                                                   : sizeof(uint64_t);
        assert_memory_equal(left, right, bytes);
    }
}

static void travel(const struct message *message, const void *body, size_t body_bytes) {
    unsigned char header[MESSAGE_HEADER_MAX];
    struct message arrived;
    struct status status;
    size_t bytes = message_encode(message, header, sizeof header);
    memset(&arrived, 0xEE, sizeof arrived);
    assert_in_range(bytes, 1, MESSAGE_HEADER_MAX);
    if (!message_decode(&arrived, header, bytes, body, body_bytes, &status))
        fail_msg("%s: %s", message_name(message->kind), status.text);
    assert_same(message, &arrived);
    assert_int_equal(arrived.body_bytes, body_bytes);
    assert_ptr_equal(arrived.body, body_bytes == 0 ? NULL : body);
}

static void every_message_travels_with_every_extreme(void **state) {
    static const char body[64];
    (void)state;
    for (uint64_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        struct message smallest = make(kind, FILL_SMALLEST, kind), largest = make(kind, FILL_LARGEST, kind);
        travel(&smallest, NULL, 0);
        travel(&largest, body, sizeof body);
        for (uint64_t seed = 0; seed < 50; seed++) {
            struct message random = make(kind, FILL_RANDOM, kind * 50 + seed);
            travel(&random, body, seed);
        }
    }
}

static bool decodes(const void *header, size_t bytes, struct status *status) {
    struct message message;
    return message_decode(&message, header, bytes, NULL, 0, status);
}

static void refused(const void *header, size_t bytes, const char *sentence) {
    struct status status = {STATUS_OK, ""};
    assert_false(decodes(header, bytes, &status));
    assert_int_equal(status.code, STATUS_PROTOCOL);
    if (strstr(status.text, sentence) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", status.text, sentence);
}

static void a_header_cut_short_or_too_long_is_refused(void **state) {
    (void)state;
    for (uint64_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        unsigned char header[MESSAGE_HEADER_MAX + 1] = {0};
        struct message message = make(kind, FILL_RANDOM, kind);
        size_t bytes = message_encode(&message, header, MESSAGE_HEADER_MAX);
        for (size_t cut = 0; cut < bytes; cut++)
            refused(header, cut, "flat MessagePack array");
        header[bytes] = 0;
        refused(header, bytes + 1, "flat MessagePack array");
    }
    static const unsigned char endless[MESSAGE_HEADER_MAX + 1] = {0x91, MESSAGE_READY};
    refused(endless, sizeof endless, "too long");
}

static void a_number_above_its_bound_is_refused(void **state) {
    (void)state;
    for (uint64_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        const struct message_type *type = message_type_of(kind);
        for (uint32_t i = 0; i < type->field_count; i++) {
            unsigned char header[MESSAGE_HEADER_MAX];
            const struct message_field *field = &type->fields[i];
            bool is_number = field->type == FIELD_U32 || field->type == FIELD_U64;
            if (!is_number || field->largest >= UINT32_MAX)
                continue;
            struct message message = make(kind, FILL_SMALLEST, kind);
            uint32_t more = (uint32_t)field->largest + 1;
            memcpy((char *)&message + field->offset, &more, sizeof more);
            refused(header, message_encode(&message, header, sizeof header), field->name);
        }
    }
}

static void other_shapes_are_refused(void **state) {
    (void)state;
    refused("", 0, "flat");
    refused("\x80", 1, "flat");
    refused("\xc0", 1, "flat");
    refused("\x90", 1, "array");
    refused("\x91\x00", 2, "names no message");
    refused("\x91\x7f", 2, "names no message");
    refused("\x91\xff", 2, "names no message");
    refused("\x91\xa1R", 3, "names no message");
    refused("\x92\x05\x00", 3, "READY has 0 fields, not 1");
    refused("\x91\x03", 2, "REFUSE has 2 fields, not 0");
    refused("\x92\x03\x00", 3, "REFUSE has 2 fields, not 1");
    refused("\x93\x01\x07\x01", 4, "HELLO has 12 fields, not 2");
    refused("\x94\x01\x07\x01\xa0", 5, "index is not an unsigned number");
    refused("\x93\x03\xff\xa0", 4, "code is not an unsigned number");
    refused("\x93\x03\xa0\xa0", 4, "code is not an unsigned number");
    refused("\x93\x03\x00\x00", 4, "reason is not text");
    refused("\x93\x03\x00\xa1\x00", 5, "zero byte");
    refused("\x93\x03\x00\x91\x00", 5, "flat");
    refused("\x93\x03\x00\x80", 4, "flat");
}

/* A HELLO as another version may say it: the fields that never change, then `more` of others. */
static size_t foreign_hello(unsigned char header[MESSAGE_HEADER_MAX], unsigned version, unsigned more) {
    size_t bytes = 0;
    if (more + HELLO_FIXED_FIELDS < 15) {
        header[bytes++] = (unsigned char)(0x90 + 1 + HELLO_FIXED_FIELDS + more);
    } else {
        header[bytes++] = 0xdc;
        header[bytes++] = 0;
        header[bytes++] = (unsigned char)(1 + HELLO_FIXED_FIELDS + more);
    }
    const unsigned char fixed[] = {MESSAGE_HELLO, (unsigned char)version, ROLE_WORKER, 9};
    memcpy(header + bytes, fixed, sizeof fixed);
    bytes += sizeof fixed;
    for (unsigned i = 0; i < more; i++) {
        header[bytes++] = 0xa1; /* texts where we have numbers */
        header[bytes++] = 'x';
    }
    return bytes;
}

static void the_hello_of_any_other_version_is_read_as_far_as_it_never_changes(void **state) {
    static const unsigned versions[] = {0, PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1, 127};
    unsigned char header[MESSAGE_HEADER_MAX];
    struct message message;
    struct status status;
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        for (unsigned more = 0; more < 100; more++) {
            memset(&message, 0xEE, sizeof message);
            size_t bytes = foreign_hello(header, versions[i], more);
            assert_true(message_decode(&message, header, bytes, NULL, 0, &status));
            assert_int_equal(message.kind, MESSAGE_HELLO);
            assert_int_equal(message.hello.protocol, versions[i]);
            assert_int_equal(message.hello.role, ROLE_WORKER);
            assert_int_equal(message.hello.index, 9);
            assert_string_equal(message.hello.host, "");
        }
    for (unsigned more = 0; more < 100; more++) { /* of our own, nothing but its own fields */
        size_t bytes = foreign_hello(header, PROTOCOL_VERSION, more);
        assert_false(message_decode(&message, header, bytes, NULL, 0, &status));
    }
}

static void the_refusal_of_another_version_is_read_whatever_follows(void **state) {
    static const unsigned char header[] = {0x95, MESSAGE_REFUSE, 76, 0xa2, 'n', 'o', 0xa1, 'x', 0x07};
    struct message message;
    struct status status;
    (void)state;
    assert_true(message_decode(&message, header, sizeof header, NULL, 0, &status));
    assert_int_equal(message.refuse.code, 76);
    assert_string_equal(message.refuse.reason, "no");
}

/* A few bytes that claim a great many items must not make the unpacker take memory for them. */
static void claims_of_huge_arrays_are_refused_unread(void **state) {
    (void)state;
    refused("\xdd\x7f\xff\xff\xff\x00", 6, "flat");
    refused("\xdc\xff\xff\x00", 4, "flat");
    refused("\x92\x05\xdd\x7f\xff\xff\xff", 7, "flat");
    refused("\x92\x05\xdf\x7f\xff\xff\xff", 7, "flat");
    refused("\x92\x05\xdb\xff\xff\xff\xff", 7, "flat");
    refused("\x92\x05\xc6\xff\xff\xff\xff", 7, "flat");
    refused("\x92\x05\xc9\xff\xff\xff\xff\x01", 8, "flat");
}

static void a_real_must_be_a_double(void **state) {
    unsigned char header[MESSAGE_HEADER_MAX];
    struct message message = make(MESSAGE_LANE_DONE, FILL_SMALLEST, 1);
    (void)state;
    size_t bytes = message_encode(&message, header, sizeof header);
    assert_int_equal(header[bytes - 9], 0xcb);
    header[bytes - 9] = 0xcf;
    refused(header, bytes, "squared is not a 64-bit float");
}

static void printing_is_cut_and_names_fields(void **state) {
    char line[200], small[12];
    struct message message = make(MESSAGE_GRANT, FILL_SMALLEST, 1);
    (void)state;
    message.grant.end_step = 77;
    message.body_bytes = 8;
    message_print(&message, line, sizeof line);
    assert_string_equal(line,
                        "GRANT serial=0 epoch=0 first_step=0 end_step=77 lanes=0 rates=0 home=0 body=8");
    message_print(&message, small, sizeof small);
    assert_string_equal(small, "GRANT seria");
    assert_string_equal(message_name((enum message_kind)4711), "unknown message");
    assert_null(message_type_of(MESSAGE_KINDS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_travels_with_every_extreme),
        cmocka_unit_test(a_header_cut_short_or_too_long_is_refused),
        cmocka_unit_test(a_number_above_its_bound_is_refused),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(the_hello_of_any_other_version_is_read_as_far_as_it_never_changes),
        cmocka_unit_test(the_refusal_of_another_version_is_read_whatever_follows),
        cmocka_unit_test(claims_of_huge_arrays_are_refused_unread),
        cmocka_unit_test(a_real_must_be_a_double),
        cmocka_unit_test(printing_is_cut_and_names_fields),
    };
    return cmocka_run_group_tests_name("unit/message", tests, NULL, NULL);
}
