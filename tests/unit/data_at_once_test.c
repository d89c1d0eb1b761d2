/* An import in one pass writes what one with all ratings in memory writes, for any number of threads; and the short way to a rating
 * gives the bits of the long one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <sys/wait.h>

#include "data/import.h"
#include "data/number.h"
#include "data/plain_line.h"
#include "tests/scratch.h"

enum { USERS = 900, RATINGS_OF_USER = 60, MOVIES = 5000, LINE_MAX_BYTES = 64 };

static struct scratch scratch;
static char out[128];
static const char *const HALF_STARS[] = {"0.5", "1",   "1.5", "2.0", "2.5", "3",
                                         "3.5", "4.0", "4.5", "5",   NULL};
static const char *const *values; /* the ratings' */

/* Ratings user by user; every movie is a number of its user only once. Some lines are not plain. */
static char *make_text(size_t *length, const char *last_line) {
    unsigned value_count = 0;
    while (values[value_count] != NULL)
        value_count++;
    char *text = malloc((size_t)(USERS * RATINGS_OF_USER + 2) * LINE_MAX_BYTES);
    size_t used = (size_t)sprintf(text, "userId,movieId,rating,timestamp\n");
    for (unsigned user = 0; user < USERS; user++)
        for (unsigned i = 0; i < RATINGS_OF_USER; i++) {
            const char *kind = (user + i) % 97 == 0 ? "m" : "";
            unsigned movie = (user * 37 + i * 83) % MOVIES;
            used += (size_t)sprintf(text + used, "%u,%s%u,%s,12345%u\n", user * 7, kind, movie,
                                    values[(user * 11 + i * i) % value_count], i);
        }
    *length = used + (size_t)sprintf(text + used, "%s", last_line);
    return text;
}

static unsigned char *import_set(const char *ratings, unsigned threads, struct import_summary *summary,
                                 size_t *length) {
    char path[160];
    struct status status = {0};
    struct import_spec spec = {
        .ratings = ratings, .folder = out, .threads = threads, .split = {SPLIT_BY_HASH, 0.1, 42}};
    assert_true(import_ratings(&spec, summary, &status));
    snprintf(path, sizeof path, "%s/" PACKED_SET_FILE, out);
    return scratch_read(path, length);
}

/* A pipe cannot be read twice, so ratings from there are kept in memory. */
static unsigned char *import_pipe(const char *path, const char *text, size_t text_length,
                                  struct import_summary *summary, size_t *length) {
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        FILE *pipe = fopen(path, "wb");
        _exit(pipe == NULL || fwrite(text, 1, text_length, pipe) != text_length || fclose(pipe) != 0);
    }
    unsigned char *set = import_set(path, 2, summary, length);
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_int_equal(unlink(path), 0);
    return set;
}

/* The set that was written last: what is said of its training ratings is what one looking at each of them finds. */
static void check_totals(const struct packed_totals *totals) {
    struct status status = {0};
    struct packed_set set;
    assert_true(packed_set_open(&set, out, &status));
    double sum = 0;
    float smallest = INFINITY, largest = -INFINITY;
    for (uint64_t i = 0; i < set.train_count + set.valid_count; i++) {
        const struct rating *rating = i < set.train_count ? &set.train[i] : &set.valid[i - set.train_count];
        sum += i < set.train_count ? (double)rating->value : 0;
        smallest = fminf(smallest, rating->value);
        largest = fmaxf(largest, rating->value);
    }
    double mean = sum / (double)set.train_count;
    assert_memory_equal(&totals->train_mean, &mean, sizeof mean);
    assert_true(totals->smallest == smallest && totals->largest == largest);
    packed_set_close(&set);
}

