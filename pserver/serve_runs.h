/* Training in mode blocked: workers pull runs of rows, keep them for a while and push them back (pserver/runs.h).
 *
 * A push counts once, however often it comes, and is answered by a receipt each time; a pull is answered with rows that do
 * not change before its own lane pushes them. A lane's step is a round whose stratum it has pushed; the first one that the
 * shard still waits for, of all lanes, is its own (gate.applied), for settling and heartbeats. A part is always taken as it is pushed,
 * since its worker works on with the same rows; a stratum moves with the momentum that its push names. Functions that take
 * a message return false with a sentence when it is to be refused; then nothing has changed. */
#ifndef PSERVER_SERVE_RUNS_H
#define PSERVER_SERVE_RUNS_H

#include "pserver/state.h"

/* RUNS, which may come as soon as the sizes are known. */
bool serve_runs_place(struct pserver *pserver, const struct event *event, struct status *status);

/* RUNS is there, and so is the shard: every lane has made lane_step steps. */
void serve_runs_start(struct pserver *pserver, uint64_t lane_step);

/* LANE_OPEN -> LANE_AT. */
bool serve_runs_open(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status);

/* RUN_PULL -> RUN_ROWS, now or when the version is there. */
bool serve_runs_pull(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status);

/* RUN_PUSH -> RUN_PUSHED. Rows that are not finite end the run. */
bool serve_runs_push(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status);

#endif
