/* Ranking metrics: known values by hand, and the same as a naive double loop on a model full of equal scores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/ranking_run.h"
#include "core/memory.h"
#include "core/rng.h"
#include "model/dot_bias.h"

enum { USERS = 40, MOVIES = 60, FACTORS = 3, ID_BYTES = 4, RATINGS_MAX = USERS * MOVIES };

/* Ids "u000" and so on; the set has them in reverse order, and one user and one movie that the model has not. */
struct names {
    uint64_t offsets[MOVIES + 2];
    char bytes[(MOVIES + 1) * ID_BYTES + 1];
    struct string_table view;
};

static void name_all(struct names *names, char letter, int count, int last) {
    for (int i = 0; i < count; i++) {
        snprintf(names->bytes + i * ID_BYTES, ID_BYTES + 1, "%c%03d", letter, last < 0 ? i : last - i);
        names->offsets[i + 1] = (uint64_t)(i + 1) * ID_BYTES;
    }
    names->view = (struct string_table){(uint64_t)count, names->offsets, names->bytes};
}

static struct {
    struct model_file model;
    struct packed_set set;
    struct names user_ids, movie_ids, set_user_ids, set_movie_ids;
    float user_rows[USERS * (FACTORS + 1)], movie_rows[MOVIES * (FACTORS + 1)];
    uint32_t user_counts[USERS], movie_counts[MOVIES];
    struct rating train[RATINGS_MAX], valid[RATINGS_MAX];
    uint8_t parts[USERS + 1][MOVIES + 1]; /* by row of the set: 0 nothing, 1 train, 2 valid */
    float values[USERS + 1][MOVIES + 1];
    struct popularity popularity;
    struct predictor predictor;
} scene;

/* Multiples of a half: many scores are equal, and all are exact. */
static float coarse(uint64_t stream, uint64_t i) {
    return (float)(rng_bits(7, stream, i) % 5) / 2 - 1;
}

static uint32_t model_row(uint32_t set_row, uint32_t count) {
    return set_row == 0 ? ID_UNKNOWN : count - set_row;
}

/* Draws who rated what. Movie 3 of the model gets no training rating, user 5 neither. */
static void draw_ratings(void) {
    for (uint32_t user = 0; user <= USERS; user++)
        for (uint32_t movie = 0; movie <= MOVIES; movie++) {
            uint64_t drawn = rng_bits(8, user, movie) % 10;
            uint32_t user_row = model_row(user, USERS), movie_row = model_row(movie, MOVIES);
            bool is_cold = user_row == 5 || movie_row == 3 || movie_row % 7 == 1;
            float value = (float)(rng_bits(9, user, movie) % 10 + 1) / 2;
            scene.values[user][movie] = value;
            if (drawn < 3 && !is_cold) {
                scene.parts[user][movie] = 1;
                scene.train[scene.set.train_count++] = (struct rating){user, movie, value};
                if (user_row != ID_UNKNOWN && movie_row != ID_UNKNOWN) {
                    scene.user_counts[user_row]++;
                    scene.movie_counts[movie_row]++;
                }
            } else if (drawn < 5) {
                scene.parts[user][movie] = 2;
                scene.valid[scene.set.valid_count++] = (struct rating){user, movie, value};
            }
        }
}

static int open_scene(void **state) {
    struct status status;
    (void)state;
    memset(&scene, 0, sizeof scene);
    name_all(&scene.user_ids, 'u', USERS, -1);
    name_all(&scene.movie_ids, 'm', MOVIES, -1);
    name_all(&scene.set_user_ids, 'u', USERS + 1, USERS);
    name_all(&scene.set_movie_ids, 'm', MOVIES + 1, MOVIES);
    for (int i = 0; i < USERS * (FACTORS + 1); i++)
        scene.user_rows[i] = coarse(1, (uint64_t)i);
    for (int i = 0; i < MOVIES * (FACTORS + 1); i++)
        scene.movie_rows[i] = coarse(2, (uint64_t)i);
    scene.set = (struct packed_set){.users = USERS + 1,
                                    .movies = MOVIES + 1,
                                    .train = scene.train,
                                    .valid = scene.valid,
                                    .user_ids = scene.set_user_ids.view,
                                    .movie_ids = scene.set_movie_ids.view};
    draw_ratings();
    scene.model = (struct model_file){.spec = {.factors = FACTORS, .has_bias = true},
                                      .users = USERS,
                                      .movies = MOVIES,
                                      .user_rows = scene.user_rows,
                                      .movie_rows = scene.movie_rows,
                                      .user_ids = scene.user_ids.view,
                                      .movie_ids = scene.movie_ids.view,
                                      .user_counts = scene.user_counts,
                                      .movie_counts = scene.movie_counts};
    return !predictor_open(&scene.predictor, &scene.model, &status) ||
           !popularity_sort(&scene.popularity, scene.movie_counts, MOVIES, &status);
}

