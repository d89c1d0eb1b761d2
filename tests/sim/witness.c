#include "witness.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/order.h"

static void blame(struct witness *witness, const char *what, const struct rows_message *rows) {
    if (witness->why[0] == '\0')
        snprintf(witness->why, sizeof witness->why, "%s (lane %u, step %" PRIu64 ", version %" PRIu64 ")",
                 what, rows->lane, rows->step, rows->version);
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
    return shard;
}

static uint64_t needed(const struct config *config, uint64_t step) {
    return step > config->train_staleness ? step - config->train_staleness : 0;
}

/* Of all lanes: the fewest steps pushed, and the sum. */
static uint64_t slowest(const struct witness_shard *shard, const struct config *config, uint64_t *sum) {
    uint64_t least = UINT64_MAX;
    *sum = 0;
    for (uint32_t lane = 0; lane < config->train_lanes; lane++) {
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

static enum fate sees(void *context, const struct node *from, const struct node *to,
                      const struct message *message) {
    (void)to;
    if (message->kind == MESSAGE_ROWS)
        judge_rows(context, from, &message->rows);
    return FATE_ARRIVES;
}

/* Steps may come in any order and more than once. */
static void hears(void *context, const struct node *node, const struct message *message) {
    struct witness *witness = context;
    if (message->kind == MESSAGE_STEP && message->step.lane < DISK_LANES_MAX) {
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
