#include "pserver/shard.h"

#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/multiversion.h"
#include "model/optimiser.h"
#include "model/partition.h"
#include "model/start.h"
#include "pserver/shard_inside.h"

static struct partition_spec partition_of(const struct shard_spec *spec, enum table_id table) {
    bool users = table == TABLE_USERS;
    return (struct partition_spec){.rows = users ? spec->users : spec->movies,
                                   .shards = spec->shards,
                                   .runs = users ? 0 : spec->strata,
                                   .firsts = users ? NULL : spec->stratum_first};
}

uint32_t shard_rows_planned(const struct shard_spec *spec, enum table_id table) {
    struct partition_spec partition = partition_of(spec, table);
    return partition_rows(&partition, spec->index);
}

static size_t entry_count(const struct shard_spec *spec) {
    return (size_t)shard_rows_planned(spec, TABLE_USERS) + shard_rows_planned(spec, TABLE_MOVIES);
}

static size_t sum_count(const struct shard_spec *spec) {
    size_t most = (size_t)spec->lanes * spec->lane_rows;
    size_t all = entry_count(spec);
    return spec->lanes == 1 ? 0 : most < all ? most : all;
}

size_t shard_bytes_planned(const struct shard_spec *spec) {
    size_t row = row_stride(spec->model.factors) * sizeof(float);
    unsigned needs = optimiser_needs(&spec->optimiser);
    size_t arrays =
        1 + ((needs & OPTIMISER_NEEDS_FIRST) != 0) + ((needs & OPTIMISER_NEEDS_SECOND) != 0) + spec->keeps;
    return entry_count(spec) * (arrays * row + sizeof(struct entry_mark)) +
           sum_count(spec) * (row + sizeof(uint32_t));
}

static uint32_t entry_row(const struct shard *shard, uint32_t entry, enum table_id *table) {
    uint32_t users = shard->rows[TABLE_USERS];
    *table = entry < users ? TABLE_USERS : TABLE_MOVIES;
    return partition_row(&shard->partitions[*table], entry < users ? entry : entry - users,
                         shard->spec.index);
}

static bool take_partitions(struct shard *shard, struct status *status) {
    struct partition_spec movies = partition_of(&shard->spec, TABLE_MOVIES);
    return partition_both(shard->partitions, shard->spec.users, &movies, status);
}

static bool take_rows(struct shard *shard, struct status *status) {
    size_t row_bytes = shard->stride * sizeof(float);
    unsigned needs = optimiser_needs(&shard->spec.optimiser);
    shard->values = memory_take_array(shard->entries, row_bytes, "rows", status);
    shard->marks = memory_take_array(shard->entries, sizeof *shard->marks, "row marks", status);
    if (shard->values == NULL || shard->marks == NULL)
        return false;
    if ((needs & OPTIMISER_NEEDS_FIRST) != 0) {
        shard->first = memory_take_array(shard->entries, row_bytes, "optimiser state", status);
        if (shard->first == NULL)
            return false;
    }
    if ((needs & OPTIMISER_NEEDS_SECOND) != 0) {
        shard->second = memory_take_array(shard->entries, row_bytes, "optimiser state", status);
        if (shard->second == NULL)
            return false;
    }
    if (shard->spec.keeps) {
        shard->kept = memory_take_array(shard->entries, row_bytes, "the best epoch's rows", status);
        if (shard->kept == NULL)
            return false;
    }
    shard->sums = memory_take_array(sum_count(&shard->spec), row_bytes, "gradient sums", status);
    shard->sum_entries =
        memory_take_array(sum_count(&shard->spec), sizeof(uint32_t), "gradient sums", status);
    return shard->sums != NULL && shard->sum_entries != NULL;
}

static void start_rows(struct shard *shard) {
    for (uint32_t entry = 0; entry < shard->entries; entry++) {
        enum table_id table;
        uint32_t row = entry_row(shard, entry, &table);
        start_row(&shard->spec.model, table, row, shard->values + (size_t)entry * shard->stride);
    }
}

