/* The last sheets but two: Map, the movies on two axes, and Axes, what an axis may be. Every axis is a sum over factors with
 * weights, so a component (model/factors.h) and a single factor are drawn by the same formula. */
#include <stdio.h>
#include <string.h>

#include "analysis/factor_components.h"
#include "analysis/workbook_parts.h"
#include "core/memory.h"

enum { AXES_ROW = 4, COMPONENTS_MOST = 3, LABEL_CHARACTERS = 30, TABLE_ROW = 7, CHART_COLUMN = 5 };

/* An axis: score = weights . factors - offset. */
struct axis {
    char name[32];
    const double *weights; /* NULL: the factor `factor` alone */
    uint32_t factor;
    double offset;
};

static struct axis axis_at(const struct factor_components *components, uint32_t factors, uint32_t index) {
    struct axis axis = {.factor = index - components->count};
    if (index >= components->count) {
        snprintf(axis.name, sizeof axis.name, "factor %u", axis.factor + 1);
        return axis;
    }
    snprintf(axis.name, sizeof axis.name, "component %u", index + 1);
    axis.weights = components->axes + (size_t)index * factors;
    for (uint32_t k = 0; k < factors; k++)
        axis.offset += axis.weights[k] * components->mean[k];
    return axis;
}

static double score_of(const struct workbook_job *job, const struct axis *axis, uint32_t movie) {
    const float *row = job->numbers.rows + (job->numbers.users + movie) * job->numbers.stride;
    double score = -axis->offset;
    for (uint32_t k = 0; axis->weights != NULL && k < job->numbers.spec.factors; k++)
        score += axis->weights[k] * (double)row[k];
    return axis->weights != NULL ? score : (double)row[axis->factor];
}

static void write_axes(struct workbook_job *job, const struct factor_components *components) {
    uint32_t factors = job->numbers.spec.factors, count = components->count + factors;
    struct column_name last = column_name(1 + factors);
    char text[32];
    struct sheet sheet = sheet_open(&job->book, "Axes", SHEET_TO_READ, "Axes of the map",
                                    "A movie's place on an axis is its factors times these weights, less the "
                                    "offset. Components are those of all movies of the model.");
    sheet_width(&sheet, 0, 0, 14);
    sheet_freeze(&sheet, AXES_ROW, 1);
    sheet_text(&sheet, AXES_ROW - 1, 0, STYLE_HEAD, "axis");
    sheet_text(&sheet, AXES_ROW - 1, 1, STYLE_HEAD_RIGHT, "offset");
    for (uint32_t k = 0; k < factors; k++) {
        snprintf(text, sizeof text, "factor %u", k + 1);
        sheet_text(&sheet, AXES_ROW - 1, 2 + k, STYLE_HEAD_RIGHT, text);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct axis axis = axis_at(components, factors, i);
        sheet_text(&sheet, AXES_ROW + i, 0, STYLE_NAME, axis.name);
        sheet_number(&sheet, AXES_ROW + i, 1, STYLE_FACTOR, axis.offset);
        for (uint32_t k = 0; k < factors; k++)
            sheet_number(&sheet, AXES_ROW + i, 2 + k, STYLE_FACTOR,
                         axis.weights != NULL ? axis.weights[k] : k == axis.factor);
    }
    book_define(&job->book, "axis_names", "=Axes!$A$%d:$A$%u", AXES_ROW + 1, AXES_ROW + count);
    book_define(&job->book, "axis_offsets", "=Axes!$B$%d:$B$%u", AXES_ROW + 1, AXES_ROW + count);
    book_define(&job->book, "axis_weights", "=Axes!$C$%d:$%s$%u", AXES_ROW + 1, last.letters,
                AXES_ROW + count);
}

static void write_choice(struct workbook_job *job, struct sheet *sheet, uint32_t row, const char *label,
                         const char *name, const struct axis *axis) {
    sheet_text(sheet, row, 0, STYLE_NAME, label);
    sheet_text(sheet, row, 1, STYLE_CHOICE, axis->name);
    sheet_choose(sheet, (struct sheet_area){row, 1, row, 1}, NULL, "=axis_names");
    book_define(&job->book, name, "=Map!$B$%u", row + 1);
}

static void write_points(struct workbook_job *job, struct sheet *sheet, const struct axis axes[2]) {
    static const char *const NAMES[] = {"map_across", "map_up"};
    const struct workbook_layout *layout = &job->layout;
    char text[WORKBOOK_TEXT_BYTES];
    sheet_text(sheet, TABLE_ROW - 1, 0, STYLE_HEAD, "movie");
    sheet_text(sheet, TABLE_ROW - 1, 1, STYLE_HEAD, "title");
    sheet_formula_text(sheet, TABLE_ROW - 1, 2, STYLE_HEAD_RIGHT, axes[0].name, "=map_across");
    sheet_formula_text(sheet, TABLE_ROW - 1, 3, STYLE_HEAD_RIGHT, axes[1].name, "=map_up");
    for (uint32_t movie = 0; movie < job->numbers.movies; movie++) {
        uint32_t row = workbook_line_row(job, TABLE_MOVIES, movie);
        sheet_text(sheet, TABLE_ROW + movie, 0, STYLE_NAME, workbook_id(job, TABLE_MOVIES, movie, text));
        sheet_text(sheet, TABLE_ROW + movie, 1, STYLE_NAME, workbook_name(job, TABLE_MOVIES, movie, text));
        for (uint32_t i = 0; i < 2; i++)
            sheet_formula(sheet, TABLE_ROW + movie, 2 + i, STYLE_FACTOR, score_of(job, &axes[i], movie),
                          "=SUMPRODUCT(Model!$%s%u:$%s%u,INDEX(axis_weights,MATCH(%s,axis_names,0),0))-"
                          "INDEX(axis_offsets,MATCH(%s,axis_names,0))",
                          layout->first_factor.letters, row, layout->last_factor.letters, row, NAMES[i],
                          NAMES[i]);
    }
}

