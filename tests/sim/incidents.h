/* What befalls a virtual cluster besides the faults of its network and disk: deaths, freezes, partitions, leaps of clocks,
 * workers that leave, runs that are interrupted. A plan is drawn from the seed; an incident happens when so many things
 * have happened in the world, wherever the run stands by then. */
#ifndef TESTS_SIM_INCIDENTS_H
#define TESTS_SIM_INCIDENTS_H

#include "cluster.h"

enum { INCIDENTS_MAX = 12 };

struct incident {
    enum fault_kind kind;
    uint64_t after; /* deliveries */
    bool done;
};

struct incidents {
    struct incident items[INCIDENTS_MAX];
    uint32_t count;
    uint64_t heal_us; /* from then on nothing goes wrong any more */
    bool healed;
};

/* horizon: deliveries of a run without faults, about. gentle: nothing happens for whose sake all would have to start again:
 * workers die and leave, few messages are lost and none is late for long. */
void incidents_plan(struct incidents *incidents, struct world *world, uint64_t horizon, bool gentle);

/* Lets happen what is due. */
void incidents_tick(struct incidents *incidents, struct sim_cluster *cluster);

/* A shape for a cluster. */
void incidents_draw_shape(struct faults *faults, uint32_t *pservers, uint32_t *workers);

#endif
