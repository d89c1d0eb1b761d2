#include "chaos.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"
#include "incidents.h"
#include "model/order.h"
#include "witness.h"

enum { DELAY_US = 400, PATIENCE_US = 60000000, REST_US = 8000000, TEXT_BYTES = 1024 };

/* A run and how it ended. */
struct scene {
    struct sim_cluster cluster;
    struct incidents incidents;
    struct witness witness;
    uint64_t digest, saved_digest, delivered, queued_most, queue_bound, blocks_most, blocks_bound,
        faults[FAULT_KINDS];
    uint64_t restarts_then; /* a while after all was healed */
    double valid_mse;
    char why[TEXT_BYTES]; /* what went wrong first; empty: nothing */
};

uint64_t chaos_number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || text[0] == '\0' ? otherwise : strtoull(text, NULL, 10);
}

/* ---- what is trained ---- */

static uint64_t pick(uint64_t seed, uint64_t what, uint64_t low, uint64_t high) {
    return low + rng_bits(seed, 99, what) % (high - low + 1);
}

/* The meaning of a run: what the digest depends on. Small, since what goes wrong does not need many ratings. */
static void draw_meaning(uint64_t seed, struct config *config, struct sim_set *data) {
    sim_set_make(data, seed);
    sim_config(config);
    data->set.train_count = pick(seed, 0, 60, SIM_RATINGS);
    data->set.valid_count = pick(seed, 9, 0, 3) == 0 ? 0 : 30;
    config->train_optimiser = (enum optimiser_kind)pick(seed, 1, OPTIMISER_SGD, OPTIMISER_ADAGRAD_ROW);
    config->train_nesterov = config->train_optimiser == OPTIMISER_SGD && pick(seed, 2, 0, 1) == 1;
    config->train_learning_rate = config->train_optimiser == OPTIMISER_SGD ? 0.1 : 0.01;
    config->train_decay = (enum decay_kind)pick(seed, 3, DECAY_DENSE, DECAY_TOUCHED);
    config->train_batch = pick(seed, 4, 4, 40);
    config->train_lanes = pick(seed, 5, 1, 5);
    config->train_staleness = pick(seed, 6, 0, 3);
    config->schedule_kind = pick(seed, 7, 0, 1) == 0 ? SCHEDULE_CONSTANT : SCHEDULE_PLATEAU;
    config->schedule_epochs = pick(seed, 10, 1, 4);
    config->schedule_keep_best = pick(seed, 18, 0, 1) == 1;
    config->schedule_early_stopping = pick(seed, 19, 0, 2);
    config->schedule_stop_threshold = pick(seed, 20, 0, 1) == 0 ? 1e-4 : 0.2;
    config->model_biases = pick(seed, 8, 0, 3) != 0;
    config->monitor_model = pick(seed, 18, 0, 1) != 0;
    config->train_wire = (enum wire_format)pick(seed, 21, WIRE_FLOAT32, WIRE_FLOAT16);
    if (pick(seed, 11, 0, 7) == 0)
        config->train_sync = pick(seed, 12, 0, 1) == 0 ? SYNC_SSP : SYNC_ASP;
}

/* One seed in three. */
static void draw_blocks(uint64_t seed, struct config *config) {
    if (pick(seed, 13, 0, 2) != 0)
        return;
    config->train_mode = MODE_BLOCKED;
    config->train_sync = SYNC_SYNCHRONOUS;
    config->train_staleness = 0;
    config->train_optimiser = pick(seed, 14, 0, 2) == 0 ? OPTIMISER_ADAGRAD_ROW : OPTIMISER_SGD;
    config->train_nesterov = false;
    config->train_momentum = pick(seed, 15, 0, 1) == 0 ? 0 : 0.9;
    config->train_learning_rate = config->train_optimiser == OPTIMISER_SGD ? 0.02 : 0.05;
    config->train_parts = pick(seed, 16, 1, 6);
    config->train_strata = pick(seed, 17, config->train_parts, SIM_SIDES_MAX);
}

