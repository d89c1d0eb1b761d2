/* Does a lost message matter? Each message of a small run with checkpoints is lost in turn: every run must end well, with the
 * bits of the run that lost none, and nobody may be given up or refused for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cluster.h"

enum { DELAY_US = 400, PATIENCE_US = 90 * 1000000, CHECKPOINTS = 2 };

struct thief {
    uint64_t seen, takes; /* the message to take, counted from 1 */
    enum message_kind taken;
};

static enum fate steal(void *context, const struct node *from, const struct node *to,
                       const struct message *message) {
    struct thief *thief = context;
    (void)from;
    (void)to;
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

/* Runs with one message stolen; returns the number of messages sent. */
static uint64_t run_without(uint64_t takes, const struct config *config, struct sim_set *data,
                            uint64_t *digest) {
    static struct sim_cluster cluster;
    struct world *world = world_new(3, DELAY_US);
    struct thief thief = {.takes = takes};
    sim_cluster_start(&cluster, world, config, data, 0);
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
    assert_in_range(cluster.disk.committed, takes == 0 ? CHECKPOINTS : 0, CHECKPOINTS);
    if (takes == 0)
        *digest = cluster.final.digest;
    assert_true(cluster.final.digest == *digest && cluster.saved_digest == *digest);
    sim_cluster_free(&cluster);
    world_free(world);
    return thief.seen;
}

static void a_lost_message_changes_nothing(void **state) {
    static struct sim_set data;
    struct config config;
    uint64_t digest = 0;
    (void)state;
    sim_set_make(&data, 3);
    small_config(&config);
    uint64_t messages = run_without(0, &config, &data, &digest);
    assert_in_range(messages, 100, 1000);
    for (uint64_t takes = 1; takes <= messages; takes++)
        run_without(takes, &config, &data, &digest);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_lost_message_changes_nothing)};
    return cmocka_run_group_tests_name("sim/loss", tests, NULL, NULL);
}
