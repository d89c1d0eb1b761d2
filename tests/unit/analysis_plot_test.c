/* Plots: labels that collide with nothing, axes with round ticks, names on the map, files that are whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "analysis/factor_map.h"
#include "analysis/plot.h"
#include "analysis/plot_axis.h"
#include "analysis/plot_labels.h"
#include "core/memory.h"
#include "core/rng.h"
#include "tests/scratch.h"

enum { LABELS = 60, DOTS = 200 };

static const struct plot_box AREA = {50, 40, 600, 400};

/* Dots in a bunch, so that near places do not suffice. */
static void fill_crowd(uint64_t seed, struct plot_dot *dots, struct plot_label *labels) {
    for (size_t i = 0; i < DOTS; i++) {
        double x = rng_unit(seed, 0, i), y = rng_unit(seed, 1, i);
        dots[i] = (struct plot_dot){AREA.x + AREA.width * (0.5 + (x - 0.5) * x), AREA.y + AREA.height * y * y,
                                    2 + 3 * rng_unit(seed, 2, i)};
    }
    for (size_t i = 0; i < LABELS; i++)
        labels[i] = (struct plot_label){.width = 30 + 70 * rng_unit(seed, 3, i), .height = 13};
}

static bool is_inside(const struct plot_box *box) {
    return box->x >= AREA.x && box->y >= AREA.y && box->x + box->width <= AREA.x + AREA.width &&
           box->y + box->height <= AREA.y + AREA.height;
}

/* A line, looked at in many points. */
static void check_line(const struct plot_dot *dots, const struct plot_label *labels, size_t line) {
    for (int step = 0; step <= 400; step++) {
        double share = step / 400.0, x = dots[line].x + share * (labels[line].line_x - dots[line].x);
        double y = dots[line].y + share * (labels[line].line_y - dots[line].y);
        for (size_t i = 0; i < LABELS; i++) {
            const struct plot_box point = {x, y, 0, 0};
            bool touch = hypot(dots[line].x - dots[i].x, dots[line].y - dots[i].y) <
                         dots[line].radius + dots[i].radius;
            assert_true(touch || hypot(x - dots[i].x, y - dots[i].y) >= dots[i].radius - 1e-9);
            assert_true(i == line || !labels[i].is_placed || !plot_boxes_overlap(point, labels[i].box));
        }
    }
}

static size_t check_labels(const struct plot_dot *dots, const struct plot_label *labels) {
    size_t placed = 0;
    for (size_t i = 0; i < LABELS; i++) {
        if (!labels[i].is_placed)
            continue;
        placed++;
        assert_true(is_inside(&labels[i].box));
        for (size_t j = 0; j < LABELS; j++) {
            const struct plot_box centre = {dots[j].x, dots[j].y, 0, 0};
            assert_true(j == i || !labels[j].is_placed || !plot_boxes_overlap(labels[i].box, labels[j].box));
            assert_false(plot_boxes_overlap(labels[i].box, centre));
        }
        if (labels[i].has_line)
            check_line(dots, labels, i);
    }
    return placed;
}

static void labels_collide_with_nothing(void **state) {
    static struct plot_dot dots[DOTS];
    static struct plot_label labels[LABELS];
    size_t placed = 0, lines = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        fill_crowd(seed, dots, labels);
        plot_labels_place(AREA, dots, DOTS, labels, LABELS);
        placed += check_labels(dots, labels);
        for (size_t i = 0; i < LABELS; i++)
            lines += labels[i].has_line;
    }
    assert_true(placed > 400 && placed < 600);
    assert_true(lines > 50);
}

static void a_lone_label_stands_on_the_right_or_where_there_is_room(void **state) {
    struct plot_dot dot = {300, 200, 4};
    struct plot_label label = {.width = 50, .height = 12};
    (void)state;
    plot_labels_place(AREA, &dot, 1, &label, 1);
    assert_true(label.is_placed && !label.has_line && label.box.x > dot.x + dot.radius);
    assert_true(fabs(label.box.y + 6 - dot.y) < 1e-9);
    dot.x = AREA.x + AREA.width - 10;
    plot_labels_place(AREA, &dot, 1, &label, 1);
    assert_true(label.is_placed && label.box.x + label.box.width < dot.x - dot.radius);
    label.width = 2 * AREA.width;
    plot_labels_place(AREA, &dot, 1, &label, 1);
    assert_false(label.is_placed);
}

static void check_axis(double low, double high, double step, size_t ticks, int decimals) {
    const double values[] = {high, 9e9, low, 9e9};
    struct plot_axis axis = plot_axis_fit(values, 2, 2, 10);
    assert_true(fabs(axis.step / step - 1) < 1e-12);
    assert_int_equal(axis.tick_count, ticks);
    assert_int_equal(axis.decimals, decimals);
    assert_true(axis.low < low && axis.high > high);
    assert_true(plot_axis_place(&axis, axis.low) == 0 && plot_axis_place(&axis, axis.high) == 1);
    for (size_t i = 0; i < axis.tick_count; i++) {
        double tick = plot_axis_tick(&axis, i);
        assert_true(tick >= axis.low - 1e-9 && tick <= axis.high + 1e-9);
        assert_true(fabs(tick / step - round(tick / step)) < 1e-9);
    }
}

