/* The inside of a shard, shared by the files that make it up (shard.c, shard_image.c, shard_run.c) and by nobody else. */
#ifndef PSERVER_SHARD_INSIDE_H
#define PSERVER_SHARD_INSIDE_H

#include "model/optimiser.h"
#include "model/partition.h"
#include "pserver/shard.h"

/* What is known of an entry besides its floats, in one place, so that a look at it is one cache line. */
struct entry_mark {
    uint64_t next_step; /* the first step that it has not seen */
    uint32_t stamp;     /* the last serial that named it */
    uint32_t slot;      /* its place in the pending gradients, meaningful while its stamp is current */
};

struct shard {
    struct shard_spec spec;
    struct optimiser *optimiser;
    struct partition partitions[TABLE_COUNT];
    uint32_t rows[TABLE_COUNT]; /* of this shard */
    uint32_t entries, stride;
    float *values, *first, *second;
    float *kept; /* as values, when the shard keeps; NULL otherwise */
    uint32_t kept_epoch;
    struct entry_mark *marks;
    uint32_t serial;
    float *sums; /* [lanes * lane_rows][stride]: gradients of several lanes added up */
    uint32_t *sum_entries;
    struct lane_gradients pending; /* of the step begun; an entry with a current stamp awaits its share */
};

/* A shard whose rows are all zero and whose optimiser's history is empty and begins at first_step. */
struct shard *shard_new_blank(const struct shard_spec *spec, uint64_t first_step, struct status *status);

#endif
