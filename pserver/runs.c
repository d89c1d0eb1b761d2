#include "pserver/runs.h"

#include <inttypes.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "model/partition.h"
#include "model/rotation.h"
#include "pserver/gate.h"

static const char *const KINDS[TABLE_COUNT] = {[TABLE_USERS] = "part", [TABLE_MOVIES] = "stratum"};

static uint32_t run_count(const struct runs_spec *spec, enum table_id table) {
    return table == TABLE_USERS ? spec->parts : spec->strata;
}

bool runs_init(struct runs *runs, const struct runs_spec *spec, struct status *status) {
    *runs = (struct runs){.spec = *spec};
    if (!spec->blocked)
        return true;
    REQUIRE(spec->parts >= 1 && spec->parts <= spec->strata, "every part visits another stratum");
    for (enum table_id table = 0; table < TABLE_COUNT; table++) {
        size_t count = run_count(spec, table);
        runs->firsts[table] = memory_take_array(count + 1, sizeof *runs->firsts[table], "runs", status);
        runs->versions[table] = memory_take_array(count, sizeof *runs->versions[table], "runs", status);
        if (runs->firsts[table] == NULL || runs->versions[table] == NULL)
            return false;
    }
    runs->lanes = memory_take_array(spec->parts, sizeof *runs->lanes, "runs", status);
    return runs->lanes != NULL;
}

void runs_free(struct runs *runs) {
    for (enum table_id table = 0; table < TABLE_COUNT; table++) {
        memory_release(runs->firsts[table]);
        memory_release(runs->versions[table]);
    }
    partition_free(&runs->movies);
    memory_release(runs->lanes);
    *runs = (struct runs){0};
}

size_t runs_bytes(const struct runs_spec *spec) {
    size_t count = (size_t)spec->parts + spec->strata;
    if (!spec->blocked)
        return 0;
    return (count + TABLE_COUNT + spec->strata) * sizeof(uint32_t) + count * sizeof(uint64_t) +
           spec->parts * sizeof(struct runs_lane);
}

/* ---- where runs begin ---- */

static bool check_firsts(const uint32_t *firsts, enum table_id table, uint32_t count, uint32_t rows,
                         struct status *status) {
    if (firsts[0] != 0 || firsts[count] != rows)
        return status_fail(status, STATUS_PROTOCOL, "%s rows %u to %u are no cut of 0 to %u",
                           table_name(table), firsts[0], firsts[count], rows);
    for (uint32_t run = 0; run < count; run++)
        if (firsts[run] > firsts[run + 1] || firsts[run + 1] - firsts[run] > RUN_ROWS_MAX)
            return status_fail(status, STATUS_PROTOCOL, "%s %u cannot go from row %u to row %u", KINDS[table],
                               run, firsts[run], firsts[run + 1]);
    return true;
}

static bool check_placement(const struct runs *runs, const struct message *message, uint32_t users,
                            uint32_t movies, struct status *status) {
    const uint32_t *firsts = message->body;
    uint32_t parts = runs->spec.parts, strata = runs->spec.strata;
    if (message->runs.parts != parts || message->runs.strata != strata)
        return status_fail(status, STATUS_PROTOCOL, "%u parts and %u strata, here there are %u and %u",
                           message->runs.parts, message->runs.strata, parts, strata);
    if (message->body_bytes != ((size_t)parts + strata + 2) * sizeof *firsts)
        return status_fail(status, STATUS_PROTOCOL, "a body of %zu bytes for %u parts and %u strata",
                           message->body_bytes, parts, strata);
    return check_firsts(firsts, TABLE_USERS, parts, users, status) &&
           check_firsts(firsts + parts + 1, TABLE_MOVIES, strata, movies, status);
}

static bool cut_movies(struct runs *runs, uint32_t movies, struct status *status) {
    const struct partition_spec spec = {movies, runs->spec.shards, runs->spec.strata,
                                        runs->firsts[TABLE_MOVIES]};
    return partition_init(&runs->movies, &spec, status);
}

bool runs_place(struct runs *runs, const struct message *message, uint32_t users, uint32_t movies,
                struct status *status) {
    if (!check_placement(runs, message, users, movies, status))
        return false;
    const uint32_t *parts = message->body, *strata = parts + runs->spec.parts + 1;
    size_t part_bytes = (runs->spec.parts + 1) * sizeof *parts;
    size_t stratum_bytes = (runs->spec.strata + 1) * sizeof *strata;
    if (!runs->known) {
        memcpy(runs->firsts[TABLE_USERS], parts, part_bytes);
        memcpy(runs->firsts[TABLE_MOVIES], strata, stratum_bytes);
        runs->known = cut_movies(runs, movies, status);
    }
    if (!runs->known)
        return false;
    bool same = memcmp(runs->firsts[TABLE_USERS], parts, part_bytes) == 0 &&
                memcmp(runs->firsts[TABLE_MOVIES], strata, stratum_bytes) == 0;
    return same || status_fail(status, STATUS_PROTOCOL, "the runs lie elsewhere than before");
}

