#include "model/partition.h"

#include "core/contract.h"
#include "core/memory.h"

bool partition_init(struct partition *partition, const struct partition_spec *spec, struct status *status) {
    *partition = (struct partition){.spec = *spec};
    if (spec->runs == 0)
        return true;
    REQUIRE(spec->firsts[0] == 0 && spec->firsts[spec->runs] == spec->rows, "runs cover the table");
    partition->places = memory_take_array(spec->runs, sizeof *partition->places, "places of runs", status);
    if (partition->places == NULL)
        return false;
    for (uint32_t run = spec->shards; run < spec->runs; run++) {
        uint32_t before = run - spec->shards;
        partition->places[run] =
            partition->places[before] + (spec->firsts[before + 1] - spec->firsts[before]);
    }
    return true;
}

void partition_free(struct partition *partition) {
    memory_release(partition->places);
    *partition = (struct partition){0};
}

bool partition_both(struct partition tables[TABLE_COUNT], uint32_t users, const struct partition_spec *movies,
                    struct status *status) {
    const struct partition_spec dealt = {.rows = users, .shards = movies->shards};
    return partition_init(&tables[TABLE_USERS], &dealt, status) &&
           partition_init(&tables[TABLE_MOVIES], movies, status);
}

void partition_free_both(struct partition tables[TABLE_COUNT]) {
    partition_free(&tables[TABLE_USERS]);
    partition_free(&tables[TABLE_MOVIES]);
}

struct partition_spec partition_of_image(const struct shard_image *image, enum table_id table) {
    bool users = table == TABLE_USERS;
    return (struct partition_spec){.rows = users ? image->users : image->movies,
                                   .shards = image->shards,
                                   .runs = users ? 0 : image->strata,
                                   .firsts = users ? NULL : image->stratum_first};
}

static uint32_t dealt_rows(uint32_t rows, uint32_t shard, uint32_t shards) {
    return rows / shards + (rows % shards > shard ? 1 : 0);
}

uint32_t partition_rows(const struct partition_spec *spec, uint32_t shard) {
    uint32_t rows = 0;
    if (spec->runs == 0)
        return dealt_rows(spec->rows, shard, spec->shards);
    for (uint32_t run = shard; run < spec->runs; run += spec->shards)
        rows += spec->firsts[run + 1] - spec->firsts[run];
    return rows;
}

/* The last run that does not begin behind the row; runs before it that begin at the same row are empty. */
uint32_t partition_run_of(const struct partition_spec *spec, uint32_t row) {
    uint32_t low = 0, high = spec->runs;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (spec->firsts[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The same search among a shard's own runs, by place. */
static uint32_t run_at(const struct partition *partition, uint32_t local, uint32_t shard) {
    const struct partition_spec *spec = &partition->spec;
    uint32_t low = 0, high = (spec->runs - shard - 1) / spec->shards + 1;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (partition->places[shard + middle * spec->shards] <= local)
            low = middle;
        else
            high = middle;
    }
    return shard + low * spec->shards;
}

uint32_t partition_row(const struct partition *partition, uint32_t local, uint32_t shard) {
    const struct partition_spec *spec = &partition->spec;
    if (spec->runs == 0)
        return local * spec->shards + shard;
    uint32_t run = run_at(partition, local, shard);
    return spec->firsts[run] + (local - partition->places[run]);
}

uint32_t partition_next(const struct partition_spec *spec, uint32_t row, uint32_t shard) {
    uint32_t shards = spec->shards;
    if (row >= spec->rows)
        return spec->rows;
    if (spec->runs == 0)
        return row + (shard + shards - row % shards) % shards;
    uint32_t run = partition_run_of(spec, row);
    if (partition_run_shard(run, shards) == shard)
        return row;
    for (run += (shard + shards - run % shards) % shards; run < spec->runs; run += shards)
        if (spec->firsts[run] < spec->firsts[run + 1])
            return spec->firsts[run];
    return spec->rows;
}

uint32_t partition_dealt(uint32_t first, uint32_t end, uint32_t shard, uint32_t shards, uint32_t *count) {
    uint32_t before = dealt_rows(first, shard, shards);
    *count = dealt_rows(end, shard, shards) - before;
    return before;
}
