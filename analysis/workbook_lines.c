/* The sheets with a user or movie per row: Model, Gradients, New model, Trained, Start. */
#include <stdio.h>

#include "analysis/workbook_parts.h"

/* Where a cell of such a sheet is, for whoever fills it. */
struct line_cell {
    enum table_id table;
    uint32_t line;   /* in its table */
    uint32_t column; /* of the row: factors, then the bias */
    uint32_t row_name;
    struct column_name column_name;
    size_t at; /* in the numbers' arrays */
};

typedef void line_writer(struct workbook_job *job, struct sheet *sheet, uint32_t row, uint32_t column,
                         const struct line_cell *cell);

static void write_head(const struct workbook_job *job, struct sheet *sheet, uint32_t row, const char *what) {
    char text[32];
    sheet_text(sheet, row, 0, STYLE_HEAD, what);
    sheet_text(sheet, row, 1, STYLE_HEAD, "name");
    if (job->numbers.spec.has_bias)
        sheet_text(sheet, row, BIAS_COLUMN, STYLE_HEAD_RIGHT, "bias");
    for (uint32_t k = 0; k < job->numbers.spec.factors; k++) {
        snprintf(text, sizeof text, "factor %u", k + 1);
        sheet_text(sheet, row, job->layout.factor_column + k, STYLE_HEAD_RIGHT, text);
    }
}

static void write_line(struct workbook_job *job, struct sheet *sheet, struct line_cell cell,
                       line_writer *write) {
    char text[WORKBOOK_TEXT_BYTES];
    uint32_t row = cell.row_name - 1, factors = job->numbers.spec.factors;
    size_t first = (cell.line + (cell.table == TABLE_MOVIES ? job->numbers.users : 0)) * job->numbers.stride;
    sheet_text(sheet, row, 0, STYLE_NAME, workbook_id(job, cell.table, cell.line, text));
    sheet_text(sheet, row, 1, STYLE_NAME, workbook_name(job, cell.table, cell.line, text));
    for (uint32_t column = BIAS_COLUMN; column < job->layout.factor_column + factors; column++) {
        cell.column = column < job->layout.factor_column ? factors : column - job->layout.factor_column;
        cell.column_name = column_name(column);
        cell.at = first + cell.column;
        write(job, sheet, row, column, &cell);
    }
}

static void write_lines(struct workbook_job *job, struct sheet *sheet, line_writer *write) {
    const struct workbook_numbers *numbers = &job->numbers;
    sheet_width(sheet, 0, 0, 10);
    sheet_width(sheet, 1, 1, 34);
    sheet_width(sheet, BIAS_COLUMN, job->layout.factor_column + numbers->spec.factors - 1, 9.5);
    sheet_freeze(sheet, TOP_ROW, 2);
    write_head(job, sheet, TOP_ROW - 1, "user");
    for (uint32_t line = 0; line < numbers->lines; line++) {
        enum table_id table = line < numbers->users ? TABLE_USERS : TABLE_MOVIES;
        struct line_cell cell = {.table = table, .line = table == TABLE_USERS ? line : line - numbers->users};
        cell.row_name = workbook_line_row(job, table, cell.line);
        if (line == numbers->users)
            write_head(job, sheet, cell.row_name - 2, "movie");
        write_line(job, sheet, cell, write);
    }
}

static void shade_lines(const struct workbook_job *job, struct sheet *sheet) {
    static const struct sheet_scale SCALE = {-1, 0, 1, 0x93c5fd, 0xffffff, 0xfdba74};
    uint32_t last = job->layout.factor_column + job->numbers.spec.factors - 1;
    sheet_shade(sheet, (struct sheet_area){TOP_ROW, BIAS_COLUMN, job->layout.last_user_row - 1, last},
                &SCALE);
    sheet_shade(
        sheet,
        (struct sheet_area){job->layout.movies_row - 1, BIAS_COLUMN, job->layout.last_movie_row - 1, last},
        &SCALE);
}

static void write_model(struct workbook_job *job, struct sheet *sheet, uint32_t row, uint32_t column,
                        const struct line_cell *cell) {
    const char *name = cell->column_name.letters;
    sheet_formula(sheet, row, column, STYLE_FACTOR, (double)job->numbers.rows[cell->at],
                  "=IF(factors_from=\"trained\",Trained!%s%u,initial_scale*Start!%s%u)", name, cell->row_name,
                  name, cell->row_name);
}

/* Names for a table's factors and biases on the sheet Model. */
static void define_rows(struct workbook_job *job, const char *factors, const char *biases, uint32_t first,
                        uint32_t last) {
    const struct workbook_layout *layout = &job->layout;
    book_define(&job->book, factors, "=Model!$%s$%u:$%s$%u", layout->first_factor.letters, first,
                layout->last_factor.letters, last);
    if (job->numbers.spec.has_bias)
        book_define(&job->book, biases, "=Model!$%s$%u:$%s$%u", layout->bias.letters, first,
                    layout->bias.letters, last);
}

