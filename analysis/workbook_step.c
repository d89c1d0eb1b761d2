/* The sheet Step: one user, one movie and one factor of a person's choice, every term of the prediction and of the step named.
 * On the left, one number per line, from the factors down to the new rating; on the right, the three sums behind them. */
#include <stdio.h>

#include "analysis/workbook_step_lines.h"

enum {
    CHOICES_ROW = 3,
    LINES_ROW = 9,
    FACTORS_COLUMN = 4, /* k, p, q, p*q: columns E to H */
    MOVIES_COLUMN = 9,  /* movie, slope, q, slope*q: J to M */
    USERS_COLUMN = 14,  /* user, slope, p, slope*p: O to R */
};

/* The first training cell of the table, else its first cell. */
static struct step_choice choose(const struct workbook_job *job) {
    const struct workbook_numbers *numbers = &job->numbers;
    struct step_choice choice = {.cell = job->table->cells};
    for (size_t cell = 0; cell < (size_t)numbers->users * numbers->movies; cell++)
        if (job->table->cells[cell].part == CROSSTAB_TRAIN) {
            choice.cell_at = cell;
            break;
        }
    choice.user = (uint32_t)(choice.cell_at / numbers->movies);
    choice.movie = (uint32_t)(choice.cell_at % numbers->movies);
    choice.cell += choice.cell_at;
    choice.user_at = choice.user * numbers->stride;
    choice.movie_at = (numbers->users + choice.movie) * numbers->stride;
    return choice;
}

static void write_line(struct workbook_job *job, struct sheet *sheet, uint32_t row,
                       const struct step_line *line) {
    bool is_heading = line->formula[0] == '\0';
    sheet_text(sheet, row, 0, is_heading ? STYLE_HEAD : STYLE_NAME, line->label);
    if (is_heading) {
        sheet_text(sheet, row, 1, STYLE_HEAD, "");
        sheet_text(sheet, row, 2, STYLE_HEAD, "");
        return;
    }
    sheet_formula(sheet, row, 1, STYLE_RESULT, line->value, "=%s", line->formula);
    sheet_text(sheet, row, 2, STYLE_SIDE_NOTE, line->formula);
    if (line->name[0] != '\0')
        book_define(&job->book, line->name, "=Step!$B$%u", row + 1);
}

static void write_factor(const struct workbook_job *job, struct sheet *sheet,
                         const struct step_choice *choice, uint32_t row, uint32_t k) {
    double user = (double)job->numbers.rows[choice->user_at + k],
           movie = (double)job->numbers.rows[choice->movie_at + k];
    sheet_number(sheet, row, FACTORS_COLUMN, STYLE_COUNT_OF, k + 1);
    sheet_formula(sheet, row, FACTORS_COLUMN + 1, STYLE_FACTOR, user, "=INDEX(user_factors,step_user,E%u)",
                  row + 1);
    sheet_formula(sheet, row, FACTORS_COLUMN + 2, STYLE_FACTOR, movie, "=INDEX(movie_factors,step_movie,E%u)",
                  row + 1);
    sheet_formula(sheet, row, FACTORS_COLUMN + 3, STYLE_FACTOR, user * movie, "=F%u*G%u", row + 1, row + 1);
}

