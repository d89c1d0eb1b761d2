/* Titles and genres from movies.csv (header movieId,title,genres; quotes, commas, UTF-8) or movies.dat
 * (`::`). Bytes that are not UTF-8 are taken for Latin-1, as in MovieLens 1M, and turned into UTF-8. */
#ifndef DATA_MOVIES_READER_H
#define DATA_MOVIES_READER_H

#include "data/id_map.h"
#include "data/string_list.h"

struct movie_names {
    struct string_list titles, genres; /* by movie row; empty strings where nothing is known */
    uint64_t known;                    /* rated movies that were found */
    uint64_t unrated;                  /* movies of the file that nobody rated: passed over */
    uint64_t rejects;                  /* lines that could not be read */
    uint64_t first_reject_line;
};

/* Reads the names of the movies in the map; those of other movies are counted only. *names starts zeroed.
 * Fails with STATUS_NO_INPUT, STATUS_BAD_DATA (no column for ids or titles), STATUS_IO, STATUS_NO_MEMORY. */
bool movies_read(struct movie_names *names, const char *path, const struct id_map *movies,
                 struct status *status);

/* Gives the memory back. */
void movie_names_clear(struct movie_names *names);

#endif
