/* What a worker holds of a lane in mode blocked: the rows of the lane's part of the users, and the rounds in work.
 *
 * A round is a visit to a stratum of the movies: its rows are asked for, moved by the block's ratings, pushed, and kept
 * until every shard has accepted them. So three of them can be there: round r - 1 waits for receipts, r is at hand, and
 * the rows of r + 1 are on their way. */
#ifndef WORKER_PART_H
#define WORKER_PART_H

#include "worker/run.h"

enum { ROUNDS_KEPT = 3 };

struct round {
    struct run stratum;
    uint64_t number;     /* unless its stratum is absent */
    struct job job;      /* loads its ratings */
    bool loading;        /* the job is under way, also for a round that has been given up */
    uint64_t job_number; /* round that the job is, or was, for */
};

struct part {
    struct run users;
    uint64_t home_step;               /* the rows on the shards are those after so many steps of the lane */
    struct round rounds[ROUNDS_KEPT]; /* of round r at r % ROUNDS_KEPT */
    uint64_t asked_end[TABLE_COUNT];  /* no version from here on was ever asked for */
};

/* Takes all memory of a part. NULL without it. book: see question_init. */
struct part *part_new(const struct worker_spec *spec, struct question_book *book, struct status *status);
void part_free(struct part *part);

/* Bytes of a part. */
size_t part_bytes(const struct worker_spec *spec);

/* Gives everything up; jobs under way end without effect. */
void part_drop(struct part *part);

/* The place of a round, whatever is there. */
struct round *part_place(struct part *part, uint64_t number);

/* The round in a state, or NULL. */
struct round *part_round_in(struct part *part, uint64_t number, enum run_state state);

/* The part, or the stratum of a round, of that name and version in a state; NULL when there is none. */
struct run *part_find(struct part *part, enum table_id table, uint32_t number, uint64_t version,
                      enum run_state state);

/* Every stratum has been accepted by all shards. */
bool part_is_calm(const struct part *part);

/* Does a round that is asked for or here lack ratings that no job brings? */
bool part_wants_ratings(const struct round *round);

static inline bool part_has_ratings(const struct round *round) {
    return !round->loading && round->job_number == round->number;
}

#endif
