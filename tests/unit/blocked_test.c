/* Does a worker in mode blocked move the rows as one block after another would, push each stratum once and in its turn, keep
 * its parts from grant to grant, and bring them home when told? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "blocked_scene.h"
#include "model/rotation.h"
#include "worker/part.h"

static const enum optimiser_kind OPTIMISERS[] = {OPTIMISER_SGD, OPTIMISER_ADAGRAD_ROW};

static uint32_t count_sent(const struct stage *stage, enum message_kind kind, enum table_id table) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < stage->sent_count; i++) {
        const struct message *message = &stage->sent[i].message;
        count += message->kind == kind &&
                 table == (kind == MESSAGE_RUN_PULL ? message->run_pull.table : message->run_push.table);
    }
    return count;
}

/* In the tests below. */
static bool is_grant_end(uint64_t round) {
    return round == 2 || round % SCENE_STRATA == 0;
}

static bool is_at_home(const struct sent *sent, uint32_t stratum) {
    return sent->link == LINK_FIRST_PSERVER + stratum % STAGE_PSERVERS;
}

/* All pulls and pushes of strata since the start: in each round the right one, at the right version, once, at the shard where
 * it lives. */
static void check_strata(const struct stage *stage, uint32_t lane, uint64_t end,
                         enum optimiser_kind optimiser) {
    uint64_t pulled = 0, pushed = 0;
    for (uint32_t i = 0; i < stage->sent_count; i++) {
        const struct message *message = &stage->sent[i].message;
        const struct run_pull_message *pull = &message->run_pull;
        const struct run_push_message *push = &message->run_push;
        if (message->kind == MESSAGE_RUN_PULL && pull->table == TABLE_MOVIES && pull->lane == lane) {
            uint32_t stratum = rotation_stratum(lane, pulled, SCENE_PARTS, SCENE_STRATA);
            assert_int_equal(pull->run, stratum);
            assert_true(is_at_home(&stage->sent[i], stratum));
            assert_int_equal(pull->version, rotation_version(lane, pulled, SCENE_PARTS, SCENE_STRATA));
            assert_int_equal(pull->lease, SCENE_LANES[lane].lease);
            pulled++;
            /* The next stratum is on its way before a block is computed, and no further one is. */
            assert_in_range(pulled, pushed + 1, pushed + 2);
        }
        if (message->kind == MESSAGE_RUN_PUSH && push->table == TABLE_MOVIES && push->lane == lane) {
            assert_int_equal(push->step, pushed);
            assert_int_equal(push->run, rotation_stratum(lane, pushed, SCENE_PARTS, SCENE_STRATA));
            assert_true(is_at_home(&stage->sent[i], push->run));
            assert_true(push->momentum == (optimiser == OPTIMISER_SGD ? scene_rate(pushed).momentum : 0));
            pushed++;
            assert_true(pulled > pushed || is_grant_end(pushed));
        }
    }
    assert_int_equal(pulled, end);
    assert_int_equal(pushed, end);
}

static void a_grant_moves_the_rows_as_blocks_one_by_one_do(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene *scene = scene_open(OPTIMISERS[i]);
        struct scene_tables expected;
        struct loss_sum losses[SCENE_PARTS] = {{0}};
        scene_start(&expected);
        scene_expect(OPTIMISERS[i], &expected, 0, SCENE_STRATA, losses);
        scene_grant(scene, 1, 0, SCENE_STRATA, true, SCENE_LANES, SCENE_PARTS);
        scene_run(scene);
        scene_check_all_done(scene, SCENE_STRATA, losses);
        scene_check_tables(scene, &expected);
        for (uint32_t lane = 0; lane < SCENE_PARTS; lane++)
            check_strata(scene->stage, lane, SCENE_STRATA, OPTIMISERS[i]);
        assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS),
                         SCENE_PARTS * STAGE_PSERVERS);
        scene_close(scene);
    }
}

