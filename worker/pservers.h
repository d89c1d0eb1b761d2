/* How a worker meets the pservers: it connects where a TOPOLOGY says, says hello, and is ready when all have welcomed it. */
#ifndef WORKER_PSERVERS_H
#define WORKER_PSERVERS_H

#include "worker/state.h"

/* TOPOLOGY: connects to every pserver and says hello. When it comes again, says hello again to those that have not
 * welcomed, or READY again when all have. False with a sentence when it is not what was configured. */
bool pservers_topology(struct worker *worker, const struct message *message, struct outbox *out,
                       struct status *status);

/* A pserver's WELCOME; with the last one the worker is ready. */
void pservers_welcomed(struct worker *worker, uint32_t shard, struct outbox *out);

static inline bool pservers_all_joined(const struct worker *worker) {
    return worker->pservers_joined == worker->spec.pservers;
}

#endif
