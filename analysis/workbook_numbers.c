#include "analysis/workbook_numbers.h"

#include <math.h>

#include "core/memory.h"
#include "model/optimiser.h"
#include "model/start.h"

static bool take(struct workbook_numbers *numbers, struct status *status) {
    size_t rows = (size_t)numbers->lines * numbers->stride, cells = (size_t)numbers->users * numbers->movies;
    numbers->rows = memory_take_array(4 * rows, sizeof(float), "the rows of a workbook", status);
    if (numbers->rows == NULL)
        return false;
    numbers->start = numbers->rows + rows;
    numbers->gradients = numbers->start + rows;
    numbers->stepped = numbers->gradients + rows;
    numbers->slopes = memory_take_array(2 * cells, sizeof(double), "the cells of a workbook", status);
    numbers->new_predicted = numbers->slopes + cells;
    return numbers->slopes != NULL;
}

static const float *row_of(const struct workbook_numbers *numbers, const float *rows, uint32_t line) {
    return rows + line * numbers->stride;
}

static void fill_rows(struct workbook_numbers *numbers, const struct crosstab *table,
                      const struct predictor *predictor) {
    struct model_spec unit = numbers->spec;
    unit.init_scale = 1;
    for (uint32_t line = 0; line < numbers->lines; line++) {
        enum table_id which = line < numbers->users ? TABLE_USERS : TABLE_MOVIES;
        const struct crosstab_line *of =
            which == TABLE_USERS ? &table->users[line] : &table->movies[line - numbers->users];
        uint32_t known = which == TABLE_USERS ? predictor->model->users : predictor->model->movies;
        size_t at = line * numbers->stride;
        predictor_row(predictor, which, of->model_row, numbers->rows + at);
        start_row(&unit, which, of->model_row != ID_UNKNOWN ? of->model_row : known + of->set_row,
                  numbers->start + at);
    }
}

/* The table's training cells as one lane, whose slots are the lines. */
static uint32_t gather(const struct workbook_numbers *numbers, const struct crosstab *table,
                       struct slot_rating *ratings) {
    uint32_t count = 0;
    for (uint32_t user = 0; user < numbers->users; user++)
        for (uint32_t movie = 0; movie < numbers->movies; movie++) {
            const struct crosstab_cell *cell = crosstab_cell(table, user, movie);
            if (cell->part == CROSSTAB_TRAIN)
                ratings[count++] = (struct slot_rating){user, numbers->users + movie, cell->actual};
        }
    return count;
}

static bool find_gradients(struct workbook_numbers *numbers, const struct crosstab *table,
                           struct status *status) {
    struct loss_sum before = {0};
    struct slot_rating *ratings =
        memory_take_array(table->train.count, sizeof *ratings, "a minibatch", status);
    if (ratings == NULL)
        return false;
    uint32_t count = gather(numbers, table, ratings);
    dot_bias_gradient(&numbers->spec, ratings, count, count > 0 ? count : 1, numbers->rows, numbers->lines,
                      numbers->gradients, &before);
    memory_release(ratings);
    return true;
}

/* The optimiser of a shard, at its first step. */
static bool apply(struct workbook_numbers *numbers, struct status *status) {
    struct optimiser_spec sgd = {.kind = OPTIMISER_SGD, .weight_decay = numbers->l2_penalty};
    struct optimiser *optimiser = optimiser_new(&sgd, &numbers->spec, 0, status);
    float *velocity = memory_take_array(numbers->stride, sizeof *velocity, "a row's velocity", status);
    bool well = optimiser != NULL && velocity != NULL;
    if (well)
        optimiser_open(optimiser, (struct step_rate){numbers->learning_rate, 0});
    for (uint32_t line = 0; well && line < numbers->lines; line++) {
        uint64_t next_step = 0;
        struct row_state state = {numbers->stepped + line * numbers->stride, velocity, NULL, &next_step};
        for (size_t i = 0; i < numbers->stride; i++) {
            state.value[i] = row_of(numbers, numbers->rows, line)[i];
            velocity[i] = 0;
        }
        optimiser_apply(optimiser, state, row_of(numbers, numbers->gradients, line));
    }
    memory_release(velocity);
    optimiser_free(optimiser);
    return well;
}

static void add_error(struct loss_sum *sum, double error) {
    sum->squared += error * error;
    sum->absolute += fabs(error);
    sum->count++;
}

static void fill_cell(struct workbook_numbers *numbers, const struct crosstab *table, uint32_t user,
                      uint32_t movie) {
    const struct crosstab_cell *cell = crosstab_cell(table, user, movie);
    size_t at = (size_t)user * numbers->movies + movie;
    float score = dot_bias_score(&numbers->spec, row_of(numbers, numbers->stepped, user),
                                 row_of(numbers, numbers->stepped, numbers->users + movie));
    numbers->new_predicted[at] = (double)dot_bias_rating(&numbers->spec, score);
    if (cell->part == CROSSTAB_TRAIN)
        numbers->slopes[at] = cell->error * workbook_curve(&numbers->spec, cell->predicted);
    if (cell->part != CROSSTAB_BLANK)
        add_error(cell->part == CROSSTAB_TRAIN ? &numbers->new_train : &numbers->new_valid,
                  numbers->new_predicted[at] - (double)cell->actual);
}

static bool fill_cells(struct workbook_numbers *numbers, const struct crosstab *table,
                       struct status *status) {
    for (uint32_t user = 0; user < numbers->users; user++)
        for (uint32_t movie = 0; movie < numbers->movies; movie++) {
            fill_cell(numbers, table, user, movie);
            if (!isfinite(numbers->new_predicted[(size_t)user * numbers->movies + movie]))
                return status_fail(status, STATUS_BAD_DATA,
                                   "a step from this model leads to ratings that are not finite numbers");
        }
    return true;
}

bool workbook_numbers_make(struct workbook_numbers *numbers, const struct crosstab *table,
                           const struct predictor *predictor, double learning_rate, double l2_penalty,
                           struct status *status) {
    *numbers = (struct workbook_numbers){
        .spec = predictor->model->spec,
        .users = table->user_count,
        .movies = table->movie_count,
        .lines = table->user_count + table->movie_count,
        .stride = row_stride(predictor->model->spec.factors),
        .learning_rate = learning_rate,
        .l2_penalty = l2_penalty,
    };
    bool well = take(numbers, status);
    if (well) {
        fill_rows(numbers, table, predictor);
        well = find_gradients(numbers, table, status) && apply(numbers, status) &&
               fill_cells(numbers, table, status);
    }
    if (!well)
        workbook_numbers_free(numbers);
    return well;
}

void workbook_numbers_free(struct workbook_numbers *numbers) {
    memory_release(numbers->rows);
    memory_release(numbers->slopes);
    *numbers = (struct workbook_numbers){0};
}

double workbook_rmse(const struct loss_sum *sum) {
    return sum->count > 0 ? sqrt(sum->squared / (double)sum->count) : 0;
}

double workbook_curve(const struct model_spec *spec, double rating) {
    double low = (double)spec->range_low, high = (double)spec->range_high;
    return spec->has_range ? (rating - low) * (high - rating) / (high - low) : 1;
}
