#include "analysis/ranking_run.h"

#include <math.h>

#include "analysis/rated_lists.h"
#include "core/contract.h"
#include "core/memory.h"
#include "model/dot_bias.h"

enum mark { MARK_CANDIDATE, MARK_RATED, MARK_RELEVANT };

struct ranker {
    const struct ranking_spec *spec;
    const struct predictor *predictor;
    const struct popularity *popularity;
    uint32_t movies;
    uint32_t *maps[TABLE_COUNT];        /* rows of the set -> rows of the model or ID_UNKNOWN */
    struct rated_lists rated, relevant; /* by user of the set, movies of the model or ID_UNKNOWN */
    float *rows;                        /* [movies][stride] */
    float *user_row;                    /* [stride] */
    uint8_t *marks;                     /* [movies], all MARK_CANDIDATE between users */
    int64_t *others, *wanted;           /* [movies] keys of candidates: not relevant, relevant */
    size_t other_count, wanted_count;
    uint32_t *between, *ranks; /* [movies + 1], [movies] */
    uint16_t *shown[2];        /* [movies] a bit for each cut, of warm and of cold users */
};

static bool take_scratch(struct ranker *ranker, struct status *status) {
    size_t movies = ranker->movies, stride = row_stride(ranker->predictor->model->spec.factors);
    ranker->rows = memory_take_array(movies * stride, sizeof(float), "the movies' rows", status);
    ranker->user_row = memory_take_array(stride, sizeof(float), "a user's row", status);
    ranker->marks = memory_take(movies, "marks of movies", status);
    ranker->others = memory_take_array(movies, sizeof(int64_t), "candidates", status);
    ranker->wanted = memory_take_array(movies, sizeof(int64_t), "candidates", status);
    ranker->between = memory_take_array(movies + 1, sizeof(uint32_t), "ranks", status);
    ranker->ranks = memory_take_array(movies, sizeof(uint32_t), "ranks", status);
    ranker->shown[0] = memory_take_array(movies, sizeof(uint16_t), "marks of movies", status);
    ranker->shown[1] = memory_take_array(movies, sizeof(uint16_t), "marks of movies", status);
    return ranker->rows != NULL && ranker->user_row != NULL && ranker->marks != NULL &&
           ranker->others != NULL && ranker->wanted != NULL && ranker->between != NULL &&
           ranker->ranks != NULL && ranker->shown[0] != NULL && ranker->shown[1] != NULL;
}

static bool open_ranker(struct ranker *ranker, const struct packed_set *set, struct status *status) {
    const struct predictor *predictor = ranker->predictor;
    size_t stride = row_stride(predictor->model->spec.factors);
    ranker->maps[TABLE_USERS] = id_index_map(&predictor->indexes[TABLE_USERS], &set->user_ids, status);
    ranker->maps[TABLE_MOVIES] = id_index_map(&predictor->indexes[TABLE_MOVIES], &set->movie_ids, status);
    if (ranker->maps[TABLE_USERS] == NULL || ranker->maps[TABLE_MOVIES] == NULL ||
        !rated_lists_build(&ranker->rated, set->train, set->train_count, set->users,
                           ranker->maps[TABLE_MOVIES], -INFINITY, status) ||
        !rated_lists_build(&ranker->relevant, set->valid, set->valid_count, set->users,
                           ranker->maps[TABLE_MOVIES], ranker->spec->threshold, status) ||
        !take_scratch(ranker, status))
        return false;
    for (uint32_t movie = 0; movie < ranker->movies; movie++)
        predictor_row(predictor, TABLE_MOVIES, movie, ranker->rows + movie * stride);
    return true;
}

static void close_ranker(struct ranker *ranker) {
    void *owned[] = {ranker->maps[TABLE_USERS],
                     ranker->maps[TABLE_MOVIES],
                     ranker->rows,
                     ranker->user_row,
                     ranker->marks,
                     ranker->others,
                     ranker->wanted,
                     ranker->between,
                     ranker->ranks,
                     ranker->shown[0],
                     ranker->shown[1]};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        memory_release(owned[i]);
    rated_lists_free(&ranker->rated);
    rated_lists_free(&ranker->relevant);
}

/* Marks a user's movies; a movie that was rated in training is no candidate, whatever else was said of it. Returns how
 * many relevant ratings are of movies that the model does not know. */
static uint64_t mark_movies(struct ranker *ranker, uint32_t user) {
    const struct rated_lists *rated = &ranker->rated, *relevant = &ranker->relevant;
    uint64_t unknown = 0;
    for (uint64_t i = relevant->starts[user]; i < relevant->starts[user + 1]; i++)
        if (relevant->movies[i] == ID_UNKNOWN)
            unknown++;
        else
            ranker->marks[relevant->movies[i]] = MARK_RELEVANT;
    for (uint64_t i = rated->starts[user]; i < rated->starts[user + 1]; i++)
        if (rated->movies[i] != ID_UNKNOWN)
            ranker->marks[rated->movies[i]] = MARK_RATED;
    return unknown;
}

static void unmark(struct ranker *ranker, const struct rated_lists *lists, uint32_t user) {
    for (uint64_t i = lists->starts[user]; i < lists->starts[user + 1]; i++)
        if (lists->movies[i] != ID_UNKNOWN)
            ranker->marks[lists->movies[i]] = MARK_CANDIDATE;
}

static bool has_relevant(const struct ranker *ranker, uint32_t user) {
    const struct rated_lists *relevant = &ranker->relevant;
    for (uint64_t i = relevant->starts[user]; i < relevant->starts[user + 1]; i++)
        if (relevant->movies[i] != ID_UNKNOWN && ranker->marks[relevant->movies[i]] == MARK_RELEVANT)
            return true;
    return false;
}

