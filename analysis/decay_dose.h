/* What weight decay does to a row over a whole run, computed with the trainer's own schedule and optimiser.
 *
 * The dose is the sum over steps of lr*wd. Decoupled decay takes the share lr*wd of a row in every step, so a row that
 * nothing else moves keeps prod(1 - lr*wd), close to exp(-dose). */
#ifndef ANALYSIS_DECAY_DOSE_H
#define ANALYSIS_DECAY_DOSE_H

#include <stdint.h>

#include "core/status.h"
#include "model/schedule.h"
#include "model/spec.h"

/* A run as far as decay is concerned. With the schedule `plateau` no drop is counted: they depend on the losses. */
struct decay_run {
    struct optimiser_spec optimiser;
    struct schedule_spec schedule;
    uint64_t steps_per_epoch; /* >= 1 */
    uint32_t batch;           /* ratings in a minibatch */
    double start;             /* of the example's weight, the bound of the starting values */
};

struct decay_dose {
    uint64_t steps;
    double rate_first, rate_most, rate_last;                  /* learning rates */
    double momentum_first, momentum_most_rate, momentum_last; /* at the same three steps */
    double rate_sum;                                          /* over all steps */
    double dose;                                              /* rate_sum * wd */
    double kept;                                              /* prod(1 - lr*wd) */
};

struct decay_dose decay_dose_of(const struct decay_run *run);

enum decay_way {
    DECAY_COUPLED,      /* wd*w is part of the gradient, in every step */
    DECAY_DECOUPLED,    /* the row loses lr*wd of itself in every step, beside the rule without decay */
    DECAY_WHEN_TOUCHED, /* coupled, in the steps that bring the row a rating, and nothing moves in the others */
    DECAY_WAYS
};

/* A weight that begins at `start` and that each of its `ratings` ratings, spread evenly over the run, pulls towards 1 with
 * the gradient 2/batch * (w - 1): where it ends, for each way. Walks through every step with model/optimiser.h, and
 * so counts momentum and moments. STATUS_NO_MEMORY. */
bool decay_example(const struct decay_run *run, uint64_t ratings, double ends[DECAY_WAYS],
                   struct status *status);

#endif
