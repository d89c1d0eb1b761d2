/* A prediction taken apart: terms computed by hand, and what stands in for the unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "analysis/prediction.h"
#include "analysis_small_model.h"
#include "core/memory.h"

static struct prediction ask(struct predictor *predictor, const char *user, const char *movie) {
    return prediction_make(predictor, user, strlen(user), movie, strlen(movie));
}

static void open_or_die(struct predictor *predictor, const struct small_model *model) {
    struct status status = {0};
    assert_true(predictor_open(predictor, &model->file, &status));
}

static void terms_add_up_to_the_score(void **state) {
    struct small_model model;
    struct predictor predictor;
    (void)state;
    small_model_fill(&model);
    open_or_die(&predictor, &model);
    struct prediction made = ask(&predictor, "u1", "10");
    assert_true(made.dot == 0.625 && made.user_bias == 0.25 && made.movie_bias == 0.5 && made.mean == 0);
    assert_true(made.score == 1.375 && made.rating == 1.375);
    assert_int_equal(made.counts[TABLE_USERS], 3);
    assert_int_equal(made.counts[TABLE_MOVIES], 3);
    made = ask(&predictor, "u2", "20");
    assert_true(made.dot == -3 && made.score == -3.375);
    predictor_close(&predictor);
    assert_int_equal(memory_blocks_held(), 0);
}

static void range_squeezes_and_mean_shifts(void **state) {
    struct small_model model;
    struct predictor predictor;
    (void)state;
    small_model_fill(&model);
    model.file.spec.has_range = true;
    model.file.spec.range_low = 0.5f;
    model.file.spec.range_high = 5;
    model.file.spec.mean = 0.125f;
    open_or_die(&predictor, &model);
    struct prediction made = ask(&predictor, "u1", "10");
    assert_true(made.dot == 0.625 && made.mean == 0.125 && made.score == 1.5);
    /* 0.5 + 4.5 / (1 + e^-1.5) */
    assert_float_equal(made.rating, 4.179085, 1e-6);
    predictor_close(&predictor);
}

static void unknown_ids_get_mid_range_and_the_known_bias(void **state) {
    struct small_model model;
    struct predictor predictor;
    char note[PREDICTION_NOTE_BYTES];
    (void)state;
    small_model_fill(&model);
    model.file.spec.has_range = true;
    model.file.spec.range_low = 0.5f;
    model.file.spec.range_high = 5;
    open_or_die(&predictor, &model);
    struct prediction made = ask(&predictor, "u1", "no such");
    assert_int_equal(made.rows[TABLE_MOVIES], ID_UNKNOWN);
    assert_true(made.dot == 0 && made.movie_bias == 0 && made.score == 0.25);
    prediction_note(&predictor, &made, note);
    assert_string_equal(note, "unknown movie: mid-range and known bias");
    made = ask(&predictor, "nobody", "20");
    assert_true(made.score == -0.25);
    made = ask(&predictor, "nobody", "no such");
    assert_true(made.score == 0 && made.rating == 2.75);
    prediction_note(&predictor, &made, note);
    assert_string_equal(note,
                        "unknown user: mid-range and known bias; unknown movie: mid-range and known bias");
    predictor_close(&predictor);
}

/* Without range and mean, the level of the ratings is in the rows: a zero row would be far off. */
static void unknown_ids_of_a_raw_model_get_the_average_row(void **state) {
    struct small_model model;
    struct predictor predictor;
    (void)state;
    small_model_fill(&model);
    open_or_die(&predictor, &model);
    struct prediction made = ask(&predictor, "u1", "no such");
    assert_true(made.dot == 0.84375 && made.movie_bias == 0.3125 && made.score == 1.40625);
    predictor_close(&predictor);
    model.file.spec.mean = 3;
    open_or_die(&predictor, &model);
    assert_true(ask(&predictor, "u1", "no such").rating == 3.25);
    predictor_close(&predictor);
}

static void cold_rows_are_used_and_said(void **state) {
    struct small_model model;
    struct predictor predictor;
    char note[PREDICTION_NOTE_BYTES];
    (void)state;
    small_model_fill(&model);
    open_or_die(&predictor, &model);
    struct prediction made = ask(&predictor, "u1", "30");
    assert_true(made.score == 0.5);
    prediction_note(&predictor, &made, note);
    assert_string_equal(note, "cold movie: no training rating, its row is still its start");
    made = ask(&predictor, "u1", "10");
    prediction_note(&predictor, &made, note);
    assert_string_equal(note, "");
    predictor_close(&predictor);
}

static void memory_that_runs_out_is_a_status(void **state) {
    struct small_model model;
    (void)state;
    small_model_fill(&model);
    for (size_t n = 1; n <= 8; n++) {
        struct predictor predictor;
        struct status status = {0};
        memory_fail_after(n);
        assert_false(predictor_open(&predictor, &model.file, &status));
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_int_equal(memory_blocks_held(), 0);
    }
    memory_fail_after(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_add_up_to_the_score),
        cmocka_unit_test(range_squeezes_and_mean_shifts),
        cmocka_unit_test(unknown_ids_get_mid_range_and_the_known_bias),
        cmocka_unit_test(unknown_ids_of_a_raw_model_get_the_average_row),
        cmocka_unit_test(cold_rows_are_used_and_said),
        cmocka_unit_test(memory_that_runs_out_is_a_status),
    };
    return cmocka_run_group_tests_name("analysis/prediction", tests, NULL, NULL);
}
