/* Gives a fuzzer's target every file of a corpus, and mutations of it from a fixed seed. Failures stop the test. */
#ifndef TESTS_FUZZ_REPLAY_H
#define TESTS_FUZZ_REPLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/memory.h"
#include "core/rng.h"
#include "tests/scratch.h"

enum { REPLAY_MUTATIONS = 400 };

static inline void replay_mutate(uint8_t *bytes, size_t length, uint64_t seed) {
    uint64_t changes = 1 + rng_bits(seed, 0, 0) % 4;
    for (uint64_t i = 1; i <= changes && length > 0; i++) {
        uint64_t bits = rng_bits(seed, 1, i);
        bytes[bits % length] =
            i % 2 == 0 ? (uint8_t)(bits >> 32) : bytes[bits % length] ^ (uint8_t)(1 << (bits >> 40) % 8);
    }
}

static inline void replay_file(const char *path, int (*target)(const uint8_t *, size_t)) {
    size_t length;
    uint8_t *bytes = scratch_read(path, &length);
    uint8_t *changed = malloc(length + 1);
    target(bytes, length);
    for (uint64_t seed = 0; seed < REPLAY_MUTATIONS; seed++) {
        memcpy(changed, bytes, length);
        replay_mutate(changed, length, seed);
        target(changed, seed % 4 == 0 ? rng_bits(seed, 2, 0) % (length + 1) : length);
    }
    free(bytes);
    free(changed);
    assert_int_equal(memory_blocks_held(), 0);
}

static inline void replay_folder(const char *folder, int (*target)(const uint8_t *, size_t)) {
    char path[400];
    int files = 0;
    DIR *corpus = opendir(folder);
    assert_non_null(corpus);
    for (struct dirent *entry; (entry = readdir(corpus)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%.200s/%.150s", folder, entry->d_name);
        replay_file(path, target);
        files++;
    }
    closedir(corpus);
    assert_true(files > 0);
}

#endif
