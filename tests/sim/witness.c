#include "witness.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/order.h"
#include "model/rotation.h"

static void blame_run(struct witness *witness, const char *what, const struct run_rows_message *rows) {
    if (witness->why[0] == '\0')
        snprintf(witness->why, sizeof witness->why, "%s (lane %u, %s %u, version %" PRIu64 ")", what,
                 rows->lane, rows->table == TABLE_USERS ? "part" : "stratum", rows->run, rows->version);
}

static void blame(struct witness *witness, const char *what, const struct rows_message *rows) {
    if (witness->why[0] == '\0')
        snprintf(witness->why, sizeof witness->why, "%s (lane %u, step %" PRIu64 ", version %" PRIu64 ")",
                 what, rows->lane, rows->step, rows->version);
}

static void begin_versions(struct witness_shard *shard, const struct config *config, uint64_t round) {
    if (config->train_mode != MODE_BLOCKED)
        return;
    for (uint32_t stratum = 0; stratum < config->train_strata; stratum++)
        shard->versions[TABLE_MOVIES][stratum] =
            rotation_visits(stratum, round, (uint32_t)config->train_parts, (uint32_t)config->train_strata);
}

/* A pserver's life begins where the run was taken up. */
static struct witness_shard *shard_of(struct witness *witness, const struct node *node) {
    const struct run_position *resume = &witness->cluster->resume;
    struct witness_shard *shard = &witness->shards[node->index];
    if (shard->birth == node->birth)
        return shard;
    *shard =
        (struct witness_shard){.birth = node->birth, .clock = resume->number == 0 ? 0 : resume->clock_step};
    for (uint32_t lane = 0; lane < DISK_LANES_MAX; lane++)
        shard->pushed[lane] = resume->number == 0 ? 0 : resume->lane_step;
    begin_versions(shard, &witness->cluster->config, shard->pushed[0]);
    return shard;
}

static uint64_t needed(const struct config *config, uint64_t step) {
    return step > config->train_staleness ? step - config->train_staleness : 0;
}

/* Of all lanes: the fewest steps pushed, and the sum. */
static uint64_t slowest(const struct witness_shard *shard, const struct config *config, uint64_t *sum) {
    uint64_t least = UINT64_MAX;
    *sum = 0;
    for (uint32_t lane = 0; lane < config_lanes(config); lane++) {
        least = shard->pushed[lane] < least ? shard->pushed[lane] : least;
        *sum += shard->pushed[lane];
    }
    return least;
}

static void judge_rows(struct witness *witness, const struct node *node, const struct rows_message *rows) {
    const struct config *config = &witness->cluster->config;
    struct witness_shard *shard = shard_of(witness, node);
    bool exact = config->train_sync == SYNC_SYNCHRONOUS;
    uint64_t sum, least = slowest(shard, config, &sum);
    witness->rows_seen++;
    if (rows->rows == 0)
        return;
    if (exact && rows->version != needed(config, rows->step))
        blame(witness, "rows have not seen the steps that they should", rows);
    if (config->train_sync == SYNC_SSP && least < needed(config, rows->step))
        blame(witness, "rows are staler than the bound", rows);
    if (rows->version > (exact ? least : sum))
        blame(witness, "rows have seen more steps than were pushed", rows);
}

/* Whether a part visits a stratum when it has been visited so often. */
static bool is_turn(const struct config *config, const struct run_rows_message *rows) {
    uint32_t parts = (uint32_t)config->train_parts, strata = (uint32_t)config->train_strata;
    uint64_t round = rotation_round(rows->lane, rows->run, rows->version / parts, parts, strata);
    return rotation_version(rows->lane, round, parts, strata) == rows->version;
}

static void judge_run(struct witness *witness, const struct node *node, const struct run_rows_message *rows) {
    const struct witness_shard *shard = shard_of(witness, node);
    witness->rows_seen++;
    if (rows->version != shard->versions[rows->table][rows->run])
        blame_run(witness, "rows of a run have not seen the pushes that came", rows);
    if (rows->table == TABLE_MOVIES && !is_turn(&witness->cluster->config, rows))
        blame_run(witness, "a stratum goes to a part whose turn it is not", rows);
    if (rows->table == TABLE_USERS && rows->run != rows->lane)
        blame_run(witness, "a part goes to another lane", rows);
}

static enum fate sees(void *context, const struct node *from, const struct node *to,
                      const struct message *message) {
    (void)to;
    if (message->kind == MESSAGE_ROWS)
        judge_rows(context, from, &message->rows);
    else if (message->kind == MESSAGE_RUN_ROWS)
        judge_run(context, from, &message->run_rows);
    return FATE_ARRIVES;
}

/* What an owner of old sends counts for nothing. */
static void hear_push(struct witness *witness, const struct node *node, const struct run_push_message *push) {
    struct witness_shard *shard = shard_of(witness, node);
    if (push->lane >= DISK_LANES_MAX || push->run >= SIM_SIDES_MAX ||
        push->lease != shard->leases[push->lane])
        return;
    uint64_t *version = &shard->versions[push->table][push->run];
    witness->repeats += push->version < *version;
    *version += push->version == *version;
}

/* Steps may come in any order and more than once. */
static void hears(void *context, const struct node *node, const struct message *message) {
    struct witness *witness = context;
    if (message->kind == MESSAGE_RUN_PUSH) {
        hear_push(witness, node, &message->run_push);
    } else if (message->kind == MESSAGE_STEP && message->step.lane < DISK_LANES_MAX) {
        uint64_t *pushed = &shard_of(witness, node)->pushed[message->step.lane];
        uint64_t next = message->step.push_step + message->step.pushes;
        witness->repeats += message->step.pushes && message->step.push_step < *pushed;
        if (message->step.pushes && next > *pushed)
            *pushed = next;
    } else if (message->kind == MESSAGE_LANE_OPEN && message->lane_open.lane < DISK_LANES_MAX) {
        uint32_t *lease = &shard_of(witness, node)->leases[message->lane_open.lane];
        witness->takeovers += *lease != 0 && message->lane_open.lease > *lease;
        *lease = message->lane_open.lease > *lease ? message->lane_open.lease : *lease;
    }
}

void witness_begin(struct witness *witness, struct sim_cluster *cluster) {
    *witness = (struct witness){.cluster = cluster};
    cluster->world->watch = sees;
    cluster->world->heard = hears;
    cluster->world->watch_context = witness;
}
