/* A thin layer over libxlsxwriter: cells by style, formulas with their value, and the first error kept, so that sheets can be
 * written without asking after every cell. Rows and columns count from 0, cells of a sheet are written row by row. */
#ifndef ANALYSIS_WORKBOOK_SHEET_H
#define ANALYSIS_WORKBOOK_SHEET_H

#include <stdbool.h>
#include <stdint.h>
#include <xlsxwriter.h>

enum sheet_style {
    STYLE_TITLE,
    STYLE_NOTE,
    STYLE_SIDE_NOTE, /* beside a number */
    STYLE_TEXT,      /* wrapped */
    STYLE_HEAD,
    STYLE_HEAD_RIGHT, /* above numbers */
    STYLE_HEAD_CENTRED,
    STYLE_HEAD_TURNED,
    STYLE_NAME,
    STYLE_PART,
    STYLE_CHOICE, /* an input that is chosen from a list of texts */
    STYLE_INPUT,  /* an input that is a number */
    STYLE_RATING,
    STYLE_FACTOR_INPUT, /* a factor or bias that may be written over */
    STYLE_FACTOR,
    STYLE_PREDICTION,
    STYLE_ERROR,
    STYLE_SQUARE,
    STYLE_SMALL, /* slopes and gradients: 0 is blank */
    STYLE_RESULT,
    STYLE_COUNT_OF, /* a whole number */
    STYLE_COUNT
};

struct book {
    lxw_workbook *file;
    lxw_format *styles[STYLE_COUNT];
    lxw_error error; /* the first one; LXW_NO_ERROR */
};

struct sheet {
    struct book *book;
    lxw_worksheet *file; /* NULL after an error: nothing is written */
};

/* Starts a workbook that is written to `path` by book_close. */
void book_open(struct book *book, const char *path);

/* Ends and frees it. False where anything failed since book_open; `path` is then not to be used. */
bool book_close(struct book *book);

/* Gives "name" a meaning in formulas: `format` prints "=Sheet!$A$1:$B$2". */
void book_define(struct book *book, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum sheet_kind { SHEET_TO_READ, SHEET_TO_EDIT, SHEET_OF_FORMULAS, SHEET_OF_STEP };

/* Adds a sheet, its tab coloured by kind, with a title in A1 and a line about it in A2. */
struct sheet sheet_open(struct book *book, const char *name, enum sheet_kind kind, const char *title,
                        const char *about);

void sheet_text(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style, const char *text);
void sheet_number(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style, double number);

/* An empty cell that looks like one to be filled in. */
void sheet_blank(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style);

/* A formula whose value is a number, or a text. */
void sheet_formula(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style, double value,
                   const char *format, ...) __attribute__((format(printf, 6, 7)));
void sheet_formula_text(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style,
                        const char *value, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Widths in characters, heights in points. */
enum { TITLE_HEIGHT = 22 };
void sheet_width(struct sheet *sheet, uint32_t first, uint32_t last, double width);
void sheet_height(struct sheet *sheet, uint32_t row, double height);
/* Prints it on pages of its full width. */
void sheet_fit(struct sheet *sheet);

void sheet_freeze(struct sheet *sheet, uint32_t rows, uint32_t columns);

struct sheet_area {
    uint32_t row, column, last_row, last_column;
};

/* A drop-down list: of `words` (ends with NULL) or, where that is NULL, of the cells that `source` names. */
void sheet_choose(struct sheet *sheet, struct sheet_area area, const char *const *words, const char *source);

/* Colours from low through middle to high, as 0xRRGGBB. */
struct sheet_scale {
    double low, middle, high;
    uint32_t low_colour, middle_colour, high_colour;
};
void sheet_shade(struct sheet *sheet, struct sheet_area area, const struct sheet_scale *scale);

/* A background where the formula, seen from the area's first cell, is true. */
void sheet_mark(struct sheet *sheet, struct sheet_area area, uint32_t colour, const char *formula);

/* Puts a chart of the book with its corner into a cell. */
void sheet_chart(struct sheet *sheet, uint32_t row, uint32_t column, lxw_chart *chart,
                 lxw_chart_options *place);

/* The letters of a column, "A" for 0. */
struct column_name {
    char letters[8];
};
struct column_name column_name(uint32_t column);

#endif
