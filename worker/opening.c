#include "worker/opening.h"

#include "worker/blocked.h"
#include "worker/training.h"

static void tell_silent(const struct worker *worker, const struct lane *lane, struct outbox *out) {
    struct message message = {.kind = MESSAGE_LANE_OPEN, .lane_open = {lane->number, lane->lease}};
    for (uint32_t shard = 0; shard < worker->spec.pservers; shard++)
        if (question_waits_for(&lane->opening, shard))
            outbox_send(out, LINK_FIRST_PSERVER + shard, &message);
}

void opening_begin(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    lane->state = LANE_OPENING;
    lane->least_pushed = UINT64_MAX;
    question_ask(&lane->opening, now_us, worker_first_wait_us(&worker->spec));
    tell_silent(worker, lane, out);
}

void opening_ask_again(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    worker->counters.repeats += lane->opening.missing;
    tell_silent(worker, lane, out);
    question_repeat(&lane->opening, now_us);
}

/* A lane's steps between the grant's first and last may have been pushed by an owner before us. */
static bool can_stand(const struct worker *worker, const struct lane *lane, uint64_t pushed) {
    return pushed >= lane->first_step && (worker->spec.blocked || pushed <= lane->end_step);
}

/* In mode blocked a shard tells the first step that it waits for, so the least of all is where the lane stands. It changes
 * hands at home only: what an owner before us made of the part went with it. */
static bool check_least(const struct worker *worker, const struct lane *lane, uint64_t pushed,
                        struct status *status) {
    uint64_t least = pushed < lane->least_pushed ? pushed : lane->least_pushed;
    return !worker->spec.blocked || lane->opening.missing > 1 || least == lane->first_step ||
           status_fail(status, STATUS_PROTOCOL, "lane %u stands at step %llu, and is granted from %llu on",
                       lane->number, (unsigned long long)least, (unsigned long long)lane->first_step);
}

/* The coordinator knows the sums where the grant begins; beyond that, the shards that have accepted the last step do. */
static void open(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    lane_begin(lane, lane->least_pushed,
               lane->least_pushed == lane->first_step ? lane->granted : lane->least);
    if (worker->spec.blocked) {
        blocked_begin(worker, lane, now_us, out);
        return;
    }
    lane_load(lane, &worker->spec, out);
    training_progress(worker, lane, now_us, out);
}

bool opening_answer(struct worker *worker, const struct event *event, struct outbox *out,
                    struct status *status) {
    const struct lane_at_message *at = &event->message->lane_at;
    uint32_t shard = event->link - LINK_FIRST_PSERVER;
    struct lane *lane = at->lane < worker->spec.lanes ? &worker->lanes[at->lane] : NULL;
    if (lane == NULL || at->lease > lane->lease)
        return status_fail(status, STATUS_PROTOCOL, "nobody opened lane %u with lease %u", at->lane,
                           at->lease);
    if (lane->state != LANE_OPENING || at->lease != lane->lease || !question_waits_for(&lane->opening, shard))
        return true;
    if (!can_stand(worker, lane, at->pushed))
        return status_fail(status, STATUS_PROTOCOL, "lane %u stands at step %llu, granted is %llu to %llu",
                           at->lane, (unsigned long long)at->pushed, (unsigned long long)lane->first_step,
                           (unsigned long long)lane->end_step);
    if (!check_least(worker, lane, at->pushed, status))
        return false;
    if (at->pushed < lane->least_pushed) {
        lane->least_pushed = at->pushed;
        lane->least = (struct lane_sums){at->squared, at->count};
    }
    if (question_answer(&lane->opening, shard, event->now_us))
        open(worker, lane, event->now_us, out);
    return true;
}
