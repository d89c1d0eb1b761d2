/* The metrics of analysis/ranking.h over all users of a packed set.
 *
 * A user's candidates are all movies of the model (the catalogue) without those that the set's training ratings have
 * of the user. Relevant are the candidates that the user's validation ratings have with a rating of at least
 * `threshold`. Movies that the model does not know cannot be ranked: as relevant ones they are left out and counted.
 * Users without a relevant candidate are left out and counted. Means are over users, each as heavy as any other, and
 * cold users (unknown to the model, or without a training rating) are a group of their own: they are ranked by their
 * stand-in or start row. Movies without a training rating are candidates like all others.
 *
 * Recall by popularity is pooled: hits among the bucket's relevant movies, over all users of the group. */
#ifndef ANALYSIS_RANKING_RUN_H
#define ANALYSIS_RANKING_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/popularity.h"
#include "analysis/prediction.h"
#include "analysis/ranking.h"
#include "core/status.h"
#include "data/packed_set.h"

enum { RANKING_CUTS_MAX = 16 };

struct ranking_spec {
    uint32_t cuts[RANKING_CUTS_MAX]; /* k, each at least 1, strictly rising */
    uint32_t cut_count;
    float threshold; /* in rating units */
};

/* Sums over a group's users at one cut. */
struct ranking_sums {
    struct ranking_score score;
    uint32_t shown; /* movies that stand among the first k of anybody's list: coverage is shown / catalogue */
    uint64_t hits[POPULARITY_COUNT];
};

struct ranking_group {
    uint64_t users; /* that were measured */
    struct ranking_sums at[RANKING_CUTS_MAX];
    uint64_t relevant[POPULARITY_COUNT];
    double auc;         /* sum */
    uint64_t auc_users; /* of those for whom it is defined */
};

struct ranking {
    uint32_t catalogue; /* movies of the model */
    struct ranking_group warm, cold;
    uint64_t users_left_out;
    uint64_t unknown_relevant; /* ratings of at least the threshold whose movie the model does not know */
};

/* `popularity` is of the model. STATUS_USAGE when a cut is larger than the catalogue, STATUS_BAD_DATA when a score is
 * not finite, STATUS_NO_MEMORY. */
bool ranking_run(struct ranking *ranking, const struct ranking_spec *spec, const struct predictor *predictor,
                 const struct popularity *popularity, const struct packed_set *set, struct status *status);

/* The means of a group at cut i; false, and nothing written, when it has no user: there is no NaN metric. */
bool ranking_mean(const struct ranking_group *group, uint32_t i, struct ranking_score *mean);

#endif
