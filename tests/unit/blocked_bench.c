#include "tests/unit/blocked_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/rng.h"
#include "model/partition.h"
#include "model/rotation.h"
#include "model/start.h"

/* Uneven runs, one of them a single row. */
static const uint32_t FIRSTS[] = {0, 4, USERS, 0, 3, 5, MOVIES};
static const struct model_spec MODEL = {
    .factors = FACTORS, .has_bias = true, .init = INIT_SYMMETRIC, .init_scale = 0.1f, .seed = 8};

static const uint32_t *firsts_of(struct run_name name) {
    return FIRSTS + (name.table == TABLE_USERS ? 0 : PARTS + 1) + name.run;
}

bool blocked_is_here(const struct bench *bench, struct run_name name) {
    const struct shard_spec *spec = &bench->spec.shard;
    return name.table == TABLE_USERS || name.run % spec->shards == spec->index;
}

/* The shard's first row of a run from `row` on: users are dealt like cards, strata are whole. */
static uint32_t next_row(const struct bench *bench, struct run_name name, uint32_t row) {
    const struct shard_spec *spec = &bench->spec.shard;
    while (name.table == TABLE_USERS && row % spec->shards != spec->index)
        row++;
    return row;
}

uint32_t blocked_count(const struct bench *bench, struct run_name name) {
    uint32_t count = 0;
    for (uint32_t row = firsts_of(name)[0]; next_row(bench, name, row) < firsts_of(name)[1]; count++)
        row = next_row(bench, name, row) + 1;
    return count;
}

static bool has_sums(const struct bench *bench) {
    return bench->spec.shard.optimiser.kind == OPTIMISER_ADAGRAD_ROW;
}

static size_t run_bytes(const struct bench *bench, struct run_name name) {
    return blocked_count(bench, name) * (STRIDE + has_sums(bench)) * sizeof(float);
}

/* ---- a shard ---- */

static void make(struct bench *bench, enum optimiser_kind kind, uint32_t index, uint32_t shards,
                 enum wire_format wire) {
    struct pserver_spec spec = {
        .member = {.role = ROLE_PSERVER,
                   .index = index,
                   .wire = wire,
                   .heartbeat_us = BEAT_US,
                   .silence_us = UINT64_MAX},
        .runs = {true, PARTS, STRATA},
        .shard = {.model = MODEL,
                  .optimiser = {.kind = kind, .epsilon = 1e-8, .decay = DECAY_TOUCHED},
                  .index = index,
                  .shards = shards}};
    bench_make_of(bench, &spec);
}

void blocked_make(struct bench *bench, enum optimiser_kind kind, uint32_t index, uint32_t shards) {
    make(bench, kind, index, shards, WIRE_FLOAT32);
}

void blocked_tell_these(struct bench *bench, const uint32_t firsts[PARTS + STRATA + 2]) {
    struct message message = {.kind = MESSAGE_RUNS, .runs = {PARTS, STRATA}};
    bench_hand(bench, LINK_COORDINATOR, &message, firsts, sizeof FIRSTS);
}

void blocked_tell(struct bench *bench) {
    blocked_tell_these(bench, FIRSTS);
}

static void open_made(struct bench *bench) {
    bench_welcome(bench, 0, 0, 0);
    blocked_tell(bench);
    for (uint32_t lane = 0; lane < LANES; lane++)
        bench_open_lane(bench, LINK_INCOMING + lane, lane, 1);
}

void blocked_open(struct bench *bench, enum optimiser_kind kind, uint32_t index, uint32_t shards) {
    make(bench, kind, index, shards, WIRE_FLOAT32);
    open_made(bench);
}

void blocked_open_rounded(struct bench *bench, enum optimiser_kind kind, enum wire_format wire) {
    make(bench, kind, 0, 1, wire);
    open_made(bench);
}

struct run_plan blocked_round(uint32_t lane, uint64_t round) {
    uint32_t stratum = rotation_stratum(lane, round, PARTS, STRATA);
    return (struct run_plan){.link = LINK_INCOMING + lane,
                             .lane = lane,
                             .lease = 1,
                             .name = STRATUM[stratum],
                             .version = rotation_version(lane, round, PARTS, STRATA),
                             .step = round};
}

