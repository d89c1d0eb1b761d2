#include "worker/timing.h"

static uint64_t less(uint64_t all, uint64_t part) {
    return all > part ? all - part : 0;
}

void timing_begin(struct worker *worker, const struct event *event) {
    struct worker_time *time = &worker->time;
    uint64_t step_us = event->busy_us - time->busy_us;
    uint64_t idle_us = event->kind == EVENT_START ? 0 : less(event->now_us - time->last_us, step_us);
    if (time->fetched)
        time->data_us += less(step_us, time->computed_ns / 1000);
    time->fetched = event->kind == EVENT_JOB_DONE;
    if (time->fetched)
        time->data_us += idle_us;
    else if (worker->questions.open != 0)
        time->wait_us += idle_us;
    else
        time->gate_us += idle_us;
    time->last_us = event->now_us;
    time->busy_us = event->busy_us;
    time->computed_ns = 0;
}

void timing_computed(struct worker *worker, uint64_t since_ns, struct outbox *out) {
    uint64_t took_ns = outbox_clock(out) - since_ns;
    worker->time.compute_ns += took_ns;
    worker->time.computed_ns += took_ns;
    tally_add(&worker->tallies.compute_us, (took_ns + 500) / 1000);
}

/* Lanes held now, and the sum of their next steps: their mean is how far this worker is, whoever computed the steps
 * before. */
static void count_lanes(struct worker *worker) {
    struct heartbeat_message *counters = &worker->counters;
    counters->lanes = counters->step = 0;
    for (uint32_t number = 0; number < worker->spec.lanes; number++) {
        const struct lane *lane = &worker->lanes[number];
        counters->lanes += lane->state != LANE_CLOSED;
        if (lane->state != LANE_CLOSED)
            counters->step += lane->state == LANE_OPEN ? lane->next_step : lane->first_step;
    }
}

void timing_beat(struct worker *worker, uint64_t now_us, struct outbox *out) {
    struct heartbeat_message *counters = &worker->counters;
    const struct worker_time *time = &worker->time;
    count_lanes(worker);
    counters->queue = worker->questions.open;
    counters->queue_most = worker->questions.most;
    counters->compute_us = time->compute_ns / 1000;
    counters->wait_us = time->wait_us;
    counters->gate_us = time->gate_us;
    counters->data_us = time->data_us;
    worker->tallies.answer_us = worker->questions.answer_us;
    member_beat(&worker->member, now_us, counters, &worker->tallies, out);
    worker->questions.most = worker->questions.open;
}

/* No other lane that this worker holds has still something to do. */
static bool is_last(const struct worker *worker, const struct lane *lane) {
    for (uint32_t number = 0; number < worker->spec.lanes; number++) {
        const struct lane *other = &worker->lanes[number];
        if (other != lane && other->state != LANE_CLOSED && !other->told)
            return false;
    }
    return true;
}

void timing_tell_done(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    if (lane->end_step % worker->spec.steps_per_epoch == 0 && is_last(worker, lane))
        timing_beat(worker, now_us, out);
    lane_tell_done(lane, out);
}
