/* The course of a run: grants follow each other to the end of an epoch, with checkpoints in between; the epoch is settled and
 * validated; how it ends is in coordinator/closing.h. Each function is one move of the coordinator's table of states. */
#ifndef COORDINATOR_COURSE_H
#define COORDINATOR_COURSE_H

#include "coordinator/state.h"

/* JOINING -> TRAINING: everybody is there. */
void course_start(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* Sends the rates that a pserver has asked for, as far as they are known by now. */
void course_send_rates(struct coordinator *coordinator, uint32_t pserver, struct outbox *out);

/* A lane has come to the end of the grant: more steps for all of them, or a rest when it is the last one. */
void course_lane_done(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* The checkpoint under way has come to another stage, from `before`. */
void course_after_cut(struct coordinator *coordinator, enum cut_stage before, uint64_t now_us,
                      struct outbox *out);

/* The run is to end with a checkpoint, as soon as lanes are at rest. */
void course_stop(struct coordinator *coordinator, const struct status *status, uint64_t now_us,
                 struct outbox *out);

/* The number of steps after which the shards settle for the epoch under way. */
uint64_t course_settle_step(const struct coordinator *coordinator);

/* VALIDATING: every shard has settled. Slices are dealt out, two ahead for each worker. */
void course_validate(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* Gives a worker one more slice, if any is left. */
void course_deal_slice(struct coordinator *coordinator, const struct seat *worker, struct outbox *out);

/* Begins another epoch. */
void course_next_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* A worker has become ready: it gets what has no owner. */
void course_employ(struct coordinator *coordinator, const struct seat *worker, struct outbox *out);

/* A worker is gone: others get what it had. */
void course_replace(struct coordinator *coordinator, uint32_t worker, struct outbox *out);

/* Asks again for what the course waits for. */
void course_repeat(struct coordinator *coordinator, struct outbox *out);

#endif
