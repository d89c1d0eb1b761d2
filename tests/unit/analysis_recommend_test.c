/* Recommendations are those of a naive double loop, to the bit, whatever blocks and threads made them; so are
 * similar movies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "analysis/recommend.h"
#include "analysis/similar.h"
#include "analysis_made_up_model.h"
#include "core/memory.h"
#include "core/rng.h"
#include "model/dot_bias.h"
#include "model/products.h"

enum { USERS = 300, MOVIES = 1111, SEEN = 40 };

static const struct model_spec RANGED = {
    .factors = 10, .has_bias = true, .has_range = true, .range_low = 0.5f, .range_high = 5, .mean = 0.125f};
static const struct model_spec WIDE = {.factors = 50, .has_bias = true};
static const struct model_spec BARE = {.factors = 7};

/* What everybody has seen, some movies twice. */
struct watched {
    struct seen lists;
    uint64_t starts[USERS + 1];
    uint32_t movies[USERS * SEEN];
};

static void watch(struct watched *watched) {
    for (uint64_t user = 0; user <= USERS; user++)
        watched->starts[user] = user * SEEN;
    for (uint64_t i = 0; i < USERS * SEEN; i++)
        watched->movies[i] = (uint32_t)(rng_bits(5, i, 0) % MOVIES);
    watched->lists = (struct seen){watched->starts, watched->movies};
}

static bool has_watched(const struct watched *watched, uint32_t user, uint32_t movie) {
    for (uint32_t i = 0; watched != NULL && i < SEEN; i++)
        if (watched->movies[user * SEEN + i] == movie)
            return true;
    return false;
}

static float score_of(const struct model_file *model, uint32_t user, uint32_t movie) {
    float rows[2][64] = {{0}};
    size_t columns = model->spec.factors + 1;
    memcpy(rows[0], model->user_rows + user * columns, columns * sizeof(float));
    memcpy(rows[1], model->movie_rows + movie * columns, columns * sizeof(float));
    return dot_bias_score(&model->spec, rows[0], rows[1]);
}

/* What is compared, and how far the comparison has come. */
struct check {
    const struct recommend_request *request;
    const struct watched *watched;
    size_t next;
};

/* The naive way: again and again the best movie that has not been taken, over the whole table. */
static bool compare(void *context, uint32_t user, const struct recommendation *best, uint32_t count,
                    struct status *status) {
    struct check *check = context;
    const struct catalogue *catalogue = check->request->catalogue;
    const struct model_file *model = catalogue->model;
    bool taken[MOVIES] = {false};
    uint32_t left = 0;
    (void)status;
    assert_int_equal(user, check->request->users[check->next++]);
    for (uint32_t place = 0; place < catalogue->count; place++) {
        uint32_t movie = catalogue_movie(catalogue, place);
        taken[movie] = has_watched(check->watched, user, movie);
        left += !taken[movie];
    }
    assert_int_equal(count, left < check->request->top ? left : check->request->top);
    for (uint32_t rank = 0; rank < count; rank++) {
        float best_score = -INFINITY;
        uint32_t best_movie = UINT32_MAX;
        for (uint32_t place = 0; place < catalogue->count; place++) {
            uint32_t movie = catalogue_movie(catalogue, place);
            if (!taken[movie] && score_of(model, user, movie) > best_score) {
                best_score = score_of(model, user, movie);
                best_movie = movie;
            }
        }
        taken[best_movie] = true;
        assert_int_equal(best[rank].movie, best_movie);
        assert_true(best[rank].rating == dot_bias_rating(&model->spec, best_score));
    }
    return true;
}

