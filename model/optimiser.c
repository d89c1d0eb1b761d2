#include "model/optimiser.h"

#include <math.h>
#include <stddef.h>

#include "core/contract.h"
#include "core/memory.h"
#include "model/decay_path.h"
#include "model/row_rules.h"

enum { WINDOW_LEVELS = 13, COLUMNS_MAX = (FACTORS_MAX / ROW_LANES + 1) * ROW_LANES };
_Static_assert(OPTIMISER_WINDOW == 1 << WINDOW_LEVELS, "the window is a power of two");

struct optimiser {
    struct optimiser_spec spec;
    struct row_constants rule;
    uint64_t next_step;       /* the step that the next open will name */
    uint64_t history_start;   /* the first step whose rates are still known */
    struct row_step *steps;   /* [OPTIMISER_WINDOW], by step modulo the window */
    struct step_rate *rates;  /* the same steps, as they were opened */
    struct decay_path *path;  /* dense sgd only */
    float moves[COLUMNS_MAX]; /* what rule.moves points to */
};

unsigned optimiser_needs(const struct optimiser_spec *spec) {
    switch (spec->kind) {
    case OPTIMISER_SGD:
        return OPTIMISER_NEEDS_FIRST;
    case OPTIMISER_ADAM:
    case OPTIMISER_ADAMW:
        return OPTIMISER_NEEDS_FIRST | OPTIMISER_NEEDS_SECOND;
    case OPTIMISER_ADAGRAD:
    case OPTIMISER_ADAGRAD_ROW:
        return OPTIMISER_NEEDS_SECOND;
    }
    REQUIRE(false, "an optimiser has a known kind");
    return 0;
}

static void set_rule(struct optimiser *optimiser, const struct model_spec *model) {
    const struct optimiser_spec *spec = &optimiser->spec;
    size_t moving = model->factors + (model->has_bias ? 1 : 0);
    for (size_t column = 0; column < moving; column++)
        optimiser->moves[column] = 1;
    optimiser->rule = (struct row_constants){
        .columns = row_stride(model->factors),
        .moving = moving,
        .moves = optimiser->moves,
        .weight_decay = spec->kind == OPTIMISER_ADAMW ? 0 : spec->weight_decay,
        .beta2 = spec->beta2,
        .epsilon = (float)spec->epsilon,
    };
}

struct optimiser *optimiser_new(const struct optimiser_spec *spec, const struct model_spec *model,
                                uint64_t first_step, struct status *status) {
    REQUIRE(model->factors >= 1 && model->factors <= FACTORS_MAX, "the number of factors is within bounds");
    struct optimiser *optimiser = memory_take(sizeof *optimiser, "an optimiser", status);
    if (optimiser == NULL)
        return NULL;
    optimiser->spec = *spec;
    optimiser->next_step = optimiser->history_start = first_step;
    set_rule(optimiser, model);
    optimiser->steps =
        memory_take_array(OPTIMISER_WINDOW, sizeof *optimiser->steps, "the rates of past steps", status);
    optimiser->rates =
        memory_take_array(OPTIMISER_WINDOW, sizeof *optimiser->rates, "the rates of past steps", status);
    bool complete = optimiser->steps != NULL && optimiser->rates != NULL;
    if (complete && spec->kind == OPTIMISER_SGD && spec->decay == DECAY_DENSE) {
        optimiser->path = decay_path_new(WINDOW_LEVELS, status);
        complete = optimiser->path != NULL;
    }
    if (complete)
        return optimiser;
    optimiser_free(optimiser);
    return NULL;
}

void optimiser_free(struct optimiser *optimiser) {
    if (optimiser == NULL)
        return;
    decay_path_free(optimiser->path);
    memory_release(optimiser->steps);
    memory_release(optimiser->rates);
    memory_release(optimiser);
}

uint64_t optimiser_step(const struct optimiser *optimiser) {
    return optimiser->next_step;
}

bool optimiser_window_full(const struct optimiser *optimiser) {
    return optimiser->next_step % OPTIMISER_WINDOW == 0 && optimiser->next_step != optimiser->history_start;
}

uint64_t optimiser_window_first(const struct optimiser *optimiser) {
    return optimiser->history_start;
}

struct step_rate optimiser_rate(const struct optimiser *optimiser, uint64_t step) {
    REQUIRE(step >= optimiser->history_start && step < optimiser->next_step, "a step is one of the history");
    return optimiser->rates[step % OPTIMISER_WINDOW];
}

void optimiser_window_restart(struct optimiser *optimiser) {
    optimiser->history_start = optimiser->next_step;
}

/* base^exponent by squaring: unlike libm's pow the same bits everywhere. */
static double power(double base, uint64_t exponent) {
    double result = 1;
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1)
            result *= base;
        base *= base;
    }
    return result;
}

static struct row_step step_of(const struct optimiser_spec *spec, struct step_rate rate, uint64_t count) {
    struct row_step step = {.rate = rate.learning_rate, .momentum = rate.momentum};
    if (spec->kind == OPTIMISER_ADAMW)
        step.shrink = rate.learning_rate * spec->weight_decay;
    if (spec->kind == OPTIMISER_ADAM || spec->kind == OPTIMISER_ADAMW) {
        step.rate = rate.learning_rate / (1 - power(rate.momentum, count));
        step.root = 1 / sqrt(1 - power(spec->beta2, count));
    }
    return step;
}

