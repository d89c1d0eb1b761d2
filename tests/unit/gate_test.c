/* When may a shard apply, and when may it answer? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "pserver/gate.h"

static struct gate make(enum gate_kind kind, uint32_t lanes, uint32_t staleness) {
    struct gate gate;
    struct status status;
    struct gate_spec spec = {kind, lanes, staleness};
    assert_true(gate_init(&gate, &spec, &status));
    return gate;
}

static bool said(bool good, const struct status *status) {
    assert_true(good || (status->code == STATUS_PROTOCOL && status->text[0] != '\0'));
    return good;
}

static bool pushes(const struct gate *gate, uint32_t lane, uint64_t push_step, uint64_t pull_step) {
    struct status status = {STATUS_OK, ""};
    return said(gate_check_push(gate, lane, push_step, pull_step, &status), &status);
}

static bool pulls(const struct gate *gate, uint32_t lane, uint64_t pull_step) {
    struct status status = {STATUS_OK, ""};
    return said(gate_check_pull(gate, lane, pull_step, &status), &status);
}

static bool opens(struct gate *gate, uint32_t lane, uint32_t lease) {
    struct status status = {STATUS_OK, ""};
    return said(gate_lease(gate, lane, lease, &status), &status);
}

static bool serves(const struct gate *gate, uint32_t lane, uint32_t lease) {
    struct status status = {STATUS_OK, ""};
    return said(gate_check_lease(gate, lane, lease, &status), &status);
}

static bool starts(struct gate *gate, uint64_t lane_step, uint64_t clock_step) {
    struct status status = {STATUS_OK, ""};
    return said(gate_start(gate, lane_step, clock_step, &status), &status);
}

static bool stands(const struct gate *gate, uint64_t lane_step, uint64_t clock_step) {
    struct status status = {STATUS_OK, ""};
    return said(gate_stands(gate, lane_step, clock_step, &status), &status);
}

/* A step of every lane. */
static void step_all(struct gate *gate) {
    for (uint32_t lane = 0; lane < gate->spec.lanes; lane++)
        gate_pushed(gate, lane, 0, 0);
    gate_applied(gate);
}

static void synchronous_steps_wait_for_every_lane(void **state) {
    struct gate gate = make(GATE_SYNCHRONOUS, 3, 0);
    (void)state;
    assert_true(gate_open(&gate, 0));
    gate_pushed(&gate, 2, 0, 0);
    gate_pushed(&gate, 0, 0, 0);
    assert_false(gate_complete(&gate));
    assert_false(gate_open(&gate, 1));
    gate_pushed(&gate, 1, 0, 0);
    assert_true(gate_complete(&gate));
    gate_applied(&gate);
    assert_false(gate_complete(&gate));
    assert_true(gate_open(&gate, 1));
    assert_false(gate_open(&gate, 0));
    assert_false(gate_open(&gate, 2));
    gate_free(&gate);
}

static void synchronous_staleness_reads_an_exact_version(void **state) {
    struct gate gate = make(GATE_SYNCHRONOUS, 1, 2);
    (void)state;
    assert_int_equal(gate_depth(&gate.spec), 3);
    for (uint64_t step = 0; step <= 2; step++)
        assert_true(gate_open(&gate, step));
    assert_false(gate_open(&gate, 3));
    gate_pushed(&gate, 0, 0, 0);
    gate_applied(&gate);
    assert_true(gate_open(&gate, 3));
    assert_false(gate_open(&gate, 2));
    gate_free(&gate);
}

static void ssp_waits_for_the_slowest_lane_within_the_bound(void **state) {
    struct gate gate = make(GATE_SSP, 2, 1);
    (void)state;
    assert_int_equal(gate_depth(&gate.spec), 1);
    gate_pushed(&gate, 0, 0, 0);
    assert_true(gate_complete(&gate));
    assert_true(gate_open(&gate, 1));
    assert_false(gate_open(&gate, 2));
    gate_pushed(&gate, 1, 0, 0);
    assert_true(gate_open(&gate, 2));
    assert_false(gate_open(&gate, 3));
    gate_free(&gate);
}

static void asp_never_waits(void **state) {
    struct gate gate = make(GATE_ASP, 2, 0);
    (void)state;
    assert_true(gate_complete(&gate));
    assert_true(gate_open(&gate, 1000));
    gate_free(&gate);
}

static void a_push_leaves_no_gap_and_brings_its_pull(void **state) {
    struct gate gate = make(GATE_SYNCHRONOUS, 2, 1);
    (void)state;
    assert_true(pushes(&gate, 0, 0, 2));
    assert_false(pushes(&gate, 0, 0, 1));
    assert_false(pushes(&gate, 0, 0, 3));
    assert_false(pushes(&gate, 0, 1, 3));
    assert_false(pushes(&gate, 0, UINT64_MAX, 1));
    gate_pushed(&gate, 0, 0, 0);
    assert_true(pushes(&gate, 0, 1, 3));
    assert_true(pushes(&gate, 0, 0, 2));
    assert_true(pushes(&gate, 1, 0, 2));
    assert_false(pushes(&gate, 1, 1, 3));
    gate_free(&gate);
}

