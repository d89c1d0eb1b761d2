/* What the sheets of a workbook share: where things stand, the names of users and movies, and the two shapes that most sheets
 * have. Private to analysis/workbook*.c.
 *
 * Lines: a user or movie per row. A is its id, B its name, then its bias (in a model with biases) and its factors.
 * Grid: a user per row, a movie per column. A is the user's id, the movies' titles and ids stand above.
 * Users begin in row 5 of both. */
#ifndef ANALYSIS_WORKBOOK_PARTS_H
#define ANALYSIS_WORKBOOK_PARTS_H

#include "analysis/workbook_numbers.h"
#include "analysis/workbook_sheet.h"

enum { TOP_ROW = 4 /* of users, from 0 */, GRID_COLUMN = 1, BIAS_COLUMN = 2, WORKBOOK_TEXT_BYTES = 1024 };

/* As formulas name them: rows from 1, columns by letters. */
struct workbook_layout {
    struct column_name bias, first_factor, last_factor; /* of lines; bias is empty without biases */
    struct column_name first_movie, last_movie;         /* of a grid */
    uint32_t users_row, last_user_row, movies_row, last_movie_row;
    uint32_t factor_column; /* from 0 */
};

struct workbook_job {
    struct book book;
    struct workbook_layout layout;
    struct workbook_numbers numbers;
    const struct crosstab *table;
    const struct predictor *predictor;
};

/* Ids and names as text for people and formulas: valid UTF-8, without control characters, at most 200 characters. */
const char *workbook_id(const struct workbook_job *job, enum table_id table, uint32_t line,
                        char text[WORKBOOK_TEXT_BYTES]);
const char *workbook_name(const struct workbook_job *job, enum table_id table, uint32_t line,
                          char text[WORKBOOK_TEXT_BYTES]);

/* The row from 1 of a user or movie in a sheet of lines. */
uint32_t workbook_line_row(const struct workbook_job *job, enum table_id table, uint32_t line);

/* The part of a cell as the sheet Parts has it: "train", "test", "" for a cell that is not rated. */
const char *workbook_part_word(enum crosstab_part part);

/* The sheets, in this order in the file. The sheets of one function follow each other. */
void workbook_read_me(struct workbook_job *job);
void workbook_inputs(struct workbook_job *job);
void workbook_ratings(struct workbook_job *job); /* Ratings, Parts */
void workbook_model(struct workbook_job *job);
void workbook_predictions(struct workbook_job *job); /* Predictions, Errors */
void workbook_step(struct workbook_job *job);
void workbook_slopes(struct workbook_job *job);
void workbook_new_model(struct workbook_job *job); /* Gradients, New model */
void workbook_new_predictions(struct workbook_job *job);
bool workbook_map(struct workbook_job *job, struct status *status);
void workbook_sources(struct workbook_job *job); /* Trained, Start */

#endif
