#include "analysis/decay_dose.h"

#include <stddef.h>

#include "model/optimiser.h"

/* One factor, no bias: a row of which one column moves. */
enum { STRIDE = ROW_LANES };

static struct step_rate rate_of(const struct decay_run *run, uint64_t step) {
    struct plateau_state plateau = {0};
    return schedule_rate(&run->schedule, run->steps_per_epoch, &plateau, step);
}

static uint64_t steps_of(const struct decay_run *run) {
    return run->steps_per_epoch * schedule_epochs(&run->schedule);
}

struct decay_dose decay_dose_of(const struct decay_run *run) {
    struct step_rate first = rate_of(run, 0), last = rate_of(run, steps_of(run) - 1);
    struct decay_dose dose = {
        .steps = steps_of(run),
        .rate_first = first.learning_rate,
        .rate_last = last.learning_rate,
        .momentum_first = first.momentum,
        .momentum_last = last.momentum,
        .kept = 1,
    };
    for (uint64_t step = 0; step < dose.steps; step++) {
        struct step_rate rate = rate_of(run, step);
        dose.rate_sum += rate.learning_rate;
        dose.kept *= 1 - rate.learning_rate * run->optimiser.weight_decay;
        if (rate.learning_rate > dose.rate_most) {
            dose.rate_most = rate.learning_rate;
            dose.momentum_most_rate = rate.momentum;
        }
    }
    dose.dose = dose.rate_sum * run->optimiser.weight_decay;
    return dose;
}

/* The weight on its way through the run. */
struct walk {
    const struct decay_run *run;
    struct optimiser *optimiser;
    struct row_state row;
    double shrink; /* of the row by a step with learning rate 1; 0 unless decoupled */
};

/* The rule without its own decay where decay is decoupled; adamw's rule is adam's then. */
static struct optimiser_spec rule_of(const struct decay_run *run, enum decay_way way) {
    struct optimiser_spec spec = run->optimiser;
    spec.decay = way == DECAY_WHEN_TOUCHED ? DECAY_TOUCHED : DECAY_DENSE;
    if (spec.kind == OPTIMISER_ADAMW)
        spec.kind = OPTIMISER_ADAM;
    if (way == DECAY_DECOUPLED)
        spec.weight_decay = 0;
    return spec;
}

/* Whether one of the ratings, spread evenly, falls into this step: number i of n into (i + 1/2) * steps / n. */
static bool is_rated(uint64_t step, uint64_t steps, uint64_t ratings) {
    return ((step + 1) * ratings + steps / 2) / steps > (step * ratings + steps / 2) / steps;
}

static void walk_step(struct walk *walk, uint64_t step, bool rated) {
    struct step_rate rate = rate_of(walk->run, step);
    float gradient[STRIDE] = {0}, *weight = walk->row.value;
    if (optimiser_window_full(walk->optimiser))
        optimiser_window_restart(walk->optimiser);
    optimiser_open(walk->optimiser, rate);
    if (rated)
        gradient[0] = (float)(2.0 / walk->run->batch * (weight[0] - 1.0));
    weight[0] -= (float)(rate.learning_rate * walk->shrink) * weight[0];
    if (rated)
        optimiser_apply(walk->optimiser, walk->row, gradient);
    else
        optimiser_catch_up(walk->optimiser, walk->row, step + 1);
}

static bool walk_through(const struct decay_run *run, enum decay_way way, uint64_t ratings, double *end,
                         struct status *status) {
    const struct model_spec model = {.factors = 1};
    const struct optimiser_spec rule = rule_of(run, way);
    float value[STRIDE] = {(float)run->start}, first[STRIDE] = {0}, second[STRIDE] = {0};
    uint64_t next_step = 0, steps = steps_of(run);
    struct walk walk = {run,
                        optimiser_new(&rule, &model, 0, status),
                        {value, first, second, &next_step},
                        way == DECAY_DECOUPLED ? run->optimiser.weight_decay : 0};
    if (walk.optimiser == NULL)
        return false;
    for (uint64_t step = 0; step < steps; step++)
        walk_step(&walk, step, is_rated(step, steps, ratings));
    optimiser_free(walk.optimiser);
    *end = value[0];
    return true;
}

bool decay_example(const struct decay_run *run, uint64_t ratings, double ends[DECAY_WAYS],
                   struct status *status) {
    for (int way = 0; way < DECAY_WAYS; way++)
        if (!walk_through(run, (enum decay_way)way, ratings, &ends[way], status))
            return false;
    return true;
}
