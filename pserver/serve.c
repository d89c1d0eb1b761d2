#include "pserver/serve.h"

#include <inttypes.h>
#include <string.h>

#include "proto/rows.h"
#include "pserver/counts.h"
#include "pserver/settle.h"

/* What count rows are in a ROWS. */
static struct rows_shape shape_of(const struct pserver *pserver, uint32_t count) {
    return (struct rows_shape){pserver->spec.member.wire, shard_stride(pserver->shard), count};
}

/* Sends count rows whose body has been filled. */
static void send_rows(struct pserver *pserver, uint32_t lane, const struct reply *reply, uint32_t count,
                      link_id link, struct outbox *out) {
    struct message rows = {.kind = MESSAGE_ROWS};
    rows.rows = (struct rows_message){lane, reply->step, reply->version, count};
    pserver->counters.bytes_out += rows_bytes(shape_of(pserver, count));
    outbox_send(out, link, &rows);
}

/* The rows go into the lane's ring, where they outlive their message, and from there into it, a chunk at a time while that
 * is in the cache. `since_ns`: see counts_lap. */
static void answer_request(struct pserver *pserver, uint32_t lane, struct request *request,
                           uint64_t *since_ns, struct outbox *out) {
    enum { CHUNK_ROWS = 512 };
    struct reply *reply =
        replies_open(&pserver->replies, lane, request->pull_step, shard_step(pserver->shard));
    uint32_t count = request->pull_count;
    size_t stride = shard_stride(pserver->shard);
    float *values = replies_add(&pserver->replies, reply, request->pull_entries, count);
    struct rows_shape shape = shape_of(pserver, count);
    void *body = outbox_body(out, rows_bytes(shape));
    for (uint32_t done = 0; done < count; done += CHUNK_ROWS) {
        uint32_t chunk = count - done < CHUNK_ROWS ? count - done : CHUNK_ROWS;
        shard_pull(pserver->shard, request->pull_entries + done, chunk, values + done * stride);
        rows_write(shape, body, done, chunk, values + done * stride);
    }
    request->pulls = false;
    pserver->counters.pulls += count;
    pserver->counters.queue--;
    heat_sample(&pserver->heat, request->pull_entries + count - request->pull_movies, request->pull_movies);
    send_rows(pserver, lane, reply, count, request->link, out);
    counts_took(&pserver->tallies.pull_us, counts_lap(out, since_ns));
}

/* Answers every pull whose time has come; a request is done when its push is applied and its pull answered. */
static void answer(struct pserver *pserver, uint64_t *since_ns, struct outbox *out) {
    for (uint32_t lane = 0; lane < pserver->spec.gate.lanes; lane++)
        for (uint32_t place = 0; place < pserver->inbox.depth; place++) {
            struct request *request = inbox_request(&pserver->inbox, lane, place);
            if (request->pulls && !request->pushes && gate_open(&pserver->gate, request->pull_step))
                answer_request(pserver, lane, request, since_ns, out);
        }
}

/* A lane's gradients are as stale as the rows that they were computed from. Who took a lane over may have computed a step
 * from rows that another has read, whose answer is no longer here: such a step is not counted. */
static void note_staleness(struct pserver *pserver, uint32_t lane, uint64_t step) {
    const struct reply *reply = replies_find(&pserver->replies, lane, step);
    if (reply != NULL)
        tally_add(&pserver->tallies.staleness, pserver->gate.applied - reply->version);
}

/* Collects the pushes of the next step: one per lane, in lane order, or in ssp and asp the first that waits. */
static uint32_t collect(struct pserver *pserver) {
    const struct gate_spec *gate = &pserver->spec.gate;
    bool synchronous = gate->kind == GATE_SYNCHRONOUS;
    uint64_t step = pserver->gate.applied;
    uint32_t place = synchronous ? gate_place(gate, step + 1 + gate_lead(gate)) : 0, count = 0;
    for (uint32_t lane = 0; lane < gate->lanes; lane++) {
        struct request *request = inbox_request(&pserver->inbox, lane, place);
        if (!request->pushes || (synchronous && request->push_step != step))
            continue;
        request->pushes = false;
        note_staleness(pserver, lane, request->push_step);
        pserver->step_lanes[count++] =
            (struct lane_gradients){request->push_entries, request->push_count, request->gradients};
        if (!synchronous)
            break;
    }
    return count;
}