struct run_plan blocked_part(uint32_t lane, uint64_t version) {
    return (struct run_plan){
        .link = LINK_INCOMING + lane, .lane = lane, .lease = 1, .name = PART[lane], .version = version};
}

void blocked_pull(struct bench *bench, const struct run_plan *plan) {
    struct message message = {
        .kind = MESSAGE_RUN_PULL,
        .run_pull = {plan->lane, plan->lease, plan->name.table, plan->name.run, plan->version}};
    bench_hand(bench, plan->link, &message, NULL, 0);
}

const struct sent *run_rows_sent(const struct bench *bench, struct run_name name, uint64_t version) {
    for (size_t i = bench->sent_count; i > 0; i--) {
        const struct run_rows_message *rows = &bench->sent[i - 1].message.run_rows;
        if (bench->sent[i - 1].message.kind == MESSAGE_RUN_ROWS && rows->table == name.table &&
            rows->run == name.run && rows->version == version)
            return &bench->sent[i - 1];
    }
    return NULL;
}

void blocked_push_floats(struct bench *bench, const struct run_plan *plan, const float *floats) {
    struct message message = {.kind = MESSAGE_RUN_PUSH,
                              .run_push = {.lane = plan->lane,
                                           .lease = plan->lease,
                                           .table = plan->name.table,
                                           .run = plan->name.run,
                                           .version = plan->version,
                                           .step = plan->step,
                                           .momentum = plan->momentum,
                                           .squared = 0.5 * (double)plan->step,
                                           .count = plan->step,
                                           .rows = blocked_count(bench, plan->name)}};
    bench_hand(bench, plan->link, &message, floats, run_bytes(bench, plan->name));
}

/* ---- blocks ---- */

static void change_row(float *value, float *sum, enum table_id table, uint32_t row, uint64_t step) {
    for (uint32_t k = 0; k <= FACTORS; k++)
        value[k] = 0.9f * value[k] + (float)(rng_unit(step, table * 1000 + row, k) - 0.5);
    *sum += 0.25f + (float)row;
}

static void change_run(const struct bench *bench, struct run_name name, float *floats, uint64_t step) {
    uint32_t count = blocked_count(bench, name), row = firsts_of(name)[0];
    float *sums = floats + (size_t)count * STRIDE, unused = 0;
    for (uint32_t i = 0; i < count; i++, row++) {
        row = next_row(bench, name, row);
        change_row(floats + (size_t)i * STRIDE, has_sums(bench) ? &sums[i] : &unused, name.table, row, step);
    }
}

void blocked_push(struct bench *bench, const struct run_plan *plan) {
    _Alignas(64) float floats[RUN_FLOATS];
    const struct sent *rows = run_rows_sent(bench, plan->name, plan->version);
    assert_non_null(rows);
    assert_int_equal(rows->message.run_rows.rows, blocked_count(bench, plan->name));
    assert_int_equal(rows->message.body_bytes, run_bytes(bench, plan->name));
    memcpy(floats, rows->body, rows->message.body_bytes);
    change_run(bench, plan->name, floats, plan->step);
    blocked_push_floats(bench, plan, floats);
}

/* A part's rows go through all rounds at once: nobody else sees them meanwhile. */
static void train_part(struct bench *bench, uint32_t lane, uint64_t first, uint64_t end, uint64_t version) {
    _Alignas(64) float floats[RUN_FLOATS];
    struct run_plan plan = blocked_part(lane, version);
    blocked_pull(bench, &plan);
    const struct sent *rows = run_rows_sent(bench, plan.name, version);
    assert_non_null(rows);
    memcpy(floats, rows->body, rows->message.body_bytes);
    for (uint64_t step = first; step < end; step++)
        change_run(bench, plan.name, floats, step);
    plan.momentum = 0.5; /* is none of a part's business */
    blocked_push_floats(bench, &plan, floats);
}

void blocked_train(struct bench *benches, uint32_t shards, uint64_t first, uint64_t end, double momentum,
                   uint64_t version) {
    for (uint32_t shard = 0; shard < shards; shard++) {
        for (uint64_t step = first; step < end; step++)
            for (uint32_t lane = 0; lane < LANES; lane++) {
                struct run_plan plan = blocked_round(lane, step);
                plan.momentum = momentum;
                if (!blocked_is_here(&benches[shard], plan.name))
                    continue;
                blocked_pull(&benches[shard], &plan);
                blocked_push(&benches[shard], &plan);
            }
        for (uint32_t lane = 0; lane < LANES; lane++)
            train_part(&benches[shard], lane, first, end, version);
    }
}