struct shard *shard_new_blank(const struct shard_spec *spec, uint64_t first_step, struct status *status) {
    if (entry_count(spec) > UINT32_MAX) {
        status_fail(status, STATUS_CONFIG, "shard %u would hold %zu rows, more than %u", spec->index,
                    entry_count(spec), UINT32_MAX);
        return NULL;
    }
    struct shard *shard = memory_take(sizeof *shard, "a shard", status);
    if (shard == NULL)
        return NULL;
    shard->spec = *spec;
    shard->stride = row_stride(spec->model.factors);
    shard->rows[TABLE_USERS] = shard_rows_planned(spec, TABLE_USERS);
    shard->rows[TABLE_MOVIES] = shard_rows_planned(spec, TABLE_MOVIES);
    shard->entries = (uint32_t)entry_count(spec);
    shard->optimiser = optimiser_new(&spec->optimiser, &spec->model, first_step, status);
    if (!take_partitions(shard, status) || shard->optimiser == NULL || !take_rows(shard, status)) {
        shard_free(shard);
        return NULL;
    }
    return shard;
}

struct shard *shard_new(const struct shard_spec *spec, struct status *status) {
    struct shard *shard = shard_new_blank(spec, 0, status);
    if (shard != NULL)
        start_rows(shard);
    return shard;
}

void shard_free(struct shard *shard) {
    if (shard == NULL)
        return;
    optimiser_free(shard->optimiser);
    partition_free_both(shard->partitions);
    memory_release(shard->values);
    memory_release(shard->first);
    memory_release(shard->second);
    memory_release(shard->kept);
    memory_release(shard->marks);
    memory_release(shard->sums);
    memory_release(shard->sum_entries);
    memory_release(shard);
}

static float *entry_values(const struct shard *shard, uint32_t entry) {
    return shard->values + (size_t)entry * shard->stride;
}

static struct row_state entry_state(const struct shard *shard, uint32_t entry) {
    size_t at = (size_t)entry * shard->stride;
    return (struct row_state){
        .value = shard->values + at,
        .first = shard->first == NULL ? NULL : shard->first + at,
        .second = shard->second == NULL ? NULL : shard->second + at,
        .next_step = &shard->marks[entry].next_step,
    };
}

/* A new serial makes all stamps old; once in 2^32 they must be wiped. */
static uint32_t next_serial(struct shard *shard) {
    if (++shard->serial == 0) {
        for (uint32_t entry = 0; entry < shard->entries; entry++)
            shard->marks[entry].stamp = 0;
        shard->serial = 1;
    }
    return shard->serial;
}

static bool find_table(struct shard *shard, enum table_id table, const uint32_t *rows, uint32_t count,
                       bool unique, uint32_t *entries, struct status *status) {
    const struct partition *partition = &shard->partitions[table];
    uint32_t base = table == TABLE_USERS ? 0 : shard->rows[TABLE_USERS];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t local = partition_local(partition, rows[i]);
        if (partition_shard(&partition->spec, rows[i]) != shard->spec.index || local >= shard->rows[table])
            return status_fail(status, STATUS_PROTOCOL, "%s row %u is not on shard %u", table_name(table),
                               rows[i], shard->spec.index);
        entries[i] = base + local;
        if (unique && shard->marks[entries[i]].stamp == shard->serial)
            return status_fail(status, STATUS_PROTOCOL, "%s row %u is named twice", table_name(table),
                               rows[i]);
        if (unique)
            shard->marks[entries[i]].stamp = shard->serial;
    }
    return true;
}

bool shard_find(struct shard *shard, const uint32_t *rows, uint32_t users, uint32_t movies, bool unique,
                uint32_t *entries, struct status *status) {
    if (unique)
        next_serial(shard);
    return find_table(shard, TABLE_USERS, rows, users, unique, entries, status) &&
           find_table(shard, TABLE_MOVIES, rows + users, movies, unique, entries + users, status);
}

static bool is_pending(const struct shard *shard, uint32_t entry) {
    return shard->pending.count != 0 && shard->marks[entry].stamp == shard->serial;
}

/* Applies the begun step to one row, which then waits no more: no serial is 0. */
static void apply_pending(struct shard *shard, uint32_t entry) {
    struct row_state state = entry_state(shard, entry);
    optimiser_catch_up(shard->optimiser, state, optimiser_step(shard->optimiser) - 1);
    optimiser_apply(shard->optimiser, state,
                    shard->pending.gradients + (size_t)shard->marks[entry].slot * shard->stride);
    shard->marks[entry].stamp = 0;
}

/* Only inlined early do prefetches live: gcc takes a function of nothing else for one without effect. */
#define INLINE static inline __attribute__((always_inline))

/* Rows lie anywhere in tables far larger than a cache: those that come next are asked of the memory while one is worked on. */
enum { ROWS_AHEAD = 6, MARKS_AHEAD = 2 * ROWS_AHEAD, LINE = 64 };

