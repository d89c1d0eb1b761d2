/* Does the supervisor's policy start again what can be started again, and nothing else? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>

#include "core/status.h"
#include "node/restart_policy.h"

static enum restart_action decide(enum role role, enum restart_ending ending, uint64_t left,
                                  bool is_stopping) {
    struct restart_case which = {role, ending, left, is_stopping};
    return restart_decide(&which);
}

static void codes_and_signals_are_endings(void **state) {
    (void)state;
    assert_int_equal(restart_ending_of_code(0), RESTART_ENDED_WELL);
    assert_int_equal(restart_ending_of_code(STATUS_TRY_AGAIN), RESTART_ENDED_ASKED);
    assert_int_equal(restart_ending_of_code(STATUS_UNAVAILABLE), RESTART_ENDED_LOST);
    for (int code = 1; code < 256; code++)
        if (code != STATUS_TRY_AGAIN && code != STATUS_UNAVAILABLE)
            assert_int_equal(restart_ending_of_code(code), RESTART_ENDED_FAILED);
    assert_int_equal(restart_ending_of_wait(SIGKILL), RESTART_ENDED_LOST);
    assert_int_equal(restart_ending_of_wait(SIGSEGV | 0x80), RESTART_ENDED_LOST);
    assert_int_equal(restart_ending_of_wait(0), RESTART_ENDED_WELL);
    assert_int_equal(restart_ending_of_wait(STATUS_CONFIG << 8), RESTART_ENDED_FAILED);
}

static void each_role_costs_what_it_holds(void **state) {
    static const enum restart_action EXPECTED[3][RESTART_ENDINGS] = {
        {RESTART_SUCCEED, RESTART_END, RESTART_ALL, RESTART_END},
        {RESTART_LET_GO, RESTART_LET_GO, RESTART_ALL, RESTART_AWAIT},
        {RESTART_LET_GO, RESTART_LET_GO, RESTART_ONE, RESTART_AWAIT},
    };
    (void)state;
    for (enum role role = ROLE_COORDINATOR; role < ROLE_COUNT; role++)
        for (enum restart_ending ending = 0; ending < RESTART_ENDINGS; ending++)
            assert_int_equal(decide(role, ending, 1, false), EXPECTED[role][ending]);
}

static void no_restart_is_left_for_ever(void **state) {
    (void)state;
    for (enum role role = ROLE_COORDINATOR; role < ROLE_COUNT; role++)
        assert_int_equal(decide(role, RESTART_ENDED_LOST, 0, false), RESTART_GIVE_UP);
    assert_int_equal(decide(ROLE_COORDINATOR, RESTART_ENDED_WELL, 0, false), RESTART_SUCCEED);
    assert_int_equal(decide(ROLE_WORKER, RESTART_ENDED_WELL, 0, false), RESTART_LET_GO);
    assert_int_equal(decide(ROLE_PSERVER, RESTART_ENDED_FAILED, 0, false), RESTART_AWAIT);
}

/* Whether or not there are restarts left: a run that is being stopped saves its state with those it has. */
static void nothing_is_started_in_a_run_that_stops(void **state) {
    (void)state;
    for (uint64_t left = 0; left < 2; left++) {
        assert_int_equal(decide(ROLE_WORKER, RESTART_ENDED_LOST, left, true), RESTART_LET_GO);
        assert_int_equal(decide(ROLE_PSERVER, RESTART_ENDED_LOST, left, true), RESTART_STOP);
        assert_int_equal(decide(ROLE_COORDINATOR, RESTART_ENDED_LOST, left, true), RESTART_STOP);
        assert_int_equal(decide(ROLE_COORDINATOR, RESTART_ENDED_ASKED, left, true), RESTART_END);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_and_signals_are_endings),
        cmocka_unit_test(each_role_costs_what_it_holds),
        cmocka_unit_test(no_restart_is_left_for_ever),
        cmocka_unit_test(nothing_is_started_in_a_run_that_stops),
    };
    return cmocka_run_group_tests_name("node/restart_policy", tests, NULL, NULL);
}
