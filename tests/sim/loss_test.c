/* Can a lost message hang a cluster? Each message of a small run is lost in turn; every run must end by itself, either
 * because nobody needed the message, or with the name of a member that did not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cluster.h"

enum { DELAY_US = 400, PATIENCE_US = 90 * 1000000 };

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
}

static bool names_a_member(const char *sentence) {
    return strstr(sentence, "pserver ") != NULL || strstr(sentence, "worker ") != NULL ||
           strstr(sentence, ": index ") != NULL;
}

/* Runs with one message stolen; returns the number of messages sent. */
static uint64_t run_without(uint64_t takes, const struct config *config, struct sim_set *data,
                            uint64_t *digest) {
    struct sim_cluster cluster;
    struct world *world = world_new(3, DELAY_US);
    struct thief thief = {.takes = takes};
    sim_cluster_start(&cluster, world, config, data, 0);
    world->watch = steal;
    world->watch_context = &thief;
    bool ended = world_run(world, PATIENCE_US);
    if (!ended)
        fail_msg("message %llu, a %s, was lost, and the run did not end: %s", (unsigned long long)takes,
                 message_name(thief.taken), world->last_log);
    const struct status *outcome = &cluster.lead->outcome;
    if (takes == 0)
        *digest = cluster.final.digest;
    else if (cluster.finished)
        assert_true(cluster.final.digest == *digest);
    else if (outcome->code != STATUS_UNAVAILABLE || !names_a_member(outcome->text))
        fail_msg("message %llu, a %s, was lost: %d \"%s\"", (unsigned long long)takes,
                 message_name(thief.taken), outcome->code, outcome->text);
    sim_cluster_free(&cluster);
    world_free(world);
    return thief.seen;
}

static void no_lost_message_hangs_a_run(void **state) {
    static struct sim_set data;
    struct config config;
    uint64_t digest = 0;
    (void)state;
    sim_set_make(&data, 3);
    small_config(&config);
    uint64_t messages = run_without(0, &config, &data, &digest);
    for (uint64_t takes = 1; takes <= messages; takes++)
        run_without(takes, &config, &data, &digest);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_lost_message_hangs_a_run)};
    return cmocka_run_group_tests_name("sim/loss", tests, NULL, NULL);
}
