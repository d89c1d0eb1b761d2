#include "incidents.h"

static uint64_t draw(struct world *world, uint64_t low, uint64_t high) {
    return low + faults_draw(&world->faults, high - low + 1);
}

/* Short ones are as likely as long ones. */
static uint64_t draw_time_us(struct world *world, uint64_t shortest_us, uint32_t doublings) {
    uint64_t time_us = shortest_us << draw(world, 0, doublings);
    return time_us + draw(world, 0, time_us);
}

/* ---- the plan ---- */

static enum fault_kind draw_kind(struct world *world) {
    static const enum fault_kind KINDS[] = {FAULT_WORKER_DIES,
                                            FAULT_WORKER_DIES,
                                            FAULT_WORKER_DIES,
                                            FAULT_WORKER_DIES,
                                            FAULT_PSERVER_DIES,
                                            FAULT_PSERVER_DIES,
                                            FAULT_COORDINATOR_DIES,
                                            FAULT_COORDINATOR_DIES,
                                            FAULT_ALL_DIE,
                                            FAULT_TORN_FILE,
                                            FAULT_FREEZE,
                                            FAULT_FREEZE,
                                            FAULT_FREEZE,
                                            FAULT_CUT,
                                            FAULT_CUT,
                                            FAULT_CUT,
                                            FAULT_CLOCK_JUMP,
                                            FAULT_CLOCK_JUMP,
                                            FAULT_LEAVE,
                                            FAULT_LEAVE,
                                            FAULT_INTERRUPT,
                                            FAULT_RESHAPE,
                                            FAULT_DIES_WRITING,
                                            FAULT_DIES_WRITING,
                                            FAULT_DIES_WRITING};
    return KINDS[draw(world, 0, sizeof KINDS / sizeof *KINDS - 1)];
}

/* A chance in a thousand that is often nothing and seldom much. */
static uint32_t draw_chance(struct world *world) {
    static const uint32_t CHANCES[] = {0, 0, 0, 2, 5, 20, 60};
    return CHANCES[draw(world, 0, sizeof CHANCES / sizeof *CHANCES - 1)];
}

static void draw_rates(struct world *world, bool gentle) {
    enum { LATE_US = 4000, LATE_DOUBLINGS = 7, GENTLE_DOUBLINGS = 3, SLOW_US = 20000, SLOW_DOUBLINGS = 6 };
    struct fault_rates *rates = &world->faults.rates;
    rates->lost = gentle ? (uint32_t)draw(world, 0, 10) : draw_chance(world);
    rates->doubled = draw_chance(world);
    rates->overtaken = draw(world, 0, 2) == 0 ? 300 : 0;
    rates->late = draw_chance(world) / 4;
    rates->late_us = draw_time_us(world, LATE_US, gentle ? GENTLE_DOUBLINGS : LATE_DOUBLINGS);
    rates->reset = draw(world, 0, 2) == 0 ? (uint32_t)draw(world, 1, 10) : 0;
    rates->slow_disk = draw(world, 0, 1) == 0 ? 300 : 0;
    rates->slow_us = draw_time_us(world, SLOW_US, SLOW_DOUBLINGS);
    rates->disk_full = draw(world, 0, 3) == 0 ? 250 : 0;
}

void incidents_plan(struct incidents *incidents, struct world *world, uint64_t horizon, enum harm harm) {
    enum { SHORTEST_US = 60000, DOUBLINGS = 6 };
    draw_rates(world, harm != HARM_ALL);
    incidents->count = (uint32_t)draw(world, 0, INCIDENTS_MAX);
    incidents->heal_us = world->now_us + draw_time_us(world, SHORTEST_US, DOUBLINGS);
    for (uint32_t i = 0; i < incidents->count; i++) {
        enum fault_kind kind = draw_kind(world);
        if (harm != HARM_ALL)
            kind = draw(world, 0, 1) == 0 && harm == HARM_WORKERS ? FAULT_WORKER_DIES : FAULT_LEAVE;
        incidents->items[i] = (struct incident){kind, draw(world, 0, horizon), false};
    }
}

void incidents_draw_shape(struct faults *faults, uint32_t *pservers, uint32_t *workers) {
    *pservers = 1 + (uint32_t)faults_draw(faults, 4);
    *workers = 1 + (uint32_t)faults_draw(faults, 4);
}

/* ---- what happens ---- */

static struct node *draw_pserver(struct sim_cluster *cluster) {
    return cluster->pserver_nodes[draw(cluster->world, 0, cluster->config.cluster_pservers - 1)];
}

static uint32_t draw_worker(struct sim_cluster *cluster) {
    return (uint32_t)draw(cluster->world, 0, cluster->config.cluster_workers - 1);
}

/* Anybody; NULL when the one drawn is not there. */
static struct node *draw_node(struct sim_cluster *cluster) {
    switch (draw(cluster->world, 0, 2)) {
    case 0:
        return cluster->lead;
    case 1:
        return draw_pserver(cluster);
    default:
        return cluster->worker_nodes[draw_worker(cluster)];
    }
}

static bool is_long(const struct job *job) {
    return job != NULL && (job->kind == JOB_WRITE_IMAGE || job->kind == JOB_COMMIT);
}

static bool someone_writes(const struct world *world) {
    for (size_t i = 0; i < world->queue.count; i++)
        if (world->nodes[world->queue.items[i].node].birth == world->queue.items[i].birth &&
            is_long(world->queue.items[i].job))
            return true;
    return false;
}

