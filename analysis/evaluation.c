#include "analysis/evaluation.h"

#include <math.h>

#include "core/memory.h"

enum { CHUNK = 1024 };

struct evaluator {
    const struct predictor *predictor;
    const struct packed_set *set;
    uint32_t *maps[TABLE_COUNT]; /* [rows of the set] -> row of the model or ID_UNKNOWN */
    float *rows;                 /* [2 * CHUNK][stride] */
    struct slot_rating *warm, *cold;
};

static bool map_table(struct evaluator *evaluator, enum table_id table, struct status *status) {
    const struct packed_set *set = evaluator->set;
    const struct string_table *ids = table == TABLE_USERS ? &set->user_ids : &set->movie_ids;
    uint32_t rows = table == TABLE_USERS ? set->users : set->movies;
    uint32_t *map = memory_take_array(rows, sizeof *map, "the map of ids", status);
    evaluator->maps[table] = map;
    if (map == NULL)
        return false;
    for (uint32_t row = 0; row < rows; row++) {
        size_t length;
        const char *id = string_table_get(ids, row, &length);
        map[row] = id_index_find(&evaluator->predictor->indexes[table], id, length);
    }
    return true;
}

static bool open_evaluator(struct evaluator *evaluator, struct status *status) {
    size_t stride = row_stride(evaluator->predictor->model->spec.factors);
    evaluator->rows =
        memory_take_array(2 * CHUNK * stride, sizeof *evaluator->rows, "rows to evaluate", status);
    evaluator->warm = memory_take_array(CHUNK, sizeof *evaluator->warm, "ratings to evaluate", status);
    evaluator->cold = memory_take_array(CHUNK, sizeof *evaluator->cold, "ratings to evaluate", status);
    return evaluator->rows != NULL && evaluator->warm != NULL && evaluator->cold != NULL &&
           map_table(evaluator, TABLE_USERS, status) && map_table(evaluator, TABLE_MOVIES, status);
}

static void close_evaluator(struct evaluator *evaluator) {
    memory_release(evaluator->rows);
    memory_release(evaluator->warm);
    memory_release(evaluator->cold);
    memory_release(evaluator->maps[TABLE_USERS]);
    memory_release(evaluator->maps[TABLE_MOVIES]);
}

/* Gathers the rows of up to CHUNK ratings, users in even slots and movies in odd ones, and adds their errors.
 */
static void add_chunk(struct evaluator *evaluator, struct evaluation *evaluation,
                      const struct rating *ratings, size_t count) {
    const struct predictor *predictor = evaluator->predictor;
    const struct model_spec *spec = &predictor->model->spec;
    size_t stride = row_stride(spec->factors), warm_count = 0, cold_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t user = evaluator->maps[TABLE_USERS][ratings[i].user];
        uint32_t movie = evaluator->maps[TABLE_MOVIES][ratings[i].movie];
        struct slot_rating rating = {(uint32_t)(2 * i), (uint32_t)(2 * i + 1), ratings[i].value};
        predictor_row(predictor, TABLE_USERS, user, evaluator->rows + rating.user_slot * stride);
        predictor_row(predictor, TABLE_MOVIES, movie, evaluator->rows + rating.movie_slot * stride);
        evaluation->unknown_count += user == ID_UNKNOWN || movie == ID_UNKNOWN;
        if (predictor_is_cold(predictor, TABLE_USERS, user) ||
            predictor_is_cold(predictor, TABLE_MOVIES, movie))
            evaluator->cold[cold_count++] = rating;
        else
            evaluator->warm[warm_count++] = rating;
    }
    dot_bias_evaluate(spec, evaluator->warm, warm_count, evaluator->rows, &evaluation->warm);
    dot_bias_evaluate(spec, evaluator->cold, cold_count, evaluator->rows, &evaluation->cold);
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
                    const struct packed_set *set, struct status *status) {
    struct evaluator evaluator = {.predictor = predictor, .set = set};
    *evaluation = (struct evaluation){0};
    bool well = open_evaluator(&evaluator, status);
    for (uint64_t first = 0; well && first < set->valid_count; first += CHUNK) {
        uint64_t left = set->valid_count - first;
        add_chunk(&evaluator, evaluation, set->valid + first, left < CHUNK ? left : CHUNK);
    }
    close_evaluator(&evaluator);
    if (!well)
        return false;
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
