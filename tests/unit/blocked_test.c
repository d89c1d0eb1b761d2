/* Does a worker in mode blocked move the rows as one block after another would, push each stratum once and in its turn, keep
 * its parts from grant to grant and bring them home when told, and ask again with the same bytes? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "blocked_scene.h"
#include "core/memory.h"
#include "model/rotation.h"
#include "worker/part.h"

static const enum optimiser_kind OPTIMISERS[] = {OPTIMISER_SGD, OPTIMISER_ADAGRAD_ROW};
static const struct grant_lane BOTH[] = {{.lane = 0, .lease = 3}, {.lane = 1, .lease = 4}};

static void close_scene(struct scene *scene) {
    assert_int_equal(scene->stage->refused, 0);
    assert_false(scene->stage->ended);
    stage_close(scene->stage);
    assert_int_equal(memory_blocks_held(), 0);
}

static uint32_t count_sent(const struct stage *stage, enum message_kind kind, enum table_id table) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < stage->sent_count; i++) {
        const struct message *message = &stage->sent[i].message;
        count += message->kind == kind &&
                 table == (kind == MESSAGE_RUN_PULL ? message->run_pull.table : message->run_push.table);
    }
    return count;
}

static void check_done(struct stage *stage, uint64_t end, const struct grant_lane *lane,
                       const struct loss_sum *loss) {
    const struct sent *sent = NULL;
    for (uint32_t i = 0; i < stage->sent_count && sent == NULL; i++)
        if (!stage->sent[i].taken && stage->sent[i].message.kind == MESSAGE_LANE_DONE &&
            stage->sent[i].message.lane_done.lane == lane->lane)
            sent = &stage->sent[i];
    assert_non_null(sent);
    stage->sent[sent - stage->sent].taken = true;
    assert_int_equal(sent->link, LINK_COORDINATOR);
    assert_int_equal(sent->message.lane_done.lease, lane->lease);
    assert_int_equal(sent->message.lane_done.end_step, end);
    assert_true(sent->message.lane_done.squared == loss->squared);
    assert_int_equal(sent->message.lane_done.count, loss->count);
}

static void check_both_done(struct stage *stage, uint64_t end, const struct loss_sum *losses) {
    for (uint32_t lane = 0; lane < SCENE_PARTS; lane++)
        check_done(stage, end, &BOTH[lane], &losses[lane]);
    assert_int_equal(stage_count(stage, MESSAGE_LANE_DONE), 0);
}

static void check_tables(const struct scene *scene, const struct scene_tables *expected) {
    assert_memory_equal(&scene->tables, expected, sizeof *expected);
}

/* In the tests below. */
static bool is_grant_end(uint64_t round) {
    return round == 2 || round % SCENE_STRATA == 0;
}

/* All pulls and pushes of strata since the start: in each round the right one, at the right version, once at every shard. */
static void check_strata(const struct stage *stage, uint32_t lane, uint64_t end,
                         enum optimiser_kind optimiser) {
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++) {
        uint64_t pulled = 0, pushed = 0;
        for (uint32_t i = 0; i < stage->sent_count; i++) {
            const struct message *message = &stage->sent[i].message;
            const struct run_pull_message *pull = &message->run_pull;
            const struct run_push_message *push = &message->run_push;
            if (stage->sent[i].link != LINK_FIRST_PSERVER + shard)
                continue;
            if (message->kind == MESSAGE_RUN_PULL && pull->table == TABLE_MOVIES && pull->lane == lane) {
                uint32_t stratum = rotation_stratum(lane, pulled, SCENE_STRATA);
                assert_int_equal(pull->run, stratum);
                assert_int_equal(pull->version, rotation_visits(stratum, pulled, SCENE_PARTS, SCENE_STRATA));
                assert_int_equal(pull->lease, BOTH[lane].lease);
                pulled++;
                /* The next stratum is on its way before a block is computed, and no further one is. */
                assert_in_range(pulled, pushed + 1, pushed + 2);
            }
            if (message->kind == MESSAGE_RUN_PUSH && push->table == TABLE_MOVIES && push->lane == lane) {
                assert_int_equal(push->step, pushed);
                assert_int_equal(push->run, rotation_stratum(lane, pushed, SCENE_STRATA));
                assert_true(push->momentum == (optimiser == OPTIMISER_SGD ? scene_rate(pushed).momentum : 0));
                pushed++;
                assert_true(pulled > pushed || is_grant_end(pushed));
            }
        }
        assert_int_equal(pulled, end);
        assert_int_equal(pushed, end);
    }
}