/* One term of the gradient of the chosen user, which is a movie, or of the chosen movie, which is a user. */
static void write_term(const struct workbook_job *job, struct sheet *sheet, const struct step_choice *choice,
                       uint32_t row, enum table_id learner, uint32_t line) {
    const struct workbook_numbers *numbers = &job->numbers;
    bool is_user = learner == TABLE_USERS;
    char text[WORKBOOK_TEXT_BYTES];
    uint32_t column = is_user ? MOVIES_COLUMN : USERS_COLUMN;
    size_t cell = is_user ? (size_t)choice->user * numbers->movies + line
                          : (size_t)line * numbers->movies + choice->movie;
    double slope = numbers->slopes[cell],
           factor = (double)numbers->rows[((is_user ? numbers->users : 0) + line) * numbers->stride];
    sheet_text(sheet, row, column, STYLE_NAME,
               workbook_name(job, is_user ? TABLE_MOVIES : TABLE_USERS, line, text));
    sheet_formula(sheet, row, column + 1, STYLE_SMALL, slope,
                  is_user ? "=INDEX(slopes,step_user,%u)" : "=INDEX(slopes,%u,step_movie)", line + 1);
    sheet_formula(sheet, row, column + 2, STYLE_FACTOR, factor,
                  is_user ? "=INDEX(movie_factors,%u,step_factor)" : "=INDEX(user_factors,%u,step_factor)",
                  line + 1);
    sheet_formula(sheet, row, column + 3, STYLE_SMALL, slope * factor, "=%s%u*%s%u",
                  column_name(column + 1).letters, row + 1, column_name(column + 2).letters, row + 1);
}

static void write_heads(struct sheet *sheet) {
    const enum sheet_style TEXT = STYLE_HEAD, NUMBER = STYLE_HEAD_RIGHT;
    const struct {
        uint32_t column;
        const char *above, *heads[4];
        enum sheet_style styles[4];
    } TABLES[] = {
        {0, "", {"term", "value", "formula", ""}, {TEXT, NUMBER, STYLE_HEAD_CENTRED, TEXT}},
        {FACTORS_COLUMN,
         "the factors, multiplied",
         {"factor", "user's", "movie's", "product"},
         {NUMBER, NUMBER, NUMBER, NUMBER}},
        {MOVIES_COLUMN,
         "what the user's factor learns from",
         {"movie", "slope", "its factor", "product"},
         {TEXT, NUMBER, NUMBER, NUMBER}},
        {USERS_COLUMN,
         "what the movie's factor learns from",
         {"user", "slope", "their factor", "product"},
         {TEXT, NUMBER, NUMBER, NUMBER}},
    };
    const uint32_t count = sizeof TABLES / sizeof TABLES[0];
    for (uint32_t i = 0; i < count; i++)
        sheet_text(sheet, LINES_ROW - 2, TABLES[i].column, STYLE_NOTE, TABLES[i].above);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < 4; j++)
            sheet_text(sheet, LINES_ROW - 1, TABLES[i].column + j, TABLES[i].styles[j], TABLES[i].heads[j]);
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* Left and right side, row by row. */
static void write_rows(struct workbook_job *job, struct sheet *sheet, const struct step_choice *choice) {
    const struct workbook_numbers *numbers = &job->numbers;
    struct step_lines lines;
    step_lines_make(&lines, job, choice);
    uint32_t most =
        larger(larger(lines.count, numbers->spec.factors), larger(numbers->movies, numbers->users));
    for (uint32_t i = 0; i < most; i++) {
        uint32_t row = LINES_ROW + i;
        if (i < lines.count)
            write_line(job, sheet, row, &lines.lines[i]);
        if (i < numbers->spec.factors)
            write_factor(job, sheet, choice, row, i);
        if (i < numbers->movies)
            write_term(job, sheet, choice, row, TABLE_USERS, i);
        if (i < numbers->users)
            write_term(job, sheet, choice, row, TABLE_MOVIES, i);
    }
}

static void define_column(struct workbook_job *job, const char *name, uint32_t column, uint32_t count) {
    struct column_name letters = column_name(column);
    book_define(&job->book, name, "=Step!$%s$%d:$%s$%u", letters.letters, LINES_ROW + 1, letters.letters,
                LINES_ROW + count);
}

