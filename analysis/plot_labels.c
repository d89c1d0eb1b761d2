#include "analysis/plot_labels.h"

#include <math.h>

/* Units of the picture. */
static const double GAP = 2.5;     /* between a dot's edge and its label */
static const double PADDING = 1.5; /* that labels keep from each other */

static const double RINGS[] = {16, 26, 38, 52, 68, 86, 108, 134};
enum { RING_COUNT = sizeof RINGS / sizeof RINGS[0], NEAR_COUNT = 8, RING_PLACES = 24 };
enum { CANDIDATE_COUNT = NEAR_COUNT + RING_COUNT * RING_PLACES };

struct line {
    double x1, y1, x2, y2;
};

struct scene {
    struct plot_box area;
    const struct plot_dot *dots;
    size_t dot_count;
    struct plot_label *labels;
    size_t label_count;
};

bool plot_boxes_overlap(struct plot_box a, struct plot_box b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

static struct plot_box grown(struct plot_box box, double by) {
    return (struct plot_box){box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by};
}

static bool lies_within(struct plot_box box, struct plot_box area) {
    return box.x >= area.x && box.y >= area.y && box.x + box.width <= area.x + area.width &&
           box.y + box.height <= area.y + area.height;
}

static double clamped(double value, double low, double high) {
    return fmin(fmax(value, low), high);
}

static bool covers_dot(struct plot_box box, const struct plot_dot *dot) {
    double x = dot->x - clamped(dot->x, box.x, box.x + box.width);
    double y = dot->y - clamped(dot->y, box.y, box.y + box.height);
    return x * x + y * y < dot->radius * dot->radius;
}

/* The share of the line before one edge: Liang and Barsky 1984, "A new concept and method for line clipping". */
static bool clip(double step, double room, double *enter, double *leave) {
    if (step == 0)
        return room >= 0;
    double at = room / step;
    if (step < 0)
        *enter = fmax(*enter, at);
    else
        *leave = fmin(*leave, at);
    return *enter <= *leave;
}

static bool line_meets_box(struct line line, struct plot_box box) {
    double x = line.x2 - line.x1, y = line.y2 - line.y1, enter = 0, leave = 1;
    return clip(-x, line.x1 - box.x, &enter, &leave) &&
           clip(x, box.x + box.width - line.x1, &enter, &leave) &&
           clip(-y, line.y1 - box.y, &enter, &leave) && clip(y, box.y + box.height - line.y1, &enter, &leave);
}

static bool line_meets_dot(struct line line, const struct plot_dot *dot) {
    double x = line.x2 - line.x1, y = line.y2 - line.y1, length = x * x + y * y;
    double share = length > 0 ? ((dot->x - line.x1) * x + (dot->y - line.y1) * y) / length : 0;
    share = clamped(share, 0, 1);
    return hypot(line.x1 + share * x - dot->x, line.y1 + share * y - dot->y) < dot->radius;
}

static double side_of(struct line line, double x, double y) {
    return (line.x2 - line.x1) * (y - line.y1) - (line.y2 - line.y1) * (x - line.x1);
}

static bool lines_cross(struct line a, struct line b) {
    return side_of(a, b.x1, b.y1) * side_of(a, b.x2, b.y2) < 0 &&
           side_of(b, a.x1, a.y1) * side_of(b, a.x2, a.y2) < 0;
}

static struct line line_of(const struct scene *scene, size_t label) {
    const struct plot_label *placed = &scene->labels[label];
    return (struct line){scene->dots[label].x, scene->dots[label].y, placed->line_x, placed->line_y};
}

/* The eight places that touch the dot: beside it, above and below, at the corners. In the order of preference. */
static struct plot_label near_place(struct plot_label label, const struct plot_dot *dot, size_t i) {
    static const double SIDES[NEAR_COUNT][2] = {{1, 0},  {-1, 0}, {0, -1},  {0, 1},
                                                {1, -1}, {1, 1},  {-1, -1}, {-1, 1}};
    double across = SIDES[i][0], down = SIDES[i][1];
    double reach = dot->radius + (across != 0 && down != 0 ? 0 : GAP);
    label.box =
        (struct plot_box){dot->x + across * reach + (across - 1) / 2 * label.width,
                          dot->y + down * reach + (down - 1) / 2 * label.height, label.width, label.height};
    label.has_line = false;
    return label;
}

/* On a ring around the dot: the point of the box that is nearest to the dot lies on the ring. */
static struct plot_label far_place(struct plot_label label, const struct plot_dot *dot, size_t i) {
    double angle = 2 * M_PI * (double)(i % RING_PLACES) / RING_PLACES, across = cos(angle), down = sin(angle);
    double reach = dot->radius + RINGS[i / RING_PLACES];
    double x = dot->x + across * reach, y = dot->y + down * reach;
    label.box = (struct plot_box){x + (across - 1) / 2 * label.width, y + (down - 1) / 2 * label.height,
                                  label.width, label.height};
    label.has_line = true;
    label.line_x = clamped(dot->x, label.box.x, label.box.x + label.width);
    label.line_y = clamped(dot->y, label.box.y, label.box.y + label.height);
    return label;
}

/* Whether a tried place keeps clear of the dot of another label. A line may cross a dot that its own one touches: it
 * could not leave otherwise. */
static bool clears_dot(struct plot_box box, const struct line *line, const struct scene *scene, size_t self,
                       size_t i) {
    const struct plot_dot *dot = &scene->dots[i], *own = &scene->dots[self];
    if (covers_dot(box, dot))
        return false;
    bool touches = hypot(dot->x - own->x, dot->y - own->y) < dot->radius + own->radius;
    return line == NULL || touches || !line_meets_dot(*line, dot);
}

/* The same for a label that has its place, and its line. */
static bool clears_label(struct plot_box box, const struct line *line, const struct scene *scene, size_t i) {
    const struct plot_label *other = &scene->labels[i];
    if (plot_boxes_overlap(grown(box, PADDING), other->box) ||
        (line != NULL && line_meets_box(*line, other->box)))
        return false;
    if (!other->has_line)
        return true;
    struct line others = line_of(scene, i);
    return !line_meets_box(others, grown(box, PADDING)) && (line == NULL || !lines_cross(*line, others));
}

static bool is_free(const struct scene *scene, size_t self, const struct plot_label *tried) {
    struct line line = {scene->dots[self].x, scene->dots[self].y, tried->line_x, tried->line_y};
    const struct line *drawn = tried->has_line ? &line : NULL;
    if (!lies_within(tried->box, scene->area))
        return false;
    for (size_t i = 0; i < scene->label_count; i++)
        if (i != self && (!clears_dot(tried->box, drawn, scene, self, i) ||
                          (scene->labels[i].is_placed && !clears_label(tried->box, drawn, scene, i))))
            return false;
    return true;
}

static double cost_of(const struct scene *scene, size_t candidate, const struct plot_label *tried) {
    static const double PER_RANK = 0.6, PER_CROWD_DOT = 0.25, PER_RING = 3, FOR_A_LINE = 6;
    double cost = candidate < NEAR_COUNT
                      ? PER_RANK * (double)candidate
                      : FOR_A_LINE + PER_RING * (double)((candidate - NEAR_COUNT) / RING_PLACES);
    for (size_t i = scene->label_count; i < scene->dot_count; i++)
        if (covers_dot(tried->box, &scene->dots[i]))
            cost += PER_CROWD_DOT;
    return cost;
}

static void place(struct scene *scene, size_t self) {
    struct plot_label best = scene->labels[self];
    double best_cost = INFINITY;
    best.is_placed = false;
    for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
        struct plot_label tried = i < NEAR_COUNT
                                      ? near_place(scene->labels[self], &scene->dots[self], i)
                                      : far_place(scene->labels[self], &scene->dots[self], i - NEAR_COUNT);
        if (!is_free(scene, self, &tried))
            continue;
        double cost = cost_of(scene, i, &tried);
        if (cost < best_cost) {
            best = tried;
            best.is_placed = true;
            best_cost = cost;
        }
    }
    scene->labels[self] = best;
}

void plot_labels_place(struct plot_box area, const struct plot_dot *dots, size_t dot_count,
                       struct plot_label *labels, size_t label_count) {
    struct scene scene = {area, dots, dot_count, labels, label_count};
    for (size_t i = 0; i < label_count; i++)
        labels[i].is_placed = labels[i].has_line = false;
    for (size_t i = 0; i < label_count; i++)
        place(&scene, i);
}
