/* Which shard holds a row of a table, and at which place of its own table. Two ways:
 *
 * Dealt like cards: row number modulo the number of pservers. Dense row numbers are given by first appearance, so popular
 * rows have small numbers, and each shard gets as many of them as any other (a range would put them all on the first one,
 * ps-lite's mistake).
 *
 * By runs: a run of neighbouring rows lives whole on one shard, run number modulo the number of pservers; the runs of a shard
 * lie one behind the other. For rows that only travel as runs: movies in mode blocked, whose runs are the strata. So a
 * visit to a stratum is a matter between two, and runs have about equally many ratings, which spreads the load. */
#ifndef MODEL_PARTITION_H
#define MODEL_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/image.h"
#include "core/rating.h"
#include "core/status.h"

/* How a table is cut. */
struct partition_spec {
    uint32_t rows, shards; /* of the whole table; 1 <= shards */
    uint32_t runs;         /* 0: dealt like cards */
    const uint32_t *
        firsts; /* [runs + 1] the first row of each run, which may be empty, and `rows`; outlives the partition */
};

struct partition {
    struct partition_spec spec;
    uint32_t *places; /* [runs] of a run's first row, on its shard */
};

/* Takes memory for places. Boundaries must rise from 0 to the number of rows. */
bool partition_init(struct partition *partition, const struct partition_spec *spec, struct status *status);
void partition_free(struct partition *partition);

/* Both tables of a model: users dealt like cards among the shards that the movies are cut for. */
bool partition_both(struct partition tables[TABLE_COUNT], uint32_t users, const struct partition_spec *movies,
                    struct status *status);
void partition_free_both(struct partition tables[TABLE_COUNT]);

/* How a table of an image is cut. */
struct partition_spec partition_of_image(const struct shard_image *image, enum table_id table);

/* How many rows a shard holds (0 is allowed). */
uint32_t partition_rows(const struct partition_spec *spec, uint32_t shard);

/* The shard of a run, and the run of a row. */
static inline uint32_t partition_run_shard(uint32_t run, uint32_t shards) {
    return run % shards;
}
uint32_t partition_run_of(const struct partition_spec *spec, uint32_t row);

static inline uint32_t partition_shard(const struct partition_spec *spec, uint32_t row) {
    return spec->runs == 0 ? row % spec->shards
                           : partition_run_shard(partition_run_of(spec, row), spec->shards);
}

/* The place of a row within its shard's table. */
static inline uint32_t partition_local(const struct partition *partition, uint32_t row) {
    const struct partition_spec *spec = &partition->spec;
    if (spec->runs == 0)
        return row / spec->shards;
    uint32_t run = partition_run_of(spec, row);
    return partition->places[run] + (row - spec->firsts[run]);
}

/* The inverse: the row at a place of a shard's table, which must have one there. Rows rise with places. */
uint32_t partition_row(const struct partition *partition, uint32_t local, uint32_t shard);

/* The shard's first row from `row` on; `rows` or more when there is none. */
uint32_t partition_next(const struct partition_spec *spec, uint32_t row, uint32_t shard);

/* Dealt like cards, rows [first, end) of a table lie on a shard as one run of places: the first of them, and how many. */
uint32_t partition_dealt(uint32_t first, uint32_t end, uint32_t shard, uint32_t shards, uint32_t *count);

#endif