static bool is_here(const struct runs *runs, struct run_name name) {
    return name.table == TABLE_USERS || partition_run_shard(name.run, runs->spec.shards) == runs->spec.shard;
}

struct shard_run runs_find(const struct runs *runs, struct run_name name) {
    const uint32_t *first = &runs->firsts[name.table][name.run];
    struct shard_run found = {.table = name.table};
    REQUIRE(is_here(runs, name), "a stratum is looked for where it lives");
    if (name.table == TABLE_MOVIES)
        return (struct shard_run){name.table, runs->movies.places[name.run], first[1] - first[0]};
    found.first = partition_dealt(first[0], first[1], runs->spec.shard, runs->spec.shards, &found.count);
    return found;
}

/* ---- versions ---- */

void runs_start(struct runs *runs, uint64_t lane_step) {
    uint32_t parts = runs->spec.parts, strata = runs->spec.strata;
    runs->waiting = 0;
    for (uint32_t part = 0; part < parts; part++) {
        runs->versions[TABLE_USERS][part] = 0;
        runs->lanes[part] = (struct runs_lane){.lease_step = lane_step, .end = lane_step};
    }
    for (uint32_t stratum = 0; stratum < strata; stratum++)
        runs->versions[TABLE_MOVIES][stratum] = rotation_visits(stratum, lane_step, parts, strata);
}

void runs_lease(struct runs *runs, uint32_t lane, uint32_t lease, uint64_t lane_step) {
    struct runs_lane *owned = &runs->lanes[lane];
    if (owned->lease == lease)
        return;
    for (int i = 0; i < RUN_PULLS_MAX; i++)
        runs->waiting -= owned->pulls[i].waits;
    memset(owned->pulls, 0, sizeof owned->pulls);
    owned->lease = lease;
    owned->lease_step = lane_step;
    owned->lease_version = runs->versions[TABLE_USERS][lane];
}

uint64_t runs_version(const struct runs *runs, struct run_name name) {
    return runs->versions[name.table][name.run];
}

bool runs_seen(const struct runs *runs, struct run_name name, uint64_t version) {
    return version < runs_version(runs, name);
}

static bool check_name(const struct runs *runs, uint32_t lane, struct run_name name, struct status *status) {
    if (name.run >= run_count(&runs->spec, name.table))
        return status_fail(status, STATUS_PROTOCOL, "there is no %s %u", KINDS[name.table], name.run);
    if (!is_here(runs, name))
        return status_fail(status, STATUS_PROTOCOL, "stratum %u lives on shard %u", name.run,
                           partition_run_shard(name.run, runs->spec.shards));
    return name.table != TABLE_USERS || name.run == lane ||
           status_fail(status, STATUS_PROTOCOL, "part %u is not that of lane %u", name.run, lane);
}

/* The round in which a lane reads a version of a stratum: it comes by once an epoch, and each visit makes one version. */
static bool find_round(const struct runs *runs, uint32_t lane, uint32_t stratum, uint64_t version,
                       uint64_t *round) {
    uint32_t parts = runs->spec.parts, strata = runs->spec.strata;
    uint64_t epoch = version / parts;
    if (epoch > GATE_STEPS_MAX)
        return false;
    *round = rotation_round(lane, stratum, epoch, parts, strata);
    return rotation_version(lane, *round, parts, strata) == version;
}

static bool check_part_pull(const struct runs *runs, const struct run_pull_message *pull,
                            struct status *status) {
    uint64_t first = runs->lanes[pull->lane].lease_version;
    return pull->version >= first ||
           status_fail(status, STATUS_PROTOCOL, "version %" PRIu64 " of part %u is gone, %" PRIu64 " is here",
                       pull->version, pull->run, first);
}

bool runs_check_pull(const struct runs *runs, const struct run_pull_message *pull, struct status *status) {
    uint64_t round;
    if (!check_name(runs, pull->lane, (struct run_name){pull->table, pull->run}, status))
        return false;
    if (pull->table == TABLE_USERS)
        return check_part_pull(runs, pull, status);
    if (!find_round(runs, pull->lane, pull->run, pull->version, &round))
        return status_fail(status, STATUS_PROTOCOL, "lane %u never reads version %" PRIu64 " of stratum %u",
                           pull->lane, pull->version, pull->run);
    uint64_t first = runs->lanes[pull->lane].lease_step;
    return round >= first ||
           status_fail(status, STATUS_PROTOCOL,
                       "stratum %u as lane %u read it in round %" PRIu64 " is gone, it stands at %" PRIu64,
                       pull->run, pull->lane, round, first);
}

