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

/* One line of a ratings file, often plain and often nearly so. */
static int make_line(char *line, const char *separator, uint64_t seed, uint64_t i) {
    static const char *const IDS[] = {"1", "42", "007", "0", "9999999", "12345678", "", "u7", "\"5\"", " 3"};
    static const char *const VALUES[] = {"3.5", "4",    "4.0",       "10.25", "0.1",       "1234567.1234567",
                                         ".5",  "5.",   "-1",        "1e1",   "12345678",  "3.12345678",
                                         "nan", "03.5", "9999999.9", "2.675", "0.3333333", ""};
    static const char *const TIMES[] = {"1260759144", "0",   "1234567890123456", "12345678901234567", "-5",
                                        "",           "1e9", "1260759144.0"};
    static const char *const ENDS[] = {"\n", "\n", "\n", "\r\n", "\r\r\n", ",1\n", "\n\n"};
#define PICK(array, bits) array[(bits) % (sizeof array / sizeof array[0])]
    uint64_t bits = rng_bits(seed, 5, i), plain = bits & 3;
    if (bits % 16 == 4)
        return sprintf(line, "%u%s%u%s%u.%u%s0\n", (unsigned)i, separator, (unsigned)(bits >> 40), separator,
                       (unsigned)(bits >> 40 & 0xfffff), 1 + (unsigned)(bits >> 20 & 0x7fffff), separator);
    if (plain != 0)
        return sprintf(line, "%u%s%u%s%u.%u%s%u%s", (unsigned)(bits >> 8 & 0xfff), separator,
                       (unsigned)(bits >> 20 & 0xfffff), separator, (unsigned)(bits >> 40 & 7),
                       (unsigned)(bits >> 43 & 7), separator, (unsigned)(bits >> 32),
                       plain == 1 ? "\r\n" : "\n");
    return sprintf(line, "%s%s%s%s%s%s%s%s", PICK(IDS, bits >> 8), separator, PICK(IDS, bits >> 16),
                   separator, PICK(VALUES, bits >> 24), separator, PICK(TIMES, bits >> 32),
                   PICK(ENDS, bits >> 40));
}

/* A few users with their ratings, as in most files, and some bytes that are not as in most files. */
static size_t make_usual_lines(char *text, uint64_t seed) {
    enum { LINES = 24, WAYS = 24 };
    static const char ODD[] = "0019.,\n\r\t:a -\xb0\xff/";
    bool has_fourth = seed % 2 == 0;
    size_t length = 0;
    unsigned user = 0, movie_size = 1;
    for (uint64_t i = 0; i < LINES; i++) {
        uint64_t bits = rng_bits(seed, 6, i);
        if (i == 0 || bits % 16 == 0) {
            user = (unsigned)(bits >> 8 & 0xffffff) % (bits >> 32 & 1 ? 9999999 : 999);
            movie_size = bits >> 33 & 1 ? 9999999 : 20000;
        }
        length += (size_t)sprintf(text + length, "%u,%u,%u.%u", user, (unsigned)(bits >> 8) % movie_size,
                                  (unsigned)(bits >> 40) % 10, (unsigned)(bits >> 44) % 10);
        if (has_fourth)
            length += (size_t)sprintf(text + length, ",%llu", (unsigned long long)(bits >> bits % WAYS));
        text[length++] = '\n';
    }
    for (uint64_t odd = rng_bits(seed, 7, 0) % 3; odd > 0; odd--) {
        uint64_t bits = rng_bits(seed, 7, odd);
        text[bits % length] = ODD[(bits >> 32) % (sizeof ODD - 1)];
    }
    text[length - 1] = '\n';
    return length;
}

static void many_lines_at_once_are_read_as_one_is(void **state) {
    (void)state;
    uint8_t text[4096];
    for (uint64_t seed = 0; seed < 20000; seed++)
        compare_all_paths(text, make_usual_lines((char *)text, seed));
}

/* Long enough for many blocks; in the middle a line longer than any block, and no newline at the end. */
static const char *make_file(struct scratch *scratch, const char *separator, uint64_t seed) {
    enum { LINES = 60000, LONG = 700000 };
    char *text = malloc(LINES * 64 + LONG);
    size_t length =
        (size_t)sprintf(text, "%s", separator[0] == ',' ? "userId,movieId,rating,timestamp\n" : "");
    for (uint64_t i = 0; i < LINES; i++) {
        length += (size_t)make_line(text + length, separator, seed, i);
        if (i == LINES / 2) {
            memset(text + length, '7', LONG);
            length += LONG;
        }
    }
    const char *path = scratch_write(scratch, "lines", text, length - (seed % 2));
    free(text);
    return path;
}

