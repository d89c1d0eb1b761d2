#include "pserver/keep.h"

#include "pserver/settle.h"

static void tell(const struct pserver *pserver, const struct keep_message *keep, struct outbox *out) {
    struct message kept = {.kind = MESSAGE_KEPT, .kept = {.epoch = keep->epoch, .back = keep->back}};
    if (keep->back)
        kept.kept.digest = pserver->keeping.digest;
    outbox_send(out, LINK_COORDINATOR, &kept);
}

static bool has_settled(const struct pserver *pserver) {
    const struct settling *settling = &pserver->settling;
    return settling->done && !settling->waiting && !settle_has_passed(pserver, settling->done_step);
}

/* Older epochs are those of messages that were late. */
static bool keep(struct pserver *pserver, uint32_t epoch, struct status *status) {
    if (epoch <= shard_kept_epoch(pserver->shard)) {
        pserver->counters.repeats++;
        return true;
    }
    if (!has_settled(pserver))
        return status_fail(status, STATUS_PROTOCOL, "the shard has not settled, or has moved since");
    shard_keep(pserver->shard, epoch);
    return true;
}

static bool take_back(struct pserver *pserver, uint32_t epoch, struct status *status) {
    struct keeping *keeping = &pserver->keeping;
    if (keeping->back) {
        pserver->counters.repeats++;
        return true;
    }
    if (epoch == 0 || epoch != shard_kept_epoch(pserver->shard))
        return status_fail(status, STATUS_PROTOCOL, "the rows of epoch %u are not kept", epoch);
    if (!has_settled(pserver))
        return status_fail(status, STATUS_PROTOCOL, "the shard has not settled, or has moved since");
    shard_take_back(pserver->shard);
    keeping->back = true;
    keeping->digest = shard_digest(pserver->shard);
    return true;
}

bool keep_ask(struct pserver *pserver, const struct keep_message *message, struct outbox *out,
              struct status *status) {
    if (!pserver->spec.shard.keeps)
        return status_fail(status, STATUS_PROTOCOL, "this run keeps no epoch's rows");
    bool good =
        message->back ? take_back(pserver, message->epoch, status) : keep(pserver, message->epoch, status);
    if (good)
        tell(pserver, message, out);
    return good;
}
