/* Names for movies, and which movies are worth naming. */
#ifndef ANALYSIS_TITLES_H
#define ANALYSIS_TITLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/status.h"
#include "data/string_table.h"

/* Borrowed from a packed set or a model file. */
struct titles {
    const struct string_table *titles; /* may be NULL, or hold empty strings */
    const struct string_table *ids;
};

/* The movie's title or, when it has none, its raw id; not terminated. Bytes of any kind: print with
 * titles_fit. */
const char *titles_name(const struct titles *titles, uint32_t movie, size_t *length);

/* Makes any bytes fit for a terminal: control bytes become '?', at most `cells` characters (UTF-8 code
 * points) are kept and a cut is shown by an ellipsis. Writes at most capacity - 1 bytes and a zero byte.
 * Returns the number of characters written. */
size_t titles_fit(const char *bytes, size_t length, size_t cells, char *out, size_t capacity);

/* The same for a movie's name. */
size_t titles_fit_movie(const struct titles *titles, uint32_t movie, size_t cells, char *out,
                        size_t capacity);

/* The movies with the most training ratings, most-rated first; of equals the smaller row. Movies without one
 * are left out: nothing was learnt of them. */
struct selection {
    uint32_t *movies; /* owned */
    uint32_t count;
};

/* At most `most` movies of counts[movies]. */
bool selection_most_rated(struct selection *selection, const uint32_t *counts, uint32_t movies, uint32_t most,
                          struct status *status);
void selection_free(struct selection *selection);

#endif
