/* A file of raw ids, one a line, matched to rows. */
#ifndef ANALYSIS_ID_LIST_H
#define ANALYSIS_ID_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/id_index.h"
#include "core/status.h"

struct id_list {
    uint32_t *rows; /* [count] of the ids that are known, in their order; owned */
    size_t count, capacity;
    uint64_t unknown_count, first_unknown_line;
    char first_unknown[64]; /* fit for a terminal */
};

/* Reads the file at path, `-` is standard input; empty lines are passed over. STATUS_BAD_DATA for a line that is
 * too long; otherwise as text_source_open. */
bool id_list_read(struct id_list *list, const struct id_index *ids, const char *path, struct status *status);
void id_list_free(struct id_list *list);

#endif
