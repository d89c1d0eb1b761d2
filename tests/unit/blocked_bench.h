/* Pservers in mode blocked on a bench (pserver_bench.h): 1 to SHARDS_MAX of them, PARTS parts and STRATA strata, and beside
 * them whole tables that a naive loop keeps. What a block does to a row is a function of the row, its number and the round:
 * change_row. Lane l is worked on over link LINK_INCOMING + l under lease 1. Failures stop the test. */
#ifndef TESTS_UNIT_BLOCKED_BENCH_H
#define TESTS_UNIT_BLOCKED_BENCH_H

#include "tests/unit/pserver_bench.h"

enum { PARTS = LANES, STRATA = 3, SHARDS_MAX = 5, RUN_FLOATS = LANE_ROWS * STRIDE };

static const struct run_name PART[] = {{TABLE_USERS, 0}, {TABLE_USERS, 1}};
static const struct run_name STRATUM[] = {{TABLE_MOVIES, 0}, {TABLE_MOVIES, 1}, {TABLE_MOVIES, 2}};

/* Rows of the whole tables, as one process would keep them. */
struct whole {
    enum optimiser_kind kind;
    double momentum;
    float values[TABLE_COUNT][USERS][STRIDE], first[TABLE_COUNT][USERS][STRIDE], sums[TABLE_COUNT][USERS];
};

/* A worker's message about a run, and by whom. */
struct run_plan {
    link_id link;
    uint32_t lane, lease;
    struct run_name name;
    uint64_t version, step;
    double momentum;
};

/* A pserver that knows nothing yet; RUNS, also with boundaries of one's own; one that is ready, its lanes open. */
void blocked_make(struct bench *bench, enum optimiser_kind kind, uint32_t index, uint32_t shards);
void blocked_tell(struct bench *bench);
void blocked_tell_these(struct bench *bench, const uint32_t firsts[PARTS + STRATA + 2]);
void blocked_open(struct bench *bench, enum optimiser_kind kind, uint32_t index, uint32_t shards);
/* The only shard of a run with train.wire. */
void blocked_open_rounded(struct bench *bench, enum optimiser_kind kind, enum wire_format wire);

/* The plan of a lane's stratum in a round, and of its part at a version. */
struct run_plan blocked_round(uint32_t lane, uint64_t round);
struct run_plan blocked_part(uint32_t lane, uint64_t version);

void blocked_pull(struct bench *bench, const struct run_plan *plan);

/* Pushes what a block of the plan's step makes of the rows that were sent for the plan's version; `blocked_push_floats` pushes
 * these floats instead. */
void blocked_push(struct bench *bench, const struct run_plan *plan);
void blocked_push_floats(struct bench *bench, const struct run_plan *plan, const float *floats);

/* The newest RUN_ROWS of a run at a version, or NULL. */
const struct sent *run_rows_sent(const struct bench *bench, struct run_name name, uint64_t version);

/* Whether a run has a share on this shard, and the rows of it. */
bool blocked_is_here(const struct bench *bench, struct run_name name);
uint32_t blocked_count(const struct bench *bench, struct run_name name);

/* Rounds first .. end - 1 on every shard, the parts away from version to version + 1; the same on whole tables. */
void blocked_train(struct bench *benches, uint32_t shards, uint64_t first, uint64_t end, double momentum,
                   uint64_t version);
void whole_open(struct whole *whole, enum optimiser_kind kind, double momentum);
void whole_train(struct whole *whole, uint64_t first, uint64_t end);

/* Stops the test unless the shards hold these tables, `end` rounds being made. */
void blocked_compare(struct bench *benches, uint32_t shards, const struct whole *whole, uint64_t end);

#endif
