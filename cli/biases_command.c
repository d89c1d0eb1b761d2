/* dotbias biases: the best and the worst movies beyond their average rating, and why that differs from the mean. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "analysis/factor_report.h"
#include "cli/amount.h"
#include "cli/command.h"
#include "cli/factor_json.h"
#include "cli/finished.h"
#include "core/memory.h"

enum option_key { KEY_MOST_RATED = 0x100 };

enum { SHOWN_MAX = 1000000 };

struct biases_arguments {
    const char *path, *data;
    uint32_t show, most_rated;
    bool json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias biases runs/lesson-a-001\n"
    "  dotbias biases runs/lesson-a-001 --show 20 --most-rated 500\n"
    "  dotbias biases model.dotbias --json\n"
    "\v"
    "A movie's bias is what its ratings have in common when the users' own biases and the taste that "
    "the factors explain are taken out. Mean ratings are those of the training ratings, of the run's own "
    "data set "
    "or of another one; movies are matched by their raw ids.";

static const struct argp_option OPTIONS[] = {
    {"show", 's', "N", 0, "The N best and the N worst (default 10)", 0},
    {"most-rated", KEY_MOST_RATED, "N", 0, "Only of the N most-rated movies (default 3000)", 0},
    {"data", 'd', "SET", 0, "Ratings for the means: a folder made by dotbias import, or a ratings.dotbias",
     0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct biases_arguments *arguments = state->input;
    switch (key) {
    case 's':
        arguments->show = amount_argument(state, "show", value, 1, SHOWN_MAX);
        return 0;
    case KEY_MOST_RATED:
        arguments->most_rated = amount_argument(state, "most-rated", value, 1, AMOUNT_ANY);
        return 0;
    case 'd':
        arguments->data = value;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    default:
        return finished_argument(key, value, state, &arguments->path);
    }
}

/* The answer, and the columns that it owns. */
struct answer {
    struct factor_report report;
    double *biases, *means; /* [movies]; means NULL without ratings */
    struct factor_ranking by_bias, by_mean;
};

/* "  highest bias  Title, mean 4.48 from 247 ratings, bias +1.283". */
static void print_movie(const char *what, const struct answer *answer, uint32_t movie) {
    char title[256];
    titles_fit_movie(&answer->report.titles, movie, 60, title, sizeof title);
    printf("  highest %s  %s, mean %.2f from %u ratings, bias %+.3f", what, title, answer->means[movie],
           answer->report.counts[movie], answer->biases[movie]);
}

static uint32_t rank_of(const struct factor_ranking *ranking, uint32_t movie) {
    uint32_t rank = 0;
    while (ranking->movies[rank] != movie)
        rank++;
    return rank + 1;
}

/* In words, and by the run's own example: the first by its mean and the first by its bias. */
static void print_why(const struct answer *answer) {
    puts("\nWhy not the mean? A mean depends on who rated: a movie that is seen by its admirers alone, or by "
         "generous\n"
         "users, has a high one. The bias is what is left when the users' own biases and their taste (the "
         "factors)\n"
         "are taken out; and weight decay holds it near 0 until enough ratings speak for it.");
    if (answer->means == NULL)
        return;
    uint32_t by_mean = answer->by_mean.movies[0], by_bias = answer->by_bias.movies[0];
    print_movie("mean", answer, by_mean);
    printf(": number %u of %u by its bias\n", rank_of(&answer->by_bias, by_mean), answer->by_bias.count);
    print_movie("bias", answer, by_bias);
    printf(": number %u of %u by its mean\n", rank_of(&answer->by_mean, by_bias), answer->by_mean.count);
}

static bool print_text(const struct answer *answer, struct status *status) {
    if (!factor_report_biases(&answer->report, stdout, status))
        return false;
    printf("\nof the %u most-rated movies\n", answer->by_bias.count);
    print_why(answer);
    return true;
}

static void print_json(const struct answer *answer) {
    json_t *object = json_object();
    json_object_set_new(object, "most_rated", json_integer(answer->by_bias.count));
    factor_json_add_ends(object, "best", "worst", "bias", &answer->report, &answer->by_bias);
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
}

static bool take_biases(struct answer *answer, const struct finished *finished, struct status *status) {
    answer->biases = finished_biases(finished, status);
    answer->report.biases = answer->biases;
    return answer->biases != NULL;
}

static bool take_means(struct answer *answer, const struct finished *finished, struct status *status) {
    if (!finished->has_set) {
        fprintf(stderr, "without mean ratings: %s\n", finished->why_no_set.text);
        return true;
    }
    answer->means = memory_take_array(finished->model.movies, sizeof *answer->means, "movie means", status);
    answer->report.means = answer->means;
    return answer->means != NULL &&
           factor_report_means_by_id(&finished->predictor, &finished->set, answer->means, status) &&
           factor_ranking_make(&answer->by_mean, answer->means, 1, &answer->report.popular, status);
}

static bool answer_with(struct answer *answer, const struct finished *finished, uint32_t most_rated,
                        struct status *status) {
    const struct model_file *model = &finished->model;
    if (!model->spec.has_bias)
        return status_fail(status, STATUS_BAD_DATA,
                           "the model has no biases (it was trained with model.biases: false)");
    if (!selection_most_rated(&answer->report.popular, model->movie_counts, model->movies, most_rated,
                              status))
        return false;
    if (answer->report.popular.count == 0)
        return status_fail(
            status, STATUS_BAD_DATA,
            "no movie of the model has a training rating: there is nothing to say of its biases");
    return take_biases(answer, finished, status) && take_means(answer, finished, status) &&
           factor_ranking_make(&answer->by_bias, answer->biases, 1, &answer->report.popular, status);
}

static void answer_free(struct answer *answer) {
    selection_free(&answer->report.popular);
    factor_ranking_free(&answer->by_bias);
    factor_ranking_free(&answer->by_mean);
    memory_release(answer->biases);
    memory_release(answer->means);
}

static bool biases(const struct biases_arguments *arguments, struct status *status) {
    struct finished finished;
    if (!finished_open(&finished, arguments->path, arguments->data, RATINGS_IF_THERE, status))
        return false;
    struct answer answer = {.report = {.titles = finished.predictor.titles,
                                       .counts = finished.model.movie_counts,
                                       .show = arguments->show}};
    bool well = answer_with(&answer, &finished, arguments->most_rated, status);
    if (well && arguments->json)
        print_json(&answer);
    else if (well)
        well = print_text(&answer, status);
    answer_free(&answer);
    finished_close(&finished);
    if (well && (fflush(stdout) != 0 || ferror(stdout)))
        return status_fail_errno(status, STATUS_IO, "cannot write the biases");
    return well;
}

int command_biases(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, NULL, NULL, NULL};
    struct biases_arguments arguments = {.show = 10, .most_rated = 3000};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return biases(&arguments, &status) ? STATUS_OK : command_report(&status);
}
