#include "model/fold_in.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/multiversion.h"
#include "model/dot_bias.h"

/* The columns that are solved for: the bias is one where the model has it. */
static uint32_t columns_of(const struct fold_in_problem *problem) {
    return problem->spec->factors + (problem->spec->has_bias ? 1 : 0);
}

/* A rating's error and what it says of the slope: e, dr^/dz and d2r^/dz2. */
struct point {
    double error, slope, bend;
};

static struct point look(const struct fold_in_problem *problem, const struct fold_in_rating *rating,
                         const double *row) {
    const struct model_spec *spec = problem->spec;
    double z = (double)rating->movie[spec->factors] + (double)spec->mean;
    for (uint32_t k = 0; k < spec->factors; k++)
        z += row[k] * (double)rating->movie[k];
    z += spec->has_bias ? row[spec->factors] : 0;
    if (!spec->has_range)
        return (struct point){z - (double)rating->value, 1, 0};
    double span = (double)spec->range_high - (double)spec->range_low, s = dot_bias_sigmoid(z);
    double slope = span * s * (1 - s);
    return (struct point){(double)spec->range_low + span * s - (double)rating->value, slope,
                          slope * (1 - 2 * s)};
}

double fold_in_loss(const struct fold_in_problem *problem, const double *row, double *squared) {
    double errors = 0, squares = 0;
    for (size_t i = 0; i < problem->count; i++) {
        double error = look(problem, &problem->ratings[i], row).error;
        errors += error * error;
    }
    for (uint32_t k = 0; k < columns_of(problem); k++)
        squares += row[k] * row[k];
    if (squared != NULL)
        *squared = errors;
    return errors + problem->l2 * squares;
}

void fold_in_gradient(const struct fold_in_problem *problem, const double *row, double *gradient) {
    uint32_t columns = columns_of(problem);
    memset(gradient, 0, (problem->spec->factors + 1) * sizeof *gradient);
    for (size_t i = 0; i < problem->count; i++) {
        struct point point = look(problem, &problem->ratings[i], row);
        double pull = 2 * point.error * point.slope;
        for (uint32_t k = 0; k < problem->spec->factors; k++)
            gradient[k] += pull * (double)problem->ratings[i].movie[k];
        gradient[problem->spec->factors] += problem->spec->has_bias ? pull : 0;
    }
    for (uint32_t k = 0; k < columns; k++)
        gradient[k] += 2 * problem->l2 * row[k];
}

/* One solver's scratch, in one piece. */
struct solver {
    const struct fold_in_problem *problem;
    double *gradient, *step, *trial, *input; /* [factors + 1] each */
    double *matrix;                          /* [columns][columns] */
};

/* matrix += weight a a^T, its upper half. */
MULTIVERSION static void add_outer(double *matrix, const double *input, uint32_t columns, double weight) {
    for (uint32_t j = 0; j < columns; j++) {
        double left = weight * input[j];
        for (uint32_t k = j; k < columns; k++)
            matrix[(size_t)j * columns + k] += left * input[k];
    }
}

/* The upper half of H, or of its Gauss-Newton part. */
static void curvature(struct solver *solver, const double *row, bool is_whole) {
    const struct fold_in_problem *problem = solver->problem;
    uint32_t columns = columns_of(problem), factors = problem->spec->factors;
    memset(solver->matrix, 0, (size_t)columns * columns * sizeof *solver->matrix);
    solver->input[factors] = 1;
    for (size_t i = 0; i < problem->count; i++) {
        struct point point = look(problem, &problem->ratings[i], row);
        for (uint32_t k = 0; k < factors; k++)
            solver->input[k] = (double)problem->ratings[i].movie[k];
        add_outer(solver->matrix, solver->input, columns,
                  2 * (point.slope * point.slope + (is_whole ? point.error * point.bend : 0)));
    }
    for (uint32_t k = 0; k < columns; k++)
        solver->matrix[(size_t)k * columns + k] += 2 * problem->l2;
}

