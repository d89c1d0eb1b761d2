/* The recommender in a spreadsheet, live: a crosstab's users and movies with their factors, biases and ratings, and all
 * that follows from them as formulas, so that a person can change a number and see what it does.
 *
 *   Read me          what is where, in plain words
 *   Inputs           learning rate, L2 penalty, initial scale, which factors to use; RMSE before and after the step
 *   Ratings, Parts   the actual ratings, and which of them train and which test
 *   Model            factors and biases in use: those of Trained or, for a fresh start, Start times the initial scale
 *   Predictions      range_low + (range_high - range_low) / (1 + EXP(-z)), z = p . q + biases + mean (SPEC.md 2)
 *   Errors           predicted - actual, its square, RMSE of both parts
 *   Step             one user, one movie, one factor: every term of a prediction and of its step, named
 *   Slopes, Gradients, New model, New predictions
 *                    one step of sgd without momentum on the training cells as one minibatch, decay dense and coupled:
 *                    g = 2/B * sum e * dr/dz * q,  w - lr * (g + wd * w)  (SPEC.md 2 and 3)
 *   Map              the movies on two components (model/factors.h) or factors, with a chart
 *   Trained, Start   the model's numbers, and where its rows started, in units of the initial scale
 *   Axes             what the map may show
 *
 * A user or movie is in the same row of every sheet, a pair in the same cell. Formulas carry their values, computed here by
 * the trainer's own code in float (model/dot_bias.h, model/optimiser.h), for programs that only show what is stored. */
#ifndef ANALYSIS_WORKBOOK_H
#define ANALYSIS_WORKBOOK_H

#include <stdbool.h>

#include "analysis/crosstab.h"
#include "core/status.h"

/* Users or movies at most: beyond, a spreadsheet recalculates for seconds. */
enum { WORKBOOK_LINES_MAX = 200 };

struct workbook_spec {
    const char *out; /* an .xlsx */
    bool force;      /* replaces a file */
};

/* Writes all of it or, on failure, nothing. The table was made with this predictor, and has at most WORKBOOK_LINES_MAX users
 * and as many movies. Fails with STATUS_CANT_CREATE when something is in the way, STATUS_BAD_DATA for a table without a rating
 * or a model from which a step is not finite, STATUS_IO, STATUS_NO_MEMORY. */
bool workbook_write(const struct workbook_spec *spec, const struct crosstab *table,
                    const struct predictor *predictor, struct status *status);

#endif
