#include "cli/report_chart.h"

#include <math.h>
#include <string.h>

#include "analysis/plot_axis.h"
#include "cli/report_text.h"
#include "monitor/quantity.h"

/* Sizes in units of the SVG; a small chart's text is as large as a large one's. */
struct frame {
    const struct report_chart *chart;
    struct scroll *page;
    double width, height, left, right, top, bottom; /* right, bottom: where the plot ends */
    struct plot_axis x, y;
    double x_unit; /* seconds of a unit of the axis; 1 by epoch */
    const char *x_name;
};

/* ---- axes ---- */

static void fit_range(double range[2], const struct report_curve *curve) {
    for (size_t i = 0; i < curve->count; i++) {
        if (!isfinite(curve->x[i]) || !isfinite(curve->y[i]))
            continue;
        range[0] = fmin(range[0], curve->y[i]);
        range[1] = fmax(range[1], curve->y[i]);
    }
}

/* Makes an axis begin or end at a value, with the ticks that are left. */
static void cut_axis(struct plot_axis *axis, double low, double high) {
    axis->low = low;
    axis->high = high > low ? high : low + 1;
    axis->first = ceil(axis->low / axis->step - 1e-9) * axis->step;
    axis->tick_count = (size_t)floor((axis->high - axis->first) / axis->step + 1e-9) + 1;
}

static struct plot_axis fit_y(const struct report_chart *chart) {
    double range[2] = {INFINITY, -INFINITY};
    bool from_zero = chart->numbers != REPORT_PLAIN;
    for (size_t i = 0; i < chart->curve_count; i++)
        fit_range(range, &chart->curves[i]);
    if (isfinite(chart->y_most) && chart->y_most > 0)
        range[1] = chart->y_most;
    if (from_zero)
        range[0] = 0;
    bool empty = !(range[0] <= range[1]);
    struct plot_axis axis = plot_axis_fit(range, 1, empty ? 0 : 2, chart->small ? 3 : 5);
    if (from_zero)
        cut_axis(&axis, 0, axis.high);
    return axis;
}

/* Epochs have no halves, and times are read in the unit that fits. */
static void fit_x(struct frame *frame) {
    const struct report_chart *chart = frame->chart;
    double most = chart->x_most > 0 ? chart->x_most : 1;
    frame->x_unit = chart->by_epoch || most < 180 ? 1 : most < 10800 ? 60 : 3600;
    frame->x_name = chart->by_epoch       ? "epoch"
                    : frame->x_unit == 1  ? "seconds"
                    : frame->x_unit == 60 ? "minutes"
                                          : "hours";
    double range[2] = {0, most / frame->x_unit};
    frame->x = plot_axis_fit(range, 1, 2, chart->small ? 4 : 8);
    if (chart->by_epoch && frame->x.step < 1) {
        frame->x.step = 1;
        frame->x.decimals = 0;
    }
    cut_axis(&frame->x, 0, range[1]);
}

static double place_x(const struct frame *frame, double x) {
    return frame->left + plot_axis_place(&frame->x, x / frame->x_unit) * (frame->right - frame->left);
}

static double place_y(const struct frame *frame, double y) {
    return frame->bottom - plot_axis_place(&frame->y, y) * (frame->bottom - frame->top);
}

static void put_number(struct scroll *page, enum report_numbers numbers, double value, int decimals) {
    quantity text;
    const char *shown = numbers == REPORT_SHORT      ? quantity_short(text, value)
                        : numbers == REPORT_RATE     ? quantity_rate(text, value)
                        : numbers == REPORT_DURATION ? quantity_micros(text, value)
                                                     : quantity_fixed(text, value, decimals);
    scroll_text(page, shown);
}

