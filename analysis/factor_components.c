#include "analysis/factor_components.h"

#include "core/memory.h"
#include "model/factors.h"

/* What a decomposition works on, one block. */
struct workspace {
    struct factor_moments moments;
    double *variance;
    double *block; /* owns the above */
};

static bool workspace_take(struct workspace *work, uint32_t factors, uint32_t count, struct status *status) {
    size_t k = factors;
    work->block = memory_take_array(k * k + k + count, sizeof(double), "a decomposition", status);
    if (work->block == NULL)
        return false;
    work->moments = (struct factor_moments){.sum = work->block, .scatter = work->block + k};
    work->variance = work->moments.scatter + k * k;
    return true;
}

static void add_moments(struct factor_moments *moments, const struct model_file *model,
                        const struct selection *fit) {
    uint32_t factors = model->spec.factors;
    size_t stride = factors + 1;
    if (fit == NULL)
        factors_accumulate(model->movie_rows, model->movies, stride, factors, moments);
    for (uint32_t i = 0; fit != NULL && i < fit->count; i++)
        factors_accumulate(model->movie_rows + fit->movies[i] * stride, 1, stride, factors, moments);
}

static bool solve(struct factor_components *components, struct workspace *work,
                  const struct model_file *model, struct status *status) {
    uint32_t factors = model->spec.factors, count = components->count;
    bool is_lesson = components->kind == COMPONENTS_OF_LESSON;
    bool solved = is_lesson ? factors_decompose_lesson(&work->moments, factors, count, components->axes,
                                                       components->share, status)
                            : factors_decompose(&work->moments, factors, count, components->mean,
                                                components->axes, work->variance, components->share, status);
    if (!solved)
        return false;
    factors_project(model->movie_rows, model->movies, factors + 1, factors, count, components->mean,
                    components->axes, components->scores);
    factors_fix_sign(components->scores, model->movies, count, components->axes, factors);
    return true;
}

/* The axes and, unless each movie is centred over its own factors, the mean before them. */
static bool axes_take(struct factor_components *components, uint32_t factors, struct status *status) {
    components->axes =
        memory_take_array(((size_t)components->count + 1) * factors, sizeof(double), "axes", status);
    if (components->axes != NULL && components->kind == COMPONENTS_OVER_MOVIES)
        components->mean = components->axes + (size_t)components->count * factors;
    return components->axes != NULL;
}

bool factor_components_make(struct factor_components *components, const struct model_file *model,
                            enum components_kind kind, uint32_t count, const struct selection *fit,
                            struct status *status) {
    struct workspace work = {0};
    *components = (struct factor_components){.kind = kind, .count = count};
    components->fitted = fit != NULL ? fit->count : model->movies;
    if (count > model->spec.factors)
        return status_fail(status, STATUS_USAGE, "the model has %u factors, so there are no %u components",
                           model->spec.factors, count);
    if (components->fitted < 2)
        return status_fail(status, STATUS_BAD_DATA, "components need at least two movies, and there are %u",
                           components->fitted);
    components->scores =
        memory_take_array((size_t)model->movies * count, sizeof(double), "scores of movies", status);
    components->share = memory_take_array(count, sizeof(double), "shares of the variance", status);
    bool well = components->scores != NULL && components->share != NULL &&
                axes_take(components, model->spec.factors, status) &&
                workspace_take(&work, model->spec.factors, count, status);
    if (well) {
        add_moments(&work.moments, model, fit);
        well = solve(components, &work, model, status);
    }
    memory_release(work.block);
    if (!well)
        factor_components_free(components);
    return well;
}

void factor_components_free(struct factor_components *components) {
    memory_release(components->scores);
    memory_release(components->share);
    memory_release(components->axes);
    *components = (struct factor_components){0};
}
