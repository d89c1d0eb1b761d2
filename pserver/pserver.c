#include "pserver/pserver.h"

#include <stdio.h>

#include "core/memory.h"
#include "pserver/counts.h"
#include "pserver/cut.h"
#include "pserver/keep.h"
#include "pserver/reports.h"
#include "pserver/restore.h"
#include "pserver/serve.h"
#include "pserver/serve_runs.h"
#include "pserver/settle.h"
#include "pserver/state.h"

static void step(void *self, const struct event *event, struct outbox *out);

/* In mode blocked a lane is a part, rounds follow each other, and no gradients are added up. */
static struct pserver_spec fit(const struct pserver_spec *spec) {
    struct pserver_spec fitted = *spec;
    if (spec->runs.blocked) {
        fitted.gate = (struct gate_spec){GATE_SYNCHRONOUS, spec->runs.parts, 0};
        fitted.runs.shard = spec->shard.index;
        fitted.runs.shards = spec->shard.shards;
        fitted.shard.lanes = 1;
        fitted.shard.lane_rows = 0;
    }
    return fitted;
}

/* What minibatches need: requests that wait, and answers that may be wanted again. */
static bool take_requests(struct pserver *pserver, struct status *status) {
    const struct pserver_spec *spec = &pserver->spec;
    const struct gate_spec *gate = &spec->gate;
    uint32_t stride = row_stride(spec->shard.model.factors);
    pserver->step_lanes = memory_take_array(gate->lanes, sizeof *pserver->step_lanes, "lanes", status);
    bool good =
        pserver->step_lanes != NULL &&
        inbox_init(&pserver->inbox, gate->lanes, gate_depth(gate), spec->shard.lane_rows, stride, status) &&
        replies_init(&pserver->replies, gate->lanes, gate_lead(gate), spec->shard.lane_rows, stride, status);
    pserver->inbox.wire = spec->member.wire;
    return good;
}

static bool take_memory(struct pserver *pserver, struct status *status) {
    const struct pserver_spec *spec = &pserver->spec;
    pserver->read_entries = memory_take_array(READ_ROWS_MAX, sizeof *pserver->read_entries, "a read", status);
    return pserver->read_entries != NULL && gate_init(&pserver->gate, &spec->gate, status) &&
           runs_init(&pserver->runs, &spec->runs, status) &&
           (spec->runs.blocked || take_requests(pserver, status));
}

struct pserver *pserver_new(const struct pserver_spec *spec, struct status *status) {
    struct pserver *pserver = memory_take(sizeof *pserver, "a pserver", status);
    if (pserver == NULL)
        return NULL;
    pserver->spec = fit(spec);
    member_init(&pserver->member, &spec->member);
    if (take_memory(pserver, status))
        return pserver;
    pserver_free(pserver);
    return NULL;
}

void pserver_free(struct pserver *pserver) {
    if (pserver == NULL)
        return;
    shard_free(pserver->shard);
    gate_free(&pserver->gate);
    inbox_free(&pserver->inbox);
    replies_free(&pserver->replies);
    runs_free(&pserver->runs);
    image_free(&pserver->copying.image);
    heat_free(&pserver->heat);
    memory_release(pserver->step_lanes);
    memory_release(pserver->read_entries);
    memory_release(pserver);
}

static size_t request_bytes(const struct pserver_spec *spec) {
    const struct gate_spec *gate = &spec->gate;
    uint32_t stride = row_stride(spec->shard.model.factors), rows = spec->shard.lane_rows;
    return inbox_bytes(gate->lanes, gate_depth(gate), rows, stride) +
           replies_bytes(gate->lanes, gate_lead(gate), rows, stride);
}

size_t pserver_bytes(const struct pserver_spec *given) {
    struct pserver_spec spec = fit(given);
    uint32_t movies = shard_rows_planned(&spec.shard, TABLE_MOVIES);
    return shard_bytes_planned(&spec.shard) +
           (spec.runs.blocked ? runs_bytes(&spec.runs) : request_bytes(&spec) + heat_bytes(movies)) +
           (spec.saves ? image_bytes(&spec.shard, state_held_capacity(&spec)) : 0);
}

struct engine pserver_engine(struct pserver *pserver) {
    return (struct engine){.self = pserver, .step = step};
}

/* Everything is there that training needs. */
static bool is_ready(const struct pserver *pserver) {
    return pserver->shard != NULL && (!pserver->spec.runs.blocked || pserver->runs.known);
}