static void check_against_loop(const struct model_spec *spec, enum made_up_rows kind, uint32_t top,
                               unsigned threads, const struct watched *watched, uint32_t least_ratings) {
    struct made_up_model model;
    struct catalogue catalogue;
    struct catalogue_filter filter = {.least_ratings = least_ratings};
    struct status status = {0};
    uint32_t users[USERS];
    made_up_model_make(&model, spec, USERS, MOVIES, kind, top);
    for (uint32_t i = 0; i < USERS; i++)
        users[i] = USERS - 1 - i;
    assert_true(catalogue_open(&catalogue, &model.file, &filter, &status));
    struct recommend_request request = {.catalogue = &catalogue,
                                        .rows = model.file.user_rows,
                                        .users = users,
                                        .user_count = top > 100 ? 20 : USERS,
                                        .seen = watched != NULL ? &watched->lists : NULL,
                                        .top = top,
                                        .threads = threads};
    struct check check = {&request, watched, 0};
    assert_true(recommend_run(&request, compare, &check, &status));
    assert_int_equal(check.next, request.user_count);
    catalogue_close(&catalogue);
    made_up_model_free(&model);
    assert_int_equal(memory_blocks_held(), 0);
}

static void equal_to_a_naive_loop(void **state) {
    struct watched watched;
    (void)state;
    watch(&watched);
    check_against_loop(&RANGED, ROWS_FINE, 10, 1, &watched, 0);
    check_against_loop(&RANGED, ROWS_FINE, 10, 2, &watched, 3);
    check_against_loop(&BARE, ROWS_FINE, 1, 3, NULL, 0);
    check_against_loop(&BARE, ROWS_FINE, MOVIES + 1, 2, &watched, 0);
}

static void equal_scores_go_by_row(void **state) {
    struct watched watched;
    (void)state;
    watch(&watched);
    check_against_loop(&BARE, ROWS_COARSE, 25, 1, &watched, 0);
    check_against_loop(&RANGED, ROWS_COARSE, 25, 2, NULL, 2);
}

/* Where sgemm and dot_bias_score round differently, the latter decides. */
static void scores_that_differ_in_their_last_bits(void **state) {
    struct watched watched;
    (void)state;
    watch(&watched);
    check_against_loop(&WIDE, ROWS_NARROW, 10, 2, &watched, 0);
    check_against_loop(&WIDE, ROWS_NARROW, 3, 1, NULL, 0);
}

static bool refuse(void *context, uint32_t user, const struct recommendation *best, uint32_t count,
                   struct status *status) {
    (void)context;
    (void)user;
    (void)best;
    (void)count;
    return status_fail(status, STATUS_IO, "no");
}

