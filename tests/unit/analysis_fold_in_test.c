/* Ratings of a new user read from a file, and a row that is at least as good as the trained one under the same
 * loss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "analysis/fold_in.h"
#include "analysis_made_up_model.h"
#include "core/memory.h"
#include "core/rng.h"
#include "tests/scratch.h"

enum { MOVIES = 60, USERS = 30 };
static const struct model_spec SPEC = {
    .factors = 5, .has_bias = true, .has_range = true, .range_low = 0.5f, .range_high = 5};

struct scene {
    struct made_up_model model;
    struct id_index ids;
    struct scratch scratch;
};

static void open_scene(struct scene *scene) {
    struct status status = {0};
    made_up_model_make(&scene->model, &SPEC, USERS, MOVIES, ROWS_FINE, 1);
    assert_true(id_index_build(&scene->ids, &scene->model.file.movie_ids, &status));
    scratch_make(&scene->scratch);
}

static void close_scene(struct scene *scene) {
    scratch_remove(scene->scratch.folder);
    id_index_free(&scene->ids);
    made_up_model_free(&scene->model);
    assert_int_equal(memory_blocks_held(), 0);
}

static bool read_text(struct scene *scene, struct fold_in_ratings *given, const char *text,
                      struct status *status) {
    const char *path = scratch_text(&scene->scratch, "given.csv", text);
    *status = (struct status){0};
    return fold_in_read(given, &scene->model.file, &scene->ids, path, status);
}

static void files_of_every_kind_say_the_same(void **state) {
    static const char *const TEXTS[] = {"m3,4\nm7,2.5\n", "movieId,rating\r\nm3,4\r\nm7,2.5\r\n",
                                        "m3\t4\nm7\t2.5", "m3::4\n\nm7::2.5\n",
                                        "stars,who,Item\n4,x,m3\n2.5,y,\"m7\"\n"};
    struct scene scene;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct fold_in_ratings given;
        struct status status;
        assert_true(read_text(&scene, &given, TEXTS[i], &status));
        assert_int_equal(given.count, 2);
        assert_int_equal(given.movies[0], 3);
        assert_int_equal(given.movies[1], 7);
        assert_true(given.ratings[0].value == 4 && given.ratings[1].value == 2.5f);
        assert_ptr_equal(given.ratings[1].movie, scene.model.file.movie_rows + 7 * 6);
        fold_in_free(&given);
    }
    close_scene(&scene);
}

static void mistakes_are_named_with_their_place(void **state) {
    static const struct {
        const char *text, *sentence;
    } CASES[] = {
        {"", "given.csv: there is no rating in it: nothing is known of this user"},
        {"m3,4\nm99,4\n", "given.csv:2:1: unknown movie 'm99'"},
        {"rating,movie\n4,m99\n", "given.csv:2:3: unknown movie 'm99'"},
        {"m3,5.5\n", "given.csv:1:4: the rating 5.5 is outside the model's range, 0.5 to 5"},
        {"m3,0\n", "given.csv:1:4: the rating 0 is outside the model's range, 0.5 to 5"},
        {"m3,nan\n", "given.csv:1:4: the rating 'nan' is not a number"},
        {"m3,\n", "given.csv:1:4: the rating '' is empty"},
        {"m3,4\nm4,4\nm3,4\n", "given.csv:3:1: this movie is rated twice, first on line 1"},
        {"m3\n", "given.csv:1:3: expected a movie and a rating"},
        {"\"m3,4\n", "given.csv:1:1: the line has a quote that is not closed"},
    };
    struct scene scene;
    (void)state;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct fold_in_ratings given;
        struct status status;
        assert_false(read_text(&scene, &given, CASES[i].text, &status));
        assert_int_equal(status.code, STATUS_BAD_DATA);
        assert_string_equal(status.text + strlen(scene.scratch.folder) + 1, CASES[i].sentence);
    }
    close_scene(&scene);
}

/* A model's user row is where training left it; the solver must do no worse by the same measure. */
static void no_worse_than_the_row_it_replaces(void **state) {
    struct scene scene;
    (void)state;
    open_scene(&scene);
    for (uint32_t user = 0; user < USERS; user++) {
        struct fold_in_ratings given;
        struct fold_in_solution solution;
        struct status status;
        char text[4096];
        float row[8];
        double trained[6];
        size_t used = 0;
        for (uint64_t movie = user % 3; movie < MOVIES; movie += 1 + user % 5)
            used += (size_t)snprintf(text + used, sizeof text - used, "m%u,%g\n", (unsigned)movie,
                                     0.5 * (double)(1 + rng_bits(7, user, movie) % 10));
        assert_true(read_text(&scene, &given, text, &status));
        assert_true(fold_in_row(&given, &scene.model.file, 0.3, row, &solution, &status));
        struct fold_in_problem problem = {&SPEC, given.ratings, given.count, 0.3};
        for (size_t k = 0; k < 6; k++)
            trained[k] = (double)scene.model.file.user_rows[user * 6 + k];
        assert_true(solution.loss <= fold_in_loss(&problem, trained, NULL));
        assert_true(row[6] == 0 && row[7] == 0);
        fold_in_free(&given);
    }
    close_scene(&scene);
}

static void memory_that_runs_out_is_a_status(void **state) {
    struct scene scene;
    (void)state;
    open_scene(&scene);
    size_t held = memory_blocks_held();
    for (size_t n = 1;; n++) {
        struct fold_in_ratings given;
        struct fold_in_solution solution;
        struct status status;
        float row[8];
        memory_fail_after(n);
        bool well = read_text(&scene, &given, "m3,4\nm7,2.5\n", &status);
        if (well) {
            well = fold_in_row(&given, &scene.model.file, 1, row, &solution, &status);
            fold_in_free(&given);
        }
        memory_fail_after(0);
        assert_int_equal(memory_blocks_held(), held);
        if (well)
            break;
        assert_int_equal(status.code, STATUS_NO_MEMORY);
        assert_true(n < 50);
    }
    close_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_kind_say_the_same),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(no_worse_than_the_row_it_replaces),
        cmocka_unit_test(memory_that_runs_out_is_a_status),
    };
    return cmocka_run_group_tests_name("analysis/fold_in", tests, NULL, NULL);
}
