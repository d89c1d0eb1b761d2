#include "analysis/evaluation.h"

#include <math.h>

#include "core/memory.h"

enum { CHUNK = 1024 };

struct evaluator {
    const struct predictor *predictor;
    const struct popularity *popularity;
    uint32_t *maps[TABLE_COUNT];                 /* [rows of the set] -> row of the model or ID_UNKNOWN */
    float *rows;                                 /* [2 * CHUNK][stride] */
    struct slot_rating *lists[POPULARITY_COUNT]; /* [CHUNK] each */
};

static bool open_evaluator(struct evaluator *evaluator, const struct packed_set *set, struct status *status) {
    const struct id_index *indexes = evaluator->predictor->indexes;
    size_t stride = row_stride(evaluator->predictor->model->spec.factors);
    evaluator->rows =
        memory_take_array(2 * CHUNK * stride, sizeof *evaluator->rows, "rows to evaluate", status);
    bool well = evaluator->rows != NULL;
    for (int list = 0; well && list < POPULARITY_COUNT; list++) {
        evaluator->lists[list] =
            memory_take_array(CHUNK, sizeof *evaluator->lists[list], "ratings to evaluate", status);
        well = evaluator->lists[list] != NULL;
    }
    return well &&
           (evaluator->maps[TABLE_USERS] = id_index_map(&indexes[TABLE_USERS], &set->user_ids, status)) !=
               NULL &&
           (evaluator->maps[TABLE_MOVIES] = id_index_map(&indexes[TABLE_MOVIES], &set->movie_ids, status)) !=
               NULL;
}

static void close_evaluator(struct evaluator *evaluator) {
    memory_release(evaluator->rows);
    for (int list = 0; list < POPULARITY_COUNT; list++)
        memory_release(evaluator->lists[list]);
    memory_release(evaluator->maps[TABLE_USERS]);
    memory_release(evaluator->maps[TABLE_MOVIES]);
}

/* Where a rating's error is counted. A cold user makes it cold, however popular the movie. */
static enum popularity_bucket list_of(const struct evaluator *evaluator, uint32_t user, uint32_t movie) {
    if (predictor_is_cold(evaluator->predictor, TABLE_USERS, user) || movie == ID_UNKNOWN)
        return POPULARITY_COLD;
    return evaluator->popularity->buckets[movie];
}

/* Gathers the rows of up to CHUNK ratings, users in even slots and movies in odd ones, and adds their errors.
 */
static void add_chunk(struct evaluator *evaluator, struct evaluation *evaluation,
                      const struct rating *ratings, size_t count) {
    const struct predictor *predictor = evaluator->predictor;
    const struct model_spec *spec = &predictor->model->spec;
    size_t stride = row_stride(spec->factors), counts[POPULARITY_COUNT] = {0};
    for (size_t i = 0; i < count; i++) {
        uint32_t user = evaluator->maps[TABLE_USERS][ratings[i].user];
        uint32_t movie = evaluator->maps[TABLE_MOVIES][ratings[i].movie];
        struct slot_rating rating = {(uint32_t)(2 * i), (uint32_t)(2 * i + 1), ratings[i].value};
        predictor_row(predictor, TABLE_USERS, user, evaluator->rows + rating.user_slot * stride);
        predictor_row(predictor, TABLE_MOVIES, movie, evaluator->rows + rating.movie_slot * stride);
        evaluation->unknown_count += user == ID_UNKNOWN || movie == ID_UNKNOWN;
        enum popularity_bucket list = list_of(evaluator, user, movie);
        evaluator->lists[list][counts[list]++] = rating;
    }
    for (int list = 0; list < POPULARITY_COUNT; list++)
        dot_bias_evaluate(spec, evaluator->lists[list], counts[list], evaluator->rows,
                          list == POPULARITY_COLD ? &evaluation->cold : &evaluation->by_popularity[list]);
}

static void add_baseline(struct evaluation *evaluation, const struct packed_set *set) {
    if (set->train_count == 0)
        return;
    evaluation->baseline_mean = set->train_mean;
    for (uint64_t i = 0; i < set->valid_count; i++) {
        double error = set->train_mean - (double)set->valid[i].value;
        evaluation->baseline.squared += error * error;
        evaluation->baseline.absolute += fabs(error);
    }
    evaluation->baseline.count = set->valid_count;
}

static struct loss_sum sum_of(const struct loss_sum *a, const struct loss_sum *b) {
    return (struct loss_sum){a->squared + b->squared, a->absolute + b->absolute, a->count + b->count};
}

bool evaluation_run(struct evaluation *evaluation, const struct predictor *predictor,
                    const struct popularity *popularity, const struct packed_set *set,
                    struct status *status) {
    struct evaluator evaluator = {.predictor = predictor, .popularity = popularity};
    *evaluation = (struct evaluation){0};
    bool well = open_evaluator(&evaluator, set, status);
    for (uint64_t first = 0; well && first < set->valid_count; first += CHUNK) {
        uint64_t left = set->valid_count - first;
        add_chunk(&evaluator, evaluation, set->valid + first, left < CHUNK ? left : CHUNK);
    }
    close_evaluator(&evaluator);
    if (!well)
        return false;
    for (int bucket = 0; bucket < POPULARITY_COLD; bucket++)
        evaluation->warm = sum_of(&evaluation->warm, &evaluation->by_popularity[bucket]);
    evaluation->all = sum_of(&evaluation->warm, &evaluation->cold);
    if (!isfinite(evaluation->all.squared))
        return status_fail(status, STATUS_BAD_DATA, "the model predicts ratings that are not finite numbers");
    add_baseline(evaluation, set);
    return true;
}

bool evaluation_metrics(const struct loss_sum *sum, struct metrics *metrics) {
    if (sum->count == 0)
        return false;
    metrics->mse = sum->squared / (double)sum->count;
    metrics->rmse = sqrt(metrics->mse);
    metrics->mae = sum->absolute / (double)sum->count;
    return true;
}