INLINE void prefetch_floats(const float *floats, uint32_t count) {
    for (const char *at = (const char *)floats, *end = (const char *)(floats + count); at < end; at += LINE)
        __builtin_prefetch(at, 1);
}

INLINE void prefetch_entry(const struct shard *shard, const uint32_t *entries, uint32_t count, uint32_t i) {
    if (i + MARKS_AHEAD < count)
        __builtin_prefetch(&shard->marks[entries[i + MARKS_AHEAD]], 1);
    if (i + ROWS_AHEAD >= count)
        return;
    size_t at = (size_t)entries[i + ROWS_AHEAD] * shard->stride;
    prefetch_floats(shard->values + at, shard->stride);
    if (shard->first != NULL)
        prefetch_floats(shard->first + at, shard->stride);
    if (shard->second != NULL)
        prefetch_floats(shard->second + at, shard->stride);
}

void shard_pull(struct shard *shard, const uint32_t *entries, uint32_t count, float *values) {
    uint64_t step = optimiser_step(shard->optimiser);
    for (uint32_t i = 0; i < count; i++) {
        prefetch_entry(shard, entries, count, i);
        if (is_pending(shard, entries[i]))
            apply_pending(shard, entries[i]);
        else
            optimiser_catch_up(shard->optimiser, entry_state(shard, entries[i]), step);
        memcpy(values + (size_t)i * shard->stride, entry_values(shard, entries[i]),
               shard->stride * sizeof(float));
    }
}

void shard_read(const struct shard *shard, const uint32_t *entries, uint32_t count, float *values) {
    for (uint32_t i = 0; i < count; i++)
        memcpy(values + (size_t)i * shard->stride, entry_values(shard, entries[i]),
               shard->stride * sizeof(float));
}

MULTIVERSION static void add_floats(float *sum, const float *terms, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        sum[i] += terms[i];
}

/* Adds one lane to the sums; the first lane that names an entry opens its slot. Returns the number of slots.
 */
static uint32_t add_lane(struct shard *shard, const struct lane_gradients *lane, uint32_t slots) {
    uint32_t stride = shard->stride;
    for (uint32_t i = 0; i < lane->count; i++) {
        uint32_t entry = lane->entries[i];
        const float *gradient = lane->gradients + (size_t)i * stride;
        if (shard->marks[entry].stamp == shard->serial) {
            add_floats(shard->sums + (size_t)shard->marks[entry].slot * stride, gradient, stride);
            continue;
        }
        shard->marks[entry].stamp = shard->serial;
        shard->marks[entry].slot = slots;
        shard->sum_entries[slots] = entry;
        memcpy(shard->sums + (size_t)slots++ * stride, gradient, stride * sizeof(float));
    }
    return slots;
}

/* One lane's gradients are used where they lie. */
static void take_lane(struct shard *shard, const struct lane_gradients *lane) {
    for (uint32_t i = 0; i < lane->count; i++) {
        shard->marks[lane->entries[i]].stamp = shard->serial;
        shard->marks[lane->entries[i]].slot = i;
    }
    shard->pending = *lane;
}

static void add_lanes(struct shard *shard, const struct lane_gradients *lanes, uint32_t lane_count) {
    uint32_t slots = 0;
    for (uint32_t lane = 0; lane < lane_count; lane++)
        slots = add_lane(shard, &lanes[lane], slots);
    shard->pending = (struct lane_gradients){shard->sum_entries, slots, shard->sums};
}

void shard_begin_step(struct shard *shard, struct step_rate rate, const struct lane_gradients *lanes,
                      uint32_t lane_count) {
    REQUIRE(shard->pending.count == 0, "a step is finished before the next begins");
    if (optimiser_window_full(shard->optimiser)) {
        shard_settle(shard);
        optimiser_window_restart(shard->optimiser);
    }
    optimiser_open(shard->optimiser, rate);
    next_serial(shard);
    if (lane_count == 1)
        take_lane(shard, &lanes[0]);
    else
        add_lanes(shard, lanes, lane_count);
}

void shard_finish_step(struct shard *shard) {
    for (uint32_t i = 0; i < shard->pending.count; i++) {
        prefetch_entry(shard, shard->pending.entries, shard->pending.count, i);
        if (is_pending(shard, shard->pending.entries[i]))
            apply_pending(shard, shard->pending.entries[i]);
    }
    shard->pending.count = 0;
}

uint64_t shard_step(const struct shard *shard) {
    return optimiser_step(shard->optimiser);
}