static void a_grant_moves_the_rows_as_blocks_one_by_one_do(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scene *scene = scene_open(OPTIMISERS[i]);
        struct scene_tables expected;
        struct loss_sum losses[SCENE_PARTS] = {{0}};
        scene_start(&expected);
        scene_expect(OPTIMISERS[i], &expected, 0, SCENE_STRATA, losses);
        scene_grant(scene, 1, 0, SCENE_STRATA, true, BOTH, 2);
        scene_run(scene);
        check_both_done(scene->stage, SCENE_STRATA, losses);
        check_tables(scene, &expected);
        check_strata(scene->stage, 0, SCENE_STRATA, OPTIMISERS[i]);
        check_strata(scene->stage, 1, SCENE_STRATA, OPTIMISERS[i]);
        assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS), 2 * STAGE_PSERVERS);
        close_scene(scene);
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
    scene_grant(scene, 1, 0, 2, false, BOTH, 2);
    scene_run(scene);
    check_both_done(scene->stage, 2, losses);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS), 0);
    struct grant_lane next[] = {BOTH[0], BOTH[1]};
    for (uint32_t lane = 0; lane < SCENE_PARTS; lane++) {
        next[lane].squared = losses[lane].squared;
        next[lane].count = losses[lane].count;
    }
    scene_grant(scene, 2, 2, 3, true, next, 2);
    scene_run(scene);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, 2, 3, losses);
    check_both_done(scene->stage, 3, losses);
    check_tables(scene, &expected);
    memset(losses, 0, sizeof losses);
    scene_grant(scene, 3, 3, SCENE_TOTAL, true, BOTH, 2);
    scene_run(scene);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, 3, SCENE_TOTAL, losses);
    check_both_done(scene->stage, SCENE_TOTAL, losses);
    check_tables(scene, &expected);
    check_strata(scene->stage, 0, SCENE_TOTAL, OPTIMISER_ADAGRAD_ROW);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PULL, TABLE_USERS), 2 * STAGE_PSERVERS);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS), 4 * STAGE_PSERVERS);
    close_scene(scene);
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
        scene_grant(scene, serial, 0, 2, serial > 1, BOTH, 2);
        scene_run(scene);
        check_both_done(scene->stage, 2, losses);
    }
    check_tables(scene, &expected);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_USERS), 2 * STAGE_PSERVERS);
    close_scene(scene);
}

static void assert_same(const struct sent *sent, const struct sent *first) {
    unsigned char header[MESSAGE_HEADER_MAX], first_header[MESSAGE_HEADER_MAX];
    assert_int_equal(sent->link, first->link);
    size_t bytes = message_encode(&first->message, first_header, sizeof first_header);
    assert_int_equal(message_encode(&sent->message, header, sizeof header), bytes);
    assert_memory_equal(header, first_header, bytes);
    assert_int_equal(sent->message.body_bytes, first->message.body_bytes);
    assert_memory_equal(sent->body, first->body, first->message.body_bytes);
}

static bool is_request(const struct sent *sent) {
    return sent->message.kind == MESSAGE_RUN_PULL || sent->message.kind == MESSAGE_RUN_PUSH;
}

/* Asks for, or brings, the same run for the same lane; a part that a shard has told of has a version from then on. */
static bool is_copy(const struct sent *sent, const struct sent *of) {
    const struct run_pull_message *a = &sent->message.run_pull, *b = &of->message.run_pull;
    return sent->link == of->link && sent->message.kind == of->message.kind && a->lane == b->lane &&
           a->table == b->table && a->run == b->run && (a->version == b->version || b->version == RUN_NEWEST);
}

/* What is sent from `from` on are copies of what was sent before. Returns how many of them are for the last shard, of a kind
 * and about a table. */
