/* What a cluster of many hosts would do: the real engines of mode blocked in a virtual world that costs time (bench/simulate.h).
 *
 *   bench_simulate WORKERS PSERVERS PARTS STRATA EPOCHS RATINGS USERS MOVIES NS_PER_RATING MESSAGE_NS BYTE_NS GBIT LATENCY_US
 *
 * Nobody can walk a billion ratings here, so a block has a few ratings, and a worker is busy for as long as its real ones would take
 * at NS_PER_RATING; rows, messages and their sizes are the real ones. Prints a JSON object: seconds of training in each epoch, and how
 * busy the coordinator, the busiest shard, its card, and the workers were. bench/simulate-scale sweeps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/simulate.h"
#include "coordinator/coordinator.h"
#include "core/contract.h"
#include "core/memory.h"
#include "pserver/pserver.h"
#include "worker/worker.h"

enum { FACTORS = 50, RATINGS_OF_A_BLOCK = 4, EPOCHS_MAX = 64, SECOND_US = 1000000 };

struct cluster {
    uint32_t workers, pservers, parts, strata, epochs, users, movies;
    uint64_t ratings;
    double rating_ns;
    struct simulate_costs costs;
    uint32_t *part_first, *stratum_first;
    uint16_t places[RATINGS_OF_A_BLOCK];
    uint8_t codes[RATINGS_OF_A_BLOCK];
    float levels[1];
    struct timed_world *world;
    struct coordinator *lead;
    struct pserver **shards; /* [pservers] */
    struct worker **crew;    /* [workers] */
    uint32_t epochs_done;
    double seconds[EPOCHS_MAX];
    uint64_t visits;            /* blocks walked */
    uint64_t pushed[LANES_MAX]; /* steps of each lane whose stratum has been pushed */
};

/* ---- what takes time besides messages ---- */

static uint64_t perform(void *context, struct job *job) {
    struct cluster *cluster = context;
    if (job->kind == JOB_LOAD_BLOCK) {
        job->block.count = RATINGS_OF_A_BLOCK;
        job->block.users = job->block.movies = cluster->places;
        job->block.codes = cluster->codes;
        job->block.levels = cluster->levels;
    }
    if (job->kind == JOB_EPOCH_END) {
        REQUIRE(cluster->epochs_done < EPOCHS_MAX, "few epochs");
        cluster->seconds[cluster->epochs_done++] = (double)cluster->ratings / job->epoch->ratings_per_second;
    }
    return 1000;
}

/* A worker pushes a stratum, to the first shard: it has walked a block. */
static uint64_t work(void *context, const struct message *message) {
    struct cluster *cluster = context;
    if (message->kind != MESSAGE_RUN_PUSH || message->run_push.table != TABLE_MOVIES)
        return 0;
    if (cluster->pushed[message->run_push.lane] == message->run_push.step + 1)
        return 0;
    cluster->pushed[message->run_push.lane] = message->run_push.step + 1;
    cluster->visits++;
    return (uint64_t)(cluster->rating_ns * (double)cluster->ratings / cluster->parts / cluster->strata);
}

static bool is_over(void *context) {
    const struct cluster *cluster = context;
    return cluster->epochs_done == cluster->epochs;
}

/* ---- the engines ---- */

static void *keep(void *engine, const struct status *status) {
    if (engine == NULL) {
        fprintf(stderr, "bench_simulate: %s\n", status->text);
        exit((int)status->code);
    }
    return engine;
}

static struct member_spec member_of(enum role role, uint32_t index, const char *endpoint) {
    struct member_spec spec = {.role = role,
                               .index = index,
                               .config_digest = 1,
                               .data_digest = role == ROLE_WORKER ? 1 : 0,
                               .incarnation = index + 1,
                               .pid = index + 1,
                               .heartbeat_us = SECOND_US / 2,
                               .silence_us = 3600ull * SECOND_US};
    snprintf(spec.host, sizeof spec.host, "host");
    snprintf(spec.endpoint, sizeof spec.endpoint, "%s", endpoint);
    return spec;
}

