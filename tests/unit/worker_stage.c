#include "worker_stage.h"

#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/rng.h"

static const char ENDPOINTS[] = "test://0\0test://1";

static struct worker_spec spec_of(uint32_t lead) {
    return (struct worker_spec){
        .member = {.role = ROLE_WORKER, .heartbeat_us = STAGE_BEAT_US, .silence_us = STAGE_SILENCE_US},
        .model = {.factors = 3, .has_bias = true, .has_range = true, .range_high = 5.5f},
        .pservers = STAGE_PSERVERS,
        .batch = STAGE_LANES * STAGE_LANE_RATINGS,
        .lanes = STAGE_LANES,
        .lead = lead,
        .steps_per_epoch = STAGE_EPOCH,
        .total_steps = STAGE_TOTAL,
        .request_timeout_us = STAGE_TIMEOUT_US,
    };
}

static struct rating rating_of(uint64_t step, uint32_t lane, uint64_t i) {
    uint64_t key = step * STAGE_LANES + lane;
    return (struct rating){(uint32_t)(rng_bits(key, 1, i) % 9), (uint32_t)(rng_bits(key, 2, i) % 7),
                           (float)(1 + rng_bits(key, 3, i) % 5)};
}

static void write_row(float *row, enum table_id table, uint32_t number) {
    memset(row, 0, STAGE_STRIDE * sizeof *row);
    for (uint32_t i = 0; i < 4; i++)
        row[i] = (float)(rng_unit(table, number, i) - 0.5);
}

struct loss_sum stage_loss(uint64_t step, uint32_t lane) {
    struct worker_spec spec = spec_of(0);
    struct slot_rating slots[STAGE_LANE_RATINGS];
    _Alignas(64) float rows[2 * STAGE_LANE_RATINGS][STAGE_STRIDE];
    struct loss_sum loss = {0};
    for (uint32_t i = 0; i < STAGE_LANE_RATINGS; i++) {
        struct rating rating = rating_of(step, lane, i);
        write_row(rows[2 * i], TABLE_USERS, rating.user);
        write_row(rows[2 * i + 1], TABLE_MOVIES, rating.movie);
        slots[i] = (struct slot_rating){2 * i, 2 * i + 1, rating.value};
    }
    dot_bias_evaluate(&spec.model, slots, STAGE_LANE_RATINGS, rows[0], &loss);
    return loss;
}

/* ---- the outbox ---- */

static void *op_body(void *world, size_t bytes) {
    struct stage *stage = world;
    REQUIRE(bytes <= STAGE_BODY_MAX && stage->sent_count < STAGE_SENT_MAX, "the stage has room");
    stage->body_bytes = bytes;
    memset(stage->sent[stage->sent_count].body, 0xee, bytes);
    return stage->sent[stage->sent_count].body;
}

static void op_send(void *world, link_id link, const struct message *message) {
    struct stage *stage = world;
    REQUIRE(stage->sent_count < STAGE_SENT_MAX, "the stage has room");
    struct sent *sent = &stage->sent[stage->sent_count++];
    sent->link = link;
    sent->taken = false;
    sent->message = *message;
    sent->message.body = sent->body;
    sent->message.body_bytes = stage->body_bytes;
    stage->body_bytes = 0;
}

static void op_connect(void *world, link_id link, const char *endpoint) {
    struct stage *stage = world;
    REQUIRE(strncmp(endpoint, "test://", 7) == 0 && endpoint[7] - '0' == (int)(link - LINK_FIRST_PSERVER),
            "links are named after shards");
    stage->connects++;
}

static void op_job(void *world, struct job *job) {
    struct stage *stage = world;
    for (uint32_t i = 0; i < stage->job_count; i++)
        REQUIRE(stage->jobs[i] != job, "an engine leaves a job alone until it is done");
    REQUIRE(stage->job_count < STAGE_JOBS_MAX, "the stage has room");
    stage->jobs[stage->job_count++] = job;
}

static void op_wake(void *world, uint64_t at_us) {
    ((struct stage *)world)->wake_us = at_us;
}

static void op_log(void *world, const char *sentence) {
    ((struct stage *)world)->refused += strstr(sentence, "event=refused") != NULL;
}

