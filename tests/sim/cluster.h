/* A cluster in the virtual world: the real engines, told what a configuration tells them, on ratings made of the seed. */
#ifndef TESTS_SIM_CLUSTER_H
#define TESTS_SIM_CLUSTER_H

#include "config/config.h"
#include "core/reports.h"
#include "data/packed_set.h"
#include "node/lane_loader.h"
#include "node/setup.h"
#include "world.h"

enum { SIM_RATINGS = 400, SIM_VALID = 60, SIM_USERS = 40, SIM_MOVIES = 30 };

struct sim_set {
    struct packed_set set; /* lies in the arrays below */
    struct rating train[SIM_RATINGS], valid[SIM_VALID];
    uint32_t user_counts[SIM_USERS], movie_counts[SIM_MOVIES];
};

struct sim_cluster {
    struct world *world;
    struct config config;
    struct sim_set *data;
    struct lane_loader loader;
    struct coordinator *coordinator;
    struct pserver *pservers[WORLD_NODES_MAX];
    struct worker *workers[WORLD_NODES_MAX];
    struct node *lead;
    struct node *pserver_nodes[WORLD_NODES_MAX], *worker_nodes[WORLD_NODES_MAX];
    char endpoints[WORLD_NODES_MAX][32];
    uint64_t saved_digest; /* of the rows that were saved, added up like shard_digest */
    bool finished;
    struct final_report final; /* pointers in it are not to be used */
};

/* Ratings from a planted model; the same for the same seed. */
void sim_set_make(struct sim_set *data, uint64_t seed);

/* A small configuration: 3 epochs, batch 24, sgd with momentum and decay, one pserver, one worker. */
void sim_config(struct config *config);

/* Builds all engines; a member whose bit is set in `absent` (pservers first) is left out. */
void sim_cluster_start(struct sim_cluster *cluster, struct world *world, const struct config *config,
                       struct sim_set *data, uint64_t absent);
void sim_cluster_free(struct sim_cluster *cluster);

#endif
