/* Which ratings make up a step, and which of them a lane computes: pure functions, so that any worker computes any lane
 * and nobody stores a shuffled list.
 *
 * The order of an epoch is a pseudo-random permutation of 0 .. count-1 keyed by (seed, epoch): a four-round Feistel
 * network on the smallest even number of bits that holds count, walked until it lands inside (cycle walking; Black and
 * Rogaway 2002, "Ciphers with arbitrary finite domains"). Constant memory for any number of ratings. */
#ifndef MODEL_ORDER_H
#define MODEL_ORDER_H

#include <stdint.h>

struct epoch_order {
    uint64_t count;     /* training ratings */
    unsigned half_bits; /* bits of each Feistel half */
    uint64_t keys[4];
};

/* count >= 1. */
struct epoch_order order_of_epoch(uint64_t seed, uint64_t epoch, uint64_t count);

/* The index of the rating at a position of the epoch; a bijection on [0, count). */
uint64_t order_at(const struct epoch_order *order, uint64_t position);

/* order_at for size positions in a row, [first, first + size): many are worked on side by side. */
void order_run(const struct epoch_order *order, uint64_t first, uint32_t size, uint64_t *indices);

/* ceil(count / batch): the last step of an epoch may be smaller. */
uint64_t order_steps_per_epoch(uint64_t count, uint32_t batch);

/* The positions [first, first + size) of the epoch that lane `lane` of `lanes` computes in step step_in_epoch; sizes of
 * lanes differ by at most one. *minibatch is the size of the whole step (all lanes). size may be 0 in a small last step. */
struct lane_span {
    uint64_t first;
    uint32_t size;
    uint32_t minibatch;
};
struct lane_span order_lane(uint64_t count, uint32_t batch, uint32_t lanes, uint64_t step_in_epoch,
                            uint32_t lane);

#endif
