#include "analysis/plot_paint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/plot_axis.h"
#include "analysis/plot_labels.h"
#include "core/memory.h"

struct colour {
    double red, green, blue;
};

static const struct colour PAPER = {0.992, 0.990, 0.984}, INK = {0.13, 0.14, 0.17},
                           FAINT_INK = {0.42, 0.44, 0.48};
static const struct colour GRID = {0.925, 0.922, 0.910}, ZERO = {0.80, 0.79, 0.77};
static const struct colour COLD = {0.08, 0.38, 0.68}, NEUTRAL = {0.74, 0.73, 0.71}, WARM = {0.86, 0.30, 0.09};

static const double TITLE_SIZE = 26, SUBTITLE_SIZE = 13.5, AXIS_SIZE = 14, TICK_SIZE = 11, LABEL_SIZE = 11;
/* Of a line, in sizes of its font: down to the baseline, down to the next line. */
static const double BASELINE = 0.96, LINE_HEIGHT = 1.2;
static const struct plot_box AREA = {74, 96, PLOT_WIDTH - 74 - 34, PLOT_HEIGHT - 96 - 68};

struct painter {
    const struct plot *plot;
    cairo_t *cairo;
    struct plot_axis x, y;
    struct plot_dot *dots;
    struct plot_label *labels;
};

enum { LINE_BYTES = 256, SHADES = 24 };
static const double CROWD_RADIUS = 2;

enum text_align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

static void set_colour(cairo_t *cairo, struct colour colour, double opacity) {
    cairo_set_source_rgba(cairo, colour.red, colour.green, colour.blue, opacity);
}

static struct colour mixed(struct colour from, struct colour to, double share) {
    return (struct colour){from.red + share * (to.red - from.red),
                           from.green + share * (to.green - from.green),
                           from.blue + share * (to.blue - from.blue)};
}

static struct colour tone_colour(double tone) {
    double strength = pow(fmin(fabs(tone), 1), 0.75);
    return mixed(NEUTRAL, tone < 0 ? COLD : WARM, strength);
}

static int shade_of(double tone) {
    return (int)lround((fmin(fmax(tone, -1), 1) + 1) / 2 * SHADES);
}

static void set_font(cairo_t *cairo, double size, cairo_font_weight_t weight) {
    cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, weight);
    cairo_set_font_size(cairo, size);
}

static double text_width(cairo_t *cairo, const char *text) {
    cairo_text_extents_t extents;
    cairo_text_extents(cairo, text, &extents);
    return extents.x_advance;
}

/* With the baseline at y, in the font and colour that are set. */
static void show_text(cairo_t *cairo, const char *text, double x, double y, enum text_align align) {
    double width = align == ALIGN_LEFT ? 0 : text_width(cairo, text);
    cairo_move_to(cairo, x - (align == ALIGN_CENTRE ? width / 2 : width), y);
    cairo_show_text(cairo, text);
}

/* Copies the next line of a text and returns what follows it, NULL at the end. */
static const char *next_line(const char *text, char line[LINE_BYTES]) {
    size_t length = strcspn(text, "\n");
    snprintf(line, LINE_BYTES, "%.*s", (int)length, text);
    return text[length] == '\n' ? text + length + 1 : NULL;
}

static double x_of(const struct painter *painter, double value) {
    return AREA.x + AREA.width * plot_axis_place(&painter->x, value);
}

static double y_of(const struct painter *painter, double value) {
    return AREA.y + AREA.height * (1 - plot_axis_place(&painter->y, value));
}

static void draw_line(cairo_t *cairo, double x1, double y1, double x2, double y2) {
    cairo_move_to(cairo, x1, y1);
    cairo_line_to(cairo, x2, y2);
    cairo_stroke(cairo);
}

static void set_grid_line(cairo_t *cairo, double value) {
    set_colour(cairo, value == 0 ? ZERO : GRID, 1);
    cairo_set_line_width(cairo, value == 0 ? 1.4 : 1);
}

static void paint_grid(const struct painter *painter) {
    cairo_t *cairo = painter->cairo;
    for (size_t i = 0; i < painter->x.tick_count; i++) {
        double value = plot_axis_tick(&painter->x, i), x = x_of(painter, value);
        set_grid_line(cairo, value);
        draw_line(cairo, x, AREA.y, x, AREA.y + AREA.height);
    }
    for (size_t i = 0; i < painter->y.tick_count; i++) {
        double value = plot_axis_tick(&painter->y, i), y = y_of(painter, value);
        set_grid_line(cairo, value);
        draw_line(cairo, AREA.x, y, AREA.x + AREA.width, y);
    }
}

/* "+0.5", "0", "−0.5". */
static void tick_text(const struct plot_axis *axis, double value, char text[32]) {
    if (value == 0)
        snprintf(text, 32, "0");
    else
        snprintf(text, 32, "%s%.*f", value < 0 ? "\u2212" : "+", axis->decimals, fabs(value));
}

