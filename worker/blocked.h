/* Parts in motion, mode blocked: a lane is a part of the users, a step is a round (model/rotation.h).
 *
 * A part is pulled when its lane is opened, and stays here from grant to grant under the same lease. In round r its
 * stratum is pulled at the version that its visitors before have left, moved by the ratings of the block, and pushed. The
 * stratum of round r + 1 is asked for before round r is computed, so that it travels meanwhile. At the end of a grant that
 * says so the part is pushed too: it is home, and its rows here and there are the same. For that its push has momentum 0
 * (the shards take its rows as they come): when parts come home depends on the clock, and must not change a bit.
 *
 * A stratum's version counts its visits since the run began; a part's counts how often it has come home, which the shards
 * tell. */
#ifndef WORKER_BLOCKED_H
#define WORKER_BLOCKED_H

#include "worker/state.h"

bool blocked_init(struct blocked *blocked, const struct worker_spec *spec, struct status *status);
void blocked_free(struct blocked *blocked);

/* Is it finite, its momentum not negative, and does weight decay shrink rows at it, not turn them around? */
bool blocked_can_use(const struct worker_spec *spec, const struct step_rate *rate);

/* The lane has just been opened, its part is at home: asks for it and for its first stratum. */
void blocked_begin(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out);

/* Does everything that an open lane can do now, but compute. */
void blocked_progress(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out);

/* After every event. A timer computes one block: of the rounds that are ready the lowest, of their parts the lowest. While
 * one is ready the timer is asked for at once, so that messages that are here already come first. */
void blocked_turn(struct worker *worker, const struct event *event, struct outbox *out);

/* RUN_ROWS and RUN_PUSHED: what is waited for moves the lane, what has been answered before is ignored, what nobody ever
 * asked for is refused with a sentence. */
bool blocked_rows(struct worker *worker, const struct event *event, struct outbox *out,
                  struct status *status);
bool blocked_pushed(struct worker *worker, const struct event *event, struct outbox *out,
                    struct status *status);

/* The ratings of a block are here. */
void blocked_loaded(struct worker *worker, const struct job *job);

/* Sends what a run waits for again, to the shards that are silent. */
void blocked_ask_again(struct worker *worker, const struct lane *lane, struct run *run, uint64_t now_us,
                       struct outbox *out);

#endif
