#include "worker/timing.h"

static bool brings_ratings(const struct event *event) {
    return event->kind == EVENT_JOB_DONE;
}

void timing_begin(struct worker *worker, const struct event *event, struct outbox *out) {
    struct worker_time *time = &worker->time;
    uint64_t passed_ns = event->kind == EVENT_START ? 0 : (event->now_us - time->last_us) * 1000;
    uint64_t idle_ns = passed_ns > time->step_ns ? passed_ns - time->step_ns : 0;
    if (brings_ratings(event))
        time->data_ns += idle_ns;
    else if (worker->questions.open != 0)
        time->wait_ns += idle_ns;
    else
        time->gate_ns += idle_ns;
    time->last_us = event->now_us;
    time->computed_ns = 0;
    time->begun_ns = outbox_clock(out);
}

void timing_end(struct worker *worker, const struct event *event, struct outbox *out) {
    struct worker_time *time = &worker->time;
    time->step_ns = outbox_clock(out) - time->begun_ns;
    time->compute_ns += time->computed_ns;
    if (brings_ratings(event))
        time->data_ns += time->step_ns - time->computed_ns;
}

void timing_computed(struct worker *worker, uint64_t since_ns, struct outbox *out) {
    uint64_t took_ns = outbox_clock(out) - since_ns;
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
    counters->compute_us = (time->compute_ns + time->computed_ns) / 1000;
    counters->wait_us = time->wait_ns / 1000;
    counters->gate_us = time->gate_ns / 1000;
    counters->data_us = time->data_ns / 1000;
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
