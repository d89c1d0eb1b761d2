/* The numbers of a workbook, computed as the trainer computes them: the rows of the crosstab's users and movies, and one step
 * of sgd without momentum on its training cells as one minibatch (SPEC.md 2 and 3, decay dense and coupled). */
#ifndef ANALYSIS_WORKBOOK_NUMBERS_H
#define ANALYSIS_WORKBOOK_NUMBERS_H

#include "analysis/crosstab.h"

/* Lines are the table's users, then its movies. */
struct workbook_numbers {
    struct model_spec spec;
    uint32_t users, movies, lines;
    size_t stride;
    double learning_rate, l2_penalty;
    float *rows;           /* [lines][stride], the model's; owned, as all below */
    float *start;          /* [lines][stride], where they started, in units of the initial scale */
    float *gradients;      /* [lines][stride] of the loss, without decay */
    float *stepped;        /* [lines][stride], rows after the step */
    double *slopes;        /* [users][movies]: e * dr^/dz of training cells, else 0 */
    double *new_predicted; /* [users][movies], by the stepped rows */
    struct loss_sum new_train, new_valid;
};

/* Computes the step at this learning rate and L2 penalty. A row that the model does not know is its stand-in
 * (analysis/prediction.h), and would have started behind the model's last row. STATUS_NO_MEMORY; STATUS_BAD_DATA when the step
 * leads to something that is not finite. */
bool workbook_numbers_make(struct workbook_numbers *numbers, const struct crosstab *table,
                           const struct predictor *predictor, double learning_rate, double l2_penalty,
                           struct status *status);
void workbook_numbers_free(struct workbook_numbers *numbers);

/* sqrt of the mean square; 0 without a cell. */
double workbook_rmse(const struct loss_sum *sum);

/* dr^/dz where the model predicts `rating`: (r^ - low)(high - r^)/(high - low), or 1 without a range. */
double workbook_curve(const struct model_spec *spec, double rating);

#endif