static void op_exit(void *world, const struct status *status) {
    struct stage *stage = world;
    REQUIRE(!stage->ended, "an engine ends once");
    stage->ended = true;
    stage->outcome = *status;
}

static uint64_t op_clock(void *self) {
    struct stage *stage = self;
    return stage->clock_ns += stage->tick_ns;
}

static struct driver_figures op_measure(void *self) {
    (void)self;
    return (struct driver_figures){0, 0};
}

static void op_show(void *self, const struct figures *figures) {
    (void)self, (void)figures;
}

static const struct outbox_ops OPS = {op_body, op_send, op_connect, op_job,     op_wake,
                                      op_log,  op_exit, op_clock,   op_measure, op_show};

static void step(struct stage *stage, struct event event) {
    struct outbox out = {&OPS, stage};
    event.now_us = stage->now_us;
    event.busy_us = stage->busy_us;
    stage->engine.step(stage->engine.self, &event, &out);
}

/* ---- events ---- */

struct stage *stage_make(uint32_t lead) {
    struct worker_spec spec = spec_of(lead);
    return stage_make_of(&spec);
}

struct stage *stage_make_of(const struct worker_spec *spec) {
    static struct stage stage;
    struct status status;
    memset(&stage, 0, sizeof stage);
    stage.now_us = 1000;
    stage.worker = worker_new(spec, &status);
    if (stage.worker == NULL)
        return NULL;
    stage.engine = worker_engine(stage.worker);
    return &stage;
}

struct stage *stage_open(uint32_t lead) {
    struct worker_spec spec = spec_of(lead);
    return stage_open_of(&spec);
}

struct stage *stage_open_of(const struct worker_spec *spec) {
    struct stage *stage = stage_make_of(spec);
    REQUIRE(stage != NULL, "the stage has memory");
    stage_start(stage);
    stage_topology(stage);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        stage_welcome(stage, LINK_FIRST_PSERVER + shard);
    stage_forget(stage);
    return stage;
}

void stage_close(struct stage *stage) {
    worker_free(stage->worker);
}

void stage_start(struct stage *stage) {
    step(stage, (struct event){.kind = EVENT_START});
    stage_welcome(stage, LINK_COORDINATOR);
}

void stage_hear(struct stage *stage, link_id link, struct message message, const void *body,
                size_t body_bytes) {
    _Alignas(64) unsigned char bytes[STAGE_BODY_MAX];
    if (body_bytes != 0)
        memcpy(bytes, body, body_bytes);
    message.body = body_bytes == 0 ? NULL : bytes;
    message.body_bytes = body_bytes;
    for (int times = stage->twice ? 2 : 1; times > 0 && !stage->ended; times--)
        step(stage, (struct event){.kind = EVENT_MESSAGE, .link = link, .message = &message});
}

void stage_topology(struct stage *stage) {
    stage_hear(stage, LINK_COORDINATOR,
               (struct message){.kind = MESSAGE_TOPOLOGY, .topology = {STAGE_PSERVERS}}, ENDPOINTS,
               sizeof ENDPOINTS);
}

void stage_welcome(struct stage *stage, link_id link) {
    stage_hear(stage, link, (struct message){.kind = MESSAGE_WELCOME}, NULL, 0);
}

void stage_grant(struct stage *stage, uint64_t serial, uint64_t first_step, uint64_t end_step,
                 const struct grant_lane *lanes, uint32_t count) {
    struct message message = {.kind = MESSAGE_GRANT};
    message.grant =
        (struct grant_message){serial, (uint32_t)(first_step / STAGE_EPOCH), first_step, end_step, count};
    stage_hear(stage, LINK_COORDINATOR, message, lanes, count * sizeof *lanes);
}

void stage_lane_at(struct stage *stage, uint32_t shard, uint32_t lane, uint32_t lease, uint64_t pushed,
                   double squared, uint64_t count) {
    stage_hear(stage, LINK_FIRST_PSERVER + shard,
               (struct message){.kind = MESSAGE_LANE_AT, .lane_at = {lane, lease, pushed, squared, count}},
               NULL, 0);
}

