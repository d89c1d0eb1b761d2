/* What a worker counts and measures of its own work, and the heartbeat that tells of it.
 *
 * Its time is split by looking at each event: what passed since the step before went to fetching ratings when the event
 * says that a job is done (a worker's jobs are carried out between its steps), to waiting when some request had no answer,
 * and otherwise to the gate: no lane, or all at the end of their grant. Within steps gradients and blocks are measured,
 * and what a step does with new ratings counts as fetching them. The rest of a step, the handling of messages, is in none
 * of the four. How long steps take is told by the driver, which looks at its clock anyway. */
#ifndef WORKER_TIMING_H
#define WORKER_TIMING_H

#include "worker/state.h"

/* Before each step. */
void timing_begin(struct worker *worker, const struct event *event);

/* A lane's gradient or a block has been computed since a moment of outbox_clock. */
void timing_computed(struct worker *worker, uint64_t since_ns, struct outbox *out);

/* Sends the heartbeat. */
void timing_beat(struct worker *worker, uint64_t now_us, struct outbox *out);

/* Tells the coordinator that a lane has come to the end of its grant; when this is the last one of an epoch, it hears first
 * of all that was counted. */
void timing_tell_done(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out);

#endif
