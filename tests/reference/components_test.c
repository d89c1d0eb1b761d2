/* The components of run A's own model, both ways, against power iteration on the whole centred table; and what becomes of
 * them when users and movies are rotated together. The model is trained here, in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "analysis/factor_components.h"
#include "cli/command.h"
#include "core/memory.h"
#include "core/rng.h"
#include "model/dot_bias.h"
#include "tests/scratch.h"

enum { COMPONENTS = 3, ROUNDS = 600 };

struct scene {
    struct scratch scratch;
    struct model_file model; /* closed where there are no ratings */
};

static bool have_ratings(void) {
    static const char BESIDE[] = TESTS_DIR "/../../shared/data/ml-latest-small";
    char path[4096];
    setenv("DOTBIAS_DATA", BESIDE, 0);
    snprintf(path, sizeof path, "%s/ratings.csv", getenv("DOTBIAS_DATA"));
    return access(path, R_OK) == 0;
}

/* In a child, since training prints and starts threads. */
static void train(const char *run) {
    char setting[128], program[] = "dotbias train", config[] = TESTS_DIR "/../config/lesson-a.yaml",
                       set[] = "--set", quiet[] = "--quiet";
    snprintf(setting, sizeof setting, "run.dir=%s", run);
    pid_t child = fork();
    if (child == 0) {
        char *arguments[] = {program, config, set, setting, quiet, NULL};
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        _exit(command_train(5, arguments));
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
}

static int set_up(void **state) {
    static struct scene scene;
    struct status status;
    *state = &scene;
    scratch_make(&scene.scratch);
    if (!have_ratings())
        return 0;
    train(scratch_path(&scene.scratch, "run"));
    if (model_file_open(&scene.model, scratch_path(&scene.scratch, "run/model.dotbias"), &status))
        return 0;
    print_error("%s\n", status.text);
    return 1;
}

static int tear_down(void **state) {
    struct scene *scene = *state;
    if (scene->model.file != NULL)
        model_file_close(&scene->model);
    scratch_remove(scene->scratch.folder);
    return 0;
}

static const struct model_file *trained(void **state) {
    const struct scene *scene = *state;
    const char *ci = getenv("CI");
    if (scene->model.file != NULL)
        return &scene->model;
    if (ci != NULL && strcmp(ci, "true") == 0)
        fail_msg("the lesson's ratings are missing");
    skip();
    return NULL;
}

static double *take(size_t count) {
    double *values = calloc(count, sizeof *values);
    assert_non_null(values);
    return values;
}

/* E, centred by columns (over movies) or by rows (the samples of E.T over its factors). */
static double *centred(const struct model_file *model, enum components_kind kind) {
    uint32_t rows = model->movies, k = model->spec.factors;
    double *table = take((size_t)rows * k), *mean = take(k);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t j = 0; j < k; j++) {
            table[(size_t)row * k + j] = (double)model->movie_rows[(size_t)row * (k + 1) + j];
            mean[j] += table[(size_t)row * k + j] / rows;
        }
    for (uint32_t row = 0; row < rows; row++) {
        double own = 0;
        for (uint32_t j = 0; j < k; j++)
            own += table[(size_t)row * k + j] / k;
        for (uint32_t j = 0; j < k; j++)
            table[(size_t)row * k + j] -= kind == COMPONENTS_OF_LESSON ? own : mean[j];
    }
    free(mean);
    return table;
}

/* scores = table v; returns |scores|. */
static double apply(const double *table, size_t rows, size_t k, const double *v, double *scores) {
    double squares = 0;
    for (size_t row = 0; row < rows; row++) {
        scores[row] = 0;
        for (size_t j = 0; j < k; j++)
            scores[row] += table[row * k + j] * v[j];
        squares += scores[row] * scores[row];
    }
    return sqrt(squares);
}

/* v = table' scores, without what lies along the earlier directions, of unit length. */
static void apply_back(const double *table, size_t rows, size_t k, const double *scores, double *directions,
                       size_t which) {
    double *v = directions + which * k, squares = 0;
    memset(v, 0, k * sizeof *v);
    for (size_t row = 0; row < rows; row++)
        for (size_t j = 0; j < k; j++)
            v[j] += table[row * k + j] * scores[row];
    for (size_t earlier = 0; earlier < which; earlier++) {
        double dot = 0;
        for (size_t j = 0; j < k; j++)
            dot += v[j] * directions[earlier * k + j];
        for (size_t j = 0; j < k; j++)
            v[j] -= dot * directions[earlier * k + j];
    }
    for (size_t j = 0; j < k; j++)
        squares += v[j] * v[j];
    for (size_t j = 0; j < k; j++)
        v[j] /= sqrt(squares);
}

/* The largest difference of a column of ours from theirs, the sign of which is that of its largest entry. */
static double distance(const double *ours, size_t stride, const double *theirs, size_t rows, double scale) {
    double largest = 0, sign = 1, worst = 0;
    for (size_t row = 0; row < rows; row++)
        if (fabs(theirs[row]) > largest) {
            largest = fabs(theirs[row]);
            sign = (theirs[row] < 0) == (ours[row * stride] < 0) ? 1 : -1;
        }
    for (size_t row = 0; row < rows; row++)
        worst = fmax(worst, fabs(ours[row * stride] - sign * scale * theirs[row]));
    return worst;
}

