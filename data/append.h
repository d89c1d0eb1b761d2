/* A packed set and newer ratings become one packed set, in which every user and movie of the older one keeps its row; new
 * ones get the rows that follow, by first appearance.
 *
 * A newer rating of a pair that has one replaces it, and stays where that was, in training or validation. The others are put
 * there by the split `hash` with the older set's fraction and seed, whatever split that has; all of them train when the older
 * set has a file of validation ratings. Older ratings keep their order, newer ones follow. */
#ifndef DATA_APPEND_H
#define DATA_APPEND_H

#include "data/packed_set.h"
#include "data/packed_writer.h"

struct append_summary {
    uint64_t ratings, replaced;     /* newer ones, of which so many replace an older one */
    uint64_t new_users, new_movies; /* rows */
    struct packed_totals totals;    /* of the set that was written */
};

/* Writes folder/ratings.dotbias, the folder exists. Training ratings of `newer` are taken, its validation ratings too.
 * STATUS_BAD_DATA when the older set has its training ratings in blocks only; otherwise as packed_writer_commit. `source`
 * names the newer ratings for the set's meta. Needs 16 bytes per newer rating. */
bool append_sets(const struct packed_set *older, const struct packed_set *newer, const char *source,
                 const char *folder, struct append_summary *summary, struct status *status);

#endif
