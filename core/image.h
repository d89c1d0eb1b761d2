/* What a shard is at one step, as plain arrays: what a checkpoint holds of it, and what a restored shard is filled with.
 *
 * Entries are the shard's users, then its movies, in rising row order (model/partition.h). The arrays belong to whoever
 * made the struct. */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/* Rows that had been read for steps to come when the image was taken: with a staleness of d, step t works on rows as they
 * were d steps ago, so the reads of the next d + 1 steps are part of the state. Empty when d is 0. */
struct image_held {
    uint64_t count, capacity;
    uint32_t *lanes; /* [count] */
    uint64_t *steps; /* [count] the step that the row was read for */
    uint64_t *names; /* [count] table << 32 | row number */
    float *values;   /* [count][stride] */
};

struct shard_image {
    uint32_t shard, shards;         /* this one among all */
    uint32_t users, movies;         /* rows of the whole tables */
    uint32_t strata;                /* movies live by strata (model/partition.h); 0: dealt like cards */
    const uint32_t *stratum_first;  /* [strata + 1], not the image's own */
    uint32_t user_rows, movie_rows; /* rows of this shard; entries = user_rows + movie_rows */
    uint32_t factors, stride;
    uint64_t step;         /* steps applied */
    uint64_t window_first; /* the first step of the optimiser's history */
    float *values;         /* [entries][stride] */
    float *first, *second; /* optimiser state, the same shape, or NULL */
    float *kept; /* the rows of the best epoch so far, the same shape; NULL in a run that keeps none */
    uint32_t kept_epoch;  /* which one, counted from 1; 0: there is none yet */
    uint64_t *next_steps; /* [entries] */
    double *rates;        /* [step - window_first][2]: learning rate and momentum of the history's steps */
    struct image_held held;
};

/* Where a run stands: what the coordinator needs, besides the shards' images, to go on. Epoch sums are those of the epoch
 * under way, per lane. */
struct run_position {
    uint64_t number; /* of the checkpoint, rising from 1 */
    uint32_t shards, lanes;
    uint64_t lane_step;  /* steps of a lane that are done, over the whole run */
    uint64_t clock_step; /* steps that a shard has applied */
    uint32_t epoch;      /* the one under way, or the next one to begin, from 0 */
    uint64_t config_digest, data_digest;
    double plateau_best;
    uint32_t plateau_seen, plateau_waiting, plateau_drops;
    double best_loss; /* lowest validation loss of an epoch so far, and of which, counted from 1; 0: none */
    uint32_t best_epoch;
    double stop_loss; /* early stopping: the last loss that counted as an improvement */
    uint32_t stop_seen, stop_waiting;
    double train_seconds;  /* spent so far */
    double *lane_squared;  /* [lanes] sums of squared errors in this epoch so far */
    uint64_t *lane_counts; /* [lanes] ratings of them */
};

#endif
