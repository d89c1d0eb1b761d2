#include "model/schedule.h"

#include <math.h>

#include "core/contract.h"
#include "model/lr_find.h"

static const double PI = 3.14159265358979323846;

/* fastai's warm-up at the start of a cosine run: a twentieth of the first cycle at a hundredth of the rate. Of
 * few long steps, as the rounds of mode blocked may be, none is that short. */
static const double WARM_UP_SHARE = 1.0 / 20, WARM_UP_FACTOR = 1.0 / 100;

static uint64_t phase_epochs(const struct schedule_spec *spec) {
    uint64_t epochs = 0;
    for (uint32_t i = 0; i < spec->phase_count; i++)
        epochs += spec->phases[i].epochs;
    return epochs;
}

static uint64_t cycle_epochs(const struct schedule_spec *spec) {
    uint64_t epochs = 0, length = spec->cycle_len;
    for (uint32_t cycle = 0; cycle < spec->cycles && epochs <= UINT32_MAX; cycle++) {
        epochs += length;
        length = length > UINT32_MAX ? length : length * spec->cycle_mult;
    }
    return epochs;
}

uint32_t schedule_epochs(const struct schedule_spec *spec) {
    uint64_t epochs = spec->epochs;
    if (spec->kind == SCHEDULE_PHASES)
        epochs = phase_epochs(spec);
    if (spec->kind == SCHEDULE_COSINE)
        epochs = cycle_epochs(spec);
    if (spec->kind == SCHEDULE_LR_FIND)
        epochs = 1;
    return epochs > UINT32_MAX ? UINT32_MAX : (uint32_t)epochs;
}

/* The phase that an epoch lies in; the last one goes on for ever. */
static double phases_rate(const struct schedule_spec *spec, uint64_t epoch) {
    REQUIRE(spec->phase_count >= 1 && spec->phase_count <= SCHEDULE_PHASES_MAX, "phases are given");
    uint64_t end = 0;
    for (uint32_t i = 0; i + 1 < spec->phase_count; i++) {
        end += spec->phases[i].epochs;
        if (epoch < end)
            return spec->phases[i].learning_rate;
    }
    return spec->phases[spec->phase_count - 1].learning_rate;
}

static double cosine_rate(const struct schedule_spec *spec, uint64_t steps_per_epoch, uint64_t step) {
    uint64_t length = spec->cycle_len * steps_per_epoch, into = step;
    double warm_up = (double)length * WARM_UP_SHARE;
    if (warm_up >= 0.5 && (double)step < warm_up)
        return spec->learning_rate * WARM_UP_FACTOR;
    for (uint32_t cycle = 0; cycle + 1 < spec->cycles && into >= length; cycle++) {
        into -= length;
        length *= spec->cycle_mult;
    }
    return spec->learning_rate / 2 * (1 + cos(PI * (double)into / (double)length));
}

/* From `start` to `end` along half a cosine wave as share goes from 0 to 1. */
static double ease(double start, double end, double share) {
    return end + (start - end) / 2 * (1 + cos(PI * share));
}

/* Smith and Topin 2018 ("super-convergence") in the cosine form of PyTorch's OneCycleLR, point for point: of
 * `total` steps, number pct * total - 1 has the top rate and number total - 1 the lowest. */
static struct step_rate one_cycle_rate(const struct schedule_spec *spec, uint64_t steps_per_epoch,
                                       uint64_t step) {
    double total = (double)spec->epochs * (double)steps_per_epoch, last = total - 1;
    double top = fmax(spec->pct * total - 1, 0), low = spec->learning_rate / spec->div;
    double at = (double)step < last ? (double)step : last;
    if (at < top)
        return (struct step_rate){ease(low, spec->learning_rate, at / top),
                                  ease(spec->momentum_high, spec->momentum_low, at / top)};
    double share = last > top ? (at - top) / (last - top) : 1;
    return (struct step_rate){ease(spec->learning_rate, low / spec->final_div, share),
                              ease(spec->momentum_low, spec->momentum_high, share)};
}

struct step_rate schedule_rate(const struct schedule_spec *spec, uint64_t steps_per_epoch,
                               const struct plateau_state *plateau, uint64_t step) {
    REQUIRE(steps_per_epoch >= 1, "an epoch has at least one step");
    uint64_t epoch = step / steps_per_epoch;
    double lr = spec->learning_rate;
    switch (spec->kind) {
    case SCHEDULE_CONSTANT:
        break;
    case SCHEDULE_PHASES:
        lr = phases_rate(spec, epoch);
        break;
    case SCHEDULE_STEP:
        lr *= pow(spec->gamma, (double)(epoch / spec->step_epochs));
        break;
    case SCHEDULE_EXPONENTIAL:
        lr *= pow(spec->gamma, (double)step / (double)steps_per_epoch);
        break;
    case SCHEDULE_COSINE:
        lr = cosine_rate(spec, steps_per_epoch, step);
        break;
    case SCHEDULE_ONE_CYCLE:
        return one_cycle_rate(spec, steps_per_epoch, step);
    case SCHEDULE_PLATEAU:
        lr *= pow(spec->gamma, plateau->drops);
        break;
    case SCHEDULE_LR_FIND:
        lr = lr_find_rate(spec->learning_rate, spec->find_top, steps_per_epoch, step);
        break;
    }
    return (struct step_rate){lr, spec->momentum};
}

void schedule_epoch_end(const struct schedule_spec *spec, struct plateau_state *plateau,
                        double validation_loss) {
    patience_told(&plateau->patience, spec->threshold, validation_loss);
    if (plateau->patience.epochs_waiting >= spec->patience) {
        plateau->drops++;
        plateau->patience.epochs_waiting = 0;
    }
}
