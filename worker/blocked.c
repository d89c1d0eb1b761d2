#include "worker/blocked.h"

#include <math.h>

#include "core/memory.h"
#include "model/rotation.h"
#include "worker/run_request.h"
#include "worker/timing.h"

enum { JOBS_AHEAD = 16 };

bool blocked_init(struct blocked *blocked, const struct worker_spec *spec, struct status *status) {
    *blocked = (struct blocked){0};
    if (!spec->blocked)
        return true;
    blocked->rates = memory_take_array(RATES_MAX, sizeof *blocked->rates, "learning rates", status);
    return blocked->rates != NULL;
}

void blocked_free(struct blocked *blocked) {
    memory_release(blocked->rates);
    *blocked = (struct blocked){0};
}

bool blocked_can_use(const struct worker_spec *spec, const struct step_rate *rate) {
    float shrink = (float)rate->learning_rate * (float)spec->weight_decay;
    return isfinite((float)rate->learning_rate) && isfinite(rate->momentum) && rate->momentum >= 0 &&
           shrink < 1;
}

/* ---- questions to the shards ---- */

/* An answer that may have been asked for at some time is not refused; how often a part has come home, nobody here knows. */
static void note_version(struct part *part, const struct run *run) {
    uint64_t end = run->version == RUN_NEWEST ? RUN_NEWEST : run->version + 1;
    if (part->asked_end[run->table] < end)
        part->asked_end[run->table] = end;
}

/* Puts the question that belongs to a state for the first time. */
static void wait_in(struct worker *worker, const struct lane *lane, struct run *run, enum run_state state,
                    uint64_t now_us, struct outbox *out) {
    run_move(run, state);
    run_ask(run, &worker->spec, now_us);
    note_version(lane->part, run);
    if (state == RUN_PUSHED)
        worker->counters.pushes += run->rows.count;
    worker->counters.bytes_out += run_request_send(lane, &worker->spec, run, out);
}

void blocked_ask_again(struct worker *worker, const struct lane *lane, struct run *run, uint64_t now_us,
                       struct outbox *out) {
    worker->counters.repeats += run->question.missing;
    worker->counters.bytes_out += run_request_send(lane, &worker->spec, run, out);
    question_repeat(&run->question, now_us);
}

static void ask_round(struct worker *worker, struct lane *lane, uint64_t number, uint64_t now_us,
                      struct outbox *out) {
    const struct worker_spec *spec = &worker->spec;
    struct round *at = part_place(lane->part, number);
    uint32_t stratum = rotation_stratum(lane->number, number, spec->parts, spec->strata);
    if (number >= lane->end_step || at->stratum.state != RUN_ABSENT)
        return;
    at->number = number;
    run_name(&at->stratum, spec, stratum, rotation_version(lane->number, number, spec->parts, spec->strata));
    wait_in(worker, lane, &at->stratum, RUN_ASKED, now_us, out);
}

/* ---- what a lane can do ---- */

static bool is_at_end(const struct lane *lane) {
    return lane->next_step == lane->end_step;
}

static bool is_at_home(const struct lane *lane) {
    return lane->part->users.state == RUN_HERE && lane->part->home_step == lane->next_step;
}

static void go_home(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    struct run *users = &lane->part->users;
    users->step = lane->next_step;
    wait_in(worker, lane, users, RUN_PUSHED, now_us, out);
}

void blocked_progress(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    struct part *part = lane->part;
    if (lane->state != LANE_OPEN)
        return;
    ask_round(worker, lane, lane->next_step, now_us, out);
    if (part_round_in(part, lane->next_step, RUN_HERE) != NULL)
        ask_round(worker, lane, lane->next_step + 1, now_us, out);
    if (!is_at_end(lane))
        return;
    if (worker->blocked.home && part->users.state == RUN_HERE && !is_at_home(lane))
        go_home(worker, lane, now_us, out);
    if (!lane->told && part_is_calm(part) && (!worker->blocked.home || is_at_home(lane)))
        timing_tell_done(worker, lane, now_us, out);
}

