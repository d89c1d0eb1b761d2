#include "blocked_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"
#include "model/block.h"
#include "model/rotation.h"

const struct grant_lane SCENE_LANES[SCENE_PARTS] = {
    {.lane = 0, .lease = 3}, {.lane = 1, .lease = 4}, {.lane = 2, .lease = 1}};

static const uint32_t PART_FIRST[] = {0, 4, 5, 11}, STRATUM_FIRST[] = {0, 3, 4, 7, 9};
static const uint32_t *const FIRSTS[TABLE_COUNT] = {PART_FIRST, STRATUM_FIRST};
static const float LEVELS[] = {1, 2.5f, 4, 5};

enum { BLOCK_RATINGS = 13 };

struct worker_spec scene_spec(enum optimiser_kind optimiser) {
    return (struct worker_spec){
        .member = {.role = ROLE_WORKER, .heartbeat_us = STAGE_BEAT_US, .silence_us = STAGE_SILENCE_US},
        .model = {.factors = 3, .has_bias = true, .has_range = true, .range_high = 5.5f},
        .pservers = STAGE_PSERVERS,
        .batch = 64,
        .lanes = SCENE_PARTS,
        .steps_per_epoch = SCENE_STRATA,
        .total_steps = SCENE_TOTAL,
        .blocked = true,
        .parts = SCENE_PARTS,
        .strata = SCENE_STRATA,
        .part_first = PART_FIRST,
        .stratum_first = STRATUM_FIRST,
        .optimiser = optimiser,
        .weight_decay = 0.03,
        .epsilon = 1e-6,
        .request_timeout_us = STAGE_TIMEOUT_US,
    };
}

struct step_rate scene_rate(uint64_t round) {
    return (struct step_rate){0.1 + 0.01 * (double)round, 0.5 + 0.05 * (double)round};
}

void scene_start(struct scene_tables *tables) {
    memset(tables, 0, sizeof *tables);
    for (uint32_t table = 0; table < TABLE_COUNT; table++)
        for (uint32_t row = 0; row < SCENE_ROWS; row++)
            for (uint32_t column = 0; column < 4; column++)
                tables->rows[table][row][column] = (float)(rng_unit(table, row, column) - 0.5);
}

/* ---- the ratings ---- */

struct scene_block {
    uint16_t users[BLOCK_RATINGS], movies[BLOCK_RATINGS];
    uint8_t codes[BLOCK_RATINGS];
    uint32_t count;
};

/* One of the blocks is empty. */
static const struct scene_block *block_of(uint32_t part, uint32_t stratum) {
    static struct scene_block blocks[SCENE_PARTS][SCENE_STRATA];
    struct scene_block *block = &blocks[part][stratum];
    uint64_t key = part * SCENE_STRATA + stratum;
    uint32_t users = PART_FIRST[part + 1] - PART_FIRST[part];
    uint32_t movies = STRATUM_FIRST[stratum + 1] - STRATUM_FIRST[stratum];
    block->count = key == 4 ? 0 : BLOCK_RATINGS - (uint32_t)key / 2;
    for (uint32_t i = 0; i < block->count; i++) {
        block->users[i] = (uint16_t)(rng_bits(key, 1, i) % users);
        block->movies[i] = (uint16_t)(rng_bits(key, 2, i) % movies);
        block->codes[i] = (uint8_t)(rng_bits(key, 3, i) % 4);
    }
    return block;
}

static void load_block(struct job *job) {
    const struct scene_block *block = block_of(job->block.part, job->block.stratum);
    job->block.count = block->count;
    job->block.users = block->users;
    job->block.movies = block->movies;
    job->block.codes = block->codes;
    job->block.levels = LEVELS;
}

/* ---- the shards ---- */

/* Users are dealt like cards, a stratum lives whole on one shard. */
static bool is_on(uint32_t shard, enum table_id table, uint32_t run, uint32_t row) {
    return (table == TABLE_USERS ? row : run) % STAGE_PSERVERS == shard;
}

/* The first round of a lane that a shard still waits for. */
static uint64_t waits_for(const struct scene *scene, uint32_t shard, uint32_t lane) {
    uint64_t round = scene->pushed[shard][lane];
    while (rotation_stratum(lane, round, SCENE_PARTS, SCENE_STRATA) % STAGE_PSERVERS != shard)
        round++;
    return round;
}

/* Copies a shard's rows of a run out of the tables or into them. Returns their number. */
static uint32_t copy_run(struct scene *scene, uint32_t shard, enum table_id table, uint32_t run, float *body,
                         bool in) {
    bool sums = scene->spec.optimiser == OPTIMISER_ADAGRAD_ROW;
    struct scene_tables *tables = &scene->tables;
    uint32_t count = 0, at = 0;
    for (uint32_t row = FIRSTS[table][run]; row < FIRSTS[table][run + 1]; row++)
        count += is_on(shard, table, run, row);
    for (uint32_t row = FIRSTS[table][run]; row < FIRSTS[table][run + 1]; row++) {
        if (!is_on(shard, table, run, row))
            continue;
        float *values = body + at * STAGE_STRIDE, *sum = body + count * STAGE_STRIDE + at;
        memcpy(in ? tables->rows[table][row] : values, in ? values : tables->rows[table][row],
               STAGE_STRIDE * sizeof *values);
        if (sums)
            memcpy(in ? &tables->sums[table][row] : sum, in ? sum : &tables->sums[table][row], sizeof *sum);
        at++;
    }
    return count;
}

