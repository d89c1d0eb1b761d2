/* A read-only table of strings of any bytes: u64 offsets[count + 1] from the start of the bytes, then the
 * bytes. */
#ifndef DATA_STRING_TABLE_H
#define DATA_STRING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct string_table {
    uint64_t count;
    const uint64_t *offsets;
    const char *bytes;
};

/* Looks at a section as a table of `count` strings; STATUS_BAD_DATA unless offsets rise and end where the
 * section ends. */
bool string_table_view(struct string_table *table, const void *section, size_t length, uint64_t count,
                       struct status *status);

/* String i, not terminated; *length gets its bytes. */
const char *string_table_get(const struct string_table *table, uint64_t i, size_t *length);

#endif