/* A step of sgd without gradient: g' = wd*w, v' = mom*v + g', w' = w - lr * (v', or with nesterov g' +
 * mom*v'). */
static struct decay_matrix matrix_of(const struct optimiser_spec *spec, struct step_rate rate) {
    double lr = rate.learning_rate, mom = rate.momentum, wd = spec->weight_decay;
    struct decay_matrix matrix = {.ww = 1 - lr * wd, .wv = -lr * mom, .vw = wd, .vv = mom};
    if (spec->nesterov) {
        matrix.ww = 1 - lr * wd * (1 + mom);
        matrix.wv = -lr * mom * mom;
    }
    return matrix;
}

void optimiser_open(struct optimiser *optimiser, struct step_rate rate) {
    REQUIRE(!optimiser_window_full(optimiser), "all rows are swept before a new window begins");
    uint32_t index = (uint32_t)(optimiser->next_step % OPTIMISER_WINDOW);
    optimiser->next_step++;
    optimiser->rates[index] = rate;
    optimiser->steps[index] = step_of(&optimiser->spec, rate, optimiser->next_step);
    if (optimiser->path != NULL)
        decay_path_set(optimiser->path, index, matrix_of(&optimiser->spec, rate));
}

static bool all_zero(const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0)
            return false;
    return true;
}

/* Whether a gap leaves the row as it is: adagrad without decay, adam without decay where no gradient has come
 * yet. */
static bool stands_still(const struct optimiser *optimiser, struct row_state row) {
    if (optimiser->spec.weight_decay != 0)
        return false;
    switch (optimiser->spec.kind) {
    case OPTIMISER_SGD:
        return false;
    case OPTIMISER_ADAM:
    case OPTIMISER_ADAMW:
        return all_zero(row.first, optimiser->rule.columns) && all_zero(row.second, optimiser->rule.columns);
    case OPTIMISER_ADAGRAD:
    case OPTIMISER_ADAGRAD_ROW:
        return true;
    }
    return false;
}

/* Steps from .. to - 1 of the window, without gradient. */
static void cross_gap(const struct optimiser *optimiser, struct row_state row, uint32_t from, uint32_t to) {
    const struct row_constants *rule = &optimiser->rule;
    const struct row_step *steps = &optimiser->steps[from];
    switch (optimiser->spec.kind) {
    case OPTIMISER_SGD: {
        struct decay_matrix matrix = decay_path_between(optimiser->path, from, to);
        row_linear(rule->columns, &matrix, row.value, row.first);
        break;
    }
    case OPTIMISER_ADAM:
    case OPTIMISER_ADAMW:
        row_adam_gap(rule, steps, to - from, row.value, row.first, row.second);
        break;
    case OPTIMISER_ADAGRAD:
        row_adagrad_gap(rule, steps, to - from, row.value, row.second);
        break;
    case OPTIMISER_ADAGRAD_ROW:
        row_adagrad_row_gap(rule, steps, to - from, row.value, row.second);
        break;
    }
}

void optimiser_catch_up_at(const struct optimiser *optimiser, float *value, float *first, float *second,
                           uint64_t *next_step, uint64_t step) {
    struct row_state row = {value, first, second, next_step};
    uint64_t from = *next_step;
    REQUIRE(step <= optimiser->next_step, "a row is caught up with steps that have been opened");
    if (optimiser->spec.decay == DECAY_DENSE) {
        REQUIRE(from >= optimiser->history_start, "the rates of the missed steps are still known");
        uint64_t window = from - from % OPTIMISER_WINDOW;
        if (!stands_still(optimiser, row))
            cross_gap(optimiser, row, (uint32_t)(from - window), (uint32_t)(step - window));
    }
    *next_step = step;
}

void optimiser_apply_at(const struct optimiser *optimiser, float *value, float *first, float *second,
                        uint64_t *next_step, const float *gradient) {
    REQUIRE(*next_step + 1 == optimiser->next_step, "a row is up to date for the opened step");
    const struct row_constants *rule = &optimiser->rule;
    const struct row_step *step = &optimiser->steps[*next_step % OPTIMISER_WINDOW];
    switch (optimiser->spec.kind) {
    case OPTIMISER_SGD: {
        double fresh = optimiser->spec.nesterov ? 1 : 0,
               carry = optimiser->spec.nesterov ? step->momentum : 1;
        row_sgd(rule, step, fresh, carry, value, first, gradient);
        break;
    }
    case OPTIMISER_ADAM:
    case OPTIMISER_ADAMW:
        row_adam(rule, step, value, first, second, gradient);
        break;
    case OPTIMISER_ADAGRAD:
        row_adagrad(rule, step, value, second, gradient);
        break;
    case OPTIMISER_ADAGRAD_ROW:
        row_adagrad_row(rule, step, value, second, gradient);
        break;
    }
    *next_step += 1;
}
