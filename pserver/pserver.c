#include "pserver/pserver.h"

#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "pserver/inbox.h"
#include "pserver/rates.h"
#include "pserver/reports.h"

struct pserver {
    struct pserver_spec spec;
    struct member member;
    struct shard *shard; /* NULL until WELCOME */
    struct gate gate;
    struct rates rates;
    struct inbox inbox;
    struct lane_gradients *step_lanes; /* scratch of one step: a share per lane */
    uint32_t *read_entries;            /* scratch of one READ */
    bool settling;
    uint64_t settle_step;
    struct heartbeat_message counters;
};

static void step(void *self, const struct event *event, struct outbox *out);

struct pserver *pserver_new(const struct pserver_spec *spec, struct status *status) {
    struct pserver *pserver = memory_take(sizeof *pserver, "a pserver", status);
    if (pserver == NULL)
        return NULL;
    pserver->spec = *spec;
    member_init(&pserver->member, &spec->member);
    pserver->step_lanes = memory_take_array(spec->gate.lanes, sizeof *pserver->step_lanes, "lanes", status);
    pserver->read_entries = memory_take_array(READ_ROWS_MAX, sizeof *pserver->read_entries, "a read", status);
    if (pserver->step_lanes == NULL || pserver->read_entries == NULL ||
        !gate_init(&pserver->gate, &spec->gate, status) ||
        !inbox_init(&pserver->inbox, spec->gate.lanes, gate_depth(&spec->gate), spec->shard.lane_rows,
                    row_stride(spec->shard.model.factors), status)) {
        pserver_free(pserver);
        return NULL;
    }
    return pserver;
}

void pserver_free(struct pserver *pserver) {
    if (pserver == NULL)
        return;
    shard_free(pserver->shard);
    gate_free(&pserver->gate);
    inbox_free(&pserver->inbox);
    memory_release(pserver->step_lanes);
    memory_release(pserver->read_entries);
    memory_release(pserver);
}

struct engine pserver_engine(struct pserver *pserver) {
    return (struct engine){.self = pserver, .step = step};
}

static void refuse(struct pserver *pserver, const struct event *event, const struct status *status,
                   struct outbox *out) {
    char line[STATUS_TEXT_BYTES + 128];
    pserver->counters.refused++;
    snprintf(line, sizeof line, "event=refused role=pserver index=%u link=%u message=%s reason=\"%s\"",
             pserver->spec.member.index, event->link, message_name(event->message->kind), status->text);
    outbox_log(out, line);
}

static void welcome(struct pserver *pserver, const struct welcome_message *welcome, struct outbox *out) {
    struct status status;
    pserver->spec.shard.users = welcome->users;
    pserver->spec.shard.movies = welcome->movies;
    pserver->shard = shard_new(&pserver->spec.shard, &status);
    if (pserver->shard == NULL) {
        member_fail(&pserver->member, out, status.code, "pserver %u: %s", pserver->spec.member.index,
                    status.text);
        return;
    }
    struct message ready = {.kind = MESSAGE_READY};
    outbox_send(out, LINK_COORDINATOR, &ready);
}

static void send_rows(struct pserver *pserver, uint32_t lane, const struct request *request,
                      struct outbox *out) {
    size_t bytes =
        (size_t)request->pull_count * row_stride(pserver->spec.shard.model.factors) * sizeof(float);
    struct message rows = {.kind = MESSAGE_ROWS};
    rows.rows =
        (struct rows_message){lane, request->pull_step, shard_step(pserver->shard), request->pull_count};
    shard_pull(pserver->shard, request->pull_entries, request->pull_count, outbox_body(out, bytes));
    pserver->counters.pulls += request->pull_count;
    pserver->counters.bytes_out += bytes;
    outbox_send(out, request->link, &rows);
}

/* Answers every pull whose time has come; a request is done when its push is applied and its pull answered.
 */
static void answer(struct pserver *pserver, struct outbox *out) {
    for (uint32_t lane = 0; lane < pserver->spec.gate.lanes; lane++)
        for (uint32_t place = 0; place < pserver->inbox.depth; place++) {
            struct request *request = inbox_request(&pserver->inbox, lane, place);
            if (!request->pulls || request->pushes || !gate_open(&pserver->gate, request->pull_step))
                continue;
            request->pulls = false;
            send_rows(pserver, lane, request, out);
        }
}

