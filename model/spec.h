/* What is trained: the shape of a row, the model and the optimiser, as plain values filled from the configuration. */
#ifndef MODEL_SPEC_H
#define MODEL_SPEC_H

#include <stdbool.h>
#include <stdint.h>

/* A row of a table, as it lies in memory, on the wire and in the kernels:
 *   floats [0, factors)       the embedding p_u or q_i
 *   float  [factors]          the bias b_u or c_i (0 and never moved when the model has no biases)
 *   floats (factors, stride)  padding, always 0
 * stride is factors + 1 rounded up to ROW_LANES, so that every loop over a row is a whole number of vectors. */
enum { ROW_LANES = 8, FACTORS_MAX = 512 };

static inline uint32_t row_stride(uint32_t factors) {
    return (factors + 1 + ROW_LANES - 1) / ROW_LANES * ROW_LANES;
}

enum init_kind { INIT_SYMMETRIC /* U(-scale, scale) */, INIT_POSITIVE /* U(0, scale) */ };

/* EmbeddingDotBias: z = p_u . q_i + b_u + c_i (+ mean); r^ = z, or low + (high - low) * sigmoid(z) with a range. */
struct model_spec {
    uint32_t factors; /* K, 1 .. FACTORS_MAX */
    bool has_bias;    /* false: EmbeddingDot, the bias column stays 0 */
    bool has_range;
    float range_low, range_high; /* y_range, in rating units */
    float mean;                  /* mu, 0 unless asked for */
    enum init_kind init;
    float init_scale;
    uint64_t seed;
};

enum optimiser_kind {
    OPTIMISER_SGD,
    OPTIMISER_ADAM,
    OPTIMISER_ADAMW,
    OPTIMISER_ADAGRAD,
    OPTIMISER_ADAGRAD_ROW
};

enum decay_kind {
    DECAY_DENSE, /* every row takes part in every step, as in a dense framework (brought up to date when next read) */
    DECAY_TOUCHED /* only rows named by a push move */
};

struct optimiser_spec {
    enum optimiser_kind kind;
    bool nesterov;       /* sgd only */
    double beta1, beta2; /* adam, adamw */
    double epsilon;      /* adam, adamw, adagrad: outside the root */
    double weight_decay; /* wd */
    enum decay_kind decay;
};

/* What the schedule says of one step. momentum is sgd's `mom` (for adam and adamw it replaces beta1 where the schedule
 * moves it, else equals it). Doubles: the closed forms are computed in double and rounded once, where they meet a row. */
struct step_rate {
    double learning_rate;
    double momentum;
};

#endif
