#include "model/factors.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/multiversion.h"
#include "model/spec.h"

/* Scratch for a decomposition: a K x K matrix and its eigenvalues. */
struct eigen {
    double *matrix; /* in: symmetric; out: row i is the eigenvector of values[i] */
    double *values; /* rising */
};

enum { ROWS_AT_ONCE = 4 };

/* Adds four rows to sum and to the upper triangle of scatter. Each number takes them in their order, but is loaded and
 * stored once for all four. */
MULTIVERSION static void add_rows(const double *restrict a, const double *restrict b,
                                  const double *restrict c, const double *restrict d, uint32_t factors,
                                  double *restrict sum, double *restrict scatter) {
    for (uint32_t j = 0; j < factors; j++)
        sum[j] = (((sum[j] + a[j]) + b[j]) + c[j]) + d[j];
    for (uint32_t i = 0; i < factors; i++) {
        double ai = a[i], bi = b[i], ci = c[i], di = d[i];
        size_t line = (size_t)i * factors;
        for (size_t j = i; j < factors; j++)
            scatter[line + j] = (((scatter[line + j] + ai * a[j]) + bi * b[j]) + ci * c[j]) + di * d[j];
    }
}

static void mirror(double *scatter, uint32_t factors) {
    for (size_t i = 0; i < factors; i++)
        for (size_t j = 0; j < i; j++)
            scatter[i * factors + j] = scatter[j * factors + i];
}

void factors_accumulate(const float *rows, size_t row_count, size_t stride, uint32_t factors,
                        struct factor_moments *moments) {
    double x[ROWS_AT_ONCE][FACTORS_MAX];
    for (size_t row = 0; row < row_count; row += ROWS_AT_ONCE) {
        for (size_t r = 0; r < ROWS_AT_ONCE; r++)
            for (uint32_t i = 0; i < factors; i++)
                x[r][i] = row + r < row_count ? rows[(row + r) * stride + i] : 0;
        add_rows(x[0], x[1], x[2], x[3], factors, moments->sum, moments->scatter);
    }
    mirror(moments->scatter, factors);
    moments->count += row_count;
}

static bool eigen_take(struct eigen *eigen, uint32_t factors, struct status *status) {
    eigen->matrix = memory_take_array((size_t)factors * factors, sizeof(double), "a scatter matrix", status);
    eigen->values = memory_take_array(factors, sizeof(double), "eigenvalues", status);
    return eigen->matrix != NULL && eigen->values != NULL;
}

static void eigen_release(struct eigen *eigen) {
    memory_release(eigen->matrix);
    memory_release(eigen->values);
}

/* Decomposes eigen->matrix in place. */
static bool eigen_solve(struct eigen *eigen, uint32_t factors, struct status *status) {
    for (size_t i = 0; i < (size_t)factors * factors; i++)
        if (!isfinite(eigen->matrix[i]))
            return status_fail(status, STATUS_BAD_DATA, "the factors are not finite: training has diverged");
    openblas_set_num_threads(1);
    lapack_int n = (lapack_int)factors;
    /* A symmetric matrix reads the same by columns, and then the eigenvectors come out as rows. */
    if (LAPACKE_dsyev(LAPACK_COL_MAJOR, 'V', 'U', n, eigen->matrix, n, eigen->values) != 0)
        return status_fail(status, STATUS_BUG, "the eigenvalues of a %u x %u matrix did not converge",
                           factors, factors);
    return true;
}

