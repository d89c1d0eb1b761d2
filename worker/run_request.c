#include "worker/run_request.h"

#include "core/contract.h"

static struct message pull_of(const struct lane *lane, const struct run *run) {
    struct message message = {.kind = MESSAGE_RUN_PULL};
    message.run_pull = (struct run_pull_message){.lane = lane->number,
                                                 .lease = lane->lease,
                                                 .table = run->table,
                                                 .run = run->number,
                                                 .version = run->version};
    return message;
}

static struct message push_of(const struct lane *lane, const struct run *run, uint32_t rows) {
    struct message message = {.kind = MESSAGE_RUN_PUSH};
    message.run_push = (struct run_push_message){.lane = lane->number,
                                                 .lease = lane->lease,
                                                 .table = run->table,
                                                 .run = run->number,
                                                 .version = run->version,
                                                 .step = run->step,
                                                 .momentum = run->momentum,
                                                 .squared = run->squared,
                                                 .count = run->count,
                                                 .rows = rows};
    return message;
}

static size_t send_rows(const struct lane *lane, const struct worker_spec *spec, const struct run *run,
                        uint32_t shard, struct outbox *out) {
    uint32_t rows = run_shard_rows(run, spec, shard);
    struct message message = push_of(lane, run, rows);
    size_t bytes = run_body_bytes(run, spec, rows);
    run_write(run, spec, shard, outbox_body(out, bytes));
    outbox_send(out, LINK_FIRST_PSERVER + shard, &message);
    return bytes;
}

size_t run_request_send(const struct lane *lane, const struct worker_spec *spec, const struct run *run,
                        struct outbox *out) {
    struct message pull = pull_of(lane, run);
    size_t bytes = 0;
    REQUIRE(run->state == RUN_ASKED || run->state == RUN_PUSHED, "a run waits for something");
    for (uint32_t shard = 0; shard < spec->pservers; shard++) {
        if (!question_waits_for(&run->question, shard))
            continue;
        if (run->state == RUN_ASKED)
            outbox_send(out, LINK_FIRST_PSERVER + shard, &pull);
        else
            bytes += send_rows(lane, spec, run, shard, out);
    }
    return bytes;
}