/* How it is computed: short times, so that a second of a real cluster is a fiftieth here. */
static void draw_shape(struct faults *faults, struct config *config) {
    uint32_t pservers, workers;
    incidents_draw_shape(faults, &pservers, &workers);
    config->cluster_pservers = pservers;
    config->cluster_workers = workers;
    config->cluster_workers_min = faults_draw(faults, 2) == 0 ? 0 : 1 + faults_draw(faults, workers);
    config->checkpoint_steps = faults_draw(faults, 4) == 0 ? 0 : 1 + faults_draw(faults, 10);
    config->checkpoint_interval =
        faults_draw(faults, 3) == 0 ? 0.002 + 0.05 * (double)faults_draw(faults, 4) : 0;
    config->checkpoint_keep = 1 + faults_draw(faults, 3);
}

static void set_times(struct config *config) {
    config->cluster_heartbeat_interval = 0.02;
    config->cluster_heartbeat_timeout = 0.4;
    config->cluster_request_timeout = 1;
    config->cluster_start_timeout = 6;
    config->run_progress_interval = 0.1;
}

/* ---- one run ---- */

static void fail(struct scene *scene, const char *what) {
    if (scene->why[0] == '\0')
        snprintf(scene->why, sizeof scene->why, "%s", what);
}

/* Blocks that engines hold: all but those of the world and its disk. */
static uint64_t engine_blocks(const struct sim_cluster *cluster) {
    const struct world *world = cluster->world;
    uint64_t others = 1 + (world->queue.items != NULL) + cluster->disk.blocks;
    for (size_t i = 0; i < world->queue.count; i++)
        others += world->queue.items[i].job == NULL ? 2 : 0;
    for (uint32_t i = 0; i < world->places; i++)
        others += world->nodes[i].body != NULL;
    return memory_blocks_held() - others;
}

/* Engines take a number of blocks that their specifications bound, however long they live: arrays of the coordinator and of
 * a pserver, and a worker's plans. */
static uint64_t blocks_bound(const struct config *config) {
    enum { SHAPE_MAX = 4, OF_ENGINE = 64, OF_PLAN = 9 };
    uint64_t plans = config_lanes(config) * (2 * config->train_staleness + 4) + VALID_SLICES_AHEAD;
    return OF_ENGINE * (1 + SHAPE_MAX) + SHAPE_MAX * (OF_ENGINE + OF_PLAN * plans);
}

/* A lane's open requests at every shard with their answers, jobs, and what members say: and every message may have been
 * asked for again while it was under way. */
static uint64_t queue_bound(const struct config *config) {
    enum { SHAPE_MAX = 4, REPEATS = 16 };
    uint64_t requests = config_lanes(config) * (config->train_staleness + 4) * (2 * SHAPE_MAX + 1);
    return REPEATS * (requests + 16 * 2 * SHAPE_MAX + 64);
}

static void check_step(struct scene *scene) {
    uint64_t blocks = engine_blocks(&scene->cluster), queued = scene->cluster.world->queue.count;
    scene->blocks_most = blocks > scene->blocks_most ? blocks : scene->blocks_most;
    scene->queued_most = queued > scene->queued_most ? queued : scene->queued_most;
    if (blocks > scene->blocks_bound)
        fail(scene, "engines hold more blocks of memory than they should");
    if (queued > scene->queue_bound)
        fail(scene, "more messages are under way than there should be");
    if (scene->cluster.world->dreaded_logs != 0)
        fail(scene, scene->cluster.world->last_log);
    if (scene->witness.why[0] != '\0')
        fail(scene, scene->witness.why);
}

/* What befell a run before it was healed may make all start again once more, but not for ever. */
static void check_rest(struct scene *scene) {
    const struct sim_cluster *cluster = &scene->cluster;
    if (!scene->incidents.healed || cluster->world->now_us < scene->incidents.heal_us + REST_US)
        scene->restarts_then = cluster->restarts_all + cluster->restarts_one;
    else if (cluster->restarts_all + cluster->restarts_one > scene->restarts_then)
        fail(scene, "somebody is started again long after everything was healed");
}

static uint64_t next_stop_us(const struct scene *scene, uint64_t end_us) {
    uint64_t alarm_us = sim_alarm_us(&scene->cluster), heal_us = scene->incidents.heal_us;
    uint64_t stop_us = scene->incidents.healed || end_us < heal_us ? end_us : heal_us;
    return alarm_us < stop_us ? alarm_us : stop_us;
}

