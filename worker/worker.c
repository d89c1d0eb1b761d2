#include "worker/worker.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "worker/lane.h"
#include "worker/validation.h"

struct worker {
    struct worker_spec spec;
    struct member member;
    struct lane *lanes; /* [spec.lanes], those granted are open */
    struct validation validation;
    struct row_finder finder;
    float *gradients; /* [2 * lane_capacity][stride], scratch of one step */
    bool connected;   /* to the pservers that a TOPOLOGY named */
    uint32_t pservers_joined;
    uint8_t *joined; /* [pservers] */
    struct heartbeat_message counters;
};

static void step(void *self, const struct event *event, struct outbox *out);

static uint32_t finder_capacity(const struct worker_spec *spec) {
    return lane_capacity(spec) > VALID_SLICE ? lane_capacity(spec) : VALID_SLICE;
}

struct worker *worker_new(const struct worker_spec *spec, struct status *status) {
    struct worker *worker = memory_take(sizeof *worker, "a worker", status);
    if (worker == NULL)
        return NULL;
    worker->spec = *spec;
    member_init(&worker->member, &spec->member);
    worker->lanes = memory_take_array(spec->lanes, sizeof *worker->lanes, "lanes", status);
    worker->joined = memory_take(spec->pservers, "pservers", status);
    worker->gradients =
        memory_take_array(2 * (size_t)lane_capacity(spec), row_stride(spec->model.factors) * sizeof(float),
                          "gradients", status);
    if (worker->lanes == NULL || worker->joined == NULL || worker->gradients == NULL ||
        !row_finder_init(&worker->finder, finder_capacity(spec), status) ||
        !validation_init(&worker->validation, spec, status)) {
        worker_free(worker);
        return NULL;
    }
    return worker;
}

void worker_free(struct worker *worker) {
    if (worker == NULL)
        return;
    for (uint32_t i = 0; worker->lanes != NULL && i < worker->spec.lanes; i++)
        lane_free(&worker->lanes[i], &worker->spec);
    validation_free(&worker->validation);
    row_finder_free(&worker->finder);
    memory_release(worker->lanes);
    memory_release(worker->joined);
    memory_release(worker->gradients);
    memory_release(worker);
}

struct engine worker_engine(struct worker *worker) {
    return (struct engine){.self = worker, .step = step};
}

size_t worker_bytes(const struct worker_spec *spec, uint32_t lanes) {
    uint32_t stride = row_stride(spec->model.factors);
    size_t finder = (size_t)finder_capacity(spec) * (8 * 12 + 2 * 4 + 2 * 12);
    return lanes * lane_ring(spec) * plan_bytes(lane_capacity(spec), spec->pservers, stride) +
           VALID_SLICES_AHEAD * plan_bytes(VALID_SLICE, spec->pservers, stride) + finder +
           2 * (size_t)lane_capacity(spec) * stride * sizeof(float);
}

static void refuse(struct worker *worker, const struct event *event, const struct status *status,
                   struct outbox *out) {
    char line[STATUS_TEXT_BYTES + 128];
    worker->counters.refused++;
    snprintf(line, sizeof line, "event=refused role=worker index=%u link=%u message=%s reason=\"%s\"",
             worker->spec.member.index, event->link, message_name(event->message->kind), status->text);
    outbox_log(out, line);
}

/* TOPOLOGY: connects to every pserver and says hello. */
static bool on_topology(struct worker *worker, const struct message *message, struct outbox *out,
                        struct status *status) {
    const char *at = message->body;
    const char *end = at + message->body_bytes;
    if (message->topology.pservers != worker->spec.pservers)
        return status_fail(status, STATUS_PROTOCOL, "%u pservers, configured are %u",
                           message->topology.pservers, worker->spec.pservers);
    if (worker->connected)
        return status_fail(status, STATUS_PROTOCOL, "the pservers are known already");
    for (uint32_t shard = 0; shard < worker->spec.pservers; shard++) {
        const char *zero = at == end ? NULL : memchr(at, 0, (size_t)(end - at));
        if (zero == NULL || zero == at)
            return status_fail(status, STATUS_PROTOCOL, "endpoint %u is missing", shard);
        at = zero + 1;
    }
    worker->connected = true;
    at = message->body;
    for (uint32_t shard = 0; shard < worker->spec.pservers; shard++, at += strlen(at) + 1) {
        outbox_connect(out, LINK_FIRST_PSERVER + shard, at);
        member_hello(&worker->member, out, LINK_FIRST_PSERVER + shard);
    }
    return true;
}

