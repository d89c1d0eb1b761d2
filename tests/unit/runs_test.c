/* Are runs where they should be, and is every version of theirs read and pushed by the one lane whose turn it is? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "model/rotation.h"
#include "pserver/gate.h"
#include "pserver/runs.h"

enum { PARTS = 3, STRATA = 4, USERS = 70000, MOVIES = 11, EPOCHS = 3 };

static const uint32_t FIRSTS[PARTS + STRATA + 2] = {0, 65536, 65536, USERS, 0, 5, 6, 10, MOVIES};

static struct runs make_one_of(uint32_t parts, uint32_t strata, uint32_t shard, uint32_t shards) {
    struct runs runs;
    struct status status;
    struct runs_spec spec = {true, parts, strata, shard, shards};
    assert_true(runs_init(&runs, &spec, &status));
    return runs;
}

static struct runs make(uint32_t parts, uint32_t strata) {
    return make_one_of(parts, strata, 0, 1);
}

static bool said(bool good, const struct status *status) {
    assert_true(good || (status->code == STATUS_PROTOCOL && status->text[0] != '\0'));
    return good;
}

static bool places(struct runs *runs, const uint32_t *firsts, size_t bytes) {
    struct status status = {STATUS_OK, ""};
    struct message message = {
        .kind = MESSAGE_RUNS, .runs = {PARTS, STRATA}, .body = firsts, .body_bytes = bytes};
    return said(runs_place(runs, &message, USERS, MOVIES, &status), &status);
}

/* ---- where they are ---- */

static void count_parts(const struct runs *runs, uint8_t *found) {
    uint32_t shard = runs->spec.shard, shards = runs->spec.shards;
    for (uint32_t run = 0; run < PARTS; run++) {
        const uint32_t *first = &runs->firsts[TABLE_USERS][run];
        struct shard_run place = runs_find(runs, (struct run_name){TABLE_USERS, run});
        assert_int_equal(place.table, TABLE_USERS);
        for (uint32_t i = 0; i < place.count; i++) {
            uint32_t row = (place.first + i) * shards + shard;
            assert_true(row >= first[0] && row < first[1]);
            found[row]++;
        }
    }
}

/* Strata lie on their shard one behind the other. */
static void count_strata(const struct runs *runs, uint8_t *found) {
    uint32_t place = 0;
    for (uint32_t run = runs->spec.shard; run < STRATA; run += runs->spec.shards) {
        const uint32_t *first = &runs->firsts[TABLE_MOVIES][run];
        struct shard_run at = runs_find(runs, (struct run_name){TABLE_MOVIES, run});
        assert_true(at.table == TABLE_MOVIES && at.first == place && at.count == first[1] - first[0]);
        place += at.count;
        for (uint32_t row = first[0]; row < first[1]; row++)
            found[row]++;
    }
}

static void runs_cover_every_row_once(void **state) {
    static uint8_t users[USERS], movies[MOVIES];
    (void)state;
    for (uint32_t shards = 1; shards <= 5; shards++) {
        memset(users, 0, sizeof users);
        memset(movies, 0, sizeof movies);
        for (uint32_t shard = 0; shard < shards; shard++) {
            struct runs runs = make_one_of(PARTS, STRATA, shard, shards);
            assert_true(places(&runs, FIRSTS, sizeof FIRSTS));
            count_parts(&runs, users);
            count_strata(&runs, movies);
            runs_free(&runs);
        }
        for (uint32_t row = 0; row < USERS; row++)
            assert_int_equal(users[row], 1);
        for (uint32_t row = 0; row < MOVIES; row++)
            assert_int_equal(movies[row], 1);
    }
    assert_int_equal(memory_blocks_held(), 0);
}

