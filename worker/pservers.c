#include "worker/pservers.h"

#include <string.h>

static void say_ready(struct outbox *out) {
    struct message ready = {.kind = MESSAGE_READY};
    outbox_send(out, LINK_COORDINATOR, &ready);
}

static bool check(const struct worker *worker, const struct message *message, struct status *status) {
    const char *at = message->body;
    const char *end = at + message->body_bytes;
    if (message->topology.pservers != worker->spec.pservers)
        return status_fail(status, STATUS_PROTOCOL, "%u pservers, configured are %u",
                           message->topology.pservers, worker->spec.pservers);
    for (uint32_t shard = 0; shard < worker->spec.pservers; shard++) {
        const char *zero = at == end ? NULL : memchr(at, 0, (size_t)(end - at));
        if (zero == NULL || zero == at)
            return status_fail(status, STATUS_PROTOCOL, "endpoint %u is missing", shard);
        at = zero + 1;
    }
    return true;
}

static void connect_all(struct worker *worker, const char *endpoint, struct outbox *out) {
    worker->connected = true;
    for (uint32_t shard = 0; shard < worker->spec.pservers; shard++, endpoint += strlen(endpoint) + 1)
        outbox_connect(out, LINK_FIRST_PSERVER + shard, endpoint);
}

bool pservers_topology(struct worker *worker, const struct message *message, struct outbox *out,
                       struct status *status) {
    if (!check(worker, message, status))
        return false;
    if (!worker->connected)
        connect_all(worker, message->body, out);
    for (uint32_t shard = 0; shard < worker->spec.pservers; shard++)
        if (!worker->joined[shard])
            member_hello(&worker->member, out, LINK_FIRST_PSERVER + shard);
    if (pservers_all_joined(worker))
        say_ready(out);
    return true;
}

void pservers_welcomed(struct worker *worker, uint32_t shard, struct outbox *out) {
    if (worker->joined[shard])
        return;
    worker->joined[shard] = 1;
    worker->pservers_joined++;
    if (pservers_all_joined(worker))
        say_ready(out);
}