static int close_scene(void **state) {
    (void)state;
    predictor_close(&scene.predictor);
    popularity_free(&scene.popularity);
    return memory_blocks_held() != 0;
}

/* The naive way: every candidate against every other, user by user. */
struct naive {
    float scores[MOVIES];
    bool is_candidate[MOVIES], is_relevant[MOVIES];
    uint32_t ranks[MOVIES]; /* of candidates */
    uint32_t relevant, unknown;
};

static void score_naively(struct naive *naive, uint32_t user, float threshold) {
    float user_row[8] = {0}, movie_row[8];
    *naive = (struct naive){0};
    predictor_row(&scene.predictor, TABLE_USERS, model_row(user, USERS), user_row);
    for (uint32_t movie = 0; movie <= MOVIES; movie++) {
        uint32_t row = model_row(movie, MOVIES);
        bool is_relevant = scene.parts[user][movie] == 2 && scene.values[user][movie] >= threshold;
        if (row == ID_UNKNOWN) {
            naive->unknown += is_relevant;
            continue;
        }
        predictor_row(&scene.predictor, TABLE_MOVIES, row, movie_row);
        naive->scores[row] = dot_bias_score(&scene.model.spec, user_row, movie_row);
        naive->is_candidate[row] = scene.parts[user][movie] != 1;
        naive->is_relevant[row] = is_relevant;
        naive->relevant += is_relevant;
    }
    for (uint32_t one = 0; one < MOVIES; one++) {
        naive->ranks[one] = 1;
        for (uint32_t other = 0; other < MOVIES; other++)
            naive->ranks[one] +=
                naive->is_candidate[other] && (naive->scores[other] > naive->scores[one] ||
                                               (naive->scores[other] == naive->scores[one] && other < one));
    }
}

static double naive_auc(const struct naive *naive) {
    double won = 0, pairs = 0;
    for (uint32_t one = 0; one < MOVIES; one++)
        for (uint32_t other = 0; other < MOVIES; other++)
            if (naive->is_relevant[one] && naive->is_candidate[other] && !naive->is_relevant[other]) {
                won += naive->scores[one] > naive->scores[other]    ? 1
                       : naive->scores[one] == naive->scores[other] ? 0.5
                                                                    : 0;
                pairs++;
            }
    return won / pairs;
}

/* Walks the list from its first place to its k-th. */
static struct ranking_score naive_score(const struct naive *naive, uint32_t k, bool *shown) {
    struct ranking_score score = {0};
    double hits = 0, best = 0;
    for (uint32_t place = 1; place <= k; place++) {
        if (place <= naive->relevant)
            best += 1 / log2(1.0 + place);
        for (uint32_t movie = 0; movie < MOVIES; movie++) {
            if (!naive->is_candidate[movie] || naive->ranks[movie] != place)
                continue;
            shown[movie] = true;
            if (!naive->is_relevant[movie])
                continue;
            score.mrr = hits == 0 ? 1.0 / place : score.mrr;
            hits++;
            score.ndcg += 1 / log2(1.0 + place);
            score.map += hits / place;
        }
    }
    score.precision = hits / k;
    score.recall = hits / naive->relevant;
    score.ndcg /= best;
    score.map /= naive->relevant < k ? naive->relevant : k;
    return score;
}

static void assert_near(double one, double other) {
    if (!(fabs(one - other) < 1e-12))
        fail_msg("%.17g is not %.17g", one, other);
}

