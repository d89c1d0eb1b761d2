/* Does a pserver in mode blocked hand out every version of a run once it is there, count every push once, and hold what one
 * process would? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "proto/rows.h"
#include "tests/unit/blocked_bench.h"

enum { ROUNDS = 4 * STRATA };

static struct bench benches[SHARDS_MAX];
static struct whole whole;

/* ---- what the rows become ---- */

static void train_on(enum optimiser_kind kind, double momentum, uint32_t shards) {
    whole_open(&whole, kind, momentum);
    for (uint32_t shard = 0; shard < shards; shard++)
        blocked_open(&benches[shard], kind, shard, shards);
    for (uint64_t first = 0, home = 0; first < ROUNDS; first += 4, home++) {
        blocked_train(benches, shards, first, first + 4, momentum, home);
        whole_train(&whole, first, first + 4);
    }
    blocked_compare(benches, shards, &whole, ROUNDS);
    for (uint32_t shard = 0; shard < shards; shard++) {
        assert_int_equal(benches[shard].refused, 0);
        assert_int_equal(bench_count(&benches[shard], MESSAGE_RATES_WANTED), 0);
        bench_close(&benches[shard]);
    }
}

static void shards_hold_what_one_process_would(void **state) {
    (void)state;
    for (uint32_t shards = 1; shards <= SHARDS_MAX; shards++) {
        train_on(OPTIMISER_SGD, 0, shards);
        train_on(OPTIMISER_SGD, 0.9, shards);
        train_on(OPTIMISER_ADAGRAD_ROW, 0, shards);
    }
    assert_int_equal(memory_blocks_held(), 0);
}

/* ---- exactly once ---- */

static void a_push_counts_once(void **state) {
    struct bench *bench = &benches[0];
    float before[RUN_FLOATS];
    struct run_plan plan = blocked_round(0, 0), next = blocked_round(1, 0);
    (void)state;
    plan.momentum = 0.9;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    blocked_pull(bench, &plan);
    for (int copy = 1; copy <= 3; copy++) {
        blocked_push(bench, &plan);
        assert_int_equal(bench_count(bench, MESSAGE_RUN_PUSHED), copy);
        const struct run_pushed_message *pushed = &bench_last(bench, MESSAGE_RUN_PUSHED)->message.run_pushed;
        assert_true(pushed->lane == 0 && pushed->table == TABLE_MOVIES && pushed->run == 0);
        assert_int_equal(pushed->version, plan.version);
        blocked_pull(bench, &next);
        const struct sent *rows = run_rows_sent(bench, next.name, next.version);
        if (copy == 1)
            memcpy(before, rows->body, sizeof before);
        assert_memory_equal(rows->body, before, rows->message.body_bytes);
    }
    struct heartbeat_message counters = bench_counters(bench);
    assert_true(counters.repeats == 2 && counters.pushes == 3 && counters.refused == 0);
    assert_int_equal(bench->refused, 0);
    bench_close(bench);
}

static void parts_count_their_homecomings(void **state) {
    struct bench *bench = &benches[0];
    (void)state;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    for (uint64_t version = 0; version < 3; version++) {
        struct run_plan plan = blocked_part(1, version), newest = blocked_part(1, RUN_NEWEST);
        blocked_pull(bench, &newest);
        assert_int_equal(bench_last(bench, MESSAGE_RUN_ROWS)->message.run_rows.version, version);
        blocked_push(bench, &plan);
        blocked_push(bench, &plan);
        assert_int_equal(bench_last(bench, MESSAGE_RUN_PUSHED)->message.run_pushed.version, version);
    }
    assert_int_equal(bench->refused, 0);
    assert_int_equal(bench_counters(bench).repeats, 3);
    struct run_plan early = blocked_part(1, 5);
    blocked_push_floats(bench, &early, (float[RUN_FLOATS]){0});
    assert_int_equal(bench->refused, 1);
    bench_close(bench);
}