static void put_y_axis(const struct frame *frame) {
    for (size_t i = 0; i < frame->y.tick_count; i++) {
        double tick = plot_axis_tick(&frame->y, i), y = place_y(frame, tick);
        scroll_add(frame->page, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>", frame->left, y, frame->right);
        scroll_add(frame->page, "<text class=\"ty\" x=\"%.0f\" y=\"%.1f\">", frame->left - 6, y + 4);
        put_number(frame->page, frame->chart->numbers, tick, frame->y.decimals);
        scroll_text(frame->page, "</text>\n");
    }
}

static void put_x_axis(const struct frame *frame) {
    scroll_add(frame->page, "<path class=\"axis\" d=\"M%.0f %.1fH%.0f\"/>", frame->left, frame->bottom,
               frame->right);
    for (size_t i = 0; i < frame->x.tick_count; i++) {
        double tick = plot_axis_tick(&frame->x, i);
        scroll_add(frame->page, "<text class=\"tx\" x=\"%.1f\" y=\"%.0f\">%.*f</text>",
                   place_x(frame, tick * frame->x_unit), frame->bottom + 16, frame->x.decimals, tick);
    }
    if (!frame->chart->small)
        scroll_add(frame->page, "<text class=\"tx\" x=\"%.0f\" y=\"%.0f\">%s</text>",
                   (frame->left + frame->right) / 2, frame->bottom + 32, frame->x_name);
    scroll_text(frame->page, "\n");
}

/* ---- curves ---- */

/* What lies within half a unit of the picture is drawn as its lowest and highest point. */
struct pile {
    double x, low, high, last;
    bool is_open;
};

static void put_point(const struct frame *frame, char verb, double x, double y) {
    scroll_add(frame->page, "%c%.1f %.1f", verb, x, y);
}

static void put_pile(const struct frame *frame, const struct pile *pile, char *verb) {
    if (!pile->is_open)
        return;
    put_point(frame, *verb, pile->x, pile->low);
    *verb = 'L';
    if (pile->high - pile->low > 0.05)
        put_point(frame, *verb, pile->x, pile->high);
    if (pile->last != pile->high && pile->high - pile->low > 0.05)
        put_point(frame, *verb, pile->x, pile->last);
}

static void put_line(const struct frame *frame, const struct report_curve *curve) {
    struct pile pile = {0};
    char verb = 'M';
    scroll_add(frame->page, "<path class=\"line s%u\" d=\"", curve->colour);
    for (size_t i = 0; i < curve->count; i++) {
        double x = place_x(frame, curve->x[i]), y = place_y(frame, curve->y[i]);
        bool is_known = isfinite(x) && isfinite(y);
        if (pile.is_open && (!is_known || x - pile.x > 0.5)) {
            put_pile(frame, &pile, &verb);
            pile.is_open = false;
        }
        if (!is_known) {
            verb = 'M';
            continue;
        }
        if (!pile.is_open)
            pile = (struct pile){x, y, y, y, true};
        pile.low = fmin(pile.low, y);
        pile.high = fmax(pile.high, y);
        pile.last = y;
    }
    put_pile(frame, &pile, &verb);
    scroll_text(frame->page, "\"/>\n");
}

static void put_dots(const struct frame *frame, const struct report_curve *curve) {
    for (size_t i = 0; i < curve->count; i++) {
        if (!isfinite(curve->x[i]) || !isfinite(curve->y[i]))
            continue;
        scroll_add(frame->page, "<circle class=\"f%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>",
                   curve->colour, place_x(frame, curve->x[i]), place_y(frame, curve->y[i]),
                   curve->count > 60 ? 1.8 : 3.0);
        report_string(frame->page, curve->name);
        scroll_add(frame->page, ", %s %.*f: ", frame->x_name, frame->chart->by_epoch ? 0 : 1,
                   curve->x[i] / frame->x_unit);
        put_number(frame->page, frame->chart->numbers, curve->y[i], 5);
        scroll_text(frame->page, "</title></circle>\n");
    }
}

/* ---- marks ---- */

const char *const REPORT_MARK_NAMES[REPORT_MARKS] = {"checkpoint", "lost", "restarted", "recovered"};

static bool is_marked(const char *event) {
    for (size_t i = 0; i < REPORT_MARKS; i++)
        if (strcmp(event, REPORT_MARK_NAMES[i]) == 0)
            return true;
    return false;
}

static void put_mark(const struct frame *frame, const struct board_event *event) {
    quantity when;
    double x = place_x(frame, event->seconds);
    if (!is_marked(event->event) || !(x >= frame->left && x <= frame->right + 0.5))
        return;
    /* Checkpoints are many, and nothing is wrong with them: they stay low. */
    double top = strcmp(event->event, "checkpoint") == 0 ? frame->bottom - 10 : frame->top;
    scroll_add(frame->page, "<path class=\"mark m-%s\" d=\"M%.1f %.1fV%.1f\"><title>", event->event, x, top,
               frame->bottom);
    scroll_add(frame->page, "%s %s", quantity_clock(when, event->seconds), event->event);
    if (event->index >= 0)
        scroll_add(frame->page, " %s %lld", event->role, (long long)event->index);
    scroll_text(frame->page, ": ");
    report_string(frame->page, event->text);
    scroll_text(frame->page, "</title></path>\n");
}

static void put_marks(const struct frame *frame) {
    const struct report_events *events = frame->chart->marks;
    for (size_t i = 0; events != NULL && i < events->count; i++)
        put_mark(frame, &events->items[i]);
}

/* ---- the figure ---- */

static void put_legend(struct scroll *page, const struct report_chart *chart) {
    scroll_text(page, "<div class=\"legend\">");
    for (size_t i = 0; i < chart->curve_count; i++) {
        scroll_add(page, "<span><i class=\"b%u\"></i>", chart->curves[i].colour);
        report_string(page, chart->curves[i].name);
        scroll_text(page, "</span>");
    }
    scroll_text(page, "</div>\n");
}

void report_chart_put(struct scroll *page, const struct report_chart *chart) {
    struct frame frame = {.chart = chart, .page = page, .left = 52, .top = 8};
    frame.width = chart->small ? 300 : 620;
    frame.height = chart->small ? 120 : 260;
    frame.right = frame.width - 14;
    frame.bottom = frame.height - (chart->small ? 22 : 40);
    frame.y = fit_y(chart);
    fit_x(&frame);
    scroll_add(page, "<figure%s><figcaption>", chart->small ? " class=\"small\"" : "");
    report_string(page, chart->title);
    scroll_text(page, "</figcaption>\n");
    if (chart->curve_count > 1)
        put_legend(page, chart);
    scroll_add(page, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", frame.width, frame.height);
    report_string(page, chart->title);
    scroll_add(page, ", by %s\">\n", frame.x_name);
    put_y_axis(&frame);
    put_x_axis(&frame);
    put_marks(&frame);
    for (size_t i = 0; i < chart->curve_count; i++) {
        put_line(&frame, &chart->curves[i]);
        if (chart->curves[i].dots)
            put_dots(&frame, &chart->curves[i]);
    }
    scroll_text(page, "</svg></figure>\n");
}
