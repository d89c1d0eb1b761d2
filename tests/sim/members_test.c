/* Who belongs to a cluster: members that never come, fall silent, come twice, or speak another language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "cluster.h"

enum { DELAY_US = 400, SLOW_US = 40000 };

static const uint64_t PATIENCE_US = 3600 * UINT64_C(1000000);

static void end_world(struct sim_cluster *cluster) {
    struct world *world = cluster->world;
    sim_cluster_free(cluster);
    world_free(world);
}

static uint64_t quiet_digest(uint64_t seed, const struct config *config, struct sim_set *data) {
    static struct sim_cluster cluster;
    struct world *world = world_new(seed, 1);
    sim_cluster_start(&cluster, world, config, data, 0);
    assert_true(world_run(world, PATIENCE_US) && cluster.finished);
    uint64_t digest = cluster.final.digest;
    end_world(&cluster);
    return digest;
}

static void a_member_that_never_comes_is_named(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config;
    (void)state;
    sim_set_make(&data, 8);
    sim_config(&config);
    config.cluster_pservers = 3;
    struct world *world = world_new(8, DELAY_US);
    sim_cluster_start(&cluster, world, &config, &data, 1 << 2);
    assert_true(world_run(world, PATIENCE_US));
    assert_int_equal(cluster.lead->outcome.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(cluster.lead->outcome.text, "1 of 3 pservers: index 2 not seen"));
    assert_true(world->now_us < 40 * 1000000u);
    end_world(&cluster);
}

/* Freezes a node once training has begun. */
struct freezer {
    struct node *victim;
    uint64_t steps;
};

static enum fate freeze(void *context, const struct node *from, const struct node *to,
                        const struct message *message) {
    struct freezer *freezer = context;
    (void)from;
    (void)to;
    if (message->kind == MESSAGE_STEP && ++freezer->steps == 10)
        freezer->victim->frozen = true;
    return FATE_ARRIVES;
}

/* Runs with a member that freezes for ever: the pserver, or worker 1. */
static void run_with_freezer(struct sim_cluster *cluster, const struct config *config, struct sim_set *data,
                             bool is_pserver) {
    struct world *world = world_new(9, DELAY_US);
    sim_cluster_start(cluster, world, config, data, 0);
    struct freezer freezer = {is_pserver ? cluster->pserver_nodes[0] : cluster->worker_nodes[1], 0};
    world->watch = freeze;
    world->watch_context = &freezer;
    assert_true(world_run(world, PATIENCE_US));
    assert_true(world->now_us < 20 * 1000000u);
}

static void a_pserver_that_falls_silent_is_named(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config;
    (void)state;
    sim_set_make(&data, 9);
    sim_config(&config);
    config.cluster_workers = 2;
    config.train_lanes = 2;
    run_with_freezer(&cluster, &config, &data, true);
    assert_int_equal(cluster.lead->outcome.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(cluster.lead->outcome.text, "pserver 0"));
    end_world(&cluster);
}

static void the_lanes_of_a_worker_that_falls_silent_go_to_others(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config;
    (void)state;
    sim_set_make(&data, 9);
    sim_config(&config);
    config.cluster_workers = 2;
    config.train_lanes = 2;
    uint64_t quiet = quiet_digest(9, &config, &data);
    run_with_freezer(&cluster, &config, &data, false);
    assert_true(cluster.finished);
    assert_int_equal(cluster.final.workers_lost, 1);
    assert_true(cluster.final.digest == quiet);
    end_world(&cluster);
}

/* A second pserver 0, and one with another configuration, are refused; the cluster goes on without them. */
static void strangers_are_refused_and_harm_nobody(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config, other;
    struct status status;
    (void)state;
    sim_set_make(&data, 12);
    sim_config(&config);
    uint64_t quiet = quiet_digest(12, &config, &data);
    struct world *world = world_new(12, SLOW_US);
    sim_cluster_start(&cluster, world, &config, &data, 0);
    other = config;
    other.train_learning_rate *= 2;
    struct pserver_spec twin_spec = setup_pserver(&config, 0, "sim://twin");
    struct pserver_spec other_spec = setup_pserver(&other, 0, "sim://other");
    struct pserver *twin = pserver_new(&twin_spec, &status), *foreign = pserver_new(&other_spec, &status);
    /* The real ones say hello at the start; these two a little later, in a world so slow that they say it again. */
    struct node *late[] = {
        world_add(world, pserver_engine(twin), "sim://twin", cluster.lead, NULL, NULL),
        world_add(world, pserver_engine(foreign), "sim://other", cluster.lead, NULL, NULL)};
    assert_true(world_run(world, PATIENCE_US));
    assert_true(cluster.finished);
    assert_true(cluster.final.digest == quiet);
    assert_int_equal(late[1]->outcome.code, STATUS_PROTOCOL);
    assert_non_null(strstr(late[1]->outcome.text, "another configuration"));
    assert_int_equal(late[0]->outcome.code, STATUS_DENIED);
    pserver_free(twin);
    pserver_free(foreign);
    end_world(&cluster);
}