/* Two grants in the first epoch, the parts home after the second one, then one more. */
static void a_part_stays_from_grant_to_grant(void **state) {
    struct scene *scene = scene_open(OPTIMISER_ADAGRAD_ROW);
    struct scene_tables expected;
    struct loss_sum losses[SCENE_PARTS] = {{0}};
    (void)state;
    scene_start(&expected);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, 0, 2, losses);
    scene_grant(scene, 1, 0, 2, false, SCENE_LANES, SCENE_PARTS);
    scene_run(scene);
    scene_check_all_done(scene, 2, losses);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS), 0);
    struct grant_lane next[] = {SCENE_LANES[0], SCENE_LANES[1], SCENE_LANES[2]};
    for (uint32_t lane = 0; lane < SCENE_PARTS; lane++) {
        next[lane].squared = losses[lane].squared;
        next[lane].count = losses[lane].count;
    }
    scene_grant(scene, 2, 2, SCENE_STRATA, true, next, SCENE_PARTS);
    scene_run(scene);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, 2, SCENE_STRATA, losses);
    scene_check_all_done(scene, SCENE_STRATA, losses);
    scene_check_tables(scene, &expected);
    memset(losses, 0, sizeof losses);
    scene_grant(scene, 3, SCENE_STRATA, SCENE_TOTAL, true, SCENE_LANES, SCENE_PARTS);
    scene_run(scene);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, SCENE_STRATA, SCENE_TOTAL, losses);
    scene_check_all_done(scene, SCENE_TOTAL, losses);
    scene_check_tables(scene, &expected);
    check_strata(scene->stage, 0, SCENE_TOTAL, OPTIMISER_ADAGRAD_ROW);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PULL, TABLE_USERS), SCENE_PARTS * STAGE_PSERVERS);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS),
                     2 * SCENE_PARTS * STAGE_PSERVERS);
    scene_close(scene);
}

/* The grant comes again with the wish for home: the part goes there, once, and the lane says so again. */
static void a_part_goes_home_when_a_repeated_grant_says_so(void **state) {
    struct scene *scene = scene_open(OPTIMISER_SGD);
    struct scene_tables expected;
    struct loss_sum losses[SCENE_PARTS] = {{0}};
    (void)state;
    scene_start(&expected);
    scene_expect(OPTIMISER_SGD, &expected, 0, 2, losses);
    for (uint64_t serial = 1; serial < 4; serial++) {
        scene_grant(scene, serial, 0, 2, serial > 1, SCENE_LANES, SCENE_PARTS);
        scene_run(scene);
        scene_check_all_done(scene, 2, losses);
    }
    scene_check_tables(scene, &expected);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS), SCENE_PARTS * STAGE_PSERVERS);
    scene_close(scene);
}

/* The grant is given again with a later end, now while lanes are under way, now when they have said that they are done. */
static void a_grant_can_be_stretched(void **state) {
    (void)state;
    for (int done = 0; done < 2; done++) {
        struct scene *scene = scene_open(OPTIMISER_ADAGRAD_ROW);
        struct scene_tables expected;
        struct loss_sum losses[SCENE_PARTS] = {{0}};
        scene_grant(scene, 1, 0, 2, false, SCENE_LANES, SCENE_PARTS);
        scene_run_still(scene);
        for (int block = 0; block < SCENE_PARTS + 1 && !done; block++) {
            assert_true(stage_wakes(scene->stage));
            scene_run_still(scene);
        }
        if (done)
            scene_run(scene);
        assert_int_equal(stage_count(scene->stage, MESSAGE_LANE_DONE), done ? SCENE_PARTS : 1);
        while (stage_count(scene->stage, MESSAGE_LANE_DONE) > 0)
            stage_take(scene->stage, MESSAGE_LANE_DONE);
        scene_grant(scene, 2, 0, SCENE_STRATA, true, SCENE_LANES, SCENE_PARTS);
        scene_run(scene);
        scene_start(&expected);
        scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, 0, SCENE_STRATA, losses);
        scene_check_all_done(scene, SCENE_STRATA, losses);
        scene_check_tables(scene, &expected);
        check_strata(scene->stage, 0, SCENE_STRATA, OPTIMISER_ADAGRAD_ROW);
        assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PULL, TABLE_USERS),
                         SCENE_PARTS * STAGE_PSERVERS);
        scene_close(scene);
    }
}