bool runs_check_push(const struct runs *runs, const struct run_push_message *push, struct status *status) {
    uint32_t parts = runs->spec.parts, strata = runs->spec.strata;
    struct run_name name = {push->table, push->run};
    if (!check_name(runs, push->lane, name, status))
        return false;
    bool theirs = push->table == TABLE_USERS ||
                  (rotation_stratum(push->lane, push->step, parts, strata) == push->run &&
                   rotation_version(push->lane, push->step, parts, strata) == push->version);
    if (!theirs)
        return status_fail(status, STATUS_PROTOCOL,
                           "round %" PRIu64 " of lane %u is not version %" PRIu64 " of stratum %u",
                           push->step, push->lane, push->version, push->run);
    return push->version <= runs_version(runs, name) ||
           status_fail(status, STATUS_PROTOCOL, "version %" PRIu64 " of %s %u is pushed upon %" PRIu64,
                       push->version, KINDS[push->table], push->run, runs_version(runs, name));
}

void runs_pushed(struct runs *runs, const struct run_push_message *push) {
    struct runs_lane *lane = &runs->lanes[push->lane];
    runs->versions[push->table][push->run]++;
    if (push->table == TABLE_USERS || push->step < lane->end)
        return;
    lane->end = push->step + 1;
    lane->squared = push->squared;
    lane->count = push->count;
}

static struct run_name visited(const struct runs *runs, uint32_t lane, uint64_t step) {
    uint32_t stratum = rotation_stratum(lane, step, runs->spec.parts, runs->spec.strata);
    return (struct run_name){TABLE_MOVIES, stratum};
}

uint64_t runs_next_step(const struct runs *runs, uint32_t lane, uint64_t step) {
    if (runs->spec.shard >= runs->spec.strata)
        return GATE_STEPS_MAX;
    while (!is_here(runs, visited(runs, lane, step)))
        step++;
    return step;
}

bool runs_beyond(const struct runs *runs, uint64_t step) {
    for (uint32_t lane = 0; lane < runs->spec.parts; lane++)
        if (runs->lanes[lane].end > step)
            return true;
    return false;
}

uint64_t runs_clock(const struct runs *runs, uint64_t waits_for) {
    uint64_t end = 1;
    for (uint32_t lane = 0; lane < runs->spec.parts; lane++)
        end = runs->lanes[lane].end > end ? runs->lanes[lane].end : end;
    uint64_t epoch_end = ((end - 1) / runs->spec.strata + 1) * runs->spec.strata;
    return waits_for < epoch_end ? waits_for : epoch_end;
}

bool runs_stepped(const struct runs *runs, uint32_t lane, uint64_t step) {
    struct run_name name = visited(runs, lane, step);
    return is_here(runs, name) &&
           runs_seen(runs, name, rotation_version(lane, step, runs->spec.parts, runs->spec.strata));
}

/* ---- pulls that wait ---- */

static bool is_for(const struct waiting_pull *waiting, struct run_name name, uint64_t version) {
    return waiting->waits && waiting->name.table == name.table && waiting->name.run == name.run &&
           waiting->version == version;
}

static struct waiting_pull *find_pull(struct runs *runs, uint32_t lane, struct run_name name,
                                      uint64_t version) {
    for (int i = 0; i < RUN_PULLS_MAX; i++)
        if (is_for(&runs->lanes[lane].pulls[i], name, version))
            return &runs->lanes[lane].pulls[i];
    return NULL;
}

static struct waiting_pull *free_pull(struct runs *runs, uint32_t lane) {
    for (int i = 0; i < RUN_PULLS_MAX; i++)
        if (!runs->lanes[lane].pulls[i].waits)
            return &runs->lanes[lane].pulls[i];
    return NULL;
}

bool runs_wait(struct runs *runs, const struct run_pull_message *pull, link_id link, bool *again,
               struct status *status) {
    struct run_name name = {pull->table, pull->run};
    struct waiting_pull *waiting = find_pull(runs, pull->lane, name, pull->version);
    *again = waiting != NULL;
    if (waiting == NULL)
        waiting = free_pull(runs, pull->lane);
    if (waiting == NULL)
        return status_fail(status, STATUS_PROTOCOL, "lane %u waits for %d runs already", pull->lane,
                           RUN_PULLS_MAX);
    runs->waiting += !*again;
    *waiting = (struct waiting_pull){true, name, pull->version, link};
    return true;
}

bool runs_due(struct runs *runs, uint32_t lane, struct run_name name, link_id *link) {
    struct waiting_pull *waiting = find_pull(runs, lane, name, runs_version(runs, name));
    if (waiting == NULL)
        return false;
    waiting->waits = false;
    runs->waiting--;
    *link = waiting->link;
    return true;
}
