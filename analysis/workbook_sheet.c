#include "analysis/workbook_sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FORMULA_BYTES = 1024, FONT_POINTS = 10 };

enum colour {
    INK = 0x222222,
    GREY = 0x6b7280,
    BLUE = 0x1d4ed8,
    HEAD_FILL = 0xe5e7eb,
    INPUT_FILL = 0xfef9c3,
    LINE = 0xd1d5db,
};

struct style {
    const char *number;
    uint32_t ink, fill; /* fill 0: none */
    bool is_bold, is_wrapped, is_text, is_boxed;
    uint8_t align; /* LXW_ALIGN_... */
    uint8_t indent;
    int16_t turn;
    uint8_t points;
};

static const struct style STYLES[STYLE_COUNT] = {
    [STYLE_TITLE] = {NULL, INK, .is_bold = true, .points = 14},
    [STYLE_NOTE] = {NULL, GREY},
    [STYLE_SIDE_NOTE] = {NULL, GREY, .indent = 1},
    [STYLE_TEXT] = {NULL, INK, .is_wrapped = true},
    [STYLE_HEAD] = {NULL, INK, HEAD_FILL, .is_bold = true},
    [STYLE_HEAD_RIGHT] = {NULL, INK, HEAD_FILL, .is_bold = true, .align = LXW_ALIGN_RIGHT},
    [STYLE_HEAD_CENTRED] = {NULL, INK, HEAD_FILL, .is_bold = true, .align = LXW_ALIGN_CENTER},
    [STYLE_HEAD_TURNED] = {NULL, INK, HEAD_FILL, .is_bold = true, .is_wrapped = true,
                           .align = LXW_ALIGN_CENTER, .turn = 90},
    [STYLE_NAME] = {NULL, INK, .is_text = true},
    [STYLE_PART] = {NULL, BLUE, .align = LXW_ALIGN_CENTER},
    [STYLE_CHOICE] = {NULL, BLUE, INPUT_FILL, .is_bold = true, .is_text = true, .is_boxed = true},
    [STYLE_INPUT] = {"General", BLUE, INPUT_FILL, .is_bold = true, .is_boxed = true},
    [STYLE_RATING] = {"0.0", BLUE, .align = LXW_ALIGN_CENTER},
    [STYLE_FACTOR_INPUT] = {"0.0000", BLUE},
    [STYLE_FACTOR] = {"0.0000", INK},
    [STYLE_PREDICTION] = {"0.00", INK, .align = LXW_ALIGN_CENTER},
    [STYLE_ERROR] = {"+0.00;-0.00;0.00", INK, .align = LXW_ALIGN_CENTER},
    [STYLE_SQUARE] = {"0.00", INK, .align = LXW_ALIGN_CENTER},
    [STYLE_SMALL] = {"+0.00000;-0.00000;", INK},
    [STYLE_RESULT] = {"0.000000", INK},
    [STYLE_COUNT_OF] = {"0", INK},
};

static lxw_format *make_style(lxw_workbook *file, const struct style *style) {
    lxw_format *format = workbook_add_format(file);
    if (format == NULL)
        return NULL;
    format_set_font_size(format, style->points > 0 ? style->points : FONT_POINTS);
    format_set_font_color(format, style->ink);
    if (style->number != NULL || style->is_text)
        format_set_num_format(format, style->is_text ? "@" : style->number);
    if (style->fill != 0)
        format_set_bg_color(format, style->fill);
    if (style->is_bold)
        format_set_bold(format);
    if (style->is_wrapped)
        format_set_text_wrap(format);
    if (style->turn == 0)
        format_set_align(format, LXW_ALIGN_VERTICAL_TOP);
    if (style->align != LXW_ALIGN_NONE)
        format_set_align(format, style->align);
    if (style->indent > 0)
        format_set_indent(format, style->indent);
    if (style->turn != 0)
        format_set_rotation(format, style->turn);
    if (style->is_boxed) {
        format_set_border(format, LXW_BORDER_THIN);
        format_set_border_color(format, LINE);
    }
    return format;
}

