/* The sheets with a user per row and a movie per column: Ratings, Parts, Predictions, Errors, Slopes, New predictions. */
#include <stdio.h>

#include "analysis/workbook_parts.h"

enum { RMSE_COLUMN = GRID_COLUMN + 2 /* the label runs over the columns before */ };

/* A cell of a grid, for whoever fills it. */
struct grid_cell {
    uint32_t user, movie;
    uint32_t row, column;  /* where to write it */
    uint32_t row_name;     /* the row from 1 of the same user on any grid */
    struct column_name at; /* the column of the same movie on any grid */
    const struct crosstab_cell *from;
};

typedef void grid_writer(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell);

static void write_heads(const struct workbook_job *job, struct sheet *sheet, uint32_t row) {
    char text[WORKBOOK_TEXT_BYTES];
    sheet_height(sheet, row - 2, 130);
    sheet_text(sheet, row - 2, 0, STYLE_HEAD, "");
    for (uint32_t movie = 0; movie < job->numbers.movies; movie++)
        sheet_text(sheet, row - 2, GRID_COLUMN + movie, STYLE_HEAD_TURNED,
                   workbook_name(job, TABLE_MOVIES, movie, text));
    sheet_text(sheet, row - 1, 0, STYLE_HEAD, "user");
    for (uint32_t movie = 0; movie < job->numbers.movies; movie++)
        sheet_text(sheet, row - 1, GRID_COLUMN + movie, STYLE_HEAD_CENTRED,
                   workbook_id(job, TABLE_MOVIES, movie, text));
}

/* The grid whose first user stands in `top` (from 0). */
static void write_grid(struct workbook_job *job, struct sheet *sheet, uint32_t top, grid_writer *write) {
    char text[WORKBOOK_TEXT_BYTES];
    write_heads(job, sheet, top);
    for (uint32_t user = 0; user < job->numbers.users; user++) {
        sheet_text(sheet, top + user, 0, STYLE_NAME, workbook_id(job, TABLE_USERS, user, text));
        for (uint32_t movie = 0; movie < job->numbers.movies; movie++) {
            struct grid_cell cell = {
                user,
                movie,
                top + user,
                GRID_COLUMN + movie,
                workbook_line_row(job, TABLE_USERS, user),
                column_name(GRID_COLUMN + movie),
                crosstab_cell(job->table, user, movie),
            };
            write(job, sheet, &cell);
        }
    }
}

static struct sheet_area grid_area(const struct workbook_job *job, uint32_t top) {
    return (struct sheet_area){top, GRID_COLUMN, top + job->numbers.users - 1,
                               GRID_COLUMN + job->numbers.movies - 1};
}

static struct sheet open_grid(struct workbook_job *job, const char *name, enum sheet_kind kind,
                              const char *title, const char *about, grid_writer *write) {
    struct sheet sheet = sheet_open(&job->book, name, kind, title, about);
    sheet_fit(&sheet);
    sheet_width(&sheet, 0, 0, 10);
    sheet_width(&sheet, GRID_COLUMN, GRID_COLUMN + job->numbers.movies - 1, 8);
    sheet_freeze(&sheet, TOP_ROW, GRID_COLUMN);
    write_grid(job, &sheet, TOP_ROW, write);
    return sheet;
}

static void define_grid(struct workbook_job *job, const char *name, const char *sheet, uint32_t top) {
    book_define(&job->book, name, "=%s!$%s$%u:$%s$%u", sheet, job->layout.first_movie.letters, top + 1,
                job->layout.last_movie.letters, top + job->numbers.users);
}

static void write_rating(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell) {
    (void)job;
    if (cell->from->part == CROSSTAB_BLANK)
        sheet_blank(sheet, cell->row, cell->column, STYLE_RATING);
    else
        sheet_number(sheet, cell->row, cell->column, STYLE_RATING, (double)cell->from->actual);
}

static void write_part(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell) {
    (void)job;
    sheet_text(sheet, cell->row, cell->column, STYLE_PART, workbook_part_word(cell->from->part));
}

/* The marks read Parts by its name: Excel of 2007 takes no other sheet into a condition. */
static void mark_parts(const struct workbook_job *job, struct sheet *sheet) {
    sheet_mark(sheet, grid_area(job, TOP_ROW), 0xfed7aa, "=INDEX(parts,ROW()-4,COLUMN()-1)=\"test\"");
    sheet_mark(sheet, grid_area(job, TOP_ROW), 0xdbeafe, "=INDEX(parts,ROW()-4,COLUMN()-1)=\"train\"");
}

