/* Ids, numbers drawn like NumPy's, and which ratings validate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "core/rng.h"
#include "data/duplicates.h"
#include "data/id_map.h"
#include "data/numpy_random.h"
#include "data/select.h"
#include "data/split.h"

/* np.random.seed(42); np.random.permutation(10) and, of another seed, the first words of the generator. */
static void a_permutation_is_numpys(void **state) {
    (void)state;
    static const uint32_t EXPECTED[10] = {8, 1, 5, 0, 7, 2, 9, 4, 3, 6};
    uint32_t items[10];
    struct numpy_random random;
    numpy_random_seed(&random, 42);
    numpy_random_permutation(&random, items, 10);
    assert_memory_equal(items, EXPECTED, sizeof items);
    /* Matsumoto and Nishimura's own check: the 10,000th word after init_genrand(5489). */
    uint32_t word = 0;
    numpy_random_seed(&random, 5489);
    for (int i = 0; i < 10000; i++)
        word = numpy_random_next(&random);
    assert_int_equal(word, 4123659995u);
    numpy_random_permutation(&random, items, 0);
    numpy_random_permutation(&random, items, 1);
    assert_int_equal(items[0], 0);
}

static void rows_go_by_first_appearance(void **state) {
    (void)state;
    struct id_map map = {0};
    struct status status = {0};
    uint32_t row;
    char id[32];
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 20000; i++) {
            int length = snprintf(id, sizeof id, "id %u", i * 7919u);
            assert_true(id_map_add(&map, id, (size_t)length, &row, &status));
            assert_int_equal(row, i);
        }
    assert_true(id_map_add(&map, "a\0b", 3, &row, &status));
    assert_false(id_map_find(&map, "a\0c", 3, &row));
    assert_false(id_map_find(&map, "a", 1, &row));
    assert_true(id_map_find(&map, "a\0b", 3, &row));
    assert_int_equal(row, 20000);
    id_map_clear(&map);
    assert_false(id_map_find(&map, "a", 1, &row));
    assert_int_equal(memory_blocks_held(), 0);
}

/* Short numbers have a table of their own; what only looks like one is another id. */
static void numbers_and_what_looks_like_them_are_different_ids(void **state) {
    (void)state;
    static const char *const IDS[] = {"7",   "07",      "7 ",      "+7",       "-7", "0",  "00",
                                      "7.0", "9999999", "1234567", "12345678", "",   "7a", ":"};
    enum { COUNT = sizeof IDS / sizeof IDS[0] };
    struct id_map map = {0};
    struct status status = {0};
    uint32_t row;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < COUNT; i++) {
            size_t length;
            assert_int_equal(id_map_find(&map, IDS[i], strlen(IDS[i]), &row), round == 1);
            assert_true(id_map_add(&map, IDS[i], strlen(IDS[i]), &row, &status));
            assert_int_equal(row, i);
            const char *id = string_list_get(&map.ids, i, &length);
            assert_int_equal(length, strlen(IDS[i]));
            assert_memory_equal(id, IDS[i], length);
        }
    assert_true(id_map_add_number(&map, 0, &row, &status));
    assert_int_equal(row, 5);
    assert_true(id_map_add_number(&map, 7654321, &row, &status));
    assert_int_equal(row, COUNT);
    assert_true(id_map_find(&map, "7654321", 7, &row));
    assert_false(id_map_find(&map, "765432", 6, &row));
    id_map_clear(&map);
    assert_int_equal(memory_blocks_held(), 0);
}

