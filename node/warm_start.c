#include "node/warm_start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/id_index.h"
#include "analysis/run_folder.h"
#include "core/memory.h"
#include "data/checkpoint.h"
#include "data/model_file.h"
#include "model/start.h"
#include "node/setup.h"
#include "pserver/image.h"

static bool open_model(struct model_file *model, const struct config *config, struct status *status) {
    struct run_folder run;
    return (run_folder_find(&run, config->model_init_from, status) &&
            model_file_open(model, run.model, status)) ||
           status_context(status, "model.init_from");
}

static bool same_range(const struct model_spec *one, const struct model_spec *other) {
    return one->has_range == other->has_range &&
           (!one->has_range || (one->range_low == other->range_low && one->range_high == other->range_high));
}

static bool check_fit(const struct model_file *model, const struct config *config, struct status *status) {
    struct model_spec spec = config_model(config);
    const char *path = config->model_init_from;
    if (model->spec.factors != spec.factors)
        return status_fail(status, STATUS_CONFIG,
                           "model.init_from: %s has %u factors, and model.factors is %u", path,
                           model->spec.factors, spec.factors);
    if (model->spec.has_bias != spec.has_bias)
        return status_fail(status, STATUS_CONFIG, "model.init_from: %s has %s, and model.biases is %s", path,
                           model->spec.has_bias ? "biases" : "no biases", spec.has_bias ? "true" : "false");
    return same_range(&model->spec, &spec) ||
           status_fail(status, STATUS_CONFIG,
                       "model.init_from: %s has another y_range than model.y_range: its rows would mean "
                       "something else",
                       path);
}

bool warm_start_pin(struct config *config, struct status *status) {
    char digest[20];
    struct model_file model;
    if (config->model_init_from[0] == '\0')
        return true;
    if (!open_model(&model, config, status))
        return false;
    bool fits = check_fit(&model, config, status);
    snprintf(digest, sizeof digest, "%016" PRIx64, model.digest);
    model_file_close(&model);
    if (!fits)
        return false;
    if (config->model_init_digest[0] != '\0' && strcmp(config->model_init_digest, digest) != 0)
        return status_fail(status, STATUS_CONFIG,
                           "model.init_from: %s has the digest %s, and model.init_digest is %s",
                           config->model_init_from, digest, config->model_init_digest);
    memcpy(config->model_init_digest, digest, sizeof digest);
    return true;
}

/* One table of the model, and where its rows go. */
struct table {
    enum table_id id;
    const struct string_table *theirs, *ours;
    const float *rows;
    float *values;
};

static bool fill_table(const struct table *table, const struct model_spec *spec, uint32_t count,
                       uint32_t *known, struct status *status) {
    struct id_index index;
    if (!id_index_build(&index, table->theirs, status))
        return false;
    uint32_t *map = id_index_map(&index, table->ours, status);
    uint32_t width = spec->factors + 1, stride = row_stride(spec->factors);
    *known = 0;
    for (uint32_t row = 0; map != NULL && row < count; row++) {
        float *values = table->values + (size_t)row * stride;
        start_row(spec, table->id, row, values);
        if (map[row] == ID_UNKNOWN)
            continue;
        memcpy(values, table->rows + (size_t)map[row] * width, width * sizeof *values);
        ++*known;
    }
    bool good = map != NULL;
    memory_release(map);
    id_index_free(&index);
    return good;
}

static bool fill_rows(struct warm_start *start, const struct model_file *model, const struct config *config,
                      const struct packed_set *set, struct shard_image *image, struct status *status) {
    struct model_spec spec = config_model(config);
    float *movies = image->values + (size_t)set->users * image->stride;
    struct table users = {TABLE_USERS, &model->user_ids, &set->user_ids, model->user_rows, image->values};
    struct table films = {TABLE_MOVIES, &model->movie_ids, &set->movie_ids, model->movie_rows, movies};
    *start = (struct warm_start){.users = set->users, .movies = set->movies, .epochs = model->epochs};
    return fill_table(&users, &spec, set->users, &start->users_known, status) &&
           fill_table(&films, &spec, set->movies, &start->movies_known, status);
}

/* Nothing has been trained on yet. */
static bool commit(const struct config *config, const struct packed_set *set, const char *checkpoints,
                   uint64_t number, struct status *status) {
    double squared[LANES_MAX] = {0};
    uint64_t counts[LANES_MAX] = {0};
    struct run_position position = {.number = number,
                                    .shards = 1,
                                    .lanes = config_lanes(config),
                                    .config_digest = config_digest(config),
                                    .data_digest = setup_ratings_digest(set),
                                    .lane_squared = squared,
                                    .lane_counts = counts};
    return checkpoint_commit(checkpoints, &position, (uint32_t)config->checkpoint_keep, status);
}

bool warm_start_write(struct warm_start *start, const struct config *config, const struct packed_set *set,
                      const char *checkpoints, struct status *status) {
    struct pserver_spec pserver = setup_pserver(config, 0, "");
    struct shard_image image = {0};
    struct model_file model;
    uint64_t number;
    if (!open_model(&model, config, status))
        return false;
    pserver.shard.shards = 1;
    pserver.shard.users = set->users;
    pserver.shard.movies = set->movies;
    bool good = image_init(&image, &pserver.shard, 0, status) &&
                fill_rows(start, &model, config, set, &image, status) &&
                checkpoint_next_number(checkpoints, &number, status) &&
                checkpoint_write_shard(checkpoints, number, &image, status) &&
                commit(config, set, checkpoints, number, status);
    image_free(&image);
    model_file_close(&model);
    return good;
}