static void ticks_are_round(void **state) {
    (void)state;
    check_axis(-0.8, 1.0, 0.2, 10, 1);
    check_axis(0, 100, 20, 6, 0);
    check_axis(-0.021, 0.03, 0.01, 6, 2);
    check_axis(1e6, 3e6, 5e5, 5, 0);
    struct plot_axis none = plot_axis_fit(NULL, 1, 0, 10);
    assert_true(none.low == -1 && none.high == 1);
    double same[] = {5, 5};
    struct plot_axis flat = plot_axis_fit(same, 1, 2, 10);
    assert_true(flat.low < 5 && flat.high > 5);
}

static void check_name(const char *title, size_t cells, const char *expected) {
    char name[128];
    factor_map_name(title, strlen(title), cells, name, sizeof name);
    assert_string_equal(name, expected);
}

static void names_on_the_map_are_short(void **state) {
    (void)state;
    check_name("Godfather, The (1972)", 40, "The Godfather");
    check_name("Few Good Men, A (1992)", 40, "A Few Good Men");
    check_name("Argent, L' (L'argent) (1983)", 40, "L'Argent");
    check_name("Seven (a.k.a. Se7en) (1995)", 40, "Seven");
    check_name("(500) Days of Summer (2009)", 40, "(500) Days of Summer");
    check_name("(1995)", 40, "(1995)");
    check_name("Star Wars: Episode VI - Return of the Jedi (1983)", 60,
               "Star Wars: Episode VI -\nReturn of the Jedi");
    check_name("Am\u00e9lie (Fabuleux destin d'Am\u00e9lie Poulain, Le) (2001)", 4, "Am\u00e9\u2026");
    check_name("", 40, "");
    check_name("318", 40, "318");
}

static struct plot small_plot(const struct plot_point *points, size_t count) {
    return (struct plot){.title = "Title",
                         .subtitle = "\u0391\u03b2\u03b3",
                         .x_title = "across",
                         .y_title = "up",
                         .cold = "cold",
                         .warm = "warm",
                         .points = points,
                         .point_count = count,
                         .label_count = count < 2 ? count : 2};
}

static void check_file(struct scratch *scratch, const char *name, const struct plot *plot,
                       const char *start) {
    struct status status = {0};
    enum plot_format format;
    size_t hidden = 99, length;
    assert_true(plot_format_of(name, &format, &status));
    assert_true(plot_write(plot, scratch_path(scratch, name), format, &hidden, &status));
    assert_int_equal(hidden, 0);
    unsigned char *bytes = scratch_read(scratch_path(scratch, name), &length);
    assert_true(length > 1000);
    assert_memory_equal(bytes, start, strlen(start));
    free(bytes);
}

static void both_formats_are_written_whole(void **state) {
    static const struct plot_point POINTS[] = {
        {.x = 1, .y = 2, .tone = 1, .weight = 1, .label = "Am\u00e9lie\nPoulain"},
        {.x = -1, .y = 0, .tone = -2, .label = "<&>"},
        {.x = 0, .y = 1},
    };
    struct scratch scratch;
    struct plot plot = small_plot(POINTS, 3), empty = small_plot(NULL, 0);
    (void)state;
    scratch_make(&scratch);
    check_file(&scratch, "map.svg", &plot, "<?xml");
    check_file(&scratch, "map.PNG", &plot, "\x89PNG");
    check_file(&scratch, "none.svg", &empty, "<?xml");
    assert_int_equal(scratch_entries(&scratch, "."), 3);
    scratch_remove(scratch.folder);
    assert_int_equal(memory_blocks_held(), 0);
}

static void what_cannot_be_drawn_leaves_nothing(void **state) {
    static const struct plot_point POINTS[] = {{.x = 1, .y = 2, .label = "a"}};
    struct scratch scratch;
    struct plot plot = small_plot(POINTS, 1);
    struct status status = {0};
    enum plot_format format;
    (void)state;
    scratch_make(&scratch);
    assert_false(plot_format_of("map.gif", &format, &status));
    assert_int_equal(status.code, STATUS_USAGE);
    assert_false(plot_format_of("svg", &format, &status));
    assert_false(plot_write(&plot, scratch_path(&scratch, "no/map.svg"), PLOT_SVG, NULL, &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    size_t held = memory_blocks_held();
    for (size_t countdown = 1; countdown <= 3; countdown++) {
        memory_fail_after(countdown);
        assert_false(plot_write(&plot, scratch_path(&scratch, "map.svg"), PLOT_SVG, NULL, &status));
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_int_equal(memory_blocks_held(), held);
    }
    memory_fail_after(0);
    plot.title = "\xff";
    assert_false(plot_write(&plot, scratch_path(&scratch, "map.png"), PLOT_PNG, NULL, &status));
    assert_int_equal(status.code, STATUS_BUG);
    assert_int_equal(scratch_entries(&scratch, "."), 0);
    scratch_remove(scratch.folder);
}

/* fontconfig keeps what it has found of the system's fonts until the process ends, wherever a font is used. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig";
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_collide_with_nothing),
        cmocka_unit_test(a_lone_label_stands_on_the_right_or_where_there_is_room),
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(names_on_the_map_are_short),
        cmocka_unit_test(both_formats_are_written_whole),
        cmocka_unit_test(what_cannot_be_drawn_leaves_nothing),
    };
    return cmocka_run_group_tests_name("analysis/plot", tests, NULL, NULL);
}
