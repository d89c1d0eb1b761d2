/* What the factors of movies are about, as text: for each principal component its share of the variance and
 * the titles at both ends, then the best and the worst movie biases. Only the most-rated movies are named: of
 * the others the model knows little. Pure: arrays in, a table out; used at the end of training and by the
 * commands on a finished model. */
#ifndef ANALYSIS_FACTOR_REPORT_H
#define ANALYSIS_FACTOR_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/prediction.h"
#include "analysis/titles.h"
#include "core/status.h"
#include "data/packed_set.h"

struct factor_report {
    struct titles titles;
    struct selection popular; /* borrowed */
    const uint32_t *counts;   /* [movies] training ratings */
    const double *means;      /* [movies] mean training rating, NULL: not shown (factor_report_means) */
    uint32_t components;      /* may be 0 */
    const double *scores;     /* [movies][components], signs fixed (model/factors.h) */
    const double *share;      /* [components] */
    const double *biases;     /* [movies], NULL for a model without biases */
    uint32_t show;            /* titles at each end; fewer when the selection has less than twice as many */
};

/* Prints; of equal scores the more-rated movie comes first. STATUS_NO_MEMORY, or STATUS_IO when `out` fails.
 */
bool factor_report_print(const struct factor_report *report, FILE *out, struct status *status);

/* Its two halves, for a selection that is not empty: the components' share and ends, as far as there are any, and the
 * biases, which must be there. Errors alike. */
bool factor_report_components(const struct factor_report *report, FILE *out, struct status *status);
bool factor_report_biases(const struct factor_report *report, FILE *out, struct status *status);

/* Writes the mean training rating of each movie; 0 where a movie has none. */
void factor_report_means(const struct packed_set *set, double *means);

/* The same for the movies of a model, which are matched by their raw ids; 0 for those that the set does not have.
 * STATUS_NO_MEMORY. */
bool factor_report_means_by_id(const struct predictor *predictor, const struct packed_set *set, double *means,
                               struct status *status);

#endif
