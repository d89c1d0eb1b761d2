#include "model/dot_bias.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/multiversion.h"

#define INLINE static inline __attribute__((always_inline))

/* One group of a row's columns. Rows come from anywhere, so no more than a float's alignment is assumed. */
typedef float lanes __attribute__((vector_size(ROW_LANES * sizeof(float)), aligned(4), may_alias));

/* Ratings are worked on in blocks, each pass over a whole block, so that the passes' loops vectorise. */
enum { BLOCK = 64 };

/* exp(x) for |x| <= EXP_BOUND: x = k ln 2 + r with |r| <= ln 2 / 2, and exp(r) from its Taylor series, whose
 * first omitted term is below 2^-57. LN2_HIGH has 21 zero bits at the end, so that k * LN2_HIGH is exact.
 * Adding SHIFTER rounds to an integer and leaves it in the low bits. */
static const double EXP_BOUND = 708, INVERSE_LN2 = 0x1.71547652b82fep+0, SHIFTER = 0x1.8p+52;
static const double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;

INLINE double exp_bounded(double x) {
    double shifted = x * INVERSE_LN2 + SHIFTER;
    double k = shifted - SHIFTER;
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    double e = 1 + (r + r * r * p);
    uint64_t bits;
    double scale;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&scale, &bits, sizeof scale);
    return e * scale;
}

INLINE double sigmoid(double z) {
    double x = z < -EXP_BOUND ? EXP_BOUND : z > EXP_BOUND ? -EXP_BOUND : -z;
    return 1 / (1 + exp_bounded(x));
}

double dot_bias_sigmoid(double z) {
    return sigmoid(z);
}

/* A row's last group holds the bias, and perhaps padding: which of its lanes are factors, and which is the
 * bias. */
struct last_group {
    size_t column; /* the first column of the group */
    size_t bias;   /* the column of the bias */
    float factor[ROW_LANES];
    float moving_bias[ROW_LANES];
};

INLINE struct last_group last_group_of(const struct model_spec *spec) {
    struct last_group last = {.column = row_stride(spec->factors) - ROW_LANES, .bias = spec->factors};
    for (size_t lane = 0; lane < ROW_LANES; lane++) {
        last.factor[lane] = last.column + lane < last.bias ? 1 : 0;
        last.moving_bias[lane] = spec->has_bias && last.column + lane == last.bias ? 1 : 0;
    }
    return last;
}

INLINE float score_of(const struct last_group *last, float mean, const float *p, const float *q) {
    lanes sum = {0};
    for (size_t i = 0; i < last->column; i += ROW_LANES)
        sum += *(const lanes *)(p + i) * *(const lanes *)(q + i);
    sum += *(const lanes *)last->factor * *(const lanes *)(p + last->column) *
           *(const lanes *)(q + last->column);
    float dot = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
    return dot + (p[last->bias] + q[last->bias]) + mean;
}

float dot_bias_score(const struct model_spec *spec, const float *user_row, const float *movie_row) {
    struct last_group last = last_group_of(spec);
    return score_of(&last, spec->mean, user_row, movie_row);
}

float dot_bias_rating(const struct model_spec *spec, float score) {
    if (!spec->has_range)
        return score;
    double span = (double)spec->range_high - (double)spec->range_low;
    return (float)((double)spec->range_low + span * sigmoid((double)score));
}

/* What the passes over a block leave behind. Entries beyond the block's ratings are computed and not used. */
struct block {
    float score[BLOCK];
    float value[BLOCK];
    double error[BLOCK]; /* r^ - r */
    float pull[BLOCK];   /* the gradient of the minibatch's loss for z: 2/B * e * dr^/dz */
};

INLINE void block_scores(const struct model_spec *spec, const struct last_group *last,
                         const struct slot_rating *ratings, size_t count, const float *rows, size_t stride,
                         struct block *block) {
    for (size_t i = 0; i < count; i++) {
        const float *p = rows + ratings[i].user_slot * stride, *q = rows + ratings[i].movie_slot * stride;
        block->score[i] = score_of(last, spec->mean, p, q);
        block->value[i] = ratings[i].value;
    }
}

