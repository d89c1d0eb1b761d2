/* Which movies are meant: by title, by genre, by list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "analysis/catalogue.h"
#include "analysis/id_list.h"
#include "analysis/movie_search.h"
#include "analysis_made_up_model.h"
#include "core/memory.h"
#include "tests/scratch.h"

enum { MOVIES = 8 };
static const char *const TITLES[MOVIES] = {
    "Matrix, The (1999)", "Star Wars: Episode IV (1977)", "Star Wars: Episode V (1980)", "Toy Story (1995)",
    "Toy Story 2 (1999)", "Am\u00e9lie (2001)",           "Schindler's List (1993)",     "300 (2007)"};
static const char *const GENRES[MOVIES] = {"Action|Sci-Fi",    "Sci-Fi",         "Sci-Fi", "Comedy",
                                           "Comedy|Adventure", "Comedy|Romance", "Drama",  ""};
static const struct model_spec SPEC = {.factors = 2, .has_bias = true};

struct scene {
    struct made_up_model model;
    struct id_index ids;
};

static void open_scene(struct scene *scene) {
    struct status status = {0};
    made_up_model_make(&scene->model, &SPEC, 2, MOVIES, ROWS_FINE, 1);
    made_up_model_titles(&scene->model, TITLES);
    made_up_model_genres(&scene->model, GENRES);
    for (uint32_t i = 0; i < MOVIES; i++)
        ((uint32_t *)(uintptr_t)scene->model.file.movie_counts)[i] = i;
    assert_true(id_index_build(&scene->ids, &scene->model.file.movie_ids, &status));
}

static void close_scene(struct scene *scene) {
    id_index_free(&scene->ids);
    made_up_model_free(&scene->model);
    assert_int_equal(memory_blocks_held(), 0);
}

static void a_movie_is_found_by_id_title_or_piece(void **state) {
    static const struct {
        const char *text;
        uint32_t movie;
    } CASES[] = {{"m0", 0},        {"The Matrix", 0},          {"matrix, the (1999)", 0},
                 {"MATRIX", 0},    {"toy story", 3},           {"Toy Story (1995)", 3},
                 {"story 2", 4},   {"schindlers list", 6},     {"am\u00e9lie", 5},
                 {"episode v", 2}, {"star wars episode iv", 1}};
    struct scene scene;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint32_t movie;
        struct status status = {0};
        assert_int_equal(movie_search_find(&scene.model.file, &scene.ids, CASES[i].text,
                                           strlen(CASES[i].text), &movie, &status),
                         MOVIE_FOUND);
        assert_int_equal(movie, CASES[i].movie);
    }
    close_scene(&scene);
}

static void expect(const struct scene *scene, const char *text, enum movie_match match,
                   const char *sentence) {
    uint32_t movie;
    struct status status = {0};
    assert_int_equal(movie_search_find(&scene->model.file, &scene->ids, text, strlen(text), &movie, &status),
                     match);
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_string_equal(status.text, sentence);
}

static void otherwise_candidates_are_named(void **state) {
    struct scene scene;
    char lines[MOVIE_SEARCH_BYTES];
    (void)state;
    open_scene(&scene);
    expect(&scene, "star wars", MOVIE_AMBIGUOUS,
           "'star wars' is in 2 titles; name one by its id:\n  m2       Star Wars: Episode V (1980)\n"
           "  m1       Star Wars: Episode IV (1977)");
    expect(&scene, "300", MOVIE_UNKNOWN, "unknown movie '300'");
    movie_search_near(&scene.model.file, "teh mtrix", 9, lines);
    assert_non_null(strstr(lines, "\n  m0       Matrix, The (1999)\n"));
    assert_true(strstr(lines, "m0") - lines == 3);
    movie_search_near(&scene.model.file, "toi stori", 9, lines);
    assert_true(strstr(lines, "m3") - lines == 3);
    close_scene(&scene);
}

static void a_model_without_titles_knows_ids_alone(void **state) {
    struct made_up_model model;
    struct id_index ids;
    struct status status = {0};
    uint32_t movie;
    (void)state;
    made_up_model_make(&model, &SPEC, 2, MOVIES, ROWS_FINE, 1);
    assert_true(id_index_build(&ids, &model.file.movie_ids, &status));
    assert_int_equal(movie_search_find(&model.file, &ids, "m7", 2, &movie, &status), MOVIE_FOUND);
    assert_int_equal(movie_search_find(&model.file, &ids, "matrix", 6, &movie, &status), MOVIE_UNKNOWN);
    assert_string_equal(status.text, "unknown movie 'matrix'");
    id_index_free(&ids);
    made_up_model_free(&model);
}

/* The movies that pass, as digits. */
static void expect_movies(const struct scene *scene, const struct catalogue_filter *filter,
                          const char *digits) {
    struct catalogue catalogue;
    struct status status = {0};
    char got[MOVIES + 1] = "";
    assert_true(catalogue_open(&catalogue, &scene->model.file, filter, &status));
    for (uint32_t i = 0; i < catalogue.count; i++) {
        got[i] = (char)('0' + catalogue_movie(&catalogue, i));
        assert_memory_equal(catalogue.rows + i * 3,
                            scene->model.file.movie_rows + catalogue_movie(&catalogue, i) * 3,
                            3 * sizeof(float));
    }
    assert_string_equal(got, digits);
    catalogue_close(&catalogue);
}

