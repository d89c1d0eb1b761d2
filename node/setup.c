#include "node/setup.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "data/blocks.h"
#include "model/order.h"
#include "monitor/listener.h"
#include "net/names.h"

static uint64_t microseconds(double seconds) {
    return (uint64_t)(seconds * 1e6);
}

/* Processes that train together agree on the meaning and on the cluster's shape. */
static uint64_t cluster_digest(const struct config *config) {
    uint64_t parts[] = {config_digest(config), config->cluster_pservers, config->cluster_workers};
    return hash_bytes(parts, sizeof parts, 0);
}

static uint64_t incarnation(void) {
    uint64_t number;
    struct timespec now;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number)
        return number;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec ^ (uint64_t)getpid();
}

uint64_t setup_ratings_digest(const struct packed_set *set) {
    return set->blocks == NULL ? set->digest
                               : hash_bytes(&set->blocks->digest, sizeof set->blocks->digest, set->digest);
}

static bool is_independent(const struct config *config) {
    return config->train_sync != SYNC_SYNCHRONOUS;
}

struct member_spec setup_member(const struct config *config, enum role role, uint32_t index,
                                uint64_t data_digest, const char *endpoint) {
    struct member_spec spec = {
        .role = role,
        .index = index,
        .wire = config->train_wire,
        .config_digest = cluster_digest(config),
        .data_digest = data_digest,
        .incarnation = incarnation(),
        .pid = (uint64_t)getpid(),
        .heartbeat_us = microseconds(config->cluster_heartbeat_interval),
        .silence_us = microseconds(config->cluster_heartbeat_timeout),
    };
    if (gethostname(spec.host, sizeof spec.host - 1) != 0)
        snprintf(spec.host, sizeof spec.host, "unknown");
    snprintf(spec.endpoint, sizeof spec.endpoint, "%s", endpoint);
    return spec;
}

static bool pages_are_public(const struct config *config) {
    return config->cluster_transport == TRANSPORT_TCP && strcmp(config->monitor_listen, "none") != 0 &&
           !listener_is_local(config->monitor_listen);
}

/* The host that others should use when it is not the one that is listened at; false: that one. */
static bool page_host(const struct config *config, const char *coordinator, char host[ENDPOINT_BYTES]) {
    struct endpoint to;
    struct status ignored;
    if (!pages_are_public(config))
        return false;
    int port;
    if (config->cluster_advertise[0] != '\0')
        return endpoint_advertised(config->cluster_advertise, host, &port);
    return endpoint_is_wildcard(config->cluster_bind) && endpoint_parse(&to, coordinator, &ignored) &&
           to.transport == ENDPOINT_TCP && endpoint_route_host(host, to.host, to.port, &ignored);
}

/* "HOST:PORT", with brackets where an IPv6 address needs them. */
static void put_place(char text[ENDPOINT_BYTES], const char *host, const char *port) {
    bool bare = strchr(host, ':') != NULL && host[0] != '[';
    snprintf(text, ENDPOINT_BYTES, bare ? "[%.240s]:%.6s" : "%.240s:%.6s", host, port);
}

/* Pages cannot listen on interfaces. */
static void bind_host(const struct config *config, char host[ENDPOINT_BYTES]) {
    char endpoint[ENDPOINT_BYTES];
    struct addresses addresses;
    struct endpoint parsed;
    struct status ignored;
    snprintf(endpoint, sizeof endpoint, "tcp://%.200s:*", config->cluster_bind);
    bool known = names_listen(&addresses, endpoint, &ignored) &&
                 endpoint_parse(&parsed, addresses.endpoints[0], &ignored);
    snprintf(host, ENDPOINT_BYTES, "%s", known ? parsed.host : config->cluster_bind);
}

void setup_page_listen(const struct config *config, char text[ENDPOINT_BYTES]) {
    char host[ENDPOINT_BYTES] = "127.0.0.1";
    if (pages_are_public(config))
        bind_host(config, host);
    put_place(text, host, "*");
}

void setup_page_address(const struct config *config, const char *coordinator, const char *address,
                        char text[ENDPOINT_BYTES]) {
    char host[ENDPOINT_BYTES];
    if (page_host(config, coordinator, host))
        put_place(text, host, strrchr(address, ':') + 1);
    else
        snprintf(text, ENDPOINT_BYTES, "%s", address);
}

uint64_t setup_page_patience_us(const struct config *config) {
    double beats = 10 * config->cluster_heartbeat_interval, silence = config->cluster_heartbeat_timeout;
    return microseconds(beats > silence ? beats : silence);
}

struct model_spec setup_model(const struct config *config, const struct packed_set *set) {
    struct model_spec spec = config_model(config);
    spec.mean = config->model_mean ? (float)set->train_mean : 0.0f;
    return spec;
}

const char *setup_transport_name(const struct config *config) {
    static const char *const NAMES[] = {"inproc", "ipc", "tcp"};
    return NAMES[config->cluster_transport];
}

bool setup_is_watched(const struct config *config) {
    return strcmp(config->monitor_listen, "none") != 0;
}

/* Only where somebody can look. */
static bool shows_model(const struct config *config) {
    return config->monitor_model && config->run_components > 0 && setup_is_watched(config);
}

/* As often as the terminal or the monitor wants it; whoever wants it less often leaves some out. */
static double progress_interval(const struct config *config) {
    return setup_is_watched(config) && config->monitor_interval < config->run_progress_interval
               ? config->monitor_interval
               : config->run_progress_interval;
}

