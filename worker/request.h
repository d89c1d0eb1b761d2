/* The STEP of a lane to every shard: the push of one step with the pull of a later one. */
#ifndef WORKER_REQUEST_H
#define WORKER_REQUEST_H

#include "worker/lane.h"

/* Sends to every shard whose rows for `pull` are still missing the push of `push` (NULL: none; gradients [slot][stride],
 * its sums set) with that pull. Returns the bytes of all bodies. */
size_t request_send(const struct lane *lane, const struct worker_spec *spec, const struct plan *push,
                    const float *gradients, const struct plan *pull, struct outbox *out);

#endif