static void failures_end_the_run(void **state) {
    struct made_up_model model;
    struct catalogue catalogue;
    struct catalogue_filter filter = {0};
    struct status status = {0};
    uint32_t users[USERS];
    (void)state;
    made_up_model_make(&model, &RANGED, USERS, MOVIES, ROWS_FINE, 1);
    for (uint32_t i = 0; i < USERS; i++)
        users[i] = i;
    assert_true(catalogue_open(&catalogue, &model.file, &filter, &status));
    struct recommend_request request = {.catalogue = &catalogue,
                                        .rows = model.file.user_rows,
                                        .users = users,
                                        .user_count = USERS,
                                        .top = 3,
                                        .threads = 2};
    size_t held = memory_blocks_held();
    assert_false(recommend_run(&request, refuse, NULL, &status));
    assert_int_equal(status.code, STATUS_IO);
    for (size_t n = 1; n < 30; n++) {
        memory_fail_after(n);
        assert_false(recommend_run(&request, refuse, NULL, &status));
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_int_equal(memory_blocks_held(), held);
    }
    memory_fail_after(0);
    /* The model's rows are finite, their products need not be. */
    ((float *)(uintptr_t)model.file.user_rows)[0] = 3e38f;
    ((float *)(uintptr_t)model.file.movie_rows)[0] = 3e38f;
    assert_false(recommend_run(&request, refuse, NULL, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    catalogue_close(&catalogue);
    made_up_model_free(&model);
}

static void products_stay_within_their_error(void **state) {
    struct made_up_model model;
    struct catalogue catalogue;
    struct catalogue_filter filter = {0};
    struct status status = {0};
    float users[64];
    static float scores[MOVIES];
    (void)state;
    made_up_model_make(&model, &RANGED, USERS, MOVIES, ROWS_FINE, 9);
    assert_true(catalogue_open(&catalogue, &model.file, &filter, &status));
    for (uint32_t user = 0; user < USERS; user++) {
        const float *row = model.file.user_rows + user * (RANGED.factors + 1);
        double error = products_error(&RANGED, row, catalogue.norm, catalogue.bias);
        products_user(RANGED.factors, row, users);
        products_scores(RANGED.factors, users, 1, catalogue.rows, MOVIES, scores);
        for (uint32_t movie = 0; movie < MOVIES; movie++) {
            double whole = (double)scores[movie] + (double)row[RANGED.factors] + (double)RANGED.mean;
            assert_true(fabs(whole - (double)score_of(&model.file, user, movie)) <= error);
        }
        assert_true(error < 1e-4);
    }
    catalogue_close(&catalogue);
    made_up_model_free(&model);
}

static void similar_is_equal_to_a_naive_loop(void **state) {
    struct made_up_model model;
    (void)state;
    for (int metric = SIMILAR_COSINE; metric <= SIMILAR_EUCLID; metric++)
        for (int table = 0; table < TABLE_COUNT; table++) {
            struct top_entry entries[12];
            struct top_list list = {entries, 0, 12};
            bool taken[MOVIES] = {[17] = true};
            made_up_model_make(&model, &RANGED, USERS, MOVIES, table == 0 ? ROWS_COARSE : ROWS_FINE, 3);
            bool is_user = table == TABLE_USERS;
            const float *rows = is_user ? model.file.user_rows : model.file.movie_rows;
            const uint32_t *counts = is_user ? model.file.user_counts : model.file.movie_counts;
            size_t columns = RANGED.factors + 1;
            similar_find(&model.file, (enum table_id)table, 17, (enum similar_metric)metric, 2, &list);
            assert_int_equal(list.count, 12);
            for (uint32_t rank = 0; rank < list.count; rank++) {
                double best = -INFINITY;
                uint32_t best_row = UINT32_MAX;
                for (uint32_t row = 0; row < (is_user ? USERS : MOVIES); row++) {
                    double score = similar_score((enum similar_metric)metric, RANGED.factors,
                                                 rows + 17 * columns, rows + row * columns);
                    if (!taken[row] && counts[row] >= 2 && score > best) {
                        best = score;
                        best_row = row;
                    }
                }
                taken[best_row] = true;
                assert_int_equal(entries[rank].row, best_row);
                assert_true(entries[rank].score == best);
            }
            made_up_model_free(&model);
        }
}

static void metrics_are_what_they_say(void **state) {
    float one[] = {3, 4, 100}, other[] = {4, 3, -50}, nothing[] = {0, 0, 7};
    (void)state;
    assert_float_equal(similar_score(SIMILAR_COSINE, 2, one, other), 0.96, 1e-15);
    assert_true(similar_score(SIMILAR_DOT, 2, one, other) == 24);
    assert_float_equal(similar_score(SIMILAR_EUCLID, 2, one, other), -sqrt(2), 1e-15);
    assert_true(similar_score(SIMILAR_COSINE, 2, one, nothing) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_a_naive_loop),
        cmocka_unit_test(equal_scores_go_by_row),
        cmocka_unit_test(scores_that_differ_in_their_last_bits),
        cmocka_unit_test(failures_end_the_run),
        cmocka_unit_test(products_stay_within_their_error),
        cmocka_unit_test(similar_is_equal_to_a_naive_loop),
        cmocka_unit_test(metrics_are_what_they_say),
    };
    return cmocka_run_group_tests_name("analysis/recommend", tests, NULL, NULL);
}
