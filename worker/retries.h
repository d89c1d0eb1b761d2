/* What a worker does about silence: it asks again, and in the end it gives up. */
#ifndef WORKER_RETRIES_H
#define WORKER_RETRIES_H

#include "worker/state.h"

/* Sends again every request that has waited long enough, oldest step of a lane first; ends the worker, naming a pserver,
 * when one has waited for longer than request_timeout_us and the coordinator's patience. */
void retries_tick(struct worker *worker, uint64_t now_us, struct outbox *out);

#endif