static void paint_ticks(const struct painter *painter) {
    cairo_t *cairo = painter->cairo;
    char text[32];
    set_font(cairo, TICK_SIZE, CAIRO_FONT_WEIGHT_NORMAL);
    set_colour(cairo, FAINT_INK, 1);
    for (size_t i = 0; i < painter->x.tick_count; i++) {
        double value = plot_axis_tick(&painter->x, i);
        tick_text(&painter->x, value, text);
        show_text(cairo, text, x_of(painter, value), AREA.y + AREA.height + 20, ALIGN_CENTRE);
    }
    for (size_t i = 0; i < painter->y.tick_count; i++) {
        double value = plot_axis_tick(&painter->y, i);
        tick_text(&painter->y, value, text);
        show_text(cairo, text, AREA.x - 9, y_of(painter, value) + 0.36 * TICK_SIZE, ALIGN_RIGHT);
    }
}

static void paint_texts(const struct painter *painter) {
    const struct plot *plot = painter->plot;
    cairo_t *cairo = painter->cairo;
    set_font(cairo, TITLE_SIZE, CAIRO_FONT_WEIGHT_BOLD);
    set_colour(cairo, INK, 1);
    show_text(cairo, plot->title, AREA.x, 48, ALIGN_LEFT);
    set_font(cairo, SUBTITLE_SIZE, CAIRO_FONT_WEIGHT_NORMAL);
    set_colour(cairo, FAINT_INK, 1);
    show_text(cairo, plot->subtitle, AREA.x, 74, ALIGN_LEFT);
    set_font(cairo, AXIS_SIZE, CAIRO_FONT_WEIGHT_NORMAL);
    set_colour(cairo, INK, 1);
    show_text(cairo, plot->x_title, AREA.x + AREA.width / 2, PLOT_HEIGHT - 20, ALIGN_CENTRE);
    cairo_save(cairo);
    cairo_translate(cairo, 25, AREA.y + AREA.height / 2);
    cairo_rotate(cairo, -M_PI / 2);
    show_text(cairo, plot->y_title, 0, 0, ALIGN_CENTRE);
    cairo_restore(cairo);
}

/* A bar from cold to warm at the upper right, with a word at both ends. */
static void paint_legend(const struct painter *painter) {
    static const double WIDTH = 120, HEIGHT = 8, TOP = 64;
    const struct plot *plot = painter->plot;
    cairo_t *cairo = painter->cairo;
    if (plot->cold == NULL || plot->warm == NULL)
        return;
    set_font(cairo, TICK_SIZE, CAIRO_FONT_WEIGHT_NORMAL);
    double right = AREA.x + AREA.width - text_width(cairo, plot->warm) - 8, left = right - WIDTH;
    cairo_pattern_t *bar = cairo_pattern_create_linear(left, 0, right, 0);
    for (int i = 0; i <= SHADES; i++) {
        struct colour colour = tone_colour(2.0 * i / SHADES - 1);
        cairo_pattern_add_color_stop_rgb(bar, (double)i / SHADES, colour.red, colour.green, colour.blue);
    }
    cairo_rectangle(cairo, left, TOP, WIDTH, HEIGHT);
    cairo_set_source(cairo, bar);
    cairo_fill(cairo);
    cairo_pattern_destroy(bar);
    set_colour(cairo, FAINT_INK, 1);
    show_text(cairo, plot->warm, right + 8, TOP + HEIGHT, ALIGN_LEFT);
    show_text(cairo, plot->cold, left - 8, TOP + HEIGHT, ALIGN_RIGHT);
}

/* The crowd in few shades, each drawn in one go with a round pen: the shortest way to say it in an SVG. */
static void paint_crowd(const struct painter *painter) {
    cairo_t *cairo = painter->cairo;
    cairo_set_line_width(cairo, 2 * CROWD_RADIUS);
    for (int shade = 0; shade <= SHADES; shade++) {
        for (size_t i = painter->plot->label_count; i < painter->plot->point_count; i++)
            if (shade_of(painter->plot->points[i].tone) == shade) {
                cairo_move_to(cairo, painter->dots[i].x, painter->dots[i].y);
                cairo_close_path(cairo);
            }
        set_colour(cairo, tone_colour(2.0 * shade / SHADES - 1), 0.38);
        cairo_stroke(cairo);
    }
}

static void paint_dot(const struct painter *painter, size_t i) {
    const struct plot_dot *dot = &painter->dots[i];
    cairo_t *cairo = painter->cairo;
    cairo_arc(cairo, dot->x, dot->y, dot->radius, 0, 2 * M_PI);
    set_colour(cairo, tone_colour(painter->plot->points[i].tone), 1);
    cairo_fill_preserve(cairo);
    set_colour(cairo, PAPER, 1);
    cairo_set_line_width(cairo, 1.2);
    cairo_stroke(cairo);
}

static void paint_line(const struct painter *painter, size_t i) {
    const struct plot_label *label = &painter->labels[i];
    if (!label->is_placed || !label->has_line)
        return;
    set_colour(painter->cairo, FAINT_INK, 0.55);
    cairo_set_line_width(painter->cairo, 0.8);
    draw_line(painter->cairo, painter->dots[i].x, painter->dots[i].y, label->line_x, label->line_y);
}