static void what_comes_too_early_or_from_elsewhere_is_refused(void **state) {
    struct bench *bench = &benches[0];
    static const float FLOATS[RUN_FLOATS];
    (void)state;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    struct run_plan wrong[] = {blocked_round(1, 0), blocked_round(0, 0), blocked_round(0, 0),
                               blocked_round(0, 0), blocked_round(0, 0), blocked_part(0, 0),
                               blocked_part(0, 0),  blocked_round(0, 0), blocked_round(0, 0)};
    wrong[1].version = 1;
    wrong[2].step = 1;
    wrong[3].name = STRATUM[1];
    wrong[4].step = wrong[4].version = UINT64_MAX;
    wrong[5].name.run = 1;
    wrong[6].name.run = PARTS;
    wrong[7].momentum = NAN;
    wrong[8].name.run = STRATA - 1;
    int count = sizeof wrong / sizeof *wrong;
    for (int i = 0; i < count; i++) {
        blocked_push_floats(bench, &wrong[i], FLOATS);
        assert_int_equal(bench->refused, i + 1);
    }
    assert_int_equal(bench_count(bench, MESSAGE_RUN_PUSHED), 0);
    bench_close(bench);
}

static void bodies_have_the_size_of_their_run(void **state) {
    struct bench *bench = &benches[0];
    static const float FLOATS[RUN_FLOATS];
    (void)state;
    blocked_open(bench, OPTIMISER_ADAGRAD_ROW, 0, 1);
    struct message message = {.kind = MESSAGE_RUN_PUSH,
                              .run_push = {.lease = 1, .table = TABLE_MOVIES, .rows = 3}};
    size_t right = 3 * (STRIDE + 1) * sizeof(float);
    bench_hand(bench, LINK_INCOMING, &message, FLOATS, right - sizeof(float));
    bench_hand(bench, LINK_INCOMING, &message, FLOATS, 0);
    message.run_push.rows = 2;
    bench_hand(bench, LINK_INCOMING, &message, FLOATS, right);
    assert_int_equal(bench->refused, 3);
    message.run_push.rows = 3;
    bench_hand(bench, LINK_INCOMING, &message, FLOATS, right);
    assert_int_equal(bench->refused, 3);
    struct message pull = {.kind = MESSAGE_RUN_PULL, .run_pull = {.lease = 1, .table = TABLE_USERS}};
    bench_hand(bench, LINK_INCOMING, &pull, FLOATS, 4);
    assert_int_equal(bench->refused, 4);
    bench_close(bench);
}

/* ---- sixteen bits ---- */

enum { STRATUM_ROWS = 3 /* of stratum 0 */ };

/* A push of changes, all of them `change`, to stratum 0 with sums of 2. Returns its bytes. */
static size_t rounded_push(enum wire_format wire, bool sums, float change, void *body) {
    struct rows_shape shape = {wire, STRIDE, STRATUM_ROWS};
    float changes[STRATUM_ROWS * STRIDE];
    float *behind = (float *)(void *)((char *)body + rows_bytes(shape));
    for (int i = 0; i < STRATUM_ROWS * STRIDE; i++)
        changes[i] = change;
    rows_write(shape, body, 0, STRATUM_ROWS, changes);
    for (int i = 0; sums && i < STRATUM_ROWS; i++)
        behind[i] = 2;
    return rows_bytes(shape) + sums * STRATUM_ROWS * sizeof(float);
}

static struct message push_of_stratum(uint64_t round) {
    struct run_plan plan = blocked_round((uint32_t)round, 0);
    return (struct message){.kind = MESSAGE_RUN_PUSH,
                            .run_push = {.lane = plan.lane,
                                         .lease = 1,
                                         .table = TABLE_MOVIES,
                                         .version = plan.version,
                                         .rows = STRATUM_ROWS}};
}

/* The rows as they are on the shard. */
static const float *read_stratum(struct bench *bench) {
    static const uint32_t ROWS[] = {0, 1, 2};
    struct message read = {.kind = MESSAGE_READ, .read = {1, 0, STRATUM_ROWS}};
    bench_hand(bench, LINK_INCOMING, &read, ROWS, sizeof ROWS);
    return (const float *)(const void *)bench_last(bench, MESSAGE_VALUES)->body;
}

