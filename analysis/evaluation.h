/* How well a finished model predicts the validation ratings of a packed set, which need not be the one it was
 * trained on: rows are matched by raw id. */
#ifndef ANALYSIS_EVALUATION_H
#define ANALYSIS_EVALUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/popularity.h"
#include "analysis/prediction.h"
#include "core/status.h"
#include "data/packed_set.h"
#include "model/dot_bias.h"

/* all = warm + cold. Cold ratings have a user or a movie without a training rating, or one the model does not
 * know (prediction.h says what is predicted then). */
struct evaluation {
    struct loss_sum all, warm, cold;
    struct loss_sum by_popularity[POPULARITY_COLD]; /* the warm ones by their movie's bucket */
    uint64_t unknown_count; /* of the cold ones, those with an id the model does not know */
    struct loss_sum
        baseline; /* every rating guessed as baseline_mean; count 0 when the set has no training rating */
    double baseline_mean; /* of the set's training ratings */
};

/* `popularity` is of the model's movies and training counts. STATUS_BAD_DATA when the model predicts something that is
 * not a finite number. */
bool evaluation_run(struct evaluation *evaluation, const struct predictor *predictor,
                    const struct popularity *popularity, const struct packed_set *set, struct status *status);

/* Means of a sum; false, and nothing written, when it has no rating: there is no NaN metric. */
struct metrics {
    double mse, rmse, mae;
};
bool evaluation_metrics(const struct loss_sum *sum, struct metrics *metrics);

#endif
