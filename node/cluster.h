/* The coordinator in this process, with all members as threads (transport inproc) or with members that are started
 * elsewhere: by hand, or by a supervisor (node/supervisor.h). It runs in the calling thread, from the newest checkpoint
 * where that is asked for. SIGTERM and SIGINT ask for a checkpoint and an end with STATUS_TRY_AGAIN. */
#ifndef NODE_CLUSTER_H
#define NODE_CLUSTER_H

#include "node/lead.h"

struct cluster_spec {
    struct lead_spec lead;  /* zmq_context, listen, resume and log are filled in here */
    bool resume;            /* go on from the newest checkpoint of lead.checkpoints, if there is one */
    bool members_elsewhere; /* start none; RUN/coordinator.endpoint says where they find the coordinator */
    int words; /* a socket that gets a line for each worker that is lost, and says what the supervisor sees; 0: none */
};

/* Trains. False with the first failure. */
bool cluster_run(const struct cluster_spec *spec, struct status *status);

#endif
