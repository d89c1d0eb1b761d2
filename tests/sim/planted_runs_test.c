/* Would chaos find a bug in mode blocked? This program's pservers have one: the check whether a push of a run has been
 * accepted before is cut out of the engine by the linker (tests/CMakeLists.txt), so that a push that comes again is taken
 * for a new one. Runs in minibatches know nothing of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>

#include "chaos.h"
#include "pserver/runs.h"

enum { SEEDS = 200 };

bool __wrap_runs_seen(const struct runs *runs, struct run_name name, uint64_t version);

bool __wrap_runs_seen(const struct runs *runs, struct run_name name, uint64_t version) {
    (void)runs;
    (void)name;
    (void)version;
    return false;
}

static void a_run_that_counts_twice_is_found(void **state) {
    static struct chaos_tally tally;
    char sentence[2048];
    uint64_t seed = 1;
    (void)state;
    while (seed <= SEEDS && chaos_run(seed, &tally, sentence, sizeof sentence))
        seed++;
    assert_in_range(seed, 1, SEEDS);
    assert_non_null(strstr(sentence, "blocked"));
    printf("# found: %s\n", sentence);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_run_that_counts_twice_is_found)};
    return cmocka_run_group_tests_name("sim/planted_runs", tests, NULL, NULL);
}
