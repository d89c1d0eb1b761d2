/* Ratings in memory while they are imported: 12 bytes each, and 8 more where timestamps are kept. They lie in
 * chunks, so that growing neither copies them nor wastes memory, and remember the lines they came from
 * without a number each. */
#ifndef DATA_RATING_LIST_H
#define DATA_RATING_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rating.h"
#include "core/status.h"

enum { RATING_CHUNK_BITS = 16, RATING_CHUNK = 1 << RATING_CHUNK_BITS };

/* A list holds fewer than 2^32 ratings: their numbers are u32. */
#define RATING_LIST_MAX UINT32_MAX

struct line_run {
    uint64_t first; /* ratings from this one on ... */
    uint64_t line;  /* ... came from this line and those that follow it */
    uint32_t file;
};

struct rating_list {
    bool has_times;
    uint64_t count;
    uint64_t first_file_count; /* ratings of file 0, which come before those of others */
    struct rating **chunks;    /* each RATING_CHUNK ratings */
    int64_t **times;           /* likewise, NULL without timestamps */
    size_t chunk_capacity, time_capacity, chunk_count;
    struct line_run *runs;
    size_t run_count, run_capacity;
};

/* Appends a rating that came from a line of a file (numbered by the caller, from 0 and rising); time is
 * ignored when the list keeps none. Fails with STATUS_NO_MEMORY, or STATUS_BAD_DATA beyond RATING_LIST_MAX.
 */
bool rating_list_add(struct rating_list *list, struct rating rating, int64_t time, uint64_t line,
                     uint32_t file, struct status *status);

/* Appends ratings that came from the lines line, line + 1, ... of a file; times may be NULL when the list
 * keeps none. Fails as rating_list_add; the list then is as it was. */
bool rating_list_append(struct rating_list *list, const struct rating *ratings, const int64_t *times,
                        size_t count, uint64_t line, uint32_t file, struct status *status);

/* Ratings that lie one behind the other from rating i < count on: how many, at most until the end of the
 * list. */
static inline size_t rating_list_run(const struct rating_list *list, uint64_t i) {
    uint64_t rest = list->count - i, room = RATING_CHUNK - (i & (RATING_CHUNK - 1));
    return (size_t)(rest < room ? rest : room);
}

/* Rating i < count, to be read or changed. */
static inline struct rating *rating_list_at(const struct rating_list *list, uint64_t i) {
    return &list->chunks[i >> RATING_CHUNK_BITS][i & (RATING_CHUNK - 1)];
}

/* The timestamp of rating i < count, in the unit of the file (seconds for MovieLens); the list has
 * timestamps. */
static inline int64_t rating_list_time(const struct rating_list *list, uint64_t i) {
    return list->times[i >> RATING_CHUNK_BITS][i & (RATING_CHUNK - 1)];
}

/* The line that rating i < count came from, while nothing has been dropped. */
uint64_t rating_list_line(const struct rating_list *list, uint64_t i, uint32_t *file);

/* Drops the ratings marked with a byte other than 0; the rest keeps its order. Lines are not known any more.
 */
void rating_list_drop(struct rating_list *list, const uint8_t *dropped);

/* Gives the memory back; the list is empty then. */
void rating_list_clear(struct rating_list *list);

#endif
