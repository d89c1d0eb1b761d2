/* The engine of the coordinator: who takes part, how far lanes may go, at which rate, how good the model is, and the
 * end.
 *
 * States, and the only moves between them (coordinator/coordinator.c has the table):
 *   JOINING -> TRAINING -> SETTLING -> VALIDATING -> TRAINING -> ... -> VALIDATING
 *           -> MOMENTS -> SCORES -> SAVING -> FINISHING -> DONE
 * From every state a failure leads to DONE: the first one is told to all members in a STOP and is the run's outcome. A
 * request that no one answers within request_timeout_us is such a failure. */
#ifndef COORDINATOR_COORDINATOR_H
#define COORDINATOR_COORDINATOR_H

#include "coordinator/roster.h"
#include "core/reports.h"
#include "model/schedule.h"
#include "proto/event.h"

struct coordinator_spec {
    struct roster_spec roster;
    struct schedule_spec schedule;
    uint32_t users, movies, factors;
    uint64_t train_count, valid_count, data_digest;
    uint32_t batch, lanes;
    bool independent; /* ssp, asp: every lane's push is a step of its own */
    uint32_t components;
    const char *transport; /* for the report */
    uint64_t start_timeout_us, progress_us;
    uint64_t request_timeout_us; /* once training has begun, something must move within this time */
};

struct coordinator;

struct coordinator *coordinator_new(const struct coordinator_spec *spec, struct status *status);
void coordinator_free(struct coordinator *coordinator);
struct engine coordinator_engine(struct coordinator *coordinator);

/* Steps of one epoch that a lane makes, and that a shard's clock counts. */
uint64_t coordinator_lane_steps(const struct coordinator_spec *spec);
uint64_t coordinator_clock_steps(const struct coordinator_spec *spec);

#endif