static uint32_t check_copies(const struct stage *stage, uint32_t from, enum message_kind kind,
                             enum table_id table) {
    uint32_t copies = 0;
    for (uint32_t i = from; i < stage->sent_count; i++) {
        const struct sent *sent = &stage->sent[i], *first = stage->sent;
        if (!is_request(sent))
            continue;
        while (first < stage->sent + from && !is_copy(sent, first))
            first++;
        assert_true(first < stage->sent + from);
        if (kind == MESSAGE_RUN_PUSH && sent->message.kind == kind)
            assert_same(sent, first);
        copies += sent->link == LINK_FIRST_PSERVER + STAGE_PSERVERS - 1 && sent->message.kind == kind &&
                  sent->message.run_pull.table == table;
    }
    return copies;
}

/* If it is about pulls: those of a table, before `end`, that the last shard lets wait. */
static uint32_t count_waiting(const struct stage *stage, uint32_t end, enum message_kind kind,
                              enum table_id table) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < end && kind == MESSAGE_RUN_PULL; i++)
        count += stage->sent[i].message.kind == kind && !stage->sent[i].taken &&
                 stage->sent[i].message.run_pull.table == table &&
                 stage->sent[i].link == LINK_FIRST_PSERVER + STAGE_PSERVERS - 1;
    return count;
}

/* One shard's answers of a kind are lost until nothing moves; after a heartbeat the requests come again, and all ends well. */
static void what_is_lost_is_asked_for_again_with_the_same_bytes(void **state) {
    static const enum message_kind KINDS[] = {MESSAGE_RUN_ROWS, MESSAGE_RUN_PUSHED};
    static const enum message_kind REQUESTS[] = {MESSAGE_RUN_PULL, MESSAGE_RUN_PUSH};
    (void)state;
    for (int turn = 0; turn < 8; turn++) {
        enum optimiser_kind optimiser = OPTIMISERS[turn / 4];
        struct scene *scene = scene_open(optimiser);
        struct scene_tables expected;
        struct loss_sum losses[SCENE_PARTS] = {{0}};
        scene->loses = KINDS[turn % 2];
        scene->loses_table = turn / 2 % 2;
        scene_grant(scene, 1, 0, SCENE_STRATA, true, BOTH, 2);
        scene_run(scene);
        assert_int_not_equal(scene->lost, 0);
        assert_int_equal(stage_count(scene->stage, MESSAGE_LANE_DONE), 0);
        uint32_t sent_count = scene->stage->sent_count;
        stage_tick(scene->stage);
        enum message_kind request = REQUESTS[turn % 2];
        uint32_t waiting = count_waiting(scene->stage, sent_count, request, scene->loses_table);
        assert_int_equal(check_copies(scene->stage, sent_count, request, scene->loses_table),
                         scene->lost + waiting);
        scene->loses = MESSAGE_NONE;
        scene_run(scene);
        scene_start(&expected);
        scene_expect(optimiser, &expected, 0, SCENE_STRATA, losses);
        check_both_done(scene->stage, SCENE_STRATA, losses);
        check_tables(scene, &expected);
        close_scene(scene);
    }
}

static uint32_t play(bool twice, struct sent *requests) {
    struct scene *scene = scene_open(OPTIMISER_ADAGRAD_ROW);
    uint32_t count = 0;
    scene->stage->twice = twice;
    scene_grant(scene, 1, 0, 2, false, BOTH, 2);
    scene_run(scene);
    scene_grant(scene, 2, 2, 3, true, BOTH, 2);
    scene_run(scene);
    for (uint32_t i = 0; i < scene->stage->sent_count; i++)
        if (is_request(&scene->stage->sent[i]))
            requests[count++] = scene->stage->sent[i];
    close_scene(scene);
    return count;
}

static void what_comes_twice_changes_nothing(void **state) {
    static struct sent once[STAGE_SENT_MAX], twice[STAGE_SENT_MAX];
    (void)state;
    uint32_t count = play(false, once);
    assert_int_equal(play(true, twice), count);
    for (uint32_t i = 0; i < count; i++)
        assert_same(&twice[i], &once[i]);
}

