/* The optimisers of a shard's rows, and how a row that missed steps is brought up to date.
 *
 * Rules (g the pushed gradient, PyTorch's forms):
 *   sgd          g' = g + wd*w;  v = mom*v + g' (the first step too, v starts at 0);  w -= lr*v   (nesterov: w -= lr*(g' + mom*v))
 *   adam         g' = g + wd*w;  m = b1*m + (1-b1)*g';  s = b2*s + (1-b2)*g'^2;  w -= lr/(1-b1^t) * m / (sqrt(s/(1-b2^t)) + eps)
 *   adamw        w -= lr*wd*w, then adam with g' = g   (t counts global steps from 1)
 *   adagrad      g' = g + wd*w;  s += g'^2;  w -= lr * g' / (sqrt(s) + eps)
 *   adagrad_row  g' = g + wd*w;  s += mean over the row's moving columns of g'^2;  w -= lr * g' / (sqrt(s) + eps)
 *
 * With DECAY_DENSE a row that no rating touched still moves (decay, momentum, moments). It is brought up to date when it
 * is next read: for sgd a step without gradient is linear, [w; v] <- M [w; v] with
 *   M = [[1 - lr*wd, -lr*mom], [wd, mom]]      (nesterov: [[1 - lr*wd*(1+mom), -lr*mom*mom], [wd, mom]])
 * so a gap is a product of 2x2 matrices, the same for every row with that gap, read from a product tree over steps whose
 * blocks are aligned on absolute step numbers (the association, hence the bits, does not depend on who asks). For adam,
 * adamw and adagrad with decay the missed steps are replayed in registers. Where a missed step changes nothing (no decay
 * and no state yet, or adagrad without decay) it is skipped.
 *
 * The history of rates holds OPTIMISER_WINDOW steps. When it is full, the owner sweeps all rows up to date and the
 * history starts again: optimiser_window_full says when. This happens at multiples of OPTIMISER_WINDOW global steps, so
 * the bits do not depend on the cluster. */
#ifndef MODEL_OPTIMISER_H
#define MODEL_OPTIMISER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"
#include "model/spec.h"

enum { OPTIMISER_WINDOW = 8192 };

struct optimiser; /* the rule, and the rates of the window's steps */

/* A row and its state. state arrays that the rule does not use may be NULL. */
struct row_state {
    float *value;        /* w, [stride] */
    float *first;        /* v of sgd, m of adam, [stride] */
    float *second;       /* s of adam and adagrad, [stride]; adagrad_row keeps its one s in second[0] */
    uint64_t *next_step; /* the first step that has not been applied to this row yet */
};

/* Which state arrays the rule needs, as a set of bits. sgd always needs `first`: whether there is momentum is up to the
 * schedule, step by step. */
enum { OPTIMISER_NEEDS_FIRST = 1, OPTIMISER_NEEDS_SECOND = 2 };
unsigned optimiser_needs(const struct optimiser_spec *spec);

/* Makes an optimiser whose history is empty and starts at step first_step (0 for a new run). has_bias false keeps the
 * bias column at 0. NULL and status on failure; given back with optimiser_free. */
struct optimiser *optimiser_new(const struct optimiser_spec *spec, const struct model_spec *model,
                                uint64_t first_step, struct status *status);
void optimiser_free(struct optimiser *optimiser);

/* The step that the next optimiser_open will name. */
uint64_t optimiser_step(const struct optimiser *optimiser);

/* Opens the next step with its rates: from now on optimiser_apply works at this step. The window must not be full. */
void optimiser_open(struct optimiser *optimiser, struct step_rate rate);

/* Brings a row up to date: applies every missed step before `step` (step <= optimiser_step) as a step without gradient.
 * With DECAY_TOUCHED it only moves next_step. Nothing happens when the row is already there. */
static inline void optimiser_catch_up(const struct optimiser *optimiser, struct row_state row, uint64_t step);

/* Applies the opened step with gradient[stride] to a row that is up to date for it (next_step == opened step). */
static inline void optimiser_apply(const struct optimiser *optimiser, struct row_state row,
                                   const float *gradient);

/* True when every row must be caught up to optimiser_step before another step can be opened. */
bool optimiser_window_full(const struct optimiser *optimiser);

/* The history, from which another optimiser can be brought to the same step: one that was made with first_step =
 * optimiser_window_first and opened with the rates of the steps from there to optimiser_step does the same to every row, bit
 * for bit. optimiser_rate gives back what a step of the history was opened with. */
uint64_t optimiser_window_first(const struct optimiser *optimiser);
struct step_rate optimiser_rate(const struct optimiser *optimiser, uint64_t step);

/* After the owner's sweep: forgets the history. Every row's next_step must equal optimiser_step. */
void optimiser_window_restart(struct optimiser *optimiser);

/* The two above, their row in registers: passed as a struct it would go through memory, once for each row of each step. */
void optimiser_catch_up_at(const struct optimiser *optimiser, float *value, float *first, float *second,
                           uint64_t *next_step, uint64_t step);
void optimiser_apply_at(const struct optimiser *optimiser, float *value, float *first, float *second,
                        uint64_t *next_step, const float *gradient);

static inline void optimiser_catch_up(const struct optimiser *optimiser, struct row_state row,
                                      uint64_t step) {
    if (*row.next_step < step)
        optimiser_catch_up_at(optimiser, row.value, row.first, row.second, row.next_step, step);
}

static inline void optimiser_apply(const struct optimiser *optimiser, struct row_state row,
                                   const float *gradient) {
    optimiser_apply_at(optimiser, row.value, row.first, row.second, row.next_step, gradient);
}

#endif
