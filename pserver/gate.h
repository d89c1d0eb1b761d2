/* Who may push and pull for a lane, when a shard may apply a push, and when it may answer a pull.
 *
 * Lanes count their own steps. A request of a lane carries the push of step s (or none) and the pull of step
 * s + 1 + lead, where lead is the staleness in synchronous mode and 0 otherwise; `depth` = lead + 1 requests of a lane can
 * be open at a time. The rows for step p must have seen need(p) = max(0, p - staleness) of a lane's steps:
 *   synchronous  Step s is applied when every lane has pushed it; the pull of p is answered when exactly need(p)
 *                steps have been applied. Since the pull of s + 1 + staleness comes with the push of s, that moment
 *                cannot be missed, and every cluster reads the same bits.
 *   ssp          A push is applied as it comes; the pull of p is answered when every lane has pushed at least need(p)
 *                steps (Ho et al. 2013, "More effective distributed ML via a stale synchronous parallel parameter
 *                server").
 *   asp          A push is applied as it comes and a pull is answered at once.
 *
 * Exactly once: a push counts when its step is the lane's next one. An earlier step has been seen and does not count
 * again; a later one leaves a gap and is refused. A lane belongs to whoever opened it with the highest lease; requests
 * under any other lease are refused. A new owner starts with pulls alone, for the steps from where the slowest shard of
 * the lane stands. A lane's shards are at most lead + 1 pushes apart, so what it asks of a shard is at most that old.
 * This module knows lanes and steps, not rows. */
#ifndef PSERVER_GATE_H
#define PSERVER_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* More steps than a lane ever makes; what claims to be beyond is refused, so that no sum of steps overflows. */
#define GATE_STEPS_MAX (UINT64_C(1) << 48)

enum gate_kind { GATE_SYNCHRONOUS, GATE_SSP, GATE_ASP };

struct gate_spec {
    enum gate_kind kind;
    uint32_t lanes;
    uint32_t staleness;
};

struct gate_lane {
    bool open;       /* somebody has opened it */
    uint32_t lease;  /* of its owner */
    uint64_t pushed; /* steps pushed and accepted, hence the next one it may push */
    double squared;  /* what the owner said with the last push: the sums of the epoch so far */
    uint64_t count;
};

struct gate {
    struct gate_spec spec;
    struct gate_lane *lanes;
    uint64_t applied; /* steps applied; in ssp and asp every push counts as one */
};

bool gate_init(struct gate *gate, const struct gate_spec *spec, struct status *status);
void gate_free(struct gate *gate);

/* Every lane has made lane_step steps, and clock_step have been applied: where a restored run goes on. False with a
 * sentence when the two do not fit each other. */
bool gate_start(struct gate *gate, uint64_t lane_step, uint64_t clock_step, struct status *status);

/* Whether the gate stands exactly there: a cut between steps; false with a sentence. */
bool gate_stands(const struct gate *gate, uint64_t lane_step, uint64_t clock_step, struct status *status);

/* Steps that a lane reads ahead: the staleness, or 0 in ssp and asp. */
uint32_t gate_lead(const struct gate_spec *spec);

/* Requests of one lane that can be open at a time, and the place among them of the request that pulls a step. */
uint32_t gate_depth(const struct gate_spec *spec);
uint32_t gate_place(const struct gate_spec *spec, uint64_t pull_step);

/* Steps that the rows for a step must have seen. */
uint64_t gate_need(const struct gate_spec *spec, uint64_t pull_step);

/* Gives a lane to the holder of a lease, unless a higher one has opened it; false with a sentence. */
bool gate_lease(struct gate *gate, uint32_t lane, uint32_t lease, struct status *status);

/* Whether a request under this lease may be served at all; false with a sentence. */
bool gate_check_lease(const struct gate *gate, uint32_t lane, uint32_t lease, struct status *status);

/* Whether a push leaves no gap and comes with the pull that belongs to it; false with a sentence. */
bool gate_check_push(const struct gate *gate, uint32_t lane, uint64_t push_step, uint64_t pull_step,
                     struct status *status);

/* Whether it is too late to pull the rows of a step for the first time: more steps have been applied than they may have
 * seen. Never in ssp and asp. */
bool gate_gone(const struct gate *gate, uint64_t pull_step);

/* Whether rows can be pulled without a push for the first time: the right version of them is not gone yet; false with a
 * sentence. */
bool gate_check_pull(const struct gate *gate, uint32_t lane, uint64_t pull_step, struct status *status);

/* Whether a push has been accepted before; it has passed gate_check_push. */
bool gate_seen(const struct gate *gate, uint32_t lane, uint64_t push_step);

/* Whether a pull is so old that even a new owner of the lane could not want it: a late copy of a message. */
bool gate_outlived(const struct gate *gate, uint32_t lane, uint64_t pull_step);

/* A lane's push has been accepted, and the sums that came with it. */
void gate_pushed(struct gate *gate, uint32_t lane, double squared, uint64_t count);

/* Whether the next step can be applied now. In synchronous mode: every lane's push of step gate->applied is
 * here. */
bool gate_complete(const struct gate *gate);

/* A step (or, in ssp and asp, a push) has been applied. */
void gate_applied(struct gate *gate);

/* Mode blocked, where a shard sees only some of a lane's steps: the next one that is still to come here, and what was said
 * with the last one. Steps before it, of all lanes, count as applied. */
void gate_wait_for(struct gate *gate, uint32_t lane, uint64_t step, double squared, uint64_t count);

/* Whether the pull for a step may be answered now. */
bool gate_open(const struct gate *gate, uint64_t pull_step);

#endif
