/* The columns of `dotbias top`: what a member's line says, and what it can be sorted by. */
#ifndef MONITOR_TOP_COLUMNS_H
#define MONITOR_TOP_COLUMNS_H

#include <jansson.h>
#include <stddef.h>

enum top_kind {
    TOP_STATE,    /* the state, or what is flagged */
    TOP_SHORT,    /* 12.1k */
    TOP_COUNT,    /* 4,533 */
    TOP_SHARE,    /* 33% */
    TOP_TIMES,    /* 1.25 */
    TOP_DURATION, /* of microseconds: 850us */
    TOP_MEMORY,   /* 1.2 MiB */
};

struct top_column {
    const char *name;  /* to sort by */
    const char *title; /* at its head */
    const char *key;   /* in the status */
    enum top_kind kind;
    unsigned width; /* cells, without the space in front */
};

/* A table of the picture. */
struct top_table {
    const char *key, *index; /* of the array in the status, and of the number in a member */
    const struct top_column *columns;
    size_t count;
};

extern const struct top_table TOP_SHARDS, TOP_WORKERS;

/* A number of a JSON object; NaN when it has none of that name. A text; "" likewise. */
double top_number(const json_t *object, const char *key);
const char *top_string(const json_t *object, const char *key);

/* What a column says of a member. */
enum { TOP_CELL_BYTES = 64 };
void top_cell(char cell[TOP_CELL_BYTES], const struct top_column *column, const json_t *member);

/* The members of a table in the order of a column's name; by index where the table has no such column. Unknown numbers come
 * last. Writes at most `most` of them; returns how many. */
enum { TOP_MEMBERS_MAX = 4096 };
size_t top_sorted(const struct top_table *table, const json_t *status, const char *sort, int reversed,
                  const json_t *members[TOP_MEMBERS_MAX]);

#endif
