/* Shards beside whole tables kept row by row with the optimiser directly: what a run does to both, whatever the number of
 * shards. Every gradient, and which rows are pushed and pulled at a step, is a function of step, lane and row. */
#ifndef TESTS_UNIT_SHARD_BENCH_H
#define TESTS_UNIT_SHARD_BENCH_H

#include "model/optimiser.h"
#include "pserver/shard.h"

enum { USERS = 11, MOVIES = 6, ROWS = USERS + MOVIES, FACTORS = 4, STRIDE = 8, LANES = 3, SHARDS_MAX = 20 };
enum { STEPS = 30 };

/* Whole tables, users first, and the optimiser's state of each row. */
struct tables {
    struct optimiser *optimiser;
    _Alignas(64) float values[ROWS][STRIDE], first[ROWS][STRIDE], second[ROWS][STRIDE];
    uint64_t next_step[ROWS];
};

/* A row of the whole tables, users first: its table, and its number there. */
enum table_id bench_table(uint32_t row);
uint32_t bench_number(uint32_t row);

/* Tables at their start (their optimiser is to be freed); one step of the run; a row's state. */
void tables_open(struct tables *tables, const struct optimiser_spec *spec);
void tables_step(struct tables *tables, uint64_t step);
struct row_state tables_state(struct tables *tables, uint32_t row);

/* A shard of the same run at its start; one step of it. */
struct shard_spec bench_shard_spec(const struct optimiser_spec *optimiser, uint32_t index, uint32_t shards);
struct shard *bench_shard(const struct optimiser_spec *optimiser, uint32_t index, uint32_t shards);
void bench_shard_step(struct shard *shard, uint64_t step, uint32_t index, uint32_t shards);

#endif
