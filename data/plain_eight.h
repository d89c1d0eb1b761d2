/* Eight lines of a text, for those who read them at once. */
#ifndef DATA_PLAIN_EIGHT_H
#define DATA_PLAIN_EIGHT_H

#include "data/plain_line.h"
#include "data/plain_rows_set.h"

enum { EIGHT = 8 };

/* The first line begins at `begin`, the others behind the ends of those before; ends count from `piece` on. */
struct eight_lines {
    const char *piece, *begin;
    const uint16_t *ends;
};

/* For instruction sets that have no way to do it. */
PLAIN_INLINE bool plain_no_eight(const struct plain_rows *rows, uint32_t row, const char *text,
                                 const struct eight_lines *lines, const struct plain_user *user,
                                 const struct plain_shape *shape) {
    (void)rows, (void)row, (void)text, (void)lines, (void)user, (void)shape;
    return false;
}

#endif
