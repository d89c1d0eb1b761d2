#include "cluster.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/hash.h"
#include "core/rng.h"
#include "node/restart_policy.h"

/* ---- data and configuration ---- */

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
    config->monitor_interval = 0;
    config->checkpoint_interval = 0;
    config->checkpoint_steps = 0;
}

/* ---- jobs ---- */

static void save(struct sim_cluster *cluster, const struct job *job) {
    uint32_t factors = (uint32_t)cluster->config.model_factors, stride = row_stride(factors);
    for (uint32_t i = 0; i < job->save.row_count; i++)
        cluster->saved_digest +=
            hash_bytes(job->save.rows + (size_t)i * stride, (factors + 1) * sizeof(float),
                       (uint64_t)job->save.table << 32 | (job->save.first_row + i));
}

static void record_epoch(struct sim_cluster *cluster, const struct epoch_report *report) {
    if (report->epoch != cluster->history_rows + 1 || report->epoch > SIM_EPOCHS_MAX) {
        cluster->history_torn++;
        return;
    }
    cluster->history[cluster->history_rows++] = (struct sim_epoch){report->train_loss, report->valid_mse};
}

static void keep_scores(double kept[SIM_MOVIES * 2], const double *scores, uint32_t movies,
                        uint32_t components) {
    if (movies <= SIM_MOVIES && components <= 2)
        memcpy(kept, scores, (size_t)movies * components * sizeof *kept);
}

static void finish(struct sim_cluster *cluster, const struct final_report *final) {
    const struct progress_report *members = final->members;
    cluster->finished = true;
    cluster->final = *final;
    memcpy(cluster->shards, members->shards, members->pserver_count * sizeof *members->shards);
    memcpy(cluster->worker_figures, members->workers, members->worker_count * sizeof *members->workers);
    keep_scores(cluster->final_scores, final->scores, final->movies, final->components);
}

static void show_model(struct sim_cluster *cluster, const struct model_report *model) {
    cluster->models += model->epoch == cluster->models + 1;
    keep_scores(cluster->last_scores, model->scores, model->movies, model->components);
}

static void perform(void *context, struct job *job) {
    struct sim_cluster *cluster = context;
    switch (job->kind) {
    case JOB_LOAD_LANE:
    case JOB_LOAD_BLOCK:
    case JOB_LOAD_VALID:
        lane_loader_perform(&cluster->loader, job);
        break;
    case JOB_READ_IMAGE:
        disk_read(&cluster->disk, job->image.number, job->image.shards, job->image.image,
                  job->image.rates_capacity, &job->status);
        break;
    case JOB_WRITE_IMAGE:
        disk_write(&cluster->disk, job->image.number, job->image.image, &job->status);
        break;
    case JOB_COMMIT:
        disk_commit(&cluster->disk, job->position, (uint32_t)cluster->config.checkpoint_keep, &job->status);
        break;
    case JOB_SAVE_ROWS:
        save(cluster, job);
        break;
    case JOB_EPOCH_END:
        record_epoch(cluster, job->epoch);
        break;
    case JOB_FINISH:
        finish(cluster, job->finish);
        break;
    case JOB_EPOCH_MODEL:
        show_model(cluster, job->model);
        break;
    case JOB_PROGRESS:
        break;
    }
}

/* The node has died while this was under way. */
static void break_off(void *context, struct job *job) {
    struct sim_cluster *cluster = context;
    if (job->kind == JOB_WRITE_IMAGE)
        disk_break_write(&cluster->disk, job->image.number, job->image.image);
    else if (job->kind == JOB_COMMIT)
        disk_break_commit(&cluster->disk, job->position, (uint32_t)cluster->config.checkpoint_keep);
}

/* ---- starting ---- */

static struct node *add(struct sim_cluster *cluster, struct engine engine, const char *endpoint,
                        uint64_t pid) {
    struct node *node = world_add(cluster->world, engine, endpoint, cluster->lead, perform, cluster);
    node->broken = break_off;
    cluster->pids[node->index] = pid;
    return node;
}