static void check_against_power_iteration(const struct model_file *model, enum components_kind kind) {
    struct factor_components components;
    struct status status;
    size_t rows = model->movies, k = model->spec.factors;
    double *table = centred(model, kind), *scores = take(rows), *directions = take(COMPONENTS * k), total = 0;
    assert_true(factor_components_make(&components, model, kind, COMPONENTS, NULL, &status));
    for (size_t i = 0; i < rows * k; i++)
        total += table[i] * table[i];
    for (size_t c = 0; c < COMPONENTS; c++) {
        for (size_t j = 0; j < k; j++)
            directions[c * k + j] = rng_unit(7, c, j) - 0.5;
        for (int round = 0; round < ROUNDS; round++) {
            apply(table, rows, k, directions + c * k, scores);
            apply_back(table, rows, k, scores, directions, c);
        }
        double length = apply(table, rows, k, directions + c * k, scores);
        double scale = kind == COMPONENTS_OF_LESSON ? 1 / length : 1;
        assert_true(distance(components.scores + c, COMPONENTS, scores, rows, scale) < 1e-5);
        assert_true(fabs(components.share[c] - length * length / total) < 1e-6);
    }
    factor_components_free(&components);
    free(table);
    free(scores);
    free(directions);
}

static void components_of_run_a_are_those_of_power_iteration(void **state) {
    const struct model_file *model = trained(state);
    check_against_power_iteration(model, COMPONENTS_OVER_MOVIES);
    check_against_power_iteration(model, COMPONENTS_OF_LESSON);
}

/* A random orthogonal matrix [k][k]: Gram-Schmidt, twice, on random rows. */
static double *random_rotation(size_t k) {
    double *rows = take(k * k);
    for (size_t i = 0; i < k * k; i++)
        rows[i] = rng_unit(11, 0, i) - 0.5;
    for (size_t i = 0; i < k; i++)
        for (int pass = 0; pass < 2; pass++) {
            double squares = 0;
            for (size_t earlier = 0; earlier < i; earlier++) {
                double dot = 0;
                for (size_t j = 0; j < k; j++)
                    dot += rows[i * k + j] * rows[earlier * k + j];
                for (size_t j = 0; j < k; j++)
                    rows[i * k + j] -= dot * rows[earlier * k + j];
            }
            for (size_t j = 0; j < k; j++)
                squares += rows[i * k + j] * rows[i * k + j];
            for (size_t j = 0; j < k; j++)
                rows[i * k + j] /= sqrt(squares);
        }
    return rows;
}

/* The factors of each row turned, its bias as it was; the caller frees it. */
static float *rotated(const float *rows, size_t count, size_t k, const double *rotation) {
    float *turned = malloc(count * (k + 1) * sizeof *turned);
    assert_non_null(turned);
    for (size_t row = 0; row < count; row++) {
        const float *from = rows + row * (k + 1);
        for (size_t i = 0; i < k; i++) {
            double sum = 0;
            for (size_t j = 0; j < k; j++)
                sum += rotation[i * k + j] * (double)from[j];
            turned[row * (k + 1) + i] = (float)sum;
        }
        turned[row * (k + 1) + k] = from[k];
    }
    return turned;
}

static double score_of(const struct model_file *model, size_t user, size_t movie) {
    size_t k = model->spec.factors;
    double score =
        (double)model->user_rows[user * (k + 1) + k] + (double)model->movie_rows[movie * (k + 1) + k];
    for (size_t j = 0; j < k; j++)
        score +=
            (double)model->user_rows[user * (k + 1) + j] * (double)model->movie_rows[movie * (k + 1) + j];
    return score;
}

/* The largest change of a score between two models, each column up to its sign. */
static double change(const struct model_file *one, const struct model_file *other,
                     enum components_kind kind) {
    struct factor_components a, b;
    struct status status;
    double worst = 0, *column = take(one->movies);
    assert_true(factor_components_make(&a, one, kind, COMPONENTS, NULL, &status));
    assert_true(factor_components_make(&b, other, kind, COMPONENTS, NULL, &status));
    for (size_t c = 0; c < COMPONENTS; c++) {
        for (size_t row = 0; row < one->movies; row++)
            column[row] = b.scores[row * COMPONENTS + c];
        worst = fmax(worst, distance(a.scores + c, COMPONENTS, column, one->movies, 1));
    }
    factor_components_free(&a);
    factor_components_free(&b);
    free(column);
    return worst;
}

static void a_rotation_changes_the_lessons_components_alone(void **state) {
    const struct model_file *model = trained(state);
    size_t k = model->spec.factors;
    double *rotation = random_rotation(k);
    struct model_file turned = *model;
    float *users = rotated(model->user_rows, model->users, k, rotation);
    float *movies = rotated(model->movie_rows, model->movies, k, rotation);
    turned.user_rows = users;
    turned.movie_rows = movies;
    for (size_t i = 0; i < 1000; i++)
        assert_true(fabs(score_of(model, i % model->users, 7 * i) -
                         score_of(&turned, i % model->users, 7 * i)) < 1e-5);
    assert_true(change(model, &turned, COMPONENTS_OVER_MOVIES) < 1e-5);
    assert_true(change(model, &turned, COMPONENTS_OF_LESSON) > 1e-3);
    free(users);
    free(movies);
    free(rotation);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_of_run_a_are_those_of_power_iteration),
        cmocka_unit_test(a_rotation_changes_the_lessons_components_alone),
    };
    return cmocka_run_group_tests_name("components", tests, set_up, tear_down);
}