struct label {
    lxw_chart_data_label label;
    char text[LABEL_CHARACTERS * 4 + 8];
};

/* A title of its own for each point: a label that reads a cell is shown by few programs. */
static bool label_points(const struct workbook_job *job, lxw_chart_series *series, struct status *status) {
    lxw_chart_font font = {.size = 8};
    char name[WORKBOOK_TEXT_BYTES];
    uint32_t count = job->numbers.movies;
    struct label *labels = memory_take_array(count, sizeof *labels, "labels of movies", status);
    lxw_chart_data_label **list =
        memory_take_array((size_t)count + 1, sizeof *list, "a list of labels", status);
    bool well = labels != NULL && list != NULL;
    for (uint32_t movie = 0; well && movie < count; movie++) {
        struct label *label = &labels[movie];
        workbook_name(job, TABLE_MOVIES, movie, name);
        /* With = in front it would be a formula. */
        label->text[0] = ' ';
        titles_fit(name, strlen(name), LABEL_CHARACTERS, label->text + 1, sizeof label->text - 1);
        label->label = (lxw_chart_data_label){.value = label->text, .font = &font};
        list[movie] = &label->label;
    }
    if (well) {
        chart_series_set_labels(series);
        chart_series_set_labels_position(series, LXW_CHART_LABEL_POSITION_RIGHT);
        chart_series_set_labels_custom(series, list);
    }
    memory_release(list);
    memory_release(labels);
    return well;
}

static void dress_chart(lxw_chart *chart) {
    lxw_chart_line grid = {.color = 0xe5e7eb, .width = 0.75};
    lxw_chart_axis *axes[] = {chart->x_axis, chart->y_axis};
    chart_title_set_name(chart, "Movies by their factors");
    chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
    for (int i = 0; i < 2; i++) {
        chart_axis_set_name(axes[i], i == 0 ? "across (column C)" : "up (column D)");
        chart_axis_set_num_format(axes[i], "0.0");
        chart_axis_set_label_position(axes[i], LXW_CHART_AXIS_LABEL_POSITION_LOW);
        chart_axis_major_gridlines_set_visible(axes[i], LXW_TRUE);
        chart_axis_major_gridlines_set_line(axes[i], &grid);
    }
}

static bool draw(struct workbook_job *job, struct sheet *sheet, struct status *status) {
    lxw_chart_fill fill = {.color = 0x2563eb};
    lxw_chart_options place = {.x_scale = 1.9, .y_scale = 2.2};
    lxw_chart *chart = sheet->file != NULL ? workbook_add_chart(job->book.file, LXW_CHART_SCATTER) : NULL;
    if (chart == NULL)
        return true; /* the book knows */
    uint32_t last = TABLE_ROW + job->numbers.movies - 1;
    lxw_chart_series *series = chart_add_series(chart, NULL, NULL);
    chart_series_set_categories(series, "Map", TABLE_ROW, 2, last, 2);
    chart_series_set_values(series, "Map", TABLE_ROW, 3, last, 3);
    chart_series_set_marker_type(series, LXW_CHART_MARKER_CIRCLE);
    chart_series_set_marker_size(series, 7);
    chart_series_set_marker_fill(series, &fill);
    dress_chart(chart);
    if (!label_points(job, series, status))
        return false;
    sheet_chart(sheet, TABLE_ROW - 4, CHART_COLUMN, chart, &place);
    return true;
}

bool workbook_map(struct workbook_job *job, struct status *status) {
    const struct model_file *model = job->predictor->model;
    uint32_t factors = model->spec.factors;
    struct factor_components components = {0};
    /* One movie alone has no components; its factors can be shown. */
    if (model->movies > 1 &&
        !factor_components_make(&components, model, COMPONENTS_OVER_MOVIES,
                                factors < COMPONENTS_MOST ? factors : COMPONENTS_MOST, NULL, status))
        return false;
    struct axis axes[2] = {axis_at(&components, factors, 0),
                           axis_at(&components, factors, components.count + factors > 1)};
    struct sheet sheet = sheet_open(
        &job->book, "Map", SHEET_OF_FORMULAS, "The map of movies",
        "Choose what is across and up: a component (what the factors of all movies vary in most) or a single "
        "factor.");
    sheet_fit(&sheet);
    sheet_width(&sheet, 0, 0, 10);
    sheet_width(&sheet, 1, 1, 34);
    sheet_width(&sheet, 2, 3, 12);
    write_choice(job, &sheet, 3, "Across", "map_across", &axes[0]);
    write_choice(job, &sheet, 4, "Up", "map_up", &axes[1]);
    write_points(job, &sheet, axes);
    bool well = draw(job, &sheet, status);
    write_axes(job, &components);
    factor_components_free(&components);
    return well;
}
