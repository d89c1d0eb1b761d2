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

enum {
    LANES = 4,
    LEASE = 1,
    STALENESS = 2,
    STEPS = 60,
    SHARDS = 2,
    INDEX = 1,
    USERS = 9,
    MOVIES = 7,
    FACTORS = 3,
    STRIDE = 8
};
enum { HELD_USERS = 4, HELD_MOVIES = 3, HELD = HELD_USERS + HELD_MOVIES };

struct bench {
    struct pserver *pserver;
    struct engine engine;
    struct outbox out;
    _Alignas(64) unsigned char body[4096];
    uint64_t wanted; /* first step of a RATES_WANTED that has not been answered, plus 1 */
    uint64_t refused, ended;
    float values[HELD][STRIDE]; /* of the last VALUES */
    float pushed[HELD][STRIDE]; /* sums of gradients */
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

static const struct outbox_ops OPS = {on_body, on_send, on_connect, on_job, on_wake, on_log, on_exit_asked};

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

static void open_bench(struct bench *bench, enum gate_kind kind) {
    struct status status;
    struct pserver_spec spec = {
        .member = {.role = ROLE_PSERVER, .index = INDEX, .heartbeat_us = 1000000, .silence_us = 5000000},
        .gate = {kind, LANES, kind == GATE_SYNCHRONOUS ? 0 : STALENESS},
        .shard = {.model = {.factors = FACTORS, .has_bias = true},
                  .optimiser = {.kind = OPTIMISER_SGD, .decay = DECAY_DENSE},
                  .index = INDEX,
                  .shards = SHARDS,
                  .lanes = LANES,
                  .lane_rows = HELD}};
    struct message welcome = {.kind = MESSAGE_WELCOME, .welcome = {.users = USERS, .movies = MOVIES}};
    memset(bench, 0, sizeof *bench);
    bench->pserver = pserver_new(&spec, &status);
    assert_non_null(bench->pserver);
    bench->engine = pserver_engine(bench->pserver);
    bench->out = (struct outbox){&OPS, bench};
    hand(bench, LINK_COORDINATOR, &welcome, NULL, 0);
    for (uint32_t lane = 0; lane < LANES; lane++) {
        struct message open = {.kind = MESSAGE_LANE_OPEN, .lane_open = {lane, LEASE}};
        hand(bench, LINK_INCOMING, &open, NULL, 0);
    }
}

static uint32_t row_of(uint32_t held) {
    return (held < HELD_USERS ? held : held - HELD_USERS) * SHARDS + INDEX;
}

/* Pushes a random choice of rows with small whole gradients; a copy of the same STEP follows now and then. */
static void push(struct bench *bench, uint32_t lane, uint64_t step, uint64_t seed, bool twice) {
    _Alignas(64) unsigned char body[2048] = {0};
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
    size_t ids_bytes = message_padded(count * sizeof *rows);
    memcpy(body, rows, count * sizeof *rows);
    memcpy(body + ids_bytes, gradients, count * sizeof *gradients);
    struct message message = {.kind = MESSAGE_STEP,
                              .step = {.lane = lane,
                                       .lease = LEASE,
                                       .pushes = 1,
                                       .push_step = step,
                                       .push_users = users,
                                       .push_movies = count - users,
                                       .pull_step = step + 1}};
    uint64_t refused = bench->refused;
    hand(bench, LINK_INCOMING, &message, body, ids_bytes + count * sizeof *gradients);
    tell_rates(bench);
    assert_int_equal(bench->refused, refused);
    if (!twice)
        return;
    hand(bench, LINK_INCOMING, &message, body, ids_bytes + count * sizeof *gradients);
    assert_int_equal(bench->refused, refused);
}

static void read_all(struct bench *bench) {
    _Alignas(64) uint32_t rows[HELD];
    struct message read = {.kind = MESSAGE_READ, .read = {1, HELD_USERS, HELD_MOVIES}};
    for (uint32_t held = 0; held < HELD; held++)
        rows[held] = row_of(held);
    hand(bench, LINK_INCOMING, &read, rows, sizeof rows);
}

/* The lane that pushes next: any that has steps left, and has the rows for the next one. */
static uint32_t draw_lane(const uint64_t *done, enum gate_kind kind, uint64_t seed, uint64_t *drawn) {
    uint64_t ahead = kind == GATE_SYNCHRONOUS ? 0 : kind == GATE_SSP ? STALENESS : STEPS;
    for (;;) {
        uint32_t lane = (uint32_t)(rng_bits(seed, 9, (*drawn)++) % LANES);
        uint64_t slowest = STEPS;
        for (uint32_t i = 0; i < LANES; i++)
            slowest = done[i] < slowest ? done[i] : slowest;
        if (done[lane] < STEPS && done[lane] <= slowest + ahead)
            return lane;
    }
}

static void count_pushes(enum gate_kind kind, uint64_t seed) {
    static struct bench bench;
    uint64_t done[LANES] = {0}, drawn = 0;
    open_bench(&bench, kind);
    for (uint64_t i = 0; i < LANES * STEPS; i++) {
        uint32_t lane = draw_lane(done, kind, seed, &drawn);
        push(&bench, lane, done[lane]++, seed, rng_bits(seed, 10, i) % 4 == 0);
    }
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
