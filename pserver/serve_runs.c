#include "pserver/serve_runs.h"

#include <inttypes.h>
#include <math.h>

#include "pserver/counts.h"
#include "pserver/serve.h"
#include "pserver/settle.h"

/* A part always travels as it is: when it comes home depends on the clock, and a worker that keeps it afterwards must have
 * the bits that another would get. */
static struct shard_run place_of(const struct pserver *pserver, struct run_name name) {
    struct shard_run run = runs_find(&pserver->runs, name);
    run.wire = name.table == TABLE_MOVIES ? pserver->spec.member.wire : WIRE_FLOAT32;
    return run;
}

bool serve_runs_place(struct pserver *pserver, const struct event *event, struct status *status) {
    bool known = pserver->runs.known;
    if (event->link != LINK_COORDINATOR)
        return status_fail(status, STATUS_DENIED, "only the coordinator sends it");
    if (!pserver->member.welcomed)
        return status_fail(status, STATUS_PROTOCOL, "it came before WELCOME");
    if (!runs_place(&pserver->runs, event->message, pserver->spec.shard.users, pserver->spec.shard.movies,
                    status))
        return false;
    pserver->counters.repeats += known;
    pserver->spec.shard.strata = pserver->runs.spec.strata;
    pserver->spec.shard.stratum_first = pserver->runs.firsts[TABLE_MOVIES];
    return true;
}

/* The lane has stepped as far as its pushes say; what it waits for next lies on this shard. */
static void wait_on(struct pserver *pserver, uint32_t lane, uint64_t step) {
    const struct runs_lane *said = &pserver->runs.lanes[lane];
    step = runs_next_step(&pserver->runs, lane, step);
    while (runs_stepped(&pserver->runs, lane, step))
        step = runs_next_step(&pserver->runs, lane, step + 1);
    gate_wait_for(&pserver->gate, lane, step, said->squared, said->count);
}

void serve_runs_start(struct pserver *pserver, uint64_t lane_step) {
    runs_start(&pserver->runs, lane_step);
    for (uint32_t lane = 0; lane < pserver->spec.runs.parts; lane++)
        wait_on(pserver, lane, lane_step);
}

bool serve_runs_open(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status) {
    const struct lane_open_message *open = &event->message->lane_open;
    if (!serve_lane_open(pserver, event, out, status))
        return false;
    runs_lease(&pserver->runs, open->lane, open->lease, pserver->gate.lanes[open->lane].pushed);
    counts_waiting(pserver, pserver->runs.waiting);
    return true;
}

/* ---- pulls ---- */

static void send_run(struct pserver *pserver, uint32_t lane, struct run_name name, link_id link,
                     struct outbox *out) {
    struct shard_run run = place_of(pserver, name);
    size_t bytes = shard_run_bytes(pserver->shard, run);
    uint64_t since_ns = outbox_clock(out);
    struct message rows = {.kind = MESSAGE_RUN_ROWS};
    rows.run_rows =
        (struct run_rows_message){lane, name.table, name.run, runs_version(&pserver->runs, name), run.count};
    shard_run_read(pserver->shard, run, outbox_body(out, bytes));
    pserver->counters.pulls += run.count;
    pserver->counters.bytes_out += bytes;
    outbox_send(out, link, &rows);
    counts_took(&pserver->tallies.pull_us, counts_lap(out, &since_ns));
}

static bool wait_for(struct pserver *pserver, const struct event *event, struct status *status) {
    bool again;
    if (!runs_wait(&pserver->runs, &event->message->run_pull, event->link, &again, status))
        return false;
    pserver->counters.repeats += again;
    counts_waiting(pserver, pserver->runs.waiting);
    return true;
}

/* A version that its own lane has pushed over under the same lease was pulled before that: a late copy. */
bool serve_runs_pull(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status) {
    const struct run_pull_message *pull = &event->message->run_pull;
    struct run_name name = {pull->table, pull->run};
    if (event->message->body_bytes != 0)
        return status_fail(status, STATUS_PROTOCOL, "it has a body");
    if (!gate_check_lease(&pserver->gate, pull->lane, pull->lease, status) ||
        !runs_check_pull(&pserver->runs, pull, status))
        return false;
    bool newest = pull->table == TABLE_USERS && pull->version == RUN_NEWEST;
    uint64_t there = runs_version(&pserver->runs, name);
    if (!newest && pull->version > there)
        return wait_for(pserver, event, status);
    if (newest || pull->version == there)
        send_run(pserver, pull->lane, name, event->link, out);
    else
        pserver->counters.repeats++;
    return true;
}

