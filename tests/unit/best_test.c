/* Which epoch is the best, when a run ends early, and what it takes to keep the best epoch's rows and to take them back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "coordinator/best.h"
#include "core/memory.h"

static void start(struct best *best, uint32_t patience, double threshold) {
    struct status status;
    struct best_spec spec = {.keeps = true, .patience = patience, .threshold = threshold, .pservers = 3};
    assert_true(best_init(best, &spec, &status));
}

/* Tells losses until the run is over or they are; the number of epochs made. */
static uint32_t run(struct best *best, const double *losses, uint32_t count) {
    uint32_t epoch = 0;
    while (epoch < count && !best_is_over(best)) {
        best_told(best, epoch + 1, losses[epoch]);
        epoch++;
    }
    return epoch;
}

static void a_run_ends_when_its_patience_does(void **state) {
    static const struct {
        double losses[6], threshold;
        uint32_t patience, epochs, best;
    } RUNS[] = {
        {{0.9, 0.8, 0.81, 0.82, 0.1, 0.1}, 0, 2, 4, 2},
        {{0.9, 0.8, 0.81, 0.79, 0.8, 0.81}, 0, 2, 6, 4},
        {{0.9, 0.8, 0.81, 0.82, 0.83, 0.1}, 0, 0, 6, 6},
        {{0.9, 0.899, 0.898, 0.1, 0.1, 0.1}, 0.01, 2, 3, 3}, /* better, but not by a hundredth */
        {{NAN, 0.9, INFINITY, 0.95, 0.1, 0.1}, 0, 2, 4, 2},
        {{0.5, 0.5, 0.4, 0.4, 0.4, 0.1}, 0, 2, 5, 3}, /* the first of equals */
    };
    (void)state;
    for (size_t i = 0; i < sizeof RUNS / sizeof *RUNS; i++) {
        struct best best;
        start(&best, RUNS[i].patience, RUNS[i].threshold);
        assert_int_equal(run(&best, RUNS[i].losses, 6), RUNS[i].epochs);
        assert_int_equal(best.epoch, RUNS[i].best);
        assert_true(best_must_take_back(&best, RUNS[i].epochs) == (RUNS[i].best != RUNS[i].epochs));
        assert_true(best_must_keep(&best, RUNS[i].best));
        best_free(&best);
    }
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_run_that_is_taken_up_decides_the_same(void **state) {
    static const double LOSSES[] = {0.9, 0.8, 0.7999, 0.81, 0.79995, 0.1};
    (void)state;
    for (uint32_t cut = 0; cut <= 5; cut++) {
        struct best whole, first, second;
        struct run_position position;
        start(&whole, 3, 1e-3);
        start(&first, 3, 1e-3);
        start(&second, 3, 1e-3);
        uint32_t epochs = run(&whole, LOSSES, 6);
        run(&first, LOSSES, cut);
        best_describe(&first, &position);
        best_take_up(&second, &position);
        for (uint32_t epoch = cut; epoch < 6 && !best_is_over(&second); epoch++)
            best_told(&second, epoch + 1, LOSSES[epoch]);
        assert_int_equal(epochs, 5);
        assert_int_equal(second.patience.epochs_seen, 5);
        assert_int_equal(second.epoch, whole.epoch);
        best_free(&whole);
        best_free(&first);
        best_free(&second);
    }
}

static void every_shard_answers_once(void **state) {
    struct best best;
    bool repeated;
    (void)state;
    start(&best, 0, 0);
    best_told(&best, 1, 0.5);
    best.back = true;
    best.left = 3;
    best_kept(&best, 1, &(struct kept_message){.epoch = 1, .back = 1, .digest = 5}, &repeated);
    assert_false(repeated);
    best_kept(&best, 1, &(struct kept_message){.epoch = 1, .back = 1, .digest = 5}, &repeated);
    assert_true(repeated);
    best_kept(&best, 2, &(struct kept_message){.epoch = 1, .back = 0, .digest = 0}, &repeated);
    assert_true(repeated); /* the answer to an older question */
    best_kept(&best, 2, &(struct kept_message){.epoch = 1, .back = 1, .digest = 7}, &repeated);
    assert_false(repeated);
    assert_true(best.left == 1 && best.digest == 12);
    best_free(&best);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_ends_when_its_patience_does),
        cmocka_unit_test(a_run_that_is_taken_up_decides_the_same),
        cmocka_unit_test(every_shard_answers_once),
    };
    return cmocka_run_group_tests_name("unit/best", tests, NULL, NULL);
}
