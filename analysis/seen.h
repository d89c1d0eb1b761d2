/* Which movies somebody has rated already: training and validation ratings of a packed set, matched to a
 * model's rows by raw id. */
#ifndef ANALYSIS_SEEN_H
#define ANALYSIS_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/prediction.h"
#include "core/status.h"

/* For a user's row u, movies[starts[u] .. starts[u + 1]) are the rows of what it has rated, in no order. */
struct seen {
    uint64_t *starts; /* [users + 1], owned */
    uint32_t *movies; /* owned */
};

/* Reads the set at path (a folder or a file, also one whose ratings lie in blocks beside it) for the users
 * that are wanted[users]; of others nothing is kept. 8 bytes a user and 4 bytes a rating of the wanted. Errors
 * as packed_set_open. */
bool seen_read(struct seen *seen, const struct predictor *predictor, const bool *wanted, const char *path,
               struct status *status);
void seen_free(struct seen *seen);

#endif
