/* Which movies may be recommended, and their rows side by side. */
#ifndef ANALYSIS_CATALOGUE_H
#define ANALYSIS_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "data/model_file.h"

/* What a movie must be. Genres are those of movie_genres ("Action|Comedy"), whatever their case. */
struct catalogue_filter {
    const char *const *genres, *const *other_genres; /* has any of these; has none of those */
    size_t genre_count, other_genre_count;
    uint32_t least_ratings; /* training ratings; with 0, movies of which nothing was learnt are in it, too */
    const bool *only, *exclude; /* [movies], NULL: all, none */
};

struct catalogue {
    const struct model_file *model; /* borrowed */
    uint32_t count;                 /* may be 0 */
    const float *rows;              /* [count][factors + 1], in the order of movies */
    uint32_t *movies;               /* [count], rising; NULL when they are all movies of the model */
    float *gathered;                /* owned: rows, unless they are the model's own */
    double norm, bias;              /* the largest |q| and |c| of them */
};

/* STATUS_BAD_DATA for a genre that no movie has, naming the nearest, or when the model knows no genres;
 * STATUS_NO_MEMORY. */
bool catalogue_open(struct catalogue *catalogue, const struct model_file *model,
                    const struct catalogue_filter *filter, struct status *status);
void catalogue_close(struct catalogue *catalogue);

static inline uint32_t catalogue_movie(const struct catalogue *catalogue, uint32_t place) {
    return catalogue->movies == NULL ? place : catalogue->movies[place];
}

#endif
