/* Does the share of the hottest hundredth come out right, whatever the requests that the pulls come in? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/memory.h"
#include "core/rng.h"
#include "pserver/heat.h"

enum { FIRST = 10, MOVIES = 150, PULLS = 100 * HEAT_STRIDE };

static struct heat make(void) {
    struct heat heat;
    struct status status;
    assert_true(heat_init(&heat, FIRST, MOVIES, &status));
    return heat;
}

/* Pulls a movie until it has been sampled so many times. */
static void sample(struct heat *heat, uint32_t movie, uint32_t times) {
    uint32_t entries[HEAT_STRIDE];
    for (uint32_t i = 0; i < HEAT_STRIDE; i++)
        entries[i] = FIRST + movie;
    while (times-- > 0)
        heat_sample(heat, entries, HEAT_STRIDE);
}

static void samples_do_not_depend_on_where_requests_begin(void **state) {
    uint32_t entries[PULLS];
    struct heat whole = make(), cut = make();
    (void)state;
    for (uint32_t i = 0; i < PULLS; i++)
        entries[i] = FIRST + (uint32_t)(rng_bits(1, 2, i) % MOVIES);
    heat_sample(&whole, entries, PULLS);
    for (uint32_t at = 0, count; at < PULLS; at += count) {
        count = 1 + (uint32_t)(rng_bits(1, 3, at) % 90);
        count = count < PULLS - at ? count : PULLS - at;
        heat_sample(&cut, entries + at, count);
        heat_sample(&cut, entries + at, 0);
    }
    assert_int_equal(whole.samples, PULLS / HEAT_STRIDE);
    assert_int_equal(cut.samples, whole.samples);
    assert_memory_equal(cut.counts, whole.counts, MOVIES * sizeof *cut.counts);
    heat_free(&whole);
    heat_free(&cut);
}

/* Of 150 movies two are the hottest hundredth. */
static void the_share_is_that_of_the_hottest_hundredth(void **state) {
    struct heat heat = make();
    (void)state;
    assert_true(heat_share(&heat) == 0);
    sample(&heat, 7, 1);
    assert_true(heat_share(&heat) == 1);
    sample(&heat, 7, 49);
    sample(&heat, MOVIES - 1, 20);
    sample(&heat, 0, 20);
    sample(&heat, 3, 10);
    assert_true(heat_share(&heat) == 0.7);
    sample(&heat, 3, 1);
    assert_true(heat_share(&heat) == 0.7);
    sample(&heat, 3, 99);
    assert_true(heat_share(&heat) == 160 / 200.0);
    heat_free(&heat);
}

static void a_shard_may_have_few_movies_or_none(void **state) {
    struct heat heat;
    struct status status;
    (void)state;
    assert_true(heat_init(&heat, 0, 1, &status));
    heat_sample(&heat, &(uint32_t){0}, 1);
    assert_true(heat_share(&heat) == 1);
    heat_free(&heat);
    assert_true(heat_init(&heat, 4, 0, &status));
    heat_sample(&heat, NULL, 0);
    assert_true(heat_share(&heat) == 0);
    heat_free(&heat);
    assert_int_equal(memory_blocks_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_do_not_depend_on_where_requests_begin),
        cmocka_unit_test(the_share_is_that_of_the_hottest_hundredth),
        cmocka_unit_test(a_shard_may_have_few_movies_or_none),
    };
    return cmocka_run_group_tests_name("unit/heat", tests, NULL, NULL);
}
