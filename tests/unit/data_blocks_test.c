/* Blocks hold a set's training ratings, each once and where the maps say, whatever the shape, the order of
 * the file and the memory; what does not fit is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/memory.h"
#include "core/rng.h"
#include "data/blocks.h"
#include "data/generate.h"
#include "data/import.h"
#include "tests/scratch.h"

static struct scratch scratch;
static char folder[128];

/* A set of `users` x `movies`, some of it rated, in an order that is nobody's. */
static void import_shuffled(uint64_t seed, uint32_t users, uint32_t movies, uint32_t values,
                            struct packed_set *set) {
    char *text = malloc((size_t)users * movies * 40 + 64), path[400];
    size_t length = (size_t)sprintf(text, "user,item,rating\n");
    uint32_t cells = users * movies;
    struct status status = {0};
    struct import_summary summary;
    for (uint32_t i = 0; i < cells; i++) {
        /* 7919 is a prime that no number of cells here has, so that this visits every cell. */
        uint32_t cell = (uint32_t)(((uint64_t)i * 7919 + seed) % cells);
        uint64_t bits = rng_bits(seed, 1, cell);
        if (bits % 3 != 0)
            length += (size_t)sprintf(text + length, "%u,m%u,%g\n", cell / movies, cell % movies,
                                      (double)(bits >> 8) / 0x1.0p56 < 0.5 ? 0 : (bits >> 8) % values / 4.0);
    }
    strcpy(path, scratch_write(&scratch, "shuffled.csv", text, length));
    free(text);
    struct import_spec spec = {
        .ratings = path, .folder = folder, .split = {SPLIT_BY_HASH, 0.2, seed}, .threads = 1};
    assert_true(import_ratings(&spec, &summary, &status));
    assert_true(packed_set_open(set, folder, &status));
}

static int compare_ratings(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct rating));
}

/* Dealt back onto their piles, a block's ratings lie user by user. */
static void assert_dealt_user_by_user(const struct block *block) {
    enum { PILES = 16 };
    uint32_t height = (block->count + PILES - 1) / PILES, at = 0;
    uint16_t *users = malloc((block->count + 1) * sizeof *users);
    for (uint32_t depth = 0; depth < height; depth++)
        for (uint32_t i = depth; i < block->count; i += height)
            users[i] = block->users[at++];
    assert_int_equal(at, block->count);
    for (uint32_t i = 1; i < block->count; i++)
        assert_true(users[i - 1] <= users[i]);
    free(users);
}

/* All ratings of the blocks with dense rows, sorted; the caller frees them. Checks their order on the way. */
static struct rating *unpack(const struct blocks *blocks) {
    struct rating *ratings = malloc((blocks->train_count + 1) * sizeof *ratings);
    uint64_t count = 0;
    for (uint32_t part = 0; part < blocks->parts; part++)
        for (uint32_t stratum = 0; stratum < blocks->strata; stratum++) {
            struct block block = blocks_at(blocks, part, stratum);
            assert_int_equal((uintptr_t)block.users % 8, 0);
            assert_dealt_user_by_user(&block);
            for (uint32_t i = 0; i < block.count; i++)
                ratings[count++] =
                    (struct rating){blocks->user_rows[blocks->part_starts[part] + block.users[i]],
                                    blocks->movie_rows[blocks->stratum_starts[stratum] + block.movies[i]],
                                    blocks->values[block.codes[i]]};
        }
    assert_int_equal(count, blocks->train_count);
    qsort(ratings, count, sizeof *ratings, compare_ratings);
    return ratings;
}

static void assert_same_ratings(const struct blocks *blocks, const struct packed_set *set) {
    struct rating *unpacked = unpack(blocks), *expected = malloc((set->train_count + 1) * sizeof *expected);
    memcpy(expected, set->train, set->train_count * sizeof *expected);
    qsort(expected, set->train_count, sizeof *expected, compare_ratings);
    assert_memory_equal(unpacked, expected, set->train_count * sizeof *expected);
    free(unpacked);
    free(expected);
}

static uint32_t largest(const uint32_t *counts, uint32_t rows) {
    uint32_t most = 0;
    for (uint32_t row = 0; row < rows; row++)
        most = counts[row] > most ? counts[row] : most;
    return most;
}

/* Sides are neighbouring rows, and no cut lies further than half a row's ratings from where its share of them ends. */
static void assert_balanced(const uint32_t *starts, uint32_t sides, const uint32_t *row_at, uint32_t rows,
                            const uint32_t *counts) {
    uint64_t all = 0, passed = 0;
    for (uint32_t row = 0; row < rows; row++) {
        assert_int_equal(row_at[row], row);
        all += counts[row];
    }
    assert_int_equal(starts[0], 0);
    assert_int_equal(starts[sides], rows);
    for (uint32_t side = 0; side < sides; side++) {
        assert_true(starts[side] < starts[side + 1]);
        for (uint32_t row = starts[side]; row < starts[side + 1]; row++)
            passed += counts[row];
        int64_t beyond = (int64_t)(passed * sides) - (int64_t)(all * (side + 1));
        assert_true(2 * llabs(beyond) <= (int64_t)(largest(counts, rows) + 1) * sides);
    }
}

