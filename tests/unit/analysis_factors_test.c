/* Names of movies, the most-rated ones, ids of any bytes, and the report of factors against golden text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/factor_report.h"
#include "analysis/id_index.h"
#include "analysis/titles.h"
#include "analysis_small_model.h"
#include "core/memory.h"

static void a_movie_without_title_is_its_id(void **state) {
    struct small_model model;
    char name[64];
    (void)state;
    small_model_fill(&model);
    struct titles titles = {&model.movie_titles.view, &model.movie_ids.view};
    assert_int_equal(titles_fit_movie(&titles, 0, 36, name, sizeof name), 13);
    assert_string_equal(name, "Am\u00e9lie (2001)");
    titles_fit_movie(&titles, 1, 36, name, sizeof name);
    assert_string_equal(name, "20");
    titles.titles = NULL;
    titles_fit_movie(&titles, 0, 36, name, sizeof name);
    assert_string_equal(name, "10");
}

static void check_fit(const char *bytes, size_t length, size_t cells, const char *expected,
                      size_t characters) {
    char out[64];
    assert_int_equal(titles_fit(bytes, length, cells, out, sizeof out), characters);
    assert_string_equal(out, expected);
}

static void text_is_made_fit_for_a_terminal(void **state) {
    char tight[8];
    (void)state;
    check_fit("abcdef", 6, 6, "abcdef", 6);
    check_fit("abcdef", 6, 4, "abc\u2026", 4);
    check_fit("\u00e9\u00e9\u00e9\u00e9", 8, 3, "\u00e9\u00e9\u2026", 3);
    check_fit("a\x1b[31m\t_\x7f", 9, 20, "a?[31m?_?", 9);
    check_fit("\xff\xc3", 2, 20, "??", 2);
    check_fit("\xc2\x9b", 2, 20, "?", 1);
    check_fit("\xe0\x80\x80\xed\xa0\x80\xf0\x80\x80\x80\xf4\x90\x80\x80", 14, 20, "??????????????", 14);
    check_fit("\ud7ff\ue000\U0010ffff", 10, 20, "\ud7ff\ue000\U0010ffff", 3);
    check_fit("", 0, 5, "", 0);
    titles_fit("abcdefghij", 10, 20, tight, sizeof tight);
    assert_string_equal(tight, "abcd\u2026");
}

static void the_most_rated_come_first(void **state) {
    static const uint32_t COUNTS[] = {2, 9, 0, 2, 5};
    struct selection selection;
    struct status status = {0};
    (void)state;
    assert_true(selection_most_rated(&selection, COUNTS, 5, 3, &status));
    assert_int_equal(selection.count, 3);
    assert_int_equal(selection.movies[0], 1);
    assert_int_equal(selection.movies[1], 4);
    assert_int_equal(selection.movies[2], 0);
    selection_free(&selection);
    assert_true(selection_most_rated(&selection, COUNTS, 5, 100, &status));
    assert_int_equal(selection.count, 4);
    selection_free(&selection);
    assert_int_equal(memory_blocks_held(), 0);
}

static void ids_are_found_by_all_their_bytes(void **state) {
    static const char *const IDS[] = {"1", "10", "", "a,b", "\"q\"", "1"};
    struct small_table table;
    struct id_index index;
    struct status status = {0};
    (void)state;
    small_table_fill(&table, IDS, 6);
    assert_true(id_index_build(&index, &table.view, &status));
    assert_int_equal(id_index_find(&index, "1", 1), 0);
    assert_int_equal(id_index_find(&index, "10", 2), 1);
    assert_int_equal(id_index_find(&index, "", 0), 2);
    assert_int_equal(id_index_find(&index, "a,b", 3), 3);
    assert_int_equal(id_index_find(&index, "\"q\"", 3), 4);
    assert_int_equal(id_index_find(&index, "100", 3), ID_UNKNOWN);
    id_index_free(&index);
    table.view.count = 0;
    assert_true(id_index_build(&index, &table.view, &status));
    assert_int_equal(id_index_find(&index, "1", 1), ID_UNKNOWN);
    id_index_free(&index);
    assert_int_equal(memory_blocks_held(), 0);
}

/* Six movies, of which the last is not among the popular. */
static void print_report(const struct factor_report *part, char *text, size_t capacity) {
    static const char *const IDS[] = {"1", "2", "3", "4", "5", "6"};
    static const char *const TITLES[] = {"Am\u00e9lie (2001)", "Brazil (1985)", "",
                                         "Dune (1984)",        "Eh (1999)",     "Zz"};
    static const uint32_t COUNTS[] = {50, 40, 30, 20, 10, 5};
    struct small_table ids, titles;
    struct status status = {0};
    struct factor_report report = *part;
    small_table_fill(&ids, IDS, 6);
    small_table_fill(&titles, TITLES, 6);
    report.titles = (struct titles){&titles.view, &ids.view};
    report.counts = COUNTS;
    assert_true(selection_most_rated(&report.popular, COUNTS, 6, 5, &status));
    FILE *out = fmemopen(text, capacity, "w");
    assert_true(factor_report_print(&report, out, &status));
    fclose(out);
    selection_free(&report.popular);
    assert_int_equal(memory_blocks_held(), 0);
}

