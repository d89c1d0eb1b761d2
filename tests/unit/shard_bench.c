#include "tests/unit/shard_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/rng.h"
#include "model/start.h"

static const struct model_spec MODEL = {
    .factors = FACTORS, .has_bias = true, .init = INIT_SYMMETRIC, .init_scale = 0.1f, .seed = 3};

enum table_id bench_table(uint32_t row) {
    return row < USERS ? TABLE_USERS : TABLE_MOVIES;
}

uint32_t bench_number(uint32_t row) {
    return row < USERS ? row : row - USERS;
}

struct row_state tables_state(struct tables *tables, uint32_t row) {
    return (struct row_state){tables->values[row], tables->first[row], tables->second[row],
                              &tables->next_step[row]};
}

void tables_open(struct tables *tables, const struct optimiser_spec *spec) {
    struct status status;
    memset(tables, 0, sizeof *tables);
    tables->optimiser = optimiser_new(spec, &MODEL, 0, &status);
    assert_non_null(tables->optimiser);
    for (uint32_t row = 0; row < ROWS; row++)
        start_row(&MODEL, bench_table(row), bench_number(row), tables->values[row]);
}

struct shard_spec bench_shard_spec(const struct optimiser_spec *optimiser, uint32_t index, uint32_t shards) {
    return (struct shard_spec){.model = MODEL,
                               .optimiser = *optimiser,
                               .index = index,
                               .shards = shards,
                               .users = USERS,
                               .movies = MOVIES,
                               .lanes = LANES,
                               .lane_rows = ROWS};
}

struct shard *bench_shard(const struct optimiser_spec *optimiser, uint32_t index, uint32_t shards) {
    struct status status;
    struct shard_spec spec = bench_shard_spec(optimiser, index, shards);
    struct shard *shard = shard_new(&spec, &status);
    assert_non_null(shard);
    return shard;
}

static bool is_pushed(uint64_t step, uint32_t lane, uint32_t row) {
    return rng_bits(step, lane, row) % 4 == 0;
}

/* A pull brings a row up to date, so whole tables and shards must see the same ones to end with the same bits. */
static bool is_pulled(uint64_t step, uint32_t user) {
    return (user + step) % 3 == 0;
}

static void gradient_of(uint64_t step, uint32_t lane, uint32_t row, float *gradient) {
    memset(gradient, 0, STRIDE * sizeof *gradient);
    for (uint32_t k = 0; k <= FACTORS; k++)
        gradient[k] = (float)(rng_unit(step, 100 + lane, row * STRIDE + k) - 0.5);
}

static struct step_rate rate_of(uint64_t step) {
    return (struct step_rate){0.05 + 0.01 * (double)(step % 3), step % 2 == 0 ? 0.9 : 0.8};
}

void tables_step(struct tables *tables, uint64_t step) {
    optimiser_open(tables->optimiser, rate_of(step));
    for (uint32_t row = 0; row < ROWS; row++) {
        float sum[STRIDE], gradient[STRIDE];
        int lanes = 0;
        for (uint32_t lane = 0; lane < LANES; lane++) {
            if (!is_pushed(step, lane, row))
                continue;
            gradient_of(step, lane, row, gradient);
            for (uint32_t k = 0; k < STRIDE; k++)
                sum[k] = lanes == 0 ? gradient[k] : sum[k] + gradient[k];
            lanes++;
        }
        if (lanes == 0)
            continue;
        optimiser_catch_up(tables->optimiser, tables_state(tables, row), step);
        optimiser_apply(tables->optimiser, tables_state(tables, row), sum);
    }
    for (uint32_t user = 0; user < USERS; user++)
        if (is_pulled(step, user))
            optimiser_catch_up(tables->optimiser, tables_state(tables, user), step + 1);
}

/* The rows of one lane that live on a shard, as they come from the wire. */
struct wire_lane {
    uint32_t rows[ROWS], users, movies, entries[ROWS];
    float gradients[ROWS][STRIDE];
};

static void fill_lane(struct wire_lane *wire, uint64_t step, uint32_t lane, uint32_t index, uint32_t shards) {
    wire->users = wire->movies = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        uint32_t at = wire->users + wire->movies;
        if (!is_pushed(step, lane, row) || bench_number(row) % shards != index)
            continue;
        wire->rows[at] = bench_number(row);
        gradient_of(step, lane, row, wire->gradients[at]);
        wire->users += bench_table(row) == TABLE_USERS;
        wire->movies += bench_table(row) == TABLE_MOVIES;
    }
}

/* Pulls some rows in the middle of the step, as an answer does. */
static void pull_some(struct shard *shard, uint64_t step, uint32_t index, uint32_t shards) {
    struct status status;
    for (uint32_t user = index; user < USERS; user += shards) {
        uint32_t entry;
        float values[STRIDE];
        if (!is_pulled(step, user))
            continue;
        assert_true(shard_find(shard, &user, 1, 0, false, &entry, &status));
        shard_pull(shard, &entry, 1, values);
    }
}

void bench_shard_step(struct shard *shard, uint64_t step, uint32_t index, uint32_t shards) {
    static struct wire_lane wires[LANES];
    struct lane_gradients lanes[LANES];
    struct status status;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        struct wire_lane *wire = &wires[lane];
        fill_lane(wire, step, lane, index, shards);
        assert_true(shard_find(shard, wire->rows, wire->users, wire->movies, true, wire->entries, &status));
        lanes[lane] =
            (struct lane_gradients){wire->entries, wire->users + wire->movies, &wire->gradients[0][0]};
    }
    shard_begin_step(shard, rate_of(step), lanes, LANES);
    pull_some(shard, step, index, shards);
    shard_finish_step(shard);
}