void shard_settle(struct shard *shard) {
    uint64_t step = optimiser_step(shard->optimiser);
    for (uint32_t entry = 0; entry < shard->entries; entry++)
        optimiser_catch_up(shard->optimiser, entry_state(shard, entry), step);
}

void shard_keep(struct shard *shard, uint32_t epoch) {
    REQUIRE(shard->spec.keeps, "a shard that keeps");
    memcpy(shard->kept, shard->values, (size_t)shard->entries * shard->stride * sizeof *shard->kept);
    shard->kept_epoch = epoch;
}

void shard_take_back(struct shard *shard) {
    REQUIRE(shard->kept_epoch != 0, "rows are kept");
    memcpy(shard->values, shard->kept, (size_t)shard->entries * shard->stride * sizeof *shard->kept);
}

uint32_t shard_kept_epoch(const struct shard *shard) {
    return shard->kept_epoch;
}

/* A float times zero is zero unless it is NaN or infinite. Independent sums, several vectors of them, keep additions
 * from waiting for each other; count is a multiple of ROW_LANES. */
MULTIVERSION static bool all_finite(const float *values, size_t count) {
    enum { GROUP = 8 * ROW_LANES };
    float sums[GROUP] = {0};
    float sum = 0;
    size_t i = 0;
    for (; i + GROUP <= count; i += GROUP)
        for (size_t lane = 0; lane < GROUP; lane++)
            sums[lane] += values[i + lane] * 0.0f;
    for (; i < count; i += ROW_LANES)
        for (size_t lane = 0; lane < ROW_LANES; lane++)
            sums[lane] += values[i + lane] * 0.0f;
    for (size_t lane = 0; lane < GROUP; lane++)
        sum += sums[lane];
    return sum == 0.0f;
}

uint32_t shard_first_bad(const struct shard *shard, const float *rows, uint32_t count) {
    if (all_finite(rows, (size_t)count * shard->stride))
        return count;
    uint32_t row = 0;
    while (all_finite(rows + (size_t)row * shard->stride, shard->stride))
        row++;
    return row;
}

uint32_t shard_first_bad_entry(const struct shard *shard) {
    return shard_first_bad(shard, shard->values, shard->entries);
}

uint64_t shard_name(const struct shard *shard, uint32_t entry) {
    enum table_id table;
    uint64_t row = entry_row(shard, entry, &table);
    return (uint64_t)table << 32 | row;
}

bool shard_entry(const struct shard *shard, uint64_t name, uint32_t *entry) {
    uint64_t table = name >> 32;
    if (table >= TABLE_COUNT)
        return false;
    const struct partition *partition = &shard->partitions[table];
    uint32_t row = (uint32_t)name, local = partition_local(partition, row);
    if (partition_shard(&partition->spec, row) != shard->spec.index || local >= shard->rows[table])
        return false;
    *entry = local + (table == TABLE_USERS ? 0 : shard->rows[TABLE_USERS]);
    return true;
}

void shard_name_entry(const struct shard *shard, uint32_t entry, char *text, size_t capacity) {
    enum table_id table;
    uint32_t row = entry_row(shard, entry, &table);
    snprintf(text, capacity, "%s row %u", table_name(table), row);
}

uint64_t shard_digest(const struct shard *shard) {
    uint64_t digest = 0;
    for (uint32_t entry = 0; entry < shard->entries; entry++) {
        digest += hash_bytes(entry_values(shard, entry), (shard->spec.model.factors + 1) * sizeof(float),
                             shard_name(shard, entry));
    }
    return digest;
}

void shard_moments(const struct shard *shard, struct factor_moments *moments) {
    factors_accumulate(entry_values(shard, shard->rows[TABLE_USERS]), shard->rows[TABLE_MOVIES],
                       shard->stride, shard->spec.model.factors, moments);
}

void shard_project(const struct shard *shard, uint32_t first, uint32_t count, uint32_t components,
                   const double *mean, const double *axes, double *scores) {
    uint32_t factors = shard->spec.model.factors;
    for (uint32_t i = 0; i < count; i++) {
        const float *row = entry_values(shard, shard->rows[TABLE_USERS] + first + i);
        double *line = scores + (size_t)i * (components + 1);
        factors_project(row, 1, shard->stride, factors, components, mean, axes, line);
        line[components] = row[factors];
    }
}

uint32_t shard_stride(const struct shard *shard) {
    return shard->stride;
}

uint32_t shard_rows(const struct shard *shard, enum table_id table) {
    return shard->rows[table];
}

size_t shard_bytes(const struct shard *shard) {
    return shard_bytes_planned(&shard->spec);
}
