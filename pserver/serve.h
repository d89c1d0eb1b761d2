/* Training: lanes are opened, push and pull, and every complete step is applied.
 *
 * A push counts once, however often it comes; what comes again is answered again with the same bits (pserver/gate.h,
 * pserver/replies.h). Functions that take a message return false with a sentence when it is to be refused; then
 * nothing has changed. */
#ifndef PSERVER_SERVE_H
#define PSERVER_SERVE_H

#include "pserver/state.h"

/* LANE_OPEN -> LANE_AT. */
bool serve_lane_open(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status);

/* STEP -> ROWS, now or when the gate opens. */
bool serve_step(struct pserver *pserver, const struct event *event, struct outbox *out,
                struct status *status);

/* RATES. */
bool serve_rates(struct pserver *pserver, const struct event *event, struct outbox *out,
                 struct status *status);

/* A heartbeat is due: asks again for rates that have not come and that a step waits for. */
void serve_beat(struct pserver *pserver, struct outbox *out);

#endif
