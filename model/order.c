#include "model/order.h"

#include "core/contract.h"
#include "core/multiversion.h"
#include "core/rng.h"

#define INLINE static inline __attribute__((always_inline))

/* Positions are walked in groups of GROUP, whose loops vectorise. */
enum { ROUNDS = 4, GROUP = 64, VECTOR = 8 };

/* Keeps the orders of epochs apart from everything else that the run's seed decides. */
static const uint64_t ORDER_STREAM = UINT64_C(0x6F72646572000000);

struct epoch_order order_of_epoch(uint64_t seed, uint64_t epoch, uint64_t count) {
    REQUIRE(count >= 1 && count <= UINT64_C(1) << 62, "an epoch has at least one rating");
    struct epoch_order order = {.count = count, .half_bits = 1};
    while (UINT64_C(1) << (2 * order.half_bits) < count)
        order.half_bits++;
    for (int round = 0; round < ROUNDS; round++)
        order.keys[round] = rng_bits(seed, ORDER_STREAM + (uint64_t)round, epoch);
    return order;
}

INLINE uint64_t feistel(const struct epoch_order *order, uint64_t position) {
    uint64_t mask = (UINT64_C(1) << order->half_bits) - 1;
    uint64_t left = position >> order->half_bits, right = position & mask;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t mixed = left ^ (rng_mix(right ^ order->keys[round]) & mask);
        left = right;
        right = mixed;
    }
    return left << order->half_bits | right;
}

uint64_t order_at(const struct epoch_order *order, uint64_t position) {
    REQUIRE(position < order->count, "a position lies inside the epoch");
    do
        position = feistel(order, position);
    while (position >= order->count);
    return position;
}

/* Walks what is still outside, again and again; those that have come inside leave the group. */
INLINE void walk_group(const struct epoch_order *order, uint64_t first, uint32_t size, uint64_t *indices) {
    struct epoch_order local = *order;
    uint64_t walkers[GROUP];
    uint32_t places[GROUP], outside = size;
    for (uint32_t i = 0; i < GROUP; i++) {
        walkers[i] = first + i;
        places[i] = i;
    }
    while (outside != 0) {
        uint32_t left = 0;
        for (uint32_t i = 0; i < (outside + VECTOR - 1) / VECTOR * VECTOR; i++)
            walkers[i] = feistel(&local, walkers[i]);
        for (uint32_t i = 0; i < outside; i++) {
            indices[places[i]] = walkers[i];
            walkers[left] = walkers[i];
            places[left] = places[i];
            left += walkers[i] >= local.count;
        }
        outside = left;
    }
}

MULTIVERSION void order_run(const struct epoch_order *order, uint64_t first, uint32_t size,
                            uint64_t *indices) {
    REQUIRE(first <= order->count && size <= order->count - first, "positions lie inside the epoch");
    for (uint32_t done = 0; done < size; done += GROUP)
        walk_group(order, first + done, size - done < GROUP ? size - done : GROUP, indices + done);
}

uint64_t order_steps_per_epoch(uint64_t count, uint32_t batch) {
    REQUIRE(batch >= 1, "a minibatch has at least one rating");
    return count / batch + (count % batch != 0);
}

struct lane_span order_lane(uint64_t count, uint32_t batch, uint32_t lanes, uint64_t step_in_epoch,
                            uint32_t lane) {
    REQUIRE(lane < lanes && step_in_epoch < order_steps_per_epoch(count, batch),
            "the lane belongs to the epoch");
    uint64_t begin = step_in_epoch * batch;
    uint32_t minibatch = count - begin < batch ? (uint32_t)(count - begin) : batch;
    uint64_t low = (uint64_t)minibatch * lane / lanes, high = (uint64_t)minibatch * (lane + 1) / lanes;
    return (struct lane_span){.first = begin + low, .size = (uint32_t)(high - low), .minibatch = minibatch};
}