struct coordinator_spec setup_coordinator(const struct config *config, const struct packed_set *set) {
    return (struct coordinator_spec){
        .roster = {(uint32_t)config->cluster_pservers, (uint32_t)config->cluster_workers,
                   cluster_digest(config), setup_ratings_digest(set),
                   microseconds(config->cluster_heartbeat_timeout),
                   microseconds(config->cluster_heartbeat_interval), config->train_wire},
        .schedule = config_schedule(config),
        .best = {.keeps = config->schedule_keep_best,
                 .patience = (uint32_t)config->schedule_early_stopping,
                 .threshold = config->schedule_stop_threshold},
        .users = set->users,
        .movies = set->movies,
        .factors = (uint32_t)config->model_factors,
        .train_count = set->train_count,
        .valid_count = set->valid_count,
        .data_digest = setup_ratings_digest(set),
        .config_digest = config_digest(config),
        .blocked = config->train_mode == MODE_BLOCKED,
        .strata = (uint32_t)config->train_strata,
        .part_first = set->blocks == NULL ? NULL : set->blocks->part_starts,
        .stratum_first = set->blocks == NULL ? NULL : set->blocks->stratum_starts,
        .batch = (uint32_t)config->train_batch,
        .lanes = config_lanes(config),
        .independent = is_independent(config),
        .components = (uint32_t)config->run_components,
        .show_model = shows_model(config),
        .model_interval_us = microseconds(config->monitor_interval),
        .transport = setup_transport_name(config),
        .workers_min = (uint32_t)config->cluster_workers_min,
        .pause_epoch = (uint32_t)config->run_pause_after,
        .cuts = {.interval_us = microseconds(config->checkpoint_interval), .steps = config->checkpoint_steps},
        .start_timeout_us = config->cluster_start_timeout * 1000000,
        .request_timeout_us = config->cluster_request_timeout * 1000000,
        .progress_us = microseconds(progress_interval(config)),
    };
}

struct pserver_spec setup_pserver(const struct config *config, uint32_t index, const char *endpoint) {
    static const enum gate_kind GATES[] = {GATE_SYNCHRONOUS, GATE_SSP, GATE_ASP};
    uint32_t lanes = config_lanes(config);
    uint32_t lane_ratings = ((uint32_t)config->train_batch + lanes - 1) / lanes;
    return (struct pserver_spec){
        .member = setup_member(config, ROLE_PSERVER, index, 0, endpoint),
        .gate = {GATES[config->train_sync], lanes, (uint32_t)config->train_staleness},
        .runs = {config->train_mode == MODE_BLOCKED, (uint32_t)config->train_parts,
                 (uint32_t)config->train_strata},
        .saves = config->checkpoint_interval > 0 || config->checkpoint_steps > 0,
        .shard = {.model = config_model(config),
                  .optimiser = config_optimiser(config),
                  .index = index,
                  .shards = (uint32_t)config->cluster_pservers,
                  .lanes = lanes,
                  .lane_rows = 2 * lane_ratings,
                  .keeps = config->schedule_keep_best},
    };
}

struct worker_spec setup_worker(const struct config *config, const struct packed_set *set, uint32_t index) {
    bool blocked = config->train_mode == MODE_BLOCKED;
    uint64_t steps = blocked ? config->train_strata
                             : order_steps_per_epoch(set->train_count, (uint32_t)config->train_batch);
    struct schedule_spec schedule = config_schedule(config);
    return (struct worker_spec){
        .member = setup_member(config, ROLE_WORKER, index, setup_ratings_digest(set), ""),
        .model = setup_model(config, set),
        .pservers = (uint32_t)config->cluster_pservers,
        .batch = (uint32_t)config->train_batch,
        .lanes = config_lanes(config),
        .lead = is_independent(config) ? 0 : (uint32_t)config->train_staleness,
        .independent = is_independent(config),
        .steps_per_epoch = steps,
        .total_steps = steps * schedule_epochs(&schedule),
        .request_timeout_us = config->cluster_request_timeout * 1000000,
        .blocked = blocked,
        .parts = (uint32_t)config->train_parts,
        .strata = (uint32_t)config->train_strata,
        .part_first = set->blocks == NULL ? NULL : set->blocks->part_starts,
        .stratum_first = set->blocks == NULL ? NULL : set->blocks->stratum_starts,
        .optimiser = config->train_optimiser,
        .weight_decay = config->train_weight_decay,
        .epsilon = config->train_epsilon,
    };
}

bool setup_check(const struct config *config, const struct packed_set *set, struct status *status) {
    if (config->model_y_range.given &&
        (set->smallest < config->model_y_range.low || set->largest > config->model_y_range.high))
        return status_fail(
            status, STATUS_BAD_DATA,
            "ratings reach from %g to %g, outside model.y_range [%g, %g]: no prediction could meet them",
            set->smallest, set->largest, config->model_y_range.low, config->model_y_range.high);
    if ((config->schedule_early_stopping != 0 || config->schedule_keep_best) && set->valid_count == 0)
        return status_fail(status, STATUS_CONFIG,
                           "%s needs validation ratings, and there are none: see data.split and "
                           "data.valid_fraction",
                           config->schedule_keep_best ? "schedule.keep_best" : "schedule.early_stopping");
    return true;
}
