/* One axis of a plot: the range it shows and its round ticks. */
#ifndef ANALYSIS_PLOT_AXIS_H
#define ANALYSIS_PLOT_AXIS_H

#include <stddef.h>

struct plot_axis {
    double low, high; /* low < high */
    double step;      /* between ticks: 1, 2 or 5 times a power of ten */
    double first;     /* the first tick at or above low, a multiple of step */
    size_t tick_count;
    int decimals; /* that a tick's number needs */
};

/* Fits an axis around `count` finite values, `stride` doubles apart, with a margin at both ends and about
 * `ticks` ticks; around 0 when there are none or they are all the same. */
struct plot_axis plot_axis_fit(const double *values, size_t stride, size_t count, double ticks);

double plot_axis_tick(const struct plot_axis *axis, size_t i);

/* Where a value lies, 0 at low and 1 at high. */
double plot_axis_place(const struct plot_axis *axis, double value);

#endif
