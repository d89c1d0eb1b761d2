/* Pservers and workers as processes of this machine (transport ipc or tcp), and a thread that watches them.
 */
#ifndef NODE_CHILDREN_H
#define NODE_CHILDREN_H

#include "net/endpoint.h"
#include "node/lead.h"

struct children;

/* Starts dotbias-pserver and dotbias-worker of program_dir, each with the run's config.yaml and a log of its
 * own. When one ends on its own, loop_stop is called on `coordinator_loop` with what happened. Call from a
 * thread that lives as long as they do. NULL and status on failure, with nothing running. */
struct children *children_start(const struct lead_spec *lead, const char *program_dir,
                                struct endpoint_home *home, struct loop *coordinator_loop,
                                struct status *status);

/* Waits for all to end, kills those that do not within a few seconds, frees. */
void children_end(struct children *children);

#endif
