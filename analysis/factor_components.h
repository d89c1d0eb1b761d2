/* The principal components of a finished model's movie factors, both ways of SPEC.md 8:
 *   COMPONENTS_OVER_MOVIES  z = (E - mean row) Q. Does not change when user and movie factors are rotated together, which
 *                           changes no prediction.
 *   COMPONENTS_OF_LESSON    PCA(n).fit(E.T).components_ of scikit-learn, the notebook's call: each movie is centred over its
 *                           own factors, components are unit vectors over movies. Does change with such a rotation. */
#ifndef ANALYSIS_FACTOR_COMPONENTS_H
#define ANALYSIS_FACTOR_COMPONENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/titles.h"
#include "core/status.h"
#include "data/model_file.h"

enum components_kind { COMPONENTS_OVER_MOVIES, COMPONENTS_OF_LESSON };

struct factor_components {
    enum components_kind kind;
    uint32_t count;
    uint32_t fitted; /* movies that the axes were found from */
    double *scores;  /* [movies][count], of all movies, signs fixed (model/factors.h); owned, as below */
    double *share;   /* [count], of the variance */
    double *axes;    /* [count][factors]: a score is the product of centred factors with one of these */
    double *mean;    /* [factors], what centres them; NULL in the lesson's way. Lies behind the axes */
};

/* Finds `count` components from the movies of `fit`, NULL for all of them, and projects every movie. Fails with
 * STATUS_USAGE for more components than the model has factors, STATUS_BAD_DATA for fewer than two movies,
 * STATUS_NO_MEMORY. */
bool factor_components_make(struct factor_components *components, const struct model_file *model,
                            enum components_kind kind, uint32_t count, const struct selection *fit,
                            struct status *status);
void factor_components_free(struct factor_components *components);

#endif