void blocked_begin(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    struct run *users = &lane->part->users;
    lane->part->home_step = lane->next_step;
    run_name(users, &worker->spec, lane->number, RUN_NEWEST);
    wait_in(worker, lane, users, RUN_ASKED, now_us, out);
    blocked_progress(worker, lane, now_us, out);
}

/* ---- computing ---- */

/* The round that an open lane can compute now, or NULL. */
static struct round *ready_round(const struct lane *lane) {
    if (lane->state != LANE_OPEN || is_at_end(lane) || lane->part->users.state != RUN_HERE)
        return NULL;
    struct round *at = part_round_in(lane->part, lane->next_step, RUN_HERE);
    return at != NULL && part_has_ratings(at) ? at : NULL;
}

static struct lane *next_lane(const struct worker *worker) {
    struct lane *best = NULL;
    for (uint32_t number = 0; number < worker->spec.lanes; number++) {
        struct lane *lane = &worker->lanes[number];
        if (ready_round(lane) != NULL && (best == NULL || lane->next_step < best->next_step))
            best = lane;
    }
    return best;
}

static double walk(const struct worker_spec *spec, const struct step_rate *rate, const struct part *part,
                   const struct round *at) {
    const struct block_spec rule = {
        .model = &spec->model,
        .rule = spec->optimiser == OPTIMISER_ADAGRAD_ROW ? BLOCK_ADAGRAD : BLOCK_SGD,
        .learning_rate = (float)rate->learning_rate,
        .decay = (float)spec->weight_decay,
        .epsilon = (float)spec->epsilon,
    };
    const struct block_ratings ratings = {.users = at->job.block.users,
                                          .movies = at->job.block.movies,
                                          .codes = at->job.block.codes,
                                          .count = at->job.block.count,
                                          .values = at->job.block.levels};
    return block_walk(&rule, part->users.rows, at->stratum.rows, &ratings);
}

/* Computes the lane's next round and pushes its stratum. */
static void compute(struct worker *worker, struct lane *lane, uint64_t now_us, struct outbox *out) {
    const struct worker_spec *spec = &worker->spec;
    const struct step_rate *rate = &worker->blocked.rates[lane->next_step - worker->blocked.first_step];
    struct round *at = ready_round(lane);
    uint64_t since_ns = outbox_clock(out);
    double squared = walk(spec, rate, lane->part, at);
    timing_computed(worker, since_ns, out);
    lane->sums.squared += squared;
    lane->sums.count += at->job.block.count;
    at->stratum.step = lane->next_step++;
    at->stratum.momentum = spec->optimiser == OPTIMISER_SGD ? rate->momentum : 0;
    at->stratum.squared = lane->sums.squared;
    at->stratum.count = lane->sums.count;
    worker->counters.ratings += at->job.block.count;
    worker->counters.squared += squared;
    wait_in(worker, lane, &at->stratum, RUN_PUSHED, now_us, out);
    blocked_progress(worker, lane, now_us, out);
}

static void load(struct worker *worker, const struct lane *lane, struct round *at, struct outbox *out) {
    at->loading = true;
    at->job_number = at->number;
    at->job.kind = JOB_LOAD_BLOCK;
    at->job.block.part = lane->number;
    at->job.block.stratum = at->stratum.number;
    worker->blocked.jobs++;
    outbox_job(out, &at->job);
}

/* Few jobs at a time, whatever the number of parts. */
static void load_rounds(struct worker *worker, struct outbox *out) {
    for (uint32_t number = 0; number < worker->spec.lanes; number++) {
        struct lane *lane = &worker->lanes[number];
        for (int i = 0; lane->state == LANE_OPEN && i < ROUNDS_KEPT; i++)
            if (worker->blocked.jobs < JOBS_AHEAD && part_wants_ratings(&lane->part->rounds[i]))
                load(worker, lane, &lane->part->rounds[i], out);
    }
}

