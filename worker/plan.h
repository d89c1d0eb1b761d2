/* A plan: the ratings of one lane-step (or one slice of validation), their unique rows, and where each row
 * comes from.
 *
 * Each unique row gets a slot. Slots are grouped by shard, and within a shard users come before movies, so
 * that what is asked of a shard, what it answers and what is pushed back to it are runs of the same buffers:
 *   rows[slot] row number;  values[slot][stride] the row;  shard s owns slots [first[s], first[s + 1]), of
 * which the first users[s] are users. */
#ifndef WORKER_PLAN_H
#define WORKER_PLAN_H

#include "model/dot_bias.h"
#include "model/partition.h"
#include "proto/event.h"
#include "proto/rows.h"
#include "worker/question.h"

enum plan_state {
    PLAN_FREE,
    PLAN_LOADING, /* its ratings have been asked for */
    PLAN_LOADED,  /* its rows are known */
    PLAN_ASKED,   /* its rows are on their way */
    PLAN_READY,   /* its rows are here */
    PLAN_PUSHED,  /* computed and pushed; kept until every shard has accepted that, so that a push can be
                     computed again */
    PLAN_DROPPED  /* nobody wants it any more, but its job is under way */
};

struct plan {
    enum plan_state state;
    uint64_t step; /* global step, or slice */
    struct job job;
    uint32_t capacity; /* ratings */
    uint32_t count, minibatch;
    struct rating *ratings;    /* [capacity] */
    uint8_t *cold;             /* [capacity], validation only, else NULL */
    struct slot_rating *slots; /* [capacity] */
    uint32_t slot_count;       /* unique rows, at most 2 * capacity */
    uint32_t *rows;            /* [2 * capacity] */
    float *values;             /* [2 * capacity][stride] */
    uint32_t shards, stride;
    uint32_t *first;          /* [shards + 1] */
    uint32_t *users;          /* [shards] */
    struct question question; /* for its rows */
    double squared; /* once pushed: the lane's running sums with this step (proto/messages.def, STEP) */
    uint64_t squared_count;
};

/* A row in the hash table; key and id side by side, so that a look costs one line of the cache. */
struct row_place {
    uint64_t key; /* serial << 33 | table << 32 | row */
    uint64_t id;  /* order of first appearance */
};

/* Finds unique rows; shared by all plans of a worker, large enough for the largest. */
struct row_finder {
    struct row_place *table; /* open addressing */
    uint64_t mask;           /* places of the table - 1 */
    uint32_t serial;
    uint32_t *user_ids, *movie_ids; /* [capacity] per rating */
    uint64_t *unique;               /* [2 * capacity] table << 32 | row, by id */
    uint32_t *places;               /* [2 * capacity] slot by id */
    struct partition_spec movies;   /* all zero: dealt out to the shards like cards, as users always are */
};

bool row_finder_init(struct row_finder *finder, uint32_t capacity, struct status *status);
void row_finder_free(struct row_finder *finder);

/* book: see question_init. */
bool plan_init(struct plan *plan, uint32_t capacity, uint32_t shards, uint32_t stride, bool validates,
               struct question_book *book, struct status *status);
void plan_free(struct plan *plan);

/* From ratings[0, count) to slots, rows, first and users. */
void plan_build(struct plan *plan, struct row_finder *finder);

/* A plan without ratings and rows: a step beyond the end of the run. */
void plan_build_empty(struct plan *plan);

/* The rows are being asked for: nobody has answered yet. */
void plan_asked(struct plan *plan, uint64_t now_us, uint64_t first_wait_us);

/* Are rows of this step and shard on their way? */
static inline bool plan_expects(const struct plan *plan, uint64_t step, uint32_t shard) {
    return plan->state == PLAN_ASKED && plan->step == step && question_waits_for(&plan->question, shard);
}

/* Takes the answer of a shard that plan_expects, rows as they say; false with a sentence when they are not what was asked for. The
 * state becomes PLAN_READY with the last one. */
bool plan_fill(struct plan *plan, uint32_t shard, struct rows_shape rows, const struct message *message,
               uint64_t now_us, struct status *status);

/* Nobody wants it any more: free at once, or when its job is done. */
void plan_drop(struct plan *plan);

/* Slots of a shard. */
static inline uint32_t plan_shard_rows(const struct plan *plan, uint32_t shard) {
    return plan->first[shard + 1] - plan->first[shard];
}

/* Bytes that plan_init takes. */
size_t plan_bytes(uint32_t capacity, uint32_t shards, uint32_t stride);

#endif