static void compare(const struct ranking *ranking, const struct ranking_spec *spec, bool cold) {
    const struct ranking_group *group = cold ? &ranking->cold : &ranking->warm;
    for (uint32_t cut = 0; cut < spec->cut_count; cut++) {
        struct ranking_score sum = {0}, mean;
        bool shown[MOVIES] = {false};
        double auc = 0;
        uint32_t users = 0, coverage = 0, tail_hits = 0;
        for (uint32_t user = 0; user <= USERS; user++) {
            struct naive naive;
            uint32_t row = model_row(user, USERS);
            if ((row == ID_UNKNOWN || scene.user_counts[row] == 0) != cold)
                continue;
            score_naively(&naive, user, spec->threshold);
            if (naive.relevant == 0)
                continue;
            struct ranking_score one = naive_score(&naive, spec->cuts[cut], shown);
            sum.precision += one.precision, sum.recall += one.recall, sum.ndcg += one.ndcg;
            sum.map += one.map, sum.mrr += one.mrr;
            auc += naive_auc(&naive);
            users++;
            for (uint32_t movie = 0; movie < MOVIES; movie++)
                tail_hits += naive.is_relevant[movie] && naive.ranks[movie] <= spec->cuts[cut] &&
                             scene.popularity.buckets[movie] == POPULARITY_TAIL;
        }
        for (uint32_t movie = 0; movie < MOVIES; movie++)
            coverage += shown[movie];
        assert_int_equal(group->users, users);
        assert_true(ranking_mean(group, cut, &mean));
        assert_near(mean.precision, sum.precision / users);
        assert_near(mean.recall, sum.recall / users);
        assert_near(mean.ndcg, sum.ndcg / users);
        assert_near(mean.map, sum.map / users);
        assert_near(mean.mrr, sum.mrr / users);
        assert_near(group->auc / (double)group->auc_users, auc / users);
        assert_int_equal(group->at[cut].shown, coverage);
        assert_int_equal(group->at[cut].hits[POPULARITY_TAIL], tail_hits);
    }
}

static bool run(struct ranking *ranking, const struct ranking_spec *spec, struct status *status) {
    return ranking_run(ranking, spec, &scene.predictor, &scene.popularity, &scene.set, status);
}

static void all_metrics_are_those_of_a_double_loop(void **state) {
    struct ranking_spec spec = {.cuts = {1, 3, 10, MOVIES}, .cut_count = 4, .threshold = 4};
    struct ranking ranking;
    struct status status;
    (void)state;
    assert_true(run(&ranking, &spec, &status));
    compare(&ranking, &spec, false);
    compare(&ranking, &spec, true);
    assert_int_equal(ranking.cold.users, 2);
    uint64_t unknown = 0, left_out = 0;
    for (uint32_t user = 0; user <= USERS; user++) {
        struct naive naive;
        score_naively(&naive, user, spec.threshold);
        unknown += naive.unknown;
        left_out += naive.relevant == 0;
    }
    assert_true(unknown > 0);
    assert_int_equal(ranking.unknown_relevant, unknown);
    assert_int_equal(ranking.users_left_out, left_out);
    assert_int_equal(ranking.warm.users + ranking.cold.users + left_out, USERS + 1);
}

static void nobody_to_measure_is_not_a_nan(void **state) {
    struct ranking_spec spec = {.cuts = {10}, .cut_count = 1, .threshold = 5.5f};
    struct ranking ranking;
    struct ranking_score mean = {.map = 7};
    struct status status;
    (void)state;
    assert_true(run(&ranking, &spec, &status));
    assert_false(ranking_mean(&ranking.warm, 0, &mean));
    assert_false(ranking_mean(&ranking.cold, 0, &mean));
    assert_true(mean.map == 7);
    assert_int_equal(ranking.users_left_out, USERS + 1);
}

