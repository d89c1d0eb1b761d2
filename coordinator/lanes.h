/* Who computes which lane, and how far the lanes have come: the books of one grant.
 *
 * A lane belongs to one worker at a time. Its lease rises with every change of the owner, so that shards can tell the owner
 * from those it had before. Lanes are dealt out evenly when a grant begins; in the middle of one only those that lost
 * their owner change hands. */
#ifndef COORDINATOR_LANES_H
#define COORDINATOR_LANES_H

#include "coordinator/roster.h"
#include "model/spec.h"

struct lane_books {
    uint32_t count;
    uint32_t *owners;               /* [count] worker index, or LANE_UNOWNED */
    uint64_t *incarnations;         /* [count] of the owner */
    struct grant_lane *granted;     /* [count] lease, and the sums before first_step */
    struct lane_done_message *ends; /* [count] what the owner said at its end */
    uint8_t *done;                  /* [count] */
    uint32_t left;                  /* lanes that are not done */
    uint64_t first_step, end_step;  /* of the grant */
    uint64_t serial;                /* of the last deal */
    bool
        home; /* blocked: at the end of the grant the lanes' parts are brought home; before the first one they are */
};

#define LANE_UNOWNED UINT32_MAX

bool lanes_init(struct lane_books *books, uint32_t count, struct status *status);
void lanes_free(struct lane_books *books);

/* An epoch begins, or is taken up: the sums that lanes start from; NULL, NULL: zero. */
void lanes_begin_epoch(struct lane_books *books, const double *squared, const uint64_t *counts);

/* A grant begins: every lane has these steps before it. Lanes are dealt out among the workers that are ready, or (deal
 * false) stay with their owners. */
void lanes_begin(struct lane_books *books, const struct roster *roster, uint64_t first_step,
                 uint64_t end_step, bool deal);

/* The grant goes on to a later step, for all lanes, also those that are done with what they had. */
void lanes_stretch(struct lane_books *books, uint64_t end_step);

/* A worker is gone: its lanes have no owner. */
void lanes_disown(struct lane_books *books, uint32_t worker);

/* Deals out the lanes that have no owner and are not done; false when there are none, or nobody to take them. */
bool lanes_adopt(struct lane_books *books, const struct roster *roster);

/* Whether a worker's death costs nothing but time: it holds no part that is not at home (blocked). */
bool lanes_are_home(const struct lane_books *books, uint32_t worker);

/* Sends a worker its GRANT. rates: of the grant's steps (blocked), or NULL. */
void lanes_send(const struct lane_books *books, const struct seat *worker, uint32_t epoch,
                const struct step_rate *rates, struct outbox *out);

/* Whether a worker has lanes to finish. */
bool lanes_waits_for(const struct lane_books *books, uint32_t worker);

/* Files a LANE_DONE; *repeated when it was known. False with a sentence when it is not of this grant. */
bool lanes_done(struct lane_books *books, const struct lane_done_message *done, bool *repeated,
                struct status *status);

/* Sums over all lanes, in lane order, of the epoch so far. */
void lanes_sum(const struct lane_books *books, double *squared, uint64_t *count);

#endif