/* ---- whole tables ---- */

void whole_open(struct whole *whole, enum optimiser_kind kind, double momentum) {
    memset(whole, 0, sizeof *whole);
    whole->kind = kind;
    whole->momentum = momentum;
    for (uint32_t row = 0; row < USERS; row++)
        start_row(&MODEL, TABLE_USERS, row, whole->values[TABLE_USERS][row]);
    for (uint32_t row = 0; row < MOVIES; row++)
        start_row(&MODEL, TABLE_MOVIES, row, whole->values[TABLE_MOVIES][row]);
}

static void step_row(struct whole *whole, enum table_id table, uint32_t row, uint64_t step, double momentum) {
    float *value = whole->values[table][row], *first = whole->first[table][row], changed[STRIDE];
    memcpy(changed, value, sizeof changed);
    change_row(changed, &whole->sums[table][row], table, row, step);
    for (uint32_t k = 0; momentum > 0 && k < STRIDE; k++) {
        double velocity = momentum * (double)first[k] + ((double)changed[k] - (double)value[k]);
        first[k] = (float)velocity;
        changed[k] = (float)((double)value[k] + velocity);
    }
    memcpy(value, changed, sizeof changed);
}

void whole_train(struct whole *whole, uint64_t first, uint64_t end) {
    for (uint64_t step = first; step < end; step++) {
        for (uint32_t lane = 0; lane < LANES; lane++) {
            const uint32_t *firsts = firsts_of(blocked_round(lane, step).name);
            for (uint32_t row = firsts[0]; row < firsts[1]; row++)
                step_row(whole, TABLE_MOVIES, row, step, whole->momentum);
        }
        for (uint32_t row = 0; row < USERS; row++)
            step_row(whole, TABLE_USERS, row, step, 0);
    }
}

static void compare_row(struct bench *bench, const struct whole *whole, enum table_id table, uint32_t row) {
    _Alignas(64) uint32_t number = row;
    struct message message = {.kind = MESSAGE_READ,
                              .read = {.users = table == TABLE_USERS, .movies = table == TABLE_MOVIES}};
    bench_hand(bench, LINK_COORDINATOR, &message, &number, sizeof number);
    assert_memory_equal(bench_last(bench, MESSAGE_VALUES)->body, whole->values[table][row],
                        STRIDE * sizeof(float));
}

/* The sums come with the rows of a run. */
static void compare_sums(struct bench *bench, const struct whole *whole, const struct run_plan *plan) {
    uint32_t count = blocked_count(bench, plan->name), row = firsts_of(plan->name)[0];
    if (!blocked_is_here(bench, plan->name))
        return;
    blocked_pull(bench, plan);
    const float *sums = (const float *)bench_last(bench, MESSAGE_RUN_ROWS)->body + (size_t)count * STRIDE;
    for (uint32_t i = 0; has_sums(bench) && i < count; i++, row++) {
        row = next_row(bench, plan->name, row);
        assert_true(sums[i] == whole->sums[plan->name.table][row]);
    }
}

void blocked_compare(struct bench *benches, uint32_t shards, const struct whole *whole, uint64_t end) {
    for (uint32_t row = 0; row < USERS; row++)
        compare_row(&benches[row % shards], whole, TABLE_USERS, row);
    for (uint32_t stratum = 0; stratum < STRATA; stratum++)
        for (uint32_t row = firsts_of(STRATUM[stratum])[0]; row < firsts_of(STRATUM[stratum])[1]; row++)
            compare_row(&benches[stratum % shards], whole, TABLE_MOVIES, row);
    for (uint32_t shard = 0; shard < shards; shard++)
        for (uint32_t lane = 0; lane < LANES; lane++) {
            struct run_plan part = blocked_part(lane, RUN_NEWEST), next = blocked_round(lane, end);
            compare_sums(&benches[shard], whole, &part);
            compare_sums(&benches[shard], whole, &next);
        }
}
