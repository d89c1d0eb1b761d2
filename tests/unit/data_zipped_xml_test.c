/* A zip of XML files is accepted whole, and whatever is missing of it is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "core/memory.h"
#include "data/zipped_xml.h"

enum { STORED = 0, DEFLATED = 8, ENTRY_BYTES = 46, LOCAL_BYTES = 30, END_BYTES = 22 };

/* A zip with one file a.xml. */
struct zip {
    uint8_t bytes[4096];
    size_t directory, length;
};

static void put(uint8_t *at, uint64_t value, size_t bytes) {
    memcpy(at, &value, bytes);
}

static uint32_t pack(uint8_t *out, const char *text, uint32_t method) {
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)text, .avail_in = (unsigned)strlen(text)};
    if (method == STORED) {
        memcpy(out, text, strlen(text));
        return (uint32_t)strlen(text);
    }
    stream.next_out = out;
    stream.avail_out = 2048;
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return (uint32_t)stream.total_out;
}

static struct zip zip_of(const char *text, uint32_t method) {
    static const char NAME[] = "a.xml";
    struct zip zip = {.length = 0};
    uint8_t *local = zip.bytes;
    put(local, 0x04034b50, 4);
    put(local + 26, 5, 2);
    memcpy(local + LOCAL_BYTES, NAME, 5);
    uint32_t packed = pack(local + LOCAL_BYTES + 5, text, method);
    zip.directory = LOCAL_BYTES + 5 + packed;
    uint8_t *entry = zip.bytes + zip.directory, *end = entry + ENTRY_BYTES + 5;
    put(entry, 0x02014b50, 4);
    put(entry + 10, method, 2);
    put(entry + 20, packed, 4);
    put(entry + 24, strlen(text), 4);
    put(entry + 28, 5, 2);
    memcpy(entry + ENTRY_BYTES, NAME, 5);
    put(end, 0x06054b50, 4);
    put(end + 10, 1, 2);
    put(end + 16, zip.directory, 4);
    zip.length = (size_t)(end - zip.bytes) + END_BYTES;
    return zip;
}

static bool is_accepted(const struct zip *zip) {
    struct status status = {0};
    bool accepted = zipped_xml_check(zip->bytes, zip->length, &status);
    assert_true(accepted || (status.code == STATUS_IO && status.text[0] != '\0'));
    assert_int_equal(memory_blocks_held(), 0);
    return accepted;
}

static bool is_whole(const char *text) {
    struct zip stored = zip_of(text, STORED), deflated = zip_of(text, DEFLATED);
    bool accepted = is_accepted(&stored);
    assert_int_equal(is_accepted(&deflated), accepted);
    return accepted;
}

static void whole_documents_are_accepted(void **state) {
    (void)state;
    assert_true(is_whole("<?xml version=\"1.0\"?>\n<a><b c=\"d\"/></a>"));
    assert_true(is_whole("<?xml version=\"1.0\"?><a x=\"1\">text</a>\n"));
    assert_true(is_whole("<?xml version=\"1.0\"?><a x=\"1\"/>"));
}

static void a_document_that_ends_early_is_found_wherever_it_ends(void **state) {
    static const char TEXT[] = "<?xml version=\"1.0\"?>\n<sheet><c a=\"1\"/><c><v>2</v></c></sheet>";
    char text[sizeof TEXT];
    (void)state;
    for (size_t length = 0; length < sizeof TEXT - 1; length++) {
        snprintf(text, length + 1, "%s", TEXT);
        assert_false(is_whole(text));
    }
    assert_false(is_whole("<?xml version=\"1.0\"?><sheet></sheets>"));
    assert_false(is_whole("<?xml version=\"1.0\"?><sheet></heet>"));
}

static void a_zip_that_ends_early_or_lies_is_refused(void **state) {
    struct zip zip = zip_of("<?xml version=\"1.0\"?><a>some text, some text, some text</a>", DEFLATED);
    size_t length = zip.length;
    (void)state;
    for (zip.length = 0; zip.length < length; zip.length++)
        assert_false(is_accepted(&zip));
    assert_true(is_accepted(&zip));
    /* Every number of the directory, far too large, and the sizes off by one. */
    static const struct {
        size_t at, bytes;
    } NUMBERS[] = {{0, 4}, {10, 2}, {20, 4}, {28, 2}, {30, 2}, {32, 2}, {42, 4}};
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        struct zip liar = zip;
        memset(liar.bytes + zip.directory + NUMBERS[i].at, 0xff, NUMBERS[i].bytes);
        assert_false(is_accepted(&liar));
    }
    for (size_t at = 20; at <= 24; at += 4) {
        struct zip liar = zip;
        liar.bytes[zip.directory + at]--;
        assert_false(is_accepted(&liar));
    }
    struct zip twice = zip;
    twice.bytes[zip.length - END_BYTES + 10] = 2;
    assert_false(is_accepted(&twice));
}

static void memory_that_is_refused_is_a_status(void **state) {
    struct zip zip = zip_of("<?xml version=\"1.0\"?><a/>", STORED);
    struct status status;
    (void)state;
    memory_fail_after(1);
    assert_false(zipped_xml_check(zip.bytes, zip.length, &status));
    memory_fail_after(0);
    assert_int_equal(status.code, STATUS_NO_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_documents_are_accepted),
        cmocka_unit_test(a_document_that_ends_early_is_found_wherever_it_ends),
        cmocka_unit_test(a_zip_that_ends_early_or_lies_is_refused),
        cmocka_unit_test(memory_that_is_refused_is_a_status),
    };
    return cmocka_run_group_tests_name("data/zipped_xml", tests, NULL, NULL);
}