static bool freeze(struct sim_cluster *cluster) {
    enum { SHORTEST_US = 20000, DOUBLINGS = 6 };
    struct node *node = draw_node(cluster);
    if (node == NULL)
        return false;
    node->frozen_until_us = cluster->world->now_us + draw_time_us(cluster->world, SHORTEST_US, DOUBLINGS);
    world_trace(cluster->world, "%u.%llu is frozen until %llu", node->index, (unsigned long long)node->birth,
                (unsigned long long)node->frozen_until_us - 1000000);
    return true;
}

static bool jump(struct sim_cluster *cluster) {
    enum { SHORTEST_US = 50000, DOUBLINGS = 9 };
    struct node *node = draw_node(cluster);
    if (node == NULL)
        return false;
    uint64_t leap_us = draw_time_us(cluster->world, SHORTEST_US, DOUBLINGS), now_us = cluster->world->now_us;
    node->ahead_us += leap_us;
    if (node->wake_us != 0)
        node->wake_us = node->wake_us > now_us + leap_us ? node->wake_us - leap_us : now_us + 1;
    world_trace(cluster->world, "the clock of %u.%llu leaps by %llu us", node->index,
                (unsigned long long)node->birth, (unsigned long long)leap_us);
    return true;
}

static bool cut(struct sim_cluster *cluster) {
    enum { SHORTEST_US = 10000, DOUBLINGS = 7 };
    struct world *world = cluster->world;
    struct node *node = draw_node(cluster);
    struct net_split partition = {.until_us = world->now_us + draw_time_us(world, SHORTEST_US, DOUBLINGS),
                                  .salt = draw(world, 0, UINT32_MAX),
                                  .holds = draw(world, 0, 1) == 0};
    if (node == NULL)
        return false;
    if (draw(world, 0, 1) == 0)
        partition.lone = node->birth;
    faults_cut(&world->faults, &partition);
    world_trace(world, "a partition around node %llu (0: drawn) until %llu, %s",
                (unsigned long long)partition.lone, (unsigned long long)partition.until_us - 1000000,
                partition.holds ? "held back" : "lost");
    return true;
}

static bool ask_to_stop(struct sim_cluster *cluster, struct node *node) {
    if (node == NULL || node->ended || node->frozen_until_us > cluster->world->now_us)
        return false;
    world_ask_to_stop(cluster->world, node, STATUS_TRY_AGAIN, "a signal came");
    return true;
}

static bool kill_worker(struct sim_cluster *cluster) {
    uint32_t index = draw_worker(cluster);
    if (cluster->worker_nodes[index] == NULL)
        return false;
    world_trace(cluster->world, "worker %u is killed", index);
    sim_kill_worker(cluster, index);
    return true;
}

static bool kill_pserver(struct sim_cluster *cluster) {
    sim_kill_pserver(cluster, (uint32_t)draw(cluster->world, 0, cluster->config.cluster_pservers - 1));
    return true;
}

static bool kill_coordinator(struct sim_cluster *cluster) {
    sim_kill_coordinator(cluster);
    return true;
}

static bool kill_all(struct sim_cluster *cluster) {
    sim_restart_all(cluster);
    return true;
}

static bool die_writing(struct sim_cluster *cluster) {
    switch (draw(cluster->world, 0, 2)) {
    case 0:
        return kill_pserver(cluster);
    case 1:
        return kill_coordinator(cluster);
    default:
        return kill_all(cluster);
    }
}

static bool reshape(struct sim_cluster *cluster) {
    incidents_draw_shape(&cluster->world->faults, &cluster->next_pservers, &cluster->next_workers);
    sim_restart_all(cluster);
    return true;
}

static bool tear(struct sim_cluster *cluster) {
    sim_restart_all(cluster);
    disk_power_cut(&cluster->disk);
    return false; /* counted where a file is torn */
}

/* False when it could not happen now. */
static bool happen(struct sim_cluster *cluster, enum fault_kind kind) {
    switch (kind) {
    case FAULT_WORKER_DIES:
        return kill_worker(cluster);
    case FAULT_PSERVER_DIES:
        return kill_pserver(cluster);
    case FAULT_COORDINATOR_DIES:
        return kill_coordinator(cluster);
    case FAULT_ALL_DIE:
        return kill_all(cluster);
    case FAULT_DIES_WRITING:
        return die_writing(cluster);
    case FAULT_TORN_FILE:
        return tear(cluster);
    case FAULT_FREEZE:
        return freeze(cluster);
    case FAULT_CLOCK_JUMP:
        return jump(cluster);
    case FAULT_CUT:
        cut(cluster);
        return false; /* counted by faults_cut */
    case FAULT_LEAVE:
        return ask_to_stop(cluster, cluster->worker_nodes[draw_worker(cluster)]);
    case FAULT_INTERRUPT:
        return ask_to_stop(cluster, draw(cluster->world, 0, 1) == 0 ? cluster->lead : draw_pserver(cluster));
    case FAULT_RESHAPE:
        return reshape(cluster);
    default:
        return false;
    }
}

static bool is_due(const struct incident *incident, const struct sim_cluster *cluster) {
    return !incident->done && sim_is_up(cluster) && incident->after <= cluster->world->delivered &&
           (incident->kind != FAULT_DIES_WRITING || someone_writes(cluster->world));
}

static void heal(struct incidents *incidents, struct world *world) {
    incidents->healed = true;
    incidents->count = 0;
    faults_heal(&world->faults);
    world_trace(world, "everything is healed");
}

void incidents_tick(struct incidents *incidents, struct sim_cluster *cluster) {
    struct world *world = cluster->world;
    if (!incidents->healed && world->now_us >= incidents->heal_us)
        heal(incidents, world);
    for (uint32_t i = 0; i < incidents->count; i++) {
        struct incident *incident = &incidents->items[i];
        if (!is_due(incident, cluster))
            continue;
        incident->done = true;
        if (happen(cluster, incident->kind))
            faults_count(&world->faults, incident->kind);
    }
}
