#include "worker/plan.h"

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"

bool row_finder_init(struct row_finder *finder, uint32_t capacity, struct status *status) {
    uint64_t places = 16;
    *finder = (struct row_finder){0};
    while (places < 4 * (uint64_t)capacity)
        places *= 2;
    finder->mask = places - 1;
    finder->table = memory_take_array(places, sizeof *finder->table, "the row finder", status);
    finder->user_ids = memory_take_array(capacity, sizeof *finder->user_ids, "the row finder", status);
    finder->movie_ids = memory_take_array(capacity, sizeof *finder->movie_ids, "the row finder", status);
    finder->unique =
        memory_take_array(2 * (size_t)capacity, sizeof *finder->unique, "the row finder", status);
    finder->places =
        memory_take_array(2 * (size_t)capacity, sizeof *finder->places, "the row finder", status);
    return finder->table != NULL && finder->user_ids != NULL && finder->movie_ids != NULL &&
           finder->unique != NULL && finder->places != NULL;
}

void row_finder_free(struct row_finder *finder) {
    memory_release(finder->table);
    memory_release(finder->user_ids);
    memory_release(finder->movie_ids);
    memory_release(finder->unique);
    memory_release(finder->places);
    *finder = (struct row_finder){0};
}

size_t plan_bytes(uint32_t capacity, uint32_t shards, uint32_t stride) {
    size_t rating = sizeof(struct rating) + sizeof(struct slot_rating) + 2 * sizeof(uint32_t) + 1;
    return capacity * (rating + 2 * stride * sizeof(float)) + (2 * shards + 1) * sizeof(uint32_t) + shards;
}

bool plan_init(struct plan *plan, uint32_t capacity, uint32_t shards, uint32_t stride, bool validates,
               struct question_book *book, struct status *status) {
    size_t rows = 2 * (size_t)capacity;
    *plan = (struct plan){.capacity = capacity, .shards = shards, .stride = stride};
    plan->ratings = memory_take_array(capacity, sizeof *plan->ratings, "ratings of a step", status);
    plan->slots = memory_take_array(capacity, sizeof *plan->slots, "ratings of a step", status);
    plan->rows = memory_take_array(rows, sizeof *plan->rows, "rows of a step", status);
    plan->values = memory_take_array(rows, stride * sizeof(float), "rows of a step", status);
    plan->first = memory_take_array(shards + 1, sizeof *plan->first, "shards of a step", status);
    plan->users = memory_take_array(shards, sizeof *plan->users, "shards of a step", status);
    bool question = question_init(&plan->question, shards, book, status);
    if (validates)
        plan->cold = memory_take(capacity, "cold ratings", status);
    return plan->ratings != NULL && plan->slots != NULL && plan->rows != NULL && plan->values != NULL &&
           plan->first != NULL && plan->users != NULL && question && (!validates || plan->cold != NULL);
}

void plan_free(struct plan *plan) {
    memory_release(plan->ratings);
    memory_release(plan->cold);
    memory_release(plan->slots);
    memory_release(plan->rows);
    memory_release(plan->values);
    memory_release(plan->first);
    memory_release(plan->users);
    question_free(&plan->question);
    *plan = (struct plan){0};
}

static inline uint64_t name_of(enum table_id table, uint32_t row) {
    return (uint64_t)table << 32 | row;
}

static inline uint64_t home_of(const struct row_finder *finder, uint64_t name) {
    return rng_mix(name) & finder->mask;
}

/* The id of a row within this plan; a new one when it has not been seen. Old serials are empty places. */
static inline uint32_t find(struct row_finder *finder, uint64_t name, uint32_t *unique_count) {
    uint64_t key = (uint64_t)finder->serial << 33 | name;
    for (uint64_t at = home_of(finder, name);; at++) {
        struct row_place *place = &finder->table[at & finder->mask];
        if (place->key == key)
            return (uint32_t)place->id;
        if (place->key >> 33 != finder->serial) {
            *place = (struct row_place){key, *unique_count};
            finder->unique[*unique_count] = name;
            return (*unique_count)++;
        }
    }
}

/* A new serial empties the table; once in 2^31 it must be wiped. */
static void forget(struct row_finder *finder) {
    if (++finder->serial == 1u << 31) {
        memset(finder->table, 0, (finder->mask + 1) * sizeof *finder->table);
        finder->serial = 1;
    }
}