void workbook_model(struct workbook_job *job) {
    const struct workbook_layout *layout = &job->layout;
    struct sheet sheet = sheet_open(
        &job->book, "Model", SHEET_OF_FORMULAS, "The model in use",
        "Factors and biases: those of Trained, or for a fresh start Start times the initial scale (choose in "
        "Inputs). Change numbers in Trained.");
    write_lines(job, &sheet, write_model);
    shade_lines(job, &sheet);
    define_rows(job, "user_factors", "user_biases", layout->users_row, layout->last_user_row);
    define_rows(job, "movie_factors", "movie_biases", layout->movies_row, layout->last_movie_row);
    book_define(&job->book, "user_ids", "=Model!$A$%u:$A$%u", layout->users_row, layout->last_user_row);
    book_define(&job->book, "movie_ids", "=Model!$A$%u:$A$%u", layout->movies_row, layout->last_movie_row);
    book_define(&job->book, "movie_titles", "=Model!$B$%u:$B$%u", layout->movies_row, layout->last_movie_row);
}

/* A user's slopes lie in a row and a movie's factors in a column, so their product is MMULT's; both of a movie lie in columns. */
static void write_gradient(struct workbook_job *job, struct sheet *sheet, uint32_t row, uint32_t column,
                           const struct line_cell *cell) {
    const struct workbook_layout *layout = &job->layout;
    const char *name = cell->column_name.letters, *first = layout->first_movie.letters,
               *last = layout->last_movie.letters;
    struct column_name own = column_name(GRID_COLUMN + cell->line);
    bool is_bias = cell->column == job->numbers.spec.factors;
    double value = (double)job->numbers.gradients[cell->at];
    if (cell->table == TABLE_USERS && is_bias)
        sheet_formula(sheet, row, column, STYLE_SMALL, value, "=2/training_cells*SUM(Slopes!$%s%u:$%s%u)",
                      first, cell->row_name, last, cell->row_name);
    else if (cell->table == TABLE_USERS)
        sheet_formula(sheet, row, column, STYLE_SMALL, value,
                      "=2/training_cells*SUM(MMULT(Slopes!$%s%u:$%s%u,Model!%s$%u:%s$%u))", first,
                      cell->row_name, last, cell->row_name, name, layout->movies_row, name,
                      layout->last_movie_row);
    else if (is_bias)
        sheet_formula(sheet, row, column, STYLE_SMALL, value, "=2/training_cells*SUM(Slopes!%s$%u:%s$%u)",
                      own.letters, layout->users_row, own.letters, layout->last_user_row);
    else
        sheet_formula(sheet, row, column, STYLE_SMALL, value,
                      "=2/training_cells*SUMPRODUCT(Slopes!%s$%u:%s$%u,Model!%s$%u:%s$%u)", own.letters,
                      layout->users_row, own.letters, layout->last_user_row, name, layout->users_row, name,
                      layout->last_user_row);
}

static void write_stepped(struct workbook_job *job, struct sheet *sheet, uint32_t row, uint32_t column,
                          const struct line_cell *cell) {
    const char *name = cell->column_name.letters;
    sheet_formula(sheet, row, column, STYLE_FACTOR, (double)job->numbers.stepped[cell->at],
                  "=Model!%s%u-learning_rate*(Gradients!%s%u+l2_penalty*Model!%s%u)", name, cell->row_name,
                  name, cell->row_name, name, cell->row_name);
}

void workbook_new_model(struct workbook_job *job) {
    struct sheet gradients = sheet_open(
        &job->book, "Gradients", SHEET_OF_STEP, "The gradient of the loss",
        "How the mean squared error of the training cells changes with each number of Model: 2/B times the "
        "sum of slope x what the number is multiplied with.");
    write_lines(job, &gradients, write_gradient);
    struct sheet stepped = sheet_open(
        &job->book, "New model", SHEET_OF_STEP, "The model after the step",
        "Old - learning rate x (gradient + L2 penalty x old). To take the next step, copy these numbers and "
        "paste their values into Trained.");
    write_lines(job, &stepped, write_stepped);
    shade_lines(job, &stepped);
}

static void write_trained(struct workbook_job *job, struct sheet *sheet, uint32_t row, uint32_t column,
                          const struct line_cell *cell) {
    sheet_number(sheet, row, column, STYLE_FACTOR_INPUT, (double)job->numbers.rows[cell->at]);
}

static void write_start(struct workbook_job *job, struct sheet *sheet, uint32_t row, uint32_t column,
                        const struct line_cell *cell) {
    sheet_number(sheet, row, column, STYLE_FACTOR_INPUT, (double)job->numbers.start[cell->at]);
}

void workbook_sources(struct workbook_job *job) {
    struct sheet trained = sheet_open(&job->book, "Trained", SHEET_TO_EDIT, "What the trainer learnt",
                                      "The model's own numbers. Write over them, or let a solver change "
                                      "them, and everything follows.");
    write_lines(job, &trained, write_trained);
    shade_lines(job, &trained);
    struct sheet start = sheet_open(
        &job->book, "Start", SHEET_TO_EDIT, "Where training started",
        job->numbers.spec.init == INIT_SYMMETRIC
            ? "The random numbers of the run's seed, between -1 and 1: times the initial scale, its first "
              "factors and biases."
            : "The random numbers of the run's seed, between 0 and 1: times the initial scale, its first "
              "factors and biases.");
    write_lines(job, &start, write_start);
    shade_lines(job, &start);
}
