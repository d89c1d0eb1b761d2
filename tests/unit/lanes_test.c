/* Who computes which lane? Dealing, leases, takeovers, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "coordinator/lanes.h"
#include "core/memory.h"

enum { WORKERS = 3, LANES = 5 };

struct scene {
    struct roster roster;
    struct lane_books lanes;
};

static struct scene make(void) {
    static const struct roster_spec SPEC = {.pservers = 1, .workers = WORKERS};
    struct scene scene;
    struct status status;
    assert_true(roster_init(&scene.roster, &SPEC, &status));
    assert_true(lanes_init(&scene.lanes, LANES, &status));
    lanes_begin_epoch(&scene.lanes, NULL, NULL);
    return scene;
}

static void end(struct scene *scene) {
    lanes_free(&scene->lanes);
    roster_free(&scene->roster);
    assert_int_equal(memory_blocks_held(), 0);
}

static void come(struct scene *scene, uint32_t worker, uint64_t incarnation) {
    struct seat *seat = roster_worker(&scene->roster, worker);
    seat->ready = true;
    seat->hello.incarnation = incarnation;
}

static void go(struct scene *scene, uint32_t worker) {
    roster_clear(&scene->roster, roster_worker(&scene->roster, worker));
    lanes_disown(&scene->lanes, worker);
}

static bool finish(struct scene *scene, uint32_t lane, double squared, bool *repeated) {
    struct status status;
    struct lane_done_message done = {.lane = lane,
                                     .lease = scene->lanes.granted[lane].lease,
                                     .end_step = scene->lanes.end_step,
                                     .count = 10,
                                     .squared = squared};
    return lanes_done(&scene->lanes, &done, repeated, &status);
}

static void lanes_are_dealt_evenly_and_owners_keep_their_lease(void **state) {
    struct scene scene = make();
    (void)state;
    come(&scene, 0, 7);
    come(&scene, 2, 9);
    lanes_begin(&scene.lanes, &scene.roster, 0, 4, true);
    for (uint32_t lane = 0; lane < LANES; lane++) {
        assert_int_equal(scene.lanes.owners[lane], lane % 2 == 0 ? 0 : 2);
        assert_int_equal(scene.lanes.granted[lane].lease, 1);
    }
    lanes_begin(&scene.lanes, &scene.roster, 4, 8, true);
    assert_int_equal(scene.lanes.granted[3].lease, 1);
    assert_int_equal(scene.lanes.serial, 2);
    come(&scene, 2, 10); /* another process in the same seat */
    lanes_begin(&scene.lanes, &scene.roster, 8, 12, true);
    assert_int_equal(scene.lanes.granted[0].lease, 1);
    assert_int_equal(scene.lanes.granted[1].lease, 2);
    end(&scene);
}

static void only_unfinished_lanes_of_the_lost_change_hands(void **state) {
    struct scene scene = make();
    bool repeated;
    (void)state;
    for (uint32_t worker = 0; worker < WORKERS; worker++)
        come(&scene, worker, worker + 1);
    lanes_begin(&scene.lanes, &scene.roster, 0, 4, true);
    assert_true(finish(&scene, 1, 0.5, &repeated));
    go(&scene, 1); /* it had lanes 1 and 4 */
    assert_true(lanes_adopt(&scene.lanes, &scene.roster));
    assert_int_equal(scene.lanes.owners[1], LANE_UNOWNED);
    assert_int_equal(scene.lanes.owners[4], 0);
    assert_int_equal(scene.lanes.granted[4].lease, 2);
    assert_int_equal(scene.lanes.granted[0].lease, 1);
    assert_true(lanes_waits_for(&scene.lanes, 0) && !lanes_waits_for(&scene.lanes, 1));
    assert_false(lanes_adopt(&scene.lanes, &scene.roster));
    go(&scene, 0);
    go(&scene, 2);
    assert_false(lanes_adopt(&scene.lanes, &scene.roster)); /* nobody is there */
    come(&scene, 1, 20);
    assert_true(lanes_adopt(&scene.lanes, &scene.roster));
    assert_int_equal(scene.lanes.owners[0], 1);
    assert_int_equal(scene.lanes.granted[4].lease, 3);
    end(&scene);
}

