/* Replays the corpora of the data room without a fuzzer, and mutations of them from a fixed seed: no byte may
 * hurt a reader. Run it under a sanitizer to see more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FUZZ_REPLAY
#include "core/memory.h"
#include "core/rng.h"
#include "tests/fuzz/container_fuzz.c"
#include "tests/fuzz/ratings_fuzz.c"
#include "tests/scratch.h"

enum { MUTATIONS = 400 };

static void mutate(uint8_t *bytes, size_t length, uint64_t seed) {
    uint64_t changes = 1 + rng_bits(seed, 0, 0) % 4;
    for (uint64_t i = 1; i <= changes && length > 0; i++) {
        uint64_t bits = rng_bits(seed, 1, i);
        bytes[bits % length] =
            i % 2 == 0 ? (uint8_t)(bits >> 32) : bytes[bits % length] ^ (uint8_t)(1 << (bits >> 40) % 8);
    }
}

static void replay(const char *path, int (*target)(const uint8_t *, size_t)) {
    size_t length;
    uint8_t *bytes = scratch_read(path, &length);
    uint8_t *changed = malloc(length + 1);
    target(bytes, length);
    for (uint64_t seed = 0; seed < MUTATIONS; seed++) {
        memcpy(changed, bytes, length);
        mutate(changed, length, seed);
        target(changed, seed % 4 == 0 ? rng_bits(seed, 2, 0) % (length + 1) : length);
    }
    free(bytes);
    free(changed);
    assert_int_equal(memory_blocks_held(), 0);
}

static void replay_folder(const char *folder, int (*target)(const uint8_t *, size_t)) {
    char path[400];
    int files = 0;
    DIR *corpus = opendir(folder);
    assert_non_null(corpus);
    for (struct dirent *entry; (entry = readdir(corpus)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%.200s/%.150s", folder, entry->d_name);
        replay(path, target);
        files++;
    }
    closedir(corpus);
    assert_true(files > 0);
}

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
    set_hashes(bytes, length);
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