static void ask_rates(struct pserver *pserver, struct outbox *out) {
    struct message wanted = {.kind = MESSAGE_RATES_WANTED};
    wanted.rates_wanted.first_step = rates_end(&pserver->rates);
    rates_asked(&pserver->rates);
    outbox_send(out, LINK_COORDINATOR, &wanted);
}

static void apply(struct pserver *pserver, struct step_rate rate, uint32_t lanes, struct outbox *out) {
    uint64_t since_ns = outbox_clock(out);
    shard_begin_step(pserver->shard, rate, pserver->step_lanes, lanes);
    gate_applied(&pserver->gate);
    uint64_t apply_ns = counts_lap(out, &since_ns);
    answer(pserver, &since_ns, out);
    shard_finish_step(pserver->shard);
    apply_ns += counts_lap(out, &since_ns);
    counts_took(&pserver->tallies.apply_us, apply_ns);
}

/* Applies every step that is complete and whose rates are known. */
static void advance(struct pserver *pserver, struct outbox *out) {
    struct step_rate rate;
    while (gate_complete(&pserver->gate) && rates_get(&pserver->rates, pserver->gate.applied, &rate)) {
        uint32_t lanes = collect(pserver);
        if (lanes == 0)
            break;
        apply(pserver, rate, lanes, out);
    }
    if (rates_low(&pserver->rates, pserver->gate.applied))
        ask_rates(pserver, out);
    settle_when_due(pserver, out);
}

bool serve_rates(struct pserver *pserver, const struct event *event, struct outbox *out,
                 struct status *status) {
    if (rates_known(&pserver->rates, event->message)) {
        pserver->counters.repeats++;
        return true;
    }
    if (!rates_add(&pserver->rates, event->message, status))
        return false;
    advance(pserver, out);
    return true;
}

/* Towards the end of the run there are no more rates to be had, and nobody waits for any. */
static bool waits_for_rates(const struct pserver *pserver) {
    struct step_rate ignored;
    return pserver->counters.queue != 0 && gate_complete(&pserver->gate) &&
           !rates_get(&pserver->rates, pserver->gate.applied, &ignored);
}

void serve_beat(struct pserver *pserver, struct outbox *out) {
    if (rates_overdue(&pserver->rates) && waits_for_rates(pserver))
        ask_rates(pserver, out);
}

bool serve_lane_open(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status) {
    const struct lane_open_message *open = &event->message->lane_open;
    if (!gate_lease(&pserver->gate, open->lane, open->lease, status))
        return false;
    const struct gate_lane *lane = &pserver->gate.lanes[open->lane];
    struct message at = {.kind = MESSAGE_LANE_AT};
    at.lane_at = (struct lane_at_message){open->lane, open->lease, lane->pushed, lane->squared, lane->count};
    outbox_send(out, event->link, &at);
    return true;
}

/* Answers pulls that came without a push. */
static void answer_now(struct pserver *pserver, struct outbox *out) {
    uint64_t since_ns = outbox_clock(out);
    answer(pserver, &since_ns, out);
}

/* A gradient that is not finite ends the run; true when that has happened. */
static bool diverged(struct pserver *pserver, const struct request *request, struct outbox *out) {
    char name[64];
    uint32_t bad = shard_first_bad(pserver->shard, request->gradients, request->push_count);
    if (bad == request->push_count)
        return false;
    shard_name_entry(pserver->shard, request->push_entries[bad], name, sizeof name);
    member_fail(&pserver->member, out, STATUS_BAD_DATA,
                "training diverged: at step %" PRIu64
                " the gradient of %s on shard %u is not finite; lower train.learning_rate",
                request->push_step, name, pserver->spec.member.index);
    return true;
}