static void play(struct scene *scene) {
    struct sim_cluster *cluster = &scene->cluster;
    struct world *world = cluster->world;
    uint64_t end_us = scene->incidents.heal_us + PATIENCE_US;
    while (!cluster->over && scene->why[0] == '\0') {
        uint64_t stop_us = next_stop_us(scene, end_us);
        if (!world_step(world, stop_us) && sim_alarm_us(cluster) == UINT64_MAX)
            fail(scene, "nothing is left to happen");
        if (world->now_us >= end_us)
            fail(scene, "the run does not end");
        check_step(scene);
        check_rest(scene);
        incidents_tick(&scene->incidents, cluster);
        sim_supervise(cluster);
    }
}

/* One seed in four: all may never have to start again. */
static bool is_gentle(uint64_t seed) {
    return seed % 4 == 0;
}

/* In mode blocked a worker's death may cost all. */
static enum harm harm_of(uint64_t seed, const struct config *config) {
    if (!is_gentle(seed))
        return HARM_ALL;
    return config->train_mode == MODE_BLOCKED ? HARM_NOBODY : HARM_WORKERS;
}

/* The lowest validation loss of a finished run's epochs; infinity without validation ratings. */
static double lowest_loss(const struct sim_cluster *cluster) {
    double lowest = INFINITY;
    for (uint32_t i = 0; i < cluster->history_rows; i++)
        lowest = fmin(lowest, cluster->history[i].valid_mse);
    return lowest;
}

static void take_outcome(struct scene *scene, bool gentle) {
    struct sim_cluster *cluster = &scene->cluster;
    char line[TEXT_BYTES];
    scene->digest = cluster->final.digest;
    scene->saved_digest = cluster->saved_digest;
    scene->valid_mse = cluster->final.valid_mse;
    scene->delivered = cluster->world->delivered;
    memcpy(scene->faults, cluster->world->faults.counts, sizeof scene->faults);
    snprintf(line, sizeof line, "it ended with %d: %.900s", cluster->outcome.code, cluster->outcome.text);
    if (scene->why[0] == '\0' && (!cluster->finished || cluster->outcome.code != STATUS_OK))
        fail(scene, line);
    if (gentle && cluster->restarts_all != 0)
        fail(scene, "all had to start again, for no good reason");
    if (scene->saved_digest != scene->digest)
        fail(scene, "what was saved is not the model");
    if (cluster->history_torn != 0 || cluster->history_rows != cluster->final.epochs)
        fail(scene, "the history has not a row for every epoch");
    if (cluster->config.schedule_keep_best && isfinite(lowest_loss(cluster)) &&
        scene->valid_mse != lowest_loss(cluster))
        fail(scene, "the model is not that of the best epoch");
}

/* Plays a run; horizon 0: without incidents and faults. */
static void run(struct scene *scene, uint64_t seed, const struct config *config, struct sim_set *data,
                uint64_t horizon) {
    struct world *world = world_new(seed, horizon == 0 ? 1 : DELAY_US);
    struct config shaped = *config;
    world->dreaded = "are gone";
    set_times(&shaped);
    memset(scene, 0, sizeof *scene);
    if (horizon != 0)
        draw_shape(&world->faults, &shaped);
    scene->blocks_bound = blocks_bound(&shaped);
    scene->queue_bound = queue_bound(&shaped);
    if (horizon != 0)
        incidents_plan(&scene->incidents, world, horizon, harm_of(seed, config));
    scene->incidents.healed = horizon == 0;
    sim_cluster_start(&scene->cluster, world, &shaped, data, 0);
    witness_begin(&scene->witness, &scene->cluster);
    play(scene);
    take_outcome(scene, is_gentle(seed));
    sim_cluster_free(&scene->cluster);
    world_free(world);
    if (memory_blocks_held() != 0)
        fail(scene, "memory is still held after the end");
}

/* ---- quiet against wild ---- */

static bool same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void compare(struct scene *wild, const struct scene *quiet) {
    char line[TEXT_BYTES];
    if (wild->digest != quiet->digest || !same(wild->valid_mse, quiet->valid_mse)) {
        snprintf(line, sizeof line,
                 "digest %016" PRIx64 ", quiet %016" PRIx64 "; valid_mse %.17g, quiet %.17g", wild->digest,
                 quiet->digest, wild->valid_mse, quiet->valid_mse);
        fail(wild, line);
    }
    for (uint32_t i = 0; i < quiet->cluster.history_rows; i++) {
        const struct sim_epoch *ours = &wild->cluster.history[i], *theirs = &quiet->cluster.history[i];
        snprintf(line, sizeof line, "epoch %u: train_loss %.17g, quiet %.17g; valid_mse %.17g, quiet %.17g",
                 i + 1, ours->train_loss, theirs->train_loss, ours->valid_mse, theirs->valid_mse);
        if (!same(ours->train_loss, theirs->train_loss) || !same(ours->valid_mse, theirs->valid_mse))
            fail(wild, line);
    }
}

