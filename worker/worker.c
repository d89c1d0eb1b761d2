#include "worker/worker.h"

#include <stdio.h>

#include "core/memory.h"
#include "worker/blocked.h"
#include "worker/grant.h"
#include "worker/opening.h"
#include "worker/pservers.h"
#include "worker/retries.h"
#include "worker/state.h"
#include "worker/timing.h"
#include "worker/training.h"

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
        !blocked_init(&worker->blocked, spec, status) ||
        !row_finder_init(&worker->finder, finder_capacity(spec), status) ||
        !validation_init(&worker->validation, spec, &worker->questions, status)) {
        worker_free(worker);
        return NULL;
    }
    worker->finder.movies = worker_movies(spec);
    return worker;
}

void worker_free(struct worker *worker) {
    if (worker == NULL)
        return;
    for (uint32_t i = 0; worker->lanes != NULL && i < worker->spec.lanes; i++)
        lane_free(&worker->lanes[i], &worker->spec);
    blocked_free(&worker->blocked);
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
    size_t finder = (size_t)finder_capacity(spec) * (8 * sizeof(struct row_place) + 2 * 4 + 2 * 12);
    size_t lane = spec->blocked ? part_bytes(spec)
                                : lane_ring(spec) * plan_bytes(lane_capacity(spec), spec->pservers, stride);
    size_t rates = spec->blocked ? RATES_MAX * sizeof(struct step_rate) : 0;
    return lanes * lane + VALID_SLICES_AHEAD * plan_bytes(VALID_SLICE, spec->pservers, stride) + finder +
           2 * (size_t)lane_capacity(spec) * stride * sizeof(float) + rates;
}

static void on_job_done(struct worker *worker, const struct event *event, struct outbox *out) {
    struct job *job = event->job;
    if (job->status.code != STATUS_OK) {
        member_fail(&worker->member, out, job->status.code, "worker %u: %s", worker->spec.member.index,
                    job->status.text);
        return;
    }
    if (job->kind == JOB_LOAD_BLOCK)
        blocked_loaded(worker, job);
    else if (job->kind == JOB_LOAD_LANE)
        training_loaded(worker, event, out);
    else
        validation_loaded(&worker->validation, &worker->spec, &worker->finder, job, event->now_us,
                          &worker->counters, out);
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
        good = from_coordinator(event, &status) && pservers_topology(worker, message, out, &status);
        break;
    case MESSAGE_WELCOME:
        good = from_pserver(worker, event, &status);
        if (good)
            pservers_welcomed(worker, event->link - LINK_FIRST_PSERVER, out);
        break;
    case MESSAGE_REFUSE:
        good = true;
        member_fail(&worker->member, out, member_refusal(&message->refuse), "worker %u was refused: %s",
                    worker->spec.member.index, message->refuse.reason);
        break;
    case MESSAGE_GRANT:
        good = from_coordinator(event, &status) && grant_take(worker, event, out, &status);
        break;
    case MESSAGE_LANE_AT:
        good = from_pserver(worker, event, &status) && opening_answer(worker, event, out, &status);
        break;
    case MESSAGE_ROWS:
        good = from_pserver(worker, event, &status) && training_rows(worker, event, out, &status);
        break;
    case MESSAGE_RUN_ROWS:
        good = from_pserver(worker, event, &status) && blocked_rows(worker, event, out, &status);
        break;
    case MESSAGE_RUN_PUSHED:
        good = from_pserver(worker, event, &status) && blocked_pushed(worker, event, out, &status);
        break;
    case MESSAGE_VALIDATE:
        good = from_coordinator(event, &status) &&
               validation_start(&worker->validation, &message->validate, out, &status);
        break;
    case MESSAGE_VALUES:
        good = from_pserver(worker, event, &status) &&
               validation_values(&worker->validation, &worker->spec, event, &worker->counters, out, &status);
        break;
    default:
        good = status_fail(&status, STATUS_PROTOCOL, "a worker has no use for it");
    }
    if (!good)
        member_refuse(&worker->member, event, &status, &worker->counters, out);
}

static void take(struct worker *worker, const struct event *event, struct outbox *out) {
    switch (member_step(&worker->member, event, out)) {
    case MEMBER_BEAT:
        timing_beat(worker, event->now_us, out);
        retries_tick(worker, event->now_us, out);
        break;
    case MEMBER_NOT_MINE:
        break;
    default:
        return;
    }
    if (event->kind == EVENT_JOB_DONE)
        on_job_done(worker, event, out);
    else if (event->kind == EVENT_MESSAGE)
        on_message(worker, event, out);
    if (worker->spec.blocked && !worker->member.ended)
        blocked_turn(worker, event, out);
}

static void step(void *self, const struct event *event, struct outbox *out) {
    struct worker *worker = self;
    timing_begin(worker, event);
    take(worker, event, out);
}
