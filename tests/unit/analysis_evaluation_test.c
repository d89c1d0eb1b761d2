/* Metrics of a small model on a set with other row numbers, computed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "analysis/evaluation.h"
#include "analysis_small_model.h"
#include "core/memory.h"

/* Other rows for the same ids, a user and a movie that the model does not know. */
struct small_set {
    struct packed_set set;
    struct small_table user_ids, movie_ids;
    struct rating valid[4];
};

static void fill_set(struct small_set *small) {
    static const char *const USERS[] = {"u2", "u1", "new"}, *const MOVIES[] = {"20", "10", "30", "99"};
    *small = (struct small_set){.valid = {{1, 1, 1}, {0, 0, -1}, {1, 2, 1}, {2, 1, 1}}};
    small_table_fill(&small->user_ids, USERS, 3);
    small_table_fill(&small->movie_ids, MOVIES, 4);
    small->set = (struct packed_set){
        .users = 3,
        .movies = 4,
        .train_count = 10,
        .train_mean = 0.5,
        .valid_count = 4,
        .valid = small->valid,
        .user_ids = small->user_ids.view,
        .movie_ids = small->movie_ids.view,
    };
}

static bool evaluate(struct evaluation *evaluation, const struct predictor *predictor,
                     const struct packed_set *set, struct status *status) {
    struct popularity popularity;
    const struct model_file *model = predictor->model;
    assert_true(popularity_sort(&popularity, model->movie_counts, model->movies, status));
    bool well = evaluation_run(evaluation, predictor, &popularity, set, status);
    popularity_free(&popularity);
    return well;
}

static void ratings_are_matched_by_raw_id(void **state) {
    struct small_model model;
    struct small_set small;
    struct predictor predictor;
    struct evaluation evaluation;
    struct metrics metrics;
    struct status status = {0};
    (void)state;
    small_model_fill(&model);
    fill_set(&small);
    assert_true(predictor_open(&predictor, &model.file, &status));
    assert_true(evaluate(&evaluation, &predictor, &small.set, &status));
    /* Errors: u1 10: 0.375, u2 20: -2.375; cold: u1 30: -0.5, new 10: 0.1875. */
    assert_true(evaluation.warm.squared == 5.78125 && evaluation.warm.absolute == 2.75);
    assert_true(evaluation.cold.squared == 0.28515625 && evaluation.cold.absolute == 0.6875);
    assert_int_equal(evaluation.warm.count, 2);
    assert_int_equal(evaluation.cold.count, 2);
    /* 10 has three of four training ratings, 20 the other one. */
    assert_true(evaluation.by_popularity[POPULARITY_HEAD].absolute == 0.375);
    assert_true(evaluation.by_popularity[POPULARITY_TORSO].absolute == 2.375);
    assert_int_equal(evaluation.by_popularity[POPULARITY_TAIL].count, 0);
    assert_int_equal(evaluation.unknown_count, 1);
    assert_true(evaluation_metrics(&evaluation.all, &metrics));
    assert_true(metrics.mse == 1.5166015625 && metrics.rmse == sqrt(1.5166015625) && metrics.mae == 0.859375);
    /* The mean 0.5 against 1, -1, 1, 1. */
    assert_true(evaluation.baseline.squared == 3 && evaluation.baseline.absolute == 3);
    predictor_close(&predictor);
    assert_int_equal(memory_blocks_held(), 0);
}

static void nothing_to_measure_is_not_a_nan(void **state) {
    struct small_model model;
    struct small_set small;
    struct predictor predictor;
    struct evaluation evaluation;
    struct metrics metrics = {1, 2, 3};
    struct status status = {0};
    (void)state;
    small_model_fill(&model);
    fill_set(&small);
    small.set.valid_count = 0;
    small.set.train_count = 0;
    small.set.train_mean = NAN;
    assert_true(predictor_open(&predictor, &model.file, &status));
    assert_true(evaluate(&evaluation, &predictor, &small.set, &status));
    assert_false(evaluation_metrics(&evaluation.all, &metrics));
    assert_false(evaluation_metrics(&evaluation.baseline, &metrics));
    assert_true(metrics.mse == 1 && metrics.rmse == 2 && metrics.mae == 3);
    predictor_close(&predictor);
}

static void a_model_of_nans_is_bad_data(void **state) {
    static const float BROKEN[] = {NAN, 0, 0, 0, 0, 0};
    struct small_model model;
    struct small_set small;
    struct predictor predictor;
    struct evaluation evaluation;
    struct status status = {0};
    (void)state;
    small_model_fill(&model);
    fill_set(&small);
    model.file.user_rows = BROKEN;
    assert_true(predictor_open(&predictor, &model.file, &status));
    assert_false(evaluate(&evaluation, &predictor, &small.set, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    predictor_close(&predictor);
    assert_int_equal(memory_blocks_held(), 0);
}

/* More ratings than one chunk holds: each is measured once. */
static void long_sets_are_measured_whole(void **state) {
    enum { COUNT = 2500 };
    static struct rating many[COUNT];
    struct small_model model;
    struct small_set small;
    struct predictor predictor;
    struct evaluation evaluation;
    struct status status = {0};
    (void)state;
    small_model_fill(&model);
    fill_set(&small);
    for (size_t i = 0; i < COUNT; i++)
        many[i] = (struct rating){1, i % 5 == 0 ? 2 : 1, i % 5 == 0 ? 0.25f : 1.375f - 0.5f};
    small.set.valid = many;
    small.set.valid_count = COUNT;
    assert_true(predictor_open(&predictor, &model.file, &status));
    assert_true(evaluate(&evaluation, &predictor, &small.set, &status));
    assert_int_equal(evaluation.warm.count, COUNT / 5 * 4);
    assert_true(evaluation.warm.squared == COUNT / 5 * 4 * 0.25);
    assert_true(evaluation.cold.squared == COUNT / 5 * 0.0625);
    predictor_close(&predictor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratings_are_matched_by_raw_id),
        cmocka_unit_test(nothing_to_measure_is_not_a_nan),
        cmocka_unit_test(a_model_of_nans_is_bad_data),
        cmocka_unit_test(long_sets_are_measured_whole),
    };
    return cmocka_run_group_tests_name("analysis/evaluation", tests, NULL, NULL);
}