/* What differs from start to start comes from the seed, so that a seed replays. */
static uint64_t name_start(struct sim_cluster *cluster, struct member_spec *member, uint64_t replaces) {
    member->incarnation = rng_bits(cluster->world->seed, 88, ++cluster->starts);
    member->pid = 1000 + cluster->starts;
    member->replaces = replaces;
    return member->pid;
}

static void start_pserver(struct sim_cluster *cluster, uint32_t index) {
    struct status status;
    char endpoint[WORLD_ENDPOINT_BYTES];
    snprintf(endpoint, sizeof endpoint, "sim://pserver-%u", index);
    struct pserver_spec spec = setup_pserver(&cluster->config, index, endpoint);
    uint64_t pid = name_start(cluster, &spec.member, 0);
    cluster->pservers[index] = pserver_new(&spec, &status);
    REQUIRE(cluster->pservers[index] != NULL, "a simulated pserver has memory");
    cluster->pserver_nodes[index] = add(cluster, pserver_engine(cluster->pservers[index]), endpoint, pid);
}

static void start_worker(struct sim_cluster *cluster, uint32_t index, uint64_t replaces) {
    struct status status;
    struct worker_spec spec = setup_worker(&cluster->config, &cluster->data->set, index);
    uint64_t pid = name_start(cluster, &spec.member, replaces);
    cluster->workers[index] = worker_new(&spec, &status);
    REQUIRE(cluster->workers[index] != NULL, "a simulated worker has memory");
    cluster->worker_nodes[index] = add(cluster, worker_engine(cluster->workers[index]), "", pid);
    cluster->members[index] = (struct sim_member){.node = cluster->worker_nodes[index], .pid = pid};
}

/* The disk may remove what the coordinator resumes from while it still needs the numbers. */
static const struct run_position *keep_position(struct sim_cluster *cluster,
                                                const struct run_position *position) {
    if (position == NULL) {
        cluster->resume.number = 0;
        return NULL;
    }
    cluster->resume = *position;
    memcpy(cluster->resume_squared, position->lane_squared, position->lanes * sizeof(double));
    memcpy(cluster->resume_counts, position->lane_counts, position->lanes * sizeof(uint64_t));
    cluster->resume.lane_squared = cluster->resume_squared;
    cluster->resume.lane_counts = cluster->resume_counts;
    cluster->resumed++;
    return &cluster->resume;
}

static void start_coordinator(struct sim_cluster *cluster) {
    struct status status;
    struct coordinator_spec spec = setup_coordinator(&cluster->config, &cluster->data->set);
    const struct run_position *found = keep_position(cluster, disk_find(&cluster->disk));
    uint32_t epochs = found == NULL ? 0 : found->epoch;
    spec.resume = found;
    spec.cuts.possible = cluster->config.checkpoint_interval > 0 || cluster->config.checkpoint_steps > 0;
    spec.cuts.first_number = 1 + (found == NULL ? 0 : found->number);
    cluster->history_torn += cluster->history_rows < epochs;
    cluster->history_rows = epochs;
    cluster->saved_digest = 0;
    cluster->finished = false;
    cluster->coordinator = coordinator_new(&spec, &status);
    REQUIRE(cluster->coordinator != NULL, "a simulated coordinator has memory");
    cluster->lead = add(cluster, coordinator_engine(cluster->coordinator), "sim://coordinator", 0);
}

static void start_all(struct sim_cluster *cluster, uint64_t absent) {
    const struct config *config = &cluster->config;
    REQUIRE(config->cluster_pservers <= SIM_MEMBERS_MAX && config->cluster_workers <= SIM_MEMBERS_MAX,
            "a small cluster");
    start_coordinator(cluster);
    for (uint32_t i = 0; i < config->cluster_pservers; i++)
        if ((absent >> i & 1) == 0)
            start_pserver(cluster, i);
    for (uint32_t i = 0; i < config->cluster_workers; i++)
        if ((absent >> (config->cluster_pservers + i) & 1) == 0)
            start_worker(cluster, i, 0);
}

