#include "data/model_file.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "data/sections.h"

static bool take_spec(struct model_spec *spec, json_t *meta, struct status *status) {
    json_int_t factors;
    int has_bias, has_range, init;
    double low, high, mean, init_scale;
    const char *seed;
    if (json_unpack(meta, "{s:I, s:b, s:b, s:F, s:F, s:F, s:i, s:F, s:s}", "factors", &factors, "has_bias",
                    &has_bias, "has_range", &has_range, "range_low", &low, "range_high", &high, "mean", &mean,
                    "init", &init, "init_scale", &init_scale, "seed", &seed) != 0)
        return status_fail(status, STATUS_BAD_DATA, "section meta lacks a field");
    if (factors < 1 || factors > FACTORS_MAX || (has_range && !(low < high)) || init < INIT_SYMMETRIC ||
        init > INIT_POSITIVE)
        return status_fail(status, STATUS_BAD_DATA, "section meta describes an impossible model");
    *spec = (struct model_spec){.factors = (uint32_t)factors,
                                .has_bias = has_bias,
                                .has_range = has_range,
                                .range_low = (float)low,
                                .range_high = (float)high,
                                .mean = (float)mean,
                                .init = (enum init_kind)init,
                                .init_scale = (float)init_scale,
                                .seed = strtoull(seed, NULL, 10)};
    return true;
}

static bool take_meta(struct model_file *model, json_t *meta, struct status *status) {
    json_int_t users, movies, epochs;
    const char *digest;
    if (json_unpack(meta, "{s:I, s:I, s:I, s:s}", "users", &users, "movies", &movies, "epochs", &epochs,
                    "digest", &digest) != 0)
        return status_fail(status, STATUS_BAD_DATA, "section meta lacks a field");
    if (users < 0 || users > INT32_MAX || movies < 0 || movies > INT32_MAX || epochs < 0 ||
        epochs > UINT32_MAX)
        return status_fail(status, STATUS_BAD_DATA, "section meta has an impossible count");
    model->users = (uint32_t)users;
    model->movies = (uint32_t)movies;
    model->epochs = (uint32_t)epochs;
    model->digest = strtoull(digest, NULL, 16);
    return take_spec(&model->spec, meta, status);
}

static bool read_meta(struct model_file *model, struct status *status) {
    json_t *meta = sections_meta(model->file, status);
    bool done = meta != NULL && take_meta(model, meta, status);
    json_decref(meta);
    return done;
}

static const float *find_rows(const struct model_file *model, const char *name, uint32_t rows,
                              struct status *status) {
    uint64_t count = (uint64_t)rows * (model->spec.factors + 1);
    const float *values = sections_array(model->file, name, count, sizeof *values, status);
    for (uint64_t i = 0; values != NULL && i < count; i++)
        if (!isfinite(values[i])) {
            status_fail(status, STATUS_BAD_DATA, "section %s: row %llu is not finite", name,
                        (unsigned long long)(i / (model->spec.factors + 1)));
            return NULL;
        }
    return values;
}

static bool find_tables(struct model_file *model, struct status *status) {
    model->user_rows = find_rows(model, "users", model->users, status);
    if (model->user_rows == NULL)
        return false;
    model->movie_rows = find_rows(model, "movies", model->movies, status);
    if (model->movie_rows == NULL)
        return false;
    model->user_counts = sections_array(model->file, "user_counts", model->users, sizeof(uint32_t), status);
    if (model->user_counts == NULL)
        return false;
    model->movie_counts =
        sections_array(model->file, "movie_counts", model->movies, sizeof(uint32_t), status);
    return model->movie_counts != NULL;
}

static bool find_strings(struct model_file *model, struct status *status) {
    return sections_strings(&model->user_ids, model->file, "user_ids", model->users, status) &&
           sections_strings(&model->movie_ids, model->file, "movie_ids", model->movies, status) &&
           sections_strings(&model->movie_titles, model->file, "movie_titles", model->movies, status) &&
           sections_strings(&model->movie_genres, model->file, "movie_genres", model->movies, status);
}

bool model_file_open(struct model_file *model, const char *path, struct status *status) {
    *model = (struct model_file){0};
    model->file = container_open(path, CONTAINER_MODEL, status);
    if (model->file == NULL)
        return false;
    if (!read_meta(model, status) || !find_tables(model, status) || !find_strings(model, status)) {
        model_file_close(model);
        return status_context(status, "%s", path);
    }
    return true;
}

void model_file_close(struct model_file *model) {
    container_close(model->file);
    *model = (struct model_file){0};
}
