/* Is the cluster right under any schedule? The real engines, a virtual network, one seed per run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "cluster.h"
#include "coordinator/finale.h"
#include "core/memory.h"
#include "core/rng.h"
#include "model/order.h"
#include "model/rotation.h"

enum { SEEDS = 2000, DELAY_US = 400, HOUR_US = 3600 * 1000000u };

static const uint64_t FOREVER_US = 100ull * HOUR_US;

/* What a watcher has seen of a run. */
struct witness {
    const struct config *config;
    uint64_t pushed[WORLD_NODES_MAX][16]; /* per node and lane: pushes that have reached it */
    uint64_t runs[WORLD_NODES_MAX][TABLE_COUNT][SIM_SIDES_MAX]; /* blocked: per node and run likewise */
    uint64_t rows_seen, bound_broken;
    uint64_t steps_seen, meddle_at;
    enum fate meddling;
};

static uint64_t needed(const struct witness *witness, uint64_t step) {
    uint64_t staleness = witness->config->train_staleness;
    return step > staleness ? step - staleness : 0;
}

static uint64_t slowest_lane(const struct witness *witness, uint32_t pserver) {
    uint64_t least = UINT64_MAX;
    for (uint32_t lane = 0; lane < config_lanes(witness->config); lane++)
        least = witness->pushed[pserver][lane] < least ? witness->pushed[pserver][lane] : least;
    return least;
}

static void check_rows(struct witness *witness, uint32_t pserver, const struct rows_message *rows) {
    witness->rows_seen++;
    if (witness->config->train_sync == SYNC_SYNCHRONOUS)
        witness->bound_broken += rows->version != needed(witness, rows->step);
    else if (witness->config->train_sync == SYNC_SSP)
        witness->bound_broken += slowest_lane(witness, pserver) < needed(witness, rows->step);
}

/* A stratum is pushed at the one shard where it lives. */
static uint64_t rounds_pushed(const struct witness *witness, uint32_t lane) {
    uint64_t rounds = 0;
    for (uint32_t pserver = 1; pserver <= witness->config->cluster_pservers; pserver++)
        rounds += witness->pushed[pserver][lane];
    return rounds;
}

/* The part's round, counted on its own pushes, is the one in which it reads the stratum. */
static void check_run(struct witness *witness, uint32_t pserver, const struct run_rows_message *rows) {
    uint32_t parts = (uint32_t)witness->config->train_parts, strata = (uint32_t)witness->config->train_strata;
    uint64_t round = rotation_round(rows->lane, rows->run, rows->version / parts, parts, strata);
    witness->rows_seen++;
    witness->bound_broken += rows->version != witness->runs[pserver][rows->table][rows->run];
    if (rows->table == TABLE_MOVIES)
        witness->bound_broken += rotation_version(rows->lane, round, parts, strata) != rows->version ||
                                 round < rounds_pushed(witness, rows->lane) ||
                                 round > rounds_pushed(witness, rows->lane) + 2 ||
                                 rows->run % witness->config->cluster_pservers != pserver - 1;
}

static enum fate witness_sees(void *context, const struct node *from, const struct node *to,
                              const struct message *message) {
    struct witness *witness = context;
    if (message->kind == MESSAGE_ROWS)
        check_rows(witness, from->index, &message->rows);
    (void)to;
    if (message->kind == MESSAGE_RUN_ROWS)
        check_run(witness, from->index, &message->run_rows);
    if (message->kind != MESSAGE_STEP && message->kind != MESSAGE_RUN_PUSH)
        return FATE_ARRIVES;
    return ++witness->steps_seen == witness->meddle_at ? witness->meddling : FATE_ARRIVES;
}

static void witness_hears(void *context, const struct node *node, const struct message *message) {
    struct witness *witness = context;
    if (message->kind == MESSAGE_STEP)
        witness->pushed[node->index][message->step.lane] += message->step.pushes;
    if (message->kind != MESSAGE_RUN_PUSH)
        return;
    const struct run_push_message *push = &message->run_push;
    uint64_t *version = &witness->runs[node->index][push->table][push->run];
    witness->pushed[node->index][push->lane] += push->table == TABLE_MOVIES && push->version == *version;
    *version += push->version == *version;
}