/* Lane 0 goes away and comes back under a new lease, while the others go on. */
static void a_new_lease_pulls_the_part_again(void **state) {
    struct scene *scene = scene_open(OPTIMISER_ADAGRAD_ROW);
    struct grant_lane back[] = {{.lane = 0, .lease = 7}, SCENE_LANES[1], SCENE_LANES[2]};
    struct scene_tables expected;
    struct loss_sum losses[SCENE_PARTS] = {{0}};
    (void)state;
    scene_grant(scene, 1, 0, SCENE_STRATA, true, SCENE_LANES, SCENE_PARTS);
    scene_run(scene);
    scene_start(&expected);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, 0, SCENE_STRATA, losses);
    scene_check_all_done(scene, SCENE_STRATA, losses);
    memset(losses, 0, sizeof losses);
    scene_grant(scene, 2, SCENE_STRATA, SCENE_STRATA + 1, false, SCENE_LANES + 1, 2);
    scene_grant(scene, 3, SCENE_STRATA, SCENE_TOTAL, true, back, SCENE_PARTS);
    scene_run(scene);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PULL, TABLE_USERS),
                     (SCENE_PARTS + 1) * STAGE_PSERVERS);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, SCENE_STRATA, SCENE_TOTAL, losses);
    for (uint32_t lane = 0; lane < SCENE_PARTS; lane++)
        scene_check_done(scene, SCENE_TOTAL, &back[lane], &losses[lane]);
    scene_check_tables(scene, &expected);
    scene_close(scene);
}

/* The lane of the last push of a stratum. */
static uint32_t last_pushed(const struct stage *stage, uint64_t *step) {
    for (uint32_t i = stage->sent_count; i > 0; i--) {
        const struct run_push_message *push = &stage->sent[i - 1].message.run_push;
        if (stage->sent[i - 1].message.kind != MESSAGE_RUN_PUSH)
            continue;
        *step = push->step;
        return push->lane;
    }
    return UINT32_MAX;
}

/* After lane 1 has made round 0, lane 0 could make round 1; lane 2 comes first. */
static void a_timer_computes_one_block_the_lowest_round_first(void **state) {
    struct scene *scene = scene_open(OPTIMISER_SGD);
    uint64_t step;
    (void)state;
    scene_grant(scene, 1, 0, 2, false, SCENE_LANES, SCENE_PARTS);
    scene_run_still(scene);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_MOVIES), 0);
    for (uint32_t i = 0; i < 2 * SCENE_PARTS; i++) {
        assert_true(stage_wakes(scene->stage));
        assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_MOVIES), i + 1);
        assert_int_equal(last_pushed(scene->stage, &step), i % SCENE_PARTS);
        assert_int_equal(step, i / SCENE_PARTS);
        scene_run_still(scene);
    }
    assert_false(stage_wakes(scene->stage));
    scene_close(scene);
}

static void a_part_counts_in_the_bytes_of_a_worker(void **state) {
    struct worker_spec spec = scene_spec(OPTIMISER_SGD);
    (void)state;
    /* Rows of 16 floats, a bias and a sum; 6 users, and 3 movies three times over. */
    size_t rows = (6 + ROUNDS_KEPT * 3) * (16 + 2) * sizeof(float);
    size_t answers = (1 + ROUNDS_KEPT) * STAGE_PSERVERS;
    assert_int_equal(worker_bytes(&spec, 2) - worker_bytes(&spec, 1), sizeof(struct part) + rows + answers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_moves_the_rows_as_blocks_one_by_one_do),
        cmocka_unit_test(a_part_stays_from_grant_to_grant),
        cmocka_unit_test(a_part_goes_home_when_a_repeated_grant_says_so),
        cmocka_unit_test(a_grant_can_be_stretched),
        cmocka_unit_test(a_new_lease_pulls_the_part_again),
        cmocka_unit_test(a_timer_computes_one_block_the_lowest_round_first),
        cmocka_unit_test(a_part_counts_in_the_bytes_of_a_worker),
    };
    return cmocka_run_group_tests_name("unit/blocked", tests, NULL, NULL);
}
