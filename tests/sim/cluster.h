/* A cluster in the virtual world: the real engines, told what a configuration tells them, on ratings made of the seed;
 * their disk; and their supervisor, which starts again what has died, by the rules of node/restart_policy.h. */
#ifndef TESTS_SIM_CLUSTER_H
#define TESTS_SIM_CLUSTER_H

#include "config/config.h"
#include "core/reports.h"
#include "data/blocks.h"
#include "data/packed_set.h"
#include "disk.h"
#include "node/lane_loader.h"
#include "node/setup.h"
#include "world.h"

enum {
    SIM_RATINGS = 400,
    SIM_VALID = 60,
    SIM_USERS = 40,
    SIM_MOVIES = 30,
    SIM_SIDES_MAX = 8, /* parts, and strata */
    SIM_LEVELS = 12,   /* of ratings; the last one is no number */
    SIM_MEMBERS_MAX = 8,
    SIM_EPOCHS_MAX = 8
};

struct sim_set {
    struct packed_set set; /* lies in the arrays below */
    struct rating train[SIM_RATINGS], valid[SIM_VALID];
    uint32_t user_counts[SIM_USERS], movie_counts[SIM_MOVIES];
    struct blocks blocks; /* mode blocked: the same training ratings; it lies in the arrays below */
    uint32_t part_starts[SIM_SIDES_MAX + 1], stratum_starts[SIM_SIDES_MAX + 1];
    uint32_t block_counts[SIM_SIDES_MAX * SIM_SIDES_MAX];
    uint64_t block_offsets[SIM_SIDES_MAX * SIM_SIDES_MAX];
    float levels[SIM_LEVELS];
    _Alignas(8) unsigned char block_bytes[5 * (SIM_RATINGS + 8 * SIM_SIDES_MAX * SIM_SIDES_MAX)];
};

/* A member that is there, or will be. */
struct sim_member {
    struct node *node; /* NULL: it is not there */
    uint64_t pid;
    uint64_t start_us; /* when it is started; 0: not planned */
    uint64_t replaces; /* pid of the dead one, for the start that is planned */
};

struct sim_epoch {
    double train_loss, valid_mse;
};

struct sim_cluster {
    struct world *world;
    struct config config;
    struct sim_set *data;
    struct disk disk;
    struct lane_loader loader;
    struct coordinator *coordinator;
    struct pserver *pservers[SIM_MEMBERS_MAX];
    struct worker *workers[SIM_MEMBERS_MAX];
    struct node *lead; /* NULL while all are down */
    struct node *pserver_nodes[SIM_MEMBERS_MAX];
    struct sim_member members[SIM_MEMBERS_MAX]; /* workers */
    struct node *worker_nodes[SIM_MEMBERS_MAX];
    struct run_position resume; /* where the coordinator has taken the run up; number 0: nowhere */
    double resume_squared[DISK_LANES_MAX];
    uint64_t resume_counts[DISK_LANES_MAX];
    uint64_t starts;                /* of anybody */
    uint64_t pids[WORLD_NODES_MAX]; /* by node */
    uint64_t notice_us;             /* when the supervisor notices that one of them has died; 0: none has */
    uint64_t start_all_us;          /* when all are started again; 0: they are up */
    uint32_t next_pservers, next_workers; /* the shape of that start; 0: as before */
    uint64_t await_us;     /* since when a failed member waits for the coordinator's word; 0: none */
    bool over;             /* the run has ended, well or not */
    struct status outcome; /* then */
    struct sim_epoch history[SIM_EPOCHS_MAX];
    uint32_t history_rows, history_torn; /* torn: rows that came in the wrong order */
    uint64_t saved_digest;               /* of the rows that were saved, added up like shard_digest */
    uint64_t restarts_all, restarts_one, resumed;
    bool finished;
    struct final_report final;                     /* pointers in it are not to be used */
    struct shard_progress shards[SIM_MEMBERS_MAX]; /* what members had counted by then */
    struct worker_progress worker_figures[SIM_MEMBERS_MAX];
    uint32_t models; /* epochs whose components were shown, in their order */
    double last_scores[SIM_MOVIES * 2], final_scores[SIM_MOVIES * 2]; /* 2 components at most */
};

/* Ratings from a planted model; the same for the same seed. */
void sim_set_make(struct sim_set *data, uint64_t seed);

/* Cuts the training ratings into blocks, as a cluster in mode blocked needs them; sim_cluster_start does it. Users are cut
 * into ranges of equal length, movies too; a block keeps the order of the set. */
void sim_set_cut(struct sim_set *data, uint32_t parts, uint32_t strata);

/* A small configuration: 3 epochs, batch 24, sgd with momentum and decay, one pserver, one worker, no checkpoints. */
void sim_config(struct config *config);

/* Builds all engines; a member whose bit is set in `absent` (pservers first) is left out. */
void sim_cluster_start(struct sim_cluster *cluster, struct world *world, const struct config *config,
                       struct sim_set *data, uint64_t absent);
void sim_cluster_free(struct sim_cluster *cluster);

/* kill -9. The supervisor notices a little later. */
void sim_kill_worker(struct sim_cluster *cluster, uint32_t index);
void sim_kill_pserver(struct sim_cluster *cluster, uint32_t index);
void sim_kill_coordinator(struct sim_cluster *cluster);

/* Whether the coordinator and all pservers are there. */
bool sim_is_up(const struct sim_cluster *cluster);

/* Kills all; they are started again a little later, from the newest checkpoint that counts. */
void sim_restart_all(struct sim_cluster *cluster);

/* What a supervisor does now about what has ended, and starts what is due. */
void sim_supervise(struct sim_cluster *cluster);

/* The next moment at which the supervisor has something to do; UINT64_MAX: none. */
uint64_t sim_alarm_us(const struct sim_cluster *cluster);

#endif