/* Whether every lane's every step has reached every shard (the nodes after the coordinator), or, in mode blocked, the one of
 * its stratum, each once. */
static bool all_pushed(const struct witness *witness) {
    const struct config *config = witness->config;
    uint64_t epoch_steps = config->train_mode == MODE_BLOCKED
                               ? config->train_strata
                               : order_steps_per_epoch(SIM_RATINGS, (uint32_t)config->train_batch);
    uint64_t steps = config->schedule_epochs * epoch_steps;
    for (uint32_t lane = 0; config->train_mode == MODE_BLOCKED && lane < config_lanes(config); lane++)
        if (rounds_pushed(witness, lane) != steps)
            return false;
    if (config->train_mode == MODE_BLOCKED)
        return true;
    for (uint32_t pserver = 1; pserver <= config->cluster_pservers; pserver++)
        for (uint32_t lane = 0; lane < config_lanes(config); lane++)
            if (witness->pushed[pserver][lane] != steps)
                return false;
    return true;
}

struct outcome {
    uint64_t digest, saved_digest, delivered, refused;
    uint64_t queued_most;
    double valid_mse, train_steps;
    bool ended, finished;
    struct status status;
    struct witness witness;
};

static struct outcome run(uint64_t seed, uint64_t delay_us, const struct config *config, struct sim_set *data,
                          uint64_t meddle_at, enum fate meddling) {
    struct sim_cluster *cluster = memory_take(sizeof *cluster, "a simulated cluster", &(struct status){0});
    struct world *world = world_new(seed, delay_us);
    struct outcome outcome = {.witness = {.config = config, .meddle_at = meddle_at, .meddling = meddling}};
    sim_cluster_start(cluster, world, config, data, 0);
    world->watch = witness_sees;
    world->heard = witness_hears;
    world->watch_context = &outcome.witness;
    outcome.ended = world_run(world, FOREVER_US);
    outcome.finished = cluster->finished;
    outcome.digest = cluster->final.digest;
    outcome.saved_digest = cluster->saved_digest;
    outcome.valid_mse = cluster->final.valid_mse;
    outcome.status = cluster->lead->outcome;
    outcome.delivered = world->delivered;
    outcome.queued_most = world->queue.most;
    outcome.refused = world->refused_logs;
    sim_cluster_free(cluster);
    world_free(world);
    memory_release(cluster);
    assert_int_equal(memory_blocks_held(), 0);
    return outcome;
}

static uint64_t pick(uint64_t seed, uint64_t what, uint64_t low, uint64_t high) {
    return low + rng_bits(seed, 99, what) % (high - low + 1);
}

/* The meaning of a run, from its seed: what the digest depends on. */
static void draw_meaning(uint64_t seed, struct config *config) {
    sim_config(config);
    config->train_optimiser = (enum optimiser_kind)pick(seed, 1, OPTIMISER_SGD, OPTIMISER_ADAGRAD_ROW);
    config->train_nesterov = config->train_optimiser == OPTIMISER_SGD && pick(seed, 2, 0, 1) == 1;
    config->train_learning_rate = config->train_optimiser == OPTIMISER_SGD ? 0.1 : 0.01;
    config->train_decay = (enum decay_kind)pick(seed, 3, DECAY_DENSE, DECAY_TOUCHED);
    config->train_batch = pick(seed, 4, 1, 70);
    config->train_lanes = pick(seed, 5, 1, 6);
    config->train_staleness = pick(seed, 6, 0, 3);
    config->schedule_kind = pick(seed, 7, 0, 1) == 0 ? SCHEDULE_CONSTANT : SCHEDULE_PLATEAU;
    config->model_biases = pick(seed, 8, 0, 3) != 0;
    config->train_wire = (enum wire_format)pick(seed, 18, WIRE_FLOAT32, WIRE_FLOAT16);
}

