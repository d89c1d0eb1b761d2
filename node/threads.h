/* Pservers and workers as threads of this process (transport inproc). */
#ifndef NODE_THREADS_H
#define NODE_THREADS_H

#include "net/endpoint.h"
#include "node/lead.h"

struct threads;

/* Starts a thread per pserver and worker. A thread that cannot go on tells the coordinator; a thread's
 * outcome is otherwise of no interest. NULL and status on failure, with nothing running. */
struct threads *threads_start(const struct lead_spec *lead, struct endpoint_home *home,
                              const char *coordinator, struct status *status);

/* Asks all to end (those that the coordinator has told to stop have ended already), waits for them, frees. */
void threads_end(struct threads *threads);

#endif