static void tell_if_ready(const struct pserver *pserver, struct outbox *out) {
    struct message message = {.kind = MESSAGE_READY};
    if (is_ready(pserver))
        outbox_send(out, LINK_COORDINATOR, &message);
}

static void fail(struct pserver *pserver, const struct status *status, struct outbox *out) {
    member_fail(&pserver->member, out, status->code, "pserver %u: %s", pserver->spec.member.index,
                status->text);
}

/* The shard is there: what is counted of its movies can be. */
static bool take_heat(struct pserver *pserver, struct status *status) {
    return pserver->spec.runs.blocked || heat_init(&pserver->heat, shard_rows(pserver->shard, TABLE_USERS),
                                                   shard_rows(pserver->shard, TABLE_MOVIES), status);
}

static bool start(struct pserver *pserver, struct status *status) {
    pserver->shard = shard_new(&pserver->spec.shard, status);
    if (pserver->shard != NULL && pserver->spec.runs.blocked)
        serve_runs_start(pserver, 0);
    return pserver->shard != NULL && take_heat(pserver, status) &&
           (!pserver->spec.saves || cut_reserve(pserver, status));
}

/* Makes the shard, or sends for it, as soon as it is known which rows are its own. When what says so comes again, READY may
 * have been lost. */
static void begin(struct pserver *pserver, struct outbox *out) {
    const struct welcome_message *welcome = &pserver->welcome;
    struct status status;
    if (pserver->copying.reading || (pserver->spec.runs.blocked && !pserver->runs.known))
        return;
    if (pserver->shard == NULL) {
        bool good = welcome->checkpoint == 0 ? start(pserver, &status)
                                             : restore_begin(pserver, welcome, out, &status);
        if (!good)
            fail(pserver, &status, out);
        if (!good)
            return;
    }
    tell_if_ready(pserver, out);
}

static void on_welcome(struct pserver *pserver, const struct welcome_message *welcome, struct outbox *out) {
    if (pserver->shard == NULL && !pserver->copying.reading) {
        pserver->welcome = *welcome;
        pserver->spec.shard.users = welcome->users;
        pserver->spec.shard.movies = welcome->movies;
    }
    begin(pserver, out);
}

static void on_job_done(struct pserver *pserver, const struct job *job, struct outbox *out) {
    struct status status;
    if (job->kind == JOB_WRITE_IMAGE)
        cut_written(pserver, out);
    else if (restore_finish(pserver, &status) && take_heat(pserver, &status))
        tell_if_ready(pserver, out);
    else
        fail(pserver, &status, out);
}

static bool check_hello(const struct pserver *pserver, const struct hello_message *hello,
                        struct status *status) {
    const struct member_spec *own = &pserver->spec.member;
    if (hello->protocol != PROTOCOL_VERSION)
        return status_fail(status, STATUS_PROTOCOL, "worker %u speaks protocol %u, pserver %u speaks %d",
                           hello->index, hello->protocol, own->index, PROTOCOL_VERSION);
    if (hello->wire != own->wire)
        return status_fail(
            status, STATUS_PROTOCOL, "worker %u sends rows as %s, pserver %u was told %s: train.wire differs",
            hello->index, wire_name((enum wire_format)hello->wire), own->index, wire_name(own->wire));
    return hello->config_digest == own->config_digest ||
           status_fail(status, STATUS_PROTOCOL, "pserver %u has another configuration than worker %u",
                       own->index, hello->index);
}

/* A worker says hello: the same version, format of rows and configuration, or it is refused. */
static void on_hello(struct pserver *pserver, const struct event *event, struct outbox *out) {
    const struct hello_message *hello = &event->message->hello;
    struct status status;
    struct message answer_message = {.kind = MESSAGE_WELCOME};
    answer_message.welcome =
        (struct welcome_message){.users = pserver->spec.shard.users, .movies = pserver->spec.shard.movies};
    if (!check_hello(pserver, hello, &status)) {
        answer_message.kind = MESSAGE_REFUSE;
        answer_message.refuse.code = status.code;
        snprintf(answer_message.refuse.reason, sizeof answer_message.refuse.reason, "%.500s", status.text);
        member_refuse(&pserver->member, event, &status, &pserver->counters, out);
    }
    outbox_send(out, event->link, &answer_message);
}

