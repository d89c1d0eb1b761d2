/* How a lane is taken over: every shard is told of the new lease, and says how many of the lane's steps it has. The lane
 * begins at the least of them; what other shards have already is seen there and not applied twice. */
#ifndef WORKER_OPENING_H
#define WORKER_OPENING_H

#include "worker/state.h"

/* The grant has been noted in the lane: tells all shards of its lease. */
void opening_begin(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out);

/* Tells the shards that have not answered once more. */
void opening_ask_again(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out);

/* LANE_AT: with the last shard's the lane is open and on its way. One that came before, or of an older lease, is ignored;
 * one that cannot be true is refused with a sentence. */
bool opening_answer(struct worker *worker, const struct event *event, struct outbox *out,
                    struct status *status);

#endif
