/* The crosstab: who is chosen, in which order, what stands in a cell, and the sums of both parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "analysis/crosstab.h"
#include "analysis_small_model.h"
#include "core/memory.h"

/* Users u2 !x u1 9 10 (in the set's order), movies 30 20 10 007; the model knows u1 u2 and 10 20 30. */
struct scene {
    struct small_model model;
    struct small_table users, movies, titles;
    struct predictor predictor;
    struct packed_set set;
};

static const struct rating TRAIN[] = {{0, 2, 4}, {0, 1, 2}, {2, 2, 5}, {2, 3, 1}, {3, 2, 3}, {4, 1, 3.5f}};
static const struct rating VALID[] = {{2, 1, 1.5f}, {3, 3, 2}, {4, 2, 4.5f}, {1, 2, 2.5f}};

static void open_scene(struct scene *scene) {
    static const char *const USERS[] = {"u2", "!x", "u1", "9", "10"};
    static const char *const MOVIES[] = {"30", "20", "10", "007"}, *const TITLES[] = {"", "Twenty", "Ten",
                                                                                      ""};
    struct status status;
    small_model_fill(&scene->model);
    small_table_fill(&scene->users, USERS, 5);
    small_table_fill(&scene->movies, MOVIES, 4);
    small_table_fill(&scene->titles, TITLES, 4);
    scene->set = (struct packed_set){.users = 5,
                                     .movies = 4,
                                     .train_count = 6,
                                     .valid_count = 4,
                                     .train = TRAIN,
                                     .valid = VALID,
                                     .user_ids = scene->users.view,
                                     .movie_ids = scene->movies.view,
                                     .movie_titles = scene->titles.view};
    assert_true(predictor_open(&scene->predictor, &scene->model.file, &status));
}

static void close_scene(struct scene *scene) {
    predictor_close(&scene->predictor);
    assert_int_equal(memory_blocks_held(), 0);
}

static void the_most_rated_are_chosen_and_stand_in_order_of_their_ids(void **state) {
    struct scene scene;
    struct crosstab table;
    struct status status;
    (void)state;
    open_scene(&scene);
    assert_true(crosstab_make(&table, &scene.set, &scene.predictor, 4, 2, &status));
    /* By ratings u1 3, then 9, 10 and u2 2 each, !x 1; movies 10 5, 20 3, 007 2, 30 none. */
    assert_int_equal(table.user_count, 4);
    assert_int_equal(table.movie_count, 2);
    const uint32_t users[] = {3, 4, 2, 0}, counts[] = {2, 2, 3, 2};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(table.users[i].set_row, users[i]);
        assert_int_equal(table.users[i].count, counts[i]);
    }
    assert_int_equal(table.movies[0].set_row, 2);
    assert_int_equal(table.movies[1].set_row, 1);
    assert_int_equal(table.users[0].model_row, ID_UNKNOWN);
    assert_int_equal(table.users[3].model_row, 1);
    assert_int_equal(table.movies[1].model_row, 1);
    crosstab_free(&table);
    /* Of equals the smaller id, though u2 comes first in the set and 10 would by its bytes. */
    assert_true(crosstab_make(&table, &scene.set, &scene.predictor, 2, 9, &status));
    assert_int_equal(table.users[0].set_row, 3);
    assert_int_equal(table.users[1].set_row, 2);
    /* 007 is a number; 30 has no rating. */
    assert_int_equal(table.movie_count, 3);
    assert_int_equal(table.movies[0].set_row, 3);
    crosstab_free(&table);
    close_scene(&scene);
}

static void cells_hold_what_was_rated_and_what_is_predicted(void **state) {
    struct scene scene;
    struct crosstab table;
    struct status status;
    (void)state;
    open_scene(&scene);
    assert_true(crosstab_make(&table, &scene.set, &scene.predictor, 9, 9, &status));
    assert_int_equal(table.user_count, 5);
    assert_int_equal(table.users[2].set_row, 1);                       /* "!x", behind the numbers */
    const struct crosstab_cell *trained = crosstab_cell(&table, 4, 1); /* u2 and 10 */
    struct prediction same = prediction_make(&scene.predictor, "u2", 2, "10", 2);
    assert_int_equal(trained->part, CROSSTAB_TRAIN);
    assert_true(trained->actual == 4 && trained->predicted == same.rating &&
                trained->error == same.rating - 4);
    assert_int_equal(crosstab_cell(&table, 3, 2)->part, CROSSTAB_VALID); /* u1 and 20 */
    const struct crosstab_cell *blank =
        crosstab_cell(&table, 4, 0); /* u2 and 007, which the model does not know */
    same = prediction_make(&scene.predictor, "u2", 2, "007", 3);
    assert_int_equal(blank->part, CROSSTAB_BLANK);
    assert_true(blank->actual == 0 && blank->error == 0 && blank->predicted == same.rating);
    crosstab_free(&table);
    close_scene(&scene);
}

static void sums_are_those_of_the_rated_cells(void **state) {
    struct scene scene;
    struct crosstab table;
    struct status status;
    double train = 0, valid = 0;
    (void)state;
    open_scene(&scene);
    assert_true(crosstab_make(&table, &scene.set, &scene.predictor, 9, 9, &status));
    for (uint32_t user = 0; user < table.user_count; user++)
        for (uint32_t movie = 0; movie < table.movie_count; movie++) {
            const struct crosstab_cell *cell = crosstab_cell(&table, user, movie);
            train += cell->part == CROSSTAB_TRAIN ? cell->error * cell->error : 0;
            valid += cell->part == CROSSTAB_VALID ? cell->error * cell->error : 0;
        }
    assert_int_equal(table.train.count, 6);
    assert_int_equal(table.valid.count, 4);
    assert_int_equal(crosstab_rated(&table), 10);
    assert_true(fabs(table.actual_sum - 29) < 1e-12);
    assert_true(train > 0 && fabs(table.train.squared - train) < 1e-12);
    assert_true(valid > 0 && fabs(table.valid.squared - valid) < 1e-12);
    crosstab_free(&table);
    close_scene(&scene);
}

static void a_table_that_is_too_large_is_refused(void **state) {
    struct scene scene;
    struct crosstab table;
    struct status status;
    (void)state;
    open_scene(&scene);
    struct packed_set vast = {.users = 1 << 11, .movies = 1 << 10};
    assert_false(crosstab_make(&table, &vast, &scene.predictor, UINT32_MAX, UINT32_MAX, &status));
    assert_int_equal(status.code, STATUS_USAGE);
    close_scene(&scene);
}

static void memory_that_is_refused_is_a_status(void **state) {
    struct scene scene;
    struct crosstab table;
    struct status status;
    (void)state;
    open_scene(&scene);
    size_t held = memory_blocks_held();
    for (size_t countdown = 1; countdown <= 5; countdown++) {
        memory_fail_after(countdown);
        assert_false(crosstab_make(&table, &scene.set, &scene.predictor, 3, 3, &status));
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_int_equal(memory_blocks_held(), held);
    }
    memory_fail_after(0);
    close_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_rated_are_chosen_and_stand_in_order_of_their_ids),
        cmocka_unit_test(cells_hold_what_was_rated_and_what_is_predicted),
        cmocka_unit_test(sums_are_those_of_the_rated_cells),
        cmocka_unit_test(a_table_that_is_too_large_is_refused),
        cmocka_unit_test(memory_that_is_refused_is_a_status),
    };
    return cmocka_run_group_tests_name("analysis/crosstab", tests, NULL, NULL);
}
