/* Does a cluster give the quiet run's model whatever happens to it? Messages are lost, doubled, overtaken and late; networks
 * fall apart; everybody dies, freezes and comes back; disks are slow, full and torn. Then all is healed, and the run must
 * end by itself, with the same bits.
 *
 *   SIM_SEEDS=100000 build/tests/sim_chaos_test          a longer run
 *   SIM_TRACE=1 SIM_FIRST_SEED=17 SIM_SEEDS=1 ...        one seed, event by event */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chaos.h"

enum { SEEDS = 2000, FAILURES_SHOWN = 10 };

static void whatever_happens_the_model_is_the_quiet_runs(void **state) {
    static struct chaos_tally tally;
    uint64_t first = chaos_number("SIM_FIRST_SEED", 1), seeds = chaos_number("SIM_SEEDS", SEEDS);
    uint64_t failed = 0;
    char sentence[2048];
    (void)state;
    for (uint64_t seed = first; seed < first + seeds && failed < FAILURES_SHOWN; seed++)
        if (!chaos_run(seed, &tally, sentence, sizeof sentence)) {
            print_error("%s\n", sentence);
            failed++;
        }
    chaos_print(&tally);
    assert_int_equal(failed, 0);
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        if (tally.faults[kind] < seeds / 50)
            fail_msg("only %llu times: %s: what does not happen is not tested",
                     (unsigned long long)tally.faults[kind], fault_name((enum fault_kind)kind));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_happens_the_model_is_the_quiet_runs)};
    return cmocka_run_group_tests_name("sim/chaos", tests, NULL, NULL);
}
