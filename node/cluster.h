/* A whole cluster on this machine: coordinator, pservers and workers as threads (inproc) or processes (ipc,
 * tcp), started, watched and ended. The coordinator runs in the calling thread.
 *
 * A process that ends before the run does ends the run: all others are stopped within a few seconds, and the
 * outcome names the process, how it ended, and the last line of its log. No process outlives the call, nor a
 * kill -9 of the caller. */
#ifndef NODE_CLUSTER_H
#define NODE_CLUSTER_H

#include "node/lead.h"

struct cluster_spec {
    struct lead_spec lead;   /* zmq_context and listen are filled in here */
    const char *program_dir; /* where dotbias-pserver and dotbias-worker are */
    bool members_elsewhere;  /* start none: they are started by hand and find cluster.coordinator */
};

/* Trains. False with the first failure; *has_history says whether an epoch was recorded. */
bool cluster_run(const struct cluster_spec *spec, bool *has_history, struct status *status);

#endif
