/* Movies in buckets by how often they were rated in training, since a model that is right about the famous ones alone
 * looks good in every mean.
 *
 * Most-rated first, the head is as many movies as it takes to hold half of all training ratings, head and torso
 * together hold nine tenths, the tail is the rest that was rated at all. Movies with equally many ratings share a
 * bucket, the more popular one. Cold movies have no training rating. */
#ifndef ANALYSIS_POPULARITY_H
#define ANALYSIS_POPULARITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum popularity_bucket {
    POPULARITY_HEAD,
    POPULARITY_TORSO,
    POPULARITY_TAIL,
    POPULARITY_COLD,
    POPULARITY_COUNT
};

/* What is in a bucket. */
struct popularity_extent {
    uint32_t movies;
    uint64_t ratings;     /* training ratings */
    uint32_t least, most; /* training ratings of a movie; 0 in an empty bucket */
};

struct popularity {
    uint8_t *buckets; /* [movies], an enum popularity_bucket each; owned */
    struct popularity_extent extents[POPULARITY_COUNT];
};

/* From the training ratings of each movie, counts[movies]. STATUS_NO_MEMORY. */
bool popularity_sort(struct popularity *popularity, const uint32_t *counts, uint32_t movies,
                     struct status *status);
void popularity_free(struct popularity *popularity);

/* "head", "torso", "tail", "cold". */
const char *popularity_name(enum popularity_bucket bucket);

#endif
