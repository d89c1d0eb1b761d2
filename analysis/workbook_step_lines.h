/* The left side of the sheet Step: every number of one prediction and of its step, one per line, each with a name, a formula in
 * terms of the lines before, and its value. Private to analysis/workbook_step.c. */
#ifndef ANALYSIS_WORKBOOK_STEP_LINES_H
#define ANALYSIS_WORKBOOK_STEP_LINES_H

#include "analysis/workbook_parts.h"

/* What is looked at first: one user, one movie, factor 1. Rows are those of the numbers. */
struct step_choice {
    uint32_t user, movie;
    const struct crosstab_cell *cell;
    size_t user_at, movie_at; /* where their rows begin in the numbers' arrays */
    size_t cell_at;           /* their pair in slopes and new predictions */
};

struct step_line {
    const char *label;
    char name[32];     /* in formulas; empty for a line that no other uses */
    char formula[128]; /* without =; empty for a heading */
    double value;
};

enum { STEP_LINES_MAX = 40 };
struct step_lines {
    struct step_line lines[STEP_LINES_MAX];
    uint32_t count;
};

/* Besides the names of its lines, formulas use step_user, step_movie, step_factor (what is chosen), step_products,
 * step_user_slopes, step_user_terms, step_movie_slopes, step_movie_terms (columns of the right side). */
void step_lines_make(struct step_lines *lines, const struct workbook_job *job,
                     const struct step_choice *choice);

#endif