/* Lane 0 goes away and comes back under a new lease, while lane 1 goes on. */
static void a_new_lease_pulls_the_part_again(void **state) {
    struct scene *scene = scene_open(OPTIMISER_ADAGRAD_ROW);
    struct grant_lane back[] = {{.lane = 0, .lease = 7}, BOTH[1]};
    struct scene_tables expected;
    struct loss_sum losses[SCENE_PARTS] = {{0}};
    (void)state;
    scene_grant(scene, 1, 0, SCENE_STRATA, true, BOTH, 2);
    scene_run(scene);
    scene_start(&expected);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, 0, SCENE_STRATA, losses);
    check_both_done(scene->stage, SCENE_STRATA, losses);
    memset(losses, 0, sizeof losses);
    scene_grant(scene, 2, SCENE_STRATA, 4, false, BOTH + 1, 1);
    scene_grant(scene, 3, SCENE_STRATA, SCENE_TOTAL, true, back, 2);
    scene_run(scene);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PULL, TABLE_USERS), 3 * STAGE_PSERVERS);
    scene_expect(OPTIMISER_ADAGRAD_ROW, &expected, SCENE_STRATA, SCENE_TOTAL, losses);
    check_done(scene->stage, SCENE_TOTAL, &back[0], &losses[0]);
    check_done(scene->stage, SCENE_TOTAL, &back[1], &losses[1]);
    check_tables(scene, &expected);
    close_scene(scene);
}

/* Both are taken away while jobs and rows are under way; the late answers find nobody, and do no harm afterwards. */
static void a_lane_that_is_taken_away_can_come_back(void **state) {
    struct scene *scene = scene_open(OPTIMISER_SGD);
    struct grant_lane back[] = {{.lane = 0, .lease = 5}, {.lane = 1, .lease = 6}};
    struct scene_tables expected;
    struct loss_sum losses[SCENE_PARTS] = {{0}};
    (void)state;
    scene_grant(scene, 1, 0, 1, true, BOTH, 2);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        for (uint32_t lane = 0; lane < SCENE_PARTS; lane++)
            stage_lane_at(scene->stage, shard, lane, BOTH[lane].lease, 0, 0, 0);
    assert_int_equal(scene->stage->job_count, 2);
    scene_grant(scene, 2, 0, 1, true, NULL, 0);
    stage_job(scene->stage, 0);
    scene_run_still(scene);
    stage_forget(scene->stage);
    scene_grant(scene, 3, 0, 2, true, back, 2);
    scene_run(scene);
    scene_start(&expected);
    scene_expect(OPTIMISER_SGD, &expected, 0, 2, losses);
    check_done(scene->stage, 2, &back[0], &losses[0]);
    check_done(scene->stage, 2, &back[1], &losses[1]);
    check_tables(scene, &expected);
    close_scene(scene);
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

static void a_timer_computes_one_block_the_lowest_round_first(void **state) {
    static const uint32_t LANES[] = {0, 1, 0, 1};
    struct scene *scene = scene_open(OPTIMISER_SGD);
    uint64_t step;
    (void)state;
    scene_grant(scene, 1, 0, 2, false, BOTH, 2);
    scene_run_still(scene);
    assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_MOVIES), 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(stage_wakes(scene->stage));
        assert_int_equal(count_sent(scene->stage, MESSAGE_RUN_PUSH, TABLE_MOVIES), (i + 1) * STAGE_PSERVERS);
        assert_int_equal(last_pushed(scene->stage, &step), LANES[i]);
        assert_int_equal(step, i / 2);
        scene_run_still(scene);
    }
    assert_false(stage_wakes(scene->stage));
    close_scene(scene);
}

static void a_shard_that_stays_silent_ends_the_worker(void **state) {
    struct scene *scene = scene_open(OPTIMISER_SGD);
    (void)state;
    scene->loses = MESSAGE_RUN_PUSHED;
    scene->loses_table = TABLE_MOVIES;
    scene_grant(scene, 1, 0, 1, true, BOTH, 1);
    scene_run(scene);
    for (int beats = 0; beats < 1000 && !scene->stage->ended; beats++)
        stage_tick(scene->stage);
    assert_true(scene->stage->ended);
    assert_int_equal(scene->stage->outcome.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(scene->stage->outcome.text, "pserver 1 has not answered"));
    assert_non_null(strstr(scene->stage->outcome.text, "receipt of stratum 0"));
    stage_close(scene->stage);
}

