/* A run that only looks for a learning rate (model/lr_find.h): grants end where a point of the curve does, each of them adds
 * one, and the run is over when the curve says so, or at the end of the epoch, or when a shard's numbers stop being finite.
 * No row is saved. */
#ifndef COORDINATOR_CURVE_H
#define COORDINATOR_CURVE_H

#include "coordinator/state.h"

/* Where the grant from a step on has to end. */
uint64_t curve_next_step(const struct coordinator *coordinator, uint64_t lane_step);

/* Lanes are at rest: adds a point, if one ends here. False when the run is over; then its end has begun. */
bool curve_goes_on(struct coordinator *coordinator, struct outbox *out);

/* A member cannot go on, since numbers are no longer finite: that is an answer, too. */
void curve_diverged(struct coordinator *coordinator, struct outbox *out);

#endif
