/* Which movies each user of a set has rated, from ratings in any order. */
#ifndef ANALYSIS_RATED_LISTS_H
#define ANALYSIS_RATED_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rating.h"
#include "core/status.h"

struct rated_lists {
    uint64_t *starts; /* [users + 1]; owned */
    uint32_t *movies; /* user u's: [starts[u], starts[u + 1]), in the order of the ratings; owned */
};

/* Of ratings of at least `least`; -INFINITY: of all. Movies are renumbered by map, to whatever it says. The ratings'
 * users are below `users`. STATUS_NO_MEMORY. */
bool rated_lists_build(struct rated_lists *lists, const struct rating *ratings, uint64_t count,
                       uint32_t users, const uint32_t *map, float least, struct status *status);
void rated_lists_free(struct rated_lists *lists);

#endif
