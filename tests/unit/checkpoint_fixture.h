/* Checkpoints made up for tests: every float, step and held row is a function of its row, so that a row can be
 * recognised on whatever shard it comes to lie. */
#ifndef TESTS_UNIT_CHECKPOINT_FIXTURE_H
#define TESTS_UNIT_CHECKPOINT_FIXTURE_H

#include <stdbool.h>

#include "core/image.h"
#include "core/status.h"

enum {
    FIXTURE_USERS = 11,
    FIXTURE_MOVIES = 7,
    FIXTURE_FACTORS = 5,
    FIXTURE_STRIDE = 8,
    FIXTURE_STEP = 40,
    FIXTURE_WINDOW_FIRST = 32,
    FIXTURE_LANES = 3,
    FIXTURE_HELD = 64,
    FIXTURE_KEPT = 4 /* the epoch whose rows are kept */
};

/* From now on images have their movies by strata, or dealt like cards, as at the start. */
void fixture_cut_by_strata(bool by_strata);

/* An image with room for its rows, all zero; given back with fixture_release. Failures stop the test. */
void fixture_take(struct shard_image *image, uint32_t shard, uint32_t shards);
void fixture_release(struct shard_image *image);

/* Fills an image with what its rows hold. */
void fixture_fill(struct shard_image *image);

/* Whether an image is, bit for bit, what fixture_fill makes of it, its held rows in any order. */
bool fixture_is_right(const struct shard_image *image);

/* Where the run stood at a checkpoint: numbers that are hard to write exactly. */
struct run_position fixture_position(uint64_t number, uint32_t shards);

/* Writes all shards of a checkpoint, and commits it. */
bool fixture_write_shards(const char *folder, uint64_t number, uint32_t shards, struct status *status);
bool fixture_write(const char *folder, uint64_t number, uint32_t shards, uint32_t keep,
                   struct status *status);

#endif
