#include "cli/filter_options.h"

#include <stdio.h>

#include "analysis/id_list.h"
#include "cli/amount.h"
#include "core/memory.h"

enum { KEY_NOT_GENRE = 1001, KEY_ONLY, KEY_EXCLUDE, KEY_MIN_RATINGS };

static const struct argp_option OPTIONS[] = {
    {"top", 't', "N", 0, "How many; 10 by default, and no more than there are", 0},
    {"genre", 'g', "GENRE", 0, "Only movies of this genre; may be repeated: of any of these", 0},
    {"not-genre", KEY_NOT_GENRE, "GENRE", 0, "No movies of this genre; may be repeated", 0},
    {"only", KEY_ONLY, "FILE", 0, "Only movies of this file: raw ids, one a line", 0},
    {"exclude", KEY_EXCLUDE, "FILE", 0, "No movies of this file", 0},
    {"min-ratings", KEY_MIN_RATINGS, "N", 0,
     "Only movies with so many training ratings; 1 by default, since nothing was learnt of the others", 0},
    {0},
};

static void add_genre(const char **genres, size_t *count, const char *genre, struct argp_state *state) {
    if (*count == FILTER_GENRES_MAX)
        argp_error(state, "too many genres");
    else
        genres[(*count)++] = genre;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct filter_options *options = state->input;
    switch (key) {
    case 't':
        options->top = amount_argument(state, "top", value, 1, AMOUNT_ANY);
        return 0;
    case 'g':
        add_genre(options->genres, &options->genre_count, value, state);
        return 0;
    case KEY_NOT_GENRE:
        add_genre(options->other_genres, &options->other_genre_count, value, state);
        return 0;
    case KEY_ONLY:
        options->only = value;
        return 0;
    case KEY_EXCLUDE:
        options->exclude = value;
        return 0;
    case KEY_MIN_RATINGS:
        options->least_ratings = amount_argument(state, "min-ratings", value, 0, AMOUNT_ANY);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp FILTER_OPTIONS_ARGP = {OPTIONS, parse, NULL, NULL, NULL, NULL, NULL};

/* Marks the movies of a file; *marks stays NULL without one. */
static bool mark(bool **marks, const char *path, const struct model_file *model, const struct id_index *ids,
                 struct status *status) {
    struct id_list list;
    if (path == NULL)
        return true;
    *marks = memory_take_array(model->movies, sizeof **marks, "a list of movies", status);
    if (*marks == NULL || !id_list_read(&list, ids, path, status))
        return false;
    for (size_t i = 0; i < list.count; i++)
        (*marks)[list.rows[i]] = true;
    if (list.unknown_count > 0)
        fprintf(stderr, "%s: the model does not know %llu of its movies, first '%s' on line %llu\n", path,
                (unsigned long long)list.unknown_count, list.first_unknown,
                (unsigned long long)list.first_unknown_line);
    id_list_free(&list);
    return true;
}

static bool check_size(const struct filter_options *options, struct catalogue *catalogue,
                       struct status *status) {
    if (catalogue->count == 0) {
        catalogue_close(catalogue);
        return status_fail(status, STATUS_BAD_DATA,
                           "no movie is left to recommend: none passes all of the filters");
    }
    if (options->top > catalogue->count)
        fprintf(stderr, "only %u movies to choose from: there cannot be %u\n", catalogue->count,
                options->top);
    return true;
}

bool filter_options_open(const struct filter_options *options, const struct model_file *model,
                         const struct id_index *ids, struct catalogue *catalogue, struct status *status) {
    bool *only = NULL, *exclude = NULL;
    bool well = mark(&only, options->only, model, ids, status) &&
                mark(&exclude, options->exclude, model, ids, status);
    if (well) {
        struct catalogue_filter filter = {
            .genres = options->genres,
            .genre_count = options->genre_count,
            .other_genres = options->other_genres,
            .other_genre_count = options->other_genre_count,
            .least_ratings = options->least_ratings,
            .only = only,
            .exclude = exclude,
        };
        well = catalogue_open(catalogue, model, &filter, status) && check_size(options, catalogue, status);
    }
    memory_release(only);
    memory_release(exclude);
    return well;
}
