/* How unevenly the movie rows of a shard are pulled: the share of the pulls that went to the hottest hundredth of them.
 *
 * Counting every row would touch memory once per row. So one in HEAT_STRIDE is counted, whatever request it came with: a
 * prime, so that it does not fall in step with the size of a minibatch. A share from few samples is too high (each movie
 * seen is then among the hottest), and settles with some tens of samples per movie. Counts are since the start of the
 * process. */
#ifndef PSERVER_HEAT_H
#define PSERVER_HEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

enum { HEAT_STRIDE = 61 };

struct heat {
    uint32_t first, movies;  /* entry of the first movie, and how many there are (pserver/shard.h) */
    uint32_t *counts;        /* [movies] sampled pulls */
    uint32_t skip;           /* pulls until the next sample */
    uint64_t samples, known; /* so far; when `share` was computed */
    double share;
};

bool heat_init(struct heat *heat, uint32_t first, uint32_t movies, struct status *status);
void heat_free(struct heat *heat);

/* Bytes that heat_init takes. */
size_t heat_bytes(uint32_t movies);

/* The entries of movies that a request pulls. */
static inline void heat_sample(struct heat *heat, const uint32_t *entries, uint32_t count) {
    uint32_t at = heat->skip;
    for (; at < count; at += HEAT_STRIDE) {
        heat->counts[entries[at] - heat->first]++;
        heat->samples++;
    }
    heat->skip = at - count;
}

/* The share, 0 to 1; 0 before the first sample. Computed anew when there are an eighth more samples than the last time, so
 * that a run of any length pays for it some dozens of times. */
double heat_share(struct heat *heat);

#endif
