/* A crosstab for people, for spreadsheets and for programs. */
#ifndef CLI_CROSSTAB_PRINT_H
#define CLI_CROSSTAB_PRINT_H

#include "analysis/crosstab.h"

enum crosstab_view { VIEW_ACTUAL, VIEW_PREDICTED, VIEW_ERROR, VIEW_ALL };

/* The tables asked for, the movies' titles, and how well the model does in them. */
void crosstab_print_text(const struct crosstab *table, enum crosstab_view view);

/* One view: the table itself, a user per row and a movie id per column. VIEW_ALL: a row per cell with
 * user,movie,title,part,actual,predicted,error. What was not rated is empty. */
void crosstab_print_csv(const struct crosstab *table, enum crosstab_view view);

/* Says on standard error what the table has less of than was asked for. */
void crosstab_print_shortage(const struct crosstab *table, uint32_t users, uint32_t movies);

/* One object: users, movies, and a matrix for each view asked for; what was not rated is null. */
void crosstab_print_json(const struct crosstab *table, enum crosstab_view view);

#endif