/* Answers whoever waits for a run as it has just become. */
static void answer(struct pserver *pserver, struct run_name name, struct outbox *out) {
    link_id link;
    for (uint32_t lane = 0; lane < pserver->spec.runs.parts; lane++)
        if (runs_due(&pserver->runs, lane, name, &link))
            send_run(pserver, lane, name, link, out);
    counts_waiting(pserver, pserver->runs.waiting);
}

/* ---- pushes ---- */

static bool check_body(const struct pserver *pserver, const struct message *message, struct shard_run run,
                       struct status *status) {
    const struct run_push_message *push = &message->run_push;
    if (push->rows != run.count)
        return status_fail(status, STATUS_PROTOCOL, "%u rows, the run has %u here", push->rows, run.count);
    if (!shard_run_check(pserver->shard, run, message->body, message->body_bytes, status))
        return false;
    return (isfinite(push->momentum) && push->momentum >= 0) ||
           status_fail(status, STATUS_PROTOCOL, "a momentum is negative or not finite");
}

/* Rows that are not finite end the run; true when that has happened. */
static bool diverged(struct pserver *pserver, const struct message *message, struct shard_run run,
                     struct outbox *out) {
    static const char *const KINDS[TABLE_COUNT] = {[TABLE_USERS] = "part", [TABLE_MOVIES] = "stratum"};
    const struct run_push_message *push = &message->run_push;
    uint64_t round = push->table == TABLE_MOVIES ? push->step : pserver->runs.lanes[push->lane].end;
    uint32_t bad = shard_run_first_bad(pserver->shard, run, message->body);
    char name[64];
    if (bad == run.count)
        return false;
    shard_run_name(pserver->shard, run, bad, name, sizeof name);
    member_fail(&pserver->member, out, STATUS_BAD_DATA,
                "training diverged: by round %" PRIu64
                " %s of %s %u on shard %u is not finite; lower train.learning_rate",
                round, name, KINDS[push->table], push->run, pserver->spec.member.index);
    return true;
}

static void receipt(const struct run_push_message *push, link_id link, struct outbox *out) {
    struct message pushed = {.kind = MESSAGE_RUN_PUSHED};
    pushed.run_pushed = (struct run_pushed_message){push->lane, push->table, push->run, push->version};
    outbox_send(out, link, &pushed);
}

/* A push is based on the version that is here, always: no run is ever stale. */
static void take(struct pserver *pserver, const struct event *event, struct shard_run run,
                 struct outbox *out) {
    const struct run_push_message *push = &event->message->run_push;
    bool moves = push->table == TABLE_MOVIES && pserver->spec.shard.optimiser.kind == OPTIMISER_SGD;
    uint64_t since_ns = outbox_clock(out);
    shard_run_write(pserver->shard, run, event->message->body, moves ? push->momentum : 0);
    counts_took(&pserver->tallies.apply_us, counts_lap(out, &since_ns));
    tally_add(&pserver->tallies.staleness, 0);
    runs_pushed(&pserver->runs, push);
    pserver->counters.pushes += run.count;
    pserver->counters.bytes_in += event->message->body_bytes;
    receipt(push, event->link, out);
    answer(pserver, (struct run_name){push->table, push->run}, out);
    wait_on(pserver, push->lane, pserver->gate.lanes[push->lane].pushed);
    settle_when_due(pserver, out);
}

bool serve_runs_push(struct pserver *pserver, const struct event *event, struct outbox *out,
                     struct status *status) {
    const struct run_push_message *push = &event->message->run_push;
    struct run_name name = {push->table, push->run};
    if (!gate_check_lease(&pserver->gate, push->lane, push->lease, status) ||
        !runs_check_push(&pserver->runs, push, status))
        return false;
    struct shard_run run = place_of(pserver, name);
    if (!check_body(pserver, event->message, run, status))
        return false;
    if (runs_seen(&pserver->runs, name, push->version)) {
        pserver->counters.repeats++;
        receipt(push, event->link, out);
    } else if (!diverged(pserver, event->message, run, out)) {
        take(pserver, event, run, out);
    }
    return true;
}
