/* Who rates how many movies, and which: log-normal activity of users, Zipf-like popularity of movies, and
 * never the same movie twice by one user. */
#ifndef DATA_AUDIENCE_H
#define DATA_AUDIENCE_H

#include <stdint.h>

#include "core/status.h"

struct audience {
    uint64_t seed;
    uint32_t users, movies;
    uint32_t *counts; /* ratings of each user, 1 .. movies; they sum to the ratings asked for; owned, as all
                         below */
    /* Walker's alias table (1977, "An efficient method for generating discrete random variables"): slot m
     * gives movie m in `keep` of 2^32 cases and alias[m] in the others. */
    uint32_t *keep, *alias;
    double *weights;    /* of each movie */
    uint32_t *drawn_by; /* the last user that drew a movie, plus one */
    double *keys;       /* scratch of one number per movie */
    int64_t *sorted;    /* likewise */
};

/* users <= ratings <= users * movies. Fails with STATUS_NO_MEMORY. */
bool audience_make(struct audience *audience, uint64_t seed, uint64_t ratings, uint32_t users,
                   uint32_t movies, struct status *status);
void audience_clear(struct audience *audience);

/* Another view of the same audience, with scratch of its own, so that several threads can ask at once; lives
 * no longer than the audience. STATUS_NO_MEMORY. */
bool audience_view(struct audience *view, const struct audience *audience, struct status *status);
void audience_view_clear(struct audience *view);

/* The audience->counts[user] different movies that a user rates, into chosen[movies]. Each user is asked at
 * most once. */
void audience_choose(struct audience *audience, uint32_t user, uint32_t *chosen);

#endif
