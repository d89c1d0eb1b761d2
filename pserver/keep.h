/* KEEP -> KEPT: a copy of the rows as they have settled after the best epoch, and the way back at the end of the run. */
#ifndef PSERVER_KEEP_H
#define PSERVER_KEEP_H

#include "pserver/state.h"

/* False with a sentence when this run keeps nothing, when steps have been applied since the shard has settled, or when
 * another epoch's rows are to come back than are kept. */
bool keep_ask(struct pserver *pserver, const struct keep_message *keep, struct outbox *out,
              struct status *status);

#endif
