/* The options of every command that recommends: which movies it may choose from. */
#ifndef CLI_FILTER_OPTIONS_H
#define CLI_FILTER_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/catalogue.h"
#include "analysis/id_index.h"

enum { FILTER_GENRES_MAX = 32 };

/* As parsed; texts are borrowed from the command line. */
struct filter_options {
    const char *genres[FILTER_GENRES_MAX], *other_genres[FILTER_GENRES_MAX];
    size_t genre_count, other_genre_count;
    uint32_t least_ratings, top; /* 1 and 10 before parsing */
    const char *only, *exclude;
};

#define FILTER_OPTIONS_DEFAULTS                                                                              \
    { .least_ratings = 1, .top = 10 }

/* A child parser of argp, whose input is a struct filter_options: --top, --genre, --not-genre, --only,
 * --exclude, --min-ratings. */
extern const struct argp FILTER_OPTIONS_ARGP;

/* Opens the catalogue that the options ask for; ids: of the model's movies. Says on stderr how many of a file's
 * ids the model does not know, and when the catalogue is smaller than --top. STATUS_BAD_DATA when no movie is
 * left. */
bool filter_options_open(const struct filter_options *options, const struct model_file *model,
                         const struct id_index *ids, struct catalogue *catalogue, struct status *status);

#endif