static void what_cannot_be_ranked_is_refused(void **state) {
    struct ranking_spec spec = {.cuts = {10, MOVIES + 1}, .cut_count = 2, .threshold = 4};
    struct ranking ranking;
    struct status status;
    (void)state;
    assert_false(run(&ranking, &spec, &status));
    assert_int_equal(status.code, STATUS_USAGE);
    assert_string_equal(status.text, "k = 61 is larger than the catalogue of 60 movies");
    spec.cut_count = 1;
    scene.movie_rows[7] = NAN;
    assert_false(run(&ranking, &spec, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
}

static void every_refusal_of_memory_is_a_status(void **state) {
    struct ranking_spec spec = {.cuts = {10}, .cut_count = 1, .threshold = 4};
    struct ranking ranking;
    struct status status;
    size_t held = memory_blocks_held(), failures = 0;
    (void)state;
    for (memory_fail_after(1); !run(&ranking, &spec, &status); memory_fail_after(++failures + 1)) {
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_int_equal(memory_blocks_held(), held);
    }
    memory_fail_after(0);
    assert_true(failures > 10);
}

/* Relevant at the ranks 1, 3 and 6; the values of a pocket calculator. */
static void known_values_by_hand(void **state) {
    static const uint32_t RANKS[] = {1, 3, 6};
    (void)state;
    struct ranking_score at = ranking_score_at(RANKS, 3, 5);
    assert_near(at.precision, 2.0 / 5);
    assert_near(at.recall, 2.0 / 3);
    assert_near(at.ndcg, 1.5 / 2.1309297535714575);
    assert_near(at.map, (1 + 2.0 / 3) / 3);
    assert_near(at.mrr, 1);
    at = ranking_score_at(RANKS + 1, 2, 2);
    assert_true(at.precision == 0 && at.recall == 0 && at.ndcg == 0 && at.map == 0 && at.mrr == 0);
    at = ranking_score_at(RANKS, 3, 1);
    assert_true(at.precision == 1 && at.ndcg == 1 && at.map == 1 && at.mrr == 1);
    assert_near(at.recall, 1.0 / 3);
}

static void keys_sort_as_scores_fall(void **state) {
    static const float FALLING[] = {3.4e38f, 1, 1e-40f, 0, -1e-40f, -1, -3.4e38f};
    (void)state;
    for (size_t i = 0; i + 1 < sizeof FALLING / sizeof FALLING[0]; i++)
        assert_true(ranking_key(FALLING[i], UINT32_MAX) < ranking_key(FALLING[i + 1], 0));
    assert_true(ranking_key(-0.0f, 5) == ranking_key(0.0f, 5));
    assert_true(ranking_key(1, 5) < ranking_key(1, 6));
    assert_int_equal(ranking_movie(ranking_key(-2.5f, 4000000000u)), 4000000000u);
}

/* Scores 9 7 7 5 of the relevant rows 0 and 2 and the others 1 and 3: the tie counts one half. */
static void equal_scores_count_one_half(void **state) {
    int64_t relevant[] = {ranking_key(7, 2), ranking_key(9, 0)};
    const int64_t others[] = {ranking_key(5, 3), ranking_key(7, 1)};
    uint32_t between[3], ranks[2];
    (void)state;
    assert_int_equal(ranking_ranks(relevant, 2, others, 2, between, ranks), 7);
    assert_int_equal(ranks[0], 1);
    assert_int_equal(ranks[1], 3);
}

static void popularity_splits_where_it_says(void **state) {
    /* 100 ratings: 40, then 15 15 (together at least half), 12, 9, 5, 2 2, and nothing. */
    static const uint32_t COUNTS[] = {2, 15, 0, 40, 5, 15, 12, 9, 2};
    static const uint8_t WANTED[] = {POPULARITY_TAIL,  POPULARITY_HEAD,  POPULARITY_COLD,
                                     POPULARITY_HEAD,  POPULARITY_TAIL,  POPULARITY_HEAD,
                                     POPULARITY_TORSO, POPULARITY_TORSO, POPULARITY_TAIL};
    struct popularity popularity;
    struct status status;
    (void)state;
    assert_true(popularity_sort(&popularity, COUNTS, 9, &status));
    assert_memory_equal(popularity.buckets, WANTED, sizeof WANTED);
    assert_int_equal(popularity.extents[POPULARITY_HEAD].movies, 3);
    assert_int_equal(popularity.extents[POPULARITY_HEAD].least, 15);
    assert_int_equal(popularity.extents[POPULARITY_HEAD].most, 40);
    assert_int_equal(popularity.extents[POPULARITY_TORSO].ratings, 21);
    assert_int_equal(popularity.extents[POPULARITY_TAIL].movies, 3);
    assert_int_equal(popularity.extents[POPULARITY_COLD].movies, 1);
    popularity_free(&popularity);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_by_hand),
        cmocka_unit_test(keys_sort_as_scores_fall),
        cmocka_unit_test(equal_scores_count_one_half),
        cmocka_unit_test(popularity_splits_where_it_says),
        cmocka_unit_test_setup_teardown(all_metrics_are_those_of_a_double_loop, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(nobody_to_measure_is_not_a_nan, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(what_cannot_be_ranked_is_refused, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(every_refusal_of_memory_is_a_status, open_scene, close_scene),
    };
    return cmocka_run_group_tests_name("analysis/ranking", tests, NULL, NULL);
}