/* Each change is far below the last place of a rounded row, and is there all the same. */
static void small_changes_add_up(void **state) {
    enum { LANES_TAKEN = 3 };
    _Alignas(64) unsigned char body[RUN_FLOATS * sizeof(float)];
    float before[STRATUM_ROWS * STRIDE];
    (void)state;
    for (enum wire_format wire = WIRE_BFLOAT16; wire <= WIRE_FLOAT16; wire++) {
        struct bench *bench = &benches[0];
        blocked_open_rounded(bench, OPTIMISER_ADAGRAD_ROW, wire);
        memcpy(before, read_stratum(bench), sizeof before);
        for (uint32_t lane = 0; lane < LANES_TAKEN && lane < PARTS; lane++) {
            struct message push = push_of_stratum(lane);
            size_t bytes = rounded_push(wire, true, 0x1p-22f, body);
            bench_hand(bench, LINK_INCOMING + lane, &push, body, bytes);
        }
        assert_int_equal(bench->refused, 0);
        const float *after = read_stratum(bench);
        for (int i = 0; i < STRATUM_ROWS * STRIDE; i++) {
            float wanted = before[i];
            for (uint32_t lane = 0; lane < LANES_TAKEN && lane < PARTS; lane++)
                wanted += 0x1p-22f;
            assert_true(after[i] == wanted && after[i] != before[i]);
        }
        bench_close(bench);
    }
}

static void a_stratum_is_sent_rounded_and_a_part_as_it_is(void **state) {
    struct run_plan stratum = blocked_round(0, 0), part = blocked_part(0, 0);
    float back[STRATUM_ROWS * STRIDE];
    (void)state;
    for (enum wire_format wire = WIRE_BFLOAT16; wire <= WIRE_FLOAT16; wire++) {
        struct bench *bench = &benches[0];
        struct rows_shape shape = {wire, STRIDE, STRATUM_ROWS};
        blocked_open_rounded(bench, OPTIMISER_SGD, wire);
        blocked_pull(bench, &part);
        size_t part_bytes = blocked_count(bench, part.name) * STRIDE * sizeof(float);
        assert_int_equal(run_rows_sent(bench, part.name, 0)->message.body_bytes, part_bytes);
        blocked_pull(bench, &stratum);
        const struct sent *rows = run_rows_sent(bench, stratum.name, 0);
        assert_int_equal(rows->message.body_bytes, rows_bytes(shape));
        rows_read(shape, rows->body, 0, STRATUM_ROWS, back);
        const float *there = read_stratum(bench);
        int rounded = 0;
        for (int i = 0; i < STRATUM_ROWS * STRIDE; i++) {
            assert_true(fabsf(back[i] - there[i]) <= 0.1f * 0x1p-8f);
            rounded += back[i] != there[i];
        }
        assert_true(rounded > STRATUM_ROWS);
        bench_close(bench);
    }
}

static void bodies_in_sixteen_bits_have_their_size_and_their_shifts(void **state) {
    _Alignas(64) unsigned char body[RUN_FLOATS * sizeof(float)] = {0};
    (void)state;
    for (enum wire_format wire = WIRE_BFLOAT16; wire <= WIRE_FLOAT16; wire++) {
        struct bench *bench = &benches[0];
        uint32_t refused = 0;
        blocked_open_rounded(bench, OPTIMISER_SGD, wire);
        size_t right = rounded_push(wire, false, 1, body);
        for (size_t bytes = 0; bytes <= STRATUM_ROWS * STRIDE * sizeof(float); bytes += 2) {
            struct message push = push_of_stratum(0);
            if (bytes == right)
                continue;
            bench_hand(bench, LINK_INCOMING, &push, body, bytes);
            assert_int_equal(bench->refused, ++refused);
        }
        struct message push = push_of_stratum(0);
        if (wire == WIRE_FLOAT16) {
            body[right - 4] = 0x80;
            bench_hand(bench, LINK_INCOMING, &push, body, right);
            assert_int_equal(bench->refused, ++refused);
        }
        rounded_push(wire, false, NAN, body);
        bench_hand(bench, LINK_INCOMING, &push, body, right);
        assert_int_equal(bench->ended_with, STATUS_BAD_DATA);
        assert_int_equal(bench_count(bench, MESSAGE_RUN_PUSHED), 0);
        bench_close(bench);
    }
}

/* ---- waiting ---- */

static void a_pull_waits_for_its_version(void **state) {
    struct bench *bench = &benches[0];
    (void)state;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    struct run_plan first = blocked_round(0, 0), second = blocked_round(1, 0);
    assert_true(first.name.run == second.name.run && second.version == 1);
    blocked_pull(bench, &second);
    second.link = LINK_INCOMING + 70;
    blocked_pull(bench, &second);
    assert_int_equal(bench_count(bench, MESSAGE_RUN_ROWS), 0);
    blocked_pull(bench, &first);
    blocked_push(bench, &first);
    assert_int_equal(bench_count(bench, MESSAGE_RUN_ROWS), 2);
    const struct sent *rows = run_rows_sent(bench, second.name, 1);
    assert_int_equal(rows->link, LINK_INCOMING + 70);
    assert_int_equal(rows->message.run_rows.lane, 1);
    blocked_pull(bench, &second);
    assert_int_equal(bench_count(bench, MESSAGE_RUN_ROWS), 3);
    assert_int_equal(bench_counters(bench).repeats, 1);
    assert_int_equal(bench->refused, 0);
    bench_close(bench);
}

