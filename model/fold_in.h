/* A new user's row against movies that stand still: the row w = (p, b) that minimises
 *     F(w) = sum over ratings of (r^ - r)^2 + l2 * (|p|^2 + b^2)
 * with r^ as in model/spec.h. Without a range r^ is linear in w, and this is ridge regression: with a = (q, 1)
 * and y = r - c - mean it is one solve, (sum a a^T + l2 I) w = sum a y (Hoerl and Kennard 1970, eq. 2.1). With a
 * range it is solved by Newton's steps, w <- w - t H^-1 g. With s = sigmoid(z), the range's width h and
 * d = h s (1 - s), e = r^ - r:
 *     g = 2 (sum e d a + l2 w),    H = 2 (sum (d^2 + e d (1 - 2 s)) a a^T + l2 I).
 * Where H is not positive definite the Gauss-Newton matrix, without its second term, stands in; t is halved
 * until F falls enough (Armijo). Nocedal and Wright 2006, Numerical Optimization, sections 3.1, 3.4 and 10.3.
 * The start is w = 0, which is what is said of an unknown user; F then may have other minima, too.
 *
 * F with l2 = N wd / 2 has its minimum where training stands still: there the mean of the minibatches'
 * gradients, (2 / N) sum e d a over the user's ratings, and the decay wd w cancel; N is the number of all
 * training ratings. All sums are doubles, in the order of the ratings. */
#ifndef MODEL_FOLD_IN_H
#define MODEL_FOLD_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "model/spec.h"

struct fold_in_rating {
    const float *movie; /* [factors + 1]: q and c; borrowed */
    float value;
};

struct fold_in_problem {
    const struct model_spec *spec;
    const struct fold_in_rating *ratings;
    size_t count; /* > 0 */
    double l2;    /* > 0, finite */
};

/* F(w) of row[factors + 1]; *squared, unless NULL, gets its first sum alone. Without biases row[factors] takes
 * no part. */
double fold_in_loss(const struct fold_in_problem *problem, const double *row, double *squared);

/* Writes g[factors + 1]; its last entry is 0 without biases. */
void fold_in_gradient(const struct fold_in_problem *problem, const double *row, double *gradient);

enum { FOLD_IN_STEPS_MAX = 200 };

struct fold_in_solution {
    double loss, squared; /* at the end */
    double gradient;      /* |g| there */
    unsigned steps;       /* solved systems: 1 without a range */
};

/* Writes the minimising row[factors + 1]; row[factors] is 0 without biases. Ends when |g| is a 1e-10th of what
 * it was at the start, or when doubles can make F no smaller. STATUS_BAD_DATA when there is no finite solution
 * or the steps do not suffice; STATUS_NO_MEMORY. */
bool fold_in_solve(const struct fold_in_problem *problem, double *row, struct fold_in_solution *solution,
                   struct status *status);

#endif