static void draw_blocks(uint64_t seed, struct config *config) {
    config->train_mode = MODE_BLOCKED;
    config->train_staleness = 0;
    config->train_optimiser = pick(seed, 14, 0, 2) == 0 ? OPTIMISER_ADAGRAD_ROW : OPTIMISER_SGD;
    config->train_momentum = pick(seed, 15, 0, 1) == 0 ? 0 : 0.9;
    config->train_learning_rate = config->train_optimiser == OPTIMISER_SGD ? 0.02 : 0.05;
    config->train_parts = pick(seed, 16, 1, 6);
    config->train_strata = pick(seed, 17, config->train_parts, SIM_SIDES_MAX);
}

static void draw_shape(uint64_t seed, struct config *config) {
    config->cluster_pservers = pick(seed, 11, 1, 5);
    config->cluster_workers = pick(seed, 12, 1, 4);
}

/* In flight at a time: every lane's open requests at every shard and their answers, jobs, and what members say to the
 * coordinator. */
static uint32_t queue_bound(const struct config *config) {
    uint64_t members = config->cluster_pservers + config->cluster_workers;
    return (uint32_t)(config_lanes(config) * (config->train_staleness + 4) *
                          (2 * config->cluster_pservers + 1) +
                      16 * members + 64);
}

static void every_schedule_gives_the_quiet_run(void **state) {
    static struct sim_set data;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct config config;
        sim_set_make(&data, seed);
        draw_meaning(seed, &config);
        if (seed % 3 == 0)
            draw_blocks(seed, &config);
        struct outcome quiet = run(seed, 1, &config, &data, 0, FATE_ARRIVES);
        draw_shape(seed, &config);
        struct outcome wild = run(seed, DELAY_US, &config, &data, 0, FATE_ARRIVES);
        if (!wild.finished || wild.digest != quiet.digest || wild.witness.bound_broken != 0)
            fail_msg(
                "seed %llu: finished %d, digest %016llx, quiet %016llx, %llu rows of a wrong version: %s",
                (unsigned long long)seed, wild.finished, (unsigned long long)wild.digest,
                (unsigned long long)quiet.digest, (unsigned long long)wild.witness.bound_broken,
                wild.status.text);
        assert_true(all_pushed(&wild.witness));
        assert_true(wild.saved_digest == wild.digest);
        assert_true(isfinite(wild.valid_mse));
        assert_true(wild.valid_mse == quiet.valid_mse);
        assert_int_equal(wild.refused, 0);
        assert_true(wild.witness.rows_seen > 0);
        assert_in_range(wild.queued_most, 1, queue_bound(&config));
    }
}

static void bounded_staleness_keeps_its_bound(void **state) {
    static struct sim_set data;
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct config config;
        sim_set_make(&data, seed);
        draw_meaning(seed, &config);
        draw_shape(seed, &config);
        config.train_sync = seed % 2 == 0 ? SYNC_SSP : SYNC_ASP;
        struct outcome outcome = run(seed, DELAY_US, &config, &data, 0, FATE_ARRIVES);
        assert_true(outcome.finished);
        assert_int_equal(outcome.witness.bound_broken, 0);
        assert_true(all_pushed(&outcome.witness));
        assert_true(outcome.saved_digest == outcome.digest);
        assert_int_equal(outcome.refused, 0);
        assert_true(isfinite(outcome.valid_mse));
    }
}

/* With a learning rate of zero nothing may move; with a rate, something must: the digest is not blind. */
static void the_digest_sees_training(void **state) {
    static struct sim_set data;
    struct config config;
    (void)state;
    sim_set_make(&data, 5);
    sim_config(&config);
    struct outcome trained = run(5, DELAY_US, &config, &data, 0, FATE_ARRIVES);
    config.train_learning_rate = 0;
    struct outcome still = run(5, DELAY_US, &config, &data, 0, FATE_ARRIVES);
    config.model_seed++;
    struct outcome other = run(5, DELAY_US, &config, &data, 0, FATE_ARRIVES);
    assert_true(trained.digest != still.digest && still.digest != other.digest);
    assert_true(trained.valid_mse < still.valid_mse);
}