static size_t run_bytes_of(const struct scene *scene, uint32_t rows) {
    return rows * (STAGE_STRIDE + (scene->spec.optimiser == OPTIMISER_ADAGRAD_ROW)) * sizeof(float);
}

static void answer(struct scene *scene, link_id link, struct message message, enum table_id table,
                   const void *body, size_t bytes) {
    if (message.kind == scene->loses && table == scene->loses_table &&
        link == LINK_FIRST_PSERVER + STAGE_PSERVERS - 1)
        scene->lost++;
    else
        stage_hear(scene->stage, link, message, body, bytes);
}

/* False when its version is still to come. */
static bool on_pull(struct scene *scene, uint32_t shard, const struct run_pull_message *pull) {
    float body[SCENE_ROWS * (STAGE_STRIDE + 1)];
    uint64_t version = scene->versions[shard][pull->table][pull->run];
    REQUIRE(pull->table == TABLE_USERS || pull->run % STAGE_PSERVERS == shard,
            "a stratum is asked for at home");
    if (pull->version != version && !(pull->table == TABLE_USERS && pull->version == RUN_NEWEST)) {
        REQUIRE(pull->version > version, "nobody pulls what is gone");
        return false;
    }
    uint32_t rows = copy_run(scene, shard, pull->table, pull->run, body, false);
    struct message message = {.kind = MESSAGE_RUN_ROWS,
                              .run_rows = {pull->lane, pull->table, pull->run, version, rows}};
    answer(scene, LINK_FIRST_PSERVER + shard, message, pull->table, body, run_bytes_of(scene, rows));
    return true;
}

static void on_push(struct scene *scene, uint32_t shard, const struct run_push_message *push,
                    const struct message *sent) {
    uint64_t *version = &scene->versions[shard][push->table][push->run];
    REQUIRE(push->version <= *version, "nobody pushes upon what is not there");
    REQUIRE(push->table == TABLE_USERS || push->run % STAGE_PSERVERS == shard, "a stratum goes home");
    REQUIRE(sent->body_bytes == run_bytes_of(scene, push->rows), "a push is whole");
    if (push->version == *version) {
        copy_run(scene, shard, push->table, push->run, (float *)(uintptr_t)sent->body, true);
        ++*version;
        if (push->table == TABLE_MOVIES)
            scene->pushed[shard][push->lane] = push->step + 1;
    }
    struct message message = {.kind = MESSAGE_RUN_PUSHED,
                              .run_pushed = {push->lane, push->table, push->run, push->version}};
    answer(scene, LINK_FIRST_PSERVER + shard, message, push->table, NULL, 0);
}

/* True when a shard could do something with it. */
static bool on_sent(struct scene *scene, struct sent *sent) {
    uint32_t shard = sent->link - LINK_FIRST_PSERVER;
    const struct message *message = &sent->message;
    if (sent->taken || sent->link == LINK_COORDINATOR)
        return false;
    sent->taken = true;
    if (message->kind == MESSAGE_LANE_OPEN)
        stage_lane_at(scene->stage, shard, message->lane_open.lane, message->lane_open.lease,
                      waits_for(scene, shard, message->lane_open.lane), 0, 0);
    else if (message->kind == MESSAGE_RUN_PUSH)
        on_push(scene, shard, &message->run_push, message);
    else if (message->kind == MESSAGE_RUN_PULL)
        sent->taken = on_pull(scene, shard, &message->run_pull);
    else
        sent->taken = false;
    return sent->taken;
}

static bool serve(struct scene *scene) {
    bool any = false;
    for (uint32_t i = 0; i < scene->stage->sent_count; i++)
        any |= on_sent(scene, &scene->stage->sent[i]);
    return any;
}

void scene_run_still(struct scene *scene) {
    while (serve(scene) || scene->stage->job_count > 0)
        stage_jobs(scene->stage);
}

void scene_run(struct scene *scene) {
    do
        scene_run_still(scene);
    while (stage_wakes(scene->stage));
}

struct scene *scene_open(enum optimiser_kind optimiser) {
    static struct scene scene;
    memset(&scene, 0, sizeof scene);
    scene.spec = scene_spec(optimiser);
    scene.stage = stage_open_of(&scene.spec);
    scene.stage->load_block = load_block;
    scene_start(&scene.tables);
    return &scene;
}

