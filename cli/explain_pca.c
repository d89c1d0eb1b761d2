/* dotbias explain pca. */
#include <math.h>
#include <stdio.h>

#include "analysis/factor_components.h"
#include "analysis/factor_ranking.h"
#include "analysis/turned_model.h"
#include "cli/explain.h"

enum { SHOWN = 3, ENDS = 3, MOST_RATED = 3000, SEED = 5 };

static const char MEANING[] =
    "COMPONENTS, TWO WAYS\n\n"
    "A factor of its own means nothing: turn all users and movies together and every\n"
    "prediction stays, while every factor changes. Components are the directions in\n"
    "which movies differ most.\n"
    "  over movies   z = (E - mean movie) Q: each movie's distance from the mean\n"
    "                movie along the axes. Turns with the model, so nothing changes.\n"
    "  the lesson's  PCA(n).fit(E.T).components_: each movie is centred over its own\n"
    "                factors, which depends on where the axes happen to lie. The same\n"
    "                story on most models, but another table for the same model.\n"
    "`dotbias factors RUN` shows the first way, with --lesson the second.\n";

struct answer {
    struct factor_components ways[2]; /* by enum components_kind */
    double alike[2];                  /* |cosine| of the first component before and after a rotation */
};

/* |cosine| of two columns of scores. */
static double alike(const struct factor_components *a, const struct factor_components *b, uint32_t movies) {
    double product = 0, a_length = 0, b_length = 0;
    for (uint32_t movie = 0; movie < movies; movie++) {
        double x = a->scores[(size_t)movie * a->count], y = b->scores[(size_t)movie * b->count];
        product += x * y;
        a_length += x * x;
        b_length += y * y;
    }
    return fabs(product) / sqrt(a_length * b_length);
}

static bool turn_and_compare(const struct model_file *model, const struct model_file *turned,
                             enum components_kind kind, struct answer *answer, struct status *status) {
    struct factor_components after;
    uint32_t count = answer->ways[kind].count;
    if (!factor_components_make(&after, turned, kind, count, NULL, status))
        return false;
    answer->alike[kind] = alike(&answer->ways[kind], &after, model->movies);
    factor_components_free(&after);
    return true;
}

static bool ask(const struct model_file *model, struct answer *answer, struct status *status) {
    struct model_file turned = {0};
    uint32_t count = model->spec.factors < SHOWN ? model->spec.factors : SHOWN;
    bool good = turned_model_make(&turned, model, SEED, status);
    for (int kind = 0; good && kind < 2; kind++)
        good = factor_components_make(&answer->ways[kind], model, (enum components_kind)kind, count, NULL,
                                      status) &&
               turn_and_compare(model, &turned, (enum components_kind)kind, answer, status);
    turned_model_free(&turned);
    return good;
}

static void print_titles(const char *end, const struct titles *titles, const struct factor_ranking *ranking,
                         bool highest) {
    for (uint32_t i = 0; i < ENDS && i < ranking->count; i++) {
        uint32_t movie = ranking->movies[highest ? i : ranking->count - 1 - i];
        char title[256];
        titles_fit_movie(titles, movie, 50, title, sizeof title);
        printf("  %s  %+8.3f  %s\n", i == 0 ? end : "    ", factor_ranking_value(ranking, movie), title);
    }
}

static bool print_first(const struct explain_subject *subject, const struct answer *answer,
                        struct status *status) {
    const struct model_file *model = &subject->finished->model;
    const struct factor_components *over = &answer->ways[COMPONENTS_OVER_MOVIES];
    struct selection popular;
    struct factor_ranking ranking;
    if (!selection_most_rated(&popular, model->movie_counts, model->movies, MOST_RATED, status))
        return false;
    bool good = factor_ranking_make(&ranking, over->scores, over->count, &popular, status);
    if (good) {
        printf("\nThis run's first component over movies, among its %u most-rated:\n", popular.count);
        print_titles("high", &subject->finished->predictor.titles, &ranking, true);
        print_titles("low ", &subject->finished->predictor.titles, &ranking, false);
        factor_ranking_free(&ranking);
    }
    selection_free(&popular);
    return good;
}

static void print_numbers(const struct answer *answer) {
    static const char *const NAMES[2] = {"over movies", "the lesson's"};
    puts("\n  share of the variance       first    second     third   first, rotated");
    for (int kind = 0; kind < 2; kind++) {
        const struct factor_components *way = &answer->ways[kind];
        printf("  %-24s", NAMES[kind]);
        for (uint32_t c = 0; c < SHOWN; c++)
            c < way->count ? printf("%7.1f %% ", 100 * way->share[c]) : printf("%10s", "");
        printf("  %8.6f\n", answer->alike[kind]);
    }
    puts("\n`first, rotated` is the cosine between the first component of this model and\n"
         "that of the same model, rotated at random: 1 is the same.");
}

static void add_json(json_t *numbers, const struct answer *answer) {
    static const char *const NAMES[2] = {"over_movies", "lesson"};
    for (int kind = 0; kind < 2; kind++) {
        json_t *shares = json_array();
        for (uint32_t c = 0; c < answer->ways[kind].count; c++)
            json_array_append_new(shares, json_real(answer->ways[kind].share[c]));
        json_object_set_new(
            numbers, NAMES[kind],
            json_pack("{s:o, s:f}", "shares", shares, "first_after_rotation", answer->alike[kind]));
    }
}

bool explain_pca(const struct explain_subject *subject, const struct explain_page *page,
                 struct status *status) {
    struct answer answer = {0};
    if (page->prints)
        fputs(MEANING, stdout);
    if (subject->finished == NULL) {
        if (page->prints)
            puts("\nWith a run, `dotbias explain pca RUN` rotates its model and compares.");
        return true;
    }
    bool good = ask(&subject->finished->model, &answer, status);
    if (good)
        add_json(page->numbers, &answer);
    if (good && page->prints) {
        print_numbers(&answer);
        good = print_first(subject, &answer, status);
    }
    factor_components_free(&answer.ways[0]);
    factor_components_free(&answer.ways[1]);
    return good;
}