/* A request that comes for the first time. */
static bool take(struct pserver *pserver, const struct event *event, struct outbox *out,
                 struct status *status) {
    const struct step_message *step = &event->message->step;
    uint32_t place = gate_place(&pserver->spec.gate, step->pull_step);
    struct request *request = inbox_accept(&pserver->inbox, event, pserver->shard, place, status);
    if (request == NULL)
        return false;
    pserver->counters.bytes_in += event->message->body_bytes;
    pserver->counters.queue++;
    if (step->pushes) {
        if (diverged(pserver, request, out))
            return true;
        pserver->counters.pushes += request->push_count;
        gate_pushed(&pserver->gate, step->lane, step->squared, step->count);
    }
    advance(pserver, out);
    inbox_keep(&pserver->inbox, request);
    if (!step->pushes)
        answer_now(pserver, out);
    counts_waiting(pserver, pserver->counters.queue);
    return true;
}

/* An answer's rows in the order asked. */
static void write_again(struct pserver *pserver, const struct reply *reply, const uint32_t *entries,
                        uint32_t count, void *body) {
    for (uint32_t i = 0; i < count; i++)
        rows_write(shape_of(pserver, count), body, i, 1, replies_row(&pserver->replies, reply, entries, i));
}

static bool send_again(struct pserver *pserver, const struct event *event, const struct reply *reply,
                       struct outbox *out, struct status *status) {
    const struct step_message *step = &event->message->step;
    uint32_t count = step->pull_users + step->pull_movies;
    const uint32_t *entries = inbox_asked(&pserver->inbox, event->message, pserver->shard, status);
    if (entries == NULL)
        return false;
    if (!replies_cover(&pserver->replies, reply, entries, count))
        return status_fail(status, STATUS_PROTOCOL,
                           "lane %u asks for other rows of step %" PRIu64 " than before", step->lane,
                           step->pull_step);
    pserver->counters.repeats++;
    write_again(pserver, reply, entries, count, outbox_body(out, rows_bytes(shape_of(pserver, count))));
    send_rows(pserver, step->lane, reply, count, event->link, out);
    return true;
}

/* A pull whose push, if any, has been seen: the same answer, or the same wait with another link; or the first pull of a
 * lane's owner. */
static bool serve_pull(struct pserver *pserver, const struct event *event, struct outbox *out,
                       struct status *status) {
    const struct step_message *step = &event->message->step;
    const struct reply *reply = replies_find(&pserver->replies, step->lane, step->pull_step);
    struct request *request =
        inbox_request(&pserver->inbox, step->lane, gate_place(&pserver->spec.gate, step->pull_step));
    if (reply != NULL)
        return send_again(pserver, event, reply, out, status);
    if (request->pulls && request->pull_step == step->pull_step) {
        request->link = event->link;
        pserver->counters.repeats++;
        return true;
    }
    if (gate_outlived(&pserver->gate, step->lane, step->pull_step)) {
        pserver->counters.repeats++;
        return true;
    }
    if (step->pushes)
        return status_fail(status, STATUS_PROTOCOL, "the rows of step %" PRIu64 " are gone", step->pull_step);
    return gate_check_pull(&pserver->gate, step->lane, step->pull_step, status) &&
           take(pserver, event, out, status);
}

bool serve_step(struct pserver *pserver, const struct event *event, struct outbox *out,
                struct status *status) {
    const struct step_message *step = &event->message->step;
    const struct gate *gate = &pserver->gate;
    if (!gate_check_lease(gate, step->lane, step->lease, status))
        return false;
    if (!step->pushes)
        return serve_pull(pserver, event, out, status);
    if (!gate_check_push(gate, step->lane, step->push_step, step->pull_step, status))
        return false;
    return gate_seen(gate, step->lane, step->push_step) ? serve_pull(pserver, event, out, status)
                                                        : take(pserver, event, out, status);
}
