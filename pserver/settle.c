#include "pserver/settle.h"

#include <inttypes.h>

#include "pserver/counts.h"

/* Figures first: whoever hears that the epoch is over here knows all that was counted for it. */
static void tell(struct pserver *pserver, struct outbox *out) {
    struct message settled = {.kind = MESSAGE_SETTLED};
    settled.settled = (struct settled_message){pserver->settling.done_step, pserver->settling.digest};
    counts_beat(pserver, out);
    outbox_send(out, LINK_COORDINATOR, &settled);
}

/* True when a row is not finite, and the run has been ended. */
static bool diverged(struct pserver *pserver, struct outbox *out) {
    char name[64];
    uint32_t bad = shard_first_bad_entry(pserver->shard);
    if (bad == shard_rows(pserver->shard, TABLE_USERS) + shard_rows(pserver->shard, TABLE_MOVIES))
        return false;
    shard_name_entry(pserver->shard, bad, name, sizeof name);
    member_fail(&pserver->member, out, STATUS_BAD_DATA,
                "training diverged: after step %" PRIu64
                " %s on shard %u is not finite; lower train.learning_rate",
                pserver->settling.wanted_step, name, pserver->spec.member.index);
    return true;
}

void settle_when_due(struct pserver *pserver, struct outbox *out) {
    struct settling *settling = &pserver->settling;
    if (!settling->waiting || pserver->gate.applied < settling->wanted_step)
        return;
    settling->waiting = false;
    shard_settle(pserver->shard);
    if (diverged(pserver, out))
        return;
    settling->done = true;
    settling->done_step = settling->wanted_step;
    settling->digest = shard_digest(pserver->shard);
    tell(pserver, out);
}

bool settle_has_passed(const struct pserver *pserver, uint64_t step) {
    return pserver->spec.runs.blocked ? runs_beyond(&pserver->runs, step) : pserver->gate.applied > step;
}

bool settle_ask(struct pserver *pserver, uint64_t step, struct outbox *out, struct status *status) {
    struct settling *settling = &pserver->settling;
    bool again = (settling->done && step <= settling->done_step) ||
                 (settling->waiting && step == settling->wanted_step);
    if (again) {
        pserver->counters.repeats++;
        if (settling->done && step == settling->done_step)
            tell(pserver, out);
        return true;
    }
    if (settle_has_passed(pserver, step))
        return status_fail(status, STATUS_PROTOCOL, "step %" PRIu64 " has passed, %" PRIu64 " are applied",
                           step, pserver->gate.applied);
    settling->waiting = true;
    settling->wanted_step = step;
    settle_when_due(pserver, out);
    return true;
}