static void assert_cut_well(const struct blocks *blocks, const struct packed_set *set) {
    assert_balanced(blocks->part_starts, blocks->parts, blocks->user_rows, blocks->users, set->user_counts);
    assert_balanced(blocks->stratum_starts, blocks->strata, blocks->movie_rows, blocks->movies,
                    set->movie_counts);
}

static void blocks_hold_every_rating_once(void **state) {
    (void)state;
    static const struct blocks_shape SHAPES[] = {{1, 1}, {3, 2}, {7, 5}, {61, 37}};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct packed_set set;
        struct blocks blocks;
        struct status status = {0};
        uint64_t digest = 0;
        import_shuffled(seed, 61, 37, seed == 2 ? 1 : 250, &set);
        for (size_t i = 0; i < 8; i++) {
            uint64_t memory_bytes = i % 2 == 0 ? 1 << 20 : 900;
            assert_true(blocks_build(&set, folder, SHAPES[i / 2], memory_bytes, &status));
            assert_true(blocks_open(&blocks, folder, &set, &status));
            assert_same_ratings(&blocks, &set);
            if (i < 6)
                assert_cut_well(&blocks, &set);
            if (i % 2 == 1)
                assert_int_equal(blocks.digest, digest);
            digest = blocks.digest;
            blocks_close(&blocks);
        }
        packed_set_close(&set);
    }
    assert_int_equal(memory_blocks_held(), 0);
}