/* Collects the pushes of the next step: one per lane, in lane order, or in ssp and asp the first that waits.
 */
static uint32_t collect(struct pserver *pserver) {
    const struct gate_spec *gate = &pserver->spec.gate;
    uint32_t count = 0;
    for (uint32_t lane = 0; lane < gate->lanes; lane++) {
        uint64_t step =
            gate->kind == GATE_SYNCHRONOUS ? pserver->gate.applied : pserver->gate.pushed[lane] - 1;
        struct request *request = inbox_request(&pserver->inbox, lane, gate_place(gate, true, step, 0));
        if (!request->pushes || request->push_step != step)
            continue;
        request->pushes = false;
        pserver->step_lanes[count++] =
            (struct lane_gradients){request->push_entries, request->push_count, request->gradients};
        if (gate->kind != GATE_SYNCHRONOUS)
            break;
    }
    return count;
}

static void settle(struct pserver *pserver, struct outbox *out) {
    if (!pserver->settling || pserver->gate.applied != pserver->settle_step)
        return;
    shard_settle(pserver->shard);
    pserver->settling = false;
    uint32_t bad = shard_first_bad_entry(pserver->shard);
    if (bad < shard_rows(pserver->shard, TABLE_USERS) + shard_rows(pserver->shard, TABLE_MOVIES)) {
        char name[64];
        shard_name_entry(pserver->shard, bad, name, sizeof name);
        member_fail(
            &pserver->member, out, STATUS_BAD_DATA,
            "training diverged: after step %llu %s on shard %u is not finite; lower train.learning_rate",
            (unsigned long long)pserver->settle_step, name, pserver->spec.member.index);
        return;
    }
    struct message settled = {.kind = MESSAGE_SETTLED};
    settled.settled = (struct settled_message){pserver->settle_step, shard_digest(pserver->shard)};
    outbox_send(out, LINK_COORDINATOR, &settled);
}

/* Applies every step that is complete and whose rates are known. */
static void advance(struct pserver *pserver, struct outbox *out) {
    struct step_rate rate;
    while (gate_complete(&pserver->gate) && rates_get(&pserver->rates, pserver->gate.applied, &rate)) {
        uint32_t lanes = collect(pserver);
        if (lanes == 0)
            break;
        shard_begin_step(pserver->shard, rate, pserver->step_lanes, lanes);
        gate_applied(&pserver->gate);
        answer(pserver, out);
        shard_finish_step(pserver->shard);
    }
    if (rates_low(&pserver->rates, pserver->gate.applied)) {
        struct message wanted = {.kind = MESSAGE_RATES_WANTED};
        wanted.rates_wanted.first_step = rates_end(&pserver->rates);
        rates_asked(&pserver->rates);
        outbox_send(out, LINK_COORDINATOR, &wanted);
    }
    settle(pserver, out);
}

static void diverged(struct pserver *pserver, const struct step_message *step, const struct request *request,
                     uint32_t bad, struct outbox *out) {
    char name[64];
    shard_name_entry(pserver->shard, request->push_entries[bad], name, sizeof name);
    member_fail(&pserver->member, out, STATUS_BAD_DATA,
                "training diverged: at step %llu the gradient of %s on shard %u is not finite; lower "
                "train.learning_rate",
                (unsigned long long)step->push_step, name, pserver->spec.member.index);
}

static void on_step(struct pserver *pserver, const struct event *event, struct outbox *out) {
    const struct step_message *step = &event->message->step;
    struct status status;
    struct request *request;
    if (!gate_check(&pserver->gate, step->lane, step->pushes, step->push_step, true, step->pull_step,
                    &status) ||
        (request =
             inbox_accept(&pserver->inbox, event, pserver->shard,
                          gate_place(&pserver->spec.gate, step->pushes, step->push_step, step->pull_step),
                          &status)) == NULL) {
        refuse(pserver, event, &status, out);
        return;
    }
    pserver->counters.bytes_in += event->message->body_bytes;
    if (step->pushes) {
        uint32_t bad = shard_first_bad(pserver->shard, request->gradients, request->push_count);
        if (bad < request->push_count) {
            diverged(pserver, step, request, bad, out);
            return;
        }
        pserver->counters.pushes += request->push_count;
        gate_pushed(&pserver->gate, step->lane);
    }
    advance(pserver, out);
    inbox_keep(&pserver->inbox, request);
    if (!step->pushes)
        answer(pserver, out);
}

