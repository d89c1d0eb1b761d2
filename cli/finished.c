#include "cli/finished.h"

#include <stdio.h>

#include "core/memory.h"

error_t finished_argument(int key, char *value, struct argp_state *state, const char **path) {
    switch (key) {
    case ARGP_KEY_ARG:
        if (*path != NULL)
            argp_error(state, "one model at a time: what is '%s'?", value);
        *path = value;
        return 0;
    case ARGP_KEY_END:
        if (*path == NULL)
            argp_error(state, "which model? name a run's folder or a model file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool find_set(struct finished *finished, const char *data, struct status *status) {
    if (data == NULL)
        return run_folder_data(&finished->run, finished->data, status);
    return (size_t)snprintf(finished->data, sizeof finished->data, "%s", data) < sizeof finished->data ||
           status_fail(status, STATUS_NO_INPUT, "the path '%.200s...' is too long", data);
}

static bool open_set(struct finished *finished, const char *data, enum finished_ratings ratings,
                     struct status *status) {
    finished->has_set =
        find_set(finished, data, status) && packed_set_open(&finished->set, finished->data, status);
    if (finished->has_set)
        return true;
    finished->data[0] = '\0';
    if (ratings == RATINGS_NEEDED || data != NULL)
        return false;
    finished->why_no_set = *status;
    *status = (struct status){0};
    return true;
}

bool finished_open(struct finished *finished, const char *path, const char *data,
                   enum finished_ratings ratings, struct status *status) {
    finished->has_set = false;
    finished->data[0] = '\0';
    if (!run_folder_find(&finished->run, path, status) ||
        !model_file_open(&finished->model, finished->run.model, status))
        return false;
    if (!predictor_open(&finished->predictor, &finished->model, status)) {
        model_file_close(&finished->model);
        return false;
    }
    if (ratings == RATINGS_NOT_NEEDED || open_set(finished, data, ratings, status))
        return true;
    finished_close(finished);
    return false;
}

void finished_close(struct finished *finished) {
    if (finished->has_set)
        packed_set_close(&finished->set);
    predictor_close(&finished->predictor);
    model_file_close(&finished->model);
}

double *finished_biases(const struct finished *finished, struct status *status) {
    const struct model_file *model = &finished->model;
    uint32_t factors = model->spec.factors;
    double *biases = memory_take_array(model->movies, sizeof *biases, "movie biases", status);
    for (uint32_t movie = 0; biases != NULL && movie < model->movies; movie++)
        biases[movie] = (double)model->movie_rows[(size_t)movie * (factors + 1) + factors];
    return biases;
}
