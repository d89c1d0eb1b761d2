/* Carries out a worker's jobs: ratings out of the mapped packed set, in the order of the epoch. */
#ifndef NODE_LANE_LOADER_H
#define NODE_LANE_LOADER_H

#include "config/config.h"
#include "data/packed_set.h"
#include "model/order.h"
#include "proto/event.h"

struct lane_loader {
    const struct packed_set *set;
    uint64_t seed;
    uint32_t batch, lanes;
    struct epoch_order order; /* of the epoch last asked for */
    uint64_t epoch;
};

/* The set is borrowed. */
void lane_loader_init(struct lane_loader *loader, const struct config *config, const struct packed_set *set);

/* JOB_LOAD_LANE and JOB_LOAD_VALID. */
void lane_loader_perform(struct lane_loader *loader, struct job *job);

#endif
