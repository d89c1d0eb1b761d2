/* Newer ratings joined with a packed set: rows stay, pairs are replaced where they are, new ids follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/memory.h"
#include "data/append.h"
#include "data/import.h"
#include "tests/scratch.h"

static struct scratch scratch;

static void import(const char *name, const char *text, double fraction, struct packed_set *set) {
    char path[160], folder[160];
    struct import_summary summary;
    struct status status = {0};
    snprintf(folder, sizeof folder, "%s/%s", scratch.folder, name);
    snprintf(path, sizeof path, "%s.csv", name);
    snprintf(path, sizeof path, "%s", scratch_text(&scratch, path, text));
    struct import_spec spec = {
        .ratings = path, .folder = folder, .split = {SPLIT_BY_HASH, fraction, 7}, .threads = 1};
    assert_true(import_ratings(&spec, &summary, &status));
    assert_true(packed_set_open(set, folder, &status));
}

/* The value of a pair, and whether it validates; fails the test when it is not there exactly once. */
static float value_of(const struct packed_set *set, uint32_t user, uint32_t movie, bool *validates) {
    int found = 0;
    float value = 0;
    for (uint64_t i = 0; i < set->train_count + set->valid_count; i++) {
        const struct rating *rating =
            i < set->train_count ? &set->train[i] : &set->valid[i - set->train_count];
        if (rating->user != user || rating->movie != movie)
            continue;
        found++;
        value = rating->value;
        *validates = i >= set->train_count;
    }
    assert_int_equal(found, 1);
    return value;
}

static const char *many(void) {
    static char text[1 << 14];
    int length = sprintf(text, "user,movie,rating\n");
    for (int user = 0; user < 20; user++)
        for (int movie = 0; movie < 10; movie++)
            length += sprintf(text + length, "u%d,m%d,%d\n", user, movie, 1 + (user + movie) % 5);
    return text;
}

static void assert_same_id(const struct string_table *ids, uint64_t row, const struct string_table *others,
                           uint64_t other_row) {
    size_t length, other_length;
    const char *id = string_table_get(ids, row, &length);
    const char *other = string_table_get(others, other_row, &other_length);
    assert_int_equal(length, other_length);
    assert_memory_equal(id, other, length);
}

static void rows_stay_and_pairs_are_replaced_where_they_are(void **state) {
    struct packed_set older, newer, joined;
    struct append_summary summary;
    struct status status = {0};
    char folder[160];
    (void)state;
    scratch_make(&scratch);
    snprintf(folder, sizeof folder, "%s/joined", scratch.folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    import("older", many(), 0.3, &older);
    import("newer", "user,movie,rating\nnew,m3,2\nu4,late,1\nu2,m1,5\nu19,m9,1\nu0,m0,4\n", 0, &newer);
    assert_true(append_sets(&older, &newer, "newer.csv", folder, &summary, &status));
    assert_true(summary.ratings == 5 && summary.replaced == 3 && summary.new_users == 1 &&
                summary.new_movies == 1);
    assert_true(packed_set_open(&joined, folder, &status));
    assert_int_equal(joined.train_count + joined.valid_count, 200 + 2);
    for (uint64_t i = 0; i < older.users; i++)
        assert_same_id(&joined.user_ids, i, &older.user_ids, i);
    for (uint64_t i = 0; i < older.movies; i++)
        assert_same_id(&joined.movie_ids, i, &older.movie_ids, i);
    assert_same_id(&joined.user_ids, 20, &newer.user_ids, 0);
    assert_same_id(&joined.movie_ids, 10, &newer.movie_ids, 1);
    for (uint32_t user = 0; user < 20; user++)
        for (uint32_t movie = 0; movie < 10; movie++) {
            bool was = false, is = false;
            float before = value_of(&older, user, movie, &was), after = value_of(&joined, user, movie, &is);
            bool replaced =
                (user == 2 && movie == 1) || (user == 19 && movie == 9) || (user == 0 && movie == 0);
            assert_true(was == is && (replaced || before == after));
        }
    bool validates = false;
    assert_true(value_of(&joined, 2, 1, &validates) == 5 && value_of(&joined, 20, 3, &validates) == 2 &&
                value_of(&joined, 4, 10, &validates) == 1);
    packed_set_close(&older);
    packed_set_close(&newer);
    packed_set_close(&joined);
    scratch_remove(scratch.folder);
    assert_int_equal(memory_blocks_held(), 0);
}

/* The order of arrival does not matter: a split by hash puts a rating where it would have been put at once. */
static void a_hash_split_is_that_of_all_ratings_at_once(void **state) {
    struct packed_set whole, older, newer, joined;
    struct append_summary summary;
    struct status status = {0};
    char folder[160], first[1 << 13], second[1 << 13] = "user,movie,rating\n";
    const char *text = many(), *middle = strstr(text, "u10,m0,");
    (void)state;
    scratch_make(&scratch);
    snprintf(folder, sizeof folder, "%s/joined", scratch.folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    snprintf(first, sizeof first, "%.*s", (int)(middle - text), text);
    strcat(second, middle);
    import("whole", text, 0.3, &whole);
    import("older", first, 0.3, &older);
    import("newer", second, 0, &newer);
    assert_true(append_sets(&older, &newer, "newer.csv", folder, &summary, &status));
    assert_true(packed_set_open(&joined, folder, &status));
    assert_true(joined.train_count == whole.train_count && joined.valid_count == whole.valid_count);
    assert_memory_equal(joined.user_counts, whole.user_counts, whole.users * sizeof(uint32_t));
    assert_memory_equal(joined.movie_counts, whole.movie_counts, whole.movies * sizeof(uint32_t));
    packed_set_close(&whole);
    packed_set_close(&older);
    packed_set_close(&newer);
    packed_set_close(&joined);
    scratch_remove(scratch.folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_stay_and_pairs_are_replaced_where_they_are),
        cmocka_unit_test(a_hash_split_is_that_of_all_ratings_at_once),
    };
    return cmocka_run_group_tests_name("unit/data_append", tests, NULL, NULL);
}
