/* A chart of `dotbias report`: SVG within HTML, made here, without a script. Colours are the page's (classes c0, c1, ...), so
 * that they follow light and dark. */
#ifndef CLI_REPORT_CHART_H
#define CLI_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/report_facts.h"
#include "monitor/scroll.h"

enum report_numbers {
    REPORT_PLAIN,   /* 0.71 */
    REPORT_SHORT,   /* 12.1k, from 0 */
    REPORT_RATE,    /* 4.1e-3, from 0 */
    REPORT_DURATION /* of microseconds: 850us, from 0 */
};

enum { REPORT_COLOURS = 8 };

/* A line; points of which x or y is not finite break it. */
struct report_curve {
    const char *name;
    const double *x, *y;
    size_t count;
    unsigned colour; /* below REPORT_COLOURS */
    bool dots;       /* a dot per point, with its numbers when pointed at */
};

enum { REPORT_CURVES = 16 };

struct report_chart {
    const char *title;
    enum report_numbers numbers; /* of y */
    bool by_epoch;               /* else by time: x in seconds */
    double x_most;               /* the right end; x begins at 0 */
    double y_most;               /* the upper end where charts share one; NaN: as the curves have it */
    bool small;                  /* one of many */
    struct report_curve curves[REPORT_CURVES];
    size_t curve_count;
    const struct report_events *marks; /* NULL: none */
};

/* Appends a figure with its title, its legend when there are several curves, and the chart. */
void report_chart_put(struct scroll *page, const struct report_chart *chart);

/* The kinds of events that are marked: each has a class of the page, "m-" and its name. */
enum { REPORT_MARKS = 4 };
extern const char *const REPORT_MARK_NAMES[REPORT_MARKS];

#endif
