/* The history of the whole run as samples, thinned as it grows: at most SERIES_SAMPLES stay, and when there are more every
 * second one goes and the distance of samples doubles. Filled from the board; one owner, one thread. */
#ifndef MONITOR_SERIES_H
#define MONITOR_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/board.h"

enum { SERIES_SAMPLES = 2048 };

enum series_run {
    SERIES_SECONDS, /* a double, kept apart */
    SERIES_EPOCH,   /* epochs done, with the fraction of the one under way */
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

/* Samples have serials, counted from 1; those are kept of which serial - 1 is a multiple of keep_every. */
struct series {
    uint32_t shard_count, worker_count, columns; /* columns: of one sample, all but its seconds */
    float *samples;                              /* [count][columns]: run, shards, workers; NaN: not known */
    double *seconds;                             /* [count] rising */
    uint64_t *serials;                           /* [count] rising */
    uint32_t count;
    uint32_t keep_every; /* 1, 2, 4, ... */
    uint64_t taken;      /* serial of the newest sample that was ever offered */
    uint64_t thinned_at; /* `taken` when samples last went; 0: all are there */
};

/* Room for a run of that shape. STATUS_NO_MEMORY. */
bool series_init(struct series *series, uint32_t shards, uint32_t workers, struct status *status);
void series_free(struct series *series);

/* Takes a sample of the board as it is. True when it was kept. */
bool series_sample(struct series *series, const struct board *board);

/* Takes a sample of which only the serial (above `taken`) and the seconds are known, from an earlier coordinator's records:
 * its row of NaN, to be filled in, or NULL when it is not kept. */
float *series_add(struct series *series, uint64_t serial, double seconds);

/* After the last of series_add: as dense as the samples that were added, not more. */
void series_settle(struct series *series);

/* The kept sample with a serial, or `count`. */
uint32_t series_find(const struct series *series, uint64_t serial);

/* A value of a kept sample; the worker's only column is its ratings per second. */
float series_run_value(const struct series *series, uint32_t sample, enum series_run column);
float series_shard_value(const struct series *series, uint32_t sample, uint32_t shard,
                         enum series_shard column);
float series_worker_value(const struct series *series, uint32_t sample, uint32_t worker);

/* Where these columns begin in a sample's row. SERIES_SECONDS has no place there. */
size_t series_run_column(enum series_run column);
size_t series_shard_column(const struct series *series, uint32_t shard);
size_t series_worker_column(const struct series *series, uint32_t worker);

/* "loss", "pulls_per_s": the names of docs/MONITORING.md and of the CSV's columns. */
const char *series_run_name(enum series_run column);
const char *series_shard_name(enum series_shard column);

#endif
