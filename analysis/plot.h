/* A labelled scatter plot as a picture, SVG or PNG, drawn by cairo. */
#ifndef ANALYSIS_PLOT_H
#define ANALYSIS_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

struct plot_point {
    double x, y;
    double tone;   /* its colour, from -1 (cold) to 1 (warm); beyond is as at the end */
    double weight; /* its size, from 0 to 1 */
    const char
        *label; /* UTF-8, as titles_fit writes it, lines split by '\n'; NULL for one of the crowd behind */
};

/* Texts are UTF-8 and borrowed, as the points are. */
struct plot {
    const char *title, *subtitle, *x_title, *y_title;
    const char *cold, *warm; /* what the colours of both ends mean; NULL: no legend */
    const struct plot_point *points;
    size_t point_count; /* may be 0 */
    size_t label_count; /* the first label_count points have labels, the most important first */
};

enum plot_format { PLOT_SVG, PLOT_PNG };

/* By the ending of the name; STATUS_USAGE for another one. */
bool plot_format_of(const char *path, enum plot_format *format, struct status *status);

/* Draws 1400 x 1000 units; a PNG has two pixels per unit. Labels never cover each other or another labelled
 * point: one that finds no place near its point stands further off with a line to it, and one that finds none at
 * all is left out; *hidden (may be NULL) gets their number. SVG text is drawn as outlines, so it looks the same
 * without the font. The file appears whole or not at all. Errors as atomic_file, and STATUS_NO_MEMORY. */
bool plot_write(const struct plot *plot, const char *path, enum plot_format format, size_t *hidden,
                struct status *status);

#endif
