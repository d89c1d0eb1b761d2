/* When a shard may apply a push, and when it may answer a pull.
 *
 * Lanes count their own steps. A request of a lane carries the push of step s (or none) and the pull of a later
 * step p (or none); `depth` requests of a lane can be open at a time. The rows for step p must have seen
 * need(p) = max(0, p - staleness) of a lane's steps:
 *   synchronous  Step s is applied when every lane has pushed it; the pull of p is answered when exactly need(p)
 *                steps have been applied. Since the pull of s + 1 + staleness comes with the push of s, that moment
 *                cannot be missed, and every cluster reads the same bits.
 *   ssp          A push is applied as it comes; the pull of p is answered when every lane has pushed at least need(p)
 *                steps (Ho et al. 2013, "More effective distributed ML via a stale synchronous parallel parameter
 *                server").
 *   asp          A push is applied as it comes and a pull is answered at once.
 * This module knows lanes and steps, not rows. */
#ifndef PSERVER_GATE_H
#define PSERVER_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum gate_kind { GATE_SYNCHRONOUS, GATE_SSP, GATE_ASP };

struct gate_spec {
    enum gate_kind kind;
    uint32_t lanes;
    uint32_t staleness;
};

struct gate {
    struct gate_spec spec;
    uint64_t *pushed; /* per lane: steps pushed and accepted, hence the next step it may push */
    uint64_t applied; /* steps applied; in ssp and asp every push counts as one */
};

bool gate_init(struct gate *gate, const struct gate_spec *spec, struct status *status);
void gate_free(struct gate *gate);

/* Requests of one lane that can be open at a time. */
uint32_t gate_depth(const struct gate_spec *spec);

/* The place of a request among its lane's `depth` places, from its push and pull steps (only one of which may
 * exist). */
uint32_t gate_place(const struct gate_spec *spec, bool pushes, uint64_t push_step, uint64_t pull_step);

/* Whether a request fits what the lane has done so far; false with a sentence. */
bool gate_check(const struct gate *gate, uint32_t lane, bool pushes, uint64_t push_step, bool pulls,
                uint64_t pull_step, struct status *status);

/* A lane's push has been accepted. */
void gate_pushed(struct gate *gate, uint32_t lane);

/* Whether the next step can be applied now. In synchronous mode: every lane's push of step gate->applied is
 * here. */
bool gate_complete(const struct gate *gate);

/* A step (or, in ssp and asp, a push) has been applied. */
void gate_applied(struct gate *gate);

/* Whether the pull for a step may be answered now. */
bool gate_open(const struct gate *gate, uint64_t pull_step);

#endif
