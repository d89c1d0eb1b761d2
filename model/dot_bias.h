/* The forward and backward pass of one lane of a minibatch, on gathered rows.
 *
 * rows is a matrix [slot][stride]: the lane's unique rows, users and movies in one buffer, each slot one row. A rating
 * names its two slots. The gradient of the minibatch's loss (the mean of e^2 over all lanes) is
 *     d/dp_u = 2/B * sum e * dr^/dz * q_i,   d/db_u = 2/B * sum e * dr^/dz,   and the same with p and q exchanged,
 * summed over the lane's ratings in their order. Sums inside a dot product run in ROW_LANES independent partial sums,
 * added pairwise at the end: the same bits for every instruction set. sigmoid is our own (dot_bias_sigmoid), since
 * libm's differ in the last bit between versions. */
#ifndef MODEL_DOT_BIAS_H
#define MODEL_DOT_BIAS_H

#include <stddef.h>
#include <stdint.h>

#include "model/spec.h"

/* A rating of a lane whose rows have been gathered. */
struct slot_rating {
    uint32_t user_slot;
    uint32_t movie_slot;
    float value;
};

/* Sums over ratings, in double, in the order of the ratings. */
struct loss_sum {
    double squared;  /* sum of (r^ - r)^2, in rating units squared */
    double absolute; /* sum of |r^ - r| */
    uint64_t count;
};

/* 1 / (1 + exp(-z)), correct to 2.5 ulp of double for |z| <= 708; finite for every z, NaN for NaN. */
double dot_bias_sigmoid(double z);

/* z of the model for one pair of rows. */
float dot_bias_score(const struct model_spec *spec, const float *user_row, const float *movie_row);

/* r^ for a given z. */
float dot_bias_rating(const struct model_spec *spec, float score);

/* Adds to loss and writes gradients[slot][stride] (zeroed here first, padding stays 0; the bias column stays 0 without
 * biases). minibatch is B, the number of ratings in all lanes of this step. rows and gradients do not overlap. */
void dot_bias_gradient(const struct model_spec *spec, const struct slot_rating *ratings, size_t count,
                       uint32_t minibatch, const float *rows, size_t slot_count, float *gradients,
                       struct loss_sum *loss);

/* Adds the errors of count ratings to loss, without gradients. */
void dot_bias_evaluate(const struct model_spec *spec, const struct slot_rating *ratings, size_t count,
                       const float *rows, struct loss_sum *loss);

#endif