static void boundaries_that_cannot_be_are_refused(void **state) {
    static const struct {
        uint32_t place, row;
    } SPOILS[] = {{0, 1}, {1, 65537},      {2, USERS + 1}, {2, 65535},      {3, USERS - 1}, {3, USERS + 1},
                  {4, 1}, {5, MOVIES + 1}, {6, 4},         {7, UINT32_MAX}, {8, MOVIES - 1}};
    struct runs runs = make(PARTS, STRATA);
    (void)state;
    for (size_t i = 0; i < sizeof SPOILS / sizeof *SPOILS; i++) {
        uint32_t firsts[PARTS + STRATA + 2];
        memcpy(firsts, FIRSTS, sizeof firsts);
        firsts[SPOILS[i].place] = SPOILS[i].row;
        bool good = places(&runs, firsts, sizeof firsts);
        assert_false(good || runs.known);
    }
    uint32_t longest[] = {0, RUN_ROWS_MAX + 1, RUN_ROWS_MAX + 1, USERS, 0, 5, 6, 10, MOVIES};
    assert_false(places(&runs, longest, sizeof longest));
    assert_false(places(&runs, FIRSTS, sizeof FIRSTS - 4));
    assert_false(places(&runs, FIRSTS, 0));
    assert_true(places(&runs, FIRSTS, sizeof FIRSTS));
    assert_true(places(&runs, FIRSTS, sizeof FIRSTS));
    runs_free(&runs);
}

static void runs_stay_where_they_are(void **state) {
    uint32_t firsts[PARTS + STRATA + 2];
    struct status status;
    struct runs runs = make(PARTS, STRATA);
    (void)state;
    assert_true(places(&runs, FIRSTS, sizeof FIRSTS));
    memcpy(firsts, FIRSTS, sizeof firsts);
    firsts[6] = 7;
    assert_false(places(&runs, firsts, sizeof firsts));
    assert_int_equal(runs.firsts[TABLE_MOVIES][2], 6);
    struct message other = {
        .kind = MESSAGE_RUNS, .runs = {STRATA, PARTS}, .body = FIRSTS, .body_bytes = sizeof FIRSTS};
    assert_false(runs_place(&runs, &other, USERS, MOVIES, &status));
    runs_free(&runs);
}

/* ---- versions ---- */

static struct run_push_message push_of(uint32_t lane, uint32_t stratum, uint64_t version, uint64_t step) {
    return (struct run_push_message){
        .lane = lane, .table = TABLE_MOVIES, .run = stratum, .version = version, .step = step};
}

static bool pushes(const struct runs *runs, struct run_push_message push) {
    struct status status = {STATUS_OK, ""};
    return said(runs_check_push(runs, &push, &status), &status);
}

static bool pulls(const struct runs *runs, uint32_t lane, uint32_t stratum, uint64_t version) {
    struct status status = {STATUS_OK, ""};
    struct run_pull_message pull = {.lane = lane, .table = TABLE_MOVIES, .run = stratum, .version = version};
    return said(runs_check_pull(runs, &pull, &status), &status);
}

/* A whole run, one visit after another: of all that a lane could say of a stratum, only the truth is taken. */
static void visit_all(uint32_t parts, uint32_t strata) {
    struct runs runs = make(parts, strata);
    uint64_t last = EPOCHS * parts + 2;
    for (uint64_t round = 0; round < EPOCHS * strata; round++)
        for (uint32_t lane = 0; lane < parts; lane++) {
            uint32_t stratum = rotation_stratum(lane, round, parts, strata);
            uint64_t there = runs.versions[TABLE_MOVIES][stratum];
            assert_false(runs_stepped(&runs, lane, round));
            for (uint64_t version = 0; version < last; version++)
                assert_int_equal(pushes(&runs, push_of(lane, stratum, version, round)), version == there);
            for (uint32_t run = 0; run < strata; run++)
                assert_int_equal(pushes(&runs, push_of(lane, run, there, round)), run == stratum);
            assert_true(pulls(&runs, lane, stratum, there));
            for (uint32_t other = 0; other < parts; other++)
                assert_int_equal(pulls(&runs, other, stratum, there), other == lane);
            struct run_push_message push = push_of(lane, stratum, there, round);
            runs_pushed(&runs, &push);
            assert_true(runs_stepped(&runs, lane, round));
        }
    struct runs fresh = make(parts, strata);
    runs_start(&fresh, EPOCHS * strata);
    assert_memory_equal(fresh.versions[TABLE_MOVIES], runs.versions[TABLE_MOVIES], strata * sizeof(uint64_t));
    runs_free(&fresh);
    runs_free(&runs);
}

