/* core/memory.h: blocks that come and go by the thousand do not cost fresh pages each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/memory.h"

enum { BLOCKS = 8, BLOCK_BYTES = 1 << 20, FIRST_ROUNDS = 12, ROUNDS = 20 };

static long faults(void) {
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_minflt;
}

/* Bodies that are in flight together and end together. */
static void take_and_release(void) {
    struct status status;
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = memory_take(BLOCK_BYTES, "a body", &status);
        assert_non_null(blocks[i]);
    }
    for (int i = 0; i < BLOCKS; i++)
        memory_release(blocks[i]);
}

static void large_blocks_come_again_without_fresh_pages(void **state) {
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* the sanitizer's allocator has its own mind */
#endif
    long pages_a_round = (long)BLOCKS * BLOCK_BYTES / sysconf(_SC_PAGESIZE);
    memory_keep_idle(64 << 20);
    for (int round = 0; round < FIRST_ROUNDS; round++)
        take_and_release();
    long before = faults();
    for (int round = 0; round < ROUNDS; round++)
        take_and_release();
    assert_true(faults() - before < pages_a_round);
}

static void blocks_are_zeroed_whatever_was_kept(void **state) {
    struct status status;
    (void)state;
    char *block = memory_take(BLOCK_BYTES, "a body", &status);
    assert_non_null(block);
    memset(block, 1, BLOCK_BYTES);
    memory_release(block);
    block = memory_take(BLOCK_BYTES, "a body", &status);
    assert_non_null(block);
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        assert_int_equal(block[i], 0);
    memory_release(block);
}

static void is_zero(size_t bytes) {
    struct status status;
    for (int round = 0; round < 2; round++) {
        unsigned char *block = memory_take(bytes, "a test", &status);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % MEMORY_ALIGNMENT, 0);
        assert_int_equal(block[0], 0);
        assert_memory_equal(block, block + 1, bytes - 1);
        memset(block, 0xa5, bytes);
        memory_release(block);
    }
}

/* The largest are cleared by the pages that are touched. */
static void blocks_of_every_size_are_zero(void **state) {
    (void)state;
    for (size_t bytes = 1; bytes < 100000; bytes = bytes * 3 + 1)
        is_zero(bytes);
    is_zero((size_t)32 << 20);
    is_zero(((size_t)40 << 20) + 4097);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_every_size_are_zero),
        cmocka_unit_test(large_blocks_come_again_without_fresh_pages),
        cmocka_unit_test(blocks_are_zeroed_whatever_was_kept),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
