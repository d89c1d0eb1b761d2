/* Do the figures agree? At the end of a run to which nothing happens, what shards say they were asked for is what workers
 * say they have got, and both are what the ratings ask for, to the last row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cluster.h"
#include "core/memory.h"
#include "core/rng.h"
#include "model/order.h"

enum { SEEDS = 120, DELAY_US = 400 };

static const uint64_t FOREVER_US = 3600 * UINT64_C(1000000);

struct sums {
    uint64_t pulls, pushes, repeats, ratings;
};

static uint64_t pick(uint64_t seed, uint64_t what, uint64_t low, uint64_t high) {
    return low + rng_bits(seed, 77, what) % (high - low + 1);
}

static void draw(uint64_t seed, struct config *config) {
    sim_config(config);
    config->schedule_epochs = pick(seed, 0, 1, 3);
    config->train_batch = pick(seed, 1, 1, 70);
    config->train_lanes = pick(seed, 2, 1, 6);
    config->train_staleness = pick(seed, 3, 0, 3);
    config->train_sync = (enum sync_kind)pick(seed, 4, SYNC_SYNCHRONOUS, SYNC_ASP);
    config->cluster_pservers = pick(seed, 5, 1, 4);
    config->cluster_workers = pick(seed, 6, 1, 4);
    if (seed % 3 != 0)
        return;
    config->train_mode = MODE_BLOCKED;
    config->train_sync = SYNC_SYNCHRONOUS;
    config->train_staleness = 0;
    config->train_learning_rate = 0.02;
    config->train_parts = pick(seed, 7, 1, 6);
    config->train_strata = pick(seed, 8, config->train_parts, SIM_SIDES_MAX);
}

/* ---- what must be counted ---- */

static uint32_t unique_rows(const struct rating *ratings, uint32_t count) {
    bool users[SIM_USERS] = {false}, movies[SIM_MOVIES] = {false};
    uint32_t rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        rows += !users[ratings[i].user];
        rows += !movies[ratings[i].movie];
        users[ratings[i].user] = movies[ratings[i].movie] = true;
    }
    return rows;
}

/* Rows of all lanes of all steps. */
static uint64_t minibatch_rows(const struct config *config, const struct sim_set *data) {
    static struct rating ratings[SIM_RATINGS];
    struct lane_loader loader;
    uint64_t steps = order_steps_per_epoch(SIM_RATINGS, (uint32_t)config->train_batch), rows = 0;
    lane_loader_init(&loader, config, &data->set);
    for (uint64_t i = 0; i < steps * config->schedule_epochs * config_lanes(config); i++) {
        struct job job = {.kind = JOB_LOAD_LANE};
        job.lane.lane = (uint32_t)(i % config_lanes(config));
        job.lane.step_in_epoch = i / config_lanes(config) % steps;
        job.lane.epoch = i / config_lanes(config) / steps;
        job.lane.ratings = ratings;
        lane_loader_perform(&loader, &job);
        rows += unique_rows(ratings, job.lane.count);
    }
    return rows;
}

/* Every part has every stratum come by once an epoch; parts are fetched once, and come home after each epoch. */
static struct sums expected_of(const struct config *config, const struct sim_set *data) {
    uint64_t epochs = config->schedule_epochs;
    struct sums sums = {.ratings = epochs * SIM_RATINGS};
    if (config->train_mode == MODE_BLOCKED) {
        uint64_t visits = epochs * config->train_parts * SIM_MOVIES;
        sums.pulls = visits + SIM_USERS;
        sums.pushes = visits + epochs * SIM_USERS;
    } else {
        sums.pulls = sums.pushes = minibatch_rows(config, data);
    }
    return sums;
}

/* ---- what was counted ---- */

static struct sums of_shards(const struct sim_cluster *cluster) {
    struct sums sums = {0};
    for (uint32_t i = 0; i < cluster->config.cluster_pservers; i++) {
        const struct shard_progress *shard = &cluster->shards[i];
        sums.pulls += shard->pulls;
        sums.pushes += shard->pushes;
        sums.repeats += shard->repeats;
        assert_int_equal(shard->queue, 0);
        assert_true(shard->up && shard->member.joined == 1 && !shard->member.lost);
        assert_in_range(tally_count(&shard->apply_us), 1, UINT64_MAX);
    }
    return sums;
}