/* A pserver's WELCOME; with the last one the worker is ready. */
static void on_joined(struct worker *worker, uint32_t shard, struct outbox *out) {
    if (worker->joined[shard])
        return;
    worker->joined[shard] = 1;
    if (++worker->pservers_joined == worker->spec.pservers) {
        struct message ready = {.kind = MESSAGE_READY};
        outbox_send(out, LINK_COORDINATOR, &ready);
    }
}

static void finish_grant(struct lane *lane, struct outbox *out) {
    struct message done = {.kind = MESSAGE_LANE_DONE};
    done.lane_done = (struct lane_done_message){
        .lane = lane->number, .end_step = lane->end_step, .count = lane->count, .squared = lane->squared};
    lane->squared = 0;
    lane->count = 0;
    outbox_send(out, LINK_COORDINATOR, &done);
}

/* Computes the lane's next step, pushes it, and asks for the rows of a later one. */
static void compute(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    const struct worker_spec *spec = &worker->spec;
    struct plan *plan = lane_plan(lane, spec, lane->next_step);
    uint64_t pull_step = lane->next_step + 1 + spec->lead;
    struct plan *pull = pull_step < spec->total_steps ? lane_plan(lane, spec, pull_step) : NULL;
    struct loss_sum loss = {0};
    dot_bias_gradient(&spec->model, plan->slots, plan->count, plan->minibatch, plan->values, plan->slot_count,
                      worker->gradients, &loss);
    worker->counters.bytes_out += lane_send(lane, spec, plan, worker->gradients, pull, now_us, out);
    lane->next_pull += pull != NULL;
    lane->next_step++;
    lane->squared += loss.squared;
    lane->count += loss.count;
    worker->counters.step++;
    worker->counters.ratings += loss.count;
    worker->counters.squared += loss.squared;
    worker->counters.pushes += plan->slot_count;
    plan->state = PLAN_FREE;
}

/* Does everything that a lane can do now. */
static void progress(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    const struct worker_spec *spec = &worker->spec;
    while (lane->next_step == 0 && lane->next_pull <= spec->lead && lane->next_pull < spec->total_steps &&
           lane_plan(lane, spec, lane->next_pull)->state == PLAN_LOADED)
        worker->counters.bytes_out +=
            lane_send(lane, spec, NULL, NULL, lane_plan(lane, spec, lane->next_pull++), now_us, out);
    while (lane_can_compute(lane, spec)) {
        compute(worker, lane, now_us, out);
        if (lane->next_step == lane->end_step)
            finish_grant(lane, out);
    }
    lane_load(lane, spec, out);
}

static bool on_grant(struct worker *worker, const struct event *event, struct outbox *out,
                     struct status *status) {
    const struct grant_message *grant = &event->message->grant;
    const uint32_t *numbers = event->message->body;
    if (event->message->body_bytes != grant->lanes * sizeof *numbers ||
        grant->end_step > worker->spec.total_steps || grant->first_step >= grant->end_step)
        return status_fail(status, STATUS_PROTOCOL, "a grant of %u lanes for steps %llu to %llu in %zu bytes",
                           grant->lanes, (unsigned long long)grant->first_step,
                           (unsigned long long)grant->end_step, event->message->body_bytes);
    for (uint32_t i = 0; i < grant->lanes; i++)
        if (numbers[i] >= worker->spec.lanes)
            return status_fail(status, STATUS_PROTOCOL, "there is no lane %u", numbers[i]);
    worker->counters.user_rows = grant->lanes;
    for (uint32_t i = 0; i < grant->lanes; i++) {
        struct lane *lane = &worker->lanes[numbers[i]];
        if (!lane->open && !lane_open(lane, &worker->spec, numbers[i], grant->first_step, status)) {
            member_fail(&worker->member, out, status->code, "worker %u: %s", worker->spec.member.index,
                        status->text);
            return true;
        }
        lane->epoch = grant->epoch;
        lane->end_step = grant->end_step;
        progress(worker, lane, event->now_us, out);
    }
    return true;
}

static bool on_rows(struct worker *worker, const struct event *event, struct outbox *out,
                    struct status *status) {
    const struct rows_message *rows = &event->message->rows;
    struct lane *lane = rows->lane < worker->spec.lanes ? &worker->lanes[rows->lane] : NULL;
    if (lane == NULL || !lane->open)
        return status_fail(status, STATUS_PROTOCOL, "lane %u is not ours", rows->lane);
    struct plan *plan = lane_plan(lane, &worker->spec, rows->step);
    if (plan->step != rows->step)
        return status_fail(status, STATUS_PROTOCOL, "nobody asked for step %llu",
                           (unsigned long long)rows->step);
    if (!plan_fill(plan, event->link - LINK_FIRST_PSERVER, rows->rows, event->message, status))
        return false;
    worker->counters.pulls += rows->rows;
    worker->counters.bytes_in += event->message->body_bytes;
    progress(worker, lane, event->now_us, out);
    return true;
}

