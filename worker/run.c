#include "worker/run.h"

#include "core/contract.h"
#include "core/memory.h"
#include "model/partition.h"
#include "proto/rows.h"

/* A stratum goes round: absent, asked, here, pushed, absent. A part stays here when it has been brought home. Either can
 * be given up at any time. */
static const bool MOVES[RUN_STATES][RUN_STATES] = {
    [RUN_ABSENT] = {[RUN_ABSENT] = true, [RUN_ASKED] = true},
    [RUN_ASKED] = {[RUN_ABSENT] = true, [RUN_HERE] = true},
    [RUN_HERE] = {[RUN_ABSENT] = true, [RUN_PUSHED] = true},
    [RUN_PUSHED] = {[RUN_ABSENT] = true, [RUN_HERE] = true},
};

static const char *const ERRANDS[TABLE_COUNT][RUN_STATES] = {
    [TABLE_USERS] = {"part", "rows of part", "part", "receipt of part"},
    [TABLE_MOVIES] = {"stratum", "rows of stratum", "stratum", "receipt of stratum"},
};

static const uint32_t *firsts(const struct worker_spec *spec, enum table_id table) {
    return table == TABLE_USERS ? spec->part_first : spec->stratum_first;
}

static uint32_t largest(const struct worker_spec *spec, enum table_id table) {
    const uint32_t *first = firsts(spec, table);
    uint32_t runs = table == TABLE_USERS ? spec->parts : spec->strata, rows = 0;
    for (uint32_t i = 0; i < runs; i++)
        if (rows < first[i + 1] - first[i])
            rows = first[i + 1] - first[i];
    return rows;
}

static enum wire_format wire_of(const struct worker_spec *spec, enum table_id table) {
    return table == TABLE_MOVIES ? spec->member.wire : WIRE_FLOAT32;
}

/* Rows of a run that are remembered as they came. */
static size_t remembered(const struct worker_spec *spec, enum table_id table) {
    return wire_of(spec, table) == WIRE_FLOAT32 ? 0 : largest(spec, table);
}

bool run_init(struct run *run, const struct worker_spec *spec, enum table_id table,
              struct question_book *book, struct status *status) {
    size_t rows = largest(spec, table);
    *run = (struct run){.table = table};
    run->rows.factors = memory_take_array(rows, block_stride(spec->model.factors) * sizeof *run->rows.factors,
                                          "rows of a run", status);
    run->rows.scalars = memory_take_array(rows, sizeof *run->rows.scalars, "biases of a run", status);
    if (remembered(spec, table) != 0)
        run->pulled = memory_take_array(rows, row_stride(spec->model.factors) * sizeof *run->pulled,
                                        "rows as they came", status);
    return run->rows.factors != NULL && run->rows.scalars != NULL &&
           (remembered(spec, table) == 0 || run->pulled != NULL) &&
           question_init(&run->question, spec->pservers, book, status);
}

void run_free(struct run *run) {
    memory_release(run->rows.factors);
    memory_release(run->rows.scalars);
    memory_release(run->pulled);
    question_free(&run->question);
    *run = (struct run){0};
}

size_t run_bytes(const struct worker_spec *spec, enum table_id table) {
    size_t row = block_stride(spec->model.factors) * sizeof(float) + sizeof(struct block_scalars);
    return largest(spec, table) * row +
           remembered(spec, table) * row_stride(spec->model.factors) * sizeof(float) + spec->pservers;
}

void run_name(struct run *run, const struct worker_spec *spec, uint32_t number, uint64_t version) {
    const uint32_t *first = firsts(spec, run->table);
    REQUIRE(run->state == RUN_ABSENT, "a run keeps its name while it is here");
    run->number = number;
    run->first_row = first[number];
    run->rows.count = first[number + 1] - first[number];
    run->version = version;
}

void run_move(struct run *run, enum run_state state) {
    REQUIRE(MOVES[run->state][state], "a run moves as it may");
    run->state = state;
    if (state == RUN_ABSENT)
        question_drop(&run->question);
}

const char *run_errand(const struct run *run) {
    return ERRANDS[run->table][run->state];
}

/* A shard's rows of a run: `count` of them, from rows[first] on, `apart` from each other. */
struct share {
    uint32_t count;
    size_t first, apart;
};

static uint32_t home_of(const struct run *run, const struct worker_spec *spec) {
    return partition_run_shard(run->number, spec->pservers);
}

static struct share share_of(const struct run *run, const struct worker_spec *spec, uint32_t shard) {
    uint32_t shards = spec->pservers, end_row = run->first_row + run->rows.count;
    struct share share = {.apart = 1};
    if (run->table == TABLE_MOVIES) {
        share.count = shard == home_of(run, spec) ? run->rows.count : 0;
        return share;
    }
    share.apart = shards;
    share.first = (shard + shards - run->first_row % shards) % shards;
    partition_dealt(run->first_row, end_row, shard, shards, &share.count);
    return share;
}

