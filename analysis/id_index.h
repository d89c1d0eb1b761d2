/* From a raw id to its dense row: a hash index over a string table, for looking up many ids.
 *
 * Open addressing with linear probing, at most half full, 4 bytes a slot. The table is borrowed and must
 * outlive the index. */
#ifndef ANALYSIS_ID_INDEX_H
#define ANALYSIS_ID_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "data/string_table.h"

enum { ID_UNKNOWN = UINT32_MAX };

struct id_index {
    const struct string_table *ids;
    uint32_t *slots; /* [mask + 1]: a row, or ID_UNKNOWN where empty; owned */
    uint64_t mask;
};

/* Indexes all ids (below 2^31); of equal ids the first counts. */
bool id_index_build(struct id_index *index, const struct string_table *ids, struct status *status);
void id_index_free(struct id_index *index);

/* The row of an id of `length` bytes, or ID_UNKNOWN. */
uint32_t id_index_find(const struct id_index *index, const char *id, size_t length);

/* The same for every string of another table: [strings->count] rows, which the caller gives back with
 * memory_release. NULL and STATUS_NO_MEMORY. */
uint32_t *id_index_map(const struct id_index *index, const struct string_table *strings,
                       struct status *status);

#endif