static void on_job_done(struct worker *worker, const struct event *event, struct outbox *out) {
    struct job *job = event->job;
    if (job->status.code != STATUS_OK) {
        member_fail(&worker->member, out, job->status.code, "worker %u: %s", worker->spec.member.index,
                    job->status.text);
        return;
    }
    if (validation_loaded(&worker->validation, &worker->spec, &worker->finder, job, event->now_us, out))
        return;
    struct lane *lane = &worker->lanes[job->lane.lane];
    struct plan *plan = lane_plan(lane, &worker->spec,
                                  job->lane.epoch * worker->spec.steps_per_epoch + job->lane.step_in_epoch);
    plan->count = job->lane.count;
    plan->minibatch = worker->spec.independent ? job->lane.count : job->lane.minibatch;
    plan_build(plan, &worker->finder);
    progress(worker, lane, event->now_us, out);
}

static bool from_coordinator(const struct event *event, struct status *status) {
    return event->link == LINK_COORDINATOR ||
           status_fail(status, STATUS_DENIED, "only the coordinator sends it");
}

static bool from_pserver(const struct worker *worker, const struct event *event, struct status *status) {
    uint32_t shard = event->link - LINK_FIRST_PSERVER;
    return shard < worker->spec.pservers || status_fail(status, STATUS_DENIED, "only a pserver sends it");
}

static void on_message(struct worker *worker, const struct event *event, struct outbox *out) {
    const struct message *message = event->message;
    struct status status;
    bool good;
    switch (message->kind) {
    case MESSAGE_TOPOLOGY:
        good = from_coordinator(event, &status) && on_topology(worker, message, out, &status);
        break;
    case MESSAGE_WELCOME:
        good = from_pserver(worker, event, &status);
        if (good)
            on_joined(worker, event->link - LINK_FIRST_PSERVER, out);
        break;
    case MESSAGE_REFUSE:
        good = true;
        member_fail(&worker->member, out, member_refusal(&message->refuse), "worker %u was refused: %s",
                    worker->spec.member.index, message->refuse.reason);
        break;
    case MESSAGE_GRANT:
        good = from_coordinator(event, &status) && on_grant(worker, event, out, &status);
        break;
    case MESSAGE_ROWS:
        good = from_pserver(worker, event, &status) && on_rows(worker, event, out, &status);
        break;
    case MESSAGE_VALIDATE:
        good = from_coordinator(event, &status) &&
               validation_start(&worker->validation, &message->validate, out, &status);
        break;
    case MESSAGE_VALUES:
        good = from_pserver(worker, event, &status) &&
               validation_values(&worker->validation, &worker->spec, event->link - LINK_FIRST_PSERVER,
                                 message, out, &status);
        break;
    default:
        good = status_fail(&status, STATUS_PROTOCOL, "a worker has no use for it");
    }
    if (!good)
        refuse(worker, event, &status, out);
}

/* Ends the run when a plan's rows have been on their way for too long; true when it did. */
static bool overdue(struct worker *worker, const struct plan *plan, const char *what, uint64_t now_us,
                    struct outbox *out) {
    if (plan->state != PLAN_ASKED || now_us - plan->asked_us <= worker->spec.request_timeout_us)
        return false;
    uint32_t shard = 0;
    while (plan->answered[shard])
        shard++;
    member_fail(&worker->member, out, STATUS_UNAVAILABLE,
                "worker %u: pserver %u has not answered for %.1f s (rows of %s %llu)",
                worker->spec.member.index, shard, (double)(now_us - plan->asked_us) / 1e6, what,
                (unsigned long long)plan->step);
    return true;
}

static void check_deadlines(struct worker *worker, uint64_t now_us, struct outbox *out) {
    for (int i = 0; i < VALID_SLICES_AHEAD; i++)
        if (overdue(worker, &worker->validation.plans[i], "validation slice", now_us, out))
            return;
    for (uint32_t number = 0; number < worker->spec.lanes; number++)
        for (uint32_t i = 0; worker->lanes[number].open && i < lane_ring(&worker->spec); i++)
            if (overdue(worker, &worker->lanes[number].plans[i], "step", now_us, out))
                return;
}

static void step(void *self, const struct event *event, struct outbox *out) {
    struct worker *worker = self;
    switch (member_step(&worker->member, event, out)) {
    case MEMBER_BEAT:
        member_beat(&worker->member, event->now_us, &worker->counters, out);
        check_deadlines(worker, event->now_us, out);
        return;
    case MEMBER_NOT_MINE:
        break;
    default:
        return;
    }
    if (event->kind == EVENT_JOB_DONE)
        on_job_done(worker, event, out);
    else if (event->kind == EVENT_MESSAGE)
        on_message(worker, event, out);
}
