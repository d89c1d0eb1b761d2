/* Which user lies in which part and which movie in which stratum, for data/blocks.h.
 *
 * A side is a run of neighbouring rows, so that it is one run of places on every shard too (model/partition.h); the cuts
 * are where each side has about the same number of ratings.
 */
#ifndef DATA_BLOCKS_PLAN_H
#define DATA_BLOCKS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum { BLOCKS_SIDES_MAX = 4096, BLOCKS_SIDE_ROWS_MAX = 1 << 16 };

struct blocks_shape {
    uint32_t parts, strata; /* each 1 .. BLOCKS_SIDES_MAX */
};

/* One of two: users in parts, or movies in strata. */
struct blocks_side {
    uint32_t rows, sides;
    uint32_t *starts;     /* [sides + 1]: the first place of each side; owned, as those below */
    uint32_t *row_at;     /* [rows], by place */
    uint32_t *side_place; /* [rows], by row: side << 16 | place within the side */
};

/* A shape for so many ratings: as many parts and strata, a power of two from 4 to 32, so that
 * - strata on their way cost a twentieth of the walk: each travels once for every part, and a row's way there and back takes
 *   as long as ten ratings, so parts * movies * 10 is about ratings / 20;
 * - no block has much more than 16 million ratings, for which a worker is busy and deaf for a quarter of a second;
 * - more than that only when rows would not fit, and fewer when there are not so many rows.
 * It does not look at caches: rows are fetched ahead, and strata that fit the second level were not walked faster
 * (docs/PERFORMANCE.md). Nor at the number of workers, on which no bit of a model may depend. */
struct blocks_shape blocks_shape_for(uint32_t users, uint32_t movies, uint64_t ratings);

/* Deals rows of which the counts are known. STATUS_BAD_DATA when a side would have more than
 * BLOCKS_SIDE_ROWS_MAX rows, or there are more sides than rows (an empty table has one side) or than
 * BLOCKS_SIDES_MAX; `what` names the sides in the sentence. STATUS_NO_MEMORY. */
bool blocks_side_deal(struct blocks_side *side, const char *what, uint32_t sides, const uint32_t *counts,
                      uint32_t rows, struct status *status);

/* Gives the memory back. */
void blocks_side_clear(struct blocks_side *side);

#endif
