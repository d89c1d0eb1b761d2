/* Made-up movies: a title with a year, and genres, for every number. */
#ifndef DATA_MADE_UP_H
#define DATA_MADE_UP_H

#include <stddef.h>
#include <stdint.h>

enum { MADE_UP_BYTES = 128, MADE_UP_GENRES = 16, MADE_UP_GENRES_OF_MOVIE = 3 };

/* The genres of a movie, as numbers below MADE_UP_GENRES, different and rising; returns how many (1 to 3). */
uint32_t made_up_genres(uint64_t seed, uint32_t movie, uint32_t genres[MADE_UP_GENRES_OF_MOVIE]);

/* "Comedy" */
const char *made_up_genre_name(uint32_t genre);

/* Writes "The Quiet Lantern (1987)", terminated; no two movies of a seed have the same title. Returns its
 * length. */
size_t made_up_title(uint64_t seed, uint32_t movie, char title[MADE_UP_BYTES]);

/* Writes "Comedy|Drama", terminated. Returns its length. */
size_t made_up_genre_text(uint64_t seed, uint32_t movie, char text[MADE_UP_BYTES]);

#endif
