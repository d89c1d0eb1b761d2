/* Checkpoints at rest: a folder `checkpoints` in the run's folder, in it one folder per checkpoint, named by its number:
 *   000012/shard-0.dotbias ... one container (CONTAINER_CHECKPOINT) per shard, written by its pserver
 *   000012/manifest.json       written last, by the coordinator: only a checkpoint with a manifest counts
 * Everything is written to a temporary file, fsynced and renamed. A checkpoint loads into any number of shards.
 * A number is used once: what a killed writer has left under it, or still writes, is never mistaken for another's. */
#ifndef DATA_CHECKPOINT_H
#define DATA_CHECKPOINT_H

#include <stdbool.h>

#include "core/image.h"
#include "core/status.h"

/* Writes one shard's image to folder/<number>/shard-<index>.dotbias, making the folders, after a sweep of older checkpoints that
 * never became whole: one is written at a time. STATUS_IO, STATUS_CANT_CREATE; then no file is left. */
bool checkpoint_write_shard(const char *folder, uint64_t number, const struct shard_image *image,
                            struct status *status);

/* Fills *image, whose arrays have room for this shard under its own number of shards, from all shards of a checkpoint:
 * rows are found wherever they were. image->shard, shards, users, movies, user_rows, movie_rows, factors and stride say what is
 * wanted and are checked against the files; first and second must be present or NULL as in the files; rates has room for
 * rates_capacity pairs; held.* for held.capacity rows. STATUS_BAD_DATA for damaged or unfitting files. */
bool checkpoint_read_shard(const char *folder, uint64_t number, uint32_t shards_then,
                           struct shard_image *image, uint64_t rates_capacity, struct status *status);

/* Writes the manifest, which makes the checkpoint count, then removes all checkpoints but the newest `keep`, of which this
 * one is, and every older one that is unfinished or damaged. What cannot be looked at stays. */
bool checkpoint_commit(const char *folder, const struct run_position *position, uint32_t keep,
                       struct status *status);

/* Removes the checkpoints below a number that never got a manifest: their shards were killed while they wrote, or one of
 * them had no room, which the files of the others must not take from the next try. What cannot be removed stays. STATUS_IO, STATUS_NO_MEMORY. */
bool checkpoint_sweep(const char *folder, uint64_t below, struct status *status);

/* The newest checkpoint that is whole: a good manifest, and all its shard files, every byte of which is checked against its
 * hash. One that is damaged, or cannot be read, is passed over in favour of an older one; then status->code is STATUS_OK, but
 * its text says which and why (otherwise it is empty). *found is false (and true returned) when no checkpoint was ever
 * finished. STATUS_BAD_DATA, STATUS_IO or STATUS_PROTOCOL, with the same text, when there are finished ones but none is whole: a
 * run must not begin anew because its disk has gone bad; STATUS_NO_MEMORY. lane_squared and lane_counts of *position are arrays
 * of lanes_capacity items of the caller; more lanes than that is STATUS_BAD_DATA. */
bool checkpoint_find(const char *folder, struct run_position *position, uint32_t lanes_capacity, bool *found,
                     struct status *status);

/* A number that no checkpoint of the folder has had: 1 + the newest one there, whole or not. STATUS_IO, STATUS_NO_MEMORY. */
bool checkpoint_next_number(const char *folder, uint64_t *number, struct status *status);

#endif
