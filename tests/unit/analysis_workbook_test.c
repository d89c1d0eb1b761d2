/* The workbook's numbers against a step by hand, and its file: whole or not at all. What the sheets compute is LibreOffice's to
 * say, in tests/integration/workbook.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/workbook.h"
#include "analysis/workbook_numbers.h"
#include "analysis_small_model.h"
#include "core/memory.h"
#include "tests/scratch.h"

/* The small model's users and movies, and a user and a movie that it does not know. */
struct scene {
    struct small_model model;
    struct small_table users, movies, titles;
    struct predictor predictor;
    struct packed_set set;
    struct crosstab table;
};

static const struct rating TRAIN[] = {{0, 0, 1}, {1, 1, 3}, {2, 2, 4}, {0, 3, 2}};
static const struct rating VALID[] = {{1, 0, 2}};

static struct scratch scratch;

static void open_scene(struct scene *scene) {
    static const char *const USERS[] = {"u1", "u2", "v"};
    static const char *const MOVIES[] = {"10", "20", "30", "40"}, *const TITLES[] = {"=1+1",
                                                                                     "a<b&\xff\xef\xbf\xbf",
                                                                                     "", "Fourth"};
    struct status status;
    small_model_fill(&scene->model);
    small_table_fill(&scene->users, USERS, 3);
    small_table_fill(&scene->movies, MOVIES, 4);
    small_table_fill(&scene->titles, TITLES, 4);
    scene->set = (struct packed_set){.users = 3,
                                     .movies = 4,
                                     .train_count = 4,
                                     .valid_count = 1,
                                     .train = TRAIN,
                                     .valid = VALID,
                                     .user_ids = scene->users.view,
                                     .movie_ids = scene->movies.view,
                                     .movie_titles = scene->titles.view};
    assert_true(predictor_open(&scene->predictor, &scene->model.file, &status));
    assert_true(crosstab_make(&scene->table, &scene->set, &scene->predictor, 9, 9, &status));
}

static void close_scene(struct scene *scene) {
    crosstab_free(&scene->table);
    predictor_close(&scene->predictor);
    assert_int_equal(memory_blocks_held(), 0);
}

static bool is_near(double a, double b) {
    return fabs(a - b) < 1e-6;
}

static void the_step_is_one_by_hand(void **state) {
    struct scene scene;
    struct workbook_numbers numbers;
    struct status status;
    (void)state;
    open_scene(&scene);
    assert_true(workbook_numbers_make(&numbers, &scene.table, &scene.predictor, 0.5, 0.1, &status));
    assert_int_equal(numbers.lines, 7);
    const struct crosstab_cell *cell = crosstab_cell(&scene.table, 1, 1);
    /* u2 has rated movie 20 alone: its gradient is 2/4 e q, of its bias 2/4 e. */
    const float *old = numbers.rows + numbers.stride, *new = numbers.stepped + numbers.stride,
                *movie = numbers.rows + (3 + 1) * numbers.stride;
    for (uint32_t k = 0; k < 3; k++) {
        double gradient = 2.0 / 4 * cell->error * (k < 2 ? (double)movie[k] : 1);
        assert_true(is_near((double)numbers.gradients[numbers.stride + k], gradient));
        assert_true(is_near((double)new[k], (double)old[k] - 0.5 * (gradient + 0.1 * (double)old[k])));
    }
    assert_true(cell->error != 0 && is_near(numbers.slopes[4 + 1], cell->error));
    assert_true(numbers.slopes[4 + 0] == 0); /* a test cell */
    assert_int_equal(numbers.new_train.count, 4);
    assert_int_equal(numbers.new_valid.count, 1);
    assert_true(numbers.new_train.squared < scene.table.train.squared);
    workbook_numbers_free(&numbers);
    close_scene(&scene);
}

static void the_file_appears_whole_or_not_at_all(void **state) {
    struct scene scene;
    struct status status = {0};
    const char *path = scratch_path(&scratch, "model.xlsx");
    struct workbook_spec spec = {.out = path};
    (void)state;
    open_scene(&scene);
    size_t held = memory_blocks_held(), countdown = 1;
    for (; countdown < 100; countdown++) {
        memory_fail_after(countdown);
        bool made = workbook_write(&spec, &scene.table, &scene.predictor, &status);
        memory_fail_after(0);
        assert_int_equal(memory_blocks_held(), held);
        assert_int_equal(access(path, F_OK) == 0, made);
        if (made)
            break;
        assert_int_equal(status.code, STATUS_NO_MEMORY);
    }
    assert_in_range(countdown, 10, 99);
    assert_false(workbook_write(&spec, &scene.table, &scene.predictor, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    spec.force = true;
    assert_true(workbook_write(&spec, &scene.table, &scene.predictor, &status));
    close_scene(&scene);
}

static void a_table_without_ratings_is_refused(void **state) {
    struct scene scene;
    struct status status;
    struct workbook_spec spec = {.out = scratch_path(&scratch, "none.xlsx")};
    (void)state;
    open_scene(&scene);
    struct crosstab none = {.set = &scene.set};
    assert_false(workbook_write(&spec, &none, &scene.predictor, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_int_not_equal(access(spec.out, F_OK), 0);
    close_scene(&scene);
}

static int begin(void **state) {
    (void)state;
    scratch_make(&scratch);
    return 0;
}

static int end(void **state) {
    (void)state;
    scratch_remove(scratch.folder);
    return 0;
}

/* libxlsxwriter 1.1.4 never gives back the formula of a drop-down list. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:lxw_strdup";
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_is_one_by_hand),
        cmocka_unit_test_setup_teardown(the_file_appears_whole_or_not_at_all, begin, end),
        cmocka_unit_test_setup_teardown(a_table_without_ratings_is_refused, begin, end),
    };
    return cmocka_run_group_tests_name("analysis/workbook", tests, NULL, NULL);
}
