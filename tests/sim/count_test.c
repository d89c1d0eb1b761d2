/* Is every push counted, exactly once? A pserver alone, pushes whose sums are exact: rows start at zero, the learning
 * rate is a half, gradients are small whole numbers, so a row ends at minus half the sum of all that was pushed to it,
 * whatever the order of the lanes. A push that was lost or counted twice cannot hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "pserver/pserver.h"

enum { LANES = 4, STEPS = 60, SHARDS = 2, INDEX = 1, USERS = 9, MOVIES = 7, FACTORS = 3, STRIDE = 8 };
enum { HELD_USERS = 4, HELD_MOVIES = 3, HELD = HELD_USERS + HELD_MOVIES, LEASE = 7 };

struct bench {
    struct pserver *pserver;
    struct engine engine;
    struct outbox out;
    _Alignas(64) unsigned char body[4096];
    uint64_t wanted;                  /* first step of a RATES_WANTED that has not been answered, plus 1 */
    uint64_t refused, ended, answers; /* ROWS: receipts of pushes */
    float values[HELD][STRIDE];       /* of the last VALUES */
    float pushed[HELD][STRIDE];       /* sums of gradients */
};

static void *on_body(void *world, size_t bytes) {
    assert_in_range(bytes, 0, sizeof((struct bench *)world)->body);
    return ((struct bench *)world)->body;
}

static void on_send(void *world, link_id link, const struct message *message) {
    struct bench *bench = world;
    (void)link;
    if (message->kind == MESSAGE_RATES_WANTED)
        bench->wanted = message->rates_wanted.first_step + 1;
    else if (message->kind == MESSAGE_ROWS)
        bench->answers++;
    else if (message->kind == MESSAGE_VALUES)
        memcpy(bench->values, bench->body, sizeof bench->values);
}

static void on_connect(void *world, link_id link, const char *endpoint) {
    (void)world;
    (void)link;
    (void)endpoint;
}

static void on_job(void *world, struct job *job) {
    (void)world;
    (void)job;
}

static void on_wake(void *world, uint64_t at_us) {
    (void)world;
    (void)at_us;
}

static void on_log(void *world, const char *sentence) {
    ((struct bench *)world)->refused += strstr(sentence, "event=refused") != NULL;
}

static void on_exit_asked(void *world, const struct status *status) {
    (void)status;
    ((struct bench *)world)->ended++;
}

