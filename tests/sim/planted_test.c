/* Would chaos find a bug? This program's pservers have one: the check whether a push has been accepted before is cut out of
 * the engine by the linker (tests/CMakeLists.txt), so that a push that comes again is taken for a new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "chaos.h"
#include "pserver/gate.h"

enum { SEEDS = 200 };

bool __wrap_gate_seen(const struct gate *gate, uint32_t lane, uint64_t push_step);

bool __wrap_gate_seen(const struct gate *gate, uint32_t lane, uint64_t push_step) {
    (void)gate;
    (void)lane;
    (void)push_step;
    return false;
}

static void a_push_that_counts_twice_is_found(void **state) {
    static struct chaos_tally tally;
    char sentence[2048];
    uint64_t seed = 1;
    (void)state;
    while (seed <= SEEDS && chaos_run(seed, &tally, sentence, sizeof sentence))
        seed++;
    assert_in_range(seed, 1, SEEDS);
    printf("# found: %s\n", sentence);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_push_that_counts_twice_is_found)};
    return cmocka_run_group_tests_name("sim/planted", tests, NULL, NULL);
}
