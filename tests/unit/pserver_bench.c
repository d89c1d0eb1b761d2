#include "tests/unit/pserver_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/rng.h"

/* ---- the recording world ---- */

static void *on_body(void *world, size_t bytes) {
    struct bench *bench = world;
    assert_true(bytes <= BODY_BYTES);
    bench->body_bytes = bytes;
    return bench->body;
}

static void on_send(void *world, link_id link, const struct message *message) {
    struct bench *bench = world;
    struct sent *sent = &bench->sent[bench->sent_count++];
    assert_true(bench->sent_count < SENT_MAX && bench->body_bytes <= sizeof sent->body);
    sent->message = *message;
    sent->message.body_bytes = bench->body_bytes;
    sent->link = link;
    memcpy(sent->body, bench->body, bench->body_bytes);
    bench->body_bytes = 0;
    if (message->kind == MESSAGE_RATES_WANTED) {
        bench->rates_wanted = true;
        bench->first_rate = message->rates_wanted.first_step;
    }
}

static void on_connect(void *world, link_id link, const char *endpoint) {
    (void)world, (void)link, (void)endpoint;
}

static void on_job(void *world, struct job *job) {
    struct bench *bench = world;
    assert_null(bench->job);
    bench->job = job;
}

static void on_wake(void *world, uint64_t at_us) {
    (void)world, (void)at_us;
}

static void on_log(void *world, const char *sentence) {
    ((struct bench *)world)->refused += strstr(sentence, "event=refused") != NULL;
}

static void on_exit_asked(void *world, const struct status *status) {
    struct bench *bench = world;
    bench->ended++;
    bench->ended_with = status->code;
}

static uint64_t on_clock(void *self) {
    struct bench *bench = self;
    return bench->clock_ns += bench->tick_ns;
}

static struct driver_figures on_measure(void *self) {
    (void)self;
    return (struct driver_figures){0, 0};
}

static void on_show(void *self, const struct figures *figures) {
    (void)self, (void)figures;
}

static const struct outbox_ops OPS = {on_body, on_send,       on_connect, on_job,     on_wake,
                                      on_log,  on_exit_asked, on_clock,   on_measure, on_show};

void bench_hand(struct bench *bench, link_id link, struct message *message, const void *body, size_t bytes) {
    struct event event = {.kind = EVENT_MESSAGE, .now_us = 1, .link = link, .message = message};
    message->body = bytes == 0 ? NULL : body;
    message->body_bytes = bytes;
    bench->engine.step(bench->engine.self, &event, &bench->out);
}

void bench_tell_rates(struct bench *bench) {
    _Alignas(64) double pairs[RATES_KNOWN][2];
    struct message rates = {.kind = MESSAGE_RATES, .rates = {bench->first_rate, RATES_KNOWN}};
    for (int i = 0; i < RATES_KNOWN; i++) {
        pairs[i][0] = 0.1 + 0.01 * (double)((bench->first_rate + (uint64_t)i) % 5);
        pairs[i][1] = 0.9;
    }
    bench->rates_wanted = false;
    bench_hand(bench, LINK_COORDINATOR, &rates, pairs, sizeof pairs);
}

void bench_finish_job(struct bench *bench, enum status_code code) {
    struct job *job = bench->job;
    struct event event = {.kind = EVENT_JOB_DONE, .now_us = 1, .job = job};
    assert_non_null(job);
    bench->job = NULL;
    if (code != STATUS_OK)
        status_fail(&job->status, code, "the disk said no");
    bench->engine.step(bench->engine.self, &event, &bench->out);
}

void bench_beat(struct bench *bench) {
    static uint64_t now_us;
    struct event event = {.kind = EVENT_TIMER, .now_us = now_us += BEAT_US};
    bench->engine.step(bench->engine.self, &event, &bench->out);
}

/* The newest message of a kind, and how many there have been. */
const struct sent *bench_last(const struct bench *bench, enum message_kind kind) {
    for (size_t i = bench->sent_count; i > 0; i--)
        if (bench->sent[i - 1].message.kind == kind)
            return &bench->sent[i - 1];
    return NULL;
}

int bench_count(const struct bench *bench, enum message_kind kind) {
    int found = 0;
    for (size_t i = 0; i < bench->sent_count; i++)
        found += bench->sent[i].message.kind == kind;
    return found;
}

/* ---- a run of one shard ---- */

void bench_make_of(struct bench *bench, const struct pserver_spec *spec) {
    struct status status;
    memset(bench, 0, sizeof *bench);
    bench->spec = *spec;
    bench->pserver = pserver_new(&bench->spec, &status);
    assert_non_null(bench->pserver);
    bench->engine = pserver_engine(bench->pserver);
    bench->out = (struct outbox){&OPS, bench};
}

void bench_make(struct bench *bench, enum gate_kind kind, uint32_t staleness) {
    struct pserver_spec spec = {
        .member = {.role = ROLE_PSERVER, .heartbeat_us = BEAT_US, .silence_us = UINT64_MAX},
        .gate = {kind, LANES, staleness},
        .shard = {.model = {.factors = FACTORS, .has_bias = true, .init_scale = 0.1f, .seed = 5},
                  .optimiser = {.kind = OPTIMISER_ADAM,
                                .beta1 = 0.9,
                                .beta2 = 0.99,
                                .epsilon = 1e-8,
                                .weight_decay = 0.01,
                                .decay = DECAY_DENSE},
                  .shards = 1,
                  .lanes = LANES,
                  .lane_rows = LANE_ROWS}};
    bench_make_of(bench, &spec);
}