static void a_push_is_seen_once_it_is_accepted(void **state) {
    struct gate gate = make(GATE_ASP, 2, 0);
    (void)state;
    assert_false(gate_seen(&gate, 0, 0));
    gate_pushed(&gate, 0, 2.5, 7);
    assert_true(gate_seen(&gate, 0, 0));
    assert_false(gate_seen(&gate, 0, 1));
    assert_false(gate_seen(&gate, 1, 0));
    assert_true(gate.lanes[0].squared == 2.5 && gate.lanes[0].count == 7);
    assert_true(gate.lanes[1].squared == 0 && gate.lanes[1].count == 0);
    gate_free(&gate);
}

static void pulls_alone_begin_where_the_lane_stands(void **state) {
    struct gate gate = make(GATE_SYNCHRONOUS, 1, 2);
    (void)state;
    for (uint64_t step = 0; step <= 2; step++)
        assert_true(pulls(&gate, 0, step));
    assert_false(pulls(&gate, 0, 3));
    assert_false(pulls(&gate, 0, UINT64_MAX));
    for (int i = 0; i < 5; i++)
        step_all(&gate);
    for (uint64_t step = 0; step < 10; step++)
        assert_int_equal(pulls(&gate, 0, step), step == 7);
    assert_true(gate_gone(&gate, 6) && !gate_gone(&gate, 7));
    gate_free(&gate);
}

/* A new owner may want steps up to lead + 1 behind the lane; what is older is a late copy. */
static void late_copies_are_told_from_what_a_new_owner_asks(void **state) {
    (void)state;
    for (uint32_t staleness = 0; staleness < 3; staleness++) {
        struct gate gate = make(GATE_SYNCHRONOUS, 1, staleness);
        assert_false(gate_outlived(&gate, 0, 0));
        assert_false(gate_outlived(&gate, 0, UINT64_MAX));
        for (int i = 0; i < 9; i++)
            step_all(&gate);
        assert_false(gate_outlived(&gate, 0, 9 - (staleness + 1)));
        assert_true(gate_outlived(&gate, 0, 9 - (staleness + 2)));
        gate_free(&gate);
    }
}

static void a_lane_belongs_to_the_highest_lease(void **state) {
    struct gate gate = make(GATE_SSP, 2, 1);
    (void)state;
    assert_false(serves(&gate, 0, 0));
    assert_true(opens(&gate, 0, 0));
    assert_true(serves(&gate, 0, 0));
    assert_true(opens(&gate, 0, 5));
    assert_true(opens(&gate, 0, 5));
    assert_false(opens(&gate, 0, 4));
    assert_true(serves(&gate, 0, 5));
    assert_false(serves(&gate, 0, 4));
    assert_false(serves(&gate, 0, 6));
    assert_false(serves(&gate, 1, 5));
    assert_true(opens(&gate, 1, UINT32_MAX));
    assert_false(opens(&gate, 2, 1));
    assert_false(serves(&gate, 2, 1));
    assert_false(serves(&gate, UINT32_MAX, 1));
    gate_free(&gate);
}

static void a_restored_gate_stands_where_it_was_cut(void **state) {
    struct gate gate = make(GATE_SYNCHRONOUS, 3, 1), free_gate = make(GATE_ASP, 3, 0);
    (void)state;
    assert_false(starts(&gate, 5, 6));
    assert_false(starts(&gate, UINT64_MAX, UINT64_MAX));
    assert_false(starts(&free_gate, 5, 5));
    assert_true(starts(&gate, 5, 5));
    assert_true(starts(&free_gate, 5, 15));
    assert_true(stands(&gate, 5, 5) && stands(&free_gate, 5, 15));
    assert_false(stands(&gate, 4, 5));
    assert_false(stands(&gate, 5, 4));
    gate_pushed(&gate, 1, 0, 0);
    assert_false(stands(&gate, 5, 5));
    assert_true(gate_open(&gate, 6) && !gate_open(&gate, 7));
    gate_free(&gate);
    gate_free(&free_gate);
}

/* Requests of a lane that can be open together never share a place. */
static void open_requests_have_places_of_their_own(void **state) {
    (void)state;
    for (uint32_t staleness = 0; staleness < 4; staleness++) {
        struct gate_spec spec = {GATE_SYNCHRONOUS, 1, staleness};
        uint32_t depth = gate_depth(&spec);
        for (uint64_t first = 0; first < 20; first++) {
            uint32_t taken = 0;
            for (uint64_t pull = first; pull < first + depth; pull++)
                taken |= 1u << gate_place(&spec, pull);
            assert_int_equal(taken, (1u << depth) - 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synchronous_steps_wait_for_every_lane),
        cmocka_unit_test(synchronous_staleness_reads_an_exact_version),
        cmocka_unit_test(ssp_waits_for_the_slowest_lane_within_the_bound),
        cmocka_unit_test(asp_never_waits),
        cmocka_unit_test(a_push_leaves_no_gap_and_brings_its_pull),
        cmocka_unit_test(a_push_is_seen_once_it_is_accepted),
        cmocka_unit_test(pulls_alone_begin_where_the_lane_stands),
        cmocka_unit_test(late_copies_are_told_from_what_a_new_owner_asks),
        cmocka_unit_test(a_lane_belongs_to_the_highest_lease),
        cmocka_unit_test(a_restored_gate_stands_where_it_was_cut),
        cmocka_unit_test(open_requests_have_places_of_their_own),
    };
    return cmocka_run_group_tests_name("unit/gate", tests, NULL, NULL);
}
