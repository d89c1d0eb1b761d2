#include "pserver/counts.h"

void counts_beat(struct pserver *pserver, struct outbox *out) {
    struct heartbeat_message *counters = &pserver->counters;
    counters->step = pserver->spec.runs.blocked ? runs_clock(&pserver->runs, pserver->gate.applied)
                                                : pserver->gate.applied;
    if (pserver->shard != NULL) {
        counters->user_rows = shard_rows(pserver->shard, TABLE_USERS);
        counters->movie_rows = shard_rows(pserver->shard, TABLE_MOVIES);
        counters->memory = shard_bytes(pserver->shard);
        counters->hot_share = heat_share(&pserver->heat);
    }
    member_beat(&pserver->member, pserver->now_us, counters, &pserver->tallies, out);
    counters->queue_most = counters->queue;
}
