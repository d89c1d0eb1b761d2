/* What is true of a run at every step, whatever happens to it: seen in its messages alone.
 *
 *   Rows for step s have seen what the rules of the run say: need(s) steps, no more and no fewer, when synchronous;
 *   at least need(s) of every lane in ssp.
 *   In mode blocked rows of a run have seen exactly the pushes of that run that have come; and a stratum goes to a part that
 *   visits it then.
 *   A shard's clock never goes back, and never beyond what lanes have pushed. */
#ifndef TESTS_SIM_WITNESS_H
#define TESTS_SIM_WITNESS_H

#include "cluster.h"

struct witness_shard {
    uint64_t birth;                  /* of the pserver that is being watched */
    uint64_t pushed[DISK_LANES_MAX]; /* the step after the last one that a STEP brought */
    uint32_t leases[DISK_LANES_MAX];
    uint64_t versions[TABLE_COUNT]
                     [SIM_SIDES_MAX]; /* blocked: pushes of runs that have come, each counted once */
    uint64_t clock;
};

struct witness {
    struct sim_cluster *cluster;
    struct witness_shard shards[WORLD_NODES_MAX]; /* by node */
    uint64_t rows_seen, repeats, takeovers;
    char why[256]; /* the first promise that was broken */
};

/* Watches the cluster's world. */
void witness_begin(struct witness *witness, struct sim_cluster *cluster);

#endif
