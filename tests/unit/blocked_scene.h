/* A small run in mode blocked for a worker on its stage: three parts, four strata, and shards that do as a pserver does with
 * runs: they keep rows and versions, let early pulls wait, and take every push once. */
#ifndef TESTS_BLOCKED_SCENE_H
#define TESTS_BLOCKED_SCENE_H

#include "worker_stage.h"

enum {
    SCENE_PARTS = 3,
    SCENE_STRATA = 4,
    SCENE_ROWS = 11, /* of the larger table */
    SCENE_EPOCHS = 2,
    SCENE_TOTAL = SCENE_EPOCHS * SCENE_STRATA, /* rounds */
    SCENE_LOST_MAX = 16
};

/* The rows of both tables, with their sums. */
struct scene_tables {
    float rows[TABLE_COUNT][SCENE_ROWS][STAGE_STRIDE];
    float sums[TABLE_COUNT][SCENE_ROWS];
};

struct scene {
    struct worker_spec spec;
    struct stage *stage;
    struct scene_tables tables;                                   /* on the shards */
    uint64_t versions[STAGE_PSERVERS][TABLE_COUNT][SCENE_STRATA]; /* pushes accepted */
    uint64_t pushed[STAGE_PSERVERS][SCENE_PARTS];                 /* rounds, for LANE_AT */
    enum message_kind loses; /* answers of this kind about this table, from the last shard, are lost */
    enum table_id loses_table;
    uint32_t lost;
};

/* All parts, each with a lease of its own. */
extern const struct grant_lane SCENE_LANES[SCENE_PARTS];

struct worker_spec scene_spec(enum optimiser_kind optimiser);

/* A worker that is ready, and shards at the start. */
struct scene *scene_open(enum optimiser_kind optimiser);

/* Nothing has been refused, and no memory is left behind. */
void scene_close(struct scene *scene);

/* The learning rate and momentum of a round. */
struct step_rate scene_rate(uint64_t round);

/* A grant of rounds [first, end) with their rates. */
void scene_grant(struct scene *scene, uint64_t serial, uint64_t first, uint64_t end, bool home,
                 const struct grant_lane *lanes, uint32_t count);

/* Carries out whatever the worker has put out, until nothing is left to do; messages first, then jobs, then the timer. */
void scene_run(struct scene *scene);

/* The same, but the timer never comes: nothing is computed. */
void scene_run_still(struct scene *scene);

/* Rounds [first, end), one block after another, without an engine; adds up the errors of each part. */
void scene_expect(enum optimiser_kind optimiser, struct scene_tables *tables, uint64_t first, uint64_t end,
                  struct loss_sum *losses);

/* The tables at the start. */
void scene_start(struct scene_tables *tables);

/* A LANE_DONE that has not been looked at says this of a lane, or of each of all and no more. */
void scene_check_done(struct scene *scene, uint64_t end, const struct grant_lane *lane,
                      const struct loss_sum *loss);
void scene_check_all_done(struct scene *scene, uint64_t end, const struct loss_sum *losses);

/* The shards have these rows and sums, to the bit. */
void scene_check_tables(const struct scene *scene, const struct scene_tables *expected);

#endif
