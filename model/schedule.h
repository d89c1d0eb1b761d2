/* Learning-rate schedules: the rate of each step, run by the coordinator. Pure: step in, rate out. */
#ifndef MODEL_SCHEDULE_H
#define MODEL_SCHEDULE_H

#include <stdint.h>

#include "model/patience.h"
#include "model/spec.h"

enum schedule_kind {
    SCHEDULE_CONSTANT,    /* lr */
    SCHEDULE_PHASES,      /* a list of (epochs, lr): the lesson's set_lrs */
    SCHEDULE_STEP,        /* lr * gamma^(epoch / step_epochs) */
    SCHEDULE_EXPONENTIAL, /* lr * gamma^epoch, continuous in steps */
    SCHEDULE_COSINE, /* restarts: cycle i lasts cycle_len * cycle_mult^i epochs; lr/2 * (1 + cos(pi*it/nb)) at
                             iteration `it` of a cycle of nb steps; the first nb/20 steps of the run (nb of the first
                             cycle) have lr/100 and count as steps (fastai 0.7, CosAnneal); none when nb < 10 */
    SCHEDULE_ONE_CYCLE, /* lr up from lr/div to lr over pct of the run, then down to lr/div/final_div, cosine both
                             ways; momentum the other way between momentum_high and momentum_low (PyTorch's OneCycleLR,
                             point for point) */
    SCHEDULE_PLATEAU, /* lr * gamma^(number of drops so far); a drop after `patience` epochs without improvement */
    SCHEDULE_LR_FIND /* from lr to find_top over one epoch, exponentially (model/lr_find.h); `dotbias lr-find` alone asks for
                        it */
};

enum { SCHEDULE_PHASES_MAX = 32 };

struct schedule_spec {
    enum schedule_kind kind;
    double learning_rate;
    double momentum;      /* sgd's; for adam and adamw set it to beta1 */
    uint32_t epochs;      /* constant, step, exponential, one_cycle, plateau */
    uint32_t phase_count; /* phases */
    struct {
        uint32_t epochs;
        double learning_rate;
    } phases[SCHEDULE_PHASES_MAX];
    double gamma;                           /* step, exponential, plateau */
    uint32_t step_epochs;                   /* step */
    uint32_t cycles, cycle_len, cycle_mult; /* cosine */
    double div, final_div, pct;             /* one_cycle */
    double momentum_low, momentum_high;     /* one_cycle */
    uint32_t patience;                      /* plateau, in epochs */
    double find_top;                        /* lr_find: the rate of the last step */
    double threshold;                       /* plateau: the relative improvement that counts */
};

/* What plateau remembers between epochs; zeroed at the start of a run. */
struct plateau_state {
    struct patience patience;
    uint32_t drops;
};

/* The number of epochs of the whole run. */
uint32_t schedule_epochs(const struct schedule_spec *spec);

/* The rate of a global step (counted from 0 over the whole run), given the steps of one epoch (>= 1). */
struct step_rate schedule_rate(const struct schedule_spec *spec, uint64_t steps_per_epoch,
                               const struct plateau_state *plateau, uint64_t step);

/* Told the validation loss after each epoch; decides whether the rate drops. A loss that is not finite never improves. */
void schedule_epoch_end(const struct schedule_spec *spec, struct plateau_state *plateau,
                        double validation_loss);

#endif
