#include "analysis/plot.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <string.h>
#include <strings.h>

#include "analysis/plot_paint.h"
#include "data/atomic_file.h"

enum { PNG_SCALE = 2 };

/* Where cairo's bytes go, and what came of the first that failed. */
struct sink {
    struct atomic_file *file;
    struct status *status;
};

static cairo_status_t take_bytes(void *closure, const unsigned char *bytes, unsigned length) {
    struct sink *sink = closure;
    return atomic_file_write(sink->file, bytes, length, sink->status) ? CAIRO_STATUS_SUCCESS
                                                                      : CAIRO_STATUS_WRITE_ERROR;
}

bool plot_format_of(const char *path, enum plot_format *format, struct status *status) {
    const char *dot = strrchr(path, '.');
    if (dot != NULL && strcasecmp(dot, ".svg") == 0)
        *format = PLOT_SVG;
    else if (dot != NULL && strcasecmp(dot, ".png") == 0)
        *format = PLOT_PNG;
    else
        return status_fail(status, STATUS_USAGE, "a plot is an .svg or a .png, and '%s' is neither", path);
    return true;
}

static cairo_surface_t *surface_for(enum plot_format format, struct sink *sink) {
    if (format == PLOT_PNG)
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, PNG_SCALE * PLOT_WIDTH,
                                          PNG_SCALE * PLOT_HEIGHT);
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(take_bytes, sink, PLOT_WIDTH, PLOT_HEIGHT);
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    return surface;
}

/* Turns what cairo says into a status; a write that failed has written one already. */
static bool judge(cairo_status_t outcome, struct status *status) {
    if (outcome == CAIRO_STATUS_SUCCESS)
        return true;
    if (outcome == CAIRO_STATUS_WRITE_ERROR)
        return false;
    enum status_code code = outcome == CAIRO_STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_BUG;
    return status_fail(status, code, "cannot draw the plot: %s", cairo_status_to_string(outcome));
}

static bool paint(const struct plot *plot, cairo_surface_t *surface, enum plot_format format, size_t *hidden,
                  struct status *status) {
    cairo_t *cairo = cairo_create(surface);
    if (format == PLOT_PNG)
        cairo_scale(cairo, PNG_SCALE, PNG_SCALE);
    bool well = plot_paint(plot, cairo, hidden, status) && judge(cairo_status(cairo), status);
    cairo_destroy(cairo);
    return well;
}

static bool draw(const struct plot *plot, struct sink *sink, enum plot_format format, size_t *hidden,
                 struct status *status) {
    cairo_surface_t *surface = surface_for(format, sink);
    bool well = paint(plot, surface, format, hidden, status);
    if (well && format == PLOT_PNG)
        well = judge(cairo_surface_write_to_png_stream(surface, take_bytes, sink), status);
    cairo_surface_finish(surface);
    well = well && judge(cairo_surface_status(surface), status);
    cairo_surface_destroy(surface);
    return well;
}

bool plot_write(const struct plot *plot, const char *path, enum plot_format format, size_t *hidden,
                struct status *status) {
    size_t ignored;
    struct sink sink = {atomic_file_create(path, status), status};
    if (sink.file == NULL)
        return false;
    if (draw(plot, &sink, format, hidden != NULL ? hidden : &ignored, status))
        return atomic_file_commit(sink.file, status);
    atomic_file_abandon(sink.file);
    return false;
}