void sim_cluster_start(struct sim_cluster *cluster, struct world *world, const struct config *config,
                       struct sim_set *data, uint64_t absent) {
    memset(cluster, 0, sizeof *cluster);
    cluster->world = world;
    cluster->config = *config;
    cluster->data = data;
    disk_init(&cluster->disk, &world->faults);
    if (config->train_mode == MODE_BLOCKED)
        sim_set_cut(data, (uint32_t)config->train_parts, (uint32_t)config->train_strata);
    lane_loader_init(&cluster->loader, &cluster->config, &data->set);
    start_all(cluster, absent);
}

/* ---- ending ---- */

void sim_kill_worker(struct sim_cluster *cluster, uint32_t index) {
    if (cluster->worker_nodes[index] == NULL)
        return;
    world_remove(cluster->world, cluster->worker_nodes[index]);
    worker_free(cluster->workers[index]);
    cluster->workers[index] = NULL;
    cluster->worker_nodes[index] = cluster->members[index].node = NULL;
}

static void remove_pserver(struct sim_cluster *cluster, uint32_t index) {
    if (cluster->pserver_nodes[index] != NULL)
        world_remove(cluster->world, cluster->pserver_nodes[index]);
    pserver_free(cluster->pservers[index]);
    cluster->pservers[index] = NULL;
    cluster->pserver_nodes[index] = NULL;
}

static void remove_coordinator(struct sim_cluster *cluster) {
    if (cluster->lead != NULL)
        world_remove(cluster->world, cluster->lead);
    coordinator_free(cluster->coordinator);
    cluster->coordinator = NULL;
    cluster->lead = NULL;
}

static void plan_notice(struct sim_cluster *cluster) {
    enum { SLOWEST_NOTICE_US = 5000 };
    if (cluster->notice_us == 0)
        cluster->notice_us = cluster->world->now_us + 1 + world_draw(cluster->world, SLOWEST_NOTICE_US);
}

void sim_kill_pserver(struct sim_cluster *cluster, uint32_t index) {
    world_trace(cluster->world, "pserver %u is killed", index);
    remove_pserver(cluster, index);
    plan_notice(cluster);
}

void sim_kill_coordinator(struct sim_cluster *cluster) {
    world_trace(cluster->world, "the coordinator is killed");
    remove_coordinator(cluster);
    plan_notice(cluster);
}

bool sim_is_up(const struct sim_cluster *cluster) {
    bool up = cluster->lead != NULL;
    for (uint32_t i = 0; i < cluster->config.cluster_pservers; i++)
        up = up && cluster->pserver_nodes[i] != NULL;
    return up;
}

static void remove_all(struct sim_cluster *cluster) {
    for (uint32_t i = 0; i < SIM_MEMBERS_MAX; i++) {
        remove_pserver(cluster, i);
        sim_kill_worker(cluster, i);
        cluster->members[i] = (struct sim_member){0};
    }
    remove_coordinator(cluster);
}

void sim_cluster_free(struct sim_cluster *cluster) {
    remove_all(cluster);
    disk_free(&cluster->disk);
}

/* ---- the supervisor ---- */

/* Starting a process takes a while. */
static uint64_t start_time(struct sim_cluster *cluster) {
    enum { SLOWEST_START_US = 20000 };
    return cluster->world->now_us + 1 + world_draw(cluster->world, SLOWEST_START_US);
}

void sim_restart_all(struct sim_cluster *cluster) {
    world_trace(cluster->world, "all are killed and started again");
    remove_all(cluster);
    cluster->await_us = cluster->notice_us = 0;
    cluster->restarts_all++;
    cluster->start_all_us = start_time(cluster);
}

static void restart_worker(struct sim_cluster *cluster, uint32_t index, uint64_t replaces) {
    world_trace(cluster->world, "worker %u is started again", index);
    sim_kill_worker(cluster, index);
    cluster->members[index] = (struct sim_member){.start_us = start_time(cluster), .replaces = replaces};
}

static void end(struct sim_cluster *cluster, const struct status *outcome) {
    cluster->over = true;
    cluster->outcome = *outcome;
}

static enum restart_action decide(enum role role, const struct status *outcome) {
    struct restart_case which = {role, restart_ending_of_code(outcome->code), UINT64_MAX, false};
    return restart_decide(&which);
}