static struct sums of_workers(const struct sim_cluster *cluster) {
    struct sums sums = {0};
    for (uint32_t i = 0; i < cluster->config.cluster_workers; i++) {
        const struct worker_progress *worker = &cluster->worker_figures[i];
        sums.pulls += worker->pulls;
        sums.pushes += worker->pushes;
        sums.repeats += worker->repeats;
        sums.ratings += worker->ratings;
    }
    return sums;
}

/* How stale a gradient may be at most; without a clock it may be anything. */
static void check_staleness(const struct sim_cluster *cluster) {
    const struct config *config = &cluster->config;
    uint64_t lane_steps = order_steps_per_epoch(SIM_RATINGS, (uint32_t)config->train_batch) *
                          config->schedule_epochs * config_lanes(config);
    for (uint32_t i = 0; i < config->cluster_pservers; i++) {
        const struct tally *staleness = &cluster->shards[i].staleness;
        if (config->train_sync == SYNC_SYNCHRONOUS)
            assert_in_range(staleness->most, 0, config->train_staleness);
        if (config->train_mode == MODE_MINIBATCH)
            assert_int_equal(tally_count(staleness), lane_steps);
    }
}

static void check(uint64_t seed, const struct sim_cluster *cluster, const struct sim_set *data) {
    struct sums shards = of_shards(cluster), workers = of_workers(cluster),
                expected = expected_of(&cluster->config, data);
    if (shards.pulls != expected.pulls || workers.pulls != expected.pulls ||
        shards.pushes != expected.pushes || workers.pushes != expected.pushes)
        fail_msg("seed %llu: pulls %llu and %llu, expected %llu; pushes %llu and %llu, expected %llu",
                 (unsigned long long)seed, (unsigned long long)shards.pulls,
                 (unsigned long long)workers.pulls, (unsigned long long)expected.pulls,
                 (unsigned long long)shards.pushes, (unsigned long long)workers.pushes,
                 (unsigned long long)expected.pushes);
    assert_int_equal(workers.ratings, expected.ratings);
    assert_int_equal(shards.repeats + workers.repeats, 0);
    check_staleness(cluster);
}

static void shards_and_workers_agree_to_the_last_row(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct config config;
        struct world *world = world_new(seed, DELAY_US);
        sim_set_make(&data, seed);
        draw(seed, &config);
        sim_cluster_start(&cluster, world, &config, &data, 0);
        assert_true(world_run(world, FOREVER_US) && cluster.finished);
        check(seed, &cluster, &data);
        sim_cluster_free(&cluster);
        world_free(world);
    }
    assert_int_equal(memory_blocks_held(), 0);
}

/* The model is shown after every epoch, or not at all, and the last one shown is the final one. */
static void the_model_is_shown_after_every_epoch(void **state) {
    static struct sim_set data;
    static struct sim_cluster cluster;
    uint64_t digests[2];
    (void)state;
    for (int shown = 0; shown < 2; shown++) {
        struct config config;
        struct world *world = world_new(5, DELAY_US);
        sim_set_make(&data, 5);
        sim_config(&config);
        config.cluster_pservers = 3;
        config.monitor_model = shown;
        sim_cluster_start(&cluster, world, &config, &data, 0);
        assert_true(world_run(world, FOREVER_US) && cluster.finished);
        assert_int_equal(cluster.models, shown ? config.schedule_epochs : 0);
        if (shown)
            assert_memory_equal(cluster.last_scores, cluster.final_scores, sizeof cluster.last_scores);
        digests[shown] = cluster.final.digest;
        sim_cluster_free(&cluster);
        world_free(world);
    }
    assert_true(digests[0] == digests[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_and_workers_agree_to_the_last_row),
        cmocka_unit_test(the_model_is_shown_after_every_epoch),
    };
    return cmocka_run_group_tests_name("sim/figures", tests, NULL, NULL);
}
