#include "blocked_trainer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/memory.h"
#include "journey.h"
#include "model/dot_bias.h"
#include "model/start.h"

static void *take(size_t count, size_t size) {
    struct status status;
    void *block = memory_take_array(count, size, "a blocked trainer", &status);
    assert_non_null(block);
    return block;
}

static struct blocked_table table_new(const struct model_spec *model, enum table_id table, uint32_t rows) {
    size_t stride = row_stride(model->factors);
    struct blocked_table made = {.rows = rows,
                                 .values = take(rows * stride, sizeof(float)),
                                 .velocity = take(rows * stride, sizeof(float)),
                                 .sums = take(rows, sizeof(float))};
    memset(made.velocity, 0, rows * stride * sizeof(float));
    memset(made.sums, 0, rows * sizeof(float));
    for (uint32_t row = 0; row < rows; row++)
        start_row(model, table, row, made.values + row * stride);
    return made;
}

struct blocked_trainer blocked_trainer_new(const struct blocked_rule *rule, const struct blocks *blocks) {
    return (struct blocked_trainer){.rule = *rule,
                                    .blocks = blocks,
                                    .tables = {table_new(&rule->model, TABLE_USERS, blocks->users),
                                               table_new(&rule->model, TABLE_MOVIES, blocks->movies)}};
}

void blocked_trainer_free(struct blocked_trainer *trainer) {
    for (int table = 0; table < TABLE_COUNT; table++) {
        memory_release(trainer->tables[table].values);
        memory_release(trainer->tables[table].velocity);
        memory_release(trainer->tables[table].sums);
    }
}

/* ---- one rating: the formulas and the order of sums that model/block.h promises ---- */

static float dot(const float *a, const float *b, uint32_t factors) {
    float lanes[16] = {0};
    for (uint32_t k = 0; k < factors; k++)
        lanes[k % 16] += a[k] * b[k];
    for (uint32_t half = 8; half >= 1; half /= 2)
        for (uint32_t i = 0; i < half; i++)
            lanes[i] += lanes[i + half];
    return lanes[0];
}

/* e; *pull gets e * dr^/dz. */
static double error_of(const struct model_spec *model, float z, float rating, float *pull) {
    double low = (double)model->range_low, span = (double)model->range_high - low;
    if (!model->has_range) {
        *pull = z - rating;
        return (double)*pull;
    }
    double s = dot_bias_sigmoid((double)z), error = (low + span * s) - (double)rating;
    *pull = (float)(error * (span * s * (1 - s)));
    return error;
}

/* Of the two rows' step sizes, that of the first; its sum grows. */
static float rate_of(const struct blocked_rule *rule, float rate, const float *own, const float *other,
                     float h, float *sum) {
    uint32_t factors = rule->model.factors;
    float moves = rule->model.has_bias ? 1 : 0, decay = rule->decay;
    if (!rule->adagrad)
        return rate;
    float squares = h * h * dot(other, other, factors) + 2 * h * decay * dot(own, other, factors) +
                    decay * decay * dot(own, own, factors);
    float of_bias = h * moves + decay * own[factors];
    *sum += 1 / ((float)factors + moves) * ((squares > 0 ? squares : 0) + of_bias * of_bias);
    return rate / (sqrtf(*sum) + rule->epsilon);
}

static double visit(const struct blocked_rule *rule, float rate, float *p, float *p_sum, float *q,
                    float *q_sum, float rating) {
    uint32_t factors = rule->model.factors;
    float h, z = dot(p, q, factors) + (p[factors] + q[factors]) + rule->model.mean;
    double error = error_of(&rule->model, z, rating, &h);
    float x = rate_of(rule, rate, p, q, h, p_sum), y = rate_of(rule, rate, q, p, h, q_sum);
    for (uint32_t k = 0; k < factors; k++) {
        float before = p[k];
        p[k] = p[k] * (1 - x * rule->decay) - q[k] * (x * h);
        q[k] = q[k] * (1 - y * rule->decay) - before * (y * h);
    }
    if (rule->model.has_bias) {
        p[factors] = p[factors] * (1 - x * rule->decay) - x * h;
        q[factors] = q[factors] * (1 - y * rule->decay) - y * h;
    }
    return error * error;
}

/* ---- a block, and the rounds ---- */

static double visit_all(struct blocked_trainer *trainer, uint32_t part, uint32_t stratum, float rate,
                        uint64_t *count) {
    const struct blocks *blocks = trainer->blocks;
    struct blocked_table *users = &trainer->tables[TABLE_USERS], *movies = &trainer->tables[TABLE_MOVIES];
    struct block block = blocks_at(blocks, part, stratum);
    size_t stride = row_stride(trainer->rule.model.factors);
    double squared = 0;
    for (uint32_t i = 0; i < block.count; i++) {
        size_t user = blocks->part_starts[part] + block.users[i];
        size_t movie = blocks->stratum_starts[stratum] + block.movies[i];
        squared +=
            visit(&trainer->rule, rate, users->values + user * stride, users->sums + user,
                  movies->values + movie * stride, movies->sums + movie, blocks->values[block.codes[i]]);
    }
    *count += block.count;
    return squared;
}