static void grant_with_rate(struct scene *scene, uint32_t rates, double learning_rate, double momentum) {
    struct {
        struct grant_lane lane;
        struct step_rate rates[2];
    } body = {BOTH[0], {{learning_rate, momentum}, {learning_rate, momentum}}};
    struct message message = {.kind = MESSAGE_GRANT, .grant = {1, 0, 0, 1, 1, rates, 0}};
    stage_hear(scene->stage, LINK_COORDINATOR, message, &body,
               sizeof body.lane + rates * sizeof(struct step_rate));
}

static void what_cannot_be_is_refused(void **state) {
    struct scene *scene = scene_open(OPTIMISER_SGD);
    struct stage *stage = scene->stage;
    struct message rows = {.kind = MESSAGE_RUN_ROWS, .run_rows = {0, TABLE_MOVIES, 0, 0, 1}};
    struct message pushed = {.kind = MESSAGE_RUN_PUSHED, .run_pushed = {0, TABLE_MOVIES, 0, 1}};
    struct message old = {.kind = MESSAGE_ROWS, .rows = {.lane = 0, .step = 0}};
    (void)state;
    stage_hear(stage, LINK_FIRST_PSERVER, rows, NULL, 0);
    grant_with_rate(scene, 0, 0.1, 0);
    grant_with_rate(scene, 2, 0.1, 0);
    grant_with_rate(scene, 1, NAN, 0);
    grant_with_rate(scene, 1, 0.1, INFINITY);
    grant_with_rate(scene, 1, 34, 0); /* times the decay more than 1 */
    assert_int_equal(stage->refused, 6);
    grant_with_rate(scene, 1, 0.1, 0);
    stage_lane_at(stage, 0, 0, 3, 1, 0, 0); /* past what the part at home has seen */
    assert_int_equal(stage->refused, 7);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        stage_lane_at(stage, shard, 0, 3, 0, 0, 0);
    assert_int_equal(stage_count(stage, MESSAGE_RUN_PULL), 2 * STAGE_PSERVERS);
    stage_hear(stage, LINK_FIRST_PSERVER, rows, NULL, 0);
    stage_hear(stage, LINK_FIRST_PSERVER, pushed, NULL, 0);
    stage_hear(stage, LINK_FIRST_PSERVER, old, NULL, 0);
    stage_hear(stage, LINK_COORDINATOR, rows, NULL, 0);
    assert_int_equal(stage->refused, 11);
    scene_run(scene);
    assert_int_equal(stage_count(stage, MESSAGE_LANE_DONE), 1);
    stage_close(stage);
}

/* The n-th request for memory fails: a status, and nothing leaks. */
static void memory_that_is_refused_ends_the_worker(void **state) {
    struct worker_spec spec = scene_spec(OPTIMISER_SGD);
    uint32_t failures = 0;
    (void)state;
    for (size_t nth = 1; nth < 80; nth++) {
        memory_fail_after(nth);
        struct stage *stage = stage_make_of(&spec);
        if (stage != NULL) {
            struct scene scene = {.spec = spec, .stage = stage};
            stage_start(stage);
            stage_topology(stage);
            for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
                stage_welcome(stage, LINK_FIRST_PSERVER + shard);
            scene_grant(&scene, 1, 0, 1, true, BOTH, 2);
            failures += stage->ended;
            if (stage->ended)
                assert_int_equal(stage->outcome.code, STATUS_NO_MEMORY);
            stage_close(stage);
        }
        memory_fail_after(0);
        assert_int_equal(memory_blocks_held(), 0);
    }
    assert_in_range(failures, 20, 40);
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
        cmocka_unit_test(what_is_lost_is_asked_for_again_with_the_same_bytes),
        cmocka_unit_test(what_comes_twice_changes_nothing),
        cmocka_unit_test(a_new_lease_pulls_the_part_again),
        cmocka_unit_test(a_lane_that_is_taken_away_can_come_back),
        cmocka_unit_test(a_timer_computes_one_block_the_lowest_round_first),
        cmocka_unit_test(a_shard_that_stays_silent_ends_the_worker),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(memory_that_is_refused_ends_the_worker),
        cmocka_unit_test(a_part_counts_in_the_bytes_of_a_worker),
    };
    return cmocka_run_group_tests_name("unit/blocked", tests, NULL, NULL);
}
