/* WELCOME with a checkpoint: the shard, its gate, its rates and the answers its lanes may ask for again become what they
 * were when it was cut. Failures end the pserver. */
#ifndef PSERVER_RESTORE_H
#define PSERVER_RESTORE_H

#include "pserver/state.h"

/* Puts out JOB_READ_IMAGE. False with a status when the run cannot be taken up there. */
bool restore_begin(struct pserver *pserver, const struct welcome_message *welcome, struct outbox *out,
                   struct status *status);

/* JOB_READ_IMAGE is done: makes the shard, or says why not. */
bool restore_finish(struct pserver *pserver, struct status *status);

#endif