void workbook_ratings(struct workbook_job *job) {
    static const char *const WORDS[] = {"train", "test", NULL};
    struct sheet ratings =
        open_grid(job, "Ratings", SHEET_TO_EDIT, "What was rated",
                  "The most active users by the most rated movies. Blue cells train, orange cells test; "
                  "blank is not rated. Fill a blank here and in Parts.",
                  write_rating);
    mark_parts(job, &ratings);
    define_grid(job, "ratings", "Ratings", TOP_ROW);
    struct sheet parts =
        open_grid(job, "Parts", SHEET_TO_EDIT, "Which ratings train",
                  "train: the step learns from it. test: only measured, the trainer has never seen it "
                  "either. Blank: not rated.",
                  write_part);
    sheet_choose(&parts, grid_area(job, TOP_ROW), WORDS, NULL);
    mark_parts(job, &parts);
    define_grid(job, "parts", "Parts", TOP_ROW);
}

/* z and the range function over the rows of `model`, a sheet of lines. */
static void write_predicted(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell,
                            const char *model, double value) {
    const struct workbook_layout *layout = &job->layout;
    const char *first = layout->first_factor.letters, *last = layout->last_factor.letters,
               *bias = layout->bias.letters;
    uint32_t user = cell->row_name, movie = workbook_line_row(job, TABLE_MOVIES, cell->movie);
    char score[512];
    int length = snprintf(score, sizeof score, "SUMPRODUCT(%s!$%s%u:$%s%u,%s!$%s$%u:$%s$%u)", model, first,
                          user, last, user, model, first, movie, last, movie);
    if (job->numbers.spec.has_bias)
        length += snprintf(score + length, sizeof score - (size_t)length, "+%s!$%s%u+%s!$%s$%u", model, bias,
                           user, model, bias, movie);
    snprintf(score + length, sizeof score - (size_t)length, "+global_mean");
    sheet_formula(sheet, cell->row, cell->column, STYLE_PREDICTION, value,
                  job->numbers.spec.has_range ? "=range_low+(range_high-range_low)/(1+EXP(-(%s)))" : "=%s",
                  score);
}

static void write_prediction(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell) {
    write_predicted(job, sheet, cell, "Model", cell->from->predicted);
}

static void write_new_prediction(struct workbook_job *job, struct sheet *sheet,
                                 const struct grid_cell *cell) {
    write_predicted(job, sheet, cell, "'New model'",
                    job->numbers.new_predicted[(size_t)cell->user * job->numbers.movies + cell->movie]);
}

static void shade_predictions(const struct workbook_job *job, struct sheet *sheet) {
    const struct model_spec *spec = &job->numbers.spec;
    double low = spec->has_range ? (double)spec->range_low : 1,
           high = spec->has_range ? (double)spec->range_high : 5;
    struct sheet_scale scale = {low, (low + high) / 2, high, 0xf8696b, 0xffeb84, 0x63be7b};
    sheet_shade(sheet, grid_area(job, TOP_ROW), &scale);
}

static void write_error(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell) {
    const char *at = cell->at.letters;
    uint32_t row = cell->row_name;
    (void)job;
    if (cell->from->part == CROSSTAB_BLANK)
        sheet_formula_text(sheet, cell->row, cell->column, STYLE_ERROR, "",
                           "=IF(Parts!%s%u=\"\",\"\",Predictions!%s%u-Ratings!%s%u)", at, row, at, row, at,
                           row);
    else
        sheet_formula(sheet, cell->row, cell->column, STYLE_ERROR, cell->from->error,
                      "=IF(Parts!%s%u=\"\",\"\",Predictions!%s%u-Ratings!%s%u)", at, row, at, row, at, row);
}

/* Below the errors, on the same sheet. */
static void write_square(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell) {
    const char *at = cell->at.letters;
    uint32_t row = cell->row_name;
    (void)job;
    if (cell->from->part == CROSSTAB_BLANK)
        sheet_formula_text(sheet, cell->row, cell->column, STYLE_SQUARE, "",
                           "=IF(Parts!%s%u=\"\",\"\",%s%u^2)", at, row, at, row);
    else
        sheet_formula(sheet, cell->row, cell->column, STYLE_SQUARE, cell->from->error * cell->from->error,
                      "=IF(Parts!%s%u=\"\",\"\",%s%u^2)", at, row, at, row);
}

