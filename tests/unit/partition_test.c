/* Has every row of a table one shard and one place there, whichever way the table is cut, and do places give it back? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/memory.h"
#include "model/partition.h"

enum { ROWS = 23, RUNS = 7, SHARDS_MAX = 9 };

/* Runs of all sizes; in the first cut the first, the last and two in the middle are empty. */
static const uint32_t CUTS[][RUNS + 1] = {{0, 0, 5, 5, 5, 6, ROWS, ROWS}, {0, 3, 4, 9, 9, 15, 16, ROWS}};
enum { CUT_COUNT = 2 };

/* firsts: NULL for rows that are dealt like cards. */
static struct partition make(uint32_t shards, const uint32_t *firsts) {
    struct partition partition;
    struct status status;
    struct partition_spec spec = {ROWS, shards, firsts != NULL ? RUNS : 0, firsts};
    assert_true(partition_init(&partition, &spec, &status));
    return partition;
}

static uint32_t home(uint32_t row, uint32_t shards, const uint32_t *firsts) {
    uint32_t run = RUNS;
    if (firsts == NULL)
        return row % shards;
    while (firsts[--run] > row || firsts[run] == firsts[run + 1])
        ;
    return run % shards;
}

/* Walks through a shard's rows in three ways at once. */
static void check_shard(const struct partition *partition, uint32_t shard, const uint32_t *firsts) {
    uint32_t shards = partition->spec.shards, local = 0, next = partition_next(&partition->spec, 0, shard);
    for (uint32_t row = 0; row < ROWS; row++) {
        bool is_here = home(row, shards, firsts) == shard;
        assert_int_equal(partition_shard(&partition->spec, row) == shard, is_here);
        if (!is_here)
            continue;
        assert_int_equal(next, row);
        assert_int_equal(partition_local(partition, row), local);
        assert_int_equal(partition_row(partition, local, shard), row);
        next = partition_next(&partition->spec, row + 1, shard);
        local++;
    }
    assert_true(next >= ROWS);
    assert_int_equal(partition_rows(&partition->spec, shard), local);
}

static void every_row_has_one_place(void **state) {
    (void)state;
    for (int cut = 0; cut <= CUT_COUNT; cut++)
        for (uint32_t shards = 1; shards <= SHARDS_MAX; shards++) {
            const uint32_t *firsts = cut == CUT_COUNT ? NULL : CUTS[cut];
            struct partition partition = make(shards, firsts);
            for (uint32_t shard = 0; shard < shards; shard++)
                check_shard(&partition, shard, firsts);
            partition_free(&partition);
        }
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_run_lies_whole_and_in_one_piece(void **state) {
    (void)state;
    for (uint32_t shards = 1; shards <= SHARDS_MAX; shards++) {
        const uint32_t *firsts = CUTS[shards % CUT_COUNT];
        struct partition partition = make(shards, firsts);
        for (uint32_t run = 0; run < RUNS; run++)
            for (uint32_t row = firsts[run]; row < firsts[run + 1]; row++) {
                assert_int_equal(partition_shard(&partition.spec, row), run % shards);
                assert_int_equal(partition_local(&partition, row), partition.places[run] + row - firsts[run]);
            }
        partition_free(&partition);
    }
}

static void dealt_rows_are_one_piece_too(void **state) {
    (void)state;
    for (uint32_t shards = 1; shards <= SHARDS_MAX; shards++) {
        struct partition partition = make(shards, NULL);
        for (uint32_t first = 0; first <= ROWS; first++)
            for (uint32_t end = first; end <= ROWS; end++)
                for (uint32_t shard = 0; shard < shards; shard++) {
                    uint32_t count, place = partition_dealt(first, end, shard, shards, &count), seen = 0;
                    for (uint32_t row = first; row < end; row++)
                        if (row % shards == shard)
                            assert_int_equal(partition_local(&partition, row), place + seen++);
                    assert_int_equal(count, seen);
                }
        partition_free(&partition);
    }
}

static void a_table_without_rows_has_none_anywhere(void **state) {
    static const uint32_t NOTHING[] = {0, 0, 0};
    (void)state;
    for (uint32_t runs = 0; runs <= 2; runs++) {
        struct partition_spec spec = {0, 3, runs, NOTHING};
        for (uint32_t shard = 0; shard < 3; shard++) {
            assert_int_equal(partition_rows(&spec, shard), 0);
            assert_int_equal(partition_next(&spec, 0, shard), 0);
        }
    }
}

static void want_of_memory_is_said(void **state) {
    struct partition partition;
    struct status status;
    struct partition_spec spec = {ROWS, 2, RUNS, CUTS[0]};
    (void)state;
    memory_fail_after(1);
    assert_false(partition_init(&partition, &spec, &status));
    memory_fail_after(0);
    assert_int_equal(status.code, STATUS_NO_MEMORY);
    partition_free(&partition);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_one_place),
        cmocka_unit_test(a_run_lies_whole_and_in_one_piece),
        cmocka_unit_test(dealt_rows_are_one_piece_too),
        cmocka_unit_test(a_table_without_rows_has_none_anywhere),
        cmocka_unit_test(want_of_memory_is_said),
    };
    return cmocka_run_group_tests_name("unit/partition", tests, NULL, NULL);
}
