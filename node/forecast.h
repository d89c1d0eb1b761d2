/* What a run will take, worked out by the rooms that will take it: memory per process, bytes per epoch on the
 * wire. */
#ifndef NODE_FORECAST_H
#define NODE_FORECAST_H

#include "config/config.h"
#include "data/packed_set.h"

struct forecast {
    uint64_t steps_per_epoch;
    uint32_t epochs, lanes, lane_ratings;
    size_t pserver_bytes, worker_bytes, coordinator_bytes, set_bytes;
    uint32_t steps_sampled;
    double rows_per_lane, ratings_per_lane; /* unique rows and ratings of a lane-step, means of the sample */
    double epoch_bytes;                     /* bodies pulled and pushed by all workers in an epoch */
};

/* Samples up to a hundred steps of the first epoch. */
bool forecast_make(struct forecast *forecast, const struct config *config, const struct packed_set *set,
                   struct status *status);

#endif