static const double SCORES[] = {0.5, -1, 1.25, 0, -0.75, 0.125, -2, 0.125, 0.5, 1, 9, 9};
static const double SHARE[] = {0.25, 0.125};
static const double BIASES[] = {0.5, 0.25, -0.5, 0, -0.25, 9};
static const double MEANS[] = {4, 3.75, 2.5, 3.25, 3, 5};

static void factors_are_told_by_both_ends(void **state) {
    char text[4096] = {0};
    struct factor_report report = {
        .means = MEANS, .components = 2, .scores = SCORES, .share = SHARE, .biases = BIASES, .show = 2};
    (void)state;
    print_report(&report, text, sizeof text);
    assert_string_equal(
        text,
        "principal components of the movie factors (of the 5 most-rated movies)\n"
        "\n"
        "component 1: 25.0 % of the variance\n"
        "   +1.250  Brazil (1985)                          -2.000  Dune (1984)\n"
        "   +0.500  Am\u00e9lie (2001)                          -0.750  3\n"
        "\n"
        "component 2: 12.5 % of the variance\n"
        "   +1.000  Eh (1999)                              -1.000  Am\u00e9lie (2001)\n"
        "   +0.125  3                                      +0.000  Brazil (1985)\n"
        "\n"
        "movie biases: liked and disliked beyond what the factors say\n"
        "     bias   mean  ratings  best                                     bias   mean  ratings  worst\n"
        "   +0.500   4.00       50  Am\u00e9lie (2001)                          -0.500   2.50       30  3\n"
        "   +0.250   3.75       40  Brazil (1985)                          -0.250   3.00       10  Eh "
        "(1999)\n");
}

/* Five movies and nine to show at each end: each is named once. Without components nothing is said of them. */
static void no_movie_stands_at_both_ends(void **state) {
    char text[4096] = {0};
    struct factor_report report = {.biases = BIASES, .show = 9};
    (void)state;
    print_report(&report, text, sizeof text);
    assert_string_equal(
        text, "movie biases: liked and disliked beyond what the factors say\n"
              "     bias  ratings  best                                     bias  ratings  worst\n"
              "   +0.500       50  Am\u00e9lie (2001)                          -0.500       30  3\n"
              "   +0.250       40  Brazil (1985)                          -0.250       10  Eh (1999)\n"
              "   +0.000       20  Dune (1984)\n");
}

static void means_are_of_training_ratings(void **state) {
    static const struct rating TRAIN[] = {{0, 0, 4}, {1, 2, 1}, {2, 0, 3}};
    static const uint32_t COUNTS[] = {2, 0, 1};
    struct packed_set set = {.movies = 3, .train_count = 3, .train = TRAIN, .movie_counts = COUNTS};
    double means[3];
    (void)state;
    factor_report_means(&set, means);
    assert_true(means[0] == 3.5 && means[1] == 0 && means[2] == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_movie_without_title_is_its_id), cmocka_unit_test(text_is_made_fit_for_a_terminal),
        cmocka_unit_test(the_most_rated_come_first),       cmocka_unit_test(ids_are_found_by_all_their_bytes),
        cmocka_unit_test(factors_are_told_by_both_ends),   cmocka_unit_test(no_movie_stands_at_both_ends),
        cmocka_unit_test(means_are_of_training_ratings),
    };
    return cmocka_run_group_tests_name("analysis/titles and factors", tests, NULL, NULL);
}