/* Makes the greetings of one node those of another protocol version. */
struct translator {
    struct world *world;
    const struct node *foreigner, *spared;
};

static enum fate translate(void *context, const struct node *from, const struct node *to,
                           const struct message *message) {
    struct translator *translator = context;
    struct message changed = *message;
    if (from != translator->foreigner || message->kind != MESSAGE_HELLO)
        return FATE_ARRIVES;
    changed.hello.protocol++;
    world_forge(translator->world, from, to, &changed);
    return FATE_LOST;
}

static void another_protocol_version_is_refused(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config;
    (void)state;
    sim_set_make(&data, 14);
    sim_config(&config);
    config.cluster_workers = 2;
    struct world *world = world_new(14, DELAY_US);
    sim_cluster_start(&cluster, world, &config, &data, 0);
    struct translator translator = {world, cluster.worker_nodes[1], NULL};
    world->watch = translate;
    world->watch_context = &translator;
    assert_true(world_run(world, PATIENCE_US));
    const struct status *refusal = &cluster.worker_nodes[1]->outcome;
    assert_int_equal(refusal->code, STATUS_PROTOCOL);
    char spoken[64];
    snprintf(spoken, sizeof spoken, "speaks protocol %d", PROTOCOL_VERSION + 1);
    assert_non_null(strstr(refusal->text, spoken));
    assert_int_equal(cluster.lead->outcome.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(cluster.lead->outcome.text, "index 1 not seen"));
    end_world(&cluster);
}

/* Makes what one node tells a pserver that of another train.wire; the coordinator hears the truth. */
static enum fate mistranslate(void *context, const struct node *from, const struct node *to,
                              const struct message *message) {
    struct translator *translator = context;
    struct message changed = *message;
    if (from != translator->foreigner || message->kind != MESSAGE_HELLO || to == translator->spared)
        return FATE_ARRIVES;
    changed.hello.wire = WIRE_FLOAT16;
    world_forge(translator->world, from, to, &changed);
    return FATE_LOST;
}

/* Whoever sends rows in another format is refused by the coordinator, or else by the first pserver, with both formats named. */
static void another_format_of_rows_is_refused(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    static const char *const SENTENCES[] = {
        "worker 1 on %s sends rows as float16, the coordinator was told bfloat16: train.wire differs",
        "worker 1 sends rows as float16, pserver 0 was told bfloat16: train.wire differs"};
    struct config config;
    char sentence[512];
    (void)state;
    for (int spared = 0; spared < 2; spared++) {
        sim_set_make(&data, 14);
        sim_config(&config);
        config.cluster_workers = 2;
        config.train_wire = WIRE_BFLOAT16;
        struct world *world = world_new(14, DELAY_US);
        sim_cluster_start(&cluster, world, &config, &data, 0);
        struct translator translator = {world, cluster.worker_nodes[1], spared ? cluster.lead : NULL};
        world->watch = mistranslate;
        world->watch_context = &translator;
        assert_true(world_run(world, PATIENCE_US));
        const struct status *refusal = &cluster.worker_nodes[1]->outcome;
        char host[256] = "unknown";
        gethostname(host, sizeof host - 1);
        snprintf(sentence, sizeof sentence, SENTENCES[spared], host);
        assert_int_equal(refusal->code, STATUS_PROTOCOL);
        if (strstr(refusal->text, sentence) == NULL)
            fail_msg("'%s' does not say '%s'", refusal->text, sentence);
        assert_true(!cluster.finished);
        end_world(&cluster);
    }
}