/* The visit moved the stratum from `before` to where it is: its velocity takes that in, and moves it in its place. */
static void carry_on(float *values, float *velocity, const float *before, size_t count, double momentum) {
    for (size_t i = 0; i < count; i++) {
        double moved = momentum * (double)velocity[i] + ((double)values[i] - (double)before[i]);
        velocity[i] = (float)moved;
        values[i] = (float)((double)before[i] + moved);
    }
}

/* In sixteen bits: the rows are those before, moved by what came back of the visit's changes. */
static void take_changes(const struct blocked_rule *rule, float *values, float *velocity, const float *before,
                         const float *pulled, size_t rows, size_t stride, double momentum) {
    for (size_t i = 0; i < rows * stride; i++)
        values[i] -= pulled[i];
    journey(rule->wire, values, rows, stride);
    for (size_t i = 0; i < rows * stride; i++) {
        double moved = momentum * (double)velocity[i] + (double)values[i];
        velocity[i] = momentum > 0 ? (float)moved : velocity[i];
        values[i] = (float)((double)before[i] + moved);
    }
}

static double walk_rounded(struct blocked_trainer *trainer, uint32_t part, uint32_t stratum,
                           struct step_rate rate, uint64_t *count) {
    const uint32_t *starts = trainer->blocks->stratum_starts + stratum;
    size_t stride = row_stride(trainer->rule.model.factors), rows = starts[1] - starts[0];
    float *values = trainer->tables[TABLE_MOVIES].values + starts[0] * stride;
    float *velocity = trainer->tables[TABLE_MOVIES].velocity + starts[0] * stride;
    float *before = take(rows * stride, sizeof *before), *pulled = take(rows * stride, sizeof *pulled);
    memcpy(before, values, rows * stride * sizeof *before);
    journey(trainer->rule.wire, values, rows, stride);
    memcpy(pulled, values, rows * stride * sizeof *pulled);
    double squared = visit_all(trainer, part, stratum, (float)rate.learning_rate, count);
    take_changes(&trainer->rule, values, velocity, before, pulled, rows, stride,
                 trainer->rule.adagrad ? 0 : rate.momentum);
    memory_release(before);
    memory_release(pulled);
    return squared;
}

static double walk_block(struct blocked_trainer *trainer, uint32_t part, uint32_t stratum,
                         struct step_rate rate, uint64_t *count) {
    const uint32_t *starts = trainer->blocks->stratum_starts + stratum;
    size_t stride = row_stride(trainer->rule.model.factors);
    if (trainer->rule.wire != WIRE_FLOAT32)
        return walk_rounded(trainer, part, stratum, rate, count);
    size_t first = starts[0] * stride, floats = (starts[1] - starts[0]) * stride;
    struct blocked_table *movies = &trainer->tables[TABLE_MOVIES];
    float *before = take(floats, sizeof *before);
    memcpy(before, movies->values + first, floats * sizeof *before);
    double squared = visit_all(trainer, part, stratum, (float)rate.learning_rate, count);
    if (!trainer->rule.adagrad && rate.momentum > 0)
        carry_on(movies->values + first, movies->velocity + first, before, floats, rate.momentum);
    memory_release(before);
    return squared;
}

/* In the first epoch queues of sixteen parts and more begin apart from each other. */
static uint64_t queue_start(uint32_t part, uint32_t parts, uint32_t strata) {
    uint64_t queues = parts / 16 < strata / parts ? parts / 16 : strata / parts;
    return queues < 2 ? 0 : part * queues / parts * strata / queues;
}

void blocked_trainer_epoch(struct blocked_trainer *trainer, uint32_t epoch) {
    uint32_t parts = trainer->blocks->parts, strata = trainer->blocks->strata;
    double *squared = take(parts, sizeof *squared), sum = 0;
    uint64_t count = 0;
    memset(squared, 0, parts * sizeof *squared);
    for (uint64_t round = (uint64_t)epoch * strata; round < (epoch + UINT64_C(1)) * strata; round++) {
        struct step_rate rate = schedule_rate(&trainer->rule.schedule, strata, NULL, round);
        for (uint32_t part = 0; part < parts; part++) {
            uint64_t start = epoch == 0 ? queue_start(part, parts, strata) : (uint64_t)part * strata / parts;
            squared[part] += walk_block(trainer, part, (uint32_t)((start + round) % strata), rate, &count);
        }
    }
    for (uint32_t part = 0; part < parts; part++)
        sum += squared[part];
    trainer->train_loss = sum / (double)count;
    memory_release(squared);
}

uint64_t blocked_trainer_digest(const struct blocked_trainer *trainer) {
    const struct model_spec *model = &trainer->rule.model;
    uint64_t digest = 0;
    for (uint64_t table = 0; table < TABLE_COUNT; table++)
        for (uint32_t row = 0; row < trainer->tables[table].rows; row++)
            digest += hash_bytes(trainer->tables[table].values + (size_t)row * row_stride(model->factors),
                                 (model->factors + 1) * sizeof(float), table << 32 | row);
    return digest;
}
