/* A cluster in minibatches against one thread that takes step after step, in each format of train.wire: the same bits. The
 * cluster's engines are the real ones, its network that of tests/sim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/hash.h"
#include "local_trainer.h"
#include "model/order.h"
#include "tests/sim/cluster.h"

enum { DELAY_US = 400, EPOCHS = 2, BATCH_MAX = 40 };

static const uint64_t PATIENCE_US = 3600 * UINT64_C(1000000);

/* One lane: the order in which lanes are added is not what this is about. */
static void configure(struct config *config, uint32_t variant) {
    sim_config(config);
    config->train_wire = (enum wire_format)(variant % WIRE_FORMATS);
    config->train_optimiser = (enum optimiser_kind)(variant / 3 % 5);
    config->train_learning_rate = config->train_optimiser == OPTIMISER_SGD ? 0.1 : 0.01;
    config->train_decay = variant % 2 == 0 ? DECAY_DENSE : DECAY_TOUCHED;
    config->train_batch = 8 + variant % (BATCH_MAX - 8);
    config->model_factors = 6 + variant % 12;
    config->schedule_epochs = EPOCHS;
    config->cluster_pservers = 1 + variant % 4;
    config->cluster_workers = 1 + variant % 3;
}

static void run_cluster(struct sim_cluster *cluster, const struct config *config, struct sim_set *data,
                        uint64_t seed) {
    struct world *world = world_new(seed, DELAY_US);
    sim_cluster_start(cluster, world, config, data, 0);
    assert_true(world_run(world, PATIENCE_US) && cluster->finished);
    sim_cluster_free(cluster);
    world_free(world);
}

static void train_epoch(struct local_trainer *trainer, const struct config *config,
                        const struct sim_set *data, uint64_t epoch) {
    struct rating batch[BATCH_MAX];
    struct loss_sum loss = {0};
    struct schedule_spec schedule = config_schedule(config);
    uint64_t count = data->set.train_count, size = config->train_batch;
    uint64_t steps = order_steps_per_epoch(count, (uint32_t)size);
    struct epoch_order order = order_of_epoch(config->model_seed, epoch, count);
    for (uint64_t step = 0; step < steps; step++) {
        uint32_t filled = 0;
        for (uint64_t at = step * size; at < count && filled < size; at++)
            batch[filled++] = data->set.train[order_at(&order, at)];
        local_trainer_step(trainer, batch, filled,
                           schedule_rate(&schedule, steps, NULL, epoch * steps + step), &loss);
    }
    local_trainer_sweep(trainer);
}

static uint64_t digest_of(const struct local_trainer *trainer) {
    uint64_t digest = 0;
    for (uint64_t row = 0; row < (uint64_t)trainer->users + trainer->movies; row++) {
        uint64_t name = row < trainer->users ? row : UINT64_C(1) << 32 | (row - trainer->users);
        digest += hash_bytes(trainer->value + row * trainer->stride,
                             (trainer->model.factors + 1) * sizeof(float), name);
    }
    return digest;
}

static void a_cluster_gives_the_bits_of_one_step_after_another(void **state) {
    static struct sim_cluster cluster;
    static struct sim_set data;
    struct config config;
    (void)state;
    for (uint32_t variant = 0; variant < 60; variant++) {
        configure(&config, variant);
        sim_set_make(&data, variant + 1);
        run_cluster(&cluster, &config, &data, variant + 1);
        struct model_spec model = setup_model(&config, &data.set);
        struct optimiser_spec optimiser = config_optimiser(&config);
        struct local_trainer trainer =
            local_trainer_new(&model, &optimiser, SIM_USERS, SIM_MOVIES, BATCH_MAX);
        trainer.wire = config.train_wire;
        for (uint64_t epoch = 0; epoch < EPOCHS; epoch++)
            train_epoch(&trainer, &config, &data, epoch);
        if (digest_of(&trainer) != cluster.final.digest)
            fail_msg("variant %u: another digest", variant);
        local_trainer_free(&trainer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_gives_the_bits_of_one_step_after_another),
    };
    return cmocka_run_group_tests_name("reference/minibatch", tests, NULL, NULL);
}
