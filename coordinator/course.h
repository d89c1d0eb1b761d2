/* The course of a run: an epoch begins, its lanes are granted and its rates told; it is settled and validated; after the
 * last one the model is saved. Each function is one move of the coordinator's table of states. */
#ifndef COORDINATOR_COURSE_H
#define COORDINATOR_COURSE_H

#include "coordinator/state.h"

/* Sends the rates that a pserver has asked for, as far as they are known by now. */
void course_send_rates(struct coordinator *coordinator, uint32_t pserver, struct outbox *out);

/* TRAINING: grants every lane for the epoch. */
void course_begin_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* The number of steps after which the shards settle for the epoch under way. */
uint64_t course_settle_step(const struct coordinator *coordinator);

/* SETTLING: every lane is done. */
void course_settle(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* VALIDATING: every shard has settled. Slices are dealt out, two ahead for each worker. */
void course_validate(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* Gives a worker one more slice, if any is left. */
void course_deal_slice(struct coordinator *coordinator, const struct seat *worker, struct outbox *out);

/* Every slice is measured: puts out the epoch's report. */
void course_end_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* The report has been recorded, and may be written over: begins the next epoch, or the end. */
void course_after_epoch(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* SAVING: asks for the next chunk of rows; after the last one, FINISHING. */
void course_save_rows(struct coordinator *coordinator, struct outbox *out);

#endif
