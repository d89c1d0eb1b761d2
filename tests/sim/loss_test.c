/* Does a lost message matter? Each message of a small run with checkpoints is lost in turn: every run must end well, with the
 * bits of the run that lost none, and nobody may be given up or refused for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cluster.h"

enum { DELAY_US = 400, SLOW_US = 20000, PATIENCE_US = 90 * 1000000 };

struct thief {
    uint64_t seen, takes; /* the message to take, counted from 1 */
    enum message_kind taken;
    uint64_t last_cut; /* number of the last checkpoint that was begun */
};

static enum fate steal(void *context, const struct node *from, const struct node *to,
                       const struct message *message) {
    struct thief *thief = context;
    (void)from;
    (void)to;
    if (message->kind == MESSAGE_CUT && message->cut.number > thief->last_cut)
        thief->last_cut = message->cut.number;
    if (++thief->seen != thief->takes)
        return FATE_ARRIVES;
    thief->taken = message->kind;
    return FATE_LOST;
}

static void small_config(struct config *config) {
    sim_config(config);
    config->cluster_pservers = 2;
    config->cluster_workers = 2;
    config->train_lanes = 3;
    config->train_batch = 150;
    config->train_staleness = 1;
    config->schedule_epochs = 2;
    config->checkpoint_steps = 2;
}

/* A run, with all its messages or without one. */
struct trial {
    const struct config *config;
    struct sim_set *data;
    uint64_t delay_us, digest;
    uint64_t checkpoints; /* at least */
};

/* Runs with one message stolen, or none; returns the number of messages sent. */
static uint64_t run_without(uint64_t takes, struct trial *trial) {
    static struct sim_cluster cluster;
    struct world *world = world_new(3, trial->delay_us);
    struct thief thief = {.takes = takes};
    sim_cluster_start(&cluster, world, trial->config, trial->data, 0);
    world->dreaded = "are gone";
    world->watch = steal;
    world->watch_context = &thief;
    bool ended = world_run(world, PATIENCE_US);
    const struct status *outcome = &cluster.lead->outcome;
    if (!ended || outcome->code != STATUS_OK || !cluster.finished)
        fail_msg("message %llu, a %s, was lost: ended %d with %d \"%s\"; %s", (unsigned long long)takes,
                 message_name(thief.taken), ended, outcome->code, outcome->text, world->last_log);
    assert_int_equal(world->dreaded_logs, 0);
    assert_int_equal(cluster.final.workers_lost, 0);
    if (takes == 0)
        trial->digest = cluster.final.digest;
    assert_true(cluster.final.digest == trial->digest && cluster.saved_digest == trial->digest);
    if (cluster.disk.committed < trial->checkpoints || cluster.disk.committed + 1 < thief.last_cut)
        fail_msg("message %llu, a %s, was lost: %llu checkpoints, %llu begun", (unsigned long long)takes,
                 message_name(thief.taken), (unsigned long long)cluster.disk.committed,
                 (unsigned long long)thief.last_cut);
    sim_cluster_free(&cluster);
    world_free(world);
    return thief.seen;
}

static void lose_each(struct trial *trial) {
    uint64_t messages = run_without(0, trial);
    assert_in_range(messages, 100, 2000);
    for (uint64_t takes = 1; takes <= messages; takes++)
        run_without(takes, trial);
}

static void a_lost_message_changes_nothing(void **state) {
    static struct sim_set data;
    struct config config;
    struct trial trial = {.config = &config, .data = &data, .delay_us = DELAY_US};
    (void)state;
    sim_set_make(&data, 3);
    small_config(&config);
    lose_each(&trial);
}

/* Here is time to ask again for everything, so a checkpoint that got stuck would be missed. */
static void a_lost_message_does_not_stop_checkpoints(void **state) {
    static struct sim_set data;
    struct config config;
    struct trial trial = {.config = &config, .data = &data, .delay_us = SLOW_US, .checkpoints = 2};
    (void)state;
    sim_set_make(&data, 3);
    small_config(&config);
    config.train_batch = 50;
    config.train_lanes = 2;
    config.schedule_epochs = 4;
    lose_each(&trial);
}

static void blocked_config(struct config *config) {
    small_config(config);
    config->train_mode = MODE_BLOCKED;
    config->train_staleness = 0;
    config->train_parts = 3;
    config->train_strata = 4;
    config->train_learning_rate = 0.02;
}

static void a_lost_message_changes_nothing_in_blocks(void **state) {
    static struct sim_set data;
    struct config config;
    struct trial trial = {.config = &config, .data = &data, .delay_us = DELAY_US};
    (void)state;
    sim_set_make(&data, 3);
    blocked_config(&config);
    lose_each(&trial);
}

static void a_lost_message_does_not_stop_checkpoints_in_blocks(void **state) {
    static struct sim_set data;
    struct config config;
    struct trial trial = {.config = &config, .data = &data, .delay_us = SLOW_US, .checkpoints = 2};
    (void)state;
    sim_set_make(&data, 3);
    blocked_config(&config);
    config.train_optimiser = OPTIMISER_ADAGRAD_ROW;
    config.schedule_epochs = 7;
    lose_each(&trial);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_lost_message_changes_nothing),
                                       cmocka_unit_test(a_lost_message_does_not_stop_checkpoints),
                                       cmocka_unit_test(a_lost_message_changes_nothing_in_blocks),
                                       cmocka_unit_test(a_lost_message_does_not_stop_checkpoints_in_blocks)};
    return cmocka_run_group_tests_name("sim/loss", tests, NULL, NULL);
}
