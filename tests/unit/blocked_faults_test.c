/* Does a worker in mode blocked ask again with the same bytes for what is lost, shrug at what comes twice or late, refuse what
 * cannot be, and end well when there is no memory or no answer? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "blocked_scene.h"
#include "core/memory.h"
#include "worker/part.h"

static const enum optimiser_kind OPTIMISERS[] = {OPTIMISER_SGD, OPTIMISER_ADAGRAD_ROW};

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
        scene_grant(scene, 1, 0, SCENE_STRATA, true, SCENE_LANES, SCENE_PARTS);
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
        scene_check_all_done(scene, SCENE_STRATA, losses);
        scene_check_tables(scene, &expected);
        scene_close(scene);
    }
}

static uint32_t play(bool twice, struct sent *requests) {
    struct scene *scene = scene_open(OPTIMISER_ADAGRAD_ROW);
    uint32_t count = 0;
    scene->stage->twice = twice;
    scene_grant(scene, 1, 0, 2, false, SCENE_LANES, SCENE_PARTS);
    scene_run(scene);
    scene_grant(scene, 2, 2, SCENE_STRATA, true, SCENE_LANES, SCENE_PARTS);
    scene_run(scene);
    for (uint32_t i = 0; i < scene->stage->sent_count; i++)
        if (is_request(&scene->stage->sent[i]))
            requests[count++] = scene->stage->sent[i];
    scene_close(scene);
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

/* All are taken away while jobs and rows are under way; the late answers find nobody, and do no harm afterwards. */
static void a_lane_that_is_taken_away_can_come_back(void **state) {
    struct scene *scene = scene_open(OPTIMISER_SGD);
    struct grant_lane back[] = {{.lane = 0, .lease = 5}, {.lane = 1, .lease = 6}, {.lane = 2, .lease = 2}};
    struct scene_tables expected;
    struct loss_sum losses[SCENE_PARTS] = {{0}};
    (void)state;
    scene_grant(scene, 1, 0, 1, true, SCENE_LANES, SCENE_PARTS);
    for (uint32_t shard = 0; shard < STAGE_PSERVERS; shard++)
        for (uint32_t lane = 0; lane < SCENE_PARTS; lane++)
            stage_lane_at(scene->stage, shard, lane, SCENE_LANES[lane].lease, 0, 0, 0);
    assert_int_equal(scene->stage->job_count, SCENE_PARTS);
    scene_grant(scene, 2, 0, 1, true, NULL, 0);
    stage_job(scene->stage, 0);
    scene_run_still(scene);
    stage_forget(scene->stage);
    scene_grant(scene, 3, 0, 2, true, back, SCENE_PARTS);
    scene_run(scene);
    scene_start(&expected);
    scene_expect(OPTIMISER_SGD, &expected, 0, 2, losses);
    for (uint32_t lane = 0; lane < SCENE_PARTS; lane++)
        scene_check_done(scene, 2, &back[lane], &losses[lane]);
    scene_check_tables(scene, &expected);
    scene_close(scene);
}

static void a_shard_that_stays_silent_ends_the_worker(void **state) {
    struct scene *scene = scene_open(OPTIMISER_SGD);
    (void)state;
    scene->loses = MESSAGE_RUN_PUSHED;
    scene->loses_table = TABLE_MOVIES;
    scene_grant(scene, 1, 0, 2, true, SCENE_LANES, 1); /* the second stratum lives on the second shard */
    scene_run(scene);
    for (int beats = 0; beats < 1000 && !scene->stage->ended; beats++)
        stage_tick(scene->stage);
    assert_true(scene->stage->ended);
    assert_int_equal(scene->stage->outcome.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(scene->stage->outcome.text, "pserver 1 has not answered"));
    assert_non_null(strstr(scene->stage->outcome.text, "receipt of stratum 1"));
    stage_close(scene->stage);
}

static void grant_with_rate(struct scene *scene, uint32_t rates, double learning_rate, double momentum) {
    struct {
        struct grant_lane lane;
        struct step_rate rates[2];
    } body = {SCENE_LANES[0], {{learning_rate, momentum}, {learning_rate, momentum}}};
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
    grant_with_rate(scene, 1, -INFINITY, 0);
    grant_with_rate(scene, 1, 0.1, INFINITY);
    grant_with_rate(scene, 1, 34, 0); /* times the decay more than 1 */
    assert_int_equal(stage->refused, 7);
    grant_with_rate(scene, 1, 0.1, 0);
    stage_lane_at(stage, 1, 0, 3, 1, 0, 0);
    stage_lane_at(stage, 0, 0, 3, 1, 0,
                  0); /* nobody waits for round 0: past what the part at home has seen */
    assert_int_equal(stage->refused, 8);
    stage_lane_at(stage, 0, 0, 3, 0, 0, 0);
    assert_int_equal(stage_count(stage, MESSAGE_RUN_PULL), STAGE_PSERVERS + 1);
    stage_hear(stage, LINK_FIRST_PSERVER, rows, NULL, 0);
    stage_hear(stage, LINK_FIRST_PSERVER, pushed, NULL, 0);
    stage_hear(stage, LINK_FIRST_PSERVER, old, NULL, 0);
    stage_hear(stage, LINK_COORDINATOR, rows, NULL, 0);
    assert_int_equal(stage->refused, 12);
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
            scene_grant(&scene, 1, 0, 1, true, SCENE_LANES, SCENE_PARTS);
            failures += stage->ended;
            if (stage->ended)
                assert_int_equal(stage->outcome.code, STATUS_NO_MEMORY);
            stage_close(stage);
        }
        memory_fail_after(0);
        assert_int_equal(memory_blocks_held(), 0);
    }
    assert_int_equal(failures, SCENE_PARTS * (2 + 3 * (1 + ROUNDS_KEPT)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_lost_is_asked_for_again_with_the_same_bytes),
        cmocka_unit_test(what_comes_twice_changes_nothing),
        cmocka_unit_test(a_lane_that_is_taken_away_can_come_back),
        cmocka_unit_test(a_shard_that_stays_silent_ends_the_worker),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(memory_that_is_refused_ends_the_worker),
    };
    return cmocka_run_group_tests_name("unit/blocked_faults", tests, NULL, NULL);
}
