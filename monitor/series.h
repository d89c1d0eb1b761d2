/* The history of the whole run as samples, thinned as it grows: at most SERIES_SAMPLES stay, and when there are more every
 * second one goes and the distance of samples doubles. Filled from the board; one owner, one thread. */
#ifndef MONITOR_SERIES_H
#define MONITOR_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/board.h"

enum { SERIES_SAMPLES = 2048 };

enum series_run {
    SERIES_SECONDS,
    SERIES_EPOCH,
    SERIES_LOSS,
    SERIES_VALID_RMSE,
    SERIES_LEARNING_RATE,
    SERIES_RATINGS_PER_S,
    SERIES_RUN_COLUMNS
};
enum series_shard {
    SERIES_PULLS_PER_S,
    SERIES_PUSHES_PER_S,
    SERIES_PULL_P99_US,
    SERIES_APPLY_P99_US,
    SERIES_STALENESS_P50,
    SERIES_QUEUE,
    SERIES_BUSY,
    SERIES_SHARD_COLUMNS
};

struct series {
    uint32_t shard_count, worker_count, columns; /* columns: of one sample */
    float *
        samples; /* [count][columns]: run, then shards, then workers; NaN where nothing is known. Seconds are kept apart */
    double *seconds; /* [count] */
    uint32_t count;
    uint64_t taken;      /* samples ever offered: the serial of the API */
    uint32_t keep_every; /* 1, 2, 4, ... */
    uint64_t *serials;   /* [count] rising */
};

bool series_init(struct series *series, uint32_t shards, uint32_t workers, struct status *status);
void series_free(struct series *series);

/* Takes a sample of the board as it is. True when it was kept. */
bool series_sample(struct series *series, const struct board *board);

/* A value of a kept sample; the worker's only column is its ratings per second. */
float series_run_value(const struct series *series, uint32_t sample, enum series_run column);
float series_shard_value(const struct series *series, uint32_t sample, uint32_t shard,
                         enum series_shard column);
float series_worker_value(const struct series *series, uint32_t sample, uint32_t worker);

/* "loss", "pulls_per_s": the names of docs/MONITORING.md and of the CSV's columns. */
const char *series_run_name(enum series_run column);
const char *series_shard_name(enum series_shard column);

#endif