/* Breaks all connections of worker 1 and pserver 0 at some step, and those of worker 1 again later. */
struct breaker {
    struct sim_cluster *cluster;
    uint64_t steps;
};

static enum fate break_links(void *context, const struct node *from, const struct node *to,
                             const struct message *message) {
    struct breaker *breaker = context;
    struct sim_cluster *cluster = breaker->cluster;
    (void)from;
    (void)to;
    if (message->kind != MESSAGE_STEP)
        return FATE_ARRIVES;
    breaker->steps++;
    if (breaker->steps == 10)
        world_renew_link(cluster->world, cluster->pserver_nodes[0], cluster->lead);
    if (breaker->steps == 10 || breaker->steps == 40) {
        world_renew_link(cluster->world, cluster->worker_nodes[1], cluster->lead);
        world_renew_link(cluster->world, cluster->worker_nodes[1], cluster->pserver_nodes[0]);
    }
    return FATE_ARRIVES;
}

static void members_whose_connections_are_reset_go_on(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config;
    (void)state;
    sim_set_make(&data, 15);
    sim_config(&config);
    config.cluster_workers = 2;
    config.train_lanes = 2;
    uint64_t quiet = quiet_digest(15, &config, &data);
    struct world *world = world_new(15, SLOW_US);
    sim_cluster_start(&cluster, world, &config, &data, 0);
    struct breaker breaker = {&cluster, 0};
    world->watch = break_links;
    world->watch_context = &breaker;
    assert_true(world_run(world, PATIENCE_US));
    assert_true(breaker.steps > 40);
    assert_true(cluster.finished);
    assert_int_equal(cluster.final.workers_lost, 0);
    assert_true(cluster.final.digest == quiet);
    end_world(&cluster);
}

static void blocked_config(struct config *config) {
    sim_config(config);
    config->train_mode = MODE_BLOCKED;
    config->train_learning_rate = 0.02;
    config->train_parts = 3;
    config->train_strata = 4;
    config->cluster_workers = 2;
}

/* Takes every WELCOME to worker 1 away, and notes when that has pulled its first rows. */
struct robber {
    const struct node *victim;
    bool begun;
};

static enum fate rob(void *context, const struct node *from, const struct node *to,
                     const struct message *message) {
    struct robber *robber = context;
    robber->begun = robber->begun || (from == robber->victim && message->kind == MESSAGE_RUN_PULL);
    return to == robber->victim && from->index == 0 && message->kind == MESSAGE_WELCOME ? FATE_LOST
                                                                                        : FATE_ARRIVES;
}

/* It has been granted parts: it may not just go. */
static void a_worker_whose_welcome_was_lost_brings_its_parts_home(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config;
    (void)state;
    sim_set_make(&data, 14);
    blocked_config(&config);
    uint64_t digest = quiet_digest(14, &config, &data);
    struct world *world = world_new(14, DELAY_US);
    sim_cluster_start(&cluster, world, &config, &data, 0);
    struct robber robber = {cluster.worker_nodes[1], false};
    world->watch = rob;
    world->watch_context = &robber;
    while (!robber.begun)
        assert_true(world_step(world, PATIENCE_US));
    world_ask_to_stop(world, cluster.worker_nodes[1], STATUS_TRY_AGAIN, "a signal came");
    assert_true(world_run(world, PATIENCE_US));
    assert_true(cluster.finished);
    assert_int_equal(cluster.final.workers_lost, 1);
    assert_int_equal(cluster.worker_nodes[1]->outcome.code, STATUS_TRY_AGAIN);
    assert_true(cluster.final.digest == digest);
    end_world(&cluster);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_that_never_comes_is_named),
        cmocka_unit_test(a_pserver_that_falls_silent_is_named),
        cmocka_unit_test(the_lanes_of_a_worker_that_falls_silent_go_to_others),
        cmocka_unit_test(members_whose_connections_are_reset_go_on),
        cmocka_unit_test(another_protocol_version_is_refused),
        cmocka_unit_test(another_format_of_rows_is_refused),
        cmocka_unit_test(a_worker_whose_welcome_was_lost_brings_its_parts_home),
        cmocka_unit_test(strangers_are_refused_and_harm_nobody),
    };
    return cmocka_run_group_tests_name("sim/members", tests, NULL, NULL);
}
