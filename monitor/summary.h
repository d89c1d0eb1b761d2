/* summary.json: what a run came to, for programs. Also what `dotbias train --json` prints.
 *
 * Keys: digest (16 hex digits), epochs, best_epoch (of a run that keeps the best epoch: the one whose rows the model has),
 * epochs_planned (where the run ended early), valid_mse, valid_rmse, valid_mae, valid_ratings, cold_ratings,
 * cold_mse, train_seconds, ratings_per_second, pservers, workers, transport, resumed_from, checkpoints, pause_seconds,
 * workers_lost, shards, worker_counts, data, model, version, and truth_rmse when the data were generated. A number that is
 * not known is null, never NaN. resumed_from to workers_lost are about the coordinator's last process alone: the step of a
 * lane at which it took the run up, how many checkpoints it took, how long lanes stood still for them, and how many workers
 * it lost.
 *
 * shards and worker_counts are arrays of what each member has counted since its process began: {"shard" or "worker", "pulls",
 * "pushes", "reads", "bytes_in", "bytes_out", "repeats"}, a shard's "hot_share" and a worker's "ratings". Rows pulled and
 * pushed and ratings are all there are, so that in a run without losses the sums over shards and over workers are the same;
 * reads and bytes, which go on after training, are those of the last heartbeat. */
#ifndef MONITOR_SUMMARY_H
#define MONITOR_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "core/reports.h"
#include "core/status.h"

struct summary {
    const struct final_report *report;
    const char
        *data; /* the packed set that was used: an absolute path, or one relative to the run's folder */
    const char *model;   /* the model file, likewise */
    const char *version; /* of the program */
    double truth_rmse; /* what the planted model itself reaches on the validation set; NaN unless generated */
};

/* Writes the file whole or not at all: a temporary beside it, fsync, rename. STATUS_CANT_CREATE or STATUS_IO.
 */
bool summary_write(const struct summary *summary, const char *path, struct status *status);

/* Prints the same object and a newline. */
bool summary_print(const struct summary *summary, FILE *out, struct status *status);

#endif