/* Scores all candidates of a user of the model (or ID_UNKNOWN), by the model's own dot product. */
static bool score_candidates(struct ranker *ranker, uint32_t user) {
    const struct model_spec *spec = &ranker->predictor->model->spec;
    size_t stride = row_stride(spec->factors);
    bool is_finite = true;
    ranker->other_count = ranker->wanted_count = 0;
    predictor_row(ranker->predictor, TABLE_USERS, user, ranker->user_row);
    for (uint32_t movie = 0; movie < ranker->movies; movie++) {
        if (ranker->marks[movie] == MARK_RATED)
            continue;
        float score = dot_bias_score(spec, ranker->user_row, ranker->rows + movie * stride);
        is_finite &= isfinite(score) != 0;
        if (ranker->marks[movie] == MARK_RELEVANT)
            ranker->wanted[ranker->wanted_count++] = ranking_key(score, movie);
        else
            ranker->others[ranker->other_count++] = ranking_key(score, movie);
    }
    return is_finite;
}

static void add_score(struct ranking_score *sum, const struct ranking_score *score) {
    sum->precision += score->precision;
    sum->recall += score->recall;
    sum->ndcg += score->ndcg;
    sum->map += score->map;
    sum->mrr += score->mrr;
}

static void add_ranks(const struct ranker *ranker, struct ranking_group *group) {
    for (uint32_t cut = 0; cut < ranker->spec->cut_count; cut++) {
        uint32_t k = ranker->spec->cuts[cut];
        struct ranking_score score = ranking_score_at(ranker->ranks, ranker->wanted_count, k);
        add_score(&group->at[cut].score, &score);
        for (size_t i = 0; i < ranker->wanted_count && ranker->ranks[i] <= k; i++)
            group->at[cut].hits[ranker->popularity->buckets[ranking_movie(ranker->wanted[i])]]++;
    }
    for (size_t i = 0; i < ranker->wanted_count; i++)
        group->relevant[ranker->popularity->buckets[ranking_movie(ranker->wanted[i])]]++;
}

/* Remembers which movies stand among the first k, for each cut. Reorders the candidates. */
static void note_shown(struct ranker *ranker, struct ranking_group *group, uint16_t *shown) {
    const struct ranking_spec *spec = ranker->spec;
    uint64_t count = ranker->other_count, most = spec->cuts[spec->cut_count - 1];
    for (size_t i = 0; i < ranker->wanted_count; i++)
        ranker->others[count++] = ranker->wanted[i];
    uint64_t first = most < count ? most : count;
    ranking_sort_first(ranker->others, count, first);
    for (uint32_t cut = 0; cut < spec->cut_count; cut++)
        for (uint64_t i = 0; i < first && i < spec->cuts[cut]; i++) {
            uint16_t *bits = &shown[ranking_movie(ranker->others[i])], bit = (uint16_t)(1u << cut);
            group->at[cut].shown += (*bits & bit) == 0;
            *bits |= bit;
        }
}

static bool rank_for(struct ranker *ranker, struct ranking *ranking, uint32_t user, struct status *status) {
    uint32_t row = ranker->maps[TABLE_USERS][user];
    bool is_cold = predictor_is_cold(ranker->predictor, TABLE_USERS, row);
    struct ranking_group *group = is_cold ? &ranking->cold : &ranking->warm;
    if (!score_candidates(ranker, row))
        return status_fail(status, STATUS_BAD_DATA, "the model predicts scores that are not finite numbers");
    uint64_t pairs = ranking_ranks(ranker->wanted, ranker->wanted_count, ranker->others, ranker->other_count,
                                   ranker->between, ranker->ranks);
    group->users++;
    if (ranker->other_count > 0) {
        group->auc += (double)pairs / (2.0 * (double)ranker->wanted_count * (double)ranker->other_count);
        group->auc_users++;
    }
    add_ranks(ranker, group);
    note_shown(ranker, group, ranker->shown[is_cold]);
    return true;
}

static bool rank_all(struct ranker *ranker, struct ranking *ranking, uint32_t users, struct status *status) {
    bool well = true;
    for (uint32_t user = 0; well && user < users; user++) {
        ranking->unknown_relevant += mark_movies(ranker, user);
        if (has_relevant(ranker, user))
            well = rank_for(ranker, ranking, user, status);
        else
            ranking->users_left_out++;
        unmark(ranker, &ranker->relevant, user);
        unmark(ranker, &ranker->rated, user);
    }
    return well;
}

bool ranking_run(struct ranking *ranking, const struct ranking_spec *spec, const struct predictor *predictor,
                 const struct popularity *popularity, const struct packed_set *set, struct status *status) {
    struct ranker ranker = {.spec = spec, .predictor = predictor, .popularity = popularity};
    REQUIRE(spec->cut_count > 0 && spec->cut_count <= RANKING_CUTS_MAX, "some cuts, and not too many");
    ranker.movies = predictor->model->movies;
    *ranking = (struct ranking){.catalogue = ranker.movies};
    uint32_t most = spec->cuts[spec->cut_count - 1];
    if (most > ranker.movies)
        return status_fail(status, STATUS_USAGE, "k = %u is larger than the catalogue of %u movies", most,
                           ranker.movies);
    bool well = open_ranker(&ranker, set, status) && rank_all(&ranker, ranking, set->users, status);
    close_ranker(&ranker);
    return well;
}

bool ranking_mean(const struct ranking_group *group, uint32_t i, struct ranking_score *mean) {
    const struct ranking_score *sum = &group->at[i].score;
    double users = (double)group->users;
    if (group->users == 0)
        return false;
    *mean = (struct ranking_score){sum->precision / users, sum->recall / users, sum->ndcg / users,
                                   sum->map / users, sum->mrr / users};
    return true;
}