void blocked_turn(struct worker *worker, const struct event *event, struct outbox *out) {
    struct lane *lane = next_lane(worker);
    if (lane != NULL && event->kind == EVENT_TIMER) {
        compute(worker, lane, event->now_us, out);
        lane = next_lane(worker);
    }
    load_rounds(worker, out);
    if (lane != NULL)
        outbox_wake(out, event->now_us);
}

void blocked_loaded(struct worker *worker, const struct job *job) {
    struct part *part = worker->lanes[job->block.part].part;
    worker->blocked.jobs--;
    for (int i = 0; i < ROUNDS_KEPT; i++)
        if (job == &part->rounds[i].job)
            part->rounds[i].loading = false;
}

/* ---- answers ---- */

/* A part that was asked for as it is takes the version that the first shard tells. */
static bool is_newest(const struct part *part, const struct run_pushed_message *name) {
    return name->table == TABLE_USERS && part->users.state == RUN_ASKED && part->users.number == name->run &&
           part->users.version == RUN_NEWEST;
}

/* The run that waits in a state for this answer of a shard; NULL when it has been answered before. False when nobody ever
 * asked for it. */
static bool find_waiting(const struct worker *worker, const struct event *event,
                         const struct run_pushed_message *name, enum run_state state, struct run **run,
                         struct status *status) {
    struct part *part = name->lane < worker->spec.lanes ? worker->lanes[name->lane].part : NULL;
    *run = NULL;
    if (part == NULL || name->version >= part->asked_end[name->table])
        return status_fail(status, STATUS_PROTOCOL, "nobody asked for %ss %u at version %llu, for lane %u",
                           table_name(name->table), name->run, (unsigned long long)name->version, name->lane);
    *run = state == RUN_ASKED && is_newest(part, name)
               ? &part->users
               : part_find(part, name->table, name->run, name->version, state);
    if (*run != NULL && !question_waits_for(&(*run)->question, event->link - LINK_FIRST_PSERVER))
        *run = NULL;
    return true;
}

bool blocked_rows(struct worker *worker, const struct event *event, struct outbox *out,
                  struct status *status) {
    const struct run_rows_message *rows = &event->message->run_rows;
    const struct run_pushed_message name = {rows->lane, rows->table, rows->run, rows->version};
    uint32_t shard = event->link - LINK_FIRST_PSERVER;
    struct run *run;
    if (!find_waiting(worker, event, &name, RUN_ASKED, &run, status))
        return false;
    if (run == NULL)
        return true;
    if (!run_fill(run, &worker->spec, shard, event->message, status))
        return false;
    run->version = rows->version;
    worker->counters.pulls += rows->rows;
    worker->counters.bytes_in += event->message->body_bytes;
    if (!question_answer(&run->question, shard, event->now_us))
        return true;
    run_move(run, RUN_HERE);
    blocked_progress(worker, &worker->lanes[rows->lane], event->now_us, out);
    return true;
}

/* Every shard has accepted the push. */
static void accept(struct part *part, struct run *run) {
    if (run->table == TABLE_MOVIES) {
        run_move(run, RUN_ABSENT);
        return;
    }
    run_move(run, RUN_HERE);
    run->version++;
    part->home_step = run->step;
}

bool blocked_pushed(struct worker *worker, const struct event *event, struct outbox *out,
                    struct status *status) {
    const struct run_pushed_message *pushed = &event->message->run_pushed;
    struct run *run;
    if (!find_waiting(worker, event, pushed, RUN_PUSHED, &run, status))
        return false;
    if (run == NULL || !question_answer(&run->question, event->link - LINK_FIRST_PSERVER, event->now_us))
        return true;
    struct lane *lane = &worker->lanes[pushed->lane];
    accept(lane->part, run);
    blocked_progress(worker, lane, event->now_us, out);
    return true;
}
