/* Replays the corpora of the data room without a fuzzer, and mutations of them from a fixed seed: no byte may
 * hurt a reader. Run it under a sanitizer to see more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FUZZ_REPLAY
#include "tests/fuzz/container_fuzz.c"
#include "tests/fuzz/ratings_fuzz.c"
#include "tests/fuzz/replay.h"
#include "tests/scratch.h"

static void ratings_files_do_no_harm(void **state) {
    (void)state;
    replay_folder(TESTS_DIR "/fuzz/corpus/ratings", ratings_fuzz);
}

static void containers_do_no_harm(void **state) {
    (void)state;
    replay_folder(TESTS_DIR "/fuzz/corpus/container", container_fuzz);
}

/* The mutations would be idle if the checksums hid everything from them. */
static void the_checksums_are_set_right(void **state) {
    (void)state;
    size_t length;
    struct status status = {0};
    struct scratch scratch;
    uint8_t *bytes = scratch_read(TESTS_DIR "/golden/container_small.bin", &length);
    memset(bytes + 64, 'x', 5);
    checksums_set(bytes, length);
    scratch_make(&scratch);
    struct container *file =
        container_open(scratch_write(&scratch, "set", bytes, length), CONTAINER_RATINGS, &status);
    assert_non_null(file);
    container_close(file);
    scratch_remove(scratch.folder);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratings_files_do_no_harm),
        cmocka_unit_test(containers_do_no_harm),
        cmocka_unit_test(the_checksums_are_set_right),
    };
    return cmocka_run_group_tests_name("data_replay", tests, NULL, NULL);
}
