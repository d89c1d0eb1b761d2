/* The bytes of a small set of blocks stay the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/blocks.h"
#include "data/import.h"
#include "tests/scratch.h"

static const char RATINGS[] = "user,item,rating\n1,10,3.5\n1,11,4\n2,10,1\n3,12,0.5\n2,12,5\n4,13,2.25\n"
                              "1,13,3\n5,10,4\n4,10,4\n3,11,1\n";

static void the_bytes_are_the_fixture(void **state) {
    (void)state;
    char folder[128], path[400];
    size_t length, expected_length;
    struct scratch scratch;
    struct import_summary summary;
    struct packed_set set;
    struct status status = {0};
    scratch_make(&scratch);
    snprintf(folder, sizeof folder, "%s/set", scratch.folder);
    strcpy(path, scratch_text(&scratch, "small.csv", RATINGS));
    struct import_spec spec = {.ratings = path, .folder = folder, .split = {.method = SPLIT_BY_HASH}};
    assert_true(import_ratings(&spec, &summary, &status));
    assert_true(packed_set_open(&set, folder, &status));
    assert_true(blocks_build(&set, folder, (struct blocks_shape){2, 2}, 1000, &status));
    packed_set_close(&set);
    unsigned char *bytes = scratch_read(scratch_path(&scratch, "set/" BLOCKS_FILE), &length);
    unsigned char *expected = scratch_read(TESTS_DIR "/golden/blocks_small.bin", &expected_length);
    assert_int_equal(length, expected_length);
    assert_memory_equal(bytes, expected, length);
    free(bytes);
    free(expected);
    scratch_remove(scratch.folder);
}

/* Users 1 and 2 have five of the ten ratings and are part 0; movie 10 has four and is stratum 0. */
static void the_bytes_mean_what_they_should(void **state) {
    (void)state;
    struct blocks blocks;
    struct status status = {0};
    struct packed_set set = {.users = 5, .movies = 4, .train_count = 10, .is_in_blocks = true};
    struct container *file = container_open(TESTS_DIR "/golden/blocks_small.bin", CONTAINER_BLOCKS, &status);
    assert_non_null(file);
    set.blocks_hash = container_hash(file, "blocks");
    container_close(file);
    assert_true(blocks_open(&blocks, TESTS_DIR "/golden/blocks_small.bin", &set, &status));
    assert_int_equal(blocks.value_count, 7);
    assert_true(blocks.values[0] == 0.5f && blocks.values[6] == 5.0f);
    assert_int_equal(blocks.part_starts[1], 2);
    assert_int_equal(blocks.stratum_starts[1], 1);
    assert_int_equal(blocks.user_rows[0], 0);
    assert_int_equal(blocks.movie_rows[0], 0);
    struct block first = blocks_at(&blocks, 0, 0);
    assert_int_equal(first.users[0], 0);
    assert_int_equal(first.movies[0], 0);
    assert_true(blocks.values[first.codes[0]] == 3.5f);
    blocks_close(&blocks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_the_fixture),
        cmocka_unit_test(the_bytes_mean_what_they_should),
    };
    return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
