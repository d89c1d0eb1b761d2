#include "pserver/shard.h"

#include <math.h>
#include <string.h>

#include "core/contract.h"
#include "core/multiversion.h"
#include "pserver/shard_inside.h"

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

static size_t row_floats(const struct shard *shard, struct shard_run run) {
    return (size_t)run.count * shard->stride;
}

size_t shard_run_bytes(const struct shard *shard, uint32_t count) {
    return (size_t)count * (shard->stride + has_sums(shard)) * sizeof(float);
}

void shard_run_read(const struct shard *shard, struct shard_run run, float *bytes) {
    size_t start = start_of(shard, run), floats = row_floats(shard, run);
    memcpy(bytes, shard->values + start, floats * sizeof *bytes);
    for (uint32_t i = 0; has_sums(shard) && i < run.count; i++)
        bytes[floats + i] = shard->second[start + (size_t)i * shard->stride];
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

void shard_run_write(struct shard *shard, struct shard_run run, const float *bytes, double momentum) {
    size_t start = start_of(shard, run), floats = row_floats(shard, run);
    REQUIRE(momentum == 0 || shard->spec.optimiser.kind == OPTIMISER_SGD, "momentum is sgd's");
    if (momentum > 0)
        move_rows(shard->values + start, shard->first + start, bytes, momentum, floats);
    else
        memcpy(shard->values + start, bytes, floats * sizeof *bytes);
    for (uint32_t i = 0; has_sums(shard) && i < run.count; i++)
        shard->second[start + (size_t)i * shard->stride] = bytes[floats + i];
}

uint32_t shard_run_first_bad(const struct shard *shard, struct shard_run run, const float *bytes) {
    const float *sums = bytes + row_floats(shard, run);
    uint32_t bad = shard_first_bad(shard, bytes, run.count);
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
