/* A growing list of strings of any bytes, the writing side of data/string_table.h. */
#ifndef DATA_STRING_LIST_H
#define DATA_STRING_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "data/container.h"

struct string_span {
    uint64_t offset, length;
};

struct string_list {
    char *bytes; /* owned, as the spans are */
    size_t used, byte_capacity;
    struct string_span *spans;
    size_t count, span_capacity;
};

/* Sets string i, making the list longer with empty strings where needed. The bytes are copied; an earlier
 * string i is forgotten. Fails with STATUS_NO_MEMORY and leaves the list as it was. */
bool string_list_set(struct string_list *list, size_t i, const char *bytes, size_t length,
                     struct status *status);

/* String i, not terminated; the empty string when i is not below the count. */
const char *string_list_get(const struct string_list *list, size_t i, size_t *length);

/* Writes a string table of `count` strings as a section. */
bool string_list_write(const struct string_list *list, size_t count, struct container_writer *writer,
                       const char *name, struct status *status);

/* Gives the memory back; the list is empty then and can be used again. */
void string_list_clear(struct string_list *list);

#endif