/* A run that was interrupted is taken up again, by a person. */
static void coordinator_ended(struct sim_cluster *cluster) {
    struct status outcome = cluster->lead->outcome;
    enum restart_action action = decide(ROLE_COORDINATOR, &outcome);
    if (action == RESTART_ALL || outcome.code == STATUS_TRY_AGAIN || outcome.code == STATUS_IO)
        sim_restart_all(cluster);
    else
        end(cluster, &outcome);
}

/* A failed member's reason reaches the coordinator, or its own outcome is the run's. */
static void await(struct sim_cluster *cluster, const struct status *outcome) {
    enum { PATIENCE_US = 5000000 };
    if (cluster->await_us == 0)
        cluster->await_us = cluster->world->now_us;
    if (cluster->world->now_us - cluster->await_us > PATIENCE_US)
        end(cluster, outcome);
}

static void pserver_ended(struct sim_cluster *cluster, const struct node *node) {
    enum restart_action action = decide(ROLE_PSERVER, &node->outcome);
    if (action == RESTART_ALL)
        sim_restart_all(cluster);
    else if (action == RESTART_AWAIT)
        await(cluster, &node->outcome);
}

static void worker_ended(struct sim_cluster *cluster, uint32_t index) {
    enum { SLOWEST_RETURN_US = 500000 };
    const struct node *node = cluster->worker_nodes[index];
    enum restart_action action = decide(ROLE_WORKER, &node->outcome);
    if (action == RESTART_AWAIT) {
        await(cluster, &node->outcome);
    } else if (action == RESTART_ONE) {
        cluster->restarts_one++;
        restart_worker(cluster, index, cluster->members[index].pid);
    } else if (action == RESTART_LET_GO) {
        restart_worker(cluster, index, 0);
        cluster->members[index].start_us += world_draw(cluster->world, SLOWEST_RETURN_US);
    }
}

static void look_after_workers(struct sim_cluster *cluster) {
    for (uint32_t i = 0; i < cluster->config.cluster_workers && cluster->lead != NULL; i++) {
        struct sim_member *member = &cluster->members[i];
        if (member->node == NULL && member->pid != 0) {
            cluster->restarts_one++;
            restart_worker(cluster, i, member->pid);
        } else if (member->node == NULL && member->start_us != 0 &&
                   member->start_us <= cluster->world->now_us) {
            start_worker(cluster, i, member->replaces);
        } else if (member->node != NULL && member->node->ended) {
            worker_ended(cluster, i);
        }
    }
}

static void start_again(struct sim_cluster *cluster) {
    cluster->start_all_us = 0;
    if (cluster->next_pservers != 0) {
        cluster->config.cluster_pservers = cluster->next_pservers;
        cluster->config.cluster_workers = cluster->next_workers;
        cluster->next_pservers = 0;
    }
    start_all(cluster, 0);
}

void sim_supervise(struct sim_cluster *cluster) {
    if (cluster->over)
        return;
    if (cluster->start_all_us != 0) {
        if (cluster->start_all_us <= cluster->world->now_us)
            start_again(cluster);
        return;
    }
    if (cluster->notice_us != 0) {
        if (cluster->notice_us <= cluster->world->now_us)
            sim_restart_all(cluster);
        return;
    }
    if (cluster->lead->ended) {
        coordinator_ended(cluster);
        return;
    }
    for (uint32_t i = 0; i < cluster->config.cluster_pservers && cluster->lead != NULL; i++)
        if (cluster->pserver_nodes[i]->ended)
            pserver_ended(cluster, cluster->pserver_nodes[i]);
    look_after_workers(cluster);
}

uint64_t sim_alarm_us(const struct sim_cluster *cluster) {
    uint64_t first_us = UINT64_MAX;
    if (cluster->start_all_us != 0 || cluster->notice_us != 0)
        return cluster->start_all_us != 0 ? cluster->start_all_us : cluster->notice_us;
    for (uint32_t i = 0; i < SIM_MEMBERS_MAX; i++) {
        uint64_t start_us = cluster->members[i].start_us;
        if (cluster->members[i].node == NULL && start_us != 0 && start_us < first_us)
            first_us = start_us;
    }
    return first_us;
}