static uint32_t shard_of(const struct plan *plan, const struct row_finder *finder, uint64_t name) {
    bool by_strata = finder->movies.runs != 0 && name >> 32 == TABLE_MOVIES;
    return by_strata ? partition_shard(&finder->movies, (uint32_t)name) : (uint32_t)name % plan->shards;
}

/* Counts each shard's users and rows, and turns the counts into first slots. */
static void measure_shards(struct plan *plan, const struct row_finder *finder) {
    memset(plan->first, 0, (plan->shards + 1) * sizeof *plan->first);
    memset(plan->users, 0, plan->shards * sizeof *plan->users);
    for (uint32_t id = 0; id < plan->slot_count; id++) {
        uint32_t shard = shard_of(plan, finder, finder->unique[id]);
        plan->first[shard + 1]++;
        plan->users[shard] += finder->unique[id] >> 32 == TABLE_USERS;
    }
    for (uint32_t shard = 0; shard < plan->shards; shard++)
        plan->first[shard + 1] += plan->first[shard];
}

/* Deals slots to ids of one table; the next slot of shard s is kept in first[s] while dealing, and put back
 * after. */
static void deal(struct plan *plan, struct row_finder *finder, enum table_id table) {
    for (uint32_t id = 0; id < plan->slot_count; id++) {
        if (finder->unique[id] >> 32 != table)
            continue;
        uint32_t slot = plan->first[shard_of(plan, finder, finder->unique[id])]++;
        finder->places[id] = slot;
        plan->rows[slot] = (uint32_t)finder->unique[id];
    }
}

/* Gives every rating the ids of its rows. The table of a large plan is larger than a cache: places are asked of the memory
 * some ratings ahead. */
static void find_rows(struct plan *plan, struct row_finder *finder) {
    enum { AHEAD = 12 };
    uint32_t unique = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct rating *ahead = &plan->ratings[i + AHEAD < plan->count ? i + AHEAD : i];
        __builtin_prefetch(&finder->table[home_of(finder, name_of(TABLE_USERS, ahead->user))]);
        __builtin_prefetch(&finder->table[home_of(finder, name_of(TABLE_MOVIES, ahead->movie))]);
        finder->user_ids[i] = find(finder, name_of(TABLE_USERS, plan->ratings[i].user), &unique);
        finder->movie_ids[i] = find(finder, name_of(TABLE_MOVIES, plan->ratings[i].movie), &unique);
    }
    plan->slot_count = unique;
}

void plan_build(struct plan *plan, struct row_finder *finder) {
    forget(finder);
    find_rows(plan, finder);
    measure_shards(plan, finder);
    deal(plan, finder, TABLE_USERS);
    deal(plan, finder, TABLE_MOVIES);
    for (uint32_t shard = plan->shards; shard > 0; shard--)
        plan->first[shard] = plan->first[shard - 1];
    plan->first[0] = 0;
    for (uint32_t i = 0; i < plan->count; i++)
        plan->slots[i] = (struct slot_rating){finder->places[finder->user_ids[i]],
                                              finder->places[finder->movie_ids[i]], plan->ratings[i].value};
    plan->state = PLAN_LOADED;
}

void plan_build_empty(struct plan *plan) {
    plan->count = plan->minibatch = plan->slot_count = 0;
    memset(plan->first, 0, (plan->shards + 1) * sizeof *plan->first);
    memset(plan->users, 0, plan->shards * sizeof *plan->users);
    plan->state = PLAN_LOADED;
}

void plan_asked(struct plan *plan, uint64_t now_us, uint64_t first_wait_us) {
    plan->state = PLAN_ASKED;
    question_ask(&plan->question, now_us, first_wait_us);
}

bool plan_fill(struct plan *plan, uint32_t shard, struct rows_shape rows, const struct message *message,
               uint64_t now_us, struct status *status) {
    if (rows.count != plan_shard_rows(plan, shard) || message->body_bytes != rows_bytes(rows))
        return status_fail(status, STATUS_PROTOCOL, "%u rows in %zu bytes, %u were asked for", rows.count,
                           message->body_bytes, plan_shard_rows(plan, shard));
    if (!rows_check(rows, message->body, status))
        return false;
    rows_read(rows, message->body, 0, rows.count, plan->values + (size_t)plan->first[shard] * plan->stride);
    if (question_answer(&plan->question, shard, now_us))
        plan->state = PLAN_READY;
    return true;
}

void plan_drop(struct plan *plan) {
    bool under_way = plan->state == PLAN_LOADING || plan->state == PLAN_DROPPED;
    plan->state = under_way ? PLAN_DROPPED : PLAN_FREE;
    question_drop(&plan->question);
}
