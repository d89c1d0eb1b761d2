#include "cluster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/hash.h"
#include "core/rng.h"

static struct rating draw_rating(uint64_t seed, uint64_t i) {
    uint32_t user = (uint32_t)(SIM_USERS * rng_unit(seed, 1, i) * rng_unit(seed, 2, i));
    uint32_t movie = (uint32_t)(SIM_MOVIES * rng_unit(seed, 3, i) * rng_unit(seed, 4, i));
    double liking = rng_unit(seed, 5, user) + rng_unit(seed, 6, movie) + rng_unit(seed, 7, i);
    return (struct rating){user, movie, (float)(0.5 + floor(3 * liking) / 2)};
}

void sim_set_make(struct sim_set *data, uint64_t seed) {
    memset(data, 0, sizeof *data);
    for (uint64_t i = 0; i < SIM_RATINGS; i++) {
        data->train[i] = draw_rating(seed, i);
        data->user_counts[data->train[i].user]++;
        data->movie_counts[data->train[i].movie]++;
    }
    for (uint64_t i = 0; i < SIM_VALID; i++)
        data->valid[i] = draw_rating(seed, SIM_RATINGS + i);
    data->set = (struct packed_set){.users = SIM_USERS,
                                    .movies = SIM_MOVIES,
                                    .train_count = SIM_RATINGS,
                                    .valid_count = SIM_VALID,
                                    .train = data->train,
                                    .valid = data->valid,
                                    .user_counts = data->user_counts,
                                    .movie_counts = data->movie_counts,
                                    .digest = seed};
}

void sim_config(struct config *config) {
    config_defaults(config);
    config->model_factors = 6;
    config->model_y_range = (struct option_range){true, 0, 5.5};
    config->train_batch = 24;
    config->train_lanes = 1;
    config->train_weight_decay = 1e-3;
    config->schedule_epochs = 3;
    config->run_components = 2;
}

static void load(void *context, struct job *job) {
    struct sim_cluster *cluster = context;
    lane_loader_perform(&cluster->loader, job);
}

static void save(struct sim_cluster *cluster, const struct job *job) {
    uint32_t factors = (uint32_t)cluster->config.model_factors, stride = row_stride(factors);
    for (uint32_t i = 0; i < job->save.row_count; i++)
        cluster->saved_digest +=
            hash_bytes(job->save.rows + (size_t)i * stride, (factors + 1) * sizeof(float),
                       (uint64_t)job->save.table << 32 | (job->save.first_row + i));
}

static void record(void *context, struct job *job) {
    struct sim_cluster *cluster = context;
    if (job->kind == JOB_SAVE_ROWS)
        save(cluster, job);
    if (job->kind != JOB_FINISH)
        return;
    cluster->finished = true;
    cluster->final = *job->finish;
}

static void start_pserver(struct sim_cluster *cluster, uint32_t index) {
    struct status status;
    snprintf(cluster->endpoints[index], sizeof cluster->endpoints[index], "sim://pserver-%u", index);
    struct pserver_spec spec = setup_pserver(&cluster->config, index, cluster->endpoints[index]);
    cluster->pservers[index] = pserver_new(&spec, &status);
    REQUIRE(cluster->pservers[index] != NULL, "a simulated pserver has memory");
    cluster->pserver_nodes[index] = world_add(cluster->world, pserver_engine(cluster->pservers[index]),
                                              cluster->endpoints[index], cluster->lead, load, cluster);
}

static void start_worker(struct sim_cluster *cluster, uint32_t index) {
    struct status status;
    struct worker_spec spec = setup_worker(&cluster->config, &cluster->data->set, index);
    cluster->workers[index] = worker_new(&spec, &status);
    REQUIRE(cluster->workers[index] != NULL, "a simulated worker has memory");
    cluster->worker_nodes[index] =
        world_add(cluster->world, worker_engine(cluster->workers[index]), "", cluster->lead, load, cluster);
}

void sim_cluster_start(struct sim_cluster *cluster, struct world *world, const struct config *config,
                       struct sim_set *data, uint64_t absent) {
    struct status status;
    *cluster = (struct sim_cluster){.world = world, .config = *config, .data = data};
    lane_loader_init(&cluster->loader, &cluster->config, &data->set);
    struct coordinator_spec spec = setup_coordinator(&cluster->config, &data->set);
    cluster->coordinator = coordinator_new(&spec, &status);
    REQUIRE(cluster->coordinator != NULL, "a simulated coordinator has memory");
    cluster->lead = world_add(world, coordinator_engine(cluster->coordinator), "sim://coordinator", NULL,
                              record, cluster);
    for (uint32_t i = 0; i < config->cluster_pservers; i++)
        if ((absent >> i & 1) == 0)
            start_pserver(cluster, i);
    for (uint32_t i = 0; i < config->cluster_workers; i++)
        if ((absent >> (config->cluster_pservers + i) & 1) == 0)
            start_worker(cluster, i);
}

void sim_cluster_free(struct sim_cluster *cluster) {
    coordinator_free(cluster->coordinator);
    for (uint32_t i = 0; i < WORLD_NODES_MAX; i++) {
        pserver_free(cluster->pservers[i]);
        worker_free(cluster->workers[i]);
    }
}
