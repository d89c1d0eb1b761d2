#include "model/row_rules.h"

#include <math.h>
#include <stdbool.h>

#include "core/multiversion.h"
#include "model/spec.h"

enum { COLUMNS_MAX = (FACTORS_MAX / ROW_LANES + 1) * ROW_LANES };

#define INLINE static inline __attribute__((always_inline))

/* Tells the compiler that a row is whole groups of lanes, so that no vector loop needs a scalar tail. */
INLINE size_t whole(size_t columns) {
    return columns / ROW_LANES * ROW_LANES;
}

/* A group of a row's columns, as it lies and as it is computed with. */
typedef float group __attribute__((vector_size(ROW_LANES * sizeof(float)), aligned(4), may_alias));
typedef double wide __attribute__((vector_size(ROW_LANES * sizeof(double))));

/* gcc makes one instruction of this loop, and five of a converted vector. (Vectors go by address: to pass or return them would
 * depend on the instruction set.) */
INLINE void widen_group(const float *restrict from, wide *restrict to) {
    wide widened;
    for (size_t lane = 0; lane < ROW_LANES; lane++)
        widened[lane] = (double)from[lane];
    *to = widened;
}

MULTIVERSION void row_sgd(const struct row_constants *rule, const struct row_step *step, double fresh,
                          double carry, float *restrict value, float *restrict first,
                          const float *restrict gradient) {
    const float *restrict moves = rule->moves;
    double decay = rule->weight_decay, momentum = step->momentum, rate = step->rate;
    for (size_t i = 0, columns = whole(rule->columns); i < columns; i += ROW_LANES) {
        wide w, v, g;
        float moved[ROW_LANES];
        for (size_t lane = 0; lane < ROW_LANES; lane++)
            moved[lane] = gradient[i + lane] * moves[i + lane];
        widen_group(value + i, &w);
        widen_group(first + i, &v);
        widen_group(moved, &g);
        g = g + decay * w;
        v = momentum * v + g;
        *(group *)(value + i) = __builtin_convertvector(w - rate * (fresh * g + carry * v), group);
        *(group *)(first + i) = __builtin_convertvector(v, group);
    }
}

MULTIVERSION void row_linear(size_t columns, const struct decay_matrix *matrix, float *restrict value,
                             float *restrict first) {
    struct decay_matrix m = *matrix;
    columns = whole(columns);
    for (size_t i = 0; i < columns; i += ROW_LANES) {
        wide w, v;
        widen_group(value + i, &w);
        widen_group(first + i, &v);
        *(group *)(value + i) = __builtin_convertvector(m.ww * w + m.wv * v, group);
        *(group *)(first + i) = __builtin_convertvector(m.vw * w + m.vv * v, group);
    }
}

/* One element under adam: the gradient g is without decay. */
INLINE void adam_element(double *w, double *m, double *s, double g, double decay, double beta2, float epsilon,
                         struct row_step step) {
    g += decay * *w;
    *m = step.momentum * *m + (1 - step.momentum) * g;
    *s = beta2 * *s + (1 - beta2) * (g * g);
    float size = (float)(step.rate * *m) / (sqrtf((float)*s) * (float)step.root + epsilon);
    *w = *w - step.shrink * *w - (double)size;
}

MULTIVERSION void row_adam(const struct row_constants *rule, const struct row_step *step,
                           float *restrict value, float *restrict first, float *restrict second,
                           const float *restrict gradient) {
    const float *restrict moves = rule->moves;
    struct row_step at = *step;
    double decay = rule->weight_decay, beta2 = rule->beta2;
    float epsilon = rule->epsilon;
    for (size_t i = 0, columns = whole(rule->columns); i < columns; i++) {
        double w = value[i], m = first[i], s = second[i];
        adam_element(&w, &m, &s, (double)(gradient[i] * moves[i]), decay, beta2, epsilon, at);
        value[i] = (float)w;
        first[i] = (float)m;
        second[i] = (float)s;
    }
}

INLINE void widen(size_t columns, const float *restrict from, double *restrict to) {
    for (size_t i = 0; i < columns; i++)
        to[i] = from[i];
}

INLINE void narrow(size_t columns, const double *restrict from, float *restrict to) {
    for (size_t i = 0; i < columns; i++)
        to[i] = (float)from[i];
}

