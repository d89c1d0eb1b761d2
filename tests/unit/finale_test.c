/* Are moments and scores those of the epoch that was asked about, whatever comes late? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "coordinator/finale.h"
#include "core/memory.h"

enum { FACTORS = 2, MOVIES = 3, EPOCH = 4 };

static struct finale make(void) {
    struct finale_spec spec = {
        .users = 1, .movies = MOVIES, .factors = FACTORS, .components = 1, .pservers = 1};
    struct finale finale;
    struct status status;
    assert_true(finale_init(&finale, &spec, &status));
    finale_begin(&finale, EPOCH);
    return finale;
}

static bool hear_moments(struct finale *finale, uint32_t epochs, double value, bool *complete) {
    double sums[FACTORS + FACTORS * FACTORS] = {value, 0, value, 0, 0, 1};
    struct message message = {.kind = MESSAGE_MOMENTS, .moments = {epochs, MOVIES}};
    struct status status;
    message.body = sums;
    message.body_bytes = sizeof sums;
    return finale_moments(finale, NULL, 0, &message, NULL, complete, &status);
}

static bool hear_scores(struct finale *finale, uint32_t epochs, uint32_t first, uint32_t movies, double value,
                        bool *complete) {
    double lines[MOVIES][2] = {{value, 10}, {2, 20}, {1, 30}};
    struct message message = {.kind = MESSAGE_PROJECTED, .projected = {epochs, first, movies}};
    struct status status;
    message.body = lines[first];
    message.body_bytes = movies * sizeof lines[0];
    return finale_scores(finale, 0, &message, complete, &status);
}

static void moments_of_another_epoch_do_not_count(void **state) {
    struct finale finale = make();
    bool complete;
    (void)state;
    assert_true(hear_moments(&finale, EPOCH - 1, 7, &complete) && !complete);
    assert_false(hear_moments(&finale, EPOCH + 1, 7, &complete));
    assert_true(finale.moments.count == 0 && finale.moments.sum[0] == 0);
    assert_true(hear_moments(&finale, EPOCH, 5, &complete) && complete);
    assert_true(finale.moments.count == MOVIES && finale.moments.sum[0] == 5);
    finale_begin(&finale, EPOCH + 1);
    assert_true(hear_moments(&finale, EPOCH + 1, 6, &complete) && complete);
    assert_true(finale.moments.count == MOVIES && finale.moments.sum[0] == 6 &&
                finale.moments.scatter[3] == 1);
    finale_free(&finale);
}

/* The score of largest magnitude is positive, in every epoch anew. */
static void scores_of_another_epoch_do_not_count(void **state) {
    struct finale finale = make();
    bool complete;
    (void)state;
    assert_true(hear_scores(&finale, EPOCH, 0, 2, -3, &complete) && !complete);
    assert_true(hear_scores(&finale, EPOCH - 1, 2, 1, 0, &complete) && !complete);
    assert_false(hear_scores(&finale, EPOCH + 1, 2, 1, 0, &complete));
    assert_true(hear_scores(&finale, EPOCH, 2, 1, 0, &complete) && complete);
    assert_true(finale.scores[0] == 3 && finale.scores[1] == -2 && finale.scores[2] == -1);
    assert_true(finale.biases[0] == 10 && finale.biases[2] == 30);
    finale_begin(&finale, EPOCH + 1);
    assert_true(hear_scores(&finale, EPOCH, 0, 2, 8, &complete) && !complete);
    assert_true(hear_scores(&finale, EPOCH + 1, 0, 3, 4, &complete) && complete);
    assert_true(finale.scores[0] == 4 && finale.scores[1] == 2 && finale.scores[2] == 1);
    finale_free(&finale);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_of_another_epoch_do_not_count),
        cmocka_unit_test(scores_of_another_epoch_do_not_count),
    };
    return cmocka_run_group_tests_name("unit/finale", tests, NULL, NULL);
}