static void every_version_has_one_reader(void **state) {
    (void)state;
    for (uint32_t strata = 1; strata <= 9; strata++)
        for (uint32_t parts = 1; parts <= strata; parts++)
            visit_all(parts, strata);
    visit_all(32, 64); /* two queues in the first epoch, and three of them of uneven lengths */
    visit_all(49, 150);
}

static void versions_beyond_all_are_refused(void **state) {
    struct runs runs = make(PARTS, STRATA);
    (void)state;
    for (uint32_t lane = 0; lane < PARTS; lane++)
        for (uint32_t stratum = 0; stratum < STRATA; stratum++)
            assert_false(pulls(&runs, lane, stratum, UINT64_MAX - stratum));
    assert_false(pulls(&runs, 0, STRATA, 0));
    assert_false(pushes(&runs, push_of(0, UINT32_MAX, 0, 0)));
    runs_free(&runs);
}

/* Of a lane's rounds every shard waits for those whose stratum it has; the least that one waits for is where the lane stands. */
static void shards_share_the_rounds_of_a_lane(void **state) {
    (void)state;
    for (uint32_t shards = 1; shards <= 6; shards++)
        for (uint32_t lane = 0; lane < PARTS; lane++)
            for (uint64_t step = 0; step < EPOCHS * STRATA; step++) {
                uint32_t waiting = 0;
                for (uint32_t shard = 0; shard < shards; shard++) {
                    struct runs runs = make_one_of(PARTS, STRATA, shard, shards);
                    uint64_t next = runs_next_step(&runs, lane, step);
                    assert_true(next >= step && (next == GATE_STEPS_MAX) == (shard >= STRATA));
                    waiting += next == step;
                    runs_free(&runs);
                }
                assert_int_equal(waiting, 1);
            }
}

static void strata_of_other_shards_are_refused(void **state) {
    struct runs runs = make_one_of(PARTS, STRATA, 1, 3);
    (void)state;
    for (uint32_t stratum = 0; stratum < STRATA; stratum++) {
        assert_int_equal(pulls(&runs, 0, stratum, 0), stratum == 1);
        assert_int_equal(pushes(&runs, push_of(0, stratum, 0, stratum)), stratum == 1);
        assert_false(runs_stepped(&runs, 0, stratum));
    }
    runs_free(&runs);
}

/* What people are told stays within the epoch of what has been pushed, whatever is waited for. */
static void the_clock_ends_with_the_epoch(void **state) {
    struct runs runs = make_one_of(PARTS, STRATA, 1, 2);
    struct run_push_message push = push_of(0, 1, 0, 1);
    (void)state;
    assert_false(runs_beyond(&runs, 0));
    assert_int_equal(runs_clock(&runs, 1), 1);
    runs_pushed(&runs, &push);
    assert_true(runs_beyond(&runs, 1) && !runs_beyond(&runs, 2));
    assert_int_equal(runs_clock(&runs, GATE_STEPS_MAX), STRATA);
    runs_start(&runs, 2 * STRATA);
    assert_true(runs_beyond(&runs, 2 * STRATA - 1) && !runs_beyond(&runs, 2 * STRATA));
    assert_int_equal(runs_clock(&runs, 2 * STRATA + 1), 2 * STRATA);
    runs_free(&runs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_cover_every_row_once),
        cmocka_unit_test(boundaries_that_cannot_be_are_refused),
        cmocka_unit_test(runs_stay_where_they_are),
        cmocka_unit_test(every_version_has_one_reader),
        cmocka_unit_test(versions_beyond_all_are_refused),
        cmocka_unit_test(shards_share_the_rounds_of_a_lane),
        cmocka_unit_test(strata_of_other_shards_are_refused),
        cmocka_unit_test(the_clock_ends_with_the_epoch),
    };
    return cmocka_run_group_tests_name("unit/runs", tests, NULL, NULL);
}
