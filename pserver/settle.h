/* SETTLE -> SETTLED: at the end of an epoch every row is brought up to date and the shard is summed up. */
#ifndef PSERVER_SETTLE_H
#define PSERVER_SETTLE_H

#include "pserver/state.h"

/* A SETTLE has come: it is done when its step has been applied, and answered again when it is done already. False with a
 * sentence when its step has passed. */
bool settle_ask(struct pserver *pserver, uint64_t step, struct outbox *out, struct status *status);

/* Whether rows have been moved by a step from this one on: then they are not what they were after so many steps. */
bool settle_has_passed(const struct pserver *pserver, uint64_t step);

/* Settles if somebody waits for it and the step has come. A row that is not finite ends the run. */
void settle_when_due(struct pserver *pserver, struct outbox *out);

#endif