/* All ways to import a text give the same bytes. */
static void compare_ways(const char *last_line, uint64_t duplicates) {
    size_t text_length, expected_length, length;
    char *text = make_text(&text_length, last_line), path[512];
    struct import_summary summary;
    strcpy(path, scratch_write(&scratch, "ratings.csv", text, text_length));
    unsigned char *sets[3];
    for (unsigned threads = 1; threads <= 3; threads++) {
        sets[threads - 1] = import_set(path, threads, &summary, &length);
        assert_int_equal(summary.duplicates.count, duplicates);
        check_totals(&summary.totals);
    }
    struct histogram histogram = summary.histogram;
    unsigned char *expected = import_pipe(path, text, text_length, &summary, &expected_length);
    assert_int_equal(length, expected_length);
    assert_int_equal(summary.duplicates.count, duplicates);
    assert_int_equal(histogram.count, summary.histogram.count);
    assert_memory_equal(histogram.bars, summary.histogram.bars, histogram.count * sizeof histogram.bars[0]);
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(sets[i], expected, expected_length);
        free(sets[i]);
    }
    free(expected);
    free(text);
}

static void one_pass_writes_the_same(void **state) {
    (void)state;
    compare_ways("", 0);
}

/* The pass gives up on the last line, or the one before. */
static void a_late_duplicate_is_found(void **state) {
    (void)state;
    compare_ways("6293,8263,1.0,1\n6293,8263,2.0,1\n", 1);
}

static void a_user_who_comes_back_is_no_harm(void **state) {
    (void)state;
    compare_ways("0,99999,1.0,1\n", 0);
}

static void many_values_are_no_harm(void **state) {
    (void)state;
    compare_ways("6293,a,1.01,1\n6293,b,1.02,1\n6293,c,1.03,1\n6293,d,1.04,1\n6293,e,1.05,1\n6293,f,1.06,1\n"
                 "6293,g,1.07,1\n6293,h,1.08,1\n6293,i,1.09,1\n6293,j,1.11,1\n6293,k,1.12,1\n6293,l,1.13,1\n"
                 "6293,m,1.14,1\n6293,n,1.15,1\n6293,o,1.16,1\n6293,p,1.17,1\n",
                 0);
}

/* Their sum depends on the order. */
static void odd_values_are_added_in_their_order(void **state) {
    static const char *const ODD[] = {"9999999", "0.0000123", "0.1", "77777.7", "0", "-0.0000001", NULL};
    (void)state;
    values = ODD;
    compare_ways("", 0);
}

static void many_values_from_the_start_are_no_harm(void **state) {
    static const char *const MANY[] = {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0",
                                       "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "2.0",
                                       "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", NULL};
    (void)state;
    values = MANY;
    compare_ways("", 0);
}

static void tenths_are_the_nearest_floats(void **state) {
    (void)state;
    for (int i = 0; i < 100; i++) {
        char text[4] = {(char)('0' + i / 10), '.', (char)('0' + i % 10), '\0'};
        const char *reason;
        double value;
        assert_true(number_parse(text, 3, &value, &reason));
        float expected = (float)value, read = plain_tenths(text[0], text[2]);
        assert_memory_equal(&read, &expected, sizeof read);
    }
}

static int make_folder(void **state) {
    (void)state;
    scratch_make(&scratch);
    snprintf(out, sizeof out, "%s/out", scratch.folder);
    return 0;
}

static int half_stars(void **state) {
    (void)state;
    values = HALF_STARS;
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    scratch_remove(scratch.folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_pass_writes_the_same, half_stars),
        cmocka_unit_test_setup(a_late_duplicate_is_found, half_stars),
        cmocka_unit_test_setup(a_user_who_comes_back_is_no_harm, half_stars),
        cmocka_unit_test_setup(many_values_are_no_harm, half_stars),
        cmocka_unit_test(odd_values_are_added_in_their_order),
        cmocka_unit_test(many_values_from_the_start_are_no_harm),
        cmocka_unit_test(tenths_are_the_nearest_floats),
    };
    return cmocka_run_group_tests_name("data_at_once", tests, make_folder, remove_folder);
}