static void an_end_counts_once_and_only_for_its_owner_and_grant(void **state) {
    struct scene scene = make();
    struct status status;
    bool repeated;
    (void)state;
    come(&scene, 0, 1);
    lanes_begin(&scene.lanes, &scene.roster, 0, 4, true);
    assert_true(finish(&scene, 2, 0.5, &repeated) && !repeated);
    assert_true(finish(&scene, 2, 0.7, &repeated) && repeated);
    assert_true(scene.lanes.ends[2].squared == 0.5);
    assert_int_equal(scene.lanes.left, LANES - 1);
    struct lane_done_message early = {.lane = 1, .lease = 1, .end_step = 5};
    struct lane_done_message foreign = {.lane = 1, .lease = 2, .end_step = 4};
    struct lane_done_message none = {.lane = LANES, .lease = 1, .end_step = 4};
    struct lane_done_message old = {.lane = 1, .lease = 0, .end_step = 4};
    assert_false(lanes_done(&scene.lanes, &early, &repeated, &status));
    assert_false(lanes_done(&scene.lanes, &foreign, &repeated, &status));
    assert_false(lanes_done(&scene.lanes, &none, &repeated, &status));
    assert_true(lanes_done(&scene.lanes, &old, &repeated, &status) && repeated);
    assert_int_equal(scene.lanes.left, LANES - 1);
    end(&scene);
}

static void sums_go_from_grant_to_grant_and_start_anew_with_an_epoch(void **state) {
    struct scene scene = make();
    bool repeated;
    double squared;
    uint64_t count;
    (void)state;
    come(&scene, 0, 1);
    lanes_begin(&scene.lanes, &scene.roster, 0, 4, true);
    for (uint32_t lane = 0; lane < LANES; lane++)
        assert_true(finish(&scene, lane, lane + 1, &repeated));
    lanes_sum(&scene.lanes, &squared, &count);
    assert_true(squared == 15 && count == 10 * LANES);
    lanes_begin(&scene.lanes, &scene.roster, 4, 8, true);
    assert_true(scene.lanes.granted[4].squared == 5 && scene.lanes.granted[4].count == 10);
    lanes_begin_epoch(&scene.lanes, NULL, NULL);
    lanes_begin(&scene.lanes, &scene.roster, 8, 12, true);
    assert_true(scene.lanes.granted[4].squared == 0 && scene.lanes.granted[4].count == 0);
    end(&scene);
}

/* Owners, leases and the sums at its beginning stay; what was said of the earlier end counts no more. */
static void a_stretched_grant_has_all_lanes_go_on(void **state) {
    struct scene scene = make();
    bool repeated;
    (void)state;
    come(&scene, 0, 7);
    lanes_begin(&scene.lanes, &scene.roster, 0, 4, true);
    uint64_t serial = scene.lanes.serial;
    assert_true(finish(&scene, 1, 2.5, &repeated) && !repeated);
    lanes_stretch(&scene.lanes, 9);
    assert_true(scene.lanes.serial > serial && scene.lanes.left == LANES && scene.lanes.first_step == 0);
    struct lane_done_message late = {.lane = 2, .lease = scene.lanes.granted[2].lease, .end_step = 4};
    assert_true(lanes_done(&scene.lanes, &late, &repeated, &(struct status){0}) && repeated);
    for (uint32_t lane = 0; lane < LANES; lane++) {
        assert_true(scene.lanes.owners[lane] == 0 && scene.lanes.granted[lane].squared == 0);
        assert_true(lanes_waits_for(&scene.lanes, 0));
        assert_true(finish(&scene, lane, 3.5, &repeated) && !repeated);
    }
    assert_int_equal(scene.lanes.left, 0);
    end(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_are_dealt_evenly_and_owners_keep_their_lease),
        cmocka_unit_test(only_unfinished_lanes_of_the_lost_change_hands),
        cmocka_unit_test(an_end_counts_once_and_only_for_its_owner_and_grant),
        cmocka_unit_test(sums_go_from_grant_to_grant_and_start_anew_with_an_epoch),
        cmocka_unit_test(a_stretched_grant_has_all_lanes_go_on),
    };
    return cmocka_run_group_tests_name("unit/lanes", tests, NULL, NULL);
}
