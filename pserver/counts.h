/* What a pserver counts and measures of its own work, and the heartbeat that tells of it. */
#ifndef PSERVER_COUNTS_H
#define PSERVER_COUNTS_H

#include "pserver/state.h"

/* Nanoseconds since a moment of outbox_clock, which becomes now. */
static inline uint64_t counts_lap(struct outbox *out, uint64_t *since_ns) {
    uint64_t now_ns = outbox_clock(out), lap_ns = now_ns - *since_ns;
    *since_ns = now_ns;
    return lap_ns;
}

/* Files a duration in a tally of microseconds. */
static inline void counts_took(struct tally *tally, uint64_t ns) {
    tally_add(tally, (ns + 500) / 1000);
}

/* So many requests wait now. */
static inline void counts_waiting(struct pserver *pserver, uint64_t requests) {
    struct heartbeat_message *counters = &pserver->counters;
    counters->queue = requests;
    counters->queue_most = requests > counters->queue_most ? requests : counters->queue_most;
}

/* Sends the heartbeat: when it is due, and when nothing more is to be counted for an epoch. */
void counts_beat(struct pserver *pserver, struct outbox *out);

#endif