void bench_welcome(struct bench *bench, uint64_t checkpoint, uint64_t lane_step, uint64_t clock_step) {
    struct message message = {.kind = MESSAGE_WELCOME,
                              .welcome = {.users = USERS,
                                          .movies = MOVIES,
                                          .checkpoint = checkpoint,
                                          .checkpoint_shards = bench->spec.shard.shards,
                                          .lane_step = lane_step,
                                          .clock_step = clock_step}};
    bench_hand(bench, LINK_COORDINATOR, &message, NULL, 0);
}

void bench_open_lane(struct bench *bench, link_id link, uint32_t lane, uint32_t lease) {
    struct message message = {.kind = MESSAGE_LANE_OPEN, .lane_open = {lane, lease}};
    bench_hand(bench, link, &message, NULL, 0);
}

void bench_open(struct bench *bench, enum gate_kind kind, uint32_t staleness) {
    bench_make(bench, kind, staleness);
    bench_welcome(bench, 0, 0, 0);
    for (uint32_t lane = 0; lane < LANES; lane++)
        bench_open_lane(bench, LINK_INCOMING + lane, lane, 1);
}

void bench_close(struct bench *bench) {
    pserver_free(bench->pserver);
}

static uint32_t lead_of(const struct bench *bench) {
    return gate_lead(&bench->spec.gate);
}

/* The rows of a lane's step, two users and a movie: made from both numbers, and different. */
void bench_name_rows(uint32_t *rows, uint32_t lane, uint64_t step) {
    rows[0] = (uint32_t)(rng_bits(1, lane, step) % (USERS - 1));
    rows[1] = rows[0] + 1;
    rows[2] = (uint32_t)(rng_bits(2, lane, step) % MOVIES);
}

/* Gradients depend on the rows that were read when `read` is given, as a worker's do. */
void bench_send_step(struct bench *bench, const struct request_plan *plan, const float *read) {
    _Alignas(64) unsigned char body[BODY_BYTES] = {0};
    uint64_t pull = plan->pushes ? plan->step + 1 + lead_of(bench) : plan->step;
    uint32_t *rows = (uint32_t *)body, pushed = plan->pushes ? PULLED : 0;
    size_t ids = message_padded((pushed + PULLED) * sizeof *rows);
    float *gradients = (float *)(body + ids);
    if (plan->pushes)
        bench_name_rows(rows, plan->lane, plan->step);
    bench_name_rows(rows + pushed, plan->lane, pull);
    for (uint32_t i = 0; i < pushed; i++)
        for (uint32_t k = 0; k <= FACTORS; k++)
            gradients[i * STRIDE + k] = (float)(rng_unit(plan->step, plan->lane, i * STRIDE + k) - 0.5) +
                                        (read == NULL ? 0 : read[i * STRIDE + k]);
    struct message message = {.kind = MESSAGE_STEP,
                              .step = {.lane = plan->lane,
                                       .lease = plan->lease,
                                       .pushes = plan->pushes,
                                       .push_step = plan->pushes ? plan->step : 0,
                                       .push_users = plan->pushes ? 2 : 0,
                                       .push_movies = plan->pushes ? 1 : 0,
                                       .squared = 0.5 * (double)plan->step,
                                       .count = plan->step,
                                       .pull_step = pull,
                                       .pull_users = 2,
                                       .pull_movies = 1}};
    bench_hand(bench, plan->link, &message, body, ids + pushed * STRIDE * sizeof(float));
    if (bench->rates_wanted && !bench->rates_withheld)
        bench_tell_rates(bench);
}

void bench_push(struct bench *bench, uint32_t lane, uint64_t step) {
    bench_send_step(bench, &(struct request_plan){LINK_INCOMING + lane, lane, 1, true, step}, NULL);
}

void bench_pull(struct bench *bench, uint32_t lane, uint64_t step) {
    bench_send_step(bench, &(struct request_plan){LINK_INCOMING + lane, lane, 1, false, step}, NULL);
}

void bench_pull_ahead(struct bench *bench, uint64_t first) {
    for (uint32_t lane = 0; lane < LANES; lane++)
        for (uint64_t step = first; step <= first + lead_of(bench); step++)
            bench_pull(bench, lane, step);
}

const struct sent *bench_rows(const struct bench *bench, uint32_t lane, uint64_t step) {
    for (size_t i = bench->sent_count; i > 0; i--) {
        const struct sent *sent = &bench->sent[i - 1];
        if (sent->message.kind == MESSAGE_ROWS && sent->message.rows.lane == lane &&
            sent->message.rows.step == step)
            return sent;
    }
    return NULL;
}

/* Steps first .. end - 1 of every lane, each working on the rows it has read. */
void bench_train(struct bench *bench, uint64_t first, uint64_t end) {
    for (uint64_t step = first; step < end; step++)
        for (uint32_t lane = 0; lane < LANES; lane++) {
            const struct sent *rows = bench_rows(bench, lane, step);
            assert_non_null(rows);
            bench_send_step(bench, &(struct request_plan){LINK_INCOMING + lane, lane, 1, true, step},
                            (const float *)rows->body);
        }
}

void bench_settle(struct bench *bench, uint64_t step) {
    struct message message = {.kind = MESSAGE_SETTLE, .settle = {step}};
    bench_hand(bench, LINK_COORDINATOR, &message, NULL, 0);
}

void bench_cut(struct bench *bench, uint64_t number, uint64_t lane_step, uint64_t clock_step) {
    struct message message = {.kind = MESSAGE_CUT, .cut = {number, lane_step, clock_step}};
    bench_hand(bench, LINK_COORDINATOR, &message, NULL, 0);
}

/* The counters of a heartbeat. */
struct heartbeat_message bench_counters(struct bench *bench) {
    bench_beat(bench);
    return bench_last(bench, MESSAGE_HEARTBEAT)->message.heartbeat;
}
