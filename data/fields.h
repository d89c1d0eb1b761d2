/* A line of a table cut into fields, in place: comma separated with quotes (RFC 4180, a quoted field ends on
 * its line), tab separated, or separated by `::` as in MovieLens 1M and 10M. */
#ifndef DATA_FIELDS_H
#define DATA_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum { FIELDS_MAX = 64 };

enum field_separator { FIELDS_COMMA, FIELDS_TAB, FIELDS_COLONS };

struct field {
    char *bytes; /* into the line, quotes taken away */
    size_t length;
};

struct fields {
    size_t count;
    struct field items[FIELDS_MAX];
};

/* What separates the fields of a file, judged by its first line: `::` if there is one, else a tab, else
 * commas. */
enum field_separator fields_separator(const char *line, size_t length);

/* Cuts line[length], changing its bytes where quotes are taken away. On failure *reason says why. */
bool fields_cut(struct fields *fields, enum field_separator separator, char *line, size_t length,
                const char **reason);

/* The number of the first field whose name is one of `names` (ended by NULL); case, spaces, `_` and `-` do
 * not matter. -1 when there is none. */
int fields_find(const struct fields *header, const char *const *names);

#endif
