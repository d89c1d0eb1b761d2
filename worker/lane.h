/* One lane in the hands of a worker: a ring of plans for its coming steps. */
#ifndef WORKER_LANE_H
#define WORKER_LANE_H

#include "worker/plan.h"
#include "worker/worker.h"

struct lane {
    uint32_t number;
    bool open;          /* granted to this worker at least once */
    uint64_t next_step; /* the next step to compute and push */
    uint64_t next_pull; /* the next step whose rows have not been asked for */
    uint64_t next_load; /* the next step whose ratings have not been asked for */
    uint64_t end_step;  /* of the grant */
    uint32_t epoch;
    struct plan *plans; /* [lane_ring] of step s at s % lane_ring */
    double squared;     /* over the grant */
    uint64_t count;
};

/* Plans of a lane: those on their way, the one being computed, and the one being loaded. */
uint32_t lane_ring(const struct worker_spec *spec);

/* Ratings of the largest lane-step. */
uint32_t lane_capacity(const struct worker_spec *spec);

/* Takes the lane's memory. On failure what was taken stays with the lane until lane_free. */
bool lane_open(struct lane *lane, const struct worker_spec *spec, uint32_t number, uint64_t first_step,
               struct status *status);
void lane_free(struct lane *lane, const struct worker_spec *spec);

struct plan *lane_plan(const struct lane *lane, const struct worker_spec *spec, uint64_t step);

/* Puts out the jobs that load the coming steps' ratings, as far as the ring reaches. */
void lane_load(struct lane *lane, const struct worker_spec *spec, struct outbox *out);

/* Sends to every shard the push of `push` (NULL: none; gradients [slot][stride]) with the pull of `pull`
 * (NULL: none). Returns the bytes of all bodies. */
size_t lane_send(const struct lane *lane, const struct worker_spec *spec, const struct plan *push,
                 const float *gradients, struct plan *pull, uint64_t now_us, struct outbox *out);

/* The outcome of the next step to compute: its rows are here, it is granted, and what must be pulled with its
 * push is known. */
bool lane_can_compute(const struct lane *lane, const struct worker_spec *spec);

#endif