static struct coordinator_spec coordinator_of(const struct cluster *cluster) {
    return (struct coordinator_spec){
        .roster = {cluster->pservers, cluster->workers, 1, 1, 3600ull * SECOND_US, SECOND_US / 2},
        .schedule = {.kind = SCHEDULE_CONSTANT, .learning_rate = 0.05, .epochs = cluster->epochs},
        .users = cluster->users,
        .movies = cluster->movies,
        .factors = FACTORS,
        .train_count = cluster->ratings,
        .data_digest = 1,
        .config_digest = 1,
        .blocked = true,
        .strata = cluster->strata,
        .part_first = cluster->part_first,
        .stratum_first = cluster->stratum_first,
        .batch = 64,
        .lanes = cluster->parts,
        .transport = "simulated",
        .start_timeout_us = 3600ull * SECOND_US,
        .progress_us = SECOND_US,
        .request_timeout_us = 3600ull * SECOND_US,
    };
}

static struct model_spec model(void) {
    return (struct model_spec){.factors = FACTORS, .has_bias = true, .init_scale = 0.05f, .seed = 1};
}

static struct pserver_spec pserver_of(const struct cluster *cluster, uint32_t index, const char *endpoint) {
    return (struct pserver_spec){
        .member = member_of(ROLE_PSERVER, index, endpoint),
        .gate = {GATE_SYNCHRONOUS, cluster->parts, 0},
        .runs = {true, cluster->parts, cluster->strata},
        .shard = {.model = model(),
                  .optimiser = {.kind = OPTIMISER_ADAGRAD_ROW, .epsilon = 1e-8},
                  .index = index,
                  .shards = cluster->pservers,
                  .lanes = cluster->parts,
                  .lane_rows = 128},
    };
}

static struct worker_spec worker_of(const struct cluster *cluster, uint32_t index) {
    return (struct worker_spec){
        .member = member_of(ROLE_WORKER, index, ""),
        .model = model(),
        .pservers = cluster->pservers,
        .batch = 64,
        .lanes = cluster->parts,
        .steps_per_epoch = cluster->strata,
        .total_steps = (uint64_t)cluster->strata * cluster->epochs,
        .request_timeout_us = 3600ull * SECOND_US,
        .blocked = true,
        .parts = cluster->parts,
        .strata = cluster->strata,
        .part_first = cluster->part_first,
        .stratum_first = cluster->stratum_first,
        .optimiser = OPTIMISER_ADAGRAD_ROW,
        .epsilon = 1e-8,
    };
}

static uint32_t *cut(uint32_t rows, uint32_t pieces) {
    struct status status;
    uint32_t *firsts =
        keep(memory_take_array((size_t)pieces + 1, sizeof *firsts, "boundaries", &status), &status);
    for (uint32_t i = 0; i <= pieces; i++)
        firsts[i] = (uint32_t)((uint64_t)i * rows / pieces);
    return firsts;
}

static void build(struct cluster *cluster) {
    struct status status;
    cluster->part_first = cut(cluster->users, cluster->parts);
    cluster->stratum_first = cut(cluster->movies, cluster->strata);
    for (int i = 0; i < RATINGS_OF_A_BLOCK; i++)
        cluster->places[i] = 0;
    cluster->levels[0] = 3;
    cluster->shards = keep(memory_take_array(cluster->pservers, sizeof(void *), "shards", &status), &status);
    cluster->crew = keep(memory_take_array(cluster->workers, sizeof(void *), "workers", &status), &status);
    cluster->world = timed_world_new(&cluster->costs, 1 + cluster->pservers + cluster->workers);
    struct coordinator_spec spec = coordinator_of(cluster);
    struct timed_node *lead = timed_world_node(cluster->world, 0, NULL);
    cluster->lead = keep(coordinator_new(&spec, &status), &status);
    lead->engine = coordinator_engine(cluster->lead);
    lead->perform = perform;
    lead->context = cluster;
    for (uint32_t i = 0; i < cluster->pservers; i++) {
        struct timed_node *node = timed_world_node(cluster->world, 1 + i, lead);
        snprintf(node->endpoint, sizeof node->endpoint, "tcp://shard:%u", 1 + i);
        struct pserver_spec pserver = pserver_of(cluster, i, node->endpoint);
        cluster->shards[i] = keep(pserver_new(&pserver, &status), &status);
        node->engine = pserver_engine(cluster->shards[i]);
        node->perform = perform;
        node->context = cluster;
    }
    for (uint32_t i = 0; i < cluster->workers; i++) {
        struct timed_node *node = timed_world_node(cluster->world, 1 + cluster->pservers + i, lead);
        struct worker_spec worker = worker_of(cluster, i);
        cluster->crew[i] = keep(worker_new(&worker, &status), &status);
        node->engine = worker_engine(cluster->crew[i]);
        node->perform = perform;
        node->work = work;
        node->context = cluster;
    }
}