static int rising(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void the_kth_smallest_is_that_of_a_sort(void **state) {
    (void)state;
    int64_t items[200], sorted[200];
    for (uint64_t trial = 0; trial < 300; trial++) {
        uint64_t count = 1 + trial % 200, values = 1 + trial % 7 * 40;
        for (uint64_t i = 0; i < count; i++)
            items[i] = trial % 3 == 0 ? (int64_t)i : (int64_t)(rng_bits(trial, 0, i) % values) - 3;
        memcpy(sorted, items, sizeof items);
        qsort(sorted, count, sizeof sorted[0], rising);
        uint64_t k = rng_bits(trial, 1, 0) % count;
        assert_int_equal(select_place(items, count, k), sorted[k]);
    }
}

static void add(struct rating_list *list, uint32_t user, uint32_t movie, float value, int64_t time) {
    struct status status = {0};
    assert_true(
        rating_list_add(list, (struct rating){user, movie, value}, time, list->count + 2, 0, &status));
}

static void the_newest_validate(void **state) {
    (void)state;
    struct rating_list list = {.has_times = true};
    struct string_list none = {0};
    struct split split;
    struct status status = {0};
    static const int64_t TIMES[10] = {50, 10, 90, 50, 20, 50, 80, 30, 40, 50};
    for (uint32_t i = 0; i < 10; i++)
        add(&list, 0, i, 1, TIMES[i]);
    struct split_spec spec = {.method = SPLIT_BY_TIME, .fraction = 0.4};
    assert_true(split_make(&split, &spec, &list, &none, &none, &status));
    /* 90, 80 and, of the four fifties, the two that come last. */
    assert_memory_equal(split.is_valid, "\0\0\1\0\0\1\1\0\0\1", 10);
    assert_int_equal(split.valid_count, 4);
    split_clear(&split);
    spec = (struct split_spec){.method = SPLIT_BY_TIME, .has_since = true, .since = 80};
    assert_true(split_make(&split, &spec, &list, &none, &none, &status));
    assert_memory_equal(split.is_valid, "\0\0\1\0\0\0\1\0\0\0", 10);
    split_clear(&split);
    spec.since = 0;
    assert_false(split_make(&split, &spec, &list, &none, &none, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    list.has_times = false;
    assert_false(split_make(&split, &spec, &list, &none, &none, &status));
    list.has_times = true;
    rating_list_clear(&list);
}

static void each_users_last_is_left_out(void **state) {
    (void)state;
    struct rating_list list = {.has_times = true};
    struct string_list users = {.count = 3}, none = {0};
    struct split split;
    struct status status = {0};
    struct split_spec spec = {.method = SPLIT_BY_LEAVE_LAST_OUT};
    add(&list, 0, 0, 1, 70);
    add(&list, 1, 0, 1, 99);
    add(&list, 0, 1, 1, 10);
    add(&list, 2, 0, 1, 5);
    add(&list, 2, 1, 1, 5);
    assert_true(split_make(&split, &spec, &list, &users, &none, &status));
    /* User 1 has one rating only: it trains. Of equal times the later counts as newer. */
    assert_memory_equal(split.is_valid, "\1\0\0\0\1", 5);
    split_clear(&split);
    rating_list_clear(&list);
    assert_int_equal(memory_blocks_held(), 0);
}

static void the_hash_split_takes_its_share(void **state) {
    (void)state;
    struct split_spec spec = {.method = SPLIT_BY_HASH, .fraction = 0.25, .seed = 1}, other = spec;
    int valid = 0, both = 0;
    other.seed = 2;
    for (int i = 0; i < 40000; i++) {
        char user[16], movie[16];
        size_t user_length = (size_t)snprintf(user, sizeof user, "%d", i / 200);
        size_t movie_length = (size_t)snprintf(movie, sizeof movie, "%d", i % 200);
        bool is_valid = split_hash_is_valid(&spec, user, user_length, movie, movie_length);
        valid += is_valid;
        both += is_valid && split_hash_is_valid(&other, user, user_length, movie, movie_length);
    }
    assert_in_range(valid, 9650, 10350); /* four deviations */
    assert_in_range(both, 2300, 2700);
}

static void repeated_pairs_are_settled(void **state) {
    (void)state;
    static const float LAST[] = {2, 5, 4}, MEAN[] = {2, 4, 4};
    for (enum duplicate_rule rule = DUPLICATE_KEEP_LAST; rule <= DUPLICATE_REFUSE; rule++) {
        struct rating_list list = {0};
        struct duplicates found;
        struct status status = {0};
        add(&list, 0, 0, 3, 0);
        add(&list, 0, 1, 2, 0);
        add(&list, 0, 0, 4, 0);
        add(&list, 0, 0, 5, 0);
        add(&list, 1, 0, 4, 0);
        bool done = duplicates_settle(&found, rule, &list, 2, 2, &status);
        assert_int_equal(done, rule != DUPLICATE_REFUSE);
        assert_int_equal(found.count, 2);
        assert_int_equal(found.examples[0].earlier_line, 2);
        assert_int_equal(found.examples[0].line, 4);
        assert_int_equal(found.examples[1].line, 5);
        assert_int_equal(list.count, done ? 3 : 5);
        for (uint64_t i = 0; done && i < 3; i++)
            assert_true(rating_list_at(&list, i)->value == (rule == DUPLICATE_KEEP_LAST ? LAST : MEAN)[i]);
        rating_list_clear(&list);
    }
}

static void lines_are_remembered_over_gaps(void **state) {
    (void)state;
    struct rating_list list = {0};
    struct status status = {0};
    uint32_t file;
    for (uint64_t i = 0; i < 200000; i++)
        assert_true(rating_list_add(&list, (struct rating){0}, 0, i + i / 1000, i >= 150000, &status));
    for (uint64_t i = 0; i < 200000; i += 777) {
        assert_int_equal(rating_list_line(&list, i, &file), i + i / 1000);
        assert_int_equal(file, i >= 150000);
    }
    assert_int_equal(list.first_file_count, 150000);
    assert_in_range(list.run_count, 200, 202);
    rating_list_clear(&list);
}

static void splits_have_names(void **state) {
    (void)state;
    enum split_method method;
    for (int i = 0; i < SPLIT_METHODS; i++) {
        assert_true(split_named(split_name((enum split_method)i), &method));
        assert_int_equal(method, i);
    }
    assert_true(split_named("leave_last_out", &method));
    assert_false(split_named("leave_last", &method));
    assert_false(split_named("numpyx", &method));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_permutation_is_numpys),
        cmocka_unit_test(rows_go_by_first_appearance),
        cmocka_unit_test(numbers_and_what_looks_like_them_are_different_ids),
        cmocka_unit_test(the_kth_smallest_is_that_of_a_sort),
        cmocka_unit_test(the_newest_validate),
        cmocka_unit_test(each_users_last_is_left_out),
        cmocka_unit_test(the_hash_split_takes_its_share),
        cmocka_unit_test(repeated_pairs_are_settled),
        cmocka_unit_test(lines_are_remembered_over_gaps),
        cmocka_unit_test(splits_have_names),
    };
    return cmocka_run_group_tests_name("data_split", tests, NULL, NULL);
}
