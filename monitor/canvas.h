/* Lines for a terminal, cell by cell: what the live area and `dotbias top` are drawn with. Text is cut at the right edge;
 * colours take no cells, and are left out where the style has none. */
#ifndef MONITOR_CANVAS_H
#define MONITOR_CANVAS_H

#include "monitor/live.h"

#define COLOUR_DONE   "\x1b[32m"
#define COLOUR_REST   "\x1b[2m"
#define COLOUR_WARN   "\x1b[33m"
#define COLOUR_DOWN   "\x1b[31m"
#define COLOUR_STRONG "\x1b[1m"
#define COLOUR_END    "\x1b[0m"

struct canvas {
    struct text *text;
    const struct live_style *style;
    unsigned columns; /* usable */
};

/* One of the codes above. */
void canvas_colour(struct canvas *canvas, const char *code);

/* Plain ASCII behind the cells that are used. Returns the cells now used. */
unsigned canvas_put(struct canvas *canvas, unsigned used, const char *ascii);

/* A bar of so many cells, filled by a share from 0 to 1 (NaN: empty). Likewise. */
unsigned canvas_bar(struct canvas *canvas, unsigned used, unsigned cells, double share);

#endif