void stage_tick(struct stage *stage) {
    stage->now_us += STAGE_BEAT_US;
    step(stage, (struct event){.kind = EVENT_TIMER});
    stage_hear(stage, LINK_COORDINATOR, (struct message){.kind = MESSAGE_PULSE}, NULL, 0);
}

bool stage_wakes(struct stage *stage) {
    if (stage->ended || stage->wake_us > stage->now_us)
        return false;
    stage->wake_us = UINT64_MAX;
    step(stage, (struct event){.kind = EVENT_TIMER});
    return true;
}

static void perform(const struct stage *stage, struct job *job) {
    job->status.code = STATUS_OK;
    if (job->kind == JOB_LOAD_BLOCK) {
        stage->load_block(job);
        return;
    }
    if (job->kind == JOB_LOAD_LANE) {
        uint64_t at = job->lane.epoch * STAGE_EPOCH + job->lane.step_in_epoch;
        for (uint32_t i = 0; i < STAGE_LANE_RATINGS; i++)
            job->lane.ratings[i] = rating_of(at, job->lane.lane, i);
        job->lane.count = STAGE_LANE_RATINGS;
        job->lane.minibatch = STAGE_LANES * STAGE_LANE_RATINGS;
        return;
    }
    for (uint32_t i = 0; i < job->valid.count; i++) {
        job->valid.ratings[i] = rating_of(1000, 0, job->valid.first + i);
        job->valid.cold[i] = 0;
    }
}

void stage_job(struct stage *stage, uint32_t n) {
    struct job *job = stage->jobs[n];
    memmove(stage->jobs + n, stage->jobs + n + 1, (--stage->job_count - n) * sizeof *stage->jobs);
    perform(stage, job);
    step(stage, (struct event){.kind = EVENT_JOB_DONE, .job = job});
}

void stage_jobs(struct stage *stage) {
    while (stage->job_count > 0)
        stage_job(stage, 0);
}

/* ---- what was sent ---- */

struct sent *stage_take(struct stage *stage, enum message_kind kind) {
    for (uint32_t i = 0; i < stage->sent_count; i++)
        if (!stage->sent[i].taken && stage->sent[i].message.kind == kind) {
            stage->sent[i].taken = true;
            return &stage->sent[i];
        }
    return NULL;
}

uint32_t stage_count(const struct stage *stage, enum message_kind kind) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < stage->sent_count; i++)
        count += !stage->sent[i].taken && stage->sent[i].message.kind == kind;
    return count;
}

void stage_forget(struct stage *stage) {
    for (uint32_t i = 0; i < stage->sent_count; i++)
        stage->sent[i].taken = true;
}

static void answer_rows(struct stage *stage, link_id link, struct message message, const uint32_t *ids,
                        uint32_t users, uint32_t movies) {
    float rows[2 * STAGE_LANE_RATINGS + 64][STAGE_STRIDE];
    for (uint32_t i = 0; i < users + movies; i++)
        write_row(rows[i], i < users ? TABLE_USERS : TABLE_MOVIES, ids[i]);
    stage_hear(stage, link, message, rows, (users + movies) * sizeof rows[0]);
}

void stage_answer(struct stage *stage, const struct sent *asked) {
    const uint32_t *ids = (const uint32_t *)asked->body;
    struct message message = {.kind = MESSAGE_ROWS};
    if (asked->message.kind == MESSAGE_READ) {
        const struct read_message *read = &asked->message.read;
        message.kind = MESSAGE_VALUES;
        message.values = (struct values_message){read->request, read->users + read->movies};
        answer_rows(stage, asked->link, message, ids, read->users, read->movies);
        return;
    }
    const struct step_message *of = &asked->message.step;
    message.rows =
        (struct rows_message){of->lane, of->pull_step, of->pull_step, of->pull_users + of->pull_movies};
    answer_rows(stage, asked->link, message, ids + of->push_users + of->push_movies, of->pull_users,
                of->pull_movies);
}

void stage_run(struct stage *stage) {
    for (;;) {
        const struct sent *asked = stage_take(stage, MESSAGE_STEP);
        if (asked == NULL)
            asked = stage_take(stage, MESSAGE_READ);
        if (asked != NULL)
            stage_answer(stage, asked);
        else if (stage->job_count > 0)
            stage_job(stage, 0);
        else
            return;
    }
}
