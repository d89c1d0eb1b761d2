/* The last answers to every lane, kept so that a request that comes again gets the same bits again.
 *
 * Why: an answer may be lost with its link or its worker. The rows have moved on by then, but whoever asks again (the
 * same worker, or the lane's new owner) must compute on what was read the first time. A lane's shards are at most
 * lead + 1 pushes apart and every push asks lead + 1 steps ahead, so 2 * (lead + 1) answers per lane are enough
 * (pserver/gate.h). All memory is taken at the start. */
#ifndef PSERVER_REPLIES_H
#define PSERVER_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct reply {
    bool there;
    uint64_t step;     /* that the rows are for */
    uint64_t version;  /* steps they have seen */
    uint32_t count;    /* rows */
    uint32_t *entries; /* [count], pserver/shard.h */
    float *values;     /* [count][stride] */
};

struct replies {
    uint32_t lanes, depth, lane_rows, stride;
    struct reply *items; /* [lanes][depth], a step's at step modulo depth */
    uint32_t *entries;   /* behind all entries */
    float *values;       /* behind all values */
    uint32_t
        *places; /* [place_mask + 1] scratch of replies_cover: places by hash of entry, from 1; 0 is free */
    uint32_t place_mask;
    bool in_order; /* what replies_cover has been asked for lies in its order */
};

bool replies_init(struct replies *replies, uint32_t lanes, uint32_t lead, uint32_t lane_rows, uint32_t stride,
                  struct status *status);
void replies_free(struct replies *replies);

/* Bytes that replies_init takes. */
size_t replies_bytes(uint32_t lanes, uint32_t lead, uint32_t lane_rows, uint32_t stride);

/* Opens an answer without rows in the place of the lane's oldest. */
struct reply *replies_open(struct replies *replies, uint32_t lane, uint64_t step, uint64_t version);

/* Adds count rows to an open answer and returns where their values go, or NULL when a lane has not so many. */
float *replies_add(const struct replies *replies, struct reply *reply, const uint32_t *entries,
                   uint32_t count);

/* The answer for a step, or NULL when it is gone or has never been. */
struct reply *replies_find(const struct replies *replies, uint32_t lane, uint64_t step);

/* Whether every entry asked for is among the answer's; those of a restored shard may lie in another order. */
bool replies_cover(struct replies *replies, const struct reply *reply, const uint32_t *entries,
                   uint32_t count);

/* Row i of those asked for; replies_cover has just said yes to these very entries. */
const float *replies_row(const struct replies *replies, const struct reply *reply, const uint32_t *entries,
                         uint32_t i);

#endif
