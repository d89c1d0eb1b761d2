/* How a plot looks: frame, grid, dots, labels and texts on a cairo context. */
#ifndef ANALYSIS_PLOT_PAINT_H
#define ANALYSIS_PLOT_PAINT_H

#include <cairo.h>

#include "analysis/plot.h"

enum { PLOT_WIDTH = 1400, PLOT_HEIGHT = 1000 }; /* units */

/* Paints all of the plot; *hidden gets the number of labels left out. Fails only for want of memory of its own;
 * what cairo has to say is in cairo_status. */
bool plot_paint(const struct plot *plot, cairo_t *cairo, size_t *hidden, struct status *status);

#endif