INLINE void block_errors(const struct model_spec *spec, double weight, struct block *block) {
    double low = spec->range_low, span = (double)spec->range_high - low;
    if (spec->has_range) {
        for (size_t i = 0; i < BLOCK; i++) {
            double s = sigmoid((double)block->score[i]);
            double e = (low + span * s) - (double)block->value[i];
            block->error[i] = e;
            block->pull[i] = (float)(weight * e * (span * s * (1 - s)));
        }
    } else {
        for (size_t i = 0; i < BLOCK; i++) {
            double e = (double)block->score[i] - (double)block->value[i];
            block->error[i] = e;
            block->pull[i] = (float)(weight * e);
        }
    }
}

INLINE void block_loss(const struct block *block, size_t count, struct loss_sum *loss) {
    for (size_t i = 0; i < count; i++) {
        loss->squared += block->error[i] * block->error[i];
        loss->absolute += fabs(block->error[i]);
    }
    loss->count += count;
}

/* One rating's share of both rows' gradients; the bias has the gradient of a factor whose partner is 1. */
INLINE void add_gradient(const struct last_group *last, float pull, const float *p, const float *q, float *gp,
                         float *gq) {
    for (size_t i = 0; i < last->column; i += ROW_LANES) {
        lanes to_p = *(const lanes *)(gp + i) + pull * *(const lanes *)(q + i);
        lanes to_q = *(const lanes *)(gq + i) + pull * *(const lanes *)(p + i);
        *(lanes *)(gp + i) = to_p;
        *(lanes *)(gq + i) = to_q;
    }
    size_t i = last->column;
    lanes factor = *(const lanes *)last->factor, bias = *(const lanes *)last->moving_bias;
    *(lanes *)(gp + i) += pull * (*(const lanes *)(q + i) * factor + bias);
    *(lanes *)(gq + i) += pull * (*(const lanes *)(p + i) * factor + bias);
}

INLINE void block_gradients(const struct last_group *last, const struct slot_rating *ratings, size_t count,
                            const float *rows, size_t stride, const struct block *block, float *gradients) {
    for (size_t i = 0; i < count; i++) {
        size_t user = ratings[i].user_slot * stride, movie = ratings[i].movie_slot * stride;
        add_gradient(last, block->pull[i], rows + user, rows + movie, gradients + user, gradients + movie);
    }
}

MULTIVERSION void dot_bias_gradient(const struct model_spec *spec, const struct slot_rating *ratings,
                                    size_t count, uint32_t minibatch, const float *rows, size_t slot_count,
                                    float *gradients, struct loss_sum *loss) {
    size_t stride = row_stride(spec->factors);
    struct last_group last = last_group_of(spec);
    struct block block = {.score = {0}};
    memset(gradients, 0, slot_count * stride * sizeof *gradients);
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t size = count - first < BLOCK ? count - first : BLOCK;
        block_scores(spec, &last, ratings + first, size, rows, stride, &block);
        block_errors(spec, 2.0 / minibatch, &block);
        block_loss(&block, size, loss);
        block_gradients(&last, ratings + first, size, rows, stride, &block, gradients);
    }
}

MULTIVERSION void dot_bias_evaluate(const struct model_spec *spec, const struct slot_rating *ratings,
                                    size_t count, const float *rows, struct loss_sum *loss) {
    size_t stride = row_stride(spec->factors);
    struct last_group last = last_group_of(spec);
    struct block block = {.score = {0}};
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t size = count - first < BLOCK ? count - first : BLOCK;
        block_scores(spec, &last, ratings + first, size, rows, stride, &block);
        block_errors(spec, 0, &block);
        block_loss(&block, size, loss);
    }
}
