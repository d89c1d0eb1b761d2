/* Which shard holds a row: row number modulo the number of pservers, for both tables.
 *
 * Dense row numbers are given by first appearance, so popular rows have small numbers; dealing them out like cards puts
 * as many popular rows on each shard as on any other (a range would put them all on the first one, ps-lite's mistake). */
#ifndef MODEL_PARTITION_H
#define MODEL_PARTITION_H

#include <stdint.h>

static inline uint32_t partition_shard(uint32_t row, uint32_t shards) {
    return row % shards;
}

/* The place of a row within its shard's table. */
static inline uint32_t partition_local(uint32_t row, uint32_t shards) {
    return row / shards;
}

/* The inverse: the row at a place of a shard's table. */
static inline uint32_t partition_row(uint32_t local, uint32_t shard, uint32_t shards) {
    return local * shards + shard;
}

/* How many of `rows` rows a shard holds (0 is allowed). */
static inline uint32_t partition_rows(uint32_t rows, uint32_t shard, uint32_t shards) {
    return rows / shards + (rows % shards > shard ? 1 : 0);
}

/* Rows [first, end) of a table lie on a shard as one run of places: the first of them, and how many. */
static inline uint32_t partition_run(uint32_t first, uint32_t end, uint32_t shard, uint32_t shards,
                                     uint32_t *count) {
    uint32_t before = partition_rows(first, shard, shards);
    *count = partition_rows(end, shard, shards) - before;
    return before;
}

#endif