static void define_names(struct workbook_job *job) {
    const struct workbook_numbers *numbers = &job->numbers;
    define_column(job, "step_products", FACTORS_COLUMN + 3, numbers->spec.factors);
    define_column(job, "step_user_slopes", MOVIES_COLUMN + 1, numbers->movies);
    define_column(job, "step_user_terms", MOVIES_COLUMN + 3, numbers->movies);
    define_column(job, "step_movie_slopes", USERS_COLUMN + 1, numbers->users);
    define_column(job, "step_movie_terms", USERS_COLUMN + 3, numbers->users);
    book_define(&job->book, "step_user", "=Step!$D$%d", CHOICES_ROW + 1);
    book_define(&job->book, "step_movie", "=Step!$D$%d", CHOICES_ROW + 2);
    book_define(&job->book, "step_factor", "=Step!$B$%d", CHOICES_ROW + 3);
}

/* Ids that look like numbers are texts here; &"" makes a text of what was typed. */
static void write_choices(struct workbook_job *job, struct sheet *sheet, const struct step_choice *choice) {
    char text[WORKBOOK_TEXT_BYTES], source[64];
    uint32_t row = CHOICES_ROW;
    sheet_text(sheet, row, 0, STYLE_NAME, "User");
    sheet_text(sheet, row, 1, STYLE_CHOICE, workbook_id(job, TABLE_USERS, choice->user, text));
    sheet_text(sheet, row, 2, STYLE_SIDE_NOTE, "and its number in the tables:");
    sheet_formula(sheet, row, 3, STYLE_COUNT_OF, choice->user + 1, "=MATCH(B%u&\"\",user_ids,0)", row + 1);
    sheet_choose(sheet, (struct sheet_area){row, 1, row, 1}, NULL, "=user_ids");
    row++;
    sheet_text(sheet, row, 0, STYLE_NAME, "Movie");
    sheet_text(sheet, row, 1, STYLE_CHOICE, workbook_id(job, TABLE_MOVIES, choice->movie, text));
    sheet_formula_text(sheet, row, 2, STYLE_SIDE_NOTE, workbook_name(job, TABLE_MOVIES, choice->movie, text),
                       "=INDEX(movie_titles,step_movie)");
    sheet_formula(sheet, row, 3, STYLE_COUNT_OF, choice->movie + 1, "=MATCH(B%u&\"\",movie_ids,0)", row + 1);
    sheet_choose(sheet, (struct sheet_area){row, 1, row, 1}, NULL, "=movie_ids");
    row++;
    sheet_text(sheet, row, 0, STYLE_NAME, "Factor");
    sheet_number(sheet, row, 1, STYLE_INPUT, 1);
    sheet_text(sheet, row, 2, STYLE_SIDE_NOTE, "the one whose step is written out");
    snprintf(source, sizeof source, "=$E$%d:$E$%u", LINES_ROW + 1, LINES_ROW + job->numbers.spec.factors);
    sheet_choose(sheet, (struct sheet_area){row, 1, row, 1}, NULL, source);
}

void workbook_step(struct workbook_job *job) {
    struct step_choice choice = choose(job);
    struct sheet sheet = sheet_open(&job->book, "Step", SHEET_OF_STEP, "One step of learning, by hand",
                                    "Choose a user, a movie and a factor. Each line is one number of the "
                                    "mathematics, with its formula beside it.");
    sheet_fit(&sheet);
    sheet_width(&sheet, 0, 0, 28);
    sheet_width(&sheet, 1, 1, 12);
    sheet_width(&sheet, 2, 2, 66);
    sheet_width(&sheet, 3, 3, 5);
    sheet_width(&sheet, MOVIES_COLUMN, MOVIES_COLUMN, 34);
    sheet_width(&sheet, USERS_COLUMN, USERS_COLUMN, 14);
    sheet_width(&sheet, USERS_COLUMN + 2, USERS_COLUMN + 2, 11);
    sheet_freeze(&sheet, LINES_ROW, 0);
    write_choices(job, &sheet, &choice);
    write_heads(&sheet);
    write_rows(job, &sheet, &choice);
    define_names(job);
}