static void assert_not_built(const struct packed_set *set, struct blocks_shape shape, const char *sentence) {
    struct status status = {0};
    scratch_remove(folder);
    mkdir(folder, 0777);
    assert_false(blocks_build(set, folder, shape, 1 << 20, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    if (strstr(status.text, sentence) == NULL)
        fail_msg("'%s' does not say '%s'", status.text, sentence);
    assert_int_equal(scratch_entries(&scratch, "set"), 0);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    struct packed_set set, other;
    struct blocks blocks;
    struct status status = {0};
    import_shuffled(1, 61, 37, 1000, &set);
    assert_not_built(&set, (struct blocks_shape){2, 2}, "more than 256 different values");
    packed_set_close(&set);
    import_shuffled(1, 61, 37, 10, &set);
    assert_not_built(&set, (struct blocks_shape){62, 2}, "62 parts of 61 rows");
    assert_not_built(&set, (struct blocks_shape){2, 0}, "0 strata of 37 rows");
    /* Blocks of another set. */
    assert_true(blocks_build(&set, folder, (struct blocks_shape){2, 2}, 1 << 20, &status));
    import_shuffled(2, 61, 37, 10, &other);
    assert_false(blocks_open(&blocks, folder, &other, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(status.text, "of another packed set"));
    packed_set_close(&other);
    packed_set_close(&set);
    assert_int_equal(memory_blocks_held(), 0);
}

static void too_many_rows_for_a_side_are_refused(void **state) {
    (void)state;
    enum { ROWS = 2 * BLOCKS_SIDE_ROWS_MAX + 1 };
    struct status status = {0};
    struct blocks_side side;
    uint32_t *counts = calloc(ROWS, sizeof *counts);
    assert_false(blocks_side_deal(&side, "parts", 2, counts, ROWS, &status));
    assert_non_null(strstr(status.text, "at least 3"));
    assert_true(blocks_side_deal(&side, "parts", 3, counts, ROWS, &status));
    assert_int_equal(side.starts[3], ROWS);
    blocks_side_clear(&side);
    free(counts);
}

static void assert_shape(struct blocks_shape shape, uint32_t parts, uint32_t strata) {
    assert_int_equal(shape.parts, parts);
    assert_int_equal(shape.strata, strata);
}

/* Few ratings a movie: few parts. Many: more of them. Rows must fit, and there are not more sides than rows. */
static void a_shape_comes_from_the_numbers(void **state) {
    (void)state;
    assert_shape(blocks_shape_for(671, 9066, 80004), 4, 4);
    assert_shape(blocks_shape_for(70000, 10700, 9000000), 4, 4);
    assert_shape(blocks_shape_for(162000, 59000, 22500000), 4, 4);
    assert_shape(blocks_shape_for(162000, 59000, 90000000), 8, 8);
    assert_shape(blocks_shape_for(162000, 59000, 900000000), 32, 32);
    assert_shape(blocks_shape_for(40000000, 4000000, 4000000000), 611, 611);
    assert_shape(blocks_shape_for(1000, 5 * BLOCKS_SIDE_ROWS_MAX, 1000000), 4, 5);
    assert_shape(blocks_shape_for(3, 2, 6), 2, 2);
    assert_shape(blocks_shape_for(1, 1000, 100), 1, 4);
    assert_shape(blocks_shape_for(1000, 0, 0), 1, 1);
}

/* Popularity of rank 1, 1/2, 1/3, ..., scattered over the rows. */
static void sides_are_balanced(void **state) {
    (void)state;
    enum { ROWS = 1003, SIDES = 5 };
    uint32_t counts[ROWS];
    struct status status = {0};
    struct blocks_side side;
    for (uint32_t i = 0; i < ROWS; i++)
        counts[i] = 1000000 / (1 + i * 7 % ROWS);
    assert_true(blocks_side_deal(&side, "strata", SIDES, counts, ROWS, &status));
    assert_balanced(side.starts, SIDES, side.row_at, ROWS, counts);
    for (uint32_t i = 0; i < SIDES; i++)
        for (uint32_t place = side.starts[i]; place < side.starts[i + 1]; place++)
            assert_int_equal(side.side_place[place], i << 16 | (place - side.starts[i]));
    blocks_side_clear(&side);
}

/* The raw id of a row, which is a number. */
static uint32_t id_of(const struct string_table *ids, uint32_t row) {
    uint32_t number = 0;
    size_t length;
    const char *id = string_table_get(ids, row, &length);
    for (size_t i = 0; i < length; i++)
        number = 10 * number + (uint32_t)(id[i] - '0');
    return number;
}

static struct rating *with_raw_ids(struct rating *ratings, uint64_t count, const struct packed_set *set) {
    for (uint64_t i = 0; i < count; i++) {
        ratings[i].user = id_of(&set->user_ids, ratings[i].user);
        ratings[i].movie = id_of(&set->movie_ids, ratings[i].movie);
    }
    qsort(ratings, count, sizeof *ratings, compare_ratings);
    return ratings;
}

static struct rating *copy(const struct rating *ratings, uint64_t count) {
    return memcpy(malloc((count + 1) * sizeof *ratings), ratings, count * sizeof *ratings);
}

static void assert_same(struct rating *a, struct rating *b, uint64_t count) {
    assert_memory_equal(a, b, count * sizeof *a);
    free(a);
    free(b);
}

/* A tight set has the ratings of the loose one, and the same bytes for any number of threads. */
static void tight_sets_hold_the_same_ratings(void **state) {
    (void)state;
    struct status status = {0};
    struct generate_summary loose_summary, summary;
    struct packed_set loose, tight;
    struct blocks blocks;
    uint64_t digests[2];
    struct generate_spec spec = {folder, false, 20000, 300, 200, 8, 0.7, 5, 0.2, 9};
    assert_true(generate_ratings(&spec, &loose_summary, &status));
    assert_true(packed_set_open(&loose, folder, &status));
    spec.is_tight = true;
    spec.shape = (struct blocks_shape){13, 4};
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        spec.threads = threads;
        assert_true(generate_ratings(&spec, &summary, &status));
        assert_true(packed_set_open_for_blocks(&tight, folder, &status));
        assert_true(blocks_open(&blocks, folder, &tight, &status));
        digests[threads / 2] = blocks.digest ^ tight.digest;
        if (threads == 1) {
            assert_same(with_raw_ids(unpack(&blocks), tight.train_count, &tight),
                        with_raw_ids(copy(loose.train, loose.train_count), loose.train_count, &loose),
                        loose.train_count);
            assert_same(with_raw_ids(copy(tight.valid, tight.valid_count), tight.valid_count, &tight),
                        with_raw_ids(copy(loose.valid, loose.valid_count), loose.valid_count, &loose),
                        loose.valid_count);
        }
        blocks_close(&blocks);
        packed_set_close(&tight);
    }
    assert_int_equal(digests[0], digests[1]);
    assert_memory_equal(summary.half_stars, loose_summary.half_stars, sizeof summary.half_stars);
    assert_true(summary.movies == loose_summary.movies);
    assert_true(summary.totals.train == loose_summary.totals.train);
    assert_true(summary.totals.train_mean == loose_summary.totals.train_mean);
    assert_true(summary.totals.valid_mean == loose_summary.totals.valid_mean);
    assert_true(summary.totals.cold == loose_summary.totals.cold);
    assert_true(summary.totals.cold_users == loose_summary.totals.cold_users);
    assert_true(summary.totals.cold_movies == loose_summary.totals.cold_movies);
    assert_true(fabs(summary.totals.baseline_mse - loose_summary.totals.baseline_mse) < 1e-12);
    assert_true(fabs(summary.truth_rmse - loose_summary.truth_rmse) < 1e-12);
    packed_set_close(&loose);
    /* Who reads ratings in their order cannot use it. */
    assert_false(packed_set_open(&tight, folder, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(status.text, "blocks only"));
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_hold_every_rating_once),
        cmocka_unit_test(sides_are_balanced),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(too_many_rows_for_a_side_are_refused),
        cmocka_unit_test(a_shape_comes_from_the_numbers),
        cmocka_unit_test(tight_sets_hold_the_same_ratings),
    };
    scratch_make(&scratch);
    snprintf(folder, sizeof folder, "%s/set", scratch.folder);
    int failed = cmocka_run_group_tests_name("data_blocks", tests, NULL, NULL);
    scratch_remove(scratch.folder);
    return failed;
}