static void a_push_that_comes_twice_counts_once(void **state) {
    static struct sim_set data;
    struct config config;
    (void)state;
    sim_set_make(&data, 6);
    sim_config(&config);
    config.cluster_pservers = 2;
    struct outcome quiet = run(6, 1, &config, &data, 0, FATE_ARRIVES);
    struct outcome doubled = run(6, DELAY_US, &config, &data, 20, FATE_TWICE);
    assert_true(doubled.finished);
    assert_int_equal(doubled.refused, 0);
    assert_true(doubled.digest == quiet.digest);
}

static void a_push_that_is_lost_is_sent_again(void **state) {
    static struct sim_set data;
    struct config config;
    (void)state;
    sim_set_make(&data, 7);
    sim_config(&config);
    config.cluster_pservers = 2;
    struct outcome quiet = run(7, 1, &config, &data, 0, FATE_ARRIVES);
    struct outcome lost = run(7, DELAY_US, &config, &data, 20, FATE_LOST);
    assert_true(lost.finished);
    assert_true(lost.witness.steps_seen > quiet.witness.steps_seen);
    assert_int_equal(lost.refused, 0);
    assert_true(lost.digest == quiet.digest);
}

static void a_gradient_that_is_no_number_ends_the_run_with_step_shard_and_row(void **state) {
    static struct sim_set data;
    struct config config;
    (void)state;
    sim_set_make(&data, 10);
    sim_config(&config);
    config.cluster_pservers = 2;
    config.model_y_range.given = false;
    config.train_learning_rate = 1e6;
    struct outcome outcome = run(10, DELAY_US, &config, &data, 0, FATE_ARRIVES);
    assert_true(outcome.ended && !outcome.finished);
    assert_int_equal(outcome.status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(outcome.status.text, "training diverged"));
    assert_non_null(strstr(outcome.status.text, "step"));
    assert_non_null(strstr(outcome.status.text, "row"));
    assert_non_null(strstr(outcome.status.text, "shard"));
}

static void a_rating_that_is_no_number_ends_the_run_with_step_shard_and_row(void **state) {
    static struct sim_set data;
    struct config config;
    char user[32], movie[32];
    (void)state;
    sim_set_make(&data, 12);
    sim_config(&config);
    config.cluster_pservers = 3;
    config.cluster_workers = 2;
    config.train_lanes = 3;
    data.train[100].value = NAN;
    snprintf(user, sizeof user, "user row %u on shard", data.train[100].user);
    snprintf(movie, sizeof movie, "movie row %u on shard", data.train[100].movie);
    struct outcome outcome = run(12, DELAY_US, &config, &data, 0, FATE_ARRIVES);
    assert_true(outcome.ended && !outcome.finished);
    assert_int_equal(outcome.status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(outcome.status.text, "at step "));
    assert_true(strstr(outcome.status.text, user) != NULL || strstr(outcome.status.text, movie) != NULL);
}

static void a_rating_that_is_no_number_in_a_block_ends_the_run(void **state) {
    static struct sim_set data;
    struct config config;
    (void)state;
    sim_set_make(&data, 12);
    sim_config(&config);
    draw_blocks(12, &config);
    config.cluster_pservers = 3;
    config.cluster_workers = 2;
    data.train[100].value = NAN;
    struct outcome outcome = run(12, DELAY_US, &config, &data, 0, FATE_ARRIVES);
    assert_true(outcome.ended && !outcome.finished);
    assert_int_equal(outcome.status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(outcome.status.text, "training diverged: by round "));
    assert_non_null(strstr(outcome.status.text, " row "));
    assert_non_null(strstr(outcome.status.text, "shard"));
}

