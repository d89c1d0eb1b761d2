/* The course of a run: grants follow each other to the end of an epoch, with checkpoints in between; the epoch is settled and
 * validated; after the last one the model is saved. Each function is one move of the coordinator's table of states. */
#ifndef COORDINATOR_COURSE_H
#define COORDINATOR_COURSE_H

#include "coordinator/state.h"

/* JOINING -> TRAINING: everybody is there. */
void course_start(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* Sends the rates that a pserver has asked for, as far as they are known by now. */
void course_send_rates(struct coordinator *coordinator, uint32_t pserver, struct outbox *out);

/* Every lane has come to the end of the grant. */
void course_lanes_rest(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

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

/* Every slice is measured: puts out the epoch's report. */
void course_end_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* The report has been recorded, and may be written over: asks for the components, if they are wanted, or goes on. */
void course_after_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* SCORES: the moments of all shards are here. Without components to be had an epoch goes without; the end does not. */
void course_ask_scores(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* The components are here: puts them out, if anybody is to see them, or goes on. */
void course_show_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* They have been shown: begins the next epoch, or the end. */
void course_after_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* A worker has become ready: it gets what has no owner. */
void course_employ(struct coordinator *coordinator, const struct seat *worker, struct outbox *out);

/* A worker is gone: others get what it had. */
void course_replace(struct coordinator *coordinator, uint32_t worker, struct outbox *out);

/* Asks again for what the course waits for. */
void course_repeat(struct coordinator *coordinator, struct outbox *out);

/* SAVING: asks for the next chunk of rows; after the last one, FINISHING. */
void course_save_rows(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

#endif
