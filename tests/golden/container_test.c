/* The bytes of a container stay the same, and bytes that are not a container are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/container.h"
#include "tests/scratch.h"

static struct scratch scratch;

static const char HELLO[] = "hello, rows";
static const uint32_t NUMBERS[] = {1, 2, 3, 0xdeadbeef};

static void write_small(const char *path) {
    struct status status = {0};
    struct container_writer *writer = container_create(path, CONTAINER_RATINGS, &status);
    assert_non_null(writer);
    assert_true(container_section(writer, "meta", &status));
    assert_true(container_write(writer, HELLO, 5, &status));
    assert_true(container_write(writer, HELLO + 5, sizeof HELLO - 1 - 5, &status));
    assert_true(container_section(writer, "nothing", &status));
    assert_true(container_section(writer, "train", &status));
    assert_true(container_write(writer, NUMBERS, sizeof NUMBERS, &status));
    assert_true(container_commit(writer, &status));
}

static struct container *open_bytes(const unsigned char *bytes, size_t length, struct status *status) {
    *status = (struct status){0};
    return container_open(scratch_write(&scratch, "changed.dotbias", bytes, length), CONTAINER_RATINGS,
                          status);
}

static void the_bytes_are_the_fixture(void **state) {
    (void)state;
    size_t length, expected_length;
    write_small(scratch_path(&scratch, "small.dotbias"));
    unsigned char *bytes = scratch_read(scratch_path(&scratch, "small.dotbias"), &length);
    unsigned char *expected = scratch_read(TESTS_DIR "/golden/container_small.bin", &expected_length);
    assert_int_equal(length, expected_length);
    assert_memory_equal(bytes, expected, length);
    free(bytes);
    free(expected);
}

static void the_fixture_reads_back(void **state) {
    (void)state;
    struct status status = {0};
    size_t length;
    struct container *file =
        container_open(TESTS_DIR "/golden/container_small.bin", CONTAINER_RATINGS, &status);
    assert_non_null(file);
    const void *meta = container_find(file, "meta", &length, &status);
    assert_int_equal(length, sizeof HELLO - 1);
    assert_memory_equal(meta, HELLO, length);
    assert_non_null(container_find(file, "nothing", &length, &status));
    assert_int_equal(length, 0);
    const void *train = container_find(file, "train", &length, &status);
    assert_int_equal(length, sizeof NUMBERS);
    assert_memory_equal(train, NUMBERS, length);
    assert_int_equal((uintptr_t)train % 64, 0);
    assert_null(container_find(file, "absent", &length, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    container_close(file);
}

static void every_flipped_bit_is_refused(void **state) {
    (void)state;
    size_t length;
    struct status status;
    unsigned char *bytes = scratch_read(TESTS_DIR "/golden/container_small.bin", &length);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        bool in_version = bit / 8 >= 8 && bit / 8 < 12;
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_null(open_bytes(bytes, length, &status));
        assert_int_equal(status.code, in_version ? STATUS_PROTOCOL : STATUS_BAD_DATA);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    struct container *whole = open_bytes(bytes, length, &status);
    assert_non_null(whole);
    container_close(whole);
    free(bytes);
}

static void every_other_length_is_refused(void **state) {
    (void)state;
    size_t length;
    struct status status;
    unsigned char *bytes = scratch_read(TESTS_DIR "/golden/container_small.bin", &length);
    for (size_t cut = 0; cut < length; cut++) {
        assert_null(open_bytes(bytes, cut, &status));
        assert_int_equal(status.code, STATUS_BAD_DATA);
    }
    bytes[length] = 0;
    assert_null(open_bytes(bytes, length + 1, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    free(bytes);
}

static void another_kind_and_a_missing_file_are_refused(void **state) {
    (void)state;
    struct status status = {0};
    assert_null(container_open(TESTS_DIR "/golden/container_small.bin", CONTAINER_MODEL, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(status.text, "a packed ratings set, where a model is needed"));
    assert_null(container_open(scratch_path(&scratch, "absent"), CONTAINER_MODEL, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    assert_null(container_open(scratch.folder, CONTAINER_MODEL, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
}

static void an_abandoned_file_leaves_nothing(void **state) {
    (void)state;
    struct status status = {0};
    mkdir(scratch_path(&scratch, "empty"), 0777);
    struct container_writer *writer =
        container_create(scratch_path(&scratch, "empty/a.dotbias"), CONTAINER_MODEL, &status);
    assert_non_null(writer);
    assert_true(container_section(writer, "meta", &status));
    container_abandon(writer);
    assert_int_equal(scratch_entries(&scratch, "empty"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_the_fixture),
        cmocka_unit_test(the_fixture_reads_back),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(another_kind_and_a_missing_file_are_refused),
        cmocka_unit_test(an_abandoned_file_leaves_nothing),
    };
    scratch_make(&scratch);
    int failed = cmocka_run_group_tests_name("container", tests, NULL, NULL);
    scratch_remove(scratch.folder);
    return failed;
}
