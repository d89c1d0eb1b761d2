#include "analysis/catalogue.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/edits.h"
#include "core/memory.h"
#include "model/products.h"

/* A genre of a movie's list, which `rest` and `left` move past; NULL at the end. Some movies have none, which
 * MovieLens writes as a genre of its own. */
static const char *next_genre(const char **rest, size_t *left, size_t *length) {
    const char *genre = *rest, *bar = *left > 0 ? memchr(genre, '|', *left) : NULL;
    if (*left == 0)
        return NULL;
    *length = bar != NULL ? (size_t)(bar - genre) : *left;
    size_t passed = *length + (bar != NULL);
    *rest += passed;
    *left -= passed;
    return genre;
}

static bool has_genre(const struct model_file *model, uint32_t movie, const char *genre) {
    size_t left, length;
    const char *rest = string_table_get(&model->movie_genres, movie, &left), *found;
    while ((found = next_genre(&rest, &left, &length)) != NULL)
        if (length == strlen(genre) && strncasecmp(found, genre, length) == 0)
            return true;
    return false;
}

static bool has_any(const struct model_file *model, uint32_t movie, const char *const *genres, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (has_genre(model, movie, genres[i]))
            return true;
    return false;
}

/* The genre of any movie that looks most like a word that is none; its length is 0 when there are no genres. */
static const char *nearest_genre(const struct model_file *model, const char *word, size_t *best_length) {
    const char *best = "", *found, *rest;
    size_t left, length;
    unsigned best_edits = ~0u;
    *best_length = 0;
    for (uint32_t movie = 0; movie < model->movies; movie++) {
        rest = string_table_get(&model->movie_genres, movie, &left);
        while ((found = next_genre(&rest, &left, &length)) != NULL) {
            unsigned edits = edits_between(word, strlen(word), found, length);
            if (edits < best_edits) {
                best = found;
                *best_length = length;
                best_edits = edits;
            }
        }
    }
    return best;
}

static bool check_genres(const struct model_file *model, const char *const *genres, size_t count,
                         struct status *status) {
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (uint32_t movie = 0; movie < model->movies && !known; movie++)
            known = has_genre(model, movie, genres[i]);
        if (known)
            continue;
        size_t length;
        const char *near = nearest_genre(model, genres[i], &length);
        if (length == 0)
            return status_fail(status, STATUS_BAD_DATA,
                               "this model knows no genres: its ratings were imported without a movies.csv");
        return status_fail(status, STATUS_BAD_DATA, "no movie has the genre '%s' (did you mean '%.*s'?)",
                           genres[i], (int)length, near);
    }
    return true;
}

static bool passes(const struct model_file *model, const struct catalogue_filter *filter, uint32_t movie) {
    return model->movie_counts[movie] >= filter->least_ratings &&
           (filter->only == NULL || filter->only[movie]) &&
           (filter->exclude == NULL || !filter->exclude[movie]) &&
           (filter->genre_count == 0 || has_any(model, movie, filter->genres, filter->genre_count)) &&
           !has_any(model, movie, filter->other_genres, filter->other_genre_count);
}

static bool choose(struct catalogue *catalogue, const struct catalogue_filter *filter,
                   struct status *status) {
    const struct model_file *model = catalogue->model;
    catalogue->movies = memory_take_array(model->movies, sizeof *catalogue->movies, "the catalogue", status);
    if (catalogue->movies == NULL)
        return false;
    for (uint32_t movie = 0; movie < model->movies; movie++)
        if (passes(model, filter, movie))
            catalogue->movies[catalogue->count++] = movie;
    return true;
}

/* When some movies are left out, the rows of the others are copied to lie side by side. */
static bool gather(struct catalogue *catalogue, struct status *status) {
    const struct model_file *model = catalogue->model;
    size_t columns = model->spec.factors + 1;
    if (catalogue->count == model->movies) {
        memory_release(catalogue->movies);
        catalogue->movies = NULL;
        catalogue->rows = model->movie_rows;
        return true;
    }
    catalogue->gathered =
        memory_take_array(catalogue->count, columns * sizeof(float), "the rows of the catalogue", status);
    if (catalogue->gathered == NULL)
        return false;
    for (uint32_t i = 0; i < catalogue->count; i++)
        memcpy(catalogue->gathered + i * columns, model->movie_rows + catalogue->movies[i] * columns,
               columns * sizeof(float));
    catalogue->rows = catalogue->gathered;
    return true;
}

static void measure(struct catalogue *catalogue) {
    uint32_t factors = catalogue->model->spec.factors;
    for (uint32_t i = 0; i < catalogue->count; i++) {
        const float *row = catalogue->rows + (size_t)i * (factors + 1);
        catalogue->norm = fmax(catalogue->norm, products_norm(factors, row));
        catalogue->bias = fmax(catalogue->bias, fabs((double)row[factors]));
    }
}

bool catalogue_open(struct catalogue *catalogue, const struct model_file *model,
                    const struct catalogue_filter *filter, struct status *status) {
    *catalogue = (struct catalogue){.model = model};
    if (check_genres(model, filter->genres, filter->genre_count, status) &&
        check_genres(model, filter->other_genres, filter->other_genre_count, status) &&
        choose(catalogue, filter, status) && gather(catalogue, status)) {
        measure(catalogue);
        return true;
    }
    catalogue_close(catalogue);
    return false;
}

void catalogue_close(struct catalogue *catalogue) {
    memory_release(catalogue->movies);
    memory_release(catalogue->gathered);
    *catalogue = (struct catalogue){0};
}
