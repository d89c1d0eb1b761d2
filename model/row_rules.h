/* One row under one rule: the loops inside the optimisers, compiled for every instruction set.
 *
 * Everything here works on one row of `columns` floats (a multiple of ROW_LANES) and keeps zeros at zero. The
 * state is float; the arithmetic is double and rounded once at the end of a step or of a gap, except
 * quotients and roots of adam and adagrad, which are float. Columns never mix but in adagrad_row. */
#ifndef MODEL_ROW_RULES_H
#define MODEL_ROW_RULES_H

#include <stddef.h>

#include "model/decay_path.h"

/* The numbers of a rule that no step changes. */
struct row_constants {
    size_t columns;      /* the row's stride */
    size_t moving;       /* columns that may move: the factors and, with biases, the bias */
    const float *moves;  /* [columns]: 1 where a gradient counts, 0 elsewhere */
    double weight_decay; /* added to the gradient; 0 for adamw */
    double beta2;
    float epsilon;
};

/* The numbers of one step. */
struct row_step {
    double rate;     /* lr; for adam and adamw lr / (1 - beta1^t) */
    double momentum; /* mom; beta1 */
    double shrink;   /* adamw: lr * wd, else 0 */
    double root;     /* adam and adamw: 1 / sqrt(1 - beta2^t) */
};

/* sgd with a gradient. carry and fresh say what the row moves by, fresh*g' + carry*v: (0, 1) or, nesterov,
 * (1, mom). */
void row_sgd(const struct row_constants *rule, const struct row_step *step, double fresh, double carry,
             float *value, float *first, const float *gradient);

/* [w; v] <- M [w; v]. */
void row_linear(size_t columns, const struct decay_matrix *matrix, float *value, float *first);

/* adam and adamw: one step with a gradient; a gap of count steps without. */
void row_adam(const struct row_constants *rule, const struct row_step *step, float *value, float *first,
              float *second, const float *gradient);
void row_adam_gap(const struct row_constants *rule, const struct row_step *steps, size_t count, float *value,
                  float *first, float *second);

/* adagrad per element. */
void row_adagrad(const struct row_constants *rule, const struct row_step *step, float *value, float *second,
                 const float *gradient);
void row_adagrad_gap(const struct row_constants *rule, const struct row_step *steps, size_t count,
                     float *value, float *second);

/* adagrad with one accumulator, second[0]. */
void row_adagrad_row(const struct row_constants *rule, const struct row_step *step, float *value,
                     float *second, const float *gradient);
void row_adagrad_row_gap(const struct row_constants *rule, const struct row_step *steps, size_t count,
                         float *value, float *second);

#endif