static void filters_leave_what_they_say(void **state) {
    static const char *const COMEDY[] = {"comedy"}, *const TWO[] = {"Drama", "Action"},
                             *const ADVENTURE[] = {"Adventure"};
    static const bool EVEN[MOVIES] = {true, false, true, false, true, false, true, false};
    struct scene scene;
    (void)state;
    open_scene(&scene);
    expect_movies(&scene, &(struct catalogue_filter){0}, "01234567");
    expect_movies(&scene, &(struct catalogue_filter){.least_ratings = 5}, "567");
    expect_movies(&scene, &(struct catalogue_filter){.genres = COMEDY, .genre_count = 1}, "345");
    expect_movies(&scene, &(struct catalogue_filter){.genres = TWO, .genre_count = 2}, "06");
    expect_movies(&scene,
                  &(struct catalogue_filter){
                      .genres = COMEDY, .genre_count = 1, .other_genres = ADVENTURE, .other_genre_count = 1},
                  "35");
    expect_movies(&scene, &(struct catalogue_filter){.only = EVEN}, "0246");
    expect_movies(&scene, &(struct catalogue_filter){.exclude = EVEN}, "1357");
    expect_movies(&scene, &(struct catalogue_filter){.only = EVEN, .exclude = EVEN}, "");
    close_scene(&scene);
}

static void unknown_genres_are_refused(void **state) {
    static const char *const COMDY[] = {"Comdy"};
    struct catalogue_filter filter = {.other_genres = COMDY, .other_genre_count = 1};
    struct scene scene;
    struct catalogue catalogue;
    struct status status = {0};
    (void)state;
    open_scene(&scene);
    assert_false(catalogue_open(&catalogue, &scene.model.file, &filter, &status));
    assert_string_equal(status.text, "no movie has the genre 'Comdy' (did you mean 'Comedy'?)");
    static const char *const NONE[MOVIES] = {"", "", "", "", "", "", "", ""};
    made_up_model_genres(&scene.model, NONE);
    assert_false(catalogue_open(&catalogue, &scene.model.file, &filter, &status));
    assert_int_equal(status.code, STATUS_BAD_DATA);
    assert_non_null(strstr(status.text, "knows no genres"));
    close_scene(&scene);
}

static void lists_count_what_they_do_not_know(void **state) {
    struct scene scene;
    struct id_list list;
    struct status status = {0};
    struct scratch scratch;
    (void)state;
    open_scene(&scene);
    scratch_make(&scratch);
    const char *path = scratch_text(&scratch, "ids", "m3\nnobody\n\nm0\nm\t9\n");
    assert_true(id_list_read(&list, &scene.ids, path, &status));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.rows[0], 3);
    assert_int_equal(list.rows[1], 0);
    assert_int_equal(list.unknown_count, 2);
    assert_int_equal(list.first_unknown_line, 2);
    assert_string_equal(list.first_unknown, "nobody");
    id_list_free(&list);
    assert_false(id_list_read(&list, &scene.ids, scratch_path(&scratch, "nowhere"), &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    scratch_remove(scratch.folder);
    close_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_movie_is_found_by_id_title_or_piece),
        cmocka_unit_test(otherwise_candidates_are_named),
        cmocka_unit_test(a_model_without_titles_knows_ids_alone),
        cmocka_unit_test(filters_leave_what_they_say),
        cmocka_unit_test(unknown_genres_are_refused),
        cmocka_unit_test(lists_count_what_they_do_not_know),
    };
    return cmocka_run_group_tests_name("analysis/movies", tests, NULL, NULL);
}