static void a_lane_waits_for_three_runs_at_most(void **state) {
    struct bench *bench = &benches[0];
    (void)state;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    for (uint64_t round = 3; round < 3 + RUN_PULLS_MAX + 1; round++) {
        struct run_plan plan = blocked_round(0, round);
        blocked_pull(bench, &plan);
        assert_int_equal(bench->refused, round == 3 + RUN_PULLS_MAX);
    }
    struct run_plan never = blocked_round(0, 3);
    never.version++;
    blocked_pull(bench, &never);
    never.version = RUN_NEWEST;
    blocked_pull(bench, &never);
    never.name.run = STRATA;
    blocked_pull(bench, &never);
    struct run_plan other = blocked_part(0, 0);
    other.name.run = 1;
    blocked_pull(bench, &other);
    assert_int_equal(bench->refused, 5);
    assert_int_equal(bench_count(bench, MESSAGE_RUN_ROWS), 0);
    bench_close(bench);
}

/* A copy that comes late is no mistake; an owner that asks for what has gone before it came is wrong. */
static void what_is_gone_is_not_answered(void **state) {
    struct bench *bench = &benches[0];
    (void)state;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    blocked_train(bench, 1, 0, 2, 0, 0);
    int sent = bench_count(bench, MESSAGE_RUN_ROWS);
    struct run_plan plans[] = {blocked_round(0, 1), blocked_part(0, 0)};
    for (int i = 0; i < 2; i++)
        blocked_pull(bench, &plans[i]);
    assert_int_equal(bench->refused, 0);
    assert_int_equal(bench_counters(bench).repeats, 2);
    bench_open_lane(bench, LINK_INCOMING + 9, 0, 2);
    for (int i = 0; i < 2; i++) {
        plans[i].lease = 2;
        blocked_pull(bench, &plans[i]);
        assert_int_equal(bench->refused, i + 1);
    }
    assert_int_equal(bench_count(bench, MESSAGE_RUN_ROWS), sent);
    bench_close(bench);
}

/* ---- lanes ---- */

static void an_old_lease_is_refused(void **state) {
    struct bench *bench = &benches[0];
    (void)state;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    blocked_train(bench, 1, 0, 3, 0, 0);
    struct run_plan waiting = blocked_round(0, 5), plan = blocked_round(0, 3);
    blocked_pull(bench, &waiting);
    bench_open_lane(bench, LINK_INCOMING + 9, 0, 2);
    const struct sent *at = bench_last(bench, MESSAGE_LANE_AT);
    assert_int_equal(at->link, LINK_INCOMING + 9);
    assert_true(at->message.lane_at.pushed == 3 && at->message.lane_at.lease == 2);
    assert_true(at->message.lane_at.squared == 1.0 && at->message.lane_at.count == 2);
    blocked_pull(bench, &plan);
    blocked_push_floats(bench, &plan, (float[RUN_FLOATS]){0});
    bench_open_lane(bench, LINK_INCOMING, 0, 1);
    assert_int_equal(bench->refused, 3);
    plan.lease = waiting.lease = 2;
    blocked_pull(bench, &plan);
    blocked_push(bench, &plan);
    assert_int_equal(bench->refused, 3);
    int sent = bench_count(bench, MESSAGE_RUN_ROWS);
    struct run_plan other = blocked_round(1, 3);
    blocked_pull(bench, &other);
    blocked_push(bench, &other);
    other = blocked_round(1, 4);
    blocked_pull(bench, &other);
    blocked_push(bench, &other);
    assert_int_equal(bench_count(bench, MESSAGE_RUN_ROWS), sent + 2);
    blocked_pull(bench, &waiting);
    assert_int_equal(bench_count(bench, MESSAGE_RUN_ROWS), sent + 3);
    bench_close(bench);
}