MULTIVERSION void row_adam_gap(const struct row_constants *rule, const struct row_step *steps, size_t count,
                               float *restrict value, float *restrict first, float *restrict second) {
    double w[COLUMNS_MAX], m[COLUMNS_MAX], s[COLUMNS_MAX];
    size_t columns = whole(rule->columns);
    double decay = rule->weight_decay, beta2 = rule->beta2;
    float epsilon = rule->epsilon;
    widen(columns, value, w);
    widen(columns, first, m);
    widen(columns, second, s);
    for (size_t t = 0; t < count; t++) {
        struct row_step step = steps[t];
        for (size_t i = 0; i < columns; i++)
            adam_element(&w[i], &m[i], &s[i], 0, decay, beta2, epsilon, step);
    }
    narrow(columns, w, value);
    narrow(columns, m, first);
    narrow(columns, s, second);
}

INLINE void adagrad_element(double *w, double *s, double g, double decay, float epsilon, double rate) {
    g += decay * *w;
    *s += g * g;
    *w -= (double)((float)(rate * g) / (sqrtf((float)*s) + epsilon));
}

MULTIVERSION void row_adagrad(const struct row_constants *rule, const struct row_step *step,
                              float *restrict value, float *restrict second, const float *restrict gradient) {
    const float *restrict moves = rule->moves;
    double decay = rule->weight_decay, rate = step->rate;
    float epsilon = rule->epsilon;
    for (size_t i = 0, columns = whole(rule->columns); i < columns; i++) {
        double w = value[i], s = second[i];
        adagrad_element(&w, &s, (double)(gradient[i] * moves[i]), decay, epsilon, rate);
        value[i] = (float)w;
        second[i] = (float)s;
    }
}

MULTIVERSION void row_adagrad_gap(const struct row_constants *rule, const struct row_step *steps,
                                  size_t count, float *restrict value, float *restrict second) {
    double w[COLUMNS_MAX], s[COLUMNS_MAX];
    size_t columns = whole(rule->columns);
    double decay = rule->weight_decay;
    float epsilon = rule->epsilon;
    widen(columns, value, w);
    widen(columns, second, s);
    for (size_t t = 0; t < count; t++) {
        double rate = steps[t].rate;
        for (size_t i = 0; i < columns; i++)
            adagrad_element(&w[i], &s[i], 0, decay, epsilon, rate);
    }
    narrow(columns, w, value);
    narrow(columns, s, second);
}

/* The sum of squares in ROW_LANES independent sums, added pairwise. */
INLINE double sum_of_squares(size_t columns, const double *restrict g) {
    double lanes[ROW_LANES] = {0};
    for (size_t i = 0; i < columns; i += ROW_LANES)
        for (size_t lane = 0; lane < ROW_LANES; lane++)
            lanes[lane] += g[i + lane] * g[i + lane];
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

MULTIVERSION void row_adagrad_row(const struct row_constants *rule, const struct row_step *step,
                                  float *restrict value, float *restrict second,
                                  const float *restrict gradient) {
    double g[COLUMNS_MAX];
    size_t columns = whole(rule->columns);
    for (size_t i = 0; i < columns; i++)
        g[i] = (double)(gradient[i] * rule->moves[i]) + rule->weight_decay * (double)value[i];
    double s = (double)second[0] + sum_of_squares(columns, g) / (double)rule->moving;
    double size = step->rate / (sqrt(s) + (double)rule->epsilon);
    for (size_t i = 0; i < columns; i++)
        value[i] = (float)((double)value[i] - size * g[i]);
    second[0] = (float)s;
}

/* Without gradient g' = wd * w, so the whole row shrinks by one factor a step, and the accumulator needs no
 * more of the row than its mean square: a gap is a recursion over three scalars. */
MULTIVERSION void row_adagrad_row_gap(const struct row_constants *rule, const struct row_step *steps,
                                      size_t count, float *restrict value, float *restrict second) {
    double w[COLUMNS_MAX];
    size_t columns = whole(rule->columns);
    widen(columns, value, w);
    double mean_square = sum_of_squares(columns, w) / (double)rule->moving;
    double decay = rule->weight_decay, epsilon = (double)rule->epsilon;
    double s = second[0], scale = 1;
    for (size_t t = 0; t < count; t++) {
        s += decay * decay * mean_square * (scale * scale);
        scale -= scale * (steps[t].rate * decay / (sqrt(s) + epsilon));
    }
    for (size_t i = 0; i < columns; i++)
        value[i] = (float)(scale * w[i]);
    second[0] = (float)s;
}
