/* The binary formats: npy and safetensors. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "analysis/export_parts.h"
#include "core/memory.h"
#include "data/json_written.h"
#include "data/npy.h"
#include "data/safetensors.h"

/* Columns [first, first + count) of every row. */
static bool put_columns(struct atomic_file *file, const struct export_table *table, uint32_t first,
                        uint32_t count, struct status *status) {
    bool done = true;
    for (uint32_t row = 0; done && row < table->rows; row++)
        done = atomic_file_write(file, export_row(table, row) + first, count * sizeof *table->values, status);
    return done;
}

static bool npy_rows(struct export_job *job, const char *name, const struct export_table *table,
                     struct status *status) {
    struct atomic_file *file = export_begin(job, name, status);
    return file != NULL &&
           export_end(file,
                      npy_write_head(file, NPY_FLOAT32, table->rows, table->factors, status) &&
                          put_columns(file, table, 0, table->factors, status),
                      status);
}

static bool npy_bias(struct export_job *job, const char *name, const struct export_table *table,
                     struct status *status) {
    struct atomic_file *file = export_begin(job, name, status);
    return file != NULL && export_end(file,
                                      npy_write_head(file, NPY_FLOAT32, table->rows, 0, status) &&
                                          put_columns(file, table, table->factors, 1, status),
                                      status);
}

static bool npy_counts(struct export_job *job, const char *name, const struct export_table *table,
                       struct status *status) {
    struct atomic_file *file = export_begin(job, name, status);
    return file != NULL &&
           export_end(file,
                      npy_write_head(file, NPY_INT32, table->rows, 0, status) &&
                          atomic_file_write(file, table->counts, table->rows * sizeof *table->counts, status),
                      status);
}

/* A line for each row: `put` writes it without its end. */
static bool lines(struct export_job *job, const char *name, const struct string_table *strings, uint32_t rows,
                  bool (*put)(struct atomic_file *, const struct string_table *, uint32_t, struct status *),
                  struct status *status) {
    struct atomic_file *file = export_begin(job, name, status);
    bool done = file != NULL;
    for (uint32_t row = 0; done && row < rows; row++)
        done = put(file, strings, row, status) && export_put(file, "\n", status);
    return file != NULL && export_end(file, done, status);
}

static bool npy_users(struct export_job *job, struct status *status) {
    struct export_table table = export_table_of(job->model, TABLE_USERS);
    return npy_rows(job, "users.npy", &table, status) && npy_bias(job, "user_bias.npy", &table, status) &&
           npy_counts(job, "user_ratings.npy", &table, status) &&
           lines(job, "user_ids.txt", table.ids, table.rows, export_put_string, status);
}

static bool npy_movies(struct export_job *job, struct status *status) {
    struct export_table table = export_table_of(job->model, TABLE_MOVIES);
    if (!npy_rows(job, "movies.npy", &table, status) || !npy_bias(job, "movie_bias.npy", &table, status) ||
        !npy_counts(job, "movie_ratings.npy", &table, status) ||
        !lines(job, "movie_ids.txt", table.ids, table.rows, export_put_string, status))
        return false;
    return !export_has_titles(job->model) ||
           (lines(job, "movie_titles.txt", table.titles, table.rows, export_put_label, status) &&
            lines(job, "movie_genres.txt", table.genres, table.rows, export_put_label, status));
}

/* What a prediction needs besides the tables. */
static json_t *describe_model(const struct model_file *model) {
    char digest[24];
    const struct model_spec *spec = &model->spec;
    snprintf(digest, sizeof digest, "%016" PRIx64, model->digest);
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:f, s:f, s:f}", "dotbias", DOTBIAS_VERSION,
                     "digest", digest, "users", (json_int_t)model->users, "movies", (json_int_t)model->movies,
                     "factors", (json_int_t)spec->factors, "has_bias", spec->has_bias, "has_range",
                     spec->has_range, "range_low", (double)spec->range_low, "range_high",
                     (double)spec->range_high, "mean", (double)spec->mean);
}

static bool npy_model(struct export_job *job, struct status *status) {
    size_t length;
    char *text =
        json_written(describe_model(job->model), JSON_INDENT(2) | JSON_REAL_PRECISION(9), &length, status);
    if (text == NULL)
        return false;
    struct atomic_file *file = export_begin(job, "model.json", status);
    bool done =
        file != NULL && atomic_file_write(file, text, length, status) && export_put(file, "\n", status);
    memory_release(text);
    return file != NULL && export_end(file, done, status);
}

bool export_npy(struct export_job *job, struct status *status) {
    return (!job->spec->has[TABLE_USERS] || npy_users(job, status)) &&
           (!job->spec->has[TABLE_MOVIES] || npy_movies(job, status)) && npy_model(job, status);
}

/* A value of model.json as the text that stands there. */
static json_t *text_of(const json_t *value) {
    char number[32];
    if (json_is_string(value))
        return json_string(json_string_value(value));
    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "true" : "false");
    snprintf(number, sizeof number, "%.9g", json_number_value(value));
    return json_string(number);
}

