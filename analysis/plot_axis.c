#include "analysis/plot_axis.h"

#include <math.h>

static const double MARGIN = 0.05;

/* The power of ten times 1, 2 or 5 that is nearest above the width wanted. */
static double round_step(double wanted, int *decimals) {
    double power = floor(log10(wanted)), unit = pow(10, power), share = wanted / unit;
    double step = share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10;
    if (step == 10)
        power++;
    *decimals = power < 0 ? (int)-power : 0;
    return step * unit;
}

struct plot_axis plot_axis_fit(const double *values, size_t stride, size_t count, double ticks) {
    struct plot_axis axis = {.low = count > 0 ? values[0] : 0, .high = count > 0 ? values[0] : 0};
    for (size_t i = 1; i < count; i++) {
        axis.low = fmin(axis.low, values[i * stride]);
        axis.high = fmax(axis.high, values[i * stride]);
    }
    double width = axis.high - axis.low;
    double margin = width > 0 ? MARGIN * width : fmax(fabs(axis.high), 1);
    axis.low -= margin;
    axis.high += margin;
    axis.step = round_step((axis.high - axis.low) / ticks, &axis.decimals);
    axis.first = ceil(axis.low / axis.step) * axis.step;
    axis.tick_count = (size_t)floor((axis.high - axis.first) / axis.step + 1e-9) + 1;
    return axis;
}

double plot_axis_tick(const struct plot_axis *axis, size_t i) {
    double tick = axis->first + (double)i * axis->step;
    return fabs(tick) < axis->step / 2 ? 0 : tick;
}

double plot_axis_place(const struct plot_axis *axis, double value) {
    return (value - axis->low) / (axis->high - axis->low);
}
