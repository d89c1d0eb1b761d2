/* The engine of a worker: it computes lanes of training steps and slices of validation.
 *
 * Life: HELLO to the coordinator; TOPOLOGY says where the pservers are; HELLO to each; READY. GRANT names
 * lanes, their leases and how far they may go. A lane with a new lease is opened at every shard, and begins at
 * the least step that one of them has. For each lane the worker loads the ratings of coming steps (a job), finds
 * their unique rows, pulls them from the shards, computes the gradient and pushes it; the push of step s and
 * the pull of step s + 1 + lead are one message to each shard, and while it travels the ratings of the
 * step after are loaded. The rows that come back are the push's receipt; until then the request may be sent again,
 * and it is the same to the last bit. VALIDATE names a slice of the validation ratings, whose rows are read and whose
 * errors are summed. Whatever comes twice changes nothing.
 *
 * In mode blocked a lane is a part of the users and a step is a round: the worker pulls the part once and keeps it, and in
 * each round pulls a stratum of the movies, walks the ratings of the block and pushes the stratum. The grant says when the
 * part goes home. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "model/partition.h"
#include "model/spec.h"
#include "proto/event.h"
#include "proto/member.h"

struct worker_spec {
    struct member_spec member;
    struct model_spec model;
    uint32_t pservers;
    uint32_t batch, lanes; /* blocked: batch is of no use, lanes == parts */
    uint32_t lead;    /* steps that a pull runs ahead of the push it travels with, minus one: staleness when
                         synchronous, else 0 */
    bool independent; /* ssp, asp: a lane's part is a minibatch of its own */
    uint64_t steps_per_epoch, total_steps; /* of a lane; blocked: rounds, strata to an epoch */
    bool blocked;                          /* the mode; the fields from here to epsilon are for it alone */
    uint32_t parts, strata;
    const uint32_t
        *part_first; /* [parts + 1] part p is user rows [part_first[p], part_first[p + 1]); outlives us */
    const uint32_t *stratum_first; /* [strata + 1] likewise movie rows */
    enum optimiser_kind optimiser; /* sgd or adagrad_row */
    double weight_decay;           /* L2 per visit */
    double epsilon;                /* adagrad_row */
    uint64_t
        request_timeout_us; /* a request goes out again after a 16th of it, then after twice that, ...; unanswered for
                                    this long and the coordinator's patience (member.silence_us), it ends the worker */
};

/* How long an unanswered request waits before it is sent for the second time. */
static inline uint64_t worker_first_wait_us(const struct worker_spec *spec) {
    return spec->request_timeout_us / 16;
}

/* How the movies are cut among the pservers: by strata in mode blocked, whose rows go to one of them. */
static inline struct partition_spec worker_movies(const struct worker_spec *spec) {
    return (struct partition_spec){.shards = spec->pservers,
                                   .rows = spec->blocked ? spec->stratum_first[spec->strata] : 0,
                                   .runs = spec->blocked ? spec->strata : 0,
                                   .firsts = spec->stratum_first};
}

struct worker;

struct worker *worker_new(const struct worker_spec *spec, struct status *status);
void worker_free(struct worker *worker);
struct engine worker_engine(struct worker *worker);

/* Bytes that a worker of this spec takes when it computes `lanes` lanes. */
size_t worker_bytes(const struct worker_spec *spec, uint32_t lanes);

#endif
