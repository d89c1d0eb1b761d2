#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "data/model_file.h"
#include "data/sections.h"

struct model_writer {
    struct container_writer *file;
    struct model_spec spec;
    enum table_id table; /* the one whose rows are arriving */
    uint32_t next_row;   /* of that table */
    uint32_t rows[TABLE_COUNT];
};

static bool copy_strings(struct model_writer *writer, const char *name, const struct string_table *table,
                         struct status *status) {
    /* A string table is one run of bytes: its offsets, then what they point into. */
    size_t length = (table->count + 1) * sizeof *table->offsets + table->offsets[table->count];
    return container_section(writer->file, name, status) &&
           container_write(writer->file, table->offsets, length, status);
}

static bool copy_counts(struct model_writer *writer, const char *name, const uint32_t *counts, uint32_t rows,
                        struct status *status) {
    return container_section(writer->file, name, status) &&
           container_write(writer->file, counts, rows * sizeof *counts, status);
}

static bool begin(struct model_writer *writer, const struct packed_set *set, struct status *status) {
    return copy_strings(writer, "user_ids", &set->user_ids, status) &&
           copy_strings(writer, "movie_ids", &set->movie_ids, status) &&
           copy_strings(writer, "movie_titles", &set->movie_titles, status) &&
           copy_strings(writer, "movie_genres", &set->movie_genres, status) &&
           copy_counts(writer, "user_counts", set->user_counts, set->users, status) &&
           copy_counts(writer, "movie_counts", set->movie_counts, set->movies, status) &&
           container_section(writer->file, "users", status);
}

struct model_writer *model_writer_begin(const char *path, const struct model_spec *spec,
                                        const struct packed_set *set, struct status *status) {
    struct model_writer *writer = memory_take(sizeof *writer, "a model's writer", status);
    if (writer == NULL)
        return NULL;
    writer->spec = *spec;
    writer->rows[TABLE_USERS] = set->users;
    writer->rows[TABLE_MOVIES] = set->movies;
    writer->file = container_create(path, CONTAINER_MODEL, status);
    if (writer->file != NULL && begin(writer, set, status))
        return writer;
    model_writer_abandon(writer);
    return NULL;
}

static bool turn_to_movies(struct model_writer *writer, struct status *status) {
    REQUIRE(writer->next_row == writer->rows[TABLE_USERS], "every user's row comes before the first movie's");
    writer->table = TABLE_MOVIES;
    writer->next_row = 0;
    return container_section(writer->file, "movies", status);
}

bool model_writer_rows(struct model_writer *writer, enum table_id table, uint32_t first_row, uint32_t count,
                       const float *rows, struct status *status) {
    uint32_t stride = row_stride(writer->spec.factors);
    if (table == TABLE_MOVIES && writer->table == TABLE_USERS && !turn_to_movies(writer, status))
        return false;
    REQUIRE(table == writer->table && first_row == writer->next_row, "rows come in rising order");
    REQUIRE(count <= writer->rows[table] - first_row, "no more rows come than the table has");
    for (uint32_t i = 0; i < count; i++)
        if (!container_write(writer->file, rows + (size_t)i * stride,
                             (writer->spec.factors + 1) * sizeof *rows, status))
            return false;
    writer->next_row += count;
    return true;
}

/* 64-bit numbers are strings: JSON's integers are signed. */
static json_t *describe(const struct model_writer *writer, uint64_t digest, uint32_t epochs) {
    const struct model_spec *spec = &writer->spec;
    char seed[24], digest_text[24];
    snprintf(seed, sizeof seed, "%" PRIu64, spec->seed);
    snprintf(digest_text, sizeof digest_text, "%016" PRIx64, digest);
    return json_pack("{s:I, s:I, s:I, s:s, s:I, s:b, s:b, s:f, s:f, s:f, s:i, s:f, s:s, s:s}", "users",
                     (json_int_t)writer->rows[TABLE_USERS], "movies", (json_int_t)writer->rows[TABLE_MOVIES],
                     "epochs", (json_int_t)epochs, "digest", digest_text, "factors",
                     (json_int_t)spec->factors, "has_bias", (int)spec->has_bias, "has_range",
                     (int)spec->has_range, "range_low", (double)spec->range_low, "range_high",
                     (double)spec->range_high, "mean", (double)spec->mean, "init", (int)spec->init,
                     "init_scale", (double)spec->init_scale, "seed", seed, "program", DOTBIAS_VERSION);
}

bool model_writer_commit(struct model_writer *writer, uint64_t digest, uint32_t epochs,
                         struct status *status) {
    bool done = (writer->table == TABLE_MOVIES || turn_to_movies(writer, status));
    REQUIRE(!done || writer->next_row == writer->rows[TABLE_MOVIES],
            "every row was written before the commit");
    if (!done || !sections_write_meta(writer->file, describe(writer, digest, epochs), status)) {
        model_writer_abandon(writer);
        return false;
    }
    done = container_commit(writer->file, status);
    memory_release(writer);
    return done;
}

void model_writer_abandon(struct model_writer *writer) {
    if (writer == NULL)
        return;
    container_abandon(writer->file);
    memory_release(writer);
}