void scene_grant(struct scene *scene, uint64_t serial, uint64_t first, uint64_t end, bool home,
                 const struct grant_lane *lanes, uint32_t count) {
    unsigned char body[SCENE_PARTS * sizeof *lanes + SCENE_TOTAL * sizeof(struct step_rate)];
    struct message message = {.kind = MESSAGE_GRANT};
    size_t bytes = count * sizeof *lanes;
    message.grant = (struct grant_message){serial, (uint32_t)(first / SCENE_STRATA), first, end,
                                           count,  (uint32_t)(end - first),          home};
    if (count != 0)
        memcpy(body, lanes, bytes);
    for (uint64_t round = first; round < end; round++, bytes += sizeof(struct step_rate)) {
        struct step_rate rate = scene_rate(round);
        memcpy(body + bytes, &rate, sizeof rate);
    }
    stage_hear(scene->stage, LINK_COORDINATOR, message, body, bytes);
}

/* ---- without an engine ---- */

/* Rows of a table in the layout of the kernel. */
struct scene_rows {
    _Alignas(64) float factors[SCENE_ROWS][BLOCK_LANES];
    struct block_scalars scalars[SCENE_ROWS];
};

static struct block_rows run_of(struct scene_rows *rows, enum table_id table, uint32_t run) {
    uint32_t first = FIRSTS[table][run];
    return (struct block_rows){rows->factors[first], rows->scalars + first, FIRSTS[table][run + 1] - first};
}

static double walk_block(enum optimiser_kind optimiser, struct scene_rows *rows, uint32_t part,
                         uint64_t round) {
    struct worker_spec spec = scene_spec(optimiser);
    uint32_t stratum = rotation_stratum(part, round, SCENE_PARTS, SCENE_STRATA);
    const struct scene_block *block = block_of(part, stratum);
    struct block_spec rule = {&spec.model, optimiser == OPTIMISER_SGD ? BLOCK_SGD : BLOCK_ADAGRAD,
                              (float)scene_rate(round).learning_rate, (float)spec.weight_decay,
                              (float)spec.epsilon};
    struct block_ratings ratings = {block->users, block->movies, block->codes, block->count, LEVELS};
    return block_walk(&rule, run_of(rows, TABLE_USERS, part), run_of(rows + 1, TABLE_MOVIES, stratum),
                      &ratings);
}

void scene_expect(enum optimiser_kind optimiser, struct scene_tables *tables, uint64_t first, uint64_t end,
                  struct loss_sum *losses) {
    static struct scene_rows rows[TABLE_COUNT];
    for (uint32_t table = 0; table < TABLE_COUNT; table++)
        block_rows_load(3, tables->rows[table][0], tables->sums[table],
                        (struct block_rows){rows[table].factors[0], rows[table].scalars, SCENE_ROWS});
    for (uint64_t round = first; round < end; round++)
        for (uint32_t part = 0; part < SCENE_PARTS; part++) {
            losses[part].squared += walk_block(optimiser, rows, part, round);
            losses[part].count +=
                block_of(part, rotation_stratum(part, round, SCENE_PARTS, SCENE_STRATA))->count;
        }
    for (uint32_t table = 0; table < TABLE_COUNT; table++)
        block_rows_store(3, (struct block_rows){rows[table].factors[0], rows[table].scalars, SCENE_ROWS},
                         tables->rows[table][0], tables->sums[table]);
}

/* ---- what came of it ---- */

void scene_close(struct scene *scene) {
    assert_int_equal(scene->stage->refused, 0);
    assert_false(scene->stage->ended);
    stage_close(scene->stage);
    assert_int_equal(memory_blocks_held(), 0);
}

void scene_check_done(struct scene *scene, uint64_t end, const struct grant_lane *lane,
                      const struct loss_sum *loss) {
    struct stage *stage = scene->stage;
    struct sent *sent = NULL;
    for (uint32_t i = 0; i < stage->sent_count && sent == NULL; i++)
        if (!stage->sent[i].taken && stage->sent[i].message.kind == MESSAGE_LANE_DONE &&
            stage->sent[i].message.lane_done.lane == lane->lane)
            sent = &stage->sent[i];
    assert_non_null(sent);
    sent->taken = true;
    assert_int_equal(sent->link, LINK_COORDINATOR);
    assert_int_equal(sent->message.lane_done.lease, lane->lease);
    assert_int_equal(sent->message.lane_done.end_step, end);
    assert_true(sent->message.lane_done.squared == loss->squared);
    assert_int_equal(sent->message.lane_done.count, loss->count);
}

void scene_check_all_done(struct scene *scene, uint64_t end, const struct loss_sum *losses) {
    for (uint32_t lane = 0; lane < SCENE_PARTS; lane++)
        scene_check_done(scene, end, &SCENE_LANES[lane], &losses[lane]);
    assert_int_equal(stage_count(scene->stage, MESSAGE_LANE_DONE), 0);
}

void scene_check_tables(const struct scene *scene, const struct scene_tables *expected) {
    assert_memory_equal(&scene->tables, expected, sizeof *expected);
}
