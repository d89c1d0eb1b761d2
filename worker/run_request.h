/* RUN_PULL and RUN_PUSH: a run asked for, or sent back. */
#ifndef WORKER_RUN_REQUEST_H
#define WORKER_RUN_REQUEST_H

#include "worker/lane.h"
#include "worker/run.h"

/* Sends to every shard that has not answered what a run waits for: asked, a RUN_PULL; pushed, a RUN_PUSH, whose bytes are
 * the same whenever it is sent. Returns the bytes of all bodies. */
size_t run_request_send(const struct lane *lane, const struct worker_spec *spec, const struct run *run,
                        struct outbox *out);

#endif
