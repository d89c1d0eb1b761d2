/* GRANT: which lanes are this worker's, under which leases, and how far they may go. */
#ifndef WORKER_GRANT_H
#define WORKER_GRANT_H

#include "worker/state.h"

/* Lanes that are not listed are closed, those with a new lease are opened, the others go on; a lane that has finished the
 * grant says so again. A grant older than the last one is ignored; one that cannot be is refused with a sentence. */
bool grant_take(struct worker *worker, const struct event *event, struct outbox *out, struct status *status);

#endif
