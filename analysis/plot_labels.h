/* Where the labels of a scatter plot go so that they do not collide: greedy, the most important first. Each tries
 * places around its dot, then places further off with a line to the dot, and takes the one that costs least:
 * near, to the right rather than elsewhere, over few dots of the crowd. Pure geometry; y grows downwards. */
#ifndef ANALYSIS_PLOT_LABELS_H
#define ANALYSIS_PLOT_LABELS_H

#include <stdbool.h>
#include <stddef.h>

struct plot_box {
    double x, y, width, height; /* x, y: the upper left corner */
};

struct plot_dot {
    double x, y, radius;
};

struct plot_label {
    double width, height; /* of its text */
    bool is_placed;       /* from here on filled by plot_labels_place */
    struct plot_box box;
    bool has_line; /* from its dot to (line_x, line_y) on the box's edge */
    double line_x, line_y;
};

/* Label i belongs to dots[i]; the dots from label_count on are the crowd. A placed label lies within `area`,
 * overlaps no placed label, no line and no dot of a label. Lines cross neither labels nor each other, nor the dots of
 * labels but for those that touch their own. */
void plot_labels_place(struct plot_box area, const struct plot_dot *dots, size_t dot_count,
                       struct plot_label *labels, size_t label_count);

bool plot_boxes_overlap(struct plot_box a, struct plot_box b);

#endif