/* What only the coordinator may say. */
static bool on_command(struct pserver *pserver, const struct event *event, struct outbox *out,
                       struct status *status) {
    if (event->link != LINK_COORDINATOR)
        return status_fail(status, STATUS_DENIED, "only the coordinator sends it");
    switch (event->message->kind) {
    case MESSAGE_RATES:
        return serve_rates(pserver, event, out, status);
    case MESSAGE_CUT:
        return cut_take(pserver, &event->message->cut, out, status);
    case MESSAGE_SETTLE:
        return settle_ask(pserver, event->message->settle.step, out, status);
    case MESSAGE_KEEP:
        return keep_ask(pserver, &event->message->keep, out, status);
    case MESSAGE_MOMENTS_WANTED:
        return reports_moments(pserver->shard, &pserver->spec.shard, event, out, status);
    default:
        return reports_project(pserver->shard, &pserver->spec.shard, event, out, status);
    }
}

static bool no_use(struct status *status) {
    return status_fail(status, STATUS_PROTOCOL, "a pserver has no use for it");
}

/* Training in minibatches. */
static bool on_minibatch(struct pserver *pserver, const struct event *event, struct outbox *out,
                         struct status *status) {
    switch (event->message->kind) {
    case MESSAGE_LANE_OPEN:
        return serve_lane_open(pserver, event, out, status);
    case MESSAGE_STEP:
        return serve_step(pserver, event, out, status);
    case MESSAGE_RATES:
        return on_command(pserver, event, out, status);
    default:
        return no_use(status);
    }
}

/* Training in blocks. */
static bool on_blocked(struct pserver *pserver, const struct event *event, struct outbox *out,
                       struct status *status) {
    switch (event->message->kind) {
    case MESSAGE_LANE_OPEN:
        return serve_runs_open(pserver, event, out, status);
    case MESSAGE_RUN_PULL:
        return serve_runs_pull(pserver, event, out, status);
    case MESSAGE_RUN_PUSH:
        return serve_runs_push(pserver, event, out, status);
    default:
        return no_use(status);
    }
}

static bool on_runs(struct pserver *pserver, const struct event *event, struct outbox *out,
                    struct status *status) {
    if (!serve_runs_place(pserver, event, status))
        return false;
    begin(pserver, out);
    return true;
}

static bool on_message(struct pserver *pserver, const struct event *event, struct outbox *out,
                       struct status *status) {
    if (pserver->spec.runs.blocked && event->message->kind == MESSAGE_RUNS)
        return on_runs(pserver, event, out, status);
    if (!is_ready(pserver))
        return status_fail(status, STATUS_PROTOCOL, "it came before the rows were there");
    switch (event->message->kind) {
    case MESSAGE_HELLO:
        on_hello(pserver, event, out);
        return true;
    case MESSAGE_READ:
        return reports_read(pserver->shard, event, pserver->read_entries, &pserver->counters, out, status);
    case MESSAGE_CUT:
    case MESSAGE_SETTLE:
    case MESSAGE_KEEP:
    case MESSAGE_MOMENTS_WANTED:
    case MESSAGE_PROJECT:
        return on_command(pserver, event, out, status);
    default:
        return pserver->spec.runs.blocked ? on_blocked(pserver, event, out, status)
                                          : on_minibatch(pserver, event, out, status);
    }
}

static bool is_welcome(const struct event *event) {
    return event->kind == EVENT_MESSAGE && event->link == LINK_COORDINATOR &&
           event->message->kind == MESSAGE_WELCOME;
}

static void step(void *self, const struct event *event, struct outbox *out) {
    struct pserver *pserver = self;
    struct status status;
    pserver->now_us = event->now_us;
    switch (member_step(&pserver->member, event, out)) {
    case MEMBER_ENDED:
        return;
    case MEMBER_BEAT:
        if (pserver->shard != NULL)
            serve_beat(pserver, out);
        counts_beat(pserver, out);
        return;
    case MEMBER_WELCOMED:
    case MEMBER_HANDLED:
        if (is_welcome(event))
            on_welcome(pserver, &event->message->welcome, out);
        return;
    case MEMBER_NOT_MINE:
        break;
    }
    if (event->kind == EVENT_JOB_DONE)
        on_job_done(pserver, event->job, out);
    if (event->kind == EVENT_MESSAGE && !on_message(pserver, event, out, &status))
        member_refuse(&pserver->member, event, &status, &pserver->counters, out);
}
