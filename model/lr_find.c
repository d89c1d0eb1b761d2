#include "model/lr_find.h"

#include <math.h>

#include "core/contract.h"

enum { WINDOW = 7 };

uint64_t lr_find_interval(uint64_t steps) {
    uint64_t interval = (steps + LR_FIND_POINTS - 1) / LR_FIND_POINTS;
    return interval == 0 ? 1 : interval;
}

double lr_find_rate(double from, double to, uint64_t steps, uint64_t step) {
    double last = steps > 1 ? (double)(steps - 1) : 1;
    double at = (double)step < last ? (double)step : last;
    return from * pow(to / from, at / last);
}

bool lr_find_add(struct lr_find *curve, uint64_t step, double learning_rate, double loss) {
    REQUIRE(curve->count < LR_FIND_POINTS, "a curve has room for an epoch's points");
    curve->diverged = !isfinite(loss);
    if (curve->diverged)
        return false;
    curve->mean = LR_FIND_MEMORY * curve->mean + (1 - LR_FIND_MEMORY) * loss;
    curve->weight = LR_FIND_MEMORY * curve->weight + (1 - LR_FIND_MEMORY);
    double smoothed = curve->mean / curve->weight;
    curve->points[curve->count] = (struct lr_find_point){step, learning_rate, loss, smoothed};
    if (curve->count++ == 0 || smoothed < curve->lowest)
        curve->lowest = smoothed;
    curve->diverged = smoothed > LR_FIND_EXCESS * curve->lowest;
    return !curve->diverged;
}

/* Of the least-squares line through WINDOW points, loss over log rate. */
static double slope(const struct lr_find_point *points) {
    double mean_x = 0, mean_y = 0, xy = 0, xx = 0;
    for (int i = 0; i < WINDOW; i++) {
        mean_x += log(points[i].learning_rate) / WINDOW;
        mean_y += points[i].smoothed / WINDOW;
    }
    for (int i = 0; i < WINDOW; i++) {
        double x = log(points[i].learning_rate) - mean_x;
        xy += x * (points[i].smoothed - mean_y);
        xx += x * x;
    }
    return xx == 0 ? 0 : xy / xx;
}

bool lr_find_advise(const struct lr_find *curve, struct lr_find_advice *advice) {
    uint32_t lowest = 0;
    double steepest = 0;
    for (uint32_t i = 1; i < curve->count; i++)
        if (curve->points[i].smoothed < curve->points[lowest].smoothed)
            lowest = i;
    for (uint32_t i = 0; i + WINDOW <= lowest + 1; i++) {
        double fall = slope(curve->points + i);
        if (fall < steepest) {
            steepest = fall;
            advice->steepest = curve->points[i + WINDOW / 2].learning_rate;
        }
    }
    if (steepest == 0)
        return false;
    advice->lowest_rate = curve->points[lowest].learning_rate;
    advice->lowest_loss = curve->points[lowest].smoothed;
    advice->tenth = advice->lowest_rate / 10;
    return true;
}
