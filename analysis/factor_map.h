/* The map of movies: the most-rated ones on two components, as a plot with names. */
#ifndef ANALYSIS_FACTOR_MAP_H
#define ANALYSIS_FACTOR_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/factor_components.h"
#include "analysis/plot.h"

struct factor_map {
    const struct model_file *model; /* borrowed, as all here */
    const struct factor_components *components;
    const struct selection *popular; /* whom it shows, most-rated first */
    uint32_t axes[2];                /* components across and up, from 0 */
    uint32_t label_count;            /* how many of the most-rated are named; fewer when there are fewer */
    uint32_t end_count;              /* how many are named besides, at each of the four ends of the axes */
};

/* Draws to a file (analysis/plot.h): size says the number of ratings, colour the movie's bias. *hidden gets the
 * number of names that found no place. Errors of plot_write. */
bool factor_map_draw(const struct factor_map *map, const char *path, enum plot_format format, size_t *hidden,
                     struct status *status);

/* A title as it stands on the map: without year and other titles in brackets, the article in front, at most
 * `cells` characters: "Godfather, The (1972)" is "The Godfather". A long one is broken into two lines, '\n'
 * between them, about in the middle. Writes as titles_fit does. */
void factor_map_name(const char *title, size_t length, size_t cells, char *out, size_t capacity);

#endif