static bool from_coordinator(const struct event *event, struct status *status) {
    return event->link == LINK_COORDINATOR ||
           status_fail(status, STATUS_DENIED, "only the coordinator sends it");
}

static void on_rates(struct pserver *pserver, const struct event *event, struct outbox *out) {
    struct status status;
    if (!from_coordinator(event, &status) || !rates_add(&pserver->rates, event->message, &status))
        refuse(pserver, event, &status, out);
    advance(pserver, out);
}

static void on_settle(struct pserver *pserver, uint64_t settle_step, struct outbox *out) {
    pserver->settling = true;
    pserver->settle_step = settle_step;
    settle(pserver, out);
}

/* A worker says hello: the same configuration, or it is refused. */
static void on_hello(struct pserver *pserver, const struct event *event, struct outbox *out) {
    const struct hello_message *hello = &event->message->hello;
    struct message answer_message = {.kind = MESSAGE_WELCOME};
    answer_message.welcome =
        (struct welcome_message){pserver->spec.shard.users, pserver->spec.shard.movies, 0, 0};
    if (hello->protocol != PROTOCOL_VERSION || hello->config_digest != pserver->spec.member.config_digest) {
        struct status status;
        status_fail(&status, STATUS_PROTOCOL,
                    "pserver %u has another protocol version or configuration than worker %u",
                    pserver->spec.member.index, hello->index);
        answer_message.kind = MESSAGE_REFUSE;
        answer_message.refuse.code = status.code;
        snprintf(answer_message.refuse.reason, sizeof answer_message.refuse.reason, "%.500s", status.text);
        refuse(pserver, event, &status, out);
    }
    outbox_send(out, event->link, &answer_message);
}

static void on_message(struct pserver *pserver, const struct event *event, struct outbox *out) {
    struct status status;
    bool known = true;
    switch (event->message->kind) {
    case MESSAGE_HELLO:
        on_hello(pserver, event, out);
        return;
    case MESSAGE_STEP:
        on_step(pserver, event, out);
        return;
    case MESSAGE_RATES:
        on_rates(pserver, event, out);
        return;
    case MESSAGE_READ:
        known = reports_read(pserver->shard, event, pserver->read_entries, &pserver->counters, out, &status);
        break;
    case MESSAGE_SETTLE:
        known = from_coordinator(event, &status);
        if (known)
            on_settle(pserver, event->message->settle.step, out);
        break;
    case MESSAGE_MOMENTS_WANTED:
        known = reports_moments(pserver->shard, &pserver->spec.shard, event, out, &status);
        break;
    case MESSAGE_PROJECT:
        known = reports_project(pserver->shard, &pserver->spec.shard, event, out, &status);
        break;
    default:
        known = status_fail(&status, STATUS_PROTOCOL, "a pserver has no use for it");
    }
    if (!known)
        refuse(pserver, event, &status, out);
}

static void beat(struct pserver *pserver, uint64_t now_us, struct outbox *out) {
    struct heartbeat_message *counters = &pserver->counters;
    counters->step = pserver->gate.applied;
    if (pserver->shard != NULL) {
        counters->user_rows = shard_rows(pserver->shard, TABLE_USERS);
        counters->movie_rows = shard_rows(pserver->shard, TABLE_MOVIES);
        counters->memory = shard_bytes(pserver->shard);
    }
    member_beat(&pserver->member, now_us, counters, out);
}

static void step(void *self, const struct event *event, struct outbox *out) {
    struct pserver *pserver = self;
    struct status status;
    switch (member_step(&pserver->member, event, out)) {
    case MEMBER_WELCOMED:
        welcome(pserver, &event->message->welcome, out);
        return;
    case MEMBER_BEAT:
        beat(pserver, event->now_us, out);
        return;
    case MEMBER_NOT_MINE:
        break;
    default:
        return;
    }
    if (event->kind != EVENT_MESSAGE)
        return;
    if (pserver->shard == NULL) {
        status_fail(&status, STATUS_PROTOCOL, "it came before the coordinator's welcome");
        refuse(pserver, event, &status, out);
        return;
    }
    on_message(pserver, event, out);
}
