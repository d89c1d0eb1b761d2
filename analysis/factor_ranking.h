/* Movies in the order of one number each: a component's score, a bias. */
#ifndef ANALYSIS_FACTOR_RANKING_H
#define ANALYSIS_FACTOR_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/titles.h"
#include "core/status.h"

struct factor_ranking {
    const double *values; /* of movie m: values[m * stride]; borrowed */
    size_t stride;
    uint32_t *movies; /* by falling value; owned */
    uint32_t count;
};

/* Ranks the movies of a selection; of equal values the one that comes first in it comes first. Only STATUS_NO_MEMORY. */
bool factor_ranking_make(struct factor_ranking *ranking, const double *values, size_t stride,
                         const struct selection *popular, struct status *status);
void factor_ranking_free(struct factor_ranking *ranking);

double factor_ranking_value(const struct factor_ranking *ranking, uint32_t movie);

/* How many movies to name at each end, at most `show`: no movie stands at both. The i-th lowest is
 * movies[count - 1 - i]. */
struct ranking_ends {
    uint32_t high, low; /* high is low or one more */
};
struct ranking_ends factor_ranking_ends(const struct factor_ranking *ranking, uint32_t show);

#endif