static void tear_down(struct cluster *cluster) {
    coordinator_free(cluster->lead);
    for (uint32_t i = 0; i < cluster->pservers; i++)
        pserver_free(cluster->shards[i]);
    for (uint32_t i = 0; i < cluster->workers; i++)
        worker_free(cluster->crew[i]);
    memory_release(cluster->shards);
    memory_release(cluster->crew);
    memory_release(cluster->part_first);
    memory_release(cluster->stratum_first);
    timed_world_free(cluster->world);
}

/* ---- the outcome ---- */

/* The busiest of nodes [first, first + count): its share of the time; of its card, the fuller direction's. */
static void print_busiest(const struct cluster *cluster, const char *name, uint32_t first, uint32_t count,
                          uint64_t took_ns) {
    double most = 0, mean = 0, card = 0;
    uint64_t longest = 0;
    for (uint32_t i = first; i < first + count; i++) {
        const struct timed_node *node = timed_world_node(cluster->world, i, NULL);
        double share = (double)node->busy_ns / (double)took_ns;
        uint64_t bytes = node->sent_bytes > node->received_bytes ? node->sent_bytes : node->received_bytes;
        double wire = (double)bytes / cluster->costs.card_bytes_per_s * 1e9 / (double)took_ns;
        most = share > most ? share : most;
        card = wire > card ? wire : card;
        longest = node->longest_queue > longest ? node->longest_queue : longest;
        mean += share / count;
    }
    printf(", \"%s\": {\"busy\": %.4f, \"busiest\": %.4f, \"card\": %.4f, \"longest_queue\": %" PRIu64 "}",
           name, mean, most, card, longest);
}

static void print(const struct cluster *cluster, uint64_t took_ns) {
    uint64_t sent, arrived;
    timed_world_count(cluster->world, &sent, &arrived);
    printf("{\"workers\": %u, \"pservers\": %u, \"parts\": %u, \"strata\": %u, \"seconds\": [",
           cluster->workers, cluster->pservers, cluster->parts, cluster->strata);
    for (uint32_t i = 0; i < cluster->epochs_done; i++)
        printf("%s%.6f", i == 0 ? "" : ", ", cluster->seconds[i]);
    printf("], \"took\": %.6f, \"visits\": %" PRIu64 ", \"messages\": %" PRIu64, (double)took_ns / 1e9,
           cluster->visits, sent);
    print_busiest(cluster, "coordinator", 0, 1, took_ns);
    print_busiest(cluster, "shard", 1, cluster->pservers, took_ns);
    print_busiest(cluster, "worker", 1 + cluster->pservers, cluster->workers, took_ns);
    puts("}");
}

int main(int argc, char **argv) {
    if (argc != 14) {
        fputs("usage: bench_simulate WORKERS PSERVERS PARTS STRATA EPOCHS RATINGS USERS MOVIES NS_PER_RATING "
              "MESSAGE_NS BYTE_NS GBIT "
              "LATENCY_US\n",
              stderr);
        return STATUS_USAGE;
    }
    double given[13];
    for (int i = 0; i < 13; i++)
        given[i] = atof(argv[i + 1]);
    struct cluster cluster = {
        .workers = (uint32_t)given[0],
        .pservers = (uint32_t)given[1],
        .parts = (uint32_t)given[2],
        .strata = (uint32_t)given[3],
        .epochs = (uint32_t)given[4],
        .ratings = (uint64_t)given[5],
        .users = (uint32_t)given[6],
        .movies = (uint32_t)given[7],
        .rating_ns = given[8],
        .costs = {(uint64_t)given[9], (uint64_t)(given[12] * 1000), given[10], given[11] * 1e9 / 8},
    };
    build(&cluster);
    uint64_t took_ns = timed_world_run(cluster.world, is_over, &cluster) - 1000000000;
    print(&cluster, took_ns);
    tear_down(&cluster);
    return cluster.epochs_done == cluster.epochs ? 0 : STATUS_UNAVAILABLE;
}