/* The fast reader reads what the careful one reads, for any number of threads. */
static void plain_lines_are_read_as_others_are(void **state) {
    (void)state;
    static const char *const SEPARATORS[] = {",", "\t", "::"};
    struct scratch scratch;
    scratch_make(&scratch);
    for (uint64_t seed = 0; seed < 6; seed++) {
        const char *path = make_file(&scratch, SEPARATORS[seed % 3], seed);
        size_t in_runs = read_ratings(path, true, 1);
        assert_true(in_runs > 40000);
        assert_int_equal(read_ratings(path, true, 3), in_runs);
        assert_int_equal(read_ratings(path, false, 2), read_ratings(path, false, 1));
    }
    scratch_remove(scratch.folder);
    assert_int_equal(memory_blocks_held(), 0);
}

static void containers_do_no_harm(void **state) {
    (void)state;
    replay_folder(TESTS_DIR "/fuzz/corpus/container", container_fuzz);
}

/* Opens the bytes of a blocks file with the checksums set right, and frees them. */
static bool opens(uint8_t *bytes, size_t length) {
    struct status status = {0};
    struct scratch scratch;
    struct blocks blocks;
    struct packed_set set = {.users = 5, .movies = 4, .train_count = 10, .is_in_blocks = true};
    checksums_set(bytes, length);
    scratch_make(&scratch);
    const char *path = scratch_write(&scratch, "blocks", bytes, length);
    struct container *file = container_open(path, CONTAINER_BLOCKS, &status);
    assert_non_null(file);
    set.blocks_hash = container_hash(file, "blocks");
    container_close(file);
    bool done = blocks_open(&blocks, path, &set, &status);
    assert_true(done || (status.code == STATUS_BAD_DATA && status.text[0] != '\0'));
    blocks_close(&blocks);
    scratch_remove(scratch.folder);
    free(bytes);
    return done;
}

/* Opens blocks_small.bin with one byte changed. */
static bool opens_changed(size_t at, uint8_t byte) {
    size_t length;
    uint8_t *bytes = scratch_read(TESTS_DIR "/golden/blocks_small.bin", &length);
    bytes[at] = byte;
    return opens(bytes, length);
}

/* Opens it with two bytes having changed places. */
static bool opens_swapped(size_t one, size_t other) {
    size_t length;
    uint8_t *bytes = scratch_read(TESTS_DIR "/golden/blocks_small.bin", &length), kept = bytes[one];
    bytes[one] = bytes[other];
    bytes[other] = kept;
    return opens(bytes, length);
}

/* Checksums that are right do not make the content right; the places are those of blocks_small.bin. */
static void blocks_that_name_what_is_not_there_are_refused(void **state) {
    (void)state;
    assert_true(opens_changed(64, 1));      /* another user of the part */
    assert_false(opens_changed(64, 2));     /* a user beyond part 0, which has two */
    assert_false(opens_changed(65, 1));     /* far beyond */
    assert_false(opens_changed(80, 1));     /* a movie beyond stratum 0, which has one */
    assert_true(opens_changed(120, 1));     /* another movie of stratum 1 */
    assert_false(opens_changed(120, 3));    /* a movie beyond it, which has three */
    assert_true(opens_changed(96, 6));      /* another value */
    assert_false(opens_changed(96, 7));     /* a value beyond the table */
    assert_false(opens_changed(256, 3));    /* a count that is one more */
    assert_false(opens_changed(256, 10));   /* a count that is a group of eight more */
    assert_false(opens_changed(322, 0xff)); /* values that do not rise */
    assert_false(opens_changed(388, 6));    /* parts that go beyond the users */
    assert_false(opens_changed(384, 1));    /* parts that do not begin at the beginning */
    assert_false(opens_changed(512, 3));    /* a user in two places */
    assert_false(opens_swapped(512, 516));  /* two users in each other's place */
    assert_false(opens_changed(576, 9));    /* a movie that is not there */
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
        cmocka_unit_test(plain_lines_are_read_as_others_are),
        cmocka_unit_test(many_lines_at_once_are_read_as_one_is),
        cmocka_unit_test(containers_do_no_harm),
        cmocka_unit_test(blocks_that_name_what_is_not_there_are_refused),
        cmocka_unit_test(the_checksums_are_set_right),
    };
    return cmocka_run_group_tests_name("data_replay", tests, NULL, NULL);
}
