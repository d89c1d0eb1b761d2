/* A cluster in mode blocked against one thread that visits rating after rating: the same bits, whatever the rule, the model
 * and the shape. The cluster's engines are the real ones, its network that of tests/sim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "blocked_trainer.h"
#include "tests/sim/cluster.h"

enum { DELAY_US = 400, EPOCHS = 3 };

static const uint64_t PATIENCE_US = 3600 * UINT64_C(1000000);

static void configure(struct config *config, uint32_t variant) {
    static const uint32_t FACTORS[] = {6, 15, 16, 33};
    sim_config(config);
    config->train_mode = MODE_BLOCKED;
    config->train_parts = 1 + variant % 5;
    config->train_strata = config->train_parts + variant % 4;
    config->train_optimiser = variant % 3 == 0 ? OPTIMISER_ADAGRAD_ROW : OPTIMISER_SGD;
    config->train_momentum = variant % 3 == 1 ? 0 : 0.8;
    config->train_learning_rate = 0.03;
    config->train_weight_decay = 0.02;
    config->model_factors = FACTORS[variant % 4];
    config->model_biases = variant % 5 != 4;
    config->model_y_range.given = variant % 7 < 4;
    config->model_mean = !config->model_y_range.given;
    config->schedule_epochs = EPOCHS;
    config->cluster_pservers = 1 + variant / 2 % 3;
    config->cluster_workers = 1 + variant % 3;
    config->train_wire = (enum wire_format)(variant / 3 % WIRE_FORMATS);
}

static struct blocked_rule rule_of(const struct config *config, const struct sim_set *data) {
    return (struct blocked_rule){.model = setup_model(config, &data->set),
                                 .schedule = config_schedule(config),
                                 .adagrad = config->train_optimiser == OPTIMISER_ADAGRAD_ROW,
                                 .decay = (float)config->train_weight_decay,
                                 .epsilon = (float)config->train_epsilon,
                                 .wire = config->train_wire};
}

static void assert_same(double a, double b) {
    assert_memory_equal(&a, &b, sizeof a);
}

static void run_cluster(struct sim_cluster *cluster, const struct config *config, struct sim_set *data,
                        uint64_t seed) {
    struct world *world = world_new(seed, DELAY_US);
    sim_cluster_start(cluster, world, config, data, 0);
    assert_true(world_run(world, PATIENCE_US) && cluster->finished);
    sim_cluster_free(cluster);
    world_free(world);
}

static void a_cluster_gives_the_bits_of_one_rating_after_another(void **state) {
    static struct sim_cluster cluster;
    static struct sim_set data;
    struct config config;
    (void)state;
    for (uint32_t variant = 0; variant < 90; variant++) {
        configure(&config, variant);
        sim_set_make(&data, variant + 1);
        data.set.train_mean = 2.25;
        run_cluster(&cluster, &config, &data, variant + 1);
        struct blocked_rule rule = rule_of(&config, &data);
        struct blocked_trainer trainer = blocked_trainer_new(&rule, &data.blocks);
        for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
            blocked_trainer_epoch(&trainer, epoch);
            assert_same(cluster.history[epoch].train_loss, trainer.train_loss);
        }
        if (blocked_trainer_digest(&trainer) != cluster.final.digest)
            fail_msg("variant %u: another digest", variant);
        blocked_trainer_free(&trainer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_gives_the_bits_of_one_rating_after_another),
    };
    return cmocka_run_group_tests_name("reference/blocked", tests, NULL, NULL);
}