static void keep(struct book *book, lxw_error error) {
    if (book->error == LXW_NO_ERROR)
        book->error = error;
}

void book_open(struct book *book, const char *path) {
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    *book = (struct book){.file = workbook_new_opt(path, &options)};
    if (book->file == NULL)
        keep(book, LXW_ERROR_MEMORY_MALLOC_FAILED);
    for (int style = 0; book->file != NULL && style < STYLE_COUNT; style++) {
        book->styles[style] = make_style(book->file, &STYLES[style]);
        if (book->styles[style] == NULL)
            keep(book, LXW_ERROR_MEMORY_MALLOC_FAILED);
    }
}

bool book_close(struct book *book) {
    if (book->file != NULL)
        keep(book, workbook_close(book->file));
    book->file = NULL;
    return book->error == LXW_NO_ERROR;
}

void book_define(struct book *book, const char *name, const char *format, ...) {
    char meaning[FORMULA_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(meaning, sizeof meaning, format, arguments);
    va_end(arguments);
    if (book->file != NULL)
        keep(book, workbook_define_name(book->file, name, meaning));
}

struct sheet sheet_open(struct book *book, const char *name, enum sheet_kind kind, const char *title,
                        const char *about) {
    static const lxw_color_t TABS[] = {0x9ca3af, 0xeab308, 0x2563eb, 0x16a34a};
    struct sheet sheet = {book, book->file != NULL ? workbook_add_worksheet(book->file, name) : NULL};
    if (sheet.file == NULL) {
        keep(book, LXW_ERROR_MEMORY_MALLOC_FAILED);
        return sheet;
    }
    worksheet_set_tab_color(sheet.file, TABS[kind]);
    worksheet_gridlines(sheet.file, LXW_HIDE_ALL_GRIDLINES);
    worksheet_set_landscape(sheet.file);
    worksheet_set_paper(sheet.file, 9); /* A4 */
    keep(book, worksheet_ignore_errors(sheet.file, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:XFD1048576"));
    sheet_height(&sheet, 0, TITLE_HEIGHT);
    sheet_text(&sheet, 0, 0, STYLE_TITLE, title);
    sheet_text(&sheet, 1, 0, STYLE_NOTE, about);
    return sheet;
}

void sheet_text(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style,
                const char *text) {
    if (sheet->file != NULL)
        keep(sheet->book,
             worksheet_write_string(sheet->file, row, (lxw_col_t)column, text, sheet->book->styles[style]));
}

void sheet_number(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style, double number) {
    if (sheet->file != NULL)
        keep(sheet->book,
             worksheet_write_number(sheet->file, row, (lxw_col_t)column, number, sheet->book->styles[style]));
}

void sheet_blank(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style) {
    if (sheet->file != NULL)
        keep(sheet->book,
             worksheet_write_blank(sheet->file, row, (lxw_col_t)column, sheet->book->styles[style]));
}

void sheet_formula(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style, double value,
                   const char *format, ...) {
    char formula[FORMULA_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(formula, sizeof formula, format, arguments);
    va_end(arguments);
    if (sheet->file != NULL)
        keep(sheet->book, worksheet_write_formula_num(sheet->file, row, (lxw_col_t)column, formula,
                                                      sheet->book->styles[style], value));
}

void sheet_formula_text(struct sheet *sheet, uint32_t row, uint32_t column, enum sheet_style style,
                        const char *value, const char *format, ...) {
    char formula[FORMULA_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(formula, sizeof formula, format, arguments);
    va_end(arguments);
    if (sheet->file != NULL)
        keep(sheet->book, worksheet_write_formula_str(sheet->file, row, (lxw_col_t)column, formula,
                                                      sheet->book->styles[style], value));
}

void sheet_width(struct sheet *sheet, uint32_t first, uint32_t last, double width) {
    if (sheet->file != NULL)
        keep(sheet->book, worksheet_set_column(sheet->file, (lxw_col_t)first, (lxw_col_t)last, width, NULL));
}

void sheet_height(struct sheet *sheet, uint32_t row, double height) {
    if (sheet->file != NULL)
        keep(sheet->book, worksheet_set_row(sheet->file, row, height, NULL));
}

void sheet_fit(struct sheet *sheet) {
    if (sheet->file != NULL)
        worksheet_fit_to_pages(sheet->file, 1, 0);
}

void sheet_freeze(struct sheet *sheet, uint32_t rows, uint32_t columns) {
    if (sheet->file != NULL)
        worksheet_freeze_panes(sheet->file, rows, (lxw_col_t)columns);
}

/* Anything may be typed in place of a number of the list; a text must be one of it. */
void sheet_choose(struct sheet *sheet, struct sheet_area area, const char *const *words, const char *source) {
    lxw_data_validation list = {
        .validate = words != NULL ? LXW_VALIDATION_TYPE_LIST : LXW_VALIDATION_TYPE_LIST_FORMULA,
        .show_error = words != NULL ? LXW_VALIDATION_ON : LXW_VALIDATION_OFF,
    };
    if (words != NULL)
        list.value_list = (char **)(uintptr_t)words;
    else
        list.value_formula = (char *)(uintptr_t)source;
    if (sheet->file != NULL)
        keep(sheet->book, worksheet_data_validation_range(sheet->file, area.row, (lxw_col_t)area.column,
                                                          area.last_row, (lxw_col_t)area.last_column, &list));
}

static void add_condition(struct sheet *sheet, struct sheet_area area, lxw_conditional_format *condition) {
    if (sheet->file != NULL)
        keep(sheet->book,
             worksheet_conditional_format_range(sheet->file, area.row, (lxw_col_t)area.column, area.last_row,
                                                (lxw_col_t)area.last_column, condition));
}

void sheet_shade(struct sheet *sheet, struct sheet_area area, const struct sheet_scale *scale) {
    lxw_conditional_format condition = {
        .type = LXW_CONDITIONAL_3_COLOR_SCALE,
        .min_rule_type = LXW_CONDITIONAL_RULE_TYPE_NUMBER,
        .mid_rule_type = LXW_CONDITIONAL_RULE_TYPE_NUMBER,
        .max_rule_type = LXW_CONDITIONAL_RULE_TYPE_NUMBER,
        .min_value = scale->low,
        .mid_value = scale->middle,
        .max_value = scale->high,
        .min_color = scale->low_colour,
        .mid_color = scale->middle_colour,
        .max_color = scale->high_colour,
    };
    add_condition(sheet, area, &condition);
}

void sheet_mark(struct sheet *sheet, struct sheet_area area, uint32_t colour, const char *formula) {
    if (sheet->file == NULL)
        return;
    lxw_format *format = workbook_add_format(sheet->book->file);
    if (format == NULL) {
        keep(sheet->book, LXW_ERROR_MEMORY_MALLOC_FAILED);
        return;
    }
    format_set_bg_color(format, colour);
    lxw_conditional_format condition = {
        .type = LXW_CONDITIONAL_TYPE_FORMULA, .value_string = (char *)(uintptr_t)formula, .format = format};
    add_condition(sheet, area, &condition);
}

void sheet_chart(struct sheet *sheet, uint32_t row, uint32_t column, lxw_chart *chart,
                 lxw_chart_options *place) {
    if (sheet->file != NULL)
        keep(sheet->book, worksheet_insert_chart_opt(sheet->file, row, (lxw_col_t)column, chart, place));
}

struct column_name column_name(uint32_t column) {
    struct column_name name;
    lxw_col_to_name(name.letters, (lxw_col_t)column, false);
    return name;
}