static void a_run_that_comes_twice_or_is_lost_counts_once(void **state) {
    static struct sim_set data;
    struct config config;
    (void)state;
    sim_set_make(&data, 6);
    sim_config(&config);
    draw_blocks(6, &config);
    config.cluster_pservers = 2;
    struct outcome quiet = run(6, 1, &config, &data, 0, FATE_ARRIVES);
    for (enum fate fate = FATE_LOST; fate <= FATE_TWICE; fate++) {
        struct outcome meddled = run(6, DELAY_US, &config, &data, 20, fate);
        assert_true(meddled.finished);
        assert_int_equal(meddled.refused, 0);
        assert_true(meddled.digest == quiet.digest);
        assert_true(fate == FATE_TWICE || meddled.witness.steps_seen > quiet.witness.steps_seen);
    }
}

/* More than one validation slice, chunk of saved rows and message of scores. */
static void a_large_model_is_measured_and_saved_whole(void **state) {
    enum { ROWS = 2 * FINALE_CHUNK_ROWS + 100, VALID = 5 * VALID_SLICE + 7 };
    static struct sim_set data;
    static struct rating valid[VALID];
    static uint32_t counts[ROWS];
    struct config config;
    (void)state;
    sim_set_make(&data, 13);
    sim_config(&config);
    for (uint32_t i = 0; i < VALID; i++)
        valid[i] = (struct rating){i * 7 % ROWS, i * 13 % ROWS, 3};
    data.set.users = data.set.movies = ROWS;
    data.set.valid = valid;
    data.set.valid_count = VALID;
    data.set.user_counts = data.set.movie_counts = counts;
    struct outcome quiet = run(13, 1, &config, &data, 0, FATE_ARRIVES);
    config.cluster_pservers = 3;
    config.cluster_workers = 3;
    struct outcome wild = run(13, DELAY_US, &config, &data, 0, FATE_ARRIVES);
    assert_true(wild.finished && wild.refused == 0);
    assert_true(wild.digest == quiet.digest && wild.saved_digest == wild.digest);
    assert_true(isfinite(wild.valid_mse) && wild.valid_mse == quiet.valid_mse);
}

struct grants {
    uint64_t grants, steps;
};

static enum fate count_grants(void *context, const struct node *from, const struct node *to,
                              const struct message *message) {
    struct grants *counted = context;
    (void)from;
    (void)to;
    counted->grants += message->kind == MESSAGE_GRANT;
    counted->steps += message->kind == MESSAGE_STEP && message->step.pushes;
    return FATE_ARRIVES;
}

/* A quarter of a second would be a step or two, and the halt behind each grant as long again. */
static void grants_to_somebody_far_away_have_many_steps(void **state) {
    enum { FAR_US = 10000, LEAST_STEPS = 10 };
    static struct sim_set data;
    static struct sim_cluster cluster;
    struct config config;
    struct grants counted = {0};
    (void)state;
    sim_set_make(&data, 16);
    sim_config(&config);
    config.train_batch = 2;
    struct world *world = world_new(16, FAR_US);
    world->watch = count_grants;
    world->watch_context = &counted;
    sim_cluster_start(&cluster, world, &config, &data, 0);
    assert_true(world_run(world, HOUR_US) && cluster.finished);
    assert_true(counted.steps > 20 * LEAST_STEPS);
    assert_true(counted.grants * LEAST_STEPS < counted.steps);
    sim_cluster_free(&cluster);
    world_free(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_schedule_gives_the_quiet_run),
        cmocka_unit_test(bounded_staleness_keeps_its_bound),
        cmocka_unit_test(the_digest_sees_training),
        cmocka_unit_test(a_push_that_comes_twice_counts_once),
        cmocka_unit_test(a_push_that_is_lost_is_sent_again),
        cmocka_unit_test(a_gradient_that_is_no_number_ends_the_run_with_step_shard_and_row),
        cmocka_unit_test(a_rating_that_is_no_number_ends_the_run_with_step_shard_and_row),
        cmocka_unit_test(a_rating_that_is_no_number_in_a_block_ends_the_run),
        cmocka_unit_test(a_run_that_comes_twice_or_is_lost_counts_once),
        cmocka_unit_test(grants_to_somebody_far_away_have_many_steps),
        cmocka_unit_test(a_large_model_is_measured_and_saved_whole),
    };
    return cmocka_run_group_tests_name("sim/cluster", tests, NULL, NULL);
}
