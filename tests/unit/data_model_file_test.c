/* A model that was written is the model that is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/memory.h"
#include "data/generate.h"
#include "data/model_file.h"
#include "tests/scratch.h"

enum { USERS = 20, MOVIES = 30, FACTORS = 5 };

static struct scratch scratch;
static struct packed_set set;

static const struct model_spec SPEC = {.factors = FACTORS,
                                       .has_bias = true,
                                       .has_range = true,
                                       .range_low = 0.1f,
                                       .range_high = 5.1f,
                                       .mean = 3.3f,
                                       .init = INIT_POSITIVE,
                                       .init_scale = 0.05f,
                                       .seed = UINT64_MAX - 1};

static float value_of(enum table_id table, uint32_t row, uint32_t column) {
    return (float)table * 1000.0f + (float)row + (float)column / 7.0f;
}

/* Writes the rows [first, first + count) of a table; the padding holds something that must not be stored. */
static bool write_rows(struct model_writer *writer, enum table_id table, uint32_t first, uint32_t count,
                       struct status *status) {
    float rows[MOVIES * 8];
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t column = 0; column < row_stride(FACTORS); column++)
            rows[i * row_stride(FACTORS) + column] =
                column <= FACTORS ? value_of(table, first + i, column) : -1.0f;
    return model_writer_rows(writer, table, first, count, rows, status);
}

static void a_model_reads_back(void **state) {
    (void)state;
    struct status status = {0};
    struct model_file model;
    char path[400];
    strcpy(path, scratch_path(&scratch, "model.dotbias"));
    struct model_writer *writer = model_writer_begin(path, &SPEC, &set, &status);
    assert_non_null(writer);
    assert_true(write_rows(writer, TABLE_USERS, 0, 7, &status));
    assert_true(write_rows(writer, TABLE_USERS, 7, set.users - 7, &status));
    assert_true(write_rows(writer, TABLE_MOVIES, 0, set.movies, &status));
    assert_true(model_writer_commit(writer, UINT64_C(0xfedcba9876543210), 6, &status));
    assert_true(model_file_open(&model, path, &status));
    assert_int_equal(model.spec.factors, SPEC.factors);
    assert_true(model.spec.has_bias && model.spec.has_range && model.spec.init == SPEC.init);
    assert_true(model.spec.range_low == SPEC.range_low && model.spec.range_high == SPEC.range_high);
    assert_true(model.spec.mean == SPEC.mean && model.spec.init_scale == SPEC.init_scale);
    assert_true(model.spec.seed == SPEC.seed);
    assert_int_equal(model.users, set.users);
    assert_int_equal(model.movies, set.movies);
    assert_int_equal(model.digest, UINT64_C(0xfedcba9876543210));
    assert_int_equal(model.epochs, 6);
    for (uint32_t row = 0; row < model.movies; row++)
        for (uint32_t column = 0; column <= FACTORS; column++)
            assert_true(model.movie_rows[row * (FACTORS + 1) + column] ==
                        value_of(TABLE_MOVIES, row, column));
    assert_true(model.user_rows[8 * (FACTORS + 1) + 2] == value_of(TABLE_USERS, 8, 2));
    assert_memory_equal(model.user_counts, set.user_counts, set.users * sizeof(uint32_t));
    size_t length, expected;
    const char *title = string_table_get(&model.movie_titles, 3, &length);
    assert_memory_equal(title, string_table_get(&set.movie_titles, 3, &expected), length);
    assert_int_equal(length, expected);
    model_file_close(&model);
}

static void a_model_that_is_not_finite_is_refused(void **state) {
    (void)state;
    struct status status = {0};
    struct model_file model;
    float row[8] = {0, 0, __builtin_nanf("")}, zeros[MOVIES * 8] = {0};
    char path[400];
    strcpy(path, scratch_path(&scratch, "nan.dotbias"));
    struct model_writer *writer = model_writer_begin(path, &SPEC, &set, &status);
    assert_true(model_writer_rows(writer, TABLE_USERS, 0, 1, row, &status));
    assert_true(model_writer_rows(writer, TABLE_USERS, 1, set.users - 1, zeros, &status));
    assert_true(model_writer_rows(writer, TABLE_MOVIES, 0, set.movies, zeros, &status));
    assert_true(model_writer_commit(writer, 1, 1, &status));
    assert_false(model_file_open(&model, path, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_null(model.file);
}

static void a_set_is_no_model(void **state) {
    (void)state;
    struct status status = {0};
    struct model_file model;
    assert_false(model_file_open(&model, scratch_path(&scratch, "made/ratings.dotbias"), &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    struct model_writer *writer =
        model_writer_begin(scratch_path(&scratch, "half.dotbias"), &SPEC, &set, &status);
    assert_true(write_rows(writer, TABLE_USERS, 0, 3, &status));
    model_writer_abandon(writer);
    assert_int_equal(access(scratch_path(&scratch, "half.dotbias"), F_OK), -1);
}

static int make_set(void **state) {
    (void)state;
    char made[128];
    struct status status = {0};
    struct generate_summary summary;
    scratch_make(&scratch);
    snprintf(made, sizeof made, "%s/made", scratch.folder);
    struct generate_spec spec = {made, false, 300, USERS, MOVIES, 2, 0.5, 1, 0.2, 1};
    return !generate_ratings(&spec, &summary, &status) || !packed_set_open(&set, made, &status);
}

static int remove_set(void **state) {
    (void)state;
    packed_set_close(&set);
    scratch_remove(scratch.folder);
    return memory_blocks_held() != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_reads_back),
        cmocka_unit_test(a_model_that_is_not_finite_is_refused),
        cmocka_unit_test(a_set_is_no_model),
    };
    return cmocka_run_group_tests_name("data_model_file", tests, make_set, remove_set);
}