/* step = H^-1 g. */
static bool solve(struct solver *solver, const double *row) {
    uint32_t columns = columns_of(solver->problem);
    for (int is_whole = 1; is_whole >= 0; is_whole--) {
        memcpy(solver->step, solver->gradient, columns * sizeof *solver->step);
        curvature(solver, row, is_whole != 0);
        if (LAPACKE_dposv(LAPACK_ROW_MAJOR, 'U', (lapack_int)columns, 1, solver->matrix, (lapack_int)columns,
                          solver->step, 1) == 0)
            return true;
    }
    return false;
}

static double product(const double *a, const double *b, uint32_t count) {
    double sum = 0;
    for (uint32_t k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

/* Moves the row down its step, and *loss with it; false when no part of the step makes F smaller. */
static bool descend(struct solver *solver, double *row, double *loss) {
    static const double ENOUGH = 1e-4;
    uint32_t columns = columns_of(solver->problem);
    double slope = product(solver->gradient, solver->step, columns);
    for (double part = 1; part > 0x1p-40; part /= 2) {
        for (uint32_t k = 0; k < columns; k++)
            solver->trial[k] = row[k] - part * solver->step[k];
        double found = fold_in_loss(solver->problem, solver->trial, NULL);
        if (found < *loss && found <= *loss - ENOUGH * part * slope) {
            memcpy(row, solver->trial, columns * sizeof *row);
            *loss = found;
            return true;
        }
    }
    return false;
}

/* A step that is lost in F's rounding still brings the row nearer to where the gradient is 0. */
static void polish(struct solver *solver, double *row, double gradient) {
    const struct fold_in_problem *problem = solver->problem;
    uint32_t columns = columns_of(problem);
    for (uint32_t k = 0; k < columns; k++)
        solver->trial[k] = row[k] - solver->step[k];
    fold_in_gradient(problem, solver->trial, solver->gradient);
    if (sqrt(product(solver->gradient, solver->gradient, columns)) < gradient)
        memcpy(row, solver->trial, columns * sizeof *row);
}

/* Newton from row = 0; false when it does not get there. */
static bool iterate(struct solver *solver, double *row, unsigned *steps) {
    const struct fold_in_problem *problem = solver->problem;
    uint32_t columns = columns_of(problem);
    double loss = fold_in_loss(problem, row, NULL), enough = 0;
    for (*steps = 0; *steps < FOLD_IN_STEPS_MAX; ++*steps) {
        fold_in_gradient(problem, row, solver->gradient);
        double length = sqrt(product(solver->gradient, solver->gradient, columns));
        if (*steps == 0)
            enough = 1e-10 * length;
        if (length <= enough)
            return true;
        if (!isfinite(length) || !solve(solver, row))
            return false;
        if (!descend(solver, row, &loss)) {
            polish(solver, row, length);
            return true;
        }
    }
    return false;
}

bool fold_in_solve(const struct fold_in_problem *problem, double *row, struct fold_in_solution *solution,
                   struct status *status) {
    size_t columns = problem->spec->factors + 1;
    REQUIRE(problem->count > 0 && problem->l2 > 0, "a row is solved for from ratings and a penalty");
    double *scratch =
        memory_take_array(columns * (columns + 4), sizeof *scratch, "the solver of a row", status);
    if (scratch == NULL)
        return false;
    struct solver solver = {problem,
                            scratch,
                            scratch + columns,
                            scratch + 2 * columns,
                            scratch + 3 * columns,
                            scratch + 4 * columns};
    memset(row, 0, columns * sizeof *row);
    bool solved = iterate(&solver, row, &solution->steps);
    if (solved) {
        solution->loss = fold_in_loss(problem, row, &solution->squared);
        fold_in_gradient(problem, row, solver.gradient);
        solution->gradient = sqrt(product(solver.gradient, solver.gradient, columns_of(problem)));
    }
    memory_release(scratch);
    if (solved && isfinite(solution->loss))
        return true;
    return status_fail(status, STATUS_BAD_DATA, "no row fits these ratings: the numbers are too large");
}
