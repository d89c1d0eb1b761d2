/* A movie by what people call it: its raw id, its title, or a piece of its title.
 *
 * Titles are compared without regard to the case of ASCII letters and to what lies between words, and an
 * article behind a comma goes to the front: "Matrix, The (1999)" is "the matrix 1999". A title may be named
 * without its year. A raw id goes before any title, and digits alone are never a title: a ratings file that
 * names movie 300 does not mean the film of that name. */
#ifndef ANALYSIS_MOVIE_SEARCH_H
#define ANALYSIS_MOVIE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/id_index.h"
#include "core/status.h"
#include "data/model_file.h"

enum { MOVIE_SEARCH_SHOWN = 5, MOVIE_SEARCH_BYTES = 640 };

enum movie_match { MOVIE_FOUND, MOVIE_AMBIGUOUS, MOVIE_UNKNOWN };

/* Finds the one movie that is meant. Otherwise the status is STATUS_BAD_DATA: when several are meant, its
 * sentence lists them with their ids, most-rated first; when none is, it names the nearest titles. ids: of the
 * model's movies. */
enum movie_match movie_search_find(const struct model_file *model, const struct id_index *ids,
                                   const char *text, size_t length, uint32_t *movie, struct status *status);

/* Writes up to MOVIE_SEARCH_SHOWN lines "\n  id  title", without a newline at the end: the movies whose titles
 * are nearest to the text. Empty when the model has no titles, and for digits alone. */
void movie_search_near(const struct model_file *model, const char *text, size_t length,
                       char lines[MOVIE_SEARCH_BYTES]);

#endif
