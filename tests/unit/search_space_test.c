/* Lists and ranges of a search, and the trials that come from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/search_space.h"

static void a_grid_is_the_product_of_its_lists(void **state) {
    static struct search_space space;
    static const char *const EXPECTED[] = {"[0.5, 5] sgd", "[0.5, 5] adam", "none sgd",
                                           "none adam",    "[1,5] sgd",     "[1,5] adam"};
    struct status status;
    char range[SEARCH_TEXT_BYTES], optimiser[SEARCH_TEXT_BYTES], both[2 * SEARCH_TEXT_BYTES];
    (void)state;
    assert_int_equal(search_space_trials(&space), 0);
    assert_true(search_space_list(&space, "model.y_range=[0.5, 5],none,[1,5]", &status));
    assert_true(search_space_list(&space, "train.optimiser=sgd,adam", &status));
    assert_int_equal(search_space_trials(&space), 6);
    for (uint64_t trial = 0; trial < 6; trial++) {
        search_space_grid(&space, trial, 0, range);
        search_space_grid(&space, trial, 1, optimiser);
        snprintf(both, sizeof both, "%s %s", strchr(range, '=') + 1, strchr(optimiser, '=') + 1);
        assert_string_equal(both, EXPECTED[trial]);
    }
}

static void draws_are_even_where_they_should_be(void **state) {
    enum { DRAWS = 4000 };
    static struct search_space space;
    struct status status;
    int below = 0, linear_below = 0, first = 0, whole[8] = {0};
    char text[SEARCH_TEXT_BYTES];
    (void)state;
    assert_true(search_space_range(&space, "train.learning_rate=1e-4..1:log", &status));
    assert_true(search_space_range(&space, "train.weight_decay=0..10", &status));
    assert_true(search_space_range(&space, "schedule.epochs=2..6", &status));
    assert_true(search_space_list(&space, "train.nesterov=true,false", &status));
    assert_int_equal(search_space_trials(&space), 0);
    for (uint64_t trial = 0; trial < DRAWS; trial++) {
        search_space_draw(&space, 3, trial, 0, text);
        double rate = atof(strchr(text, '=') + 1);
        assert_true(rate >= 1e-4 && rate <= 1);
        below += rate < 1e-2;
        search_space_draw(&space, 3, trial, 1, text);
        linear_below += atof(strchr(text, '=') + 1) < 5;
        search_space_draw(&space, 3, trial, 2, text);
        whole[atoi(strchr(text, '=') + 1)]++;
        search_space_draw(&space, 3, trial, 3, text);
        first += strcmp(text, "train.nesterov=true") == 0;
    }
    assert_true(abs(below - DRAWS / 2) < 150 && abs(linear_below - DRAWS / 2) < 150 &&
                abs(first - DRAWS / 2) < 150);
    assert_int_equal(whole[2] + whole[3] + whole[4] + whole[5] + whole[6], DRAWS);
    char again[SEARCH_TEXT_BYTES];
    search_space_draw(&space, 3, 17, 0, text);
    search_space_draw(&space, 3, 17, 0, again);
    assert_string_equal(text, again);
    search_space_draw(&space, 4, 17, 0, again);
    assert_string_not_equal(text, again);
}

static void what_is_no_axis_is_refused(void **state) {
    static const struct {
        const char *text;
        bool is_range;
    } BAD[] = {
        {"train.batch", false},
        {"=1", false},
        {"batch=1", false},
        {"train.batch=", false},
        {"train.batch=1,", false},
        {"train.batch=1..", true},
        {"train.batch=1..2:lin", true},
        {"train.batch=2..1", true},
        {"train.batch=1..1", true},
        {"train.batch=-1..1:log", true},
        {"train.batch=1...2", true},
        {"train.batch=x..2", true},
    };
    static struct search_space space;
    struct status status;
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_false(BAD[i].is_range ? search_space_range(&space, BAD[i].text, &status)
                                     : search_space_list(&space, BAD[i].text, &status));
        assert_int_equal(status.code, STATUS_USAGE);
        assert_int_equal(space.count, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_is_the_product_of_its_lists),
        cmocka_unit_test(draws_are_even_where_they_should_be),
        cmocka_unit_test(what_is_no_axis_is_refused),
    };
    return cmocka_run_group_tests_name("unit/search_space", tests, NULL, NULL);
}
