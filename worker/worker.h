/* The engine of a worker: it computes lanes of training steps and slices of validation.
 *
 * Life: HELLO to the coordinator; TOPOLOGY says where the pservers are; HELLO to each; READY. GRANT names
 * lanes and how far they may go. For each lane the worker loads the ratings of coming steps (a job), finds
 * their unique rows, pulls them from the shards, computes the gradient and pushes it; the push of step s and
 * the pull of step s + 1 + staleness are one message to each shard, and while it travels the ratings of the
 * step after are loaded. VALIDATE names a slice of the validation ratings, whose rows are read and whose
 * errors are summed. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "model/spec.h"
#include "proto/event.h"
#include "proto/member.h"

struct worker_spec {
    struct member_spec member;
    struct model_spec model;
    uint32_t pservers;
    uint32_t batch, lanes;
    uint32_t lead;    /* steps that a pull runs ahead of the push it travels with, minus one: staleness when
                         synchronous, else 0 */
    bool independent; /* ssp, asp: a lane's part is a minibatch of its own */
    uint64_t steps_per_epoch, total_steps; /* of a lane */
    uint64_t request_timeout_us;
};

struct worker;

struct worker *worker_new(const struct worker_spec *spec, struct status *status);
void worker_free(struct worker *worker);
struct engine worker_engine(struct worker *worker);

/* Bytes that a worker of this spec takes when it computes `lanes` lanes. */
size_t worker_bytes(const struct worker_spec *spec, uint32_t lanes);

#endif
