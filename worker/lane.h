/* One lane in the hands of a worker: its lease, and a ring of plans for its steps (in mode blocked a part, worker/part.h).
 *
 *   plans of steps  [next_step - 1 - lead, next_step)   PUSHED until their receipts are here
 *                   [next_step, next_step + lead]       ASKED or READY
 *                   next_step + 1 + lead                LOADED: its pull travels with the push of next_step
 *                   next_step + 2 + lead                LOADING
 * The rows of step k are the receipt of the push of step k - 1 - lead. Beyond the run's last step follow lead + 1
 * virtual steps without ratings, whose only use is that receipt. */
#ifndef WORKER_LANE_H
#define WORKER_LANE_H

#include "worker/part.h"
#include "worker/plan.h"
#include "worker/worker.h"

enum lane_state {
    LANE_CLOSED,  /* not ours */
    LANE_OPENING, /* the shards have been told of the lease; where the lane stands is not known yet */
    LANE_OPEN
};

/* Sums of the errors of a lane's epoch up to a step. */
struct lane_sums {
    double squared;
    uint64_t count;
};

struct lane {
    uint32_t number, lease;
    enum lane_state state;
    bool listed;                   /* in the last grant */
    uint64_t first_step, end_step; /* of the last grant that listed it */
    struct lane_sums granted;      /* before first_step */
    struct question opening;
    uint64_t least_pushed; /* while opening: the least that a shard has, and the sums it knows */
    struct lane_sums least;
    uint64_t opened_at;    /* the first step that this lease computes */
    uint64_t next_step;    /* the next step to compute and push */
    uint64_t next_pull;    /* the next step whose rows have not been asked for */
    uint64_t next_load;    /* the next step whose ratings have not been asked for */
    uint64_t asked_end;    /* no step from here on was ever asked for, under any lease */
    struct lane_sums sums; /* before next_step */
    bool told;             /* LANE_DONE has been sent since the last grant */
    struct plan *plans;    /* [lane_ring] of step s at s % lane_ring; kept when the lane is closed */
    struct part *part;     /* mode blocked: instead of plans, likewise kept */
};

/* Plans of a lane. */
uint32_t lane_ring(const struct worker_spec *spec);

/* Ratings of the largest lane-step; 0 in mode blocked, where they are not copied. */
uint32_t lane_capacity(const struct worker_spec *spec);

/* Takes the lane's memory, unless it has it. book: see question_init. On failure what was taken stays with the lane until lane_free. */
bool lane_take(struct lane *lane, const struct worker_spec *spec, uint32_t number, struct question_book *book,
               struct status *status);
void lane_free(struct lane *lane, const struct worker_spec *spec);

/* Gives the lane up: its plans are dropped, its memory is kept. */
void lane_close(struct lane *lane, const struct worker_spec *spec);

/* The lane begins at a step, with the sums before it. */
void lane_begin(struct lane *lane, uint64_t step, struct lane_sums sums);

struct plan *lane_plan(const struct lane *lane, const struct worker_spec *spec, uint64_t step);

/* The plan of a step in a state, or NULL. */
struct plan *lane_plan_in(const struct lane *lane, const struct worker_spec *spec, uint64_t step,
                          enum plan_state state);

/* The plan whose push travels with the pull of a step; NULL when the pull goes alone. */
struct plan *lane_push_of(const struct lane *lane, const struct worker_spec *spec, uint64_t pull_step);

/* Puts out the jobs that load the coming steps' ratings. True when a virtual step, which needs no job, is there now. */
bool lane_load(struct lane *lane, const struct worker_spec *spec, struct outbox *out);

/* The plan to pull alone next, by which a lane begins; NULL when there is none, or it is not loaded. */
struct plan *lane_first_pull(const struct lane *lane, const struct worker_spec *spec);

/* Can the next step be computed? Its rows are here (before the first push of a lease: the rows of all first pulls), it is
 * granted, and what must be pulled with its push is known. */
bool lane_can_compute(const struct lane *lane, const struct worker_spec *spec);

/* Tells the coordinator that the grant is done. */
void lane_tell_done(struct lane *lane, struct outbox *out);

/* Every shard has accepted the last push of the grant. */
bool lane_is_finished(const struct lane *lane, const struct worker_spec *spec);

#endif
