/* What memory_take gives is zero, whatever lay there before, also where it is only touched later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/memory.h"

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

static void small_blocks_are_zero(void **state) {
    (void)state;
    for (size_t bytes = 1; bytes < 100000; bytes = bytes * 3 + 1)
        is_zero(bytes);
}

static void large_blocks_are_zero(void **state) {
    (void)state;
    is_zero((size_t)32 << 20);
    is_zero(((size_t)40 << 20) + 4097);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_blocks_are_zero),
        cmocka_unit_test(large_blocks_are_zero),
    };
    return cmocka_run_group_tests_name("unit/memory", tests, NULL, NULL);
}
