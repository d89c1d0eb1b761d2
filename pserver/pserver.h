/* The engine of a parameter server: it holds a shard, applies pushes when the gate says so, and answers
 * pulls.
 *
 * Life: HELLO to the coordinator; WELCOME brings the sizes, the shard is made or read from a checkpoint, READY; workers
 * join by HELLO and open lanes; STEP messages push and pull; RATES from the coordinator say how far the schedule is
 * known (in mode blocked RUNS says where the runs of rows begin, before READY, and RUN_PULL and RUN_PUSH take the place of
 * STEP and RATES); CUT copies the shard for a checkpoint; SETTLE ends an epoch; KEEP keeps
 * the best epoch's rows; MOMENTS, PROJECT and READ serve the end of the run;
 * STOP.
 *
 * Any message may come twice: it is answered again, counted in `repeats`, and changes nothing. A message that is not
 * what it should be is refused, counted, logged, and changes nothing; until the shard is there that is every message.
 * A gradient that is not finite ends the run with the step, the shard and the row. */
#ifndef PSERVER_PSERVER_H
#define PSERVER_PSERVER_H

#include "proto/event.h"
#include "proto/member.h"
#include "pserver/gate.h"
#include "pserver/runs.h"
#include "pserver/shard.h"

struct pserver_spec {
    struct member_spec member;
    struct gate_spec gate; /* minibatch; in mode blocked it follows from `runs` */
    struct runs_spec runs;
    struct shard_spec shard; /* users and movies are filled in from WELCOME */
    bool saves;              /* checkpoints are to be expected: their memory is taken with the shard's */
};

struct pserver;

/* NULL and status on failure; given back with pserver_free. The rows' memory is taken at WELCOME, when sizes
 * are known, in mode blocked at RUNS, when it is known which rows are its own. */
struct pserver *pserver_new(const struct pserver_spec *spec, struct status *status);
void pserver_free(struct pserver *pserver);

/* Bytes that a pserver of this spec takes, users and movies given, and strata where they are known: rows, what waits, what may
 * be asked for again, and the copy for checkpoints. */
size_t pserver_bytes(const struct pserver_spec *spec);

/* The engine to drive (proto/event.h); lives as long as the pserver. */
struct engine pserver_engine(struct pserver *pserver);

#endif
