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

static bool allows(const struct gate *gate, uint32_t lane, bool pushes, uint64_t push_step, bool pulls,
                   uint64_t pull_step) {
    struct status status = {STATUS_OK, ""};
    bool good = gate_check(gate, lane, pushes, push_step, pulls, pull_step, &status);
    assert_true(good || (status.code == STATUS_PROTOCOL && status.text[0] != '\0'));
    return good;
}

static void synchronous_steps_wait_for_every_lane(void **state) {
    struct gate gate = make(GATE_SYNCHRONOUS, 3, 0);
    (void)state;
    assert_true(gate_open(&gate, 0));
    gate_pushed(&gate, 2);
    gate_pushed(&gate, 0);
    assert_false(gate_complete(&gate));
    assert_false(gate_open(&gate, 1));
    gate_pushed(&gate, 1);
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
    gate_pushed(&gate, 0);
    gate_applied(&gate);
    assert_true(gate_open(&gate, 3));
    assert_false(gate_open(&gate, 2));
    gate_free(&gate);
}

static void ssp_waits_for_the_slowest_lane_within_the_bound(void **state) {
    struct gate gate = make(GATE_SSP, 2, 1);
    (void)state;
    assert_int_equal(gate_depth(&gate.spec), 1);
    gate_pushed(&gate, 0);
    assert_true(gate_complete(&gate));
    assert_true(gate_open(&gate, 1));
    assert_false(gate_open(&gate, 2));
    gate_pushed(&gate, 1);
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

static void requests_out_of_turn_are_refused(void **state) {
    struct gate gate = make(GATE_SYNCHRONOUS, 2, 1);
    (void)state;
    assert_false(allows(&gate, 2, false, 0, true, 0));
    assert_false(allows(&gate, 0, false, 0, false, 0));
    assert_true(allows(&gate, 0, false, 0, true, 0));
    assert_true(allows(&gate, 0, false, 0, true, 1));
    assert_false(allows(&gate, 0, false, 0, true, 2));
    assert_true(allows(&gate, 0, true, 0, true, 2));
    assert_true(allows(&gate, 0, true, 0, false, 0));
    assert_false(allows(&gate, 0, true, 0, true, 1));
    assert_false(allows(&gate, 0, true, 0, true, 3));
    assert_false(allows(&gate, 0, true, 1, true, 3));
    assert_false(allows(&gate, 0, true, UINT64_MAX, true, 1));
    gate_pushed(&gate, 0);
    assert_false(allows(&gate, 0, true, 0, true, 2));
    assert_true(allows(&gate, 0, true, 1, true, 3));
    assert_false(allows(&gate, 0, false, 0, true, 1));
    assert_true(allows(&gate, 1, true, 0, true, 2));
    gate_free(&gate);
}

/* Requests of a lane that can be open together never share a place. */
static void open_requests_have_places_of_their_own(void **state) {
    (void)state;
    for (uint32_t staleness = 0; staleness < 4; staleness++) {
        struct gate_spec spec = {GATE_SYNCHRONOUS, 1, staleness};
        uint32_t depth = gate_depth(&spec), taken = 0;
        for (uint64_t pull = 0; pull < depth; pull++)
            taken |= 1u << gate_place(&spec, false, 0, pull);
        assert_int_equal(taken, (1u << depth) - 1);
        for (uint64_t push = 0; push < 20; push++)
            assert_int_equal(gate_place(&spec, true, push, push + depth),
                             gate_place(&spec, false, 0, push + depth));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synchronous_steps_wait_for_every_lane),
        cmocka_unit_test(synchronous_staleness_reads_an_exact_version),
        cmocka_unit_test(ssp_waits_for_the_slowest_lane_within_the_bound),
        cmocka_unit_test(asp_never_waits),
        cmocka_unit_test(requests_out_of_turn_are_refused),
        cmocka_unit_test(open_requests_have_places_of_their_own),
    };
    return cmocka_run_group_tests_name("unit/gate", tests, NULL, NULL);
}