static void add_up(struct chaos_tally *tally, const struct scene *scene, bool exact) {
    const struct sim_cluster *cluster = &scene->cluster;
    tally->runs++;
    tally->exact += exact;
    tally->blocked += cluster->config.train_mode == MODE_BLOCKED;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        tally->faults[kind] += scene->faults[kind];
    tally->restarts_all += cluster->restarts_all;
    tally->restarts_one += cluster->restarts_one;
    tally->resumed += cluster->resumed;
    tally->committed += cluster->disk.committed;
    tally->skipped += cluster->disk.skipped;
    tally->takeovers += scene->witness.takeovers;
    tally->repeats += scene->witness.repeats;
    tally->rows_seen += scene->witness.rows_seen;
    tally->delivered += scene->delivered;
    tally->queued_most = scene->queued_most > tally->queued_most ? scene->queued_most : tally->queued_most;
    tally->blocks_most = scene->blocks_most > tally->blocks_most ? scene->blocks_most : tally->blocks_most;
}

static void explain(const struct scene *scene, uint64_t seed, const char *which, char *sentence,
                    size_t capacity) {
    const struct config *config = &scene->cluster.config;
    int length = snprintf(sentence, capacity,
                          "seed %" PRIu64 ", %s run (%s, %" PRIu64 " pservers, %" PRIu64 " workers, %" PRIu32
                          " lanes, staleness %" PRIu64 ", sync %d): %s; faults:",
                          seed, which, config->train_mode == MODE_BLOCKED ? "blocked" : "minibatch",
                          config->cluster_pservers, config->cluster_workers, config_lanes(config),
                          config->train_staleness, (int)config->train_sync, scene->why);
    for (int kind = 0; kind < FAULT_KINDS && length < (int)capacity; kind++)
        if (scene->faults[kind] != 0)
            length += snprintf(sentence + length, capacity - (size_t)length, " %" PRIu64 " %s,",
                               scene->faults[kind], fault_name((enum fault_kind)kind));
}

bool chaos_run(uint64_t seed, struct chaos_tally *tally, char *sentence, size_t capacity) {
    static struct scene quiet, wild;
    static struct sim_set data;
    struct config config;
    draw_meaning(seed, &config, &data);
    draw_blocks(seed, &config);
    bool exact = config.train_sync == SYNC_SYNCHRONOUS;
    run(&quiet, seed, &config, &data, 0);
    if (quiet.why[0] != '\0') {
        explain(&quiet, seed, "quiet", sentence, capacity);
        return false;
    }
    run(&wild, seed, &config, &data, 4 * quiet.delivered + 400);
    if (exact && wild.why[0] == '\0')
        compare(&wild, &quiet);
    add_up(tally, &wild, exact);
    if (wild.why[0] == '\0')
        return true;
    explain(&wild, seed, "wild", sentence, capacity);
    return false;
}

void chaos_print(const struct chaos_tally *tally) {
    printf("# %" PRIu64 " runs (%" PRIu64 " synchronous, of them %" PRIu64 " blocked), %" PRIu64
           " events; faults:",
           tally->runs, tally->exact, tally->blocked, tally->delivered);
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        printf(" %s %" PRIu64 ",", fault_name((enum fault_kind)kind), tally->faults[kind]);
    printf("\n# all started again %" PRIu64 " times, %" PRIu64
           " of all starts from a checkpoint, one worker %" PRIu64 " times; %" PRIu64 " checkpoints, %" PRIu64
           " torn ones passed over; %" PRIu64 " lanes taken over, %" PRIu64 " steps asked for again, %" PRIu64
           " answers judged\n# at most %" PRIu64 " things under way and %" PRIu64
           " blocks of memory in engines\n",
           tally->restarts_all, tally->resumed, tally->restarts_one, tally->committed, tally->skipped,
           tally->takeovers, tally->repeats, tally->rows_seen, tally->queued_most, tally->blocks_most);
}