/* A push that overtakes an older one of its lane is taken, and steps count when there is no gap. */
static void a_lanes_pushes_may_overtake_each_other(void **state) {
    struct bench *bench = &benches[0];
    (void)state;
    blocked_open(bench, OPTIMISER_SGD, 0, 1);
    struct run_plan plans[] = {blocked_round(0, 0), blocked_round(0, 1)};
    for (int i = 0; i < 2; i++)
        blocked_pull(bench, &plans[i]);
    blocked_push(bench, &plans[1]);
    bench_open_lane(bench, LINK_INCOMING, 0, 1);
    assert_int_equal(bench_last(bench, MESSAGE_LANE_AT)->message.lane_at.pushed, 0);
    blocked_push(bench, &plans[0]);
    bench_open_lane(bench, LINK_INCOMING, 0, 1);
    assert_int_equal(bench_last(bench, MESSAGE_LANE_AT)->message.lane_at.pushed, 2);
    assert_int_equal(bench_last(bench, MESSAGE_LANE_AT)->message.lane_at.count, 1);
    assert_int_equal(bench_counters(bench).step, 0);
    assert_int_equal(bench->refused, 0);
    bench_close(bench);
}

/* ---- the end ---- */

static void settling_waits_for_every_lane(void **state) {
    struct bench *bench = &benches[0];
    (void)state;
    blocked_open(bench, OPTIMISER_ADAGRAD_ROW, 0, 1);
    blocked_train(bench, 1, 0, 2, 0, 0);
    bench_settle(bench, 3);
    assert_int_equal(bench_count(bench, MESSAGE_SETTLED), 0);
    blocked_train(bench, 1, 2, 3, 0, 1);
    bench_settle(bench, 3);
    assert_int_equal(bench_last(bench, MESSAGE_SETTLED)->message.settled.step, 3);
    assert_int_equal(bench_counters(bench).step, 3);
    assert_int_equal(bench->refused, 0);
    bench_close(bench);
}

static void diverges(enum optimiser_kind kind, struct run_plan plan, uint32_t shard, size_t at, float value,
                     const char *sentence) {
    struct bench *bench = &benches[0];
    float floats[RUN_FLOATS] = {0};
    floats[at] = value;
    blocked_open(bench, kind, shard, 2);
    blocked_push_floats(bench, &plan, floats);
    assert_int_equal(bench->ended_with, STATUS_BAD_DATA);
    assert_non_null(strstr(bench_last(bench, MESSAGE_FAILED)->message.failed.reason, sentence));
    assert_int_equal(bench_count(bench, MESSAGE_RUN_PUSHED), 0);
    bench_close(bench);
}

static void rows_that_are_not_finite_end_the_run(void **state) {
    (void)state;
    diverges(OPTIMISER_SGD, blocked_round(0, 2), 0, 2, NAN,
             "by round 2 movie row 5 of stratum 2 on shard 0 is not finite");
    diverges(OPTIMISER_SGD, blocked_part(1, 0), 1, STRIDE, -INFINITY,
             "by round 0 user row 7 of part 1 on shard 1 is not finite");
    diverges(OPTIMISER_ADAGRAD_ROW, blocked_part(0, 0), 1, 2 * STRIDE + 1, INFINITY,
             "by round 0 user row 3 of part 0 on shard 1 is not finite");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_hold_what_one_process_would),
        cmocka_unit_test(a_push_counts_once),
        cmocka_unit_test(parts_count_their_homecomings),
        cmocka_unit_test(what_comes_too_early_or_from_elsewhere_is_refused),
        cmocka_unit_test(bodies_have_the_size_of_their_run),
        cmocka_unit_test(small_changes_add_up),
        cmocka_unit_test(a_stratum_is_sent_rounded_and_a_part_as_it_is),
        cmocka_unit_test(bodies_in_sixteen_bits_have_their_size_and_their_shifts),
        cmocka_unit_test(a_pull_waits_for_its_version),
        cmocka_unit_test(a_lane_waits_for_three_runs_at_most),
        cmocka_unit_test(what_is_gone_is_not_answered),
        cmocka_unit_test(an_old_lease_is_refused),
        cmocka_unit_test(a_lanes_pushes_may_overtake_each_other),
        cmocka_unit_test(settling_waits_for_every_lane),
        cmocka_unit_test(rows_that_are_not_finite_end_the_run),
    };
    return cmocka_run_group_tests_name("unit/pserver_blocked", tests, NULL, NULL);
}
