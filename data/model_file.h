/* A trained model at rest: a container of kind CONTAINER_MODEL, `model.dotbias` in the run folder.
 *
 * Sections: meta (JSON: the model's spec, users, movies, epochs, digest, program version), users and movies
 * (float [rows][factors + 1], embedding then bias, without padding), user_ids, movie_ids, movie_titles,
 * movie_genres (as in a packed set), user_counts, movie_counts (training ratings per row: 0 means cold). */
#ifndef DATA_MODEL_FILE_H
#define DATA_MODEL_FILE_H

#include "data/container.h"
#include "data/packed_set.h"
#include "data/string_table.h"
#include "model/spec.h"

struct model_file {
    struct container *file; /* owns every pointer below */
    struct model_spec spec;
    uint32_t users, movies;
    const float *user_rows, *movie_rows; /* [rows][factors + 1] */
    struct string_table user_ids, movie_ids, movie_titles, movie_genres;
    const uint32_t *user_counts, *movie_counts;
    uint64_t digest; /* as printed at the end of training */
    uint32_t epochs;
};

/* Checks every hash, every length, and that every value of a row is finite. Errors as container_open. */
bool model_file_open(struct model_file *model, const char *path, struct status *status);
void model_file_close(struct model_file *model);

/* Writing, as rows arrive: begin, then users in rising order, then movies, then commit with the digest.
 * rows are [count][stride] as in model/spec.h; the padding is not stored. A model that is not committed
 * leaves nothing behind. */
struct model_writer;
struct model_writer *model_writer_begin(const char *path, const struct model_spec *spec,
                                        const struct packed_set *set, struct status *status);
bool model_writer_rows(struct model_writer *writer, enum table_id table, uint32_t first_row, uint32_t count,
                       const float *rows, struct status *status);
/* Ends and frees the writer in every case. */
bool model_writer_commit(struct model_writer *writer, uint64_t digest, uint32_t epochs,
                         struct status *status);
void model_writer_abandon(struct model_writer *writer);

#endif