/* The RMSE of both parts below the grid; returns the row after it. */
static uint32_t write_rmse(const struct workbook_job *job, struct sheet *sheet) {
    uint32_t row = TOP_ROW + job->numbers.users + 1;
    sheet_text(sheet, row, 0, STYLE_NAME, "RMSE of training cells");
    sheet_formula(sheet, row, RMSE_COLUMN, STYLE_RESULT, workbook_rmse(&job->table->train), "=train_rmse");
    sheet_text(sheet, row + 1, 0, STYLE_NAME, "RMSE of test cells");
    sheet_formula(sheet, row + 1, RMSE_COLUMN, STYLE_RESULT, workbook_rmse(&job->table->valid), "=test_rmse");
    return row + 2;
}

static void write_errors(struct workbook_job *job) {
    static const struct sheet_scale ERRORS = {-2, 0, 2, 0x60a5fa, 0xffffff, 0xf87171},
                                    SQUARES = {0, 1, 4, 0xffffff, 0xfecaca, 0xf87171};
    struct sheet sheet =
        open_grid(job, "Errors", SHEET_OF_FORMULAS, "How far off",
                  "Predicted - actual: red where the model says too much, blue where too little. Below, the "
                  "squares, whose mean is the loss.",
                  write_error);
    uint32_t below = write_rmse(job, &sheet) + 4;
    sheet_height(&sheet, below - 3, TITLE_HEIGHT);
    sheet_text(&sheet, below - 3, 0, STYLE_TITLE, "Squared errors");
    write_grid(job, &sheet, below, write_square);
    sheet_shade(&sheet, grid_area(job, TOP_ROW), &ERRORS);
    sheet_shade(&sheet, grid_area(job, below), &SQUARES);
    define_grid(job, "errors", "Errors", TOP_ROW);
    define_grid(job, "squared_errors", "Errors", below);
}

void workbook_predictions(struct workbook_job *job) {
    struct sheet predictions = open_grid(
        job, "Predictions", SHEET_OF_FORMULAS, "What the model says",
        job->numbers.spec.has_range
            ? "z = user's factors . movie's factors + both biases + mean, then low + (high - low) / "
              "(1 + EXP(-z)), so that no prediction leaves the range."
            : "z = user's factors . movie's factors + both biases + mean.",
        write_prediction);
    shade_predictions(job, &predictions);
    define_grid(job, "predictions", "Predictions", TOP_ROW);
    write_errors(job);
}

static void write_slope(struct workbook_job *job, struct sheet *sheet, const struct grid_cell *cell) {
    const char *at = cell->at.letters;
    uint32_t row = cell->row_name;
    double value = job->numbers.slopes[(size_t)cell->user * job->numbers.movies + cell->movie];
    if (job->numbers.spec.has_range)
        sheet_formula(sheet, cell->row, cell->column, STYLE_SMALL, value,
                      "=IF(Parts!%s%u=\"train\",Errors!%s%u*(Predictions!%s%u-range_low)*(range_high-"
                      "Predictions!%s%u)/(range_high-range_low),0)",
                      at, row, at, row, at, row, at, row);
    else
        sheet_formula(sheet, cell->row, cell->column, STYLE_SMALL, value,
                      "=IF(Parts!%s%u=\"train\",Errors!%s%u,0)", at, row, at, row);
}

void workbook_slopes(struct workbook_job *job) {
    static const struct sheet_scale SLOPES = {-2, 0, 2, 0x60a5fa, 0xffffff, 0xf87171};
    struct sheet sheet = open_grid(
        job, "Slopes", SHEET_OF_STEP, "Slopes",
        job->numbers.spec.has_range
            ? "Of each training cell: error x slope of the range function, (p - low) x (high - p) / (high - "
              "low). Blank cells teach nothing."
            : "Of each training cell: its error. Blank cells teach nothing.",
        write_slope);
    sheet_shade(&sheet, grid_area(job, TOP_ROW), &SLOPES);
    define_grid(job, "slopes", "Slopes", TOP_ROW);
}

void workbook_new_predictions(struct workbook_job *job) {
    struct sheet sheet =
        open_grid(job, "New predictions", SHEET_OF_STEP, "What the model says after the step",
                  "As Predictions, with the numbers of New model.", write_new_prediction);
    shade_predictions(job, &sheet);
    define_grid(job, "new_predictions", "'New predictions'", TOP_ROW);
}
