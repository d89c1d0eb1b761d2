#include "monitor/canvas.h"

#include <math.h>
#include <string.h>

void canvas_colour(struct canvas *canvas, const char *code) {
    if (canvas->style->colour)
        text_add(canvas->text, "%s", code);
}

/* How many of the cells that are wanted are there. */
static unsigned within(const struct canvas *canvas, unsigned used, size_t wanted) {
    unsigned room = canvas->columns > used ? canvas->columns - used : 0;
    return wanted < room ? (unsigned)wanted : room;
}

unsigned canvas_put(struct canvas *canvas, unsigned used, const char *ascii) {
    unsigned cells = within(canvas, used, strlen(ascii));
    text_add(canvas->text, "%.*s", (int)cells, ascii);
    return used + cells;
}

unsigned canvas_bar(struct canvas *canvas, unsigned used, unsigned cells, double fraction) {
    double share = fraction > 0 ? fmin(fraction, 1) : 0;
    cells = within(canvas, used, cells);
    unsigned done = (unsigned)(share * cells + 0.5);
    canvas_colour(canvas, COLOUR_DONE);
    text_repeat(canvas->text, canvas->style->unicode ? "\u2501" : "#", done);
    canvas_colour(canvas, COLOUR_END);
    canvas_colour(canvas, COLOUR_REST);
    text_repeat(canvas->text, canvas->style->unicode ? "\u2500" : "-", cells - done);
    canvas_colour(canvas, COLOUR_END);
    return used + cells;
}