static double sum_of(const double *values, uint32_t count) {
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

/* Scatter around the mean row, sum of (x - mean)(x - mean)^T. */
static void centre_over_rows(const struct factor_moments *moments, uint32_t factors, double *mean,
                             double *matrix) {
    double count = (double)moments->count;
    for (uint32_t i = 0; i < factors; i++)
        mean[i] = moments->sum[i] / count;
    for (uint32_t i = 0; i < factors; i++)
        for (uint32_t j = 0; j < factors; j++) {
            size_t at = (size_t)i * factors + j;
            matrix[at] = moments->scatter[at] - count * mean[i] * mean[j];
        }
}

/* The share of the total that each of the largest eigenvalues has; rounding may leave the smallest below 0.
 */
static void fill_shares(const double *values, uint32_t factors, uint32_t components, double *share) {
    double total = sum_of(values, factors);
    for (uint32_t c = 0; c < components; c++)
        share[c] = total > 0 ? fmax(values[factors - 1 - c], 0) / total : 0;
}

bool factors_decompose(const struct factor_moments *moments, uint32_t factors, uint32_t components,
                       double *mean, double *axes, double *variance, double *share, struct status *status) {
    REQUIRE(components <= factors, "there are at most as many components as factors");
    if (moments->count < 2)
        return status_fail(status, STATUS_BAD_DATA, "components need at least two rows");
    struct eigen eigen;
    bool solved = eigen_take(&eigen, factors, status);
    if (solved) {
        centre_over_rows(moments, factors, mean, eigen.matrix);
        solved = eigen_solve(&eigen, factors, status);
    }
    for (uint32_t c = 0; solved && c < components; c++) {
        size_t from = factors - 1 - c;
        memcpy(axes + (size_t)c * factors, eigen.matrix + from * factors, factors * sizeof *axes);
        variance[c] = fmax(eigen.values[from], 0) / (double)(moments->count - 1);
    }
    if (solved)
        fill_shares(eigen.values, factors, components, share);
    eigen_release(&eigen);
    return solved;
}

/* H S H with H = I - 11^T/K: the Gram matrix of the K samples of E.T after each movie is centred over its
 * factors. row_mean[K] is scratch. */
static void centre_over_factors(const double *scatter, uint32_t factors, double *row_mean, double *matrix) {
    for (uint32_t i = 0; i < factors; i++)
        row_mean[i] = sum_of(scatter + (size_t)i * factors, factors) / factors;
    double mean = sum_of(row_mean, factors) / factors;
    for (uint32_t i = 0; i < factors; i++)
        for (uint32_t j = 0; j < factors; j++) {
            size_t at = (size_t)i * factors + j;
            matrix[at] = scatter[at] - row_mean[i] - row_mean[j] + mean;
        }
}

bool factors_decompose_lesson(const struct factor_moments *moments, uint32_t factors, uint32_t components,
                              double *weights, double *share, struct status *status) {
    /* Centred samples have one dimension less; below this share of the total an eigenvalue is rounding. */
    static const double NOTHING = 1e-13;
    REQUIRE(components <= factors, "there are at most as many components as factors");
    if (moments->count < 1)
        return status_fail(status, STATUS_BAD_DATA, "components need at least one row");
    struct eigen eigen;
    bool solved = eigen_take(&eigen, factors, status);
    if (solved) {
        centre_over_factors(moments->scatter, factors, eigen.values, eigen.matrix);
        solved = eigen_solve(&eigen, factors, status);
    }
    if (solved)
        fill_shares(eigen.values, factors, components, share);
    for (uint32_t c = 0; solved && c < components; c++) {
        size_t from = factors - 1 - c;
        double scale = share[c] > NOTHING ? 1 / sqrt(eigen.values[from]) : 0;
        for (uint32_t k = 0; k < factors; k++)
            weights[(size_t)c * factors + k] = scale * eigen.matrix[from * factors + k];
    }
    eigen_release(&eigen);
    return solved;
}

void factors_project(const float *rows, size_t row_count, size_t stride, uint32_t factors,
                     uint32_t components, const double *mean, const double *axes, double *scores) {
    for (size_t row = 0; row < row_count; row++) {
        const float *x = rows + row * stride;
        double own = 0;
        for (uint32_t k = 0; mean == NULL && k < factors; k++)
            own += (double)x[k] / factors;
        for (uint32_t c = 0; c < components; c++) {
            const double *axis = axes + (size_t)c * factors;
            double score = 0;
            for (uint32_t k = 0; k < factors; k++)
                score += ((double)x[k] - (mean == NULL ? own : mean[k])) * axis[k];
            scores[row * components + c] = score;
        }
    }
}

static void negate(double *values, size_t count, size_t step) {
    for (size_t i = 0; i < count; i++)
        values[i * step] = -values[i * step];
}

void factors_fix_sign(double *scores, size_t row_count, uint32_t components, double *axes, uint32_t factors) {
    for (uint32_t c = 0; c < components; c++) {
        double largest = 0;
        for (size_t row = 0; row < row_count; row++)
            if (fabs(scores[row * components + c]) > fabs(largest))
                largest = scores[row * components + c];
        if (largest >= 0)
            continue;
        negate(scores + c, row_count, components);
        if (axes != NULL)
            negate(axes + (size_t)c * factors, factors, 1);
    }
}
