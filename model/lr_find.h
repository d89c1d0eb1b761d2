/* The learning-rate range test: the rate grows exponentially, step by step, over one epoch, and the training loss is looked
 * at (L. N. Smith, "Cyclical learning rates for training neural networks", 2017, section 3.3). Pure: losses in, a curve and a
 * suggestion out.
 *
 * A point is an interval of steps: the mean loss of its ratings, each before its step, and the rate of its last step.
 * `smoothed` is an exponential mean over points with weight LR_FIND_MEMORY on the past, corrected for its start as Adam's
 * moments are. The test is over when the smoothed loss exceeds LR_FIND_EXCESS times its lowest value so far, or is none. */
#ifndef MODEL_LR_FIND_H
#define MODEL_LR_FIND_H

#include <stdbool.h>
#include <stdint.h>

enum { LR_FIND_POINTS = 128 }; /* at most; an epoch of fewer steps has a point per step */

#define LR_FIND_MEMORY 0.8
#define LR_FIND_EXCESS 4.0

struct lr_find_point {
    uint64_t step; /* the one after the interval's last */
    double learning_rate, loss, smoothed;
};

struct lr_find {
    uint32_t count;
    bool diverged; /* it ended by the excess, or by a loss that is no number */
    double mean, weight, lowest;
    struct lr_find_point points[LR_FIND_POINTS];
};

/* Steps of a point: an epoch's steps over at most LR_FIND_POINTS points. */
uint64_t lr_find_interval(uint64_t steps);

/* The rate of a step, from `from` at step 0 to `to` at the epoch's last. */
double lr_find_rate(double from, double to, uint64_t steps, uint64_t step);

/* Adds a point to a curve that was zeroed at first. False when the test is over. A loss that is no number is not added. */
bool lr_find_add(struct lr_find *curve, uint64_t step, double learning_rate, double loss);

/* Two rules of thumb on a curve: `steepest`, the rate at which the smoothed loss falls fastest (the slope of a least-squares
 * line through it over log rate, in a window of 7 points), and `tenth`, a tenth of the rate at the lowest smoothed loss. Both
 * look only at points up to the lowest one. False when the curve has too few points, or
 * never falls: no suggestion then. */
struct lr_find_advice {
    double steepest, tenth, lowest_rate, lowest_loss;
};
bool lr_find_advise(const struct lr_find *curve, struct lr_find_advice *advice);

#endif
