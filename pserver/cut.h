/* Checkpoints of a shard: CUT -> copy -> TAKEN, then the copy is written while training goes on -> IMAGED; and the way
 * back, from WELCOME to READY.
 *
 * Training waits for the copy alone, so that is whole arrays, copied into memory that was taken (and touched) with the
 * shard when the run is known to save (pserver_spec.saves). Where it is not, the memory is taken at the first cut: a run
 * without checkpoints does not pay for them. That a copy cannot be made or written is told to the coordinator, and
 * training goes on. */
#ifndef PSERVER_CUT_H
#define PSERVER_CUT_H

#include "pserver/state.h"

/* Takes the memory of a copy, if it is not there. */
bool cut_reserve(struct pserver *pserver, struct status *status);

/* CUT. False with a sentence when the shard does not stand there, or another copy is being written. */
bool cut_take(struct pserver *pserver, const struct cut_message *cut, struct outbox *out,
              struct status *status);

/* JOB_WRITE_IMAGE is done, well or badly. */
void cut_written(struct pserver *pserver, struct outbox *out);

#endif