/* Towards its dot: beside it the lines of a label begin or end there, above and below they are centred. */
static enum text_align label_align(const struct plot_label *label, const struct plot_dot *dot) {
    if (label->box.x > dot->x)
        return ALIGN_LEFT;
    return label->box.x + label->width < dot->x ? ALIGN_RIGHT : ALIGN_CENTRE;
}

/* On a strip of paper, which keeps it legible over the crowd. */
static void paint_line_of_text(cairo_t *cairo, const char *text, double x, double y, enum text_align align) {
    double width = text_width(cairo, text);
    double left = x - (align == ALIGN_LEFT ? 0 : align == ALIGN_CENTRE ? width / 2 : width);
    set_colour(cairo, PAPER, 0.72);
    cairo_rectangle(cairo, left - 1, y - BASELINE * LABEL_SIZE, width + 2, LINE_HEIGHT * LABEL_SIZE);
    cairo_fill(cairo);
    set_colour(cairo, INK, 1);
    show_text(cairo, text, left, y, ALIGN_LEFT);
}

static void paint_label(const struct painter *painter, size_t i) {
    const struct plot_label *label = &painter->labels[i];
    char line[LINE_BYTES];
    if (!label->is_placed)
        return;
    enum text_align align = label_align(label, &painter->dots[i]);
    double x = label->box.x + (align == ALIGN_LEFT     ? 0
                               : align == ALIGN_CENTRE ? label->width / 2
                                                       : label->width);
    double y = label->box.y + BASELINE * LABEL_SIZE;
    for (const char *rest = painter->plot->points[i].label; rest != NULL; y += LINE_HEIGHT * LABEL_SIZE) {
        rest = next_line(rest, line);
        paint_line_of_text(painter->cairo, line, x, y, align);
    }
}

static void measure_label(const struct painter *painter, size_t i) {
    struct plot_label *label = &painter->labels[i];
    char line[LINE_BYTES];
    label->width = label->height = 0;
    for (const char *rest = painter->plot->points[i].label; rest != NULL;
         label->height += LINE_HEIGHT * LABEL_SIZE) {
        rest = next_line(rest, line);
        label->width = fmax(label->width, text_width(painter->cairo, line));
    }
}

static size_t place_labels(const struct painter *painter) {
    const struct plot *plot = painter->plot;
    size_t hidden = 0;
    set_font(painter->cairo, LABEL_SIZE, CAIRO_FONT_WEIGHT_NORMAL);
    for (size_t i = 0; i < plot->label_count; i++)
        measure_label(painter, i);
    plot_labels_place(AREA, painter->dots, plot->point_count, painter->labels, plot->label_count);
    for (size_t i = 0; i < plot->label_count; i++)
        hidden += !painter->labels[i].is_placed;
    return hidden;
}

static void place_dots(const struct painter *painter) {
    const struct plot *plot = painter->plot;
    for (size_t i = 0; i < plot->point_count; i++) {
        const struct plot_point *point = &plot->points[i];
        double radius = i < plot->label_count ? 3.4 + 3.2 * point->weight : CROWD_RADIUS;
        painter->dots[i] = (struct plot_dot){x_of(painter, point->x), y_of(painter, point->y), radius};
    }
}

/* From the back to the front, and in each layer the most important last. */
static void paint_points(const struct painter *painter) {
    size_t labels = painter->plot->label_count;
    paint_crowd(painter);
    for (size_t i = labels; i-- > 0;)
        paint_line(painter, i);
    for (size_t i = labels; i-- > 0;)
        paint_dot(painter, i);
    set_font(painter->cairo, LABEL_SIZE, CAIRO_FONT_WEIGHT_NORMAL);
    for (size_t i = labels; i-- > 0;)
        paint_label(painter, i);
}

static void set_up(cairo_t *cairo) {
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(cairo, options);
    cairo_font_options_destroy(options);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    set_colour(cairo, PAPER, 1);
    cairo_paint(cairo);
}

static struct painter painter_for(const struct plot *plot, cairo_t *cairo) {
    size_t stride = sizeof *plot->points / sizeof(double);
    return (struct painter){
        .plot = plot,
        .cairo = cairo,
        .x = plot_axis_fit(plot->points != NULL ? &plot->points->x : NULL, stride, plot->point_count, 10),
        .y = plot_axis_fit(plot->points != NULL ? &plot->points->y : NULL, stride, plot->point_count, 8)};
}

bool plot_paint(const struct plot *plot, cairo_t *cairo, size_t *hidden, struct status *status) {
    struct painter painter = painter_for(plot, cairo);
    painter.dots = memory_take_array(plot->point_count, sizeof *painter.dots, "dots of a plot", status);
    painter.labels = memory_take_array(plot->label_count, sizeof *painter.labels, "labels of a plot", status);
    bool well = painter.dots != NULL && painter.labels != NULL;
    if (well) {
        set_up(cairo);
        place_dots(&painter);
        *hidden = place_labels(&painter);
        paint_grid(&painter);
        paint_ticks(&painter);
        paint_points(&painter);
        paint_texts(&painter);
        paint_legend(&painter);
    }
    memory_release(painter.dots);
    memory_release(painter.labels);
    return well;
}