void run_ask(struct run *run, const struct worker_spec *spec, uint64_t now_us) {
    uint64_t wait_us = worker_first_wait_us(spec);
    if (run->table == TABLE_MOVIES)
        question_ask_one(&run->question, home_of(run, spec), now_us, wait_us);
    else
        question_ask(&run->question, now_us, wait_us);
}

static struct block_rows row_at(const struct run *run, const struct worker_spec *spec, size_t place) {
    return (struct block_rows){run->rows.factors + place * block_stride(spec->model.factors),
                               run->rows.scalars + place, 1};
}

static bool has_sums(const struct worker_spec *spec) {
    return spec->optimiser == OPTIMISER_ADAGRAD_ROW;
}

uint32_t run_shard_rows(const struct run *run, const struct worker_spec *spec, uint32_t shard) {
    return share_of(run, spec, shard).count;
}

static struct rows_shape shape_of(const struct run *run, const struct worker_spec *spec, uint32_t rows) {
    return (struct rows_shape){wire_of(spec, run->table), row_stride(spec->model.factors), rows};
}

size_t run_body_bytes(const struct run *run, const struct worker_spec *spec, uint32_t rows) {
    return rows_bytes(shape_of(run, spec, rows)) + rows * has_sums(spec) * sizeof(float);
}

/* The sums behind count rows, or NULL. */
static float *sums_behind(const struct worker_spec *spec, struct rows_shape shape, const void *body) {
    return has_sums(spec) ? (float *)((uintptr_t)body + rows_bytes(shape)) : NULL;
}

static void fill_floats(struct run *run, const struct worker_spec *spec, struct share share,
                        struct rows_shape shape, const void *body) {
    const float *values = body, *sums = sums_behind(spec, shape, body);
    for (uint32_t i = 0; i < share.count; i++)
        block_rows_load(spec->model.factors, values + (size_t)i * shape.stride,
                        sums != NULL ? sums + i : NULL, row_at(run, spec, share.first + i * share.apart));
}

/* Rows in sixteen bits are remembered as they came. */
static void fill_rounded(struct run *run, const struct worker_spec *spec, struct share share,
                         struct rows_shape shape, const void *body) {
    const float *sums = sums_behind(spec, shape, body);
    for (uint32_t i = 0; i < share.count; i++) {
        size_t place = share.first + i * share.apart;
        float *pulled = run->pulled + place * shape.stride;
        rows_read(shape, body, i, 1, pulled);
        block_rows_load(spec->model.factors, pulled, sums != NULL ? sums + i : NULL,
                        row_at(run, spec, place));
    }
}

bool run_fill(struct run *run, const struct worker_spec *spec, uint32_t shard, const struct message *message,
              struct status *status) {
    struct share share = share_of(run, spec, shard);
    struct rows_shape shape = shape_of(run, spec, share.count);
    size_t bytes = run_body_bytes(run, spec, share.count);
    if (message->run_rows.rows != share.count || message->body_bytes != bytes)
        return status_fail(status, STATUS_PROTOCOL, "%u rows in %zu bytes, wanted are %u in %zu",
                           message->run_rows.rows, message->body_bytes, share.count, bytes);
    if (!rows_check(shape, message->body, status))
        return false;
    (shape.format == WIRE_FLOAT32 ? fill_floats : fill_rounded)(run, spec, share, shape, message->body);
    return true;
}

static void write_floats(const struct run *run, const struct worker_spec *spec, struct share share,
                         struct rows_shape shape, void *body) {
    float *values = body, *sums = sums_behind(spec, shape, body);
    for (uint32_t i = 0; i < share.count; i++)
        block_rows_store(spec->model.factors, row_at(run, spec, share.first + i * share.apart),
                         values + (size_t)i * shape.stride, sums != NULL ? sums + i : NULL);
}

/* What has become of the rows since they came. */
static void write_changes(const struct run *run, const struct worker_spec *spec, struct share share,
                          struct rows_shape shape, void *body) {
    float change[FACTORS_MAX + ROW_LANES], *sums = sums_behind(spec, shape, body);
    for (uint32_t i = 0; i < share.count; i++) {
        size_t place = share.first + i * share.apart;
        const float *pulled = run->pulled + place * shape.stride;
        block_rows_store(spec->model.factors, row_at(run, spec, place), change,
                         sums != NULL ? sums + i : NULL);
        for (uint32_t k = 0; k < shape.stride; k++)
            change[k] -= pulled[k];
        rows_write(shape, body, i, 1, change);
    }
}

void run_write(const struct run *run, const struct worker_spec *spec, uint32_t shard, void *body) {
    struct share share = share_of(run, spec, shard);
    struct rows_shape shape = shape_of(run, spec, share.count);
    (shape.format == WIRE_FLOAT32 ? write_floats : write_changes)(run, spec, share, shape, body);
}
