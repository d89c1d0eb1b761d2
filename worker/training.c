#include "worker/training.h"

#include "worker/request.h"
#include "worker/timing.h"

static void compute_gradient(struct worker *worker, const struct plan *plan, struct loss_sum *loss) {
    dot_bias_gradient(&worker->spec.model, plan->slots, plan->count, plan->minibatch, plan->values,
                      plan->slot_count, worker->gradients, loss);
}

/* The first time that a step's rows are asked for. */
static void ask(struct worker *worker, struct lane *lane, const struct plan *push, struct plan *pull,
                uint64_t now_us, struct outbox *out) {
    plan_asked(pull, now_us, worker_first_wait_us(&worker->spec));
    worker->counters.bytes_out += request_send(lane, &worker->spec, push, worker->gradients, pull, out);
    lane->next_pull = pull->step + 1;
    if (lane->asked_end < lane->next_pull)
        lane->asked_end = lane->next_pull;
}

static void count(struct worker *worker, const struct plan *plan, const struct loss_sum *loss) {
    worker->counters.ratings += loss->count;
    worker->counters.squared += loss->squared;
    worker->counters.pushes += plan->slot_count;
}

/* Computes the lane's next step, pushes it, and asks for the rows of a later one. */
static void compute(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    struct plan *plan = lane_plan(lane, &worker->spec, lane->next_step);
    struct plan *pull = lane_plan(lane, &worker->spec, lane->next_step + 1 + worker->spec.lead);
    struct loss_sum loss = {0};
    uint64_t since_ns = outbox_clock(out);
    compute_gradient(worker, plan, &loss);
    timing_computed(worker, since_ns, out);
    lane->sums.squared += loss.squared;
    lane->sums.count += loss.count;
    plan->squared = lane->sums.squared;
    plan->squared_count = lane->sums.count;
    ask(worker, lane, plan, pull, now_us, out);
    plan->state = PLAN_PUSHED;
    lane->next_step++;
    count(worker, plan, &loss);
}

void training_progress(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    const struct worker_spec *spec = &worker->spec;
    struct plan *first;
    if (lane->state != LANE_OPEN)
        return;
    do {
        while ((first = lane_first_pull(lane, spec)) != NULL)
            ask(worker, lane, NULL, first, now_us, out);
        while (lane_can_compute(lane, spec))
            compute(worker, lane, now_us, out);
    } while (lane_load(lane, spec, out));
    if (!lane->told && lane_is_finished(lane, spec))
        timing_tell_done(worker, lane, now_us, out);
}

bool training_rows(struct worker *worker, const struct event *event, struct outbox *out,
                   struct status *status) {
    const struct rows_message *rows = &event->message->rows;
    uint32_t shard = event->link - LINK_FIRST_PSERVER;
    struct lane *lane = rows->lane < worker->spec.lanes ? &worker->lanes[rows->lane] : NULL;
    if (lane == NULL || rows->step >= lane->asked_end)
        return status_fail(status, STATUS_PROTOCOL, "nobody asked for step %llu of lane %u",
                           (unsigned long long)rows->step, rows->lane);
    struct plan *plan = lane_plan(lane, &worker->spec, rows->step);
    if (!plan_expects(plan, rows->step, shard))
        return true;
    struct rows_shape shape = {worker->spec.member.wire, plan->stride, rows->rows};
    if (!plan_fill(plan, shard, shape, event->message, event->now_us, status))
        return false;
    worker->counters.pulls += rows->rows;
    worker->counters.bytes_in += event->message->body_bytes;
    if (plan->state != PLAN_READY)
        return true;
    struct plan *pushed = lane_push_of(lane, &worker->spec, rows->step);
    if (pushed != NULL)
        pushed->state = PLAN_FREE;
    training_progress(worker, lane, event->now_us, out);
    return true;
}

void training_loaded(struct worker *worker, const struct event *event, struct outbox *out) {
    const struct job *job = event->job;
    struct lane *lane = &worker->lanes[job->lane.lane];
    struct plan *plan = lane_plan(lane, &worker->spec,
                                  job->lane.epoch * worker->spec.steps_per_epoch + job->lane.step_in_epoch);
    if (plan->state == PLAN_DROPPED) {
        plan->state = PLAN_FREE;
        if (lane->state == LANE_OPEN)
            lane_load(lane, &worker->spec, out);
    } else {
        plan->count = job->lane.count;
        plan->minibatch = worker->spec.independent ? job->lane.count : job->lane.minibatch;
        plan_build(plan, &worker->finder);
    }
    training_progress(worker, lane, event->now_us, out);
}

void training_ask_again(struct worker *worker, struct lane *lane, struct plan *pull, uint64_t now_us,
                        struct outbox *out) {
    const struct plan *push = lane_push_of(lane, &worker->spec, pull->step);
    struct loss_sum ignored = {0};
    if (push != NULL)
        compute_gradient(worker, push, &ignored);
    worker->counters.repeats += pull->question.missing;
    worker->counters.bytes_out += request_send(lane, &worker->spec, push, worker->gradients, pull, out);
    question_repeat(&pull->question, now_us);
}
