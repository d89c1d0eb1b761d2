/* Is a shard the model's rules applied to its rows, and nothing else? Against whole tables kept row by row with the
 * optimiser directly, for every rule and several numbers of shards: the same bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "tests/unit/shard_bench.h"

static void compare(struct shard *shard, struct tables *tables, uint32_t index, uint32_t shards) {
    struct status status;
    for (uint32_t row = 0; row < ROWS; row++) {
        uint32_t number = bench_number(row), entry;
        bool is_user = bench_table(row) == TABLE_USERS;
        float values[STRIDE];
        bool found = shard_find(shard, &number, is_user, !is_user, false, &entry, &status);
        assert_int_equal(found, number % shards == index);
        if (!found)
            continue;
        shard_read(shard, &entry, 1, values);
        assert_memory_equal(values, tables->values[row], sizeof values);
    }
}

static uint64_t run_shards(const struct optimiser_spec *spec, struct tables *tables, uint32_t shards) {
    uint64_t digest = 0;
    for (uint32_t index = 0; index < shards; index++) {
        struct shard *shard = bench_shard(spec, index, shards);
        for (uint64_t step = 0; step < STEPS; step++)
            bench_shard_step(shard, step, index, shards);
        assert_int_equal(shard_step(shard), STEPS);
        shard_settle(shard);
        compare(shard, tables, index, shards);
        digest += shard_digest(shard);
        shard_free(shard);
    }
    return digest;
}

static void rows_are_the_same_on_any_number_of_shards(void **state) {
    static struct tables tables;
    (void)state;
    for (int kind = OPTIMISER_SGD; kind <= OPTIMISER_ADAGRAD_ROW; kind++)
        for (int decay = DECAY_DENSE; decay <= DECAY_TOUCHED; decay++) {
            struct optimiser_spec spec = {.kind = (enum optimiser_kind)kind,
                                          .beta1 = 0.9,
                                          .beta2 = 0.99,
                                          .epsilon = 1e-8,
                                          .weight_decay = 0.01,
                                          .decay = (enum decay_kind)decay};
            tables_open(&tables, &spec);
            for (uint64_t step = 0; step < STEPS; step++)
                tables_step(&tables, step);
            for (uint32_t row = 0; row < ROWS; row++)
                optimiser_catch_up(tables.optimiser, tables_state(&tables, row), STEPS);
            uint64_t whole = run_shards(&spec, &tables, 1);
            assert_true(run_shards(&spec, &tables, 2) == whole);
            assert_true(run_shards(&spec, &tables, 5) == whole);
            assert_true(run_shards(&spec, &tables, SHARDS_MAX) == whole);
            optimiser_free(tables.optimiser);
        }
    assert_int_equal(memory_blocks_held(), 0);
}

static const struct optimiser_spec SGD = {.kind = OPTIMISER_SGD, .decay = DECAY_TOUCHED};

static void rows_of_others_and_rows_named_twice_are_refused(void **state) {
    struct shard *shard = bench_shard(&SGD, 1, 3);
    struct status status;
    uint32_t entries[4];
    (void)state;
    const uint32_t good[] = {1, 10, 1, 4}, foreign[] = {1, 2, 1, 4}, beyond[] = {1, 13, 1, 4};
    const uint32_t twice[] = {1, 1, 1, 4}, last[] = {1, 4, 1, UINT32_MAX};
    assert_true(shard_find(shard, good, 2, 2, true, entries, &status));
    assert_true(shard_find(shard, good, 2, 2, true, entries, &status));
    assert_false(shard_find(shard, foreign, 2, 2, true, entries, &status));
    assert_non_null(strstr(status.text, "user row 2 is not on shard 1"));
    assert_false(shard_find(shard, beyond, 2, 2, false, entries, &status));
    assert_false(shard_find(shard, twice, 2, 2, true, entries, &status));
    assert_non_null(strstr(status.text, "user row 1 is named twice"));
    assert_true(shard_find(shard, twice, 2, 2, false, entries, &status));
    assert_false(shard_find(shard, last, 2, 2, false, entries, &status));
    assert_int_equal(status.code, STATUS_PROTOCOL);
    assert_true(shard_find(shard, NULL, 0, 0, true, entries, &status));
    shard_free(shard);
}

static void what_is_not_finite_is_found_and_named(void **state) {
    static float rows[20][STRIDE];
    struct shard *shard = bench_shard(&SGD, 1, 2);
    char name[64];
    (void)state;
    assert_int_equal(shard_first_bad(shard, &rows[0][0], 20), 20);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (uint32_t i = 0; i < 60; i++) {
        float *at = &rows[i % 20][i % (FACTORS + 1)];
        *at = bad[i % 3];
        assert_int_equal(shard_first_bad(shard, &rows[0][0], 20), i % 20);
        *at = 3.0e38f;
    }
    assert_int_equal(shard_first_bad(shard, &rows[0][0], 0), 0);
    assert_int_equal(shard_first_bad_entry(shard),
                     shard_rows(shard, TABLE_USERS) + shard_rows(shard, TABLE_MOVIES));
    shard_name_entry(shard, 2, name, sizeof name);
    assert_string_equal(name, "user row 5");
    shard_name_entry(shard, shard_rows(shard, TABLE_USERS), name, sizeof name);
    assert_string_equal(name, "movie row 1");
    shard_free(shard);
}

static void too_many_rows_are_a_status(void **state) {
    struct status status = {STATUS_OK, ""};
    struct shard_spec spec = bench_shard_spec(&SGD, 0, 1);
    spec.lanes = 1;
    spec.lane_rows = 2;
    spec.users = spec.movies = UINT32_MAX;
    (void)state;
    assert_null(shard_new(&spec, &status));
    assert_int_equal(status.code, STATUS_CONFIG);
    spec.users = spec.movies = 5;
    for (size_t nth = 1; nth < 30; nth++) {
        status.code = STATUS_OK;
        memory_fail_after(nth);
        struct shard *shard = shard_new(&spec, &status);
        memory_fail_after(0);
        assert_int_equal(shard == NULL, status.code == STATUS_NO_MEMORY);
        shard_free(shard);
        assert_int_equal(memory_blocks_held(), 0);
    }
}

static void names_of_other_shards_are_not_found(void **state) {
    struct shard *shard = bench_shard(&SGD, 1, 3);
    uint32_t entry;
    (void)state;
    assert_true(shard_entry(shard, 10, &entry) && entry == 3);
    assert_true(shard_entry(shard, UINT64_C(1) << 32 | 1, &entry) && entry == 4);
    assert_false(shard_entry(shard, 2, &entry));
    assert_false(shard_entry(shard, 13, &entry));
    assert_false(shard_entry(shard, UINT64_C(2) << 32 | 1, &entry));
    assert_false(shard_entry(shard, UINT64_MAX, &entry));
    shard_free(shard);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_same_on_any_number_of_shards),
        cmocka_unit_test(names_of_other_shards_are_not_found),
        cmocka_unit_test(rows_of_others_and_rows_named_twice_are_refused),
        cmocka_unit_test(what_is_not_finite_is_found_and_named),
        cmocka_unit_test(too_many_rows_are_a_status),
    };
    return cmocka_run_group_tests_name("unit/shard", tests, NULL, NULL);
}
