#include "analysis/prediction.h"

#include <math.h>
#include <string.h>

#include "analysis/top_list.h"
#include "core/memory.h"
#include "model/dot_bias.h"

static uint32_t table_rows(const struct model_file *model, enum table_id table) {
    return table == TABLE_USERS ? model->users : model->movies;
}

static const uint32_t *table_counts(const struct model_file *model, enum table_id table) {
    return table == TABLE_USERS ? model->user_counts : model->movie_counts;
}

static const float *table_row(const struct model_file *model, enum table_id table, uint32_t row) {
    const float *rows = table == TABLE_USERS ? model->user_rows : model->movie_rows;
    return rows + (size_t)row * (model->spec.factors + 1);
}

/* The mean row of a table, weighted by training ratings; zero when there are none. */
static bool average_row(const struct model_file *model, enum table_id table, float *average,
                        struct status *status) {
    uint32_t columns = model->spec.factors + 1;
    const uint32_t *counts = table_counts(model, table);
    double *sums = memory_take_array(columns, sizeof *sums, "a mean row", status), total = 0;
    if (sums == NULL)
        return false;
    for (uint32_t row = 0; row < table_rows(model, table); row++) {
        for (uint32_t k = 0; k < columns; k++)
            sums[k] += counts[row] * (double)table_row(model, table, row)[k];
        total += counts[row];
    }
    for (uint32_t k = 0; k < columns && total > 0; k++)
        average[k] = (float)(sums[k] / total);
    memory_release(sums);
    return true;
}

static bool open_table(struct predictor *predictor, enum table_id table, struct status *status) {
    const struct model_file *model = predictor->model;
    const struct string_table *ids = table == TABLE_USERS ? &model->user_ids : &model->movie_ids;
    uint32_t stride = row_stride(model->spec.factors);
    predictor->rows[table] = memory_take_array(stride, sizeof(float), "a row", status);
    predictor->stand_ins[table] = memory_take_array(stride, sizeof(float), "a stand-in row", status);
    if (predictor->rows[table] == NULL || predictor->stand_ins[table] == NULL)
        return false;
    bool level_elsewhere = model->spec.has_range || model->spec.mean != 0;
    if (!level_elsewhere && !average_row(model, table, predictor->stand_ins[table], status))
        return false;
    return id_index_build(&predictor->indexes[table], ids, status);
}

bool predictor_open(struct predictor *predictor, const struct model_file *model, struct status *status) {
    *predictor = (struct predictor){
        .model = model,
        .titles = {.titles = &model->movie_titles, .ids = &model->movie_ids},
    };
    if (open_table(predictor, TABLE_USERS, status) && open_table(predictor, TABLE_MOVIES, status))
        return true;
    predictor_close(predictor);
    return false;
}

void predictor_close(struct predictor *predictor) {
    for (int table = 0; table < TABLE_COUNT; table++) {
        id_index_free(&predictor->indexes[table]);
        memory_release(predictor->stand_ins[table]);
        memory_release(predictor->rows[table]);
    }
    *predictor = (struct predictor){0};
}

void predictor_row(const struct predictor *predictor, enum table_id table, uint32_t row, float *values) {
    uint32_t factors = predictor->model->spec.factors, stride = row_stride(factors);
    if (row == ID_UNKNOWN) {
        memcpy(values, predictor->stand_ins[table], stride * sizeof *values);
        return;
    }
    memcpy(values, table_row(predictor->model, table, row), (factors + 1) * sizeof *values);
    memset(values + factors + 1, 0, (stride - factors - 1) * sizeof *values);
}

bool predictor_is_cold(const struct predictor *predictor, enum table_id table, uint32_t row) {
    return row == ID_UNKNOWN || table_counts(predictor->model, table)[row] == 0;
}

/* p . q alone: the model's own score without its biases and mean. */
static float dot_alone(const struct predictor *predictor) {
    struct model_spec bare = predictor->model->spec;
    float *user = predictor->rows[TABLE_USERS], *movie = predictor->rows[TABLE_MOVIES];
    float user_bias = user[bare.factors], movie_bias = movie[bare.factors];
    bare.mean = 0;
    user[bare.factors] = movie[bare.factors] = 0;
    float dot = dot_bias_score(&bare, user, movie);
    user[bare.factors] = user_bias;
    movie[bare.factors] = movie_bias;
    return dot;
}

struct prediction prediction_make(struct predictor *predictor, const char *user, size_t user_length,
                                  const char *movie, size_t movie_length) {
    const struct model_spec *spec = &predictor->model->spec;
    struct prediction made = {.mean = spec->mean};
    made.rows[TABLE_USERS] = id_index_find(&predictor->indexes[TABLE_USERS], user, user_length);
    made.rows[TABLE_MOVIES] = id_index_find(&predictor->indexes[TABLE_MOVIES], movie, movie_length);
    for (int table = 0; table < TABLE_COUNT; table++) {
        predictor_row(predictor, (enum table_id)table, made.rows[table], predictor->rows[table]);
        if (made.rows[table] != ID_UNKNOWN)
            made.counts[table] = table_counts(predictor->model, (enum table_id)table)[made.rows[table]];
    }
    made.dot = dot_alone(predictor);
    made.user_bias = predictor->rows[TABLE_USERS][spec->factors];
    made.movie_bias = predictor->rows[TABLE_MOVIES][spec->factors];
    float score = dot_bias_score(spec, predictor->rows[TABLE_USERS], predictor->rows[TABLE_MOVIES]);
    made.score = score;
    made.rating = dot_bias_rating(spec, score);
    return made;
}

uint32_t prediction_terms(const struct predictor *predictor, struct prediction_term *terms, uint32_t most) {
    struct top_entry entries[FACTORS_MAX];
    uint32_t factors = predictor->model->spec.factors;
    struct top_list list = {entries, 0, most < factors ? most : factors};
    const float *user = predictor->rows[TABLE_USERS], *movie = predictor->rows[TABLE_MOVIES];
    for (uint32_t k = 0; k < factors && most > 0; k++)
        top_list_offer(&list, fabs((double)user[k] * (double)movie[k]), k);
    top_list_sort(&list);
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t k = entries[i].row;
        terms[i] = (struct prediction_term){k, (double)user[k], (double)movie[k],
                                            (double)user[k] * (double)movie[k]};
    }
    return list.count;
}

/* What replaces an unknown row. */
static const char *stand_in_words(const struct model_spec *spec) {
    if (spec->has_range)
        return spec->mean != 0 ? "mean and known bias, squeezed into the range" : "mid-range and known bias";
    return spec->mean != 0 ? "mean and known bias" : "an average row in its place";
}

void prediction_note(const struct predictor *predictor, const struct prediction *prediction, char *note) {
    size_t length = 0;
    note[0] = '\0';
    for (int table = 0; table < TABLE_COUNT; table++) {
        const char *name = table_name((enum table_id)table), *separator = length > 0 ? "; " : "";
        int added = 0;
        if (prediction->rows[table] == ID_UNKNOWN)
            added = snprintf(note + length, PREDICTION_NOTE_BYTES - length, "%sunknown %s: %s", separator,
                             name, stand_in_words(&predictor->model->spec));
        else if (prediction->counts[table] == 0)
            added = snprintf(note + length, PREDICTION_NOTE_BYTES - length,
                             "%scold %s: no training rating, its row is still its start", separator, name);
        length += (size_t)added;
    }
}
