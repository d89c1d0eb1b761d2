#include "pserver/shard.h"

#include <math.h>
#include <string.h>

#include "core/contract.h"
#include "core/multiversion.h"
#include "proto/rows.h"
#include "pserver/shard_inside.h"

/* Rows in sixteen bits are widened a few at a time, on the stack. */
enum { CHUNK_FLOATS = 4 * (FACTORS_MAX + ROW_LANES) };

static bool has_sums(const struct shard *shard) {
    return shard->spec.optimiser.kind == OPTIMISER_ADAGRAD_ROW;
}

/* Where a run's floats begin in the shard's arrays. */
static size_t start_of(const struct shard *shard, struct shard_run run) {
    uint32_t base = run.table == TABLE_USERS ? 0 : shard->rows[TABLE_USERS];
    REQUIRE(run.first <= shard->rows[run.table] && run.count <= shard->rows[run.table] - run.first,
            "a run lies within its table");
    return ((size_t)base + run.first) * shard->stride;
}

static struct rows_shape shape_of(const struct shard *shard, struct shard_run run) {
    return (struct rows_shape){run.wire, shard->stride, run.count};
}

size_t shard_run_bytes(const struct shard *shard, struct shard_run run) {
    return rows_bytes(shape_of(shard, run)) + has_sums(shard) * run.count * sizeof(float);
}

bool shard_run_check(const struct shard *shard, struct shard_run run, const void *body, size_t bytes,
                     struct status *status) {
    size_t wanted = shard_run_bytes(shard, run);
    if (bytes != wanted)
        return status_fail(status, STATUS_PROTOCOL, "a body of %zu bytes, the run has %u rows in %zu here",
                           bytes, run.count, wanted);
    return rows_check(shape_of(shard, run), body, status);
}

/* Sums lie behind the rows. */
static size_t sums_at(const struct shard *shard, struct shard_run run) {
    return rows_bytes(shape_of(shard, run));
}

void shard_run_read(const struct shard *shard, struct shard_run run, void *body) {
    size_t start = start_of(shard, run);
    float *sums = (float *)(void *)((char *)body + sums_at(shard, run));
    rows_write(shape_of(shard, run), body, 0, run.count, shard->values + start);
    for (uint32_t i = 0; has_sums(shard) && i < run.count; i++)
        sums[i] = shard->second[start + (size_t)i * shard->stride];
}

/* Doubles, rounded once, as everywhere where an optimiser meets a row (model/row_rules.h). */
MULTIVERSION static void move_rows(float *restrict values, float *restrict first,
                                   const float *restrict written, double momentum, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double velocity = momentum * (double)first[i] + ((double)written[i] - (double)values[i]);
        first[i] = (float)velocity;
        values[i] = (float)((double)values[i] + velocity);
    }
}

MULTIVERSION static void push_rows(float *restrict values, float *restrict first,
                                   const float *restrict changes, double momentum, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double velocity = momentum * (double)first[i] + (double)changes[i];
        first[i] = (float)velocity;
        values[i] = (float)((double)values[i] + velocity);
    }
}

MULTIVERSION static void add_changes(float *restrict values, const float *restrict changes, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] += changes[i];
}

static void write_rows(struct shard *shard, size_t start, struct rows_shape shape, const void *body,
                       double momentum) {
    size_t floats = (size_t)shape.count * shape.stride;
    if (momentum > 0)
        move_rows(shard->values + start, shard->first + start, body, momentum, floats);
    else
        memcpy(shard->values + start, body, floats * sizeof(float));
}

static uint32_t chunk_rows(struct rows_shape shape, uint32_t done) {
    uint32_t most = CHUNK_FLOATS / shape.stride, left = shape.count - done;
    return left < most ? left : most;
}

static void write_changes(struct shard *shard, size_t start, struct rows_shape shape, const void *body,
                          double momentum) {
    float changes[CHUNK_FLOATS];
    for (uint32_t done = 0, rows; done < shape.count; done += rows) {
        size_t at = start + (size_t)done * shape.stride;
        rows = chunk_rows(shape, done);
        rows_read(shape, body, done, rows, changes);
        if (momentum > 0)
            push_rows(shard->values + at, shard->first + at, changes, momentum, (size_t)rows * shape.stride);
        else
            add_changes(shard->values + at, changes, (size_t)rows * shape.stride);
    }
}

void shard_run_write(struct shard *shard, struct shard_run run, const void *body, double momentum) {
    size_t start = start_of(shard, run);
    const float *sums = (const float *)(const void *)((const char *)body + sums_at(shard, run));
    if (run.count == 0) /* then there may be no bytes at all */
        return;
    REQUIRE(momentum == 0 || shard->spec.optimiser.kind == OPTIMISER_SGD, "momentum is sgd's");
    if (run.wire == WIRE_FLOAT32)
        write_rows(shard, start, shape_of(shard, run), body, momentum);
    else
        write_changes(shard, start, shape_of(shard, run), body, momentum);
    for (uint32_t i = 0; has_sums(shard) && i < run.count; i++)
        shard->second[start + (size_t)i * shard->stride] = sums[i];
}

static uint32_t first_bad_row(const struct shard *shard, struct rows_shape shape, const void *body) {
    float changes[CHUNK_FLOATS];
    if (shape.format == WIRE_FLOAT32)
        return shard_first_bad(shard, body, shape.count);
    for (uint32_t done = 0, rows; done < shape.count; done += rows) {
        rows = chunk_rows(shape, done);
        rows_read(shape, body, done, rows, changes);
        uint32_t bad = shard_first_bad(shard, changes, rows);
        if (bad != rows)
            return done + bad;
    }
    return shape.count;
}

uint32_t shard_run_first_bad(const struct shard *shard, struct shard_run run, const void *body) {
    const float *sums = (const float *)(const void *)((const char *)body + sums_at(shard, run));
    uint32_t bad = first_bad_row(shard, shape_of(shard, run), body);
    for (uint32_t i = 0; has_sums(shard) && i < bad; i++)
        if (!isfinite(sums[i]) || sums[i] < 0)
            return i;
    return bad;
}

void shard_run_name(const struct shard *shard, struct shard_run run, uint32_t place, char *text,
                    size_t capacity) {
    uint32_t entry = (uint32_t)(start_of(shard, run) / shard->stride) + place;
    shard_name_entry(shard, entry, text, capacity);
}