static uint64_t on_clock(void *self) {
    (void)self;
    return 0;
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

static void hand(struct bench *bench, link_id link, struct message *message, const void *body, size_t bytes) {
    struct event event = {.kind = EVENT_MESSAGE, .now_us = 1, .link = link, .message = message};
    message->body = bytes == 0 ? NULL : body;
    message->body_bytes = bytes;
    bench->engine.step(bench->engine.self, &event, &bench->out);
}

static void tell_rates(struct bench *bench) {
    enum { COUNT = 16 };
    _Alignas(64) double pairs[COUNT][2];
    struct message rates = {.kind = MESSAGE_RATES, .rates = {bench->wanted - 1, COUNT}};
    if (bench->wanted == 0)
        return;
    bench->wanted = 0;
    for (int i = 0; i < COUNT; i++) {
        pairs[i][0] = 0.5;
        pairs[i][1] = 0;
    }
    hand(bench, LINK_COORDINATOR, &rates, pairs, sizeof pairs);
}

static uint32_t staleness(enum gate_kind kind) {
    return kind == GATE_SYNCHRONOUS ? 0 : 2;
}

static void open_bench(struct bench *bench, enum gate_kind kind) {
    struct status status;
    struct pserver_spec spec = {
        .member = {.role = ROLE_PSERVER, .index = INDEX, .heartbeat_us = 1000000, .silence_us = 5000000},
        .gate = {kind, LANES, staleness(kind)},
        .shard = {.model = {.factors = FACTORS, .has_bias = true},
                  .optimiser = {.kind = OPTIMISER_SGD, .decay = DECAY_DENSE},
                  .index = INDEX,
                  .shards = SHARDS,
                  .lanes = LANES,
                  .lane_rows = HELD}};
    struct message welcome = {.kind = MESSAGE_WELCOME, .welcome = {.users = USERS, .movies = MOVIES}};
    struct message open = {.kind = MESSAGE_LANE_OPEN, .lane_open = {.lease = LEASE}};
    memset(bench, 0, sizeof *bench);
    bench->pserver = pserver_new(&spec, &status);
    assert_non_null(bench->pserver);
    bench->engine = pserver_engine(bench->pserver);
    bench->out = (struct outbox){&OPS, bench};
    hand(bench, LINK_COORDINATOR, &welcome, NULL, 0);
    for (open.lane_open.lane = 0; open.lane_open.lane < LANES; open.lane_open.lane++)
        hand(bench, LINK_INCOMING, &open, NULL, 0);
}

static uint32_t row_of(uint32_t held) {
    return (held < HELD_USERS ? held : held - HELD_USERS) * SHARDS + INDEX;
}

/* What a lane pushes in one step: a random choice of rows with small whole gradients. */
struct share {
    _Alignas(64) unsigned char body[2048];
    size_t bytes;
    struct message message;
};

static void make_share(struct bench *bench, struct share *share, uint32_t lane, uint64_t step,
                       uint64_t seed) {
    uint32_t rows[HELD], count = 0, users = 0;
    float gradients[HELD][STRIDE] = {{0}};
    for (uint32_t held = 0; held < HELD; held++) {
        if (rng_bits(seed, lane, step * HELD + held) % 3 == 0)
            continue;
        users += held < HELD_USERS;
        rows[count] = row_of(held);
        for (uint32_t k = 0; k <= FACTORS; k++) {
            gradients[count][k] = (float)(rng_bits(seed, 100 + lane, step * HELD + held + k * 7777) % 9) - 4;
            bench->pushed[held][k] += gradients[count][k];
        }
        count++;
    }
    memset(share, 0, sizeof *share);
    size_t ids_bytes = message_padded(count * sizeof *rows);
    memcpy(share->body, rows, count * sizeof *rows);
    memcpy(share->body + ids_bytes, gradients, count * sizeof *gradients);
    share->bytes = ids_bytes + count * sizeof *gradients;
    share->message = (struct message){.kind = MESSAGE_STEP};
    share->message.step = (struct step_message){.lane = lane,
                                                .lease = LEASE,
                                                .pushes = 1,
                                                .push_step = step,
                                                .push_users = users,
                                                .push_movies = count - users,
                                                .pull_step = step + 1};
}

static void send_share(struct bench *bench, struct share *share, bool is_right) {
    uint64_t refused = bench->refused;
    hand(bench, LINK_INCOMING, &share->message, share->body, share->bytes);
    tell_rates(bench);
    assert_int_equal(bench->refused, refused + !is_right);
}

/* The same push from one who has lost the lane, and one that leaves a step out: neither may count. */
static void send_wrong_ones(struct bench *bench, const struct share *share) {
    struct share wrong = *share;
    wrong.message.step.lease = LEASE - 1;
    send_share(bench, &wrong, false);
    wrong = *share;
    wrong.message.step.push_step++;
    wrong.message.step.pull_step++;
    send_share(bench, &wrong, false);
}

/* Pushes a step, and now and then sends wrong pushes before it and copies of it after it: `mischief` bits say which. */
static void push(struct bench *bench, uint32_t lane, uint64_t step, uint64_t seed, uint64_t mischief) {
    struct share share;
    make_share(bench, &share, lane, step, seed);
    if ((mischief & 1) != 0)
        send_wrong_ones(bench, &share);
    send_share(bench, &share, true);
    for (uint64_t copies = mischief >> 1 & 3; copies > 0; copies--)
        send_share(bench, &share, true);
}

static void read_all(struct bench *bench) {
    _Alignas(64) uint32_t rows[HELD];
    struct message read = {.kind = MESSAGE_READ, .read = {1, HELD_USERS, HELD_MOVIES}};
    for (uint32_t held = 0; held < HELD; held++)
        rows[held] = row_of(held);
    hand(bench, LINK_INCOMING, &read, rows, sizeof rows);
}

/* The lane that pushes next: any that has steps left and an answer to its last push. */
static uint32_t draw_lane(const uint64_t *done, enum gate_kind kind, uint64_t seed, uint64_t *drawn) {
    for (;;) {
        uint32_t lane = (uint32_t)(rng_bits(seed, 9, (*drawn)++) % LANES);
        uint64_t slowest = STEPS;
        for (uint32_t i = 0; i < LANES; i++)
            slowest = done[i] < slowest ? done[i] : slowest;
        if (done[lane] < STEPS && (kind == GATE_ASP || done[lane] <= slowest + staleness(kind)))
            return lane;
    }
}

static void count_pushes(enum gate_kind kind, uint64_t seed) {
    static struct bench bench;
    uint64_t done[LANES] = {0}, drawn = 0;
    open_bench(&bench, kind);
    for (uint64_t i = 0; i < LANES * STEPS; i++) {
        uint32_t lane = draw_lane(done, kind, seed, &drawn);
        push(&bench, lane, done[lane]++, seed, rng_bits(seed, 10, i));
    }
    assert_in_range(bench.answers, LANES * STEPS, 4 * LANES * STEPS);
    read_all(&bench);
    for (uint32_t held = 0; held < HELD; held++)
        for (uint32_t k = 0; k < STRIDE; k++)
            assert_true(bench.values[held][k] == -0.5f * bench.pushed[held][k]);
    assert_int_equal(bench.ended, 0);
    pserver_free(bench.pserver);
    assert_int_equal(memory_blocks_held(), 0);
}

static void every_push_counts_once(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++)
        for (int kind = GATE_SYNCHRONOUS; kind <= GATE_ASP; kind++)
            count_pushes((enum gate_kind)kind, seed);
}

/* SETTLE is the coordinator's word alone. */
static void a_worker_cannot_settle(void **state) {
    static struct bench bench;
    struct message settle = {.kind = MESSAGE_SETTLE};
    (void)state;
    open_bench(&bench, GATE_ASP);
    hand(&bench, LINK_INCOMING, &settle, NULL, 0);
    assert_int_equal(bench.refused, 1);
    hand(&bench, LINK_COORDINATOR, &settle, NULL, 0);
    assert_int_equal(bench.refused, 1);
    pserver_free(bench.pserver);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_push_counts_once),
                                       cmocka_unit_test(a_worker_cannot_settle)};
    return cmocka_run_group_tests_name("sim/count", tests, NULL, NULL);
}
