/* Lanes in motion: rows come, gradients go. */
#ifndef WORKER_TRAINING_H
#define WORKER_TRAINING_H

#include "worker/state.h"

/* Does everything that a lane can do now. */
void training_progress(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out);

/* ROWS: what was asked for moves the lane; what has been answered before is ignored; what nobody ever asked for is refused
 * with a sentence. */
bool training_rows(struct worker *worker, const struct event *event, struct outbox *out,
                   struct status *status);

/* The ratings of a step are here. */
void training_loaded(struct worker *worker, const struct event *event, struct outbox *out);

/* Sends the request of an unanswered plan again to the shards that are silent, with the very bytes of the first time: the
 * gradient is computed again from rows that have been kept. */
void training_ask_again(struct worker *worker, struct lane *lane, struct plan *pull, uint64_t now_us,
                        struct outbox *out);

#endif
