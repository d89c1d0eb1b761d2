/* PCA of the movie factors from a table that never lies in one place (SPEC.md 8).
 *
 * Each shard adds up its rows' sum and scatter; the sums are added; the K x K matrix is decomposed once; each shard
 * projects its own rows. Matrices are row-major doubles. */
#ifndef MODEL_FACTORS_H
#define MODEL_FACTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Sums over rows: count, sum[K] and scatter[K*K] = sum of x x^T (not centred). */
struct factor_moments {
    uint64_t count;
    double *sum;
    double *scatter;
};

/* Adds row_count rows of K floats, `stride` floats apart, to moments. */
void factors_accumulate(const float *rows, size_t row_count, size_t stride, uint32_t factors,
                        struct factor_moments *moments);

/* The principal axes of a table. `default`: PCA over movies, z = (E - mean row) Q.
 * mean[K], axes[components][K] (unit length, by falling variance), variance[components] (eigenvalues of the covariance
 * with divisor count-1), share[components] (of the total variance). Signs are provisional: factors_fix_sign. */
bool factors_decompose(const struct factor_moments *moments, uint32_t factors, uint32_t components,
                       double *mean, double *axes, double *variance, double *share, struct status *status);

/* The lesson's way, PCA(n).fit(E.T).components_ of scikit-learn: E.T has K samples of M features; each movie is centred
 * over its own factors; components are unit vectors over movies. From the same moments: the K x K Gram matrix of the
 * centred samples is C^T-side of the same SVD. Gives weights[components][K] such that component c of movie i is
 * sum_k weights[c][k] * (E[i][k] - mean over k of E[i][k]), and share[components]. */
bool factors_decompose_lesson(const struct factor_moments *moments, uint32_t factors, uint32_t components,
                              double *weights, double *share, struct status *status);

/* scores[row][components] = (row - mean) . axes. For the lesson's way pass mean NULL and weights as axes: each row is
 * centred over its own factors instead. */
void factors_project(const float *rows, size_t row_count, size_t stride, uint32_t factors,
                     uint32_t components, const double *mean, const double *axes, double *scores);

/* The sign rule: the score of largest magnitude over all rows is positive (the first such row decides a tie).
 * Flips column c of scores[row_count][components], and axes[c] when given. */
void factors_fix_sign(double *scores, size_t row_count, uint32_t components, double *axes, uint32_t factors);

#endif
