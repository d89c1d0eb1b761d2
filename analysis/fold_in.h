/* A new user: ratings from a file, matched to a model's movies, and the row that they make (model/fold_in.h). */
#ifndef ANALYSIS_FOLD_IN_H
#define ANALYSIS_FOLD_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/id_index.h"
#include "core/status.h"
#include "data/model_file.h"
#include "model/fold_in.h"

struct fold_in_ratings {
    uint32_t *movies;               /* [count] rows, in the order of the file; owned */
    struct fold_in_rating *ratings; /* the same; owned, they borrow the model's rows */
    uint64_t *lines;                /* where each stands; owned */
    size_t count, movies_capacity, ratings_capacity, lines_capacity;
};

/* Reads lines of a movie and a rating, separated as data/fields.h says; with a header, the columns are found by
 * their names (movieId, movie, item; rating, score, stars). Without one they are the first two. A movie is named
 * by its raw id or its title (analysis/movie_search.h); `-` is standard input.
 *
 * STATUS_BAD_DATA, with file:line:column, for a line that cannot be read, a movie that the model does not know
 * (with the nearest titles), a rating outside the model's range, a movie that is rated twice; and for a file
 * without ratings. Otherwise as text_source_open. */
bool fold_in_read(struct fold_in_ratings *given, const struct model_file *model, const struct id_index *ids,
                  const char *path, struct status *status);
void fold_in_free(struct fold_in_ratings *given);

/* The new row as a model has it, padded: row[row_stride]. l2 > 0. Errors as fold_in_solve. */
bool fold_in_row(const struct fold_in_ratings *given, const struct model_file *model, double l2, float *row,
                 struct fold_in_solution *solution, struct status *status);

#endif