/* Metadata are strings. NULL without memory. */
static json_t *metadata_of(const struct model_file *model) {
    json_t *values = describe_model(model), *metadata = json_object(), *value;
    const char *key;
    bool done = values != NULL && metadata != NULL;
    json_object_foreach(values, key, value) done &= json_object_set_new(metadata, key, text_of(value)) == 0;
    json_decref(values);
    if (done)
        return metadata;
    json_decref(metadata);
    return NULL;
}

enum part_kind { PART_OFFSETS, PART_ROWS, PART_BIAS, PART_COUNTS, PART_BYTES };

/* A tensor, and what of the model it holds. */
struct part {
    const char *name;
    enum part_kind kind;
    enum table_id table;
    enum { OF_ROWS, OF_IDS, OF_TITLES, OF_GENRES } of;
};

/* Wide numbers first, as data/safetensors.h wants it. */
static const struct part PARTS[] = {
    {"user_id_offsets", PART_OFFSETS, TABLE_USERS, OF_IDS},
    {"movie_id_offsets", PART_OFFSETS, TABLE_MOVIES, OF_IDS},
    {"movie_title_offsets", PART_OFFSETS, TABLE_MOVIES, OF_TITLES},
    {"movie_genre_offsets", PART_OFFSETS, TABLE_MOVIES, OF_GENRES},
    {"users", PART_ROWS, TABLE_USERS, OF_ROWS},
    {"user_bias", PART_BIAS, TABLE_USERS, OF_ROWS},
    {"movies", PART_ROWS, TABLE_MOVIES, OF_ROWS},
    {"movie_bias", PART_BIAS, TABLE_MOVIES, OF_ROWS},
    {"user_ratings", PART_COUNTS, TABLE_USERS, OF_ROWS},
    {"movie_ratings", PART_COUNTS, TABLE_MOVIES, OF_ROWS},
    {"user_ids", PART_BYTES, TABLE_USERS, OF_IDS},
    {"movie_ids", PART_BYTES, TABLE_MOVIES, OF_IDS},
    {"movie_titles", PART_BYTES, TABLE_MOVIES, OF_TITLES},
    {"movie_genres", PART_BYTES, TABLE_MOVIES, OF_GENRES},
};
enum { PART_COUNT = sizeof PARTS / sizeof PARTS[0] };

static const struct string_table *strings_of(const struct part *part, const struct export_table *table) {
    return part->of == OF_IDS ? table->ids : part->of == OF_TITLES ? table->titles : table->genres;
}

static struct safetensor tensor_of(const struct part *part, const struct export_table *table) {
    switch (part->kind) {
    case PART_OFFSETS:
        return (struct safetensor){part->name, SAFETENSOR_I64, strings_of(part, table)->count + 1, 0};
    case PART_ROWS:
        return (struct safetensor){part->name, SAFETENSOR_F32, table->rows, table->factors};
    case PART_BIAS:
        return (struct safetensor){part->name, SAFETENSOR_F32, table->rows, 0};
    case PART_COUNTS:
        return (struct safetensor){part->name, SAFETENSOR_I32, table->rows, 0};
    default: {
        const struct string_table *strings = strings_of(part, table);
        return (struct safetensor){part->name, SAFETENSOR_U8, strings->offsets[strings->count], 0};
    }
    }
}

static bool put_part(struct atomic_file *file, const struct part *part, const struct export_table *table,
                     struct status *status) {
    struct safetensor tensor = tensor_of(part, table);
    switch (part->kind) {
    case PART_OFFSETS:
        return atomic_file_write(file, strings_of(part, table)->offsets, safetensor_bytes(&tensor), status);
    case PART_ROWS:
        return put_columns(file, table, 0, table->factors, status);
    case PART_BIAS:
        return put_columns(file, table, table->factors, 1, status);
    case PART_COUNTS:
        return atomic_file_write(file, table->counts, safetensor_bytes(&tensor), status);
    default:
        return atomic_file_write(file, strings_of(part, table)->bytes, safetensor_bytes(&tensor), status);
    }
}

bool export_safetensors(struct export_job *job, struct status *status) {
    struct safetensor tensors[PART_COUNT];
    const struct part *parts[PART_COUNT];
    struct export_table tables[TABLE_COUNT];
    size_t count = 0;
    for (int table = 0; table < TABLE_COUNT; table++)
        tables[table] = export_table_of(job->model, (enum table_id)table);
    for (size_t i = 0; i < PART_COUNT; i++) {
        bool has_strings =
            (PARTS[i].of != OF_TITLES && PARTS[i].of != OF_GENRES) || export_has_titles(job->model);
        if (!job->spec->has[PARTS[i].table] || !has_strings)
            continue;
        parts[count] = &PARTS[i];
        tensors[count++] = tensor_of(&PARTS[i], &tables[PARTS[i].table]);
    }
    struct atomic_file *file = export_begin(job, NULL, status);
    if (file == NULL)
        return false;
    bool done = safetensors_write_head(file, tensors, count, metadata_of(job->model), status);
    for (size_t i = 0; done && i < count; i++)
        done = put_part(file, parts[i], &tables[parts[i]->table], status);
    return export_end(file, done, status);
}
